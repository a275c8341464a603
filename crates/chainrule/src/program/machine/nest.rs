//! The loops of an instruction, put in order: without those that run once, and with those joined that continue one another.

use super::memory::BLOCK;
use super::place::{Index, Place, Way};
use crate::program::extent::extent;
use crate::program::{Access, Instruction, LOOPS, Lookup, Program, REPEATS, Route, Start};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// An instruction's loops, and everything that moves in them.
#[derive(Clone)]
pub(super) struct Nest {
    pub trips: [u32; LOOPS],
    pub out: Operand,
    /// What sums start from, if it stands somewhere.
    pub start: Option<Operand>,
    pub operands: Vec<Operand>,
    /// What lets results through, if anything does: where it is not positive, they are 0.
    pub gate: Option<Operand>,
}

/// An access, and what chooses its slot where it is a lookup.
#[derive(Clone)]
pub(super) struct Operand {
    pub access: Access,
    pub lookup: Option<Lookup>,
}

impl Nest {
    pub fn new(program: &Program, instruction: &Instruction) -> Self {
        let operand = |access: &Access| Operand::new(program, access);
        let start = match &instruction.start {
            Start::From(access) => Some(operand(access)),
            Start::Zero | Start::Here => None,
        };
        let operands = instruction.operands().map(operand).collect();
        let (trips, out) = (instruction.trips, operand(&instruction.out));
        let mut nest = Nest { trips, out, start, operands, gate: None };
        for depth in 0..LOOPS {
            if nest.trips[depth] == 1 {
                nest.accesses_mut().for_each(|access| access.strides[depth] = 0);
            }
            if nest.is_summed_over(depth)
                && let Some(start) = &mut nest.start
            {
                start.accesses_mut().for_each(|access| access.strides[depth] = 0);
            }
        }
        nest
    }

    /// The result and all operands, and what chooses them.
    pub fn all(&self) -> impl Iterator<Item = &Operand> {
        [&self.out].into_iter().chain(&self.start).chain(&self.operands).chain(&self.gate)
    }

    fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.all().flat_map(|operand| {
            [&operand.access].into_iter().chain(operand.lookup.as_ref().map(|lookup| &lookup.index))
        })
    }

    fn accesses_mut(&mut self) -> impl Iterator<Item = &mut Access> {
        let read = self.start.iter_mut().chain(&mut self.operands).chain(&mut self.gate);
        let all = [&mut self.out].into_iter().chain(read);
        all.flat_map(Operand::accesses_mut)
    }

    /// The same with what lets its results through, which moves in the same loops.
    pub fn gated(mut self, gate: Access) -> Self {
        self.gate = Some(Operand { access: gate, lookup: None });
        self
    }

    /// Joins loops of which one continues the other in all operands. Where a table lists slots side by side in the one, and others in
    /// the next turn of the other, both stay: such rows are read where they are.
    pub fn join_loops(&mut self, tables: &[u32]) {
        for outer in 0..LOOPS {
            for inner in 0..LOOPS {
                if outer == inner || self.trips[outer] == 1 || self.trips[inner] == 1 {
                    continue;
                }
                let trips = i64::from(self.trips[inner]);
                let continues =
                    |access: &Access| i64::from(access.strides[outer]) == i64::from(access.strides[inner]) * trips;
                let breaks =
                    |access: &Access| access.route == Route::Table && is_row(access, inner, self.trips, tables);
                let joined = self.trips[outer].checked_mul(self.trips[inner]);
                if let Some(joined) = joined.filter(|_| self.accesses().all(continues) && !self.accesses().any(breaks))
                {
                    self.trips[inner] = joined;
                    self.trips[outer] = 1;
                    self.accesses_mut().for_each(|access| access.strides[outer] = 0);
                    // What comes before may continue this now.
                    return self.join_loops(tables);
                }
            }
        }
    }

    /// Whether a loop leads to one result, to which its terms are summed.
    pub fn is_summed_over(&self, depth: usize) -> bool {
        let stands_still = |access: &Access| access.strides[depth] == 0;
        self.trips[depth] > 1
            && stands_still(&self.out.access)
            && self.out.lookup.is_none_or(|lookup| stands_still(&lookup.index))
    }

    /// Whether any loop is summed over.
    pub fn is_summed(&self) -> bool {
        (0..LOOPS).any(|depth| self.is_summed_over(depth))
    }

    /// The trips of the loops that lead to other results; the others run once.
    pub fn free_trips(&self) -> [u32; LOOPS] {
        std::array::from_fn(|depth| if self.is_summed_over(depth) { 1 } else { self.trips[depth] })
    }

    /// The trips of the loops that are summed over; the others run once.
    pub fn summed_trips(&self) -> [u32; LOOPS] {
        std::array::from_fn(|depth| if self.is_summed_over(depth) { self.trips[depth] } else { 1 })
    }

    /// Whether different turns of the loops lead to different places for their results, but for those that are summed over.
    pub fn results_are_apart(&self) -> bool {
        let loops = (0..LOOPS).filter(|depth| !self.is_summed_over(*depth));
        self.out.access.route == Route::Direct && self.out.access.is_apart_in(loops, self.trips)
    }

    /// Puts the loops in this order.
    pub fn reorder(&mut self, order: [usize; LOOPS]) {
        self.trips = order.map(|depth| self.trips[depth]);
        self.accesses_mut().for_each(|access| access.strides = order.map(|depth| access.strides[depth]));
    }

    /// Whether an operand may stand where a result goes, in some turn.
    pub fn overlaps(&self, repeats: &[u32], tables: &[u32]) -> bool {
        let out = self.out.slots(&self.trips, repeats, tables);
        let read = self.all().skip(1);
        read.filter(|operand| {
            let slots = operand.slots(&self.trips, repeats, tables);
            slots.start < out.end && out.start < slots.end
        })
        .any(|operand| !self.is_apart(operand, repeats, tables))
    }

    /// Whether no turn reads from the operand what another turn writes, slot by slot. Only asked where their stretches of slots
    /// overlap; too many turns of repeats are not gone through.
    fn is_apart(&self, operand: &Operand, repeats: &[u32], tables: &[u32]) -> bool {
        let (out, read) = (&self.out, operand);
        if out.lookup.is_some() || read.lookup.is_some() {
            return false;
        }
        let moves_alike = out.access.shifts[..repeats.len()] == read.access.shifts[..repeats.len()]
            && out.access.route == Route::Direct
            && read.access.route == Route::Direct;
        let mut turns = [1; REPEATS];
        if !moves_alike {
            turns.iter_mut().zip(repeats).for_each(|(turns, repeat)| *turns = *repeat);
        }
        let all = turns.iter().chain(&self.trips).map(|turns| u64::from(*turns)).product::<u64>();
        if turns != [1; REPEATS] && all > MOST_TURNS {
            return false;
        }
        let is_apart = |turns: [u32; REPEATS]| {
            let [out, read] = [out, read].map(|operand| operand.in_turn(turns).every_slot(&self.trips, tables));
            let written: FxHashSet<u32> = out.into_iter().collect();
            read.iter().all(|slot| !written.contains(slot))
        };
        let [outer, inner] = turns;
        (0..outer).all(|outer| (0..inner).all(|inner| is_apart([outer, inner])))
    }
}

/// Whether a table lists slots side by side in the first turns of a loop, and not one after that. There is one in the table. Short
/// rows are collected sooner than each is found.
fn is_row(access: &Access, depth: usize, trips: [u32; LOOPS], tables: &[u32]) -> bool {
    let listed = |turn: u32| tables[access.base.wrapping_add_signed(access.strides[depth] * turn as i32) as usize];
    let stands_after = |turn: u32| listed(turn) == listed(turn - 1).wrapping_add(1);
    let last = trips[depth];
    last as usize >= BLOCK && stands_after(1) && stands_after(last - 1) && !stands_after(last)
}

/// So many turns of loops in repeats are gone through one by one.
const MOST_TURNS: u64 = 1 << 16;

impl Operand {
    pub fn new(program: &Program, access: &Access) -> Self {
        let lookup = match access.route {
            Route::Lookup(number) => Some(program.lookups[number as usize]),
            Route::Direct | Route::Table => None,
        };
        Operand { access: *access, lookup }
    }

    /// Where it is in these turns of the repeats.
    fn in_turn(&self, turns: [u32; REPEATS]) -> Operand {
        Operand { access: self.access.in_turn(turns), ..*self }
    }

    /// What stands in one slot, in all turns.
    pub fn slot(slot: u32) -> Self {
        Operand { access: Access::slot(slot), lookup: None }
    }

    fn accesses_mut(&mut self) -> impl Iterator<Item = &mut Access> {
        [&mut self.access].into_iter().chain(self.lookup.as_mut().map(|lookup| &mut lookup.index))
    }

    /// Its place, with the loop of the lanes taken out.
    pub fn place(&self, lanes: Option<usize>) -> Place {
        let mut place = Place::new(&self.access, lanes);
        if let Some(Lookup { index, step, count }) = self.lookup {
            place.way = Way::Lookup(Box::new(Index { place: Place::new(&index, lanes), step, count }));
        }
        place
    }

    /// What chooses its slot, if something does.
    pub fn index(&self) -> Option<Self> {
        self.lookup.map(|lookup| Operand { access: lookup.index, lookup: None })
    }

    /// The stretch of slots that it stays in.
    pub fn slots(&self, trips: &[u32; LOOPS], repeats: &[u32], tables: &[u32]) -> Range<i64> {
        let places = extent(&self.access, *trips, repeats).unwrap_or_default();
        match (self.access.route, self.lookup) {
            (Route::Table, _) => {
                let slots = &tables[places.start as usize..places.end as usize];
                let (low, high) =
                    slots.iter().fold((u32::MAX, 0), |(low, high), slot| (low.min(*slot), high.max(*slot)));
                i64::from(low)..i64::from(high) + 1
            }
            (_, Some(lookup)) => {
                let choices = i64::from(lookup.step) * i64::from(lookup.count - 1);
                places.start + choices.min(0)..places.end + choices.max(0)
            }
            _ => places,
        }
    }

    /// All slots that it stands in, in all turns of the loops.
    fn every_slot(&self, trips: &[u32; LOOPS], tables: &[u32]) -> Vec<u32> {
        let mut slots = vec![self.access.base];
        for (stride, trips) in self.access.strides.into_iter().zip(trips) {
            let turns = if stride == 0 { 1 } else { *trips };
            let before = std::mem::take(&mut slots);
            for turn in 0..i64::from(turns) {
                slots.extend(before.iter().map(|slot| (i64::from(*slot) + i64::from(stride) * turn) as u32));
            }
        }
        if self.access.route == Route::Table {
            slots.iter_mut().for_each(|place| *place = tables[*place as usize]);
        }
        slots
    }
}
