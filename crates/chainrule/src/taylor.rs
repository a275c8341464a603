//! Truncated power series: forward mode of any order.

use crate::Number;
use crate::float_traits::{float_traits, mixed_operators};
use crate::op::{formula, operations, partial};
use std::array::from_fn;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// The first terms of a power series in `t`: a number and how it goes on along a path, to the order `TERMS - 1`.
///
/// What is computed from series is a series, so that one walk through a function gives its derivatives of every order along a
/// direction (Griewank and Walther, *Evaluating Derivatives*, chapter 13). A term costs about as much as all before it
/// together.
///
/// ```
/// use chainrule::{Number, Taylor};
///
/// let x = Taylor::<f64, 4>::variable(2.0); // 2 + t
/// let y = x.powi(3); // (2 + t)^3 = 8 + 12 t + 6 t^2 + t^3
/// assert_eq!(y.coefficients, [8.0, 12.0, 6.0, 1.0]);
/// assert_eq!(y.derivatives(), [8.0, 12.0, 12.0, 6.0]);
/// ```
///
/// As on a [`Value`](crate::Value), comparisons (`<`, `==`) compare numbers: the other coefficients do not count.
#[derive(Clone, Copy, Debug)]
pub struct Taylor<N, const TERMS: usize> {
    /// The factors of `1`, `t`, `t^2` and so on.
    pub coefficients: [N; TERMS],
}

impl<N: Number, const TERMS: usize> Taylor<N, TERMS> {
    /// A series without a first term would have no number.
    const HAS_A_TERM: () = assert!(TERMS > 0, "a series has at least one term");

    /// The number that stays where it is.
    pub fn of(value: N) -> Self {
        Self::line(value, N::constant(0.0))
    }

    /// The number that moves with `t`: `value + t`.
    pub fn variable(value: N) -> Self {
        Self::line(value, N::constant(1.0))
    }

    /// The number on a straight path: `value + direction t`.
    pub fn line(value: N, direction: N) -> Self {
        let () = Self::HAS_A_TERM;
        let coefficient = |order| match order {
            0 => value,
            1 => direction,
            _ => N::constant(0.0),
        };
        Taylor { coefficients: from_fn(coefficient) }
    }

    /// The number itself, at `t = 0`.
    pub fn value(self) -> N {
        self.coefficients[0]
    }

    /// The derivatives by `t` at 0, from that of order 0, which is the number itself: each coefficient times the factorial
    /// of its order.
    pub fn derivatives(self) -> [N; TERMS] {
        let mut factorial = 1.0;
        from_fn(|order| {
            factorial *= order.max(1) as f64;
            self.coefficients[order] * N::constant(factorial)
        })
    }

    /// The coefficients that follow from those of two series order by order: each is the sum of `term` over the pairs of
    /// orders that add up to its own.
    fn convolution(self, other: Self, term: impl Fn(N, N) -> N) -> Self {
        let coefficient = |order: usize| {
            let terms = (0..=order).map(|k| term(self.coefficients[k], other.coefficients[order - k]));
            terms.reduce(|sum, term| sum + term).unwrap_or(N::constant(0.0))
        };
        Taylor { coefficients: from_fn(coefficient) }
    }

    fn map(self, change: impl Fn(N) -> N) -> Self {
        Taylor { coefficients: self.coefficients.map(change) }
    }

    fn zip(self, other: Self, join: impl Fn(N, N) -> N) -> Self {
        Taylor { coefficients: from_fn(|order| join(self.coefficients[order], other.coefficients[order])) }
    }

    /// The derivative by `t`; its last term is not known, and left at 0.
    fn slope(self) -> Self {
        let coefficient = |order: usize| match self.coefficients.get(order + 1) {
            Some(next) => *next * N::constant((order + 1) as f64),
            None => N::constant(0.0),
        };
        Taylor { coefficients: from_fn(coefficient) }
    }

    /// The series that begins with `value` and whose derivative by `t` is this one.
    fn integral(self, value: N) -> Self {
        let coefficient = |order: usize| match order.checked_sub(1) {
            Some(before) => self.coefficients[before] / N::constant(order as f64),
            None => value,
        };
        Taylor { coefficients: from_fn(coefficient) }
    }

    /// The chain rule: the series that begins with `value` and whose derivative is the sum of those of the operands, each
    /// times the derivative by it, which may depend on the result itself. Each pass gets one more coefficient right.
    fn chain(value: N, operands: &[Self], partials: impl Fn(Self, &mut [Self])) -> Self {
        let mut result = Self::of(value);
        let mut by_operand = vec![result; operands.len()];
        for _ in 1..TERMS {
            partials(result, &mut by_operand);
            let terms = operands.iter().zip(&by_operand).map(|(x, partial)| x.slope().strong_zero_mul(*partial));
            result = terms.reduce(|sum, term| sum + term).map_or(result, |slope| slope.integral(value));
        }
        result
    }

    /// Two functions each of which is the derivative of the other, but for a sign: of the sine and the cosine -1, of the
    /// hyperbolic ones 1.
    fn mutual(self, [first, second]: [N; 2], sign: f64) -> [Self; 2] {
        let slope = self.slope();
        let [mut first_series, mut second_series] = [first, second].map(Self::of);
        for _ in 1..TERMS {
            let next = slope.strong_zero_mul(second_series).integral(first);
            second_series = slope.strong_zero_mul(first_series).map(|x| x * N::constant(sign)).integral(second);
            first_series = next;
        }
        [first_series, second_series]
    }

    fn quotient(self, divisor: Self) -> Self {
        let mut quotient = Self::of(self.value() / divisor.value());
        for order in 1..TERMS {
            let known = (0..order).map(|k| quotient.coefficients[k].strong_zero_mul(divisor.coefficients[order - k]));
            let rest = known.fold(self.coefficients[order], |rest, term| rest - term);
            quotient.coefficients[order] = rest / divisor.value();
        }
        quotient
    }

    fn integer_power(self, n: i32) -> Self {
        let (mut power, mut square, mut left) = (Self::constant(1.0), self, n.unsigned_abs());
        while left > 0 {
            if left % 2 == 1 {
                power *= square;
            }
            left /= 2;
            if left > 0 {
                square *= square;
            }
        }
        if n < 0 { Self::constant(1.0).quotient(power) } else { power }
    }
}

/// Stamps each row of the table with the chain rule, but for those whose derivatives lead back to themselves.
macro_rules! read_rules {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices { $( $(#[doc = $slice_doc:literal])* $SliceOp:ident $slice_symbol:literal $slice_method:ident($xs:ident)
            -> $slice_y:ident = $slice_formula:expr; $partials:ident => $slice_partial:expr; )* }
        sums $sums:tt
        lookups $lookups:tt
    ) => {
        impl<N: Number, const TERMS: usize> Number for Taylor<N, TERMS> {
            fn constant(value: f64) -> Self {
                Taylor::of(N::constant(value))
            }

            fn strong_zero_mul(self, factor: Self) -> Self {
                self.convolution(factor, N::strong_zero_mul)
            }

            $( read_rules! { @method $kind $method($($x),+) } )*
            $(
                fn $slice_method(xs: &[Self]) -> Self {
                    let values: Vec<N> = xs.iter().map(|x| x.value()).collect();
                    let value = formula::$slice_method(&values);
                    Self::chain(value, xs, |y, partials| partial::$slice_method(xs, y, partials))
                }
            )*
        }
    };
    (@method operator $method:ident $operands:tt) => {};
    (@method power powi($x:ident, $n:ident)) => {
        fn powi(self, $n: i32) -> Self {
            self.integer_power($n)
        }
    };
    (@method native sin($x:ident)) => {
        fn sin(self) -> Self {
            self.mutual([self.value().sin(), self.value().cos()], -1.0)[0]
        }
    };
    (@method native cos($x:ident)) => {
        fn cos(self) -> Self {
            self.mutual([self.value().sin(), self.value().cos()], -1.0)[1]
        }
    };
    (@method native sinh($x:ident)) => {
        fn sinh(self) -> Self {
            self.mutual([self.value().sinh(), self.value().cosh()], 1.0)[0]
        }
    };
    (@method native cosh($x:ident)) => {
        fn cosh(self) -> Self {
            self.mutual([self.value().sinh(), self.value().cosh()], 1.0)[1]
        }
    };
    (@method native select($condition:ident, $a:ident, $b:ident)) => {
        fn select(self, a: Self, b: Self) -> Self {
            a.zip(b, |a, b| self.value().select(a, b))
        }
    };
    (@method native powf($x:ident, $exponent:ident)) => {
        fn powf(self, exponent: Self) -> Self {
            real_power(self, exponent)
        }
    };
    (@method $kind:ident $method:ident($x:ident)) => {
        fn $method(self) -> Self {
            Self::chain(formula::$method(self.value()), &[self], |y, partials| {
                partials.copy_from_slice(&partial::$method(self, y));
            })
        }
    };
    (@method $kind:ident $method:ident($x:ident, $($other:ident),+)) => {
        fn $method(self, $($other: Self),+) -> Self {
            let value = formula::$method(self.value(), $($other.value()),+);
            Self::chain(value, &[self, $($other),+], |y, partials| {
                partials.copy_from_slice(&partial::$method(self, $($other,)+ y));
            })
        }
    };
}
operations!(read_rules);

/// The binomial series around the number that `x` has, with the exponent as it is at `t = 0`; times what its change makes.
fn real_power<N: Number, const TERMS: usize>(x: Taylor<N, TERMS>, exponent: Taylor<N, TERMS>) -> Taylor<N, TERMS> {
    let (base, fixed) = (x.value(), exponent.value());
    let mut binomial = N::constant(1.0);
    let around: [N; TERMS] = from_fn(|order| {
        let order_before = order.saturating_sub(1) as f64;
        if order > 0 {
            binomial = binomial * (fixed - N::constant(order_before)) / N::constant(order as f64);
        }
        binomial.strong_zero_mul(base.powf(fixed - N::constant(order as f64)))
    });
    let step =
        Taylor { coefficients: from_fn(|order| if order == 0 { N::constant(0.0) } else { x.coefficients[order] }) };
    let power = around.into_iter().rev().map(Taylor::of).reduce(|so_far, next| so_far.strong_zero_mul(step) + next);
    let change = (exponent - Taylor::of(fixed)).strong_zero_mul(x.ln()).exp();
    power.map_or(change, |power| power.strong_zero_mul(change))
}

impl<N: Number, const TERMS: usize> Neg for Taylor<N, TERMS> {
    type Output = Self;
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

impl<N: Number, const TERMS: usize> Add for Taylor<N, TERMS> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl<N: Number, const TERMS: usize> Sub for Taylor<N, TERMS> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl<N: Number, const TERMS: usize> Mul for Taylor<N, TERMS> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.convolution(other, |a, b| a * b)
    }
}

impl<N: Number, const TERMS: usize> Div for Taylor<N, TERMS> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.quotient(other)
    }
}

/// `a - b trunc(a / b)`, where the truncated quotient stays as it is.
impl<N: Number, const TERMS: usize> Rem for Taylor<N, TERMS> {
    type Output = Self;
    fn rem(self, other: Self) -> Self {
        let whole = Self::of((self.value() / other.value()).trunc());
        let mut rest = self - other.strong_zero_mul(whole);
        rest.coefficients[0] = self.value() % other.value();
        rest
    }
}

float_traits! { [N: Scalar, const TERMS: usize] Taylor<N, TERMS> }
mixed_operators! { [N: Number, const TERMS: usize] Taylor<N, TERMS> }

impl<N: PartialEq, const TERMS: usize> PartialEq for Taylor<N, TERMS> {
    fn eq(&self, other: &Self) -> bool {
        self.coefficients[0] == other.coefficients[0]
    }
}

impl<N: PartialOrd, const TERMS: usize> PartialOrd for Taylor<N, TERMS> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.coefficients[0].partial_cmp(&other.coefficients[0])
    }
}

/// The coefficients, in brackets: `[8, 12, 6, 1]`.
impl<N: fmt::Display, const TERMS: usize> fmt::Display for Taylor<N, TERMS> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (order, coefficient) in self.coefficients.iter().enumerate() {
            f.write_str(if order == 0 { "[" } else { ", " })?;
            coefficient.fmt(f)?;
        }
        f.write_str("]")
    }
}
