//! The second pass: from nodes to items.
//!
//! One walk from the results back turns every chain of `+`, `-`, `*` and of sums that is used once into one item: a sum of
//! plain terms and of products, and the activation that follows it. What is left are single operations. Everything after
//! this has twenty times less to look at, dot products stand there ready-made, and sums that were carried through a loop
//! are sums of what the loop computed.

use super::form::{Forms, Kind, Shape};
use super::operands::{Operand, Operands, Stretch, count, side_by_side};
use super::slice::Slice;
use crate::Op;
use crate::custom::{Custom, Order};
use crate::tape::{Called, Reading, Source, Sources};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Items, operands before results.
#[derive(Default)]
pub(super) struct Items {
    pub items: Vec<Item>,
    pub forms: Forms,
    /// The operands of each item.
    pub operands: Operands,
    /// The numbers of constant operands.
    pub constants: Vec<f64>,
    /// The operations of the user's own, and what is asked of them.
    pub operations: Vec<(Custom, Order)>,
}

/// What is computed as one.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The number of its form: what it does.
    pub form: u32,
    /// The node that it computes; of a call all its results.
    pub slots: Range<u32>,
    /// The list of its operands: of a sum the plain terms, then all first factors, then all second ones.
    pub operands: Range<u32>,
}

/// The kinds of products: with constants they stand by themselves, so that what they stood between makes one stretch.
const ADDED: usize = 0;
const SCALED: usize = 1;
const SUBTRACTED: usize = 2;

/// Operations that can follow a sum in its item: their derivatives depend on their results alone.
const ACTIVATIONS: [Op; 4] = [Op::Relu, Op::Tanh, Op::Sigmoid, Op::Exp];

impl Items {
    /// An item for each operation that is needed of a recording.
    pub fn as_recorded(recording: Reading, slice: Slice) -> Items {
        let mut fusing = Fusing::new(recording, slice);
        for slot in fusing.slice.behind_inputs() {
            if fusing.slice.is_computed(slot) && !fusing.slice.is_absorbed(slot) {
                fusing.operation(slot, fusing.op(slot));
            }
        }
        fusing.items
    }

    /// The items that compute what is needed of a recording.
    pub fn new(recording: Reading, slice: Slice) -> Items {
        let mut fusing = Fusing::new(recording, slice);
        for slot in fusing.slice.behind_inputs().rev() {
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
    plain: Operands,
    /// The factors of products: of those that are added, those with constants, and those that are subtracted.
    products: [[Operands; 2]; 3],
    /// The arguments of the node that is looked at.
    arguments: [Operands; 3],
    /// The numbers of operations of the user's own.
    numbers: FxHashMap<(Custom, Order), u32>,
}

impl<'a> Fusing<'a> {
    fn new(recording: Reading<'a>, slice: Slice) -> Self {
        let items = Items::default();
        let (pending, plain, products, arguments, numbers) = Default::default();
        Fusing { recording, slice, items, pending, plain, products, arguments, numbers }
    }

    /// Makes the item that computes this node.
    fn fuse(&mut self, slot: u32) {
        let op = self.op(slot);
        if self.is_linear(slot) {
            self.sum(slot, slot, None);
            return;
        }
        match ACTIVATIONS.contains(&op).then(|| self.recording.operand(slot, 0)) {
            Some(Source::Node(sum)) if self.slice.is_used_once(sum) && self.is_linear(sum) => {
                self.slice.absorb(sum);
                self.sum(slot, sum, Some(op));
            }
            _ => self.operation(slot, op),
        }
    }

    fn operation(&mut self, slot: u32, op: Op) {
        if op == Op::Custom
            && let Some(called) = self.recording.call_at(slot)
        {
            return self.call(called);
        }
        let Items { operands, constants, .. } = &mut self.items;
        operands.begin();
        read_operands(self.recording, &self.slice, slot, std::slice::from_mut(operands), constants);
        let plain = count(self.items.operands.last_list());
        let (kind, exponent) = (Kind::Operation(op), self.recording.exponent(slot));
        self.finish(slot..slot + 1, Shape { kind, activation: None, exponent, plain, products: 0, subtracted: 0 });
    }

    /// Makes one item of all results of a call.
    fn call(&mut self, called: &Called) {
        called.slots.clone().for_each(|slot| self.slice.absorb(slot));
        self.read_arguments(called.slots.start);
        self.items.operands.begin();
        self.items.operands.append(self.arguments[1].last_list());
        let operation = (called.operation.clone(), called.order);
        let known = &mut self.items.operations;
        let number = *self.numbers.entry(operation).or_insert_with_key(|operation| {
            known.push(operation.clone());
            known.len() as u32 - 1
        });
        let kind = Kind::Call { number, results: called.slots.len() as u32 };
        let plain = count(self.items.operands.last_list());
        self.finish(
            called.slots.clone(),
            Shape { kind, activation: None, exponent: 0, plain, products: 0, subtracted: 0 },
        );
    }

    /// Makes one item of a sum, of all sums that it alone is made of, and of what is applied to it.
    fn sum(&mut self, slot: u32, root: u32, activation: Option<Op>) {
        if self.is_dot_of_operands(slot, root, activation) {
            return;
        }
        self.plain.clear();
        self.products.iter_mut().flatten().for_each(Operands::clear);
        self.expand(root, false);
        while let Some((term, is_subtracted)) = self.pending.pop() {
            if !term.is_constant() && self.slice.is_used_once(term.0) && self.is_linear(term.0) {
                self.slice.absorb(term.0);
                self.expand(term.0, is_subtracted);
            } else {
                self.push_term(term, is_subtracted);
            }
        }
        let operands = &mut self.items.operands;
        operands.begin();
        operands.append(self.plain.last_list());
        for factor in 0..2 {
            self.products.iter().for_each(|factors| operands.append(factors[factor].last_list()));
        }
        let plain = count(self.plain.last_list());
        let counts = self.products.each_ref().map(|[first, _]| count(first.last_list()));
        let (products, subtracted) = (counts.iter().sum(), counts[SUBTRACTED]);
        self.finish(slot..slot + 1, Shape { kind: Kind::Sum, activation, exponent: 0, plain, products, subtracted });
    }

    /// Makes the item of a sum that is the dot product of what varies, and nothing else: the commonest, whose terms need no
    /// sorting. Whether it is one.
    fn is_dot_of_operands(&mut self, slot: u32, root: u32, activation: Option<Op>) -> bool {
        if self.op(root) != Op::Dot {
            return false;
        }
        self.read_arguments(root);
        let [first, second, init] = self.arguments.each_ref().map(Operands::last_list);
        let mut factors = first.iter().chain(second);
        if !init.is_empty() || factors.any(|stretch| stretch.first.is_constant()) {
            return false;
        }
        let products = count(first);
        self.items.operands.begin();
        [first, second].iter().for_each(|list| self.items.operands.append(list));
        self.finish(
            slot..slot + 1,
            Shape { kind: Kind::Sum, activation, exponent: 0, plain: 0, products, subtracted: 0 },
        );
        true
    }

    /// Whether a node is a sum of terms and products.
    fn is_linear(&self, node: u32) -> bool {
        match self.op(node) {
            Op::Add | Op::Sub | Op::Neg | Op::Mul | Op::MulAdd | Op::Dot | Op::Sum | Op::Mean => true,
            Op::Powi => self.recording.exponent(node) == 2,
            _ => false,
        }
    }

    /// Puts the terms of a node where terms are looked at next, and its products with the others.
    fn expand(&mut self, node: u32, is_subtracted: bool) {
        let op = self.op(node);
        match op {
            Op::Add | Op::Sub => {
                let [a, b] = self.two_operands(node);
                self.pending.extend([(b, is_subtracted ^ (op == Op::Sub)), (a, is_subtracted)]);
            }
            Op::Mul => {
                let factors = self.two_operands(node);
                self.push_products(factors.map(Stretch::of), is_subtracted);
            }
            Op::Powi => {
                let factor = self.operand(self.recording.operand(node, 0));
                self.push_products([factor; 2].map(Stretch::of), is_subtracted);
            }
            Op::Neg => {
                let operand = self.operand(self.recording.operand(node, 0));
                self.pending.push((operand, !is_subtracted));
            }
            _ => self.expand_slices(node, op, is_subtracted),
        }
    }

    /// The same for operations of more operands.
    fn expand_slices(&mut self, node: u32, op: Op, is_subtracted: bool) {
        self.read_arguments(node);
        let arguments = std::mem::take(&mut self.arguments);
        let [first, second, init] = [0, 1, 2].map(|number| arguments[number].last_list());
        match op {
            Op::MulAdd | Op::Dot => {
                side_by_side([first, second]).for_each(|factors| self.push_products(factors, is_subtracted));
                self.pending.extend(init.iter().map(|init| (init.first, is_subtracted)));
            }
            Op::Mean => {
                let share = self.constant(1.0 / f64::from(count(first)));
                for terms in first {
                    self.push_products([*terms, Stretch { first: share, step: 0, ..*terms }], is_subtracted);
                }
            }
            _ => {
                let next = self.pending.len();
                let terms = first.iter().flat_map(|stretch| stretch.operands());
                self.pending.extend(terms.map(|term| (term, is_subtracted)));
                self.pending[next..].reverse();
            }
        }
        self.arguments = arguments;
    }

    fn push_term(&mut self, term: Operand, is_subtracted: bool) {
        if !is_subtracted {
            self.plain.push(term);
        } else if term.is_constant() {
            let negative = self.constant(-self.items.constants[term.index()]);
            self.plain.push(negative);
        } else {
            let minus = self.constant(-1.0);
            self.push_products([term, minus].map(Stretch::of), false);
        }
    }

    /// Appends products of as many factors. Constant ones come second, and have the sign of the product.
    #[inline(always)]
    fn push_products(&mut self, [a, b]: [Stretch; 2], is_subtracted: bool) {
        let [a, mut b] = if a.first.is_constant() && !b.first.is_constant() { [b, a] } else { [a, b] };
        let is_scaled = b.first.is_constant();
        if is_scaled && is_subtracted {
            let numbers: Vec<f64> = b.operands().map(|operand| -self.items.constants[operand.index()]).collect();
            b = Stretch { first: Operand::constant(self.items.constants.len()), step: 1, ..b };
            self.items.constants.extend(numbers);
        }
        let kind = match is_scaled {
            true => SCALED,
            false if is_subtracted => SUBTRACTED,
            false => ADDED,
        };
        for (list, Stretch { first, step, length, .. }) in self.products[kind].iter_mut().zip([a, b]) {
            list.push_all(first, step, length);
        }
    }

    #[inline(always)]
    fn two_operands(&mut self, node: u32) -> [Operand; 2] {
        [0, 1].map(|number| self.operand(self.recording.operand(node, number)))
    }

    #[inline(always)]
    fn operand(&mut self, source: Source) -> Operand {
        operand(self.recording, &self.slice, source, &mut self.items.constants)
    }

    /// Reads the arguments of a node.
    fn read_arguments(&mut self, node: u32) {
        self.arguments.iter_mut().for_each(Operands::clear);
        read_operands(self.recording, &self.slice, node, &mut self.arguments, &mut self.items.constants);
    }

    fn constant(&mut self, number: f64) -> Operand {
        constant(number, &mut self.items.constants)
    }

    /// Makes the item that the operands were begun for last.
    fn finish(&mut self, slots: Range<u32>, shape: Shape) {
        let Items { items, forms, operands, .. } = &mut self.items;
        items.push(Item { form: forms.number(shape, operands), slots, operands: operands.written() });
    }

    fn op(&self, slot: u32) -> Op {
        self.recording.ops()[slot as usize]
    }
}

/// Appends the operands of a node, those of each argument to a list of its own as far as there is one, else to the last; and the
/// numbers of constants to those that there are.
#[inline(always)]
fn read_operands(recording: Reading, slice: &Slice, node: u32, lists: &mut [Operands], constants: &mut Vec<f64>) {
    let last = lists.len() - 1;
    recording.visit_operands(node, |argument, sources| {
        let list = &mut lists[argument.min(last)];
        match sources {
            Sources::Nodes { first, step, count } if slice.all_vary(first, step, count) => {
                list.push_all(Operand(first), step, count);
            }
            Sources::Nodes { first, step, count } => {
                for index in 0..count {
                    list.push(operand(recording, slice, Source::Node(first + index * step), constants));
                }
            }
            Sources::Constants(numbers) => {
                list.push_all(Operand::constant(constants.len()), 1, numbers.len() as u32);
                constants.extend(numbers);
            }
        }
    });
}

#[inline(always)]
fn operand(recording: Reading, slice: &Slice, source: Source, constants: &mut Vec<f64>) -> Operand {
    match source {
        Source::Node(node) if slice.varies(node) => Operand(node),
        Source::Node(node) => constant(recording.number(node), constants),
        Source::Constant(number) => constant(number, constants),
    }
}

fn constant(number: f64, constants: &mut Vec<f64>) -> Operand {
    constants.push(number);
    Operand::constant(constants.len() - 1)
}
