//! The recording: how an operation is appended to the tape.
//!
//! This is the hot path of everything that is written in values, and one of the rooms with `unsafe`.
#![allow(unsafe_code)]

use super::handle::{Place, Value};
use super::misuse::Misuse;
use super::nodes::{Operand, Operands};
use super::span::Layout;
use super::storage::{Tape, lend, this_threads_tape};
use crate::Op;

/// Records a leaf.
#[inline]
#[track_caller]
pub(super) fn leaf(number: f64) -> Value {
    // SAFETY: nothing else reaches the tape in here.
    let tape = unsafe { this_threads_tape() };
    let place = if tape.nodes.has_room() {
        // SAFETY: there is room, as just checked.
        unsafe { tape.record_in_room(Op::Leaf, [Operand::NONE; 2], number) }
    } else {
        record_leaf(number)
    };
    Value::at(number, place)
}

/// What [`leaf`] leaves: no room, or no recording, which leaves do not care about.
#[cold]
#[inline(never)]
#[track_caller]
fn record_leaf(number: f64) -> Place {
    lend(|tape| {
        tape.check_room(0)?;
        Ok(tape.record(Op::Leaf, [Operand::NONE; 2], number))
    })
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
    } else if x.is_constant() {
        Place::NOWHERE
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
    } else if a.is_constant() && b.is_constant() {
        Place::NOWHERE
    } else if let Some(place) = tape.record_two(op, a, b, number) {
        place
    } else {
        record_binary(op, a, b, number)
    };
    Value::at(number, place)
}

/// Records an operation of three operands.
#[inline(always)]
#[track_caller]
pub(super) fn ternary(op: Op, [a, b, c]: [Value; 3], formula: impl Fn(f64, f64, f64) -> f64) -> Value {
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    let number = formula(tape.peek(a), tape.peek(b), tape.peek(c));
    let place = if a.is_constant() && b.is_constant() && c.is_constant() {
        Place::NOWHERE
    } else if let Some(place) = tape.record_three(op, a, b, c, number) {
        place
    } else {
        record_ternary(op, [a, b, c], number)
    };
    Value::at(number, place)
}

/// What [`unary`] leaves: handles that need a closer look, no room, no recording.
#[inline(never)]
#[track_caller]
fn record_unary(op: Op, x: Value, integer: i32, number: f64) -> Place {
    lend(|tape| {
        tape.check(x)?;
        tape.check_room(1)?;
        if tape.nodes.is_paused() {
            return Ok(Place::NOWHERE);
        }
        Ok(tape.record(op, [Operand::slot_of(x), Operand(integer as u32)], number))
    })
}

/// What [`binary`] leaves: handles that need a closer look, no room, no recording.
#[cold]
#[inline(never)]
#[track_caller]
fn record_binary(op: Op, a: Value, b: Value, number: f64) -> Place {
    lend(|tape| {
        tape.check(a)?;
        tape.check(b)?;
        tape.check_room(2)?;
        if tape.nodes.is_paused() {
            return Ok(Place::NOWHERE);
        }
        let operands = [tape.operand_of_fixed(a), tape.operand_of_fixed(b)];
        Ok(tape.record(op, operands, number))
    })
}

/// What [`ternary`] leaves: handles that need a closer look, no room, no recording.
#[cold]
#[inline(never)]
#[track_caller]
fn record_ternary(op: Op, [a, b, c]: [Value; 3], number: f64) -> Place {
    lend(|tape| {
        [a, b, c].into_iter().try_for_each(|operand| tape.check(operand))?;
        tape.check_room(3)?;
        if tape.nodes.is_paused() {
            return Ok(Place::NOWHERE);
        }
        let operands = tape.three_operands(a, b, c);
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
        let [mut numbers, unused] = std::mem::take(&mut tape.buffers);
        let number = formula(tape.numbers_of(xs, recorded, &mut numbers));
        tape.buffers = [numbers, unused];
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
    lend(|tape| {
        let [mut numbers, mut second_numbers] = std::mem::take(&mut tape.buffers);
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
        tape.buffers = [numbers, second_numbers];
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

impl Tape {
    /// Records an operation of a value and a constant, unless that takes a closer look.
    #[inline(never)]
    fn record_two(&mut self, op: Op, a: Value, b: Value, number: f64) -> Option<Place> {
        if !(self.is_ready(a) && self.is_ready(b) && self.has_room_for_operands()) {
            return None;
        }
        let operands = [self.operand_of_fixed(a), self.operand_of_fixed(b)];
        // SAFETY: there is room, as just checked.
        Some(unsafe { self.record_in_room(op, operands, number) })
    }

    /// Records an operation of three values, not all of them constants, unless that takes a closer look.
    #[inline(never)]
    fn record_three(&mut self, op: Op, a: Value, b: Value, c: Value, number: f64) -> Option<Place> {
        if !(self.is_ready(a) && self.is_ready(b) && self.is_ready(c) && self.has_room_for_operands()) {
            return None;
        }
        let operands = self.three_operands(a, b, c);
        // SAFETY: there is room, as just checked.
        Some(unsafe { self.record_in_room(op, operands, number) })
    }

    /// Whether a glance shows that an operation can be recorded of this value: it is a constant, or live.
    #[inline(always)]
    fn is_ready(&self, value: Value) -> bool {
        self.is_recent(value) || value.is_constant()
    }

    /// Whether there is room for a node, and for its operands beside it.
    #[inline(always)]
    fn has_room_for_operands(&self) -> bool {
        self.nodes.has_room() && self.check_room(3).is_ok()
    }

    #[inline(always)]
    fn three_operands(&mut self, a: Value, b: Value, c: Value) -> Operands {
        let first = self.operand_of_fixed(a);
        let (second, third) = (self.operand_of_fixed(b), self.operand_of_fixed(c));
        [first, self.push_two(second, third)]
    }

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
