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
    let taken = steps.iter_mut().map(|step| match step {
        Step::Repeat { body, .. } => take_out_of(constants, body),
        Step::Run(instruction) => take_out(constants, instruction),
    });
    taken.fold(false, |some, one| some || one)
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
            let same = same_loops(inner, reader, read)?;
            let mut term = inner.term.clone();
            term.operands_mut().into_iter().for_each(|access| *access = in_loops(same, *access));
            let scale = reader.scale * inner.scale;
            scale.is_normal().then(|| Instruction { scale, term, ..reader.clone() })
        }
        (Term::Copy(b), Start::From(a), Term::Product { a: read, b: again, .. })
            if read == again && inner.scale == -1.0 =>
        {
            let same = same_loops(inner, reader, read)?;
            // Differences of all with all: where each number is in one, storing them costs no more than they are worth.
            let is_spread = |access: &Access| (0..LOOPS).any(|depth| runs(inner, depth) && access.strides[depth] == 0);
            if !is_spread(&a) || !is_spread(b) {
                return None;
            }
            let operands = vec![in_loops(same, a), in_loops(same, *b)];
            let term = Term::Operation { op: Op::SquaredDifference, exponent: 0, operands };
            Some(Instruction { term, ..reader.clone() })
        }
        _ => None,
    }
}

/// For each loop of the reader the one of the inner instruction that is the same, if there is one for each: of the same trips,
/// with the results as far from each other as they are read.
fn same_loops(inner: &Instruction, reader: &Instruction, read: &Access) -> Option<[Option<usize>; LOOPS]> {
    let is_same = |of_inner: usize, of_reader: usize| {
        inner.trips[of_inner] == reader.trips[of_reader] && inner.out.strides[of_inner] == read.strides[of_reader]
    };
    let mut same = [None; LOOPS];
    for depth in (0..LOOPS).filter(|depth| runs(reader, *depth)) {
        let is_free = |candidate: &usize| runs(inner, *candidate) && !same.contains(&Some(*candidate));
        same[depth] = Some((0..LOOPS).filter(is_free).find(|candidate| is_same(*candidate, depth))?);
    }
    let all_are_there = (0..LOOPS).all(|depth| !runs(inner, depth) || same.contains(&Some(depth)));
    (all_are_there && inner.out.base == read.base).then_some(same)
}

fn runs(instruction: &Instruction, depth: usize) -> bool {
    instruction.trips[depth] > 1
}

fn in_loops(same: [Option<usize>; LOOPS], access: Access) -> Access {
    Access { strides: same.map(|depth| depth.map_or(0, |depth| access.strides[depth])), ..access }
}
