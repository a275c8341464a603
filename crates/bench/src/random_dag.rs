//! A graph without structure, where nothing can be rolled up.

use crate::measure::{Measurement, in_turn};
use crate::program;
use crate::{eager, peak};
use bench::functions::{Function, RandomDag};
use chainrule::program::InstructionSet;
use std::hint::black_box;

/// Beside the sweep alone, of a graph that was recorded once.
pub fn random_dag() -> Vec<Measurement> {
    let function = RandomDag::new(100_000);
    let inputs = eager::inputs(&function);
    let value = function.value(&inputs);
    let sweep = || {
        black_box(value.gradient(&inputs));
    };
    let beside = |variant, medians, most| {
        let names = ["random-dag", variant, "value and gradient; of the reference, the gradient alone"];
        Measurement::beside(names, medians, "sweep", most).with_flops(function.flops(), peak::of_f64())
    };
    Vec::from([beside("eager", in_turn(eager::value_and_gradient(&function), sweep), None), {
        let mut program = program::value_and_gradient(&function, InstructionSet::detect());
        let (point, mut gradient) = (function.point(), vec![0.0; inputs.len()]);
        let ours = || {
            black_box(program(black_box(&point), &mut gradient));
        };
        beside("program", in_turn(ours, sweep), Some(1.0))
    }])
}
