//! A step of micrograd's demo.

use crate::measure::{Measurement, in_turn};
use chainrule::nn::{self, Mlp, Module};
use chainrule::optim::{Optimizer, Sgd};
use chainrule::{Value, rng, tape};
use serde::Deserialize;
use std::hint::black_box;

#[derive(Deserialize)]
struct Demo {
    x: Vec<[f64; 2]>,
    y: Vec<f64>,
    w0: Vec<f64>,
}

const L2: f64 = 1e-4;
/// Every step starts from the same parameters, so that every step is the same work.
const RATE: f64 = 0.0;

unsafe extern "C" {
    fn moons_step(x: *const f64, y: *const f64, rows: i32, l2: f64, rate: f64, parameters: *mut f64) -> f64;
}

pub fn step() -> Vec<Measurement> {
    let demo: Demo = serde_json::from_str(include_str!("../../chainrule/tests/data/moons.json")).expect("a valid file");
    vec![measure("scalar", 22.0, scalar(&demo), &demo), measure("nn", 8.0, networks(&demo), &demo)]
}

fn measure(variant: &'static str, bar: f64, ours: impl FnMut(), demo: &Demo) -> Measurement {
    let mut parameters = demo.w0.clone();
    let reference = || {
        // SAFETY: rows of two numbers, as many targets, and the 337 parameters of the network.
        black_box(unsafe {
            let x = demo.x.as_ptr().cast();
            moons_step(x, demo.y.as_ptr(), demo.x.len() as i32, L2, RATE, parameters.as_mut_ptr())
        });
    };
    let medians = in_turn(ours, reference);
    Measurement {
        case: "moons-step",
        variant,
        of: "a step: zero_grad, forward, backward, descent",
        unit: "ns",
        median_ns: medians.ours_ns,
        reference: "C by hand",
        reference_ns: medians.reference_ns,
        ratio: medians.ratio,
        bar: format!("at most {bar} x"),
        reached: medians.ratio <= bar,
    }
}

/// Every `+` and `*` of a neuron is a node.
fn scalar(demo: &Demo) -> impl FnMut() {
    let parameters: Vec<Value> = demo.w0.iter().map(|w| Value::new(*w)).collect();
    let (mut activations, mut sums) = (Vec::new(), Vec::new());
    move || {
        let _scope = tape::scope();
        for parameter in &parameters {
            parameter.zero_grad();
        }
        let mut loss = Value::constant(0.0);
        for (x, y) in demo.x.iter().zip(&demo.y) {
            activations.clear();
            activations.extend(x.map(Value::new));
            let mut rest = &parameters[..];
            for (inputs, outputs) in [(2, 16), (16, 16), (16, 1)] {
                let (layer, others) = rest.split_at((inputs + 1) * outputs);
                rest = others;
                sums.clear();
                sums.extend(layer.chunks(inputs + 1).map(|neuron| {
                    let mut sum = neuron[inputs];
                    for (w, x) in neuron.iter().zip(&activations) {
                        sum += w * x;
                    }
                    if outputs > 1 { sum.relu() } else { sum }
                }));
                std::mem::swap(&mut activations, &mut sums);
            }
            loss += (1.0 + -*y * activations[0]).relu();
        }
        loss *= 1.0 / demo.x.len() as f64;
        let mut squares = Value::constant(0.0);
        for w in &parameters {
            squares += w * w;
        }
        loss += squares * L2;
        loss.backward();
        for parameter in &parameters {
            parameter.set_data(parameter.data() - RATE * parameter.grad());
        }
        black_box(loss.data());
    }
}

/// Through `nn`: a neuron is a dot product that starts from the bias, and an activation.
fn networks(demo: &Demo) -> impl FnMut() {
    let model = Mlp::new(2, &[16, 16, 1], &mut rng(0));
    model.set_numbers(&demo.w0);
    let parameters = model.parameters();
    let mut optimizer = Optimizer::new(parameters.clone(), Sgd::new(), RATE);
    move || {
        optimizer.zero_grad();
        let scores: Vec<Value> = demo.x.iter().map(|row| model.forward(&row.map(Value::constant))[0]).collect();
        let loss = nn::max_margin(&scores, &demo.y) + L2 * nn::l2(&parameters);
        loss.backward();
        optimizer.step();
        black_box(loss.data());
    }
}
