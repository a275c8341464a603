//! Reading the tape as it stands, node by node: what programs are made from.

use super::backward::{Arity, arity};
use super::calls::Called;
use super::handle::Value;
use super::lookup::Choices;
use super::misuse::Misuse;
use super::nodes::{Operand, Operands, Slot};
use super::span::{Span, three_operands};
use super::storage::{Tape, lend};
use crate::Op;
use std::ops::Range;

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
        let mut sources = Vec::with_capacity(values.len());
        for value in values {
            sources.push(source(value)?);
        }
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
        let operands = self.tape.nodes.operands()[slot as usize];
        let side_list = &self.tape.side_list;
        match arity(self.ops()[slot as usize]) {
            Arity::Fixed(count) => {
                for (argument, operand) in operands[..count].iter().enumerate() {
                    visit(argument, self.neighbours(*operand, 1, 1));
                }
            }
            Arity::Three => {
                for (argument, operand) in three_operands(operands, side_list).into_iter().enumerate() {
                    visit(argument, self.neighbours(operand, 1, 1));
                }
            }
            Arity::Slice | Arity::Sum | Arity::Lookup => {
                let Arguments { spans, step } = self.arguments(slot);
                for (argument, span) in spans.into_iter().enumerate() {
                    match span {
                        Span::Range { start, length } => visit(argument, self.neighbours(start, step, length)),
                        Span::List(operands) => {
                            operands.iter().for_each(|operand| visit(argument, self.neighbours(*operand, step, 1)));
                        }
                    }
                }
            }
        }
    }

    /// The family that begins in the first of these slots: nodes that do the same, with operands that move by the same distances
    /// from one to the next and are none of these nodes. Mostly one alone, since few are not worth it.
    #[inline(always)]
    pub fn family(&self, slots: &Range<u32>) -> Range<u32> {
        const LEAST: usize = 4;
        let members = match &self.ops()[slots.start as usize..slots.end as usize] {
            [op, others @ ..] if others.len() >= LEAST - 1 && others[..LEAST - 1] == [*op; LEAST - 1] => {
                self.alike(slots)
            }
            _ => 1,
        };
        slots.start..slots.start + if members < LEAST { 1 } else { members as u32 }
    }

    /// How many of these nodes, from the first on, do the same, with operands that move by the same distances.
    #[inline(never)]
    fn alike(&self, slots: &Range<u32>) -> usize {
        let ops = &self.ops()[slots.start as usize..slots.end as usize];
        let op = ops[0];
        // The second word of what has one operand is the exponent of a power.
        let [_, exponent] = self.tape.nodes.operands()[slots.start as usize];
        let side_list = &self.tape.side_list;
        let same = ops.iter().zip(&self.tape.nodes.operands()[slots.start as usize..]);
        let same = same.take_while(|(other, _)| **other == op).map(|(_, operands)| *operands);
        let first = slots.start;
        match arity(op) {
            _ if op == Op::Custom => 1,
            Arity::Fixed(1) => {
                alike(same.take_while(|[_, other]| *other == exponent), first, 1, |[operand, _]| [one(operand)])
            }
            Arity::Fixed(_) => alike(same, first, 1, |operands| operands.map(one)),
            Arity::Three => alike(same, first, 1, |operands| three_operands(operands, side_list).map(one)),
            Arity::Slice => alike(same, first, 1, |[position, _]| [Span::at(position, side_list)]),
            Arity::Sum => alike(same, first, 1, |operands| spans_of_sum(operands, side_list)),
            Arity::Lookup => {
                let choices = |position: Operand| Choices::at(position, side_list);
                let step = self.arguments(first).step;
                let same = same.take_while(|[position, _]| choices(*position).stride == step);
                alike(same, first, step, |[position, index]| [one(index), choices(position).span])
            }
        }
    }

    /// Shows all operands of the first node of a family, and how far those of the next one are from there. Of constants, those
    /// of the other nodes follow.
    #[inline(always)]
    pub fn visit_family(&self, nodes: &Range<u32>, mut visit: impl FnMut(usize, Sources<'a>, u32)) {
        let others = nodes.len() - 1;
        if others == 0 {
            return self.visit_operands(nodes.start, |argument, sources| visit(argument, sources, 0));
        }
        let [first, second] = [nodes.start, nodes.start + 1].map(|slot| self.arguments(slot));
        let mut visit_pair = |argument: usize, [first, second]: [Operand; 2], step: u32, count: usize| {
            let moved = second.0.wrapping_sub(first.0);
            let count = if first.is_constant() { count + others * moved as usize } else { count };
            visit(argument, self.neighbours(first, step, count), moved);
        };
        for (argument, spans) in first.spans.into_iter().zip(second.spans).enumerate() {
            match spans {
                (Span::Range { start, length }, Span::Range { start: next, .. }) => {
                    visit_pair(argument, [start, next], first.step, length);
                }
                (Span::List(firsts), Span::List(seconds)) => {
                    firsts.iter().zip(seconds).for_each(|(a, b)| visit_pair(argument, [*a, *b], first.step, 1));
                }
                _ => unreachable!("nodes of a family have spans of one kind"),
            }
        }
    }

    #[inline(always)]
    fn arguments(&self, slot: u32) -> Arguments<'a> {
        let operands = self.tape.nodes.operands()[slot as usize];
        let side_list = &self.tape.side_list;
        let [position, second] = operands;
        let neighbours = |spans| Arguments { spans, step: 1 };
        match arity(self.ops()[slot as usize]) {
            Arity::Fixed(0) => neighbours([NONE; 3]),
            Arity::Fixed(1) => neighbours([one(position), NONE, NONE]),
            Arity::Fixed(_) => neighbours([one(position), one(second), NONE]),
            Arity::Three => neighbours(three_operands(operands, side_list).map(one)),
            Arity::Slice => neighbours([Span::at(position, side_list), NONE, NONE]),
            Arity::Sum => neighbours(spans_of_sum(operands, side_list)),
            Arity::Lookup => {
                let Choices { span, stride } = Choices::at(position, side_list);
                Arguments { spans: [one(second), span, NONE], step: stride }
            }
        }
    }

    #[inline(always)]
    fn neighbours(&self, first: Operand, step: u32, count: usize) -> Sources<'a> {
        if first.is_constant() {
            Sources::Constants(&self.tape.constants[first.index()..][..count])
        } else {
            Sources::Nodes { first: first.0, step, count: count as u32 }
        }
    }
}

/// The span of no operands.
const NONE: Span = Span::List(&[]);

/// The span of one operand.
#[inline(always)]
fn one(start: Operand) -> Span<'static> {
    Span::Range { start, length: 1 }
}

/// The spans of a sum over two slices, and that of what it starts from.
#[inline(always)]
fn spans_of_sum([position, init]: Operands, side_list: &[Operand]) -> [Span<'_>; 3] {
    let [a, b] = Span::two_at(position, side_list);
    [a, b, if init == Operand::NONE { NONE } else { one(init) }]
}

/// The operands of a node, argument by argument.
struct Arguments<'a> {
    spans: [Span<'a>; Arguments::MOST],
    /// From one slot of a range to the next.
    step: u32,
}

impl Arguments<'_> {
    const MOST: usize = 3;
}

/// How many of these nodes, from the first slot on, have operands that move by the same distances from one to the next and are
/// none of these nodes.
#[inline(always)]
fn alike<'a, const N: usize>(
    nodes: impl Iterator<Item = Operands>,
    first: u32,
    step: u32,
    spans: impl Fn(Operands) -> [Span<'a>; N],
) -> usize {
    let mut nodes = nodes.map(spans);
    let [Some(a), Some(b)] = [nodes.next(), nodes.next()] else { return 1 };
    let (mut node, mut members) = (Some(b), 1);
    while let Some(c) = node {
        for argument in 0..N {
            let (a, b, c) = (a[argument], b[argument], c[argument]);
            if !is_moved_on(a, b, c, members) || !stand_before(c, step, first) {
                return members as usize;
            }
        }
        members += 1;
        node = nodes.next();
    }
    members as usize
}

/// Whether the third of these spans, that of so many nodes after the first, is as many times as far from the first as the second.
#[inline(always)]
fn is_moved_on(a: Span, b: Span, c: Span, number: u32) -> bool {
    let is_moved = |a: Operand, b: Operand, c: Operand| {
        let moved = b.0.wrapping_sub(a.0);
        let is_one_kind = !Operand((a.0 ^ b.0) | (a.0 ^ c.0)).is_constant();
        // Constants are read from the first one up.
        let is_read = !a.is_constant() || b.0 >= a.0;
        c.0 == a.0.wrapping_add(moved.wrapping_mul(number)) && is_one_kind && is_read
    };
    match (a, b, c) {
        (
            Span::Range { start: a, length: n },
            Span::Range { start: b, length: m },
            Span::Range { start: c, length },
        ) => is_moved(a, b, c) && n == m && n == length,
        (Span::List(a), Span::List(b), Span::List(c)) => {
            let are_as_long = a.len() == b.len() && a.len() == c.len();
            are_as_long && a.iter().zip(b).zip(c).all(|((a, b), c)| is_moved(*a, *b, *c))
        }
        _ => false,
    }
}

/// Whether all operands stand before a slot, or are constants.
#[inline(always)]
fn stand_before(span: Span, step: u32, slot: u32) -> bool {
    let is_before = |operand: Operand, others: u32| operand.is_constant() || operand.0 + others * step < slot;
    match span {
        Span::Range { start, length } => is_before(start, (length as u32).saturating_sub(1)),
        Span::List(operands) => operands.iter().all(|operand| is_before(*operand, 0)),
    }
}
