//! Dual numbers: forward mode.

use crate::Number;
use crate::float_traits::{float_traits, mixed_operators};
use crate::op::{formula, operations, partial};
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// A number and its derivative along one direction: forward mode, as the table of operations read over pairs.
///
/// Duals nest: `Dual<Dual<f64>>` carries second derivatives.
///
/// ```
/// use chainrule::{Dual, Number};
///
/// let y = Dual::variable(2.0).powi(3);
/// assert_eq!((y.value, y.tangent), (8.0, 12.0));
/// ```
///
/// As on a [`Value`](crate::Value), comparisons (`<`, `==`) compare numbers: tangents do not count.
#[derive(Clone, Copy, Debug)]
pub struct Dual<N = f64> {
    /// The number itself.
    pub value: N,
    /// Its derivative along the direction.
    pub tangent: N,
}

impl<N: Number> Dual<N> {
    /// The number that the derivative is taken by: tangent 1.
    pub fn variable(value: N) -> Self {
        Dual { value, tangent: N::constant(1.0) }
    }

    /// Numbers that move in a direction of the same length.
    pub(crate) fn moving(values: &[N], direction: &[N]) -> Vec<Self> {
        values.iter().zip(direction).map(|(&value, &tangent)| Dual { value, tangent }).collect()
    }

    /// The chain rule: the tangent is the sum of those of the operands, each times the derivative by it.
    pub(crate) fn chain(
        value: N,
        tangents: impl IntoIterator<Item = N>,
        partials: impl IntoIterator<Item = N>,
    ) -> Self {
        let terms = tangents.into_iter().zip(partials).map(|(tangent, partial)| tangent.strong_zero_mul(partial));
        Dual { value, tangent: terms.reduce(|sum, term| sum + term).unwrap_or(N::constant(0.0)) }
    }
}

macro_rules! read_rules {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices { $( $(#[doc = $slice_doc:literal])* $SliceOp:ident $slice_symbol:literal $slice_method:ident($xs:ident)
            -> $slice_y:ident = $slice_formula:expr; $partials:ident => $slice_partial:expr; )* }
        sums $sums:tt
        lookups { $( $(#[doc = $lookup_doc:literal])* $LookupOp:ident $lookup_symbol:literal $lookup_method:ident(
            $index:ident, $choices:ident) -> $lookup_y:ident = $lookup_formula:expr; $lookup_partials:ident
            => $lookup_partial:expr; )* }
    ) => {
        $( read_rules! { @operator_impl $kind $Op $method($($x),+) } )*

        impl<N: Number> Number for Dual<N> {
            fn constant(value: f64) -> Self {
                Dual { value: N::constant(value), tangent: N::constant(0.0) }
            }

            fn strong_zero_mul(self, factor: Self) -> Self {
                Dual {
                    value: self.value.strong_zero_mul(factor.value),
                    tangent: self.tangent.strong_zero_mul(factor.value) + self.value.strong_zero_mul(factor.tangent),
                }
            }

            $( read_rules! { @method $kind $method($($x),+) } )*
            $(
                fn $slice_method(xs: &[Self]) -> Self {
                    let values: Vec<N> = xs.iter().map(|x| x.value).collect();
                    let y = formula::$slice_method(&values);
                    let mut partials = vec![N::constant(0.0); xs.len()];
                    if !xs.is_empty() {
                        partial::$slice_method(&values, y, &mut partials);
                    }
                    Self::chain(y, xs.iter().map(|x| x.tangent), partials)
                }
            )*
            $(
                fn $lookup_method(self, $choices: &[Self]) -> Self {
                    let values: Vec<N> = $choices.iter().map(|choice| choice.value).collect();
                    let y = formula::$lookup_method(self.value, &values);
                    let mut partials = vec![N::constant(0.0); $choices.len()];
                    partial::$lookup_method(self.value, &values, y, &mut partials);
                    Self::chain(y, $choices.iter().map(|choice| choice.tangent), partials)
                }
            )*
        }
    };
    (@operator_impl operator $Op:ident $method:ident($x:ident)) => {
        impl<N: Number> $Op for Dual<N> {
            type Output = Self;
            #[inline]
            fn $method(self) -> Self {
                read_rules!(@chain $method(self))
            }
        }
    };
    (@operator_impl operator $Op:ident $method:ident($x:ident, $other:ident)) => {
        impl<N: Number> $Op for Dual<N> {
            type Output = Self;
            #[inline]
            fn $method(self, $other: Self) -> Self {
                read_rules!(@chain $method(self, $other))
            }
        }
    };
    (@operator_impl $kind:ident $Op:ident $method:ident $operands:tt) => {};
    (@method operator $method:ident $operands:tt) => {};
    (@method power $method:ident($x:ident, $n:ident)) => {
        #[inline]
        fn $method(self, $n: i32) -> Self {
            let y = formula::$method(self.value, $n);
            Self::chain(y, [self.tangent], partial::$method(self.value, $n, y))
        }
    };
    (@method $kind:ident $method:ident($x:ident $(, $other:ident)*)) => {
        #[inline]
        fn $method(self $(, $other: Self)*) -> Self {
            read_rules!(@chain $method(self $(, $other)*))
        }
    };
    (@chain $method:ident($($x:expr),+)) => {{
        let y = formula::$method($($x.value),+);
        Self::chain(y, [$($x.tangent),+], partial::$method($($x.value,)+ y))
    }};
}
operations!(read_rules);

float_traits! { [N: Scalar] Dual<N> }
mixed_operators! { [N: Number] Dual<N> }

impl<N: PartialEq> PartialEq for Dual<N> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<N: PartialOrd> PartialOrd for Dual<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

/// The number and its tangent, in brackets: `[8, 12]`.
impl<N: fmt::Display> fmt::Display for Dual<N> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("[")?;
        self.value.fmt(f)?;
        f.write_str(", ")?;
        self.tangent.fmt(f)?;
        f.write_str("]")
    }
}
