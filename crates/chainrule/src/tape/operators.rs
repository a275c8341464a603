//! The operators of [`Value`]: arithmetic with values and `f64` on either side, sums and products of iterators,
//! comparisons.

use super::guards::{self, Relation};
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

/// Every method is written out, so that a stale value is reported where it is compared and not in the standard library.
macro_rules! comparison {
    ($Left:ty, $Right:ty) => {
        #[allow(clippy::partialeq_ne_impl)]
        impl PartialEq<$Right> for $Left {
            comparison!(@methods $Right: eq Equal ne NotEqual);
        }

        impl PartialOrd<$Right> for $Left {
            #[track_caller]
            fn partial_cmp(&self, other: &$Right) -> Option<Ordering> {
                guards::ordering(Value::from(*self), Value::from(*other))
            }
            comparison!(@methods $Right: lt Less le LessOrEqual gt Greater ge GreaterOrEqual);
        }
    };
    (@methods $Right:ty: $($method:ident $Relation:ident)+) => {
        $(
            #[inline]
            #[track_caller]
            fn $method(&self, other: &$Right) -> bool {
                guards::holds(Relation::$Relation, Value::from(*self), Value::from(*other))
            }
        )+
    };
}
comparison!(Value, Value);
comparison!(Value, f64);
comparison!(f64, Value);
