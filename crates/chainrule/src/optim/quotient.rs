//! Division by multiplications.

/// `a / b`, to the last bit, for a positive `b` that is neither smaller than all normal numbers nor so large that its reciprocal
/// is. It is quick where a processor has fused multiply-add and many of these quotients are wanted, beside other work for the
/// unit that divides.
///
/// Newton's method for the reciprocal, begun with the exponent turned round; the last step corrects the quotient by its
/// remainder, which is exact (Markstein, IA-64 and Elementary Functions, 2000).
#[inline(always)]
pub(super) fn quotient(a: f64, b: f64) -> f64 {
    /// Twice the bits of 1, and what makes the largest error of the first guess, an eighth, as small as it can be.
    const TURNED_ROUND: u64 = 0x7fde_6238_22fc_16e6;
    // An infinite one would make NaN of everything.
    let b = if b < LARGEST { b } else { LARGEST };
    let mut reciprocal = f64::from_bits(TURNED_ROUND.wrapping_sub(b.to_bits()));
    for _ in 0..4 {
        reciprocal *= (-b).mul_add(reciprocal, 2.0);
    }
    let quotient = a * reciprocal;
    (-b).mul_add(quotient, a).mul_add(reciprocal, quotient)
}

/// What is divided by more than this is divided by this: it is next to nothing anyway.
const LARGEST: f64 = 1e300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RngExt, rng};

    #[test]
    fn quotients_are_those_of_the_processor_to_the_last_bit() {
        let mut rng = rng(7);
        let mut number = |magnitude: f64| rng.random_range(1.0..2.0) * rng.random_range(-magnitude..magnitude).exp2();
        for _ in 0..1_000_000 {
            let (a, b) = (number(300.0), number(600.0));
            assert_eq!(quotient(a, b), a / b, "{a} / {b}");
            assert_eq!(quotient(-a, b), -a / b);
        }
    }

    #[test]
    fn what_is_divided_by_something_infinite_is_next_to_nothing() {
        assert!(quotient(1e100, f64::INFINITY).abs() < 1e-199);
        assert!(quotient(f64::NAN, 1.0).is_nan());
    }
}
