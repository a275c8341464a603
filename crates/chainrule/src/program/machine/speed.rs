//! How fast machines are, on programs written by hand:
//! `cargo test --release -p chainrule --lib machine::speed -- --ignored --nocapture --test-threads=1`.

use super::{Float, InstructionSet, Machine};
use crate::Op;
use crate::program::{Access, Input, Instruction, Output, Program, Start, Step, Term};
use std::time::Instant;

/// A program that is written instruction by instruction.
struct Writing {
    inputs: Vec<Input>,
    slots: u32,
    steps: Vec<Step>,
}

const fn at(base: u32, strides: [i32; 4]) -> Access {
    Access::strided(base, strides)
}

impl Writing {
    fn new() -> Self {
        Writing { inputs: Vec::new(), slots: 0, steps: Vec::new() }
    }

    fn input(&mut self, name: &str, length: u32) -> u32 {
        self.inputs.push(Input { name: name.into(), length });
        self.new_slots(length)
    }

    fn new_slots(&mut self, length: u32) -> u32 {
        self.slots += length;
        self.slots - length
    }

    fn run(&mut self, trips: [u32; 4], out: Access, start: Start, term: Term, activation: Option<Op>) {
        self.steps.push(Step::Run(Instruction { start, activation, ..Instruction::new(trips, out, term) }));
    }

    fn product(&mut self, trips: [u32; 4], out: Access, start: Start, a: Access, b: Access) {
        self.run(trips, out, start, Term::Product { a, b, is_strong: false }, None);
    }

    fn partial(&mut self, op: Op, trips: [u32; 4], out: Access, x: Access, factor: Access) {
        let term = Term::Partial { op, exponent: 0, by: 0, operands: vec![x], result: x, factor };
        self.run(trips, out, Start::Zero, term, None);
    }

    fn finish(self) -> Program {
        let last = self.slots - 1..self.slots;
        let outputs = vec![Output { name: "last".into(), slots: vec![last] }];
        Program {
            inputs: self.inputs,
            constants: Vec::new(),
            slots: self.slots,
            steps: self.steps,
            tables: Vec::new(),
            lookups: Vec::new(),
            guards: Vec::new(),
            is_exact: false,
            history: Default::default(),
            outputs,
        }
    }
}

const ROWS: u32 = 100;
const WIDTH: u32 = 16;
const W: i32 = WIDTH as i32;

/// The hinge loss of a 2-16-16-1 network on 100 rows, and its gradient.
fn moons() -> Program {
    let mut p = Writing::new();
    let [w1, b1, w2, b2, w3, b3] = [2 * WIDTH, WIDTH, WIDTH * WIDTH, WIDTH, WIDTH, 1].map(|n| p.input("weights", n));
    let (x, minus_y, scale, rate, one) =
        (p.input("x", 2 * ROWS), p.input("-y", ROWS), p.input("1/n", 1), p.input("rate", 1), p.input("one", 1));
    let weights = b3 + 1;
    let [h1, h2] = [0, 0].map(|_| p.new_slots(ROWS * WIDTH));
    let [s, margin] = [0, 0].map(|_| p.new_slots(ROWS));
    let [gw1, gb1, gw2, gb2, gw3, gb3] = [2 * WIDTH, WIDTH, WIDTH * WIDTH, WIDTH, WIDTH, 1].map(|n| p.new_slots(n));
    let [gm, gs] = [0, 0].map(|_| p.new_slots(ROWS));
    let [gh1, ga1, gh2, ga2] = [0; 4].map(|_| p.new_slots(ROWS * WIDTH));
    let loss = p.new_slots(1);

    let relu = Some(Op::Relu);
    let term = |a, b| Term::Product { a, b, is_strong: false };
    let rows = |base| at(base, [0, W, 1, 0]);
    let start = |base| Start::From(at(base, [0, 0, 1, 0]));
    p.run([1, ROWS, WIDTH, 2], rows(h1), start(b1), term(at(x, [0, 2, 0, 1]), at(w1, [0, 0, 2, 1])), relu);
    p.run([1, ROWS, WIDTH, WIDTH], rows(h2), start(b2), term(at(h1, [0, W, 0, 1]), at(w2, [0, 0, W, 1])), relu);
    let start = Start::From(at(b3, [0; 4]));
    p.product([1, 1, ROWS, WIDTH], at(s, [0, 0, 1, 0]), start, at(h2, [0, 0, W, 1]), at(w3, [0, 0, 0, 1]));
    let row = |base| at(base, [0, 0, 1, 0]);
    p.run([1, 1, ROWS, 1], row(margin), Start::From(at(one, [0; 4])), term(row(s), row(minus_y)), relu);
    p.product([1, 1, 1, ROWS], at(loss, [0; 4]), Start::Zero, at(margin, [0, 0, 0, 1]), at(scale, [0; 4]));
    p.product([1, 1, 1, weights], at(loss, [0; 4]), Start::Here, at(w1, [0, 0, 0, 1]), at(w1, [0, 0, 0, 1]));

    p.partial(Op::Relu, [1, 1, ROWS, 1], row(gm), row(margin), at(scale, [0; 4]));
    p.product([1, 1, ROWS, 1], row(gs), Start::Zero, row(gm), row(minus_y));
    p.product([1, 1, 1, weights], at(gw1, [0, 0, 0, 1]), Start::Zero, at(w1, [0, 0, 0, 1]), at(rate, [0; 4]));
    p.product([1, 1, WIDTH, ROWS], at(gw3, [0, 0, 1, 0]), Start::Here, at(gs, [0, 0, 0, 1]), at(h2, [0, 0, 1, W]));
    p.run([1, 1, 1, ROWS], at(gb3, [0; 4]), Start::Here, Term::Copy(at(gs, [0, 0, 0, 1])), None);
    p.product([1, ROWS, WIDTH, 1], rows(gh2), Start::Zero, at(gs, [0, 1, 0, 0]), at(w3, [0, 0, 1, 0]));
    p.partial(Op::Relu, [1, ROWS, WIDTH, 1], rows(ga2), rows(h2), rows(gh2));
    let matrix = at(gw2, [0, W, 1, 0]);
    p.product([1, WIDTH, WIDTH, ROWS], matrix, Start::Here, at(ga2, [0, 1, 0, W]), at(h1, [0, 0, 1, W]));
    p.run([1, 1, WIDTH, ROWS], at(gb2, [0, 0, 1, 0]), Start::Here, Term::Copy(at(ga2, [0, 0, 1, W])), None);
    p.product([1, ROWS, WIDTH, WIDTH], rows(gh1), Start::Zero, at(ga2, [0, W, 0, 1]), at(w2, [0, 0, 1, W]));
    p.partial(Op::Relu, [1, ROWS, WIDTH, 1], rows(ga1), rows(h1), rows(gh1));
    let matrix = at(gw1, [0, 2, 1, 0]);
    p.product([1, WIDTH, 2, ROWS], matrix, Start::Here, at(ga1, [0, 1, 0, W]), at(x, [0, 0, 1, 2]));
    p.run([1, 1, WIDTH, ROWS], at(gb1, [0, 0, 1, 0]), Start::Here, Term::Copy(at(ga1, [0, 0, 1, W])), None);
    p.finish()
}

/// `[m][n] = [m][k] x [n][k]^T` and the two products of its derivative.
fn matrix(m: u32, n: u32, k: u32) -> Program {
    let mut p = Writing::new();
    let (x, w) = (p.input("x", m * k), p.input("w", n * k));
    let (y, gw, gx) = (p.new_slots(m * n), p.new_slots(n * k), p.new_slots(m * k));
    let (n_, k_) = (n as i32, k as i32);
    p.product([1, m, n, k], at(y, [0, n_, 1, 0]), Start::Zero, at(x, [0, k_, 0, 1]), at(w, [0, 0, k_, 1]));
    p.product([1, n, k, m], at(gw, [0, k_, 1, 0]), Start::Zero, at(y, [0, 1, 0, n_]), at(x, [0, 0, 1, k_]));
    p.product([1, m, k, n], at(gx, [0, k_, 1, 0]), Start::Zero, at(y, [0, n_, 0, 1]), at(w, [0, 0, 1, k_]));
    p.finish()
}

fn scalars(count: u32) -> Program {
    let mut p = Writing::new();
    let x = p.input("x", 4);
    for number in 0..count {
        let out = p.new_slots(1);
        let (a, b) = (Access::slot(if number == 0 { x } else { out - 1 }), Access::slot(x + number % 3));
        p.run([1; 4], Access::slot(out), Start::From(b), Term::Product { a, b, is_strong: false }, None);
    }
    p.finish()
}

fn map(op: Op, length: u32) -> Program {
    let mut p = Writing::new();
    let x = p.input("x", length);
    let out = p.new_slots(length);
    let term = Term::Operation { op, exponent: 0, operands: vec![at(x, [0, 0, 0, 1])] };
    p.run([1, 1, 1, length], at(out, [0, 0, 0, 1]), Start::Zero, term, None);
    p.finish()
}

fn log_sum_exp(length: u32) -> Program {
    let mut p = Writing::new();
    let x = p.input("x", length);
    let out = p.new_slots(1);
    let term = Term::Reduction { op: Op::LogSumExp, operand: at(x, [0, 0, 0, 1]) };
    p.run([1, 1, 1, length], at(out, [0; 4]), Start::Zero, term, None);
    p.finish()
}

/// Products of numbers that stand anywhere, in some groups.
fn gathered(groups: u32, length: u32) -> Program {
    let mut p = Writing::new();
    let x = p.input("x", 1000);
    let mut tables = Vec::new();
    for group in 0..groups {
        let out = p.new_slots(length);
        let mut listed = |step: u32| {
            let base = tables.len() as u32;
            tables.extend((0..length).map(|number| x + (number * step + group) % 1000));
            Access::listed(base, [0, 0, 0, 1])
        };
        let (a, b) = (listed(77), listed(131));
        p.product([1, 1, 1, length], at(out, [0, 0, 0, 1]), Start::Zero, a, b);
    }
    Program { tables, ..p.finish() }
}

/// The least time of a run, in microseconds.
fn time(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    run();
    let runs = (300e-6 / start.elapsed().as_secs_f64()).ceil() as u32;
    let mut least = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        (0..runs).for_each(|_| run());
        least = least.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(runs));
    }
    least
}

fn flops(steps: &[Step]) -> f64 {
    let of = |step: &Step| match step {
        Step::Repeat { trips, body } => f64::from(*trips) * flops(body),
        Step::Run(instruction) => {
            let turns: f64 = instruction.trips.iter().map(|trips| f64::from(*trips)).product();
            turns * if matches!(instruction.term, Term::Product { .. }) { 2.0 } else { 1.0 }
        }
    };
    steps.iter().map(of).sum()
}

fn report<T: Float>(name: &str, program: &Program) {
    let only = std::env::var("CHAINRULE_SET").ok();
    let sets = InstructionSet::available();
    for set in sets.filter(|set| only.as_ref().is_none_or(|only| *only == format!("{set:?}"))) {
        let mut machine = Machine::<T>::with_instruction_set(program, set);
        for (place, input) in machine.inputs_mut().iter_mut().enumerate() {
            *input = T::constant(((place * 7919) % 1000) as f64 * 0.001);
        }
        let least = time(|| {
            machine.run_commands(false).expect("there are no indices and no calls");
        });
        let flops = flops(&program.steps) / least / 1000.0;
        let making = time(|| drop(Machine::<T>::with_instruction_set(program, set)));
        let bytes = machine.bytes();
        println!("{name:24} {set:?}: {least:.3} us, {flops:.1} GFlop/s, {bytes} bytes, made in {making:.1} us");
    }
}

#[test]
#[ignore = "measures"]
fn speed() {
    report::<f64>("moons", &moons());
    report::<f64>("matrix 7 16 16", &matrix(7, 16, 16));
    report::<f64>("matrix 7 64 16", &matrix(7, 64, 16));
    report::<f64>("matrix 16 64 64", &matrix(16, 64, 64));
    report::<f64>("matrix 7 4 8", &matrix(7, 4, 8));
    report::<f32>("matrix 32 64 784 f32", &matrix(32, 64, 784));
    report::<f64>("1000 scalars", &scalars(1000));
    report::<f64>("20 of 50 gathered", &gathered(20, 50));
    report::<f64>("20 of 8 gathered", &gathered(20, 8));
    report::<f64>("log_sum_exp of 10^6", &log_sum_exp(1_000_000));
    report::<f64>("exp of 10000", &map(Op::Exp, 10_000));
    report::<f64>("ln of 10000", &map(Op::Ln, 10_000));
    report::<f64>("tanh of 10000", &map(Op::Tanh, 10_000));
    report::<f64>("sigmoid of 10000", &map(Op::Sigmoid, 10_000));
}

fn chosen_program() -> Program {
    #[cfg(feature = "save")]
    if let Ok(path) = std::env::var("CHAINRULE_PROGRAM") {
        return Program::load_json(path).expect("a program");
    }
    moons()
}

/// Each step of a program alone: of that which the file named by `CHAINRULE_PROGRAM` holds (with the feature `save`), or of a
/// network's gradient. `CHAINRULE_SET` names one instruction set, as `Avx512`; else all are measured.
#[test]
#[ignore = "measures"]
fn speed_of_each_step() {
    let program = chosen_program();
    report::<f64>("all steps", &program);
    for (number, step) in program.steps.iter().enumerate() {
        let alone = Program { steps: vec![step.clone()], guards: Vec::new(), ..program.clone() };
        report::<f64>(&format!("step {}", number + 1), &alone);
    }
}
