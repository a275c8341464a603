//! The derivatives of the table as lists of operations: the rules of a row, read over symbols that write down what is done.
//!
//! From these lists follow which derivatives are constant, which are a number that stands there already, which need the
//! result, and, for derivatives of derivatives, the instructions that compute them.

use crate::op::operations;
use crate::{Number, Op};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

/// What a formula gives, or an operation of it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::program) enum Symbol {
    /// A constant.
    Constant(f64),
    /// An operand of the row; the number after the last operand is the result.
    Given(usize),
    /// What an operation of the formula gave.
    Computed(usize),
}

/// An operation of a formula.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) enum Operation {
    /// Of the table, with the exponent of a power with a fixed one.
    Row(Op, i32, Vec<Symbol>),
    /// A product in which a zero gives 0 whatever the other factor is.
    StrongProduct([Symbol; 2]),
}

/// A formula of the table, or of a derivative of it, as a list.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) struct Formula {
    /// What is done, in this order.
    pub operations: Vec<Operation>,
    /// What comes of it.
    pub result: Symbol,
}

/// The derivatives of operations of the table by their operands, each worked out once.
#[derive(Default)]
pub(in crate::program) struct Formulas {
    known: FxHashMap<(Op, i32), Rc<[Formula]>>,
}

impl Formulas {
    /// The derivatives by each operand.
    pub fn of(&mut self, op: Op, exponent: i32) -> Rc<[Formula]> {
        let exponent = if op == Op::Powi { exponent } else { 0 };
        self.known.entry((op, exponent)).or_insert_with(|| Formula::all(op, exponent).into()).clone()
    }
}

impl Formula {
    fn all(op: Op, exponent: i32) -> Vec<Formula> {
        let operations = RefCell::new(Vec::new());
        let arity = op.row().partials.len();
        let given: Vec<Noted> = (0..=arity).map(|number| Noted::on(Symbol::Given(number), &operations)).collect();
        let derivatives = op.partials(&given[..arity], exponent, given[arity]);
        let formula = |derivative: Noted| Formula::needed(&operations.borrow(), derivative.symbol);
        derivatives.into_iter().map(formula).collect()
    }

    /// What of the operations a result needs.
    pub(in crate::program) fn needed(operations: &[Operation], result: Symbol) -> Formula {
        let mut is_needed = vec![false; operations.len()];
        let need = |symbol: &Symbol, is_needed: &mut [bool]| {
            if let Symbol::Computed(number) = symbol {
                is_needed[*number] = true;
            }
        };
        need(&result, &mut is_needed);
        for (number, operation) in operations.iter().enumerate().rev() {
            if is_needed[number] {
                operation.operands().iter().for_each(|symbol| need(symbol, &mut is_needed));
            }
        }
        let mut numbers = vec![0; operations.len()];
        let mut kept = Vec::new();
        for (number, operation) in operations.iter().enumerate().filter(|(number, _)| is_needed[*number]) {
            numbers[number] = kept.len();
            kept.push(operation.renumbered(&numbers));
        }
        Formula { operations: kept, result: result.renumbered(&numbers) }
    }

    /// Whether it depends on this operand; for derivatives, the result is the one after the last operand.
    pub fn uses(&self, given: usize) -> bool {
        let given = Symbol::Given(given);
        self.result == given || self.operations.iter().any(|operation| operation.operands().contains(&given))
    }

    /// Whether it is 0 everywhere.
    pub fn is_zero(&self) -> bool {
        self.result == Symbol::Constant(0.0)
    }
}

impl Operation {
    pub fn operands(&self) -> &[Symbol] {
        match self {
            Operation::Row(_, _, operands) => operands,
            Operation::StrongProduct(operands) => operands,
        }
    }

    fn renumbered(&self, numbers: &[usize]) -> Self {
        match self {
            Operation::Row(op, exponent, operands) => {
                Operation::Row(*op, *exponent, operands.iter().map(|symbol| symbol.renumbered(numbers)).collect())
            }
            Operation::StrongProduct(factors) => {
                Operation::StrongProduct(factors.map(|symbol| symbol.renumbered(numbers)))
            }
        }
    }
}

impl Symbol {
    fn renumbered(self, numbers: &[usize]) -> Self {
        match self {
            Symbol::Computed(number) => Symbol::Computed(numbers[number]),
            other => other,
        }
    }
}

/// A symbol that writes down what is done with it. Constants alone are computed at once, and belong to no list.
#[derive(Clone, Copy, Debug)]
pub(in crate::program) struct Noted<'a> {
    pub(in crate::program) symbol: Symbol,
    list: Option<&'a RefCell<Vec<Operation>>>,
}

impl<'a> Noted<'a> {
    pub(in crate::program) fn on(symbol: Symbol, list: &'a RefCell<Vec<Operation>>) -> Self {
        Noted { symbol, list: Some(list) }
    }

    /// What an operation of the table gives.
    fn row(op: Op, exponent: i32, operands: &[Self]) -> Self {
        let symbols: Vec<Symbol> = operands.iter().map(|operand| operand.symbol).collect();
        match (op, symbols.as_slice()) {
            (Op::Mul, [_, Symbol::Constant(1.0)]) => return operands[0],
            (Op::Mul, [Symbol::Constant(1.0), _]) => return operands[1],
            (Op::Powi, _) if exponent == 1 => return operands[0],
            (Op::Powi, _) if exponent == 0 => return Self::constant(1.0),
            _ => {}
        }
        let compute = |numbers: &[f64]| op.apply(numbers, exponent);
        Self::written(operands, compute, Operation::Row(op, exponent, symbols))
    }

    fn written(operands: &[Self], compute: impl Fn(&[f64]) -> f64, operation: Operation) -> Self {
        let Some(list) = operands.iter().find_map(|operand| operand.list) else {
            let number = |operand: &Self| match operand.symbol {
                Symbol::Constant(number) => number,
                _ => unreachable!("what belongs to no list is a constant"),
            };
            return Self::constant(compute(&operands.iter().map(number).collect::<Vec<f64>>()));
        };
        let mut list_of = list.borrow_mut();
        let known = list_of.iter().position(|known| *known == operation);
        let number = known.unwrap_or_else(|| {
            list_of.push(operation);
            list_of.len() - 1
        });
        Noted::on(Symbol::Computed(number), list)
    }
}

macro_rules! record_rows {
    (
        rows { $( $(#[doc = $doc:literal])* $kind:ident $Op:ident $symbol:literal $method:ident($($x:ident),+) -> $y:ident
            = $formula:expr; [$($partial:expr),+]; )* }
        slices $slices:tt
        sums $sums:tt
        lookups $lookups:tt
    ) => {
        $( record_rows! { @operator_impl $kind $Op $method($($x),+) } )*

        impl Number for Noted<'_> {
            fn constant(value: f64) -> Self {
                Noted { symbol: Symbol::Constant(value), list: None }
            }

            fn strong_zero_mul(self, factor: Self) -> Self {
                let operation = Operation::StrongProduct([self.symbol, factor.symbol]);
                Self::written(&[self, factor], |numbers| numbers[0].strong_zero_mul(numbers[1]), operation)
            }

            $( record_rows! { @method $kind $Op $method($($x),+) } )*
        }
    };
    (@operator_impl operator $Op:ident $method:ident($x:ident $(, $other:ident)?)) => {
        impl $Op for Noted<'_> {
            type Output = Self;
            fn $method(self $(, $other: Self)?) -> Self {
                Self::row(Op::$Op, 0, &[self $(, $other)?])
            }
        }
    };
    (@operator_impl $kind:ident $Op:ident $method:ident $operands:tt) => {};
    (@method operator $Op:ident $method:ident $operands:tt) => {};
    (@method power $Op:ident $method:ident($x:ident, $n:ident)) => {
        fn $method(self, $n: i32) -> Self {
            Self::row(Op::$Op, $n, &[self])
        }
    };
    (@method $kind:ident $Op:ident $method:ident($x:ident $(, $other:ident)*)) => {
        fn $method(self $(, $other: Self)*) -> Self {
            Self::row(Op::$Op, 0, &[self $(, $other)*])
        }
    };
}
operations!(record_rows);

#[cfg(test)]
mod tests {
    use super::*;

    fn derivative(op: Op, exponent: i32, by: usize) -> Symbol {
        Formulas::default().of(op, exponent)[by].result
    }

    #[test]
    fn derivatives_that_need_no_computing_are_known_as_such() {
        assert_eq!(derivative(Op::Sub, 0, 1), Symbol::Constant(-1.0));
        assert_eq!(derivative(Op::Mul, 0, 0), Symbol::Given(1));
        assert_eq!(derivative(Op::Exp, 0, 0), Symbol::Given(1));
        assert_eq!(derivative(Op::Powi, 1, 0), Symbol::Constant(1.0));
        assert!(Formulas::default().of(Op::Less, 0).iter().all(Formula::is_zero));
    }

    #[test]
    fn a_formula_holds_what_its_derivative_needs_and_no_more() {
        let formulas = Formulas::default().of(Op::Div, 0);
        assert_eq!(formulas[0].operations, [Operation::Row(Op::Recip, 0, vec![Symbol::Given(1)])]);
        assert_eq!(formulas[1].operations.len(), 2);
        assert!(formulas[1].uses(2) && !formulas[1].uses(0));
    }
}
