//! Sums that grow from several instructions: who comes first sets, who comes later adds.
//!
//! That works where the first instruction writes all places of a sum that nobody wrote before, and each of them once. Where
//! it does not, the places are filled with zeros at the start, and everybody adds. In repeats who comes first is known when
//! everything is emitted: then all turns are gone through.

use super::chain::Scaled;
use crate::Result;
use crate::program::rewrite::draft::Draft;
use crate::program::rewrite::reach::{Routes, Turns, for_each_run, num_runs};
use crate::program::rewrite::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, Route, Start, Step, Term};
use std::ops::Range;

/// Which slots hold a part of their sum.
pub(in crate::program) struct Sums {
    written: SlotSet,
    zeros: SlotSet,
}

/// Which of its results an instruction comes first to: the same in all turns, counted from where it begins.
#[derive(PartialEq)]
struct First {
    offsets: Vec<u32>,
    /// Whether these are all, each of them once.
    is_whole: bool,
}

/// Who comes first, on the way into the steps.
struct Setting {
    zero: Access,
    firsts: std::vec::IntoIter<Option<First>>,
}

impl Setting {
    fn steps(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let mut set = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                Step::Repeat { trips, body } => set.push(Step::Repeat { trips, body: self.steps(body) }),
                Step::Run(instruction) => self.instruction(instruction, &mut set),
            }
        }
        set
    }

    fn instruction(&mut self, mut instruction: Instruction, set: &mut Vec<Step>) {
        match self.firsts.next().flatten() {
            Some(First { is_whole: true, .. }) => instruction.start = Start::Zero,
            Some(First { offsets, .. }) if !offsets.is_empty() => {
                if let Some(parts) = parts(&instruction, &offsets) {
                    return set.extend(parts.into_iter().map(Step::Run));
                }
                for stretch in offsets.chunk_by(|a, b| a.wrapping_add(1) == *b) {
                    let out = Access { strides: [0, 0, 0, 1], ..instruction.out.behind(stretch[0]) };
                    let trips = [1, 1, 1, stretch.len() as u32];
                    set.push(Step::Run(Instruction::new(trips, out, Term::Copy(self.zero))));
                }
            }
            _ => {}
        }
        set.push(Step::Run(instruction));
    }
}

/// An instruction of one loop that is not summed over, in parts of which each sets all its results, which stand at these offsets, or adds
/// to all of them.
fn parts(instruction: &Instruction, offsets: &[u32]) -> Option<Vec<Instruction>> {
    /// More of them take longer than zeros.
    const MOST: usize = 3;
    let Instruction { trips, out, .. } = instruction;
    let mut free = (0..LOOPS).filter(|depth| trips[*depth] > 1 && !instruction.is_summed_over(*depth));
    let (Some(depth), None) = (free.next(), free.next()) else { return None };
    let is_lookup = |access: &Access| matches!(access.route, Route::Lookup(_));
    if instruction.accesses().any(is_lookup) {
        return None;
    }
    let sets = |turn: &u32| offsets.contains(&((out.strides[depth] * *turn as i32) as u32));
    let turns: Vec<u32> = (0..trips[depth]).collect();
    let parts = turns.chunk_by(|a, b| sets(a) == sets(b)).map(|turns| {
        let start = if sets(&turns[0]) { Start::Zero } else { Start::Here };
        Instruction { start, ..instruction.in_turns_of(depth, turns[0]..turns[0] + turns.len() as u32) }
    });
    let mut parts: Vec<Instruction> = parts.collect();
    // Who adds reads what was written long ago, not just before.
    parts.sort_by_key(|part| part.start == Start::Zero);
    (parts.len() <= MOST).then_some(parts)
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

    /// The instructions that write the zeros, to be run before all that was emitted; in repeats who comes first sets from now on.
    pub fn fills(&mut self, draft: &mut Draft) -> Result<Vec<Step>> {
        let has_repeats = draft.steps.iter().any(|step| matches!(step, Step::Repeat { .. }));
        if has_repeats && num_runs(&draft.steps) <= MOST_RUNS {
            self.set_first(draft)?;
        }
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

    /// In repeats, lets instructions set their sums that come first to all of them, in all turns; where they come first to some
    /// of them, these are set to zero just before. All these need no zeros from the start.
    fn set_first(&mut self, draft: &mut Draft) -> Result<()> {
        // There may be more slots by now.
        self.zeros.grow(draft.slots());
        let steps = std::mem::take(&mut draft.steps);
        let firsts = self.firsts(&draft.routes, &steps);
        self.retain_needed(&draft.routes, &steps, &firsts);
        draft.steps = Setting { zero: draft.constant(0.0)?, firsts: firsts.into_iter() }.steps(steps);
        Ok(())
    }

    /// What each instruction comes first to.
    fn firsts(&self, routes: &Routes, steps: &[Step]) -> Vec<Option<First>> {
        let mut firsts: Vec<Option<First>> = Vec::new();
        let mut touched = self.zeros.none_of_these();
        for_each_run(steps, |number, instruction, turn| {
            // What stands in repeats of no turns is never run.
            firsts.resize_with(firsts.len().max(number), || None);
            let (out, turns) = (instruction.out.in_turn(turn), Turns::of_loops(instruction.trips));
            let is_sum = instruction.start == Start::Here && instruction.out.route == Route::Direct;
            if is_sum && firsts.get(number).is_none_or(Option::is_some) {
                let mut first = First { offsets: Vec::new(), is_whole: true };
                routes.reach(&out, turns, |run| {
                    first.is_whole &= touched.count_in(run) == 0;
                    for slot in run.slots().filter(|slot| self.zeros.contains(*slot)) {
                        if touched.insert((slot..slot + 1).into()) > 0 {
                            first.offsets.push(slot.wrapping_sub(out.base));
                        } else {
                            first.is_whole = false;
                        }
                    }
                });
                match firsts.get_mut(number) {
                    None => firsts.push(Some(first)),
                    Some(known) if *known == Some(first) => {}
                    Some(known) => *known = None,
                }
            } else if number == firsts.len() {
                firsts.push(None);
            }
            routes.mark(&out, turns, &mut touched);
        });
        firsts
    }

    /// Keeps the zeros that are read or added to before somebody has come first.
    fn retain_needed(&mut self, routes: &Routes, steps: &[Step], firsts: &[Option<First>]) {
        let (mut needed, mut touched) = (self.zeros.none_of_these(), self.zeros.none_of_these());
        for_each_run(steps, |number, instruction, turn| {
            let turns = Turns::of_loops(instruction.trips);
            let mut need = |access: &Access| {
                routes.reach(&access.in_turn(turn), turns, |run| {
                    if self.zeros.count_in(run) > 0 && touched.count_in(run) < run.count {
                        let untouched = run.slots().filter(|slot| !touched.contains(*slot));
                        untouched.for_each(|slot| _ = needed.insert((slot..slot + 1).into()));
                    }
                });
            };
            for access in instruction.accesses().skip(1) {
                need(access);
                routes.lookup(access).iter().for_each(|lookup| need(&lookup.index));
            }
            if instruction.start == Start::Here && firsts[number].is_none() {
                need(&instruction.out);
            }
            routes.mark(&instruction.out.in_turn(turn), turns, &mut touched);
        });
        // What nobody writes is a result, or it would not be here.
        self.zeros.retain(|slot| needed.contains(slot) || !touched.contains(slot));
    }

    /// Whether zeros do no harm between two stretches: there are few slots, which nobody writes.
    fn can_fill(&self, gap: Range<u32>) -> bool {
        gap.len() <= LARGEST_GAP && gap.into_iter().all(|slot| !self.written.contains(slot))
    }
}

/// Programs that run more instructions, each counted in each turn, are left as they were emitted.
const MOST_RUNS: u64 = 1 << 21;

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
