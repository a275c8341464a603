//! From a recording to a program: how long it takes, and what the program holds.

use crate::measure::{Measurement, median_time};
use crate::{eager, program};
use bench::functions::{Function, Gpt, Moons};
use std::hint::black_box;

/// Recordings of 65,800 nodes, 1.75 million and 10 million.
pub fn compile() -> Vec<Measurement> {
    vec![
        compilation("moons", 4.0, &Moons::demo()),
        compilation("gpt64", 100.0, &Gpt::wide()),
        compilation("ten-million", 1000.0, &Moons::with_rows(15_200)),
    ]
}

fn compilation(variant: &'static str, most_ms: f64, function: &impl Function) -> Measurement {
    let _scope = chainrule::tape::scope();
    let inputs = eager::inputs(function);
    let value = function.value(&inputs);
    let median_ns = median_time(|| {
        black_box(program::compile(value, &inputs));
    });
    Measurement::alone(["compile", variant, "from a recording to value and gradient, ready"], median_ns, Some(most_ms))
}

/// What the program of the loss and gradient of micrograd's demo holds, buffers included.
pub fn bytes() -> Measurement {
    const MOST: f64 = 128.0 * 1024.0;
    let bytes = program::bytes(&Moons::demo()) as f64;
    Measurement {
        case: "program-bytes",
        variant: "moons",
        of: "bytes that a program and what runs it hold",
        unit: "bytes",
        median_ns: bytes,
        reference: "none",
        reference_ns: f64::NAN,
        ratio: f64::NAN,
        bar: format!("at most {MOST} bytes"),
        reached: bytes <= MOST,
        speed: None,
    }
}
