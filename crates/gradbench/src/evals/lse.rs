//! lse: the logarithm of a sum of exponentials.

use crate::differentiate::{self, value};
use crate::task::{list, number};
use crate::{Error, Options, Result, Task};
use chainrule::Number;
use serde::Deserialize;

/// Numbers, at least one.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// The exponents.
    pub x: Vec<f64>,
}

/// `ln(sum(exp(x)))`, which does not overflow.
pub fn log_sum_exp<N: Number>(x: &[N]) -> N {
    N::log_sum_exp(x)
}

/// The value.
pub fn primal(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    Ok(number(value(options.mode, input.x, log_sum_exp, log_sum_exp)?))
}

/// The gradient, as many numbers as went in.
pub fn gradient(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    Ok(list(input.x.len(), differentiate::gradient(options.mode, input.x, log_sum_exp)?))
}

fn check(input: &Input) -> Result<()> {
    if input.x.is_empty() { Err(Error::input("x", "at least one number", "none")) } else { Ok(()) }
}
