//! Derivatives by nudging: what exact ones are checked against.
//!
//! The error of a difference first falls with the step `h`, as what it leaves out of Taylor's series does, and then rises,
//! as what rounding leaves of `f(x + h) - f(x)` is divided by less and less.

/// The forward difference `(f(x + h) - f(x)) / h`. Its error falls as `h`, and is least about where `h` is the square root
/// of the precision, 1e-8 for numbers about 1.
///
/// ```
/// use chainrule::check::forward_difference;
///
/// let slope = forward_difference(|x| 3.0 * x * x - 4.0 * x + 5.0, 3.0, 1e-3);
/// assert!((slope - 14.003).abs() < 1e-9);
/// ```
pub fn forward_difference(f: impl Fn(f64) -> f64, x: f64, h: f64) -> f64 {
    (f(x + h) - f(x)) / h
}

/// The central difference `(f(x + h) - f(x - h)) / (2 h)`. Its error falls as `h^2`, and is least about where `h` is the
/// cube root of the precision, 1e-5 for numbers about 1.
///
/// ```
/// use chainrule::check::central_difference;
///
/// let slope = central_difference(f64::tanh, 0.5, 1e-5);
/// assert!((slope - (1.0 - 0.5_f64.tanh().powi(2))).abs() < 1e-10);
/// ```
pub fn central_difference(f: impl Fn(f64) -> f64, x: f64, h: f64) -> f64 {
    (f(x + h) - f(x - h)) / (2.0 * h)
}
