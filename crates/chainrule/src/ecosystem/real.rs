//! A value that may be sent between threads, for crates that ask that of every real number.

use crate::custom::Call;
use crate::float_traits::{float_traits, mixed_operators};
use crate::op::operations;
use crate::tape::Parked;
use crate::{Number, Scalar, Value};
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// A [`Value`] as `nalgebra` wants its real numbers: `Send` and `Sync`. What is done with it is recorded as of the value.
///
/// ```
/// use chainrule::Value;
/// use chainrule::derivatives::gradient;
/// use chainrule::ecosystem::Real;
/// use nalgebra::{ComplexField, Matrix2};
///
/// // The logarithm of a determinant, by a Cholesky decomposition: its gradient is the inverse.
/// let log_determinant = |x: &[Value]| {
///     let matrix = Matrix2::new(x[0], x[1], x[1], x[2]).map(Real::from);
///     let factor = matrix.cholesky().expect("a positive definite matrix").l();
///     (factor[(0, 0)] * factor[(1, 1)]).powi(2).ln().into()
/// };
/// let [a, b, c] = [4.0, 1.0, 3.0];
/// let gradient = gradient(log_determinant, &[a, b, c]);
/// let expected = [c / 11.0, -2.0 * b / 11.0, a / 11.0];
/// assert!(gradient.iter().zip(expected).all(|(found, right)| (found - right).abs() < 1e-15));
/// ```
///
/// # Panics
///
/// Using one on another thread than that where it was recorded panics and says so; a constant is good everywhere.
#[derive(Clone, Copy)]
pub struct Real(Parked);

impl From<Value> for Real {
    #[inline]
    fn from(value: Value) -> Self {
        Real(Parked::new(value))
    }
}

impl From<Real> for Value {
    #[inline]
    #[track_caller]
    fn from(real: Real) -> Self {
        real.0.value()
    }
}

fn values(reals: &[Real]) -> Vec<Value> {
    reals.iter().map(|real| real.0.value()).collect()
}

macro_rules! hand_on_rows {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($x:ident $(, $other:ident)*)
            -> $y:ident = $formula:expr; [$($partial:expr),+]; )* }
        slices { $( $(#[doc = $slice_doc:literal])* $SliceOp:ident $slice_symbol:literal $slice_method:ident($xs:ident)
            -> $slice_y:ident = $slice_formula:expr; $partials:ident => $slice_partial:expr; )* }
        sums { $( $(#[doc = $sum_doc:literal])* $SumOp:ident $sum_symbol:literal $sum_method:ident($a:ident, $b:ident)
            -> sum of $term:expr; [$partial_a:expr, $partial_b:expr]; )* }
        lookups { $( $(#[doc = $lookup_doc:literal])* $LookupOp:ident $lookup_symbol:literal $lookup_method:ident(
            $index:ident, $choices:ident) -> $lookup_y:ident = $lookup_formula:expr; $lookup_partials:ident
            => $lookup_partial:expr; )* }
    ) => {
        $( hand_on_rows! { @operator_impl $kind $Op $method($($other),*) } )*

        impl Number for Real {
            fn constant(value: f64) -> Self {
                Value::constant(value).into()
            }
            $( hand_on_rows! { @method $kind $method($($other),*) } )*
            $(
                #[track_caller]
                fn $slice_method(xs: &[Self]) -> Self {
                    Value::$slice_method(&values(xs)).into()
                }
            )*
            $(
                #[track_caller]
                fn $sum_method(a: &[Self], b: &[Self]) -> Self {
                    Value::$sum_method(&values(a), &values(b)).into()
                }
            )*
            $(
                #[track_caller]
                fn $lookup_method(self, $choices: &[Self]) -> Self {
                    Number::$lookup_method(Value::from(self), &values($choices)).into()
                }
            )*
        }
    };
    (@operator_impl operator $Op:ident $method:ident($($other:ident)?)) => {
        impl $Op for Real {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn $method(self $(, $other: Self)?) -> Self {
                $Op::$method(Value::from(self) $(, Value::from($other))?).into()
            }
        }
    };
    (@operator_impl $kind:ident $Op:ident $method:ident $operands:tt) => {};
    (@method operator $method:ident $operands:tt) => {};
    (@method power $method:ident($n:ident)) => {
        #[inline]
        #[track_caller]
        fn $method(self, $n: i32) -> Self {
            Number::$method(Value::from(self), $n).into()
        }
    };
    (@method $kind:ident $method:ident($($other:ident),*)) => {
        #[inline]
        #[track_caller]
        fn $method(self $(, $other: Self)*) -> Self {
            Number::$method(Value::from(self) $(, Value::from($other))*).into()
        }
    };
}
operations!(hand_on_rows);

float_traits! { [] Real }
mixed_operators! { [] Real }

impl Scalar for Real {
    fn from_value(value: Value) -> Self {
        value.into()
    }

    #[track_caller]
    fn from_call(call: &Call, operands: &[Self]) -> Vec<Self> {
        Value::from_call(call, &values(operands)).into_iter().map(Real::from).collect()
    }

    #[track_caller]
    fn to_value(self) -> Value {
        self.into()
    }
}

impl PartialEq for Real {
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        Value::from(*self) == Value::from(*other)
    }
}

impl PartialOrd for Real {
    #[track_caller]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Value::from(*self).partial_cmp(&Value::from(*other))
    }
}

/// As the value.
impl fmt::Display for Real {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        Value::from(*self).fmt(f)
    }
}

impl fmt::Debug for Real {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
