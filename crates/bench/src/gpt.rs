//! A GPT at character level: a step of training, and the gradient of a wider one.

use crate::measure::Medians;
use crate::measure::{Measurement, in_turn, median_time};
use crate::program;
use crate::{eager, peak};
use bench::functions::{Function, Gpt};
use chainrule::optim::{Adam, Optimizer};
use chainrule::program::InstructionSet;
use std::hint::black_box;

/// Every step starts from the same parameters, so that every step is the same work.
const RATE: f64 = 0.0;
/// Additions, multiplications, divisions and square roots of Adam, for each parameter.
const ADAM_FLOPS: usize = 14;

/// A step of training on a name of the commonest length.
pub fn step() -> Vec<Measurement> {
    let function = Gpt::of_name("hollan");
    let flops = function.flops() + (ADAM_FLOPS * function.point().len()) as f64;
    let by_hand = || {
        let (mut adam, mut parameters) = (function.adam_by_hand(), function.point());
        move || {
            black_box(adam.step(RATE, &mut parameters));
        }
    };
    let beside = |variant, medians, most| {
        let names = ["microgpt-step", variant, "a step on one name: loss, gradient, Adam"];
        Measurement::beside(names, medians, "C by hand", most).with_flops(flops, peak::of_f64())
    };
    Vec::from([
        beside("scalar", in_turn(scalar(&function), by_hand()), None),
        beside("program", with_compilation(in_turn(program(&function), by_hand())), Some(0.6)),
    ])
}

fn adam() -> Adam {
    Adam::new().betas(0.85, 0.99)
}

/// Every `+` and `*` is a node.
fn scalar(function: &Gpt) -> impl FnMut() {
    let parameters = eager::inputs(function);
    let mut optimizer = Optimizer::new(parameters.clone(), adam(), RATE);
    move || {
        optimizer.zero_grad();
        let loss = function.value(&parameters);
        loss.backward();
        optimizer.step();
        black_box(loss.data());
    }
}

fn program(function: &Gpt) -> impl FnMut() {
    use chainrule::optim::Algorithm;
    let mut program = program::value_and_gradient(function, InstructionSet::detect());
    let (mut adam, mut parameters) = (adam(), function.point());
    let mut gradient = vec![0.0; parameters.len()];
    move || {
        black_box(program(&parameters, &mut gradient));
        adam.update(RATE, &mut parameters, &gradient);
    }
}

/// Of our time, each step bears its part of making the programs of all lengths.
fn with_compilation(medians: Medians) -> Medians {
    /// In 1000 steps on the names in the order of the reference, there are names of these lengths.
    const LENGTHS: std::ops::RangeInclusive<usize> = 2..=13;
    const STEPS: f64 = 1000.0;
    let compile_ns: f64 = LENGTHS.map(|length| compile_time(&Gpt::of_name(&"abcdefghijklm"[..length]))).sum();
    Medians {
        ours_ns: medians.ours_ns + compile_ns / STEPS,
        ratio: medians.ratio + compile_ns / STEPS / medians.reference_ns,
        ..medians
    }
}

fn compile_time(function: &Gpt) -> f64 {
    let _scope = chainrule::tape::scope();
    let inputs = eager::inputs(function);
    let value = function.value(&inputs);
    median_time(|| {
        black_box(program::compile(value, &inputs));
    })
}

/// The gradient of a GPT of width 64 at 16 positions.
pub fn wide() -> Vec<Measurement> {
    let function = Gpt::wide();
    let names = |variant| ["gpt64", variant, "value and gradient"];
    Vec::from([
        Measurement::alone(names("eager"), median_time(eager::value_and_gradient(&function)), None)
            .with_flops(function.flops(), peak::of_f64()),
        {
            let mut program = program::value_and_gradient(&function, InstructionSet::detect());
            let (point, mut gradient) = (function.point(), vec![0.0; function.point().len()]);
            let ours = || {
                black_box(program(black_box(&point), &mut gradient));
            };
            let medians = in_turn(ours, eager::value_and_gradient(&function));
            Measurement::beside(names("program"), medians, "eager", Some(1.0 / 40.0))
                .with_flops(function.flops(), peak::of_f64())
        },
    ])
}
