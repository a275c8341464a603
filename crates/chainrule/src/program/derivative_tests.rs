//! Derivatives of programs against dual numbers, differences and values on the tape.

use super::interpret::Element;
use super::random::{Example, example};
use super::{Program, Rows, interpret};
use crate::{Dual, Number, Rng, RngExt, rng};

impl<N: Element> Element for Dual<N> {
    fn index(self) -> Option<u32> {
        self.value.index()
    }
}

/// The outputs, group after group.
fn outputs<N: Element>(program: &Program, inputs: &[N]) -> Vec<N> {
    assert_eq!(inputs.len(), program.input_length() as usize);
    let mut slots = vec![N::constant(f64::NAN); program.slots as usize];
    slots[..inputs.len()].copy_from_slice(inputs);
    interpret(program, &mut slots);
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
    for seed in 0..1000 {
        let Example { program, numbers } = example(seed);
        let vjp = program.vjp().unwrap();
        let found = outputs(&vjp, &[&numbers[..], &SEEDS].concat());
        let expected = [outputs(&program, &numbers), gradient_by_duals(&program, &numbers)].concat();
        assert_near(&found, &expected, &format!("seed {seed}"));
    }
}

#[test]
fn forward_mode_agrees_with_dual_numbers() {
    for seed in 0..1000 {
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
    for seed in 0..400 {
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
    for seed in 0..600 {
        let Example { program, numbers } = example(seed);
        let mut rng = rng(seed);
        let rows = *[1, 2, 5].iter().nth(rng.random_range(0..3)).unwrap();
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
