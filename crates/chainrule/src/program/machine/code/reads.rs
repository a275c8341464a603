//! What a function reads, and when: so that registers keep what is read again soonest.
//!
//! Nothing of this depends on registers. So the functions of a repeat are written twice, and the second time it is known what they read.

use super::site::Site;
use rustc_hash::FxHashMap;

/// Of a function, the times of all reads, counted from its beginning.
#[derive(Default)]
pub(in super::super) struct Reads {
    times: FxHashMap<Read, Vec<u32>>,
}

/// What is read at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Read {
    /// These bits, in all lanes.
    Constant(u64),
    Slot(Site),
}

/// When something is read that never is.
pub(super) const NEVER: u32 = u32::MAX;

impl Reads {
    /// Notes what is read at a time, after all that was noted before.
    pub(super) fn note(&mut self, reads: impl Iterator<Item = Read>, time: u32) {
        for read in reads {
            self.times.entry(read).or_default().push(time);
        }
    }

    /// When some of this is read next, from a time on.
    pub(super) fn next(&self, reads: impl Iterator<Item = Read>, from: u32) -> u32 {
        let next = |read: Read| {
            let times = self.times.get(&read)?;
            times.get(times.partition_point(|time| *time < from)).copied()
        };
        reads.filter_map(next).min().unwrap_or(NEVER)
    }
}
