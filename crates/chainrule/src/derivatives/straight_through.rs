//! A derivative other than a function's own: the estimator that lets gradients through.

use crate::Number;

/// The value of `f` with the derivative of its argument, 1: the straight-through estimator (Bengio and others, 2013), which
/// lets a gradient pass where rounding or a threshold would stop it.
///
/// ```
/// use chainrule::Value;
/// use chainrule::derivatives::{derivative, straight_through};
///
/// let rounded = |x| 3.0 * straight_through(x, Value::round);
/// assert_eq!(rounded(Value::new(1.8)).data(), 6.0);
/// assert_eq!(derivative(rounded, 1.8), 3.0);
/// ```
pub fn straight_through<N: Number>(x: N, f: impl FnOnce(N) -> N) -> N {
    f(x).stop_gradient() + (x - x.stop_gradient())
}
