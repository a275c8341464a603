//! What derivatives can be taken at.

use crate::custom::Call;
use crate::{Dual, Number, Taylor, Value, tape};

/// A number that derivatives can be taken at: a plain one, a [`Value`] of a function around, or one of forward mode over
/// either. So derivatives nest: what a function gives for a `Scalar` is a `Scalar` of the same kind.
///
/// It compares as its plain number does, so that code may branch.
pub trait Scalar: Number + PartialOrd {
    /// The number that stands for a value that the function did not get as an input but found around it. Where the kind of
    /// number cannot follow that, it is a constant.
    fn from_value(value: Value) -> Self;

    /// The results of an operation of the user's own that was called with these operands. Of its second derivatives nothing
    /// is known: they are NaN, by what varies.
    fn from_call(call: &Call, operands: &[Self]) -> Vec<Self>;

    /// The number without what forward mode carries along: of a plain one a constant.
    fn to_value(self) -> Value;
}

/// The plain numbers.
pub(crate) fn numbers_of<N: Scalar>(x: &[N]) -> Vec<f64> {
    x.iter().map(|x| x.to_value().data()).collect()
}

impl Scalar for f64 {
    fn from_value(value: Value) -> Self {
        value.data()
    }

    fn from_call(call: &Call, _: &[Self]) -> Vec<Self> {
        call.results.clone()
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
    fn from_call(call: &Call, operands: &[Self]) -> Vec<Self> {
        tape::call(call, operands)
    }

    fn to_value(self) -> Value {
        self
    }
}

impl<N: Scalar> Scalar for Dual<N> {
    fn from_value(value: Value) -> Self {
        Dual { value: N::from_value(value), tangent: N::constant(0.0) }
    }

    fn from_call(call: &Call, operands: &[Self]) -> Vec<Self> {
        let values: Vec<N> = operands.iter().map(|operand| operand.value).collect();
        let results = N::from_call(call, &values);
        let mut partials = call.partials(&values, &results).into_iter();
        let tangents = || operands.iter().map(|operand| operand.tangent);
        results.iter().map(|result| Dual::chain(*result, tangents(), partials.by_ref().take(operands.len()))).collect()
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
    fn from_call(call: &Call, operands: &[Self]) -> Vec<Self> {
        let values: Vec<N> = operands.iter().map(|operand| operand.value()).collect();
        let results = N::from_call(call, &values);
        let partials = call.partials(&values, &results);
        let series = |(number, result): (usize, &N)| {
            let mut series = Taylor::of(*result);
            for order in 1..TERMS {
                for (operand, partial) in operands.iter().zip(&partials[number * operands.len()..]) {
                    let lower =
                        operand.coefficients[1..order].iter().map(|lower| lower.strong_zero_mul(N::constant(f64::NAN)));
                    let linear = operand.coefficients[order].strong_zero_mul(*partial);
                    series.coefficients[order] =
                        lower.fold(series.coefficients[order] + linear, |sum, term| sum + term);
                }
            }
            series
        };
        results.iter().enumerate().map(series).collect()
    }

    fn to_value(self) -> Value {
        self.value().to_value()
    }
}
