//! A formula over a grid: rows of lanes that stand side by side, or are the same number in all lanes.
//!
//! Numbers are taken into arrays that are as wide as a register, by value. So the compiler knows that nothing overlaps, and
//! makes vector code of loops over them, however short the rows are. There are no closures here: those would be functions of
//! their own, which lack the vector instructions.
// Lanes are numbers of a register.
#![allow(clippy::needless_range_loop)]

use super::Float;
use super::formula::{Formula, MOST_OPERANDS};
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
    /// How far each place moves from row to row.
    pub row: [i32; PLACES],
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
        Grid { rows: 1, lanes, row: [0; PLACES], is_still: [false; PLACES], has_start: false, scale: 1.0, exponent: 0 }
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

/// Computes a formula over a grid.
///
/// # Safety
///
/// As for [`Map`].
#[inline(always)]
pub(super) unsafe fn map<T: Float, V: Lanes<T>, F: Formula, const FUSED: bool>(grid: &Grid, spots: &Spots<T>) {
    let end = FIRST_OPERAND + F::OPERANDS;
    // Numbers that are the same in all lanes, as a vector from which reading does not move on.
    let mut same = [const { Line(MaybeUninit::<V::Numbers>::uninit()) }; PLACES];
    let mut steps = [V::NUMBERS; PLACES];
    for place in START..end {
        if grid.is_still[place] {
            steps[place] = 0;
        }
    }
    let (scale, is_scaled) = (V::all(T::constant(grid.scale)), grid.scale != 1.0);
    let mut spots = *spots;
    // SAFETY: the caller's promise. Numbers are read before those of the same lanes are written.
    unsafe {
        for _ in 0..grid.rows {
            let mut at = spots;
            for place in START..end {
                if grid.is_still[place] && (place != START || grid.has_start) {
                    at[place] = (&raw mut *same[place].0.write(V::all(*spots[place]))).cast();
                }
            }
            let mut left = grid.lanes;
            while left >= V::NUMBERS {
                let mut numbers = [V::all(T::default()); MOST_OPERANDS];
                for operand in 0..F::OPERANDS {
                    numbers[operand] = at[FIRST_OPERAND + operand].cast::<V::Numbers>().read_unaligned();
                }
                let mut results = formula::<T, V, F, FUSED>(&numbers, grid.exponent);
                if grid.has_start {
                    results = sum::<T, V, FUSED>(at[START].cast::<V::Numbers>().read_unaligned(), results, scale);
                } else if is_scaled {
                    results = product::<T, V>(results, scale);
                }
                at[OUT].cast::<V::Numbers>().write_unaligned(results);
                for place in 0..end {
                    at[place] = at[place].wrapping_add(steps[place]);
                }
                left -= V::NUMBERS;
            }
            if left > 0 {
                let mut numbers = [V::all(T::default()); MOST_OPERANDS];
                for operand in 0..F::OPERANDS {
                    numbers[operand] = V::some(at[FIRST_OPERAND + operand], left);
                }
                let mut results = formula::<T, V, F, FUSED>(&numbers, grid.exponent);
                if grid.has_start {
                    results = sum::<T, V, FUSED>(V::some(at[START], left), results, scale);
                } else if is_scaled {
                    results = product::<T, V>(results, scale);
                }
                V::put(results, at[OUT], left);
            }
            for place in 0..end {
                spots[place] = spots[place].wrapping_offset(grid.row[place] as isize);
            }
        }
    }
}

/// The formula in all lanes.
#[inline(always)]
fn formula<T: Float, V: Lanes<T>, F: Formula, const FUSED: bool>(
    numbers: &[V::Numbers; MOST_OPERANDS],
    exponent: i32,
) -> V::Numbers {
    let mut results = V::all(T::default());
    for lane in 0..V::NUMBERS {
        let [a, b, c, d, e] = numbers;
        let operands: [Lane<T, FUSED>; MOST_OPERANDS] =
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
