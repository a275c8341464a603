//! What of a program is written at all, and where its single numbers are named.

use crate::program::arrays::Arrays;
use crate::program::{Instruction, Program, Route, Start, Term};
use std::collections::BTreeSet;

/// Arrays, by their names.
pub(super) type Set = BTreeSet<String>;

/// The arrays that results and guards depend on: what nobody reads is left out.
pub(super) fn needed(program: &Program, arrays: &Arrays) -> Set {
    let results = program.outputs.iter().flat_map(|output| output.slots.iter().cloned().flatten());
    let guards = program.guards.iter().flat_map(|guard| guard.slot..guard.slot + guard.rows);
    let mut needed: Set = results.chain(guards).filter_map(|slot| Some(arrays.at(slot)?.name.clone())).collect();
    let uses = uses(program, arrays);
    loop {
        let before = needed.len();
        for uses in uses.iter().rev().filter(|uses| needed.contains(&uses[0])).cloned().collect::<Vec<_>>() {
            needed.extend(uses);
        }
        if needed.len() == before {
            return needed;
        }
    }
}

/// The arrays that each instruction uses; the one that it writes comes first.
fn uses(program: &Program, arrays: &Arrays) -> Vec<Vec<String>> {
    let of_instruction = |(instruction, repeats): (&Instruction, Vec<u32>)| {
        let mut uses = Vec::new();
        for (_, access, trips) in instruction.accesses_in_loops() {
            uses.push(arrays.of_reach(&program.reach(access, trips, &repeats)).name.clone());
            if let Route::Lookup(number) = access.route {
                let index = &program.lookups[number as usize].index;
                uses.push(arrays.of_reach(&program.reach(index, trips, &repeats)).name.clone());
            }
        }
        uses
    };
    program.instructions().into_iter().map(of_instruction).collect()
}

/// The single numbers that are named where they are computed, since they are so before anybody reads them, and only once.
pub(super) fn declared_late(program: &Program, arrays: &Arrays) -> Set {
    let (mut met, mut late) = (Set::new(), Set::new());
    let instructions = program.instructions();
    for ((instruction, repeats), uses) in instructions.iter().zip(uses(program, arrays)) {
        let is_first = !uses.iter().skip(1).chain(&met).any(|used| *used == uses[0]);
        let is_assigned =
            instruction.start != Start::Here && !matches!(instruction.term, Term::ReductionPartial { .. });
        if is_first && is_assigned && repeats.is_empty() {
            late.insert(uses[0].clone());
        } else {
            late.remove(&uses[0]);
        }
        met.extend(uses);
    }
    late
}
