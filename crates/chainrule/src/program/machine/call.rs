//! Calls of operations of the user's own.

use super::Float;
use super::memory::{Memory, Part};
use super::place::{Place, Turn, next_turn};
use crate::custom::Custom;
use crate::program::LOOPS;

/// Calls of an operation, which write its results, or the derivatives of these.
pub(super) struct Call {
    /// The loops around each call.
    pub trips: [u32; LOOPS],
    pub operation: Custom,
    /// The lanes are the results of a call; of derivatives they are those of a row.
    pub out: Place,
    pub out_part: Part,
    pub operands: Place,
    pub length: usize,
    /// Where the results stand whose derivatives are asked for, and how many they are.
    pub results: Option<(Place, usize)>,
}

impl Call {
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops.
    pub unsafe fn run<T: Float>(&self, memory: &mut Memory<T>) {
        let count = (self.out_part.rows * self.out_part.lanes) as usize;
        let mut turn = memory.first_turn();
        loop {
            // SAFETY: the caller's promise.
            let (operands, results) = unsafe {
                let operands = collected(memory, &self.operands, &turn, self.length);
                let results = self.results.as_ref().map(|(place, count)| collected(memory, place, &turn, *count));
                (operands, results)
            };
            let numbers = self.operation.asked(&operands, results.as_deref(), count).unwrap_or_else(|error| {
                memory.failure.get_or_insert(error);
                vec![f64::NAN; count]
            });
            let numbers: Vec<T> = numbers.into_iter().map(T::constant).collect();
            // SAFETY: the caller's promise; there are as many numbers as the part has.
            unsafe { memory.write(&self.out, &turn, self.out_part, numbers.as_ptr(), false) };
            if !next_turn(&mut turn.loops, &self.trips, 0..LOOPS) {
                return;
            }
        }
    }
}

/// The numbers of a row, as operations get them.
///
/// # Safety
///
/// The turn is of the place's loops, whose lanes are so many.
unsafe fn collected<T: Float>(memory: &mut Memory<T>, place: &Place, turn: &Turn, count: usize) -> Vec<f64> {
    let mut numbers = vec![T::default(); count];
    // SAFETY: the caller's promise; there is room for so many numbers.
    unsafe { memory.collect(place, turn, Part::of_row(0, count), numbers.as_mut_ptr()) };
    numbers.into_iter().map(|number| number.into()).collect()
}
