//! The fourth pass: loops.
//!
//! Of the items of a group only the addresses differ. Where these move by the same distances from item to item, the items
//! are the turns of a loop; where such loops follow each other at equal distances, those are the turns of another one
//! around it, and so on.

use super::level::{Levels, Member};
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
        let mut end = first + items;
        while end + items <= self.group.len() && self.moves_on(first, end, items) {
            end += items;
            if items == 1 && self.member(end - 1).before > 0 {
                // All others of the family move as these two do.
                end += self.member(end - 1).behind as usize;
            }
        }
        ((end - first) / items) as u32
    }

    /// Whether a block of so many items is as far from the one before it as the second from the first.
    fn moves_on(&self, first: usize, block: usize, items: usize) -> bool {
        let moves_alike = |item: usize| {
            let pairs = [first, first + items, block - items + item, block + item];
            moves_alike(pairs.map(|place| self.member(place)))
        };
        let mut item = 0;
        while item < items {
            if !moves_alike(item) {
                return false;
            }
            // If the next two of both families move alike as well, so do all others.
            let [before, here] = [block - items + item, block + item].map(|place| self.member(place).behind as usize);
            let others = before.min(here).min(items - item - 1);
            if others > 0 && !moves_alike(item + 1) {
                return false;
            }
            item += 1 + others;
        }
        true
    }

    fn member(&self, place: usize) -> Member<'_> {
        self.levels.member(self.group[place])
    }
}

/// Whether all addresses move by the same distances from item to item in both pairs.
fn moves_alike([a, b, c, d]: [Member; 4]) -> bool {
    if b.address.wrapping_sub(a.address) != d.address.wrapping_sub(c.address) {
        return false;
    }
    let members = [a, b, c, d];
    let is_alike = |stretches: [Stretch; 4]| {
        is_alike(std::array::from_fn(|number| stretches[number].of_member(members[number].before)))
    };
    let lists = members.map(|member| member.list);
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
