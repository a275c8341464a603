//! What can be asked of the number of a value with yes or no, where `num_traits` asks it. Like a comparison, it is a guard
//! while a program is being recorded.

use super::{Value, guards};
use crate::float_traits::float_traits;

float_traits! { [] Value }

/// Properties of the number, each with the condition that tells it as 1 or 0.
macro_rules! properties {
    ($($name:ident($x:ident) $condition:expr;)*) => { $(
        #[track_caller]
        pub(crate) fn $name(x: Value) -> bool {
            guards::has(stringify!($name), x, x.data().$name(), |$x| $condition)
        }
    )* };
}
properties! {
    is_nan(x) -x.equal(x) + 1.0;
    is_infinite(x) x.abs().equal(f64::INFINITY);
    is_finite(x) x.abs().less(f64::INFINITY);
    is_normal(x) x.abs().less(f64::INFINITY) - x.abs().less(f64::MIN_POSITIVE);
    is_sign_positive(x) Value::constant(0.0).less(x.signum());
    is_sign_negative(x) x.signum().less(0.0);
}
