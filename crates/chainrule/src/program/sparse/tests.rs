//! Sparse matrices are the dense ones, with fewer sweeps; colourings keep apart what has to be apart.

use super::*;
use crate::program::random::{Example, example};
use crate::program::{Derivatives, Output};
use crate::{Pcg64, Program, RngExt, Value, rng};

fn assert_near(found: &[f64], expected: &[f64], context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{context}, {place}: {found} for {expected}"
        );
    }
}

/// Both matrices of a program, against those by sweeps one by one.
fn assert_sparse_is_dense(program: &Program, x: &[f64], by: &[&str], context: &str) {
    let mut derivatives = Derivatives::<f64>::by(program, by).unwrap();
    let height: usize = program.outputs.iter().map(Output::length).sum();
    let inputs = program.inputs.iter().filter(|input| by.contains(&input.name.as_str()));
    let width: usize = inputs.map(|input| input.length as usize).sum();
    let mut jacobian = vec![0.0; height * width];
    derivatives.jacobian(x, &mut jacobian).unwrap();
    assert_near(&derivatives.sparse_jacobian(x).unwrap().to_dense(), &jacobian, context);
    let mut hessian = vec![0.0; width * width];
    derivatives.hessian(x, &mut hessian).unwrap();
    assert_near(&derivatives.sparse_hessian(x).unwrap().to_dense(), &hessian, context);
}

/// Terms of a few inputs each: groups of functions that are one shape, and single ones.
fn random_terms(x: &[Value], rng: &mut Pcg64) -> Vec<Value> {
    let count = rng.random_range(1..2 * x.len());
    let term = |rng: &mut Pcg64| {
        let [a, b, c] = [(); 3].map(|()| x[rng.random_range(0..x.len())]);
        match rng.random_range(0..7) {
            0 => a * b + 2.0 * c,
            1 => (a * b).sin() * c,
            2 => a.max(b) * c,
            3 => Value::log_sum_exp(&[a, b, c]),
            4 => (a - b).powi(3),
            5 => Value::maximum(&[a * a, b, c]) + Value::product(&[a, b, c]),
            _ => a.less(b),
        }
    };
    (0..count).map(|_| term(rng)).collect()
}

#[test]
fn sparse_matrices_are_the_dense_ones() {
    for seed in 0..200 {
        let mut rng = rng(seed);
        let x: Vec<f64> = (0..rng.random_range(2..40)).map(|_| rng.random_range(-1.5..1.5)).collect();
        let program = Program::record_groups(&[("x", &x)], |groups| {
            let terms = random_terms(&groups[0], &mut rng);
            [&[terms.iter().map(|term| *term * *term).sum::<Value>()], &terms[..]].concat()
        });
        // The Hessian matrix is that of the first group of outputs, the Jacobian matrix that of all.
        let program = program.unwrap();
        let mut split = program.clone();
        let slots: Vec<u32> = program.outputs[0].slots.iter().cloned().flatten().collect();
        let output = |name: &str, slots: &[u32]| Output {
            name: name.into(),
            slots: slots.iter().map(|slot| *slot..slot + 1).collect(),
        };
        split.outputs = vec![output("sum", &slots[..1]), output("terms", &slots[1..])];
        assert_sparse_is_dense(&split, &x, &["x"], &format!("seed {seed}"));
    }
}

#[test]
fn all_kinds_of_instructions_have_patterns() {
    for seed in 0..300 {
        let Example { program, numbers } = example(seed);
        assert_sparse_is_dense(&program, &numbers, &["weights", "row"], &format!("seed {seed}"));
        assert_sparse_is_dense(&program, &numbers, &["row"], &format!("seed {seed}, row"));
    }
}

/// A symmetric pattern with so many pairs off the diagonal, and some full columns.
fn random_symmetric(rng: &mut Pcg64) -> Pattern {
    let size = rng.random_range(1..60);
    let pairs: Vec<(usize, usize)> =
        (0..rng.random_range(0..3 * size)).map(|_| (rng.random_range(0..size), rng.random_range(0..size))).collect();
    let full = rng.random_range(0..3);
    let row = |row| {
        let mut columns: Vec<u32> =
            pairs.iter().filter(|(from, _)| *from == row || row < full).map(|(_, to)| *to as u32).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    };
    Pattern::of_rows(size, (0..size).map(row)).unwrap().symmetric().unwrap()
}

#[test]
fn columns_of_a_colour_have_no_row_in_common() {
    for seed in 0..300 {
        let pattern = random_symmetric(&mut rng(seed));
        let coloring = pattern.column_coloring();
        for row in 0..pattern.rows() {
            let mut colors: Vec<u32> =
                pattern.row(row).iter().map(|column| coloring.colors()[*column as usize]).collect();
            colors.sort_unstable();
            colors.dedup();
            assert_eq!(colors.len(), pattern.row(row).len(), "seed {seed}, row {row}");
        }
        assert!(coloring.count() >= pattern.fullest_row());
    }
}

#[test]
fn no_path_of_four_has_two_colours() {
    for seed in 0..300 {
        let pattern = random_symmetric(&mut rng(seed));
        let (coloring, size) = (pattern.star_coloring(), pattern.rows());
        let color = |vertex: usize| coloring.colors()[vertex];
        let neighbours = |vertex: usize| {
            pattern.row(vertex).iter().map(|other| *other as usize).filter(move |other| *other != vertex)
        };
        for a in 0..size {
            for b in neighbours(a) {
                assert_ne!(color(a), color(b), "seed {seed}: {a} and {b}");
                for c in neighbours(b).filter(|c| *c != a && color(*c) == color(a)) {
                    let last = neighbours(c).find(|d| *d != b && color(*d) == color(b));
                    assert_eq!(last, None, "seed {seed}: {a}, {b}, {c}");
                }
            }
        }
    }
}

#[test]
fn an_arrow_takes_two_sweeps_and_a_band_as_many_as_it_is_wide() {
    let arrow = |x: &[Value]| x[1..].iter().map(|a| (x[0] * *a).sin()).sum::<Value>();
    let pattern = Program::record(&[0.5; 500], arrow).unwrap().hessian_pattern().unwrap();
    assert_eq!((pattern.len(), pattern.star_coloring().count()), (1 + 3 * 499, 2));
    let band = |x: &[Value]| x.windows(3).map(|x| x[0] * x[1] - x[2].exp()).collect::<Vec<_>>();
    let pattern = Program::record(&[0.5; 500], band).unwrap().jacobian_pattern().unwrap();
    assert_eq!((pattern.len(), pattern.column_coloring().count()), (3 * 498, 3));
}

#[test]
fn what_is_linear_or_only_compared_has_no_second_derivatives() {
    let f = |x: &[Value]| x[0] * x[1] + x[2].relu() * 3.0 + x[3].less(x[4]).select(x[5], x[5] * 2.0) + x[6].powi(2);
    let program = Program::record(&[1.0; 7], f).unwrap();
    let places: Vec<_> = program.hessian_pattern().unwrap().places().collect();
    assert_eq!(places, [(0, 1), (1, 0), (6, 6)]);
    assert_eq!(program.jacobian_pattern().unwrap().row(0), [0, 1, 2, 5, 6]);
}

#[test]
fn a_long_sum_takes_room_in_proportion_to_its_terms() {
    // Each state is the one before and an input more.
    let states = |x: &[Value]| x.iter().fold(Value::constant(0.0), |state, x| (state * 0.5 + *x).tanh());
    let program = Program::record(&vec![0.1; 100_000], states).unwrap();
    assert_eq!(program.jacobian_pattern().unwrap().len(), 100_000);
}

#[test]
fn where_nothing_varies_matrices_are_empty() {
    let program = Program::record(&[1.0, 2.0], |x| [x[0].less(x[1]), x[1].less(x[0])]).unwrap();
    let mut derivatives = Derivatives::<f64>::of(&program);
    let matrix = derivatives.sparse_jacobian(&[1.0, 2.0]).unwrap();
    assert_eq!((matrix.pattern().rows(), matrix.pattern().columns(), matrix.values()), (2, 2, &[][..]));
    assert_eq!((matrix.to_dense(), matrix.get(1, 1)), (vec![0.0; 4], 0.0));
    assert_eq!(derivatives.sparse_jacobian(&[1.0]).unwrap_err().to_string(), "x: expected 2 numbers, found 1 number");
    let message = derivatives.sparse_hessian(&[1.0, 2.0]).unwrap_err().to_string();
    assert_eq!(message, "outputs: expected one number in the first group, found 2 numbers");
    let groups: [(&str, &[f64]); 2] = [("x", &[1.0]), ("nothing", &[])];
    let program = Program::record_groups(&groups, |groups| groups[0][0].exp()).unwrap();
    let mut derivatives = Derivatives::<f64>::by(&program, &["nothing"]).unwrap();
    assert_eq!(derivatives.sparse_jacobian(&[1.0]).unwrap().pattern().rows(), 1);
    assert!(derivatives.sparse_hessian(&[1.0]).unwrap().pattern().is_empty());
}

#[test]
fn a_number_that_is_none_stays_in_the_rows_that_read_it() {
    let program = Program::record(&[1.0; 4], |x| [x[0] * x[1], x[1] * x[2], x[2] * x[3]]).unwrap();
    let mut derivatives = Derivatives::<f64>::of(&program);
    let matrix = derivatives.sparse_jacobian(&[f64::NAN, 2.0, 3.0, 4.0]).unwrap();
    assert!(matrix.get(0, 1).is_nan());
    assert_eq!([matrix.get(0, 0), matrix.get(1, 1), matrix.get(1, 2), matrix.get(2, 3)], [2.0, 3.0, 2.0, 3.0]);
}

/// Two residuals of three numbers, one of which does not read the last.
fn residuals(x: &[Value], scale: Value, observed: Value) -> [Value; 2] {
    [(x[0] * x[1]).sin() - observed * x[2], scale * x[0] - x[1].exp()]
}

#[test]
fn a_mapped_jacobian_is_that_of_the_function_recorded_whole() {
    let mut rng = rng(11);
    for (columns, parts) in [(3, 1), (5, 7), (40, 300), (1, 3)] {
        let x: Vec<f64> = (0..columns).map(|_| rng.random_range(-1.0..1.0)).collect();
        let observed: Vec<f64> = (0..parts).map(|_| rng.random_range(-1.0..1.0)).collect();
        let reads: Vec<u32> = (0..3 * parts).map(|_| rng.random_range(0..columns)).collect();
        let whole = Program::record(&x, |x| {
            let part = |(reads, observed): (&[u32], &f64)| {
                let read: Vec<Value> = reads.iter().map(|index| x[*index as usize]).collect();
                residuals(&read, Value::constant(2.5), Value::constant(*observed))
            };
            reads.chunks(3).zip(&observed).flat_map(part).collect::<Vec<_>>()
        });
        let mut derivatives = Derivatives::<f64>::of(&whole.unwrap());
        let expected = derivatives.sparse_jacobian(&x).unwrap();

        let groups: [(&str, &[f64]); 3] = [("scale", &[1.0]), ("read", &[0.1; 3]), ("observed", &[0.5])];
        let part = Program::record_groups(&groups, |groups| residuals(&groups[1], groups[0][0], groups[2][0])).unwrap();
        let mapped = MappedJacobian::<f64>::new(&part, "read", &["observed"], columns as usize, &reads);
        let mut mapped = mapped.unwrap().threads(2);
        for _ in 0..2 {
            let found = mapped.run(&x, &[&[2.5], &observed]).unwrap();
            assert_eq!(found.pattern(), expected.pattern());
            assert_near(found.values(), expected.values(), &format!("{parts} parts"));
        }
    }
}

#[test]
fn what_does_not_fit_a_mapped_jacobian_is_told() {
    let groups: [(&str, &[f64]); 2] = [("read", &[1.0, 2.0]), ("observed", &[0.5])];
    let part = Program::record_groups(&groups, |groups| groups[0][0] * groups[0][1] - groups[1][0]).unwrap();
    let new = |by, per_part: &[&str], reads: &[u32]| MappedJacobian::<f64>::new(&part, by, per_part, 5, reads);
    let message = |by, per_part: &[&str], reads: &[u32]| new(by, per_part, reads).err().unwrap().to_string();
    assert_eq!(message("read", &["observed"], &[0, 1, 5, 2]), "reads[2]: expected an index below 5, found 5");
    let expected = "reads: expected 2 indices for each part, at least one, found 3 indices";
    assert_eq!(message("read", &["observed"], &[0, 1, 2]), expected);
    assert!(message("raed", &["observed"], &[]).contains("read"));
    assert!(message("read", &["obsreved"], &[]).contains("observed"));
    assert_eq!(message("read", &["read"], &[]), "per_part: expected groups that are not gathered, found read");

    let mut mapped = new("read", &["observed"], &[0, 1, 4, 4]).unwrap();
    let error =
        |mapped: &mut MappedJacobian<f64>, x: &[f64], data: &[&[f64]]| mapped.run(x, data).unwrap_err().to_string();
    assert_eq!(error(&mut mapped, &[0.0; 4], &[&[0.0; 2]]), "x: expected 5 numbers, found 4 numbers");
    assert_eq!(error(&mut mapped, &[0.0; 5], &[&[0.0; 3]]), "observed: expected 2 numbers, found 3 numbers");
    assert_eq!(error(&mut mapped, &[0.0; 5], &[]), "data: expected 1 group, found 0");
    let matrix = mapped.run(&[3.0; 5], &[&[0.0; 2]]).unwrap();
    assert_eq!(matrix.row(1).collect::<Vec<_>>(), [(4, 6.0)]);
    let mut none = new("read", &["observed"], &[]).unwrap();
    assert_eq!(none.run(&[0.0; 5], &[&[]]).unwrap().pattern().rows(), 0);
}

#[test]
fn a_part_that_branches_otherwise_is_named() {
    let part = Program::record(&[1.0, 2.0], |x| if x[0] < x[1] { x[0] * x[1] } else { x[0] }).unwrap();
    let reads: Vec<u32> = (0..20_000).collect();
    let mut mapped = MappedJacobian::<f64>::new(&part, "x", &[], 20_000, &reads).unwrap();
    let mut x: Vec<f64> = (0..20_000).map(f64::from).collect();
    assert_eq!(mapped.run(&x, &[]).unwrap().get(9000, 18_000), 18_001.0);
    x[18_000] = 1e9;
    let message = mapped.run(&x, &[]).unwrap_err().to_string();
    assert!(message.contains("in row 9000: the program was recorded where it is true"), "{message}");
}
