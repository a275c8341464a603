//! `cargo run --release -p bench -- CASE [--json]`: measures a case and its reference in turn.

mod draw;
mod lua;
mod measure;
mod moons;
mod tape;
mod tiny;

use clap::{Parser, ValueEnum};
use measure::Measurement;

#[derive(Parser)]
struct Arguments {
    /// What to measure; everything when none is named.
    #[arg(value_enum)]
    cases: Vec<Case>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Case {
    /// A step of micrograd's demo: 100 rows through a 2-16-16-1 network, backward, gradient descent.
    MoonsStep,
    /// A graph of nine nodes: build, backward, free.
    Tiny,
    /// The bytes held for each recorded binary operation.
    TapeBytes,
    /// A chain of ten million operations in a thread with a small stack.
    Deep,
    /// An operation on values of Lua.
    Lua,
    /// Graphs as SVG: of 400 nodes, and of 65,000, folded.
    Draw,
}

fn main() {
    let arguments = Arguments::parse();
    let cases = if arguments.cases.is_empty() { Case::value_variants().to_vec() } else { arguments.cases };
    let mut all_reached = true;
    for case in cases {
        // A thread a case: each starts with an empty tape.
        let measure = move || match case {
            Case::MoonsStep => moons::step(),
            Case::Tiny => vec![tiny::tiny()],
            Case::TapeBytes => tape::bytes(),
            Case::Deep => vec![tape::deep()],
            Case::Lua => vec![lua::operations()],
            Case::Draw => draw::pictures(),
        };
        let measurements = std::thread::spawn(measure).join().expect("a case does not panic");
        for measurement in measurements {
            all_reached &= measurement.reached;
            print(&measurement, arguments.json);
        }
    }
    std::process::exit(if all_reached { 0 } else { 1 });
}

fn print(measurement: &Measurement, json: bool) {
    if json {
        println!("{}", serde_json::to_string(measurement).expect("a measurement is plain data"));
        return;
    }
    let Measurement { case, variant, unit, median_ns, reference, reference_ns, ratio, bar, reached, .. } = measurement;
    let verdict = if *reached { "reached" } else { "MISSED" };
    let beside =
        if ratio.is_nan() { String::new() } else { format!("{reference} {reference_ns:.1} {unit}, ratio {ratio:.2}") };
    println!("{case:<10} {variant:<8} {median_ns:>10.1} {unit:<5}  {beside:<48}  must {bar}: {verdict}");
}
