//! The third pass: items that cannot depend on each other come together, and get their addresses.
//!
//! An item's depth is the longest way to it from an input, so items of one depth may be computed side by side. Those that
//! also do the same are a group, wherever in the recording they stood: the neurons of a layer for all rows, the positions of
//! a text. Results of one depth and kind get neighbouring addresses in the order of the recording, though their shapes
//! differ, since what follows reads them together; but for long lists of alternating shapes, where each gets its own stretch.

use super::form::{Forms, Kind, Shape};
use super::fuse::{Family, Items};
use super::operands::{Operand, Operands, Stretch, operand_at};
use crate::custom::{Custom, Order};
use std::ops::Range;

/// Groups of items, numbered in the order in which they are computed, and where their operands and results stand.
pub(super) struct Levels {
    /// The items in families, as far as their operands stand at equal distances still.
    families: Vec<Placed>,
    /// The family of each item.
    family_of: Vec<u32>,
    forms: Forms,
    /// The operands of the first item of each family, as addresses, and how far those of the others are from them.
    operands: Operands,
    /// The numbers of constant operands.
    pub constants: Vec<f64>,
    /// The operations of the user's own, and what is asked of them.
    pub operations: Vec<(Custom, Order)>,
    /// Where among the items each group begins, and the end.
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

/// A family whose place is known.
struct Placed {
    form: u32,
    /// The numbers of its items.
    items: Range<u32>,
    /// The address of the first result of the first item, which all others follow.
    address: u32,
    /// So many results an item has.
    results: u32,
    operands: Range<u32>,
}

/// An item, as one of its family.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    /// The operands of the first item of the family.
    pub list: &'a [Stretch],
    /// So many of the family come before it.
    pub before: u32,
    /// So many come after it.
    pub behind: u32,
    /// The address of its result; of a call that of the first, which the others follow.
    pub address: u32,
}

impl<'a> Member<'a> {
    /// The first of some of its operands, given those of the first item of its family.
    #[inline(always)]
    pub fn first_of(&self, stretch: &Stretch) -> Operand {
        stretch.first.moved(self.before.wrapping_mul(stretch.moved))
    }

    /// Its operands one by one.
    pub fn operands(self) -> impl Iterator<Item = Operand> + 'a {
        self.list.iter().flat_map(move |stretch| stretch.of_member(self.before).operands())
    }

    /// One of its operands.
    #[inline(always)]
    pub fn operand(&self, position: u32) -> Operand {
        operand_at(self.list, position, self.before)
    }
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
        let (mut levels, families) = Levels::unplaced(items, inputs, slots);
        let (families, depths) = levels.of_one_depth(families);
        let forms = &levels.forms;
        let form = |family: u32| families[family as usize].form;
        let kinds: Vec<u32> = forms.shapes().map(kind).collect();
        let kind = |family: u32| kinds[form(family) as usize];
        let run_of = |family: u32| (depths[family as usize], kind(family));
        let count = |some: &[u32]| some.iter().map(|family| families[*family as usize].members as usize).sum();
        let mut order: Vec<u32> = (0..families.len() as u32).collect();
        order = counted(order, kind);
        order = counted(order, |family| depths[family as usize]);

        let mut addresses = vec![0; families.len()];
        let (mut groups, mut runs) = (Vec::new(), Vec::new());
        let mut end = COMPUTED;
        let mut computed = 0;
        for run in order.chunk_by_mut(|a, b| run_of(*a) == run_of(*b)) {
            let same = |a: &u32, b: &u32| form(*a) == form(*b);
            let changes = run.chunk_by(same).count();
            let recorded = run.to_vec();
            if changes > 1 {
                run.sort_by_key(|family| forms.get(form(*family)).symbol);
            }
            let shapes = run.chunk_by(same).count();
            let items: usize = count(run);
            let is_interleaved = items >= MANY * shapes && 2 * changes > items;
            let mut place = |together: &[u32]| {
                let items: usize = count(together);
                if items >= LINE as usize {
                    end = end.next_multiple_of(LINE);
                }
                for family in together {
                    addresses[*family as usize] = end;
                    end += families[*family as usize].slots.len() as u32;
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
                computed += count(group);
            }
        }
        runs.push(groups.len());
        groups.push(computed);
        let ordered = order.iter().map(|family| (&families[*family as usize], addresses[*family as usize]));
        Levels { groups, runs, end, ..levels }.placed(ordered, inputs)
    }

    /// Every item alone, in the order of the recording.
    pub fn as_recorded(items: Items, inputs: &[u32], slots: Range<u32>) -> Levels {
        let (levels, families) = Levels::unplaced(items, inputs, slots);
        let mut end = COMPUTED;
        let mut next = |family: &Family| {
            end += family.slots.len() as u32;
            end - family.slots.len() as u32
        };
        let addresses: Vec<u32> = families.iter().map(&mut next).collect();
        let [groups, runs] = [(); 2].map(|()| (0..=families.len()).collect());
        Levels { groups, runs, end, ..levels }.placed(families.iter().zip(addresses), inputs)
    }

    fn unplaced(items: Items, inputs: &[u32], slots: Range<u32>) -> (Levels, Vec<Family>) {
        debug_assert!(inputs.iter().all(|input| slots.contains(input)));
        let in_order = inputs.iter().zip(slots.clone()).take_while(|(input, slot)| *input == slot).count();
        let levels = Levels {
            families: Vec::new(),
            family_of: Vec::new(),
            forms: items.forms,
            operands: items.operands,
            constants: items.constants,
            operations: items.operations,
            groups: Vec::new(),
            runs: Vec::new(),
            end: COMPUTED,
            of_slot: vec![0; slots.len()],
            first: slots.start,
            first_behind_inputs: slots.start + in_order as u32,
        };
        (levels, items.families)
    }

    /// The families, those taken apart whose items have several depths; and the depth of each, where inputs have 0.
    fn of_one_depth(&mut self, families: Vec<Family>) -> (Vec<Family>, Vec<u32>) {
        let mut depths = Vec::with_capacity(families.len());
        let mut of_one_depth = Vec::with_capacity(families.len());
        for family in families {
            let list = self.operands.list(&family.operands);
            let depth =
                if family.members == 1 { Some(self.depth(list.iter().copied())) } else { self.common_depth(&family) };
            if let Some(depth) = depth {
                self.of_slot[stretch(&family.slots, self.first)].fill(depth);
                depths.push(depth);
                of_one_depth.push(family);
                continue;
            }
            for (member, slot) in (0..).zip(family.slots.clone()) {
                let operands = self.operands.copy_of_member(&family.operands, member);
                let depth = self.depth(self.operands.list(&operands).iter().copied());
                self.of_slot[(slot - self.first) as usize] = depth;
                depths.push(depth);
                of_one_depth.push(Family { slots: slot..slot + 1, members: 1, operands, ..family });
            }
        }
        (of_one_depth, depths)
    }

    /// The depth of all items of a family, if it is one.
    fn common_depth(&self, family: &Family) -> Option<u32> {
        let list = self.operands.list(&family.operands).iter();
        let ranges = list.map(|stretch| self.depths(stretch.of_all(family.members)));
        // The deepest operand of each item is no less deep than the first of these, and no deeper than the second.
        let (least, most) = ranges.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
        (least == most).then_some(most + 1)
    }

    /// The depth of an item with these operands.
    #[inline(always)]
    fn depth(&self, operands: impl Iterator<Item = Stretch>) -> u32 {
        operands.map(|stretch| self.depths([stretch]).1).max().unwrap_or(0) + 1
    }

    /// The least and the largest depth of operands; constants have none.
    #[inline(always)]
    fn depths(&self, stretches: impl IntoIterator<Item = Stretch>) -> (u32, u32) {
        let (mut least, mut most) = (u32::MAX, 0);
        for stretch in stretches {
            if stretch.first.is_constant() {
                return (0, 0);
            }
            let first = stretch.first.index() - self.first as usize;
            let mut note = |depth: u32| (least, most) = (least.min(depth), most.max(depth));
            if stretch.length == 1 {
                note(self.of_slot[first]);
            } else if self.are_inputs_in_order(&stretch) {
                note(0);
            } else if stretch.step == 1 {
                self.of_slot[first..first + stretch.length as usize].iter().for_each(|depth| note(*depth));
            } else {
                stretch.operands().for_each(|node| note(self.of_slot[node.index() - self.first as usize]));
            }
        }
        (least, most)
    }

    /// Puts addresses in the place of nodes, given the families in their order and where the results of each stand.
    fn placed<'a>(mut self, families: impl Iterator<Item = (&'a Family, u32)> + Clone, inputs: &[u32]) -> Levels {
        for (address, input) in inputs.iter().enumerate() {
            self.of_slot[(input - self.first) as usize] = address as u32;
        }
        for (family, address) in families.clone() {
            let nodes = &mut self.of_slot[stretch(&family.slots, self.first)];
            nodes.iter_mut().zip(address..).for_each(|(node, address)| *node = address);
        }
        let mut operands = Operands::as_long_as(&self.operands);
        let mut placed = Vec::with_capacity(families.size_hint().0);
        let mut items = 0;
        for (Family { form, slots, members, operands: written }, mut address) in families {
            let list = self.operands.list(written);
            let results = slots.len() as u32 / members;
            let mut push = |members: u32, operands: Range<u32>| {
                placed.push(Placed { form: *form, items: items..items + members, address, results, operands });
                items += members;
                address += members * results;
            };
            operands.begin();
            if list.iter().all(|stretch| self.place(stretch, *members, &mut operands)) {
                push(*members, operands.written());
                continue;
            }
            for member in 0..*members {
                operands.begin();
                list.iter().for_each(|stretch| _ = self.place(&stretch.of_member(member), 1, &mut operands));
                push(1, operands.written());
            }
        }
        let mut family_of = Vec::with_capacity(items as usize);
        for (family, number) in placed.iter().zip(0..) {
            family_of.resize(family.items.end as usize, number);
        }
        Levels { families: placed, family_of, operands, ..self }
    }

    /// Appends the addresses of operands; if not those of all items of a family move by the same distances, it says so.
    #[inline(always)]
    fn place(&self, stretch: &Stretch, members: u32, addresses: &mut Operands) -> bool {
        if stretch.first.is_constant() {
            addresses.push_all(*stretch);
            return true;
        }
        if stretch.length == 1 && stretch.moved == 0 {
            addresses.push(Operand(self.address(stretch.first.0)));
            return true;
        }
        self.place_all(stretch, members, addresses)
    }

    /// The same for several nodes.
    fn place_all(&self, stretch: &Stretch, members: u32, addresses: &mut Operands) -> bool {
        let Stretch { first, step, length, moved, .. } = *stretch;
        if stretch.of_all(members).all(|stretch| self.are_inputs_in_order(&stretch)) {
            addresses.push_all(Stretch { first: Operand(first.0 - self.first), ..*stretch });
            return true;
        }
        let address = |operand: Operand| Operand(self.address(operand.0));
        let start = address(first);
        let since_start = |operand: Operand| address(operand).since(start);
        let placed = Stretch {
            first: start,
            step: if length > 1 { since_start(first.moved(step)) } else { 0 },
            moved: if members > 1 { since_start(first.moved(moved)) } else { 0 },
            ..*stretch
        };
        let are_even = (0..if moved == 0 { 1 } else { members }).all(|member| {
            let (nodes, placed) = (stretch.of_member(member), placed.of_member(member));
            let is_one_space = [placed.first, placed.last()].iter().all(|end| end.space() == start.space());
            is_one_space && self.are_even(&nodes, &placed)
        });
        if are_even {
            addresses.push_all(placed);
        } else if members == 1 {
            stretch.operands().for_each(|operand| addresses.push(address(operand)));
        }
        are_even || members == 1
    }

    /// Whether operands that are nodes are inputs at addresses as far from each other as they are.
    #[inline(always)]
    fn are_inputs_in_order(&self, stretch: &Stretch) -> bool {
        stretch.first.0.max(stretch.last().0) < self.first_behind_inputs
    }

    /// Whether operands that are nodes stand at these addresses.
    #[inline(always)]
    fn are_even(&self, stretch: &Stretch, placed: &Stretch) -> bool {
        let expected = placed.operands().map(|operand| operand.0);
        if stretch.step == 1 {
            let addresses = &self.of_slot[(stretch.first.0 - self.first) as usize..][..stretch.length as usize];
            addresses.iter().zip(expected).fold(0, |odd, (address, expected)| odd | (address ^ expected)) == 0
        } else {
            stretch.operands().map(|operand| self.address(operand.0)).eq(expected)
        }
    }

    /// So many items there are.
    pub fn count(&self) -> usize {
        self.family_of.len()
    }

    /// What an item does.
    pub fn shape(&self, item: u32) -> &Shape {
        &self.forms.get(self.families[self.family_of[item as usize] as usize].form).shape
    }

    /// An item, as one of its family.
    #[inline(always)]
    pub fn member(&self, item: u32) -> Member<'_> {
        let family = &self.families[self.family_of[item as usize] as usize];
        let before = item - family.items.start;
        Member {
            list: self.operands.list(&family.operands),
            before,
            behind: family.items.end - item - 1,
            address: family.address + before * family.results,
        }
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
