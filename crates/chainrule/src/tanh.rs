//! The hyperbolic tangent by an exponential, without branches.

/// The hyperbolic tangent: near 0 as `x + x^3 p(x^2) / q(x^2)`, with the polynomials of
/// Cephes; further out as `1 - 2 / (exp(2 x) + 1)`. `mul_add` is the product plus a summand.
#[inline(always)]
pub(crate) fn tanh(x: f64, exp: impl Fn(f64) -> f64, mul_add: impl Fn(f64, f64, f64) -> f64) -> f64 {
    let magnitude = x.abs();
    let is_small = magnitude < 0.625;
    let square = magnitude * magnitude;
    let p = mul_add(-0.964_399_179_425_052_3, square, -99.287_723_100_191_85);
    let p = mul_add(p, square, -1_614.687_684_417_084_5);
    let q = mul_add(square + 112.811_678_491_632_93, square, 2_235.488_390_601_004_5);
    let q = mul_add(q, square, 4_844.063_053_251_255);
    // In any case, since a branch around it would be mispredicted.
    let far = exp(2.0 * magnitude) + 1.0;
    let numerator = if is_small { magnitude * square * p } else { -2.0 };
    let denominator = if is_small { q } else { far };
    (if is_small { magnitude } else { 1.0 } + numerator / denominator).copysign(x)
}
