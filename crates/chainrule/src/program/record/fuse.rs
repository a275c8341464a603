//! The second pass: from nodes to items.
//!
//! One walk from the results back turns every chain of `+`, `-`, `*` and of sums that is used once into one item: a sum of
//! plain terms and of products, and the activation that follows it. What is left are single operations. Everything after
//! this has twenty times less to look at, dot products stand there ready-made, and sums that were carried through a loop
//! are sums of what the loop computed. Nodes that do the same one after the other, such as the rows of a matrix, become items
//! all at once, a family, as long as nothing tells them apart.

use super::form::{Forms, Kind, Shape};
use super::operands::{Moving, Operand, Operands, Stretch, count, side_by_side};
use super::slice::{Slice, nodes};
use crate::Op;
use crate::custom::{Custom, Order};
use crate::tape::{Called, Reading, Source, Sources};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Items in families, operands before results.
#[derive(Default)]
pub(super) struct Items {
    pub families: Vec<Family>,
    pub forms: Forms,
    /// The operands of the first item of each family, and how far those of the others are from them.
    pub operands: Operands,
    /// The numbers of constant operands.
    pub constants: Vec<f64>,
    /// The operations of the user's own, and what is asked of them.
    pub operations: Vec<(Custom, Order)>,
}

/// Items that do the same, their results next to each other and their operands at equal distances from item to item: the rows
/// of a matrix times a vector, say. Where nothing else is alike, an item is a family of its own.
#[derive(Clone, Debug)]
pub(super) struct Family {
    /// The number of their form: what they do.
    pub form: u32,
    /// The nodes that they compute; of a call all its results.
    pub slots: Range<u32>,
    /// So many items they are.
    pub members: u32,
    /// The list of operands: of a sum the plain terms, then all first factors, then all second ones.
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
                fusing.operation(slot..slot + 1, fusing.op(slot));
            }
        }
        fusing.items
    }

    /// The items that compute what is needed of a recording.
    pub fn new(recording: Reading, slice: Slice) -> Items {
        let mut fusing = Fusing::new(recording, slice);
        let mut end = fusing.slice.slots().end;
        while let Some(nodes) = fusing.slice.last_to_make(end) {
            end = nodes.start;
            fusing.fuse(nodes);
        }
        fusing.items.families.reverse();
        fusing.items
    }
}

struct Fusing<'a> {
    recording: Reading<'a>,
    slice: Slice,
    items: Items,
    /// So many items are made at once.
    members: u32,
    /// What of a sum is still to be looked at, the next term last, and whether it is subtracted.
    pending: Vec<(Moving, bool)>,
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
        Fusing { recording, slice, items, members: 1, pending, plain, products, arguments, numbers }
    }

    /// Makes the items that compute nodes of a family.
    fn fuse(&mut self, nodes: Range<u32>) {
        if self.fuse_alike(nodes.clone()).is_none() {
            // What was absorbed until it was found that they differ will be absorbed again.
            nodes.rev().for_each(|node| _ = self.fuse_alike(node..node + 1));
        }
    }

    /// The same if they are made of nodes that are alike, too; one alone always is.
    fn fuse_alike(&mut self, nodes: Range<u32>) -> Option<()> {
        self.members = nodes.len() as u32;
        let (first, op) = (nodes.start, self.op(nodes.start));
        if self.is_linear(first) {
            return self.sum(nodes, first, None);
        }
        if ACTIVATIONS.contains(&op) {
            let [sum] = self.operands(first)?;
            if self.absorbs(sum)? {
                return self.sum(nodes, sum.first.0, Some(op));
            }
        }
        self.operation(nodes, op)
    }

    fn operation(&mut self, nodes: Range<u32>, op: Op) -> Option<()> {
        if op == Op::Custom
            && let Some(called) = self.recording.call_at(nodes.start)
        {
            return self.call(called);
        }
        let Items { operands, constants, .. } = &mut self.items;
        operands.begin();
        read_operands(self.recording, &self.slice, &nodes, std::slice::from_mut(operands), constants)?;
        let plain = count(self.items.operands.last_list());
        let (kind, exponent) = (Kind::Operation(op), self.recording.exponent(nodes.start));
        self.finish(nodes, Shape { kind, activation: None, exponent, plain, products: 0, subtracted: 0 });
        Some(())
    }

    /// Makes one item of all results of a call.
    fn call(&mut self, called: &Called) -> Option<()> {
        self.slice.absorb(&called.slots);
        self.read_arguments(called.slots.start)?;
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
        Some(())
    }

    /// Makes one item of a sum, of all sums that it alone is made of, and of what is applied to it.
    fn sum(&mut self, nodes: Range<u32>, root: u32, activation: Option<Op>) -> Option<()> {
        if self.is_dot_of_operands(&nodes, root, activation)? {
            return Some(());
        }
        self.plain.clear();
        self.products.iter_mut().flatten().for_each(Operands::clear);
        self.pending.clear();
        self.expand(root, false)?;
        while let Some((term, is_subtracted)) = self.pending.pop() {
            if self.absorbs(term)? {
                self.expand(term.first.0, is_subtracted)?;
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
        self.finish(nodes, Shape { kind: Kind::Sum, activation, exponent: 0, plain, products, subtracted });
        Some(())
    }

    /// Makes the item of a sum that is the dot product of what varies, and nothing else: the commonest, whose terms need no
    /// sorting. Whether it is one.
    fn is_dot_of_operands(&mut self, nodes: &Range<u32>, root: u32, activation: Option<Op>) -> Option<bool> {
        if self.op(root) != Op::Dot {
            return Some(false);
        }
        self.read_arguments(root)?;
        let [first, second, init] = self.arguments.each_ref().map(Operands::last_list);
        let mut factors = first.iter().chain(second);
        if !init.is_empty() || factors.any(|stretch| stretch.first.is_constant()) {
            return Some(false);
        }
        let products = count(first);
        self.items.operands.begin();
        [first, second].iter().for_each(|list| self.items.operands.append(list));
        self.finish(
            nodes.clone(),
            Shape { kind: Kind::Sum, activation, exponent: 0, plain: 0, products, subtracted: 0 },
        );
        Some(true)
    }

    /// Takes a term into the sums that it stands in, if it is a sum that is used nowhere else. Whether it is one, if that is the
    /// same for all items.
    #[inline(always)]
    fn absorbs(&mut self, term: Moving) -> Option<bool> {
        let is_absorbed = !term.first.is_constant()
            && if self.members == 1 { self.is_part(term.first) } else { self.are_parts(term)? };
        if is_absorbed {
            self.slice.absorb(&(term.first.0..term.first.0 + self.members));
        }
        Some(is_absorbed)
    }

    /// Whether a node is a sum that is used once.
    #[inline(always)]
    fn is_part(&self, node: Operand) -> bool {
        self.slice.is_used_once(node.0) && self.is_linear(node.0)
    }

    /// Whether the same term of all items is a sum that is used once, if that is the same for all, and the sums are alike.
    fn are_parts(&self, term: Moving) -> Option<bool> {
        // What stands in all items is used by all.
        if term.moved == 0 {
            return Some(false);
        }
        let nodes = term.first.0..term.first.0 + self.members;
        let mut all = term.of_all(self.members);
        if term.moved == 1 && self.slice.are_of_one_family(&nodes) && all.clone().all(|node| self.is_part(node)) {
            return Some(true);
        }
        if all.any(|node| self.is_part(node)) { None } else { Some(false) }
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
    fn expand(&mut self, node: u32, is_subtracted: bool) -> Option<()> {
        let op = self.op(node);
        match op {
            Op::Add | Op::Sub => {
                let [a, b] = self.operands(node)?;
                self.pending.extend([(b, is_subtracted ^ (op == Op::Sub)), (a, is_subtracted)]);
            }
            Op::Mul => {
                let factors: [Moving; 2] = self.operands(node)?;
                self.push_products(factors.map(Stretch::from), is_subtracted);
            }
            Op::Powi => {
                let [factor] = self.operands(node)?;
                self.push_products([factor; 2].map(Stretch::from), is_subtracted);
            }
            Op::Neg => {
                let [operand] = self.operands(node)?;
                self.pending.push((operand, !is_subtracted));
            }
            _ => self.expand_slices(node, op, is_subtracted)?,
        }
        Some(())
    }

    /// The same for operations of more operands.
    fn expand_slices(&mut self, node: u32, op: Op, is_subtracted: bool) -> Option<()> {
        self.read_arguments(node)?;
        let arguments = std::mem::take(&mut self.arguments);
        let [first, second, init] = [0, 1, 2].map(|number| arguments[number].last_list());
        match op {
            Op::MulAdd | Op::Dot => {
                side_by_side([first, second]).for_each(|factors| self.push_products(factors, is_subtracted));
                self.pending.extend(init.iter().map(|init| (init.one(), is_subtracted)));
            }
            Op::Mean => {
                let share = self.constant(1.0 / f64::from(count(first)));
                for terms in first {
                    let shares = Stretch { length: terms.length, ..Stretch::of(share) };
                    self.push_products([*terms, shares], is_subtracted);
                }
            }
            _ => {
                let next = self.pending.len();
                let terms = first.iter().flat_map(|stretch| stretch.one_by_one());
                self.pending.extend(terms.map(|term| (term, is_subtracted)));
                self.pending[next..].reverse();
            }
        }
        self.arguments = arguments;
        Some(())
    }

    fn push_term(&mut self, term: Moving, is_subtracted: bool) {
        if !is_subtracted {
            self.plain.push_all(term.into());
        } else if term.first.is_constant() {
            let negative = self.negative(term.into());
            self.plain.push_all(negative);
        } else {
            let minus = Moving::still(self.constant(-1.0));
            self.push_products([term, minus].map(Stretch::from), false);
        }
    }

    /// Appends products of as many factors. Constant ones come second, and have the sign of the product.
    #[inline(always)]
    fn push_products(&mut self, [a, b]: [Stretch; 2], is_subtracted: bool) {
        let [a, mut b] = if a.first.is_constant() && !b.first.is_constant() { [b, a] } else { [a, b] };
        let is_scaled = b.first.is_constant();
        if is_scaled && is_subtracted {
            b = self.negative(b);
        }
        let kind = match is_scaled {
            true => SCALED,
            false if is_subtracted => SUBTRACTED,
            false => ADDED,
        };
        for (list, factors) in self.products[kind].iter_mut().zip([a, b]) {
            list.push_all(factors);
        }
    }

    /// The opposites of constants.
    fn negative(&mut self, constants: Stretch) -> Stretch {
        let members = if constants.moved == 0 { 1 } else { self.members };
        let all = (0..members).flat_map(|member| constants.of_member(member).operands());
        let numbers: Vec<f64> = all.map(|operand| -self.items.constants[operand.index()]).collect();
        let first = Operand::constant(self.items.constants.len());
        self.items.constants.extend(numbers);
        let moved = if members == 1 { 0 } else { constants.length };
        Stretch { first, step: 1, moved, ..constants }
    }

    /// The operands of a node that has so many, each one number.
    #[inline(always)]
    fn operands<const N: usize>(&mut self, node: u32) -> Option<[Moving; N]> {
        if self.members == 1 {
            let mut operands = [Moving::still(Operand(0)); N];
            for (number, place) in operands.iter_mut().enumerate() {
                let source = self.recording.operand(node, number);
                place.first = operand(self.recording, &self.slice, source, &mut self.items.constants);
            }
            return Some(operands);
        }
        self.read_arguments(node)?;
        Some(std::array::from_fn(|number| self.arguments[number].last_list()[0].one()))
    }

    /// Reads the arguments of a node, and of those that follow for the other items of the family.
    fn read_arguments(&mut self, node: u32) -> Option<()> {
        self.arguments.iter_mut().for_each(Operands::clear);
        let nodes = node..node + self.members;
        read_operands(self.recording, &self.slice, &nodes, &mut self.arguments, &mut self.items.constants)
    }

    fn constant(&mut self, number: f64) -> Operand {
        constant(number, &mut self.items.constants)
    }

    /// Makes the items that the operands were begun for last.
    fn finish(&mut self, slots: Range<u32>, shape: Shape) {
        let Items { families, forms, operands, .. } = &mut self.items;
        let form = forms.number(shape, operands);
        families.push(Family { form, slots, members: self.members, operands: operands.written() });
    }

    fn op(&self, slot: u32) -> Op {
        self.recording.ops()[slot as usize]
    }
}

/// Appends the operands of nodes of a family, those of each argument to a list of its own as far as there is one, else to the last;
/// and the numbers of constants to those that there are. It gives up where nodes vary for some of the family, or for none.
#[inline(always)]
fn read_operands(
    recording: Reading,
    slice: &Slice,
    family: &Range<u32>,
    lists: &mut [Operands],
    constants: &mut Vec<f64>,
) -> Option<()> {
    let last = lists.len() - 1;
    let members = family.len() as u32;
    let mut are_alike = true;
    let all_vary = |nodes: Stretch| match members {
        1 => slice.all_vary(nodes),
        _ => nodes.of_all(members).all(|nodes| slice.all_vary(nodes)),
    };
    recording.visit_family(family, |argument, sources, moved| {
        let list = &mut lists[argument.min(last)];
        match (nodes(sources, moved), sources) {
            (Some(nodes), _) if all_vary(nodes) => list.push_all(nodes),
            (Some(nodes), _) if members == 1 => {
                for node in nodes.operands() {
                    list.push(operand(recording, slice, Source::Node(node.0), constants));
                }
            }
            (_, Sources::Constants(numbers)) => {
                let length = numbers.len() as u32 - moved * (members - 1);
                let first = Operand::constant(constants.len());
                list.push_all(Stretch { step: 1, length, moved, ..Stretch::of(first) });
                constants.extend(numbers);
            }
            _ => are_alike = false,
        }
    });
    are_alike.then_some(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Value, tape};

    /// How many items each family has that computes these results of inputs.
    fn families(num_inputs: usize, function: impl FnOnce(&[Value]) -> Vec<Value>) -> Vec<u32> {
        let _scope = tape::scope();
        let mut values: Vec<Value> = (0..num_inputs).map(|number| Value::new(number as f64)).collect();
        values.extend(function(&values));
        tape::read(&values, |recording, sources| {
            let slot = |source: &Source| match source {
                Source::Node(slot) => *slot,
                Source::Constant(_) => unreachable!("all results depend on inputs"),
            };
            let slots: Vec<u32> = sources.iter().map(slot).collect();
            let (inputs, results) = slots.split_at(num_inputs);
            let items = Items::new(recording, Slice::new(recording, inputs, results));
            items.families.iter().map(|family| family.members).collect()
        })
    }

    /// The products of so many rows, four numbers each, with the first four.
    fn products(x: &[Value], rows: usize) -> Vec<Value> {
        (0..rows).map(|row| Value::dot(&x[4 + 4 * row..8 + 4 * row], &x[..4])).collect()
    }

    fn relu(x: &[Value]) -> Vec<Value> {
        x.iter().map(|x| x.relu()).collect()
    }

    #[test]
    fn a_matrix_times_a_vector_is_one_family_with_its_activations() {
        assert_eq!(families(68, |x| products(x, 16)), [16]);
        assert_eq!(families(68, |x| relu(&products(x, 16))), [16]);
        assert_eq!(families(68, |x| [relu(&products(x, 16)), products(&x[20..], 8)].concat()), [16, 8]);
    }

    #[test]
    fn a_row_that_is_not_like_the_others_begins_another_family() {
        let mut weights: Vec<usize> = (1..=16).collect();
        weights[9] = 2;
        let tied = |x: &[Value]| weights.iter().map(|row| Value::dot(&x[4 * row..4 * row + 4], &x[..4])).collect();
        assert_eq!(families(68, tied), [9, 1, 6]);
        let ragged = |x: &[Value]| (0..12).map(|row| Value::sum(&x[row..row + if row < 7 { 3 } else { 2 }])).collect();
        assert_eq!(families(20, ragged), [7, 5]);
        assert_eq!(
            families(9, |x| (0..9).map(|number| x[number].powi(if number < 5 { 3 } else { 4 })).collect()),
            [5, 4]
        );
    }

    #[test]
    fn sums_that_are_used_elsewhere_are_items_of_their_own() {
        let one_is_used = |x: &[Value]| {
            let sums = products(x, 8);
            [relu(&sums), vec![sums[3]]].concat()
        };
        assert_eq!(families(36, one_is_used), [1; 9]);
        let all_are_used = |x: &[Value]| {
            let sums = products(x, 8);
            [relu(&sums), sums].concat()
        };
        assert_eq!(families(36, all_are_used), [8, 8]);
        assert_eq!(families(36, |x| products(x, 8)[..5].to_vec()), [5]);
    }

    #[test]
    fn what_reads_the_one_before_is_in_no_family_with_it() {
        let running = |x: &[Value]| {
            let mut products = vec![x[0]];
            (1..8).for_each(|place| products.push(products[place - 1] * x[place]));
            products.split_off(1)
        };
        assert_eq!(families(8, running), [1; 7]);
        let four_back = |x: &[Value]| {
            let mut values = x.to_vec();
            (0..8).for_each(|place| values.push(values[place].sin()));
            values[4..].to_vec()
        };
        assert_eq!(families(4, four_back), [4, 4]);
    }
}
