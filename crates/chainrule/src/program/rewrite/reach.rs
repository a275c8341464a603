//! Which slots an access reaches in all turns of the loops and repeats around it.

use super::slot_set::{Run, SlotSet};
use crate::Result;
use crate::program::{Access, Instruction, LOOPS, Lookup, REPEATS, Route, Step};
use std::ops::Range;

/// The turns of the loops of an instruction, and of the repeats that it stands in; where it stands in none, 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::program) struct Turns {
    pub trips: [u32; LOOPS],
    pub repeats: [u32; REPEATS],
}

/// What the routes of accesses name.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::program) struct Routes {
    pub tables: Vec<u32>,
    pub lookups: Vec<Lookup>,
}

/// A loop, repeat or choice in which an access moves on.
#[derive(Clone, Copy, Default)]
struct Move {
    stride: i64,
    trips: u32,
}

/// At most so many.
const MOVES: usize = LOOPS + REPEATS + 1;

/// All places of an access, from the lowest: moves with strides above 0, the least first.
struct Places {
    lowest: i64,
    moves: [Move; MOVES],
    count: usize,
}

impl Turns {
    /// So many turns there are of the loops and repeats, outermost repeat first.
    fn all(&self) -> impl Iterator<Item = u32> {
        self.repeats.into_iter().chain(self.trips)
    }

    /// Those of these loops alone.
    pub fn of_loops(trips: [u32; LOOPS]) -> Self {
        Turns { trips, repeats: [1; REPEATS] }
    }

    /// So many there are, each with all others.
    pub fn count(&self) -> u64 {
        self.all().map(u64::from).fold(1, u64::saturating_mul)
    }

    /// Whether nothing is run at all.
    pub fn is_empty(&self) -> bool {
        self.all().any(|trips| trips == 0)
    }
}

impl Access {
    /// How far it moves with each repeat and loop, in the order of [`Turns::all`].
    fn steps(&self) -> impl Iterator<Item = i32> {
        self.shifts.into_iter().chain(self.strides)
    }
}

impl Places {
    fn of(access: &Access, turns: Turns, choice: Option<&Lookup>) -> Self {
        let mut places = Places { lowest: i64::from(access.base), moves: [Move::default(); MOVES], count: 0 };
        for (stride, trips) in access.steps().zip(turns.all()) {
            places.add(stride, trips);
        }
        if let Some(lookup) = choice {
            places.add(lookup.step, lookup.count);
        }
        places.merge();
        places
    }

    fn add(&mut self, stride: i32, trips: u32) {
        if trips > 1 && stride != 0 {
            let stride = i64::from(stride);
            self.lowest += stride.min(0) * i64::from(trips - 1);
            let stride = stride.abs();
            let place = self.moves[..self.count].iter().take_while(|m| m.stride <= stride).count();
            self.moves.copy_within(place..self.count, place + 1);
            self.moves[place] = Move { stride, trips };
            self.count += 1;
        }
    }

    /// Makes one of moves that continue one another.
    fn merge(&mut self) {
        let mut kept = 0;
        for next in 1..self.count {
            let (last, next) = (self.moves[kept], self.moves[next]);
            if next.stride == last.stride * i64::from(last.trips) {
                self.moves[kept].trips *= next.trips;
            } else {
                kept += 1;
                self.moves[kept] = next;
            }
        }
        self.count = self.count.min(kept + 1);
    }

    /// The runs along the least stride.
    fn runs(&self, mut visit: impl FnMut(Run)) {
        let (step, count) = if self.count > 0 { (self.moves[0].stride, self.moves[0].trips) } else { (1, 1) };
        let outer = &self.moves[1.min(self.count)..self.count];
        let mut turn = [0; MOVES];
        let mut first = self.lowest;
        loop {
            visit(Run { first: first as u32, step: step as u32, count });
            let Some(moving) = (0..outer.len()).find(|depth| turn[*depth] + 1 < outer[*depth].trips) else { return };
            for depth in 0..moving {
                first -= outer[depth].stride * i64::from(turn[depth]);
                turn[depth] = 0;
            }
            turn[moving] += 1;
            first += outer[moving].stride;
        }
    }
}

impl Routes {
    /// Visits the slots that an access may reach, as runs. A slot comes as often as there are turns that differ in
    /// where the access stands; of a lookup, all slots that can be chosen.
    pub fn reach(&self, access: &Access, turns: Turns, mut visit: impl FnMut(Run)) {
        if turns.is_empty() {
            return;
        }
        let places = Places::of(access, turns, self.lookup(access));
        match access.route {
            Route::Direct | Route::Lookup(_) => places.runs(visit),
            Route::Table => places.runs(|run| {
                for place in run.slots() {
                    visit(Run { first: self.tables[place as usize], step: 1, count: 1 });
                }
            }),
        }
    }

    /// Whether the access may reach one of these slots.
    pub fn meets(&self, access: &Access, turns: Turns, slots: &SlotSet) -> bool {
        let mut meets = false;
        self.reach(access, turns, |run| meets = meets || slots.count_in(run) > 0);
        meets
    }

    /// Puts what the access may reach into the set, and says how much of it is new.
    pub fn mark(&self, access: &Access, turns: Turns, slots: &mut SlotSet) -> u32 {
        let mut new = 0;
        self.reach(access, turns, |run| new += slots.insert(run));
        new
    }

    /// All accesses of steps, and those of the indices of lookups, with their turns.
    pub fn accesses(&self, steps: &[Step]) -> Vec<(Access, Turns)> {
        let mut accesses = Vec::new();
        for_each(steps, |instruction, turns| {
            for access in instruction.accesses() {
                accesses.push((*access, turns));
                accesses.extend(self.lookup(access).map(|lookup| (lookup.index, turns)));
            }
        });
        accesses
    }

    /// From the lowest to the highest place that base and strides lead to: slots, or places in the tables.
    pub fn span(&self, access: &Access, turns: Turns) -> Range<u32> {
        let choices = self.lookup(access).map(|lookup| (lookup.step, lookup.count));
        let (mut lowest, mut highest) = (i64::from(access.base), i64::from(access.base));
        for (stride, trips) in access.steps().zip(turns.all()).chain(choices) {
            let reach = i64::from(stride) * i64::from(trips.saturating_sub(1));
            lowest += reach.min(0);
            highest += reach.max(0);
        }
        lowest as u32..highest as u32 + 1
    }

    /// The lookup that the access is routed by.
    pub fn lookup(&self, access: &Access) -> Option<&Lookup> {
        match access.route {
            Route::Lookup(number) => Some(&self.lookups[number as usize]),
            Route::Direct | Route::Table => None,
        }
    }

    /// Whether the access stands somewhere else in other turns of this loop.
    pub fn moves(&self, access: &Access, depth: usize) -> bool {
        access.strides[depth] != 0 || self.lookup(access).is_some_and(|lookup| lookup.index.strides[depth] != 0)
    }
}

impl Routes {
    /// An access by a new table that lists what `place` makes of the slot in each turn of an access, which is not a lookup.
    pub fn listed(&mut self, access: Access, turns: Turns, place: impl Fn(u32) -> u32) -> Access {
        let steps: Vec<(i64, u32)> = access.steps().map(i64::from).zip(turns.all()).collect();
        let mut places = vec![i64::from(access.base)];
        let mut strides = [0; LOOPS + REPEATS];
        for (depth, (step, trips)) in steps.into_iter().enumerate().rev() {
            if step != 0 && trips > 1 {
                strides[depth] = places.len() as i32;
                let later = (1..i64::from(trips)).flat_map(|turn| places.iter().map(move |place| place + turn * step));
                let later: Vec<i64> = later.collect();
                places.extend(later);
            }
        }
        let first = self.tables.len() as u32;
        for at in places {
            let slot = if access.route == Route::Table { self.tables[at as usize] } else { at as u32 };
            self.tables.push(place(slot));
        }
        let [shifts @ .., _, _, _, _] = strides;
        let [.., a, b, c, d] = strides;
        Access { base: first, strides: [a, b, c, d], shifts, route: Route::Table }
    }
}

/// Calls `visit` with every instruction, in order, and its turns.
pub(in crate::program) fn for_each(steps: &[Step], mut visit: impl FnMut(&Instruction, Turns)) {
    fn walk(steps: &[Step], repeats: [u32; REPEATS], depth: usize, visit: &mut impl FnMut(&Instruction, Turns)) {
        for step in steps {
            match step {
                Step::Run(instruction) => visit(instruction, Turns { trips: instruction.trips, repeats }),
                Step::Repeat { trips, body } => walk(body, inside(repeats, depth, *trips), depth + 1, visit),
            }
        }
    }
    walk(steps, [1; REPEATS], 0, &mut visit);
}

/// Calls `visit` with every instruction as often as it is run, in that order: with its number among all instructions, and the turns
/// of the repeats around.
pub(in crate::program) fn for_each_run(steps: &[Step], mut visit: impl FnMut(usize, &Instruction, [u32; REPEATS])) {
    fn walk(
        steps: &[Step],
        mut number: usize,
        turns: [u32; REPEATS],
        depth: usize,
        visit: &mut impl FnMut(usize, &Instruction, [u32; REPEATS]),
    ) {
        for step in steps {
            match step {
                Step::Run(instruction) => visit(number, instruction, turns),
                Step::Repeat { trips, body } => {
                    (0..*trips).for_each(|turn| walk(body, number, inside(turns, depth, turn), depth + 1, visit));
                }
            }
            number += step.num_instructions();
        }
    }
    walk(steps, 0, [0; REPEATS], 0, &mut visit);
}

/// So many instructions are run, each counted in each turn of the repeats around.
pub(in crate::program) fn num_runs(steps: &[Step]) -> u64 {
    let of_step = |step: &Step| match step {
        Step::Run(_) => 1,
        Step::Repeat { trips, body } => num_runs(body).saturating_mul((*trips).into()),
    };
    steps.iter().map(of_step).fold(0, u64::saturating_add)
}

/// Calls `visit` with every instruction, in order, and its turns; it may change instructions, and fail.
pub(in crate::program) fn try_for_each_mut(
    steps: &mut [Step],
    mut visit: impl FnMut(&mut Instruction, Turns) -> Result<()>,
) -> Result<()> {
    fn walk(
        steps: &mut [Step],
        repeats: [u32; REPEATS],
        depth: usize,
        visit: &mut impl FnMut(&mut Instruction, Turns) -> Result<()>,
    ) -> Result<()> {
        for step in steps {
            match step {
                Step::Run(instruction) => {
                    let turns = Turns { trips: instruction.trips, repeats };
                    visit(instruction, turns)?;
                }
                Step::Repeat { trips, body } => walk(body, inside(repeats, depth, *trips), depth + 1, visit)?,
            }
        }
        Ok(())
    }
    walk(steps, [1; REPEATS], 0, &mut visit)
}

/// The repeats around a body of a repeat at this depth.
pub(in crate::program) fn inside(mut repeats: [u32; REPEATS], depth: usize, trips: u32) -> [u32; REPEATS] {
    repeats[depth] = trips;
    repeats
}
