//! The rows of the table, their derivatives and the terms of sums, each as a type: kernels are stamped out for each.

use crate::op::{formula, operations, partial};
use crate::program::Term;
use crate::{Number, Op};

/// The most operands that a formula has: three, and with a derivative the result and what it is multiplied by.
pub const MOST_OPERANDS: usize = 5;

/// A function of some numbers, all of one kind.
pub trait Formula {
    /// So many operands it has; what stands after them is not read.
    const OPERANDS: usize;

    /// Whether it is made of periodic functions of the first operand, which are vector code where that is near 0.
    const IS_PERIODIC: bool = false;

    /// Its value; `exponent` is that of a power with a fixed one.
    fn at<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32) -> N;
}

/// What something is made of, or done with, for a formula that is chosen at run time.
pub trait WithFormula {
    /// What is made.
    type Output;

    /// Makes it.
    fn with<F: Formula>(self) -> Self::Output;
}

/// The term itself.
pub struct Copied;

impl Formula for Copied {
    const OPERANDS: usize = 1;

    #[inline(always)]
    fn at<N: Number>([x, ..]: [N; MOST_OPERANDS], _: i32) -> N {
        x
    }
}

/// The product of two factors, in which a zero gives 0 whatever the other factor is.
pub struct StrongProduct;

impl Formula for StrongProduct {
    const OPERANDS: usize = 2;

    #[inline(always)]
    fn at<N: Number>([a, b, ..]: [N; MOST_OPERANDS], _: i32) -> N {
        a.strong_zero_mul(b)
    }
}

/// The derivative of the rectified linear unit times a factor, as a choice: of the operand, the result and the factor. It is met
/// at every layer, and this is a third of the work of the product.
struct ReluPartial;

impl Formula for ReluPartial {
    const OPERANDS: usize = 3;

    #[inline(always)]
    fn at<N: Number>([x, _, factor, ..]: [N; MOST_OPERANDS], _: i32) -> N {
        let zero = N::constant(0.0);
        zero.less(x).select(factor, zero)
    }
}

/// Hands on the formula of a term, if it has one; a strong product may be taken as an ordinary one.
pub fn of_term<W: WithFormula>(term: &Term, is_careful: bool, with: W) -> Option<W::Output> {
    match term {
        Term::Copy(_) => Some(with.with::<Copied>()),
        Term::Product { is_strong: true, .. } if is_careful => Some(with.with::<StrongProduct>()),
        Term::Product { .. } => operation(Op::Mul, 2, 0, with),
        Term::Operation { op, exponent, operands } => operation(*op, operands.len(), *exponent, with),
        Term::Partial { op, exponent, by, operands, .. } => derivative(*op, operands.len(), *exponent, *by, with),
        Term::Reduction { .. } | Term::ReductionPartial { .. } | Term::Call { .. } | Term::Jacobian { .. } => None,
    }
}

/// An operation and its derivatives.
trait Row {
    const OPERANDS: usize;
    const IS_PERIODIC: bool = false;

    fn value<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32) -> N;

    /// The derivative by one of the operands, which stand first; the result stands after them.
    fn partial<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32, by: usize) -> N;
}

/// The operation.
pub struct Value<R>(R);

impl<R: Row> Formula for Value<R> {
    const OPERANDS: usize = R::OPERANDS;
    const IS_PERIODIC: bool = R::IS_PERIODIC;

    #[inline(always)]
    fn at<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32) -> N {
        R::value(operands, exponent)
    }
}

/// The product of two factors.
pub type Product = Value<row::Mul>;

/// The square of the difference of two numbers.
pub type SquaredDifference = Value<row::SquaredDifference>;

/// The derivative of an operation by one of its operands, times a factor: of the operands, the result, and the factor.
struct Partial<R, const BY: usize>(R);

impl<R: Row, const BY: usize> Formula for Partial<R, BY> {
    const OPERANDS: usize = R::OPERANDS + 2;
    const IS_PERIODIC: bool = R::IS_PERIODIC;

    #[inline(always)]
    fn at<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32) -> N {
        operands[R::OPERANDS + 1].strong_zero_mul(R::partial(operands, exponent, BY))
    }
}

/// The power with this exponent. The exponents that are met most are formulas of their own: vector code has no choices between
/// them, and no loops.
struct Power<const EXPONENT: i32>;

impl<const EXPONENT: i32> Row for Power<EXPONENT> {
    const OPERANDS: usize = row::Powi::OPERANDS;

    #[inline(always)]
    fn value<N: Number>(operands: [N; MOST_OPERANDS], _: i32) -> N {
        row::Powi::value(operands, EXPONENT)
    }

    #[inline(always)]
    fn partial<N: Number>(operands: [N; MOST_OPERANDS], _: i32, by: usize) -> N {
        row::Powi::partial(operands, EXPONENT, by)
    }
}

macro_rules! formulas {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices $slices:tt
        sums $sums:tt
        lookups $lookups:tt
    ) => {
        mod row {
            use super::*;
            $(
                pub struct $Op;
                impl Row for $Op {
                    const OPERANDS: usize = formulas!(@count $kind $($x)+);
                    const IS_PERIODIC: bool = matches!(Op::$Op, Op::Sin | Op::Cos);

                    #[inline(always)]
                    #[allow(unused_variables)]
                    fn value<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32) -> N {
                        formulas!(@value $kind $method operands exponent $($x)+)
                    }

                    #[inline(always)]
                    #[allow(unused_variables)]
                    fn partial<N: Number>(operands: [N; MOST_OPERANDS], exponent: i32, by: usize) -> N {
                        formulas!(@partial $kind $method operands exponent by $($x)+)
                    }
                }
            )*
        }

        /// Hands on the formula of an operation, if it has this many operands. One over slices has no formula.
        pub fn operation<W: WithFormula>(op: Op, operands: usize, exponent: i32, with: W) -> Option<W::Output> {
            match (op, exponent) {
                (Op::Powi, 2) if operands == 1 => Some(with.with::<Value<Power<2>>>()),
                (Op::Powi, 3) if operands == 1 => Some(with.with::<Value<Power<3>>>()),
                $( (Op::$Op, _) if operands == row::$Op::OPERANDS => Some(with.with::<Value<row::$Op>>()), )*
                _ => None,
            }
        }

        /// Hands on the formula of a derivative, if the operation has this many operands.
        pub fn derivative<W: WithFormula>(
            op: Op,
            operands: usize,
            exponent: i32,
            by: u8,
            with: W,
        ) -> Option<W::Output> {
            match (op, exponent) {
                (Op::Relu, _) if operands == 1 && by == 0 => Some(with.with::<ReluPartial>()),
                (Op::Powi, 2) if operands == 1 && by == 0 => Some(with.with::<Partial<Power<2>, 0>>()),
                (Op::Powi, 3) if operands == 1 && by == 0 => Some(with.with::<Partial<Power<3>, 0>>()),
                $( (Op::$Op, _) if operands == row::$Op::OPERANDS => formulas!(@by $kind $Op by with $($x)+), )*
                _ => None,
            }
        }
    };
    (@count power $x:ident $n:ident) => { 1 };
    (@count $kind:ident $($x:ident)+) => { [$(stringify!($x)),+].len() };
    (@value power $method:ident $operands:ident $exponent:ident $x:ident $n:ident) => { $operands[0].$method($exponent) };
    (@value operator $method:ident $operands:ident $exponent:ident $($x:ident)+) => {{
        let [$($x,)+ ..] = $operands;
        formula::$method($($x),+)
    }};
    (@value $kind:ident $method:ident $operands:ident $exponent:ident $($x:ident)+) => {{
        let [$($x,)+ ..] = $operands;
        N::$method($($x),+)
    }};
    (@partial power $method:ident $operands:ident $exponent:ident $by:ident $x:ident $n:ident) => {
        partial::$method($operands[0], $exponent, $operands[1])[$by]
    };
    (@partial $kind:ident $method:ident $operands:ident $exponent:ident $by:ident $($x:ident)+) => {{
        let [$($x,)+ ..] = $operands;
        partial::$method($($x,)+ $operands[Self::OPERANDS])[$by]
    }};
    (@by power $Op:ident $by:ident $with:ident $x:ident $n:ident) => { formulas!(@by one $Op $by $with $x) };
    (@by $kind:ident $Op:ident $by:ident $with:ident $x:ident) => {
        match $by {
            0 => Some($with.with::<Partial<row::$Op, 0>>()),
            _ => None,
        }
    };
    (@by $kind:ident $Op:ident $by:ident $with:ident $x:ident $y:ident) => {
        match $by {
            0 => Some($with.with::<Partial<row::$Op, 0>>()),
            1 => Some($with.with::<Partial<row::$Op, 1>>()),
            _ => None,
        }
    };
    (@by $kind:ident $Op:ident $by:ident $with:ident $x:ident $y:ident $z:ident) => {
        match $by {
            0 => Some($with.with::<Partial<row::$Op, 0>>()),
            1 => Some($with.with::<Partial<row::$Op, 1>>()),
            2 => Some($with.with::<Partial<row::$Op, 2>>()),
            _ => None,
        }
    };
}
operations!(formulas);
