//! What the tape holds, and how deep it goes.

use crate::measure::Measurement;
use chainrule::{Value, tape};
use std::time::Instant;

const OPERATIONS: usize = 1 << 20;

/// Bytes that the tape has allocated for each recorded binary operation, after a sweep.
pub fn bytes() -> Vec<Measurement> {
    let variable: fn(Value, Value, usize) -> Value = |a, b, step| if step % 2 == 0 { a * b } else { a + b };
    let constant: fn(Value, Value, usize) -> Value = |_, b, step| if step % 2 == 0 { b * 1.000001 } else { b + 0.5 };
    vec![
        bytes_of("scalar", OPERATIONS + 2, variable, Some(25.0)),
        bytes_of("grown", 0, variable, None),
        bytes_of("constant", OPERATIONS + 2, constant, None),
    ]
}

fn bytes_of(
    variant: &'static str,
    announced: usize,
    operation: fn(Value, Value, usize) -> Value,
    bar: Option<f64>,
) -> Measurement {
    let measure = move || {
        tape::reserve(announced);
        let (a, mut b) = (Value::new(1.000001), Value::new(0.5));
        for step in 0..OPERATIONS {
            b = operation(a, b, step);
        }
        b.backward();
        tape::size().bytes as f64 / OPERATIONS as f64
    };
    let bytes = std::thread::spawn(measure).join().expect("nothing in here panics");
    Measurement {
        case: "tape-bytes",
        variant,
        of: "bytes an operation, allocated",
        unit: "bytes",
        median_ns: bytes,
        reference: "two slots and a number",
        reference_ns: 16.0,
        ratio: bytes / 16.0,
        bar: bar.map_or("be told".into(), |bar| format!("at most {bar:.1} bytes")),
        // The two leaves before the operations count, too.
        reached: bar.is_none_or(|bar| bytes < bar + 0.01),
        speed: None,
    }
}

/// A chain of ten million operations in a thread with a stack of 256 KiB: build, backward, drop.
pub fn deep() -> Measurement {
    const LENGTH: usize = 10_000_000;
    let chain = || {
        let start = Instant::now();
        let gradient = {
            let _scope = tape::scope();
            let x = Value::new(1.0);
            let mut y = x;
            for _ in 0..LENGTH {
                y += 1.0e-7;
            }
            y.backward();
            x.grad()
        };
        assert_eq!(gradient, 1.0);
        assert_eq!(tape::size().nodes, 0);
        start.elapsed().as_nanos() as f64
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(chain);
    let time = thread.expect("threads can be made").join();
    let per_operation = time.as_ref().map_or(f64::NAN, |time| time / LENGTH as f64);
    Measurement {
        case: "deep",
        variant: "chain",
        of: "an operation of ten million: build, backward, drop",
        unit: "ns",
        median_ns: per_operation,
        reference: "none",
        reference_ns: f64::NAN,
        ratio: f64::NAN,
        bar: "work".into(),
        reached: time.is_ok(),
        speed: None,
    }
}
