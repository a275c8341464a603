//! A network of the size that digits of 28 x 28 pixels are told apart with.

use super::{ByHand, Function, check_lengths};
use chainrule::{RngExt, Value, rng};

const INPUTS: usize = 784;
const HIDDEN: usize = 64;
const CLASSES: usize = 10;
const BATCH: usize = 32;
const PARAMETERS: usize = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * CLASSES;

/// The mean cross-entropy of a 784-64-10 ReLU network over 32 rows, by its parameters: of each layer the weights, those of
/// one input to all units together, and then the biases.
pub struct Classifier {
    /// 32 rows of 784.
    x: Vec<f32>,
    classes: Vec<i32>,
}

unsafe extern "C" {
    fn classifier(parameters: *const f32, x: *const f32, classes: *const i32, gradient: *mut f32) -> f32;
}

impl Classifier {
    /// With random rows.
    pub fn new() -> Self {
        let mut rng = rng(5);
        let x = (0..BATCH * INPUTS).map(|_| rng.random_range(0.0..1.0)).collect();
        let classes = (0..BATCH).map(|_| rng.random_range(0..CLASSES as i32)).collect();
        Classifier { x, classes }
    }
}

impl Default for Classifier {
    fn default() -> Self {
        Classifier::new()
    }
}

impl Function for Classifier {
    fn point(&self) -> Vec<f64> {
        let mut rng = rng(6);
        (0..PARAMETERS).map(|_| rng.random_range(-0.05..0.05)).collect()
    }

    fn value(&self, parameters: &[Value]) -> Value {
        let (first, second) = parameters.split_at((INPUTS + 1) * HIDDEN);
        let mut loss = Value::constant(0.0);
        for (row, class) in self.x.chunks(INPUTS).zip(&self.classes) {
            let row: Vec<Value> = row.iter().map(|x| Value::constant(f64::from(*x))).collect();
            let hidden: Vec<Value> = layer(first, &row, HIDDEN).into_iter().map(Value::relu).collect();
            let logits = layer(second, &hidden, CLASSES);
            loss += Value::log_sum_exp(&logits) - logits[*class as usize];
        }
        loss * (1.0 / BATCH as f64)
    }

    fn flops(&self) -> f64 {
        let (first, second) = (INPUTS * HIDDEN, HIDDEN * CLASSES);
        // Nobody asks for the gradient of the rows.
        let row = 4 * first + 6 * second + HIDDEN + 6 * CLASSES;
        (BATCH * row) as f64
    }
}

impl ByHand for Classifier {
    type Number = f32;

    fn by_hand(&self, point: &[f32], gradient: &mut [f32]) -> f32 {
        check_lengths([point.len(), gradient.len()], PARAMETERS);
        // SAFETY: parameters and gradient have this length; there are 32 rows of 784, and 32 classes below 10.
        unsafe { classifier(point.as_ptr(), self.x.as_ptr(), self.classes.as_ptr(), gradient.as_mut_ptr()) }
    }
}

/// What the units of a layer say, before any activation.
fn layer(parameters: &[Value], inputs: &[Value], units: usize) -> Vec<Value> {
    let (weights, biases) = parameters.split_at(inputs.len() * units);
    let unit = |unit: usize| {
        let mut sum = biases[unit];
        for (x, weights) in inputs.iter().zip(weights.chunks(units)) {
            sum += x * weights[unit];
        }
        sum
    };
    (0..units).map(unit).collect()
}
