//! The table of operations: for each its symbol, its formula and its derivatives, once, over any [`Number`].
//!
//! Everything that runs an expression is a reading of this table: the methods of [`Value`](crate::Value) and of
//! [`Number`], eager values and their backward sweep, forward mode, labels, documentation and the tests of every rule.
//! Adding an operation is adding one row.
//!
//! A row reads
//!
//! ```text
//! kind Name "symbol" method(operands) -> result = formula; [derivative by each operand];
//! ```
//!
//! where derivatives may use the operands and the result, `c` makes a constant, and comparisons such as `is_positive` are
//! 1 or 0. The kinds:
//!
//! - `operator`: written with one of Rust's operators, which every [`Number`] has;
//! - `native`: a function that every [`Number`] brings itself;
//! - `composed`: a formula of other rows, which a [`Number`] gets for nothing;
//! - `arithmetic`: the same of operators alone, which is passed back through as quickly as through an operator;
//! - `power`: a function of one number and a fixed integer.
//!
//! Rows over slices name a buffer in place of the list of derivatives and give the statement that fills it. Rows that sum
//! over two slices of one length give the term and its derivatives; the sum may start from an initial number. Rows that
//! look one number of a slice up give the statement that fills the derivatives by the slice; that by the index is 0.

use crate::Number;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E, LOG10_E};

/// Hands all rows to the macro `$reader`.
macro_rules! operations {
    ($reader:ident) => {
        $reader! {
            rows {
                /// The number with its sign changed.
                operator Neg "-" neg(x) -> y = -x; [c(-1.0)];
                /// The sum.
                operator Add "+" add(a, b) -> y = a + b; [c(1.0), c(1.0)];
                /// The difference.
                operator Sub "-" sub(a, b) -> y = a - b; [c(1.0), c(-1.0)];
                /// The product.
                operator Mul "*" mul(a, b) -> y = a * b; [b, a];
                /// The quotient.
                operator Div "/" div(a, b) -> y = a / b; [b.recip(), -y / b];
                /// The remainder of the truncated quotient; at its jumps the derivative beside them.
                operator Rem "%" rem(a, b) -> y = a % b; [c(1.0), -(a / b).trunc()];

                /// The product plus a summand, `a * b + summand`, each rounded.
                arithmetic MulAdd "*+" mul_add(a, b, summand) -> y = a * b + summand; [b, a, c(1.0)];
                /// The square of the difference, `(a - b) * (a - b)`.
                arithmetic SquaredDifference "(-)^2" squared_difference(a, b) -> y = (a - b) * (a - b);
                    [(a - b) * c(2.0), (b - a) * c(2.0)];
                /// The reciprocal, `1 / x`.
                composed Recip "recip" recip(x) -> y = N::constant(1.0) / x; [-y * y];
                /// The power with a fixed integer exponent; `x.powi(0)` is 1 with derivative 0, at 0 too.
                power Powi "^" powi(x, n) -> y = x.powi(n);
                    [if n == 0 { c(0.0) } else { x.powi(n.saturating_sub(1)) * c(n.into()) }];
                /// The power with a real exponent. The derivative by `x` is 0 where the exponent is 0; that by the
                /// exponent is 0 where `x` or the power is 0, and NaN for negative `x`, where it is not defined.
                native Powf "^" powf(x, exponent) -> y = x.powf(exponent); [
                    is_zero(exponent).select(c(0.0), exponent * x.powf(exponent - c(1.0))),
                    (is_zero(x) + is_zero(y)).select(c(0.0), y * x.ln())
                ];
                /// The square root; its derivative at 0 is infinite.
                native Sqrt "sqrt" sqrt(x) -> y = x.sqrt(); [(y + y).recip()];
                /// The cube root; its derivative at 0 is infinite.
                native Cbrt "cbrt" cbrt(x) -> y = x.cbrt(); [(y * y * c(3.0)).recip()];
                /// The length of the vector `(a, b)`, without overflow on the way; derivatives 0 at the origin.
                native Hypot "hypot" hypot(a, b) -> y = a.hypot(b); [
                    is_zero(y).select(c(0.0), a / y),
                    is_zero(y).select(c(0.0), b / y)
                ];

                /// The exponential.
                native Exp "exp" exp(x) -> y = x.exp(); [y];
                /// `exp(x) - 1`, exact near 0.
                native ExpM1 "exp_m1" exp_m1(x) -> y = x.exp_m1(); [x.exp()];
                /// The natural logarithm.
                native Ln "ln" ln(x) -> y = x.ln(); [x.recip()];
                /// `ln(1 + x)`, exact near 0.
                native Ln1p "ln_1p" ln_1p(x) -> y = x.ln_1p(); [(x + c(1.0)).recip()];
                /// The logarithm to base 2.
                native Log2 "log2" log2(x) -> y = x.log2(); [x.recip() * c(LOG2_E)];
                /// The logarithm to base 10.
                native Log10 "log10" log10(x) -> y = x.log10(); [x.recip() * c(LOG10_E)];

                /// The sine of an angle in radians.
                native Sin "sin" sin(x) -> y = x.sin(); [x.cos()];
                /// The cosine of an angle in radians.
                native Cos "cos" cos(x) -> y = x.cos(); [-x.sin()];
                /// The tangent of an angle in radians.
                native Tan "tan" tan(x) -> y = x.tan(); [y * y + c(1.0)];
                /// The angle in `[-pi/2, pi/2]` whose sine is `x`.
                native Asin "asin" asin(x) -> y = x.asin(); [((-x + c(1.0)) * (x + c(1.0))).sqrt().recip()];
                /// The angle in `[0, pi]` whose cosine is `x`.
                native Acos "acos" acos(x) -> y = x.acos(); [-((-x + c(1.0)) * (x + c(1.0))).sqrt().recip()];
                /// The angle in `[-pi/2, pi/2]` whose tangent is `x`.
                native Atan "atan" atan(x) -> y = x.atan(); [(x * x + c(1.0)).recip()];
                /// The angle of the point `(b, a)`, in `[-pi, pi]`; derivatives 0 at the origin.
                native Atan2 "atan2" atan2(a, b) -> y = a.atan2(b); [
                    { let r = a.hypot(b); is_zero(r).select(c(0.0), b / r / r) },
                    { let r = a.hypot(b); is_zero(r).select(c(0.0), -a / r / r) }
                ];
                /// The hyperbolic sine.
                native Sinh "sinh" sinh(x) -> y = x.sinh(); [x.cosh()];
                /// The hyperbolic cosine.
                native Cosh "cosh" cosh(x) -> y = x.cosh(); [x.sinh()];
                /// The hyperbolic tangent. The derivative is that of the rounded result: 0 where that is 1, from 20 on.
                native Tanh "tanh" tanh(x) -> y = x.tanh(); [-y * y + c(1.0)];
                /// The inverse hyperbolic sine.
                native Asinh "asinh" asinh(x) -> y = x.asinh(); [x.hypot(c(1.0)).recip()];
                /// The inverse hyperbolic cosine, of numbers from 1 on.
                native Acosh "acosh" acosh(x) -> y = x.acosh();
                    [((x - c(1.0)).sqrt() * (x + c(1.0)).sqrt()).recip()];
                /// The inverse hyperbolic tangent, of numbers between -1 and 1.
                native Atanh "atanh" atanh(x) -> y = x.atanh(); [((-x + c(1.0)) * (x + c(1.0))).recip()];

                /// The magnitude; derivative 0 at 0.
                native Abs "abs" abs(x) -> y = x.abs(); [is_positive(x) - is_negative(x)];
                /// The smaller of two numbers, or the one that is a number where the other is NaN; where they are
                /// equal, the derivative goes to the first.
                native Min "min" min(a, b) -> y = a.min(b); [a.equal(y), -a.equal(y) + c(1.0)];
                /// The larger of two numbers, or the one that is a number where the other is NaN; where they are
                /// equal, the derivative goes to the first.
                native Max "max" max(a, b) -> y = a.max(b); [a.equal(y), -a.equal(y) + c(1.0)];
                /// The number held between two bounds; on a bound the derivative still goes to `x`. Where the bounds
                /// cross, the upper one.
                composed Clamp "clamp" clamp(x, low, high) -> y =
                    { let raised = x.less(low).select(low, x); high.less(raised).select(high, raised) };
                    [
                        clamp_shares(x, low, high)[0],
                        clamp_shares(x, low, high)[1],
                        clamp_shares(x, low, high)[2]
                    ];
                /// The largest integer that is not above `x`; derivative 0.
                native Floor "floor" floor(x) -> y = x.floor(); [c(0.0)];
                /// The smallest integer that is not below `x`; derivative 0.
                native Ceil "ceil" ceil(x) -> y = x.ceil(); [c(0.0)];
                /// The nearest integer, halves away from 0; derivative 0.
                native Round "round" round(x) -> y = x.round(); [c(0.0)];
                /// The integer part; derivative 0.
                native Trunc "trunc" trunc(x) -> y = x.trunc(); [c(0.0)];
                /// 1 with the sign of `x`, that of a zero too, as Rust's `f64::signum`; derivative 0.
                native Signum "signum" signum(x) -> y = x.signum(); [c(0.0)];

                /// 1 where `a < b`, else 0; derivatives 0. The comparison as an operation, where `<` would be a branch.
                native Less "<" less(a, b) -> y = a.less(b); [c(0.0), c(0.0)];
                /// 1 where `a == b`, else 0; derivatives 0.
                native Equal "==" equal(a, b) -> y = a.equal(b); [c(0.0), c(0.0)];
                /// `a` where the condition is not 0, else `b`: a choice as an operation, where `if` would be a branch.
                /// Derivative 0 by the condition and by what was not chosen.
                native Select "select" select(condition, a, b) -> y = condition.select(a, b);
                    [c(0.0), condition.select(c(1.0), c(0.0)), condition.select(c(0.0), c(1.0))];
                /// The number itself, with derivative 0: what is computed from it does not reach back.
                composed StopGradient "stop_gradient" stop_gradient(x) -> y = x; [c(0.0)];

                /// The rectified linear unit, `max(0, x)`; derivative 0 at 0.
                composed Relu "ReLU" relu(x) -> y = is_negative(x).select(c(0.0), x); [is_positive(x)];
                /// `x` above 0, `slope * x` below; at 0 the derivative is the slope.
                composed LeakyRelu "LeakyReLU" leaky_relu(x, slope) -> y = is_positive(x).select(x, slope * x);
                    [is_positive(x).select(c(1.0), slope), is_positive(x).select(c(0.0), x)];
                /// The exponential linear unit: `x` above 0, `scale * (exp(x) - 1)` below (Clevert and others, 2015); at 0
                /// the derivative is the scale.
                composed Elu "ELU" elu(x, scale) -> y = is_positive(x).select(x, scale * x.exp_m1());
                    [is_positive(x).select(c(1.0), scale * x.exp()), is_positive(x).select(c(0.0), x.exp_m1())];
                /// The Gaussian error linear unit, `x` times the normal distribution up to `x` (Hendrycks and Gimpel, 2016).
                composed Gelu "GELU" gelu(x) -> y = normal_distribution(x).strong_zero_mul(x);
                    [normal_distribution(x) + normal_density(x).strong_zero_mul(x)];
                /// The sigmoid linear unit or swish, `x * sigmoid(x)`.
                composed Silu "SiLU" silu(x) -> y = x.sigmoid().strong_zero_mul(x);
                    [{ let s = x.sigmoid(); s + (s * (-s + c(1.0))).strong_zero_mul(x) }];
                /// The logistic function `1 / (1 + exp(-x))`, without overflow on either side. The derivative is that of
                /// the rounded result: 0 where that is 1, from 37 on.
                composed Sigmoid "sigmoid" sigmoid(x) -> y =
                    { let e = (-x.abs()).exp(); is_negative(x).select(e, c(1.0)) / (e + c(1.0)) };
                    [y * (-y + c(1.0))];
                /// `ln(1 + exp(x))`, without overflow: a smooth relu.
                composed Softplus "softplus" softplus(x) -> y =
                    is_negative(x).select(c(0.0), x) + (-x.abs()).exp().ln_1p();
                    [x.sigmoid()];
                /// The error function.
                native Erf "erf" erf(x) -> y = x.erf(); [(-x * x).exp() * c(FRAC_2_SQRT_PI)];
            }
            slices {
                /// The sum; 0 of nothing.
                Sum "sum" sum(xs) -> y = fold(xs, c(0.0), |sum, x| sum + x); partials => partials.fill(c(1.0));
                /// The product; 1 of nothing. The derivatives are exact where factors are 0.
                Product "product" product(xs) -> y = fold(xs, c(1.0), |product, x| product * x);
                    partials => products_of_the_others(xs, partials);
                /// The arithmetic mean.
                Mean "mean" mean(xs) -> y = fold(xs, c(0.0), |sum, x| sum + x) / c(xs.len() as f64);
                    partials => partials.fill(c(1.0 / xs.len() as f64));
                /// The largest; the derivative goes to the first that is.
                Maximum "max" maximum(xs) -> y = reduce(xs, N::max); partials => first_equal(xs, y, partials);
                /// The smallest; the derivative goes to the first that is.
                Minimum "min" minimum(xs) -> y = reduce(xs, N::min); partials => first_equal(xs, y, partials);
                /// `ln(sum(exp(x)))`, shifted by the maximum so that it neither overflows nor vanishes. The derivatives are
                /// the softmax; where the maximum is infinite, the numbers that are equal to it share 1.
                LogSumExp "log_sum_exp" log_sum_exp(xs) -> y = {
                        let largest = reduce(xs, N::max);
                        let shift = is_finite(largest).select(largest, c(0.0));
                        shift + fold(xs, c(0.0), |sum, x| sum + (x - shift).exp()).ln()
                    };
                    partials => exponential_shares(xs, partials);
            }
            sums {
                /// The sum of products of two slices of one length.
                Dot "dot" dot(a, b) -> sum of a * b; [b, a];
            }
            lookups {
                /// The one of several choices that the index, a whole number from 0 up, counts to; NaN where there is none.
                /// Derivative 0 by what was not chosen.
                Lookup "[]" lookup(index, choices) -> y = chosen(index, choices); partials => one_hot(index, partials);
            }
        }
    };
}
pub(crate) use operations;

/// A constant of a formula, where its place says of which kind of number.
#[inline(always)]
fn c<N: Number>(value: f64) -> N {
    N::constant(value)
}

#[inline(always)]
fn is_zero<N: Number>(x: N) -> N {
    x.equal(c(0.0))
}

#[inline(always)]
fn is_negative<N: Number>(x: N) -> N {
    x.less(c(0.0))
}

#[inline(always)]
fn is_positive<N: Number>(x: N) -> N {
    c::<N>(0.0).less(x)
}

fn fold<N: Number>(xs: &[N], init: N, f: impl Fn(N, N) -> N) -> N {
    xs.iter().fold(init, |so_far, &x| f(so_far, x))
}

/// Four partial sums: they need not wait for each other, as the additions of a single one must.
#[inline]
#[track_caller]
fn sum_of<N: Number>(a: &[N], b: &[N], term: impl Fn(N, N) -> N) -> N {
    let (first, second) = (a.len(), b.len());
    assert!(
        first == second,
        "two slices that are summed over need one length: the first has {first}, the second {second}"
    );
    let ((blocks_a, rest_a), (blocks_b, rest_b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [c::<N>(0.0); 4];
    for (a, b) in blocks_a.iter().zip(blocks_b) {
        sums = std::array::from_fn(|lane| sums[lane] + term(a[lane], b[lane]));
    }
    let rest = rest_a.iter().zip(rest_b).fold(c(0.0), |sum, (&a, &b)| sum + term(a, b));
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

fn reduce<N: Number>(xs: &[N], f: impl Fn(N, N) -> N) -> N {
    let first = xs.first().expect("the largest or smallest of no numbers is not defined");
    fold_in_four(xs, *first, f)
}

/// Four partial results from the same start: they need not wait for each other, as those of a single one must.
fn fold_in_four<N: Number>(xs: &[N], start: N, join: impl Fn(N, N) -> N) -> N {
    let (blocks, rest) = xs.as_chunks::<4>();
    let mut joined = [start; 4];
    for block in blocks {
        joined = std::array::from_fn(|lane| join(joined[lane], block[lane]));
    }
    let rest = fold(rest, start, &join);
    join(join(join(joined[0], joined[1]), join(joined[2], joined[3])), rest)
}

#[inline(always)]
fn normal_distribution<N: Number>(x: N) -> N {
    ((x * c(FRAC_1_SQRT_2)).erf() + c(1.0)) * c(0.5)
}

#[inline(always)]
fn normal_density<N: Number>(x: N) -> N {
    (x * x * c(-0.5)).exp() * c(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2)
}

/// What of the derivative goes to the number, to the lower and to the upper bound.
#[inline(always)]
fn clamp_shares<N: Number>(x: N, low: N, high: N) -> [N; 3] {
    let is_raised = x.less(low);
    let is_lowered = high.less(is_raised.select(low, x));
    let is_not_lowered = -is_lowered + c(1.0);
    [is_not_lowered * (-is_raised + c(1.0)), is_not_lowered * is_raised, is_lowered]
}

#[inline(always)]
fn is_finite<N: Number>(x: N) -> N {
    x.abs().less(c(f64::INFINITY))
}

/// Products from the left and from the right meet at each factor: no division, so zeros do no harm.
fn products_of_the_others<N: Number>(xs: &[N], partials: &mut [N]) {
    let mut left = c(1.0);
    for (partial, &x) in partials.iter_mut().zip(xs) {
        *partial = left;
        left = left * x;
    }
    let mut right = c(1.0);
    for (partial, &x) in partials.iter_mut().zip(xs).rev() {
        *partial = *partial * right;
        right = right * x;
    }
}

/// The logarithm of the sum of exponentials, as the table has it. Leaves how much each `exp(x)` is by the largest, and then what they
/// are divided by to be derivatives, unless the largest is infinite or NaN.
pub(crate) fn log_sum_exp_by_shares(xs: &[f64], shares: &mut Vec<f64>) -> f64 {
    let largest = reduce(xs, f64::max);
    if !largest.is_finite() {
        return formula::log_sum_exp(xs);
    }
    let start = shares.len();
    shares.reserve(xs.len() + 1);
    let mut total = 0.0;
    shares.extend(xs.iter().map(|x| {
        let share = (x - largest).exp();
        total += share;
        share
    }));
    shares.push(sum_of_shares(&shares[start..]));
    largest + total.ln()
}

/// The share of each `exp(x)` in their sum.
fn exponential_shares<N: Number>(xs: &[N], shares: &mut [N]) {
    let largest = reduce(xs, N::max);
    for (share, &x) in shares.iter_mut().zip(xs) {
        *share = is_finite(largest).select((x - largest).exp(), x.equal(largest));
    }
    let total = sum_of_shares(shares);
    for share in shares {
        *share = *share / total;
    }
}

fn sum_of_shares<N: Number>(shares: &[N]) -> N {
    fold_in_four(shares, c(0.0), |sum, share| sum + share)
}

fn chosen<N: Number>(index: N, choices: &[N]) -> N {
    let places = (0..choices.len()).map(|place| index.equal(c(place as f64)));
    places.zip(choices).fold(c(f64::NAN), |chosen, (is_chosen, &choice)| is_chosen.select(choice, chosen))
}

/// 1 in the place that the index counts to, 0 in all others.
fn one_hot<N: Number>(index: N, partials: &mut [N]) {
    for (place, partial) in partials.iter_mut().enumerate() {
        *partial = index.equal(c(place as f64));
    }
}

fn first_equal<N: Number>(xs: &[N], y: N, partials: &mut [N]) {
    let mut left_to_give = c(1.0);
    for (partial, &x) in partials.iter_mut().zip(xs) {
        *partial = x.equal(y) * left_to_give;
        left_to_give = left_to_give - *partial;
    }
}

macro_rules! read_formulas {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices { $( $(#[doc = $slice_doc:literal])* $SliceOp:ident $slice_symbol:literal $slice_method:ident($xs:ident)
            -> $slice_y:ident = $slice_formula:expr; $partials:ident => $slice_partial:expr; )* }
        sums { $( $(#[doc = $sum_doc:literal])* $SumOp:ident $sum_symbol:literal $sum_method:ident($a:ident, $b:ident)
            -> sum of $term:expr; [$partial_a:expr, $partial_b:expr]; )* }
        lookups { $( $(#[doc = $lookup_doc:literal])* $LookupOp:ident $lookup_symbol:literal $lookup_method:ident(
            $index:ident, $choices:ident) -> $lookup_y:ident = $lookup_formula:expr; $lookup_partials:ident
            => $lookup_partial:expr; )* }
    ) => {
        /// The formula of every row, over any [`Number`].
        pub mod formula {
            use super::*;
            $( read_formulas! { @formula $kind $($doc)* $method($($x),+) = $formula } )*
            $(
                $(#[doc = $slice_doc])*
                pub fn $slice_method<N: Number>($xs: &[N]) -> N { $slice_formula }
            )*
            $(
                $(#[doc = $sum_doc])*
                ///
                /// The sum starts from `init`.
                ///
                /// # Panics
                ///
                /// If the slices have different lengths.
                #[inline]
                #[track_caller]
                pub fn $sum_method<N: Number>($a: &[N], $b: &[N], init: N) -> N { sum_of($a, $b, |$a, $b| $term) + init }
            )*
            $(
                $(#[doc = $lookup_doc])*
                pub fn $lookup_method<N: Number>($index: N, $choices: &[N]) -> N { $lookup_formula }
            )*
        }

        /// The derivatives of every row by its operands, from the operands and the result, over any [`Number`].
        #[allow(unused_variables)]
        pub mod partial {
            use super::*;
            $( read_formulas! { @partial $kind $Op $method($($x),+) $y [$($partial),+] } )*
            $(
                #[doc = concat!("Writes the derivatives of [`Op::", stringify!($SliceOp), "`] by its operands.")]
                pub fn $slice_method<N: Number>($xs: &[N], $slice_y: N, $partials: &mut [N]) { $slice_partial }
            )*
            $(
                #[doc = concat!("The derivatives of a term of [`Op::", stringify!($SumOp), "`] by its two operands.")]
                #[inline]
                pub fn $sum_method<N: Number>($a: N, $b: N) -> [N; 2] { [$partial_a, $partial_b] }
            )*
            $(
                #[doc = concat!("Writes the derivatives of [`Op::", stringify!($LookupOp), "`] by its choices.")]
                pub fn $lookup_method<N: Number>(
                    $index: N, $choices: &[N], $lookup_y: N, $lookup_partials: &mut [N]
                ) { $lookup_partial }
            )*
        }

        /// An operation: a row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op {
            /// No operation: a number that was put in.
            Leaf,
            /// A function from outside, of which the tape has the derivatives and no formula: not a row of the table. Its
            /// operands are first the derivatives, which are constants, and then what they are taken by.
            Custom,
            $( $(#[doc = $doc])* $Op, )*
            $( $(#[doc = $slice_doc])* $SliceOp, )*
            $( $(#[doc = $sum_doc])* $SumOp, )*
            $( $(#[doc = $lookup_doc])* $LookupOp, )*
        }

        impl Op {
            /// Every row, in the order of the table.
            pub const ALL: &[Op] = &[$(Op::$Op,)* $(Op::$SliceOp,)* $(Op::$SumOp,)* $(Op::$LookupOp,)*];

            /// What the table says of this operation.
            pub const fn row(self) -> Row {
                match self {
                    Op::Leaf => Row { name: "leaf", symbol: "", operands: &[], formula: "", partials: &[], doc: &[] },
                    Op::Custom => Row {
                        name: "custom",
                        symbol: "custom",
                        operands: &["derivatives[..]", "x[..]"],
                        formula: "",
                        partials: &[],
                        doc: &[],
                    },
                    $( Op::$Op => Row {
                        name: stringify!($method),
                        symbol: $symbol,
                        operands: &[$(stringify!($x)),+],
                        formula: stringify!($formula),
                        partials: &[$(stringify!($partial)),+],
                        doc: &[$($doc),*],
                    }, )*
                    $( Op::$SliceOp => Row {
                        name: stringify!($slice_method),
                        symbol: $slice_symbol,
                        operands: &[concat!(stringify!($xs), "[..]")],
                        formula: stringify!($slice_formula),
                        partials: &[stringify!($slice_partial)],
                        doc: &[$($slice_doc),*],
                    }, )*
                    $( Op::$SumOp => Row {
                        name: stringify!($sum_method),
                        symbol: $sum_symbol,
                        operands: &[concat!(stringify!($a), "[..]"), concat!(stringify!($b), "[..]")],
                        formula: concat!("sum of ", stringify!($term)),
                        partials: &[stringify!($partial_a), stringify!($partial_b)],
                        doc: &[$($sum_doc),*],
                    }, )*
                    $( Op::$LookupOp => Row {
                        name: stringify!($lookup_method),
                        symbol: $lookup_symbol,
                        operands: &[stringify!($index), concat!(stringify!($choices), "[..]")],
                        formula: stringify!($lookup_formula),
                        partials: &["c(0.0)", stringify!($lookup_partial)],
                        doc: &[$($lookup_doc),*],
                    }, )*
                }
            }
        }
    };
    (@formula power $($doc:literal)* $method:ident($x:ident, $n:ident) = $formula:expr) => {
        $(#[doc = $doc])*
        #[inline(always)]
        pub fn $method<N: Number>($x: N, $n: i32) -> N { $formula }
    };
    (@formula $kind:ident $($doc:literal)* $method:ident($($x:ident),+) = $formula:expr) => {
        $(#[doc = $doc])*
        #[inline(always)]
        pub fn $method<N: Number>($($x: N),+) -> N { $formula }
    };
    (@partial power $Op:ident $method:ident($x:ident, $n:ident) $y:ident [$partial:expr]) => {
        #[doc = concat!("The derivative of [`Op::", stringify!($Op), "`] by its operand.")]
        #[inline(always)]
        pub fn $method<N: Number>($x: N, $n: i32, $y: N) -> [N; 1] { [$partial] }
    };
    (@partial $kind:ident $Op:ident $method:ident($($x:ident),+) $y:ident [$($partial:expr),+]) => {
        #[doc = concat!("The derivatives of [`Op::", stringify!($Op), "`] by its operands.")]
        #[inline(always)]
        pub fn $method<N: Number>($($x: N,)+ $y: N) -> [N; [$(stringify!($x)),+].len()] { [$($partial),+] }
    };
}
operations!(read_formulas);

/// What the table says of an operation, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The method that records it.
    pub name: &'static str,
    /// What a picture shows for it.
    pub symbol: &'static str,
    /// The names of the operands in the formulas.
    pub operands: &'static [&'static str],
    /// The formula of the result.
    pub formula: &'static str,
    /// The formulas of the derivatives, one an operand; of an operation over slices, the statement that writes them.
    pub partials: &'static [&'static str],
    doc: &'static [&'static str],
}

impl Row {
    /// What it computes, and what its derivative does at a kink.
    pub fn doc(&self) -> String {
        self.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }
}

impl std::fmt::Display for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.row().symbol)
    }
}
