//! Operations over slices, and their derivatives.

use super::Float;
use super::formula::{Formula, MOST_OPERANDS, Product, StrongProduct};
use super::grid::{FIRST_OPERAND, Grid, Map, OUT, spots};
use super::kernels::{Addends, Set, Sum, sum_of};
use super::memory::{BLOCK, Memory, NEAR, Part, ROWS, Room};
use super::place::{Place, Turn, next_turn};
use crate::op::partial;
use crate::program::LOOPS;
use crate::{Number, Op};

/// A reduction of slices, each to one number, which is added where it goes, or its derivatives. Short slices that follow each other
/// are reduced together.
pub(super) struct Reduce<T> {
    /// The loops around the slices.
    pub trips: [u32; LOOPS],
    /// So many slices, in turns of one loop.
    pub slices: u32,
    /// The length of the slices.
    pub length: u32,
    pub op: Op,
    pub out: Place,
    /// Whether derivatives are added to what stands where they go.
    pub is_added: bool,
    /// Whether nothing is read where results go.
    pub reads_alone: bool,
    pub operand: Place,
    /// Of derivatives: where the result stands, and what they are multiplied by.
    pub partial: Option<[Place; 2]>,
    pub kernels: Kernels<T>,
}

/// Slices that are reduced together, or what is computed of them, which may be written.
#[derive(Clone, Copy)]
struct Slices<T> {
    first: *const T,
    /// How far it is from one to the next.
    row: isize,
    count: usize,
    length: usize,
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
    shifted_logarithm: Map<T>,
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

/// `a + ln(b)`.
struct ShiftedLogarithm;

impl Formula for ShiftedLogarithm {
    const OPERANDS: usize = 2;

    #[inline(always)]
    fn at<N: Number>([a, b, ..]: [N; MOST_OPERANDS], _: i32) -> N {
        a + b.ln()
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
            shifted_logarithm: S::map::<T, ShiftedLogarithm>(),
            product: S::map::<T, Product>(),
            strong_product: S::map::<T, StrongProduct>(),
        }
    }
}

/// The rooms: of rows that others are joined into, and of a number for each slice.
const JOINED: Room = Room(0);
const RESULTS: Room = Room(1);
const FACTORS: Room = Room(2);
const SUMS: Room = Room(3);

impl<T: Float> Reduce<T> {
    /// So many slices are reduced together.
    fn at_once(&self) -> u32 {
        if self.reads_alone { (NEAR as u32 / self.length.max(1)).clamp(1, BLOCK as u32).min(self.slices) } else { 1 }
    }

    /// Whether derivatives are computed where they go.
    fn is_in_place(&self) -> bool {
        self.partial.is_some() && !self.is_added && self.reads_alone && self.out.is_contiguous()
    }

    /// So much room for whole slices it needs, in numbers: where they are collected, and where what is computed of each number stands.
    pub fn room(&self) -> usize {
        self.collected_room() + self.computed_room()
    }

    fn collected_room(&self) -> usize {
        if self.operand.is_contiguous() { 0 } else { self.at_once() as usize * self.length as usize }
    }

    fn computed_room(&self) -> usize {
        let is_written = if self.partial.is_some() { !self.is_in_place() } else { self.keeps_exponentials() };
        if is_written { self.at_once() as usize * self.length as usize } else { 0 }
    }

    /// Whether exponentials are summed when all have been computed, and not as they come.
    fn keeps_exponentials(&self) -> bool {
        self.op == Op::LogSumExp && (self.length as usize) < BLOCK
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        let mut turn = memory.first_turn();
        loop {
            for row in (0..self.slices).step_by(self.at_once() as usize) {
                let rows = self.at_once().min(self.slices - row);
                // SAFETY: the caller's promise; parts are parts of the loops.
                unsafe { self.run_part(memory, &turn, Part { row, rows, lane: 0, lanes: self.length }) };
            }
            if !next_turn(&mut turn.loops, &self.trips, 0..LOOPS) {
                return;
            }
        }
    }

    /// Some slices.
    unsafe fn run_part(&self, memory: &mut Memory<T>, turn: &Turn, part: Part) {
        let of_slices = Part { lanes: 1, ..part };
        // SAFETY: the caller's promise. What is written is in rooms, or where nothing is read; else the slices are read no more
        // when the slots are written.
        unsafe {
            let (computed, collected) = memory.panel(self.room()).split_at_mut(self.computed_room());
            let slices = self.slices(memory, turn, part, collected);
            match &self.partial {
                None => {
                    let results = memory.row(RESULTS, slices.count);
                    self.values(memory, slices, results, computed);
                    memory.write(&self.out, turn, of_slices, results.as_ptr(), true);
                }
                Some([result, factor]) => {
                    let (results, factors) = (memory.row(RESULTS, slices.count), memory.row(FACTORS, slices.count));
                    memory.collect(result, turn, of_slices, results.as_mut_ptr());
                    memory.collect(factor, turn, of_slices, factors.as_mut_ptr());
                    let (first, row) = if self.is_in_place() {
                        let first = memory.slots().offset(memory.first(&self.out, turn, part.row, 0));
                        (first.cast_const(), self.out.strides[ROWS] as isize)
                    } else {
                        (computed.as_mut_ptr().cast_const(), slices.length as isize)
                    };
                    self.partials(memory, slices, results, factors, Slices { first, row, ..slices });
                    if !self.is_in_place() {
                        memory.write(&self.out, turn, part, first, self.is_added);
                    }
                }
            }
        }
    }

    /// Slices as they stand, or collected.
    unsafe fn slices(&self, memory: &mut Memory<T>, turn: &Turn, part: Part, collected: &mut [T]) -> Slices<T> {
        let (count, length) = (part.rows as usize, self.length as usize);
        // SAFETY: the caller's promise.
        unsafe {
            if self.operand.is_contiguous() {
                let first = memory.slots().offset(memory.first(&self.operand, turn, part.row, 0));
                return Slices { first, row: self.operand.strides[ROWS] as isize, count, length };
            }
            memory.collect(&self.operand, turn, part, collected.as_mut_ptr());
            Slices { first: collected.as_ptr(), row: length as isize, count, length }
        }
    }

    /// What becomes of slices.
    unsafe fn values(&self, memory: &mut Memory<T>, slices: Slices<T>, results: &mut [T], computed: &mut [T]) {
        // SAFETY: the kernels were chosen for this processor; rooms are no slots.
        unsafe {
            match self.op {
                Op::LogSumExp => {
                    let shifts = memory.row(FACTORS, slices.count);
                    for (shift, slice) in shifts.iter_mut().zip(slices.iter()) {
                        let largest = self.joined(memory, slice, T::max);
                        *shift = if largest.into().is_finite() { largest } else { T::default() };
                    }
                    let sums = memory.row(SUMS, slices.count);
                    sums.fill(T::default());
                    if self.keeps_exponentials() {
                        let first = computed.as_mut_ptr().cast_const();
                        let exponentials = Slices { first, row: slices.length as isize, ..slices };
                        self.exp_of_difference(slices, shifts, exponentials);
                        (self.kernels.sum)(exponentials.times(T::constant(1.0)), sums);
                    } else {
                        for ((sum, slice), shift) in sums.iter_mut().zip(slices.iter()).zip(&*shifts) {
                            *sum = self.sum_of_exps(memory, slice, shift);
                        }
                    }
                    let operands = [shifts.as_ptr(), sums.as_ptr()];
                    (self.kernels.shifted_logarithm)(&Grid::row(slices.count), &spots(results.as_mut_ptr(), operands));
                }
                Op::Maximum | Op::Minimum | Op::Product => {
                    for (result, slice) in results.iter_mut().zip(slices.iter()) {
                        *result = match self.op {
                            Op::Maximum => self.joined(memory, slice, T::max),
                            Op::Minimum => self.joined(memory, slice, T::min),
                            _ => self.joined(memory, slice, |a, b| a * b),
                        };
                    }
                }
                _ => {
                    results.fill(T::default());
                    (self.kernels.sum)(slices.times(T::constant(1.0)), results);
                    if self.op == Op::Mean {
                        let length = T::constant(slices.length as f64);
                        results.iter_mut().for_each(|result| *result = *result / length);
                    }
                }
            }
        }
    }

    /// All numbers joined, row by row first, then side by side.
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
        let all = [joined, rest].into_iter().filter_map(|numbers| in_tree(numbers, &join));
        all.reduce(&join).unwrap_or_else(|| if self.op == Op::Product { T::constant(1.0) } else { T::default() })
    }

    /// The sum of the exponentials of what numbers exceed another by; there are many.
    unsafe fn sum_of_exps(&self, memory: &mut Memory<T>, slice: &[T], other: &T) -> T {
        let (rows, rest) = slice.as_chunks::<BLOCK>();
        // SAFETY: the kernels were chosen for this processor; the room is no slot.
        unsafe {
            let sums = memory.row(JOINED, BLOCK);
            let mut grid = Grid { steps: rows.len(), ..Grid::row_with_still(BLOCK, [1]) };
            grid.step[FIRST_OPERAND] = BLOCK as i32;
            (self.kernels.sum_of_exps)(&grid, &spots(sums.as_mut_ptr(), [rows.as_ptr().cast(), other]));
            let total = sum_of(self.kernels.sum, sums, T::constant(1.0));
            let rest = Slices { first: rest.as_ptr(), row: 0, count: 1, length: rest.len() };
            let exponentials = memory.row(JOINED, rest.length);
            let out = Slices { first: exponentials.as_mut_ptr().cast_const(), ..rest };
            self.exp_of_difference(rest, std::slice::from_ref(other), out);
            total + sum_of(self.kernels.sum, exponentials, T::constant(1.0))
        }
    }

    /// Writes the exponentials of what the numbers of each slice exceed another one by.
    unsafe fn exp_of_difference(&self, slices: Slices<T>, others: &[T], out: Slices<T>) {
        let mut grid = Grid { rows: slices.count, ..Grid::row_with_still(slices.length, [1]) };
        (grid.row[OUT], grid.row[FIRST_OPERAND], grid.row[FIRST_OPERAND + 1]) = (out.row as i32, slices.row as i32, 1);
        // SAFETY: the kernel was chosen for this processor; the caller has room for the results.
        unsafe {
            (self.kernels.exp_of_difference)(&grid, &spots(out.first.cast_mut(), [slices.first, others.as_ptr()]))
        };
    }

    /// Writes the derivatives of slices, each times a factor.
    unsafe fn partials(
        &self,
        memory: &mut Memory<T>,
        slices: Slices<T>,
        results: &[T],
        factors: &mut [T],
        out: Slices<T>,
    ) {
        if self.op == Op::LogSumExp && results.iter().all(|result| (*result).into().is_finite()) {
            // SAFETY: the kernels were chosen for this processor.
            unsafe {
                // Nothing exceeds the result, up to rounding; what that is off cancels out.
                let totals = memory.row(SUMS, slices.count);
                totals.fill(T::default());
                // Long ones are summed while they are near.
                for first in (0..slices.length).step_by(NEAR) {
                    let near = |slices: Slices<T>| slices.numbers(first, NEAR);
                    self.exp_of_difference(near(slices), results, near(out));
                    (self.kernels.sum)(near(out).times(T::constant(1.0)), totals);
                }
                for (factor, total) in factors.iter_mut().zip(&*totals) {
                    *factor = *factor / *total;
                }
                let are_finite = factors.iter().all(|factor| (*factor).into().is_finite());
                let product = if are_finite { self.kernels.product } else { self.kernels.strong_product };
                let mut grid = Grid { rows: out.count, ..Grid::row_with_still(out.length, [1]) };
                grid.row[OUT] = out.row as i32;
                (grid.row[FIRST_OPERAND], grid.row[FIRST_OPERAND + 1]) = (out.row as i32, 1);
                product(&grid, &spots(out.first.cast_mut(), [out.first, factors.as_ptr()]));
            }
            return;
        }
        for (number, slice) in slices.iter().enumerate() {
            // SAFETY: the caller lends what the results are written to.
            let out = unsafe {
                let first = out.first.offset(number as isize * out.row).cast_mut();
                std::slice::from_raw_parts_mut(first, out.length)
            };
            match self.op {
                Op::LogSumExp => partial::log_sum_exp(slice, results[number], out),
                Op::Maximum => partial::maximum(slice, results[number], out),
                Op::Minimum => partial::minimum(slice, results[number], out),
                Op::Product => partial::product(slice, results[number], out),
                Op::Mean => partial::mean(slice, results[number], out),
                _ => partial::sum(slice, results[number], out),
            }
            out.iter_mut().for_each(|partial| *partial = factors[number].strong_zero_mul(*partial));
        }
    }
}

impl<T: Float> Slices<T> {
    /// Each of them, for reading.
    fn iter<'a>(self) -> impl Iterator<Item = &'a [T]>
    where
        T: 'a,
    {
        let Slices { first, row, count, length } = self;
        // SAFETY: they are made of what may be read.
        (0..count as isize).map(move |number| unsafe { std::slice::from_raw_parts(first.offset(number * row), length) })
    }

    /// The numbers of each from this one on, at most so many.
    fn numbers(self, first: usize, most: usize) -> Self {
        Slices { first: self.first.wrapping_add(first), length: (self.length - first).min(most), ..self }
    }

    /// For being summed, each number times a factor.
    fn times(self, factor: T) -> Addends<T> {
        Addends { first: self.first, row: self.row, length: self.length, factor }
    }
}

/// Numbers joined, eight side by side, and these two by two.
fn in_tree<T: Float>(numbers: &[T], join: impl Fn(T, T) -> T) -> Option<T> {
    let (eights, rest) = numbers.as_chunks::<8>();
    let rest = rest.iter().copied().reduce(&join);
    let eights = eights.iter().copied().reduce(|a, b| std::array::from_fn(|lane| join(a[lane], b[lane])));
    let Some([a, b, c, d, e, f, g, h]) = eights else { return rest };
    let all = join(join(join(a, e), join(b, f)), join(join(c, g), join(d, h)));
    Some(rest.map_or(all, |rest| join(all, rest)))
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
