//! The recording: how an operation is appended to the tape.
//!
//! This is the hot path of everything that is written in values, and one of the rooms with `unsafe`.
#![allow(unsafe_code)]

use super::epoch::Epochs;
use super::handle::{Place, Value};
use super::misuse::Misuse;
use super::nodes::{Operand, Operands};
use super::span::Layout;
use super::storage::{Tape, lend, this_threads_tape};
use crate::Op;
use crate::op::log_sum_exp_by_shares;

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

// What the following leave to others is left as a whole, at their end: nothing has to be kept for when it comes back.

/// Records an operation of one operand, and of an integer that its node keeps.
#[inline(always)]
#[track_caller]
pub(super) fn unary(op: Op, x: Value, integer: i32, formula: impl Fn(f64) -> f64) -> Value {
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    if tape.is_ready_for([x]) {
        let operand = Operand::slot_of(x);
        // SAFETY: the tape is ready for this.
        let number = formula(unsafe { tape.nodes.number_at(operand) });
        // SAFETY: the same.
        return Value::at(number, unsafe { tape.record_in_room(op, [operand, Operand(integer as u32)], number) });
    }
    let number = formula(tape.peek(x));
    if x.is_constant() {
        return Value::constant(number);
    }
    record_unary(op, x, integer, number)
}

/// Records an operation of two operands.
#[inline(always)]
#[track_caller]
pub(super) fn binary(op: Op, a: Value, b: Value, formula: impl Fn(f64, f64) -> f64) -> Value {
    if Value::are_constants([a, b]) {
        return Value::constant(formula(a.own_number(), b.own_number()));
    }
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    if tape.is_ready_for([a, b]) {
        let [a, b] = [a, b].map(Operand::slot_of);
        // SAFETY: the tape is ready for these.
        let number = unsafe { formula(tape.nodes.number_at(a), tape.nodes.number_at(b)) };
        // SAFETY: the same.
        return Value::at(number, unsafe { tape.record_in_room(op, [a, b], number) });
    }
    let number = formula(tape.peek(a), tape.peek(b));
    // SAFETY: the tape is this thread's own, and this function uses it no more.
    unsafe { record_two(tape, op, a, b, number) }
}

/// Records an operation of three operands, of which some are constants more often than not.
#[inline(always)]
#[track_caller]
pub(super) fn ternary(op: impl Fn() -> Op, [a, b, c]: [Value; 3], formula: impl Fn(f64, f64, f64) -> f64) -> Value {
    if Value::are_constants([a, b, c]) {
        return Value::constant(formula(a.own_number(), b.own_number(), c.own_number()));
    }
    ternary_of_values(op, a, b, c, formula)
}

/// What [`ternary`] leaves: one of them at least is no constant. Which operation it is is told by a function, so that each has code
/// of its own in which that is known.
#[inline(never)]
#[track_caller]
fn ternary_of_values(
    op: impl Fn() -> Op,
    a: Value,
    b: Value,
    c: Value,
    formula: impl Fn(f64, f64, f64) -> f64,
) -> Value {
    let op = op();
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    if tape.has_wide_room() {
        let (glance, constants) = tape.glance();
        // SAFETY: there is room, as just checked, and not all are constants.
        if let Some((first, x)) = unsafe { glance.operand(a, constants) }
            && let Some((second, y)) = unsafe { glance.operand(b, constants) }
            && let Some((third, z)) = unsafe { glance.operand(c, constants) }
        {
            // SAFETY: there is room, as just checked.
            return unsafe { tape.record_three_in_room(op, [first, second, third], formula(x, y, z)) };
        }
    }
    let number = formula(tape.peek(a), tape.peek(b), tape.peek(c));
    record_ternary(op, a, b, c, number)
}

/// What [`binary`] leaves: an operation of a value and a constant, and what takes a closer look.
///
/// # Safety
///
/// This is this thread's tape, and nothing else reaches it in here. It is no reference, since what is called at the end lends it anew.
#[inline(never)]
#[track_caller]
unsafe fn record_two(tape: *mut Tape, op: Op, a: Value, b: Value, number: f64) -> Value {
    // SAFETY: the caller's promise.
    let tape = unsafe { &mut *tape };
    if tape.has_wide_room() {
        let (glance, constants) = tape.glance();
        // SAFETY: there is room, as just checked.
        if let Some((first, _)) = unsafe { glance.operand(a, constants) }
            && let Some((second, _)) = unsafe { glance.operand(b, constants) }
        {
            // SAFETY: there is room, as just checked.
            return Value::at(number, unsafe { tape.record_in_room(op, [first, second], number) });
        }
    }
    record_binary(op, a, b, number)
}

/// What [`unary`] leaves: handles that need a closer look, no room, no recording.
#[inline(never)]
#[track_caller]
fn record_unary(op: Op, x: Value, integer: i32, number: f64) -> Value {
    lend(|tape| {
        tape.check(x)?;
        tape.check_room(1)?;
        if tape.nodes.is_paused() {
            return Ok(Value::constant(number));
        }
        Ok(Value::at(number, tape.record(op, [Operand::slot_of(x), Operand(integer as u32)], number)))
    })
}

/// What [`record_two`] leaves: handles that need a closer look, no room, no recording.
#[cold]
#[inline(never)]
#[track_caller]
fn record_binary(op: Op, a: Value, b: Value, number: f64) -> Value {
    lend(|tape| {
        tape.check(a)?;
        tape.check(b)?;
        tape.check_room(2)?;
        if tape.nodes.is_paused() {
            return Ok(Value::constant(number));
        }
        let operands = [tape.operand_of_fixed(a), tape.operand_of_fixed(b)];
        let place = tape.record(op, operands, number);
        tape.widen_room();
        Ok(Value::at(number, place))
    })
}

/// What [`ternary`] leaves: handles that need a closer look, no room, no recording.
#[cold]
#[inline(never)]
#[track_caller]
fn record_ternary(op: Op, a: Value, b: Value, c: Value, number: f64) -> Value {
    lend(|tape| {
        [a, b, c].into_iter().try_for_each(|operand| tape.check(operand))?;
        tape.check_room(3)?;
        if tape.nodes.is_paused() {
            return Ok(Value::constant(number));
        }
        let operands = tape.three_operands(a, b, c);
        let place = tape.record(op, operands, number);
        tape.widen_room();
        Ok(Value::at(number, place))
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
        // Not all are constants, so none of them is read among these.
        let mut constants = std::mem::take(&mut tape.constants);
        let kept = constants.len();
        let xs = tape.numbers_of(xs, recorded, &mut numbers);
        let number = match op {
            Op::LogSumExp => log_sum_exp_by_shares(xs, &mut constants),
            _ => formula(xs),
        };
        let shares = if constants.len() > kept { Operand::constant(kept) } else { Operand::NONE };
        (tape.constants, tape.buffers) = (constants, [numbers, unused]);
        Ok(Value::at(number, tape.record(op, [recorded.position, shares], number)))
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

/// Appends to a list that has room.
///
/// # Safety
///
/// Its length is below its capacity.
#[inline(always)]
unsafe fn push_in_room<T>(list: &mut Vec<T>, item: T) {
    let length = list.len();
    debug_assert!(length < list.capacity());
    // SAFETY: the place is in the capacity, and initialised then.
    unsafe {
        list.as_mut_ptr().add(length).write(item);
        list.set_len(length + 1);
    }
}

/// What tells where nodes will find values. Read once for all operands of a node, since nothing of it changes while constants are
/// appended.
#[derive(Clone, Copy)]
struct Glance<'a> {
    epochs: &'a Epochs,
    now: u32,
    numbers: &'a [f64],
}

impl Glance<'_> {
    /// Where a node will find this value, and its number, if a glance shows that it is live, or it is a constant.
    ///
    /// # Safety
    ///
    /// [`Tape::has_wide_room`], and no more than one constant was made an operand of the node before.
    #[inline(always)]
    unsafe fn operand(self, value: Value, constants: &mut Vec<f64>) -> Option<(Operand, f64)> {
        let (slot, epoch) = (Operand::slot_of(value), value.place().epoch());
        if epoch == self.now || (!value.is_constant() && self.epochs.has_lived_through_a_cut(epoch, slot.0)) {
            debug_assert!(slot.index() < self.numbers.len());
            // SAFETY: there is a fast path, so what seems live is.
            return Some((slot, *unsafe { self.numbers.get_unchecked(slot.index()) }));
        }
        if !value.is_constant() {
            return None;
        }
        let number = value.own_number();
        if constants.last().is_none_or(|last| last.to_bits() != number.to_bits()) {
            // SAFETY: there is room.
            unsafe { push_in_room(constants, number) };
        }
        Some((Operand::constant(constants.len() - 1), number))
    }
}

/// Appends two to a list that has room.
///
/// # Safety
///
/// Its length is below its capacity by two at least.
#[inline(always)]
unsafe fn push_two_in_room<T>(list: &mut Vec<T>, items: [T; 2]) {
    let length = list.len();
    debug_assert!(length + 2 <= list.capacity());
    // SAFETY: both places are in the capacity, and initialised then.
    unsafe {
        list.as_mut_ptr().add(length).cast::<[T; 2]>().write(items);
        list.set_len(length + 2);
    }
}

impl Tape {
    /// Whether there is room for a node, and a glance shows that these have live ones, so that their numbers are on the tape.
    #[inline(always)]
    fn is_ready_for<const COUNT: usize>(&self, values: [Value; COUNT]) -> bool {
        self.are_recent(values) && self.nodes.has_room()
    }

    /// What is looked at to record a node, and the constants, which it may append to.
    #[inline(always)]
    fn glance(&mut self) -> (Glance<'_>, &mut Vec<f64>) {
        let glance = Glance { epochs: &self.epochs, now: self.epochs.now(), numbers: self.nodes.numbers() };
        (glance, &mut self.constants)
    }

    /// Records an operation of three operands.
    ///
    /// # Safety
    ///
    /// [`Tape::has_wide_room`], and these are operands of no other node that is not recorded yet.
    #[inline(always)]
    unsafe fn record_three_in_room(&mut self, op: Op, [first, second, third]: [Operand; 3], number: f64) -> Value {
        let position = Operand(self.side_list.len() as u32);
        // SAFETY: there is room for two operands beside the node, and for the node.
        unsafe {
            push_two_in_room(&mut self.side_list, [second, third]);
            Value::at(number, self.record_in_room(op, [first, position], number))
        }
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
