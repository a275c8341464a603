//! What moves on with the turns of a repeat: a window of slots for each turn, each as far behind the one before.
//!
//! Where a turn needs of what stood there only what the turn before has left, one window serves all turns. Else each keeps a window of
//! its own, with those slots alone that are used: the way back through a long repeat reads what the way there has kept, and what lies
//! between fills caches, too.

use super::draft::Draft;
use super::layout::CACHE_LINE;
use super::reach::{Routes, Turns, for_each, for_each_run, try_for_each_mut};
use crate::Result;
use crate::program::{Access, Instruction, Route, Start, Step};
use std::ops::Range;

/// Of windows of more lengths, some stay as they are.
const MOST_LENGTHS: usize = 8;

/// Puts windows of slots together, or makes one of them, in steps that are run one after the other. Whether there are any.
pub(super) fn put_windows_together(draft: &mut Draft, steps: &mut [Step]) -> Result<bool> {
    // The windows of the longest repeats first.
    let mut lengths: Vec<(u32, u32)> = Vec::new();
    for (access, turns) in accesses(draft, steps).iter().filter(|(access, turns)| is_moving(access, *turns)) {
        lengths.push((turns.repeats[0], access.shifts[0].unsigned_abs()));
    }
    lengths.sort_unstable();
    lengths.dedup();
    let mut has_changed = false;
    for (_, length) in lengths.into_iter().rev().take(MOST_LENGTHS) {
        let accesses = accesses(draft, steps);
        for slots in stretches(draft, &accesses, length) {
            let Some(mut windows) = Windows::of(draft, &accesses, slots, length) else { continue };

            let is_one = windows.are_one(steps, &draft.routes);
            let width = windows.width.next_multiple_of(CACHE_LINE);
            windows.step = if is_one { 0 } else { width };
            let count = if is_one { 1 } else { windows.count() };
            windows.to = draft.allocate(u64::from(count) * u64::from(width))?;
            windows.move_to(steps)?;
            has_changed = true;
        }
    }
    Ok(has_changed)
}

/// All accesses with their turns, those of lookups by their choices.
fn accesses(draft: &Draft, steps: &[Step]) -> Vec<(Access, Turns)> {
    let mut accesses = Vec::new();
    for_each(steps, |instruction, turns| {
        for access in instruction.accesses().filter(|_| !turns.is_empty()) {
            accesses.push((*access, turns));
            // What an index stands in moves alone.
            let index = draft.routes.lookup(access).map(|lookup| lookup.index);
            accesses.extend(index.map(|index| (Access { route: access.route, ..index }, turns)));
        }
    });
    accesses
}

/// Whether it stands somewhere else in other turns of a repeat that is in no other.
fn is_moving(access: &Access, turns: Turns) -> bool {
    access.route == Route::Direct && access.shifts[0] != 0 && access.shifts[1] == 0 && turns.repeats[0] > 1
}

/// The stretches of slots in which accesses move on by so many with each turn, with all that others reach together with them.
fn stretches(draft: &Draft, accesses: &[(Access, Turns)], length: u32) -> Vec<Range<u32>> {
    let is_direct = |(access, _): &&(Access, Turns)| access.route == Route::Direct;
    let is_of_these = |access: &Access, turns| is_moving(access, turns) && access.shifts[0].unsigned_abs() == length;
    let mut spans: Vec<(u32, u32, bool)> = Vec::new();
    for (access, turns) in accesses.iter().filter(is_direct) {
        let span = draft.routes.span(access, *turns);
        spans.push((span.start, span.end, is_of_these(access, *turns)));
    }
    spans.sort_unstable();
    let mut stretches: Vec<(Range<u32>, bool)> = Vec::new();
    for (start, end, is_of_these) in spans {
        match stretches.last_mut().filter(|(last, _)| start < last.end) {
            Some((last, has_these)) => {
                last.end = last.end.max(end);
                *has_these |= is_of_these;
            }
            None => stretches.push((start..end, is_of_these)),
        }
    }
    stretches.into_iter().filter(|(_, has_these)| *has_these).map(|(stretch, _)| stretch).collect()
}

/// Windows side by side.
struct Windows {
    /// The slots that they cover.
    slots: Range<u32>,
    /// The first of the first window, which may begin before there are slots.
    first: i64,
    /// From one window to the next.
    length: u32,
    /// Where each slot of a window goes, counted from the first that is used.
    places: Vec<u32>,
    /// So many slots of a window are used.
    width: u32,
    /// Where the first window goes, and how far behind it the next.
    to: u32,
    step: u32,
}

impl Windows {
    /// Those of a stretch of slots, if all who use it have their place within a window.
    fn of(draft: &Draft, accesses: &[(Access, Turns)], slots: Range<u32>, length: u32) -> Option<Self> {
        let meets = |other: &Range<u32>| other.start < slots.end && slots.start < other.end;
        if draft.named_slots().any(|named| meets(&named)) {
            return None;
        }
        let mut is_used = vec![false; length as usize];
        for (access, turns) in accesses {
            if access.route != Route::Direct {
                let mut is_inside = false;
                draft.routes.reach(access, *turns, |run| {
                    is_inside = is_inside || run.slots().any(|slot| slots.contains(&slot))
                });
                if is_inside {
                    return None;
                }
                continue;
            }
            let reach = draft.routes.span(access, *turns);
            if meets(&reach) {
                let span = draft.routes.span(access, Turns::of_loops(turns.trips));
                let [by, inner] = access.shifts;
                let moves_along = by.unsigned_abs().is_multiple_of(length) && inner == 0;
                if !moves_along || span.len() >= length as usize {
                    return None;
                }
                span.for_each(|slot| is_used[(slot % length) as usize] = true);
            }
        }
        // Windows begin behind the longest gap, so that nobody reaches across their edges.
        let mut gap: Option<(u32, u32)> = None;
        for start in
            (0..length).filter(|start| !is_used[*start as usize] && is_used[((start + length - 1) % length) as usize])
        {
            let unused = (0..length).take_while(|slot| !is_used[((start + slot) % length) as usize]).count() as u32;
            gap = gap.max(Some((unused, (start + unused) % length)));
        }
        let (_, begin) = gap?;
        let first = i64::from(slots.start) - (i64::from(slots.start) - i64::from(begin)).rem_euclid(length.into());
        let mut width = 0;
        let mut place = |slot: u32| {
            let place = width;
            width += u32::from(is_used[((begin + slot) % length) as usize]);
            place
        };
        let places = (0..length).map(&mut place).collect();
        Some(Windows { slots, first, length, places, width, to: 0, step: 0 })
    }

    fn count(&self) -> u32 {
        self.place(self.slots.end - 1).0 + 1
    }

    /// The window of a slot, and its place there.
    fn place(&self, slot: u32) -> (u32, u32) {
        let behind = i64::from(slot) - self.first;
        let length = i64::from(self.length);
        ((behind / length) as u32, self.places[(behind % length) as usize])
    }

    /// Whether everybody finds what he needs if all windows are one: what he reads is what was written last in its place.
    fn are_one(&self, steps: &[Step], routes: &Routes) -> bool {
        let mut found = vec![None; self.width as usize];
        let mut are_one = true;
        for_each_run(steps, |_, instruction, turn| {
            if !are_one {
                return;
            }
            let turns = Turns::of_loops(instruction.trips);
            let slots = |access: &Access| {
                let mut slots = Vec::new();
                let access = access.in_turn(turn);
                if self.meets(&routes.span(&access, turns)) && access.route == Route::Direct {
                    routes.reach(&access, turns, |run| slots.extend(run.slots()));
                }
                slots
            };
            let written = slots(&instruction.out);
            let mut read: Vec<u32> = instruction.operands().flat_map(slots).collect();
            let finds = |found: &[Option<u32>], slots: &[u32]| {
                slots.iter().all(|slot| found[self.place(*slot).1 as usize] == Some(*slot))
            };
            are_one = match instruction.start {
                Start::Zero => true,
                Start::Here => finds(&found, &written),
                Start::From(access) => {
                    let start = slots(&access);
                    let is_found = finds(&found, &start);
                    if !self.is_in_place(&access, instruction) {
                        read.extend(start);
                    }
                    is_found
                }
            };
            are_one &= finds(&found, &read);
            written.iter().for_each(|slot| found[self.place(*slot).1 as usize] = Some(*slot));
            // What is read is not written over by the same instruction.
            are_one &= finds(&found, &read);
        });
        are_one
    }

    /// Whether an access will be where the results of the instruction are, if all windows are one.
    fn is_in_place(&self, access: &Access, instruction: &Instruction) -> bool {
        let out = &instruction.out;
        let [read, written] =
            [access, out].map(|access| self.slots.contains(&access.base).then(|| self.place(access.base).1));
        access.strides == out.strides && read.is_some() && read == written
    }

    fn meets(&self, slots: &Range<u32>) -> bool {
        slots.start < self.slots.end && self.slots.start < slots.end
    }

    /// Leads all accesses to where the windows go.
    fn move_to(&self, steps: &mut [Step]) -> Result<()> {
        try_for_each_mut(steps, |instruction, turns| {
            let is_direct = |access: &&mut Access| access.route == Route::Direct && self.slots.contains(&access.base);
            for access in instruction.accesses_mut().filter(|_| !turns.is_empty()).filter(is_direct) {
                let (window, place) = self.place(access.base);
                access.base = self.to + window * self.step + place;
                access.shifts[0] = access.shifts[0] / self.length as i32 * self.step as i32;
            }
            if instruction.start == Start::From(instruction.out) {
                instruction.start = Start::Here;
            }
            Ok(())
        })
    }
}
