//! The first pass: what of a recording is needed.
//!
//! Two walks over the nodes: up, to find what depends on an input, and where families begin, nodes that do the same one after
//! the other; down from the results, to find what they were made of, and how often each node is used.

use super::operands::{Operand, Stretch};
use crate::tape::{Reading, Sources};
use std::ops::Range;

/// What of a recording is needed.
pub(super) struct Slice {
    /// The slot of the first input: what stands before it depends on none.
    pub first: u32,
    /// So many nodes are computed from inputs, and needed.
    pub num_computed: usize,
    /// A mark for each node from the first on.
    marks: Vec<u8>,
    /// The slot behind the inputs that come first, one after the other.
    behind_inputs: u32,
}

/// Whether a node depends on an input.
const VARIES: u8 = 1 << 7;
/// Whether a node is part of an item that stands for several.
const ABSORBED: u8 = 1 << 6;
/// Whether a node is an input.
const INPUT: u8 = 1 << 5;
/// Whether a family begins with a node.
const BEGINS: u8 = 1 << 4;
/// Whether a node is used more than once.
const USED_AGAIN: u8 = 1 << 1;
/// Whether a node is used.
const USED: u8 = 1;

impl Slice {
    /// What of a recording the results need, given the slots of the inputs.
    pub fn new(recording: Reading, inputs: &[u32], results: &[u32]) -> Slice {
        let first = inputs.iter().copied().min().unwrap_or(0);
        // The results of a call are computed together.
        let end_at = |slot: &u32| recording.call_at(*slot).map_or(slot + 1, |call| call.slots.end);
        let end = results.iter().map(end_at).chain(inputs.iter().map(|slot| slot + 1)).max().unwrap_or(0).max(first);
        let leading = inputs.iter().zip(first..).take_while(|(input, slot)| **input == *slot).count();
        let marks = vec![0; (end - first) as usize];
        let mut slice = Slice { first, num_computed: 0, marks, behind_inputs: first + leading as u32 };
        slice.marks[..leading].fill(VARIES | INPUT);
        for input in &inputs[leading..] {
            *slice.mark(*input) = VARIES | INPUT;
        }
        slice.find_what_varies(recording);
        for result in results.iter().filter(|slot| **slot >= first) {
            // As if it were used more than once, so that it stays a result of its own.
            *slice.mark(*result) |= USED | USED_AGAIN;
        }
        slice.count_uses(recording);
        slice
    }

    fn find_what_varies(&mut self, recording: Reading) {
        let mut slots = self.behind_inputs();
        while !slots.is_empty() {
            let family = recording.family(&slots);
            slots.start = family.end;
            let vary = if family.len() == 1 { None } else { self.all_or_none_vary(recording, &family) };
            if let Some(vary) = vary {
                *self.mark(family.start) |= BEGINS;
                self.marks_mut(&family).iter_mut().for_each(|mark| *mark |= if vary { VARIES } else { 0 });
                continue;
            }
            for node in family {
                *self.mark(node) |= if self.depends(recording, node) { BEGINS | VARIES } else { BEGINS };
            }
        }
    }

    /// Whether a node has an operand that depends on an input.
    #[inline(always)]
    fn depends(&self, recording: Reading, node: u32) -> bool {
        let mut depends = false;
        recording.visit_operands(node, |_, sources| {
            depends = depends || nodes(sources, 0).is_some_and(|nodes| self.some_vary(nodes));
        });
        depends
    }

    /// Whether all nodes of a family depend on an input, or none, if it is not some of them only.
    fn all_or_none_vary(&self, recording: Reading, family: &Range<u32>) -> Option<bool> {
        let members = family.len() as u32;
        let (mut all, mut some) = (false, false);
        recording.visit_family(family, |_, sources, moved| {
            let Some(nodes) = nodes(sources, moved).filter(|_| !all) else { return };
            let some_vary = nodes.of_all(members).any(|nodes| self.some_vary(nodes));
            some |= some_vary;
            all = some_vary && (moved == 0 || nodes.of_all(members).all(|nodes| self.all_vary(nodes)));
        });
        (all || !some).then_some(all)
    }

    fn count_uses(&mut self, recording: Reading) {
        let slots = self.behind_inputs();
        let mut end = slots.end;
        for first in slots.rev() {
            if self.marks[(first - self.first) as usize] & BEGINS == 0 {
                continue;
            }
            let family = first..end;
            end = first;
            if family.len() > 1 && self.marks(&family).iter().all(|mark| is_computed(*mark)) {
                self.num_computed += family.len();
                self.count_uses_by_all(recording, &family);
                continue;
            }
            for node in family {
                if self.is_computed(node) {
                    self.num_computed += 1;
                    recording.visit_operands(node, |_, sources| self.use_once(nodes(sources, 0)));
                }
            }
        }
    }

    /// Counts the uses by nodes of a family.
    fn count_uses_by_all(&mut self, recording: Reading, family: &Range<u32>) {
        recording.visit_family(family, |_, sources, moved| {
            let nodes = nodes(sources, moved);
            let all = nodes.into_iter().flat_map(|nodes| nodes.of_all(family.len() as u32));
            all.for_each(|nodes| self.use_once(Some(nodes)));
            if moved == 0 {
                // Often is as good as twice.
                self.use_once(nodes);
            }
        });
    }

    /// Counts a use of nodes, as far as it matters: not of inputs, nor of what stands before them.
    #[inline(always)]
    fn use_once(&mut self, nodes: Option<Stretch>) {
        let Some(Stretch { first: Operand(first), step, length, .. }) = nodes else { return };
        if length == 1 {
            if first >= self.behind_inputs {
                count_use(self.mark(first));
            }
        } else if step == 1 {
            let [start, end] = [first, first + length].map(|slot| slot.max(self.behind_inputs));
            // Blocks of a fixed length become vector code.
            let (blocks, rest) = self.marks_mut(&(start..end)).as_chunks_mut::<16>();
            blocks.iter_mut().for_each(|block| block.iter_mut().for_each(count_use));
            rest.iter_mut().for_each(count_use);
        } else {
            for node in (0..length).map(|index| first.wrapping_add(index.wrapping_mul(step))) {
                if node >= self.behind_inputs {
                    count_use(self.mark(node));
                }
            }
        }
    }

    /// Whether one of these nodes depends on an input.
    #[inline(always)]
    fn some_vary(&self, Stretch { first: Operand(first), step, length, .. }: Stretch) -> bool {
        (0..length).any(|index| self.varies(first.wrapping_add(index.wrapping_mul(step))))
    }

    /// The slots from the first input to the last result.
    pub fn slots(&self) -> Range<u32> {
        self.first..self.first + self.marks.len() as u32
    }

    /// The same without the inputs that come first: what may be computed from inputs.
    pub fn behind_inputs(&self) -> Range<u32> {
        self.behind_inputs..self.slots().end
    }

    /// Of what is computed from inputs, needed, and in no item yet, the last node before a slot, with those before it that are of
    /// its family.
    #[inline(always)]
    pub fn last_to_make(&self, before: u32) -> Option<Range<u32>> {
        let is_to_make = |mark: u8| is_computed(mark) && mark & ABSORBED == 0;
        let marks = self.marks(&(self.behind_inputs..before));
        let last = marks.iter().rposition(|mark| is_to_make(*mark))?;
        let mut first = last;
        while marks[first] & BEGINS == 0 && first > 0 && is_to_make(marks[first - 1]) {
            first -= 1;
        }
        Some(self.behind_inputs + first as u32..self.behind_inputs + last as u32 + 1)
    }

    /// Whether nodes that stand together are of one family.
    pub fn are_of_one_family(&self, nodes: &Range<u32>) -> bool {
        nodes.start >= self.behind_inputs && self.marks(nodes)[1..].iter().all(|mark| mark & BEGINS == 0)
    }

    /// Whether a node depends on an input.
    #[inline(always)]
    pub fn varies(&self, slot: u32) -> bool {
        slot >= self.first && self.marks[(slot - self.first) as usize] & VARIES != 0
    }

    /// Whether all of these nodes depend on an input.
    #[inline(always)]
    pub fn all_vary(&self, nodes: Stretch) -> bool {
        let [start, last] = [nodes.first.0, nodes.last().0];
        if start.max(last) < self.behind_inputs {
            return start.min(last) >= self.first;
        }
        if nodes.step == 1 && start >= self.first {
            const ALL: u128 = u128::from_ne_bytes([VARIES; 16]);
            let (blocks, rest) = self.marks(&(start..last + 1)).as_chunks();
            let are_some_left = blocks.iter().any(|block| u128::from_ne_bytes(*block) & ALL != ALL);
            !are_some_left && rest.iter().all(|mark| mark & VARIES != 0)
        } else {
            nodes.operands().all(|node| self.varies(node.0))
        }
    }

    /// Whether a node is computed from inputs, and needed.
    #[inline(always)]
    pub fn is_computed(&self, slot: u32) -> bool {
        is_computed(self.marks[(slot - self.first) as usize])
    }

    /// Whether a node is computed from inputs, used once, and not a result.
    #[inline(always)]
    pub fn is_used_once(&self, slot: u32) -> bool {
        let mark = self.marks[(slot - self.first) as usize];
        mark & (INPUT | VARIES | USED | USED_AGAIN) == VARIES | USED
    }

    /// Takes nodes into the items of others.
    #[inline(always)]
    pub fn absorb(&mut self, slots: &Range<u32>) {
        self.marks_mut(slots).iter_mut().for_each(|mark| *mark |= ABSORBED);
    }

    /// Whether a node was taken into the item of another.
    pub fn is_absorbed(&self, slot: u32) -> bool {
        self.marks[(slot - self.first) as usize] & ABSORBED != 0
    }

    #[inline(always)]
    fn mark(&mut self, slot: u32) -> &mut u8 {
        &mut self.marks[(slot - self.first) as usize]
    }

    #[inline(always)]
    fn marks(&self, slots: &Range<u32>) -> &[u8] {
        &self.marks[(slots.start - self.first) as usize..(slots.end - self.first) as usize]
    }

    #[inline(always)]
    fn marks_mut(&mut self, slots: &Range<u32>) -> &mut [u8] {
        &mut self.marks[(slots.start - self.first) as usize..(slots.end - self.first) as usize]
    }
}

/// The nodes among operands of a family.
#[inline(always)]
pub(super) fn nodes(sources: Sources, moved: u32) -> Option<Stretch> {
    match sources {
        Sources::Nodes { first, step, count } => {
            Some(Stretch { step, length: count, moved, ..Stretch::of(Operand(first)) })
        }
        Sources::Constants(_) => None,
    }
}

/// Whether what has this mark is computed from inputs, and needed.
#[inline(always)]
fn is_computed(mark: u8) -> bool {
    mark & (INPUT | VARIES | USED) == VARIES | USED
}

/// One use more, of what depends on an input.
#[inline(always)]
fn count_use(mark: &mut u8) {
    *mark |= if *mark & VARIES != 0 { (*mark & USED) << 1 | USED } else { 0 };
}
