//! The recording: how an operation is appended to the tape.
//!
//! This is the hot path of everything that is written in values, and one of the rooms with `unsafe`.
#![allow(unsafe_code)]

use super::handle::{Place, Value};
use super::misuse::Misuse;
use super::nodes::Operand;
use super::span::Layout;
use super::storage::{Tape, lend, this_threads_tape};
use crate::Op;

/// Records a leaf.
#[inline]
#[track_caller]
pub(super) fn leaf(number: f64) -> Value {
    let place = lend(|tape| {
        let operands = [Operand::NONE; 2];
        if tape.nodes.has_room() {
            // SAFETY: there is room, as just checked.
            return Ok(unsafe { tape.record_in_room(Op::Leaf, operands, number) });
        }
        tape.check_room(0)?;
        Ok(tape.record(Op::Leaf, operands, number))
    });
    Value::at(number, place)
}

/// Records an operation of one operand, and of an integer that its node keeps.
#[inline(always)]
#[track_caller]
pub(super) fn unary(op: Op, x: Value, integer: i32, formula: impl Fn(f64) -> f64) -> Value {
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    let number = formula(tape.peek(x));
    let place = if tape.is_recent(x) && tape.nodes.has_room() {
        // SAFETY: there is room, as just checked.
        unsafe { tape.record_in_room(op, [Operand::slot_of(x), Operand(integer as u32)], number) }
    } else {
        record_unary(op, x, integer, number)
    };
    Value::at(number, place)
}

/// Records an operation of two operands.
#[inline(always)]
#[track_caller]
pub(super) fn binary(op: Op, a: Value, b: Value, formula: impl Fn(f64, f64) -> f64) -> Value {
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    let number = formula(tape.peek(a), tape.peek(b));
    let place = if tape.is_recent(a) && tape.is_recent(b) && tape.nodes.has_room() {
        // SAFETY: there is room, as just checked.
        unsafe { tape.record_in_room(op, [Operand::slot_of(a), Operand::slot_of(b)], number) }
    } else {
        record_binary(op, a, b, number)
    };
    Value::at(number, place)
}

/// What [`unary`] leaves: constants, handles that need a closer look, no room, no recording.
#[inline(never)]
#[track_caller]
fn record_unary(op: Op, x: Value, integer: i32, number: f64) -> Place {
    lend(|tape| {
        tape.check(x)?;
        tape.check_room(1)?;
        if tape.nodes.is_paused() || x.is_constant() {
            return Ok(Place::NOWHERE);
        }
        Ok(tape.record(op, [Operand::slot_of(x), Operand(integer as u32)], number))
    })
}

/// What [`binary`] leaves: constants, handles that need a closer look, no room, no recording.
#[inline(never)]
#[track_caller]
fn record_binary(op: Op, a: Value, b: Value, number: f64) -> Place {
    lend(|tape| {
        tape.check(a)?;
        tape.check(b)?;
        tape.check_room(2)?;
        if tape.nodes.is_paused() || (a.is_constant() && b.is_constant()) {
            return Ok(Place::NOWHERE);
        }
        let operands = [tape.operand(a), tape.operand(b)];
        Ok(tape.record(op, operands, number))
    })
}

/// Records an operation of a slice of operands.
#[track_caller]
pub(super) fn slice(op: Op, xs: &[Value], formula: impl Fn(&[f64]) -> f64) -> Value {
    if xs.is_empty() {
        return Value::constant(formula(&[]));
    }
    let layout = Layout::of(xs);
    lend(|tape| {
        tape.check_all(xs, layout)?;
        tape.check_room(xs.len())?;
        if !tape.records(&[(xs, layout)], Value::constant(0.0)) {
            return Ok(Value::constant(formula(&tape.peek_all(xs))));
        }
        let recorded = tape.push_span(xs, layout);
        let number = formula(tape.numbers_of(xs, recorded, &mut Vec::new()));
        Ok(Value::at(number, tape.record(op, [recorded.position, Operand::NONE], number)))
    })
}

/// The first of the two slices that a sum goes over, how it stands on the tape, and the initial number.
#[derive(Clone, Copy)]
pub(crate) struct First<'a> {
    pub values: &'a [Value],
    pub layout: Layout,
    pub init: Value,
}

/// Records sums over two slices of operands: for each first slice one, all with the same second slice.
#[inline]
#[track_caller]
pub(super) fn sums(
    op: Op,
    firsts: &[First],
    second: &[Value],
    formula: impl Fn(&[f64], &[f64], f64) -> f64,
    results: &mut [Value],
) {
    let second_layout = Layout::of(second);
    let mut second_recorded = None;
    let (mut numbers, mut second_numbers) = (Vec::new(), Vec::new());
    lend(|tape| {
        tape.check_all(second, second_layout)?;
        for (&First { values, layout, init }, result) in firsts.iter().zip(results) {
            if values.len() != second.len() {
                return Err(Misuse::Lengths(values.len(), second.len()));
            }
            debug_assert_eq!(layout, Layout::of(values));
            tape.check_all(values, layout)?;
            tape.check(init)?;
            tape.check_room(values.len() + second.len())?;
            let init_number = tape.peek(init);
            if !tape.records(&[(values, layout), (second, second_layout)], init) {
                *result = Value::constant(formula(&tape.peek_all(values), &tape.peek_all(second), init_number));
                continue;
            }
            let second_recorded = match second_recorded {
                Some(recorded) => recorded,
                None => *second_recorded.insert(tape.push_span(second, second_layout)),
            };
            let recorded = tape.push_two_spans(values, layout, second_recorded.position);
            let number = formula(
                tape.numbers_of(values, recorded, &mut numbers),
                tape.numbers_of(second, second_recorded, &mut second_numbers),
                init_number,
            );
            let init = if init.is_constant() && init_number == 0.0 { Operand::NONE } else { tape.operand(init) };
            *result = Value::at(number, tape.record(op, [recorded.position, init], number));
        }
        Ok(())
    });
}

/// Records one sum over two slices of operands.
#[track_caller]
pub(super) fn sum(
    op: Op,
    a: &[Value],
    b: &[Value],
    init: Value,
    formula: impl Fn(&[f64], &[f64], f64) -> f64,
) -> Value {
    let mut result = [init];
    sums(op, &[First { values: a, layout: Layout::of(a), init }], b, formula, &mut result);
    result[0]
}

/// Records a function from outside, with its value and its derivatives.
#[track_caller]
pub(crate) fn custom(value: f64, operands: &[Value], partials: &[f64]) -> Value {
    let partials: Vec<Value> = partials.iter().map(Value::from).collect();
    sum(Op::Custom, &partials, operands, Value::constant(0.0), |_, _, _| value)
}

impl Tape {
    /// Whether an operation of these operands is recorded: not while recording is paused, and not of constants alone.
    #[inline(always)]
    fn records(&self, slices: &[(&[Value], Layout)], init: Value) -> bool {
        let are_constants = |(values, layout): &(&[Value], Layout)| values.is_empty() || *layout == Layout::Constants;
        !(self.nodes.is_paused() || (init.is_constant() && slices.iter().all(are_constants)))
    }

    fn peek_all(&self, values: &[Value]) -> Vec<f64> {
        values.iter().map(|value| self.peek(*value)).collect()
    }
}
