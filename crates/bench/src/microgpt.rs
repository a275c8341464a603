//! A step of training a GPT at character level: that of the library, whose tokens are indices that it looks up as it runs.

use crate::measure::{Measurement, Medians, in_turn, median_time};
use crate::{eager, peak, program};
use bench::functions::{Function, Gpt};
use chainrule::optim::{Adam, Algorithm, Optimizer};
use chainrule::{Value, nn};
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
        Measurement::beside(names, medians, "C by hand", Some(most)).with_flops(flops, peak::of_f64())
    };
    Vec::from([
        beside("eager", in_turn(eager(&function), by_hand()), 6.0),
        beside("program", with_compilation(in_turn(program(&function), by_hand())), 0.6),
    ])
}

fn adam() -> Adam {
    Adam::new().betas(0.85, 0.99)
}

fn loss(parameters: &[Value], tokens: &[Value]) -> Value {
    nn::Gpt::default().loss(parameters, tokens)
}

/// Recorded and swept anew in every step.
fn eager(function: &Gpt) -> impl FnMut() {
    let parameters = eager::inputs(function);
    let tokens: Vec<Value> = function.tokens().into_iter().map(Value::constant).collect();
    let mut optimizer = Optimizer::new(parameters.clone(), adam(), RATE);
    move || {
        optimizer.zero_grad();
        let loss = loss(&parameters, &tokens);
        loss.backward();
        optimizer.step();
        black_box(loss.data());
    }
}

fn program(function: &Gpt) -> impl FnMut() {
    let tokens = function.tokens();
    let mut machine = program::with_indices(loss, &eager::inputs(function), &tokens);
    let (mut adam, mut parameters) = (adam(), function.point());
    move || {
        machine.input_mut(0).copy_from_slice(&parameters);
        machine.input_mut(1).copy_from_slice(&tokens);
        machine.run().expect("all tokens are known");
        adam.update(RATE, &mut parameters, &machine.output_slice(1));
        black_box(machine.output_slice(0));
    }
}

/// Of our time, each step bears its part of recording and making the programs of all lengths.
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
    let (parameters, tokens) = (eager::inputs(function), function.tokens());
    median_time(|| {
        black_box(program::with_indices(loss, &parameters, &tokens));
    })
}
