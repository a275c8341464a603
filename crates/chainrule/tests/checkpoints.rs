//! Long loops in little memory, against plain ones.

use chainrule::derivatives::{checkpointed_loop, gradient};
use chainrule::program::CheckpointedLoop;
use chainrule::{Program, Value, tape};
use std::cell::Cell;

/// A step of the logistic map, whose rate is part of the state, and which knows its number.
fn step(number: usize, state: &[Value]) -> [Value; 2] {
    [state[1] * state[0] * (1.0 - state[0]) + 1e-3 * (number % 3) as f64, state[1]]
}

fn plain_loop(state: &[Value], steps: usize) -> Vec<Value> {
    (0..steps).fold(state.to_vec(), |state, number| step(number, &state).to_vec())
}

#[test]
fn a_checkpointed_loop_is_the_plain_loop_to_the_last_bit() {
    for steps in [0, 1, 2, 3, 7, 64, 300] {
        let start = [0.3, 2.9];
        let values: Vec<f64> = plain_loop(&start.map(Value::constant), steps).iter().map(|x| x.data()).collect();
        let slopes = gradient(|state| plain_loop(state, steps)[0], &start);
        for snapshots in [None, Some(0), Some(1), Some(2), Some(5), Some(1000)] {
            let run = checkpointed_loop(step, &start, steps);
            let run = match snapshots {
                Some(snapshots) => run.snapshots(snapshots),
                None => run,
            };
            assert_eq!(run.outputs(), values);
            assert_eq!(run.vjp(&[1.0, 0.0]).unwrap(), slopes, "{steps} steps, {snapshots:?} snapshots");
        }
    }
}

#[test]
fn steps_are_repeated_as_often_as_the_binomials_say() {
    // With 10 snapshots and 4 repetitions, 14! / (10! 4!) = 1001 steps.
    let calls = Cell::new(0);
    let counted = |number: usize, state: &[Value]| {
        calls.set(calls.get() + 1);
        step(number, state)
    };
    let run = checkpointed_loop(counted, &[0.3, 2.9], 1001).snapshots(10);
    assert_eq!(calls.replace(0), 1001);
    run.vjp(&[1.0, 0.0]).unwrap();
    // Each step once on the way back, and at most 4 times before that.
    assert!(calls.get() <= 1001 * 5, "{} calls", calls.get());
    // By themselves, 100,000 steps take 17 snapshots, and 20! / (17! 3!) is 1140, 22! / (17! 5!) is 26,334.
    let long = checkpointed_loop(counted, &[0.3, 2.9], 100_000);
    calls.set(0);
    long.vjp(&[1.0, 0.0]).unwrap();
    assert!(calls.get() <= 100_000 * 7, "{} calls", calls.get());
}

#[test]
fn the_tape_holds_one_step_at_a_time() {
    let before = tape::size().bytes;
    checkpointed_loop(step, &[0.3, 2.9], 30_000).vjp(&[1.0, 0.0]).unwrap();
    assert!(tape::size().bytes < before + 10_000, "{} bytes", tape::size().bytes);
}

#[test]
fn adjoints_that_do_not_fit_are_refused() {
    let error = checkpointed_loop(step, &[0.3, 2.9], 5).vjp(&[1.0]).unwrap_err();
    assert_eq!(error.to_string(), "adjoints: expected 2 numbers, found 1 number");
}

/// A step of two coupled maps, with a rate and a coupling that are the same in all steps.
fn coupled(state: &[Value], parameters: &[Value]) -> [Value; 2] {
    let next = |x: Value, y: Value| parameters[0] * x * (1.0 - x) + parameters[1] * (y - x).sin();
    [next(state[0], state[1]), next(state[1], state[0])]
}

fn coupled_program() -> Program {
    let groups: [(&str, &[f64]); 2] = [("state", &[0.3, 0.4]), ("parameters", &[2.9, 0.01])];
    Program::record_groups(&groups, |groups| coupled(&groups[0], &groups[1])).unwrap()
}

#[test]
fn a_loop_of_a_program_has_the_derivatives_of_the_plain_loop() {
    let (x, adjoints) = ([0.3, 0.4, 2.9, 0.01], [1.0, -0.5]);
    for steps in [0, 1, 2, 13, 100] {
        let end = |x: &[Value]| (0..steps).fold([x[0], x[1]], |state, _| coupled(&state, &x[2..]));
        let weighted = |x: &[Value]| end(x)[0] * adjoints[0] + end(x)[1] * adjoints[1];
        let expected = (end(&x.map(Value::constant)).map(|x| x.data()), gradient(weighted, &x));
        for snapshots in [None, Some(0), Some(3), Some(1000)] {
            let mut run = CheckpointedLoop::<f64>::of(&coupled_program(), steps).unwrap();
            if let Some(snapshots) = snapshots {
                run = run.snapshots(snapshots);
            }
            let (mut outputs, mut slopes) = ([0.0; 2], [0.0; 4]);
            // A second time, to see that nothing is left of the first.
            for _ in 0..2 {
                run.vjp(&x, &adjoints, &mut outputs, &mut slopes).unwrap();
                let largest = expected.1.iter().fold(1.0, |largest: f64, slope| largest.max(slope.abs()));
                assert!(outputs.iter().zip(expected.0).all(|(a, b)| (a - b).abs() <= 1e-13));
                assert!(slopes.iter().zip(&expected.1).all(|(a, b)| (a - b).abs() <= 1e-12 * largest));
            }
        }
    }
}

#[test]
fn steps_and_slices_that_do_not_fit_are_errors() {
    let three = Program::record(&[1.0, 2.0], |x| [x[0], x[1], x[0] * x[1]]).unwrap();
    let error = CheckpointedLoop::<f64>::of(&three, 5).err().unwrap().to_string();
    assert_eq!(
        error,
        "outputs of a step: expected as many as the state has, the first group of inputs: 2, found 3 numbers"
    );
    let mut run = CheckpointedLoop::<f64>::of(&coupled_program(), 5).unwrap();
    let error = run.value(&[0.0; 2], &mut [0.0; 2]).unwrap_err().to_string();
    assert!(error.starts_with("x: expected 4 numbers, found 2"), "{error}");
    let error = run.vjp(&[0.0; 4], &[1.0], &mut [0.0; 2], &mut [0.0; 4]).unwrap_err().to_string();
    assert!(error.starts_with("adjoints: expected 2 numbers, found 1"), "{error}");
    let error = run.vjp(&[0.0; 4], &[1.0, 0.0], &mut [0.0; 2], &mut [0.0; 2]).unwrap_err().to_string();
    assert!(error.starts_with("gradient: expected 4 numbers, found 2"), "{error}");
}
