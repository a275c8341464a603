//! Random programs for tests: instructions of every kind, in loops of every shape, with numbers that stay tame.

use super::{Access, Input, Instruction, LOOPS, Lookup, Output, Program, Route, Start, Step, Term};
use crate::{Op, Pcg64, RngExt, rng};

/// A program and numbers for its inputs.
pub(crate) struct Example {
    pub program: Program,
    /// One number for each input, group after group.
    pub numbers: Vec<f64>,
}

/// The lengths of the groups of inputs: numbers, numbers, indices for lookups.
const INPUTS: [(&str, u32); 3] = [("weights", 24), ("row", 12), ("indices", 4)];

/// So many slots a run-time index can choose from.
const CHOICES: u32 = 4;

/// Operations whose results stay between -3 and 3 when their operands do, so that nothing grows without bounds.
const TAME: [Op; 16] = [
    Op::Sin,
    Op::Cos,
    Op::Tanh,
    Op::Sigmoid,
    Op::Atan,
    Op::Erf,
    Op::Abs,
    Op::Relu,
    Op::Neg,
    Op::Min,
    Op::Max,
    Op::Hypot,
    Op::Less,
    Op::Atan2,
    Op::Select,
    Op::Clamp,
];

/// The program that belongs to this seed.
pub(crate) fn example(seed: u64) -> Example {
    let mut rng = rng(seed);
    let first_index = INPUTS[0].1 + INPUTS[1].1;
    let mut numbers: Vec<f64> = (0..first_index).map(|_| rng.random_range(-2.0..2.0)).collect();
    numbers.extend((0..INPUTS[2].1).map(|_| f64::from(rng.random_range(0..CHOICES))));
    let constants: Vec<f64> = (0..5).map(|_| rng.random_range(-1.5..1.5)).collect();
    let inputs = INPUTS.map(|(name, length)| Input { name: name.into(), length }).to_vec();
    let mut making = Making { rng, readable: first_index, slots: 0, tables: Vec::new(), lookups: Vec::new() };
    // Indices are not read as numbers: what is readable is what stands before them, and what is computed.
    let computed = numbers.len() as u32 + constants.len() as u32;
    making.slots = computed;
    let mut steps = Vec::new();
    for _ in 0..making.rng.random_range(1..8) {
        if making.rng.random_bool(0.15) {
            steps.extend(making.repeat());
        } else {
            steps.extend(making.instruction(computed).into_iter().map(Step::Run));
        }
    }
    let Making { slots, tables, lookups, mut rng, .. } = making;
    let some = rng.random_range(computed..slots);
    let outputs = vec![
        Output { name: "last".into(), slots: vec![slots - 1..slots] },
        Output { name: "some".into(), slots: vec![some..some + 1] },
    ];
    let program = Program {
        inputs,
        constants,
        slots,
        steps,
        tables,
        lookups,
        guards: Vec::new(),
        outputs,
        is_exact: false,
        history: Default::default(),
    };
    Example { program, numbers }
}

struct Making {
    rng: Pcg64,
    /// Inputs below this are numbers.
    readable: u32,
    /// So many slots have been written.
    slots: u32,
    tables: Vec<u32>,
    lookups: Vec<Lookup>,
}

impl Making {
    /// An instruction that writes new slots; `computed` is the first slot that was computed. Sometimes a second one adds to
    /// the results of the first.
    fn instruction(&mut self, computed: u32) -> Vec<Instruction> {
        let trips: [u32; LOOPS] = std::array::from_fn(|_| *pick(&mut self.rng, &[1, 1, 1, 2, 3, 5, 8, 17]));
        let is_reduction = self.rng.random_bool(0.1);
        let mut summed: [bool; LOOPS] = std::array::from_fn(|_| self.rng.random_bool(0.3));
        summed[LOOPS - 1] |= is_reduction;
        let (strides, length) = fresh(&mut self.rng, trips, summed);
        let out = Access::strided(self.slots, strides);
        let start = match self.rng.random_range(0..3) {
            0 => Start::Zero,
            _ => Start::From(self.read(std::array::from_fn(|l| if summed[l] { 1 } else { trips[l] }), computed)),
        };
        // A term that is summed many times over is held small by a tame activation.
        let activation = Some(*pick(&mut self.rng, &[Op::Tanh, Op::Sigmoid]));
        let term = self.term(trips, computed, is_reduction);
        let scales: &[f64] = if is_reduction { &[1.0] } else { &[1.0, 1.0, -1.0, 0.5] };
        let scale = *pick(&mut self.rng, scales);
        let mut instructions = vec![Instruction { start, scale, activation, ..Instruction::new(trips, out, term) }];
        if self.rng.random_bool(0.2) {
            instructions[0].activation = None;
            let term = self.term(trips, computed, false);
            instructions.push(Instruction { start: Start::Here, activation, ..Instruction::new(trips, out, term) });
        }
        self.slots += length;
        instructions
    }

    fn term(&mut self, trips: [u32; LOOPS], computed: u32, is_reduction: bool) -> Term {
        let mut read = || self.read(trips, computed);
        let terms = [read(), read(), read()];
        if is_reduction {
            let op = *pick(&mut self.rng, &[Op::Maximum, Op::Minimum, Op::LogSumExp]);
            return Term::Reduction { op, operand: terms[0] };
        }
        match self.rng.random_range(0..4) {
            0 => Term::Copy(terms[0]),
            1 => Term::Product { a: terms[0], b: terms[1], is_strong: false },
            _ => {
                let op = *pick(&mut self.rng, &TAME);
                Term::Operation { op, exponent: 0, operands: terms[..op.row().operands.len()].to_vec() }
            }
        }
    }

    /// An access that reads what has been written: anywhere, along any loops, by table or by lookup.
    fn read(&mut self, trips: [u32; LOOPS], computed: u32) -> Access {
        let (route, random) = (self.rng.random_range(0..10), self.rng.random_range(0..u32::MAX));
        let is_input = self.slots == computed || self.rng.random_bool(0.3);
        let (start, length) = if is_input { (0, self.readable) } else { (computed, self.slots - computed) };
        if route == 0 {
            let (strides, count) = fresh(&mut self.rng, trips, [false; LOOPS]);
            let base = self.tables.len() as u32;
            self.tables.extend((0..count).map(|_| start + self.rng.random_range(0..length)));
            return Access::listed(base, strides);
        }
        if route == 1 && is_input {
            // The rows of a table of weights, by an index that moves with the outermost loop.
            let base = Access::strided(0, [0, 0, 0, i32::from((2..=6).contains(&trips[3]))]);
            let index =
                Access::strided(INPUTS[0].1 + INPUTS[1].1, [i32::from((2..=INPUTS[2].1).contains(&trips[0])), 0, 0, 0]);
            self.lookups.push(Lookup { index, step: 6, count: CHOICES });
            return Access { route: Route::Lookup(self.lookups.len() as u32 - 1), ..base };
        }
        // Strides that stay within what is there, some 0, some negative.
        let mut strides = [0; LOOPS];
        let (mut low, mut high) = (0i64, 0i64);
        for depth in (0..LOOPS).rev() {
            let stride = *pick(&mut self.rng, &[0, 0, 1, 1, 2, 5, -1]);
            let reach = i64::from(stride) * i64::from(trips[depth] - 1);
            let (new_low, new_high) = (low + reach.min(0), high + reach.max(0));
            if trips[depth] > 1 && new_high - new_low < i64::from(length) {
                (strides[depth], low, high) = (stride, new_low, new_high);
            }
        }
        let room = i64::from(length) - (high - low);
        let base = i64::from(start) - low + i64::from(random) % room;
        Access::strided(base as u32, strides)
    }

    /// A state that is computed anew from itself in each turn.
    fn repeat(&mut self) -> [Step; 2] {
        let (trips, length) = (self.rng.random_range(2..6), self.rng.random_range(1..6));
        let start = self.slots;
        self.slots += length * (trips + 1);
        let strides = [0, 0, 0, 1];
        let shifts = [length as i32, 0];
        let loops = [1, 1, 1, length];
        let term = Term::Copy(Access::strided(3, strides));
        let first = Instruction::new(loops, Access::strided(start, strides), term);
        let at = |base| Access { shifts, ..Access::strided(base, strides) };
        let term = Term::Product { a: at(start), b: Access::strided(7, strides), is_strong: false };
        let instruction = Instruction {
            start: Start::From(Access::strided(0, strides)),
            activation: Some(Op::Tanh),
            ..Instruction::new(loops, at(start + length), term)
        };
        [Step::Run(first), Step::Repeat { trips, body: vec![Step::Run(instruction)] }]
    }
}

/// Strides that give each turn of the loops a place of its own, but for those that are summed over, and how many places
/// there are. Which loop is innermost in memory is random.
fn fresh(rng: &mut Pcg64, trips: [u32; LOOPS], summed: [bool; LOOPS]) -> ([i32; LOOPS], u32) {
    let mut order = [0, 1, 2, 3];
    for last in (1..LOOPS).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    let (mut strides, mut length) = ([0; LOOPS], 1);
    for depth in order {
        if !summed[depth] && trips[depth] > 1 {
            strides[depth] = length as i32;
            length *= trips[depth];
        }
    }
    (strides, length)
}

fn pick<'a, T>(rng: &mut Pcg64, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}

#[test]
fn random_programs_run_and_stay_tame() {
    for seed in 0..500 {
        let Example { program, numbers } = example(seed);
        let mut slots = vec![0.0f64; program.slots as usize];
        slots[..numbers.len()].copy_from_slice(&numbers);
        super::interpret(&program, &mut slots).unwrap();
        assert!(slots.iter().all(|x| x.abs() < 1e6), "seed {seed}");
    }
}
