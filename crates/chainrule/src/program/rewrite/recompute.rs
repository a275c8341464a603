//! What a way back can compute anew from what is kept anyway need not be kept.
//!
//! The way back through a long repeat reads what each turn has computed, in caches that do not hold all turns. Where that is a
//! product or a sum of two numbers that are read on the way back, too, or are the same in all turns, computing it once more takes
//! less time than its way through memory. (Griewank and Walther, *Evaluating Derivatives*, chapter 12, on
//! recording less.)

use super::draft::Draft;
use super::lifetimes::Shared;
use super::reach::{Turns, for_each, for_each_run, inside};
use super::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, REPEATS, Route, Start, Step, Term};
use rustc_hash::FxHashMap;

/// So many pairs of repeats are looked at, each beside all steps: programs of more keep what they have.
const MOST_PAIRS: usize = 64;

/// Lets repeats that go back through earlier ones compute anew what is cheap.
pub(super) fn recompute(draft: &Draft, steps: &mut [Step]) {
    let repeats: Vec<usize> = (0..steps.len()).filter(|number| matches!(steps[*number], Step::Repeat { .. })).collect();
    let pairs = repeats
        .iter()
        .enumerate()
        .flat_map(|(later, first)| repeats[later + 1..].iter().map(move |back| (*first, *back)));
    for (first, back) in pairs.take(MOST_PAIRS) {
        if let Some(pair) = Pair::of(draft, steps, first, back)
            && let Some(body) = pair.body()
            && let Step::Repeat { body: old, .. } = &mut steps[back]
        {
            *old = body;
        }
    }
}

/// A repeat, and a later one that goes back through its turns.
struct Pair<'a> {
    draft: &'a Draft,
    trips: u32,
    forward: Vec<&'a Instruction>,
    back: Vec<&'a Instruction>,
    /// How far most of the first moves with each turn; the second moves as far back.
    shift: i32,
    /// What others use than the same turn of the two.
    elsewhere: SlotSet,
    /// What is written after the first, or by two of its turns.
    overwritten: SlotSet,
    /// What the first writes.
    written: SlotSet,
    /// Of each column of the first, a slot of its first turn, the first and the last instruction that writes there.
    writers: FxHashMap<u32, (usize, usize)>,
    /// Of each column that the second reads, the first instruction that does.
    readers: FxHashMap<u32, usize>,
}

impl<'a> Pair<'a> {
    fn of(draft: &'a Draft, steps: &'a [Step], first: usize, back: usize) -> Option<Self> {
        let (trips, forward) = instructions(&steps[first])?;
        let (back_trips, backward) = instructions(&steps[back])?;
        let shift = forward.iter().map(|instruction| instruction.out.shifts[0]).find(|shift| *shift != 0)?;
        let goes_back = |instruction: &&Instruction| instruction.accesses().any(|access| access.shifts[0] == -shift);
        if trips != back_trips || !backward.iter().any(goes_back) {
            return None;
        }
        let routes = &draft.routes;
        let mut pair = Pair {
            draft,
            trips,
            shift,
            elsewhere: Shared::of(draft, &steps[first..=first]).of_step(0),
            overwritten: SlotSet::none_of(draft.slots()),
            written: SlotSet::none_of(draft.slots()),
            writers: FxHashMap::default(),
            readers: FxHashMap::default(),
            forward,
            back: backward,
        };
        for (number, step) in steps.iter().enumerate() {
            for_each(std::slice::from_ref(step), |instruction, turns| {
                let moves = [(first, shift), (back, -shift)];
                for access in instruction.accesses() {
                    let is_of_turn = access.route == Route::Direct && moves.contains(&(number, access.shifts[0]));
                    if !is_of_turn {
                        routes.mark(access, turns, &mut pair.elsewhere);
                    }
                    if let Some(lookup) = routes.lookup(access) {
                        routes.mark(&lookup.index, turns, &mut pair.elsewhere);
                    }
                }
                if number > first {
                    routes.mark(&instruction.out, turns, &mut pair.overwritten);
                }
            });
        }
        draft.named_slots().for_each(|slots| _ = pair.elsewhere.insert(slots.into()));
        let mut turns = vec![u32::MAX; draft.slots() as usize];
        for_each_run(&steps[first..=first], |_, instruction, [turn, inner]| {
            let out = instruction.out.in_turn([turn, inner]);
            routes.reach(&out, Turns::of_loops(instruction.trips), |run| {
                for slot in run.slots() {
                    let before = std::mem::replace(&mut turns[slot as usize], turn);
                    if before != u32::MAX && before != turn {
                        pair.overwritten.insert((slot..slot + 1).into());
                    }
                }
                pair.written.insert(run);
            });
        });
        for number in 0..pair.forward.len() {
            let (out, trips) = (pair.forward[number].out, pair.forward[number].trips);
            for column in pair.columns(&out, trips) {
                let writers = pair.writers.entry(column).or_insert((number, number));
                writers.1 = number;
            }
        }
        for number in 0..pair.back.len() {
            for access in pair.back[number].accesses().skip(1).filter(|access| access.shifts[0] == -shift) {
                for column in pair.columns(&pair.mirrored(*access), pair.back[number].trips) {
                    pair.readers.entry(column).or_insert(number);
                }
            }
        }
        Some(pair)
    }

    /// The steps of the second with what it computes anew, if there is something.
    fn body(&self) -> Option<Vec<Step>> {
        // Of each instruction of the first that is run anew, before which of the second.
        let mut anew: Vec<(usize, usize)> = Vec::new();
        let mut is_anew = vec![false; self.forward.len()];
        for number in 0..self.forward.len() {
            is_anew[number] = self.can_be_computed_anew(number, &is_anew);
        }
        let mut readers = self.readers.clone();
        for number in (0..self.forward.len()).rev().filter(|number| is_anew[*number]) {
            let instruction = self.forward[number];
            let first =
                self.columns(&instruction.out, instruction.trips).filter_map(|column| readers.get(&column).copied());
            let Some(before) = first.min() else { continue };
            for access in instruction.accesses().skip(1).filter(|access| access.shifts[0] == self.shift) {
                for column in self.columns(access, instruction.trips) {
                    let reader = readers.entry(column).or_insert(before);
                    *reader = before.min(*reader);
                }
            }
            anew.push((before, number));
        }
        anew.sort_unstable();
        let mut rest = &anew[..];
        let mut body = Vec::with_capacity(self.back.len() + anew.len());
        for (number, instruction) in self.back.iter().enumerate() {
            while let [(before, again), others @ ..] = rest
                && *before == number
            {
                let mut again = self.forward[*again].clone();
                again.accesses_mut().for_each(|access| *access = self.mirrored(*access));
                body.push(Step::Run(again));
                rest = others;
            }
            body.push(Step::Run((*instruction).clone()));
        }
        (!anew.is_empty()).then_some(body)
    }

    /// Whether an instruction of the first is cheap, alone writes what the second alone reads later, and finds what it reads
    /// there as it was.
    fn can_be_computed_anew(&self, number: usize, is_anew: &[bool]) -> bool {
        let instruction = self.forward[number];
        let Instruction { trips, out, ref start, ref term, activation, .. } = *instruction;
        let is_cheap = matches!(term, Term::Copy(_) | Term::Product { .. }) && activation.is_none();
        let is_summed = (0..LOOPS).any(|depth| instruction.is_summed_over(depth));
        let is_direct = instruction.accesses().all(|access| access.route == Route::Direct);
        if !is_cheap || is_summed || !is_direct || *start == Start::Here || out.shifts[0] != self.shift {
            return false;
        }
        let routes = &self.draft.routes;
        let in_all_turns = Turns { trips, repeats: inside([1; REPEATS], 0, self.trips) };
        let is_alone = self.columns(&out, trips).all(|column| self.writers[&column] == (number, number));
        let is_own =
            !routes.meets(&out, in_all_turns, &self.elsewhere) && !routes.meets(&out, in_all_turns, &self.overwritten);
        if !is_alone || !is_own {
            return false;
        }
        instruction.accesses().skip(1).all(|access| match access.shifts[0] {
            0 => {
                !routes.meets(access, in_all_turns, &self.overwritten)
                    && !routes.meets(access, in_all_turns, &self.written)
            }
            shift if shift == self.shift => {
                !routes.meets(access, in_all_turns, &self.overwritten)
                    && self.columns(access, trips).all(|column| match self.writers.get(&column) {
                        Some((first, last)) => {
                            *last < number && (is_anew[*last] && first == last || self.readers.contains_key(&column))
                        }
                        None => false,
                    })
            }
            _ => false,
        })
    }

    /// The slots of an access in the first turn.
    fn columns(&self, access: &Access, trips: [u32; LOOPS]) -> impl Iterator<Item = u32> + use<> {
        let mut columns = Vec::new();
        self.draft.routes.reach(access, Turns::of_loops(trips), |run| columns.extend(run.slots()));
        columns.into_iter()
    }

    /// An access of the one repeat as one of the other, which goes through its turns from the last to the first.
    fn mirrored(&self, access: Access) -> Access {
        let mut access = access.shifted(0, self.trips - 1);
        access.shifts[0] = -access.shifts[0];
        access
    }
}

/// The turns and instructions of a repeat without repeats in it.
fn instructions<'a>(step: &'a Step) -> Option<(u32, Vec<&'a Instruction>)> {
    let Step::Repeat { trips, body } = step else { return None };
    let instruction = |step: &'a Step| match step {
        Step::Run(instruction) => Some(instruction),
        Step::Repeat { .. } => None,
    };
    Some((*trips, body.iter().map(instruction).collect::<Option<_>>()?)).filter(|_| *trips > 1)
}
