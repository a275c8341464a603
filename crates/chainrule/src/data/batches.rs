//! Mini-batches: which rows to learn from next.

use rand::Rng;
use rand::seq::SliceRandom;

/// Parts the rows of a data set into mini-batches, in a new random order each epoch.
///
/// An epoch visits each row once; its last batch is smaller when the batch size does not divide the number of rows.
/// A batch size of 0, or of at least the number of rows, means the full batch: all rows in their natural order, and
/// nothing is drawn from the random generator.
///
/// ```
/// use chainrule::data::Batches;
///
/// let mut rng = chainrule::rng(7);
/// let mut batches = Batches::new(10, 4);
/// let sizes: Vec<usize> = (0..batches.per_epoch()).map(|_| batches.next_batch(&mut rng).len()).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// ```
#[derive(Debug, Clone)]
pub struct Batches {
    order: Vec<usize>,
    size: usize,
    /// Where in `order` the next batch starts; at its end, a new epoch is due.
    next: usize,
}

impl Batches {
    /// Batches of `batch_size` of the rows 0 to `n - 1`.
    pub fn new(n: usize, batch_size: usize) -> Batches {
        let size = if batch_size == 0 { n } else { batch_size.min(n) };
        Batches { order: (0..n).collect(), size, next: n }
    }

    /// The number of batches in an epoch: 0 if there are no rows.
    pub fn per_epoch(&self) -> usize {
        if self.order.is_empty() { 0 } else { self.order.len().div_ceil(self.size) }
    }

    /// The indices of the rows of the next batch. Empty only if there are no rows.
    pub fn next_batch(&mut self, rng: &mut impl Rng) -> &[usize] {
        if self.next == self.order.len() {
            self.next = 0;
            if self.size < self.order.len() {
                self.order.shuffle(rng);
            }
        }
        let start = self.next;
        self.next = (start + self.size).min(self.order.len());
        &self.order[start..self.next]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn epoch(batches: &mut Batches, rng: &mut impl Rng) -> Vec<usize> {
        (0..batches.per_epoch()).flat_map(|_| batches.next_batch(rng).to_vec()).collect()
    }

    proptest! {
        #[test]
        fn each_epoch_visits_each_row_once(n in 0usize..60, batch_size in 0usize..70, seed: u64) {
            let mut rng = crate::rng(seed);
            let mut batches = Batches::new(n, batch_size);
            for _ in 0..3 {
                let mut seen = epoch(&mut batches, &mut rng);
                seen.sort_unstable();
                prop_assert_eq!(seen, (0..n).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn each_epoch_has_its_own_order() {
        let mut rng = crate::rng(1);
        let mut batches = Batches::new(20, 6);
        assert_ne!(epoch(&mut batches, &mut rng), epoch(&mut batches, &mut rng));
    }

    #[test]
    fn equal_seeds_give_equal_batches() {
        let order = |seed| epoch(&mut Batches::new(20, 6), &mut crate::rng(seed));
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn the_full_batch_keeps_the_natural_order() {
        for batch_size in [0, 5, 9, usize::MAX] {
            let mut rng = crate::rng(1);
            let mut batches = Batches::new(5, batch_size);
            for _ in 0..3 {
                assert_eq!(batches.next_batch(&mut rng), [0, 1, 2, 3, 4]);
            }
            assert_eq!(rng, crate::rng(1));
        }
    }

    #[test]
    fn no_rows_give_empty_batches() {
        let mut batches = Batches::new(0, 4);
        assert_eq!(batches.per_epoch(), 0);
        assert!(batches.next_batch(&mut crate::rng(1)).is_empty());
    }
}
