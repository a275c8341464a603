//! Epochs: how a stale handle is told from a live one.
//!
//! A tape is truncated when a scope ends, and its slots are then used anew. Epochs count truncations. A handle keeps the
//! epoch that it was made in, and is live as long as no truncation since has cut below its slot.

/// One cut of the tape: what was recorded at or before `epoch` in slots from `length` on is gone.
#[derive(Debug)]
struct Truncation {
    epoch: u64,
    length: u32,
}

/// The history of truncations, as far as it still matters: a later and lower cut makes earlier ones irrelevant, so both
/// epochs and lengths increase along the list.
#[derive(Debug)]
pub(super) struct Epochs {
    now: u64,
    truncations: Vec<Truncation>,
    /// Nothing that was recorded before this epoch is left.
    born: u64,
    /// The length that the latest truncation left, which the tape has not been below since; 0 before the first.
    kept: u32,
    /// Handles younger than this have lived through the latest truncation of the list at most.
    horizon: u32,
}

impl Epochs {
    /// An epoch that never is: that of constants.
    pub const NONE: u32 = u32::MAX;

    pub const fn new() -> Self {
        Epochs { now: 1, truncations: Vec::new(), born: 1, kept: 0, horizon: 1 }
    }

    /// What a handle made now keeps: the epoch, modulo 2^32.
    #[inline(always)]
    pub fn now(&self) -> u32 {
        self.now as u32
    }

    /// The epoch, in full.
    pub fn now_in_full(&self) -> u64 {
        self.now
    }

    /// The least length that the tape was cut to in this epoch or since; `None` where it was not cut.
    #[inline]
    pub fn least_length_since(&self, epoch: u64) -> Option<u32> {
        if epoch == self.now {
            return None;
        }
        if epoch < self.born {
            return Some(0);
        }
        // Lengths increase along the list: the first cut of that time is the lowest.
        let first = self.truncations.partition_point(|cut| cut.epoch < epoch);
        self.truncations.get(first).map(|cut| cut.length)
    }

    /// Whether a glance shows that a handle is live: it was made since the latest truncation, or that is the only one that
    /// it has lived through. Never of a constant, which has [`Epochs::NONE`] and no slot that a tape reaches.
    #[inline(always)]
    pub fn is_recent(&self, epoch: u32, slot: u32) -> bool {
        epoch == self.now() || self.has_lived_through_a_cut(epoch, slot)
    }

    /// Whether a glance shows that a handle from before the latest truncation is live.
    #[inline(always)]
    pub fn has_lived_through_a_cut(&self, epoch: u32, slot: u32) -> bool {
        slot < self.kept && self.now().wrapping_sub(epoch) < self.horizon
    }

    /// Whether the node that a handle was made for, in this epoch and slot, is still there.
    ///
    /// Handles keep epochs modulo 2^32: a live one is always known as live, a stale one is known as stale through the 2^32
    /// truncations that follow its own epoch.
    pub fn is_live(&self, epoch: u32, slot: u32) -> bool {
        let age = self.now().wrapping_sub(epoch);
        let Some(made) = self.now.checked_sub(u64::from(age)) else { return false };
        self.least_length_since(made).is_none_or(|length| slot < length)
    }

    /// Notes that the tape was cut to `length`, below what it held.
    pub fn truncate(&mut self, length: u32) {
        while self.truncations.last().is_some_and(|cut| cut.length >= length) {
            self.truncations.pop();
        }
        let previous = self.truncations.last().map_or(self.born - 1, |cut| cut.epoch);
        let epoch = self.now;
        self.now += 1;
        if self.now() == Self::NONE {
            self.now += 1;
        }
        if length == 0 {
            self.born = self.now;
        } else {
            self.truncations.push(Truncation { epoch, length });
        }
        self.kept = length;
        self.horizon = (self.now - previous).try_into().unwrap_or(u32::MAX);
    }

    /// Whether there have been so many epochs that a glance at a handle may take a stale one for live.
    pub fn have_wrapped(&self) -> bool {
        self.now > u64::from(u32::MAX)
    }

    /// The same without memory of its own, for a tape that nothing is left of.
    pub fn freed(self) -> Self {
        Epochs { truncations: Vec::new(), ..self }
    }

    pub fn bytes(&self) -> usize {
        self.truncations.capacity() * size_of::<Truncation>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Epochs {
        /// As if there had been so many more epochs.
        pub fn skip(&mut self, epochs: u64) {
            self.now += epochs;
        }

        /// As if there had been more epochs until handles keep this one.
        pub fn skip_to(&mut self, epoch: u32) {
            self.now += u64::from(epoch.wrapping_sub(self.now()));
        }
    }

    #[test]
    fn a_handle_dies_with_the_cut_below_it() {
        let mut epochs = Epochs::new();
        let made = epochs.now();
        epochs.truncate(5);
        assert!(epochs.is_live(made, 4));
        assert!(!epochs.is_live(made, 5));
        assert!(epochs.is_live(epochs.now(), 5));
    }

    #[test]
    fn a_live_handle_stays_live_when_epochs_wrap() {
        let mut epochs = Epochs::new();
        epochs.truncate(5);
        let made = epochs.now();
        epochs.skip((1 << 32) + 3);
        assert!(epochs.have_wrapped());
        epochs.truncate(7);
        assert!(epochs.is_live(made, 4));
        assert!(!epochs.is_live(epochs.now().wrapping_sub(1), 7));
    }

    proptest! {
        /// Against the plainest model: a list of slots that are there, each with the serial number of its recording.
        #[test]
        fn agrees_with_a_model_that_remembers_everything(actions in prop::collection::vec((0..3u32, 0..20u32), 1..200)) {
            let mut epochs = Epochs::new();
            let mut serial = 0;
            let mut tape: Vec<u32> = Vec::new();
            let mut handles = Vec::new();
            for (action, size) in actions {
                if action < 2 {
                    for _ in 0..size {
                        handles.push((epochs.now(), tape.len(), serial));
                        tape.push(serial);
                        serial += 1;
                    }
                } else if (size as usize) < tape.len() {
                    tape.truncate(size as usize);
                    epochs.truncate(size);
                }
                for &(epoch, slot, serial) in &handles {
                    let is_live = tape.get(slot) == Some(&serial);
                    prop_assert_eq!(epochs.is_live(epoch, slot as u32), is_live);
                    prop_assert!(is_live || !epochs.is_recent(epoch, slot as u32));
                }
            }
        }
    }
}
