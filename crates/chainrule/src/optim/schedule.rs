//! Learning rates that change over the steps.

use std::f64::consts::PI;
use std::fmt;

/// The learning rate at each step, counted from 0.
///
/// A plain number is the same rate at every step; a closure is any other rule.
pub struct Schedule(Box<dyn Fn(usize) -> f64>);

impl Schedule {
    /// Any rule: from the step to its rate.
    pub fn new(rate: impl Fn(usize) -> f64 + 'static) -> Self {
        Schedule(Box::new(rate))
    }

    /// Falls, or rises, in a straight line from `first` at step 0 to `last` at step `steps` and later.
    ///
    /// micrograd's demo is `linear(1.0, 0.1, 100)`.
    pub fn linear(first: f64, last: f64, steps: usize) -> Self {
        Schedule::new(move |step| first + (last - first) * progress(step, steps))
    }

    /// Goes from `first` at step 0 to `last` at step `steps` and later along half a cosine (Loshchilov and Hutter, 2016).
    pub fn cosine(first: f64, last: f64, steps: usize) -> Self {
        Schedule::new(move |step| last + (first - last) * 0.5 * (1.0 + (PI * progress(step, steps)).cos()))
    }

    /// The same, but for the first `steps` steps, where it rises in a straight line: `1 / steps` of the rate at step 0.
    pub fn with_warm_up(self, steps: usize) -> Self {
        Schedule::new(move |step| self.rate(step) * ((step + 1) as f64 / steps.max(1) as f64).min(1.0))
    }

    /// The learning rate at this step.
    pub fn rate(&self, step: usize) -> f64 {
        self.0(step)
    }
}

fn progress(step: usize, steps: usize) -> f64 {
    (step as f64 / steps.max(1) as f64).min(1.0)
}

impl From<f64> for Schedule {
    fn from(rate: f64) -> Self {
        Schedule::new(move |_| rate)
    }
}

impl<F: Fn(usize) -> f64 + 'static> From<F> for Schedule {
    fn from(rate: F) -> Self {
        Schedule::new(rate)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Schedule({}, ...)", self.rate(0))
    }
}
