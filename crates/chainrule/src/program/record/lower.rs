//! The fifth pass: from nests to instructions.
//!
//! A nest becomes as few instructions as its sums have stretches of terms at equal distances: mostly one. Items that are in
//! no nest worth an instruction of its own are put together in one whose places are listed in a table.

use super::constants::Constants;
use super::form::{Kind, Shape};
use super::level::Levels;
use super::nest::nests;
use super::operands::Operand;
use super::turns::{Terms, Turns, with_inner};
use crate::Op;
use crate::custom::Order;
use crate::program::history::{History, Pass};
use crate::program::{Access, Instruction, LOOPS, Lookup, Route, Start, Term};

/// What a recording's items became.
pub(super) struct Lowered {
    pub instructions: Vec<Instruction>,
    pub constants: Constants,
    pub tables: Vec<u32>,
    pub lookups: Vec<Lookup>,
    /// The address after the last.
    pub end: u32,
    pub history: History,
}

/// Terms of a sum, so many for each item, and what they are multiplied by.
struct Summed {
    scale: f64,
    term: Term,
    length: usize,
}

impl Summed {
    /// A number for each item, as it is.
    fn number(access: Access) -> Self {
        Summed { scale: 1.0, term: Term::Copy(access), length: 1 }
    }
}

/// An instruction costs as much as so many operands in a table.
const OVERHEAD: usize = 6;

/// Lowers all groups, in their order; `history` tells how they were made.
pub(super) fn lower(levels: &Levels, history: History) -> Lowered {
    let lowered = Lowered {
        instructions: Vec::new(),
        constants: Constants::new(),
        tables: Vec::new(),
        lookups: Vec::new(),
        end: levels.end,
        history,
    };
    let mut lowering = Lowering { levels, lowered, num_nests: 0 };
    let items: Vec<u32> = (0..levels.count() as u32).collect();
    for run in levels.runs.windows(2) {
        lowering.run(&items, &levels.groups[run[0]..=run[1]]);
    }
    let Lowering { mut lowered, num_nests, .. } = lowering;
    lowered.history.note(Pass::Nest, num_nests);
    lowered.history.note(Pass::Lower, lowered.instructions.len());
    lowered
}

struct Lowering<'a> {
    levels: &'a Levels,
    lowered: Lowered,
    /// So many nests were lowered.
    num_nests: usize,
}

impl Lowering<'_> {
    /// Lowers the groups of a run, given by where among the items they begin and end.
    fn run(&mut self, items: &[u32], groups: &[usize]) {
        let mut irregular: Vec<Vec<u32>> = Vec::new();
        for group in groups.windows(2) {
            let rest = self.group(&items[group[0]..group[1]]);
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
            self.num_nests += 1;
            let items = &group[nest.first..nest.first + nest.items()];
            let in_a_table = items.len() * self.shape(items[0]).operands().max(1) as usize;
            let turns = (in_a_table >= OVERHEAD).then(|| Turns::new(self.levels, items, nest.trips));
            match turns.filter(|turns| turns.num_stretches() * OVERHEAD <= in_a_table) {
                Some(turns) => self.instructions(&turns),
                None => rest.extend_from_slice(items),
            }
        }
        rest
    }

    /// Lowers items of one shape, their places listed in tables.
    fn listed(&mut self, items: &[u32]) {
        self.instructions(&Turns::listed(self.levels, items));
    }

    /// Lowers sums of many shapes, their places listed in tables: an instruction adds one more term to all sums that have so
    /// many, so that there are as many instructions as the longest has terms, however few have the same.
    fn sums_of_all_shapes(&mut self, items: Vec<u32>) {
        let activation = self.shape(items[0]).activation;
        // So many terms of each kind a sum has, one kind after the other.
        let kinds: [fn(&Shape) -> u32; 3] = [|shape| shape.plain, Shape::added, |shape| shape.subtracted];
        for kind in 0..kinds.len() {
            let count = |lowering: &Self, item: &u32| kinds[kind](lowering.shape(*item));
            let before = |shape: &Shape| -> u32 { kinds[..kind].iter().map(|count| count(shape)).sum() };
            let is_begun = |item: &u32| before(self.shape(*item)) > 0;
            let (begun, new): (Vec<u32>, Vec<u32>) = items.iter().partition(|item| is_begun(item));
            for (mut items, is_new) in [(begun, false), (new, true)] {
                // The longest come first, so that those with so many terms are always the first ones.
                items.sort_by_key(|item| std::cmp::Reverse(count(self, item)));
                for number in 0..items.first().map_or(0, |longest| count(self, longest)) {
                    let items = &items[..items.partition_point(|item| count(self, item) > number)];
                    let a = self.places(items, |shape| before(shape) + number);
                    let term = match kind {
                        0 => Term::Copy(a),
                        _ => {
                            let b = self.places(items, |shape| before(shape) + shape.products + number);
                            Term::Product { a, b, is_strong: false }
                        }
                    };
                    let start = if is_new && number == 0 { Start::Zero } else { Start::Here };
                    self.add_term(items, start, if kind == 2 { -1.0 } else { 1.0 }, term);
                }
            }
        }
        if activation.is_some() {
            let nothing = Term::Copy(self.lowered.constants.column([1; LOOPS], &[0.0]));
            self.add_term(&items, Start::Here, 1.0, nothing);
            self.lowered.instructions.last_mut().expect("it was just pushed").activation = activation;
        }
    }

    /// Adds a term to each of the sums, or begins them with it.
    fn add_term(&mut self, items: &[u32], start: Start, scale: f64, term: Term) {
        let turns = Turns::listed(self.levels, items);
        self.push(&turns, start, Summed { scale, term, length: 1 }, None);
    }

    /// Where one operand of each item stands, listed in a table.
    fn places(&mut self, items: &[u32], position: impl Fn(&Shape) -> u32) -> Access {
        let operand = |item: &u32| self.operand(*item, position(self.shape(*item)));
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

    fn instructions(&mut self, turns: &Turns) {
        match turns.shape.kind {
            Kind::Sum => self.sum(turns),
            Kind::Operation(Op::Lookup) => self.lookup(turns),
            Kind::Operation(op) => self.operation(turns, op),
            // A call has two loops of its own.
            Kind::Call { .. } if turns.trips[0] > 1 => self.listed(turns.items),
            Kind::Call { number, results } => self.call(turns, number, results),
        }
    }

    fn operation(&mut self, turns: &Turns, op: Op) {
        let shape = turns.shape;
        let operands = shape.plain as usize;
        let (term, length) = if is_over_slices(op) {
            (Term::Reduction { op, operand: self.access(turns, 0, operands) }, operands)
        } else {
            let operands = (0..operands).map(|position| self.access(turns, position, 1)).collect();
            (Term::Operation { op, exponent: shape.exponent, operands }, 1)
        };
        self.push(turns, Start::Zero, Summed { scale: 1.0, term, length }, None);
    }

    /// The index comes first among the operands, then the choices.
    fn lookup(&mut self, turns: &Turns) {
        let choices = turns.shape.plain as usize - 1;
        let mut first = self.access(turns, 1, choices);
        if first.route == Route::Table {
            // Choices from everywhere are brought together.
            first = self.gathered(turns, 1, choices);
        }
        let step = std::mem::take(&mut first.strides[LOOPS - 1]);
        let index = self.access(turns, 0, 1);
        self.lowered.lookups.push(Lookup { index, step, count: choices as u32 });
        let route = Route::Lookup(self.lowered.lookups.len() as u32 - 1);
        self.push(turns, Start::Zero, Summed::number(Access { route, ..first }), None);
    }

    /// Calls of an operation of the user's own: the loops of the nest go outside, the two inner ones are those of a call.
    fn call(&mut self, turns: &Turns, number: u32, count: u32) {
        let (operation, order) = self.levels.operations[number as usize].clone();
        let around = |access: Access, rows: i32, columns: i32| {
            let [_, outer, inner, _] = access.strides;
            Access { strides: [outer, inner, rows, columns], ..access }
        };
        let given = turns.shape.plain as usize;
        let (results, length) = match order {
            Order::Value => (count as usize, given),
            Order::Jacobian { results } => (results, given - results),
        };
        let operands = self.access(turns, 0, length);
        let operands = around(operands, 0, operands.strides[LOOPS - 1]);
        let (term, [rows, columns]) = match order {
            Order::Value => (Term::Call { operation, operands }, [1, 0]),
            Order::Jacobian { .. } => {
                let access = self.access(turns, length, results);
                let results = around(access, access.strides[LOOPS - 1], 0);
                (Term::Jacobian { operation, operands, results }, [length as i32, 1])
            }
        };
        let address = |item: &u32| self.levels.member(*item).address;
        let out = if turns.is_regular {
            turns.results(address)
        } else {
            let base = self.lowered.tables.len() as u32;
            self.lowered.tables.extend(turns.items.iter().map(address).flat_map(|first| first..first + count));
            Access::listed(base, [0, 0, count as i32, 0])
        };
        let [_, outer, inner] = turns.trips;
        let (trips, out) = ([outer, inner, results as u32, length as u32], around(out, rows, columns));
        self.lowered.instructions.push(Instruction::new(trips, out, term));
    }

    /// Copies operands to places that follow each other.
    fn gathered(&mut self, turns: &Turns, position: usize, length: usize) -> Access {
        let trips = with_inner(turns.trips, length);
        let out = Access::strided(self.lowered.end, row_major(trips));
        self.lowered.end += trips.iter().product::<u32>();
        let term = Term::Copy(self.access(turns, position, length));
        self.lowered.instructions.push(Instruction::new(trips, out, term));
        out
    }

    fn sum(&mut self, turns: &Turns) {
        let shape = turns.shape;
        let mut plain = turns.plain();
        let is_constant = |stretch: &Terms| turns.first[stretch.first].is_constant();
        let constants: Vec<Terms> = plain.extract_if(.., |stretch| is_constant(stretch)).collect();
        let mut terms: Vec<Summed> = Vec::new();
        let mut start = self.constant_start(turns, &constants);
        // The sum starts from a term that stands alone, a bias say, if there is one.
        if let Some(single) = plain.iter().position(|stretch| stretch.length == 1) {
            let single = plain.remove(single);
            let access = self.access(turns, single.first, 1);
            if let Start::From(constant) = start {
                terms.push(Summed::number(constant));
            }
            start = Start::From(access);
        }
        for stretch in plain {
            let number = self.access(turns, stretch.first, stretch.length);
            terms.push(Summed { length: stretch.length, ..Summed::number(number) });
        }
        for (products, scale) in [(turns.added(), 1.0), (turns.subtracted(), -1.0)] {
            for product in products {
                terms.push(self.product(turns, product, scale));
            }
        }
        if terms.is_empty() {
            let Start::From(only) = start else { unreachable!("a sum has terms that vary") };
            (start, terms) = (Start::Zero, vec![Summed::number(only)]);
        }
        let last = terms.len() - 1;
        for (index, term) in terms.into_iter().enumerate() {
            let start = if index == 0 { start } else { Start::Here };
            self.push(turns, start, term, shape.activation.filter(|_| index == last));
        }
    }

    /// Products of a sum. A factor that is one constant for all is their scale.
    fn product(&mut self, turns: &Turns, Terms { first, second, length }: Terms, scale: f64) -> Summed {
        let second = second.expect("products have two factors");
        let a = self.access(turns, first, length);
        match self.only_constant(turns, second, length).filter(|only| only.is_finite() && *only != 0.0) {
            Some(only) => Summed { scale: scale * only, term: Term::Copy(a), length },
            None => {
                let b = self.access(turns, second, length);
                Summed { scale, term: Term::Product { a, b, is_strong: false }, length }
            }
        }
    }

    /// The constant that so many operands from a position on are, in all items.
    fn only_constant(&self, turns: &Turns, position: usize, length: usize) -> Option<f64> {
        let operands = turns.items.iter().flat_map(|item| (0..length).map(move |index| (*item, position + index)));
        let mut numbers = operands.map(|(item, position)| {
            let operand = self.operand(item, position as u32);
            operand.is_constant().then(|| self.levels.constants[operand.index()])
        });
        let first = numbers.next()??;
        numbers.all(|number| number == Some(first)).then_some(first)
    }

    /// The sum of the constant terms, one for each item.
    fn constant_start(&mut self, turns: &Turns, constants: &[Terms]) -> Start {
        if constants.is_empty() {
            return Start::Zero;
        }
        let total = |item: u32| -> f64 {
            let positions = constants.iter().flat_map(|stretch| stretch.first..stretch.first + stretch.length);
            positions.map(|position| self.levels.constants[self.operand(item, position as u32).index()]).sum()
        };
        let totals: Vec<f64> = turns.items.iter().map(|item| total(*item)).collect();
        if totals.iter().all(|total| *total == 0.0) {
            return Start::Zero;
        }
        Start::From(self.lowered.constants.column(with_inner(turns.trips, 1), &totals))
    }

    fn operand(&self, item: u32, position: u32) -> Operand {
        self.levels.member(item).operand(position)
    }

    /// Where `length` operands from a position on stand, for all items: at equal distances, or listed in a table.
    fn access(&mut self, turns: &Turns, position: usize, length: usize) -> Access {
        let trips = with_inner(turns.trips, length);
        let operand = |index: usize| self.operand(turns.items[index / length], (position + index % length) as u32);
        let all = 0..turns.items.len() * length;
        if turns.first[position..position + length].iter().all(|operand| operand.is_constant()) {
            let numbers: Vec<f64> = all.map(|index| self.levels.constants[operand(index).index()]).collect();
            return self.lowered.constants.column(trips, &numbers);
        }
        if let Some(access) = turns.access(position, length) {
            return access;
        }
        let operands = all.map(operand).collect();
        self.list(operands, trips)
    }

    fn push(&mut self, turns: &Turns, start: Start, summed: Summed, activation: Option<Op>) {
        let Summed { scale, term, length } = summed;
        let address = |item: &u32| self.levels.member(*item).address;
        let out = if turns.is_regular {
            turns.results(address)
        } else {
            let base = self.lowered.tables.len() as u32;
            self.lowered.tables.extend(turns.items.iter().map(address));
            Access::listed(base, row_major(with_inner(turns.trips, 1)))
        };
        let trips = with_inner(turns.trips, length);
        self.lowered.instructions.push(Instruction { start, scale, activation, ..Instruction::new(trips, out, term) });
    }
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

/// Whether an operation takes any number of operands.
fn is_over_slices(op: Op) -> bool {
    matches!(op, Op::Sum | Op::Product | Op::Mean | Op::Maximum | Op::Minimum | Op::LogSumExp | Op::Dot)
}
