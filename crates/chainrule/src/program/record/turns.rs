//! Items as turns of loops: which of their operands stand at equal distances, from turn to turn and next to each other.

use super::form::Shape;
use super::level::Levels;
use super::nest::DEPTH;
use super::operands::Operand;
use crate::program::{Access, LOOPS};
use std::ops::Range;

/// Items that one or more instructions compute in the same loops.
pub(super) struct Turns<'a> {
    /// The items, those of the innermost loop next to each other.
    pub items: &'a [u32],
    pub trips: [u32; DEPTH],
    /// Whether addresses move by the same distances with each turn of a loop.
    pub is_regular: bool,
    /// What the first item does; mostly all do the same.
    pub shape: Shape,
    /// The operands of the first item.
    pub first: Vec<Operand>,
    /// Those of the items that are one turn of each loop later; none where a loop runs once.
    seconds: [Vec<Operand>; DEPTH],
}

/// Terms of a sum that stand at equal distances: where among the operands the first one's first factor is, where its second
/// one is, and how many they are.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub first: usize,
    pub second: Option<usize>,
    pub length: usize,
}

impl<'a> Turns<'a> {
    /// Items of a nest.
    pub fn new(levels: &Levels, items: &'a [u32], trips: [u32; DEPTH]) -> Self {
        let operands = |place: usize| -> Vec<Operand> { levels.member(items[place]).operands().collect() };
        let seconds = std::array::from_fn(|depth| match trips[depth] {
            1 => Vec::new(),
            _ => operands(next_turn(trips, depth)),
        });
        Turns { items, trips, is_regular: true, shape: *levels.shape(items[0]), first: operands(0), seconds }
    }

    /// Items that are in no nest.
    pub fn listed(levels: &Levels, items: &'a [u32]) -> Self {
        let alone = Turns::new(levels, &items[..1], [1; DEPTH]);
        Turns { items, trips: [1, 1, items.len() as u32], is_regular: items.len() == 1, ..alone }
    }

    /// So many stretches the operands of each item have.
    pub fn num_stretches(&self) -> usize {
        self.plain().len() + self.added().len() + self.subtracted().len()
    }

    /// The plain terms of a sum, or the operands of an operation, in stretches.
    pub fn plain(&self) -> Vec<Terms> {
        self.stretches(0, None, self.shape.plain as usize)
    }

    /// The products that a sum adds, in stretches.
    pub fn added(&self) -> Vec<Terms> {
        self.products(0..self.shape.added() as usize)
    }

    /// The products that it subtracts, in stretches.
    pub fn subtracted(&self) -> Vec<Terms> {
        self.products(self.shape.added() as usize..self.shape.products as usize)
    }

    fn products(&self, some: Range<usize>) -> Vec<Terms> {
        let first = self.shape.plain as usize + some.start;
        self.stretches(first, Some(first + self.shape.products as usize), some.len())
    }

    /// Terms in stretches of equal distances: `count` operands from the position `first` on, and as many factors from
    /// `second` on. Where there are no equal distances, constants and others.
    fn stretches(&self, first: usize, second: Option<usize>, count: usize) -> Vec<Terms> {
        let mut stretches: Vec<Terms> = Vec::new();
        for index in 0..count {
            let (first, second) = (first + index, second.map(|second| second + index));
            match stretches.last_mut() {
                Some(stretch) if self.continues(stretch, first, second) => stretch.length += 1,
                _ => stretches.push(Terms { first, second, length: 1 }),
            }
        }
        // A loop of two turns is not worth it.
        let pairs = |stretch: Terms| {
            let single = |index| Terms { first: stretch.first + index, second: None, length: 1 };
            if stretch.length == 2 && stretch.second.is_none() && self.is_regular {
                vec![single(0), single(1)]
            } else {
                vec![stretch]
            }
        };
        stretches.into_iter().flat_map(pairs).collect()
    }

    /// Whether the operands at these positions are one further step away from the stretch, for all items alike.
    fn continues(&self, stretch: &Terms, first: usize, second: Option<usize>) -> bool {
        let is_next = |start: usize, position: usize| {
            let (begin, last, next) = (self.first[start], self.first[position - 1], self.first[position]);
            if begin.is_constant() || next.is_constant() || !self.is_regular {
                return begin.is_constant() == next.is_constant();
            }
            let is_first_step = stretch.length == 1;
            last.space() == next.space()
                && (is_first_step || next.since(last) == self.first[start + 1].since(begin))
                && self.strides(start) == self.strides(position)
        };
        let is_next_second = |(start, position)| is_next(start, position);
        is_next(stretch.first, first) && stretch.second.zip(second).is_none_or(is_next_second)
    }

    /// How far an operand moves with a turn of each loop.
    fn strides(&self, position: usize) -> [i32; LOOPS] {
        let mut strides = [0; LOOPS];
        for (stride, second) in strides.iter_mut().zip(&self.seconds) {
            *stride = second.get(position).map_or(0, |second| second.since(self.first[position]) as i32);
        }
        strides
    }

    /// Where `length` operands from a position on stand, if it is at equal distances.
    pub fn access(&self, position: usize, length: usize) -> Option<Access> {
        if !self.is_regular {
            return None;
        }
        let operands = &self.first[position..position + length];
        let mut strides = self.strides(position);
        if let [first, second, ..] = operands {
            let step = second.since(*first);
            let is_next = |pair: &[Operand]| pair[0].space() == pair[1].space() && pair[1].since(pair[0]) == step;
            let moves_alike = |index| self.strides(position + index) == strides;
            if !operands.windows(2).all(is_next) || !(1..length).all(moves_alike) {
                return None;
            }
            strides[LOOPS - 1] = step as i32;
        }
        Some(Access::strided(operands[0].0, strides))
    }

    /// Where the results of a nest go, given the address of each item's.
    pub fn results(&self, address: impl Fn(&u32) -> u32) -> Access {
        let first = address(&self.items[0]);
        let mut strides = [0; LOOPS];
        for depth in (0..DEPTH).filter(|depth| self.trips[*depth] > 1) {
            strides[depth] = address(&self.items[next_turn(self.trips, depth)]).wrapping_sub(first) as i32;
        }
        Access::strided(first, strides)
    }
}

/// The item that comes one turn of a loop after the first.
fn next_turn(trips: [u32; DEPTH], depth: usize) -> usize {
    trips[depth + 1..].iter().product::<u32>() as usize
}

/// The trips of an instruction that goes through so many terms in each turn.
pub(super) fn with_inner(trips: [u32; DEPTH], length: usize) -> [u32; LOOPS] {
    let [a, b, c] = trips;
    [a, b, c, length as u32]
}
