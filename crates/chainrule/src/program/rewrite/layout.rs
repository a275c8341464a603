//! Gives each slot that is used its place: first the inputs, then the constants, then all others in the order that they had.
//!
//! Slots between those that an access reaches stay where they are, so that strides keep their lengths; all other gaps close,
//! but for what keeps long stretches as far from the edges of cache lines as they were.
//! An access that goes across one that has opened, because inputs or constants were put in, reads by a table.

use super::reach::{Routes, Turns, for_each, try_for_each_mut};
use super::slot_set::SlotSet;
use crate::program::{Access, Guard, Input, Lookup, Output, Program, Route, Step};
use crate::{Error, Result};
use std::ops::Range;

/// Where each slot, and each place in the tables, goes.
pub(in crate::program) struct Layout {
    slots: Vec<u32>,
    places: Vec<u32>,
    /// Slots that are used, as the one before them is, and do not follow it any more.
    cuts: Vec<u32>,
    length: u32,
}

/// So many numbers of eight bytes.
pub(in crate::program) const CACHE_LINE: u32 = 8;

/// Of what is not used.
const NOWHERE: u32 = u32::MAX;

impl Layout {
    pub fn of(
        steps: &[Step],
        routes: &Routes,
        slots: u32,
        inputs: &[(Input, u32)],
        constants: &[(f64, u32)],
        outputs: &[Output],
        guards: &[Guard],
    ) -> Self {
        let mut used = Used::of(steps, routes, slots);
        for range in outputs.iter().flat_map(|output| &output.slots) {
            used.slots.insert(range.clone().into());
        }
        for guard in guards {
            used.slots.insert(guard.slots().into());
        }
        let mut layout =
            Layout { slots: vec![NOWHERE; slots as usize], places: Vec::new(), cuts: Vec::new(), length: 0 };
        for (input, first) in inputs {
            layout.place(*first..first + input.length);
        }
        for (_, slot) in constants {
            layout.place(*slot..slot + 1);
        }
        for stretch in used.slots.stretches() {
            layout.place_rest(stretch);
        }
        layout.places = vec![NOWHERE; routes.tables.len()];
        for (new, place) in used.places.stretches().flatten().enumerate() {
            layout.places[place as usize] = new as u32;
        }
        // What is placed as one stays together: cuts are where inputs and constants begin or end.
        let inputs = inputs.iter().flat_map(|(input, first)| [*first, first + input.length]);
        let edges = inputs.chain(constants.iter().flat_map(|(_, slot)| [*slot, slot + 1]));
        layout.cuts = edges.filter(|slot| layout.is_torn_from_before(*slot)).collect();
        layout.cuts.sort_unstable();
        layout
    }

    /// So many slots there are now.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Gives those slots that have no place yet the next ones.
    fn place(&mut self, slots: Range<u32>) {
        let places = &mut self.slots[slots.start as usize..slots.end as usize];
        if places.iter().all(|place| *place == NOWHERE) {
            places.iter_mut().zip(self.length..).for_each(|(place, new)| *place = new);
            self.length += places.len() as u32;
            return;
        }
        for place in places.iter_mut().filter(|place| **place == NOWHERE) {
            *place = self.length;
            self.length += 1;
        }
    }

    /// The same for slots that are computed, at a distance from the edges of cache lines that stays.
    fn place_rest(&mut self, slots: Range<u32>) {
        let is_placed = |slot: &u32| self.slots[*slot as usize] != NOWHERE;
        let first = slots.start + slots.clone().take_while(is_placed).count() as u32;
        if slots.end - first >= CACHE_LINE {
            self.length += (first + CACHE_LINE - self.length % CACHE_LINE) % CACHE_LINE;
        }
        self.place(first..slots.end);
    }

    /// Moves everything in the program to where it belongs.
    pub fn apply(&mut self, program: &mut Program) -> Result<()> {
        let old = Routes { tables: std::mem::take(&mut program.tables), lookups: std::mem::take(&mut program.lookups) };
        let kept = old.tables.iter().zip(&self.places).filter(|(_, new)| **new != NOWHERE);
        // What a table lists between the places that are reached may be nowhere: slot 0 is as good as any.
        let slot = |old: u32| self.slots.get(old as usize).copied().filter(|new| *new != NOWHERE).unwrap_or(0);
        let tables = kept.map(|(old, _)| slot(*old)).collect();
        let mut moving = Moving { layout: self, new: Routes { tables, lookups: Vec::new() }, lookups: Vec::new(), old };
        moving.lookups = vec![None; moving.old.lookups.len()];
        try_for_each_mut(&mut program.steps, |instruction, turns| {
            instruction.accesses_mut().try_for_each(|access| {
                *access = moving.access(*access, turns)?;
                Ok(())
            })
        })?;
        Routes { tables: program.tables, lookups: program.lookups } = moving.new;
        for output in &mut program.outputs {
            output.slots = output.slots.iter().flat_map(|slots| self.moved(slots.clone())).collect();
        }
        for guard in &mut program.guards {
            guard.slot = self.slots[guard.slot as usize];
        }
        Ok(())
    }

    /// A range, which becomes several where it is cut.
    fn moved(&self, range: Range<u32>) -> Vec<Range<u32>> {
        if !range.is_empty() && !self.is_cut(&range) {
            let first = self.slots[range.start as usize];
            return vec![first..first + range.len() as u32];
        }
        let mut moved: Vec<Range<u32>> = Vec::new();
        for slot in range {
            let new = self.slots[slot as usize];
            match moved.last_mut().filter(|last| last.end == new) {
                Some(last) => last.end += 1,
                None => moved.push(new..new + 1),
            }
        }
        moved
    }

    /// Whether a slot and the one before it are used, and do not follow each other any more.
    fn is_torn_from_before(&self, slot: u32) -> bool {
        let pair = slot.checked_sub(1).and_then(|before| self.slots.get(before as usize..=slot as usize));
        pair.is_some_and(|pair| !pair.contains(&NOWHERE) && pair[1] != pair[0] + 1)
    }

    fn is_cut(&self, span: &Range<u32>) -> bool {
        let next = self.cuts.partition_point(|cut| *cut <= span.start);
        self.cuts.get(next).is_some_and(|cut| *cut < span.end)
    }
}

/// What is used: the slots, and the places in the tables, from the lowest to the highest that each access reaches.
struct Used {
    slots: SlotSet,
    places: SlotSet,
}

impl Used {
    fn of(steps: &[Step], routes: &Routes, slots: u32) -> Self {
        let places = SlotSet::none_of(routes.tables.len() as u32);
        let mut used = Used { slots: SlotSet::none_of(slots), places };
        for_each(steps, |instruction, turns| {
            if turns.is_empty() {
                return;
            }
            for access in instruction.accesses() {
                used.mark(access, turns, routes);
                if let Some(lookup) = routes.lookup(access) {
                    used.mark(&lookup.index, turns, routes);
                }
            }
        });
        used
    }

    fn mark(&mut self, access: &Access, turns: Turns, routes: &Routes) {
        let span = routes.span(access, turns).into();
        if access.route == Route::Table {
            self.places.insert(span);
            routes.mark(access, turns, &mut self.slots);
        } else {
            self.slots.insert(span);
        }
    }
}

/// Accesses on the way from the old slots to the new ones.
struct Moving<'a> {
    layout: &'a Layout,
    old: Routes,
    new: Routes,
    /// The new number of each old lookup that has one.
    lookups: Vec<Option<u32>>,
}

impl Moving<'_> {
    fn access(&mut self, access: Access, turns: Turns) -> Result<Access> {
        if turns.is_empty() {
            return Ok(Access::slot(0));
        }
        let span = self.old.span(&access, turns);
        let moved_by = |places: &[u32]| access.behind(places[span.start as usize].wrapping_sub(span.start));
        match access.route {
            Route::Table => Ok(moved_by(&self.layout.places)),
            Route::Direct if self.layout.is_cut(&span) => {
                let slots = &self.layout.slots;
                Ok(self.new.listed(access, turns, |slot| slots[slot as usize]))
            }
            Route::Direct => Ok(moved_by(&self.layout.slots)),
            Route::Lookup(_) if self.layout.is_cut(&span) => {
                Err(Error::argument("lookup", "one group of inputs, or computed numbers, to choose from", "several"))
            }
            Route::Lookup(number) => {
                let moved = moved_by(&self.layout.slots);
                Ok(Access { route: Route::Lookup(self.lookup(number, turns)?), ..moved })
            }
        }
    }

    fn lookup(&mut self, number: u32, turns: Turns) -> Result<u32> {
        if let Some(new) = self.lookups[number as usize] {
            return Ok(new);
        }
        let lookup = self.old.lookups[number as usize];
        let moved = Lookup { index: self.access(lookup.index, turns)?, ..lookup };
        let new = self.new.lookups.len() as u32;
        self.new.lookups.push(moved);
        self.lookups[number as usize] = Some(new);
        Ok(new)
    }
}
