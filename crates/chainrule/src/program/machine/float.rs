//! The kinds of floats that machines run over.

use super::InstructionSet;
use super::code::Pages;
use super::kernels::{self, Set, Sum};
use super::lanes::Vectors;
use super::prepare::{Choices, Command, prepare};
use crate::program::Program;
use crate::program::interpret::Element;

/// A number that a [`Machine`](super::Machine) runs over: `f64` or `f32`.
pub trait Float: Element + Default + PartialOrd + Into<f64> + Send + Sync + sealed::Sealed {}

impl Float for f64 {}
impl Float for f32 {}

/// Calls a function that is generic over instruction sets.
macro_rules! with_kernels {
    ($instruction_set:expr, $function:ident, $Float:ty, ($($argument:expr),*)) => {
        match $instruction_set {
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => $function::<$Float, kernels::Avx512>($($argument),*),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => $function::<$Float, kernels::Avx2>($($argument),*),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => $function::<$Float, kernels::Neon>($($argument),*),
            _ => $function::<$Float, kernels::Baseline>($($argument),*),
        }
    };
}

fn sum<T: Float, S: Set>() -> Sum<T> {
    S::sum::<T>()
}

/// Only this library implements it.
pub(super) mod sealed {
    use super::*;

    /// What a machine runs.
    pub struct Prepared<T> {
        pub(in super::super) commands: Vec<Command<T>>,
        /// What of it is machine code.
        pub(in super::super) code: Pages,
    }

    /// A float of the machine: all bytes are a number, and there are vector registers for it.
    ///
    /// Kernels are chosen by functions of the two types, not by generic ones: else every crate that makes a machine would
    /// compile all kernels again.
    pub trait Sealed: Vectors {
        /// `self * factor + term` in one rounding; a function call where the processor has no instruction for it.
        fn fused_mul_add(self, factor: Self, term: Self) -> Self;

        /// Its bits, the first of these.
        fn bits(self) -> u64;

        /// A program, ready to run.
        fn prepare(program: &Program, instruction_set: InstructionSet, choices: Choices) -> Prepared<Self>;

        /// The kernel of sums.
        fn sum_kernel(instruction_set: InstructionSet) -> Sum<Self>;
    }

    macro_rules! sealed {
        ($($float:ident)*) => { $(
            impl Sealed for $float {
                #[inline(always)]
                fn fused_mul_add(self, factor: Self, term: Self) -> Self {
                    self.mul_add(factor, term)
                }

                fn bits(self) -> u64 {
                    self.to_bits().into()
                }

                fn prepare(program: &Program, instruction_set: InstructionSet, choices: Choices) -> Prepared<Self> {
                    with_kernels!(instruction_set, prepare, $float, (program, choices))
                }

                fn sum_kernel(instruction_set: InstructionSet) -> Sum<Self> {
                    with_kernels!(instruction_set, sum, $float, ())
                }
            }
        )* };
    }
    sealed!(f64 f32);
}
