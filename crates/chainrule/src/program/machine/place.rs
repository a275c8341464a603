//! Where operands stand and results go, in the loops of a prepared instruction.

use crate::program::{Access, LOOPS, REPEATS, Route};

/// The turns of all repeats and loops around what is being computed.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub repeats: [u32; REPEATS],
    pub loops: [u32; LOOPS],
}

impl Turn {
    /// How far something moves that moves so far with each of them.
    #[inline(always)]
    pub fn moves(&self, shifts: &[i32; REPEATS], strides: &[i32; LOOPS]) -> i64 {
        let moved = |by: i32, turns: u32| i64::from(by) * i64::from(turns);
        let by_repeats: i64 = (0..REPEATS).map(|depth| moved(shifts[depth], self.repeats[depth])).sum();
        by_repeats + (0..LOOPS).map(|depth| moved(strides[depth], self.loops[depth])).sum::<i64>()
    }
}

/// An [`Access`] whose index, where it has one, stands with it, and one of whose loops is taken out: that of the lanes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub base: u32,
    /// How far it moves with each of the other loops.
    pub strides: [i32; LOOPS],
    /// How far it moves from lane to lane.
    pub lane: i32,
    pub shifts: [i32; REPEATS],
    pub way: Way,
}

/// What base and strides lead to.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The slot.
    Slot,
    /// A place in the tables.
    Table,
    /// A place in the tables where the first slot of a row is listed: its lanes stand side by side, or still.
    Row,
    /// A slot so many steps before the one that is meant as the index says.
    Lookup(Box<Index>),
}

/// Which of `count` slots is meant.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub place: Place,
    pub step: i32,
    pub count: u32,
}

impl Place {
    /// Where an access without an index stands; the loop of the lanes is that number.
    pub fn new(access: &Access, lanes: Option<usize>) -> Self {
        let mut strides = access.strides;
        let lane = lanes.map_or(0, |lanes| std::mem::take(&mut strides[lanes]));
        let way = if access.route == Route::Direct { Way::Slot } else { Way::Table };
        Place { base: access.base, strides, lane, shifts: access.shifts, way }
    }

    /// What base and strides lead to.
    #[inline(always)]
    pub fn at(&self, turn: &Turn) -> usize {
        (i64::from(self.base) + turn.moves(&self.shifts, &self.strides)) as usize
    }

    /// Has the rows found by their first slots, if the tables list nothing else than slots side by side, or one for all lanes,
    /// in all these turns of the loops and of the repeats around.
    pub fn find_rows(&mut self, lanes: usize, trips: &[u32; LOOPS], repeats: &[u32], tables: &[u32]) {
        let steps = self.strides.iter().zip(trips).chain(self.shifts.iter().zip(repeats));
        let mut firsts = vec![i64::from(self.base)];
        for (step, trips) in steps.filter(|(step, trips)| **step != 0 && **trips > 1) {
            let turns = (0..i64::from(*trips)).map(|turn| turn * i64::from(*step));
            firsts = turns.flat_map(|moved| firsts.iter().map(move |first| first + moved)).collect();
        }
        let is_row = |first: &i64| {
            let listed = |lane: usize| tables[(*first + lane as i64 * i64::from(self.lane)) as usize];
            (1..lanes).all(|lane| listed(lane) == listed(0).wrapping_add(lane as u32))
        };
        if matches!(self.way, Way::Table) && (self.lane == 0 || firsts.iter().all(is_row)) {
            self.way = Way::Row;
            self.lane = self.lane.signum().abs();
        }
    }

    /// Whether the lanes stand side by side.
    pub fn is_contiguous(&self) -> bool {
        self.lane == 1 && matches!(self.way, Way::Slot)
    }
}

/// Slots that move with the repeats around, in these turns of them. What it comes to is the number of a slot, whatever the
/// parts are.
#[inline(always)]
pub(super) fn moved<const COUNT: usize>(
    slots: &[u32; COUNT],
    shifts: &[[i32; COUNT]; REPEATS],
    repeats: [u32; REPEATS],
) -> [u32; COUNT] {
    let mut moved = *slots;
    for (shifts, turns) in shifts.iter().zip(repeats) {
        for (slot, shift) in moved.iter_mut().zip(shifts) {
            *slot = slot.wrapping_add((*shift as u32).wrapping_mul(turns));
        }
    }
    moved
}

/// Every turn of some loops, the last fastest: sets the next one, or sets all to 0 and says that there is none.
#[inline(always)]
pub(super) fn next_turn(turn: &mut [u32; LOOPS], trips: &[u32; LOOPS], loops: std::ops::Range<usize>) -> bool {
    for depth in loops.rev() {
        turn[depth] += 1;
        if turn[depth] < trips[depth] {
            return true;
        }
        turn[depth] = 0;
    }
    false
}
