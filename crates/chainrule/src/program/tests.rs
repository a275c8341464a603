//! Programs against the values that they were recorded from.

use super::*;
use crate::derivatives::Custom;
use crate::tape::{Graph, Kind};
use crate::{Op, RngExt};
use crate::{Value, rng};
use std::sync::LazyLock;

/// What a program computes from these inputs, which has to be the same whatever runs it.
fn run(program: &Program, inputs: &[f64]) -> Vec<f64> {
    let results = interpreted(program, inputs);
    for instruction_set in InstructionSet::available() {
        let mut machine = Machine::<f64>::with_instruction_set(program, instruction_set);
        machine.inputs_mut().copy_from_slice(inputs);
        machine.run().unwrap();
        let outputs = 0..program.outputs.len();
        assert_close(&outputs.flat_map(|group| machine.output(group)).collect::<Vec<_>>(), &results, program);
    }
    results
}

fn interpreted(program: &Program, inputs: &[f64]) -> Vec<f64> {
    let mut slots = vec![f64::NAN; program.slots as usize];
    slots[..inputs.len()].copy_from_slice(inputs);
    interpret(program, &mut slots).unwrap();
    program.outputs.iter().flat_map(|output| output.slots.clone()).flatten().map(|slot| slots[slot as usize]).collect()
}

fn assert_close(ours: &[f64], theirs: &[f64], program: &Program) {
    assert_eq!(ours.len(), theirs.len(), "{program:#?}");
    for (a, b) in ours.iter().zip(theirs) {
        let is_close = (a - b).abs() <= 1e-12 * b.abs().max(1.0) || a == b || (a.is_nan() && b.is_nan());
        assert!(is_close, "{a} is not {b} in {program:#?}");
    }
}

/// Records at one point, and compares at others.
fn compare<const N: usize, R: Results>(points: [[f64; N]; 2], function: impl Fn(&[Value]) -> R) -> Program {
    let program = Program::record(&points[0], &function).unwrap();
    let gradients = {
        let total = |x: &[Value]| {
            let results = function(x).groups().into_iter().flat_map(|(_, values)| values);
            results.zip(1..).map(|(value, weight)| value * f64::from(weight)).sum::<Value>()
        };
        let [program, exact] = [Recorder::default(), Recorder::exact()].map(|recorder| {
            recorder.record(&[("x", &points[0])], |inputs| total(&inputs[0])).unwrap().gradient().unwrap()
        });
        (program, exact, total)
    };
    for point in points {
        let inputs = point.map(Value::new);
        let (program, exact, total) = &gradients;
        let expected = total(&inputs).gradient(&inputs);
        let largest = expected.iter().fold(1e-300, |largest, x: &f64| x.abs().max(largest));
        let relative = |numbers: &[f64]| numbers.iter().map(|x| x / largest).collect::<Vec<_>>();
        assert_close(&relative(&run(program, &point)[1..]), &relative(&expected), program);
        assert_eq!(run(exact, &point)[1..], expected, "{exact:#?}");
    }
    let exact = Recorder::exact().record(&[("x", &points[0])], |inputs| function(&inputs[0])).unwrap();
    for point in points {
        let inputs = point.map(Value::new);
        let results = function(&inputs).groups().into_iter().flat_map(|(_, values)| values);
        let expected: Vec<f64> = results.map(|value| value.data()).collect();
        assert_close(&run(&program, &point), &expected, &program);
        let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&run(&exact, &point)), bits(&expected));
    }
    program
}

#[test]
fn a_program_computes_what_was_recorded() {
    compare([[2.0, 3.0], [-1.0, 0.5]], |x| x[0] * x[1] + 1.0);
    compare([[2.0, 3.0], [-1.0, 0.5]], |x| [x[0] - x[1], -x[0], x[0] / x[1], (x[0] - x[1]).powi(3)]);
    compare([[2.0, 3.0], [1.0, 0.5]], |x| (x[0] * 2.0 - (x[1] - x[0] * x[1] * 3.0 - 4.0)).tanh() + x[0].ln());
    compare([[2.0, 3.0], [1.0, 0.5]], |x| Value::mean(&[x[0], x[1], x[0] * x[1]]) - Value::sum(&[x[0], 1.0.into()]));
    compare([[2.0, 3.0, 4.0], [1.0, 0.5, -3.0]], |x| Value::dot(&[x[0], 2.0.into(), x[2]], &[x[1], x[1], 3.0.into()]));
    compare([[2.0, 3.0, 4.0], [1.0, 0.5, -3.0]], |x| [Value::maximum(x), Value::log_sum_exp(x), Value::product(x)]);
}

#[test]
fn an_input_or_twice_the_same_can_be_results() {
    compare([[2.0, 3.0], [-1.0, 0.5]], |x| [x[1], x[0] * x[1], x[0] * x[1], x[1]]);
}

#[test]
fn neurons_are_one_loop() {
    let program = compare([[0.5; 4], [-0.25; 4]], |x| {
        (0..100).map(|row| (x[0] * f64::from(row) + x[1] * 0.5 + x[2]).relu() * x[3]).collect::<Vec<_>>()
    });
    assert!(program.steps.len() <= 4, "{:#?}", program.steps);
}

#[test]
fn a_choice_by_an_index_serves_every_index() {
    compare([[0.5, 2.0, 3.0, 1.0], [1.5, -2.0, 7.0, 2.0]], |x| {
        let row = Value::lookup(x[3], &x[..3]);
        let constants = Value::lookup(x[3], &[0.25.into(), 0.5.into(), 4.0.into()]);
        let mixed = Value::lookup(x[3], &[x[2] * x[1], 0.5.into(), x[0], x[0]]);
        [row * x[0], constants * x[1], mixed]
    });
    // A table of rows, as an embedding is.
    compare([[1.0; 43], std::array::from_fn(|i| if i < 40 { i as f64 } else { (i % 3) as f64 })], |x| {
        let rows: Vec<Vec<Value>> = x[..40].chunks(8).map(<[Value]>::to_vec).collect();
        let column = |i: usize| rows.iter().map(|row| row[i]).collect::<Vec<Value>>();
        let turns = x[40..].iter().flat_map(|token| (0..8).map(move |i| (token, i)));
        let embedded: Vec<Value> = turns.map(|(token, i)| Value::lookup(*token, &column(i))).collect();
        embedded.iter().map(|e| e * e).collect::<Vec<_>>()
    });
}

#[test]
fn what_does_not_pass_a_gradient_on_is_computed_anew() {
    compare([[2.0, 3.0], [-1.0, 0.5]], |x| x[0].stop_gradient() * x[1]);
}

#[test]
fn a_comparison_is_a_guard() {
    let branch = |x: &[Value]| if x[0] < x[1] { x[0] * 2.0 } else { x[1] * 3.0 };
    let program = Program::record(&[1.0, 2.0], branch).unwrap();
    let [guard] = &program.guards[..] else { panic!("{:?}", program.guards) };
    assert!(guard.expected);
    assert!(guard.comparison.starts_with("a < b at "), "{}", guard.comparison);
    let condition = |x: [f64; 2]| {
        let mut slots = vec![0.0; program.slots as usize];
        slots[..2].copy_from_slice(&x);
        interpret(&program, &mut slots).unwrap();
        slots[guard.slot as usize]
    };
    assert_eq!((condition([1.0, 2.0]), condition([2.0, 1.0])), (1.0, 0.0));
}

/// A step of the classical Runge-Kutta method for a chain of coupled oscillators.
fn runge_kutta_step(y: &[Value], h: f64) -> Vec<Value> {
    let derivative = |y: &[Value]| -> Vec<Value> {
        let n = y.len() / 2;
        let pull = |i: usize| y[(i + 1) % n] - y[i] * 2.0 + y[(i + n - 1) % n] - y[i].powi(3) * 0.1;
        (0..n).map(|i| y[n + i]).chain((0..n).map(pull)).collect()
    };
    let ahead = |k: &[Value], h: f64| -> Vec<Value> { y.iter().zip(k).map(|(y, k)| y + k * h).collect() };
    let k1 = derivative(y);
    let k2 = derivative(&ahead(&k1, h / 2.0));
    let k3 = derivative(&ahead(&k2, h / 2.0));
    let k4 = derivative(&ahead(&k3, h));
    (0..y.len()).map(|i| y[i] + (k1[i] + k2[i] * 2.0 + k3[i] * 2.0 + k4[i]) * (h / 6.0)).collect()
}

#[test]
fn steps_that_depend_on_each_other_are_a_repeat() {
    let simulate = |steps: usize| {
        move |x: &[Value]| {
            let (mut y, mut total) = (x.to_vec(), Value::constant(0.0));
            for _ in 0..steps {
                y = runge_kutta_step(&y, 0.01);
                total += y[0] * y[0];
            }
            vec![total, y[3]]
        }
    };
    let points = [[(); 32].map(|()| 0.1), std::array::from_fn(|i| (i as f64).sin())];
    let [short, long] = [20, 200].map(|steps| compare(points, simulate(steps)).steps);
    let is_repeat = |step: &&Step| matches!(step, Step::Repeat { .. });
    assert!(long.iter().any(|step| is_repeat(&step)), "{long:#?}");
    assert_eq!(short.len(), long.len(), "the program does not grow with the number of steps");
}

/// Three results of three operands, from outside.
static OUTSIDE: LazyLock<Custom> = LazyLock::new(|| {
    let value = |x: &[f64]| vec![(x[0] + x[1]) * 0.5, (x[0] * x[1]).sin(), x[0] * x[2]];
    let jacobian = |x: &[f64], _: &[f64]| {
        let slope = (x[0] * x[1]).cos();
        vec![vec![0.5, 0.5, 0.0], vec![x[1] * slope, x[0] * slope, 0.0], vec![x[2], 0.0, x[0]]]
    };
    Custom::new("outside", value, jacobian)
});

/// An expression of random operations over inputs and constants between -2 and 2, with shared nodes. What is compared has
/// odd distances, so that rounding decides nothing.
fn random_expression(seed: u64, x: &[Value]) -> Vec<Value> {
    let mut rng = rng(seed);
    // Each value, and what its magnitude stays below: what might grow too large is held small.
    let mut values: Vec<(Value, f64)> = x.iter().map(|x| (*x, 2.0)).collect();
    let reach = [4, 20, 1000][rng.random_range(0..3)];
    let has_constants = rng.random_bool(0.5);
    for _ in 0..rng.random_range(1..120) {
        let mut pick = || {
            if has_constants && rng.random_bool(0.2) {
                return (Value::constant(rng.random_range(-1..3).into()), 2.0);
            }
            values[rng.random_range(values.len().saturating_sub(reach)..values.len())]
        };
        let ((a, a_bound), (b, b_bound), (c, c_bound)) = (pick(), pick(), pick());
        let picked = [pick(), pick(), pick(), pick(), pick()];
        let slice = picked.map(|(value, _)| value);
        let bound = a_bound + b_bound + c_bound + picked.map(|(_, bound)| bound).iter().sum::<f64>();
        let (value, bound) = match rng.random_range(0..21) {
            0..4 => (a + b, bound),
            4 => (a - b, bound),
            5..8 => (a * b, bound * bound),
            8 => ((a * b + c).tanh(), 1.0),
            9 => ((a + b + c + 0.0137).relu(), bound),
            10 => (-a, bound),
            11 => (a.sin(), 1.0),
            12 => (Value::sum(&slice) * 0.5, bound),
            13 => (Value::mean(&slice), bound),
            14 => (Value::dot(&slice[..2], &slice[2..4]) + c, bound * bound),
            15 => (Value::maximum(&[slice[0], slice[1] + 0.0271, slice[2] - 0.0119]), bound),
            16 => (Value::log_sum_exp(&slice[..3]), bound),
            17 => (a.less(b + 0.0173).select(c, a), bound),
            18 => (a.powi(2) * 0.1, bound * bound),
            19 => {
                let results = OUTSIDE.call(&[a, b, 0.25.into()]).unwrap();
                values.push((results[0], bound));
                (results[2] - results[1], bound + 1.0)
            }
            _ => (a.max(b - 0.0157), bound),
        };
        values.push(if bound > 1e3 { (value.tanh(), 1.0) } else { (value, bound) });
    }
    let last = values[values.len() - 1].0;
    let some = values[rng.random_range(0..values.len())].0;
    // Results that are constants are refused.
    vec![last + x[0] * 0.1, some * x[1], x[0] + 0.0]
}

#[test]
fn random_expressions_keep_their_values() {
    for seed in 0..3000 {
        compare([[0.3, -0.7, 1.1], [-0.3, 0.9, 0.2]], |x| random_expression(seed, x));
    }
}

/// A loop over rows and neurons with random shapes, in scalar code.
fn random_loops(seed: u64, x: &[Value]) -> Vec<Value> {
    let mut rng = rng(seed);
    let rows = rng.random_range(1..7);
    let mut widths: Vec<usize> = (0..rng.random_range(2..4)).map(|_| rng.random_range(1..5)).collect();
    widths[0] = 2;
    let is_ragged = rng.random_bool(0.3);
    let mut total = Value::constant(0.0);
    for row in 0..rows {
        let mut activations = vec![Value::constant(rng.random_range(-1.0..1.0)), x[row % x.len()]];
        let mut parameter = 0;
        for width in &widths[1..] {
            let terms = if is_ragged { 1 + row % activations.len() } else { activations.len() };
            let neuron = |_| {
                let mut sum = x[parameter % x.len()];
                for activation in &activations[..terms] {
                    parameter += 1;
                    sum += x[parameter % x.len()] * activation;
                }
                parameter += 1;
                sum.tanh()
            };
            activations = (0..*width).map(neuron).collect();
        }
        total += activations[0] * f64::from(row as u32);
    }
    vec![total + x[0]]
}

#[test]
fn random_loops_keep_their_values() {
    for seed in 0..500 {
        let mut rng = rng(seed);
        let points = [(); 2].map(|()| [(); 60].map(|()| rng.random_range(-1.0..1.0)));
        compare(points, |x| random_loops(seed, x));
    }
}

/// Nodes that are alike, one after the other, and now and then one that is not.
fn random_families(seed: u64, x: &[Value]) -> Vec<Value> {
    let mut rng = rng(seed);
    let mut values = x.to_vec();
    // A leaf that is no input is a constant.
    values.push(Value::new(0.625));
    let mut layer = x.to_vec();
    for _ in 0..rng.random_range(1..7) {
        let rows = rng.random_range(3..10);
        let (start, other) = (rng.random_range(0..layer.len()), rng.random_range(0..values.len()));
        let (distance, stride) = (rng.random_range(0..4), rng.random_range(1..3));
        let terms = rng.random_range(1..5);
        let odd = rng.random_range(0..3 * rows);
        let kind = rng.random_range(0..12);
        let near = |place: usize| layer[place % layer.len()];
        let far = |place: usize| values[place % values.len()];
        let mut made = Vec::new();
        for row in 0..rows {
            let at = if row == odd { 1 } else { start + row * distance };
            let factor = if row == odd { 0.25 } else { 0.5 };
            let these: Vec<Value> = (0..terms + usize::from(row == odd)).map(|term| near(at + term * stride)).collect();
            let others: Vec<Value> =
                (0..these.len()).map(|term| far(other + term + row % 2 * (distance / 2))).collect();
            made.push(match kind {
                0..3 => Value::dot(&these, &others),
                3 => Value::sum(&these),
                4 => near(at) * far(other) - far(other + row),
                5 => far(other + row) - near(at) * factor,
                6 => (near(at) - Value::dot(&these, &others)) * factor,
                7 => Value::mean(&these) + factor,
                8 => Value::maximum(&[these[0], far(other) + 0.0271, near(at + 3) - 0.0119]),
                9 => near(at).powi(if row == odd { 3 } else { 2 }),
                10 => made.last().copied().unwrap_or(far(other)) + near(at),
                _ => Value::lookup(Value::new(1.0), &[these[0], far(other), 0.5.into()]) - near(at),
            });
        }
        if rng.random_bool(0.3) {
            values.extend(made.iter().map(|value| value * 0.125));
        }
        if rng.random_bool(0.7) {
            let function =
                [Value::tanh, Value::sin, |x: Value| -x, |x: Value| (x + 0.0137).relu()][rng.random_range(0..4)];
            made = made.into_iter().map(function).collect();
        }
        layer = made.into_iter().map(Value::tanh).collect();
        values.extend(&layer);
    }
    layer.extend([values[rng.random_range(0..values.len())], Value::sum(&layer)]);
    layer.into_iter().map(|value| value + x[0] * 0.1).collect()
}

#[test]
fn random_families_keep_their_values() {
    for seed in 0..1000 {
        let points = [[0.3, -0.7, 1.1, 0.2, -0.4, 0.8, 0.6], [-0.3, 0.9, 0.2, 0.5, 0.1, -0.6, 0.7]];
        compare(points, |x| random_families(seed, x));
    }
}

#[test]
fn every_operation_of_the_table_can_be_recorded() {
    for op in Op::ALL {
        if matches!(op, Op::Powi | Op::Dot | Op::Lookup) {
            continue;
        }
        let count = op.row().operands.len();
        compare([[0.3, 0.6, 0.9], [0.4, 0.2, 0.8]], |x| {
            let x = if *op == Op::Acosh { [x[0] + 2.0; 3] } else { [x[0], x[1], x[2]] };
            op.apply(&x[..count], 0) + x[0]
        });
    }
}

#[test]
fn what_cannot_be_recorded_is_refused() {
    let message = |result: crate::Result<Program>| result.unwrap_err().to_string();
    assert_eq!(message(Program::record(&[], |_| Value::new(1.0))), "inputs: expected at least one number, found none");
    let constant = message(Program::record(&[1.0], |x| [x[0], Value::constant(2.0)]));
    assert_eq!(constant, "result 2: expected a value that depends on an input, found one that depends on none");
    let other = Value::new(3.0);
    assert!(message(Program::record(&[1.0], |_| other * 2.0)).starts_with("result 1"));
    let changed = message(Program::record(&[1.0, 2.0], |x| {
        x[1].set_data(3.0);
        x[0] * x[1]
    }));
    assert_eq!(changed, "x[1]: expected a number that stays as it is while the program is recorded, found `set_data`");
    let x = Value::new(1.0);
    let y = x * 2.0;
    assert!(message(Program::of(&[y * y], &[y])).contains("a value that was computed"));
    assert!(message(Program::of(&[y * y], &[x, x])).starts_with("input 2"));
}

/// A recording made anew from other leaves, with some operands and operations exchanged: what was regular is so almost
/// everywhere.
fn mutated(graph: &Graph, x: &[Value], seed: u64) -> Value {
    let mut rng = rng(seed);
    let share = [0.0, 0.002, 0.02, 0.2][seed as usize % 4];
    let mut leaves = x.iter();
    let mut values: Vec<Value> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let mut operands: Vec<Value> = node.operands.iter().map(|operand| values[*operand]).collect();
        let value = match node.kind {
            Kind::Constant => Value::constant(node.data),
            Kind::Input | Kind::Parameter => *leaves.next().expect("a leaf for each of the recording"),
            // The index of a lookup stays one.
            Kind::Computed(Op::Lookup) => Op::Lookup.apply(&operands, 0),
            Kind::Computed(op) => {
                if rng.random_bool(share) {
                    let (place, other) = (rng.random_range(0..operands.len()), rng.random_range(0..values.len()));
                    operands[place] = values[other].tanh();
                }
                let op = match op {
                    Op::Add | Op::Sub | Op::Mul if rng.random_bool(share) => {
                        [Op::Add, Op::Sub, Op::Mul, Op::Max][rng.random_range(0..4)]
                    }
                    op => op,
                };
                op.apply(&operands, node.exponent.unwrap_or_default())
            }
        };
        values.push(value);
    }
    values[graph.results[0]]
}

/// Compares the program of a mutated recording with its values, and their gradients, at the point of the recording.
fn compare_mutated(graph: &Graph, numbers: &[f64], seed: u64) {
    let inputs: Vec<Value> = numbers.iter().map(|number| Value::new(*number)).collect();
    let result = mutated(graph, &inputs, seed);
    let expected = result.gradient(&inputs);
    // A power of what became negative, say: infinities and NaN depend on the order of sums.
    if !expected.iter().chain([&result.data()]).all(|x| x.is_finite()) {
        return;
    }
    let program = Program::of(&[result], &inputs).unwrap().gradient().unwrap();
    let found = run(&program, numbers);
    let largest = expected.iter().fold(result.data().abs(), |largest, x| x.abs().max(largest));
    for (found, expected) in found.iter().zip([result.data()].iter().chain(&expected)) {
        let is_close = (found - expected).abs() <= 1e-12 * largest;
        assert!(is_close, "seed {seed}: {found} is not {expected}, the largest is {largest}");
    }
}

#[test]
fn mutated_networks_keep_their_values() {
    let model = crate::nn::Mlp::new(2, &[5, 3, 1], &mut rng(1));
    let parameters = crate::nn::Module::parameters(&model);
    let row = |row: i32| [f64::from(row).sin(), f64::from(row).cos()].map(Value::constant);
    let scores: Vec<Value> = (0..9).map(|number| model.forward(&row(number))[0]).collect();
    let labels: Vec<f64> = (0..9).map(|number| if number % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let graph = Graph::of(&[crate::nn::max_margin(&scores, &labels) + crate::nn::l2(&parameters) * 1e-2]);
    let numbers: Vec<f64> = parameters.iter().map(|parameter| parameter.data()).collect();
    for seed in 0..200 {
        let _scope = crate::tape::scope();
        compare_mutated(&graph, &numbers, seed);
    }
}

#[test]
fn mutated_texts_keep_their_values() {
    let gpt = crate::nn::Gpt { vocabulary: 5, context: 4, width: 4, heads: 2, ..Default::default() };
    let mut rng = rng(3);
    let mut numbers: Vec<f64> = (0..gpt.num_parameters()).map(|_| rng.random_range(-0.3..0.3)).collect();
    numbers.extend([4.0, 1.0, 2.0, 0.0]);
    let leaves: Vec<Value> = numbers.iter().map(|number| Value::new(*number)).collect();
    let (parameters, tokens) = leaves.split_at(gpt.num_parameters());
    // Parameters that no token reaches are in no recording.
    let graph = Graph::of(&[gpt.loss(parameters, tokens) + Value::sum(&leaves) * 0.0]);
    for seed in 0..60 {
        let _scope = crate::tape::scope();
        compare_mutated(&graph, &numbers, seed);
    }
}

/// Where a body is that a sun attracts, at a few times: results at gaps that the tables of others reach across.
#[test]
fn tangents_of_results_between_the_steps_of_a_simulation_are_those_of_eager() {
    fn sights(comet: &[Value]) -> Vec<Value> {
        let (mut place, mut velocity) = ([comet[0], comet[1]], [comet[2], comet[3]]);
        let mut seen = Vec::new();
        for _ in 0..4 {
            for _ in 0..20 {
                (0..2).for_each(|axis| place[axis] += velocity[axis] * 0.005);
                let pull = (place[0] * place[0] + place[1] * place[1]).powf(-1.5);
                (0..2).for_each(|axis| velocity[axis] -= place[axis] * pull * 0.01);
                (0..2).for_each(|axis| place[axis] += velocity[axis] * 0.005);
            }
            seen.extend(place);
        }
        seen
    }
    let comet = [2.8, 0.3, -0.8, 3.6];
    let program = Program::record(&comet, sights).unwrap();
    let (mut jacobian, eager) = ([0.0; 8 * 4], crate::derivatives::jacobian(sights, &comet).concat());
    Derivatives::<f64>::of(&program).jacobian(&comet, &mut jacobian).unwrap();
    assert_close(&jacobian, &eager, &program);
    let elsewhere = [1.0, 0.0, 0.0, 1.0];
    let values = sights(&elsewhere.map(Value::new)).iter().map(|place| place.data()).collect::<Vec<_>>();
    assert_close(&run(&program, &elsewhere), &values, &program);
}

#[test]
fn rows_of_rows_come_one_after_the_other() {
    let groups = [("a", &[1.0][..]), ("b", &[2.0, 3.0])];
    let program = Program::record_groups(&groups, |groups| {
        let (a, b) = (groups[0][0], &groups[1]);
        vec![a * b[0], (a + b[1]).exp()]
    });
    let rows = program.unwrap().over_rows(&["a"], 2, Rows::Each).unwrap().over_rows(&["b"], 3, Rows::Each).unwrap();
    let (a, b) = ([0.5, 2.0], [[1.0, -1.0], [3.0, 0.0], [5.0, 0.25]]);
    let expected = b.map(|b| a.map(|a: f64| [a * b[0], (a + b[1]).exp()]));
    let found = run(&rows, &[&a, b.as_flattened()].concat());
    assert_close(&found, expected.as_flattened().as_flattened(), &rows);
}
