//! The traits of `num_traits` for every kind of number, so that ordinary generic code differentiates unchanged. Each function
//! is the row of the table with the same name; what is asked of a number, such as whether it is NaN, is asked of its
//! [value](crate::Scalar::to_value).

/// Implements them for a type that is a [`Scalar`](crate::Scalar).
macro_rules! float_traits {
    ([$($generics:tt)*] $Type:ty) => {
        const _: () = {
            use crate::tape::properties;
            use crate::{Number, Scalar};
            use num_traits::{
                Bounded, Float, FloatConst, FromPrimitive, Inv, MulAdd, Num, NumCast, One, Pow, Signed, ToPrimitive, Zero,
            };
            use std::num::FpCategory;

            impl<$($generics)*> Zero for $Type {
                fn zero() -> Self {
                    Self::constant(0.0)
                }
                #[track_caller]
                fn is_zero(&self) -> bool {
                    self.to_value() == 0.0
                }
            }

            impl<$($generics)*> One for $Type {
                fn one() -> Self {
                    Self::constant(1.0)
                }
            }

            impl<$($generics)*> Num for $Type {
                type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
                fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
                    f64::from_str_radix(text, radix).map(Self::constant)
                }
            }

            impl<$($generics)*> ToPrimitive for $Type {
                fn to_i64(&self) -> Option<i64> {
                    self.to_value().data().to_i64()
                }
                fn to_u64(&self) -> Option<u64> {
                    self.to_value().data().to_u64()
                }
                fn to_f64(&self) -> Option<f64> {
                    Some(self.to_value().data())
                }
            }

            impl<$($generics)*> NumCast for $Type {
                fn from<T: ToPrimitive>(number: T) -> Option<Self> {
                    number.to_f64().map(Self::constant)
                }
            }

            impl<$($generics)*> FromPrimitive for $Type {
                fn from_i64(number: i64) -> Option<Self> {
                    Some(Self::constant(number as f64))
                }
                fn from_u64(number: u64) -> Option<Self> {
                    Some(Self::constant(number as f64))
                }
                fn from_f64(number: f64) -> Option<Self> {
                    Some(Self::constant(number))
                }
            }

            impl<$($generics)*> Bounded for $Type {
                fn min_value() -> Self {
                    Self::constant(f64::MIN)
                }
                fn max_value() -> Self {
                    Self::constant(f64::MAX)
                }
            }

            impl<$($generics)*> Inv for $Type {
                type Output = Self;
                fn inv(self) -> Self {
                    Number::recip(self)
                }
            }

            impl<$($generics)*> Pow<i32> for $Type {
                type Output = Self;
                fn pow(self, exponent: i32) -> Self {
                    Number::powi(self, exponent)
                }
            }

            impl<$($generics)*> Pow<f64> for $Type {
                type Output = Self;
                fn pow(self, exponent: f64) -> Self {
                    Number::powf(self, Self::constant(exponent))
                }
            }

            impl<$($generics)*> Pow<$Type> for $Type {
                type Output = Self;
                fn pow(self, exponent: $Type) -> Self {
                    Number::powf(self, exponent)
                }
            }

            impl<$($generics)*> MulAdd for $Type {
                type Output = Self;
                fn mul_add(self, factor: Self, summand: Self) -> Self {
                    Number::mul_add(self, factor, summand)
                }
            }

            impl<$($generics)*> Signed for $Type {
                fn abs(&self) -> Self {
                    Number::abs(*self)
                }
                fn abs_sub(&self, other: &Self) -> Self {
                    Float::abs_sub(*self, *other)
                }
                fn signum(&self) -> Self {
                    Number::signum(*self)
                }
                #[track_caller]
                fn is_positive(&self) -> bool {
                    Float::is_sign_positive(*self)
                }
                #[track_caller]
                fn is_negative(&self) -> bool {
                    Float::is_sign_negative(*self)
                }
            }

            float_traits! { @constants FloatConst [$($generics)*] $Type:
                E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8
                LN_10 LN_2 LOG10_E LOG2_E PI SQRT_2
            }

            impl<$($generics)*> Float for $Type {
                float_traits! { @special
                    nan infinity neg_infinity neg_zero min_value min_positive_value max_value epsilon
                }
                float_traits! { @properties is_nan is_infinite is_finite is_normal is_sign_positive is_sign_negative }
                float_traits! { @rows
                    floor() ceil() round() trunc() abs() signum() recip() powf(exponent) sqrt() cbrt() hypot(other)
                    exp() exp_m1() ln() ln_1p() log2() log10() max(other) min(other)
                    sin() cos() tan() asin() acos() atan() atan2(other) sinh() cosh() tanh() asinh() acosh() atanh()
                }

                #[track_caller]
                fn classify(self) -> FpCategory {
                    match () {
                        () if Float::is_nan(self) => FpCategory::Nan,
                        () if Float::is_infinite(self) => FpCategory::Infinite,
                        () if self.is_zero() => FpCategory::Zero,
                        () if Float::is_normal(self) => FpCategory::Normal,
                        () => FpCategory::Subnormal,
                    }
                }
                fn fract(self) -> Self {
                    self - Number::trunc(self)
                }
                fn mul_add(self, factor: Self, summand: Self) -> Self {
                    Number::mul_add(self, factor, summand)
                }
                fn powi(self, n: i32) -> Self {
                    Number::powi(self, n)
                }
                fn exp2(self) -> Self {
                    Number::powf(Self::constant(2.0), self)
                }
                fn log(self, base: Self) -> Self {
                    Number::ln(self) / Number::ln(base)
                }
                fn abs_sub(self, other: Self) -> Self {
                    Number::max(self - other, Self::constant(0.0))
                }
                fn sin_cos(self) -> (Self, Self) {
                    (Number::sin(self), Number::cos(self))
                }
                fn integer_decode(self) -> (u64, i16, i8) {
                    Float::integer_decode(self.to_value().data())
                }
                fn to_degrees(self) -> Self {
                    self * Self::constant(180.0 / std::f64::consts::PI)
                }
                fn to_radians(self) -> Self {
                    self * Self::constant(std::f64::consts::PI / 180.0)
                }
            }
        };
    };
    (@constants $Trait:ident [$($generics:tt)*] $Type:ty: $($name:ident)*) => {
        impl<$($generics)*> $Trait for $Type {
            $( fn $name() -> Self { Self::constant(<f64 as $Trait>::$name()) } )*
        }
    };
    (@special $($name:ident)*) => { $( fn $name() -> Self { Self::constant(<f64 as Float>::$name()) } )* };
    (@properties $($name:ident)*) => {
        $( #[track_caller] fn $name(self) -> bool { properties::$name(self.to_value()) } )*
    };
    (@rows $($name:ident($($other:ident)?))*) => {
        $( #[track_caller] fn $name(self $(, $other: Self)?) -> Self { Number::$name(self $(, $other)?) } )*
    };
}
pub(crate) use float_traits;

/// Operators with plain numbers on either side, in place, and over iterators.
macro_rules! mixed_operators {
    ([$($generics:tt)*] $Type:ty) => {
        mixed_operators! { @each [$($generics)*] $Type:
            Add add AddAssign add_assign, Sub sub SubAssign sub_assign, Mul mul MulAssign mul_assign,
            Div div DivAssign div_assign, Rem rem RemAssign rem_assign
        }

        impl<$($generics)*> From<f64> for $Type {
            fn from(number: f64) -> Self {
                Number::constant(number)
            }
        }

        impl<$($generics)*> std::iter::Sum for $Type {
            fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
                numbers.fold(Number::constant(0.0), |sum, x| sum + x)
            }
        }

        impl<$($generics)*> std::iter::Product for $Type {
            fn product<I: Iterator<Item = Self>>(numbers: I) -> Self {
                numbers.fold(Number::constant(1.0), |product, x| product * x)
            }
        }
    };
    (@each $generics:tt $Type:ty: $($Op:ident $method:ident $OpAssign:ident $method_assign:ident),*) => {
        $( mixed_operators! { @one $generics $Type: $Op $method $OpAssign $method_assign } )*
    };
    (@one [$($generics:tt)*] $Type:ty: $Op:ident $method:ident $OpAssign:ident $method_assign:ident) => {
        impl<$($generics)*> std::ops::$Op<f64> for $Type {
            type Output = Self;
            fn $method(self, other: f64) -> Self {
                std::ops::$Op::$method(self, <Self as Number>::constant(other))
            }
        }

        impl<$($generics)*> std::ops::$Op<$Type> for f64 {
            type Output = $Type;
            fn $method(self, other: $Type) -> $Type {
                std::ops::$Op::$method(<$Type as Number>::constant(self), other)
            }
        }

        impl<$($generics)*> std::ops::$OpAssign for $Type {
            fn $method_assign(&mut self, other: Self) {
                *self = std::ops::$Op::$method(*self, other);
            }
        }

        impl<$($generics)*> std::ops::$OpAssign<f64> for $Type {
            fn $method_assign(&mut self, other: f64) {
                *self = std::ops::$Op::$method(*self, other);
            }
        }
    };
}
pub(crate) use mixed_operators;
