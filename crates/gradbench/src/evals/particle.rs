//! particle: where to put a charge so that a particle comes down at a chosen place.

use super::descent::{Sweep, argmin};
use crate::Task;
use crate::task::number;
use chainrule::{Number, Scalar};
use serde::Deserialize;

/// What the optimiser starts from.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// How far the first charge is below (10, 10).
    pub w: f64,
}

/// The potential at a place, of a charge at (10, 10 - w) and another at (10, 0).
fn potential<N: Number>(place: &[N], w: N) -> N {
    let ten = N::constant(10.0);
    let distance = |height: N| ((place[0] - ten).powi(2) + (place[1] - height).powi(2)).sqrt();
    distance(ten - w).recip() + distance(N::constant(0.0)).recip()
}

/// The square of where a particle comes down that starts at (0, 8), by Euler's steps; NaN if it does not come down. Its
/// acceleration is a derivative in the given mode.
fn landing<N: Scalar>(w: N, inner: Sweep) -> N {
    const TIME: f64 = 0.1;
    const MOST_STEPS: usize = 100_000;
    let time = N::constant(TIME);
    let around = w.to_value();
    let mut place = [0.0, 8.0].map(N::constant);
    let mut velocity = [0.75, 0.0].map(N::constant);
    for _ in 0..MOST_STEPS {
        let slope = inner.gradient(|place| potential(place, around), &place);
        place = [0, 1].map(|axis| place[axis] + time * velocity[axis]);
        if place[1] <= N::constant(0.0) {
            let beyond = place[1] / velocity[1];
            return (place[0] - beyond * velocity[0]).powi(2);
        }
        velocity = [0, 1].map(|axis| velocity[axis] - time * slope[axis]);
    }
    N::constant(f64::NAN)
}

/// The place of the charge for which the particle comes down at 0, with derivatives in these modes.
pub fn solve(input: Input, [outer, inner]: [Sweep; 2]) -> Box<dyn Task> {
    number(Box::new(move |w| {
        let gradient = |w: &[f64]| outer.gradient(|w| landing(w[0], inner), w);
        w.copy_from_slice(&argmin(|w| landing(w[0], inner), gradient, &[input.w]));
        Ok(())
    }))
}
