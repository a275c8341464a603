//! Numbers whose functions a compiler can turn into vector code: what kernels read the formulas of the table over.

use super::{Float, functions};
use crate::Number;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// A float; `FUSED` says whether the processor multiplies and adds in one step, `NEAR` whether [periodic](functions::is_near)
/// functions are asked for near numbers only.
#[derive(Clone, Copy, Debug)]
pub struct Lane<T, const FUSED: bool, const NEAR: bool>(pub T);

impl<T: Float, const FUSED: bool, const NEAR: bool> Neg for Lane<T, FUSED, NEAR> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Lane(-self.0)
    }
}

macro_rules! operators {
    ($($Op:ident $method:ident)*) => { $(
        impl<T: Float, const FUSED: bool, const NEAR: bool> $Op for Lane<T, FUSED, NEAR> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Lane(self.0.$method(other.0))
            }
        }
    )* };
}
operators!(Add add Sub sub Mul mul Div div Rem rem);

macro_rules! functions {
    (in_lanes $($function:ident)*; in_lanes_if_near $($periodic:ident)*; one_by_one $($method:ident($($other:ident),*))*) => {
        $(
            #[inline(always)]
            fn $function(self) -> Self {
                Lane(T::constant(functions::$function::<FUSED>(self.0.into())))
            }
        )*
        $(
            #[inline(always)]
            fn $periodic(self) -> Self {
                Lane(if NEAR { T::constant(functions::$periodic::<FUSED>(self.0.into())) } else { self.0.$periodic() })
            }
        )*
        $(
            #[inline(always)]
            fn $method(self, $($other: Self),*) -> Self {
                Lane(self.0.$method($($other.0),*))
            }
        )*
    };
}

impl<T: Float, const FUSED: bool, const NEAR: bool> Number for Lane<T, FUSED, NEAR> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Lane(T::constant(value))
    }

    #[inline(always)]
    fn strong_zero_mul(self, factor: Self) -> Self {
        let (zero, product) = (T::constant(0.0), self.0 * factor.0);
        Lane(if (self.0 == zero) | (factor.0 == zero) { zero } else { product })
    }

    /// The exponents that are met most are written out: a loop over squares is no vector code.
    #[inline(always)]
    fn powi(self, n: i32) -> Self {
        let (one, x) = (T::constant(1.0), self.0);
        Lane(match n {
            -2 => one / (x * x),
            -1 => one / x,
            0 => one,
            1 => x,
            2 => x * x,
            3 => x * (x * x),
            _ => x.powi(n),
        })
    }

    #[inline(always)]
    fn less(self, b: Self) -> Self {
        Lane(T::constant(if self.0 < b.0 { 1.0 } else { 0.0 }))
    }

    #[inline(always)]
    fn equal(self, b: Self) -> Self {
        Lane(T::constant(if self.0 == b.0 { 1.0 } else { 0.0 }))
    }

    #[inline(always)]
    fn select(self, a: Self, b: Self) -> Self {
        if self.0 != T::constant(0.0) { a } else { b }
    }

    functions! {
        in_lanes exp exp_m1 ln ln_1p tanh;
        in_lanes_if_near sin cos;
        one_by_one powf(exponent) sqrt() cbrt() hypot(b) log2() log10()
            tan() asin() acos() atan() atan2(b) sinh() cosh() asinh() acosh() atanh()
            abs() min(b) max(b) floor() ceil() round() trunc() signum() erf()
    }
}
