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
    /// Where the arithmetic is counted.
    pub speed: Option<Speed>,
}

/// The arithmetic of a call, held against what one core can do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Speed {
    /// As [`Function::flops`](bench::functions::Function::flops) counts them.
    pub flops: f64,
    /// Of ours, from 0 to 1, or more where several cores work.
    pub peak_share: f64,
    /// Of the reference.
    pub reference_peak_share: f64,
}

impl Measurement {
    /// Times held against those of a reference: at most so many times as long, or just to be told.
    pub fn beside(
        [case, variant, of]: [&'static str; 3],
        medians: Medians,
        reference: &'static str,
        most: Option<f64>,
    ) -> Self {
        Measurement {
            case,
            variant,
            of,
            unit: "ns",
            median_ns: medians.ours_ns,
            reference,
            reference_ns: medians.reference_ns,
            ratio: medians.ratio,
            bar: most.map_or("be told".into(), |most| format!("at most {most} x")),
            reached: most.is_none_or(|most| medians.ratio <= most),
            speed: None,
        }
    }

    /// A time with nothing beside it: at most so many milliseconds, or just to be told.
    pub fn alone([case, variant, of]: [&'static str; 3], median_ns: f64, most_ms: Option<f64>) -> Self {
        Measurement {
            case,
            variant,
            of,
            unit: "ns",
            median_ns,
            reference: "none",
            reference_ns: f64::NAN,
            ratio: f64::NAN,
            bar: most_ms.map_or("be told".into(), |most| format!("at most {most} ms")),
            reached: most_ms.is_none_or(|most| median_ns <= most * 1e6),
            speed: None,
        }
    }

    /// With the arithmetic that a call does, where one core can do `peak` operations in a nanosecond.
    pub fn with_flops(self, flops: f64, peak: f64) -> Self {
        let share = |time_ns: f64| flops / time_ns / peak;
        let speed = Speed { flops, peak_share: share(self.median_ns), reference_peak_share: share(self.reference_ns) };
        Measurement { speed: Some(speed), ..self }
    }
}

/// Medians of the time of one call.
pub struct Medians {
    pub ours_ns: f64,
    pub reference_ns: f64,
    /// The median of the ratios of neighbouring samples: steadier than the ratio of the medians.
    pub ratio: f64,
}

const SAMPLES: usize = 501;
/// Shorter than what a scheduler gives to others at a time: most samples of a busy machine are then undisturbed.
const SAMPLE: Duration = Duration::from_millis(1);
const SAMPLE_OF_THREADS: Duration = Duration::from_millis(20);
/// What takes long is sampled less often, so that all samples together take about this long; but never less often than
/// the least number of samples.
const ALL_SAMPLES: Duration = Duration::from_secs(4);
const LEAST_SAMPLES: usize = 7;

/// Times `ours` and `reference` in turn, each sample a number of calls that takes a millisecond or more.
pub fn in_turn(ours: impl FnMut(), reference: impl FnMut()) -> Medians {
    in_turn_for(SAMPLE, ours, reference)
}

/// The same for what runs on two threads, and on one: a sample takes so long that a core that rested before it is one among
/// many calls, as it is where steps follow each other.
pub fn threads_in_turn(ours: impl FnMut(), reference: impl FnMut()) -> Medians {
    in_turn_for(SAMPLE_OF_THREADS, ours, reference)
}

fn in_turn_for(sample: Duration, mut ours: impl FnMut(), mut reference: impl FnMut()) -> Medians {
    let reference_calls = calls_for(sample, &mut reference);
    let our_calls = calls_for(sample, &mut ours);
    let both = time_of(our_calls, &mut ours) + time_of(reference_calls, &mut reference);
    let (mut our_times, mut reference_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..samples_for(both) {
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
    let samples = samples_for(time_of(1, &mut ours));
    median((0..samples).map(|_| time_a_call(1, &mut ours)).collect())
}

fn samples_for(sample: Duration) -> usize {
    let samples = ALL_SAMPLES.as_secs_f64() / sample.as_secs_f64();
    (samples as usize).clamp(LEAST_SAMPLES, SAMPLES)
}

fn calls_for(duration: Duration, f: &mut impl FnMut()) -> u32 {
    let mut calls = 1;
    while time_of(calls, f) < duration {
        calls *= 2;
    }
    calls
}

fn time_a_call(calls: u32, f: &mut impl FnMut()) -> f64 {
    time_of(calls, f).as_nanos() as f64 / f64::from(calls)
}

fn time_of(calls: u32, f: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        f();
    }
    start.elapsed()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
