//! The kinds of floats that machines run over.

use super::lanes::Vectors;
use crate::program::interpret::Element;

/// A number that a [`Machine`](super::Machine) runs over: `f64` or `f32`.
pub trait Float: Element + Default + PartialOrd + Into<f64> + Send + Sync + sealed::Sealed {}

impl Float for f64 {}
impl Float for f32 {}

/// Only this library implements it.
pub(super) mod sealed {
    use super::Vectors;

    /// A float of the machine: all bytes are a number, and there are vector registers for it.
    pub trait Sealed: Vectors {
        /// `self * factor + term` in one rounding; a function call where the processor has no instruction for it.
        fn fused_mul_add(self, factor: Self, term: Self) -> Self;
    }

    impl Sealed for f64 {
        #[inline(always)]
        fn fused_mul_add(self, factor: Self, term: Self) -> Self {
            self.mul_add(factor, term)
        }
    }

    impl Sealed for f32 {
        #[inline(always)]
        fn fused_mul_add(self, factor: Self, term: Self) -> Self {
            self.mul_add(factor, term)
        }
    }
}
