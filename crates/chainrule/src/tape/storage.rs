//! The storage: this thread's tape, what it holds, and whether a handle is still good for it.
#![allow(unsafe_code)]

use super::adjoint::Pair;
use super::calls::{Called, Calls};
use super::epoch::Epochs;
use super::group::Groups;
use super::guards::Guards;
use super::handle::{Place, Value};
use super::misuse::Misuse;
use super::nodes::{Nodes, Operand, Operands, Slot};
use super::span::Buffers;
use crate::Op;
use std::cell::{Cell, UnsafeCell};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;

/// A thread's tape.
///
/// Invariants:
///
/// 1. An operand of a node is a slot below the node's own, or the place of a constant.
/// 2. What a node refers to in the side list and among the constants was there before it, and is cut no earlier.
/// 3. None of the lists is so long that its places would not fit an operand.
/// 4. For each node from now until there are `wide_room`, there is room: for itself, for [`Tape::MOST_BESIDE`] operands in the side
///    list, and for as many constants.
pub(super) struct Tape {
    pub nodes: Nodes,
    /// 0 from when the tape is lent until [`Tape::measure_room`], and where [`Nodes::has_room`] says no.
    wide_room: usize,
    /// The operands of nodes that have many, see [`super::span`].
    pub side_list: Vec<Operand>,
    pub constants: Vec<f64>,
    /// As long as the highest node that a sweep has reached.
    pub gradients: Vec<f64>,
    /// Where the adjoints of sweeps grow that leave no gradients. Between them, all are 0.
    pub adjoints: Vec<f64>,
    /// The same of sweeps from two results at once.
    pub pairs_of_adjoints: Vec<Pair>,
    /// Where numbers are gathered for a while. What they hold means nothing, only their memory is kept.
    pub buffers: Buffers,
    /// Nodes below this may have a gradient from an earlier sweep.
    pub swept: usize,
    /// So many slots from the start are known to be leaves.
    pub leading_leaves: Cell<usize>,
    pub names: BTreeMap<Slot, String>,
    /// The leaves that are trained.
    pub parameters: BTreeSet<Slot>,
    pub groups: Groups,
    /// Which operations of the user's own were called.
    pub calls: Calls,
    /// What is noted of branches, while that is asked for.
    pub guards: Option<Guards>,
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
        let calls = with_tape(|tape| {
            let calls = tape.truncate(&Mark::default());
            let epochs = std::mem::replace(&mut tape.epochs, Epochs::new());
            *tape = Tape { epochs: epochs.freed(), ..Tape::new() };
            calls
        });
        drop(calls);
    }
}

/// Lends this thread's tape. What is done with it must not lend it again: it calls nobody outside this folder.
#[inline(always)]
pub(super) fn with_tape<R>(read_or_write: impl FnOnce(&mut Tape) -> R) -> R {
    // SAFETY: none of the closures that this folder passes in calls `with_tape`, or code of a user, who could.
    let tape = unsafe { this_threads_tape() };
    tape.wide_room = 0;
    read_or_write(tape)
}

/// Lends this thread's tape for reading, so that nothing is forgotten. The rest as in [`with_tape`].
#[inline(always)]
pub(super) fn read_tape<R>(read: impl FnOnce(&Tape) -> R) -> R {
    // SAFETY: as in `with_tape`.
    read(unsafe { this_threads_tape() })
}

/// Lends this thread's tape, and panics where the caller stands if a value is used wrongly: after the tape was given back,
/// since a panic hook may use values, too.
#[inline(always)]
#[track_caller]
pub(super) fn lend<R>(read_or_write: impl FnOnce(&mut Tape) -> Result<R, Misuse>) -> R {
    match with_tape(read_or_write) {
        Ok(result) => result,
        Err(misuse) => misuse.panic(),
    }
}

/// This thread's tape. Returned and not lent to a closure, so that hot code is inlined whole.
///
/// # Safety
///
/// While the reference is alive, nothing else may reach this thread's tape.
#[inline(always)]
pub(super) unsafe fn this_threads_tape() -> &'static mut Tape {
    // SAFETY: the tape is this thread's own; the caller sees to it that there is one reference only.
    unsafe { &mut *TAPE.with(UnsafeCell::get) }
}

/// A place on the tape to go back to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mark {
    epoch: u64,
    nodes: usize,
    pub(super) side_list: usize,
    pub(super) constants: usize,
}

impl Tape {
    const fn new() -> Self {
        Tape {
            nodes: Nodes::new(),
            wide_room: 0,
            side_list: Vec::new(),
            constants: Vec::new(),
            gradients: Vec::new(),
            adjoints: Vec::new(),
            pairs_of_adjoints: Vec::new(),
            buffers: [const { Vec::new() }; 2],
            swept: 0,
            leading_leaves: Cell::new(0),
            names: BTreeMap::new(),
            parameters: BTreeSet::new(),
            groups: Groups::new(),
            calls: Calls::new(),
            guards: None,
            epochs: Epochs::new(),
        }
    }

    /// Whether there is room for another node with so many operands.
    #[inline(always)]
    pub fn check_room(&self, operands: usize) -> Result<(), Misuse> {
        // A sum over two slices takes three words beside its operands.
        let words = operands.saturating_add(3);
        let longest = self.nodes.len().max(self.side_list.len()).max(self.constants.len());
        if longest.saturating_add(words) < Nodes::LIMIT { Ok(()) } else { Err(Misuse::Full) }
    }

    /// The most operands of a node that has them in the side list or among the constants, but for those that come as slices.
    const MOST_BESIDE: usize = 2;

    /// Whether a node can be recorded without further ado, with operands beside it and constants: [`Nodes::has_room`], and these
    /// have room, too.
    #[inline(always)]
    pub fn has_wide_room(&self) -> bool {
        self.nodes.len() < self.wide_room
    }

    /// Makes room beside the next nodes where there is little left, and measures how much there is.
    pub fn widen_room(&mut self) {
        const NODES: usize = 128;
        self.side_list.reserve(NODES * Self::MOST_BESIDE);
        self.constants.reserve(NODES * Self::MOST_BESIDE);
        self.measure_room();
    }

    /// Measures how much room there is beside the next nodes. To be called where nothing is appended before the tape is given back.
    pub fn measure_room(&mut self) {
        let spare = |capacity: usize, length: usize| capacity.min(Nodes::LIMIT).saturating_sub(length);
        let beside = spare(self.side_list.capacity(), self.side_list.len());
        let constants = spare(self.constants.capacity(), self.constants.len());
        self.wide_room = self.nodes.room().min(self.nodes.len() + beside.min(constants) / Self::MOST_BESIDE);
    }

    /// Appends a node. [`Tape::check_room`] must have been asked.
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
    pub unsafe fn record_in_room(&mut self, op: Op, operands: Operands, number: f64) -> Place {
        // Read first, so that it need not be read again after what is written.
        let epoch = self.epochs.now();
        // SAFETY: there is room.
        let slot = unsafe { self.nodes.push_in_room(op, operands, number) };
        Place::node(slot, op == Op::Leaf, epoch)
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

    /// So many nodes of those that stood at the mark stand there still.
    #[inline]
    pub fn kept_since(&self, mark: &Mark) -> usize {
        self.epochs.least_length_since(mark.epoch).map_or(mark.nodes, |length| mark.nodes.min(length as usize))
    }

    /// Cuts off what was recorded since the mark was taken. Where the tape was cut below the mark in the meantime, that
    /// is all from there on: it may share neither slots nor constants with what stood at the mark. What was called there is
    /// handed over, see [`Calls::split_off`].
    #[must_use = "to be dropped when the tape was given back"]
    pub fn truncate(&mut self, mark: &Mark) -> Vec<Called> {
        let nodes = self.kept_since(mark);
        if nodes >= self.nodes.len() {
            return Vec::new();
        }
        self.nodes.truncate(nodes);
        self.side_list.truncate(mark.side_list);
        self.constants.truncate(mark.constants);
        self.gradients.truncate(nodes);
        self.swept = self.swept.min(nodes);
        self.leading_leaves.set(self.leading_leaves.get().min(nodes));
        let is_beyond = |slot: Slot| slot.index() >= nodes;
        while self.names.last_entry().is_some_and(|entry| is_beyond(*entry.key())) {
            self.names.pop_last();
        }
        while self.parameters.last().is_some_and(|slot| is_beyond(*slot)) {
            self.parameters.pop_last();
        }
        self.groups.truncate(nodes as u32);
        self.epochs.truncate(nodes as u32);
        if self.epochs.have_wrapped() {
            self.nodes.close_fast_path();
        }
        self.calls.split_off(nodes as u32)
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
    pub fn is_recent(&self, value: Value) -> bool {
        self.epochs.is_recent(value.place().epoch(), value.place().slot_or_beyond().0)
    }

    /// The same of several values.
    #[inline(always)]
    pub fn are_recent<const COUNT: usize>(&self, values: [Value; COUNT]) -> bool {
        // Most often all are of this epoch: looked at together first.
        let are_of_now = Value::are_of_epoch(values, self.epochs.now());
        are_of_now || values.iter().all(|value| self.is_recent(*value))
    }

    /// Whether a value is not stale. If so, and unless it is a constant, its slot is below the length of the tape.
    #[inline(always)]
    pub fn check(&self, value: Value) -> Result<(), Misuse> {
        // Epochs may have wrapped: then a stale handle may seem recent, and is refused if it points beyond the end.
        let is_on_tape = value.place().slot_or_beyond().index() < self.nodes.len();
        if (is_on_tape && self.is_recent(value)) || value.is_constant() {
            Ok(())
        } else {
            self.check_closely(value, is_on_tape)
        }
    }

    #[inline(never)]
    fn check_closely(&self, value: Value, is_on_tape: bool) -> Result<(), Misuse> {
        let is_live = || self.epochs.is_live(value.place().epoch(), value.place().slot_or_beyond().0);
        if is_on_tape && is_live() { Ok(()) } else { Err(Misuse::Released) }
    }

    /// The slot of a value, unless it is a constant.
    #[inline]
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
        Operand::slot_of(value)
    }

    /// The same for a node that has its operands in itself: where the last constant is the same number, it serves again.
    #[inline(always)]
    pub fn operand_of_fixed(&mut self, value: Value) -> Operand {
        let is_last = |last: &f64| last.to_bits() == value.own_number().to_bits();
        if value.is_constant() && self.constants.last().is_some_and(is_last) {
            return Operand::constant(self.constants.len() - 1);
        }
        self.operand(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape;

    #[test]
    fn handles_from_before_the_epochs_wrapped_never_reach_beyond_the_tape() {
        let stale = {
            let _scope = tape::scope();
            let many: Vec<Value> = (0..100).map(|_| Value::new(1.0)).collect();
            many[99] * 2.0
        };
        let leaf = Value::new(3.0);
        with_tape(|tape| tape.epochs.skip(1 << 32));
        drop((tape::scope(), leaf * 2.0));
        // The epochs stand where the stale handle was made.
        with_tape(|tape| tape.epochs.skip_to(stale.place().epoch()));
        assert!(with_tape(|tape| tape.is_recent(stale)), "a glance is deceived");
        assert!(std::panic::catch_unwind(|| stale * stale).is_err());
        assert!(std::panic::catch_unwind(|| stale.sin()).is_err());
        assert!(std::panic::catch_unwind(|| stale * leaf).is_err());
        assert!(std::panic::catch_unwind(|| Value::dot(&[stale], &[leaf])).is_err());
        assert!(std::panic::catch_unwind(|| stale.backward()).is_err());
        // What is live stays so, and is recorded and swept as ever.
        let y = leaf * leaf + 1.0;
        assert_eq!(y.gradient(&[leaf]), [6.0]);
    }
}
