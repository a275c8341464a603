//! Groups: stretches of the tape with a name, so that a picture can draw a box around what belongs together.

use super::mark;
use super::storage::{Mark, with_tape};
use std::borrow::Cow;
use std::ops::Range;

/// Records what `record` does as a group with a name, for [pictures](crate::tape::Graph) and other readers of a graph.
/// Groups nest.
///
/// ```
/// use chainrule::tape::{self, Graph};
/// use chainrule::Value;
///
/// let (x, w) = (Value::new(2.0), Value::new(-3.0));
/// let y = tape::group("neuron", || (x * w).tanh());
/// let graph = Graph::of(&[y]);
/// assert_eq!(graph.groups[0].name, "neuron");
/// ```
pub fn group<T>(name: impl Into<Cow<'static, str>>, record: impl FnOnce() -> T) -> T {
    let start = mark();
    let result = record();
    close_group(Name::Given(name.into()), &start);
    result
}

/// What was recorded since the mark is a group.
#[inline]
pub(crate) fn close_group(name: Name, start: &Mark) {
    with_tape(|tape| {
        let start = tape.kept_since(start).min(tape.nodes.len());
        tape.groups.push(name, start as u32..tape.nodes.len() as u32);
    });
}

/// What a group is called.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Given(Cow<'static, str>),
    /// The word and the number.
    Numbered(&'static str, u32),
    /// So many groups at once, numbered from 1, to which the nodes belong in turn: the neurons of a layer, of which first
    /// the sums are recorded and then the activations.
    InTurn(&'static str, u32),
}

/// A stretch of the tape with a name.
#[derive(Debug)]
pub(super) struct Stretch {
    pub name: Name,
    pub slots: Range<u32>,
}

impl Stretch {
    /// Whether its nodes belong to several groups in turn.
    pub fn is_in_turn(&self) -> bool {
        matches!(self.name, Name::InTurn(..))
    }
}

/// The groups of a tape in the order in which they ended: inner ones before outer ones.
#[derive(Debug)]
pub(super) struct Groups(Vec<Stretch>);

impl Groups {
    pub const fn new() -> Self {
        Groups(Vec::new())
    }

    #[inline]
    pub fn push(&mut self, name: Name, slots: Range<u32>) {
        if !slots.is_empty() {
            self.0.push(Stretch { name, slots });
        }
    }

    /// Cuts off what is beyond the first `length` nodes.
    pub fn truncate(&mut self, length: u32) {
        let mut cut = Vec::new();
        while let Some(last) = self.0.pop_if(|last| last.slots.end > length) {
            if last.slots.start < length {
                // A scope from within the group outlived it, and ends now: the group keeps its beginning.
                cut.push(Stretch { slots: last.slots.start..length, ..last });
            }
        }
        self.0.extend(cut.into_iter().rev());
    }

    /// Takes those out that reach beyond the first `length` nodes, inner ones before outer ones.
    pub fn split_off(&mut self, length: u32) -> Vec<Stretch> {
        // They stand in the order of their ends.
        self.0.split_off(self.0.partition_point(|group| group.slots.end <= length))
    }

    /// Outer groups before inner ones, and all in the order of their start.
    pub fn outer_first(&self) -> Vec<&Stretch> {
        let mut groups: Vec<&Stretch> = self.0.iter().rev().collect();
        groups.sort_by_key(|group| (group.slots.start, std::cmp::Reverse(group.slots.end)));
        groups
    }
}
