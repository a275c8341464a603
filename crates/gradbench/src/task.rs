//! A function of an eval, prepared for an input: run as often as the runner likes, then told as JSON.

use crate::Result;
use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::value::RawValue;
use std::io::{self, Write};

/// A function of an eval that is ready to be evaluated at its input.
pub trait Task {
    /// Evaluates once, into buffers that are kept.
    ///
    /// # Errors
    ///
    /// If the input has no result.
    fn run(&mut self) -> Result<()>;

    /// What the last run computed.
    ///
    /// # Errors
    ///
    /// If a number is infinite or NaN, which JSON cannot say.
    fn output(&self) -> Result<Box<RawValue>>;
}

/// What computes numbers into a buffer.
pub type Compute = Box<dyn FnMut(&mut [f64]) -> Result<()>>;

/// A task whose results are so many numbers.
struct Numbers<F> {
    compute: Compute,
    numbers: Vec<f64>,
    /// How they are told.
    tell: F,
}

impl<F: Fn(&[f64]) -> Result<Box<RawValue>>> Task for Numbers<F> {
    fn run(&mut self) -> Result<()> {
        (self.compute)(&mut self.numbers)
    }

    fn output(&self) -> Result<Box<RawValue>> {
        (self.tell)(&self.numbers)
    }
}

/// A task whose results are so many numbers, told in some form.
pub fn shaped(
    length: usize,
    compute: Compute,
    tell: impl Fn(&[f64]) -> Result<Box<RawValue>> + 'static,
) -> Box<dyn Task> {
    Box::new(Numbers { compute, numbers: vec![0.0; length], tell })
}

/// A task whose result is a number.
pub fn number(compute: Compute) -> Box<dyn Task> {
    shaped(1, compute, |numbers| json(&numbers[0]))
}

/// A task whose result is a list of so many numbers.
pub fn list(length: usize, compute: Compute) -> Box<dyn Task> {
    shaped(length, compute, |numbers| json(&numbers))
}

/// A task whose result is so many lists of so many numbers.
pub fn lists([count, length]: [usize; 2], compute: Compute) -> Box<dyn Task> {
    shaped(count * length, compute, move |numbers| json(&numbers.chunks(length).collect::<Vec<_>>()))
}

/// The text of something that is all finite.
pub fn json(output: &impl Serialize) -> Result<Box<RawValue>> {
    let mut text = Vec::new();
    output.serialize(&mut Serializer::with_formatter(&mut text, Finite))?;
    Ok(serde_json::from_slice(&text)?)
}

/// Where a number is infinite or NaN, `serde_json` writes `null`: this refuses to.
struct Finite;

impl Formatter for Finite {
    fn write_null<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::InvalidData, "the result is infinite or not a number"))
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        CompactFormatter.write_f64(writer, value)
    }
}

/// How often a task is to be run, as the input says beside all else.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default)]
pub struct Runs {
    min_runs: u64,
    min_seconds: f64,
}

impl Default for Runs {
    fn default() -> Self {
        Runs { min_runs: 1, min_seconds: 0.0 }
    }
}

impl Runs {
    /// Those that an input asks for; an input that is no object asks for none.
    pub fn of(input: &RawValue) -> Result<Self> {
        if input.get().starts_with('{') { Ok(serde_json::from_str(input.get())?) } else { Ok(Runs::default()) }
    }

    /// Whether that is enough: so many runs, which took so many seconds.
    pub fn are_done(self, runs: u64, seconds: f64) -> bool {
        runs >= self.min_runs.max(1) && seconds >= self.min_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_to_the_last_bit() {
        let third = 1.0 / 3.0;
        assert_eq!(json(&third).unwrap().get().parse(), Ok(third));
        assert_eq!(json(&[1.0, -2.5]).unwrap().get(), "[1.0,-2.5]");
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        for number in [f64::NAN, f64::INFINITY] {
            let error = json(&[1.0, number]).unwrap_err().to_string();
            assert_eq!(error, "the result is infinite or not a number");
        }
    }

    #[test]
    fn both_the_runs_and_the_seconds_must_be_met() {
        let runs = Runs { min_runs: 2, min_seconds: 1.0 };
        assert!(!runs.are_done(1, 5.0) && !runs.are_done(5, 0.5) && runs.are_done(2, 1.0));
        assert!(!Runs { min_runs: 0, min_seconds: 0.0 }.are_done(0, 0.0));
    }
}
