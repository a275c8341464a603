//! The engine by examples: the notes' numbers, shared nodes in every pattern, sweeps that add up, all ways to write a formula.

use chainrule::{Op, Value, no_grad, tape};
use num_traits::{One, Zero};
use std::panic::catch_unwind;

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

#[test]
#[allow(clippy::misrefactored_assign_op)]
fn the_example_of_the_readme() {
    let a = Value::new(-4.0);
    let b = Value::new(2.0);
    let mut c = a + b;
    let mut d = a * b + b.powi(3);
    c += c + 1.0;
    c += 1.0 + c + (-a);
    d += d * 2.0 + (b + a).relu();
    d += 3.0 * d + (b - a).relu();
    let e = c - d;
    let f = e.powi(2);
    let mut g = f / 2.0;
    g += 10.0 / f;
    assert_eq!(format!("{:.4}", g.data()), "24.7041");
    // 49 / 2 + 10 / 49, as Python prints it
    assert_eq!(g.to_string(), "Value(data=24.70408163265306, grad=0)");
    g.backward();
    assert_eq!(format!("{:.4} {:.4}", a.grad(), b.grad()), "138.8338 645.5773");
    assert_eq!(g.to_string(), "Value(data=24.70408163265306, grad=1)");
}

#[test]
fn the_first_expression_of_the_notes() {
    let [a, b, c, f] = [2.0, -3.0, 10.0, -2.0].map(Value::new);
    let d = a * b + c;
    assert_eq!(d.data(), 4.0);
    let l = d * f;
    assert_eq!(l.data(), -8.0);
    l.backward();
    // dL/da = b f, dL/db = a f, dL/dc = f, dL/df = a b + c
    assert_eq!([a, b, c, f].map(Value::grad), [6.0, -4.0, -2.0, 4.0]);

    // A nudge of every leaf along its gradient
    for leaf in [a, b, c, f] {
        leaf.set_data(leaf.data() + 0.01 * leaf.grad());
    }
    assert!(close(((a * b + c) * f).data(), -7.286496, 1e-12));
}

#[test]
fn the_neuron_of_the_notes() {
    let [x1, x2, w1, w2, b] = [2.0, 0.0, -3.0, 1.0, 6.881_373_587_019_543].map(Value::new);
    let weighted = x1 * w1 + x2 * w2 + b;
    let e = (2.0 * weighted).exp();
    for output in [weighted.tanh(), (e - 1.0) / (e + 1.0)] {
        assert!(close(output.data(), std::f64::consts::FRAC_1_SQRT_2, 1e-15));
        let gradient = output.gradient(&[x1, w1, x2, w2]);
        for (ours, known) in gradient.into_iter().zip([-1.5, 1.0, 0.5, 0.0]) {
            assert!(close(ours, known, 1e-14), "{ours} for {known}");
        }
    }
}

#[test]
fn the_sanity_test_of_micrograd() {
    let x = Value::new(-4.0);
    let z = 2.0 * x + 2.0 + x;
    let q = z.relu() + z * x;
    let h = (z * z).relu();
    let y = h + q + q * x;
    y.backward();
    assert_eq!((y.data(), x.grad()), (-20.0, 46.0));
}

#[test]
fn a_plus_a_counts_both_uses() {
    let a = Value::new(3.0);
    let b = a + a;
    b.backward();
    // d/da 2a = 2
    assert_eq!(a.grad(), 2.0);
}

#[test]
fn x_times_x_counts_both_uses() {
    let x = Value::new(3.0);
    // d/dx x^2 = 2x
    assert_eq!((x * x).gradient(&[x]), [6.0]);
    // d/dx x/x = 0, d/dx (x - x) = 0
    assert_eq!((x / x).gradient(&[x]), [0.0]);
    assert_eq!((x - x).gradient(&[x]), [0.0]);
    // d/dx x^x = x^x (ln x + 1)
    assert!(close(x.powf(x).gradient(&[x])[0], 27.0 * (3.0f64.ln() + 1.0), 1e-12));
}

#[test]
fn a_node_between_is_shared_too() {
    let [a, b] = [-2.0, 3.0].map(Value::new);
    let f = (a * b) * (a + b);
    f.backward();
    assert_eq!(f.data(), -6.0);
    // df/da = 2 a b + b^2, df/db = a^2 + 2 a b
    assert_eq!((a.grad(), b.grad()), (-3.0, -8.0));

    let sum = a + b;
    // d/da (a + b)^2 = 2 (a + b)
    assert_eq!((sum * sum).gradient(&[a, b, sum]), [2.0; 3]);
}

#[test]
fn a_diamond_of_diamonds_doubles_at_every_level() {
    let x = Value::new(1.0);
    let y = (0..40).fold(x, |y, _| y + y);
    // d/dx 2^40 x
    assert_eq!(y.gradient(&[x]), [2.0f64.powi(40)]);
}

#[test]
fn a_thousand_uses_add_up() {
    let x = Value::new(2.0);
    let y: Value = (0..1000).map(|i| x * f64::from(i)).sum();
    // 0 + 1 + ... + 999
    assert_eq!(y.gradient(&[x]), [499_500.0]);
    let z = (0..1000).fold(Value::constant(0.0), |sum, _| sum + x);
    assert_eq!(z.gradient(&[x]), [1000.0]);
    let product: Value = [x; 10].iter().product();
    // d/dx x^10 = 10 x^9
    assert_eq!(product.gradient(&[x]), [5120.0]);
}

#[test]
#[allow(clippy::misrefactored_assign_op)]
fn a_variable_may_be_assigned_its_own_use() {
    let a = Value::new(5.0);
    let mut c = a;
    c += c + 1.0;
    c *= c;
    // d/da (2a + 1)^2 = 4 (2a + 1)
    assert_eq!((c.data(), c.gradient(&[a])), (121.0, vec![44.0]));
}

#[test]
fn backward_twice_adds_the_gradients_up() {
    let x = Value::new(3.0);
    let square = x * x;
    let y = square * 2.0;
    y.backward();
    assert_eq!([x, square, y].map(Value::grad), [12.0, 2.0, 1.0]);
    y.backward();
    assert_eq!([x, square, y].map(Value::grad), [24.0, 4.0, 2.0]);
    x.zero_grad();
    y.backward();
    assert_eq!([x, square, y].map(Value::grad), [12.0, 6.0, 3.0]);
}

#[test]
fn two_losses_over_a_shared_node_add_up() {
    let x = Value::new(3.0);
    let shared = x * x;
    let (first, second) = (shared * 5.0, shared + x);
    first.backward();
    second.backward();
    // d/dx 5 x^2 = 10 x, d/dx (x^2 + x) = 2 x + 1
    assert_eq!([x, shared, first, second].map(Value::grad), [37.0, 6.0, 1.0, 1.0]);
    // A sweep from a node on the way
    shared.backward();
    assert_eq!([x, shared, first, second].map(Value::grad), [43.0, 7.0, 1.0, 1.0]);
}

#[test]
fn backward_of_a_leaf_is_one() {
    let x = Value::new(3.0);
    x.backward();
    assert_eq!((x.grad(), x.gradient(&[x])), (1.0, vec![1.0]));
}

#[test]
fn a_seed_multiplies_the_derivatives() {
    let x = Value::new(3.0);
    let y = x * x;
    y.backward_with(-0.5);
    assert_eq!((y.grad(), x.grad()), (-0.5, -3.0));
    y.backward_with(0.0);
    assert_eq!((y.grad(), x.grad()), (-0.5, -3.0));
}

#[test]
fn gradient_touches_no_grad() {
    let [a, b, unused] = [2.0, 3.0, 4.0].map(Value::new);
    let product = a * b;
    product.backward();
    let y = product * a;
    let later = Value::new(5.0);
    // d/da a^2 b = 2 a b, d/db a^2 b = a^2
    assert_eq!(
        y.gradient(&[b, a, unused, later, 7.0.into(), product, y, a]),
        [4.0, 12.0, 0.0, 0.0, 0.0, 2.0, 1.0, 12.0]
    );
    assert_eq!([a, b, unused, product, y, later].map(Value::grad), [3.0, 2.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(Value::constant(1.0).gradient(&[a]), [0.0]);
}

#[test]
fn all_copies_of_a_leaf_see_new_data() {
    let x = Value::new(1.0);
    let copy = x;
    let y = x * 2.0;
    x.set_data(10.0);
    assert_eq!((copy.data(), y.data(), (copy * 2.0).data()), (10.0, 2.0, 20.0));
    assert_eq!(y.operands()[0].data(), 10.0);
    assert_eq!(Value::sum(&[x, copy]).data(), 20.0);
    assert!(copy == 10.0);
}

#[test]
fn what_is_detached_does_not_reach_back() {
    let x = Value::new(3.0);
    let detached = (x * x).detach();
    assert!(detached.is_constant());
    // d/dx 9 x = 9
    assert_eq!((detached * x).gradient(&[x]), [9.0]);
}

#[test]
fn no_grad_records_nothing_and_nests() {
    let x = Value::new(3.0);
    let nodes = tape::size().nodes;
    let y = no_grad(|| {
        no_grad(|| x + 1.0);
        x.tanh() + Value::sum(&[x, x]) * x.clamp(0.0, 1.0)
    });
    assert_eq!(tape::size().nodes, nodes);
    assert!(y.is_constant() && y.data() == 3.0f64.tanh() + 6.0);
    assert!(!(x + 1.0).is_constant());
}

#[test]
fn a_panic_within_no_grad_does_not_keep_recording_off() {
    let x = Value::new(3.0);
    assert!(catch_unwind(|| no_grad(|| panic!("on purpose"))).is_err());
    assert_eq!((x * x).gradient(&[x]), [6.0]);
}

#[test]
fn a_leaf_made_within_no_grad_is_a_leaf() {
    let x = no_grad(|| Value::new(3.0));
    assert_eq!((x * x).gradient(&[x]), [6.0]);
}

#[test]
fn a_value_knows_how_it_was_made() {
    let a = Value::new(2.0).named("a");
    let b = Value::new(3.0);
    let y = (a * b).named("product".to_string());
    assert_eq!((a.name().as_deref(), b.name(), y.name().as_deref()), (Some("a"), None, Some("product")));
    assert_eq!((y.op(), a.op(), Value::constant(1.0).op()), (Some(Op::Mul), None, None));
    assert_eq!(y.op().unwrap().to_string(), "*");
    assert!(a.is_leaf() && !y.is_leaf() && Value::constant(1.0).is_leaf());
    assert_eq!(y.operands(), [a, b]);
    assert!(a.operands().is_empty());
    assert_eq!(y.operands()[0].name().as_deref(), Some("a"));
    assert_eq!(y.named("renamed").name().as_deref(), Some("renamed"));
    assert_eq!(Value::constant(1.0).named("none").name(), None);
}

#[test]
fn operands_stand_in_the_order_of_the_operation() {
    let a = Value::new(2.0);
    let numbers = |y: Value| y.operands().into_iter().map(Value::data).collect::<Vec<_>>();
    assert_eq!(numbers(1.0 - a), [1.0, 2.0]);
    assert_eq!(numbers(a.powi(3)), [2.0]);
    assert_eq!(numbers(a.clamp(0.0, 9.0)), [2.0, 0.0, 9.0]);
    assert_eq!(numbers(Value::sum(&[a, 5.0.into(), a])), [2.0, 5.0, 2.0]);
    assert_eq!(numbers(Value::dot(&[a, 5.0.into()], &[7.0.into(), a])), [2.0, 5.0, 7.0, 2.0]);
    assert!((1.0 - a).operands()[0].is_constant());
    // d/da of an operand that was found on the tape
    let y = a * a;
    assert_eq!((y + 1.0).operands()[0].gradient(&[a]), [4.0]);
}

#[test]
#[allow(clippy::op_ref, clippy::needless_borrows_for_generic_args)]
fn numbers_mix_in_on_both_sides_and_by_reference() {
    let a = Value::new(7.0);
    let b = Value::new(2.0);
    assert_eq!([a + b, &a + b, a + &b, &a + &b].map(Value::data), [9.0; 4]);
    assert_eq!([a - 2.0, &a - 2.0, a - &2.0, &a - &2.0].map(Value::data), [5.0; 4]);
    assert_eq!([7.0 * b, 7.0 * &b, &7.0 * b, &7.0 * &b].map(Value::data), [14.0; 4]);
    assert_eq!([a / b, a / 2.0, 7.0 / b, &a / &b].map(Value::data), [3.5; 4]);
    assert_eq!([a % b, a % 2.0, 7.0 % b, &a % &b].map(Value::data), [1.0; 4]);
    assert_eq!([-a, -&a].map(Value::data), [-7.0; 2]);
    assert_eq!([a.max(b), a.max(3.0), a.max(&b)].map(Value::data), [7.0; 3]);
}

#[test]
fn all_operators_assign() {
    let a = Value::new(2.0);
    let mut x = Value::new(3.0);
    let start = x;
    x += a;
    x += 1.0;
    x -= &a;
    x -= 1.0;
    x *= a;
    x *= 2.0;
    x /= a;
    x /= 4.0;
    assert_eq!((x.data(), x.gradient(&[start])), (1.5, vec![0.5]));
    x %= a;
    x %= 1.0;
    assert_eq!((x.data(), x.gradient(&[start])), (0.5, vec![0.5]));
}

#[test]
fn iterators_of_values_and_numbers_sum_up_in_one_node() {
    let xs = [1.0, 2.0, 4.0].map(Value::new);
    let nodes = tape::size().nodes;
    let sums: [Value; 2] = [xs.iter().sum(), xs.into_iter().sum()];
    let products: [Value; 2] = [xs.iter().product(), xs.into_iter().product()];
    assert_eq!(tape::size().nodes, nodes + 4);
    assert_eq!((sums.map(Value::data), products.map(Value::data)), ([7.0; 2], [8.0; 2]));
    // d/dx xyz = yz
    assert_eq!(products[0].gradient(&xs), [8.0, 4.0, 2.0]);
    let constant: Value = [1.0, 2.0].into_iter().sum();
    assert!(constant.is_constant() && constant.data() == 3.0);
    let empty: Value = std::iter::empty::<Value>().product();
    assert_eq!(empty.data(), 1.0);
}

#[test]
fn comparisons_are_of_numbers_and_record_nothing() {
    let [a, b] = [1.0, 2.0].map(Value::new);
    let nodes = tape::size().nodes;
    assert!(a < b && a < 2.0 && 1.0 < b && a <= 1.0 && a != b && a == 1.0 && 2.0 == b);
    assert!(a.partial_cmp(&f64::NAN).is_none());
    assert_eq!(tape::size().nodes, nodes);
}

#[test]
fn constants_are_never_nodes() {
    let x = Value::new(3.0);
    let nodes = || tape::size().nodes;
    let before = nodes();
    let two = Value::constant(2.0);
    let _ = two * two + Value::from(1.0) - Value::zero() * Value::one();
    let _ = [two.sin(), Value::sum(&[two; 5]), Value::dot(&[two], &[two]), two.clamp(0.0, 1.0), two.powi(2)];
    assert_eq!(nodes(), before);
    let _ = 2.0 * x;
    assert_eq!(nodes(), before + 1);
    let _ = x.clamp(0.0, 1.0);
    assert_eq!(nodes(), before + 2);
    let _ = Value::sum(&[x, two, two]);
    assert_eq!(nodes(), before + 3);
}

#[test]
fn values_print_as_in_micrograd() {
    let x = Value::new(2.0);
    (x * 1.5).backward();
    assert_eq!(x.to_string(), "Value(data=2, grad=1.5)");
    assert_eq!(format!("{x:?}"), "Value(data=2, grad=1.5)");
    assert_eq!(format!("{x:.2}"), "Value(data=2.00, grad=1.50)");
    assert_eq!(Value::constant(-0.25).to_string(), "Value(data=-0.25, grad=0)");
}
