//! What the tape holds, and how deep it goes.

use crate::measure::Measurement;
use chainrule::{Value, tape};
use std::time::Instant;

const OPERATIONS: usize = 1 << 20;

/// Bytes that the tape has allocated for each recorded binary operation, after a sweep, when its length was announced.
pub fn bytes() -> Measurement {
    let bytes = std::thread::spawn(|| {
        tape::reserve(OPERATIONS + 2);
        let (a, mut b) = (Value::new(1.000001), Value::new(0.5));
        for step in 0..OPERATIONS {
            b = if step % 2 == 0 { a * b } else { a + b };
        }
        b.backward();
        tape::size().bytes as f64 / OPERATIONS as f64
    })
    .join()
    .expect("nothing in here panics");
    Measurement {
        case: "tape-bytes",
        variant: "scalar",
        of: "bytes an operation (not time)",
        median_ns: bytes,
        reference: "two slots and a number",
        reference_ns: 16.0,
        ratio: bytes / 16.0,
        bar: "at most 25.0 bytes".into(),
        reached: bytes < 25.05,
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
        median_ns: per_operation,
        reference: "none",
        reference_ns: f64::NAN,
        ratio: f64::NAN,
        bar: "work".into(),
        reached: time.is_ok(),
    }
}
