//! Vector registers: a few numbers that are added and multiplied at once.
//!
//! Formulas need none of this, the compiler finds vector code for them. Products do: which numbers stay in registers
//! decides how fast they are.

use super::Float;

/// A vector register full of numbers.
///
/// # Safety
///
/// All methods: the processor has the instructions of this kind of register; pointers are good for as many numbers as are
/// loaded or stored.
pub trait Lanes<T>: Copy {
    /// So many numbers that a formula is computed for at once: an array for one register, or for several small ones.
    type Numbers: Copy + std::ops::IndexMut<usize, Output = T>;
    /// The length of that array.
    const NUMBERS: usize;
    /// So many numbers it has.
    const WIDTH: usize;
    /// So many such registers the processor has.
    const REGISTERS: usize;

    /// The same number in all places of an array.
    fn all(x: T) -> Self::Numbers;
    /// An array of the first `count` numbers that stand here, and zeros; at most `NUMBERS`.
    unsafe fn some(from: *const T, count: usize) -> Self::Numbers;
    /// Writes the first `count` numbers of an array here; at most `NUMBERS`.
    unsafe fn put(numbers: Self::Numbers, to: *mut T, count: usize);
    /// The same number in all places.
    unsafe fn splat(x: T) -> Self;
    /// The numbers that stand here.
    unsafe fn load(from: *const T) -> Self;
    /// The first `count` numbers that stand here, and zeros; at most `WIDTH`.
    unsafe fn load_first(from: *const T, count: usize) -> Self;
    /// Writes the numbers here.
    unsafe fn store(self, to: *mut T);
    /// Writes the first `count` numbers here; at most `WIDTH`.
    unsafe fn store_first(self, to: *mut T, count: usize);
    /// The sums.
    unsafe fn add(self, other: Self) -> Self;
    /// The products.
    unsafe fn mul(self, other: Self) -> Self;
    /// `self * factor + term`, in one rounding or two.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// 0 where the number is negative; NaN stays.
    unsafe fn relu(self) -> Self;
    /// The numbers where those of the gate are positive, and 0 elsewhere.
    unsafe fn gated(self, gate: Self) -> Self;
    /// The sum of all numbers.
    unsafe fn sum(self) -> T;

    /// The sums of all numbers of each of four.
    #[inline(always)]
    unsafe fn four_sums([a, b, c, d]: [Self; 4]) -> [T; 4] {
        // SAFETY: so the caller promises.
        unsafe { [a.sum(), b.sum(), c.sum(), d.sum()] }
    }

    /// Writes a square of as many rows as a register has numbers the other way round: what stands `from_row` apart comes to stand
    /// side by side, and what stands side by side `to_row` apart.
    #[inline(always)]
    unsafe fn transpose(from: *const T, from_row: isize, to: *mut T, to_row: isize) {
        for row in 0..Self::WIDTH as isize {
            for lane in 0..Self::WIDTH as isize {
                // SAFETY: so the caller promises.
                unsafe { to.offset(lane * to_row + row).write(from.offset(row * from_row + lane).read()) };
            }
        }
    }
}

/// The registers of each instruction set for a kind of number.
pub trait Vectors: Copy {
    #[cfg(target_arch = "x86_64")]
    /// 64 bytes.
    type Avx512: Lanes<Self>;
    #[cfg(target_arch = "x86_64")]
    /// 32 bytes.
    type Avx2: Lanes<Self>;
    /// What the compiler makes of arrays, where it multiplies and adds in one step or not.
    type Array<const FUSED: bool>: Lanes<Self>;
}

/// An array that the compiler keeps in registers.
#[derive(Clone, Copy)]
pub struct Array<T, const WIDTH: usize, const FUSED: bool>([T; WIDTH]);

macro_rules! each {
    ($width:ident, $lane:ident => $number:expr) => {{
        let mut numbers = [T::default(); $width];
        for $lane in 0..$width {
            numbers[$lane] = $number;
        }
        Array(numbers)
    }};
}

impl<T: Float, const WIDTH: usize, const FUSED: bool> Lanes<T> for Array<T, WIDTH, FUSED> {
    type Numbers = [T; 8];
    const NUMBERS: usize = 8;
    const WIDTH: usize = WIDTH;
    const REGISTERS: usize = if FUSED { 32 } else { 16 };

    #[inline(always)]
    fn all(x: T) -> [T; 8] {
        [x; 8]
    }

    #[inline(always)]
    unsafe fn some(from: *const T, count: usize) -> [T; 8] {
        let mut numbers = [T::default(); 8];
        for (lane, number) in numbers.iter_mut().enumerate().take(count) {
            // SAFETY: so the caller promises.
            *number = unsafe { *from.add(lane) };
        }
        numbers
    }

    #[inline(always)]
    unsafe fn put(numbers: [T; 8], to: *mut T, count: usize) {
        for (lane, number) in numbers.into_iter().enumerate().take(count) {
            // SAFETY: so the caller promises.
            unsafe { *to.add(lane) = number };
        }
    }

    #[inline(always)]
    unsafe fn splat(x: T) -> Self {
        Array([x; WIDTH])
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: so the caller promises.
        Array(unsafe { from.cast::<[T; WIDTH]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const T, count: usize) -> Self {
        let mut numbers = [T::default(); WIDTH];
        for (lane, number) in numbers.iter_mut().enumerate().take(count) {
            // SAFETY: so the caller promises.
            *number = unsafe { *from.add(lane) };
        }
        Array(numbers)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: so the caller promises.
        unsafe { to.cast::<[T; WIDTH]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, count: usize) {
        for (lane, number) in self.0.into_iter().enumerate().take(count) {
            // SAFETY: so the caller promises.
            unsafe { *to.add(lane) = number };
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        each!(WIDTH, lane => self.0[lane] + other.0[lane])
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        each!(WIDTH, lane => self.0[lane] * other.0[lane])
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        if FUSED {
            each!(WIDTH, lane => self.0[lane].fused_mul_add(factor.0[lane], term.0[lane]))
        } else {
            each!(WIDTH, lane => self.0[lane] * factor.0[lane] + term.0[lane])
        }
    }

    #[inline(always)]
    unsafe fn relu(self) -> Self {
        let zero = T::default();
        each!(WIDTH, lane => if self.0[lane] < zero { zero } else { self.0[lane] })
    }

    #[inline(always)]
    unsafe fn gated(self, gate: Self) -> Self {
        let zero = T::default();
        each!(WIDTH, lane => if gate.0[lane] > zero { self.0[lane] } else { zero })
    }

    #[inline(always)]
    unsafe fn sum(self) -> T {
        let mut sum = self.0[0];
        for lane in 1..WIDTH {
            sum = sum + self.0[lane];
        }
        sum
    }
}

macro_rules! vectors {
    ($float:ident, $baseline:literal, $avx2:ident, $avx512:ident) => {
        impl Vectors for $float {
            #[cfg(target_arch = "x86_64")]
            type Avx512 = x86::$avx512;
            #[cfg(target_arch = "x86_64")]
            type Avx2 = x86::$avx2;
            type Array<const FUSED: bool> = Array<$float, $baseline, FUSED>;
        }
    };
}
vectors!(f64, 2, F64x4, F64x8);
vectors!(f32, 4, F32x8, F32x16);

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    /// A mask with the sign set in the first lanes begins so many numbers before the middle.
    static FIRST_64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
    static FIRST_32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

    macro_rules! register {
        (
            $Name:ident($register:ident) of $width:literal $float:ident, $registers:literal $splat:ident $load:ident $store:ident $add:ident $mul:ident
            $mul_add:ident $max:ident;
            load_first($from:ident, $count:ident) $load_first:expr;
            store_first($register_of:ident, $to:ident, $store_count:ident) $store_first:expr;
            gated($gated:ident, $gate:ident) $let_through:expr;
            sum($summed:ident) $sum:expr
            $(; transpose $transpose:ident four_sums $four_sums:ident)?
        ) => {
            #[derive(Clone, Copy)]
            pub struct $Name($register);

            // SAFETY of all: the caller promises that the processor has these instructions, and that the pointers are good.
            impl Lanes<$float> for $Name {
                type Numbers = [$float; $width];
                const NUMBERS: usize = $width;
                const WIDTH: usize = $width;
                const REGISTERS: usize = $registers;

                #[inline(always)]
                fn all(x: $float) -> [$float; $width] {
                    [x; $width]
                }
                #[inline(always)]
                unsafe fn some(from: *const $float, count: usize) -> [$float; $width] {
                    let mut numbers = [0.0; $width];
                    unsafe { Self::load_first(from, count).store((&raw mut numbers).cast()) };
                    numbers
                }
                #[inline(always)]
                unsafe fn put(numbers: [$float; $width], to: *mut $float, count: usize) {
                    unsafe { Self::load((&raw const numbers).cast()).store_first(to, count) };
                }
                #[inline(always)]
                unsafe fn splat(x: $float) -> Self {
                    $Name(unsafe { $splat(x) })
                }
                #[inline(always)]
                unsafe fn load(from: *const $float) -> Self {
                    $Name(unsafe { $load(from) })
                }
                #[inline(always)]
                unsafe fn load_first($from: *const $float, $count: usize) -> Self {
                    $Name(unsafe { $load_first })
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $float) {
                    unsafe { $store(to, self.0) }
                }
                #[inline(always)]
                unsafe fn store_first(self, $to: *mut $float, $store_count: usize) {
                    let $register_of = self.0;
                    unsafe { $store_first }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    $Name(unsafe { $add(self.0, other.0) })
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    $Name(unsafe { $mul(self.0, other.0) })
                }
                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                    $Name(unsafe { $mul_add(self.0, factor.0, term.0) })
                }
                // The second operand is the result where one is NaN.
                #[inline(always)]
                unsafe fn relu(self) -> Self {
                    $Name(unsafe { $max($splat(0.0), self.0) })
                }
                #[inline(always)]
                unsafe fn gated(self, gate: Self) -> Self {
                    let ($gated, $gate) = (self.0, gate.0);
                    $Name(unsafe { $let_through })
                }
                #[inline(always)]
                unsafe fn sum(self) -> $float {
                    let $summed = self.0;
                    unsafe { $sum }
                }
                $(
                    #[inline(always)]
                    unsafe fn transpose(from: *const $float, from_row: isize, to: *mut $float, to_row: isize) {
                        unsafe { $transpose(from, from_row, to, to_row) }
                    }
                    #[inline(always)]
                    unsafe fn four_sums([a, b, c, d]: [Self; 4]) -> [$float; 4] {
                        unsafe { $four_sums([a.0, b.0, c.0, d.0]) }
                    }
                )?
            }
        };
    }

    register! {
        F64x8(__m512d) of 8 f64, 32 _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_add_pd _mm512_mul_pd
        _mm512_fmadd_pd _mm512_max_pd;
        load_first(from, count) _mm512_maskz_loadu_pd(((1u32 << count) - 1) as __mmask8, from);
        store_first(x, to, count) _mm512_mask_storeu_pd(to, ((1u32 << count) - 1) as __mmask8, x);
        gated(x, gate) {
            let is_positive = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_pd());
            _mm512_maskz_mov_pd(is_positive, x)
        };
        sum(x) _mm512_reduce_add_pd(x);
        transpose transpose_8 four_sums four_sums_of_8
    }

    register! {
        F32x16(__m512) of 16 f32, 32 _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_add_ps _mm512_mul_ps
        _mm512_fmadd_ps _mm512_max_ps;
        load_first(from, count) _mm512_maskz_loadu_ps(((1u32 << count) - 1) as __mmask16, from);
        store_first(x, to, count) _mm512_mask_storeu_ps(to, ((1u32 << count) - 1) as __mmask16, x);
        gated(x, gate) {
            let is_positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_ps());
            _mm512_maskz_mov_ps(is_positive, x)
        };
        sum(x) _mm512_reduce_add_ps(x)
    }

    register! {
        F64x4(__m256d) of 4 f64, 16 _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_add_pd _mm256_mul_pd
        _mm256_fmadd_pd _mm256_max_pd;
        load_first(from, count) _mm256_maskload_pd(from, first_64(count));
        store_first(x, to, count) _mm256_maskstore_pd(to, first_64(count), x);
        gated(x, gate) _mm256_and_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(gate, _mm256_setzero_pd()), x);
        sum(x) {
            let halves = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
            _mm_cvtsd_f64(_mm_add_sd(halves, _mm_unpackhi_pd(halves, halves)))
        };
        transpose transpose_4 four_sums four_sums_of_4
    }

    register! {
        F32x8(__m256) of 8 f32, 16 _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_add_ps _mm256_mul_ps
        _mm256_fmadd_ps _mm256_max_ps;
        load_first(from, count) _mm256_maskload_ps(from, first_32(count));
        store_first(x, to, count) _mm256_maskstore_ps(to, first_32(count), x);
        gated(x, gate) _mm256_and_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(gate, _mm256_setzero_ps()), x);
        sum(x) {
            let halves = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let quarters = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
            _mm_cvtss_f32(_mm_add_ss(quarters, _mm_shuffle_ps::<1>(quarters, quarters)))
        }
    }

    /// # Safety
    ///
    /// As for [`Lanes::transpose`].
    #[inline(always)]
    unsafe fn transpose_8(from: *const f64, from_row: isize, to: *mut f64, to_row: isize) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut rows = [_mm512_setzero_pd(); 8];
            for (number, row) in rows.iter_mut().enumerate() {
                *row = _mm512_loadu_pd(from.offset(number as isize * from_row));
            }
            // Pairs of rows: their even lanes, and their odd ones.
            let [mut even, mut odd] = [[_mm512_setzero_pd(); 4]; 2];
            for pair in 0..4 {
                even[pair] = _mm512_unpacklo_pd(rows[2 * pair], rows[2 * pair + 1]);
                odd[pair] = _mm512_unpackhi_pd(rows[2 * pair], rows[2 * pair + 1]);
            }
            for (first, [a, b, c, d]) in [even, odd].into_iter().enumerate() {
                // Every second quarter of two pairs, and again of two of those.
                let [low_ab, high_ab] = [_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b)];
                let [low_cd, high_cd] = [_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d)];
                let columns = [
                    _mm512_shuffle_f64x2::<0x88>(low_ab, low_cd),
                    _mm512_shuffle_f64x2::<0x88>(high_ab, high_cd),
                    _mm512_shuffle_f64x2::<0xdd>(low_ab, low_cd),
                    _mm512_shuffle_f64x2::<0xdd>(high_ab, high_cd),
                ];
                for (number, column) in columns.into_iter().enumerate() {
                    _mm512_storeu_pd(to.offset((first + 2 * number) as isize * to_row), column);
                }
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Lanes::transpose`].
    #[inline(always)]
    unsafe fn transpose_4(from: *const f64, from_row: isize, to: *mut f64, to_row: isize) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut rows = [_mm256_setzero_pd(); 4];
            for (number, row) in rows.iter_mut().enumerate() {
                *row = _mm256_loadu_pd(from.offset(number as isize * from_row));
            }
            let even = [_mm256_unpacklo_pd(rows[0], rows[1]), _mm256_unpacklo_pd(rows[2], rows[3])];
            let odd = [_mm256_unpackhi_pd(rows[0], rows[1]), _mm256_unpackhi_pd(rows[2], rows[3])];
            for (first, [a, b]) in [even, odd].into_iter().enumerate() {
                let first = first as isize;
                _mm256_storeu_pd(to.offset(first * to_row), _mm256_permute2f128_pd::<0x20>(a, b));
                _mm256_storeu_pd(to.offset((first + 2) * to_row), _mm256_permute2f128_pd::<0x31>(a, b));
            }
        }
    }

    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    unsafe fn four_sums_of_8([a, b, c, d]: [__m512d; 4]) -> [f64; 4] {
        // SAFETY: the caller's promise.
        unsafe {
            // Of each half the sum of two, side by side.
            let ab = _mm512_add_pd(_mm512_shuffle_f64x2::<0x44>(a, b), _mm512_shuffle_f64x2::<0xee>(a, b));
            let cd = _mm512_add_pd(_mm512_shuffle_f64x2::<0x44>(c, d), _mm512_shuffle_f64x2::<0xee>(c, d));
            let pairs = _mm512_add_pd(_mm512_unpacklo_pd(ab, cd), _mm512_unpackhi_pd(ab, cd));
            let (ac, bd) = (_mm512_castpd512_pd256(pairs), _mm512_extractf64x4_pd::<1>(pairs));
            let ac = _mm_add_pd(_mm256_castpd256_pd128(ac), _mm256_extractf128_pd::<1>(ac));
            let bd = _mm_add_pd(_mm256_castpd256_pd128(bd), _mm256_extractf128_pd::<1>(bd));
            let [c, d] = [_mm_unpackhi_pd(ac, ac), _mm_unpackhi_pd(bd, bd)];
            [_mm_cvtsd_f64(ac), _mm_cvtsd_f64(bd), _mm_cvtsd_f64(c), _mm_cvtsd_f64(d)]
        }
    }

    /// # Safety
    ///
    /// The processor has AVX2.
    #[inline(always)]
    unsafe fn four_sums_of_4([a, b, c, d]: [__m256d; 4]) -> [f64; 4] {
        // SAFETY: the caller's promise.
        unsafe {
            let (ab, cd) = (_mm256_hadd_pd(a, b), _mm256_hadd_pd(c, d));
            let sums = _mm256_add_pd(_mm256_permute2f128_pd::<0x20>(ab, cd), _mm256_permute2f128_pd::<0x31>(ab, cd));
            let mut numbers = [0.0; 4];
            _mm256_storeu_pd(numbers.as_mut_ptr(), sums);
            numbers
        }
    }

    /// # Safety
    ///
    /// The processor has AVX2, and `count` is at most 4.
    #[inline(always)]
    unsafe fn first_64(count: usize) -> __m256i {
        // SAFETY: eight numbers, of which four are read from number 4 - count on.
        unsafe { _mm256_loadu_si256(FIRST_64.as_ptr().add(4 - count).cast()) }
    }

    /// # Safety
    ///
    /// The processor has AVX2, and `count` is at most 8.
    #[inline(always)]
    unsafe fn first_32(count: usize) -> __m256i {
        // SAFETY: sixteen numbers, of which eight are read from number 8 - count on.
        unsafe { _mm256_loadu_si256(FIRST_32.as_ptr().add(8 - count).cast()) }
    }
}
