//! The training loop. It knows the plan and the model; whoever wants to see its steps observes it.

use super::objective::{Evaluated, Objective};
use super::observers::{Observer, Step};
use super::plan::Plan;
use crate::model::Model;
use chainrule::data::Batches;
use chainrule::nn::Module;
use chainrule::optim::Optimizer;
use chainrule::{Pcg64, Result, Value};
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

/// Makes the steps of the plan, or as many as go well. The model is left with the last good parameters: the last ones
/// whose loss is known to be finite.
pub fn train(
    plan: &Plan,
    model: &Model,
    rng: &mut Pcg64,
    interrupted: &AtomicBool,
    observers: &mut [&mut dyn Observer],
) -> Result<End> {
    let parameters = model.network.parameters();
    let mut objective = Objective::new(plan, model);
    let mut batches = Batches::new(plan.data.train.len(), plan.batch);
    let mut optimizer =
        Optimizer::new(parameters.clone(), plan.optimizer.algorithm(), plan.schedule.of(plan.rate, plan.steps));
    let mut good = model.network.numbers();
    let mut end = End::Finished;
    for step in 0..plan.steps {
        let Evaluated { loss, accuracy } = objective.evaluate(batches.next_batch(rng))?;
        if let Some(divergence) = diverged_loss(step, loss, model) {
            model.network.set_numbers(&good);
            return Ok(End::Diverged(divergence));
        }
        good = model.network.numbers();
        let learning_rate = optimizer.learning_rate();
        optimizer.step();
        let seen = Step { step, learning_rate, loss, accuracy };
        observers.iter_mut().for_each(|observer| observer.step(&seen));
        if let Some(divergence) = diverged_parameter(step, model) {
            model.network.set_numbers(&good);
            return Ok(End::Diverged(divergence));
        }
        if interrupted.load(Ordering::Relaxed) && step + 1 < plan.steps {
            end = End::Interrupted { steps: step + 1 };
            break;
        }
    }
    // The last step's parameters have been in no loss yet.
    let loss = model.evaluate(&plan.data.train).loss;
    if optimizer.steps() > 0 && !loss.is_finite() {
        let divergence = Divergence { step: optimizer.steps(), what: "the loss", number: loss, origin: largest(model) };
        model.network.set_numbers(&good);
        return Ok(End::Diverged(divergence));
    }
    Ok(end)
}

/// After backward: a loss that is not finite, or has a gradient that is not.
fn diverged_loss(step: usize, loss: f64, model: &Model) -> Option<Divergence> {
    let origin = first(model, |parameter| parameter.grad())
        .map(|(name, gradient)| (gradient, format!("it began with {name}, whose gradient is {gradient}")));
    match (loss.is_finite(), origin) {
        (true, None) => None,
        (true, Some((number, origin))) => Some(Divergence { step, what: "a gradient", number, origin }),
        (false, origin) => {
            let origin = origin.map_or_else(|| largest(model), |(_, origin)| origin);
            Some(Divergence { step, what: "the loss", number: loss, origin })
        }
    }
}

/// After the optimiser's step: a parameter that is not finite.
fn diverged_parameter(step: usize, model: &Model) -> Option<Divergence> {
    let (name, number) = first(model, |parameter| parameter.data())?;
    let origin = format!("it began with {name}, which the step made {number}");
    Some(Divergence { step, what: "a parameter", number, origin })
}

/// The first parameter of which a number is not finite, and that number. Asked at every step, so names are only made
/// for the one that is found.
fn first(model: &Model, number: impl Fn(Value) -> f64) -> Option<(String, f64)> {
    let mut found = None;
    model.network.visit_parameters(&mut |name, parameter| {
        let number = number(parameter);
        if found.is_none() && !number.is_finite() {
            found = Some((name.to_string(), number));
        }
    });
    found
}

/// For where all parameters and gradients are finite, and too large even so.
fn largest(model: &Model) -> String {
    let parameters = model.network.named_parameters();
    let largest = parameters.iter().max_by(|a, b| a.1.data().abs().total_cmp(&b.1.data().abs()));
    largest.map_or_else(String::new, |(name, value)| format!("the largest parameter is {}, {:e}", name, value.data()))
}
