//! Going back through long loops in little memory: a few states are kept, and what lies between is computed again.
//!
//! Where the snapshots stand is said here, for loops of [values](crate::derivatives::checkpointed_loop) and of
//! [programs](crate::program::CheckpointedLoop).

use crate::Result;
use std::ops::Range;

/// A loop whose steps can be run again from any state, and gone back through one by one.
pub(crate) trait Reversible {
    /// What a step makes of what the step before left.
    type State: Clone;

    /// Runs these steps.
    fn run(&mut self, state: &mut Self::State, steps: Range<usize>) -> Result<()>;

    /// Goes back through a step that begins with this state.
    fn back(&mut self, step: usize, state: &Self::State) -> Result<()>;
}

/// As many snapshots as the steps can be halved: then each step is computed again about so many times, too, at most.
pub(crate) fn default_snapshots(steps: usize) -> usize {
    (usize::BITS - steps.leading_zeros()) as usize
}

/// Goes back from the end of some steps to their beginning, whose state is known: from the end to a snapshot, then from there
/// to one before it (Griewank, *Achieving logarithmic growth of temporal and spatial complexity in reverse automatic
/// differentiation*, 1992).
pub(crate) fn go_back<L: Reversible>(
    way: &mut L,
    state: &L::State,
    steps: Range<usize>,
    snapshots: usize,
) -> Result<()> {
    let Range { start, mut end } = steps;
    while end > start {
        let middle = middle(start, end, snapshots);
        let mut snapshot = state.clone();
        way.run(&mut snapshot, start..middle)?;
        if middle + 1 == end {
            way.back(middle, &snapshot)?;
        } else {
            go_back(way, &snapshot, middle..end, snapshots - 1)?;
        }
        end = middle;
    }
    Ok(())
}

/// Where the next snapshot stands: it splits the steps as the snapshots that are left and the repetitions that are needed
/// stand to each other.
fn middle(first: usize, end: usize, snapshots: usize) -> usize {
    let length = end - first;
    if snapshots == 0 || length == 1 {
        return end - 1;
    }
    let (mut repetitions, mut reached) = (0, 1.0);
    while reached < length as f64 {
        repetitions += 1;
        reached *= (snapshots + repetitions) as f64 / repetitions as f64;
    }
    let ahead = (length * repetitions).div_ceil(snapshots + repetitions);
    first + ahead.clamp(1, length - 1)
}
