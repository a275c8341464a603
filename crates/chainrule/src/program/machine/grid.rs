//! A formula over a grid: rows of lanes that stand side by side, or are the same number in all lanes; in each lane it may be summed
//! over some steps, which never leave the registers.
//!
//! Numbers are taken into arrays that are as wide as a register, by value. So the compiler knows that nothing overlaps, and
//! makes vector code of loops over them, however short the rows are. There are no closures here: those would be functions of
//! their own, which lack the vector instructions.
// Lanes are numbers of a register.
#![allow(clippy::needless_range_loop)]

use super::Float;
use super::formula::{Formula, MOST_OPERANDS};
use super::functions::is_near;
use super::lane::Lane;
use super::lanes::Lanes;
use std::mem::MaybeUninit;

/// What a grid reads and writes: the result, what is added to it, and the operands.
pub(super) const PLACES: usize = FIRST_OPERAND + MOST_OPERANDS;
pub(super) const OUT: usize = 0;
pub(super) const START: usize = 1;
pub(super) const FIRST_OPERAND: usize = 2;

/// Where each place begins. Those that the formula has no operands for are not read.
pub(super) type Spots<T> = [*mut T; PLACES];

/// How many times a formula is computed, and how everything moves meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub rows: usize,
    pub lanes: usize,
    /// So many terms are summed up in each lane.
    pub steps: usize,
    /// How far each place moves from row to row.
    pub row: [i32; PLACES],
    /// How far each operand moves from step to step.
    pub step: [i32; PLACES],
    /// Whether each place is the same number in all lanes; the lanes of the others stand side by side, as those of the results do.
    pub is_still: [bool; PLACES],
    /// Whether there is something that is added to.
    pub has_start: bool,
    /// What the formula is multiplied by.
    pub scale: f64,
    /// The exponent of a power with a fixed one.
    pub exponent: i32,
}

/// A formula over a grid.
///
/// # Safety
///
/// The processor has the instruction set. From the spots on, everything that the grid leads to may be read, and the results
/// written. An operand, or what is added to, either moves as the result does from the same spot on, or does not overlap it.
pub(super) type Map<T> = unsafe fn(grid: &Grid, spots: &Spots<T>);

impl Grid {
    /// A row in which everything stands side by side.
    pub fn row(lanes: usize) -> Self {
        let still = [0; PLACES];
        let (has_start, scale, exponent) = (false, 1.0, 0);
        Grid {
            rows: 1,
            lanes,
            steps: 1,
            row: still,
            step: still,
            is_still: [false; PLACES],
            has_start,
            scale,
            exponent,
        }
    }

    /// A row in which everything stands side by side but for some operands, which stand still.
    pub fn row_with_still<const STILL: usize>(lanes: usize, still: [usize; STILL]) -> Self {
        let mut grid = Grid::row(lanes);
        still.into_iter().for_each(|operand| grid.is_still[FIRST_OPERAND + operand] = true);
        grid
    }
}

/// A grid whose spots are found one by one.
pub(super) struct Aim<T> {
    pub grid: Grid,
    pub spots: Spots<T>,
}

/// Where a place begins, and how it moves.
#[derive(Clone, Copy)]
pub(super) struct Standing<T> {
    pub spot: *mut T,
    pub row: i32,
    pub is_still: bool,
}

impl<T> Aim<T> {
    pub fn new(grid: Grid) -> Self {
        Aim { grid, spots: [std::ptr::null_mut(); PLACES] }
    }

    pub fn set(&mut self, place: usize, Standing { spot, row, is_still }: Standing<T>) {
        self.spots[place] = spot;
        (self.grid.row[place], self.grid.is_still[place]) = (row, is_still);
    }
}

/// The spots of a result and of operands.
pub(super) fn spots<T, const OPERANDS: usize>(out: *mut T, operands: [*const T; OPERANDS]) -> Spots<T> {
    let mut spots = [out; PLACES];
    spots[FIRST_OPERAND..].iter_mut().zip(operands).for_each(|(spot, operand)| *spot = operand.cast_mut());
    spots
}

/// Begins where a vector register's worth of bytes does: what crosses a cache line is read back late.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line<N>(N);

/// Operands that stand still are laid out for so many steps at once.
const STEPS: usize = 8;

/// Computes a formula over a grid; `SUMMED` says whether there may be several steps.
///
/// # Safety
///
/// As for [`Map`].
#[inline(always)]
pub(super) unsafe fn map<T: Float, V: Lanes<T>, F: Formula, const FUSED: bool, const SUMMED: bool>(
    grid: &Grid,
    spots: &Spots<T>,
) {
    let end = FIRST_OPERAND + F::OPERANDS;
    // Numbers that are the same in all lanes, as a vector for each step.
    let mut same = [const { [const { Line(MaybeUninit::<V::Numbers>::uninit()) }; STEPS] }; PLACES];
    let mut row = *spots;
    for _ in 0..grid.rows {
        let (mut first, mut has_start, mut is_still) = (row, grid.has_start, grid.is_still);
        is_still[START] &= has_start;
        let mut left = if SUMMED { grid.steps } else { 1 };
        loop {
            let (mut at, mut step, mut lane) = (first, grid.step.map(|step| step as isize), [V::NUMBERS; PLACES]);
            let steps = if SUMMED { left.min(STEPS) } else { 1 };
            for place in START..end {
                if is_still[place] {
                    for number in 0..if place == START { 1 } else { steps } {
                        // SAFETY: the caller's promise.
                        let numbers = V::all(unsafe { *at[place].wrapping_offset(number as isize * step[place]) });
                        same[place][number].0.write(numbers);
                    }
                    at[place] = (&raw mut same[place]).cast();
                    step[place] = (size_of::<Line<V::Numbers>>() / size_of::<T>()) as isize;
                    lane[place] = 0;
                }
            }
            let mut part = Part { grid, at, step, steps, has_start };
            let mut lanes = grid.lanes;
            // SAFETY: the caller's promise.
            unsafe {
                while lanes >= V::NUMBERS {
                    part.compute::<V, F, FUSED, SUMMED, true>(V::NUMBERS);
                    for place in 0..end {
                        part.at[place] = part.at[place].wrapping_add(lane[place]);
                    }
                    lanes -= V::NUMBERS;
                }
                if lanes > 0 {
                    part.compute::<V, F, FUSED, SUMMED, false>(lanes);
                }
            }
            if left == steps {
                break;
            }
            // Further steps are added to what these have come to.
            left -= steps;
            (first[START], has_start, is_still[START]) = (first[OUT], true, false);
            for place in FIRST_OPERAND..end {
                first[place] = first[place].wrapping_offset(grid.step[place] as isize * steps as isize);
            }
        }
        for place in 0..end {
            row[place] = row[place].wrapping_offset(grid.row[place] as isize);
        }
    }
}

/// Some lanes of a row, and the steps that are summed up in them.
struct Part<'a, T> {
    grid: &'a Grid,
    at: Spots<T>,
    step: [isize; PLACES],
    steps: usize,
    has_start: bool,
}

impl<T: Float> Part<'_, T> {
    /// Computes so many lanes, which are `ALL` lanes that are computed at once, or less.
    ///
    /// # Safety
    ///
    /// As for [`Map`].
    #[inline(always)]
    unsafe fn compute<V: Lanes<T>, F: Formula, const FUSED: bool, const SUMMED: bool, const ALL: bool>(
        &self,
        lanes: usize,
    ) {
        let scale = V::all(T::constant(self.grid.scale));
        let (mut at, mut left, mut is_sum) = (self.at, self.steps, self.has_start);
        // SAFETY: the caller's promise. Numbers are read before those of the same lanes are written.
        unsafe {
            let mut results = V::all(T::default());
            if is_sum {
                results = read::<T, V, ALL>(at[START], lanes);
            }
            loop {
                let mut numbers = [V::all(T::default()); MOST_OPERANDS];
                for operand in 0..F::OPERANDS {
                    let place = FIRST_OPERAND + operand;
                    numbers[operand] = read::<T, V, ALL>(at[place], lanes);
                    at[place] = at[place].wrapping_offset(self.step[place]);
                }
                let terms = formula::<T, V, F, FUSED>(&numbers, self.grid.exponent);
                if is_sum {
                    results = sum::<T, V, FUSED>(results, terms, scale);
                } else if self.grid.scale != 1.0 {
                    results = product::<T, V>(terms, scale);
                } else {
                    results = terms;
                }
                left -= 1;
                if !SUMMED || left == 0 {
                    break;
                }
                is_sum = true;
            }
            match ALL {
                true => self.at[OUT].cast::<V::Numbers>().write_unaligned(results),
                false => V::put(results, self.at[OUT], lanes),
            }
        }
    }
}

/// # Safety
///
/// So many numbers may be read there, and `ALL` means as many as are computed at once.
#[inline(always)]
unsafe fn read<T: Float, V: Lanes<T>, const ALL: bool>(spot: *const T, lanes: usize) -> V::Numbers {
    // SAFETY: the caller's promise.
    unsafe {
        match ALL {
            true => spot.cast::<V::Numbers>().read_unaligned(),
            false => V::some(spot, lanes),
        }
    }
}

/// The formula in all lanes.
#[inline(always)]
fn formula<T: Float, V: Lanes<T>, F: Formula, const FUSED: bool>(
    numbers: &[V::Numbers; MOST_OPERANDS],
    exponent: i32,
) -> V::Numbers {
    if F::IS_PERIODIC {
        let mut are_near = true;
        for lane in 0..V::NUMBERS {
            are_near &= is_near(numbers[0][lane].into());
        }
        if are_near {
            return in_lanes::<T, V, F, FUSED, true>(numbers, exponent);
        }
    }
    in_lanes::<T, V, F, FUSED, false>(numbers, exponent)
}

#[inline(always)]
fn in_lanes<T: Float, V: Lanes<T>, F: Formula, const FUSED: bool, const NEAR: bool>(
    numbers: &[V::Numbers; MOST_OPERANDS],
    exponent: i32,
) -> V::Numbers {
    let mut results = V::all(T::default());
    for lane in 0..V::NUMBERS {
        let [a, b, c, d, e] = numbers;
        let operands: [Lane<T, FUSED, NEAR>; MOST_OPERANDS] =
            [Lane(a[lane]), Lane(b[lane]), Lane(c[lane]), Lane(d[lane]), Lane(e[lane])];
        results[lane] = F::at(operands, exponent).0;
    }
    results
}

/// `start + term * scale` in all lanes.
#[inline(always)]
fn sum<T: Float, V: Lanes<T>, const FUSED: bool>(start: V::Numbers, term: V::Numbers, scale: V::Numbers) -> V::Numbers {
    let mut sums = start;
    for lane in 0..V::NUMBERS {
        sums[lane] = if FUSED {
            term[lane].fused_mul_add(scale[lane], start[lane])
        } else {
            start[lane] + term[lane] * scale[lane]
        };
    }
    sums
}

#[inline(always)]
fn product<T: Float, V: Lanes<T>>(term: V::Numbers, scale: V::Numbers) -> V::Numbers {
    let mut products = term;
    for lane in 0..V::NUMBERS {
        products[lane] = term[lane] * scale[lane];
    }
    products
}
