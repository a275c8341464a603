//! Calls of operations of the user's own: their nodes know derivatives as plain numbers, and this list which operation it was.

use super::handle::Value;
use super::recording::{First, sums};
use super::span::Layout;
use super::storage::with_tape;
use crate::Op;
use crate::custom::{Call, Custom, Order};
use std::cell::Cell;
use std::ops::Range;

/// A call whose results stand on the tape.
#[derive(Debug)]
pub(crate) struct Called {
    pub operation: Custom,
    pub order: Order,
    /// The results, all of them, one after the other.
    pub slots: Range<u32>,
}

/// The calls of a tape, in their order.
#[derive(Debug)]
pub(super) struct Calls(Vec<Called>);

impl Calls {
    pub const fn new() -> Self {
        Calls(Vec::new())
    }

    pub fn push(&mut self, call: Called) {
        self.0.push(call);
    }

    /// The call that this node is a result of.
    pub fn at(&self, slot: u32) -> Option<&Called> {
        self.0.get(self.0.partition_point(|call| call.slots.end <= slot)).filter(|call| call.slots.start <= slot)
    }

    /// The calls whose results stand behind a node, or begin there.
    pub fn since(&self, slot: u32) -> &[Called] {
        &self.0[self.0.partition_point(|call| call.slots.start < slot)..]
    }

    /// Takes those out that stand beyond the first `length` nodes. They hold what a user has written, who may use values where
    /// that is dropped: not while the tape is lent.
    #[must_use = "to be dropped when the tape was given back"]
    pub fn split_off(&mut self, length: u32) -> Vec<Called> {
        self.0.split_off(self.0.partition_point(|call| call.slots.end <= length))
    }

    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Called>()
    }
}

/// Records the results of an operation of the user's own, with their derivatives by the operands.
#[track_caller]
pub(crate) fn call(call: &Call, operands: &[Value]) -> Vec<Value> {
    let constants = |row: Vec<f64>| row.into_iter().map(Value::constant).collect();
    let rows: Vec<Vec<Value>> =
        (0..call.results.len()).map(|result| constants(call.row(result, operands.len()))).collect();
    let first = |row| First { values: row, layout: Layout::of(row), init: Value::constant(0.0) };
    let rows: Vec<First> = rows.iter().map(|row| first(row)).collect();
    let mut results = vec![Value::constant(0.0); rows.len()];
    // One result after the other is asked for.
    let next = Cell::new(0);
    let number = |_: &[f64], _: &[f64], _: f64| call.results[next.replace(next.get() + 1)];
    sums(Op::Custom, &rows, operands, number, &mut results);
    if let [first, ..] = results[..]
        && !first.is_constant()
    {
        let start = first.place().slot_or_beyond().0;
        let slots = start..start + results.len() as u32;
        let called = Called { operation: call.operation.clone(), order: call.order, slots };
        with_tape(|tape| tape.calls.push(called));
    }
    results
}
