//! Programs of one row, over many rows: the same results as of values, whoever computes them, and clear errors.

use chainrule::program::{Batch, Rows};
use chainrule::{Error, Program, Value, tape};

/// What all rows share; gradients are by these.
const SHARED: [f64; 3] = [0.7, -0.4, 1.2];

/// A neuron and a squared difference, of a row and of what all rows share.
fn row(shared: &[Value], row: &[Value]) -> Value {
    (shared[0] * row[0] + shared[1]).tanh() * shared[2] + (row[1] - shared[0]).powi(2)
}

fn program() -> Program {
    let groups = [("shared", &SHARED[..]), ("row", &[0.5, 0.25][..])];
    Program::record_groups(&groups, |groups| row(&groups[0], &groups[1])).unwrap()
}

/// So many rows, one after the other.
fn rows(count: usize) -> Vec<f64> {
    (0..2 * count).map(|number| (number as f64 * 0.37).sin()).collect()
}

/// What each row gives, and the gradient of the sum, by values.
fn eager(rows: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let shared = SHARED.map(Value::new);
    let mut gradient = vec![0.0; SHARED.len()];
    let results = rows.chunks(2).map(|numbers| {
        let _scope = tape::scope();
        let result = row(&shared, &[numbers[0], numbers[1]].map(Value::constant));
        gradient.iter_mut().zip(result.gradient(&shared)).for_each(|(sum, slope)| *sum += slope);
        result.data()
    });
    (results.collect(), gradient)
}

fn assert_near(ours: &[f64], theirs: &[f64], what: &str) {
    let largest = theirs.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= 1e-12 * largest, "{a} is not {b}: {what}");
    }
}

/// A block has at most 79 lines of 8 numbers, and a chunk four blocks: below, at and above their edges, and many.
const COUNTS: [usize; 11] = [1, 2, 7, 631, 632, 633, 2527, 2528, 2529, 20_000, 6 * 2528];

#[test]
fn rows_give_what_values_give_on_any_number_of_threads() {
    let program = program();
    for count in COUNTS {
        let rows = rows(count);
        let (results, gradient) = eager(&rows);
        let sum: f64 = results.iter().sum();
        let mean_gradient: Vec<f64> = gradient.iter().map(|slope| slope / count as f64).collect();
        let run = |threads| {
            let gradient_of = |outputs| {
                let mut batch =
                    Batch::<f64>::gradient(&program, &["row"], outputs, &["shared"]).unwrap().threads(threads);
                batch.run(&[&SHARED, &rows]).unwrap();
                [batch.output(0).to_vec(), batch.output(1).to_vec()]
            };
            let mut each = Batch::<f64>::new(&program, &["row"], Rows::Each).unwrap().threads(threads);
            each.run(&[&SHARED, &rows]).unwrap();
            let ([sum, gradient], [mean, mean_gradient]) = (gradient_of(Rows::Sum), gradient_of(Rows::Mean));
            [each.output(0).to_vec(), sum, gradient, mean, mean_gradient]
        };
        let what = format!("{count} rows");
        let alone = run(1);
        let expected = [results, vec![sum], gradient, vec![sum / count as f64], mean_gradient];
        alone.iter().zip(&expected).for_each(|(ours, theirs)| assert_near(ours, theirs, &what));
        for threads in [2, 3, 9] {
            assert_eq!(run(threads), alone, "{what} on {threads} threads");
        }
    }
}

#[test]
fn a_batch_serves_one_number_of_rows_after_the_other() {
    let program = program();
    let mut batch = Batch::<f64>::gradient(&program, &["row"], Rows::Sum, &["shared"]).unwrap().threads(2);
    let (mut value, mut gradient) = ([0.0], [0.0; 3]);
    for count in COUNTS.into_iter().chain(COUNTS.into_iter().rev()) {
        let rows = rows(count);
        let (results, expected) = eager(&rows);
        batch.run_into(&[&SHARED, &rows], &mut [&mut value, &mut gradient]).unwrap();
        assert_near(&value, &[results.iter().sum()], &format!("{count} rows"));
        assert_near(&gradient, &expected, &format!("{count} rows"));
    }
}

#[test]
fn single_precision_is_near() {
    let rows = rows(10_000);
    let (results, _) = eager(&rows);
    let mut batch = Batch::<f32>::new(&program(), &["row"], Rows::Each).unwrap().threads(2);
    let [shared, rows] = [&SHARED[..], &rows].map(|numbers| numbers.iter().map(|x| *x as f32).collect::<Vec<_>>());
    batch.run(&[&shared, &rows]).unwrap();
    for (ours, theirs) in batch.output(0).iter().zip(&results) {
        assert!((f64::from(*ours) - theirs).abs() < 1e-5, "{ours} is not {theirs}");
    }
}

#[test]
fn the_first_row_that_takes_the_other_branch_is_told_on_any_number_of_threads() {
    let branch = |x: &[Value]| if x[0] < x[1] { x[0] * 2.0 } else { x[1] * 3.0 };
    let program = Program::record(&[1.0, 2.0], branch).unwrap();
    for bad in [&[0][..], &[631], &[632, 4000], &[19_999], &[7000, 12_000, 19_000]] {
        let mut rows: Vec<f64> = (0..20_000).flat_map(|number| [f64::from(number), f64::from(number) + 0.5]).collect();
        bad.iter().for_each(|number| rows.swap(2 * number, 2 * number + 1));
        for threads in [1, 2, 5] {
            let mut batch = Batch::<f64>::new(&program, &["x"], Rows::Each).unwrap().threads(threads);
            match batch.run(&[&rows]) {
                Err(Error::Guard { row, expected, .. }) => assert_eq!((row, expected), (Some(bad[0]), true)),
                other => panic!("{other:?} for {bad:?} on {threads} threads"),
            }
            // It goes on after a failure.
            let good = [1.0, 2.0, 3.0, 4.0];
            batch.run(&[&good]).unwrap();
            assert_eq!(batch.output(0), [2.0, 6.0]);
        }
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let program = program();
    let error = |result: chainrule::Result<()>| result.unwrap_err().to_string();
    let made = |per_row: &[&str], outputs, by: &[&str]| {
        error(Batch::<f64>::gradient(&program, per_row, outputs, by).map(|_| ()))
    };
    assert_tells(&made(&["rows"], Rows::Sum, &[]), &["rows"]);
    assert_tells(&made(&["row"], Rows::Sum, &["row"]), &["row", "the same for all rows"]);
    assert_tells(&made(&["row"], Rows::Each, &["shared"]), &["the sum or the mean of the rows", "each row"]);
    let mut batch = Batch::<f64>::new(&program, &["row"], Rows::Sum).unwrap();
    assert_tells(&error(batch.run(&[&SHARED])), &["inputs", "2 groups", "1"]);
    assert_tells(&error(batch.run(&[&SHARED[..2], &[1.0, 2.0]])), &["shared", "3 numbers", "2"]);
    assert_tells(&error(batch.run(&[&SHARED, &[1.0, 2.0, 3.0]])), &["row", "rows of 2 numbers", "3 numbers"]);
    assert_tells(&error(batch.run(&[&SHARED, &[]])), &["row", "rows of 2 numbers", "0 numbers"]);
    assert_tells(&error(batch.run_into(&[&SHARED, &[1.0, 2.0]], &mut [&mut [0.0; 2]])), &["1 number", "2"]);
    assert_tells(&error(batch.run_into(&[&SHARED, &[1.0, 2.0]], &mut [])), &["outputs", "1", "0"]);
    let both = Batch::<f64>::new(&program, &["shared", "row"], Rows::Sum).unwrap().run(&[&[1.0; 6], &[1.0; 2]]);
    assert_tells(&error(both), &["row", "2 rows", "1 row"]);
    let none = Batch::<f64>::new(&program, &[], Rows::Sum).unwrap().run(&[&SHARED, &[1.0; 2]]);
    assert_tells(&error(none), &["a group of inputs that is another one in each row"]);
}

/// One line that has all of these words.
fn assert_tells(message: &str, words: &[&str]) {
    assert!(!message.contains('\n') && words.iter().all(|word| message.contains(word)), "{message}: {words:?}");
}
