//! The fourth pass: loops.
//!
//! Of the items of a group only the addresses differ. Where these move by the same distances from item to item, the items
//! are the turns of a loop; where such loops follow each other at equal distances, those are the turns of another one
//! around it, and so on.

use super::level::Levels;
use super::operands::{Stretch, side_by_side};

/// So many loops can be around an item; its own sums are one more.
pub(super) const DEPTH: usize = crate::program::LOOPS - 1;

/// Items of a group that are the turns of loops, one inside the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nest {
    /// Where in the group its first item is.
    pub first: usize,
    /// How often each loop runs, outermost first.
    pub trips: [u32; DEPTH],
}

impl Nest {
    /// So many items it has.
    pub fn items(&self) -> usize {
        self.trips.iter().product::<u32>() as usize
    }
}

/// The nests that a group, a list of items, consists of.
pub(super) fn nests(levels: &Levels, group: &[u32]) -> Vec<Nest> {
    let group = Group { levels, group };
    let mut nests = Vec::new();
    let mut first = 0;
    while first < group.group.len() {
        let nest = group.nest_at(first);
        first += nest.items();
        nests.push(nest);
    }
    nests
}

struct Group<'a> {
    levels: &'a Levels,
    group: &'a [u32],
}

impl Group<'_> {
    /// The longest nest that begins with this item, from the inside out.
    fn nest_at(&self, first: usize) -> Nest {
        let mut trips = [1; DEPTH];
        let mut items = 1;
        for depth in (0..DEPTH).rev() {
            trips[depth] = self.turns(first, items);
            // Any two items are at some distance. Where the second begins a longer loop, the first stands alone.
            if items == 1 && trips[depth] == 2 && self.turns(first + 1, 1) > 2 {
                trips[depth] = 1;
                break;
            }
            items *= trips[depth] as usize;
        }
        Nest { first, trips }
    }

    /// How many blocks of so many items follow each other at equal distances.
    fn turns(&self, first: usize, items: usize) -> u32 {
        let mut turns = 1;
        while first + (turns + 1) * items <= self.group.len() {
            let block = first + turns * items;
            let is_regular =
                (0..items).all(|item| self.moves_alike((first, first + items), (block - items + item, block + item)));
            if !is_regular {
                break;
            }
            turns += 1;
        }
        turns as u32
    }

    /// Whether all addresses move by the same distances from item to item in both pairs.
    fn moves_alike(&self, (a, b): (usize, usize), (c, d): (usize, usize)) -> bool {
        let [a, b, c, d] = [a, b, c, d].map(|item| self.group[item] as usize);
        let result = |item: usize| self.levels.addresses[item];
        if result(b).wrapping_sub(result(a)) != result(d).wrapping_sub(result(c)) {
            return false;
        }
        let lists = [a, b, c, d].map(|item| self.levels.operands_of(item as u32));
        // Mostly all are cut at the same places.
        let [first, others @ ..] = lists;
        if others
            .iter()
            .all(|list| list.len() == first.len() && (0..first.len()).all(|at| list[at].length == first[at].length))
        {
            return (0..first.len()).all(|at| is_alike(lists.map(|list| list[at])));
        }
        side_by_side(lists).all(is_alike)
    }
}

/// Whether operands move by the same distances in both pairs, and stay among the inputs or among what is computed.
/// Constants can be put anywhere.
#[inline(always)]
fn is_alike([a, b, c, d]: [Stretch; 4]) -> bool {
    if a.first.is_constant() {
        return true;
    }
    let is_same_space = |a: Stretch, b: Stretch| a.first.space() == b.first.space();
    let moves_alike = b.first.since(a.first) == d.first.since(c.first);
    let steps_alike = a.length == 1 || b.step.wrapping_sub(a.step) == d.step.wrapping_sub(c.step);
    moves_alike && steps_alike && is_same_space(a, b) && is_same_space(c, d)
}
