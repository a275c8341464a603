//! Which slots a derivative is about: those that vary with the chosen inputs, and those that an output depends on.

use super::reach::{Routes, Turns, inside};
use super::slot_set::SlotSet;
use crate::Op;
use crate::program::differentiate::formula::Formulas;
use crate::program::{Access, Instruction, REPEATS, Start, Step, Term};

/// Puts in the slots that vary with those that are in already, as far as derivatives can tell: what is only compared or
/// rounded passes nothing on. Results of one instruction vary together.
pub(in crate::program) fn add_varied(steps: &[Step], routes: &Routes, formulas: &mut Formulas, varied: &mut SlotSet) {
    until_nothing_is_new(steps, [1; REPEATS], 0, false, &mut |instruction, turns| {
        let is_varied = instruction.varying_reads(formulas).any(|access| routes.meets(access, turns, varied));
        is_varied && routes.mark(&instruction.out, turns, varied) > 0
    });
}

/// Puts in the slots that those that are in already are computed from.
pub(in crate::program) fn add_needed(steps: &[Step], routes: &Routes, needed: &mut SlotSet) {
    until_nothing_is_new(steps, [1; REPEATS], 0, true, &mut |instruction, turns| {
        if !routes.meets(&instruction.out, turns, needed) {
            return false;
        }
        let mut new = 0;
        for access in instruction.accesses() {
            new += routes.mark(access, turns, needed);
            if let Some(lookup) = routes.lookup(access) {
                new += routes.mark(&lookup.index, turns, needed);
            }
        }
        new > 0
    });
}

/// Puts in the slots that those that are in already vary with, as far as derivatives can tell.
pub(in crate::program) fn add_differentiated(
    steps: &[Step],
    routes: &Routes,
    formulas: &mut Formulas,
    slots: &mut SlotSet,
) {
    until_nothing_is_new(steps, [1; REPEATS], 0, true, &mut |instruction, turns| {
        let is_differentiated = routes.meets(&instruction.out, turns, slots);
        let reads = is_differentiated.then(|| instruction.varying_reads(formulas)).into_iter().flatten();
        reads.map(|access| routes.mark(access, turns, slots)).sum::<u32>() > 0
    });
}

/// Visits instructions in order, or in the opposite order, and the bodies of repeats until a visit brings nothing new.
pub(in crate::program) fn until_nothing_is_new(
    steps: &[Step],
    repeats: [u32; REPEATS],
    depth: usize,
    is_backward: bool,
    visit: &mut impl FnMut(&Instruction, Turns) -> bool,
) -> bool {
    let mut is_new = false;
    let mut one = |step: &Step| match step {
        Step::Run(instruction) => is_new |= visit(instruction, Turns { trips: instruction.trips, repeats }),
        Step::Repeat { trips, body } => {
            let repeats = inside(repeats, depth, *trips);
            while until_nothing_is_new(body, repeats, depth + 1, is_backward, visit) {
                is_new = true;
            }
        }
    };
    if is_backward {
        steps.iter().rev().for_each(&mut one)
    } else {
        steps.iter().for_each(&mut one)
    }
    is_new
}

impl Instruction {
    /// What it reads, but for what its result does not vary with.
    pub(in crate::program) fn varying_reads(&self, formulas: &mut Formulas) -> impl Iterator<Item = &Access> {
        let derivatives = match self.term {
            Term::Operation { op, exponent, .. } => Some(formulas.of(op, exponent)),
            _ => None,
        };
        let varies = move |number: usize| match self.term {
            // The share of each in the largest does not vary, but jumps.
            Term::ReductionPartial { op: Op::Maximum | Op::Minimum, .. } => number == FACTOR,
            _ => derivatives.as_ref().is_none_or(|derivatives| !derivatives[number].is_zero()),
        };
        let start = match &self.start {
            Start::From(access) => Some(access),
            Start::Zero | Start::Here => None,
        };
        let operands = self.operands().enumerate().filter(move |(number, _)| varies(*number));
        start.into_iter().chain(operands.map(|(_, access)| access))
    }
}

/// Where among the operands of the derivative of an operation over slices that stands which is multiplied.
const FACTOR: usize = 2;
