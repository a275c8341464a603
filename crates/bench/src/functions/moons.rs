//! The loss of micrograd's demo: 2-16-16-1 ReLU network, max-margin with L2 over all rows.

use super::{ByHand, Function, check_lengths};
use chainrule::data::{Target, moons};
use chainrule::{Value, rng};
use serde::Deserialize;

const L2: f64 = 1e-4;
const LAYERS: [(usize, usize); 3] = [(2, 16), (16, 16), (16, 1)];

/// The loss of a 2-16-16-1 network by its parameters, layer by layer, neuron by neuron, weights and then bias.
pub struct Moons {
    x: Vec<[f64; 2]>,
    /// -1 or 1.
    y: Vec<f64>,
    parameters: Vec<f64>,
}

#[derive(Deserialize)]
struct Demo {
    x: Vec<[f64; 2]>,
    y: Vec<f64>,
    w0: Vec<f64>,
}

unsafe extern "C" {
    fn moons_step(x: *const f64, y: *const f64, rows: i32, l2: f64, rate: f64, parameters: *mut f64) -> f64;
}

impl Moons {
    /// The 100 rows of the demo, and the parameters that it starts from.
    pub fn demo() -> Self {
        let file = include_str!("../../../chainrule/tests/data/moons.json");
        let Demo { x, y, w0 } = serde_json::from_str(file).expect("a valid file");
        Moons { x, y, parameters: w0 }
    }

    /// The same network with other rows, so many.
    pub fn with_rows(rows: usize) -> Self {
        let moons = moons(rows, 0.1, &mut rng(1)).expect("there are rows, and the noise is positive");
        let Target::Classes { labels, .. } = moons.target else { unreachable!("moons are classes") };
        let x = moons.rows.iter().map(|row| [row[0], row[1]]).collect();
        let y = labels.iter().map(|label| if *label == 0 { -1.0 } else { 1.0 }).collect();
        Moons { x, y, ..Moons::demo() }
    }

    /// The loss of one row, without the L2.
    pub fn row(parameters: &[Value], x: [Value; 2], y: Value) -> Value {
        RowLoss::new().value(parameters, x, y)
    }

    /// The L2 of the parameters.
    pub fn l2(parameters: &[Value]) -> Value {
        let mut squares = Value::constant(0.0);
        for w in parameters {
            squares += w * w;
        }
        squares * L2
    }

    /// Features and label of each row.
    pub fn rows(&self) -> impl Iterator<Item = ([f64; 2], f64)> {
        self.x.iter().copied().zip(self.y.iter().copied())
    }

    /// One step of descent in C; returns the loss before it.
    pub fn step_by_hand(&self, rate: f64, parameters: &mut [f64]) -> f64 {
        check_lengths([parameters.len(); 2], self.parameters.len());
        // SAFETY: rows of two numbers, as many labels, and the 337 parameters of the network.
        unsafe {
            let x = self.x.as_ptr().cast();
            moons_step(x, self.y.as_ptr(), self.x.len() as i32, L2, rate, parameters.as_mut_ptr())
        }
    }
}

impl Function for Moons {
    fn point(&self) -> Vec<f64> {
        self.parameters.clone()
    }

    fn value(&self, parameters: &[Value]) -> Value {
        let mut row_loss = RowLoss::new();
        let mut loss = Value::constant(0.0);
        for (x, y) in self.rows() {
            loss += row_loss.value(parameters, x.map(Value::new), Value::constant(y));
        }
        loss * (1.0 / self.x.len() as f64) + Moons::l2(parameters)
    }

    fn flops(&self) -> f64 {
        let weights: usize = LAYERS.iter().map(|(inputs, outputs)| inputs * outputs).sum();
        let biases: usize = LAYERS.iter().map(|(_, outputs)| outputs).sum();
        // Nobody asks for the gradient of the features; that of the last hidden layer is a single product each.
        let row = 2 * weights + 2 * weights + (2 * 16 * 16 + 16) + biases + 6;
        (self.x.len() * row + 6 * (weights + biases)) as f64
    }
}

impl ByHand for Moons {
    type Number = f64;

    /// The gradient is what a step at rate 1 changes.
    fn by_hand(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.copy_from_slice(point);
        let loss = self.step_by_hand(1.0, gradient);
        for (g, before) in gradient.iter_mut().zip(point) {
            *g = before - *g;
        }
        loss
    }
}

/// The loss of a row; keeps its memory from row to row.
struct RowLoss {
    activations: Vec<Value>,
    sums: Vec<Value>,
}

impl RowLoss {
    fn new() -> Self {
        RowLoss { activations: Vec::new(), sums: Vec::new() }
    }

    fn value(&mut self, parameters: &[Value], x: [Value; 2], y: Value) -> Value {
        let RowLoss { activations, sums } = self;
        activations.clear();
        activations.extend(x);
        let mut rest = parameters;
        for (inputs, outputs) in LAYERS {
            let (layer, others) = rest.split_at((inputs + 1) * outputs);
            rest = others;
            sums.clear();
            sums.extend(layer.chunks(inputs + 1).map(|neuron| {
                let mut sum = neuron[inputs];
                for (w, x) in neuron.iter().zip(&*activations) {
                    sum += w * x;
                }
                if outputs > 1 { sum.relu() } else { sum }
            }));
            std::mem::swap(activations, sums);
        }
        (1.0 + -y * activations[0]).relu()
    }
}
