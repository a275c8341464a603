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
        while end + items <= self.group.len() && self.moves_on(&pair, end, items) {
            end += items;
            if items == 1 {
                let last = self.member(end - 1);
                if last.before > 0 {
                    // All others of the family move as these two do.
                    end += last.behind as usize;
                }
            }
        }
        ((end - first) / items) as u32
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
    let is_alike = |stretches: [&Stretch; 4]| {
        let [.., third, fourth] = stretches;
        let stay_alike = !with_families || third.moved == fourth.moved || third.first.is_constant();
        let [first, second, third, fourth] = stretches;
        stay_alike && is_alike([a.of(first), b.of(second), c.of(third), d.of(fourth)])
    };
    // Mostly all are cut at the same places.
    let are_cut_alike = |list: &[Stretch]| {
        list.len() == a.list.len() && list.iter().zip(a.list).all(|(one, other)| one.length == other.length)
    };
    if [b, c, d].into_iter().all(|member| are_cut_alike(member.list)) {
        return (0..a.list.len()).all(|at| is_alike([a, b, c, d].map(|member| &member.list[at])));
    }
    side_by_side([a, b, c, d].map(|member| member.list)).all(|pieces| is_alike(pieces.each_ref()))
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
