//! A step of micrograd's demo.

use crate::measure::{Measurement, Medians, in_turn, threads_in_turn};
use crate::program;
use crate::{eager, peak};
use bench::functions::{Function, Moons};
use chainrule::nn::{self, Mlp, Module};
use chainrule::optim::{Optimizer, Sgd};
use chainrule::program::InstructionSet;
use chainrule::{Value, rng, tape};
use std::hint::black_box;

const L2: f64 = 1e-4;
/// Every step starts from the same parameters, so that every step is the same work.
const RATE: f64 = 0.0;

pub fn step() -> Vec<Measurement> {
    let moons = Moons::demo();
    let many = Moons::with_rows(100_000);
    let measure = |variant, most, ours: &mut dyn FnMut()| beside(variant, in_turn(ours, by_hand(&moons)), most, &moons);
    Vec::from([
        measure("scalar", 22.0, &mut scalar(&moons)),
        measure("nn", 8.0, &mut networks(&moons)),
        measure("program", 0.35, &mut program(&moons, InstructionSet::detect())),
        measure("avx2", 0.7, &mut program(&moons, InstructionSet::Avx2)),
        measure("baseline", 1.3, &mut program(&moons, InstructionSet::Baseline)),
        rows(&many),
        threads(&many),
        cores(),
    ])
}

fn beside(variant: &'static str, medians: Medians, most: f64, moons: &Moons) -> Measurement {
    let names = ["moons-step", variant, "a step: zero_grad, forward, backward, descent"];
    Measurement::beside(names, medians, "C by hand", Some(most)).with_flops(moons.flops(), peak::of_f64())
}

fn by_hand(moons: &Moons) -> impl FnMut() {
    let mut parameters = moons.point();
    move || {
        black_box(moons.step_by_hand(RATE, &mut parameters));
    }
}

/// Every `+` and `*` of a neuron is a node.
fn scalar(moons: &Moons) -> impl FnMut() {
    let parameters = eager::inputs(moons);
    move || {
        let _scope = tape::scope();
        for parameter in &parameters {
            parameter.zero_grad();
        }
        let loss = moons.value(&parameters);
        loss.backward();
        for parameter in &parameters {
            parameter.set_data(parameter.data() - RATE * parameter.grad());
        }
        black_box(loss.data());
    }
}

/// Through `nn`: a neuron is a dot product that starts from the bias, and an activation.
fn networks(moons: &Moons) -> impl FnMut() {
    let model = Mlp::new(2, &[16, 16, 1], &mut rng(0));
    model.set_numbers(&moons.point());
    let parameters = model.parameters();
    let mut optimizer = Optimizer::new(parameters.clone(), Sgd::new(), RATE);
    let (x, y): (Vec<[f64; 2]>, Vec<f64>) = moons.rows().unzip();
    move || {
        optimizer.zero_grad();
        let scores: Vec<Value> = x.iter().map(|row| model.forward(&row.map(Value::constant))[0]).collect();
        let loss = nn::max_margin(&scores, &y) + L2 * nn::l2(&parameters);
        loss.backward();
        optimizer.step();
        black_box(loss.data());
    }
}

/// The scalar code, recorded once.
fn program(moons: &Moons, instructions: InstructionSet) -> impl FnMut() {
    let mut program = program::value_and_gradient(moons, instructions);
    let mut parameters = moons.point();
    let mut gradient = vec![0.0; parameters.len()];
    move || {
        black_box(program(&parameters, &mut gradient));
        descend(&mut parameters, &gradient);
    }
}

/// One row recorded, and mapped over many.
fn rows(many: &Moons) -> Measurement {
    beside("rows", in_turn(mapped(many, 1), by_hand(many)), 0.3, many)
}

fn threads(many: &Moons) -> Measurement {
    let medians = threads_in_turn(mapped(many, 2), mapped(many, 1));
    let names = ["moons-step", "threads", "the step of `rows` on two threads; of the reference, on one"];
    Measurement::beside(names, medians, "one thread", Some(1.0 / 1.8)).with_flops(many.flops(), peak::of_f64())
}

/// What `threads` is to be read beside: how much of its second core this machine gives just now.
fn cores() -> Measurement {
    let names = ["moons-step", "cores", "multiplications without memory on two threads; of the reference, on one"];
    Measurement::beside(names, peak::of_two_threads(), "one thread", None)
}

fn mapped(moons: &Moons, threads: usize) -> impl FnMut() {
    let row = |parameters: &[Value], row: &[Value]| Moons::row(parameters, [row[0], row[1]], row[2]);
    let mut parameters = moons.point();
    let mut mean = program::mean_over_rows(row, [parameters.len(), 3], threads);
    let rows: Vec<f64> = moons.rows().flat_map(|([x1, x2], y)| [x1, x2, y]).collect();
    let mut gradient = vec![0.0; parameters.len()];
    move || {
        black_box(mean(&parameters, &rows, &mut gradient));
        for (g, p) in gradient.iter_mut().zip(&parameters) {
            *g += 2.0 * L2 * p;
        }
        descend(&mut parameters, &gradient);
    }
}

fn descend(parameters: &mut [f64], gradient: &[f64]) {
    for (p, g) in parameters.iter_mut().zip(gradient) {
        *p -= RATE * g;
    }
}
