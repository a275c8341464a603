//! `gradbench`: answers the messages of GradBench's runner, on standard input and output.

use clap::Parser;
use gradbench::{Mode, Options, serve};
use std::io::{BufReader, stdin, stdout};

/// A GradBench tool: every eval, differentiated by chainrule.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Record and sweep anew in every evaluation, where otherwise a program is recorded once for each input.
    #[arg(long)]
    eager: bool,
    /// Run programs over many rows on so many threads.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let mode = if arguments.eager { Mode::Eager } else { Mode::Program };
    let options = Options { mode, threads: arguments.threads.into() };
    serve(BufReader::new(stdin().lock()), stdout().lock(), options)
}
