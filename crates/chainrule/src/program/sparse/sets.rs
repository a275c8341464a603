//! Sets of inputs that share their members: most slots of a program depend on the same inputs as some other slot.

use rustc_hash::FxHashMap;

/// A set among [`Sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SetId(u32);

/// Nothing.
pub(super) const EMPTY: SetId = SetId(0);

/// Sets with up to so many members are lists of these; larger ones are unions of other sets, so that a sum that grows term by
/// term takes room in proportion to its terms, not to their square.
const SMALL: usize = 32;

/// What a set consists of.
enum Content {
    /// Its members, rising.
    Members(Box<[u32]>),
    Union(Box<[SetId]>),
}

/// All sets that were made, each small one and each union once.
pub(super) struct Sets {
    contents: Vec<Content>,
    small: FxHashMap<Box<[u32]>, SetId>,
    unions: FxHashMap<Box<[SetId]>, SetId>,
    /// The last walk that came to each set, and to each member.
    seen: [Vec<u32>; 2],
    walks: u32,
}

impl Sets {
    /// For sets of numbers below this one.
    pub fn of_numbers_below(bound: usize) -> Self {
        let nothing: Box<[u32]> = Box::default();
        Sets {
            contents: vec![Content::Members(nothing.clone())],
            small: FxHashMap::from_iter([(nothing, EMPTY)]),
            unions: FxHashMap::default(),
            seen: [Vec::new(), vec![0; bound]],
            walks: 0,
        }
    }

    /// The set of one number.
    pub fn single(&mut self, member: u32) -> SetId {
        self.small(vec![member])
    }

    /// What is in one of the sets. Leaves the list in disorder.
    pub fn union(&mut self, sets: &mut Vec<SetId>) -> SetId {
        sets.sort_unstable();
        sets.dedup();
        let sets = &sets[usize::from(sets.first() == Some(&EMPTY))..];
        match sets {
            [] => EMPTY,
            [one] => *one,
            _ => match self.unions.get(sets) {
                Some(known) => *known,
                None => {
                    let union = self.new_union(sets);
                    self.unions.insert(sets.into(), union);
                    union
                }
            },
        }
    }

    fn new_union(&mut self, sets: &[SetId]) -> SetId {
        let mut members = Vec::new();
        for set in sets {
            match &self.contents[set.0 as usize] {
                Content::Members(more) if members.len() <= SMALL => members.extend_from_slice(more),
                _ => return self.add(Content::Union(sets.into())),
            }
            members.sort_unstable();
            members.dedup();
        }
        if members.len() > SMALL { self.add(Content::Union(sets.into())) } else { self.small(members) }
    }

    fn small(&mut self, members: Vec<u32>) -> SetId {
        match self.small.get(&members[..]) {
            Some(known) => *known,
            None => {
                let set = self.add(Content::Members(members.clone().into()));
                self.small.insert(members.into(), set);
                set
            }
        }
    }

    fn add(&mut self, content: Content) -> SetId {
        self.contents.push(content);
        SetId(self.contents.len() as u32 - 1)
    }

    /// The members of a set, rising.
    pub fn members(&mut self, set: SetId) -> Vec<u32> {
        self.walks += 1;
        let [seen_sets, seen_members] = &mut self.seen;
        seen_sets.resize(self.contents.len(), 0);
        let is_new =
            |seen: &mut Vec<u32>, index: u32| std::mem::replace(&mut seen[index as usize], self.walks) != self.walks;
        let (mut members, mut open) = (Vec::new(), vec![set]);
        while let Some(set) = open.pop() {
            if is_new(seen_sets, set.0) {
                match &self.contents[set.0 as usize] {
                    Content::Members(some) => {
                        members.extend(some.iter().filter(|member| is_new(seen_members, **member)))
                    }
                    Content::Union(parts) => open.extend_from_slice(parts),
                }
            }
        }
        members.sort_unstable();
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn unions_have_the_members_of_all_their_parts() {
        let mut sets = Sets::of_numbers_below(1000);
        let mut known: Vec<(SetId, BTreeSet<u32>)> = vec![(EMPTY, BTreeSet::new())];
        for number in 0..1000u32 {
            let single = (sets.single(number), BTreeSet::from([number]));
            let picked = [number * 7 / 13, number / 2, number.saturating_sub(1)].map(|n| known[n as usize].clone());
            let parts = [&picked[..], &[single]].concat();
            let union = sets.union(&mut parts.iter().map(|(id, _)| *id).collect());
            known.push((union, parts.into_iter().flat_map(|(_, members)| members).collect()));
        }
        for (set, expected) in known {
            assert_eq!(sets.members(set), expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn equal_small_sets_are_one() {
        let mut sets = Sets::of_numbers_below(10);
        let [a, b, c] = [1, 2, 3].map(|number| sets.single(number));
        let (ab, bc) = (sets.union(&mut vec![a, b]), sets.union(&mut vec![b, c]));
        assert_eq!(sets.union(&mut vec![ab, c]), sets.union(&mut vec![a, EMPTY, bc, bc]));
        assert_eq!(sets.union(&mut vec![ab, EMPTY, b]), ab);
    }
}
