//! The smallest graph that means something: build, backward, free.

use crate::measure::{Measurement, in_turn};
use chainrule::{Value, tape};
use std::hint::black_box;

unsafe extern "C" {
    #[link_name = "tiny"]
    fn tiny_by_hand(a: f64, b: f64, gradient: *mut f64) -> f64;
}

pub fn tiny() -> Measurement {
    let ours = || {
        let _scope = tape::scope();
        let a = Value::new(black_box(-4.0));
        let b = Value::new(black_box(2.0));
        let e = (a + b) - (a * b + b.powi(3));
        let g = e.powi(2) / 2.0;
        g.backward();
        black_box((g.data(), a.grad(), b.grad()));
    };
    let mut gradient = [0.0; 2];
    let reference = || {
        // SAFETY: the function writes two numbers.
        let value = unsafe { self::tiny_by_hand(black_box(-4.0), black_box(2.0), gradient.as_mut_ptr()) };
        black_box((value, gradient));
    };
    let medians = in_turn(ours, reference);
    Measurement {
        case: "tiny",
        variant: "scalar",
        of: "build, backward, free",
        unit: "ns",
        median_ns: medians.ours_ns,
        reference: "C by hand",
        reference_ns: medians.reference_ns,
        ratio: medians.ratio,
        bar: "at most 90 ns".into(),
        reached: medians.ours_ns <= 90.0,
        speed: None,
    }
}
