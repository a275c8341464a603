//! The operators of [`Value`]: arithmetic with values and `f64` on either side, sums and products of iterators,
//! comparisons.

use super::{Value, recording};
use crate::Op;
use crate::op::formula;
use std::cmp::Ordering;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

macro_rules! operator {
    ($Op:ident $method:ident, $OpAssign:ident $method_assign:ident) => {
        operator!(@between $Op $method: Value, Value);
        operator!(@between $Op $method: Value, &Value);
        operator!(@between $Op $method: Value, f64);
        operator!(@between $Op $method: Value, &f64);
        operator!(@between $Op $method: &Value, Value);
        operator!(@between $Op $method: &Value, &Value);
        operator!(@between $Op $method: &Value, f64);
        operator!(@between $Op $method: &Value, &f64);
        operator!(@between $Op $method: f64, Value);
        operator!(@between $Op $method: f64, &Value);
        operator!(@between $Op $method: &f64, Value);
        operator!(@between $Op $method: &f64, &Value);

        impl<T: Into<Value>> $OpAssign<T> for Value {
            #[inline]
            #[track_caller]
            fn $method_assign(&mut self, other: T) {
                *self = recording::binary(Op::$Op, *self, other.into(), formula::$method);
            }
        }
    };
    (@between $Op:ident $method:ident: $Left:ty, $Right:ty) => {
        impl $Op<$Right> for $Left {
            type Output = Value;
            #[inline]
            #[track_caller]
            fn $method(self, other: $Right) -> Value {
                recording::binary(Op::$Op, self.into(), other.into(), formula::$method)
            }
        }
    };
}
operator!(Add add, AddAssign add_assign);
operator!(Sub sub, SubAssign sub_assign);
operator!(Mul mul, MulAssign mul_assign);
operator!(Div div, DivAssign div_assign);
operator!(Rem rem, RemAssign rem_assign);

impl Neg for Value {
    type Output = Value;
    #[inline]
    #[track_caller]
    fn neg(self) -> Value {
        recording::unary(Op::Neg, self, 0, formula::neg)
    }
}

impl Neg for &Value {
    type Output = Value;
    #[inline]
    #[track_caller]
    fn neg(self) -> Value {
        -*self
    }
}

/// One node for the whole sum.
impl<T: Into<Value>> Sum<T> for Value {
    #[track_caller]
    fn sum<I: Iterator<Item = T>>(values: I) -> Value {
        Value::sum(&values.map(Into::into).collect::<Vec<_>>())
    }
}

/// One node for the whole product.
impl<T: Into<Value>> Product<T> for Value {
    #[track_caller]
    fn product<I: Iterator<Item = T>>(values: I) -> Value {
        Value::product(&values.map(Into::into).collect::<Vec<_>>())
    }
}

impl PartialEq for Value {
    #[track_caller]
    fn eq(&self, other: &Value) -> bool {
        self.data() == other.data()
    }
}

impl PartialOrd for Value {
    #[track_caller]
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        self.data().partial_cmp(&other.data())
    }
}

impl PartialEq<f64> for Value {
    #[track_caller]
    fn eq(&self, other: &f64) -> bool {
        self.data() == *other
    }
}

impl PartialOrd<f64> for Value {
    #[track_caller]
    fn partial_cmp(&self, other: &f64) -> Option<Ordering> {
        self.data().partial_cmp(other)
    }
}

impl PartialEq<Value> for f64 {
    #[track_caller]
    fn eq(&self, other: &Value) -> bool {
        *self == other.data()
    }
}

impl PartialOrd<Value> for f64 {
    #[track_caller]
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        self.partial_cmp(&other.data())
    }
}
