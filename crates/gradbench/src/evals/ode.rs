//! ode: a differential equation, by Runge-Kutta steps.

use crate::differentiate::{self, values};
use crate::task::list;
use crate::{Error, Options, Result, Task};
use chainrule::Number;
use serde::Deserialize;

/// The coefficients of a differential equation, and how finely it is integrated.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// A coefficient for each component of the state, at least one.
    pub x: Vec<f64>,
    /// How many steps, at least one.
    pub s: usize,
}

/// The state at time 2, from zeros at time 0, by so many classical steps of fourth order.
pub fn integrate<N: Number>(coefficients: &[N], steps: usize) -> Vec<N> {
    let h = 2.0 / steps as f64;
    let mut state = vec![N::constant(0.0); coefficients.len()];
    for _ in 0..steps {
        let k1 = slope(coefficients, &state);
        let k2 = slope(coefficients, &moved(&state, &k1, h / 2.0));
        let k3 = slope(coefficients, &moved(&state, &k2, h / 2.0));
        let k4 = slope(coefficients, &moved(&state, &k3, h));
        let two = N::constant(2.0);
        let sum: Vec<N> = (0..state.len()).map(|i| (k2[i] + k3[i]).mul_add(two, k1[i] + k4[i])).collect();
        state = moved(&state, &sum, h / 6.0);
    }
    state
}

/// How fast the state changes: each component by its coefficient times the one before it.
fn slope<N: Number>(coefficients: &[N], state: &[N]) -> Vec<N> {
    let others = coefficients[1..].iter().zip(state).map(|(&x, &y)| x * y);
    std::iter::once(coefficients[0]).chain(others).collect()
}

fn moved<N: Number>(state: &[N], slope: &[N], time: f64) -> Vec<N> {
    state.iter().zip(slope).map(|(&y, &k)| k.mul_add(N::constant(time), y)).collect()
}

/// The state at the end.
pub fn primal(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let steps = checked_steps(&input)?;
    let length = input.x.len();
    Ok(list(length, values(options.mode, input.x, move |x| integrate(x, steps), move |x| integrate(x, steps))?))
}

/// The gradient of its last component by the coefficients.
pub fn gradient(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let steps = checked_steps(&input)?;
    let last = move |x: &[chainrule::Value]| integrate(x, steps)[x.len() - 1];
    Ok(list(input.x.len(), differentiate::gradient(options.mode, input.x, last)?))
}

fn checked_steps(input: &Input) -> Result<usize> {
    if input.x.is_empty() {
        return Err(Error::input("x", "at least one number", "none"));
    }
    if input.s == 0 {
        return Err(Error::input("s", "at least one step", input.s));
    }
    Ok(input.s)
}
