//! Who watches a training: the history that files are made of, a progress bar, lines of JSON.

use crate::failure::{Failure, Result};
use crate::output;
use indicatif::{ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{self, Write};

/// What there is to see of a step: the numbers of its batch, before its parameters changed.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Counted from 0.
    pub step: usize,
    pub learning_rate: f64,
    pub loss: f64,
    /// For classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// Is shown every step of a training.
pub trait Observer {
    fn step(&mut self, step: &Step);

    /// The training is over. Tells what went wrong with the watching.
    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Remembers all steps.
#[derive(Default)]
pub struct History {
    pub steps: Vec<Step>,
}

impl Observer for History {
    fn step(&mut self, step: &Step) {
        self.steps.push(step.clone());
    }
}

impl History {
    /// A header, and a row a step.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        let failed = |error: String| Failure::work(format!("metrics.csv: {error}"));
        let mut csv = csv::Writer::from_writer(Vec::new());
        if self.steps.is_empty() {
            csv.write_record(["step", "learning_rate", "loss"]).map_err(|error| failed(error.to_string()))?;
        }
        for step in &self.steps {
            csv.serialize(step).map_err(|error| failed(error.to_string()))?;
        }
        csv.into_inner().map_err(|error| failed(error.to_string()))
    }
}

/// A bar on standard error, with the loss and the accuracy.
pub struct ProgressBar(indicatif::ProgressBar);

impl ProgressBar {
    pub fn new(steps: usize) -> ProgressBar {
        let target = ProgressDrawTarget::stderr_with_hz(20);
        let bar = indicatif::ProgressBar::with_draw_target(Some(steps as u64), target);
        let style = ProgressStyle::with_template("{bar:30} step {pos}/{len}  {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        ProgressBar(bar)
    }
}

impl Observer for ProgressBar {
    fn step(&mut self, step: &Step) {
        let accuracy = step.accuracy.map_or_else(String::new, |share| format!("  accuracy {:.1}%", 100.0 * share));
        self.0.set_message(format!("loss {:.4}{accuracy}", step.loss));
        self.0.inc(1);
    }

    fn end(&mut self) -> Result<()> {
        self.0.finish_and_clear();
        Ok(())
    }
}

/// A line of JSON a step on standard output. When nobody reads on, it falls silent: the files are made all the same.
#[derive(Default)]
pub struct JsonLines {
    error: Option<io::Error>,
}

impl Observer for JsonLines {
    fn step(&mut self, step: &Step) {
        if self.error.is_none() {
            let line = serde_json::to_string(step).unwrap_or_default();
            self.error = writeln!(io::stdout(), "{line}").err();
        }
    }

    fn end(&mut self) -> Result<()> {
        output::told(self.error.take().map_or(Ok(()), Err))
    }
}
