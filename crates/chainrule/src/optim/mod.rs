//! Optimisers: how parameters change, step by step, so that the loss becomes small.
//!
//! An [`Algorithm`] turns gradients into changes of plain numbers; an [`Optimizer`] applies one to the parameters of a
//! model, with a learning rate that may follow a [`Schedule`].

mod algorithm;
mod quotient;
mod schedule;

pub use algorithm::{Adam, AdamW, Algorithm, RmsProp, Sgd};
pub use schedule::Schedule;

use crate::Value;
use crate::tape::{self, Mark};

/// Changes the parameters of a model by their gradients.
///
/// ```
/// use chainrule::Value;
/// use chainrule::optim::{Adam, Optimizer, Schedule};
///
/// let x = Value::new(4.0);
/// let mut optimizer = Optimizer::new(vec![x], Adam::new(), Schedule::cosine(0.5, 0.0, 200));
/// for _ in 0..200 {
///     let loss = (x - 1.0).powi(2);
///     optimizer.zero_grad();
///     loss.backward();
///     optimizer.step();
/// }
/// assert!((x.data() - 1.0).abs() < 1e-3);
/// ```
pub struct Optimizer<A> {
    parameters: Vec<Value>,
    algorithm: A,
    schedule: Schedule,
    steps: usize,
    mark: Mark,
}

impl<A: Algorithm> Optimizer<A> {
    /// An optimiser of these parameters, with a learning rate that is a number or a [`Schedule`].
    ///
    /// What is on the tape now stays; each [`step`](Optimizer::step) releases what was recorded after this. So make all
    /// models first, then their optimisers.
    pub fn new(parameters: Vec<Value>, algorithm: A, learning_rate: impl Into<Schedule>) -> Self {
        Optimizer { parameters, algorithm, schedule: learning_rate.into(), steps: 0, mark: tape::mark() }
    }

    /// The parameters that this optimiser changes.
    pub fn parameters(&self) -> &[Value] {
        &self.parameters
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.schedule.rate(self.steps)
    }

    /// How many steps were made.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Sets the gradients of the parameters back to 0.
    #[track_caller]
    pub fn zero_grad(&self) {
        tape::zero_gradients(&self.parameters);
    }

    /// Changes each parameter by its gradient, and releases the graph that was recorded since this optimiser was made: it
    /// was computed from the old parameters. Numbers of released computed values can still be read, by [`Value::data`].
    ///
    /// # Panics
    ///
    /// If a parameter is not a leaf, or its scope has ended.
    #[track_caller]
    pub fn step(&mut self) {
        let rate = self.learning_rate();
        tape::update_leaves(&self.parameters, |numbers, gradients| self.algorithm.update(rate, numbers, gradients));
        self.steps += 1;
        tape::release_to(&self.mark);
    }
}
