//! Pictures of graphs.

use crate::measure::{Measurement, median_time};
use chainrule::{Rng, RngExt, Value, draw, rng, tape};
use std::hint::black_box;

/// The time from values to the SVG of their graph: of 400 nodes, each drawn, and of 65,000, folded.
pub fn pictures() -> Vec<Measurement> {
    let mut rng = rng(1);
    vec![
        picture("network", 50.0, networks(&[4, 9, 8, 1], 1, &mut rng)),
        picture("tangle", 50.0, tangle(400, &mut rng)),
        picture("folded", 300.0, networks(&[2, 16, 16, 1], 100, &mut rng)),
    ]
}

fn picture(variant: &'static str, bar_ms: f64, value: Value) -> Measurement {
    let median_ns = median_time(|| {
        black_box(draw::graph(&[black_box(value)]).to_svg());
    });
    Measurement::alone(["draw", variant, "a picture: read the tape, fold, lay out, write SVG"], median_ns, Some(bar_ms))
}

/// The sum of what a network gives for some rows, in groups; every `+` and `*` of a neuron is a node.
fn networks(sizes: &[usize], rows: usize, rng: &mut impl Rng) -> Value {
    let mut parameters = |count: usize| (0..count).map(|_| Value::parameter(rng.random_range(-1.0..1.0))).collect();
    let layers: Vec<Vec<Vec<Value>>> =
        sizes.windows(2).map(|sizes| (0..sizes[1]).map(|_| parameters(sizes[0] + 1)).collect()).collect();
    let row = |row: usize| {
        let mut values: Vec<Value> = (0..sizes[0]).map(|i| Value::new((row * sizes[0] + i) as f64 / 10.0)).collect();
        for (number, layer) in (1..).zip(&layers) {
            values = tape::group(format!("layer {number}"), || {
                let neurons = (1..).zip(layer);
                neurons
                    .map(|(number, weights)| tape::group(format!("neuron {number}"), || neuron(weights, &values)))
                    .collect()
            });
        }
        values[0]
    };
    let results: Vec<Value> = (0..rows).map(row).collect();
    results.into_iter().sum()
}

fn neuron(weights: &[Value], inputs: &[Value]) -> Value {
    let bias = weights[inputs.len()];
    weights.iter().zip(inputs).fold(bias, |sum, (w, x)| sum + *w * *x).tanh()
}

/// A graph without order: every operation adds two of the last 60 values before it.
fn tangle(nodes: usize, rng: &mut impl Rng) -> Value {
    let mut values: Vec<Value> = (0..nodes / 5).map(|i| Value::new(i as f64)).collect();
    // What nobody uses is no part of the graph: the last operations gather it.
    let mut unused: Vec<usize> = (0..values.len()).collect();
    while values.len() + unused.len() < nodes + 1 {
        let recent = values.len().saturating_sub(60)..values.len();
        let (a, b) = (rng.random_range(recent.clone()), rng.random_range(recent));
        unused.retain(|index| ![a, b].contains(index));
        unused.push(values.len());
        values.push(values[a] + values[b]);
    }
    let sum = unused.iter().map(|index| values[*index]).reduce(|sum, value| sum + value);
    sum.expect("the last is unused")
}
