//! Two things in turn, A B A B ..., and the medians.

use serde::Serialize;
use std::time::{Duration, Instant};

/// What one case measured; a line of the output.
#[derive(Debug, Serialize)]
pub struct Measurement {
    pub case: &'static str,
    pub variant: &'static str,
    /// What `median_ns` and `reference_ns` are the time of.
    pub of: &'static str,
    /// `ns`, or what `median_ns` and `reference_ns` are where they are no times.
    pub unit: &'static str,
    pub median_ns: f64,
    pub reference: &'static str,
    pub reference_ns: f64,
    pub ratio: f64,
    /// What must be reached, and whether it was.
    pub bar: String,
    pub reached: bool,
}

/// Medians of the time of one call.
pub struct Medians {
    pub ours_ns: f64,
    pub reference_ns: f64,
    /// The median of the ratios of neighbouring samples: steadier than the ratio of the medians.
    pub ratio: f64,
}

const SAMPLES: usize = 101;
const SAMPLE: Duration = Duration::from_millis(5);

/// Times `ours` and `reference` in turn, each sample a number of calls that takes some milliseconds.
pub fn in_turn(mut ours: impl FnMut(), mut reference: impl FnMut()) -> Medians {
    let reference_calls = calls_for(SAMPLE, &mut reference);
    let our_calls = calls_for(SAMPLE, &mut ours);
    let (mut our_times, mut reference_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SAMPLES {
        let our_time = time_a_call(our_calls, &mut ours);
        let reference_time = time_a_call(reference_calls, &mut reference);
        our_times.push(our_time);
        reference_times.push(reference_time);
        ratios.push(our_time / reference_time);
    }
    Medians { ours_ns: median(our_times), reference_ns: median(reference_times), ratio: median(ratios) }
}

/// The median of the time of one call of something that takes milliseconds.
pub fn median_time(mut ours: impl FnMut()) -> f64 {
    median((0..SAMPLES).map(|_| time_a_call(1, &mut ours)).collect())
}

fn calls_for(duration: Duration, f: &mut impl FnMut()) -> u32 {
    let mut calls = 1;
    while time_a_call(calls, f) * f64::from(calls) < duration.as_nanos() as f64 {
        calls *= 2;
    }
    calls
}

fn time_a_call(calls: u32, f: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        f();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
