//! The chain rule, for one operand: what its tangent adds to that of the result, or the adjoint of the result to its own.
//!
//! Both are a factor times one derivative. They differ in what the factor is and where the sum goes.

use super::formula::{Formulas, Symbol};
use crate::program::rewrite::draft::Draft;
use crate::program::{Access, Instruction, LOOPS, Term};
use crate::{Op, Result};

/// A term, and what it is multiplied by.
pub(in crate::program) struct Scaled {
    pub scale: f64,
    pub term: Term,
}

impl Scaled {
    /// A number as it is.
    pub fn copy(number: Access) -> Self {
        Scaled { scale: 1.0, term: Term::Copy(number) }
    }
}

/// A factor times the derivative of an instruction's term by one of its operands; none where that is 0. A square is a product
/// whose operands are one.
pub(in crate::program) fn chain(
    draft: &mut Draft,
    formulas: &mut Formulas,
    instruction: &Instruction,
    by: usize,
    factor: Access,
) -> Result<Option<Scaled>> {
    let scaled = |scale: f64, term| Ok(Some(Scaled { scale: instruction.scale * scale, term }));
    match &instruction.term {
        Term::Copy(_) => scaled(1.0, Term::Copy(factor)),
        Term::Product { a, b, .. } if a == b && by == 0 => scaled(2.0, product(factor, *a)),
        Term::Product { a, b, .. } if a == b => Ok(None),
        Term::Product { a, b, .. } => scaled(1.0, product(factor, if by == 0 { *b } else { *a })),
        Term::Operation { op, exponent, operands } => {
            match derivative(formulas, (*op, *exponent), by, operands, instruction.out, factor) {
                Some(Scaled { scale, term }) => scaled(scale, term),
                None => Ok(None),
            }
        }
        Term::Reduction { op: Op::Sum, .. } => scaled(1.0, Term::Copy(factor)),
        Term::Reduction { op: Op::Mean, .. } => {
            scaled(1.0 / f64::from(instruction.trips[LOOPS - 1]), Term::Copy(factor))
        }
        Term::Reduction { op, operand } => {
            scaled(1.0, Term::ReductionPartial { op: *op, operand: *operand, result: instruction.out, factor })
        }
        Term::Call { operation, operands } => {
            let (trips, jacobian) = (instruction.trips, draft.fresh(instruction.trips)?);
            let (operation, operands, results) = (operation.clone(), *operands, instruction.out);
            let term = Term::Jacobian { operation, operands, results };
            draft.run(Instruction::new(trips, jacobian, term));
            scaled(1.0, product(factor, jacobian))
        }
        Term::Partial { .. } | Term::ReductionPartial { .. } | Term::Jacobian { .. } => {
            unreachable!("derivatives that vary have become the operations of their formulas, or were refused")
        }
    }
}

/// A factor times the derivative of an activation, which depends on the result alone.
pub(in crate::program) fn chain_activation(
    formulas: &mut Formulas,
    activation: Op,
    result: Access,
    factor: Access,
) -> Option<Scaled> {
    derivative(formulas, (activation, 0), 0, &[result], result, factor)
}

fn derivative(
    formulas: &mut Formulas,
    (op, exponent): (Op, i32),
    by: usize,
    operands: &[Access],
    result: Access,
    factor: Access,
) -> Option<Scaled> {
    let formula = &formulas.of(op, exponent)[by];
    // A result that is not used need not be kept: the operation may be one of many that are summed.
    let result = if formula.uses(operands.len()) { result } else { operands[0] };
    let term = match formula.result {
        Symbol::Constant(0.0) => return None,
        Symbol::Constant(scale) => return Some(Scaled { scale, term: Term::Copy(factor) }),
        Symbol::Given(number) => product(factor, operands.get(number).copied().unwrap_or(result)),
        Symbol::Computed(_) => {
            Term::Partial { op, exponent, by: by as u8, operands: operands.to_vec(), result, factor }
        }
    };
    Some(Scaled { scale: 1.0, term })
}

/// As it must be among derivatives: 0 where one factor is, whatever the other.
fn product(a: Access, b: Access) -> Term {
    Term::Product { a, b, is_strong: true }
}
