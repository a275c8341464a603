//! hello: a square and its derivative.

use crate::differentiate::{self, value};
use crate::task::number;
use crate::{Options, Result, Task};
use chainrule::Number;

fn square_of<N: Number>(x: &[N]) -> N {
    x[0] * x[0]
}

/// The square.
pub fn square(x: f64, options: Options) -> Result<Box<dyn Task>> {
    Ok(number(value(options.mode, vec![x], square_of, square_of)?))
}

/// Its derivative.
pub fn double(x: f64, options: Options) -> Result<Box<dyn Task>> {
    Ok(number(differentiate::gradient(options.mode, vec![x], square_of)?))
}
