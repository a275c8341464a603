//! The chain rule, for one operand: what its tangent adds to that of the result, or the adjoint of the result to its own.
//!
//! Both are a factor times one derivative. They differ in what the factor is and where the sum goes.

use super::formula::{Formulas, Symbol};
use crate::program::rewrite::draft::Draft;
use crate::program::{Access, Instruction, LOOPS, Route, Start, Term};
use crate::{Op, Result};

/// A factor times the derivative of an instruction's term by one of its operands; none where that is 0.
pub(in crate::program) fn chain(
    draft: &mut Draft,
    formulas: &mut Formulas,
    instruction: &Instruction,
    by: usize,
    factor: Access,
) -> Result<Option<Term>> {
    match &instruction.term {
        Term::Copy(_) => Ok(Some(Term::Copy(factor))),
        Term::Product { a, b, .. } => Ok(Some(product(factor, if by == 0 { *b } else { *a }))),
        Term::Operation { op, exponent, operands } => {
            derivative(draft, formulas, (*op, *exponent), by, operands, instruction.out, factor)
        }
        Term::Reduction { op: Op::Sum, .. } => Ok(Some(Term::Copy(factor))),
        Term::Reduction { op: Op::Mean, .. } => {
            let share = 1.0 / f64::from(instruction.trips[LOOPS - 1]);
            Ok(Some(product(factor, draft.constant(share)?)))
        }
        Term::Reduction { op, operand } => {
            Ok(Some(Term::ReductionPartial { op: *op, operand: *operand, result: instruction.out, factor }))
        }
        Term::Call { operation, operands } => {
            let (trips, jacobian) = (instruction.trips, draft.fresh(instruction.trips)?);
            let (operation, operands, results) = (operation.clone(), *operands, instruction.out);
            let term = Term::Jacobian { operation, operands, results };
            draft.run(Instruction { trips, out: jacobian, start: Start::Zero, term, activation: None });
            Ok(Some(product(factor, jacobian)))
        }
        Term::Partial { .. } | Term::ReductionPartial { .. } | Term::Jacobian { .. } => {
            unreachable!("derivatives that vary have become the operations of their formulas, or were refused")
        }
    }
}

/// Of a square that is written as a product: its operand, and an adjoint times the derivative by it, once in place of twice. Only
/// where each place has one such term, so that nothing is lost of the speed of sums of products.
pub(in crate::program) fn chain_square(instruction: &Instruction, adjoint: Access) -> Option<(Access, Term)> {
    let Term::Product { a, b, .. } = &instruction.term else { return None };
    let is_one_term = (0..LOOPS).all(|depth| instruction.trips[depth] == 1 || a.strides[depth] != 0);
    let term = || Term::Partial { op: Op::Powi, exponent: 2, by: 0, operands: vec![*a], result: *a, factor: adjoint };
    (a == b && is_one_term && a.route == Route::Direct).then(|| (*a, term()))
}

/// A factor times the derivative of an activation, which depends on the result alone.
pub(in crate::program) fn chain_activation(
    draft: &mut Draft,
    formulas: &mut Formulas,
    activation: Op,
    result: Access,
    factor: Access,
) -> Result<Option<Term>> {
    derivative(draft, formulas, (activation, 0), 0, &[result], result, factor)
}

fn derivative(
    draft: &mut Draft,
    formulas: &mut Formulas,
    (op, exponent): (Op, i32),
    by: usize,
    operands: &[Access],
    result: Access,
    factor: Access,
) -> Result<Option<Term>> {
    let formula = &formulas.of(op, exponent)[by];
    // A result that is not used need not be kept: the operation may be one of many that are summed.
    let result = if formula.uses(operands.len()) { result } else { operands[0] };
    Ok(Some(match formula.derivative {
        Symbol::Constant(0.0) => return Ok(None),
        Symbol::Constant(1.0) => Term::Copy(factor),
        Symbol::Constant(constant) => product(factor, draft.constant(constant)?),
        Symbol::Given(number) => product(factor, operands.get(number).copied().unwrap_or(result)),
        Symbol::Computed(_) => {
            Term::Partial { op, exponent, by: by as u8, operands: operands.to_vec(), result, factor }
        }
    }))
}

/// As it must be among derivatives: 0 where one factor is, whatever the other.
fn product(a: Access, b: Access) -> Term {
    Term::Product { a, b, is_strong: true }
}
