//! `cargo run --release -p bench -- CASE [--json]`: measures a case and its reference in turn.

mod compile;
mod draw;
mod eager;
mod gpt;
mod gradbench;
mod gradients;
mod lua;
mod measure;
mod microgpt;
mod moons;
mod peak;
mod program;
mod random_dag;
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
    /// A step of training a GPT of 4,192 parameters on one name: loss, gradient, Adam.
    MicrogptStep,
    /// The gradient of a GPT of width 64 at 16 positions.
    Gpt64,
    /// `ln(sum(exp(x)))` of a million numbers, and its gradient.
    #[value(name = "logsumexp")]
    LogSumExp,
    /// Rosenbrock's function in 1000 dimensions, and its gradient.
    Rosenbrock,
    /// A chain of oscillators, 1000 steps of Runge and Kutta, and the gradient by all that went in.
    Ode,
    /// The loss of a 784-64-10 network over 32 rows, and its gradient.
    #[value(name = "mlp-784")]
    Mlp784,
    /// A graph of 100,000 nodes without structure, and its gradient.
    RandomDag,
    /// Derivatives of the functions of GradBench.
    #[value(name = "gradbench")]
    GradBench,
    /// From recordings to programs.
    Compile,
    /// The bytes of a program.
    ProgramBytes,
    /// What the shares of the peak are shares of: multiplications and additions in a second on one core.
    Peak,
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
            Case::MicrogptStep => microgpt::step(),
            Case::Gpt64 => gpt::wide(),
            Case::LogSumExp => gradients::log_sum_exp(),
            Case::Rosenbrock => gradients::rosenbrock(),
            Case::Ode => gradients::oscillators(),
            Case::Mlp784 => gradients::classifier(),
            Case::RandomDag => random_dag::random_dag(),
            Case::GradBench => gradbench::gradbench().collect(),
            Case::Compile => compile::compile(),
            Case::ProgramBytes => vec![compile::bytes()],
            Case::Peak => peak::both(),
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
        if ratio.is_nan() { String::new() } else { format!("{reference} {reference_ns:.1} {unit}, ratio {ratio:.3}") };
    let speed = measurement.speed.map_or(String::new(), |speed| {
        let shares = [speed.peak_share, speed.reference_peak_share].into_iter().filter(|share| share.is_finite());
        let shares: Vec<String> = shares.map(|share| format!("{:.1} %", 100.0 * share)).collect();
        format!("{:.3} Mflop, {} of peak", speed.flops / 1e6, shares.join(" and "))
    });
    println!("{case:<13} {variant:<8} {median_ns:>12.1} {unit:<5}  {beside:<48}  {speed:<40}  must {bar}: {verdict}");
}
