//! What a function reads, and when: so that registers keep what is read again soonest.
//!
//! Nothing of this depends on registers. So the functions of a repeat are written twice, and the second time it is known what they read.

use super::registers::{Held, Known};
use super::work::Site;
use rustc_hash::FxHashMap;

/// Of a function, the times of all reads, counted from its beginning.
#[derive(Default)]
pub(in super::super) struct Reads {
    times: FxHashMap<Read, Vec<u32>>,
}

/// What is read at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Read {
    /// These bits, in all lanes.
    Constant(u64),
    Slot(Site),
}

/// When something is read that never is.
pub(super) const NEVER: u32 = u32::MAX;

impl Reads {
    /// Notes that something is read at a time, after all that was noted before.
    pub(super) fn note(&mut self, what: &Known, time: u32) {
        for read in reads(what) {
            self.times.entry(read).or_default().push(time);
        }
    }

    /// When some of it is read next, from a time on.
    pub(super) fn next(&self, what: &Known, from: u32) -> u32 {
        let next = |read: Read| {
            let times = self.times.get(&read)?;
            times.get(times.partition_point(|time| *time < from)).copied()
        };
        reads(what).filter_map(next).min().unwrap_or(NEVER)
    }
}

fn reads(what: &Known) -> impl Iterator<Item = Read> {
    let (constant, slots) = match what {
        Known::Constant(bits) => (Some(Read::Constant(*bits)), None),
        Known::Spread(held) => (None, Some((held, 0..1))),
        Known::Numbers { held, stale, .. } => (None, Some((held, *stale..held.lanes))),
    };
    let slot = |Held { site, .. }: &Held, lane| Read::Slot(Site { slot: site.slot + lane, ..*site });
    constant.into_iter().chain(slots.into_iter().flat_map(move |(held, lanes)| lanes.map(move |lane| slot(held, lane))))
}
