//! The second pass: from nodes to items.
//!
//! One walk from the results back turns every chain of `+`, `-`, `*` and of sums that is used once into one item: a sum of
//! plain terms and of products, and the activation that follows it. What is left are single operations. Everything after
//! this has twenty times less to look at, dot products stand there ready-made, and sums that were carried through a loop
//! are sums of what the loop computed.

use super::slice::Slice;
use crate::Op;
use crate::tape::{Reading, Source};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Items, operands before results.
pub(super) struct Items {
    pub items: Vec<Item>,
    /// The operands of all items.
    pub operands: Vec<Operand>,
    /// The numbers of constant operands.
    pub constants: Vec<f64>,
}

/// What is computed as one.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub shape: Shape,
    /// What is told apart by the [`Shape`] and by which operands are constants: equal items have equal symbols.
    pub symbol: u64,
    /// The node that it computes.
    pub slot: u32,
    /// Where its operands begin: of a sum the plain terms, then all first factors, then all second ones.
    pub start: u32,
}

/// What an item does, whatever its operands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub kind: Kind,
    /// What is applied to a sum.
    pub activation: Option<Op>,
    /// The exponent of a power with a fixed one.
    pub exponent: i32,
    /// So many plain terms a sum has, or operands an operation.
    pub plain: u32,
    /// So many products a sum has.
    pub products: u32,
}

/// What an item does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A sum of plain terms and products.
    Sum,
    /// An operation of the table.
    Operation(Op),
}

/// An operand of an item: a node, or a constant. Passes that follow put addresses in the place of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand(pub u32);

impl Operand {
    const CONSTANT: u32 = 1 << 31;

    pub fn is_constant(self) -> bool {
        self.0 & Self::CONSTANT != 0
    }

    /// The node, or the place among the constants.
    pub fn index(self) -> usize {
        (self.0 & !Self::CONSTANT) as usize
    }
}

impl Shape {
    /// So many operands it has.
    pub fn operands(&self) -> usize {
        (self.plain + 2 * self.products) as usize
    }
}

impl Item {
    /// Where its operands stand.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.shape.operands()
    }
}

/// Operations that can follow a sum in its item: their derivatives depend on their results alone.
const ACTIVATIONS: [Op; 4] = [Op::Relu, Op::Tanh, Op::Sigmoid, Op::Exp];

impl Items {
    /// The items that compute what is needed of a recording.
    pub fn new(recording: Reading, slice: Slice) -> Items {
        let items = Items { items: Vec::new(), operands: Vec::new(), constants: Vec::new() };
        let mut fusing = Fusing {
            recording,
            slice,
            items,
            pending: Vec::new(),
            plain: Vec::new(),
            products: Vec::new(),
            operands: Vec::new(),
        };
        for slot in fusing.slice.slots().rev() {
            if fusing.slice.is_computed(slot) && !fusing.slice.is_absorbed(slot) {
                fusing.fuse(slot);
            }
        }
        fusing.items.items.reverse();
        fusing.items
    }
}

struct Fusing<'a> {
    recording: Reading<'a>,
    slice: Slice,
    items: Items,
    /// What of a sum is still to be looked at, the next term last, and whether it is subtracted.
    pending: Vec<(Source, bool)>,
    plain: Vec<Source>,
    products: Vec<[Source; 2]>,
    /// The operands of the node that is looked at.
    operands: Vec<Source>,
}

impl Fusing<'_> {
    /// Makes the item that computes this node.
    fn fuse(&mut self, slot: u32) {
        let op = self.op(slot);
        if is_linear(op) {
            self.sum(slot, slot, None);
            return;
        }
        let mut only = None;
        if ACTIVATIONS.contains(&op) {
            self.recording.operands(slot, |operand| only = Some(operand));
        }
        match only {
            Some(Source::Node(sum))
                if self.slice.varies(sum) && self.slice.is_used_once(sum) && is_linear(self.op(sum)) =>
            {
                self.slice.absorb(sum);
                self.sum(slot, sum, Some(op));
            }
            _ => self.operation(slot, op),
        }
    }

    fn operation(&mut self, slot: u32, op: Op) {
        let start = self.items.operands.len();
        let recording = self.recording;
        recording.operands(slot, |operand| self.push(operand));
        let plain = (self.items.operands.len() - start) as u32;
        let kind = Kind::Operation(op);
        let exponent = recording.exponent(slot);
        self.finish(slot, start, Shape { kind, activation: None, exponent, plain, products: 0 });
    }

    /// Makes one item of a sum, of all sums that it alone is made of, and of what is applied to it.
    fn sum(&mut self, slot: u32, root: u32, activation: Option<Op>) {
        self.plain.clear();
        self.products.clear();
        self.expand(root, false);
        while let Some((term, is_subtracted)) = self.pending.pop() {
            match term {
                Source::Node(node) if self.is_absorbable(node, is_subtracted) => {
                    self.slice.absorb(node);
                    self.expand(node, is_subtracted);
                }
                Source::Node(node) if self.slice.varies(node) => self.push_term(term, is_subtracted),
                constant => self.push_term(Source::Constant(self.number(constant)), is_subtracted),
            }
        }
        let (plain, products) = (std::mem::take(&mut self.plain), std::mem::take(&mut self.products));
        let start = self.items.operands.len();
        plain.iter().for_each(|term| self.push(*term));
        products.iter().for_each(|factors| self.push(factors[0]));
        products.iter().for_each(|factors| self.push(factors[1]));
        let (plain_count, product_count) = (plain.len() as u32, products.len() as u32);
        (self.plain, self.products) = (plain, products);
        let kind = Kind::Sum;
        self.finish(slot, start, Shape { kind, activation, exponent: 0, plain: plain_count, products: product_count });
    }

    /// Whether a term of a sum can be resolved into terms.
    fn is_absorbable(&self, node: u32, is_subtracted: bool) -> bool {
        if !self.slice.varies(node) || !self.slice.is_used_once(node) {
            return false;
        }
        match self.op(node) {
            Op::Add | Op::Sub | Op::Neg | Op::Sum | Op::Mean => true,
            Op::Mul | Op::Dot => !is_subtracted,
            _ => false,
        }
    }

    /// Puts the terms of a node where terms are looked at next.
    fn expand(&mut self, node: u32, is_subtracted: bool) {
        let recording = self.recording;
        let earlier = self.pending.len();
        let op = self.op(node);
        let mut operands = std::mem::take(&mut self.operands);
        operands.clear();
        if matches!(op, Op::Mul | Op::Dot | Op::Mean) {
            recording.operands(node, |operand| operands.push(operand));
        }
        match op {
            Op::Mul => self.push_product(operands[0], operands[1]),
            Op::Dot => {
                let count = operands.len() / 2;
                for index in 0..count {
                    self.push_product(operands[index], operands[count + index]);
                }
                self.pending.extend(operands.get(2 * count).map(|init| (*init, is_subtracted)));
            }
            Op::Mean => {
                let share = 1.0 / operands.len() as f64;
                let share = Source::Constant(if is_subtracted { -share } else { share });
                operands.iter().for_each(|operand| self.push_product(*operand, share));
            }
            Op::Sub => {
                let mut sign = is_subtracted;
                recording.operands(node, |operand| {
                    self.pending.push((operand, sign));
                    sign = !sign;
                });
            }
            Op::Neg => recording.operands(node, |operand| self.pending.push((operand, !is_subtracted))),
            _ => recording.operands(node, |operand| self.pending.push((operand, is_subtracted))),
        }
        self.pending[earlier..].reverse();
        self.operands = operands;
    }

    fn push_term(&mut self, term: Source, is_subtracted: bool) {
        match term {
            Source::Constant(number) if is_subtracted => self.plain.push(Source::Constant(-number)),
            Source::Node(_) if is_subtracted => self.products.push([term, Source::Constant(-1.0)]),
            _ => self.plain.push(term),
        }
    }

    /// A constant factor comes second.
    fn push_product(&mut self, a: Source, b: Source) {
        let is_constant = |factor: Source| !matches!(factor, Source::Node(node) if self.slice.varies(node));
        self.products.push(if is_constant(a) && !is_constant(b) { [b, a] } else { [a, b] });
    }

    fn push(&mut self, operand: Source) {
        self.items.operands.push(match operand {
            Source::Node(node) if self.slice.varies(node) => Operand(node),
            constant => {
                self.items.constants.push(self.number(constant));
                Operand(Operand::CONSTANT | (self.items.constants.len() - 1) as u32)
            }
        });
    }

    fn finish(&mut self, slot: u32, start: usize, shape: Shape) {
        let mut hasher = DefaultHasher::new();
        shape.hash(&mut hasher);
        // Which operands are constants, sixty-four to a word.
        for operands in self.items.operands[start..].chunks(64) {
            operands.iter().fold(0u64, |bits, operand| bits << 1 | u64::from(operand.is_constant())).hash(&mut hasher);
        }
        self.items.items.push(Item { shape, symbol: hasher.finish(), slot, start: start as u32 });
    }

    fn op(&self, slot: u32) -> Op {
        self.recording.ops()[slot as usize]
    }

    fn number(&self, source: Source) -> f64 {
        match source {
            Source::Node(slot) => self.recording.number(slot),
            Source::Constant(number) => number,
        }
    }
}

/// Whether an operation makes a sum of terms and products.
fn is_linear(op: Op) -> bool {
    matches!(op, Op::Add | Op::Sub | Op::Neg | Op::Mul | Op::Dot | Op::Sum | Op::Mean)
}
