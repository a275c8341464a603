//! The handle that a value is: a number, and the place of its node.

use super::epoch::Epochs;
use super::nodes::{Operand, Slot};
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
/// Using a value whose [scope](crate::tape::scope) has ended panics and says where; only [`data`](Value::data) of a computed
/// one still works.
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

    #[inline(always)]
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

    /// So many slots this stands behind an earlier one that was recorded in the same epoch, a leaf too if this is one.
    pub fn slots_after(self, earlier: Place) -> Option<u32> {
        let distance = self.0.checked_sub(earlier.0).filter(|distance| *distance > 0);
        distance.filter(|_| self.0 >> 31 == earlier.0 >> 31).map(|distance| distance as u32)
    }

    #[inline(always)]
    pub fn epoch(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl Value {
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

    /// Whether all of these are constants.
    #[inline(always)]
    pub(super) fn are_constants<const COUNT: usize>(values: [Value; COUNT]) -> bool {
        // That place has all bits set.
        values.iter().fold(u64::MAX, |bits, value| bits & value.place.0) == Place::NOWHERE.0
    }

    /// Whether all of these were recorded in this epoch.
    #[inline(always)]
    pub(super) fn are_of_epoch<const COUNT: usize>(values: [Value; COUNT], epoch: u32) -> bool {
        let expected = Place::new(0, epoch).0;
        values.iter().fold(0, |bits, value| bits | (value.place.0 ^ expected)) >> 32 == 0
    }

    /// Whether this was put in, not computed from other values: a leaf or a constant.
    #[inline]
    pub fn is_leaf(self) -> bool {
        self.place.is_leaf()
    }
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

/// A function may give one value where several are asked for.
impl From<Value> for Vec<Value> {
    fn from(value: Value) -> Self {
        vec![value]
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        *value
    }
}

impl Operand {
    /// The slot of a value that has one.
    #[inline(always)]
    pub fn slot_of(value: Value) -> Self {
        Operand(value.place.slot_or_beyond().0)
    }
}
