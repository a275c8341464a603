//! [`Value`]: a number that remembers how it was made.

use super::epoch::Epochs;
use super::misuse::{Misuse, lend};
use super::nodes::{Operand, Slot};
use super::recording::{self, Tape, with_tape};
use crate::Op;
use std::fmt;
use std::marker::PhantomData;

/// A number that remembers how it was made.
///
/// Arithmetic on values records itself on this thread's tape; [`backward`](Value::backward) then tells how the result
/// changes with each number that went in.
///
/// ```
/// use chainrule::Value;
///
/// let a = Value::new(2.0);
/// let b = Value::new(-3.0);
/// let d = a * b + 10.0;
/// d.backward();
/// assert_eq!(d.data(), 4.0);
/// assert_eq!((a.grad(), b.grad()), (-3.0, 2.0));
/// ```
///
/// A value is a handle of 16 bytes that is copied freely: the number itself, a slot on the tape, and the epoch that tells
/// whether the slot is still its own. It stays on its thread, where its slot means something:
///
/// ```compile_fail,E0277
/// let x = chainrule::Value::new(1.0);
/// std::thread::spawn(move || x * 2.0); // `Value` is neither `Send` nor `Sync`
/// ```
///
/// Comparisons (`<`, `==`) compare numbers and record nothing.
///
/// # Panics
///
/// Using a value whose [scope](crate::tape::scope) has ended panics and says where; only [`data`](Value::data) still works.
#[derive(Clone, Copy)]
pub struct Value {
    number: f64,
    place: Place,
    not_send: PhantomData<*const ()>,
}

const _: () = assert!(size_of::<Value>() == 16);

/// Where a value's node is: the slot, whether that is a leaf, whose number may change, and the epoch in which it was
/// recorded.
///
/// All in one word: a handle of two words stays in two registers, where one of three parts would go through memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub u64);

impl Place {
    const LEAF: u32 = 1 << 31;

    /// The place of a constant: it counts as a leaf, in a slot that no tape reaches and an epoch that never is.
    pub const NOWHERE: Place = Place::new(u32::MAX, Epochs::NONE);

    const fn new(slot_and_leaf: u32, epoch: u32) -> Self {
        Place((epoch as u64) << 32 | slot_and_leaf as u64)
    }

    #[inline(always)]
    pub fn node(slot: Slot, is_leaf: bool, epoch: u32) -> Self {
        Place::new(slot.0 | if is_leaf { Self::LEAF } else { 0 }, epoch)
    }

    #[inline(always)]
    pub fn is_leaf(self) -> bool {
        self.0 as u32 & Self::LEAF != 0
    }

    /// The slot, or for a constant one that no tape reaches.
    #[inline(always)]
    pub fn slot_or_beyond(self) -> Slot {
        Slot(self.0 as u32 & !Self::LEAF)
    }

    #[inline(always)]
    pub fn epoch(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl Value {
    /// A leaf: a number that derivatives can be taken by.
    #[track_caller]
    pub fn new(data: f64) -> Self {
        recording::leaf(data)
    }

    /// A number that nothing is recorded of. Arithmetic between constants records nothing either.
    #[inline]
    pub const fn constant(data: f64) -> Self {
        Value { number: data, place: Place::NOWHERE, not_send: PhantomData }
    }

    #[inline(always)]
    pub(super) fn at(number: f64, place: Place) -> Self {
        Value { number, place, not_send: PhantomData }
    }

    #[inline(always)]
    pub(super) fn place(self) -> Place {
        self.place
    }

    /// The number that the handle carries: its own, but for a leaf, whose number may have been set since.
    #[inline(always)]
    pub(super) fn own_number(self) -> f64 {
        self.number
    }

    /// Whether this is a constant, of which nothing is recorded.
    #[inline(always)]
    pub fn is_constant(self) -> bool {
        self.place == Place::NOWHERE
    }

    /// Whether this was put in, not computed from other values: a leaf or a constant.
    #[inline]
    pub fn is_leaf(self) -> bool {
        self.place.is_leaf()
    }

    /// The number.
    ///
    /// What is done with it is not recorded. Of a computed value it can be read after its scope has ended, too.
    #[inline]
    #[track_caller]
    pub fn data(self) -> f64 {
        if !self.place.is_leaf() || self.is_constant() {
            return self.number;
        }
        lend(|tape| tape.number(self))
    }

    /// Changes the number of a leaf, for all its copies. What was computed from it before is not computed anew.
    ///
    /// # Panics
    ///
    /// If this is not a leaf but computed, or a constant.
    #[track_caller]
    pub fn set_data(self, data: f64) {
        lend(|tape| tape.set_number(self, data));
    }

    /// The gradient: the sum of this value's adjoints over all [`backward`](Value::backward) sweeps since the last
    /// [`zero_grad`](Value::zero_grad). Of a constant, 0.
    #[track_caller]
    pub fn grad(self) -> f64 {
        lend(|tape| tape.gradient(self))
    }

    /// Sets the gradient back to 0.
    #[track_caller]
    pub fn zero_grad(self) {
        lend(|tape| {
            let slot = tape.slot(self)?;
            if let Some(gradient) = slot.and_then(|slot| tape.gradients.get_mut(slot.index())) {
                *gradient = 0.0;
            }
            Ok(())
        });
    }

    /// Gives the value a name, for pictures and messages. A constant takes none.
    #[track_caller]
    pub fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        lend(|tape| {
            if let Some(slot) = tape.slot(self)? {
                tape.names.insert(slot, name);
            }
            Ok(self)
        })
    }

    /// The name, if it was given one.
    #[track_caller]
    pub fn name(self) -> Option<String> {
        lend(|tape| Ok(tape.slot(self)?.and_then(|slot| tape.names.get(&slot).cloned())))
    }

    /// The operation that made this value; `None` for leaves and constants.
    #[track_caller]
    pub fn op(self) -> Option<Op> {
        lend(|tape| {
            let op = tape.slot(self)?.map(|slot| tape.nodes.ops()[slot.index()]);
            Ok(op.filter(|op| *op != Op::Leaf))
        })
    }

    /// The values that this one was made of, in the order of the operation; none for leaves and constants.
    #[track_caller]
    pub fn operands(self) -> Vec<Value> {
        lend(|tape| {
            let operands = tape.slot(self)?.map_or(Vec::new(), |slot| tape.operands_of(slot));
            Ok(operands.into_iter().map(|operand| tape.handle(operand)).collect())
        })
    }

    /// The same number as a constant: what is computed from it does not reach back.
    #[track_caller]
    pub fn detach(self) -> Self {
        Value::constant(self.data())
    }
}

impl Tape {
    /// A handle on an operand.
    fn handle(&self, operand: Operand) -> Value {
        if operand.is_constant() {
            return Value::constant(self.constants[operand.index()]);
        }
        let number = self.nodes.numbers()[operand.index()];
        let is_leaf = self.nodes.ops()[operand.index()] == Op::Leaf;
        Value::at(number, Place::node(Slot(operand.index() as u32), is_leaf, self.epochs.now()))
    }
}

impl Tape {
    /// The gradient of a value; 0 where no sweep has come by.
    fn gradient(&self, value: Value) -> Result<f64, Misuse> {
        Ok(self.slot(value)?.and_then(|slot| self.gradients.get(slot.index())).copied().unwrap_or(0.0))
    }

    /// Changes the number of a leaf.
    fn set_number(&mut self, leaf: Value, number: f64) -> Result<(), Misuse> {
        match self.slot(leaf)? {
            Some(slot) if leaf.is_leaf() => self.nodes.numbers_mut()[slot.index()] = number,
            Some(_) => return Err(Misuse::SetComputed),
            None => return Err(Misuse::SetConstant),
        }
        Ok(())
    }
}

/// Changes the numbers of leaves: `change` gets all numbers and gradients, in the order of `leaves`.
///
/// # Panics
///
/// If one of them is not a leaf.
#[track_caller]
pub(crate) fn update_leaves(leaves: &[Value], change: impl FnOnce(&mut [f64], &[f64])) {
    let (mut numbers, mut gradients) = (Vec::new(), Vec::new());
    lend(|tape| {
        for leaf in leaves {
            numbers.push(tape.number(*leaf)?);
            gradients.push(tape.gradient(*leaf)?);
        }
        Ok(())
    });
    change(&mut numbers, &gradients);
    lend(|tape| leaves.iter().zip(numbers).try_for_each(|(leaf, number)| tape.set_number(*leaf, number)));
}

impl From<f64> for Value {
    fn from(data: f64) -> Self {
        Value::constant(data)
    }
}

impl From<&f64> for Value {
    fn from(data: &f64) -> Self {
        Value::constant(*data)
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        *value
    }
}

/// As micrograd prints it: `Value(data=24.70408163265306, grad=0)`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match with_tape(|tape| tape.number(*self).and_then(|data| Ok((data, tape.gradient(*self)?)))) {
            Ok((data, grad)) => write!(f, "Value(data={data}, grad={grad})"),
            Err(_) => write!(f, "Value(data={}, released)", self.number),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
