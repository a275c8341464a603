//! What all trainings have in common: they are watched, leave files, are reported, and end in one of few ways.

use super::args::Args;
use super::observers::{History, JsonLines, Observer, ProgressBar};
use super::pictures::Picture;
use super::trainer::{self, End, Task};
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::{self, Directory, File};
use chainrule::draw::{Page, png};
use chainrule::optim::{Algorithm, Schedule};
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a run may write, in the order of the report.
const FILES: [&str; 8] =
    ["boundary.svg", "boundary.png", "loss.svg", "loss.png", "weights.svg", "weights.png", "metrics.csv", "model.json"];
/// Pixels of a PNG for each of its SVG, so that it is sharp on screens of today.
const PNG_SCALE: f64 = 2.0;

/// A training of so many steps.
pub struct Run<'a> {
    args: &'a Args,
    steps: usize,
    out: Directory,
    /// What usually helps against a loss that becomes infinite or NaN.
    cures: String,
}

/// What came of a training.
pub struct Trained {
    pub history: History,
    pub elapsed: Duration,
    end: End,
    /// Trouble of those who watched does not keep the files from being written.
    watched: Result<()>,
}

impl<'a> Run<'a> {
    pub fn new(args: &'a Args, steps: usize, cures: String) -> Result<Run<'a>> {
        Ok(Run { args, steps, out: Directory::check(&args.out, &FILES)?, cures })
    }

    pub fn train(&self, task: &mut impl Task, algorithm: impl Algorithm, schedule: Schedule) -> Result<Trained> {
        let interrupted = interrupt::watch()?;
        let mut watching = self.watching();
        let mut history = History::default();
        let mut observers: Vec<&mut dyn Observer> = vec![&mut history];
        observers.extend(watching.iter_mut().map(|observer| &mut **observer as &mut dyn Observer));

        let start = Instant::now();
        let end = trainer::train(task, algorithm, schedule, self.steps, &interrupted, &mut observers)?;
        let elapsed = start.elapsed();
        let watched = watching.iter_mut().try_for_each(|observer| observer.end());
        match &end {
            End::Diverged(divergence) if history.steps.is_empty() => Err(Failure::work(format!(
                "{divergence}; there is no good model to keep, so nothing was written; what usually helps: {}",
                self.cures
            ))),
            _ => Ok(Trained { history, elapsed, end, watched }),
        }
    }

    /// Who watches the training, beside the history.
    fn watching(&self) -> Vec<Box<dyn Observer>> {
        if self.args.json {
            vec![Box::new(JsonLines::default())]
        } else if !self.args.quiet && stderr().is_terminal() {
            vec![Box::new(ProgressBar::new(self.steps))]
        } else {
            Vec::new()
        }
    }

    /// Writes the files, removes those of an earlier run that this one has nothing for, prints the report, and tells how
    /// the training ended, if not as planned.
    pub fn finish(
        &self,
        trained: Trained,
        pictures: Vec<Picture>,
        model: String,
        report: impl FnOnce(&Trained, Vec<PathBuf>) -> String,
    ) -> Result<ExitCode> {
        let files = self.files(pictures, model, &trained.history)?;
        let stale: Vec<&str> = FILES.into_iter().filter(|name| files.iter().all(|file| file.name != *name)).collect();
        self.out.write(&files, &stale)?;
        if trained.watched.is_ok() && !self.args.is_silent() {
            let paths = files.iter().map(|file| self.out.file(file.name)).collect();
            output::print(&report(&trained, paths))?;
        }
        trained.watched?;
        self.exit(trained.end)
    }

    fn files(&self, pictures: Vec<Picture>, model: String, history: &History) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for picture in pictures {
            let png = self.args.png.then(|| png(&picture.svg, PNG_SCALE, Page::Light)).transpose()?;
            files.push(File::new(picture.svg_name, picture.svg));
            files.extend(png.map(|png| File::new(picture.png_name, png)));
        }
        files.push(File::new("metrics.csv", history.to_csv()?));
        files.push(File::new("model.json", model));
        Ok(files)
    }

    fn exit(&self, end: End) -> Result<ExitCode> {
        match end {
            End::Finished => Ok(ExitCode::SUCCESS),
            End::Interrupted { steps } => {
                let planned = self.steps;
                output::remark(&format!(
                    "interrupted after {steps} of {planned} steps; what was learned until then is written"
                ));
                Ok(ExitCode::from(interrupt::EXIT_CODE))
            }
            End::Diverged(divergence) => Err(Failure::work(format!(
                "{divergence}; the last good model is in {}; what usually helps: {}",
                self.out.file("model.json").display(),
                self.cures
            ))),
        }
    }
}
