//! Machines against the interpreter.

use super::{Float, InstructionSet, Machine};
use crate::program::interpret;
use crate::program::random::{Example, example, long_loops, program};
use crate::program::{Access, Guard, Instruction, LOOPS, Lookup, Program, Route, Start, Step, Term};
use crate::{Op, Pcg64, RngExt, rng};

/// Runs a program on every instruction set, twice over, and compares all results with the interpreter's.
pub(super) fn compare<T: Float>(program: &Program, numbers: &[f64], unit: f64, what: &str) {
    let numbers: Vec<T> = numbers.iter().map(|number| T::constant(*number)).collect();
    let mut right = vec![T::default(); program.slots as usize];
    right[..numbers.len()].copy_from_slice(&numbers);
    interpret(program, &mut right).unwrap();
    // Sums are taken in another order.
    let tolerance = unit * (10.0 + most_terms(&program.steps));
    let kernels_alone = (InstructionSet::detect(), false);
    let sets = InstructionSet::available().map(|set| (set, !cfg!(miri)));
    for (set, has_code) in sets.chain([kernels_alone]) {
        let mut machine = Machine::<T>::make(program, set, has_code);
        machine.inputs_mut().copy_from_slice(&numbers);
        for _ in 0..2 {
            machine.run().expect("the example is a good one");
        }
        let slots = program.outputs.iter().flat_map(|output| output.slots.iter().cloned().flatten());
        let results = (0..program.outputs.len()).flat_map(|group| machine.output(group));
        for (slot, found) in slots.zip(results) {
            let (found, right): (f64, f64) = (found.into(), right[slot as usize].into());
            let is_close = (found - right).abs() <= tolerance * (1.0 + right.abs());
            let is_same = found == right || found.is_nan() && right.is_nan();
            assert!(
                is_close || is_same,
                "{what}, {set:?}, code {has_code}, slot {slot}: {found}, not {right}: {:?}",
                program.steps
            );
        }
    }
}

/// The most terms that are added up somewhere.
fn most_terms(steps: &[Step]) -> f64 {
    let terms = |step: &Step| match step {
        Step::Repeat { body, .. } => most_terms(body),
        Step::Run(instruction) => instruction.trips.iter().map(|trips| f64::from(*trips)).product(),
    };
    steps.iter().map(terms).fold(1.0, f64::max)
}

/// So many, and few where every access to memory is watched: `cargo +nightly miri test -p chainrule --lib machine`.
fn seeds(many: u64) -> u64 {
    if cfg!(miri) { 3 } else { many }
}

#[test]
fn long_loops_run_as_they_are_interpreted() {
    for seed in 0..seeds(600) {
        let Example { program, numbers } = long_loops(seed, 300);
        compare::<f64>(&program, &numbers, 1e-14, &format!("seed {seed}"));
        compare::<f32>(&program, &numbers, 1e-6, &format!("seed {seed}, f32"));
    }
}

#[test]
fn random_programs_run_as_they_are_interpreted() {
    for seed in 0..seeds(3000) {
        let Example { program, numbers } = example(seed);
        compare::<f64>(&program, &numbers, 1e-14, &format!("seed {seed}"));
    }
}

#[test]
fn random_programs_run_over_f32_as_they_are_interpreted() {
    for seed in 3000..3000 + seeds(1000) {
        let Example { program, numbers } = example(seed);
        compare::<f32>(&program, &numbers, 1e-6, &format!("seed {seed}"));
    }
}

#[test]
fn products_of_every_shape_run_as_they_are_interpreted() {
    for seed in 0..seeds(1500) {
        let Example { program, numbers } = product(seed);
        compare::<f64>(&program, &numbers, 1e-14, &format!("seed {seed}"));
        compare::<f32>(&program, &numbers, 1e-6, &format!("seed {seed}"));
    }
}

/// A random product or sum: operands with any order of strides, results side by side or not, and some that come again.
fn product(seed: u64) -> Example {
    let mut rng = rng(seed);
    let trips: [u32; LOOPS] = std::array::from_fn(|_| pick(&mut rng, &[1, 1, 2, 3, 4, 7, 8, 9, 13, 16, 17, 33]));
    let mut some = |probability| std::array::from_fn(|_| rng.random_bool(probability));
    let free: [bool; LOOPS] = some(0.6);
    let moves: [[bool; LOOPS]; 3] = [some(0.6), some(0.6), some(0.5)];
    let moves_start = std::array::from_fn(|depth| moves[2][depth] && free[depth]);
    let (a, b_base) = strided(&mut rng, 0, trips, moves[0]);
    let (b, start_base) = strided(&mut rng, b_base, trips, moves[1]);
    let (start, inputs) = strided(&mut rng, start_base, trips, moves_start);
    let (mut out, slots) = strided(&mut rng, inputs + 1, trips, free);
    let is_here = rng.random_bool(0.3);
    if is_here && rng.random_bool(0.5) {
        out.strides = out.strides.map(|stride| stride.min(3));
    }
    let term = match rng.random_range(0..5) {
        0 => Term::Copy(a),
        1 => Term::Operation { op: Op::SquaredDifference, exponent: 0, operands: vec![a, b] },
        _ => Term::Product { a, b, is_strong: rng.random_bool(0.5) },
    };
    let start = match rng.random_range(0..2) {
        _ if is_here => Start::Here,
        0 => Start::Zero,
        _ => Start::From(start),
    };
    let activation = pick(&mut rng, &[None, Some(Op::Relu), Some(Op::Tanh)]);
    let all = Access::strided(inputs + 1, [0, 0, 0, 1]);
    let zeros = Instruction::new([1, 1, 1, slots - inputs - 1], all, Term::Copy(Access::slot(inputs)));
    let scale = pick(&mut rng, &[1.0, -1.0, 0.7]);
    let instruction = Instruction { start, scale, activation, ..Instruction::new(trips, out, term) };
    let steps = vec![Step::Run(zeros), Step::Run(instruction)];
    let numbers = (0..inputs).map(|_| rng.random_range(-1.0..1.0)).collect();
    Example { program: program(inputs, vec![0.0], slots, steps), numbers }
}

#[test]
fn products_that_are_let_through_run_as_they_are_interpreted() {
    for seed in 0..seeds(1500) {
        let Example { program, numbers } = let_through(seed);
        compare::<f64>(&program, &numbers, 1e-14, &format!("seed {seed}"));
        compare::<f32>(&program, &numbers, 1e-6, &format!("seed {seed}"));
    }
}

/// A random product or sum, and behind it the way back through a rectified linear unit, which often is all that reads it.
fn let_through(seed: u64) -> Example {
    let Example { mut program, numbers } = product(seed);
    let mut rng = rng(seed + 1);
    let [zeros, Step::Run(product)] = &program.steps[..] else { unreachable!("these are its steps") };
    let mut product = product.clone();
    product.activation = None;
    let free = (0..LOOPS).filter(|depth| !product.is_summed_over(*depth));
    let is_apart = product.out.is_apart_in(free, product.trips);
    if is_apart && rng.random_bool(0.8) {
        product.start = Start::Zero;
    }
    let trips = product.free_trips();
    // Inside the inputs, some of which are zeros.
    let stride =
        |depth| if trips[depth] > 1 { rng.random_range(0..=numbers.len() as i32 / 4 / trips[depth] as i32) } else { 0 };
    let gate = Access::strided(0, std::array::from_fn(stride));
    let is_moving = std::array::from_fn(|depth| trips[depth] > 1);
    let factor = product.out;
    let (other, end) = strided(&mut rng, program.slots, trips, is_moving);
    let out = match is_apart && rng.random_bool(0.7) {
        true => Access { base: program.slots, ..factor },
        false => other,
    };
    let term = Term::Partial { op: Op::Relu, exponent: 0, by: 0, operands: vec![gate], result: gate, factor };
    let results = program.slots..end.max(program.slots + (program.slots - factor.base));
    let zeros = (product.start == Start::Here).then(|| zeros.clone());
    program.steps = zeros.into_iter().chain([Step::Run(product), run(trips, out, Start::Zero, term)]).collect();
    program.slots = results.end;
    let is_read_elsewhere = rng.random_bool(0.1);
    program.outputs[0].slots = vec![if is_read_elsewhere { factor.base..results.end } else { results }];
    let numbers = numbers.into_iter().map(|number| if number.abs() < 0.1 { 0.0 } else { number }).collect();
    Example { program, numbers }
}

/// An access that moves in some loops, in a random order of strides, and the slot behind all that it reaches.
fn strided(rng: &mut Pcg64, base: u32, trips: [u32; LOOPS], moves: [bool; LOOPS]) -> (Access, u32) {
    let mut order = [0, 1, 2, 3];
    for last in (1..LOOPS).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
    let mut length = pick(rng, &[1, 1, 1, 1, 2]);
    let mut strides = [0; LOOPS];
    for depth in order {
        if moves[depth] {
            strides[depth] = length as i32;
            length *= trips[depth];
        }
    }
    (Access::strided(base, strides), base + length)
}

fn pick<T: Copy>(rng: &mut Pcg64, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

fn run(trips: [u32; LOOPS], out: Access, start: Start, term: Term) -> Step {
    Step::Run(Instruction { start, ..Instruction::new(trips, out, term) })
}

const ALONG: [i32; LOOPS] = [0, 0, 0, 1];

#[test]
fn zero_times_infinity_is_zero_in_strong_products() {
    for length in [1, 20] {
        let at = |base| Access::strided(base, ALONG);
        let product = |is_strong| {
            run([1, 1, 1, length], at(2 * length), Start::Zero, Term::Product { a: at(0), b: at(length), is_strong })
        };
        let numbers = [vec![0.0; length as usize], vec![f64::INFINITY; length as usize]].concat();
        for set in InstructionSet::available() {
            let result = |is_strong| {
                let program = program(2 * length, vec![], 3 * length, vec![product(is_strong)]);
                let mut machine = Machine::<f64>::with_instruction_set(&program, set);
                machine.inputs_mut().copy_from_slice(&numbers);
                machine.run().expect("a good program");
                machine.output(0).collect::<Vec<f64>>()
            };
            assert!(result(true).iter().all(|x| *x == 0.0), "{set:?}");
            assert!(result(false).iter().all(|x| x.is_nan()), "{set:?}");
        }
    }
}

#[test]
fn terms_may_read_what_others_have_written() {
    // Running sums, a cell that is doubled, and the same in steps of two.
    let numbers: Vec<f64> = (1..=40).map(f64::from).collect();
    for (first, second) in [(0, 1), (0, 2), (5, 5), (1, 0)] {
        let at = |base| Access::strided(base, ALONG);
        let copy = run([1, 1, 1, 40], at(40), Start::Zero, Term::Copy(at(0)));
        let sums = run([1, 1, 1, 30], at(40 + second), Start::Here, Term::Copy(at(40 + first)));
        compare::<f64>(&program(40, vec![], 80, vec![copy, sums]), &numbers, 1e-14, "running sums");
    }
}

#[test]
fn repeats_nest_and_move_everything() {
    // A table of products, one row a turn of the outer repeat, three numbers a turn of the inner.
    let moving = |base, outer, inner| Access { shifts: [outer, inner], ..Access::strided(base, ALONG) };
    for length in [1, 3] {
        let term = Term::Product { a: moving(0, 0, 3), b: moving(12, 3, 0), is_strong: false };
        let inner = Step::Repeat { trips: 4, body: vec![run([1, 1, 1, length], moving(24, 12, 3), Start::Zero, term)] };
        let program = program(24, vec![], 24 + 48, vec![Step::Repeat { trips: 4, body: vec![inner] }]);
        let numbers: Vec<f64> = (1..=24).map(f64::from).collect();
        compare::<f64>(&program, &numbers, 1e-14, "nested repeats");
    }
}

#[test]
fn an_index_that_is_none_is_an_error() {
    let looked_up = Access { route: Route::Lookup(0), ..Access::slot(0) };
    let mut program = program(5, vec![], 6, vec![run([1; 4], Access::slot(5), Start::Zero, Term::Copy(looked_up))]);
    program.lookups.push(Lookup { index: Access::slot(4), step: 1, count: 4 });
    let mut machine = Machine::<f64>::new(&program);
    machine.input_mut(0).copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 3.0]);
    machine.run().expect("3 is an index");
    assert_eq!(machine.output(0).collect::<Vec<f64>>(), [4.0]);
    for (index, found) in [(4.0, "4"), (-1.0, "-1"), (0.5, "0.5"), (f64::NAN, "NaN")] {
        machine.inputs_mut()[4] = index;
        let error = machine.run().expect_err("no index").to_string();
        assert_eq!(error, format!("numbers[4]: expected a whole number from 0 to 3, found {found}"));
    }
}

#[test]
fn a_comparison_that_comes_out_otherwise_is_an_error() {
    let less = Term::Operation { op: Op::Less, exponent: 0, operands: vec![Access::slot(0), Access::slot(1)] };
    let mut program = program(2, vec![], 3, vec![run([1; 4], Access::slot(2), Start::Zero, less)]);
    program.guards.push(Guard { slot: 2, rows: 1, expected: true, comparison: "a < b at src/model.rs:12:8".into() });
    let mut machine = Machine::<f32>::new(&program);
    machine.inputs_mut().copy_from_slice(&[1.0, 2.0]);
    machine.run().expect("1 is less than 2");
    machine.inputs_mut().copy_from_slice(&[2.0, 1.0]);
    let error = machine.run().expect_err("2 is not less than 1").to_string();
    assert_eq!(error, "a < b at src/model.rs:12:8 is false: the program was recorded where it is true");
}

#[test]
#[should_panic(expected = "expected slots in 0..6, found 2..7")]
fn a_program_that_reaches_outside_is_refused() {
    let copy = run([1, 1, 1, 5], Access::strided(1, ALONG), Start::Zero, Term::Copy(Access::strided(2, ALONG)));
    Machine::<f64>::new(&program(1, vec![], 6, vec![copy]));
}

#[test]
fn reductions_and_their_derivatives_are_the_interpreters() {
    let lengths: &[u32] = if cfg!(miri) { &[33] } else { &[1, 2, 7, 127, 128, 129, 256, 300, 1000] };
    for op in [Op::Sum, Op::Product, Op::Mean, Op::Maximum, Op::Minimum, Op::LogSumExp] {
        for length in lengths.iter().copied() {
            for (stride, rows) in [(1, 2), (2, 2), (1, 9), (2, 5)] {
                // The slices of some rows, their results, a factor each, and their derivatives.
                let count = rows * length * stride;
                let row = length as i32 * stride as i32;
                let slices = Access::strided(0, [0, 0, row, stride as i32]);
                let (factors, results, partials) = (count, count + rows, count + 2 * rows);
                let each = |base| Access::strided(base, [0, 0, 1, 0]);
                let value = Term::Reduction { op, operand: slices };
                let (result, factor) = (each(results), each(factors));
                let partial = Term::ReductionPartial { op, operand: slices, result, factor };
                let loops = [1, 1, rows, length];
                let steps = vec![
                    run(loops, result, Start::From(factor), value),
                    run(loops, Access::strided(partials, [0, 0, row, stride as i32]), Start::Zero, partial),
                ];
                let mut rng = rng(u64::from(length));
                let mut numbers: Vec<f64> = (0..count + rows).map(|_| rng.random_range(0.5..1.5)).collect();
                let program = program(count + rows, vec![], count + 2 * rows + count, steps);
                let what = format!("{op} of {rows} times {length}");
                compare::<f64>(&program, &numbers, 1e-14, &what);
                compare::<f32>(&program, &numbers, 1e-6, &what);
                numbers[0] = f64::NEG_INFINITY;
                compare::<f64>(&program, &numbers, 1e-14, &format!("{what} and an infinity"));
            }
        }
    }
}

#[test]
fn rows_become_columns_whatever_their_numbers() {
    for (rows, lanes) in
        [1, 3, 7, 8, 9, 16, 30].into_iter().flat_map(|rows| [1, 7, 8, 15, 16, 33].map(|lanes| (rows, lanes)))
    {
        for gap in [0, 3] {
            let (square, pitch) = (rows * lanes, lanes as i32 + gap);
            let from = Access::strided(0, [0, square as i32, 1, rows as i32]);
            let out = Access::strided(2 * square, [0, pitch * rows as i32, pitch, 1]);
            let copy = run([1, 2, rows, lanes], out, Start::Zero, Term::Copy(from));
            let numbers: Vec<f64> = (0..2 * square).map(f64::from).collect();
            let program = program(2 * square, vec![], 2 * (square + pitch as u32 * rows), vec![copy]);
            compare::<f64>(&program, &numbers, 1e-14, &format!("{rows} by {lanes}"));
            compare::<f32>(&program, &numbers, 1e-6, &format!("{rows} by {lanes}"));
        }
    }
}

#[test]
fn tables_of_rows_are_read_and_written_row_by_row() {
    for (seed, length) in (0..seeds(200)).flat_map(|seed| [8, 15, 16, 33, 200].map(|length| (seed, length))) {
        let mut rng = rng(seed);
        // Rows of inputs in any order, one number for each row, and rows of results in the opposite order.
        let count = 6u32;
        let starts: Vec<u32> = (0..count).map(|_| rng.random_range(0..count) * length).collect();
        let mut tables: Vec<u32> = starts.iter().flat_map(|start| *start..start + length).collect();
        let stills = tables.len() as u32;
        tables.extend(&starts);
        let results = tables.len() as u32;
        let inputs = count * length;
        tables.extend((0..count).rev().flat_map(|row| inputs + row * length..inputs + (row + 1) * length));
        if rng.random_bool(0.3) {
            // One that is elsewhere.
            tables[rng.random_range(0..stills) as usize] = rng.random_range(0..inputs);
        }
        let row = length as i32;
        let (a, b) = (Access::listed(0, [0, 0, row, 1]), Access::listed(stills, [0, 0, 1, 0]));
        let out = Access::listed(results, [0, 0, row, 1]);
        let sums = Access::strided(2 * inputs, [0, 0, 1, 0]);
        let product = || Term::Product { a, b, is_strong: false };
        let less = Term::Operation { op: Op::Less, exponent: 0, operands: vec![a, b] };
        let steps = vec![
            run([1, 1, count, length], out, Start::From(Access::strided(0, [0, 0, row, 1])), product()),
            run([1, 1, count, length], out, Start::Here, less),
            run([1, 1, count, length], sums, Start::From(b), product()),
        ];
        let program = Program { tables, ..program(inputs, vec![], 2 * inputs + count, steps) };
        let numbers: Vec<f64> = (0..inputs).map(|_| rng.random_range(-1.0..1.0)).collect();
        compare::<f64>(&program, &numbers, 1e-14, &format!("seed {seed}, rows of {length}"));
        compare::<f32>(&program, &numbers, 1e-6, &format!("seed {seed}, rows of {length}"));
    }
}

#[test]
fn sines_and_cosines_of_large_numbers_stand_among_those_of_small_ones() {
    const COUNT: u32 = 40;
    let special = [1e4, -1e5, 1e300, f64::INFINITY, -0.0];
    let number = |i: u32| if i < 17 || i.is_multiple_of(3) { f64::from(i) - 10.5 } else { special[i as usize % 5] };
    let numbers: Vec<f64> = (0..COUNT).map(number).collect();
    let at = |stretch: u32| Access::strided(stretch * COUNT, [0, 0, 0, 1]);
    for op in [Op::Sin, Op::Cos] {
        let value = Term::Operation { op, exponent: 0, operands: vec![at(0)] };
        let partial = Term::Partial { op, exponent: 0, by: 0, operands: vec![at(0)], result: at(1), factor: at(1) };
        let trips = [1, 1, 1, COUNT];
        let steps = vec![run(trips, at(1), Start::Zero, value), run(trips, at(2), Start::Zero, partial)];
        let program = program(COUNT, vec![], 3 * COUNT, steps);
        compare::<f64>(&program, &numbers, 1e-16, &format!("{op}"));
        compare::<f32>(&program, &numbers, 1e-7, &format!("{op}"));
    }
}
