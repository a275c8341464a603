//! Long loops in little memory, against plain ones.

use chainrule::derivatives::{checkpointed_loop, gradient};
use chainrule::{Value, tape};
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
