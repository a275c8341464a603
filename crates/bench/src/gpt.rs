//! The gradient of a GPT at character level that is wider than that of [`microgpt`](crate::microgpt), in scalars.

use crate::measure::{Measurement, in_turn, median_time};
use crate::program;
use crate::{eager, peak};
use bench::functions::{Function, Gpt};
use chainrule::program::InstructionSet;
use std::hint::black_box;

/// The gradient of a GPT of width 64 at 16 positions.
pub fn wide() -> Vec<Measurement> {
    let function = Gpt::wide();
    let names = |variant| ["gpt64", variant, "value and gradient"];
    Vec::from([
        Measurement::alone(names("eager"), median_time(eager::value_and_gradient(&function)), None)
            .with_flops(function.flops(), peak::of_f64()),
        {
            let mut program = program::value_and_gradient(&function, InstructionSet::detect());
            let (point, mut gradient) = (function.point(), vec![0.0; function.point().len()]);
            let ours = || {
                black_box(program(black_box(&point), &mut gradient));
            };
            let medians = in_turn(ours, eager::value_and_gradient(&function));
            Measurement::beside(names("program"), medians, "eager", Some(1.0 / 40.0))
                .with_flops(function.flops(), peak::of_f64())
        },
    ])
}
