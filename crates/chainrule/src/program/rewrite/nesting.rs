//! The loops around an instruction, changed without changing what it does: two made one, one unrolled, a new one put in.

use super::draft::Draft;
use super::reach::Routes;
use crate::program::{Access, Instruction, LOOPS, Lookup, Start, Term};

/// The same in fewer loops: two of which one goes on where the other ends become one.
pub(in crate::program) fn collapsed(instruction: &Instruction, routes: &Routes) -> Instruction {
    let mut instruction = instruction.clone();
    for inner in (1..slice_or_end(&instruction)).rev() {
        for outer in 0..inner {
            let [count, length] = [instruction.trips[outer], instruction.trips[inner]];
            let goes_on = |access: &Access| {
                i64::from(access.strides[outer]) == i64::from(access.strides[inner]) * i64::from(length)
            };
            let all_go_on =
                |access: &Access| goes_on(access) && routes.lookup(access).is_none_or(|lookup| goes_on(&lookup.index));
            if count > 1 && length > 1 && instruction.accesses().all(all_go_on) {
                instruction.trips[inner] *= count;
                instruction.trips[outer] = 1;
            }
        }
    }
    instruction
}

/// The same in several instructions of which each leaves a loop free; one, if it does already.
pub(in crate::program) fn split(instruction: &Instruction, draft: &mut Draft) -> Vec<Instruction> {
    let depths = 0..slice_or_end(instruction);
    let shortest = depths.min_by_key(|depth| instruction.trips[*depth]).expect("there is a loop");
    let trips = instruction.trips[shortest];
    let is_summed_over = instruction.is_summed_over(shortest);
    let part = |turn: u32| {
        let mut part = instruction.clone();
        part.trips[shortest] = 1;
        let mut start = |access: Access| Access {
            base: access.at(at_depth(shortest, turn)),
            strides: with(access.strides, shortest, 0),
            ..access
        };
        change(&mut part, draft, &mut start);
        if is_summed_over && turn > 0 {
            part.start = Start::Here;
        }
        if is_summed_over && turn + 1 < trips {
            part.activation = None;
        }
        part
    };
    (0..trips).map(part).collect()
}

/// The same in a further loop, in which nothing moves yet: as the innermost, but outside of a slice. Says at which depth.
pub(in crate::program) fn with_loop(instruction: &Instruction, trips: u32, draft: &mut Draft) -> (Instruction, usize) {
    let end = slice_or_end(instruction);
    let free = (0..end).rev().find(|depth| instruction.trips[*depth] == 1).expect("a loop is free");
    let mut instruction = instruction.clone();
    instruction.trips[free] = trips;
    instruction.trips[free..end].rotate_left(1);
    change(&mut instruction, draft, &mut |mut access| {
        access.strides[free] = 0;
        access.strides[free..end].rotate_left(1);
        access
    });
    (instruction, end - 1)
}

/// The loops that may be exchanged: all, but for the one that goes through a slice, and the two of a call.
fn slice_or_end(instruction: &Instruction) -> usize {
    match instruction.term {
        Term::Reduction { .. } | Term::ReductionPartial { .. } => LOOPS - 1,
        Term::Call { .. } | Term::Jacobian { .. } => LOOPS - 2,
        _ => LOOPS,
    }
}

/// Changes all accesses, those of run-time indices too.
fn change(instruction: &mut Instruction, draft: &mut Draft, change: &mut impl FnMut(Access) -> Access) {
    for access in instruction.accesses_mut() {
        *access = change(*access);
        if let Some(lookup) = draft.routes.lookup(access).copied() {
            access.route = draft.route_by(Lookup { index: change(lookup.index), ..lookup });
        }
    }
}

fn at_depth(depth: usize, turn: u32) -> [u32; LOOPS] {
    with([0; LOOPS], depth, turn)
}

fn with<T>(mut loops: [T; LOOPS], depth: usize, value: T) -> [T; LOOPS] {
    loops[depth] = value;
    loops
}
