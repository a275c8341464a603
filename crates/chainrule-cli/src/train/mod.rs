//! `chainrule train`: from a data set to a model, pictures and a report.
//!
//! Arguments and data make a [`plan`](plan::Plan); the [`trainer`] carries it out while observers watch; what they saw
//! and what was learned become files and a [`report`]. Names, which are no rows of a table, have a module of their own.

mod args;
mod choices;
mod names;
mod objective;
mod observers;
mod pictures;
mod plan;
mod report;
mod run;
mod source;
mod trainer;

pub use args::Args;

use crate::failure::Result;
use objective::Objective;
use plan::Plan;
use report::Report;
use run::Run;
use std::process::ExitCode;

pub fn run(args: &Args) -> Result<ExitCode> {
    if args.source == names::DATASET {
        return names::run(args);
    }
    let plan = Plan::new(args)?;
    let run = Run::new(args, plan.steps, plan.cures())?;
    let mut rng = plan.rng.clone();
    let model = plan.untrained(&mut rng);
    let mut objective = Objective::new(&plan, &model, rng);
    let schedule = plan.schedule.of(plan.rate, plan.steps);
    let trained = run.train(&mut objective, plan.optimizer.algorithm(), schedule)?;
    let pictures = pictures::all(&plan, &model, &trained.history);
    run.finish(trained, pictures, model.to_json(), |trained, files| {
        let (steps, elapsed) = (trained.history.steps.len(), trained.elapsed);
        Report { plan: &plan, model: &model, steps, elapsed, files }.to_string()
    })
}
