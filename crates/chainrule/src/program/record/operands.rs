//! The operands of items, in stretches: most stand at equal distances, and are kept, compared and moved as one.

use std::ops::Range;

/// An operand of an item: a node, or a constant. Passes that follow put addresses in the place of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand(pub u32);

/// One operand of the items of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moving {
    /// That of the first item.
    pub first: Operand,
    /// From that of an item to that of the next one, as numbers wrap around.
    pub moved: u32,
}

/// Operands of one item at equal distances, all of one [space](Operand::space).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub first: Operand,
    /// From one to the next, as numbers wrap around.
    pub step: u32,
    /// Where among the operands of the item the first one stands.
    pub position: u32,
    pub length: u32,
    /// From those of an item to those of the next one of its family, as numbers wrap around.
    pub moved: u32,
}

/// Lists of operands, one after the other: of each the stretches.
#[derive(Debug, Default)]
pub(super) struct Operands {
    stretches: Vec<Stretch>,
    /// Where the list begins that is being written.
    begin: usize,
}

impl Operand {
    const CONSTANT: u32 = 1 << 31;

    pub fn constant(index: usize) -> Self {
        Operand(Self::CONSTANT | index as u32)
    }

    #[inline(always)]
    pub fn is_constant(self) -> bool {
        self.0 & Self::CONSTANT != 0
    }

    /// The node, or the place among the constants.
    #[inline(always)]
    pub fn index(self) -> usize {
        (self.0 & !Self::CONSTANT) as usize
    }

    /// What it is told apart by from all that it cannot be an even step away from: constants, inputs, what is computed.
    #[inline(always)]
    pub fn space(self) -> u32 {
        self.0 >> 30
    }

    #[inline(always)]
    pub fn moved(self, distance: u32) -> Self {
        Operand(self.0.wrapping_add(distance))
    }

    /// From another one to this one, as numbers wrap around.
    #[inline(always)]
    pub fn since(self, other: Operand) -> u32 {
        self.0.wrapping_sub(other.0)
    }
}

impl Moving {
    /// The same operand of all items.
    pub fn still(first: Operand) -> Self {
        Moving { first, moved: 0 }
    }

    /// The operand of each item.
    pub fn of_all(self, members: u32) -> impl Iterator<Item = Operand> + Clone {
        (0..members).map(move |member| self.first.moved(member.wrapping_mul(self.moved)))
    }
}

impl From<Moving> for Stretch {
    #[inline(always)]
    fn from(Moving { first, moved }: Moving) -> Self {
        Stretch { moved, ..Stretch::of(first) }
    }
}

impl Stretch {
    /// One operand.
    pub fn of(operand: Operand) -> Self {
        Stretch { first: operand, step: 0, position: 0, length: 1, moved: 0 }
    }

    /// The operand at a position of the item, which is one of these.
    #[inline(always)]
    pub fn at(&self, position: u32) -> Operand {
        self.first.moved((position - self.position).wrapping_mul(self.step))
    }

    #[inline(always)]
    pub fn end(&self) -> u32 {
        self.position + self.length
    }

    /// The same operands of another item of the family.
    #[inline(always)]
    pub fn of_member(self, member: u32) -> Self {
        Stretch { first: self.first.moved(member.wrapping_mul(self.moved)), moved: 0, ..self }
    }

    /// These and the same operands of all other items of a family, in as few stretches as they can be.
    #[inline(always)]
    pub fn of_all(self, members: u32) -> impl Iterator<Item = Self> + Clone {
        let Stretch { step, length, moved, .. } = self;
        let joined = match moved {
            0 => Some(self),
            _ if length == 1 => Some(Stretch { step: moved, length: members, moved: 0, ..self }),
            _ if step.wrapping_mul(length) == moved => Some(Stretch { length: length * members, moved: 0, ..self }),
            _ => None,
        };
        let apart = if joined.is_none() { 0..members } else { 0..0 };
        joined.into_iter().chain(apart.map(move |member| self.of_member(member)))
    }

    /// The last operand.
    #[inline(always)]
    pub fn last(&self) -> Operand {
        self.at(self.end() - 1)
    }

    /// The first operand, for all items of the family.
    #[inline(always)]
    pub fn one(&self) -> Moving {
        Moving { first: self.first, moved: self.moved }
    }

    /// The operands one by one, for all items of the family.
    #[inline(always)]
    pub fn one_by_one(self) -> impl Iterator<Item = Moving> {
        self.operands().map(move |first| Moving { first, moved: self.moved })
    }

    /// The operands one by one.
    #[inline(always)]
    pub fn operands(self) -> impl Iterator<Item = Operand> + Clone {
        (0..self.length).map(move |index| self.first.moved(index.wrapping_mul(self.step)))
    }
}

impl Operands {
    /// No lists, with room for as many stretches as others have.
    pub fn as_long_as(others: &Operands) -> Self {
        Operands { stretches: Vec::with_capacity(others.stretches.len()), begin: 0 }
    }

    /// Begins another list.
    pub fn begin(&mut self) {
        self.begin = self.stretches.len();
    }

    /// Forgets all lists, and begins one.
    pub fn clear(&mut self) {
        self.stretches.clear();
        self.begin = 0;
    }

    /// Where the list stands that was begun last.
    pub fn written(&self) -> Range<u32> {
        self.begin as u32..self.stretches.len() as u32
    }

    /// Appends the list of one item of a family, given that of the first, and says where it stands.
    pub fn copy_of_member(&mut self, written: &Range<u32>, member: u32) -> Range<u32> {
        self.begin();
        for place in written.clone() {
            self.stretches.push(self.stretches[place as usize].of_member(member));
        }
        self.written()
    }

    /// The stretches of a list.
    #[inline(always)]
    pub fn list(&self, written: &Range<u32>) -> &[Stretch] {
        &self.stretches[written.start as usize..written.end as usize]
    }

    /// The stretches of the list that was begun last.
    #[inline(always)]
    pub fn last_list(&self) -> &[Stretch] {
        &self.stretches[self.begin..]
    }

    /// Appends operands to the list that was begun last, in the stretches that they come in.
    #[inline(always)]
    pub fn append(&mut self, list: &[Stretch]) {
        if list.is_empty() {
            return;
        }
        let position = count(self.last_list());
        self.stretches.extend(list.iter().map(|stretch| Stretch { position: position + stretch.position, ..*stretch }));
    }

    /// Appends an operand to the list that was begun last.
    #[inline(always)]
    pub fn push(&mut self, operand: Operand) {
        self.push_all(Stretch::of(operand));
    }

    /// Appends operands at equal distances, all of one space.
    #[inline(always)]
    pub fn push_all(&mut self, stretch: Stretch) {
        let Stretch { first, step, length, moved, .. } = stretch;
        let mut position = 0;
        if let [.., last] = &mut self.stretches[self.begin..] {
            let distance = first.since(last.last());
            let goes_on = (last.length == 1 || last.step == distance) && (length == 1 || step == distance);
            if goes_on && last.first.space() == first.space() && last.moved == moved {
                last.step = distance;
                last.length += length;
                return;
            }
            position = last.end();
        }
        self.stretches.push(Stretch { position, ..stretch });
    }
}

/// How many operands a list has.
pub(super) fn count(list: &[Stretch]) -> u32 {
    list.last().map_or(0, Stretch::end)
}

/// The operand at a position of the list of a family, for one of its items.
pub(super) fn operand_at(list: &[Stretch], position: u32, member: u32) -> Operand {
    let after = list.partition_point(|stretch| stretch.position <= position);
    list[after - 1].of_member(member).at(position)
}

/// Lists of equally many operands, side by side: in pieces in which each goes on at one distance.
#[inline(always)]
pub(super) fn side_by_side<const N: usize>(lists: [&[Stretch]; N]) -> impl Iterator<Item = [Stretch; N]> {
    let mut rest = lists;
    let mut position = 0;
    std::iter::from_fn(move || {
        if rest.iter().any(|list| list.is_empty()) {
            return None;
        }
        let end = rest.iter().map(|list| list[0].end()).fold(u32::MAX, u32::min);
        let piece = rest.map(|list| Stretch {
            first: list[0].at(position),
            step: list[0].step,
            position,
            length: end - position,
            moved: list[0].moved,
        });
        for list in &mut rest {
            if list[0].end() == end {
                *list = &list[1..];
            }
        }
        position = end;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(operands: &[u32]) -> Operands {
        let mut list = Operands::default();
        operands.iter().for_each(|operand| list.push(Operand(*operand)));
        list
    }

    fn flat(list: &[Stretch]) -> Vec<u32> {
        list.iter().flat_map(|stretch| stretch.operands()).map(|operand| operand.0).collect()
    }

    #[test]
    fn operands_at_equal_distances_are_one_stretch() {
        assert_eq!(list(&[5, 5, 5]).last_list().len(), 1);
        assert_eq!(list(&[9, 7, 5, 3]).last_list().len(), 1);
        assert_eq!(list(&[1, 2, 4, 8, 12]).last_list().len(), 2);
        let mut joined = list(&[4]);
        joined.push_all(Stretch { step: 2, length: 5, ..Stretch::of(Operand(6)) });
        joined.push_all(Stretch { step: 2, length: 2, ..Stretch::of(Operand(16)) });
        assert_eq!(joined.last_list(), [Stretch { step: 2, length: 8, ..Stretch::of(Operand(4)) }]);
    }

    #[test]
    fn constants_and_nodes_are_never_one_stretch() {
        let constant = Operand::constant(0).0;
        assert_eq!(list(&[0, constant, constant + 1, 1]).last_list().len(), 3);
    }

    #[test]
    fn a_list_knows_nothing_of_the_one_before() {
        let mut lists = list(&[1, 2, 3]);
        let first = lists.written();
        lists.begin();
        lists.push_all(Stretch { step: 1, length: 2, ..Stretch::of(Operand(4)) });
        assert_eq!((flat(lists.list(&first)), flat(lists.last_list())), (vec![1, 2, 3], vec![4, 5]));
        assert_eq!(lists.last_list()[0].position, 0);
    }

    #[test]
    fn lists_side_by_side_are_read_to_the_end() {
        let numbers: [&[u32]; 3] = [&[1, 2, 3, 9, 8, 7], &[4, 4, 4, 4, 4, 4], &[1, 3, 5, 7, 0, 6]];
        let lists = numbers.map(list);
        let pieces: Vec<[Stretch; 3]> = side_by_side([0, 1, 2].map(|number| lists[number].last_list())).collect();
        for (number, expected) in numbers.iter().enumerate() {
            let column: Vec<Stretch> = pieces.iter().map(|piece| piece[number]).collect();
            assert_eq!(flat(&column), *expected);
            assert_eq!((0..6).map(|at| operand_at(&column, at, 0).0).collect::<Vec<_>>(), *expected);
        }
        assert_eq!(pieces.iter().map(|piece| piece[0].length).collect::<Vec<_>>(), [3, 1, 2]);
    }
}
