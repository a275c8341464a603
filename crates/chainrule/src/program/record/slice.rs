//! The first pass: what of a recording is needed.
//!
//! Two walks over the nodes: up, to find what depends on an input; down from the results, to find what they were made of,
//! and how often each node is used.

use crate::Op;
use crate::tape::{Reading, Sources};

/// What of a recording is needed.
pub(super) struct Slice {
    /// The slot of the first input: what stands before it depends on none.
    pub first: u32,
    /// So many nodes are computed from inputs, and needed.
    pub num_computed: usize,
    /// A mark for each node from the first on.
    marks: Vec<u8>,
    /// So many nodes at the beginning are inputs.
    leading_inputs: u32,
}

/// Whether a node depends on an input.
const VARIES: u8 = 1 << 7;
/// Whether a node is part of an item that stands for several.
const ABSORBED: u8 = 1 << 6;
/// Whether a node is an input.
const INPUT: u8 = 1 << 5;
/// The uses of a node, as far as they are counted.
const USES: u8 = 3;

impl Slice {
    /// What of a recording the results need, given the slots of the inputs.
    pub fn new(recording: Reading, inputs: &[u32], results: &[u32]) -> Slice {
        let first = inputs.iter().copied().min().unwrap_or(0);
        // The results of a call are computed together.
        let end_at = |slot: &u32| recording.call_at(*slot).map_or(slot + 1, |call| call.slots.end);
        let end = inputs.iter().chain(results).map(end_at).max().unwrap_or(0).max(first);
        let leading_inputs = inputs.iter().zip(first..).take_while(|(input, slot)| **input == *slot).count() as u32;
        let mut slice = Slice { first, num_computed: 0, marks: vec![0; (end - first) as usize], leading_inputs };
        for input in inputs {
            *slice.mark(*input) = VARIES | INPUT;
        }
        slice.find_what_varies(recording);
        for result in results.iter().filter(|slot| **slot >= first) {
            // As if it were used more than once, so that it stays a result of its own.
            *slice.mark(*result) |= USES;
        }
        slice.count_uses(recording);
        slice
    }

    fn find_what_varies(&mut self, recording: Reading) {
        for slot in self.behind_inputs() {
            if recording.ops()[slot as usize] == Op::Leaf {
                continue;
            }
            let mut varies = false;
            recording.visit_operands(slot, |_, operands| varies = varies || self.some_vary(operands));
            *self.mark(slot) |= if varies { VARIES } else { 0 };
        }
    }

    fn count_uses(&mut self, recording: Reading) {
        for slot in self.behind_inputs().rev() {
            if !self.is_computed(slot) {
                continue;
            }
            self.num_computed += 1;
            recording.visit_operands(slot, |_, operands| self.use_once(operands));
        }
    }

    /// Counts a use of operands, as far as they have a mark: constants have none, nor what stands before the first input.
    #[inline(always)]
    fn use_once(&mut self, operands: Sources) {
        let Sources::Nodes { first, step, count } = operands else { return };
        if count == 1 {
            if first >= self.first {
                count_use(self.mark(first));
            }
        } else if step == 1 {
            let start = first.max(self.first) - self.first;
            let end = (first + count).max(self.first) - self.first;
            // Blocks of a fixed length become vector code.
            let (blocks, rest) = self.marks[start as usize..end as usize].as_chunks_mut::<16>();
            blocks.iter_mut().for_each(|block| block.iter_mut().for_each(count_use));
            rest.iter_mut().for_each(count_use);
        } else {
            for slot in (0..count).map(|index| first + index * step) {
                if slot >= self.first {
                    count_use(self.mark(slot));
                }
            }
        }
    }

    /// Whether one of these operands depends on an input.
    #[inline(always)]
    fn some_vary(&self, operands: Sources) -> bool {
        let Sources::Nodes { first, step, count } = operands else { return false };
        (0..count).any(|index| self.varies(first + index * step))
    }

    /// The slots from the first input to the last result.
    pub fn slots(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.marks.len() as u32
    }

    /// The same without the inputs that come first: what may be computed from inputs.
    pub fn behind_inputs(&self) -> std::ops::Range<u32> {
        self.first + self.leading_inputs..self.slots().end
    }

    /// Whether a node depends on an input.
    #[inline(always)]
    pub fn varies(&self, slot: u32) -> bool {
        slot >= self.first && self.marks[(slot - self.first) as usize] & VARIES != 0
    }

    /// Whether all of these nodes depend on an input.
    #[inline(always)]
    pub fn all_vary(&self, first: u32, step: u32, count: u32) -> bool {
        if step == 1 && first >= self.first {
            const ALL: u128 = u128::from_ne_bytes([VARIES; 16]);
            let marks = &self.marks[(first - self.first) as usize..][..count as usize];
            let (blocks, rest) = marks.as_chunks();
            let are_some_left = blocks.iter().any(|block| u128::from_ne_bytes(*block) & ALL != ALL);
            !are_some_left && rest.iter().all(|mark| mark & VARIES != 0)
        } else {
            (0..count).all(|index| self.varies(first + index * step))
        }
    }

    /// Whether a node is computed from inputs, and needed.
    #[inline(always)]
    pub fn is_computed(&self, slot: u32) -> bool {
        let mark = self.marks[(slot - self.first) as usize];
        mark & VARIES != 0 && mark & INPUT == 0 && mark & USES != 0
    }

    /// Whether a node is computed from inputs, used once, and not a result.
    #[inline(always)]
    pub fn is_used_once(&self, slot: u32) -> bool {
        let mark = self.marks[(slot - self.first) as usize];
        mark & (INPUT | VARIES) == VARIES && mark & USES == 1
    }

    /// Takes a node into the item of another.
    pub fn absorb(&mut self, slot: u32) {
        *self.mark(slot) |= ABSORBED;
    }

    /// Whether a node was taken into the item of another.
    pub fn is_absorbed(&self, slot: u32) -> bool {
        self.marks[(slot - self.first) as usize] & ABSORBED != 0
    }

    #[inline(always)]
    fn mark(&mut self, slot: u32) -> &mut u8 {
        &mut self.marks[(slot - self.first) as usize]
    }
}

/// One use more, of what depends on an input, as far as uses are counted.
#[inline(always)]
fn count_use(mark: &mut u8) {
    *mark += u8::from((*mark & VARIES != 0) & (*mark & USES != USES));
}
