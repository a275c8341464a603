//! The numbers of a machine, in memory that begins where a vector register's worth of bytes does.

use super::Float;
use std::marker::PhantomData;

/// Some numbers, zero at first, and behind them as much memory as a register holds or more.
pub(super) struct Slots<T> {
    lines: Vec<Line>,
    length: usize,
    number: PhantomData<T>,
}

/// Behind many numbers stand so many bytes that nobody uses. A core that goes through rows of numbers fetches some of the next ones
/// ahead of time, and does not know which row is the last: it would take the first numbers of another machine away from the core that
/// works on them.
const APART: usize = 1 << 16;

/// What a processor reads from memory at once.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl<T: Float> Slots<T> {
    pub(super) fn new(length: usize) -> Self {
        let bytes = length * size_of::<T>();
        let behind = if bytes < 2 * APART { size_of::<Line>() } else { APART };
        let lines = vec![Line([0; 64]); (bytes + behind).div_ceil(size_of::<Line>())];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_numbers_stand_apart_from_what_follows_them() {
        for length in [0, 1, 1000, APART / 4 - 1, APART / 4, 1 << 17] {
            let slots = Slots::<f64>::new(length);
            assert_eq!(slots.len(), length);
            let behind = slots.bytes() - size_of_val(&*slots);
            let least = if length < APART / 4 { 64 } else { APART };
            assert!((least..least + 64).contains(&behind), "{behind} bytes behind {length} numbers");
        }
    }
}
