//! Instructions row by row: any formula, in any loops, by any route.
//!
//! The numbers of a row are collected where they do not stand side by side; a kernel computes the row, or its terms one
//! after the other; and the results are put where they belong.

use super::Float;
use super::formula::MOST_OPERANDS;
use super::kernels::{Add, Fold, Map};
use super::memory::{BLOCK, Memory, Room};
use super::place::{Place, next_turn};
use crate::program::LOOPS;

/// The room of the results, and that of a term that is added to them; those before belong to the operands.
const RESULTS: Room = Room(MOST_OPERANDS);
const TERM: Room = Room(MOST_OPERANDS + 1);

/// An instruction that is run row by row.
pub(super) struct Rows<T> {
    /// The loops around the rows: first those that lead to other results, then those that are summed over.
    pub trips: [u32; LOOPS],
    /// So many lead to other results.
    pub free: usize,
    /// The length of the rows, and whether they are summed up.
    pub lanes: u32,
    pub is_summed: bool,
    pub out: Place,
    pub start: Begin,
    /// Whether the results are not to be computed in their place, since operands stand there, too.
    pub is_staged: bool,
    pub operands: Vec<Place>,
    pub exponent: i32,
    pub term: Map<T>,
    pub activation: Option<Map<T>>,
    /// So many lanes are computed at once.
    pub block: u32,
    /// Adds rows, and the numbers of a row.
    pub add: Add<T>,
    pub sum: Fold<T>,
}

/// What sums start from.
pub(super) enum Begin {
    Zero,
    From(Place),
    /// What stands where the results go.
    Here,
}

impl<T: Float> Rows<T> {
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops; operands do not overlap the results, unless it is staged.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        let mut turn = [0; LOOPS];
        loop {
            // SAFETY: the caller's promise.
            unsafe {
                if self.is_summed {
                    self.run_summed(memory, &mut turn);
                } else {
                    let mut from = 0;
                    while from < self.lanes {
                        let count = (self.lanes - from).min(self.block);
                        self.run_block(memory, &mut turn, from, count as usize);
                        from += count;
                    }
                }
            }
            if !next_turn(&mut turn, &self.trips, 0..self.free) {
                return;
            }
        }
    }

    /// Some lanes of a row of results.
    unsafe fn run_block(&self, memory: &mut Memory<T>, turn: &mut [u32; LOOPS], from: u32, count: usize) {
        // SAFETY: the caller's promise. Rows of operands, results and terms are different ones: operands do not overlap the
        // results, or these are staged in a room; and rooms have different numbers.
        unsafe {
            let in_place = self.out.is_contiguous() && !self.is_staged;
            let results = match in_place {
                true => memory.slots().add(self.out.at(turn) + from as usize),
                false => memory.room(RESULTS),
            };
            let results = std::slice::from_raw_parts_mut(results, count);
            let mut is_begun = match &self.start {
                Begin::Zero => false,
                Begin::Here => in_place,
                Begin::From(place) => {
                    let start = memory.read(place, turn, from, count, TERM);
                    results.copy_from_slice(std::slice::from_raw_parts(start, count));
                    true
                }
            };
            loop {
                let operands = self.operands(memory, turn, from, count);
                if is_begun {
                    let term = std::slice::from_raw_parts_mut(memory.room(TERM), count);
                    (self.term)(term, &operands, self.exponent);
                    (self.add)(results, term);
                } else {
                    (self.term)(results, &operands, self.exponent);
                    is_begun = true;
                }
                if !next_turn(turn, &self.trips, self.free..LOOPS) {
                    break;
                }
            }
            if let Some(activation) = self.activation {
                activate(activation, results, std::slice::from_raw_parts_mut(memory.room(TERM), count));
            }
            if !in_place {
                memory.write(&self.out, turn, from, results, matches!(self.start, Begin::Here));
            }
        }
    }

    /// One result, to which all lanes are summed.
    unsafe fn run_summed(&self, memory: &mut Memory<T>, turn: &mut [u32; LOOPS]) {
        // SAFETY: the caller's promise; and as above.
        unsafe {
            let mut sum = match &self.start {
                Begin::Zero | Begin::Here => T::default(),
                Begin::From(place) => *memory.read(place, turn, 0, 1, TERM),
            };
            loop {
                let mut from = 0;
                while from < self.lanes {
                    let count = (self.lanes - from).min(BLOCK as u32);
                    let operands = self.operands(memory, turn, from, count as usize);
                    let terms = std::slice::from_raw_parts_mut(memory.room(TERM), count as usize);
                    (self.term)(terms, &operands, self.exponent);
                    sum = sum + (self.sum)(terms);
                    from += count;
                }
                if !next_turn(turn, &self.trips, self.free..LOOPS) {
                    break;
                }
            }
            let mut result = [sum];
            if let Some(activation) = self.activation {
                activate(activation, &mut result, &mut [sum]);
            }
            memory.write(&self.out, turn, 0, &result, matches!(self.start, Begin::Here));
        }
    }

    /// The rows of the operands.
    #[inline]
    unsafe fn operands<'a>(
        &self,
        memory: &mut Memory<T>,
        turn: &[u32; LOOPS],
        from: u32,
        count: usize,
    ) -> [&'a [T]; MOST_OPERANDS] {
        let mut rows: [&[T]; MOST_OPERANDS] = [&[]; MOST_OPERANDS];
        // What stands still fills its room with the first block; if nothing but lanes runs between the blocks, it is there yet.
        let is_first = from == 0 || !self.is_summed && self.trips[self.free..].iter().any(|trips| *trips > 1);
        for (number, (row, place)) in rows.iter_mut().zip(&self.operands).enumerate() {
            // SAFETY: the caller's promise; each operand has a room of its own.
            *row = unsafe {
                let row = match is_first || !place.stands_still() {
                    true => memory.read(place, turn, from, count, Room(number)),
                    false => memory.room(Room(number)),
                };
                std::slice::from_raw_parts(row, count)
            };
        }
        rows
    }
}

/// `results = activation(results)`, by a copy of them.
pub(super) fn activate<T: Float>(activation: Map<T>, results: &mut [T], copy: &mut [T]) {
    copy.copy_from_slice(results);
    // SAFETY: the kernel was chosen for this processor.
    unsafe { activation(results, &[copy, &[], &[], &[], &[]], 0) };
}
