//! The third pass: items that cannot depend on each other come together, and get their addresses.
//!
//! An item's depth is the longest way to it from an input, so items of one depth may be computed side by side. Those that
//! also do the same are a group, wherever in the recording they stood: the neurons of a layer for all rows, the positions of
//! a text. Results of one depth and kind get neighbouring addresses in the order of the recording, though their shapes
//! differ, since what follows reads them together; but for long lists of alternating shapes, where each gets its own stretch.

use super::form::{Forms, Kind, Shape};
use super::fuse::{Item, Items};
use super::operands::{Operand, Operands, Stretch};
use crate::custom::{Custom, Order};
use std::ops::Range;

/// Groups of items, and where their operands and results stand.
pub(super) struct Levels {
    pub items: Vec<Item>,
    forms: Forms,
    /// The operands of each item, as addresses.
    operands: Operands,
    /// The numbers of constant operands.
    pub constants: Vec<f64>,
    /// The operations of the user's own, and what is asked of them.
    pub operations: Vec<(Custom, Order)>,
    /// The address of each item's result; of a call that of the first, which the others follow.
    pub addresses: Vec<u32>,
    /// The items in the order in which they are computed.
    pub order: Vec<u32>,
    /// Where in that order each group begins, and the end.
    pub groups: Vec<usize>,
    /// Where among the groups each run of items begins that stand together, and the end.
    pub runs: Vec<usize>,
    /// The address after the last.
    pub end: u32,
    /// What is known of each node: first its depth, in the end its address.
    of_slot: Vec<u32>,
    first: u32,
    /// Nodes before this one are inputs, whose addresses follow each other as they do themselves.
    first_behind_inputs: u32,
}

/// Addresses of inputs are below this, those of what is computed from here on.
pub(super) const COMPUTED: u32 = 1 << 30;

/// Longer runs of results begin at a multiple of this: a cache line of 64 bytes.
const LINE: u32 = 8;

/// Results of so many items of each shape, on average, stand shape by shape where shapes alternate from one to the
/// next: side by side in vectors.
const MANY: usize = 64;

impl Levels {
    /// Levels the items; the inputs stand in the nodes `inputs`, and all nodes among `slots`.
    pub fn new(items: Items, inputs: &[u32], slots: Range<u32>) -> Levels {
        let mut levels = Levels::unplaced(items, inputs, slots);
        let depths = levels.depths();
        let Levels { items, forms, addresses, .. } = &mut levels;
        let form = |item: u32| items[item as usize].form;
        let kinds: Vec<u32> = forms.shapes().map(kind).collect();
        let kind = |item: u32| kinds[form(item) as usize];
        let run_of = |item: u32| (depths[item as usize], kind(item));
        let mut order: Vec<u32> = (0..items.len() as u32).collect();
        order = counted(order, kind);
        order = counted(order, |item| depths[item as usize]);

        let (mut groups, mut runs) = (Vec::new(), Vec::new());
        let mut end = COMPUTED;
        let mut computed = 0;
        for run in order.chunk_by_mut(|a, b| run_of(*a) == run_of(*b)) {
            let same = |a: &u32, b: &u32| form(*a) == form(*b);
            let changes = run.chunk_by(same).count();
            let recorded = run.to_vec();
            if changes > 1 {
                run.sort_by_key(|item| forms.get(form(*item)).symbol);
            }
            let shapes = run.chunk_by(same).count();
            let is_interleaved = run.len() >= MANY * shapes && 2 * changes > run.len();
            let mut place = |together: &[u32]| {
                if together.len() >= LINE as usize {
                    end = end.next_multiple_of(LINE);
                }
                for item in together {
                    addresses[*item as usize] = end;
                    end += items[*item as usize].slots.len() as u32;
                }
            };
            if is_interleaved {
                run.chunk_by(same).for_each(&mut place);
            } else {
                place(&recorded);
            }
            runs.push(groups.len());
            for group in run.chunk_by(same) {
                groups.push(computed);
                computed += group.len();
            }
        }
        runs.push(groups.len());
        groups.push(computed);
        Levels { order, groups, runs, end, ..levels }.placed(inputs)
    }

    /// Every item alone, in the order of the recording.
    pub fn as_recorded(items: Items, inputs: &[u32], slots: Range<u32>) -> Levels {
        let levels = Levels::unplaced(items, inputs, slots);
        let count = levels.items.len() as u32;
        let mut end = COMPUTED;
        let mut next = |item: &Item| {
            end += item.slots.len() as u32;
            end - item.slots.len() as u32
        };
        let addresses = levels.items.iter().map(&mut next).collect();
        let [groups, runs] = [(); 2].map(|()| (0..=count as usize).collect());
        Levels { order: (0..count).collect(), groups, runs, end, addresses, ..levels }.placed(inputs)
    }

    fn unplaced(items: Items, inputs: &[u32], slots: Range<u32>) -> Levels {
        let Items { items, forms, operands, constants, operations } = items;
        let addresses = vec![0; items.len()];
        let (order, groups, runs, of_slot) = (Vec::new(), Vec::new(), Vec::new(), vec![0; slots.len()]);
        debug_assert!(inputs.iter().all(|input| slots.contains(input)));
        let in_order = inputs.iter().zip(slots.clone()).take_while(|(input, slot)| *input == slot).count();
        Levels {
            items,
            forms,
            operands,
            constants,
            operations,
            addresses,
            order,
            groups,
            runs,
            end: COMPUTED,
            of_slot,
            first: slots.start,
            first_behind_inputs: slots.start + in_order as u32,
        }
    }

    /// The depth of each item; inputs have 0.
    fn depths(&mut self) -> Vec<u32> {
        let mut depths = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let nodes = self.operands.list(&item.operands).iter().filter(|stretch| !stretch.first.is_constant());
            let deepest = nodes.map(|stretch| self.deepest(stretch)).max();
            let depth = deepest.unwrap_or(0) + 1;
            self.of_slot[stretch(&item.slots, self.first)].fill(depth);
            depths.push(depth);
        }
        depths
    }

    /// The largest depth of operands that are nodes.
    fn deepest(&self, stretch: &Stretch) -> u32 {
        if self.are_inputs_in_order(stretch) {
            return 0;
        }
        let first = stretch.first.index() - self.first as usize;
        if stretch.step == 1 {
            self.of_slot[first..first + stretch.length as usize].iter().copied().fold(0, u32::max)
        } else {
            stretch.operands().map(|node| self.of_slot[node.index() - self.first as usize]).fold(0, u32::max)
        }
    }

    /// Puts addresses in the place of nodes.
    fn placed(mut self, inputs: &[u32]) -> Levels {
        for (address, input) in inputs.iter().enumerate() {
            self.of_slot[(input - self.first) as usize] = address as u32;
        }
        for (item, address) in self.items.iter().zip(&self.addresses) {
            let nodes = &mut self.of_slot[stretch(&item.slots, self.first)];
            nodes.iter_mut().zip(*address..).for_each(|(node, address)| *node = address);
        }
        let mut items = std::mem::take(&mut self.items);
        let mut operands = Operands::as_long_as(&self.operands);
        for item in &mut items {
            operands.begin();
            for stretch in self.operands.list(&item.operands) {
                self.place(stretch, &mut operands);
            }
            item.operands = operands.written();
        }
        Levels { items, operands, ..self }
    }

    /// Appends the addresses of operands.
    fn place(&self, stretch: &Stretch, addresses: &mut Operands) {
        let Stretch { first, step, length, .. } = *stretch;
        if first.is_constant() {
            return addresses.push_all(first, step, length);
        }
        if self.are_inputs_in_order(stretch) {
            return addresses.push_all(Operand(first.0 - self.first), step, length);
        }
        let address = |operand: Operand| Operand(self.address(operand.0));
        let start = address(first);
        let distance = if length > 1 { address(stretch.at(stretch.position + 1)).since(start) } else { 0 };
        let last = start.moved(distance.wrapping_mul(length - 1));
        if start.space() == last.space() && self.are_even(stretch, start, distance) {
            addresses.push_all(start, distance, length);
        } else {
            stretch.operands().for_each(|operand| addresses.push(address(operand)));
        }
    }

    /// Whether operands that are nodes are inputs at addresses as far from each other as they are.
    #[inline(always)]
    fn are_inputs_in_order(&self, stretch: &Stretch) -> bool {
        let last = stretch.at(stretch.end() - 1);
        stretch.first.0.max(last.0) < self.first_behind_inputs
    }

    /// Whether the addresses of operands have this distance from one to the next.
    fn are_even(&self, stretch: &Stretch, start: Operand, distance: u32) -> bool {
        let expected = (0..stretch.length).map(|index| start.0.wrapping_add(index.wrapping_mul(distance)));
        if stretch.step == 1 {
            let addresses = &self.of_slot[(stretch.first.0 - self.first) as usize..][..stretch.length as usize];
            addresses.iter().zip(expected).fold(0, |odd, (address, expected)| odd | (address ^ expected)) == 0
        } else {
            stretch.operands().map(|operand| self.address(operand.0)).eq(expected)
        }
    }

    /// What an item does.
    pub fn shape(&self, item: u32) -> &Shape {
        &self.forms.get(self.items[item as usize].form).shape
    }

    /// Where the operands of an item stand.
    pub fn operands_of(&self, item: u32) -> &[Stretch] {
        self.operands.list(&self.items[item as usize].operands)
    }

    /// The address of a node's number.
    pub fn address(&self, slot: u32) -> u32 {
        self.of_slot[(slot - self.first) as usize]
    }
}

/// What stands together: items that do the same, however many operands they have.
fn kind(shape: &Shape) -> u32 {
    match shape.kind {
        Kind::Sum => shape.activation.map_or(0, |op| op as u32 + 1),
        Kind::Operation(op) => (1 << 8) + op as u32,
        Kind::Call { number, .. } => (2 << 8) + number,
    }
}

/// Where nodes stand in a list that begins with the node `first`.
fn stretch(slots: &Range<u32>, first: u32) -> Range<usize> {
    (slots.start - first) as usize..(slots.end - first) as usize
}

/// Items in the order of their keys, and where these are equal, in that in which they come: sorted by counting, since keys
/// are small numbers.
fn counted(items: Vec<u32>, key: impl Fn(u32) -> u32) -> Vec<u32> {
    let largest = items.iter().map(|item| key(*item)).max().unwrap_or(0);
    let mut places = vec![0; largest as usize + 2];
    items.iter().for_each(|item| places[key(*item) as usize + 1] += 1);
    (1..places.len()).for_each(|key| places[key] += places[key - 1]);
    let mut sorted = vec![0; items.len()];
    for item in items {
        let place = &mut places[key(item) as usize];
        sorted[*place] = item;
        *place += 1;
    }
    sorted
}
