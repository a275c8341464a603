//! What derivatives can be taken at.

use crate::{Dual, Number, Taylor, Value};

/// A number that derivatives can be taken at: a plain one, a [`Value`] of a function around, or one of forward mode over
/// either. So derivatives nest: what a function gives for a `Scalar` is a `Scalar` of the same kind.
///
/// It compares as its plain number does, so that code may branch.
pub trait Scalar: Number + PartialOrd {
    /// The number that stands for a value that the function did not get as an input but found around it. Where the kind of
    /// number cannot follow that, it is a constant.
    fn from_value(value: Value) -> Self;

    /// The number without what forward mode carries along: of a plain one a constant.
    fn to_value(self) -> Value;
}

impl Scalar for f64 {
    fn from_value(value: Value) -> Self {
        value.data()
    }

    fn to_value(self) -> Value {
        Value::constant(self)
    }
}

impl Scalar for Value {
    fn from_value(value: Value) -> Self {
        value
    }

    fn to_value(self) -> Value {
        self
    }
}

impl<N: Scalar> Scalar for Dual<N> {
    fn from_value(value: Value) -> Self {
        Dual { value: N::from_value(value), tangent: N::constant(0.0) }
    }

    fn to_value(self) -> Value {
        self.value.to_value()
    }
}

impl<N: Scalar, const TERMS: usize> Scalar for Taylor<N, TERMS> {
    fn from_value(value: Value) -> Self {
        Taylor::of(N::from_value(value))
    }

    fn to_value(self) -> Value {
        self.value().to_value()
    }
}
