//! Real numbers as `nalgebra` asks for them, in the traits of `simba` and `approx`.
//!
//! What compares does so with the comparisons of the number itself, so that a program which is being recorded knows of them.

use super::Real;
use crate::{Dual, Number, Scalar, Taylor};
use approx::{AbsDiffEq, RelativeEq, UlpsEq};
use num_traits::{Float, FloatConst, Zero};
use simba::scalar::{ComplexField, Field, RealField, SubsetOf};
use simba::simd::SimdValue;
use std::fmt::Display;

/// Near 0 a quotient by the number itself is written as a series in its square, so that derivatives stay right.
const NEAR_ZERO: f64 = 1e-2;

/// The sum of `factors[k] x^(2k)`.
fn even_series<N: Number>(x: N, factors: [f64; 5]) -> N {
    factors.into_iter().rev().fold(N::constant(0.0), |sum, factor| sum * (x * x) + N::constant(factor))
}

/// Implements them for a type that is a [`Scalar`] and may be sent between threads.
macro_rules! real_field {
    ([$($generics:tt)*] $Type:ty) => {
        impl<$($generics)*> SimdValue for $Type {
            const LANES: usize = 1;
            type Element = Self;
            type SimdBool = bool;

            fn splat(value: Self) -> Self {
                value
            }
            fn extract(&self, _: usize) -> Self {
                *self
            }
            // Unsafe as the trait has it; with one lane there is nothing to go beyond.
            #[allow(unsafe_code)]
            unsafe fn extract_unchecked(&self, _: usize) -> Self {
                *self
            }
            fn replace(&mut self, _: usize, value: Self) {
                *self = value;
            }
            #[allow(unsafe_code)]
            unsafe fn replace_unchecked(&mut self, _: usize, value: Self) {
                *self = value;
            }
            fn select(self, condition: bool, other: Self) -> Self {
                if condition { self } else { other }
            }
        }

        impl<$($generics)*> Field for $Type {}

        impl<$($generics)*> SubsetOf<$Type> for $Type {
            fn to_superset(&self) -> Self {
                *self
            }
            fn from_superset_unchecked(element: &Self) -> Self {
                *element
            }
            fn is_in_subset(_: &Self) -> bool {
                true
            }
        }

        real_field! { @constants f64 [$($generics)*] $Type }
        real_field! { @constants f32 [$($generics)*] $Type }

        impl<$($generics)*> AbsDiffEq for $Type {
            type Epsilon = Self;

            fn default_epsilon() -> Self {
                Self::constant(f64::EPSILON)
            }
            #[track_caller]
            fn abs_diff_eq(&self, other: &Self, epsilon: Self) -> bool {
                self == other || Number::abs(*self - *other) <= epsilon
            }
        }

        impl<$($generics)*> RelativeEq for $Type {
            fn default_max_relative() -> Self {
                Self::constant(f64::EPSILON)
            }
            #[track_caller]
            fn relative_eq(&self, other: &Self, epsilon: Self, max_relative: Self) -> bool {
                if self == other {
                    return true;
                }
                if Float::is_infinite(*self) || Float::is_infinite(*other) {
                    return false;
                }
                let difference = Number::abs(*self - *other);
                let largest = Number::max(Number::abs(*self), Number::abs(*other));
                difference <= epsilon || difference <= largest * max_relative
            }
        }

        /// So many units in the last place are taken as so many times the relative distance of neighbouring numbers.
        impl<$($generics)*> UlpsEq for $Type {
            fn default_max_ulps() -> u32 {
                4
            }
            #[track_caller]
            fn ulps_eq(&self, other: &Self, epsilon: Self, max_ulps: u32) -> bool {
                self.relative_eq(other, epsilon, Self::constant(f64::from(max_ulps) * f64::EPSILON))
            }
        }

        impl<$($generics)*> ComplexField for $Type {
            type RealField = Self;

            real_field! { @rows
                floor() ceil() round() trunc() abs() hypot(other) recip() sin() cos() tan() asin() acos() atan()
                sinh() cosh() tanh() asinh() acosh() atanh() log2() log10() ln() ln_1p() sqrt() exp() exp_m1() powf(exponent)
                cbrt()
            }
            real_field! { @floats fract() mul_add(factor, summand) log(base) exp2() }

            fn from_real(real: Self) -> Self {
                real
            }
            fn real(self) -> Self {
                self
            }
            fn imaginary(self) -> Self {
                Self::zero()
            }
            fn modulus(self) -> Self {
                Number::abs(self)
            }
            fn modulus_squared(self) -> Self {
                self * self
            }
            #[track_caller]
            fn argument(self) -> Self {
                if self >= Self::zero() { Self::zero() } else { Self::PI() }
            }
            fn norm1(self) -> Self {
                Number::abs(self)
            }
            fn scale(self, factor: Self) -> Self {
                self * factor
            }
            fn unscale(self, factor: Self) -> Self {
                self / factor
            }
            #[track_caller]
            fn to_exp(self) -> (Self, Self) {
                let sign = if self >= Self::zero() { 1.0 } else { -1.0 };
                (Number::abs(self), Self::constant(sign))
            }
            fn signum(self) -> Self {
                Number::signum(self)
            }
            fn conjugate(self) -> Self {
                self
            }
            fn sin_cos(self) -> (Self, Self) {
                (Number::sin(self), Number::cos(self))
            }
            #[track_caller]
            fn sinc(self) -> Self {
                match Number::abs(self) < Self::constant(NEAR_ZERO) {
                    true => even_series(self, [1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5_040.0, 1.0 / 362_880.0]),
                    false => Number::sin(self) / self,
                }
            }
            #[track_caller]
            fn sinhc(self) -> Self {
                match Number::abs(self) < Self::constant(NEAR_ZERO) {
                    true => even_series(self, [1.0, 1.0 / 6.0, 1.0 / 120.0, 1.0 / 5_040.0, 1.0 / 362_880.0]),
                    false => Number::sinh(self) / self,
                }
            }
            fn powi(self, n: i32) -> Self {
                Number::powi(self, n)
            }
            fn powc(self, exponent: Self) -> Self {
                Number::powf(self, exponent)
            }
            #[track_caller]
            fn is_finite(&self) -> bool {
                Float::is_finite(*self)
            }
            #[track_caller]
            fn try_sqrt(self) -> Option<Self> {
                (self >= Self::zero()).then(|| Number::sqrt(self))
            }
        }

        impl<$($generics)*> RealField for $Type {
            real_field! { @rows max(other) min(other) clamp(low, high) atan2(other) }
            real_field! { @numbers
                pi PI, frac_pi_2 FRAC_PI_2, frac_pi_3 FRAC_PI_3, frac_pi_4 FRAC_PI_4, frac_pi_6 FRAC_PI_6, frac_pi_8 FRAC_PI_8,
                frac_1_pi FRAC_1_PI, frac_2_pi FRAC_2_PI, frac_2_sqrt_pi FRAC_2_SQRT_PI, e E, log2_e LOG2_E, log10_e LOG10_E,
                ln_2 LN_2, ln_10 LN_10
            }

            fn two_pi() -> Self {
                Self::constant(std::f64::consts::TAU)
            }
            fn min_value() -> Option<Self> {
                Some(Self::constant(f64::MIN))
            }
            fn max_value() -> Option<Self> {
                Some(Self::constant(f64::MAX))
            }
            #[track_caller]
            fn is_sign_positive(&self) -> bool {
                Float::is_sign_positive(*self)
            }
            #[track_caller]
            fn is_sign_negative(&self) -> bool {
                Float::is_sign_negative(*self)
            }
            #[track_caller]
            fn copysign(self, sign: Self) -> Self {
                let magnitude = Number::abs(self);
                if Float::is_sign_negative(sign) { -magnitude } else { magnitude }
            }
        }
    };
    // What a conversion to a plain float gives is the number, as of `num_traits::ToPrimitive`.
    (@constants $Float:ident [$($generics:tt)*] $Type:ty) => {
        impl<$($generics)*> SubsetOf<$Type> for $Float {
            fn to_superset(&self) -> $Type {
                Number::constant(f64::from(*self))
            }
            #[track_caller]
            fn from_superset_unchecked(element: &$Type) -> Self {
                element.to_value().data() as $Float
            }
            fn is_in_subset(_: &$Type) -> bool {
                true
            }
        }
    };
    (@rows $($name:ident($($operand:ident),*))*) => {
        $( #[track_caller] fn $name(self $(, $operand: Self)*) -> Self { Number::$name(self $(, $operand)*) } )*
    };
    (@floats $($name:ident($($operand:ident),*))*) => {
        $( #[track_caller] fn $name(self $(, $operand: Self)*) -> Self { Float::$name(self $(, $operand)*) } )*
    };
    (@numbers $($name:ident $CONSTANT:ident),*) => { $( fn $name() -> Self { <Self as FloatConst>::$CONSTANT() } )* };
}

real_field! { [] Real }
real_field! { [N: Scalar + Send + Sync + Display + 'static] Dual<N> }
real_field! { [N: Scalar + Send + Sync + Display + 'static, const TERMS: usize] Taylor<N, TERMS> }
