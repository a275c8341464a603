//! The tape: scopes give memory back, stale values are caught where they are used, nothing recurses, threads are apart.

use chainrule::{Value, no_grad, tape};
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

thread_local! {
    static PANICKED_IN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What is said in panic, and in which file.
fn panic_of<T>(f: impl FnOnce() -> T) -> (String, String) {
    static NOTE_THE_FILE: Once = Once::new();
    NOTE_THE_FILE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICKED_IN.set(info.location().map_or(String::new(), |location| location.file().to_string()));
            print(info);
        }));
    });
    let payload = panic::catch_unwind(AssertUnwindSafe(|| _ = f())).expect_err("this should have panicked");
    let message = match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => payload.downcast::<&str>().map_or(String::new(), |message| message.to_string()),
    };
    (message, PANICKED_IN.take())
}

fn panic_message<T>(f: impl FnOnce() -> T) -> String {
    panic_of(f).0
}

/// A leaf and a computed value whose scope has ended.
fn stale_values() -> (Value, Value) {
    let _scope = tape::scope();
    let leaf = Value::new(2.0);
    (leaf, leaf * 3.0)
}

#[test]
fn a_scope_takes_its_nodes_with_it() {
    let w = Value::new(3.0);
    let before = tape::size().nodes;
    {
        let _scope = tape::scope();
        let y = w * 2.0 + Value::new(1.0);
        y.backward();
        assert_eq!(tape::size().nodes, before + 3);
    }
    assert_eq!(tape::size().nodes, before);
    // d/dw (2 w + 1) = 2
    assert_eq!(w.grad(), 2.0);
}

#[test]
fn ten_thousand_rounds_take_no_more_memory_than_the_first() {
    let w = Value::new(0.5).named("w");
    let round = || {
        let _scope = tape::scope();
        let inputs: Vec<Value> = (0..10).map(|i| Value::new(i.into()).named("input")).collect();
        let y = Value::dot(&inputs, &[w * 2.0; 10]) + Value::sum(&[w, w.tanh(), 3.0.into()]);
        let inner = tape::scope();
        (y * y.sigmoid().clamp(0.1, 0.9)).backward();
        drop(inner);
        w.zero_grad();
    };
    round();
    let after_first = tape::size();
    for _ in 0..10_000 {
        round();
    }
    assert_eq!(tape::size(), after_first);
    assert_eq!(w.name().as_deref(), Some("w"));
}

#[test]
fn inner_scopes_end_before_outer_ones() {
    let a = Value::new(1.0);
    let outer = tape::scope();
    let b = a * 2.0;
    let inner = tape::scope();
    let c = b * 3.0;
    drop(inner);
    assert!(c.to_string().contains("released"));
    // d/da 2 a = 2
    assert_eq!(b.gradient(&[a]), [2.0]);
    drop(outer);
    assert!(b.to_string().contains("released"));
    assert_eq!(tape::size().nodes, 1);
}

#[test]
fn a_scope_that_ends_after_its_outer_one_releases_what_was_recorded_while_it_was_open() {
    let x = Value::new(1.0);
    let outer = tape::scope();
    let _ = x + x;
    let inner = tape::scope();
    drop(outer);
    let before = Value::sum(&[x, 1.0.into()]) * 2.0;
    drop(inner);
    assert_eq!(tape::size().nodes, 1);
    assert!(before.to_string().contains("released"));

    let after = Value::sum(&[x, 1.0.into()]) * 5.0;
    // d/dx 5 (x + 1) = 5
    assert_eq!((after.data(), after.gradient(&[x])), (10.0, vec![5.0]));
}

#[test]
fn a_scope_that_ends_late_leaves_what_is_older_whole() {
    let x = Value::new(2.0);
    let kept = Value::dot(&[x, 3.0.into()], &[7.0.into(), x]) * 5.0;
    let outer = tape::scope();
    let _ = x * 4.0 * 6.0;
    let inner = tape::scope();
    drop(outer);
    let _ = x * 8.0 * 9.0;
    drop(inner);
    let _ = x * 10.0 * 11.0;
    // d/dx 5 (7 x + 3 x) = 50
    assert_eq!((kept.data(), kept.gradient(&[x])), (100.0, vec![50.0]));
}

#[test]
fn a_stale_value_is_not_taken_for_what_stands_in_its_slot_now() {
    let (stale, _) = stale_values();
    let new = Value::new(7.0);
    let _other = new * 2.0;
    assert_eq!(new.data(), 7.0);
    assert!(panic_message(|| stale.data()).contains("released"));
    assert!(panic_message(|| new.gradient(&[stale])).contains("released"));
}

#[test]
fn every_use_of_a_stale_value_says_where_it_is_and_how_to_mend_it() {
    /// Of a stale leaf, the stale value computed from it, and a live value.
    type Use = fn(Value, Value, Value);
    let uses: [(&str, Use); 29] = [
        ("on the left", |_, stale, live| _ = stale + live),
        ("on the right", |_, stale, live| _ = live * stale),
        ("beside a number", |_, stale, _| _ = stale - 1.0),
        ("behind a number", |_, stale, _| _ = 1.0 / stale),
        ("negated", |_, stale, _| _ = -stale),
        ("assigned", |_, stale, mut live| live += stale),
        ("in a function", |_, stale, _| _ = stale.tanh()),
        ("as an exponent", |_, stale, live| _ = live.powf(stale)),
        ("with an integer", |_, stale, _| _ = stale.powi(2)),
        ("with three operands", |_, stale, live| _ = live.clamp(0.0, stale)),
        ("in a sum", |_, stale, live| _ = Value::sum(&[live, stale])),
        ("in a dot, first", |_, stale, live| _ = Value::dot(&[stale], &[live])),
        ("in a dot, second", |_, stale, live| _ = Value::dot(&[live], &[stale])),
        ("neighbours in a sum", |leaf, stale, _| _ = Value::sum(&[leaf, stale])),
        ("within no_grad", |_, stale, live| _ = no_grad(|| live + stale)),
        ("alone within no_grad", |leaf, _, _| _ = no_grad(|| leaf.exp())),
        ("going backward", |_, stale, _| stale.backward()),
        ("as a root", |_, stale, live| _ = stale.gradient(&[live])),
        ("as an input", |_, stale, live| _ = live.gradient(&[stale])),
        ("its gradient", |_, stale, _| _ = stale.grad()),
        ("clearing it", |leaf, _, _| leaf.zero_grad()),
        ("a leaf's data", |leaf, _, _| _ = leaf.data()),
        ("setting a leaf", |leaf, _, _| leaf.set_data(1.0)),
        ("naming it", |leaf, _, _| _ = leaf.named("x")),
        ("comparing leaves", |leaf, _, live| _ = leaf < live),
        ("comparing with a number", |leaf, _, _| _ = 1.0 >= leaf),
        ("equality", |leaf, _, live| _ = live == leaf),
        ("inequality", |leaf, _, _| _ = leaf != 1.0),
        ("in code for any float", |leaf, stale, _| _ = num_traits::Float::hypot(stale, leaf)),
    ];
    let live = Value::new(1.0);
    let (leaf, computed) = stale_values();
    for (what, use_it) in uses {
        let (message, file) = panic_of(|| use_it(leaf, computed, live));
        assert_eq!(file, file!(), "{what}");
        assert!(message.contains(".data()"), "{what}: {message}");
    }
    assert_eq!(panic_of(|| computed.name()).1, file!());
    assert_eq!(panic_of(|| computed.op()).1, file!());
    assert_eq!(panic_of(|| computed.operands()).1, file!());
    assert_eq!(panic_of(|| leaf.detach()).1, file!());
}

#[test]
fn the_number_of_a_stale_computed_value_can_still_be_read() {
    let (_, computed) = stale_values();
    assert_eq!(computed.data(), 6.0);
    assert_eq!(computed.detach().data(), 6.0);
    assert!(computed > 5.0);
}

#[test]
fn a_stale_value_can_be_printed() {
    let (leaf, computed) = stale_values();
    assert_eq!(computed.to_string(), "Value(data=6, released)");
    // The number of a leaf was on the tape, and went with it.
    assert_eq!(format!("{leaf:?}"), "Value(released)");
}

#[test]
fn the_tape_is_as_it_was_after_a_panic() {
    let x = Value::new(3.0);
    let (stale, _) = stale_values();
    let y = x * x;
    let before = tape::size();
    panic_message(|| x + stale);
    panic_message(|| Value::sum(&[x, 2.0.into(), stale]));
    panic_message(|| stale.backward());
    panic_message(|| Value::dot(&[x, x], &[x]));
    panic_message(|| Value::maximum(&[]));
    assert_eq!(tape::size().nodes, before.nodes);
    // d/dx x^2 = 2 x
    assert_eq!(y.gradient(&[x]), [6.0]);
}

#[test]
fn dots_of_different_lengths_say_both() {
    let x = Value::new(1.0);
    let message = panic_message(|| Value::dot(&[x; 3], &[x; 5]));
    assert!(message.contains('3') && message.contains('5') && message.contains("length"), "{message}");
}

#[test]
fn what_cannot_be_done_is_said_with_the_place() {
    let x = Value::new(1.0);
    let sum = x + 1.0;
    for ((message, file), reason) in [
        (panic_of(|| Value::constant(1.0).backward()), "constant"),
        (panic_of(|| no_grad(|| x + 1.0).backward()), "no_grad"),
        (panic_of(|| sum.set_data(1.0)), "computed"),
        (panic_of(|| Value::constant(1.0).set_data(2.0)), "Value::new"),
    ] {
        assert!(message.contains(reason), "{message}");
        assert_eq!(file, file!(), "{message}");
    }
}

#[test]
fn a_name_may_come_from_code_that_records() {
    struct Recorded;
    impl From<Recorded> for String {
        fn from(_: Recorded) -> String {
            (0..1000).map(|i| Value::new(i.into())).sum::<Value>().data().to_string()
        }
    }
    assert_eq!(Value::new(1.0).named(Recorded).name().as_deref(), Some("499500"));
}

#[test]
fn a_chain_of_a_million_needs_no_stack() {
    let work = || {
        let x = Value::new(1.0);
        let _scope = tape::scope();
        let mut y = x;
        for _ in 0..1_000_000 {
            y = y.sin() + 1.0 - y;
        }
        y.backward();
        assert!(x.grad().is_finite());
        assert_eq!(tape::size().nodes, 3_000_001);
        y.gradient(&[x])[0] == x.grad()
    };
    let thread = thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap();
    assert!(thread.join().unwrap());
}

#[test]
fn each_thread_has_its_own_tape() {
    let x = Value::new(2.0);
    let before = tape::size();
    let elsewhere = thread::spawn(|| {
        assert_eq!(tape::size().nodes, 0);
        let x = Value::new(5.0);
        let y = no_grad(|| Value::new(1.0)) * x * x;
        y.backward();
        (x.grad(), tape::size().nodes)
    });
    // d/dx x^2 = 2 x
    assert_eq!(elsewhere.join().unwrap(), (10.0, 4));
    assert_eq!(tape::size(), before);
    assert_eq!(x.grad(), 0.0);
}

/// Uses values while its thread ends, when the tape has been freed already.
struct LateUser(RefCell<Vec<Value>>);

impl Drop for LateUser {
    fn drop(&mut self) {
        for kept in self.0.take() {
            assert_eq!(kept.data(), 4.0);
            assert!(kept.to_string().contains("released"), "{kept}");
        }
        let x = Value::new(3.0);
        let _scope = tape::scope();
        // d/dx (x^2 + 5 x) = 2 x + 5
        assert_eq!((x * x + 5.0 * x).gradient(&[x]), [11.0]);
        assert_eq!(tape::size().nodes, 4);
    }
}

#[test]
fn a_tape_may_be_used_while_its_thread_ends() {
    thread_local! {
        static LATE: LateUser = const { LateUser(RefCell::new(Vec::new())) };
    }
    // A panic in the destructor of a thread-local aborts the process, so what fails in it fails here.
    let thread = thread::spawn(|| LATE.with(|late| late.0.borrow_mut().push(Value::new(2.0) * 2.0)));
    thread.join().unwrap();
}

#[test]
fn room_for_more_than_a_tape_can_hold_is_refused() {
    assert!(panic_message(|| tape::reserve(usize::MAX)).contains("full"));
    tape::reserve(100);
    let reserved = tape::size();
    (0..100).for_each(|i| _ = Value::new(i.into()));
    assert_eq!(tape::size().bytes, reserved.bytes);
}

#[test]
fn what_a_result_does_not_depend_on_is_passed_by() {
    for others in [0, 1, 7, 8, 9, 100] {
        let x = Value::new(3.0);
        let square = x * x;
        let unused: Vec<Value> = (0..others).map(|i| x * f64::from(i)).collect();
        let y = square + 1.0;
        assert_eq!(y.gradient(&[x]), [6.0]);
        assert_eq!((y * unused.iter().copied().sum::<Value>()).gradient(&unused), vec![10.0; unused.len()]);
    }
}

#[test]
fn a_gradient_goes_into_a_buffer() {
    let (x, y) = (Value::new(3.0), Value::new(4.0));
    let mut gradient = [f64::NAN; 3];
    (x * y).gradient_into(&[y, x, Value::constant(1.0)], &mut gradient);
    assert_eq!(gradient, [3.0, 4.0, 0.0]);
    let z = Value::new(1.0);
    (x * y).gradient_into(&[x, y, z], &mut gradient);
    assert_eq!(gradient, [4.0, 3.0, 0.0]);
    assert!(panic_message(|| (x * y).gradient_into(&[x], &mut gradient)).contains("a number for each input"));
}

#[test]
fn there_is_room_beside_nodes_in_one_scope_after_the_other() {
    let x = Value::new(1.0);
    for length in [1, 300, 2, 1000, 700, 3] {
        let _scope = tape::scope();
        let slopes = (0..length).map(|step| 1.0 + 1e-4 * f64::from(step));
        // Two constants and two operands beside each node, and no sums, which measure nothing.
        let y = slopes.clone().fold(x, |y, slope| y.mul_add(slope, -slope) * 1.0);
        assert_eq!(y.data(), slopes.clone().fold(1.0, |y, slope| y * slope - slope));
        assert_eq!(y.gradient(&[x]), [slopes.rev().fold(1.0, |adjoint, slope| adjoint * slope)]);
    }
}

#[test]
fn rows_of_a_jacobian_matrix_are_the_gradients() {
    let inputs = [1.5, -0.5, 2.0].map(Value::new);
    let [x, y, z] = inputs;
    let shared = (x * y).sin() * z + Value::log_sum_exp(&inputs);
    let sum = Value::dot(&inputs, &[shared, y, x]);
    // Of some, the infinite derivative on the way to another, or what leads to it, is none.
    let results = [shared, sum, (y - y).sqrt() * x, x * z, 1.0.into(), z, shared.max(sum).powi(3), y * f64::NAN];
    for count in 0..=results.len() {
        for inputs in [&inputs[..], &[z, shared, 2.0.into(), x], &[]] {
            let mut rows = vec![7.0; count * inputs.len()];
            Value::jacobian_into(&results[..count], inputs, &mut rows);
            let gradients: Vec<f64> = results[..count].iter().flat_map(|result| result.gradient(inputs)).collect();
            assert_eq!(format!("{rows:?}"), format!("{gradients:?}"));
        }
    }
    assert!(panic_message(|| Value::jacobian_into(&results, &inputs, &mut [0.0; 3])).contains("each result and input"));
}

#[test]
fn a_gradient_leaves_nothing_behind_for_the_next() {
    let (x, y) = (Value::new(2.0), Value::new(3.0));
    let product = x * y;
    let result = product * product + x;
    for _ in 0..2 {
        assert_eq!(result.gradient(&[x, y]), [37.0, 24.0]);
        assert_eq!(result.gradient(&[product, x]), [12.0, 37.0]);
        assert_eq!((product * f64::INFINITY).gradient(&[y]), [f64::INFINITY]);
        assert_eq!(product.gradient(&[result, x]), [0.0, 3.0]);
        assert_eq!(Value::constant(1.0).gradient(&[x]), [0.0]);
        assert_eq!(x.gradient(&[x, y]), [1.0, 0.0]);
    }
    // Where others stood in the meantime.
    let late = Value::new(5.0);
    assert_eq!((late * y).gradient(&[late, result]), [3.0, 0.0]);
}

#[test]
fn there_is_room_for_constants_and_third_operands_whatever_comes_between() {
    let x = Value::new(1.0);
    let mut y = x;
    for step in 0..3000 {
        y = y.mul_add(f64::from(step), f64::from(step) + 0.5) * 0.5;
        match step % 97 {
            0 => y = y + Value::dot(&[x, y], &[y, x]) * 0.0,
            1 => drop((tape::scope(), y.mul_add(x, 0.25).mul_add(0.125, x))),
            2 => y = chainrule::no_grad(|| y.mul_add(2.0, 3.0)) - y.mul_add(x, 3.0),
            _ => {}
        }
        y = y.select(y.tanh(), x.mul_add(y, step as f64));
    }
    assert!(y.gradient(&[x])[0].is_finite());
}
