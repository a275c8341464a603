//! `chainrule train`: from a data set to a model, pictures and a report.
//!
//! Arguments and data make a [`plan`](plan::Plan); the [`trainer`] carries it out while observers watch; what they saw
//! and what was learned become files and a [`report`].

mod args;
mod choices;
mod objective;
mod observers;
mod pictures;
mod plan;
mod report;
mod source;
mod trainer;

pub use args::Args;

use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::model::Model;
use crate::output::{self, Directory, File};
use chainrule::draw::{Page, png};
use observers::{History, JsonLines, Observer, ProgressBar};
use plan::Plan;
use report::Report;
use std::io::{IsTerminal, stderr};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use trainer::End;

/// What a run may write, in the order of the report.
const FILES: [&str; 8] =
    ["boundary.svg", "boundary.png", "loss.svg", "loss.png", "weights.svg", "weights.png", "metrics.csv", "model.json"];
/// Pixels of a PNG for each of its SVG, so that it is sharp on screens of today.
const PNG_SCALE: f64 = 2.0;

pub fn run(args: &Args) -> Result<ExitCode> {
    let plan = Plan::new(args)?;
    let out = Directory::check(&args.out, &FILES)?;
    let Trained { model, history, end, elapsed, watched } = train(&plan, watching(args, plan.steps))?;
    if let End::Diverged(divergence) = &end
        && history.steps.is_empty()
    {
        let cures = plan.cures();
        return Err(Failure::work(format!(
            "{divergence}; there is no good model to keep, so nothing was written; what usually helps: {cures}"
        )));
    }
    let files = files(&plan, &model, &history, args.png)?;
    let stale: Vec<&str> = FILES.into_iter().filter(|name| files.iter().all(|file| file.name != *name)).collect();
    out.write(&files, &stale)?;
    watched?;
    if !args.is_silent() {
        let paths = files.iter().map(|file| out.file(file.name)).collect();
        let report = Report { plan: &plan, model: &model, steps: history.steps.len(), elapsed, files: paths };
        output::print(&report.to_string())?;
    }
    exit(end, &plan, &out)
}

/// What came of a training.
struct Trained {
    model: Model,
    history: History,
    end: End,
    elapsed: Duration,
    /// Trouble of those who watched does not keep the files from being written.
    watched: Result<()>,
}

fn train(plan: &Plan, mut watching: Vec<Box<dyn Observer>>) -> Result<Trained> {
    let interrupted = interrupt::watch()?;
    let mut rng = plan.rng.clone();
    let model = plan.untrained(&mut rng);
    let mut history = History::default();
    let mut observers: Vec<&mut dyn Observer> = vec![&mut history];
    observers.extend(watching.iter_mut().map(|observer| &mut **observer as &mut dyn Observer));

    let start = Instant::now();
    let end = trainer::train(plan, &model, &mut rng, &interrupted, &mut observers)?;
    let elapsed = start.elapsed();
    let watched = watching.iter_mut().try_for_each(|observer| observer.end());
    Ok(Trained { model, history, end, elapsed, watched })
}

/// Who watches the training, beside the history.
fn watching(args: &Args, steps: usize) -> Vec<Box<dyn Observer>> {
    if args.json {
        vec![Box::new(JsonLines::default())]
    } else if !args.quiet && stderr().is_terminal() {
        vec![Box::new(ProgressBar::new(steps))]
    } else {
        Vec::new()
    }
}

fn files(plan: &Plan, model: &Model, history: &History, with_png: bool) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for picture in pictures::all(plan, model, history) {
        let png = with_png.then(|| png(&picture.svg, PNG_SCALE, Page::Light)).transpose()?;
        files.push(File::new(picture.svg_name, picture.svg));
        files.extend(png.map(|png| File::new(picture.png_name, png)));
    }
    files.push(File::new("metrics.csv", history.to_csv()?));
    files.push(File::new("model.json", model.to_json()));
    Ok(files)
}

/// Tells how the training ended, if not as planned.
fn exit(end: End, plan: &Plan, out: &Directory) -> Result<ExitCode> {
    match end {
        End::Finished => Ok(ExitCode::SUCCESS),
        End::Interrupted { steps } => {
            output::remark(&format!(
                "interrupted after {steps} of {} steps; what was learned until then is written",
                plan.steps
            ));
            Ok(ExitCode::from(interrupt::EXIT_CODE))
        }
        End::Diverged(divergence) => Err(Failure::work(format!(
            "{divergence}; the last good model is in {}; what usually helps: {}",
            out.file("model.json").display(),
            plan.cures()
        ))),
    }
}
