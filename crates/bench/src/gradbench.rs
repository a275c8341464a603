//! Derivatives of GradBench's functions, each beside the function itself in C++.

use crate::measure::{Measurement, in_turn};
use bench::workloads::{Workload, workloads};
use gradbench::{Mode, Options, Task};
use std::hint::black_box;
use std::time::Instant;

/// For each workload the derivative by a program, how long that took to make, and the derivative by the tape.
pub fn gradbench() -> impl Iterator<Item = Measurement> {
    workloads().into_iter().flat_map(measure)
}

fn measure(workload: Workload) -> [Measurement; 3] {
    let Workload { eval, input, most, values, mut primal_by_hand, derivative, .. } = workload;
    let prepared = |mode| derivative(Options { mode, threads: 1 }).expect("the input can be differentiated");
    let start = Instant::now();
    let mut program = prepared(Mode::Program);
    let compiled_ns = start.elapsed().as_nanos() as f64;
    let mut values = vec![0.0; values];
    let mut beside = |task: &mut dyn Task, variant, most| {
        let by_hand = || primal_by_hand(black_box(&mut values));
        let medians = in_turn(|| task.run().expect("the input has a derivative"), by_hand);
        Measurement::beside([eval, variant, input], medians, "value in C++", most)
    };
    [
        beside(&mut *program, "program", Some(most.program)),
        Measurement::alone([eval, "compile", input], compiled_ns, None),
        beside(&mut *prepared(Mode::Eager), "eager", most.eager),
    ]
}
