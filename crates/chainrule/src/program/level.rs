//! The third pass: items that cannot depend on each other come together, and get their addresses.
//!
//! An item's depth is the longest way to it from an input, so items of one depth may be computed side by side. Those that
//! also do the same are a group, wherever in the recording they stood: the neurons of a layer for all rows, the positions of
//! a text. Results of one depth and kind get neighbouring addresses in the order of the recording, though their shapes
//! differ, since what follows reads them together.

use super::fuse::{Item, Items, Operand};

/// Groups of items, and where their operands and results stand.
pub(super) struct Levels {
    pub items: Vec<Item>,
    /// The operands of all items, as addresses.
    pub operands: Vec<Operand>,
    /// The numbers of constant operands.
    pub constants: Vec<f64>,
    /// The address of each item's result.
    pub addresses: Vec<u32>,
    /// The items in the order in which they are computed.
    pub order: Vec<u32>,
    /// Where in that order each group begins, and the end.
    pub groups: Vec<usize>,
    /// The address after the last.
    pub end: u32,
    address_of_slot: Vec<u32>,
    first: u32,
}

/// Addresses of inputs are below this, those of what is computed from here on.
pub(super) const COMPUTED: u32 = 1 << 30;

/// Longer runs of results begin at a multiple of this: a cache line of 64 bytes.
const LINE: u32 = 8;

impl Levels {
    /// Levels the items; the inputs stand in the nodes `inputs`, all other nodes from `first` on.
    pub fn new(items: Items, inputs: &[u32], slots: std::ops::Range<u32>) -> Levels {
        let Items { items, operands, constants } = items;
        let mut of_slot = vec![0; slots.len()];
        let depths = depths(&items, &operands, slots.start, &mut of_slot);
        let mut order: Vec<u32> = (0..items.len() as u32).collect();
        let run_of = |item: u32| (depths[item as usize], kind(&items[item as usize]));
        order.sort_by_key(|item| run_of(*item));

        for (address, input) in inputs.iter().enumerate() {
            of_slot[(input - slots.start) as usize] = address as u32;
        }
        let mut addresses = vec![0; items.len()];
        let mut end = COMPUTED;
        let mut groups = Vec::new();
        let mut computed = 0;
        for run in order.chunk_by_mut(|a, b| run_of(*a) == run_of(*b)) {
            if run.len() >= LINE as usize {
                end = end.next_multiple_of(LINE);
            }
            for item in run.iter() {
                addresses[*item as usize] = end;
                of_slot[(items[*item as usize].slot - slots.start) as usize] = end;
                end += 1;
            }
            run.sort_by_key(|item| items[*item as usize].symbol);
            for group in run.chunk_by(|a, b| is_equal(&items, &operands, *a, *b)) {
                groups.push(computed);
                computed += group.len();
            }
        }
        groups.push(computed);
        let mut levels = Levels {
            items,
            operands,
            constants,
            addresses,
            order,
            groups,
            end,
            address_of_slot: of_slot,
            first: slots.start,
        };
        for operand in &mut levels.operands {
            if !operand.is_constant() {
                operand.0 = levels.address_of_slot[operand.index() - levels.first as usize];
            }
        }
        levels
    }

    /// The address of a node's number.
    pub fn address(&self, slot: u32) -> u32 {
        self.address_of_slot[(slot - self.first) as usize]
    }
}

/// The depth of each item; inputs have 0.
fn depths(items: &[Item], operands: &[Operand], first: u32, of_slot: &mut [u32]) -> Vec<u32> {
    let mut depths = Vec::with_capacity(items.len());
    for item in items {
        let nodes = operands[item.range()].iter().filter(|operand| !operand.is_constant());
        let deepest = nodes.map(|node| of_slot[node.index() - first as usize]).max();
        let depth = deepest.unwrap_or(0) + 1;
        of_slot[(item.slot - first) as usize] = depth;
        depths.push(depth);
    }
    depths
}

/// What stands together: items that do the same, however many operands they have.
fn kind(item: &Item) -> impl Ord + use<> {
    let number = |op: Option<crate::Op>| op.map_or(0, |op| op as u8 + 1);
    let operation = match item.shape.kind {
        super::fuse::Kind::Sum => None,
        super::fuse::Kind::Operation(op) => Some(op),
    };
    (number(operation), number(item.shape.activation))
}

/// Whether two items with equal symbols, which two different ones have hardly ever, are of one group.
fn is_equal(items: &[Item], operands: &[Operand], a: u32, b: u32) -> bool {
    let (a, b) = (&items[a as usize], &items[b as usize]);
    let constants = |item: &Item| operands[item.range()].iter().map(|operand| operand.is_constant());
    a.symbol == b.symbol && a.shape == b.shape && constants(a).eq(constants(b))
}
