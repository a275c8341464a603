//! The `chainrule` command: names things and passes them on to the library.

mod binding;
mod cli;
mod compile;
mod failure;
mod goal;
mod graph;
mod interrupt;
mod lua;
mod model;
mod output;
mod pages;
mod picture;
mod plot;
mod predict;
mod slope;
mod train;

use failure::Result;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse().and_then(run) {
        Ok(code) => code,
        Err(failure) => {
            output::remark(&format!("error: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(command: cli::Command) -> Result<ExitCode> {
    match command {
        cli::Command::Train(args) => train::run(&args),
        cli::Command::Predict(args) => predict::run(&args),
        cli::Command::Plot(args) => plot::run(&args),
        cli::Command::Slope(args) => slope::run(&args),
        cli::Command::Graph(args) => graph::run(&args),
        cli::Command::Compile(args) => compile::run(&args),
        cli::Command::Lua(args) => lua::run(&args),
        cli::Command::Completions(args) => pages::completions(&args),
        cli::Command::Man => pages::man(),
    }
}
