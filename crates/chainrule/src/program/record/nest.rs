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
        if end + items > self.group.len() {
            return 1;
        }
        let pair = [first, end].map(|place| self.member(place));
        if items == 1 {
            return (self.alike(&pair, end) - first) as u32;
        }
        while end + items <= self.group.len() && self.moves_on(&pair, end, items) {
            end += items;
        }
        ((end - first) / items) as u32
    }

    /// How far items go on, from this one, each as far from the one before as the two of a pair from each other.
    fn alike(&self, pair: &[Member; 2], mut next: usize) -> usize {
        let mut last = pair[0];
        while next < self.group.len() {
            let member = self.member(next);
            if !moves_alike(pair, &[last, member], false) {
                break;
            }
            next += 1;
            last = member;
            if member.before > 0 && member.behind > 0 {
                // All others of the family move as these two do.
                next += member.behind as usize;
                last = self.member(next - 1);
            }
        }
        next
    }

    /// Whether a block of so many items is as far from the one before it as the two of a pair from each other.
    fn moves_on(&self, pair: &[Member; 2], block: usize, items: usize) -> bool {
        let mut item = 0;
        while item < items {
            let others = [block - items + item, block + item].map(|place| self.member(place));
            // So many of both families follow.
            let behind = others.iter().map(|member| member.behind as usize).fold(items - item - 1, usize::min);
            if !moves_alike(pair, &others, behind > 0) {
                return false;
            }
            item += 1 + behind;
        }
        true
    }

    fn member(&self, place: usize) -> Member<'_> {
        self.levels.member(self.group[place])
    }
}

/// Whether all addresses move by the same distances from item to item in both pairs, and, if that is asked for, between those
/// that follow the second pair in their families.
fn moves_alike([a, b]: &[Member; 2], [c, d]: &[Member; 2], with_families: bool) -> bool {
    if b.address.wrapping_sub(a.address) != d.address.wrapping_sub(c.address) {
        return false;
    }
    let is_alike = |stretches: [&Stretch; 4]| is_alike([a, b, c, d], stretches, with_families);
    // Mostly all are cut at the same places.
    let are_cut_alike = |list: &[Stretch]| {
        list.len() == a.list.len() && list.iter().zip(a.list).all(|(one, other)| one.length == other.length)
    };
    if [b, c, d].into_iter().all(|member| are_cut_alike(member.list)) {
        return (0..a.list.len()).all(|at| is_alike([a, b, c, d].map(|member| &member.list[at])));
    }
    side_by_side([a, b, c, d].map(|member| member.list)).all(|pieces| is_alike(pieces.each_ref()))
}

/// Whether operands move by the same distances in both pairs, and stay among the inputs or among what is computed; with
/// families also those of the items that follow the second pair. Constants can be put anywhere.
#[inline(always)]
fn is_alike(members: [&Member; 4], stretches: [&Stretch; 4], with_families: bool) -> bool {
    let [a, b, c, d] = std::array::from_fn(|number| members[number].first_of(stretches[number]));
    if a.is_constant() {
        return true;
    }
    let moves_alike = |of: fn(&Stretch) -> u32| {
        let [a, b, c, d] = stretches.map(of);
        b.wrapping_sub(a) == d.wrapping_sub(c)
    };
    let steps_alike = stretches[0].length == 1 || moves_alike(|stretch| stretch.step);
    let families_alike = !with_families || stretches[2].moved == stretches[3].moved;
    let is_one_space = a.space() == b.space() && c.space() == d.space();
    b.since(a) == d.since(c) && steps_alike && families_alike && is_one_space
}
