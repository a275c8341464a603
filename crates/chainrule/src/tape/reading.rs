//! Reading the tape as it stands, node by node: what programs are made from.

use super::backward::{Arity, arity};
use super::calls::Called;
use super::handle::Value;
use super::lookup::Choices;
use super::misuse::Misuse;
use super::nodes::{Operand, Slot};
use super::span::{Span, three_operands};
use super::storage::{Tape, lend};
use crate::Op;

/// This thread's tape, for reading.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    tape: &'a Tape,
}

/// Where an operand of a node comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    /// An earlier node.
    Node(u32),
    /// A constant.
    Constant(f64),
}

/// Where operands of a node come from that stand together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sources<'a> {
    /// Earlier nodes: the first, from one to the next, and how many they are.
    Nodes { first: u32, step: u32, count: u32 },
    /// Constants.
    Constants(&'a [f64]),
}

impl Sources<'_> {
    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = Source> {
        let (nodes, constants) = match self {
            Sources::Nodes { first, step, count } => ((first, step, count), [].as_slice()),
            Sources::Constants(constants) => ((0, 0, 0), constants),
        };
        let (first, step, count) = nodes;
        let nodes = (0..count).map(move |number| Source::Node(first + number * step));
        nodes.chain(constants.iter().map(|constant| Source::Constant(*constant)))
    }
}

/// Reads this thread's tape. What is done with it must not use values.
///
/// # Panics
///
/// If one of the values is stale.
#[track_caller]
pub(crate) fn read<R>(values: &[Value], read: impl FnOnce(Reading, Vec<Source>) -> R) -> R {
    lend(|tape| {
        let source = |value: &Value| -> Result<Source, Misuse> {
            Ok(match tape.slot(*value)? {
                Some(slot) => Source::Node(slot.0),
                None => Source::Constant(value.own_number()),
            })
        };
        let sources = values.iter().map(source).collect::<Result<_, _>>()?;
        Ok(read(Reading { tape }, sources))
    })
}

impl<'a> Reading<'a> {
    /// The operation of every node.
    #[inline(always)]
    pub fn ops(&self) -> &'a [Op] {
        self.tape.nodes.ops()
    }

    /// The number of a node.
    #[inline(always)]
    pub fn number(&self, slot: u32) -> f64 {
        self.tape.nodes.numbers()[slot as usize]
    }

    /// The exponent of a power with a fixed one, else 0.
    pub fn exponent(&self, slot: u32) -> i32 {
        self.tape.exponent_of(Slot(slot)).unwrap_or_default()
    }

    /// The call of an operation of the user's own that a node is a result of.
    pub fn call_at(&self, slot: u32) -> Option<&'a Called> {
        self.tape.calls.at(slot)
    }

    /// The calls of such operations whose results stand behind a node, or begin there.
    pub fn calls_since(&self, slot: u32) -> &'a [Called] {
        self.tape.calls.since(slot)
    }

    /// A handle on a node or a constant.
    pub fn value(&self, source: Source) -> Value {
        match source {
            Source::Node(slot) => self.tape.handle(Operand(slot)),
            Source::Constant(number) => Value::constant(number),
        }
    }

    /// An operand of an operator, by its number.
    #[inline(always)]
    pub fn operand(&self, slot: u32, number: usize) -> Source {
        let operand = self.tape.nodes.operands()[slot as usize][number];
        if operand.is_constant() {
            Source::Constant(self.tape.constants[operand.index()])
        } else {
            Source::Node(operand.0)
        }
    }

    /// Shows all operands of a node, in the order of its operation, with the number of the argument that they belong to.
    #[inline(always)]
    pub fn visit_operands(&self, slot: u32, mut visit: impl FnMut(usize, Sources<'a>)) {
        let operands = &self.tape.nodes.operands()[slot as usize];
        let side_list = &self.tape.side_list;
        match arity(self.ops()[slot as usize]) {
            Arity::Fixed(count) => {
                for (argument, operand) in operands[..count].iter().enumerate() {
                    visit(argument, self.neighbours(*operand, 1));
                }
            }
            Arity::Three => {
                for (argument, operand) in three_operands(*operands, side_list).into_iter().enumerate() {
                    visit(argument, self.neighbours(operand, 1));
                }
            }
            Arity::Slice => self.visit_span(Span::at(operands[0], side_list), 1, |sources| visit(0, sources)),
            Arity::Sum => {
                let [position, init] = *operands;
                for (argument, span) in Span::two_at(position, side_list).into_iter().enumerate() {
                    self.visit_span(span, 1, |sources| visit(argument, sources));
                }
                if init != Operand::NONE {
                    visit(2, self.neighbours(init, 1));
                }
            }
            Arity::Lookup => {
                let [position, index] = *operands;
                visit(0, self.neighbours(index, 1));
                let Choices { span, stride } = Choices::at(position, side_list);
                self.visit_span(span, stride, |sources| visit(1, sources));
            }
        }
    }

    #[inline(always)]
    fn visit_span(&self, span: Span, step: u32, mut visit: impl FnMut(Sources<'a>)) {
        match span {
            Span::Range { start, length } => visit(match self.neighbours(start, length) {
                Sources::Nodes { first, count, .. } => Sources::Nodes { first, step, count },
                constants => constants,
            }),
            Span::List(operands) => operands.iter().for_each(|operand| visit(self.neighbours(*operand, 1))),
        }
    }

    #[inline(always)]
    fn neighbours(&self, first: Operand, count: usize) -> Sources<'a> {
        if first.is_constant() {
            Sources::Constants(&self.tape.constants[first.index()..][..count])
        } else {
            Sources::Nodes { first: first.0, step: 1, count: count as u32 }
        }
    }
}
