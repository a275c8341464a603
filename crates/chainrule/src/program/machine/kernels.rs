//! The kernels of each instruction set: functions that the compiler makes vector code of, with its instructions.

use super::Float;
use super::formula::{Formula, MOST_OPERANDS};
use super::lane::Lane;
use super::lanes::Lanes;
use super::tile::{self, Job, Kind, Tiles};

/// A formula over rows of one length.
///
/// # Safety
///
/// The processor has the instruction set.
pub(super) type Map<T> = unsafe fn(out: &mut [T], operands: &[&[T]; MOST_OPERANDS], exponent: i32);

/// Adds a row to another of the same length.
///
/// # Safety
///
/// The processor has the instruction set.
pub(super) type Add<T> = unsafe fn(out: &mut [T], term: &[T]);

/// A number made of a row.
///
/// # Safety
///
/// The processor has the instruction set.
pub(super) type Fold<T> = unsafe fn(row: &[T]) -> T;

/// An instruction set, as kernels see it.
pub(super) trait Set {
    /// So many numbers its registers hold.
    fn width<T: Float>() -> usize;
    /// The kernel of a formula.
    fn map<T: Float, F: Formula>() -> Map<T>;
    /// The kernel that adds rows.
    fn add<T: Float>() -> Add<T>;
    /// The kernel of products and sums whose factors move like this.
    fn tiles<T: Float, K: Kind>() -> Tiles<T>;
    /// The kernel of dot products.
    fn dots<T: Float>() -> Tiles<T>;
    /// The kernel of a sum.
    fn sum<T: Float>() -> Fold<T>;
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
                unsafe fn map<T: Float, F: Formula>(out: &mut [T], operands: &[&[T]; MOST_OPERANDS], exponent: i32) {
                    super::kernels::map::<T, F, $fused>(out, operands, exponent);
                }
                map::<T, F>
            }

            fn add<T: Float>() -> Add<T> {
                $(#[$feature])?
                unsafe fn add<T: Float>(out: &mut [T], term: &[T]) {
                    super::kernels::add(out, term);
                }
                add::<T>
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

            fn sum<T: Float>() -> Fold<T> {
                $(#[$feature])?
                unsafe fn sum<T: Float>(row: &[T]) -> T {
                    // SAFETY: the caller promises that the processor has the instruction set.
                    unsafe { super::kernels::sum::<T, $Vector>(row) }
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

#[inline(always)]
fn map<T: Float, F: Formula, const FUSED: bool>(out: &mut [T], operands: &[&[T]; MOST_OPERANDS], exponent: i32) {
    let length = out.len();
    let [a, b, c, d, e] = [
        operand::<T, F>(operands, 0, length),
        operand::<T, F>(operands, 1, length),
        operand::<T, F>(operands, 2, length),
        operand::<T, F>(operands, 3, length),
        operand::<T, F>(operands, 4, length),
    ];
    for (lane, out) in out.iter_mut().enumerate() {
        let at = [
            number::<T, F, FUSED>(a, 0, lane),
            number::<T, F, FUSED>(b, 1, lane),
            number::<T, F, FUSED>(c, 2, lane),
            number::<T, F, FUSED>(d, 3, lane),
            number::<T, F, FUSED>(e, 4, lane),
        ];
        *out = F::at(at, exponent).0;
    }
}

/// An operand, if the formula has it, as long as the result: so that its length is checked once.
#[inline(always)]
fn operand<'a, T, F: Formula>(operands: &[&'a [T]; MOST_OPERANDS], number: usize, length: usize) -> &'a [T] {
    if number < F::OPERANDS { &operands[number][..length] } else { &[] }
}

/// A number of an operand, if the formula has it.
#[inline(always)]
fn number<T: Float, F: Formula, const FUSED: bool>(operand: &[T], number: usize, lane: usize) -> Lane<T, FUSED> {
    Lane(if number < F::OPERANDS { operand[lane] } else { T::default() })
}

#[inline(always)]
fn add<T: Float>(out: &mut [T], term: &[T]) {
    for (out, term) in out.iter_mut().zip(term) {
        *out = *out + *term;
    }
}

/// Four sums side by side: they need not wait for each other.
///
/// # Safety
///
/// The processor has the instruction set of the vectors.
#[inline(always)]
unsafe fn sum<T: Float, V: Lanes<T>>(row: &[T]) -> T {
    // SAFETY: the caller's promise; chunks are as long as what is loaded.
    unsafe {
        let mut sums = [V::splat(T::default()); 4];
        let (mut at, mut left) = (row.as_ptr(), row.len());
        while left >= 4 * V::WIDTH {
            for (k, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(V::load(at.add(k * V::WIDTH)));
            }
            (at, left) = (at.add(4 * V::WIDTH), left - 4 * V::WIDTH);
        }
        while left > 0 {
            let count = left.min(V::WIDTH);
            sums[0] = sums[0].add(V::load_first(at, count));
            (at, left) = (at.add(count), left - count);
        }
        (sums[0].add(sums[1])).add(sums[2].add(sums[3])).sum()
    }
}
