//! Sums that grow from several instructions: who comes first sets, who comes later adds.
//!
//! That works where the first instruction writes all places of a sum that nobody wrote before, and each of them once. Where
//! it does not, the places are filled with zeros at the start, and everybody adds.

use super::chain::Scaled;
use crate::Result;
use crate::program::rewrite::draft::Draft;
use crate::program::rewrite::reach::{Routes, Turns};
use crate::program::rewrite::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, Route, Start, Step, Term};
use std::ops::Range;

/// Which slots hold a part of their sum.
pub(in crate::program) struct Sums {
    written: SlotSet,
    zeros: SlotSet,
}

impl Sums {
    /// Nothing is written yet in so many slots.
    pub fn new(slots: u32) -> Self {
        Sums { written: SlotSet::none_of(slots), zeros: SlotSet::none_of(slots) }
    }

    /// Emits an instruction that adds a sum of terms.
    pub fn add(&mut self, draft: &mut Draft, trips: [u32; LOOPS], out: Access, Scaled { scale, term }: Scaled) {
        let start = self.claim(&draft.routes, &out, draft.turns(trips));
        draft.run(Instruction { start, scale, ..Instruction::new(trips, out, term) });
    }

    /// Emits an instruction that sets a sum to its first terms, before everybody else adds to it.
    pub fn set(
        &mut self,
        draft: &mut Draft,
        trips: [u32; LOOPS],
        out: Access,
        start: Start,
        Scaled { scale, term }: Scaled,
    ) {
        draft.routes.mark(&out, draft.turns(trips), &mut self.written);
        draft.run(Instruction { start, scale, ..Instruction::new(trips, out, term) });
    }

    /// How an instruction that writes here has to start.
    fn claim(&mut self, routes: &Routes, out: &Access, turns: Turns) -> Start {
        let (mut all, mut missing) = (0, 0);
        routes.reach(out, turns, |run| {
            all += run.count;
            missing += run.count - self.written.count_in(run);
        });
        // In a repeat another instruction may have been here already, a turn before.
        let is_repeated = turns.repeats.iter().any(|trips| *trips > 1);
        let is_chosen = matches!(out.route, Route::Lookup(_));
        if missing == 0 {
            return Start::Here;
        }
        if missing == all && !is_repeated && !is_chosen {
            if routes.mark(out, turns, &mut self.written) == all {
                return Start::Zero;
            }
            routes.mark(out, turns, &mut self.zeros);
        } else {
            self.complete(routes, out, turns);
        }
        Start::Here
    }

    /// Sees to it that all slots of the access hold a number: what nobody wrote gets a zero.
    pub fn complete(&mut self, routes: &Routes, access: &Access, turns: Turns) {
        routes.reach(access, turns, |run| {
            if self.written.count_in(run) == run.count {
                return;
            }
            for slot in run.slots().filter(|slot| !self.written.contains(*slot)) {
                self.zeros.insert((slot..slot + 1).into());
            }
            self.written.insert(run);
        });
    }

    /// The instructions that write the zeros, to be run before everything that adds to them.
    pub fn fills(&self, draft: &mut Draft) -> Result<Vec<Step>> {
        let mut stretches: Vec<Range<u32>> = Vec::new();
        for stretch in self.zeros.stretches() {
            match stretches.last_mut() {
                Some(last) if self.can_fill(last.end..stretch.start) => last.end = stretch.end,
                _ => stretches.push(stretch),
            }
        }
        let mut fills = Vec::new();
        let mut rest = stretches.as_slice();
        while let [first, ..] = rest {
            let (count, distance) = alike(rest);
            let strides = [0, 0, distance as i32, 1];
            let (trips, out) = ([1, 1, count as u32, first.len() as u32], Access::strided(first.start, strides));
            fills.push(Step::Run(Instruction::new(trips, out, Term::Copy(draft.constant(0.0)?))));
            rest = &rest[count..];
        }
        Ok(fills)
    }

    /// Whether zeros do no harm between two stretches: there are few slots, which nobody writes.
    fn can_fill(&self, gap: Range<u32>) -> bool {
        gap.len() <= LARGEST_GAP && gap.into_iter().all(|slot| !self.written.contains(slot))
    }
}

/// So many slots more to fill cost less than another instruction.
const LARGEST_GAP: usize = 32;

/// How many of the first stretches have one length and one distance, and that distance.
fn alike(stretches: &[Range<u32>]) -> (usize, u32) {
    let [first, second, ..] = stretches else { return (1, 0) };
    let distance = second.start - first.start;
    let is_next = |pair: &&[Range<u32>]| pair[1].start - pair[0].start == distance && pair[1].len() == first.len();
    match stretches.windows(2).take_while(is_next).count() {
        0 => (1, 0),
        pairs => (pairs + 1, distance),
    }
}
