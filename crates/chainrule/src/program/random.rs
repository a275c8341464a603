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

/// A program of long loops one after the other, that belongs to this seed: over rows of about so many numbers, which stand against
/// each other by up to three slots. Half of the programs go through them three times, with other rows each time or the same.
pub(crate) fn long_loops(seed: u64, about: u32) -> Example {
    const MARGIN: u32 = 3;
    let mut rng = rng(seed);
    let length = about + rng.random_range(0..about / 4);
    let numbers: Vec<f64> = (0..2 * length).map(|_| rng.random_range(-1.0..1.0)).collect();
    let constants = vec![0.5, -0.75];
    let lone = 2 * length..2 * length + 2;
    let times = *pick(&mut rng, &[1, 3]);
    let (mut rows, mut lone, mut slots) = (vec![(0, 0), (length, 0)], lone.collect::<Vec<u32>>(), 2 * length + 2);
    let mut steps = Vec::new();
    let in_row =
        |(row, shift): &(u32, i32), from| Access { shifts: [*shift, 0], ..Access::strided(row + from, [0, 0, 0, 1]) };
    for _ in 0..rng.random_range(2..14) {
        let kind = rng.random_range(0..8);
        let trips = length - if kind < 4 { 0 } else { rng.random_range(0..=MARGIN) };
        let read = |rng: &mut Pcg64| match rng.random_bool(0.2) {
            true => Access::slot(*pick(rng, &lone)),
            false => in_row(pick(rng, &rows), rng.random_range(0..=length - trips)),
        };
        let [a, b] = std::array::from_fn(|_| read(&mut rng));
        let operation = |op| Term::Operation { op, exponent: 0, operands: vec![a, b] };
        let term = match rng.random_range(0..5) {
            0 => Term::Copy(a),
            1 => operation(Op::Sub),
            2 => operation(Op::Max),
            _ => Term::Product { a, b, is_strong: false },
        };
        let loops = [1, 1, 1, trips];
        let (out, start) = match kind {
            // A new row, a lone number in between, a sum, and more in a row that is there.
            0..3 => {
                let shift = if rng.random_bool(0.5) { length as i32 } else { 0 };
                rows.push((slots, shift));
                slots += if shift > 0 { times * length } else { length };
                (in_row(&rows[rows.len() - 1], 0), Start::Zero)
            }
            3 => {
                lone.push(slots);
                slots += 1;
                steps.push(Step::Run(Instruction::new(
                    [1; LOOPS],
                    Access::slot(slots - 1),
                    Term::Copy(Access::slot(2)),
                )));
                continue;
            }
            4 => {
                let start =
                    if rng.random_bool(0.5) { Start::Zero } else { Start::From(Access::slot(*pick(&mut rng, &lone))) };
                lone.push(slots);
                slots += 1;
                (Access::slot(slots - 1), start)
            }
            _ if rows.len() == 2 => continue,
            _ => (in_row(pick(&mut rng, &rows[2..]), rng.random_range(0..=length - trips)), Start::Here),
        };
        let activation = (kind == 4 || rng.random_bool(0.1)).then_some(Op::Relu);
        let scale = *pick(&mut rng, &[1.0, 0.25, -0.5]);
        steps.push(Step::Run(Instruction { start, scale, activation, ..Instruction::new(loops, out, term) }));
    }
    let mut slots_of_outputs: Vec<_> = lone[2..].iter().map(|slot| *slot..slot + 1).collect();
    slots_of_outputs.extend(rows[2..].iter().filter(|_| rng.random_bool(0.5)).map(|(row, _)| *row..row + length));
    if times > 1 {
        steps = vec![Step::Repeat { trips: times, body: steps }];
    }
    let outputs = vec![Output { name: "some".into(), slots: slots_of_outputs }];
    let program = Program { outputs, ..program(2 * length, constants, slots, steps) };
    Example { program, numbers }
}

/// A program with so many inputs, whose results are all other slots.
pub(crate) fn program(inputs: u32, constants: Vec<f64>, slots: u32, steps: Vec<Step>) -> Program {
    let computed = inputs + constants.len() as u32..slots;
    Program {
        inputs: vec![Input { name: "numbers".into(), length: inputs }],
        constants,
        slots,
        steps,
        tables: Vec::new(),
        lookups: Vec::new(),
        guards: Vec::new(),
        is_exact: false,
        history: Default::default(),
        outputs: vec![Output { name: "computed".into(), slots: vec![computed] }],
    }
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

/// The results of a program on these inputs, by what it means.
pub(crate) fn results(program: &Program, numbers: &[f64]) -> Vec<f64> {
    let mut slots = vec![0.0; program.slots as usize];
    slots[..numbers.len()].copy_from_slice(numbers);
    super::interpret(program, &mut slots).unwrap();
    let outputs = program.outputs.iter().flat_map(|output| output.slots.iter().cloned().flatten());
    outputs.map(|slot| slots[slot as usize]).collect()
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
