//! Values and gradients of functions, each beside C by hand.

use crate::measure::{Measurement, in_turn};
use crate::program;
use crate::{eager, peak};
use bench::functions::{ByHand, Classifier, LogSumExp, Oscillators, Rosenbrock, converted};
use chainrule::program::InstructionSet;
use num_traits::Float;
use std::hint::black_box;

pub fn log_sum_exp() -> Vec<Measurement> {
    measure("logsumexp", LogSumExp::new(1_000_000), peak::of_f64())
}

pub fn rosenbrock() -> Vec<Measurement> {
    measure("rosenbrock", Rosenbrock::new(1000), peak::of_f64())
}

pub fn oscillators() -> Vec<Measurement> {
    measure("ode", Oscillators::new(1000), peak::of_f64())
}

pub fn classifier() -> Vec<Measurement> {
    measure("mlp-784", Classifier::new(), peak::of_f32())
}

fn measure<F: ByHand>(case: &'static str, function: F, peak: f64) -> Vec<Measurement> {
    let by_hand = || repeated(&function, |point, gradient| function.by_hand(point, gradient));
    let beside = |variant, medians, most| {
        let names = [case, variant, "value and gradient"];
        Measurement::beside(names, medians, "C by hand", most).with_flops(function.flops(), peak)
    };
    Vec::from([beside("eager", in_turn(eager::value_and_gradient(&function), by_hand()), None), {
        let program = program::value_and_gradient(&function, InstructionSet::detect());
        beside("program", in_turn(repeated(&function, program), by_hand()), Some(1.0))
    }])
}

/// The same call again and again, at the point.
fn repeated<F: ByHand>(
    function: &F,
    mut value_and_gradient: impl FnMut(&[F::Number], &mut [F::Number]) -> F::Number,
) -> impl FnMut() {
    let point: Vec<F::Number> = function.point().into_iter().map(converted).collect();
    let mut gradient = vec![F::Number::nan(); point.len()];
    move || {
        black_box(value_and_gradient(black_box(&point), &mut gradient));
        black_box(&gradient);
    }
}
