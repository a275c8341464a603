//! What values were made of, as plain data.

use super::backward::{Arity, arity};
use super::group::{Name, Stretch};
use super::handle::Value;
use super::nodes::{Operand, Slot};
use super::storage::{Tape, lend};
use crate::Op;
use std::collections::HashMap;

/// What values were made of: a copy of the tape as far as they reach, for pictures and whatever else looks at graphs.
///
/// ```
/// use chainrule::Value;
/// use chainrule::tape::{Graph, Kind};
///
/// let a = Value::new(2.0).named("a");
/// let d = a * -3.0 + a;
/// let graph = Graph::of(&[d]);
/// let labels: Vec<String> = graph.nodes.iter().map(|node| node.label()).collect();
/// assert_eq!(labels, ["", "", "*", "+"]);
/// assert_eq!(graph.nodes[graph.results[0]].operands, [2, 0]);
/// assert_eq!((graph.nodes[0].name.as_deref(), graph.nodes[1].kind), (Some("a"), Kind::Constant));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Operands before results, otherwise in the order in which they were recorded.
    pub nodes: Vec<Node>,
    /// Where among the nodes the values are that were asked for.
    pub results: Vec<usize>,
    /// The groups that nodes belong to, outer ones before inner ones: one for each time that
    /// [`group`](super::group()) was called.
    pub groups: Vec<Group>,
}

/// A node of a [`Graph`].
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is, and if it was computed, by which operation.
    pub kind: Kind,
    /// Where its operands are among the nodes, in the order of the operation: before this one. One may come twice.
    pub operands: Vec<usize>,
    /// The exponent of a power with a fixed one.
    pub exponent: Option<i32>,
    /// Its number.
    pub data: f64,
    /// Its gradient, as far as [`backward`](Value::backward) has been called.
    pub grad: f64,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// Where the innermost group that it was recorded in is among the groups.
    pub group: Option<usize>,
}

/// What a [`Node`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A leaf that is trained, made with [`Value::parameter`].
    Parameter,
    /// Another leaf.
    Input,
    /// A number that nothing is recorded of. Values that share a constant need not share its node.
    Constant,
    /// Made of other nodes.
    Computed(Op),
}

/// A group of nodes of a [`Graph`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it was called; of the neurons of a layer `neuron 1` and so on.
    pub name: String,
    /// Where the group around this one is among the groups.
    pub parent: Option<usize>,
}

impl Graph {
    /// What these values were made of.
    ///
    /// # Panics
    ///
    /// If one of them is stale.
    #[track_caller]
    pub fn of(values: &[Value]) -> Graph {
        lend(|tape| {
            let slots: Vec<Option<Slot>> = values.iter().map(|value| tape.slot(*value)).collect::<Result<_, _>>()?;
            let mut copy = Copying::new(tape, &slots);
            let results = values.iter().zip(slots).map(|(value, slot)| match slot {
                Some(slot) => copy.copy_of[slot.index()] as usize,
                None => copy.push_constant(value.own_number()),
            });
            let results = results.collect();
            Ok(Graph { nodes: copy.nodes, results, groups: copy.groups.groups })
        })
    }

    /// The derivatives of a node by each of its operands; none for what was not computed.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn partials(&self, node: usize) -> Vec<f64> {
        let node = &self.nodes[node];
        let Kind::Computed(op) = node.kind else { return Vec::new() };
        let operands: Vec<f64> = node.operands.iter().map(|operand| self.nodes[*operand].data).collect();
        op.partials(&operands, node.exponent.unwrap_or_default(), node.data)
    }
}

impl Node {
    /// The symbol of the operation, such as `+`, `tanh` or, with its exponent, `^2`; nothing for what was not computed.
    pub fn label(&self) -> String {
        match (self.kind, self.exponent) {
            (Kind::Computed(_), Some(exponent)) => format!("^{exponent}"),
            (Kind::Computed(op), None) => op.row().symbol.to_string(),
            _ => String::new(),
        }
    }
}

/// A graph in the making.
struct Copying<'a> {
    nodes: Vec<Node>,
    /// Where the copy of the node in each slot is.
    copy_of: Vec<u32>,
    /// Where the copy of each constant is.
    copy_of_constant: HashMap<usize, usize>,
    groups: Grouping<'a>,
}

impl<'a> Copying<'a> {
    const NOT_NEEDED: u32 = u32::MAX;
    const NEEDED: u32 = u32::MAX - 1;

    fn new(tape: &'a Tape, results: &[Option<Slot>]) -> Self {
        let end = results.iter().flatten().map(|slot| slot.index() + 1).max().unwrap_or(0);
        let mut copy_of = vec![Self::NOT_NEEDED; end];
        results.iter().flatten().for_each(|slot| copy_of[slot.index()] = Self::NEEDED);
        for slot in (0..end).rev() {
            if copy_of[slot] == Self::NEEDED {
                tape.visit_operands(Slot(slot as u32), |operand| {
                    if !operand.is_constant() {
                        copy_of[operand.index()] = Self::NEEDED;
                    }
                });
            }
        }
        let groups = Grouping::new(tape.groups.outer_first());
        let mut copy = Copying { nodes: Vec::new(), copy_of, copy_of_constant: HashMap::new(), groups };
        for slot in (0..end).filter(|slot| copy.copy_of[*slot] == Self::NEEDED).collect::<Vec<_>>() {
            copy.push(tape, Slot(slot as u32));
        }
        copy
    }

    fn push(&mut self, tape: &Tape, slot: Slot) {
        let is_fixed = matches!(arity(tape.nodes.ops()[slot.index()]), Arity::Fixed(_) | Arity::Three);
        let mut operands = Vec::new();
        tape.visit_operands(slot, |operand| {
            // Nodes that share a constant on the tape may have nothing to do with each other.
            operands.push(match is_fixed && operand.is_constant() {
                true => self.push_constant(tape.constants[operand.index()]),
                false => self.operand(tape, operand),
            });
        });
        let kind = match tape.nodes.ops()[slot.index()] {
            Op::Leaf if tape.parameters.contains(&slot) => Kind::Parameter,
            Op::Leaf => Kind::Input,
            op => Kind::Computed(op),
        };
        self.copy_of[slot.index()] = self.nodes.len() as u32;
        self.nodes.push(Node {
            kind,
            operands,
            exponent: tape.exponent_of(slot),
            data: tape.nodes.numbers()[slot.index()],
            grad: tape.gradients.get(slot.index()).copied().unwrap_or(0.0),
            name: tape.names.get(&slot).cloned(),
            group: self.groups.innermost_at(slot.0),
        });
    }

    fn operand(&mut self, tape: &Tape, operand: Operand) -> usize {
        if !operand.is_constant() {
            return self.copy_of[operand.index()] as usize;
        }
        if let Some(copy) = self.copy_of_constant.get(&operand.index()) {
            return *copy;
        }
        let copy = self.push_constant(tape.constants[operand.index()]);
        self.copy_of_constant.insert(operand.index(), copy);
        copy
    }

    fn push_constant(&mut self, data: f64) -> usize {
        self.nodes.push(Node {
            kind: Kind::Constant,
            operands: Vec::new(),
            exponent: None,
            data,
            grad: 0.0,
            name: None,
            group: None,
        });
        self.nodes.len() - 1
    }
}

/// The groups of a graph in the making. Slots come in increasing order, so those around a slot are a stack.
struct Grouping<'a> {
    stretches: std::iter::Peekable<std::vec::IntoIter<&'a Stretch>>,
    around: Vec<&'a Stretch>,
    /// Where the groups are that have a node, by where their stretch starts and ends, how deep it lies, and which in turn.
    found: HashMap<(u32, u32, usize, u32), usize>,
    groups: Vec<Group>,
}

impl<'a> Grouping<'a> {
    fn new(outer_first: Vec<&'a Stretch>) -> Self {
        let stretches = outer_first.into_iter().peekable();
        Grouping { stretches, around: Vec::new(), found: HashMap::new(), groups: Vec::new() }
    }

    fn innermost_at(&mut self, slot: u32) -> Option<usize> {
        while let Some(stretch) = self.stretches.next_if(|stretch| stretch.slots.start <= slot) {
            self.leave(stretch.slots.start);
            self.around.push(stretch);
        }
        self.leave(slot);
        let mut parent = None;
        for (depth, stretch) in self.around.iter().enumerate() {
            let turn = match stretch.name {
                Name::InTurn(_, count) => (slot - stretch.slots.start) % count,
                _ => 0,
            };
            let key = (stretch.slots.start, stretch.slots.end, depth, turn);
            let index = *self.found.entry(key).or_insert_with(|| {
                let name = match &stretch.name {
                    Name::Given(name) => name.to_string(),
                    Name::Numbered(word, number) => format!("{word} {number}"),
                    Name::InTurn(word, _) => format!("{word} {}", turn + 1),
                };
                self.groups.push(Group { name, parent });
                self.groups.len() - 1
            });
            parent = Some(index);
        }
        parent
    }

    /// Leaves the groups that end before the slot.
    fn leave(&mut self, slot: u32) {
        while self.around.pop_if(|stretch| stretch.slots.end <= slot).is_some() {}
    }
}
