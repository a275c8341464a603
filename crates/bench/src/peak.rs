//! What this machine can do at most: multiplications and additions in a nanosecond, on one core, measured.

use crate::measure::{Measurement, Medians, threads_in_turn};
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

unsafe extern "C" {
    fn peak_f64(turns: i64, factor: f64, result: *mut f64) -> f64;
    fn peak_f32(turns: i64, factor: f32, result: *mut f32) -> f64;
}

const SAMPLES: usize = 51;
const TURNS: i64 = 20_000;

/// The peak of both kinds of floats.
pub fn both() -> Vec<Measurement> {
    let told = |variant, peak| Measurement {
        unit: "Gflop/s",
        ..Measurement::alone(["peak", variant, "multiplications and additions, fused, on one core"], peak, None)
    };
    vec![told("f64", of_f64()), told("f32", of_f32())]
}

/// Of `f64`: each multiplication and each addition counts 1.
pub fn of_f64() -> f64 {
    static PEAK: OnceLock<f64> = OnceLock::new();
    *PEAK.get_or_init(|| fastest(|| run_f64(TURNS)))
}

/// What two cores do for work that shares nothing and needs no memory: half of it on each of two threads, beside all of it on one.
/// No program can gain more from a second thread than this machine gives at the time.
pub fn of_two_threads() -> Medians {
    const TURNS: i64 = 700_000;
    let on_two = || {
        std::thread::scope(|scope| {
            scope.spawn(|| run_f64(TURNS / 2));
            run_f64(TURNS / 2);
        });
    };
    threads_in_turn(on_two, || {
        run_f64(TURNS);
    })
}

fn run_f64(turns: i64) -> f64 {
    let mut result = 0.0;
    // SAFETY: one number is written.
    let flops = unsafe { peak_f64(turns, black_box(0.5), &mut result) };
    black_box(result);
    flops
}

/// Of `f32`, likewise.
pub fn of_f32() -> f64 {
    static PEAK: OnceLock<f64> = OnceLock::new();
    *PEAK.get_or_init(|| {
        fastest(|| {
            let mut result = 0.0;
            // SAFETY: one number is written.
            let flops = unsafe { peak_f32(TURNS, black_box(0.5), &mut result) };
            black_box(result);
            flops
        })
    })
}

/// The highest of some samples: whatever else the machine does only lowers them.
fn fastest(sample: impl Fn() -> f64) -> f64 {
    let speed = || {
        let start = Instant::now();
        let flops = sample();
        flops / start.elapsed().as_nanos() as f64
    };
    (0..SAMPLES).map(|_| speed()).fold(0.0, f64::max)
}
