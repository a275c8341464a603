//! The nodes of a tape, in three parallel lists: operations, operands and numbers, 17 bytes a node.
#![allow(unsafe_code)]

use crate::Op;
use std::mem::MaybeUninit;

/// A position on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub u32);

impl Slot {
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a node finds an operand: in a slot, or among the constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand(pub u32);

impl Operand {
    const CONSTANT: u32 = 1 << 31;

    /// What stands where there is no operand.
    pub const NONE: Operand = Operand(u32::MAX);

    #[inline(always)]
    pub fn constant(index: usize) -> Self {
        Operand(index as u32 | Self::CONSTANT)
    }

    #[inline(always)]
    pub fn is_constant(self) -> bool {
        self.0 & Self::CONSTANT != 0
    }

    /// The slot, unless it is a constant.
    #[inline(always)]
    pub fn slot(self) -> Option<Slot> {
        (!self.is_constant()).then_some(Slot(self.0))
    }

    /// The slots of operands none of which is a constant.
    #[inline(always)]
    pub fn slots<const COUNT: usize>(operands: [Operand; COUNT]) -> Option<[Slot; COUNT]> {
        let any = Operand(operands.iter().fold(0, |bits, operand| bits | operand.0));
        (!any.is_constant()).then(|| operands.map(|operand| Slot(operand.0)))
    }

    /// The slot, or the place among the constants.
    #[inline(always)]
    pub fn index(self) -> usize {
        (self.0 & !Self::CONSTANT) as usize
    }
}

/// The two operands of a node. What has three keeps in the second where the others are in the side list, what has slices of
/// operands where their [spans](super::span::Span) are, some also what they have kept for the way back; what has a fixed integer
/// keeps that in the second.
pub(super) type Operands = [Operand; 2];

/// The nodes.
///
/// Invariants:
///
/// 1. The lists are at least as long as that of operations, whose length is the capacity; of each, the first `length`
///    elements are initialised.
/// 2. `room` is the capacity, or 0 while recording is paused or there is no fast path.
pub(super) struct Nodes {
    length: usize,
    room: usize,
    is_paused: bool,
    has_fast_path: bool,
    ops: Vec<MaybeUninit<Op>>,
    operands: Vec<MaybeUninit<Operands>>,
    numbers: Vec<MaybeUninit<f64>>,
}

impl Nodes {
    /// So many nodes there can be: slots are one bit short of 32, and the last is left for handles that have none.
    pub const LIMIT: usize = (1 << 31) - 1;

    const BYTES: usize = size_of::<Op>() + size_of::<Operands>() + size_of::<f64>();

    pub const fn new() -> Self {
        Nodes {
            length: 0,
            room: 0,
            is_paused: false,
            has_fast_path: true,
            ops: Vec::new(),
            operands: Vec::new(),
            numbers: Vec::new(),
        }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.length
    }

    fn capacity(&self) -> usize {
        self.ops.len()
    }

    pub fn bytes(&self) -> usize {
        self.capacity() * Self::BYTES
    }

    /// Whether an operation can be recorded without further ado: there is room, recording is not paused, and a glance at a
    /// handle tells whether it is live.
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        self.length < self.room
    }

    /// How many nodes there may be until that changes.
    #[inline(always)]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Appends a node, after making room for it where there is none. There must be fewer nodes than [`Nodes::LIMIT`].
    #[inline]
    pub fn push(&mut self, op: Op, operands: Operands, number: f64) -> Slot {
        if self.length == self.capacity() {
            self.reserve(1, false);
        }
        // SAFETY: there is room, as just checked or made.
        unsafe { self.push_in_room(op, operands, number) }
    }

    /// Appends a node.
    ///
    /// # Safety
    ///
    /// There is room, as [`Nodes::has_room`] says: `length` is below the capacity.
    #[inline(always)]
    pub unsafe fn push_in_room(&mut self, op: Op, operands: Operands, number: f64) -> Slot {
        let slot = self.length;
        debug_assert!(slot < self.capacity());
        // SAFETY: `slot` is below the capacity, so by invariant 1 below the length of each list.
        unsafe {
            self.ops.get_unchecked_mut(slot).write(op);
            self.operands.get_unchecked_mut(slot).write(operands);
            self.numbers.get_unchecked_mut(slot).write(number);
        }
        self.length = slot + 1;
        Slot(slot as u32)
    }

    /// The number in a slot.
    ///
    /// # Safety
    ///
    /// The slot is below the length.
    #[inline(always)]
    pub unsafe fn number_at(&self, slot: Operand) -> f64 {
        debug_assert!(slot.index() < self.length);
        // SAFETY: the caller's promise, and invariant 1.
        unsafe { self.numbers.get_unchecked(slot.index()).assume_init() }
    }

    /// Makes room for at least so many more nodes, or for exactly so many, which must not be more than
    /// [`Nodes::LIMIT`] in all.
    #[cold]
    pub fn reserve(&mut self, more: usize, exactly: bool) {
        let needed = self.length + more;
        debug_assert!(needed <= Self::LIMIT);
        // Short lists double; long ones grow by a quarter, since what is in reserve is memory, too.
        let capacity = self.capacity();
        let grown = if capacity < 1 << 16 { 2 * capacity } else { capacity + capacity / 4 };
        let wanted = if exactly { needed } else { needed.max(grown).clamp(64, Self::LIMIT) };
        // The operations come last: their length is the capacity, which must not be more than that of the others.
        grow(&mut self.numbers, wanted);
        grow(&mut self.operands, wanted);
        grow(&mut self.ops, wanted);
        self.set_room();
    }

    /// Pauses recording, or goes on with it.
    pub fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        self.set_room();
    }

    /// From now on, every handle is looked at closely.
    pub fn close_fast_path(&mut self) {
        self.has_fast_path = false;
        self.set_room();
    }

    fn set_room(&mut self) {
        self.room = if self.is_paused || !self.has_fast_path { 0 } else { self.capacity() };
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    #[inline(always)]
    pub fn ops(&self) -> &[Op] {
        // SAFETY: invariant 1.
        unsafe { self.ops.get_unchecked(..self.length).assume_init_ref() }
    }

    #[inline(always)]
    pub fn operands(&self) -> &[Operands] {
        // SAFETY: invariant 1.
        unsafe { self.operands.get_unchecked(..self.length).assume_init_ref() }
    }

    #[inline(always)]
    pub fn numbers(&self) -> &[f64] {
        // SAFETY: invariant 1.
        unsafe { self.numbers.get_unchecked(..self.length).assume_init_ref() }
    }

    #[inline(always)]
    pub fn numbers_mut(&mut self) -> &mut [f64] {
        // SAFETY: invariant 1.
        unsafe { self.numbers.get_unchecked_mut(..self.length).assume_init_mut() }
    }
}

fn grow<T>(list: &mut Vec<MaybeUninit<T>>, length: usize) {
    if length > list.len() {
        list.reserve_exact(length - list.len());
        list.resize_with(length, MaybeUninit::uninit);
    }
}
