//! The numbers of a machine, in memory that begins where a vector register's worth of bytes does.

use super::Float;
use std::marker::PhantomData;

/// Some numbers, zero at first, and behind them as much memory as a register holds.
pub(super) struct Slots<T> {
    lines: Vec<Line>,
    length: usize,
    number: PhantomData<T>,
}

/// What a processor reads from memory at once.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl<T: Float> Slots<T> {
    pub(super) fn new(length: usize) -> Self {
        let lines = vec![Line([0; 64]); (length * size_of::<T>()).div_ceil(size_of::<Line>()) + 1];
        Slots { lines, length, number: PhantomData }
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.capacity() * size_of::<Line>()
    }
}

impl<T: Float> std::ops::Deref for Slots<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the lines have room for `length` numbers, begin where a number may, and all bytes are set; `Float` is
        // implemented by `f32` and `f64` only, for which all bytes are good.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl<T: Float> std::ops::DerefMut for Slots<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and the borrow is the only one.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}
