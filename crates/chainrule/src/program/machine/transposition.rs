//! Copies between numbers that stand row by row and the same that stand column by column: squares of them are turned in
//! registers.

use super::Float;
use super::kernels::Set;
use super::memory::Memory;
use super::nest::{Nest, Operand};
use super::place::{Place, next_turn};
use super::tile::{Moving, Pack};
use crate::program::{LOOPS, Route};

/// A copy whose results stand side by side in one loop, and its operand in another.
pub(super) struct Transposition<T> {
    /// The loops around those two.
    trips: [u32; LOOPS],
    /// The results of the one loop stand side by side, those of the other this far from each other.
    out: Place,
    out_pitch: i32,
    /// The numbers of the other loop stand side by side, those of the one this far from each other.
    from: Place,
    from_pitch: i32,
    rows: usize,
    lanes: usize,
    pack: Pack<T>,
}

impl<T: Float> Transposition<T> {
    /// A copy to other results in each turn, if it is one, of as many numbers as fill the registers.
    pub fn new<S: Set>(nest: &Nest) -> Option<Self> {
        let [from] = &nest.operands[..] else { return None };
        if nest.is_summed() || from.access.route != Route::Direct || !nest.results_are_apart() {
            return None;
        }
        let along = |operand: &Operand| {
            let is_long = |depth: &usize| nest.trips[*depth] as usize >= S::width::<T>();
            (0..LOOPS).filter(is_long).find(|depth| operand.access.strides[*depth] == 1)
        };
        let (lanes, rows) = (along(&nest.out)?, along(from)?);
        if lanes == rows {
            return None;
        }
        let mut trips = nest.trips;
        let [lane_count, row_count] = [lanes, rows].map(|depth| std::mem::replace(&mut trips[depth], 1) as usize);
        Some(Transposition {
            trips,
            out: nest.out.place(None),
            out_pitch: nest.out.access.strides[rows],
            from: from.place(None),
            from_pitch: from.access.strides[lanes],
            rows: row_count,
            lanes: lane_count,
            pack: S::pack::<T>(),
        })
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program; the operand does not overlap the results.
    pub unsafe fn run(&self, memory: &Memory<T>) {
        let (slots, mut turn) = (memory.slots(), memory.first_turn());
        loop {
            // SAFETY: the caller's promise; all that is read and written was checked with the program.
            unsafe {
                let at = slots.add(self.from.at(&turn)).cast_const();
                let from = Moving { at, row: 0, step: 1, lane: self.from_pitch as isize };
                (self.pack)(from, self.rows, self.lanes, slots.add(self.out.at(&turn)), self.out_pitch as isize);
            }
            if !next_turn(&mut turn.loops, &self.trips, 0..LOOPS) {
                return;
            }
        }
    }
}
