//! What moves on with the turns of a repeat: a window of slots for each turn, each as far behind the one before.
//!
//! Where a turn needs of what stood there only what the turn before has left, one window serves all turns. Else each keeps a window of
//! its own, with those slots alone that are used: the way back through a long repeat reads what the way there has kept, and what lies
//! between fills caches, too.

use super::draft::Draft;
use super::layout::CACHE_LINE;
use super::reach::{Routes, Turns, for_each, for_each_run, try_for_each_mut};
use super::slot_set::SlotSet;
use crate::Result;
use crate::program::{Access, Instruction, REPEATS, Route, Start, Step};
use std::ops::Range;

/// Windows of more lengths stay as they are, and those of few turns.
const MOST_LENGTHS: usize = 8;
const FEWEST_TURNS: u32 = 16;

/// What does not move with windows and has more turns than this is not listed by a table.
const MOST_LISTED: u64 = 1 << 12;

/// Puts windows of slots together, or makes one of them, in steps that are run one after the other, where they cover at least so many
/// slots. Whether there are any.
pub(super) fn put_windows_together(draft: &mut Draft, steps: &mut [Step], least: usize) -> Result<bool> {
    // The windows of the longest repeats first.
    let mut lengths: Vec<(u32, u32)> = Vec::new();
    let mut users = users(&draft.routes, steps);
    for User { access, turns, .. } in users.iter().filter(|user| user.is_moving()) {
        lengths.push((turns.repeats[0], access.shifts[0].unsigned_abs()));
    }
    lengths.sort_unstable();
    lengths.dedup();
    let mut has_changed = false;
    let long = lengths.into_iter().rev().take_while(|(turns, _)| *turns >= FEWEST_TURNS);
    for (_, length) in long.take(MOST_LENGTHS) {
        let mut have_moved = false;
        for slots in moving(draft, &users, length).stretches().filter(|slots| slots.len() >= least) {
            let Some(mut windows) = Windows::of(draft, &users, slots, length) else { continue };
            let is_one = windows.are_one(steps, &draft.routes);
            let width = windows.width.next_multiple_of(CACHE_LINE);
            windows.step = if is_one { 0 } else { width };
            let count = if is_one { 1 } else { windows.count() };
            windows.to = draft.allocate(u64::from(count) * u64::from(width))?;
            windows.move_to(steps, &mut draft.routes)?;
            have_moved = true;
        }
        if have_moved {
            users = self::users(&draft.routes, steps);
            has_changed = true;
        }
    }
    Ok(has_changed)
}

/// An access, with its turns and the stretch of slots that it stays in.
struct User {
    access: Access,
    turns: Turns,
    reach: Range<u32>,
}

/// All accesses; of a lookup that of its index, too.
fn users(routes: &Routes, steps: &[Step]) -> Vec<User> {
    let user = |(access, turns): (Access, Turns)| {
        let reach = match access.route {
            Route::Direct | Route::Lookup(_) => routes.span(&access, turns),
            Route::Table => {
                let (mut first, mut end) = (u32::MAX, 0);
                routes.reach(&access, turns, |run| (first, end) = (first.min(run.first), end.max(run.first + 1)));
                first..end
            }
        };
        User { access, turns, reach }
    };
    routes.accesses(steps).into_iter().filter(|(_, turns)| !turns.is_empty()).map(user).collect()
}

impl User {
    /// Whether it stands somewhere else in other turns of a repeat that is in no other.
    fn is_moving(&self) -> bool {
        let Access { route, shifts: [by, inner], .. } = self.access;
        route == Route::Direct && by != 0 && inner == 0 && self.turns.repeats[0] > 1
    }
}

/// The slots in which accesses move on by so many with each turn.
fn moving(draft: &Draft, users: &[User], length: u32) -> SlotSet {
    let mut slots = SlotSet::none_of(draft.slots());
    let is_of_these = |user: &&User| user.is_moving() && user.access.shifts[0].unsigned_abs() == length;
    users.iter().filter(is_of_these).for_each(|user| _ = slots.insert(user.reach.clone().into()));
    slots
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
    /// Those of a stretch of slots, if all who use it can be led to where they go.
    fn of(draft: &Draft, users: &[User], slots: Range<u32>, length: u32) -> Option<Self> {
        let mut windows = Windows { slots, first: 0, length, places: Vec::new(), width: 0, to: 0, step: 0 };
        if draft.named_slots().any(|named| windows.meet(&named)) {
            return None;
        }
        let mut is_used = vec![false; length as usize];
        let mut mark = |slot: u32| is_used[(slot % length) as usize] = true;
        for User { access, turns, .. } in users.iter().filter(|user| windows.meet(&user.reach)) {
            if windows.lead(access, *turns, &draft.routes) {
                draft.routes.span(access, Turns::of_loops(turns.trips)).for_each(&mut mark);
            } else {
                // What moves otherwise looks up its place in every turn, of which there should be few.
                let is_still = access.route == Route::Table || access.shifts == [0; REPEATS];
                let is_short = turns.repeats.iter().product::<u32>() < FEWEST_TURNS;
                let can_be_listed = !matches!(access.route, Route::Lookup(_)) && turns.count() <= MOST_LISTED;
                if !(can_be_listed && (is_still || is_short)) {
                    return None;
                }
                let is_inside = |slot: &u32| windows.slots.contains(slot);
                draft.routes.reach(access, *turns, |run| run.slots().filter(is_inside).for_each(&mut mark));
            }
        }
        // Windows begin behind the longest gap, so that what moves with them does not reach across their edges.
        let is_used = |slot: u32| is_used[(slot % length) as usize];
        let gaps = (0..length).filter(|slot| !is_used(*slot) && is_used(slot + length - 1));
        let end = |start: u32| (start..start + length).find(|slot| is_used(*slot));
        let (_, begin) = gaps.filter_map(|start| end(start).map(|end| (end - start, end))).max()?;
        let before = i64::from(windows.slots.start) - i64::from(begin);
        windows.first = i64::from(windows.slots.start) - before.rem_euclid(length.into());
        for slot in begin..begin + length {
            windows.places.push(windows.width);
            windows.width += u32::from(is_used(slot));
        }
        Some(windows)
    }

    /// Whether an access moves from window to window, and stays in one while loops run: it can be led along.
    fn lead(&self, access: &Access, turns: Turns, routes: &Routes) -> bool {
        let [by, inner] = access.shifts;
        if access.route != Route::Direct || !by.unsigned_abs().is_multiple_of(self.length) || inner != 0 {
            return false;
        }
        let reach = routes.span(access, turns);
        self.slots.start <= reach.start
            && reach.end <= self.slots.end
            && routes.span(access, Turns::of_loops(turns.trips)).len() < self.length as usize
    }

    fn meet(&self, slots: &Range<u32>) -> bool {
        slots.start < self.slots.end && self.slots.start < slots.end
    }

    fn meet_access(&self, access: &Access, turns: Turns, routes: &Routes) -> bool {
        match access.route {
            Route::Direct | Route::Lookup(_) => self.meet(&routes.span(access, turns)),
            Route::Table => {
                let mut meets = false;
                routes.reach(access, turns, |run| meets |= self.slots.contains(&run.first));
                meets
            }
        }
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
        let mut is_meeting = Vec::new();
        for_each(steps, |instruction, turns| {
            is_meeting.push(instruction.accesses().any(|access| self.meet_access(access, turns, routes)));
        });
        let mut found = vec![None; self.width as usize];
        let mut are_one = true;
        for_each_run(steps, |number, instruction, turn| {
            if !are_one || !is_meeting[number] {
                return;
            }
            let turns = Turns::of_loops(instruction.trips);
            let slots = |access: &Access| {
                let mut slots = Vec::new();
                let access = access.in_turn(turn);
                if self.meet_access(&access, turns, routes) {
                    let is_inside = |slot: &u32| self.slots.contains(slot);
                    routes.reach(&access, turns, |run| slots.extend(run.slots().filter(is_inside)));
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
        let place = |access: &Access| {
            let is_inside = access.route == Route::Direct && self.slots.contains(&access.base);
            is_inside.then(|| (self.place(access.base).1, access.strides))
        };
        place(access).is_some() && place(access) == place(&instruction.out)
    }

    /// Leads all accesses to where the windows go.
    fn move_to(&self, steps: &mut [Step], routes: &mut Routes) -> Result<()> {
        let moved = |slot: u32| {
            let (window, place) = self.place(slot);
            self.to + window * self.step + place
        };
        try_for_each_mut(steps, |instruction, turns| {
            for access in instruction.accesses_mut().filter(|_| !turns.is_empty()) {
                if self.lead(access, turns, routes) {
                    access.base = moved(access.base);
                    access.shifts[0] = access.shifts[0] / self.length as i32 * self.step as i32;
                } else if self.meet_access(access, turns, routes) {
                    let place = |slot| if self.slots.contains(&slot) { moved(slot) } else { slot };
                    *access = routes.listed(*access, turns, place);
                }
            }
            if instruction.start == Start::From(instruction.out) {
                instruction.start = Start::Here;
            }
            Ok(())
        })
    }
}
