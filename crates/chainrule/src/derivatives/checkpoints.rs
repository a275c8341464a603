//! Long loops of values in little memory.

use super::{same_length, vjp};
use crate::checkpoints::{Reversible, default_snapshots, go_back};
use crate::scalar::numbers_of;
use crate::{Result, Value};
use std::ops::Range;

/// Runs a loop of `steps` steps, each of which makes the next state of the last one, and keeps nothing but the result; its
/// derivatives are then found in the memory of one step and a few [snapshots](Checkpointed::snapshots).
///
/// `step` gets the number of the step, from 0 up, and the state. What derivatives are wanted by belongs to the state,
/// parameters that only pass through as well: values that the step finds around it count as constants.
///
/// ```
/// use chainrule::Value;
/// use chainrule::derivatives::{checkpointed_loop, value_and_gradient};
///
/// // A pendulum, 10,000 steps of 1 ms; its length is part of the state.
/// let pendulum = |_: usize, state: &[Value]| {
///     let (angle, speed, length) = (state[0], state[1], state[2]);
///     let speed = speed - angle.sin() / length * 9.81e-3;
///     [angle + speed * 1e-3, speed, length]
/// };
/// let swing = checkpointed_loop(pendulum, &[0.5, 0.0, 2.0], 10_000);
/// let (loss, adjoints) = value_and_gradient(|end| (end[0] - 0.3).powi(2), swing.outputs());
/// let slopes = swing.vjp(&adjoints)?;
/// assert!(loss > 0.0 && slopes[2] != 0.0);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn checkpointed_loop<Y: Into<Vec<Value>>, F: Fn(usize, &[Value]) -> Y>(
    step: F,
    state: &[f64],
    steps: usize,
) -> Checkpointed<F> {
    let outputs = advanced(&step, state.to_vec(), 0..steps);
    Checkpointed { step, state: state.to_vec(), steps, snapshots: default_snapshots(steps), outputs }
}

/// A loop that was run, and what it takes to go through it again; made by [`checkpointed_loop`].
pub struct Checkpointed<F> {
    step: F,
    state: Vec<f64>,
    steps: usize,
    snapshots: usize,
    outputs: Vec<f64>,
}

impl<Y: Into<Vec<Value>>, F: Fn(usize, &[Value]) -> Y> Checkpointed<F> {
    /// So many states are kept at a time on the way back, beside the first; else as many as the logarithm of the steps to base
    /// 2. With `s` snapshots and `r` repetitions of each step, loops of `(s + r)! / (s! r!)` steps can be gone back through
    /// (Griewank, *Achieving logarithmic growth of temporal and spatial complexity in reverse automatic differentiation*,
    /// 1992); with none, all steps are repeated for each.
    pub fn snapshots(self, snapshots: usize) -> Self {
        Checkpointed { snapshots, ..self }
    }

    /// The state after the last step, to the last bit that of a plain loop.
    pub fn outputs(&self) -> &[f64] {
        &self.outputs
    }

    /// Adjoints of the outputs times the derivatives of these by the first state: the gradient of the outputs by the first
    /// state, weighted with the adjoints.
    ///
    /// # Errors
    ///
    /// If there are not as many adjoints as outputs.
    pub fn vjp(&self, adjoints: &[f64]) -> Result<Vec<f64>> {
        same_length("adjoints", &self.outputs, adjoints)?;
        let mut way = Way { step: &self.step, adjoints: adjoints.to_vec() };
        go_back(&mut way, &self.state, 0..self.steps, self.snapshots)?;
        Ok(way.adjoints)
    }
}

/// The way back: the adjoints of the state that it has come to.
struct Way<'a, F> {
    step: &'a F,
    adjoints: Vec<f64>,
}

impl<Y: Into<Vec<Value>>, F: Fn(usize, &[Value]) -> Y> Reversible for Way<'_, F> {
    type State = Vec<f64>;

    fn run(&mut self, state: &mut Vec<f64>, steps: Range<usize>) -> Result<()> {
        *state = advanced(self.step, std::mem::take(state), steps);
        Ok(())
    }

    fn back(&mut self, step: usize, state: &Vec<f64>) -> Result<()> {
        self.adjoints = vjp(|state| (self.step)(step, state), state, &self.adjoints)?.1;
        Ok(())
    }
}

/// The state after these steps, of which nothing is recorded.
fn advanced<Y: Into<Vec<Value>>>(
    step: impl Fn(usize, &[Value]) -> Y,
    state: Vec<f64>,
    steps: Range<usize>,
) -> Vec<f64> {
    steps.fold(state, |state, number| {
        let state: Vec<Value> = state.iter().map(Value::from).collect();
        numbers_of(&step(number, &state).into())
    })
}
