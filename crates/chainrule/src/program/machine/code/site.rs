//! Where numbers stand while code is written for them: seen from the first slot, or from what a table lists.

use crate::program::REPEATS;

/// What slots are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Frame {
    /// The first slot of all, moved on so far with each turn of the repeats.
    Slots([i32; REPEATS]),
    /// The slot that is listed at this place of the tables, which moves on so far.
    Listed { place: i64, shifts: [i32; REPEATS] },
}

/// A slot, seen from a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Site {
    pub frame: Frame,
    pub slot: i64,
}

/// Numbers that stand in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    pub site: Site,
    /// So many stand there, side by side.
    pub lanes: i64,
    /// The first slot that they may be in, in all turns of the repeats, and the one behind the last.
    pub reach: [i64; 2],
}

impl Site {
    /// The slot so many behind it.
    pub fn behind(self, slots: i64) -> Self {
        Site { slot: self.slot + slots, ..self }
    }
}

impl Held {
    /// Whether they stand where others do not.
    pub fn is_apart(&self, other: &Held) -> bool {
        let is_apart =
            |[low, high]: [i64; 2], [other_low, other_high]: [i64; 2]| high <= other_low || other_high <= low;
        let slots = |held: &Held| [held.site.slot, held.site.slot + held.lanes];
        match self.site.frame == other.site.frame {
            true => is_apart(slots(self), slots(other)),
            false => is_apart(self.reach, other.reach),
        }
    }
}
