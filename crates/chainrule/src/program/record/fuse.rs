//! The second pass: from nodes to items.
//!
//! One walk from the results back turns every chain of `+`, `-`, `*` and of sums that is used once into one item: a sum of
//! plain terms and of products, and the activation that follows it. What is left are single operations. Everything after
//! this has twenty times less to look at, dot products stand there ready-made, and sums that were carried through a loop
//! are sums of what the loop computed.

use super::slice::Slice;
use crate::Op;
use crate::tape::{Reading, Source};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

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
    /// An item for each operation that is needed of a recording.
    pub fn as_recorded(recording: Reading, slice: Slice) -> Items {
        let mut fusing = Fusing::new(recording, slice);
        for slot in fusing.slice.slots() {
            if fusing.slice.is_computed(slot) {
                fusing.operation(slot, fusing.op(slot));
            }
        }
        fusing.items
    }

    /// The items that compute what is needed of a recording.
    pub fn new(recording: Reading, slice: Slice) -> Items {
        let mut fusing = Fusing::new(recording, slice);
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
    pending: Vec<(Operand, bool)>,
    plain: Vec<Operand>,
    products: Vec<[Operand; 2]>,
    /// The operands of the node that is looked at.
    operands: Vec<Operand>,
}

impl<'a> Fusing<'a> {
    fn new(recording: Reading<'a>, slice: Slice) -> Self {
        let items = Items { items: Vec::new(), operands: Vec::new(), constants: Vec::new() };
        let (pending, plain, products, operands) = Default::default();
        Fusing { recording, slice, items, pending, plain, products, operands }
    }

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
            Some(Source::Node(sum)) if self.slice.is_used_once(sum) && is_linear(self.op(sum)) => {
                self.slice.absorb(sum);
                self.sum(slot, sum, Some(op));
            }
            _ => self.operation(slot, op),
        }
    }

    fn operation(&mut self, slot: u32, op: Op) {
        let start = self.items.operands.len();
        let recording = self.recording;
        recording.operands(slot, |operand| {
            let operand = self.operand(operand);
            self.items.operands.push(operand);
        });
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
            if !term.is_constant() && self.is_absorbable(term.0, is_subtracted) {
                self.slice.absorb(term.0);
                self.expand(term.0, is_subtracted);
            } else {
                self.push_term(term, is_subtracted);
            }
        }
        let operands = &mut self.items.operands;
        let start = operands.len();
        operands.extend(&self.plain);
        operands.extend(self.products.iter().map(|factors| factors[0]));
        operands.extend(self.products.iter().map(|factors| factors[1]));
        let (plain, products) = (self.plain.len() as u32, self.products.len() as u32);
        self.finish(slot, start, Shape { kind: Kind::Sum, activation, exponent: 0, plain, products });
    }

    /// Whether a term of a sum can be resolved into terms.
    fn is_absorbable(&self, node: u32, is_subtracted: bool) -> bool {
        self.slice.is_used_once(node)
            && match self.op(node) {
                Op::Add | Op::Sub | Op::Neg | Op::Sum | Op::Mean => true,
                Op::Mul | Op::Dot => !is_subtracted,
                _ => false,
            }
    }

    /// Puts the terms of a node where terms are looked at next.
    fn expand(&mut self, node: u32, is_subtracted: bool) {
        let recording = self.recording;
        let mut operands = std::mem::take(&mut self.operands);
        operands.clear();
        recording.operands(node, |operand| operands.push(self.operand(operand)));
        match self.op(node) {
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
                let share = self.constant(if is_subtracted { -share } else { share });
                operands.iter().for_each(|operand| self.push_product(*operand, share));
            }
            Op::Sub => self.pending.extend([(operands[1], !is_subtracted), (operands[0], is_subtracted)]),
            Op::Neg => self.pending.push((operands[0], !is_subtracted)),
            _ => self.pending.extend(operands.iter().rev().map(|operand| (*operand, is_subtracted))),
        }
        self.operands = operands;
    }

    fn push_term(&mut self, term: Operand, is_subtracted: bool) {
        if !is_subtracted {
            self.plain.push(term);
        } else if term.is_constant() {
            let negative = self.constant(-self.items.constants[term.index()]);
            self.plain.push(negative);
        } else {
            let minus = self.constant(-1.0);
            self.products.push([term, minus]);
        }
    }

    /// A constant factor comes second.
    fn push_product(&mut self, a: Operand, b: Operand) {
        self.products.push(if a.is_constant() && !b.is_constant() { [b, a] } else { [a, b] });
    }

    #[inline(always)]
    fn operand(&mut self, source: Source) -> Operand {
        match source {
            Source::Node(node) if self.slice.varies(node) => Operand(node),
            Source::Node(node) => self.constant(self.recording.number(node)),
            Source::Constant(number) => self.constant(number),
        }
    }

    fn constant(&mut self, number: f64) -> Operand {
        self.items.constants.push(number);
        Operand(Operand::CONSTANT | (self.items.constants.len() - 1) as u32)
    }

    fn finish(&mut self, slot: u32, start: usize, shape: Shape) {
        let mut hasher = FxHasher::default();
        shape.hash(&mut hasher);
        // Which operands are constants, sixty-four to a word.
        for operands in self.items.operands[start..].chunks(64) {
            let bits = operands.iter().fold(0u64, |bits, operand| bits << 1 | u64::from(operand.is_constant()));
            hasher.write_u64(bits);
        }
        self.items.items.push(Item { shape, symbol: hasher.finish(), slot, start: start as u32 });
    }

    fn op(&self, slot: u32) -> Op {
        self.recording.ops()[slot as usize]
    }
}

/// Whether an operation makes a sum of terms and products.
fn is_linear(op: Op) -> bool {
    matches!(op, Op::Add | Op::Sub | Op::Neg | Op::Mul | Op::Dot | Op::Sum | Op::Mean)
}
