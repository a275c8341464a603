//! The slope of a function: the derivative, and what differences make of it.

use chainrule::Value;
use chainrule::check::{central_difference, forward_difference};
use std::cell::Cell;
use std::fmt;

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

impl fmt::Display for Slope {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "derivative: {}", self.exact)?;
        write!(f, "{:>8}  {:>22}  {:>22}", "h", "(f(x+h) - f(x)) / h", "(f(x+h) - f(x-h)) / 2h")?;
        for Difference { h, forward, central } in &self.differences {
            write!(f, "\n{h:>8.0e}  {forward:>22.12}  {central:>22.12}")?;
        }
        Ok(())
    }
}
