//! saddle: the saddle point of a function, by an optimiser within an optimiser.

use super::constants;
use super::descent::{Sweep, argmin};
use crate::Task;
use crate::task::list;
use chainrule::{Number, Scalar, Value};
use serde::Deserialize;

/// Where both optimisers start.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// A point.
    pub start: [f64; 2],
}

fn square<N: Number>(x: &[N]) -> N {
    x[0] * x[0] + x[1] * x[1]
}

/// What grows with `x` and shrinks with `y`.
fn payoff<N: Number>(x: &[N], y: &[N]) -> N {
    square(x) - square(y)
}

/// The `y` at which the payoff is largest.
fn best_response<N: Scalar>(x: &[N], start: [f64; 2], inner: Sweep) -> Vec<N> {
    let around: Vec<Value> = x.iter().map(|x| x.to_value()).collect();
    argmin(|y| -payoff(x, y), |y| inner.gradient(|y| -payoff(&around, y), y), &constants(&start))
}

/// The `x` at which the payoff of the best response is smallest, and that response. The outer derivative goes through all
/// steps of the inner optimiser.
fn saddle_point(start: [f64; 2], [outer, inner]: [Sweep; 2]) -> [f64; 4] {
    let x = argmin(
        |x: &[f64]| payoff(x, &best_response(x, start, inner)),
        |x| outer.gradient(|x| payoff(x, &best_response(x, start, inner)), x),
        &start,
    );
    let y = best_response(&x, start, inner);
    [x[0], x[1], y[0], y[1]]
}

/// The saddle point, with derivatives in these modes.
pub fn solve(input: Input, sweeps: [Sweep; 2]) -> Box<dyn Task> {
    list(
        4,
        Box::new(move |point| {
            point.copy_from_slice(&saddle_point(input.start, sweeps));
            Ok(())
        }),
    )
}
