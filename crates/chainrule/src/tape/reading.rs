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

    /// The family that begins in the first of these slots: nodes that do the same, with operands that move by the same distances
    /// from one to the next and are none of these nodes. Mostly one alone, since few are not worth it.
    pub fn family(&self, slots: Range<u32>) -> Range<u32> {
        const LEAST: usize = 4;
        let alone = slots.start..slots.start + 1;
        let ops = &self.ops()[slots.start as usize..slots.end as usize];
        let op = ops[0];
        if ops.len() < LEAST || op == Op::Custom || ops[1..LEAST].iter().any(|other| *other != op) {
            return alone;
        }
        let same = ops.iter().take_while(|other| **other == op).count();
        let nodes = &self.tape.nodes.operands()[slots.start as usize..][..same];
        let side_list = &self.tape.side_list;
        let members = match arity(op) {
            Arity::Fixed(1) => {
                // The second word is the exponent of a power.
                let same = nodes.iter().take_while(|[_, second]| *second == nodes[0][1]).count();
                alike(&nodes[..same], slots.start, 1, |[a, _]| [one(a)])
            }
            Arity::Fixed(_) => alike(nodes, slots.start, 1, |operands| operands.map(one)),
            Arity::Three => alike(nodes, slots.start, 1, |operands| three_operands(operands, side_list).map(one)),
            Arity::Slice => alike(nodes, slots.start, 1, |[position, _]| [Span::at(position, side_list)]),
            Arity::Sum => alike(nodes, slots.start, 1, |operands| spans_of_sum(operands, side_list)),
            Arity::Lookup => {
                let stride = |[position, _]: Operands| Choices::at(position, side_list).stride;
                let step = stride(nodes[0]);
                let same = nodes[..same].iter().take_while(|operands| stride(**operands) == step).count();
                let spans = |[position, index]: Operands| [one(index), Choices::at(position, side_list).span];
                alike(&nodes[..same], slots.start, step, spans)
            }
        };
        if members < LEAST { alone } else { slots.start..slots.start + members as u32 }
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
            Arity::Sum => {
                neighbours(spans_of_sum(operands, side_list))
            }
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
    nodes: &[Operands],
    first: u32,
    step: u32,
    spans: impl Fn(Operands) -> [Span<'a>; N],
) -> usize {
    let [Some(a), Some(b)] = [0, 1].map(|node| nodes.get(node).map(|operands| spans(*operands))) else { return 1 };
    let goes_on = |(operands, number): &(&Operands, u32)| {
        let c = spans(**operands);
        (0..N).all(|argument| {
            let spans = [a[argument], b[argument], c[argument]];
            is_moved_on(spans, *number) && stand_before(c[argument], step, first)
        })
    };
    1 + nodes.iter().zip(0..).skip(1).take_while(goes_on).count()
}

/// Whether the third of these spans, that of so many nodes after the first, is as many times as far from the first as the second.
#[inline(always)]
fn is_moved_on(spans: [Span; 3], number: u32) -> bool {
    let is_moved = |[a, b, c]: [Operand; 3]| {
        let moved = b.0.wrapping_sub(a.0);
        let are_constants = [a, b, c].map(Operand::is_constant);
        // Constants are read from the first one up.
        let is_forward = !are_constants[0] || moved < 1 << 31;
        c.0 == a.0.wrapping_add(moved.wrapping_mul(number)) && are_constants == [are_constants[0]; 3] && is_forward
    };
    match spans.map(|span| (span, span.len())) {
        [(Span::Range { start: a, .. }, n), (Span::Range { start: b, .. }, m), (Span::Range { start: c, .. }, k)] => {
            [m, k] == [n; 2] && is_moved([a, b, c])
        }
        [(Span::List(a), n), (Span::List(b), m), (Span::List(c), k)] => {
            [m, k] == [n; 2] && (0..n).all(|place| is_moved([a[place], b[place], c[place]]))
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
