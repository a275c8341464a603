//! What derivatives can be taken at.

use crate::{Dual, Number, Taylor, Value, tape};

/// A number that derivatives can be taken at: a plain one, a [`Value`] of a function around, or one of forward mode over
/// either. So derivatives nest: what a function gives for a `Scalar` is a `Scalar` of the same kind.
///
/// It compares as its plain number does, so that code may branch.
pub trait Scalar: Number + PartialOrd {
    /// The number that stands for a value that the function did not get as an input but found around it. Where the kind of
    /// number cannot follow that, it is a constant.
    fn from_value(value: Value) -> Self;

    /// The result of a function of which nothing is known here but its value and its derivatives by these operands. Second
    /// derivatives are NaN, by what varies.
    fn from_derivatives(value: f64, operands: &[Self], partials: &[f64]) -> Self;

    /// The number without what forward mode carries along: of a plain one a constant.
    fn to_value(self) -> Value;
}

/// A derivative by each of the operands, which itself depends on them in an unknown way.
pub(crate) fn unknown_beyond<N: Scalar>(partials: &[f64], operands: &[N]) -> Vec<N> {
    let unknown = vec![f64::NAN; operands.len()];
    partials.iter().map(|partial| N::from_derivatives(*partial, operands, &unknown)).collect()
}

impl Scalar for f64 {
    fn from_value(value: Value) -> Self {
        value.data()
    }

    fn from_derivatives(value: f64, _: &[Self], _: &[f64]) -> Self {
        value
    }

    fn to_value(self) -> Value {
        Value::constant(self)
    }
}

impl Scalar for Value {
    fn from_value(value: Value) -> Self {
        value
    }

    #[track_caller]
    fn from_derivatives(value: f64, operands: &[Self], partials: &[f64]) -> Self {
        tape::custom(value, operands, partials)
    }

    fn to_value(self) -> Value {
        self
    }
}

impl<N: Scalar> Scalar for Dual<N> {
    fn from_value(value: Value) -> Self {
        Dual { value: N::from_value(value), tangent: N::constant(0.0) }
    }

    fn from_derivatives(value: f64, operands: &[Self], partials: &[f64]) -> Self {
        let values: Vec<N> = operands.iter().map(|operand| operand.value).collect();
        let tangents = operands.iter().map(|operand| operand.tangent);
        Dual::chain(N::from_derivatives(value, &values, partials), tangents, unknown_beyond(partials, &values))
    }

    fn to_value(self) -> Value {
        self.value.to_value()
    }
}

impl<N: Scalar, const TERMS: usize> Scalar for Taylor<N, TERMS> {
    fn from_value(value: Value) -> Self {
        Taylor::of(N::from_value(value))
    }

    /// Linear in the coefficients of one order; to those of higher orders, products of lower ones would add what is unknown.
    fn from_derivatives(value: f64, operands: &[Self], partials: &[f64]) -> Self {
        let values: Vec<N> = operands.iter().map(|operand| operand.value()).collect();
        let first = unknown_beyond(partials, &values);
        let mut result = Taylor::of(N::from_derivatives(value, &values, partials));
        for order in 1..TERMS {
            for (operand, first) in operands.iter().zip(&first) {
                let lower =
                    operand.coefficients[1..order].iter().map(|lower| lower.strong_zero_mul(N::constant(f64::NAN)));
                let linear = operand.coefficients[order].strong_zero_mul(*first);
                result.coefficients[order] = lower.fold(result.coefficients[order] + linear, |sum, term| sum + term);
            }
        }
        result
    }

    fn to_value(self) -> Value {
        self.value().to_value()
    }
}
