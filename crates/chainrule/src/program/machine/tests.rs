//! Machines against the interpreter.

use super::{Float, InstructionSet, Machine};
use crate::program::random::{Example, example};
use crate::program::{Program, Step, interpret};

/// Runs a program on every instruction set, twice over, and compares all slots with the interpreter's.
fn compare<T: Float>(program: &Program, numbers: &[f64], unit: f64, what: &str) {
    let numbers: Vec<T> = numbers.iter().map(|number| T::constant(*number)).collect();
    let mut right = vec![T::default(); program.slots as usize];
    right[..numbers.len()].copy_from_slice(&numbers);
    interpret(program, &mut right);
    // Sums are taken in another order.
    let tolerance = unit * (10.0 + most_terms(&program.steps));
    for set in InstructionSet::available() {
        let mut machine = Machine::<T>::with_instruction_set(program, set);
        machine.inputs_mut().copy_from_slice(&numbers);
        for _ in 0..2 {
            machine.run().expect("the example is a good one");
        }
        for (slot, (found, right)) in machine.slots().iter().zip(&right).enumerate() {
            let (found, right): (f64, f64) = ((*found).into(), (*right).into());
            let is_close = (found - right).abs() <= tolerance * (1.0 + right.abs());
            let is_same = found == right || found.is_nan() && right.is_nan();
            assert!(is_close || is_same, "{what}, {set:?}, slot {slot}: {found}, not {right}: {:?}", program.steps);
        }
    }
}

/// The most terms that are added up somewhere.
fn most_terms(steps: &[Step]) -> f64 {
    let terms = |step: &Step| match step {
        Step::Repeat { body, .. } => most_terms(body),
        Step::Run(instruction) => instruction.trips.iter().map(|trips| f64::from(*trips)).product(),
    };
    steps.iter().map(terms).fold(1.0, f64::max)
}

#[test]
fn random_programs_run_as_they_are_interpreted() {
    for seed in 0..3000 {
        let Example { program, numbers } = example(seed);
        compare::<f64>(&program, &numbers, 1e-14, &format!("seed {seed}"));
    }
}

#[test]
fn random_programs_run_over_f32_as_they_are_interpreted() {
    for seed in 3000..4000 {
        let Example { program, numbers } = example(seed);
        compare::<f32>(&program, &numbers, 1e-6, &format!("seed {seed}"));
    }
}
