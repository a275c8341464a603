//! The fifth pass: from nests to instructions.
//!
//! A nest becomes as few instructions as its sums have stretches of terms at equal distances: mostly one. Items that are in
//! no nest worth an instruction of its own are put together in one whose places are listed in a table.

use super::constants::Constants;
use super::form::{Kind, Shape};
use super::level::Levels;
use super::nest::{DEPTH, nests};
use super::operands::{Operand, Stretch as OperandStretch, operand_at};
use crate::Op;
use crate::program::{Access, Instruction, LOOPS, Lookup, Route, Start, Term};

/// What a recording's items became.
pub(super) struct Lowered {
    pub instructions: Vec<Instruction>,
    pub constants: Constants,
    pub tables: Vec<u32>,
    pub lookups: Vec<Lookup>,
    /// The address after the last.
    pub end: u32,
}

/// An instruction costs as much as so many operands in a table.
const OVERHEAD: usize = 6;

/// Lowers all groups, in their order.
pub(super) fn lower(levels: &Levels) -> Lowered {
    let lowered = Lowered {
        instructions: Vec::new(),
        constants: Constants::new(),
        tables: Vec::new(),
        lookups: Vec::new(),
        end: levels.end,
    };
    let mut lowering = Lowering { levels, lowered };
    for run in levels.runs.windows(2) {
        lowering.run(&levels.groups[run[0]..=run[1]]);
    }
    lowering.lowered
}

struct Lowering<'a> {
    levels: &'a Levels,
    lowered: Lowered,
}

/// Items that one or more instructions compute in the same loops.
struct Turns<'a> {
    /// The items, those of the innermost loop next to each other.
    items: &'a [u32],
    trips: [u32; DEPTH],
    /// Whether addresses move by the same distances with each turn of a loop.
    is_regular: bool,
    /// The operands of the first item.
    first: Vec<Operand>,
    /// Those of the items that are one turn of each loop later; none where a loop runs once.
    seconds: [Vec<Operand>; DEPTH],
}

/// Terms of a sum that stand at equal distances: where among the operands the first one's first factor is, where its second
/// one is, and how many they are.
#[derive(Clone, Copy)]
struct Stretch {
    first: usize,
    second: Option<usize>,
    length: usize,
}

impl Lowering<'_> {
    /// Lowers the groups of a run, given by where in the order they begin and end.
    fn run(&mut self, groups: &[usize]) {
        let mut irregular: Vec<Vec<u32>> = Vec::new();
        for group in groups.windows(2) {
            let rest = self.group(&self.levels.order[group[0]..group[1]]);
            irregular.extend((!rest.is_empty()).then_some(rest));
        }
        let shapes = || irregular.iter().map(|items| self.shape(items[0]));
        let terms = shapes().map(|shape| shape.plain + 2 * shape.products).max().unwrap_or_default();
        if irregular.len() > terms as usize && shapes().all(|shape| shape.kind == Kind::Sum) {
            self.sums_of_all_shapes(irregular.concat());
        } else {
            irregular.iter().for_each(|items| self.listed(items));
        }
    }

    /// Lowers the nests of a group that are worth an instruction, and gives back the other items.
    fn group(&mut self, group: &[u32]) -> Vec<u32> {
        let mut rest = Vec::new();
        for nest in nests(self.levels, group) {
            let items = &group[nest.first..nest.first + nest.items()];
            let in_a_table = items.len() * self.shape(items[0]).operands().max(1) as usize;
            let turns = (in_a_table >= OVERHEAD).then(|| self.turns(items, nest.trips, true));
            match turns.filter(|turns| self.num_stretches(turns) * OVERHEAD <= in_a_table) {
                Some(turns) => self.instructions(&turns),
                None => rest.extend_from_slice(items),
            }
        }
        rest
    }

    /// The items with the operands of those that tell all others.
    fn turns<'a>(&self, items: &'a [u32], trips: [u32; DEPTH], is_regular: bool) -> Turns<'a> {
        let operands = |place: usize| -> Vec<Operand> {
            self.operands(items[place]).iter().flat_map(|stretch| stretch.operands()).collect()
        };
        let is_loop = |depth: usize| is_regular && trips[depth] > 1;
        let seconds = std::array::from_fn(|depth| match is_loop(depth) {
            true => operands(next_turn(trips, depth)),
            false => Vec::new(),
        });
        Turns { items, trips, is_regular, first: operands(0), seconds }
    }

    /// Lowers items of one shape, their places listed in tables.
    fn listed(&mut self, items: &[u32]) {
        self.instructions(&self.turns(items, [1, 1, items.len() as u32], items.len() == 1));
    }

    /// Lowers sums of many shapes, their places listed in tables: an instruction adds one more term to all sums that have so
    /// many, so that there are as many instructions as the longest has terms, however few have the same.
    fn sums_of_all_shapes(&mut self, mut items: Vec<u32>) {
        let plain = |lowering: &Self, item: u32| lowering.shape(item).plain;
        let products = |lowering: &Self, item: u32| lowering.shape(item).products;
        let activation = self.shape(items[0]).activation;
        // The longest come first, so that those with so many terms are always the first ones.
        items.sort_by_key(|item| std::cmp::Reverse((plain(self, *item), products(self, *item))));
        let with_plain = items.partition_point(|item| plain(self, *item) > 0);
        let most = |lowering: &Self, count: fn(&Self, u32) -> u32| {
            items.iter().map(|item| count(lowering, *item)).max().unwrap_or(0)
        };
        let (most_plain, most_products) = (most(self, plain), most(self, products));
        for term in 0..most_plain {
            let count = items.partition_point(|item| plain(self, *item) > term);
            let places = self.places(&items[..count], |_| term);
            self.add_term(&items[..count], term == 0, Term::Copy(places));
        }
        let (some, none) = items.split_at(with_plain);
        for (items, is_first) in [(some, false), (none, true)] {
            let mut items = items.to_vec();
            items.sort_by_key(|item| std::cmp::Reverse(products(self, *item)));
            for term in 0..most_products {
                let count = items.partition_point(|item| products(self, *item) > term);
                let items = &items[..count];
                let a = self.places(items, |shape| shape.plain + term);
                let b = self.places(items, |shape| shape.plain + shape.products + term);
                self.add_term(items, is_first && term == 0, Term::Product { a, b, is_strong: false });
            }
        }
        if activation.is_some() {
            let nothing = Term::Copy(self.lowered.constants.column([1; LOOPS], &[0.0]));
            self.add_term(&items, false, nothing);
            self.lowered.instructions.last_mut().expect("it was just pushed").activation = activation;
        }
    }

    /// Adds a term to each of the sums, or begins them with it.
    fn add_term(&mut self, items: &[u32], is_first: bool, term: Term) {
        if !items.is_empty() {
            let turns = self.turns(items, [1, 1, items.len() as u32], items.len() == 1);
            self.push(&turns, if is_first { Start::Zero } else { Start::Here }, term, 1, None);
        }
    }

    /// Where one operand of each item stands, listed in a table.
    fn places(&mut self, items: &[u32], position: impl Fn(&Shape) -> u32) -> Access {
        let operand = |item: &u32| operand_at(self.operands(*item), position(self.shape(*item)));
        self.list(items.iter().map(operand).collect(), [1, 1, items.len() as u32, 1])
    }

    /// The access to operands that are listed in a table, in the order of the turns.
    fn list(&mut self, operands: Vec<Operand>, trips: [u32; LOOPS]) -> Access {
        let base = self.lowered.tables.len() as u32;
        for operand in operands {
            let address = if operand.is_constant() {
                let number = self.levels.constants[operand.index()];
                self.lowered.constants.column([1; LOOPS], &[number]).base
            } else {
                operand.0
            };
            self.lowered.tables.push(address);
        }
        Access::listed(base, row_major(trips))
    }

    fn shape(&self, item: u32) -> &Shape {
        self.levels.shape(item)
    }

    /// So many stretches the operands of each item have.
    fn num_stretches(&self, turns: &Turns) -> usize {
        let shape = self.shape(turns.items[0]);
        self.stretches(turns, 0, None, shape.plain as usize).len() + self.products(turns).len()
    }

    fn instructions(&mut self, turns: &Turns) {
        match self.shape(turns.items[0]).kind {
            Kind::Sum => self.sum(turns),
            Kind::Operation(Op::Lookup) => self.lookup(turns),
            Kind::Operation(op) => self.operation(turns, op),
        }
    }

    fn operation(&mut self, turns: &Turns, op: Op) {
        let shape = *self.shape(turns.items[0]);
        let operands = shape.plain as usize;
        let (term, length) = if is_over_slices(op) {
            (Term::Reduction { op, operand: self.access(turns, 0, operands) }, operands)
        } else {
            let operands = (0..operands).map(|position| self.access(turns, position, 1)).collect();
            (Term::Operation { op, exponent: shape.exponent, operands }, 1)
        };
        self.push(turns, Start::Zero, term, length, None);
    }

    /// The index comes first among the operands, then the choices.
    fn lookup(&mut self, turns: &Turns) {
        let choices = self.shape(turns.items[0]).plain as usize - 1;
        let mut first = self.access(turns, 1, choices);
        if first.route == Route::Table {
            // Choices from everywhere are brought together.
            first = self.gathered(turns, 1, choices);
        }
        let step = std::mem::take(&mut first.strides[LOOPS - 1]);
        let index = self.access(turns, 0, 1);
        self.lowered.lookups.push(Lookup { index, step, count: choices as u32 });
        let route = Route::Lookup(self.lowered.lookups.len() as u32 - 1);
        self.push(turns, Start::Zero, Term::Copy(Access { route, ..first }), 1, None);
    }

    /// Copies operands to places that follow each other.
    fn gathered(&mut self, turns: &Turns, position: usize, length: usize) -> Access {
        let trips = with_inner(turns.trips, length);
        let out = Access::strided(self.lowered.end, row_major(trips));
        self.lowered.end += trips.iter().product::<u32>();
        let term = Term::Copy(self.access(turns, position, length));
        self.lowered.instructions.push(Instruction { trips, out, start: Start::Zero, term, activation: None });
        out
    }

    fn sum(&mut self, turns: &Turns) {
        let shape = *self.shape(turns.items[0]);
        let mut plain = self.stretches(turns, 0, None, shape.plain as usize);
        let is_constant = |stretch: &Stretch| turns.first[stretch.first].is_constant();
        let constants: Vec<Stretch> = plain.extract_if(.., |stretch| is_constant(stretch)).collect();
        let mut terms: Vec<(Term, usize)> = Vec::new();
        let mut start = self.constant_start(turns, &constants);
        // The sum starts from a term that stands alone, a bias say, if there is one.
        if let Some(single) = plain.iter().position(|stretch| stretch.length == 1) {
            let single = plain.remove(single);
            let access = self.access(turns, single.first, 1);
            if let Start::From(constant) = start {
                terms.push((Term::Copy(constant), 1));
            }
            start = Start::From(access);
        }
        for stretch in plain {
            terms.push((Term::Copy(self.access(turns, stretch.first, stretch.length)), stretch.length));
        }
        for Stretch { first, second, length } in self.products(turns) {
            let a = self.access(turns, first, length);
            let b = self.access(turns, second.expect("products have two factors"), length);
            terms.push((Term::Product { a, b, is_strong: false }, length));
        }
        if terms.is_empty() {
            let Start::From(only) = start else { unreachable!("a sum has terms that vary") };
            (start, terms) = (Start::Zero, vec![(Term::Copy(only), 1)]);
        }
        let last = terms.len() - 1;
        for (index, (term, length)) in terms.into_iter().enumerate() {
            let start = if index == 0 { start } else { Start::Here };
            self.push(turns, start, term, length, shape.activation.filter(|_| index == last));
        }
    }

    /// The sum of the constant terms, one for each item.
    fn constant_start(&mut self, turns: &Turns, constants: &[Stretch]) -> Start {
        let total = |item: u32| -> f64 {
            let positions = constants.iter().flat_map(|stretch| stretch.first..stretch.first + stretch.length);
            positions.map(|position| self.levels.constants[self.operand(item, position).index()]).sum()
        };
        let totals: Vec<f64> = turns.items.iter().map(|item| total(*item)).collect();
        if totals.iter().all(|total| *total == 0.0) {
            return Start::Zero;
        }
        Start::From(self.lowered.constants.column(with_inner(turns.trips, 1), &totals))
    }

    /// The products of a sum, in stretches.
    fn products(&self, turns: &Turns) -> Vec<Stretch> {
        let shape = *self.shape(turns.items[0]);
        let (first, count) = (shape.plain as usize, shape.products as usize);
        self.stretches(turns, first, Some(first + count), count)
    }

    /// Terms in stretches of equal distances: `count` operands from the position `first` on, and as many factors from
    /// `second` on. Where there are no equal distances, constants and others.
    fn stretches(&self, turns: &Turns, first: usize, second: Option<usize>, count: usize) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for index in 0..count {
            let (first, second) = (first + index, second.map(|second| second + index));
            match stretches.last_mut() {
                Some(stretch) if self.continues(turns, stretch, first, second) => stretch.length += 1,
                _ => stretches.push(Stretch { first, second, length: 1 }),
            }
        }
        // A loop of two turns is not worth it.
        let pairs = |stretch: Stretch| {
            let single = |index| Stretch {
                first: stretch.first + index,
                second: stretch.second.map(|second| second + index),
                length: 1,
            };
            if stretch.length == 2 && stretch.second.is_none() && turns.is_regular {
                vec![single(0), single(1)]
            } else {
                vec![stretch]
            }
        };
        stretches.into_iter().flat_map(pairs).collect()
    }

    /// Whether the operands at these positions are one further step away from the stretch, for all items alike.
    fn continues(&self, turns: &Turns, stretch: &Stretch, first: usize, second: Option<usize>) -> bool {
        let is_next = |start: usize, position: usize| {
            let operands = &turns.first;
            let (begin, last, next) = (operands[start], operands[position - 1], operands[position]);
            if begin.is_constant() || next.is_constant() || !turns.is_regular {
                return begin.is_constant() == next.is_constant();
            }
            let step = |a: Operand, b: Operand| b.0.wrapping_sub(a.0);
            let is_first_step = stretch.length == 1;
            last.0 >> 30 == next.0 >> 30
                && (is_first_step || step(last, next) == step(begin, operands[start + 1]))
                && self.strides(turns, start) == self.strides(turns, position)
        };
        let is_next_second = |(start, position)| is_next(start, position);
        is_next(stretch.first, first) && stretch.second.zip(second).is_none_or(is_next_second)
    }

    /// How far an operand moves with a turn of each loop.
    fn strides(&self, turns: &Turns, position: usize) -> [i32; LOOPS] {
        let mut strides = [0; LOOPS];
        for (stride, second) in strides.iter_mut().zip(&turns.seconds) {
            *stride = second.get(position).map_or(0, |second| second.since(turns.first[position]) as i32);
        }
        strides
    }

    /// Where `length` operands from a position on stand, if it is at equal distances.
    fn affine(&self, turns: &Turns, position: usize, length: usize) -> Option<Access> {
        if !turns.is_regular {
            return None;
        }
        let operands = &turns.first[position..position + length];
        let mut strides = self.strides(turns, position);
        if let [first, second, ..] = operands {
            let step = second.0.wrapping_sub(first.0);
            let is_regular = operands.windows(2).all(|pair| {
                let is_same_space = pair[0].0 >> 30 == pair[1].0 >> 30;
                is_same_space && pair[1].0.wrapping_sub(pair[0].0) == step
            });
            let moves_alike = |index| self.strides(turns, position + index) == strides;
            if !is_regular || !(1..length).all(moves_alike) {
                return None;
            }
            strides[LOOPS - 1] = step as i32;
        }
        Some(Access::strided(operands[0].0, strides))
    }

    fn operands(&self, item: u32) -> &[OperandStretch] {
        self.levels.operands.list(&self.levels.items[item as usize].operands)
    }

    fn operand(&self, item: u32, position: usize) -> Operand {
        operand_at(self.operands(item), position as u32)
    }

    /// Where `length` operands from a position on stand, for all items: at equal distances, or listed in a table.
    fn access(&mut self, turns: &Turns, position: usize, length: usize) -> Access {
        let trips = with_inner(turns.trips, length);
        let operand = |index: usize| self.operand(turns.items[index / length], position + index % length);
        let all = 0..turns.items.len() * length;
        if turns.first[position..position + length].iter().all(|operand| operand.is_constant()) {
            let numbers: Vec<f64> = all.map(|index| self.levels.constants[operand(index).index()]).collect();
            return self.lowered.constants.column(trips, &numbers);
        }
        if let Some(access) = self.affine(turns, position, length) {
            return access;
        }
        let operands = all.map(operand).collect();
        self.list(operands, trips)
    }

    fn push(&mut self, turns: &Turns, start: Start, term: Term, length: usize, activation: Option<Op>) {
        let address = |item: &u32| self.levels.addresses[*item as usize];
        let out = if turns.is_regular {
            let first = address(&turns.items[0]);
            let mut strides = [0; LOOPS];
            for depth in (0..DEPTH).filter(|depth| turns.trips[*depth] > 1) {
                strides[depth] = address(&turns.items[next_turn(turns.trips, depth)]).wrapping_sub(first) as i32;
            }
            Access::strided(first, strides)
        } else {
            let base = self.lowered.tables.len() as u32;
            self.lowered.tables.extend(turns.items.iter().map(address));
            Access::listed(base, row_major(with_inner(turns.trips, 1)))
        };
        let trips = with_inner(turns.trips, length);
        self.lowered.instructions.push(Instruction { trips, out, start, term, activation });
    }
}

fn with_inner(trips: [u32; DEPTH], length: usize) -> [u32; LOOPS] {
    let [a, b, c] = trips;
    [a, b, c, length as u32]
}

/// The strides of a list in the order of the turns.
pub(super) fn row_major(trips: [u32; LOOPS]) -> [i32; LOOPS] {
    let mut stride = 1;
    let mut strides = [0; LOOPS];
    for depth in (0..LOOPS).rev() {
        if trips[depth] > 1 {
            strides[depth] = stride;
        }
        stride *= trips[depth] as i32;
    }
    strides
}

/// The item that comes one turn of a loop after the first.
fn next_turn(trips: [u32; DEPTH], depth: usize) -> usize {
    trips[depth + 1..].iter().product::<u32>() as usize
}

/// Whether an operation takes any number of operands.
fn is_over_slices(op: Op) -> bool {
    matches!(op, Op::Sum | Op::Product | Op::Mean | Op::Maximum | Op::Minimum | Op::LogSumExp | Op::Dot)
}
