//! Many leaves at once, as the parameters of a model are read and changed at every step.
//!
//! Most models make their parameters one after the other, so that they are a range of slots: looked at once, and copied.

use super::handle::Value;
use super::misuse::Misuse;
use super::span::Layout;
use super::storage::{Tape, lend};
use std::ops::Range;

/// The numbers of values.
#[track_caller]
pub(crate) fn numbers_of(leaves: &[Value]) -> Vec<f64> {
    lend(|tape| match tape.range_of_leaves(leaves)? {
        Some(range) => Ok(tape.nodes.numbers()[range].to_vec()),
        None => leaves.iter().map(|leaf| tape.number(*leaf)).collect(),
    })
}

/// The gradients of values.
#[track_caller]
pub(crate) fn gradients_of(leaves: &[Value]) -> Vec<f64> {
    let mut gradients = vec![0.0; leaves.len()];
    lend(|tape| {
        let Some(range) = tape.range_of_leaves(leaves)? else {
            return tape.write_each(leaves, |slot| tape.gradients.get(slot).copied(), &mut gradients);
        };
        let swept = tape.gradients.len();
        let found = &tape.gradients[range.start.min(swept)..range.end.min(swept)];
        gradients[..found.len()].copy_from_slice(found);
        Ok(())
    });
    gradients
}

/// Sets the gradients of leaves.
#[track_caller]
pub(crate) fn set_gradients(leaves: &[Value], gradients: &[f64]) {
    let range = lend(|tape| {
        let range = tape.range_of_leaves(leaves)?;
        if let Some(range) = range.clone() {
            if tape.gradients.len() < range.end {
                tape.gradients.resize(range.end, 0.0);
            }
            tape.swept = tape.swept.max(range.end);
            tape.gradients[range].copy_from_slice(gradients);
        }
        Ok(range)
    });
    if range.is_none() {
        leaves.iter().zip(gradients).for_each(|(leaf, gradient)| leaf.set_grad(*gradient));
    }
}

/// Changes the numbers of leaves: `change` gets all numbers and gradients, in the order of `leaves`.
///
/// # Panics
///
/// If one of them is not a leaf.
#[track_caller]
pub(crate) fn update_leaves(leaves: &[Value], change: impl FnOnce(&mut [f64], &[f64])) {
    let (mut numbers, gradients) = (numbers_of(leaves), gradients_of(leaves));
    change(&mut numbers, &gradients);
    // Looked at anew: a scope may have ended in the meantime.
    lend(|tape| match tape.range_of_leaves(leaves)? {
        Some(range) => {
            tape.nodes.numbers_mut()[range].copy_from_slice(&numbers);
            if let Some(guards) = &mut tape.guards {
                guards.changed_leaves.extend_from_slice(leaves);
            }
            Ok(())
        }
        None => leaves.iter().zip(numbers).try_for_each(|(leaf, number)| tape.set_number(*leaf, number)),
    });
}

/// Sets the gradients of leaves back to 0.
#[track_caller]
pub(crate) fn zero_gradients(leaves: &[Value]) {
    let range = lend(|tape| {
        let range = tape.range_of_leaves(leaves)?;
        if let Some(range) = range.clone() {
            let swept = tape.gradients.len();
            tape.gradients[range.start.min(swept)..range.end.min(swept)].fill(0.0);
        }
        Ok(range)
    });
    if range.is_none() {
        leaves.iter().for_each(|leaf| leaf.zero_grad());
    }
}

impl Tape {
    /// Writes what there is in the slots of these values, as many as there is room for: 0 for constants, and where there is nothing.
    pub(super) fn write_each(
        &self,
        values: &[Value],
        mut in_slot: impl FnMut(usize) -> Option<f64>,
        to: &mut [f64],
    ) -> Result<(), Misuse> {
        for (value, to) in values.iter().zip(to) {
            *to = self.slot(*value)?.and_then(|slot| in_slot(slot.index())).unwrap_or(0.0);
        }
        Ok(())
    }

    /// The slots of leaves that stand one after the other, if these do.
    pub(super) fn range_of_leaves(&self, leaves: &[Value]) -> Result<Option<Range<usize>>, Misuse> {
        match (leaves, Layout::of(leaves)) {
            ([first, ..], layout @ Layout::Neighbours) if first.is_leaf() => {
                self.check_all(leaves, layout)?;
                let start = first.place().slot_or_beyond().index();
                Ok(Some(start..start + leaves.len()))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape;
    use std::panic::catch_unwind;

    /// Leaves with numbers from 1 up; in a row, or with others between.
    fn leaves(are_neighbours: bool) -> Vec<Value> {
        let leaf = |number: i32| {
            if !are_neighbours {
                Value::new(0.0);
            }
            Value::new(f64::from(number))
        };
        (1..=3).map(leaf).collect()
    }

    #[test]
    fn numbers_change_by_their_gradients_wherever_leaves_stand() {
        for are_neighbours in [true, false] {
            let leaves = leaves(are_neighbours);
            // Of the last, no sweep has come by.
            (leaves[0] * leaves[1]).backward();
            update_leaves(&leaves, |numbers, gradients| {
                assert_eq!((&*numbers, gradients), (&[1.0, 2.0, 3.0][..], &[2.0, 1.0, 0.0][..]));
                numbers.iter_mut().zip(gradients).for_each(|(number, gradient)| *number -= gradient);
            });
            assert_eq!(leaves.iter().map(|leaf| leaf.data()).collect::<Vec<_>>(), [-1.0, 1.0, 3.0]);
            set_gradients(&leaves, &[4.0, 5.0, 6.0]);
            assert_eq!((numbers_of(&leaves), gradients_of(&leaves)), (vec![-1.0, 1.0, 3.0], vec![4.0, 5.0, 6.0]));
            zero_gradients(&leaves);
            assert!(leaves.iter().all(|leaf| leaf.grad() == 0.0));
        }
    }

    #[test]
    fn what_is_no_leaf_is_refused_in_a_row_too() {
        let x = Value::new(1.0);
        let computed = [x + 1.0, x + 2.0];
        assert!(catch_unwind(|| update_leaves(&computed, |_, _| {})).is_err());
        let stale = {
            let _scope = tape::scope();
            [Value::new(1.0), Value::new(2.0)]
        };
        assert!(catch_unwind(|| update_leaves(&stale, |_, _| {})).is_err());
        assert!(catch_unwind(|| zero_gradients(&stale)).is_err());
    }

    #[test]
    fn changes_are_noted_while_guards_are() {
        for are_neighbours in [true, false] {
            let leaves = leaves(are_neighbours);
            let (_, guards) = tape::record_guards(|| update_leaves(&leaves, |_, _| {}));
            assert_eq!(guards.changed_leaves.len(), 3);
        }
    }
}
