//! Operations of the user's own in programs.

use chainrule::check::gradcheck;
use chainrule::derivatives::{Custom, gradient, hessian, straight_through};
use chainrule::program::{Batch, Derivatives, InstructionSet, Machine, Recorder, Rows, Step};
use chainrule::{Program, Scalar, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// The product, the quotient and the squared length of two numbers.
static OUTSIDE: LazyLock<Custom> = LazyLock::new(|| {
    let value = |x: &[f64]| vec![x[0] * x[1], x[0] / x[1], x[0] * x[0] + x[1] * x[1]];
    let jacobian =
        |x: &[f64], y: &[f64]| vec![vec![x[1], x[0]], vec![1.0 / x[1], -y[1] / x[1]], vec![2.0 * x[0], 2.0 * x[1]]];
    Custom::new("outside", value, jacobian)
});

fn outside<N: Scalar>(x: &[N]) -> Vec<N> {
    OUTSIDE.call(x).unwrap()
}

/// The same in operations of the table.
fn inside<N: Scalar>(x: &[N]) -> Vec<N> {
    vec![x[0] * x[1], x[0] / x[1], x[0] * x[0] + x[1] * x[1]]
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} for {expected}");
    }
}

/// What a program computes, the same on all instruction sets, and nearly so in `f32`.
fn run(program: &Program, inputs: &[&[f64]]) -> Vec<f64> {
    let expected = program.eval(inputs).unwrap();
    for instruction_set in InstructionSet::available() {
        let mut outputs = expected.clone();
        let mut slices: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        Machine::with_instruction_set(program, instruction_set).call(inputs, &mut slices).unwrap();
        assert_near(&outputs.concat(), &expected.concat());
    }
    let inputs: Vec<Vec<f32>> = inputs.iter().map(|group| group.iter().map(|x| *x as f32).collect()).collect();
    let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
    let mut outputs: Vec<Vec<f32>> = expected.iter().map(|group| vec![0.0; group.len()]).collect();
    let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    Machine::<f32>::new(program).call(&inputs, &mut slices).unwrap();
    for (found, expected) in outputs.concat().iter().zip(expected.concat()) {
        assert!((f64::from(*found) - expected).abs() <= 1e-4 * expected.abs().max(1.0), "{found} for {expected}");
    }
    expected.concat()
}

/// Holds the program of a function, and its derivatives backward and forward, against the values.
fn compare(function: impl Fn(&[Value]) -> Vec<Value>, points: &[&[f64]]) -> Program {
    let program = Program::record(points[0], &function).unwrap();
    let exact = Recorder::exact().record(&[("x", points[0])], |x| function(&x[0])).unwrap();
    let derivatives = [&program, &exact].map(|program| (program.vjp().unwrap(), program.jvp().unwrap()));
    for point in points {
        let x: Vec<Value> = point.iter().map(|x| Value::new(*x)).collect();
        let results = function(&x);
        let values: Vec<f64> = results.iter().map(|result| result.data()).collect();
        let adjoints: Vec<f64> = (0..results.len()).map(|number| (number as f64 + 0.5).sin()).collect();
        let gradient = results.iter().zip(&adjoints).map(|(y, adjoint)| y * adjoint).sum::<Value>().gradient(&x);
        let slope: f64 = gradient.iter().zip(*point).map(|(slope, x)| slope * x).sum();
        assert_near(&run(&program, &[point]), &values);
        assert_eq!(exact.eval(&[point]).unwrap().concat(), values);
        for (vjp, jvp) in &derivatives {
            assert_near(&run(vjp, &[point, &adjoints])[values.len()..], &gradient);
            let tangents = &run(jvp, &[point, point])[values.len()..];
            assert_near(&[tangents.iter().zip(&adjoints).map(|(t, adjoint)| t * adjoint).sum()], &[slope]);
        }
    }
    program
}

#[test]
fn a_program_calls_what_was_recorded() {
    let points: [&[f64]; 2] = [&[0.6, -1.5], &[-2.0, 0.3]];
    compare(outside, &points);
    compare(|x| vec![outside(x)[1]], &points);
    compare(|x| outside(&[x[0].sin(), x[1] * x[0]]).iter().map(|y| y.tanh() + x[0]).collect(), &points);
    compare(|x| outside(&outside(x)[1..]), &points);
    compare(|x| vec![outside(&[x[1], x[1]]).into_iter().sum(), outside(&[x[0], 2.0.into()])[0]], &points);
}

#[test]
fn calls_of_one_depth_are_one_loop() {
    let rows: Vec<f64> = (0..40).map(|x| f64::from(x).cos()).collect();
    let program = compare(|x| x.chunks(2).map(|x| outside(x).into_iter().sum()).collect(), &[&rows]);
    let page = program.explain().to_string();
    assert!(page.contains("call   v1 [20 x 3] = outside(x [20 x 2])"), "{page}");
    let gradient = Program::record(&rows, |x| x.chunks(2).map(|x| outside(x)[0]).sum::<Value>()).unwrap().gradient();
    let page = gradient.unwrap().explain().to_string();
    assert!(page.contains("= d(outside(x [20 x 2])) / d(x [20 x 2])"), "{page}");
    // In loops that are deeper than those around a call, and in none.
    compare(
        |x| {
            let triples = (0..4).flat_map(|i| (0..3).flat_map(move |j| (0..2).map(move |k| [i * 7 + j, 30 + 3 * k])));
            triples.map(|[a, b]| outside(&[x[a], x[b]])[1]).collect()
        },
        &[&rows],
    );
    compare(|x| [5, 17, 4, 3].iter().map(|i| outside(&[x[*i], x[i * i % 40]])[1]).collect(), &[&rows]);
}

#[test]
fn a_recurrence_of_calls_is_a_repeat() {
    let step = |state: Value, x: &[Value]| (outside(&[state, x[1]])[0] * 0.5).tanh() + x[0];
    let program = compare(|x| vec![(0..50).fold(x[0], |state, _| step(state, x))], &[&[0.6, 1.5], &[0.2, 1.1]]);
    assert!(
        program.steps().iter().any(|step| matches!(step, Step::Repeat { trips: 40.., .. })),
        "{}",
        program.explain()
    );
}

#[test]
fn a_machine_is_as_before_when_an_operation_has_panicked() {
    let careful =
        Custom::new("careful", |x| vec![if x[0] < 9.0 { x[0] } else { panic!("too large") }], |_, _| vec![vec![1.0]]);
    let step = |x: Value, _| careful.call(&[x * 1.0625]).unwrap()[0].sin() + x;
    let program = Program::record(&[0.1], |x| (0..50).fold(x[0], step)).unwrap();
    assert!(program.steps().iter().any(|step| matches!(step, Step::Repeat { .. })));
    let mut machine = Machine::<f64>::new(&program);
    let mut value_at = |x: f64| {
        machine.inputs_mut()[0] = x;
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| machine.run()))
            .ok()
            .map(|_| machine.output(0).collect::<Vec<_>>())
    };
    let expected = value_at(0.3);
    assert!(expected.is_some());
    assert_eq!([value_at(7.9), value_at(0.3)], [None, expected]);
}

#[test]
fn each_row_of_a_batch_is_a_call() {
    let shared: (&str, &[f64]) = ("scale", &[2.0]);
    let record = |function: fn(&[Value]) -> Vec<Value>| {
        let loss = |x: &[Vec<Value>]| function(&[x[1][0] * x[0][0], x[1][1]]).into_iter().sum::<Value>();
        Program::record_groups(&[shared, ("row", &[1.0, 2.0])], loss).unwrap()
    };
    let rows: Vec<f64> = (0..2000).map(|x| f64::from(x).sin() + 1.5).collect();
    let run = |program: &Program, threads: usize| {
        let mut batch = Batch::<f64>::gradient(program, &["row"], Rows::Mean, &["scale"]).unwrap().threads(threads);
        batch.run(&[&[0.7], &rows]).unwrap();
        [batch.output(0), batch.output(1)].concat()
    };
    let (outside, inside) = (record(outside), record(inside));
    assert_near(&run(&outside, 1), &run(&inside, 1));
    assert_eq!(run(&outside, 1), run(&outside, 3));
    let each = |program: &Program| {
        let mut batch = Batch::<f64>::new(program, &["row"], Rows::Each).unwrap();
        batch.run(&[&[0.7], &rows]).unwrap();
        batch.output(0).to_vec()
    };
    assert_near(&each(&outside), &each(&inside));
    // Rows of rows: more loops than are left around a call.
    let [found, expected] = [&outside, &inside].map(|program| {
        let twice = program.over_rows(&["row"], 5, Rows::Sum).unwrap().over_rows(&["row"], 4, Rows::Each).unwrap();
        let thrice = twice.over_rows(&["row", "scale"], 2, Rows::Each).unwrap();
        thrice.eval(&[&[0.7, 0.2], &rows[..80]]).unwrap().concat()
    });
    assert_near(&found, &expected);
}

#[test]
fn all_results_depend_on_all_operands() {
    let program = Program::record(&[1.0; 6], |x| [outside(&x[..2]), outside(&[x[5], x[4]])].concat()).unwrap();
    let pattern = program.jacobian_pattern().unwrap();
    let rows: Vec<Vec<u32>> = (0..6).map(|row| pattern.row(row).to_vec()).collect();
    assert_eq!(rows, [[0, 1], [0, 1], [0, 1], [4, 5], [4, 5], [4, 5]]);
    let x = [0.3, 0.6, 0.9, -0.3, -0.6, -0.9];
    let mut derivatives = Derivatives::<f64>::of(&program);
    let mut dense = [0.0; 36];
    derivatives.jacobian(&x, &mut dense).unwrap();
    let sparse = derivatives.sparse_jacobian(&x).unwrap();
    assert_eq!(sparse.triplets().count(), 12);
    for (row, column, value) in sparse.triplets() {
        assert_eq!(value, dense[row * 6 + column]);
    }
}

#[test]
fn derivatives_within_a_program_are_calls_too() {
    let slopes = |f: fn(&[Value]) -> Vec<Value>| {
        move |x: &[Value]| {
            gradient(|y| f(y)[1] * f(&[y[0], x[2]])[0], &x[..2]).iter().map(|slope| slope * x[2]).collect()
        }
    };
    let program = Program::record(&[0.5, 2.0, 3.0], slopes(outside)).unwrap();
    let expected = Program::record(&[0.5, 2.0, 3.0], slopes(inside)).unwrap();
    let point: [&[f64]; 1] = [&[0.7, -1.2, 0.4]];
    assert_near(&run(&program, &point), &run(&expected, &point));
    let [exact, exactly] = [slopes(outside), slopes(inside)].map(|f| {
        let exact = Recorder::exact().record(&[("x", &[0.5, 2.0, 3.0])], |x| -> Vec<Value> { f(&x[0]) }).unwrap();
        exact.eval(&point).unwrap().concat()
    });
    assert_near(&exact, &exactly);
}

#[test]
fn second_derivatives_are_refused_by_name() {
    let program = Program::record(&[1.0, 2.0], |x| outside(x)[2]).unwrap();
    let expected = "second derivatives of `outside`: expected an operation whose derivatives have derivatives, found one of \
                    your own";
    assert_eq!(program.gradient().unwrap().jvp().unwrap_err().to_string(), expected);
    let mut derivatives = Derivatives::<f64>::of(&program);
    assert_eq!(derivatives.hessian(&[1.0, 2.0], &mut [0.0; 4]).unwrap_err().to_string(), expected);
    assert_eq!(program.hessian_pattern().unwrap_err().to_string(), expected);
    let recorded = Program::record(&[1.0, 2.0], |x| gradient(|x| outside(x)[2], x)).unwrap();
    assert_eq!(recorded.jvp().unwrap_err().to_string(), expected);
    // By what the operands do not depend on, they are known.
    let program = Program::record_groups(&[("x", &[1.0]), ("y", &[2.0])], |x| {
        outside(&[x[0][0], 2.0.into()])[0] * x[1][0].powi(2)
    });
    let mut derivatives = Derivatives::<f64>::by(&program.unwrap(), &["y"]).unwrap();
    let mut hessian = [0.0];
    derivatives.hessian(&[3.0, 2.0], &mut hessian).unwrap();
    assert_eq!(hessian, [12.0]);
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_operation() {
    let growing = Custom::new(
        "growing",
        |x| vec![x[0]; if x[0] > 2.0 { 3 } else { 2 }],
        |x, y| vec![vec![1.0]; if x[0] < 0.0 { 0 } else { y.len() }],
    );
    let program = Program::record(&[1.0], |x| growing.call(x).unwrap().into_iter().sum::<Value>()).unwrap();
    let message = "results of `growing`: expected 2 numbers, as when the program was recorded, found 3";
    assert_eq!(program.eval(&[&[5.0]]).unwrap_err().to_string(), message);
    let mut machine = Machine::<f32>::new(&program);
    machine.inputs_mut()[0] = 5.0;
    assert_eq!(machine.run().unwrap_err().to_string(), message);
    // A run that failed does not spoil the next.
    machine.inputs_mut()[0] = 1.5;
    machine.run().unwrap();
    assert_eq!(machine.output(0).collect::<Vec<_>>(), [3.0]);
    let exact = Recorder::exact().record(&[("x", &[1.0])], |x| growing.call(&x[0]).unwrap()).unwrap();
    assert_eq!(exact.eval(&[&[5.0]]).unwrap_err().to_string(), message);
    let mut batch = Batch::<f64>::new(&program, &["x"], Rows::Each).unwrap();
    assert_eq!(batch.run(&[&[1.0, 5.0, 1.0]]).unwrap_err().to_string(), message);
    let gradient = program.value_and_gradient(&[&[-1.0]]).unwrap_err().to_string();
    assert_eq!(gradient, "jacobian of `growing`: expected 2 rows, one for each result, found 0");
}

#[test]
fn a_program_that_calls_stays_in_this_process() {
    let program = Program::record(&[1.0, 2.0], |x| outside(x)[0]).unwrap();
    let refusal = |purpose| {
        format!("program: expected operations of the table alone, {purpose}, found `outside`, an operation of your own")
    };
    assert_eq!(program.to_c("f").unwrap_err().to_string(), refusal("to be written in C"));
    assert_eq!(program.gradient().unwrap().to_rust("f").unwrap_err().to_string(), refusal("to be written in Rust"));
    #[cfg(feature = "save")]
    {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program.json");
        assert_eq!(program.save_json(&path).unwrap_err().to_string(), refusal("to be saved"));
        assert!(!path.exists());
    }
    fn is_shared<T: Send + Sync + Clone + PartialEq>(_: &T) {}
    is_shared(&program);
    assert_eq!(program, program.clone());
    assert_eq!(program, Program::record(&[1.0, 2.0], |x| outside(x)[0]).unwrap());
    let other = Custom::new("outside", |x| vec![x[0]], |_, _| vec![vec![1.0, 0.0]]);
    assert_ne!(program, Program::record(&[1.0, 2.0], |x| other.call(x).unwrap()[0]).unwrap());
}

#[test]
fn solutions_are_found_anew_in_every_run() {
    let kepler = Custom::root("angle", |x, p| x[0] - p[1] * x[0].sin() - p[0], &[1.0]);
    let heron = Custom::fixed_point("root", |x, p| (x[0] + p[0] / x[0]) / 2.0, &[1.0]);
    let lowest = Custom::argmin("lowest", |x, p| (x[0] - p[0]).powi(2) + p[1] * x[0].powi(4), &[0.0]);
    let cube = Custom::implicit("cube root", |p| vec![p[0].cbrt()], |x, p| x[0].powi(3) - p[0]);
    let all = |x: &[Value]| {
        let of = |operation: &Custom, x: &[Value]| operation.call(x).unwrap()[0];
        vec![of(&kepler, x), of(&heron, &[x[0] + x[1]]), of(&lowest, x), of(&cube, &[x[0] * x[1]])]
    };
    compare(all, &[&[0.8, 0.1], &[1.2, 0.4]]);
    gradcheck(all, &[0.8, 0.1]).unwrap();
    let none = Custom::root("none", |x, p| x[0] * x[0] + p[0], &[0.5]);
    let program = Program::record(&[-1.0], |p| none.call(p).unwrap()[0]).unwrap();
    assert_near(&program.eval(&[&[-4.0]]).unwrap()[0], &[2.0]);
    let message = program.eval(&[&[1.0]]).unwrap_err().to_string();
    assert!(message.starts_with("root of `none` did not converge"), "{message}");
}

#[test]
fn a_straight_way_through_an_operation_of_your_own_is_its_value_alone() {
    let rounding = Custom::new("rounding", |x| vec![x[0].round()], |_, _| vec![vec![f64::NAN]]);
    let function = |x: &[Value]| vec![straight_through(x[0], |x| rounding.call(&[x]).unwrap()[0]) * x[1]];
    compare(function, &[&[1.8, 2.0], &[-0.3, 3.0]]);
}

#[test]
fn an_operation_is_dropped_with_the_last_that_knows_it() {
    let alive = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            // What a user has written may use values when it is dropped.
            assert_eq!((Value::new(1.0) * 2.0).data(), 2.0);
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let counted = Counted(alive.clone());
    let program = {
        let _scope = chainrule::tape::scope();
        let double = move |x: &[f64]| {
            let _ = &counted;
            vec![2.0 * x[0]]
        };
        let operation = Custom::new("double", double, |_, _| vec![vec![2.0]]);
        let x = Value::new(3.0);
        Program::of(&operation.call(&[x]).unwrap(), &[x]).unwrap()
    };
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert_eq!(program.eval(&[&[4.0]]).unwrap(), [[8.0]]);
    drop(program);
    assert_eq!(alive.load(Ordering::Relaxed), 1);
    let counted = Counted(alive.clone());
    let mut scope = chainrule::tape::scope();
    let operation = Custom::new("same", move |x| vec![x[0], (&counted.0, 1.0).1], |_, _| vec![vec![1.0]; 2]);
    let x = Value::new(3.0);
    let mut kept = [x + 1.0];
    operation.call(&[x]).unwrap();
    drop(operation);
    assert_eq!(alive.load(Ordering::Relaxed), 1, "the tape knows it");
    scope.keep(&mut kept);
    assert_eq!(alive.load(Ordering::Relaxed), 2);
}

#[test]
fn second_derivatives_of_values_are_not_a_number_by_what_varies() {
    assert!(hessian(|x| outside(x)[2], &[3.0, 1.0])[0][0].is_nan());
}
