//! Products with constants, and products and differences that need not be stored first.
//!
//! A factor that is one constant for all terms is what their instruction multiplies by. And what is read once is computed where
//! it is read: sums of squares become dot products.

use super::draft::Draft;
use crate::Op;
use crate::program::{Access, Instruction, LOOPS, REPEATS, Route, Start, Step, Term};
use rustc_hash::FxHashMap;

/// Has instructions multiply by the constants that are factors of all their terms; whether there were any.
pub(super) fn take_constants_out(draft: &Draft, steps: &mut [Step]) -> bool {
    let constants = draft.constants.iter().map(|(number, slot)| (*slot, *number));
    let constants = constants.filter(|(_, number)| number.is_normal()).collect();
    take_out_of(&constants, steps)
}

fn take_out_of(constants: &FxHashMap<u32, f64>, steps: &mut [Step]) -> bool {
    let mut are_some = false;
    for step in steps {
        are_some |= match step {
            Step::Repeat { body, .. } => take_out_of(constants, body),
            Step::Run(instruction) => take_out(constants, instruction),
        };
    }
    are_some
}

fn take_out(constants: &FxHashMap<u32, f64>, instruction: &mut Instruction) -> bool {
    let Term::Product { a, b, .. } = instruction.term else { return false };
    let moves = |access: &Access| {
        let in_loops = (0..LOOPS).any(|depth| instruction.trips[depth] > 1 && access.strides[depth] != 0);
        in_loops || access.shifts != [0; REPEATS] || access.route != Route::Direct
    };
    let constant = |access: &Access| constants.get(&access.base).filter(|_| !moves(access));
    let taken = constant(&b).map(|number| (a, number)).or_else(|| constant(&a).map(|number| (b, number)));
    if let Some((other, number)) = taken
        && (instruction.scale * number).is_normal()
    {
        instruction.scale *= number;
        instruction.term = Term::Copy(other);
        return true;
    }
    false
}

/// What an instruction becomes that alone reads what another has just computed, if it can compute that itself: sums and copies of
/// products, and squares of differences.
pub(super) fn joined(inner: &Instruction, reader: &Instruction) -> Option<Instruction> {
    match (&inner.term, inner.start, &reader.term) {
        (Term::Product { .. }, Start::Zero, Term::Copy(read)) => {
            let scale = reader.scale * inner.scale;
            let joined = Instruction { term: inner.term.clone(), scale, ..reader.in_loops_of(inner, read)? };
            scale.is_normal().then_some(joined)
        }
        (Term::Copy(b), Start::From(a), Term::Product { a: read, b: again, .. })
            if read == again && inner.scale == -1.0 =>
        {
            // Differences of all with all: where each number is in one, storing them costs no more than they are worth.
            let is_spread =
                |access: &Access| (0..LOOPS).any(|depth| inner.trips[depth] > 1 && access.strides[depth] == 0);
            let term = Term::Operation { op: Op::SquaredDifference, exponent: 0, operands: vec![a, *b] };
            let joined = Instruction { term, ..reader.in_loops_of(inner, read)? };
            (is_spread(&a) && is_spread(b)).then_some(joined)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Program, Result, Value};

    fn formulas(function: impl FnOnce(&[Value]) -> Vec<Value>) -> Result<Vec<String>> {
        let explanation = Program::record(&[0.5; 20], function)?.explain();
        Ok(explanation.instructions().into_iter().map(|instruction| instruction.formula.clone()).collect())
    }

    #[test]
    fn products_that_are_summed_alone_are_not_stored() -> Result<()> {
        let squares = |x: &[Value]| x.iter().map(|x| 100.0 * x.powi(2)).sum::<Value>();
        assert_eq!(formulas(|x| vec![squares(x)])?, ["v1 = 100 * x [20] . x [20]"]);
        Ok(())
    }

    #[test]
    fn what_is_read_again_is_stored() -> Result<()> {
        let squares = |x: &[Value]| x.iter().map(|x| x.powi(2)).collect::<Vec<Value>>();
        let found = formulas(|x| {
            let squares = squares(x);
            vec![100.0 * squares.iter().sum::<Value>(), squares.iter().map(|x| x.exp()).sum()]
        })?;
        assert!(found.contains(&"v1 [20] = x [20] * x [20]".to_string()), "{found:#?}");
        Ok(())
    }

    #[test]
    fn differences_of_all_with_all_are_squared_where_they_are_summed() -> Result<()> {
        let distance = |a: &[Value], b: &[Value]| a.iter().zip(b).map(|(a, b)| (*a - *b).powi(2)).sum::<Value>();
        let distances = |x: &[Value]| {
            let (points, others) = x.split_at(8);
            points.chunks(2).flat_map(|a| others.chunks(2).map(|b| distance(a, b))).collect()
        };
        assert_eq!(formulas(distances)?, ["v1 [4 x 6] = sum over 2 of squared_difference(x [4 x 2], x [6 x 2])"]);
        Ok(())
    }

    #[test]
    fn derivatives_multiply_by_their_constants() -> Result<()> {
        let squares = Program::record(&[0.5; 20], |x| 0.5 * x.iter().map(|x| x.powi(2)).sum::<Value>())?;
        let page = squares.gradient()?.explain().to_string();
        // Half of twice the number, and nothing else.
        assert!(page.contains("copy          v3 [20] = x [20]\n"), "{page}");
        Ok(())
    }
}
