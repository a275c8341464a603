//! The kernels of each instruction set: functions that the compiler makes vector code of, with its instructions.

use super::Float;
use super::formula::Formula;
use super::grid::{self, Grid, Map, Spots};
use super::lanes::Lanes;
use super::tile::{self, Job, Kind, Moving, Pack, Tiles};

/// Adds to each of some sums a row of numbers, each times a factor.
///
/// # Safety
///
/// The processor has the instruction set, and there are as many rows as sums.
pub(super) type Sum<T> = unsafe fn(rows: Addends<T>, sums: &mut [T]);

/// Rows that are summed up.
#[derive(Clone, Copy)]
pub struct Addends<T> {
    pub first: *const T,
    /// How far it is from one row to the next.
    pub row: isize,
    pub length: usize,
    /// What all numbers are multiplied by.
    pub factor: T,
}

/// The sum of a row.
///
/// # Safety
///
/// The processor has the instruction set of the kernel.
pub(super) unsafe fn sum_of<T: Float>(kernel: Sum<T>, row: &[T], factor: T) -> T {
    let mut sum = [T::default()];
    // SAFETY: the caller's promise.
    unsafe { kernel(Addends { first: row.as_ptr(), row: 0, length: row.len(), factor }, &mut sum) };
    sum[0]
}

/// An instruction set, as kernels see it.
pub(super) trait Set {
    /// So many numbers its registers hold.
    fn width<T: Float>() -> usize;
    /// The kernel of a formula.
    fn map<T: Float, F: Formula>() -> Map<T>;
    /// The kernel of a formula that is summed up.
    fn sums<T: Float, F: Formula>() -> Map<T>;
    /// The kernel of products and sums whose factors move like this.
    fn tiles<T: Float, K: Kind>() -> Tiles<T>;
    /// The kernel of dot products.
    fn dots<T: Float>() -> Tiles<T>;
    /// The kernel that puts lanes side by side.
    fn pack<T: Float>() -> Pack<T>;
    /// The kernel of a sum.
    fn sum<T: Float>() -> Sum<T>;
}

macro_rules! sets {
    ($($(#[$only:meta])? $Set:ident [$($feature:meta)?] $fused:literal $Vector:ty;)*) => { $(
        $(#[$only])?
        pub(super) struct $Set;

        $(#[$only])?
        impl Set for $Set {
            fn width<T: Float>() -> usize {
                <$Vector as Lanes<T>>::WIDTH
            }

            fn map<T: Float, F: Formula>() -> Map<T> {
                $(#[$feature])?
                unsafe fn map<T: Float, F: Formula>(grid: &Grid, spots: &Spots<T>) {
                    // SAFETY: the caller's promise.
                    unsafe { grid::map::<T, $Vector, F, $fused, false>(grid, spots) }
                }
                map::<T, F>
            }

            fn sums<T: Float, F: Formula>() -> Map<T> {
                $(#[$feature])?
                unsafe fn sums<T: Float, F: Formula>(grid: &Grid, spots: &Spots<T>) {
                    // SAFETY: the caller's promise.
                    unsafe { grid::map::<T, $Vector, F, $fused, true>(grid, spots) }
                }
                sums::<T, F>
            }

            fn tiles<T: Float, K: Kind>() -> Tiles<T> {
                $(#[$feature])?
                unsafe fn tiles<T: Float, K: Kind>(job: &Job<T>) {
                    // SAFETY: the caller's promise.
                    unsafe { tile::tiles::<T, $Vector, K>(job) }
                }
                tiles::<T, K>
            }

            fn dots<T: Float>() -> Tiles<T> {
                $(#[$feature])?
                unsafe fn dots<T: Float>(job: &Job<T>) {
                    // SAFETY: the caller's promise.
                    unsafe { tile::dots::<T, $Vector>(job) }
                }
                dots::<T>
            }

            fn pack<T: Float>() -> Pack<T> {
                $(#[$feature])?
                unsafe fn pack<T: Float>(
                    from: Moving<*const T>,
                    steps: usize,
                    lanes: usize,
                    to: *mut T,
                    pitch: isize,
                ) {
                    // SAFETY: the caller's promise.
                    unsafe { tile::pack::<T, $Vector>(from, steps, lanes, to, pitch) }
                }
                pack::<T>
            }

            fn sum<T: Float>() -> Sum<T> {
                $(#[$feature])?
                unsafe fn sum<T: Float>(rows: Addends<T>, sums: &mut [T]) {
                    // SAFETY: the caller's promise.
                    unsafe { add_rows::<T, $Vector>(rows, sums) }
                }
                sum::<T>
            }
        }
    )* };
}

sets! {
    #[cfg(target_arch = "x86_64")]
    Avx512 [target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")] true T::Avx512;
    #[cfg(target_arch = "x86_64")]
    Avx2 [target_feature(enable = "avx2,fma")] true T::Avx2;
    #[cfg(target_arch = "aarch64")]
    Neon [] true T::Array<true>;
    Baseline [] false T::Array<false>;
}

/// # Safety
///
/// As for [`Sum`].
#[inline(always)]
unsafe fn add_rows<T: Float, V: Lanes<T>>(rows: Addends<T>, sums: &mut [T]) {
    let (fours, rest) = sums.as_chunks_mut::<4>();
    let mut row = rows.first;
    // SAFETY: the caller's promise.
    unsafe {
        for four in fours {
            let mut vectors = [V::splat(T::default()); 4];
            for vector in &mut vectors {
                *vector = add_up::<T, V>(row, rows.length, rows.factor);
                row = row.wrapping_offset(rows.row);
            }
            let of_rows = V::four_sums(vectors);
            for number in 0..4 {
                four[number] = four[number] + of_rows[number];
            }
        }
        for sum in rest {
            *sum = *sum + add_up::<T, V>(row, rows.length, rows.factor).sum();
            row = row.wrapping_offset(rows.row);
        }
    }
}

/// What a row adds up to, lane by lane. Four sums side by side: they need not wait for each other.
///
/// # Safety
///
/// The processor has the instruction set of the vectors, and so many numbers may be read.
#[inline(always)]
unsafe fn add_up<T: Float, V: Lanes<T>>(row: *const T, length: usize, factor: T) -> V {
    // SAFETY: the caller's promise; chunks are as long as what is loaded.
    unsafe {
        let (mut sums, factor) = ([V::splat(T::default()); 4], V::splat(factor));
        let (mut at, mut left) = (row, length);
        while left >= 4 * V::WIDTH {
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = V::load(at.add(k * V::WIDTH)).mul_add(factor, *sum);
            }
            (at, left) = (at.add(4 * V::WIDTH), left - 4 * V::WIDTH);
        }
        while left > 0 {
            let count = left.min(V::WIDTH);
            sums[0] = V::load_first(at, count).mul_add(factor, sums[0]);
            (at, left) = (at.add(count), left - count);
        }
        (sums[0].add(sums[1])).add(sums[2].add(sums[3]))
    }
}
