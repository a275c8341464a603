//! Rosenbrock's valley in many dimensions: neighbours meet, nothing else.

use super::{ByHand, Function, check_lengths};
use chainrule::{RngExt, Value, rng};

/// The sum of `100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2`.
pub struct Rosenbrock {
    length: usize,
}

unsafe extern "C" {
    fn rosenbrock(x: *const f64, n: i64, gradient: *mut f64) -> f64;
}

impl Rosenbrock {
    /// In so many dimensions, at least two.
    pub fn new(length: usize) -> Self {
        assert!(length > 1, "Rosenbrock's function needs two dimensions");
        Rosenbrock { length }
    }
}

impl Function for Rosenbrock {
    fn point(&self) -> Vec<f64> {
        let mut rng = rng(3);
        (0..self.length).map(|_| rng.random_range(-2.0..2.0)).collect()
    }

    fn value(&self, inputs: &[Value]) -> Value {
        let mut sum = Value::constant(0.0);
        for pair in inputs.windows(2) {
            let (x, next) = (pair[0], pair[1]);
            sum += 100.0 * (next - x * x).powi(2) + (1.0 - x).powi(2);
        }
        sum
    }

    fn flops(&self) -> f64 {
        14.0 * (self.length - 1) as f64
    }
}

impl ByHand for Rosenbrock {
    type Number = f64;

    fn by_hand(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        check_lengths([point.len(), gradient.len()], self.length);
        // SAFETY: both have this length, which is at least 2.
        unsafe { rosenbrock(point.as_ptr(), self.length as i64, gradient.as_mut_ptr()) }
    }
}
