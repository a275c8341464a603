//! Derivatives of programs against dual numbers, differences and values on the tape.

use crate::check::central_difference;
use crate::program::interpret::Element;
use crate::program::random::{Example, example};
use crate::program::{Access, Input, Instruction, Machine, Output, Program, Rows, Start, Step, Term, interpret};
use crate::{Dual, Number, Op, Rng, RngExt, Value, rng};

impl<N: Element> Element for Dual<N> {
    fn index(self) -> Option<u32> {
        self.value.index()
    }

    fn to_f64(self) -> f64 {
        self.value.to_f64()
    }
}

/// The outputs, group after group.
fn outputs<N: Element>(program: &Program, inputs: &[N]) -> Vec<N> {
    assert_eq!(inputs.len(), program.input_length() as usize);
    let mut slots = vec![N::constant(f64::NAN); program.slots as usize];
    slots[..inputs.len()].copy_from_slice(inputs);
    interpret(program, &mut slots).unwrap();
    program
        .outputs
        .iter()
        .flat_map(|output| &output.slots)
        .flat_map(Clone::clone)
        .map(|slot| slots[slot as usize])
        .collect()
}

fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (number, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 1e-11 * scale, "{what}: number {number}: {found}, expected {expected}");
    }
}

/// Weights for the outputs, so that one derivative stands for all of them.
const SEEDS: [f64; 2] = [0.75, -1.25];

/// The gradient of the weighted outputs by dual numbers, one input at a time.
fn gradient_by_duals(program: &Program, numbers: &[f64]) -> Vec<f64> {
    (0..numbers.len())
        .map(|by| {
            let duals: Vec<Dual> = (0..).zip(numbers).map(|(at, x)| direction(*x, at == by)).collect();
            outputs(program, &duals).iter().zip(SEEDS).map(|(output, seed)| output.tangent * seed).sum()
        })
        .collect()
}

fn direction(value: f64, is_along: bool) -> Dual {
    Dual { value, tangent: f64::from(is_along) }
}

#[test]
fn reverse_mode_agrees_with_dual_numbers() {
    for seed in 0..300 {
        let Example { program, numbers } = example(seed);
        let vjp = program.vjp().unwrap();
        let found = outputs(&vjp, &[&numbers[..], &SEEDS].concat());
        let expected = [outputs(&program, &numbers), gradient_by_duals(&program, &numbers)].concat();
        assert_near(&found, &expected, &format!("seed {seed}"));
    }
}

#[test]
fn forward_mode_agrees_with_dual_numbers() {
    for seed in 0..500 {
        let Example { program, numbers } = example(seed);
        let mut rng = rng(seed);
        let tangents: Vec<f64> = numbers.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
        let duals: Vec<Dual> =
            numbers.iter().zip(&tangents).map(|(value, tangent)| Dual { value: *value, tangent: *tangent }).collect();
        let expected = outputs(&program, &duals);
        let expected: Vec<f64> =
            expected.iter().map(|dual| dual.value).chain(expected.iter().map(|dual| dual.tangent)).collect();
        let found = outputs(&program.jvp().unwrap(), &[numbers, tangents].concat());
        assert_near(&found, &expected, &format!("seed {seed}"));
    }
}

/// Products of the Hessian matrix of the weighted outputs with a vector, by nested dual numbers, one input at a time.
fn hessian_product_by_duals(program: &Program, numbers: &[f64], vector: &[f64]) -> Vec<f64> {
    (0..numbers.len())
        .map(|by| {
            let nested = |(at, (x, v)): (usize, (&f64, &f64))| Dual {
                value: Dual { value: *x, tangent: *v },
                tangent: Dual::constant(f64::from(at == by)),
            };
            let nested: Vec<Dual<Dual>> = numbers.iter().zip(vector).enumerate().map(nested).collect();
            outputs(program, &nested).iter().zip(SEEDS).map(|(output, seed)| output.tangent.tangent * seed).sum()
        })
        .collect()
}

#[test]
fn second_derivatives_agree_with_nested_dual_numbers() {
    for seed in 0..80 {
        let Example { program, numbers } = example(seed);
        let mut rng = rng(seed);
        let vector: Vec<f64> = numbers.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
        let expected = hessian_product_by_duals(&program, &numbers, &vector);
        let (vjp, names) = (program.vjp().unwrap(), program.input_names());

        let forward_over_reverse = outputs(&vjp.jvp_by(&names).unwrap(), &[&numbers[..], &SEEDS, &vector].concat());
        assert_near(
            tail(&forward_over_reverse, numbers.len()),
            &expected,
            &format!("forward over reverse, seed {seed}"),
        );

        let seeds = [&[0.0, 0.0], &vector[..]].concat();
        let reverse_over_reverse = outputs(&vjp.vjp_by(&names).unwrap(), &[&numbers[..], &SEEDS, &seeds].concat());
        assert_near(
            tail(&reverse_over_reverse, numbers.len()),
            &expected,
            &format!("reverse over reverse, seed {seed}"),
        );

        let jvp = program.jvp().unwrap();
        let reverse_over_forward =
            outputs(&jvp.vjp_by(&names).unwrap(), &[&numbers[..], &vector, &[0.0, 0.0], &SEEDS].concat());
        assert_near(
            tail(&reverse_over_forward, numbers.len()),
            &expected,
            &format!("reverse over forward, seed {seed}"),
        );
    }
}

fn tail(numbers: &[f64], length: usize) -> &[f64] {
    &numbers[numbers.len() - length..]
}

#[test]
fn rows_together_give_what_each_gives_alone() {
    for seed in 0..200 {
        let Example { program, numbers } = example(seed);
        let mut rng = rng(seed);
        let rows = [1, 2, 5][rng.random_range(0..3)];
        let per_row: Vec<&str> = ["weights", "row", "indices"].into_iter().filter(|_| rng.random_bool(0.5)).collect();
        let (given, each) = batch(&program, &numbers, &per_row, rows, &mut rng);
        let expected: Vec<Vec<f64>> = each.iter().map(|numbers| outputs(&program, numbers)).collect();

        let found = outputs(&program.over_rows(&per_row, rows, Rows::Each).unwrap(), &given);
        let by_output = [0, 1].map(|output| expected.iter().map(|row| row[output]).collect::<Vec<f64>>()).concat();
        assert_near(&found, &by_output, &format!("each, seed {seed}"));

        let batch = program.over_rows(&per_row, rows, Rows::Mean).unwrap();
        let found = outputs(&batch.vjp_by(&["weights"]).unwrap(), &[&given[..], &SEEDS].concat());
        let mean = |numbers: &dyn Fn(usize) -> f64| (0..rows as usize).map(numbers).sum::<f64>() / f64::from(rows);
        let means: Vec<f64> = (0..2).map(|output| mean(&|row| expected[row][output])).collect();
        assert_near(&found[..2], &means, &format!("mean, seed {seed}"));
        if !per_row.contains(&"weights") {
            let gradients: Vec<Vec<f64>> = each.iter().map(|numbers| gradient_by_duals(&program, numbers)).collect();
            let means: Vec<f64> = (0..24).map(|weight| mean(&|row| gradients[row][weight])).collect();
            assert_near(&found[2..], &means, &format!("gradient, seed {seed}"));
        }

        let each_gradient = program.vjp().unwrap().over_rows(&per_row, rows, Rows::Each).unwrap();
        let found = outputs(&each_gradient, &[&given[..], &SEEDS].concat());
        let expected: Vec<Vec<f64>> =
            each.iter().map(|numbers| outputs(&program.vjp().unwrap(), &[&numbers[..], &SEEDS].concat())).collect();
        let weights: Vec<f64> = expected.iter().flat_map(|row| row[2..26].to_vec()).collect();
        assert_near(&found[2 * rows as usize..][..weights.len()], &weights, &format!("each gradient, seed {seed}"));
    }
}

/// Inputs for a program over rows, and those of each row.
fn batch(
    program: &Program,
    numbers: &[f64],
    per_row: &[&str],
    rows: u32,
    rng: &mut impl Rng,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut each = vec![Vec::new(); rows as usize];
    let (mut given, mut rest) = (Vec::new(), numbers);
    for input in &program.inputs {
        let (group, after) = rest.split_at(input.length as usize);
        rest = after;
        for (row, numbers) in each.iter_mut().enumerate() {
            let is_index = input.name == "indices";
            let other =
                |x: &f64| if is_index { f64::from(rng.random_range(0..4)) } else { x + rng.random_range(-0.5..0.5) };
            let mine: Vec<f64> =
                if per_row.contains(&input.name.as_str()) { group.iter().map(other).collect() } else { group.to_vec() };
            if row == 0 || per_row.contains(&input.name.as_str()) {
                given.extend(&mine);
            }
            numbers.extend(mine);
        }
    }
    (given, each)
}

#[test]
fn reverse_mode_agrees_with_differences() {
    for seed in 0..20 {
        let Example { program, numbers } = example(seed);
        let found = outputs(&program.vjp().unwrap(), &[&numbers[..], &SEEDS].concat());
        for by in 0..36 {
            let nudged = |x: f64| {
                let mut numbers = numbers.clone();
                numbers[by] = x;
                outputs(&program, &numbers).iter().zip(SEEDS).map(|(output, seed)| output * seed).sum::<f64>()
            };
            let expected = central_difference(nudged, numbers[by], 1e-5);
            assert!((found[2 + by] - expected).abs() < 1e-6, "seed {seed}, input {by}: {} {expected}", found[2 + by]);
        }
    }
}

/// An activation that only some of the sums get which one instruction began.
#[test]
fn sums_that_one_instruction_begins_may_end_differently() {
    let along = |base| Access::strided(base, [0, 0, 0, 1]);
    let x = along(0);
    let run = |length, out: u32, start, term, activation| {
        Step::Run(Instruction { start, activation, ..Instruction::new([1, 1, 1, length], along(out), term) })
    };
    let operation = |op, operands| Term::Operation { op, exponent: 0, operands };
    let program = Program {
        inputs: vec![Input { name: "x".into(), length: 5 }],
        constants: Vec::new(),
        slots: 11,
        steps: vec![
            run(5, 5, Start::From(x), operation(Op::Sin, vec![x]), None),
            run(2, 6, Start::Here, operation(Op::Mul, vec![along(1), along(2)]), Some(Op::Tanh)),
            Step::Run(Instruction::new(
                [1, 1, 1, 5],
                Access::slot(10),
                Term::Product { a: along(5), b: along(5), is_strong: false },
            )),
        ],
        tables: Vec::new(),
        lookups: Vec::new(),
        guards: Vec::new(),
        is_exact: false,
        history: Default::default(),
        outputs: vec![Output { name: "y".into(), slots: std::iter::once(10..11).collect() }],
    };
    let numbers = [0.3, -0.8, 0.5, 1.2, -0.1];
    let expected = gradient_by_duals(&program, &numbers).iter().map(|x| x / SEEDS[0]).collect::<Vec<f64>>();
    assert_near(&outputs(&program.gradient().unwrap(), &numbers)[1..], &expected, "gradient");
    let tangents = [1.0, 0.5, -0.25, 2.0, -1.0];
    let slope = expected.iter().zip(tangents).map(|(x, t)| x * t).sum::<f64>();
    assert_near(&outputs(&program.jvp().unwrap(), &[numbers, tangents].concat())[1..], &[slope], "tangent");
}

#[test]
fn zeros_infinities_and_nan_pass_as_they_do_on_the_tape() {
    type Function = fn(&[Value]) -> Value;
    let functions: [Function; 8] = [
        |x| Value::constant(0.0).less(x[0]).select(x[0].ln(), x[1]),
        |x| x[0] * x[1],
        |x| (x[0].sqrt() * 0.0) + x[1],
        |x| x[0].powf(x[1]),
        |x| (x[0] / x[1]).relu(),
        |x| Value::log_sum_exp(&[x[0], x[1], x[0] * 2.0]),
        |x| Value::maximum(&[x[0], x[1], x[0]]) + Value::product(&[x[0], x[1], x[1]]),
        |x| (x[0] * x[1] + 1.0).tanh() + (x[0] + x[1]).exp(),
    ];
    let numbers = [0.0, -0.0, 1.0, -2.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for (number, function) in functions.into_iter().enumerate() {
        let gradient = Program::record(&[0.5, 0.75], function).unwrap().gradient().unwrap();
        for point in numbers.iter().flat_map(|x| numbers.map(|y| [*x, y])) {
            let inputs = point.map(Value::new);
            let expected = function(&inputs).gradient(&inputs);
            let found = &outputs(&gradient, &point)[1..];
            let is_same = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12 || a == b || (a.is_nan() && b.is_nan());
            assert!(
                found.iter().zip(&expected).all(is_same),
                "function {number} at {point:?}: {found:?}, {expected:?}"
            );
        }
    }
}

/// A network of two inputs, three neurons and one output.
fn squared_error(weights: &[Value], row: &[Value]) -> Value {
    let neurons: Vec<Value> = weights[..9].chunks(3).map(|w| (w[0] * row[0] + w[1] * row[1] + w[2]).tanh()).collect();
    let output = neurons.iter().zip(&weights[9..]).map(|(neuron, weight)| *neuron * *weight).sum::<Value>();
    (output - row[2]).powi(2)
}

#[test]
fn the_gradient_of_a_network_over_rows_is_that_of_the_tape() {
    let mut rng = rng(5);
    let weights = [(); 12].map(|()| rng.random_range(-1.0..1.0));
    let rows = [[0.5, -1.0, 1.0], [2.0, 0.25, -1.0], [-0.75, 1.5, 0.5], [0.1, 0.2, 0.3]];
    let values = weights.map(Value::new);
    let losses = rows.map(|row| squared_error(&values, &row.map(Value::constant)));
    let loss = Value::mean(&losses);
    let expected = [vec![loss.data()], loss.gradient(&values)].concat();

    let program = Program::record_groups(&[("weights", &weights), ("row", &rows[0])], |groups| {
        squared_error(&groups[0], &groups[1])
    });
    let gradient = program.unwrap().over_rows(&["row"], 4, Rows::Mean).unwrap().gradient_by(&["weights"]).unwrap();
    let inputs = [&weights[..], &rows.concat()].concat();
    assert_near(&outputs(&gradient, &inputs), &expected, "over rows");
    assert_eq!(gradient.outputs.iter().map(|output| output.name.as_str()).next_back(), Some("gradient by weights"));
}

#[test]
fn some_outputs_alone_come_out_as_among_all() {
    for seed in 0..200 {
        let Example { program, numbers } = example(seed);
        let vjp = program.vjp().unwrap();
        let inputs = [&numbers[..], &SEEDS].concat();
        let all = outputs(&vjp, &inputs);
        let alone = vjp.only(&["gradient by row", "some"]).unwrap();
        assert!(alone.slots <= vjp.slots, "seed {seed}");
        assert_near(&outputs(&alone, &inputs), &[&all[26..38], &all[1..2]].concat(), &format!("seed {seed}"));
    }
}

#[test]
fn what_cannot_be_differentiated_or_mapped_is_refused() {
    let program = example(0).program;
    let message = |result: crate::Result<Program>| result.unwrap_err().to_string();
    let many = program.vjp().unwrap().only(&["gradient by row"]).unwrap();
    let expected = "gradient: expected a program whose first output is one number, found 12 numbers";
    assert_eq!(message(many.gradient()), expected);
    assert!(message(program.vjp_by(&["wieghts"])).contains("weights"));
    assert!(message(program.only(&["lost"])).contains("last"));
    assert_eq!(message(program.over_rows(&["row"], 0, Rows::Each)), "rows: expected at least one row, found 0");
    assert!(
        message(program.over_rows(&["row"], u32::MAX, Rows::Each)).starts_with("program: expected fewer than 2^32")
    );
}

#[test]
fn machines_run_derivatives_as_they_are_interpreted() {
    for seed in 0..100 {
        let Example { program, numbers } = example(seed);
        let (vjp, seeded) = (program.vjp().unwrap(), [&numbers[..], &SEEDS].concat());
        let rows = program.over_rows(&["indices"], 1, Rows::Mean).unwrap();
        let directed = [&seeded[..], &numbers].concat();
        let second = vjp.jvp_by(&program.input_names()).unwrap();
        for (program, inputs) in [(&vjp, &seeded), (&second, &directed), (&rows, &numbers)] {
            let mut machine = Machine::<f64>::new(program);
            machine.inputs_mut().copy_from_slice(inputs);
            machine.run().unwrap();
            let found: Vec<f64> = (0..program.outputs.len()).flat_map(|group| machine.output(group)).collect();
            assert_near(&found, &outputs(program, inputs), &format!("seed {seed}"));
        }
    }
}

#[test]
fn a_repeat_of_no_turns_changes_no_derivatives() {
    let program = Program::record(&[0.5; 48], |x| {
        let (mut state, rates) = (x[..24].to_vec(), &x[24..]);
        for _ in 0..40 {
            state = state.iter().zip(rates).map(|(state, rate)| (*state * *rate).sin() + *state * *state).collect();
        }
        state.into_iter().sum::<Value>()
    })
    .unwrap();
    let mut with_none = program.clone();
    let body = program.steps.iter().find_map(|step| match step {
        Step::Repeat { body, .. } => Some(body.clone()),
        Step::Run(_) => None,
    });
    with_none.steps.insert(0, Step::Repeat { trips: 0, body: body.expect("the steps are a repeat") });
    let numbers: Vec<f64> = (0..48).map(|number| 0.1 * f64::from(number).sin()).collect();
    let of_both = |derivative: fn(&Program) -> Program, numbers: &[f64]| {
        [&with_none, &program].map(|program| outputs(&derivative(program), numbers))
    };
    let [found, right] = of_both(|program| program.gradient().unwrap(), &numbers);
    assert_eq!(found, right);
    let [found, right] = of_both(|program| program.jvp().unwrap(), &[&numbers[..], &[1.0; 48]].concat());
    assert_eq!(found, right);
}
