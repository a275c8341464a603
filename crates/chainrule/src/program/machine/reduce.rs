//! Operations over slices, and their derivatives.

use super::Float;
use super::formula::{Formula, MOST_OPERANDS, Product, StrongProduct};
use super::grid::{FIRST_OPERAND, Grid, Map, spots};
use super::kernels::{Set, Sum};
use super::memory::{BLOCK, Memory, NEAR, Part, Room};
use super::place::{Place, Turn, next_turn};
use crate::op::partial;
use crate::program::LOOPS;
use crate::{Number, Op};

/// A reduction of slices, each to one number, which is added where it goes, or its derivatives.
pub(super) struct Reduce<T> {
    /// The loops around the slices.
    pub trips: [u32; LOOPS],
    /// The length of the slices.
    pub length: u32,
    pub op: Op,
    pub out: Place,
    /// Whether derivatives are added to what stands where they go.
    pub is_added: bool,
    /// Whether they are computed where they go: side by side, where nothing is read.
    pub is_in_place: bool,
    pub operand: Place,
    /// Of derivatives: where the result stands, and what they are multiplied by.
    pub partial: Option<[Place; 2]>,
    pub kernels: Kernels<T>,
}

/// What reductions are made of.
#[derive(Clone, Copy)]
pub(super) struct Kernels<T> {
    sum: Sum<T>,
    /// Joins two rows lane by lane.
    join: Option<Map<T>>,
    exp_of_difference: Map<T>,
    /// The same, summed lane by lane.
    sum_of_exps: Map<T>,
    product: Map<T>,
    /// The same where a zero gives 0 whatever the other factor is.
    strong_product: Map<T>,
}

/// `exp(a - b)`.
struct ExpOfDifference;

impl Formula for ExpOfDifference {
    const OPERANDS: usize = 2;

    #[inline(always)]
    fn at<N: Number>([a, b, ..]: [N; MOST_OPERANDS], _: i32) -> N {
        (a - b).exp()
    }
}

impl<T: Float> Kernels<T> {
    /// With a kernel that joins two rows lane by lane, for products, the largest and the smallest.
    pub fn new<S: Set>(join: Option<Map<T>>) -> Self {
        Kernels {
            sum: S::sum::<T>(),
            join,
            exp_of_difference: S::map::<T, ExpOfDifference>(),
            sum_of_exps: S::sums::<T, ExpOfDifference>(),
            product: S::map::<T, Product>(),
            strong_product: S::map::<T, StrongProduct>(),
        }
    }
}

/// The rooms of rows: one that others are joined into, and one for what is collected.
const JOINED: Room = Room(0);
const COLLECTED: Room = Room(1);

impl<T: Float> Reduce<T> {
    /// So much room for whole slices it needs, in numbers.
    pub fn room(&self) -> usize {
        let collected = if self.operand.is_contiguous() { 0 } else { self.length as usize };
        collected + self.partials_room()
    }

    /// So much of that derivatives take before they go where they belong.
    fn partials_room(&self) -> usize {
        if self.partial.is_some() && !self.is_in_place { self.length as usize } else { 0 }
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        let length = self.length as usize;
        let mut turn = memory.first_turn();
        loop {
            // SAFETY: the caller's promise. What is written is in rooms, or where nothing is read; else the slice is read no more
            // when the slots are written.
            unsafe {
                let (partials, collected) = memory.panel(self.room()).split_at_mut(self.partials_room());
                let slice = self.slice(memory, &turn, collected);
                match &self.partial {
                    None => {
                        let result = self.value(memory, slice);
                        memory.write(&self.out, &turn, Part::of_row(0, 1), &raw const result, true);
                    }
                    Some([result, factor]) => {
                        let result = *memory.read(result, &turn, 0, 1, COLLECTED);
                        let factor = *memory.read(factor, &turn, 0, 1, COLLECTED);
                        if self.is_in_place {
                            let first = memory.slots().add(self.out.at(&turn));
                            self.partials(slice, result, factor, std::slice::from_raw_parts_mut(first, length));
                        } else {
                            self.partials(slice, result, factor, partials);
                        }
                        for (block, partials) in partials.chunks(BLOCK).enumerate() {
                            let part = Part::of_row(block * BLOCK, partials.len());
                            memory.write(&self.out, &turn, part, partials.as_ptr(), self.is_added);
                        }
                    }
                }
            }
            if !next_turn(&mut turn.loops, &self.trips, 0..LOOPS) {
                return;
            }
        }
    }

    /// The slice, as it stands or collected.
    unsafe fn slice<'a>(&self, memory: &mut Memory<T>, turn: &Turn, collected: &'a mut [T]) -> &'a [T] {
        // SAFETY: the caller's promise.
        unsafe {
            if self.operand.is_contiguous() {
                return std::slice::from_raw_parts(memory.slots().add(self.operand.at(turn)), self.length as usize);
            }
            for (block, to) in collected.chunks_mut(BLOCK).enumerate() {
                let from = memory.read(&self.operand, turn, block * BLOCK, to.len(), COLLECTED);
                to.copy_from_slice(std::slice::from_raw_parts(from, to.len()));
            }
            collected
        }
    }

    /// What becomes of a slice.
    unsafe fn value(&self, memory: &mut Memory<T>, slice: &[T]) -> T {
        // SAFETY: the kernels were chosen for this processor.
        unsafe {
            match self.op {
                Op::LogSumExp => {
                    let largest = self.joined(memory, slice, T::max);
                    let shift = if largest.into().is_finite() { largest } else { T::default() };
                    shift + self.sum_of_exps(memory, slice, &shift).ln()
                }
                Op::Maximum => self.joined(memory, slice, T::max),
                Op::Minimum => self.joined(memory, slice, T::min),
                Op::Product => self.joined(memory, slice, |a, b| a * b),
                Op::Mean => (self.kernels.sum)(slice, T::constant(1.0)) / T::constant(slice.len() as f64),
                _ => (self.kernels.sum)(slice, T::constant(1.0)),
            }
        }
    }

    /// All numbers joined, row by row first.
    unsafe fn joined(&self, memory: &mut Memory<T>, slice: &[T], join: impl Fn(T, T) -> T) -> T {
        let (rows, rest) = slice.as_chunks::<BLOCK>();
        let kernel = self.kernels.join.expect("reductions that join have a kernel for it");
        let mut joined: &[T] = &[];
        if let Some((first, others)) = rows.split_first() {
            // SAFETY: the kernel was chosen for this processor; what it joins into is where it reads it, in all rows.
            unsafe {
                let room = memory.row(JOINED, BLOCK);
                room.copy_from_slice(first);
                let mut grid = Grid { rows: others.len(), ..Grid::row(BLOCK) };
                grid.row[FIRST_OPERAND + 1] = BLOCK as i32;
                let so_far = room.as_mut_ptr();
                kernel(&grid, &spots(so_far, [so_far.cast_const(), others.as_ptr().cast()]));
                joined = room;
            }
        }
        let all = joined.iter().chain(rest).copied();
        all.reduce(join).unwrap_or_else(|| if self.op == Op::Product { T::constant(1.0) } else { T::default() })
    }

    /// The sum of the exponentials of what numbers exceed another by.
    unsafe fn sum_of_exps(&self, memory: &mut Memory<T>, slice: &[T], other: &T) -> T {
        let (rows, rest) = slice.as_chunks::<BLOCK>();
        let mut total = T::default();
        // SAFETY: the kernels were chosen for this processor; the room is no slot.
        unsafe {
            if !rows.is_empty() {
                let sums = memory.row(JOINED, BLOCK);
                let mut grid = Grid { steps: rows.len(), ..Grid::row_with_still(BLOCK, [1]) };
                grid.step[FIRST_OPERAND] = BLOCK as i32;
                (self.kernels.sum_of_exps)(&grid, &spots(sums.as_mut_ptr(), [rows.as_ptr().cast(), other]));
                total = (self.kernels.sum)(sums, T::constant(1.0));
            }
            let powers = memory.row(JOINED, rest.len());
            self.exp_of_difference(rest, other, powers.as_mut_ptr());
            total + (self.kernels.sum)(powers, T::constant(1.0))
        }
    }

    /// The exponentials of what numbers exceed another by.
    unsafe fn exp_of_difference(&self, numbers: &[T], other: &T, out: *mut T) {
        let grid = Grid::row_with_still(numbers.len(), [1]);
        // SAFETY: the kernel was chosen for this processor; the caller has room for the results.
        unsafe { (self.kernels.exp_of_difference)(&grid, &spots(out, [numbers.as_ptr(), other])) };
    }

    /// Writes the derivatives of a slice times a factor.
    unsafe fn partials(&self, slice: &[T], result: T, factor: T, out: &mut [T]) {
        match self.op {
            Op::LogSumExp if result.into().is_finite() => {
                // SAFETY: the kernels were chosen for this processor.
                unsafe {
                    // Nothing exceeds the result, up to rounding; what that is off cancels out.
                    let mut total = T::default();
                    for (block, out) in slice.chunks(NEAR).zip(out.chunks_mut(NEAR)) {
                        self.exp_of_difference(block, &result, out.as_mut_ptr());
                        total = total + (self.kernels.sum)(out, T::constant(1.0));
                    }
                    let (first, share) = (out.as_mut_ptr(), factor / total);
                    let operands = [first.cast_const(), &raw const share];
                    let is_finite = share.into().is_finite();
                    let product = if is_finite { self.kernels.product } else { self.kernels.strong_product };
                    product(&Grid::row_with_still(out.len(), [1]), &spots(first, operands));
                }
                return;
            }
            Op::LogSumExp => partial::log_sum_exp(slice, result, out),
            Op::Maximum => partial::maximum(slice, result, out),
            Op::Minimum => partial::minimum(slice, result, out),
            Op::Product => partial::product(slice, result, out),
            Op::Mean => partial::mean(slice, result, out),
            _ => partial::sum(slice, result, out),
        }
        out.iter_mut().for_each(|partial| *partial = factor.strong_zero_mul(*partial));
    }
}

/// Whether there is such a reduction.
pub(super) fn is_reduction(op: Op) -> bool {
    matches!(op, Op::Sum | Op::Product | Op::Mean | Op::Maximum | Op::Minimum | Op::LogSumExp)
}

/// The operation that joins two rows of such a reduction.
pub(super) fn joining(op: Op) -> Option<Op> {
    match op {
        Op::Maximum | Op::LogSumExp => Some(Op::Max),
        Op::Minimum => Some(Op::Min),
        Op::Product => Some(Op::Mul),
        _ => None,
    }
}
