//! The recording: the nodes of this thread's tape, and what appends to and cuts it.

use super::Value;
use super::epoch::Epochs;
use super::value::Place;
use crate::Op;
use std::cell::{Cell, UnsafeCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;

/// A position on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(pub u32);

impl Slot {
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a node finds an operand: in a slot, or among the constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand(pub u32);

impl Operand {
    const CONSTANT: u32 = 1 << 31;

    /// What stands where there is no operand.
    pub const NONE: Operand = Operand(u32::MAX);

    #[inline(always)]
    fn constant(index: usize) -> Self {
        Operand(index as u32 | Self::CONSTANT)
    }

    /// The slot of a value that has one.
    #[inline(always)]
    fn slot(value: Value) -> Self {
        Operand(value.place().slot_or_beyond().0)
    }

    #[inline(always)]
    pub fn is_constant(self) -> bool {
        self.0 & Self::CONSTANT != 0
    }

    /// The slot, or the place among the constants.
    #[inline(always)]
    pub fn index(self) -> usize {
        (self.0 & !Self::CONSTANT) as usize
    }
}

/// A node but for its operation: two operands and the number. An operation with more than two operands has them in the
/// side list, from `a` on, as many as `b` says; an operation with a fixed integer keeps it in `b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub a: Operand,
    pub b: Operand,
    pub number: f64,
}

/// A thread's tape.
pub(crate) struct Tape {
    pub nodes: Vec<Node>,
    pub ops: Vec<Op>,
    /// Operations can be recorded without further ado while there are fewer nodes than this. Never more than the lists
    /// can hold, and 0 within [`no_grad`].
    room: usize,
    /// The operands of nodes that have more than two.
    pub operands: Vec<Operand>,
    pub constants: Vec<f64>,
    /// As long as the highest node that a sweep has reached.
    pub gradients: Vec<f64>,
    /// Nodes below this may have a gradient from an earlier sweep.
    pub swept: usize,
    /// So many slots from the start are known to be leaves.
    pub leading_leaves: Cell<usize>,
    pub names: BTreeMap<Slot, String>,
    pub epochs: Epochs,
    /// False within [`no_grad`].
    is_recording: bool,
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
        drop(with_tape(|tape| std::mem::replace(tape, Tape::new())));
    }
}

/// Lends this thread's tape. What is done with it must not lend it again: it calls nobody outside this folder.
#[inline(always)]
pub(super) fn with_tape<R>(read_or_write: impl FnOnce(&mut Tape) -> R) -> R {
    // SAFETY: none of the closures that this folder passes in calls `with_tape`, or code of a user, who could.
    read_or_write(unsafe { this_threads_tape() })
}

/// This thread's tape. A reference and not a closure's argument, so that hot code is inlined whole: a handle that is
/// returned through memory in parts costs more than its operation.
///
/// # Safety
///
/// While the reference is alive, nothing else may reach this thread's tape.
#[inline(always)]
unsafe fn this_threads_tape() -> &'static mut Tape {
    // SAFETY: the tape is this thread's own; the caller sees to it that there is one reference only.
    unsafe { &mut *TAPE.with(UnsafeCell::get) }
}

impl Tape {
    /// Slots and indices of constants are one bit short of 32; the last is left for handles that have no slot.
    const CAPACITY: usize = (1 << 31) - 1;

    const fn new() -> Self {
        Tape {
            nodes: Vec::new(),
            ops: Vec::new(),
            room: 0,
            operands: Vec::new(),
            constants: Vec::new(),
            gradients: Vec::new(),
            swept: 0,
            leading_leaves: Cell::new(0),
            names: BTreeMap::new(),
            epochs: Epochs::new(),
            is_recording: true,
        }
    }

    /// Appends a node.
    fn record(&mut self, op: Op, a: Operand, b: Operand, number: f64) -> Place {
        if self.nodes.len() == self.nodes.capacity().min(self.ops.capacity()) {
            self.reserve(1, Vec::reserve, Vec::reserve);
        }
        // SAFETY: there is room, as just checked or made.
        unsafe { self.record_in_room(op, a, b, number) }
    }

    /// Appends a node where there is room for it.
    ///
    /// # Safety
    ///
    /// The length of both lists, which is one, is less than the capacity of either.
    #[inline(always)]
    unsafe fn record_in_room(&mut self, op: Op, a: Operand, b: Operand, number: f64) -> Place {
        let slot = self.nodes.len();
        debug_assert!(slot < self.nodes.capacity() && slot < self.ops.capacity() && slot == self.ops.len());
        // SAFETY: both lists have room for an element at their end, and then hold it.
        unsafe {
            self.nodes.as_mut_ptr().add(slot).write(Node { a, b, number });
            self.nodes.set_len(slot + 1);
            self.ops.as_mut_ptr().add(slot).write(op);
            self.ops.set_len(slot + 1);
        }
        Place::node(Slot(slot as u32), op == Op::Leaf, self.epochs.now())
    }

    #[cold]
    fn reserve(&mut self, more: usize, nodes: fn(&mut Vec<Node>, usize), ops: fn(&mut Vec<Op>, usize)) {
        assert!(
            self.nodes.len() + more <= Self::CAPACITY,
            "this thread's tape is full (2^31 nodes): record within `tape::scope()`, which gives nodes back"
        );
        nodes(&mut self.nodes, more);
        ops(&mut self.ops, more);
        self.set_room();
        // From now on there is something to free. A thread that is ending already has no owner any more; then it stays.
        let _ = OWNER.try_with(|_| ());
    }

    fn set_room(&mut self) {
        let capacity = self.nodes.capacity().min(self.ops.capacity()).min(Self::CAPACITY);
        self.room = if self.is_recording { capacity } else { 0 };
    }

    /// Switches recording on or off; gives what it was.
    fn set_recording(&mut self, is_recording: bool) -> bool {
        let before = std::mem::replace(&mut self.is_recording, is_recording);
        self.set_room();
        before
    }

    /// The number of a value, which for a leaf is the one on the tape. Of a stale leaf it may be any number.
    #[inline(always)]
    fn peek(&self, value: Value) -> f64 {
        if value.place().is_leaf()
            && let Some(leaf) = self.nodes.get(value.place().slot_or_beyond().index())
        {
            return leaf.number;
        }
        value.own_number()
    }

    /// Whether a value has a node that is known at a glance to be live, as most are.
    #[inline(always)]
    fn is_recent(&self, value: Value) -> bool {
        self.epochs.is_recent(value.place().epoch(), value.place().slot_or_beyond().0)
    }

    /// Panics if a value is stale.
    #[inline]
    fn check(&self, value: Value, caller: &'static Location<'static>) {
        if !self.is_recent(value) && !value.is_constant() && !self.is_live(value) {
            was_released(caller);
        }
    }

    /// Whether a value that is not a constant still has its node.
    pub fn is_live(&self, value: Value) -> bool {
        self.epochs.is_live(value.place().epoch(), value.place().slot_or_beyond().0)
    }

    /// The number of a value, which for a leaf is the one on the tape.
    pub fn number(&self, value: Value, caller: &'static Location<'static>) -> f64 {
        self.check(value, caller);
        self.peek(value)
    }

    /// Where a node will find this value, which must not be stale.
    #[inline(always)]
    fn operand(&mut self, value: Value) -> Operand {
        if value.is_constant() {
            self.constants.push(value.own_number());
            return Operand::constant(self.constants.len() - 1);
        }
        Operand::slot(value)
    }

    /// The number of an operand.
    #[inline(always)]
    pub fn number_of(&self, operand: Operand) -> f64 {
        let index = operand.index();
        debug_assert!(index < if operand.is_constant() { self.constants.len() } else { self.nodes.len() });
        // SAFETY: an operand of a node points to a constant or a node that was recorded before it. It is there as long as
        // the node, since `truncate` cuts from the end.
        unsafe {
            if operand.is_constant() {
                *self.constants.get_unchecked(index)
            } else {
                self.nodes.get_unchecked(index).number
            }
        }
    }

    /// Appends a node whose operands stand in the side list, unless there is nothing to record.
    fn record_list(&mut self, op: Op, operands: impl Iterator<Item = Value> + Clone, number: f64) -> Place {
        if !self.is_recording || operands.clone().all(Value::is_constant) {
            return Place::NOWHERE;
        }
        let start = self.operands.len();
        for value in operands {
            let operand = self.operand(value);
            self.operands.push(operand);
        }
        let length = self.operands.len() - start;
        assert!(self.operands.len() <= Self::CAPACITY, "this thread's tape is full (2^31 operands of sums and products)");
        self.record(op, Operand(start as u32), Operand(length as u32), number)
    }

    /// The slot of a value that has one and is live.
    pub fn slot(&self, value: Value, caller: &'static Location<'static>) -> Option<Slot> {
        self.check(value, caller);
        (!value.is_constant()).then(|| value.place().slot_or_beyond())
    }

    fn mark(&self) -> Mark {
        Mark { nodes: self.nodes.len(), operands: self.operands.len(), constants: self.constants.len() }
    }

    /// Cuts the tape to what it held when the mark was taken. A mark above the tape's end cuts nothing.
    fn truncate(&mut self, mark: &Mark) {
        if mark.nodes >= self.nodes.len() {
            return;
        }
        self.nodes.truncate(mark.nodes);
        self.ops.truncate(mark.nodes);
        self.operands.truncate(mark.operands);
        self.constants.truncate(mark.constants);
        self.gradients.truncate(mark.nodes);
        self.swept = self.swept.min(mark.nodes);
        self.leading_leaves.set(self.leading_leaves.get().min(mark.nodes));
        if !self.names.is_empty() {
            self.names.split_off(&Slot(mark.nodes as u32));
        }
        self.epochs.truncate(mark.nodes as u32);
    }
}

#[cold]
#[inline(never)]
fn was_released(caller: &'static Location<'static>) -> ! {
    panic!(
        "a Value was used after its node was released, at {caller}: the scope that it was recorded in has ended, or an \
         optimiser's step() has released the graph. Keep its number with `.data()`, or record it before the scope opens"
    );
}

/// A place on the tape to go back to.
///
/// Lengths of the side lists belong to the length of the nodes: whatever stands below a node was recorded before it.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    nodes: usize,
    operands: usize,
    constants: usize,
}

/// Where this thread's tape ends now.
pub(crate) fn mark() -> Mark {
    with_tape(|tape| tape.mark())
}

/// Releases everything that was recorded since the mark was taken.
pub(crate) fn release_to(mark: &Mark) {
    with_tape(|tape| tape.truncate(mark));
}

/// Opens a scope: when it drops, the tape is cut to where it stood, and its memory serves again.
///
/// Values that were recorded inside are stale from then on: using one panics, except for its number,
/// [`Value::data`], which it carries itself.
///
/// ```
/// use chainrule::{Value, tape};
///
/// let w = Value::new(3.0);
/// for x in [1.0, 2.0] {
///     let _scope = tape::scope();
///     let loss = (w * x).powi(2);
///     loss.backward();
/// }
/// assert_eq!(w.grad(), 2.0 * 3.0 * (1.0 + 4.0));
/// assert_eq!(tape::size().nodes, 1);
/// ```
pub fn scope() -> Scope {
    Scope { mark: mark(), not_send: PhantomData }
}

/// A stretch of the tape that is released when this is dropped; made by [`scope`].
#[must_use = "the scope ends where this is dropped: `let _scope = tape::scope();`"]
#[derive(Debug)]
pub struct Scope {
    mark: Mark,
    not_send: PhantomData<*const ()>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        with_tape(|tape| tape.truncate(&self.mark));
    }
}

/// Computes without recording: what `compute` makes of values are constants.
///
/// ```
/// use chainrule::{Value, no_grad};
///
/// let w = Value::new(3.0);
/// let y = no_grad(|| w * 2.0);
/// assert_eq!(y.data(), 6.0);
/// assert_eq!(y.gradient(&[w]), [0.0]);
/// ```
pub fn no_grad<T>(compute: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            with_tape(|tape| tape.set_recording(self.0));
        }
    }
    let _restore = Restore(with_tape(|tape| tape.set_recording(false)));
    compute()
}

/// What this thread's tape holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The nodes: leaves and operations.
    pub nodes: usize,
    /// The bytes that are allocated, whether in use or held in reserve.
    pub bytes: usize,
}

/// What this thread's tape holds.
pub fn size() -> Size {
    with_tape(|tape| Size {
        nodes: tape.nodes.len(),
        bytes: tape.nodes.capacity() * size_of::<Node>()
            + tape.ops.capacity() * size_of::<Op>()
            + tape.operands.capacity() * size_of::<Operand>()
            + tape.constants.capacity() * size_of::<f64>()
            + tape.gradients.capacity() * size_of::<f64>()
            + tape.epochs.bytes(),
    })
}

/// Makes room for exactly so many more nodes, so that recording them neither allocates nor copies.
pub fn reserve(nodes: usize) {
    with_tape(|tape| tape.reserve(nodes, Vec::reserve_exact, Vec::reserve_exact));
}

/// Changes the numbers of leaves: `change` gets all numbers and gradients, in the order of `leaves`.
///
/// # Panics
///
/// If one of them is not a leaf.
#[track_caller]
pub(crate) fn update_leaves(leaves: &[Value], change: impl FnOnce(&mut [f64], &[f64])) {
    let caller = Location::caller();
    let (mut numbers, gradients): (Vec<f64>, Vec<f64>) = with_tape(|tape| {
        leaves.iter().map(|leaf| (tape.number(*leaf, caller), tape.gradient(*leaf, caller))).unzip()
    });
    change(&mut numbers, &gradients);
    with_tape(|tape| {
        for (leaf, number) in leaves.iter().zip(numbers) {
            tape.set_number(*leaf, number, caller);
        }
    });
}

impl Tape {
    /// The gradient of a value; 0 where no sweep has come by.
    pub fn gradient(&self, value: Value, caller: &'static Location<'static>) -> f64 {
        self.slot(value, caller).and_then(|slot| self.gradients.get(slot.index())).copied().unwrap_or(0.0)
    }

    /// Changes the number of a leaf.
    pub fn set_number(&mut self, leaf: Value, number: f64, caller: &'static Location<'static>) {
        match self.slot(leaf, caller) {
            Some(slot) if leaf.place().is_leaf() => self.nodes[slot.index()].number = number,
            Some(_) => panic!("only a leaf's data can be set, at {caller}: this Value was computed from others"),
            None => panic!("only a leaf's data can be set, at {caller}: this Value is a constant; make it with Value::new"),
        }
    }
}

// How operations are recorded: read the operands' numbers, compute, append. Where there is nothing to go back to, only
// compute.

#[inline(always)]
#[track_caller]
pub(super) fn leaf(number: f64) -> Value {
    Value::at(number, with_tape(|tape| tape.record(Op::Leaf, Operand::NONE, Operand::NONE, number)))
}

/// Records an operation of one operand, and of an integer that its node keeps.
#[inline(always)]
#[track_caller]
pub(super) fn unary(op: Op, x: Value, integer: i32, formula: impl Fn(f64) -> f64) -> Value {
    // SAFETY: formulas of the table over `f64` know of no tape.
    let tape = unsafe { this_threads_tape() };
    let number = formula(tape.peek(x));
    let place = if tape.is_recent(x) && tape.nodes.len() < tape.room {
        // SAFETY: there is room, as just checked.
        unsafe { tape.record_in_room(op, Operand::slot(x), Operand(integer as u32), number) }
    } else {
        record_unary(op, x, integer, number, Location::caller())
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
    let place = if tape.is_recent(a) && tape.is_recent(b) && tape.nodes.len() < tape.room {
        // SAFETY: there is room, as just checked.
        unsafe { tape.record_in_room(op, Operand::slot(a), Operand::slot(b), number) }
    } else {
        record_binary(op, a, b, number, Location::caller())
    };
    Value::at(number, place)
}

/// Records an operation of one operand, unless there is nothing to record.
#[inline(never)]
fn record_unary(op: Op, x: Value, integer: i32, number: f64, caller: &'static Location<'static>) -> Place {
    with_tape(|tape| {
        tape.check(x, caller);
        if !tape.is_recording || x.is_constant() {
            return Place::NOWHERE;
        }
        let operand = tape.operand(x);
        tape.record(op, operand, Operand(integer as u32), number)
    })
}

/// Records an operation of two operands, unless there is nothing to record.
#[inline(never)]
fn record_binary(op: Op, a: Value, b: Value, number: f64, caller: &'static Location<'static>) -> Place {
    with_tape(|tape| {
        tape.check(a, caller);
        tape.check(b, caller);
        if !tape.is_recording || (a.is_constant() && b.is_constant()) {
            return Place::NOWHERE;
        }
        let (operand_a, operand_b) = (tape.operand(a), tape.operand(b));
        tape.record(op, operand_a, operand_b, number)
    })
}

/// Records an operation of any number of operands, unless there is nothing to record.
#[track_caller]
pub(super) fn variadic(op: Op, xs: &[Value], formula: impl FnOnce(&[f64]) -> f64) -> Value {
    let caller = Location::caller();
    with_tape(|tape| {
        let numbers: Vec<f64> = xs.iter().map(|x| tape.number(*x, caller)).collect();
        let number = formula(&numbers);
        Value::at(number, tape.record_list(op, xs.iter().copied(), number))
    })
}

/// Records an operation of two slices of operands, unless there is nothing to record.
#[track_caller]
pub(super) fn pair(op: Op, a: &[Value], b: &[Value], formula: impl FnOnce(&[f64], &[f64]) -> f64) -> Value {
    assert!(a.len() == b.len(), "{op} needs two slices of one length, and got {} and {} values", a.len(), b.len());
    let caller = Location::caller();
    with_tape(|tape| {
        let values = a.iter().chain(b).copied();
        let numbers: Vec<f64> = values.clone().map(|x| tape.number(x, caller)).collect();
        let (numbers_a, numbers_b) = numbers.split_at(a.len());
        let number = formula(numbers_a, numbers_b);
        Value::at(number, tape.record_list(op, values, number))
    })
}
