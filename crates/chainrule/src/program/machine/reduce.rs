//! Operations over slices, and their derivatives.

use super::Float;
use super::memory::{BLOCK, Memory, Room};
use super::place::{Place, next_turn};
use crate::program::LOOPS;

/// A reduction of slices, each to one number that is added where it goes.
pub(super) struct Reduce<T> {
    /// The loops around the slices.
    pub trips: [u32; LOOPS],
    /// The length of the slices.
    pub length: u32,
    pub out: Place,
    pub operand: Place,
    /// What becomes of a slice.
    pub term: Term<T>,
}

/// What becomes of a slice.
pub(super) enum Term<T> {
    /// One number.
    Value(fn(&[T]) -> T),
    /// A number for each of its own.
    Partial { result: Place, factor: Place, write: Partials<T> },
}

/// Writes the derivatives of a reduction times a factor: of the slice, the result and the factor.
pub(super) type Partials<T> = fn(&[T], T, T, &mut [T]);

impl<T: Float> Reduce<T> {
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        let mut turn = [0; LOOPS];
        loop {
            // SAFETY: the caller's promise; what is written is in rooms, and the slice is not used any more.
            unsafe {
                let slice = self.slice(memory, &turn);
                match &self.term {
                    Term::Value(reduce) => {
                        let result = reduce(slice);
                        memory.write(&self.out, &turn, 0, &[result], true);
                    }
                    Term::Partial { result, factor, write } => {
                        let result = *memory.read(result, &turn, 0, 1, Room(0));
                        let factor = *memory.read(factor, &turn, 0, 1, Room(0));
                        let partials = memory.long_room(1, self.length as usize);
                        write(slice, result, factor, partials);
                        for (block, partials) in partials.chunks(BLOCK).enumerate() {
                            memory.write(&self.out, &turn, (block * BLOCK) as u32, partials, true);
                        }
                    }
                }
            }
            if !next_turn(&mut turn, &self.trips, 0..LOOPS) {
                return;
            }
        }
    }

    /// The slice, as it stands or collected.
    unsafe fn slice<'a>(&self, memory: &mut Memory<T>, turn: &[u32; LOOPS]) -> &'a [T] {
        let length = self.length as usize;
        // SAFETY: the caller's promise.
        unsafe {
            if self.operand.is_contiguous() {
                return std::slice::from_raw_parts(memory.slots().add(self.operand.at(turn)), length);
            }
            let slice = memory.long_room(0, length);
            for (block, to) in slice.chunks_mut(BLOCK).enumerate() {
                let from = memory.read(&self.operand, turn, (block * BLOCK) as u32, to.len(), Room(0));
                to.copy_from_slice(std::slice::from_raw_parts(from, to.len()));
            }
            slice
        }
    }
}
