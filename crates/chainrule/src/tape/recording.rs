//! The recording: this thread's tape, and how an operation is appended to it.
//!
//! This is the hot path of everything that is written in values, and one of the rooms with `unsafe`.

use super::Value;
use super::epoch::Epochs;
use super::misuse::{Misuse, lend};
use super::nodes::{Nodes, Operand, Operands, Slot};
use super::span::Layout;
use super::value::Place;
use crate::Op;
use std::cell::{Cell, UnsafeCell};
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

/// A thread's tape.
///
/// Invariants:
///
/// 1. An operand of a node is a slot below the node's own, or the place of a constant.
/// 2. What stands below a node in the side list and among the constants was there before it, and is cut after it.
pub(super) struct Tape {
    pub nodes: Nodes,
    /// The operands of nodes that have many, see [`super::span`].
    pub side_list: Vec<Operand>,
    pub constants: Vec<f64>,
    /// As long as the highest node that a sweep has reached.
    pub gradients: Vec<f64>,
    /// Nodes below this may have a gradient from an earlier sweep.
    pub swept: usize,
    /// So many slots from the start are known to be leaves.
    pub leading_leaves: Cell<usize>,
    pub names: BTreeMap<Slot, String>,
    pub epochs: Epochs,
}

thread_local! {
    // Without a destructor, so that reaching it is one instruction; `OWNER` frees what it holds.
    static TAPE: UnsafeCell<ManuallyDrop<Tape>> = const { UnsafeCell::new(ManuallyDrop::new(Tape::new())) };
    static OWNER: Owner = const { Owner };
}

/// Frees this thread's tape when the thread ends.
struct Owner;

impl Drop for Owner {
    fn drop(&mut self) {
        // Epochs go on, so that handles that outlive this are stale and not mistaken for later ones.
        with_tape(|tape| {
            tape.truncate(&Mark::default());
            let epochs = std::mem::replace(&mut tape.epochs, Epochs::new());
            drop(std::mem::replace(tape, Tape::new()));
            tape.epochs = epochs;
        });
    }
}

/// Lends this thread's tape. What is done with it must not lend it again: it calls nobody outside this folder.
#[inline(always)]
pub(super) fn with_tape<R>(read_or_write: impl FnOnce(&mut Tape) -> R) -> R {
    // SAFETY: none of the closures that this folder passes in calls `with_tape`, or code of a user, who could.
    read_or_write(unsafe { this_threads_tape() })
}

/// This thread's tape. Returned and not lent to a closure, so that hot code is inlined whole.
///
/// # Safety
///
/// While the reference is alive, nothing else may reach this thread's tape.
#[inline(always)]
unsafe fn this_threads_tape() -> &'static mut Tape {
    // SAFETY: the tape is this thread's own; the caller sees to it that there is one reference only.
    unsafe { &mut *TAPE.with(UnsafeCell::get) }
}

/// A place on the tape to go back to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    epoch: u64,
    nodes: usize,
    side_list: usize,
    constants: usize,
}

impl Tape {
    const fn new() -> Self {
        Tape {
            nodes: Nodes::new(),
            side_list: Vec::new(),
            constants: Vec::new(),
            gradients: Vec::new(),
            swept: 0,
            leading_leaves: Cell::new(0),
            names: BTreeMap::new(),
            epochs: Epochs::new(),
        }
    }

    /// Appends a node.
    #[inline]
    pub fn record(&mut self, op: Op, operands: Operands, number: f64) -> Place {
        if self.nodes.len() == 0 {
            // From now on there is something to free. A thread that is ending already frees nothing any more.
            let _ = OWNER.try_with(|_| ());
        }
        let slot = self.nodes.push(op, operands, number);
        Place::node(slot, op == Op::Leaf, self.epochs.now())
    }

    /// Appends a node where there is room.
    ///
    /// # Safety
    ///
    /// `self.nodes.has_room()`.
    #[inline(always)]
    unsafe fn record_in_room(&mut self, op: Op, operands: Operands, number: f64) -> Place {
        // SAFETY: there is room.
        let slot = unsafe { self.nodes.push_in_room(op, operands, number) };
        Place::node(slot, false, self.epochs.now())
    }

    /// Where the tape ends now.
    pub fn mark(&self) -> Mark {
        Mark {
            epoch: self.epochs.now_in_full(),
            nodes: self.nodes.len(),
            side_list: self.side_list.len(),
            constants: self.constants.len(),
        }
    }

    /// Cuts off what was recorded since the mark was taken. Where the tape was cut below the mark in the meantime, that
    /// is all from there on: it may share neither slots nor constants with what stood at the mark.
    pub fn truncate(&mut self, mark: &Mark) {
        let least = self.epochs.least_length_since(mark.epoch).map_or(mark.nodes, |length| length as usize);
        let nodes = mark.nodes.min(least);
        if nodes >= self.nodes.len() {
            return;
        }
        self.nodes.truncate(nodes);
        self.side_list.truncate(mark.side_list);
        self.constants.truncate(mark.constants);
        self.gradients.truncate(nodes);
        self.swept = self.swept.min(nodes);
        self.leading_leaves.set(self.leading_leaves.get().min(nodes));
        if !self.names.is_empty() {
            self.names.split_off(&Slot(nodes as u32));
        }
        self.epochs.truncate(nodes as u32);
    }

    /// The number of a value, which for a leaf is the one on the tape. Of a stale leaf it may be any number.
    #[inline(always)]
    pub fn peek(&self, value: Value) -> f64 {
        if value.place().is_leaf()
            && let Some(number) = self.nodes.numbers().get(value.place().slot_or_beyond().index())
        {
            return *number;
        }
        value.own_number()
    }

    /// The number of a value, which for a leaf is the one on the tape.
    pub fn number(&self, value: Value) -> Result<f64, Misuse> {
        if value.is_leaf() {
            self.check(value)?;
        }
        Ok(self.peek(value))
    }

    /// Whether a value has a node that is known at a glance to be live, as most are.
    #[inline(always)]
    fn is_recent(&self, value: Value) -> bool {
        self.epochs.is_recent(value.place().epoch(), value.place().slot_or_beyond().0)
    }

    /// Whether a value is not stale.
    #[inline(always)]
    pub fn check(&self, value: Value) -> Result<(), Misuse> {
        if self.is_recent(value) { Ok(()) } else { self.check_closely(value) }
    }

    #[inline(never)]
    fn check_closely(&self, value: Value) -> Result<(), Misuse> {
        let is_live = || self.epochs.is_live(value.place().epoch(), value.place().slot_or_beyond().0);
        if value.is_constant() || is_live() { Ok(()) } else { Err(Misuse::Released) }
    }

    /// The slot of a value, unless it is a constant.
    pub fn slot(&self, value: Value) -> Result<Option<Slot>, Misuse> {
        self.check(value)?;
        Ok((!value.is_constant()).then(|| value.place().slot_or_beyond()))
    }

    /// Where a node will find this value, which must not be stale.
    #[inline(always)]
    pub fn operand(&mut self, value: Value) -> Operand {
        if value.is_constant() {
            self.constants.push(value.own_number());
            return Operand::constant(self.constants.len() - 1);
        }
        slot_of(value)
    }
}

/// The operand that a value is which is not a constant.
#[inline(always)]
fn slot_of(value: Value) -> Operand {
    Operand(value.place().slot_or_beyond().0)
}

/// Records a leaf.
pub(super) fn leaf(number: f64) -> Value {
    Value::at(number, with_tape(|tape| tape.record(Op::Leaf, [Operand::NONE; 2], number)))
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
        unsafe { tape.record_in_room(op, [slot_of(x), Operand(integer as u32)], number) }
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
        unsafe { tape.record_in_room(op, [slot_of(a), slot_of(b)], number) }
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
        if tape.nodes.is_paused() || x.is_constant() {
            return Ok(Place::NOWHERE);
        }
        Ok(tape.record(op, [slot_of(x), Operand(integer as u32)], number))
    })
}

/// What [`binary`] leaves: constants, handles that need a closer look, no room, no recording.
#[inline(never)]
#[track_caller]
fn record_binary(op: Op, a: Value, b: Value, number: f64) -> Place {
    lend(|tape| {
        tape.check(a)?;
        tape.check(b)?;
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
        if !tape.records(&[(xs, layout)], Value::constant(0.0)) {
            return Ok(Value::constant(formula(&tape.peek_all(xs))));
        }
        let recorded = tape.push_span(xs, layout);
        let number = formula(tape.numbers_of(xs, recorded, &mut Vec::new()));
        Ok(Value::at(number, tape.record(op, [recorded.position, Operand::NONE], number)))
    })
}

/// Records a sum over two slices of operands, from an initial number on.
#[track_caller]
pub(super) fn sum(
    op: Op,
    a: &[Value],
    b: &[Value],
    init: Value,
    formula: impl Fn(&[f64], &[f64], f64) -> f64,
) -> Value {
    let mut y = init;
    sums(op, [(a, Layout::of(a), init)].into_iter(), b, formula, |value| y = value);
    y
}

/// Records a sum over two slices of operands for each of many first slices and initial numbers, with the same second
/// slice. Neither `firsts` nor `result` may use values.
#[inline]
#[track_caller]
pub(super) fn sums<'a>(
    op: Op,
    firsts: impl Iterator<Item = (&'a [Value], Layout, Value)>,
    second: &[Value],
    formula: impl Fn(&[f64], &[f64], f64) -> f64,
    mut result: impl FnMut(Value),
) {
    let second_layout = Layout::of(second);
    let mut second_recorded = None;
    let (mut numbers, mut second_numbers) = (Vec::new(), Vec::new());
    lend(|tape| {
        tape.check_all(second, second_layout)?;
        for (first, layout, init) in firsts {
            if first.len() != second.len() {
                return Err(Misuse::Lengths(first.len(), second.len()));
            }
            debug_assert_eq!(layout, Layout::of(first));
            tape.check_all(first, layout)?;
            tape.check(init)?;
            let init_number = tape.peek(init);
            if !tape.records(&[(first, layout), (second, second_layout)], init) {
                result(Value::constant(formula(&tape.peek_all(first), &tape.peek_all(second), init_number)));
                continue;
            }
            let second_recorded = match second_recorded {
                Some(recorded) => recorded,
                None => *second_recorded.insert(tape.push_span(second, second_layout)),
            };
            let recorded = tape.push_two_spans(first, layout, second_recorded.position);
            let number = formula(
                tape.numbers_of(first, recorded, &mut numbers),
                tape.numbers_of(second, second_recorded, &mut second_numbers),
                init_number,
            );
            let init = if init.is_constant() && init_number == 0.0 { Operand::NONE } else { tape.operand(init) };
            result(Value::at(number, tape.record(op, [recorded.position, init], number)));
        }
        Ok(())
    });
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
