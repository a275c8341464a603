//! Long loops whose step is a program, in little memory.

use super::call::check_length;
use super::{Derivatives, Float, Output, Program};
use crate::checkpoints::{Reversible, default_snapshots, go_back};
use crate::text::counted;
use crate::{Error, Result};
use std::ops::Range;

/// Runs a program again and again on what it has made of its first inputs, and goes back through all of that in the memory of
/// one step and a few states.
///
/// The first group of inputs is the state, and all outputs together are the next one. The other groups, if there are any, are
/// parameters: the same in all steps. All inputs are one slice, group after group, the state at the start first. Nothing is
/// recorded but the one step, so that there may be millions of them; what the step has to know of its number belongs to the
/// state.
///
/// ```
/// use chainrule::Program;
/// use chainrule::program::CheckpointedLoop;
///
/// // A pendulum of some length, 100,000 steps of 0.1 ms.
/// let groups: [(&str, &[f64]); 2] = [("state", &[0.5, 0.0]), ("length", &[2.0])];
/// let step = Program::record_groups(&groups, |groups| {
///     let ([angle, speed], length) = ([groups[0][0], groups[0][1]], groups[1][0]);
///     let speed = speed - angle.sin() / length * 9.81e-4;
///     [angle + speed * 1e-4, speed]
/// })?;
/// let mut pendulum = CheckpointedLoop::<f64>::of(&step, 100_000)?;
/// let (mut end, mut gradient) = ([0.0; 2], [0.0; 3]);
/// pendulum.vjp(&[0.5, 0.0, 2.0], &[1.0, 0.0], &mut end, &mut gradient)?;
/// let mut longer = [0.0; 2];
/// pendulum.value(&[0.5, 0.0, 2.0 + 1e-6], &mut longer)?;
/// assert!(((longer[0] - end[0]) / 1e-6 - gradient[2]).abs() < 1e-4 * gradient[2].abs());
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
///
/// Methods return an error if a slice has the wrong length, and as [`Machine::run`](super::Machine::run).
pub struct CheckpointedLoop<T> {
    step: Derivatives<T>,
    steps: usize,
    snapshots: usize,
    state_length: usize,
    input_length: usize,
}

impl<T: Float + Send + Sync> CheckpointedLoop<T> {
    /// So many steps of a program.
    ///
    /// # Errors
    ///
    /// If the program has not as many outputs as numbers in its first group of inputs.
    pub fn of(step: &Program, steps: usize) -> Result<Self> {
        let state_length = step.inputs.first().map_or(0, |state| state.length as usize);
        let outputs: usize = step.outputs.iter().map(Output::length).sum();
        if outputs != state_length {
            let expected = format!("as many as the state has, the first group of inputs: {state_length}");
            return Err(Error::argument("outputs of a step", expected, counted(outputs, "number")));
        }
        Ok(CheckpointedLoop {
            steps,
            snapshots: default_snapshots(steps),
            state_length,
            input_length: step.input_length() as usize,
            step: Derivatives::of(step),
        })
    }

    /// So many states are kept at a time on the way back, beside the first; else as many as the logarithm of the steps to base
    /// 2. With `s` snapshots and `r` repetitions of each step, loops of `(s + r)! / (s! r!)` steps can be gone back through;
    /// with as many as there are steps, nothing is run twice.
    pub fn snapshots(self, snapshots: usize) -> Self {
        CheckpointedLoop { snapshots, ..self }
    }

    /// The state after the last step.
    pub fn value(&mut self, x: &[T], outputs: &mut [T]) -> Result<()> {
        check_length("x", self.input_length, x.len())?;
        check_length("outputs", self.state_length, outputs.len())?;
        let steps = 0..self.steps;
        let mut state = x[..self.state_length].to_vec();
        self.way(x, &[]).run(&mut state, steps)?;
        outputs.copy_from_slice(&state);
        Ok(())
    }

    /// The state after the last step, and adjoints of it times its derivatives by all inputs: by the state at the start, and
    /// by the parameters.
    pub fn vjp(&mut self, x: &[T], adjoints: &[T], outputs: &mut [T], gradient: &mut [T]) -> Result<()> {
        check_length("adjoints", self.state_length, adjoints.len())?;
        check_length("gradient", self.input_length, gradient.len())?;
        self.value(x, outputs)?;
        let (steps, snapshots, state) = (0..self.steps, self.snapshots, x[..self.state_length].to_vec());
        let mut way = self.way(x, adjoints);
        go_back(&mut way, &state, steps, snapshots)?;
        gradient.copy_from_slice(&way.adjoints);
        Ok(())
    }

    fn way(&mut self, x: &[T], adjoints: &[T]) -> Way<'_, T> {
        let mut of_inputs = vec![T::default(); self.input_length];
        of_inputs[..adjoints.len()].copy_from_slice(adjoints);
        Way {
            state_length: self.state_length,
            x: x.to_vec(),
            adjoints: of_inputs,
            of_a_step: vec![T::default(); self.input_length],
            next: vec![T::default(); self.state_length],
            step: &mut self.step,
        }
    }
}

/// The way through the steps, and back.
struct Way<'a, T> {
    step: &'a mut Derivatives<T>,
    state_length: usize,
    /// The inputs of a step: a state, and the parameters.
    x: Vec<T>,
    /// Of the state that the way back has come to, and what has been summed up for the parameters.
    adjoints: Vec<T>,
    /// The gradient of a step.
    of_a_step: Vec<T>,
    next: Vec<T>,
}

impl<T: Float + Send + Sync> Reversible for Way<'_, T> {
    type State = Vec<T>;

    fn run(&mut self, state: &mut Vec<T>, steps: Range<usize>) -> Result<()> {
        self.x[..self.state_length].copy_from_slice(state);
        for _ in steps {
            self.step.value(&self.x, &mut self.next)?;
            self.x[..self.state_length].copy_from_slice(&self.next);
        }
        state.copy_from_slice(&self.x[..self.state_length]);
        Ok(())
    }

    fn back(&mut self, _: usize, state: &Vec<T>) -> Result<()> {
        self.x[..self.state_length].copy_from_slice(state);
        let (of_state, of_parameters) = self.adjoints.split_at_mut(self.state_length);
        self.step.vjp(&self.x, of_state, &mut self.next, &mut self.of_a_step)?;
        let (new_of_state, more_of_parameters) = self.of_a_step.split_at(self.state_length);
        of_state.copy_from_slice(new_of_state);
        of_parameters.iter_mut().zip(more_of_parameters).for_each(|(sum, more)| *sum = *sum + *more);
        Ok(())
    }
}
