//! Functions of the table that compilers can turn into vector code: without branches, calls and look-ups.
//!
//! Each is at most 2 units in the last place off, and right for NaN, infinities, subnormal and huge arguments; but sine and cosine
//! are for [near](is_near) arguments. The reductions and series of logarithms, and the series of sine and cosine, are those of
//! FreeBSD's `msun`. `FUSED` says whether the processor multiplies and adds in one step; if
//! not, `f64::mul_add` would be a function call.

use std::f64::consts::{FRAC_2_PI, LOG2_E};

/// `ln(2)` in two parts; the first has zeros at its end, so that small whole numbers times it are exact.
const LN_2: [f64; 2] = [f64::from_bits(0x3fe62e42_fee00000), f64::from_bits(0x3dea39ef_35793c76)];

/// `pi / 2` in three parts. The first two have 40 bits each, so that whole numbers up to 2^13 times them are exact.
const FRAC_PI_2: [f64; 3] =
    [f64::from_bits(0x3ff921fb_54442000), f64::from_bits(0x3d6a308d_31318000), f64::from_bits(0x3ae8a2e0_3707344a)];

/// Added to a number below 2^51, it leaves the nearest whole number in the last bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

#[inline(always)]
fn mul_add<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `a + b x + c x^2 + ...`, written out: loops over lists of coefficients do not become vector code.
macro_rules! polynomial {
    ($x:expr; $last:expr $(,)?) => { $last };
    ($x:expr; $first:expr, $($rest:expr),+ $(,)?) => { mul_add::<FUSED>(polynomial!($x; $($rest),+), $x, $first) };
}

/// Held between bounds; NaN stays NaN.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// The exponent of 1 in the bits of a number.
const EXPONENT_OF_1: u64 = 1023;

/// The number with this exponent in its bits, and nothing else.
#[inline(always)]
fn power_of_two(exponent: u64) -> f64 {
    f64::from_bits(exponent << 52)
}

/// `x` as `n ln(2) + r` with `r` between `-ln(2) / 2` and `ln(2) / 2`: `n`, the same and twice the exponent of 1 as the last bits
/// of a number, and `exp(r) - 1`.
#[inline(always)]
fn reduced_exp_m1<const FUSED: bool>(x: f64) -> (f64, u64, f64) {
    const ROUND_TO_EXPONENT: f64 = ROUND + (2 * EXPONENT_OF_1) as f64;
    let rounded = mul_add::<FUSED>(x, LOG2_E, ROUND_TO_EXPONENT);
    let n = rounded - ROUND_TO_EXPONENT;
    let r = mul_add::<FUSED>(n, -LN_2[1], mul_add::<FUSED>(n, -LN_2[0], x));
    // The series of (exp(r) - 1 - r) / r^2.
    let series = polynomial!(r;
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0,
    );
    (n, rounded.to_bits(), mul_add::<FUSED>(r * r, series, r))
}

/// The exponential.
#[inline(always)]
pub(super) fn exp<const FUSED: bool>(x: f64) -> f64 {
    let (_, exponent, power) = reduced_exp_m1::<FUSED>(clamp(x, -746.0, 710.0));
    // In two steps: the power of two alone may overflow, or be subnormal, where the result does not.
    let half = exponent >> 1;
    let (scale, other_scale) = (power_of_two(half), power_of_two(exponent.wrapping_sub(half)));
    mul_add::<FUSED>(power, scale, scale) * other_scale
}

/// `exp(x) - 1`.
#[inline(always)]
pub(super) fn exp_m1<const FUSED: bool>(x: f64) -> f64 {
    let (n, exponent, power) = reduced_exp_m1::<FUSED>(clamp(x, -50.0, 710.0));
    // Half of it, doubled: 2^1024 overflows.
    let scale = power_of_two(exponent.wrapping_sub(EXPONENT_OF_1 + 1));
    let large = mul_add::<FUSED>(power, scale, scale - 0.5) * 2.0;
    // Without the zero that would take the sign of -0.
    if n == 0.0 { if x == 0.0 { x } else { power } } else { large }
}

/// The natural logarithm.
#[inline(always)]
pub(super) fn ln<const FUSED: bool>(x: f64) -> f64 {
    let is_subnormal = x < f64::MIN_POSITIVE;
    let scaled = if is_subnormal { x * 18_014_398_509_481_984.0 } else { x };
    // The bits of a number are its logarithm, roughly: split so that the mantissa is between sqrt(1/2) and sqrt(2).
    const SQRT_HALF: u64 = 0x3fe6a09e_00000000;
    const ONE: u64 = 0x3ff00000_00000000;
    let bits = scaled.to_bits().wrapping_add(ONE - SQRT_HALF);
    let mantissa = f64::from_bits((bits & 0x000fffff_ffffffff) + SQRT_HALF);
    // The exponent, made a float by writing it behind 2^52.
    let biased = f64::from_bits((bits >> 52) | 0x43300000_00000000) - 4_503_599_627_370_496.0;
    let exponent = biased - if is_subnormal { 1023.0 + 54.0 } else { 1023.0 };
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * polynomial!(z;
        0.666_666_666_666_673_5,
        0.399_999_999_994_094_2,
        0.285_714_287_436_623_9,
        0.222_221_984_321_497_84,
        0.181_835_721_616_180_5,
        0.153_138_376_992_093_73,
        0.147_981_986_051_165_86,
    );
    let half_square = 0.5 * f * f;
    let tail = mul_add::<FUSED>(s, half_square + series, exponent * LN_2[1]);
    let result = mul_add::<FUSED>(exponent, LN_2[0], f - (half_square - tail));
    let result = if x == 0.0 { f64::NEG_INFINITY } else { result };
    let result = if x == f64::INFINITY { x } else { result };
    // Below 0 and of NaN it is not defined.
    if x >= 0.0 { result } else { f64::NAN }
}

/// `ln(1 + x)`.
#[inline(always)]
pub(super) fn ln_1p<const FUSED: bool>(x: f64) -> f64 {
    let sum = 1.0 + x;
    // What was lost in the sum, to first order.
    let lost = (x - (sum - 1.0)) / sum;
    let lost = if sum > 0.0 && sum < f64::INFINITY { lost } else { 0.0 };
    let result = ln::<FUSED>(sum) + lost;
    if x == 0.0 { x } else { result }
}

/// The hyperbolic tangent.
#[inline(always)]
pub(super) fn tanh<const FUSED: bool>(x: f64) -> f64 {
    crate::tanh::tanh(x, exp::<FUSED>, mul_add::<FUSED>)
}

/// Whether sine and cosine of a number are computed here: the multiples of `pi / 2` up to it are known well enough.
#[inline(always)]
pub(super) fn is_near(x: f64) -> bool {
    x.abs() <= 10_000.0
}

/// The sine of a [near](is_near) number.
#[inline(always)]
pub(super) fn sin<const FUSED: bool>(x: f64) -> f64 {
    let (quarters, rest) = reduced_angle::<FUSED>(x);
    sin_after::<FUSED>(quarters, rest)
}

/// The cosine of a [near](is_near) number.
#[inline(always)]
pub(super) fn cos<const FUSED: bool>(x: f64) -> f64 {
    let (quarters, rest) = reduced_angle::<FUSED>(x);
    sin_after::<FUSED>(quarters.wrapping_add(1), rest)
}

/// An angle as so many quarters of a turn, in the last bits of a number, and a rest between `-pi / 4` and `pi / 4`, as a sum of two.
#[inline(always)]
fn reduced_angle<const FUSED: bool>(x: f64) -> (u64, [f64; 2]) {
    let rounded = mul_add::<FUSED>(x, FRAC_2_PI, ROUND);
    let n = rounded - ROUND;
    // Exact, as is the second product; what the second difference loses is known.
    let first = mul_add::<FUSED>(n, -FRAC_PI_2[0], x);
    let product = n * FRAC_PI_2[1];
    let second = first - product;
    let lost = (first - second) - product;
    let tail = mul_add::<FUSED>(n, FRAC_PI_2[2], -lost);
    let rest = second - tail;
    (rounded.to_bits(), [rest, (second - rest) - tail])
}

/// The sine of so many quarters of a turn and a rest.
#[inline(always)]
fn sin_after<const FUSED: bool>(quarters: u64, [rest, tail]: [f64; 2]) -> f64 {
    let square = rest * rest;
    let cube = square * rest;
    let series = polynomial!(square;
        8.333_333_333_322_49e-3,
        -1.984_126_982_985_795e-4,
        2.755_731_370_707_006_8e-6,
        -2.505_076_025_340_686_3e-8,
        1.589_690_995_211_55e-10,
    );
    let corrected = mul_add::<FUSED>(square, 0.5 * tail - cube * series, -tail);
    let sine = rest - mul_add::<FUSED>(cube, 0.166_666_666_666_666_32, corrected);
    let series = square
        * polynomial!(square;
            4.166_666_666_666_66e-2,
            -1.388_888_888_887_411e-3,
            2.480_158_728_947_673e-5,
            -2.755_731_435_139_066_3e-7,
            2.087_572_321_298_175e-9,
            -1.135_964_755_778_819_5e-11,
        );
    let half_square = 0.5 * square;
    let near_one = 1.0 - half_square;
    let cosine = near_one + (((1.0 - near_one) - half_square) + mul_add::<FUSED>(square, series, -(rest * tail)));
    // Chosen by bits: a choice between two numbers may become a branch, around what only one of them needs.
    let is_odd = (quarters & 1).wrapping_neg();
    f64::from_bits((sine.to_bits() & !is_odd | cosine.to_bits() & is_odd) ^ ((quarters & 2) << 62))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;

    /// How far apart two numbers are, in units of the last place of the second.
    fn distance(found: f64, right: f64) -> f64 {
        if found.to_bits() == right.to_bits() || found.is_nan() && right.is_nan() {
            return 0.0;
        }
        if !found.is_finite() || !right.is_finite() {
            return f64::INFINITY;
        }
        let unit = (f64::from_bits(right.abs().to_bits() + 1) - right.abs()).max(f64::from_bits(1));
        (found - right).abs() / unit
    }

    /// Numbers all over: around 0 and 1, everywhere between the smallest and the largest, and those that are special.
    fn arguments() -> impl Iterator<Item = f64> {
        let special = [0.0, 1.0, f64::INFINITY, f64::NAN, f64::MAX, f64::MIN_POSITIVE, f64::EPSILON, f64::from_bits(1)];
        let dense = (0..200_000).map(|i| f64::from(i) * 1e-5 * 1.000_001);
        let wide = (0..200_000).map(|i| f64::from(i) * 0.004_000_1);
        let all = (0..200_000u64).map(|i| f64::from_bits(i * (f64::INFINITY.to_bits() / 200_000) + i * 7919));
        let near_one = (0..2000).map(|i| f64::from_bits(1f64.to_bits() - 1000 + i));
        special.into_iter().chain(dense).chain(wide).chain(all).chain(near_one).flat_map(|x| [x, -x])
    }

    /// Those whose sine and cosine are computed here, and the neighbours of all multiples of `pi / 2` among them.
    fn near_arguments() -> impl Iterator<Item = f64> {
        let multiples = (0..6366).map(|n| f64::from(n) * std::f64::consts::FRAC_PI_2);
        let neighbours =
            multiples.flat_map(|x| (0..7).map(move |i| f64::from_bits((x.to_bits() + i).saturating_sub(3))));
        arguments().chain(neighbours.flat_map(|x| [x, -x])).filter(|x| is_near(*x))
    }

    fn close(name: &str, right: impl Fn(f64) -> f64, found: [fn(f64) -> f64; 2]) {
        close_at(arguments, name, right, found);
    }

    fn close_at<A: Iterator<Item = f64>>(
        arguments: impl Fn() -> A,
        name: &str,
        right: impl Fn(f64) -> f64,
        found: [fn(f64) -> f64; 2],
    ) {
        for found in found {
            let (worst, at) = arguments()
                .map(|x| (distance(found(x), right(x)), x))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .expect("there are arguments");
            assert!(worst <= 2.0, "{name}({at:e}) = {:e}, not {:e}: {worst} units", found(at), right(at));
        }
    }

    #[test]
    fn functions_are_within_two_units_of_the_standard_library() {
        close("exp", f64::exp, [exp::<true>, exp::<false>]);
        close("exp_m1", f64::exp_m1, [exp_m1::<true>, exp_m1::<false>]);
        close("ln", f64::ln, [ln::<true>, ln::<false>]);
        close("ln_1p", f64::ln_1p, [ln_1p::<true>, ln_1p::<false>]);
        close("tanh", f64::tanh, [tanh::<true>, tanh::<false>]);
        close("tanh of floats", f64::tanh, [Number::tanh; 2]);
        close_at(near_arguments, "sin", f64::sin, [sin::<true>, sin::<false>]);
        close_at(near_arguments, "cos", f64::cos, [cos::<true>, cos::<false>]);
    }

    #[test]
    fn zeros_keep_their_sign() {
        for zero in [0.0f64, -0.0] {
            for odd in [exp_m1::<true>, ln_1p::<true>, tanh::<true>, Number::tanh, sin::<true>, sin::<false>] {
                assert_eq!(odd(zero).to_bits(), zero.to_bits());
            }
        }
    }
}
