//! The training loop. It knows parameters and losses, not what they are of; whoever wants to see its steps observes it.

use super::observers::{Observer, Step};
use chainrule::nn::Module;
use chainrule::optim::{Algorithm, Optimizer, Schedule};
use chainrule::{Result, Value};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a training ended.
pub enum End {
    Finished,
    Interrupted { steps: usize },
    Diverged(Divergence),
}

/// Where numbers stopped being finite.
pub struct Divergence {
    step: usize,
    what: &'static str,
    number: f64,
    origin: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Divergence { step, what, number, origin } = self;
        let became = if number.is_nan() { "NaN" } else { "infinite" };
        write!(f, "step {step}: {what} became {became}; {origin}")
    }
}

/// What is trained.
pub trait Task {
    fn module(&self) -> &dyn Module;

    /// Evaluates what the next step learns from, and leaves the gradients in the parameters.
    fn evaluate_next(&mut self) -> Result<Evaluated>;

    /// How wrong the parameters of the last step are, which have been in no loss yet.
    fn last_loss(&self) -> f64;
}

/// What the next step learns from, before the parameters change.
pub struct Evaluated {
    pub loss: f64,
    /// The share of classes that are right.
    pub accuracy: Option<f64>,
}

/// Makes so many steps, or as many as go well. The task is left with the last good parameters: the last ones whose loss is
/// known to be finite.
pub fn train(
    task: &mut impl Task,
    algorithm: impl Algorithm,
    schedule: Schedule,
    steps: usize,
    interrupted: &AtomicBool,
    observers: &mut [&mut dyn Observer],
) -> Result<End> {
    let mut optimizer = Optimizer::new(task.module().parameters(), algorithm, schedule);
    let mut good = task.module().numbers();
    let mut end = End::Finished;
    for step in 0..steps {
        let Evaluated { loss, accuracy } = task.evaluate_next()?;
        let module = task.module();
        if let Some(divergence) = diverged_loss(step, loss, module) {
            module.set_numbers(&good);
            return Ok(End::Diverged(divergence));
        }
        good = module.numbers();
        let learning_rate = optimizer.learning_rate();
        optimizer.step();
        let seen = Step { step, learning_rate, loss, accuracy };
        observers.iter_mut().for_each(|observer| observer.step(&seen));
        if let Some(divergence) = diverged_parameter(step, module) {
            module.set_numbers(&good);
            return Ok(End::Diverged(divergence));
        }
        if interrupted.load(Ordering::Relaxed) && step + 1 < steps {
            end = End::Interrupted { steps: step + 1 };
            break;
        }
    }
    let (loss, module) = (task.last_loss(), task.module());
    if optimizer.steps() > 0 && !loss.is_finite() {
        let (step, origin) = (optimizer.steps(), largest(module));
        module.set_numbers(&good);
        return Ok(End::Diverged(Divergence { step, what: "the loss", number: loss, origin }));
    }
    Ok(end)
}

/// After backward: a loss that is not finite, or has a gradient that is not.
fn diverged_loss(step: usize, loss: f64, module: &dyn Module) -> Option<Divergence> {
    if loss.is_finite() && module.gradients().iter().all(|gradient| gradient.is_finite()) {
        return None;
    }
    let origin = first(module, |parameter| parameter.grad())
        .map(|(name, gradient)| (gradient, format!("it began with {name}, whose gradient is {gradient}")));
    match (loss.is_finite(), origin) {
        (true, None) => None,
        (true, Some((number, origin))) => Some(Divergence { step, what: "a gradient", number, origin }),
        (false, origin) => {
            let origin = origin.map_or_else(|| largest(module), |(_, origin)| origin);
            Some(Divergence { step, what: "the loss", number: loss, origin })
        }
    }
}

/// After the optimiser's step: a parameter that is not finite.
fn diverged_parameter(step: usize, module: &dyn Module) -> Option<Divergence> {
    if module.numbers().iter().all(|number| number.is_finite()) {
        return None;
    }
    let (name, number) = first(module, |parameter| parameter.data())?;
    let origin = format!("it began with {name}, which the step made {number}");
    Some(Divergence { step, what: "a parameter", number, origin })
}

/// The first parameter of which a number is not finite, and that number. Names are only made for the one that is found.
fn first(module: &dyn Module, number: impl Fn(Value) -> f64) -> Option<(String, f64)> {
    let mut found = None;
    module.visit_parameters(&mut |name, parameter| {
        let number = number(parameter);
        if found.is_none() && !number.is_finite() {
            found = Some((name.to_string(), number));
        }
    });
    found
}

/// For where all parameters and gradients are finite, and too large even so.
fn largest(module: &dyn Module) -> String {
    let parameters = module.named_parameters();
    let largest = parameters.iter().max_by(|a, b| a.1.data().abs().total_cmp(&b.1.data().abs()));
    largest.map_or_else(String::new, |(name, value)| format!("the largest parameter is {}, {:e}", name, value.data()))
}
