//! Sets of slots: a bit for each.

use std::ops::Range;

/// Slots that follow each other at one distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::program) struct Run {
    pub first: u32,
    /// From one to the next.
    pub step: u32,
    /// So many there are.
    pub count: u32,
}

/// A set of slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::program) struct SlotSet {
    words: Vec<u64>,
}

impl From<Range<u32>> for Run {
    fn from(slots: Range<u32>) -> Self {
        Run { first: slots.start, step: 1, count: slots.end.saturating_sub(slots.start) }
    }
}

impl Run {
    /// The slots, one after the other.
    pub fn slots(self) -> impl Iterator<Item = u32> {
        (0..self.count).map(move |number| self.first + number * self.step)
    }

    /// The words of a set in which neighbouring slots stand, each with a mask of its bits.
    fn words(self) -> impl Iterator<Item = (usize, u64)> {
        let (start, end) = (u64::from(self.first), u64::from(self.first) + u64::from(self.count));
        (start / 64..end.div_ceil(64)).map(move |word| {
            let (from, to) = (start.max(word * 64) - word * 64, end.min(word * 64 + 64) - word * 64);
            (word as usize, (u64::MAX >> (64 - (to - from))) << from)
        })
    }
}

impl SlotSet {
    /// None of so many slots.
    pub fn none_of(slots: u32) -> Self {
        SlotSet { words: vec![0; slots.div_ceil(64) as usize] }
    }

    /// None of as many slots as these are taken from.
    pub fn none_of_these(&self) -> Self {
        SlotSet { words: vec![0; self.words.len()] }
    }

    /// Makes room for so many slots.
    pub fn grow(&mut self, slots: u32) {
        self.words.resize(self.words.len().max(slots.div_ceil(64) as usize), 0);
    }

    /// Puts slots in, and says how many of them are new.
    pub fn insert(&mut self, run: Run) -> u32 {
        if run.step == 1 && run.count > 1 {
            let mut new = 0;
            for (word, mask) in run.words() {
                new += (mask & !self.words[word]).count_ones();
                self.words[word] |= mask;
            }
            return new;
        }
        run.slots().map(|slot| u32::from(self.insert_slot(slot))).sum()
    }

    fn insert_slot(&mut self, slot: u32) -> bool {
        let (word, bit) = (&mut self.words[slot as usize / 64], 1 << (slot % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// So many of these slots are in the set.
    pub fn count_in(&self, run: Run) -> u32 {
        if run.step == 1 && run.count > 1 {
            return run.words().map(|(word, mask)| (mask & self.words[word]).count_ones()).sum();
        }
        run.slots().map(|slot| u32::from(self.contains(slot))).sum()
    }

    /// Whether the slot is in the set.
    pub fn contains(&self, slot: u32) -> bool {
        self.words[slot as usize / 64] & (1 << (slot % 64)) != 0
    }

    /// What is in both sets.
    pub fn intersection(mut self, other: &SlotSet) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }

    /// Keeps those slots alone of which this holds.
    pub fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        for (number, word) in self.words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !is_kept(number as u32 * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// The stretches of neighbouring slots that are in the set, from the first on.
    pub fn stretches(&self) -> impl Iterator<Item = Range<u32>> {
        let end = self.words.len() as u32 * 64;
        let mut next = 0;
        std::iter::from_fn(move || {
            let start = self.next_where(true, next).filter(|start| *start < end)?;
            next = self.next_where(false, start).unwrap_or(end);
            Some(start..next)
        })
    }

    /// The first slot from this one on that is in the set, or not.
    fn next_where(&self, is_in: bool, from: u32) -> Option<u32> {
        let wanted = |word: u64| if is_in { word } else { !word };
        let first = from as usize / 64;
        let mut mask = u64::MAX << (from % 64);
        for (number, word) in self.words.iter().enumerate().skip(first) {
            let found = wanted(*word) & mask;
            if found != 0 {
                return Some(number as u32 * 64 + found.trailing_zeros());
            }
            mask = u64::MAX;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_as_their_slots_one_by_one() {
        let runs = [(0, 1, 64), (3, 1, 1), (60, 1, 200), (63, 1, 2), (5, 7, 40), (299, 1, 1), (128, 1, 64)];
        let mut set = SlotSet::none_of(300);
        let mut slow = [false; 300];
        for (first, step, count) in runs {
            let run = Run { first, step, count };
            let before = run.slots().filter(|slot| slow[*slot as usize]).count() as u32;
            assert_eq!(set.count_in(run), before);
            assert_eq!(set.insert(run), count - before);
            run.slots().for_each(|slot| slow[slot as usize] = true);
        }
        let listed: Vec<u32> = set.stretches().flatten().collect();
        assert_eq!(listed, (0..300).filter(|slot| slow[*slot as usize]).collect::<Vec<_>>());
    }
}
