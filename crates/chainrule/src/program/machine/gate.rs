//! Products and the way back through rectified linear units, in one.
//!
//! What comes back to such a unit goes on where the unit was on; elsewhere it is 0. As a rule it is what a product has just computed,
//! and nobody else reads it: then it is let through where it is computed, while it stands in registers.

use super::nest::Operand;
use crate::Op;
use crate::program::extent::extent;
use crate::program::rewrite::reach::for_each;
use crate::program::{Access, Instruction, Program, REPEATS, Route, Start, Step, Term};
use std::ops::Range;

/// All stretches of slots that instructions of a program read or write, and those that its caller does.
pub(super) struct Uses(Vec<Range<i64>>);

impl Uses {
    /// Those of a program, if it has rectified linear units to go back through.
    pub fn of(program: &Program) -> Self {
        let mut has_gates = false;
        for_each(&program.steps, |instruction, _| has_gates |= operands_of_gate(instruction).is_some());
        let mut uses = Vec::new();
        if has_gates {
            for_each(&program.steps, |instruction, turns| {
                for (_, access, trips) in instruction.accesses_in_loops() {
                    let operand = Operand::new(program, access);
                    let slots = |operand: &Operand| operand.slots(&trips, &turns.repeats, &program.tables);
                    uses.extend([Some(slots(&operand)), operand.index().as_ref().map(slots)].into_iter().flatten());
                }
            });
            let outputs = program.outputs.iter().flat_map(|output| output.slots.iter().cloned());
            let guards = program.guards.iter().map(|guard| guard.slots());
            uses.extend(outputs.chain(guards).map(|slots| slots.start.into()..slots.end.into()));
        }
        Uses(uses)
    }

    /// Both instructions as one, and what lets its results through, where that is positive: if these steps, which stand in no
    /// repeat, are a product and what alone reads it.
    pub fn gated(&self, step: &Step, next: &Step) -> Option<(Instruction, Access)> {
        let (Step::Run(product), Step::Run(next)) = (step, next) else { return None };
        let [_, factor] = operands_of_gate(next)?;
        let is_product = matches!(product.term, Term::Copy(_) | Term::Product { .. });
        let accesses = product.accesses().chain(next.accesses());
        let are_direct = accesses.map(|access| access.route).all(|route| route == Route::Direct);
        if !is_product || !are_direct || product.start == Start::Here || product.activation.is_some() {
            return None;
        }
        let trips = product.free_trips();
        let slots = extent(&product.out, trips, &[1; REPEATS])?;
        let meets = |used: &&Range<i64>| used.start < slots.end && slots.start < used.end;
        if self.0.iter().filter(meets).count() != 2 {
            return None;
        }
        let next = next.in_loops_of(product, &factor)?;
        let [gate, _] = operands_of_gate(&next)?;
        Some((Instruction { out: next.out, ..product.clone() }, gate))
    }
}

/// What decides, and what is let through, if an instruction does that and nothing else.
fn operands_of_gate(instruction: &Instruction) -> Option<[Access; 2]> {
    let Instruction { start: Start::Zero, scale: 1.0, term, activation: None, .. } = instruction else { return None };
    match term {
        Term::Partial { op: Op::Relu, operands, factor, .. } => Some([operands[0], *factor]),
        _ => None,
    }
}
