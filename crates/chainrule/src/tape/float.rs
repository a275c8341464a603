//! [`Value`] in code that is generic over `num_traits`.

use super::{Value, guards};
use num_traits::{
    Bounded, Float, FloatConst, FromPrimitive, Inv, MulAdd, Num, NumCast, One, Pow, Signed, ToPrimitive, Zero,
};
use std::num::FpCategory;

impl Zero for Value {
    fn zero() -> Self {
        Value::constant(0.0)
    }
    #[track_caller]
    fn is_zero(&self) -> bool {
        *self == 0.0
    }
}

impl One for Value {
    fn one() -> Self {
        Value::constant(1.0)
    }
}

impl Num for Value {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Value::constant)
    }
}

impl ToPrimitive for Value {
    fn to_i64(&self) -> Option<i64> {
        self.data().to_i64()
    }
    fn to_u64(&self) -> Option<u64> {
        self.data().to_u64()
    }
    fn to_f64(&self) -> Option<f64> {
        Some(self.data())
    }
}

impl NumCast for Value {
    fn from<T: ToPrimitive>(number: T) -> Option<Self> {
        number.to_f64().map(Value::constant)
    }
}

impl FromPrimitive for Value {
    fn from_i64(number: i64) -> Option<Self> {
        Some(Value::constant(number as f64))
    }
    fn from_u64(number: u64) -> Option<Self> {
        Some(Value::constant(number as f64))
    }
    fn from_f64(number: f64) -> Option<Self> {
        Some(Value::constant(number))
    }
}

impl Bounded for Value {
    fn min_value() -> Self {
        Value::constant(f64::MIN)
    }
    fn max_value() -> Self {
        Value::constant(f64::MAX)
    }
}

impl Inv for Value {
    type Output = Value;
    fn inv(self) -> Value {
        self.recip()
    }
}

impl Pow<i32> for Value {
    type Output = Value;
    fn pow(self, exponent: i32) -> Value {
        self.powi(exponent)
    }
}

impl Pow<f64> for Value {
    type Output = Value;
    fn pow(self, exponent: f64) -> Value {
        self.powf(exponent)
    }
}

impl Pow<Value> for Value {
    type Output = Value;
    fn pow(self, exponent: Value) -> Value {
        self.powf(exponent)
    }
}

impl MulAdd for Value {
    type Output = Value;
    fn mul_add(self, factor: Value, summand: Value) -> Value {
        self * factor + summand
    }
}

impl Signed for Value {
    fn abs(&self) -> Self {
        Value::abs(*self)
    }
    fn abs_sub(&self, other: &Self) -> Self {
        Float::abs_sub(*self, *other)
    }
    fn signum(&self) -> Self {
        Value::signum(*self)
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

macro_rules! constants {
    ($($name:ident)*) => { $( fn $name() -> Self { Value::constant(<f64 as FloatConst>::$name()) } )* };
}

impl FloatConst for Value {
    constants! {
        E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8
        LN_10 LN_2 LOG10_E LOG2_E PI SQRT_2
    }
}

macro_rules! special_numbers {
    ($($name:ident)*) => { $( fn $name() -> Self { Value::constant(<f64 as Float>::$name()) } )* };
}

/// Properties of the number, each with the condition that tells it as 1 or 0.
macro_rules! properties {
    ($($name:ident($x:ident) $condition:expr;)*) => { $(
        #[track_caller]
        fn $name(self) -> bool {
            guards::has(stringify!($name), self, self.data().$name(), |$x| $condition)
        }
    )* };
}

macro_rules! rows {
    ($($name:ident($($other:ident),*))*) => {
        $( #[track_caller] fn $name(self $(, $other: Self)*) -> Self { Value::$name(self $(, $other)*) } )*
    };
}

impl Float for Value {
    special_numbers! { nan infinity neg_infinity neg_zero min_value min_positive_value max_value epsilon }
    properties! {
        is_nan(x) -x.equal(x) + 1.0;
        is_infinite(x) x.abs().equal(f64::INFINITY);
        is_finite(x) x.abs().less(f64::INFINITY);
        is_normal(x) x.abs().less(f64::INFINITY) - x.abs().less(f64::MIN_POSITIVE);
        is_sign_positive(x) Value::constant(0.0).less(x.signum());
        is_sign_negative(x) x.signum().less(0.0);
    }
    rows! {
        floor() ceil() round() trunc() abs() signum() recip() powf(exponent) sqrt() cbrt() hypot(other)
        exp() exp_m1() ln() ln_1p() log2() log10() max(other) min(other)
        sin() cos() tan() asin() acos() atan() atan2(other) sinh() cosh() tanh() asinh() acosh() atanh()
    }

    #[track_caller]
    fn classify(self) -> FpCategory {
        match () {
            () if self.is_nan() => FpCategory::Nan,
            () if self.is_infinite() => FpCategory::Infinite,
            () if self.is_zero() => FpCategory::Zero,
            () if self.is_normal() => FpCategory::Normal,
            () => FpCategory::Subnormal,
        }
    }
    fn fract(self) -> Self {
        self - self.trunc()
    }
    fn mul_add(self, factor: Self, summand: Self) -> Self {
        self * factor + summand
    }
    fn powi(self, n: i32) -> Self {
        Value::powi(self, n)
    }
    fn exp2(self) -> Self {
        Value::constant(2.0).powf(self)
    }
    fn log(self, base: Self) -> Self {
        self.ln() / base.ln()
    }
    fn abs_sub(self, other: Self) -> Self {
        (self - other).max(0.0)
    }
    fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }
    fn integer_decode(self) -> (u64, i16, i8) {
        Float::integer_decode(self.data())
    }
    fn to_degrees(self) -> Self {
        self * (180.0 / std::f64::consts::PI)
    }
    fn to_radians(self) -> Self {
        self * (std::f64::consts::PI / 180.0)
    }
}
