//! `ln(sum(exp(x)))`: one long sum of exponentials.

use super::{ByHand, Function, check_lengths};
use chainrule::{RngExt, Value, rng};

/// `ln(sum(exp(x)))`, shifted by the largest number.
pub struct LogSumExp {
    length: usize,
}

unsafe extern "C" {
    fn log_sum_exp(x: *const f64, n: i64, gradient: *mut f64) -> f64;
}

impl LogSumExp {
    /// Of so many numbers, at least one.
    pub fn new(length: usize) -> Self {
        assert!(length > 0, "the largest of no numbers is not defined");
        LogSumExp { length }
    }
}

impl Function for LogSumExp {
    fn point(&self) -> Vec<f64> {
        let mut rng = rng(2);
        (0..self.length).map(|_| rng.random_range(-10.0..10.0)).collect()
    }

    fn value(&self, inputs: &[Value]) -> Value {
        let largest = Value::maximum(inputs).stop_gradient();
        let mut sum = Value::constant(0.0);
        for x in inputs {
            sum += (x - largest).exp();
        }
        largest + sum.ln()
    }

    fn flops(&self) -> f64 {
        4.0 * self.length as f64
    }
}

impl ByHand for LogSumExp {
    type Number = f64;

    fn by_hand(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        check_lengths([point.len(), gradient.len()], self.length);
        // SAFETY: both have this length, which is not 0.
        unsafe { log_sum_exp(point.as_ptr(), self.length as i64, gradient.as_mut_ptr()) }
    }
}
