//! Derivatives by nudging: what exact ones are checked against.
//!
//! The error of a difference first falls with the step `h`, as what it leaves out of Taylor's series does, and then rises,
//! as what rounding leaves of `f(x + h) - f(x)` is divided by less and less. [`derivative`] finds the best step, and
//! [`gradcheck`] holds the derivatives of a function against it.

mod estimate;
mod gradient;

#[cfg(feature = "complex")]
pub use estimate::complex_step;
pub use estimate::{Estimate, derivative};
pub use gradient::{Mismatch, Parting, gradcheck};

use crate::Value;
use std::cell::Cell;
use std::fmt;

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

/// The slope of a function at a place.
#[derive(Clone, Debug)]
pub struct Slope {
    /// The derivative.
    pub exact: f64,
    /// What differences make of it, from wide to narrow.
    pub differences: Vec<Difference>,
}

/// A slope from two points of a function that are near each other.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// How far `x` is nudged.
    pub h: f64,
    /// `(f(x + h) - f(x)) / h`.
    pub forward: f64,
    /// `(f(x + h) - f(x - h)) / 2h`.
    pub central: f64,
}

impl Slope {
    /// The slope of `f` at `x`, with nudges from 1e-1 to 1e-15.
    ///
    /// ```
    /// use chainrule::check::Slope;
    ///
    /// let slope = Slope::of(|x| Ok::<_, ()>(3.0 * x.powi(2) - 4.0 * x + 5.0), 3.0)?;
    /// assert_eq!(slope.exact, 14.0);
    /// assert!((slope.differences[2].forward - 14.003).abs() < 1e-9);
    /// # Ok::<(), ()>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `f` fails with.
    pub fn of<E>(f: impl Fn(Value) -> Result<Value, E>, x: f64) -> Result<Slope, E> {
        let place = Value::new(x);
        let exact = f(place)?.gradient(&[place])[0];
        let failure = Cell::new(None);
        let number = |x| match f(Value::constant(x)) {
            Ok(result) => result.data(),
            Err(error) => {
                failure.set(Some(error));
                f64::NAN
            }
        };
        let difference = |exponent: i32| {
            let h = 10f64.powi(-exponent);
            Difference { h, forward: forward_difference(number, x, h), central: central_difference(number, x, h) }
        };
        let differences = (1..=15).map(difference).collect();
        failure.into_inner().map_or(Ok(Slope { exact, differences }), Err)
    }
}

/// The derivative, and a table of the differences with their errors.
impl fmt::Display for Slope {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "derivative: {}\n", self.exact)?;
        let [forward, central, error] = ["(f(x+h) - f(x)) / h", "(f(x+h) - f(x-h)) / 2h", "error"];
        write!(f, "    h  {forward:>24}  {error:>8}  {central:>24}  {error:>8}")?;
        for Difference { h, forward, central } in &self.differences {
            let [forward_error, central_error] = [forward, central].map(|slope| (slope - self.exact).abs());
            let [forward, central] = [*forward, *central].map(twelve_decimals);
            write!(f, "\n{h:>5.0e}  {forward:>24}  {forward_error:>8.1e}  {central:>24}  {central_error:>8.1e}")?;
        }
        Ok(())
    }
}

/// With twelve decimals; numbers that would be too long or too small for that as powers of ten.
fn twelve_decimals(x: f64) -> String {
    let is_handy = x == 0.0 || !x.is_finite() || (1e-3..1e9).contains(&x.abs());
    if is_handy { format!("{x:.12}") } else { format!("{x:.12e}") }
}
