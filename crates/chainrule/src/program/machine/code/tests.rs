//! Chains of small instructions, which read what others have just computed: in whole, in part, or across several results. Of most of
//! it nobody else knows.

use crate::program::machine::tests::compare;
use crate::program::random::Example;
use crate::program::random::program;
use crate::program::{Access, Instruction, LOOPS, Program, Route, Start, Step, Term};
use crate::{Op, Pcg64, RngExt, rng};

/// The slots of a turn, and turns of the repeat: what a turn computes stands one frame behind that of the turn before.
const FRAME: u32 = 150;
const TURNS: u32 = 4;

struct Chain {
    rng: Pcg64,
    tables: Vec<u32>,
    /// So many slots of this turn's frame were written.
    written: u32,
}

impl Chain {
    /// A random number of lanes, often a register's worth and a few.
    fn lanes(&mut self) -> u32 {
        [1, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20][self.rng.random_range(0..14)]
    }

    /// Somewhere in what was written so far, in the turn before, or in a stretch that is the same in all turns.
    fn operand(&mut self, trips: [u32; LOOPS]) -> Access {
        let [.., rows, lanes] = trips;
        let strides = [[0, 0, 0, 1], [0, 0, lanes as i32, 1], [0, 0, 1, 0], [0; LOOPS], [0, 0, 1, rows as i32]]
            [self.rng.random_range(0..5)];
        let length = 1 + strides[2] as u32 * (rows - 1) + strides[3] as u32 * (lanes - 1);
        let frame = match self.rng.random_range(0..6) {
            0 => None,
            1 => Some(0),
            _ => Some(FRAME),
        };
        let of_frame = if frame == Some(0) { FRAME } else { self.written };
        match frame {
            Some(first) if length <= of_frame => {
                // Rather what was written last.
                let base = first + of_frame - length - self.rng.random_range(0..=(of_frame - length).min(30));
                let access = Access { shifts: [FRAME as i32, 0], ..Access::strided(base, strides) };
                if self.rng.random_bool(0.15) { self.listed(access, trips) } else { access }
            }
            // The first frame of all, which holds the inputs.
            _ => Access::strided(self.rng.random_range(0..=FRAME - length.min(FRAME)), strides),
        }
    }

    /// The same by a table.
    fn listed(&mut self, access: Access, trips: [u32; LOOPS]) -> Access {
        let base = self.tables.len() as u32;
        for turn in 0..TURNS {
            for row in 0..trips[2] {
                for lane in 0..trips[3] {
                    self.tables.push(access.shifted(0, turn).at([0, 0, row, lane]));
                }
            }
        }
        let strides = [0, 0, trips[3] as i32, 1];
        Access { shifts: [(trips[2] * trips[3]) as i32, 0], ..Access::listed(base, strides) }
    }

    fn instruction(&mut self) -> Option<Instruction> {
        let (rows, lanes) = ([1, 1, 2, 3][self.rng.random_range(0..4)], self.lanes());
        let trips = [1, 1, rows, lanes];
        let strides =
            [[0, 0, lanes as i32, 1], [0, 0, 1, rows as i32], [0, 0, 1, 0], [0; LOOPS]][self.rng.random_range(0..4)];
        let length = 1 + strides[2] as u32 * (rows - 1) + strides[3] as u32 * (lanes - 1);
        let is_here = self.written > length + 30 && self.rng.random_bool(0.25);
        if self.written + length > FRAME {
            return None;
        }
        let first = if is_here { self.written - length - self.rng.random_range(0..30) } else { self.written };
        let out = Access { shifts: [FRAME as i32, 0], ..Access::strided(FRAME + first, strides) };
        let operands: Vec<Access> = (0..3).map(|_| self.operand(trips)).collect();
        // What decides something is the same to the last bit whoever computes, and what is multiplied or divided by does not let numbers
        // grow.
        let exact = |access: Access| Access { base: access.base % 50, shifts: [0; 2], route: Route::Direct, ..access };
        let [x, y, z] = [0, 1, 2].map(|number| exact(operands[number]));
        let operation =
            |op: Op, exponent, operands: &[Access]| Term::Operation { op, exponent, operands: operands.to_vec() };
        let partial = |op: Op, exponent, operands: &[Access], result: Access, factor: Access| Term::Partial {
            op,
            exponent,
            by: 0,
            operands: operands.to_vec(),
            result,
            factor,
        };
        let [a, b, c] = operands[..] else { unreachable!("there are three") };
        let term = match self.rng.random_range(0..22) {
            0 | 1 => Term::Copy(a),
            2 => operation(Op::Add, 0, &[a, b]),
            3 => operation(Op::Sub, 0, &[a, b]),
            4 => operation(Op::Div, 0, &[a, x]),
            5 => operation(Op::SquaredDifference, 0, &[x, y]),
            6 => operation(Op::MulAdd, 0, &[a, y, c]),
            7 => operation(Op::Select, 0, &[x, b, c]),
            8 => operation(Op::Less, 0, &[x, y]),
            9 => operation(Op::Max, 0, &[a, b]),
            10 => operation(Op::Min, 0, &[a, b]),
            11 => operation(Op::Abs, 0, &[a]),
            12 => operation(Op::Neg, 0, &[a]),
            13 => operation(Op::Powi, [-2, -1, 2, 3][self.rng.random_range(0..4)], &[x]),
            14 => partial(Op::Powi, 3, &[x], b, c),
            15 => partial(Op::Relu, 0, &[x], b, c),
            16 => partial(Op::Div, 0, &[a, x], c, c),
            17 => partial(Op::Max, 0, &[x, y], z, a),
            18 => operation(Op::Equal, 0, &[x, y]),
            // Has no instructions of its own, so a kernel comes between.
            19 => operation(Op::Tanh, 0, &[a]),
            _ => Term::Product { a, b: y, is_strong: self.rng.random_bool(0.3) },
        };
        let mut instruction = Instruction::new(trips, out, term);
        if self.rng.random_bool(0.3) {
            let moves = |depth| self.rng.random_bool(0.5) && strides[depth] != 0;
            let kept: [bool; LOOPS] = std::array::from_fn({
                let mut moves = moves;
                move |depth| moves(depth)
            });
            let still = |access: Access| Access {
                strides: std::array::from_fn(|depth| if kept[depth] { access.strides[depth] } else { 0 }),
                ..access
            };
            instruction.start = Start::From(still(Access::strided(0, [0, 0, 3, 1])));
        }
        if is_here {
            instruction.start = Start::Here;
        } else {
            self.written += length;
            instruction.activation = [None, None, Some(Op::Relu)][self.rng.random_range(0..3)];
        }
        instruction.scale = [1.0, 1.0, -1.0, 0.5][self.rng.random_range(0..4)];
        Some(instruction)
    }
}

fn chain(seed: u64) -> Example {
    let mut chain = Chain { rng: rng(seed), tables: Vec::new(), written: 0 };
    let mut body = Vec::new();
    while let Some(instruction) = chain.instruction() {
        body.push(Step::Run(instruction));
    }
    // Small whole numbers, over eight: many are equal, and none is 0, so that nothing is infinite.
    let mut number = || f64::from(chain.rng.random_range(2..9)) / 8.0 * [1.0, -1.0][chain.rng.random_range(0..2)];
    let numbers: Vec<f64> = (0..FRAME).map(|_| number()).collect();
    let steps = vec![Step::Repeat { trips: TURNS, body }];
    let mut program = Program { tables: chain.tables, ..program(FRAME, Vec::new(), FRAME * (TURNS + 1), steps) };
    if chain.rng.random_bool(0.7) {
        // Of most numbers nobody knows, so that they need not be stored.
        let mut firsts: Vec<u32> = (0..3).map(|_| chain.rng.random_range(FRAME..FRAME * (TURNS + 1) - 20)).collect();
        firsts.sort_unstable();
        firsts.dedup_by(|later, first| *later < *first + 20);
        program.outputs[0].slots = firsts.into_iter().map(|first| first..first + 20).collect();
    }
    Example { program, numbers }
}

#[test]
fn chains_of_small_instructions_run_as_they_are_interpreted() {
    for seed in 0..if cfg!(miri) { 2 } else { 3000 } {
        let Example { program, numbers } = chain(seed);
        if program.check().is_err() {
            panic!("seed {seed}: {:?}", program.check());
        }
        compare::<f64>(&program, &numbers, 1e-13, &format!("seed {seed}"));
        compare::<f32>(&program, &numbers, 1e-5, &format!("seed {seed}"));
    }
}
