//! Graphs of what values were made of, groups, and what a scope keeps.

use chainrule::nn::{self, Activation, Initializer, Mlp};
use chainrule::tape::{self, Graph, Kind};
use chainrule::{Op, Value, no_grad, rng};

/// The names of the groups around a node, from the outermost in, with slashes between.
fn path(graph: &Graph, node: usize) -> String {
    let mut names = Vec::new();
    let mut group = graph.nodes[node].group;
    while let Some(index) = group {
        names.insert(0, graph.groups[index].name.clone());
        group = graph.groups[index].parent;
    }
    names.join("/")
}

fn paths(graph: &Graph) -> Vec<String> {
    (0..graph.nodes.len()).map(|node| path(graph, node)).collect()
}

fn labels(graph: &Graph) -> Vec<String> {
    graph.nodes.iter().map(|node| node.label()).collect()
}

#[test]
fn equal_constants_of_two_operations_are_two_nodes() {
    let x = Value::new(3.0);
    let graph = Graph::of(&[x * 2.0, x + 2.0]);
    let constants = graph.nodes.iter().filter(|node| node.kind == Kind::Constant);
    assert_eq!(constants.map(|node| node.data).collect::<Vec<_>>(), [2.0, 2.0]);
}

#[test]
fn three_operands_keep_their_order_when_others_are_released() {
    let x = Value::new(3.0);
    let mut scope = tape::scope();
    let _released = x.exp();
    let mut y = [Value::constant(2.0).mul_add(x * 1.0, 2.0)];
    scope.keep(&mut y);
    let graph = Graph::of(&y);
    let operands = graph.nodes[graph.results[0]].operands.iter().map(|operand| graph.nodes[*operand].data);
    assert_eq!((operands.collect::<Vec<_>>(), y[0].data()), (vec![2.0, 3.0, 2.0], 8.0));
    assert_eq!(y[0].gradient(&[x]), [2.0]);
}

#[test]
fn a_graph_has_operands_before_results_and_shared_nodes_once() {
    let (a, b) = (Value::new(2.0).named("a"), Value::parameter(-3.0).named("b"));
    let _unrelated = a.exp();
    let product = a * b;
    let d = product + product * a.powi(3);
    d.backward();
    let graph = Graph::of(&[d]);
    assert_eq!(labels(&graph), ["", "", "*", "^3", "*", "+"]);
    assert_eq!(graph.results, [5]);
    assert_eq!(graph.nodes[5].operands, [2, 4]);
    assert_eq!([graph.nodes[0].kind, graph.nodes[1].kind], [Kind::Input, Kind::Parameter]);
    assert_eq!(graph.nodes[3].kind, Kind::Computed(Op::Powi));
    assert_eq!((graph.nodes[1].name.as_deref(), graph.nodes[1].data), (Some("b"), -3.0));
    // d = ab + a^4 b, so dd/db = a + a^4.
    assert_eq!(graph.nodes[1].grad, 2.0 + 16.0);
}

#[test]
fn an_operand_used_twice_comes_twice() {
    let a = Value::new(3.0);
    let graph = Graph::of(&[a + a]);
    assert_eq!(graph.nodes[1].operands, [0, 0]);
}

#[test]
fn constants_are_nodes_of_a_graph_and_several_results_share_theirs() {
    let x = Value::new(3.0);
    let y = x * 2.0;
    let graph = Graph::of(&[y + 1.0, y, Value::constant(7.0)]);
    let constants: Vec<f64> = graph.nodes.iter().filter(|n| n.kind == Kind::Constant).map(|n| n.data).collect();
    assert_eq!(constants, [2.0, 1.0, 7.0]);
    assert_eq!(graph.results.iter().map(|&node| graph.nodes[node].data).collect::<Vec<_>>(), [7.0, 6.0, 7.0]);
    assert_eq!(Graph::of(&[]), Graph { nodes: vec![], results: vec![], groups: vec![] });
}

#[test]
fn partials_are_the_derivatives_by_each_operand() {
    let (a, b, c) = (Value::new(2.0), Value::new(3.0), Value::new(5.0));
    let graph = Graph::of(&[Value::affine(&[a, b], &[c, a], 1.0) / a.powi(2)]);
    let partials: Vec<Vec<f64>> = (0..graph.nodes.len()).map(|node| graph.partials(node)).collect();
    let dot = graph.nodes.iter().position(|node| node.kind == Kind::Computed(Op::Dot)).unwrap();
    // The dot of (a, b) and (c, a) with 1, 17 in all: by a and b, by c and a, by the 1.
    assert_eq!(partials[dot], [5.0, 2.0, 2.0, 3.0, 1.0]);
    // By the numerator and the denominator of 17 / 4.
    assert_eq!(partials[graph.results[0]], [0.25, -17.0 / 16.0]);
    // a^2 by a.
    assert_eq!(partials[graph.nodes[graph.results[0]].operands[1]], [4.0]);
}

#[test]
fn adjoints_by_partials_are_those_of_a_sweep() {
    let inputs: Vec<Value> = (1..=3).map(|i| Value::new(0.3 * f64::from(i))).collect();
    let [a, b, c] = inputs[..] else { unreachable!() };
    let parts = [a * b, b.sin(), c.hypot(a), a.clamp(0.0, b), Value::product(&[a, b, c])];
    let y = Value::log_sum_exp(&parts) + Value::dot(&parts[..3], &inputs) - Value::maximum(&parts) + b.powi(-2);
    y.backward();
    let graph = Graph::of(&[y]);
    let mut adjoints = vec![0.0; graph.nodes.len()];
    adjoints[graph.results[0]] = 1.0;
    for node in (0..graph.nodes.len()).rev() {
        for (&operand, partial) in graph.nodes[node].operands.iter().zip(graph.partials(node)) {
            adjoints[operand] += adjoints[node] * partial;
        }
    }
    for (node, adjoint) in graph.nodes.iter().zip(adjoints).filter(|(node, _)| node.kind != Kind::Constant) {
        assert!((node.grad - adjoint).abs() < 1e-12, "{node:?} has {adjoint}");
    }
}

#[test]
fn groups_nest_and_what_is_in_none_has_none() {
    let x = Value::new(2.0);
    let y = tape::group("outer", || {
        let square = x * x;
        let sine = tape::group("inner", || square.sin());
        sine + tape::group(String::from("inner"), || square.cos())
    });
    let graph = Graph::of(&[y.exp()]);
    assert_eq!(labels(&graph), ["", "*", "sin", "cos", "+", "exp"]);
    assert_eq!(paths(&graph), ["", "outer", "outer/inner", "outer/inner", "outer", ""]);
    assert_ne!(graph.nodes[2].group, graph.nodes[3].group, "each call is a group of its own");
}

#[test]
fn networks_and_losses_record_their_groups() {
    let model = Mlp::with(2, &[3, 1], Activation::Tanh, Initializer::Uniform, &mut rng(1));
    let scores: Vec<Value> = model.forward_rows(&[[1.0, 2.0].map(Value::constant); 2]).concat();
    let graph = Graph::of(&[nn::max_margin(&scores, &[1.0, -1.0])]);
    let with_path = |wanted: &str| {
        let nodes = (0..graph.nodes.len()).filter(|&node| path(&graph, node) == wanted);
        nodes.map(|node| graph.nodes[node].label()).collect::<Vec<_>>()
    };
    for neuron in ["neuron 1", "neuron 2", "neuron 3"] {
        assert_eq!(with_path(&format!("layer 1/{neuron}")), ["dot", "tanh", "dot", "tanh"]);
    }
    assert_eq!(with_path("layer 2/neuron 1"), ["dot", "dot"]);
    assert_eq!(with_path("max margin"), ["*", "+", "ReLU", "*", "+", "ReLU", "mean"]);
    let parameters: Vec<_> = graph.nodes.iter().filter(|node| node.kind == Kind::Parameter).collect();
    let names: Vec<&str> = parameters.iter().filter_map(|node| node.name.as_deref()).collect();
    assert_eq!(names, ["w1", "w2", "b", "w1", "w2", "b", "w1", "w2", "b", "w1", "w2", "w3", "b"]);
    let operand = &graph.nodes[graph.nodes.iter().position(|node| node.label() == "dot").unwrap()].operands[0];
    assert_eq!(graph.nodes[*operand].name.as_deref(), Some("w1"));
}

#[test]
fn groups_end_where_the_tape_was_cut() {
    let x = Value::new(1.0);
    let mut scope = None;
    tape::group("cut", || {
        let _kept = x.sin();
        scope = Some(tape::scope());
        let _released = x.cos();
    });
    drop(scope);
    let after = x.exp();
    assert_eq!(paths(&Graph::of(&[after])), ["", ""]);

    // A scope that is older than the group ends within it.
    let scope = tape::scope();
    let _before = (x.sin(), x.sin(), x.sin());
    let y = tape::group("within", || {
        let _released = x.cos();
        drop(scope);
        x.tan()
    });
    assert_eq!(paths(&Graph::of(&[y])), ["", "within"]);
    assert_eq!(paths(&Graph::of(&[after])), ["", ""]);
    let nothing = tape::group("nothing", || no_grad(|| x * 2.0));
    assert!(nothing.is_constant());
}

#[test]
fn what_is_kept_takes_its_names_gradients_and_groups_along() {
    let w = Value::parameter(0.5).named("w");
    let mut scope = tape::scope();
    let _released = (0..10).fold(w, |x, _| x.sin());
    let x = Value::new(2.0).named("x");
    let y = tape::group("kept", || {
        let _released = w.exp();
        let bias = Value::parameter(1.0).named("b");
        Value::affine(&[w, x], &[Value::constant(3.0), w], bias)
    });
    let _released = y.tanh();
    y.backward();
    let before = (Graph::of(&[y]), y.to_string());
    let mut kept = [y, x, Value::constant(7.0)];
    scope.keep(&mut kept);
    assert_eq!(tape::size().nodes, 4);
    assert_eq!((Graph::of(&[kept[0]]), kept[0].to_string()), before);
    assert_eq!((kept[1].name().as_deref(), kept[1].grad(), kept[2].data()), (Some("x"), 0.5, 7.0));
    // What was kept goes on as ever: y = 3 w + x w + b.
    kept[1].set_data(4.0);
    assert_eq!((kept[0] * kept[1]).gradient(&[w, kept[1]]), [4.0 * (3.0 + 4.0), 3.5 + 4.0 * 0.5]);
    drop(scope);
    assert_eq!((tape::size().nodes, w.grad()), (1, 5.0));
}

#[test]
#[should_panic(expected = "was released")]
fn a_handle_from_before_a_scope_kept_others_is_stale() {
    let mut scope = tape::scope();
    let (mut a, b) = (Value::new(1.0), Value::new(2.0));
    scope.keep(std::slice::from_mut(&mut a));
    let _ = a * b;
}

#[test]
#[should_panic(expected = "was released")]
fn a_stale_value_cannot_be_kept() {
    let mut scope = tape::scope();
    let mut stale = {
        let _inner = tape::scope();
        [Value::new(1.0) * 2.0]
    };
    scope.keep(&mut stale);
}

#[test]
fn what_is_kept_again_and_again_takes_no_more_room() {
    let mut scope = tape::scope();
    let inputs = [Value::constant(0.1), Value::constant(0.2)];
    let mut state = [Value::new(0.5), Value::new(0.7)];
    let y = Value::dot(&state, &inputs);
    let mut kept = [state[0], state[1], y];
    scope.keep(&mut kept);
    let bytes = tape::size().bytes;
    for _ in 0..1000 {
        let _released = (0..10).fold(kept[2], |y, i| (y * f64::from(i)).tanh());
        scope.keep(&mut kept);
    }
    state.copy_from_slice(&kept[..2]);
    assert_eq!(tape::size().nodes, 3);
    assert!(tape::size().bytes <= bytes + 4096, "{} of {bytes} bytes", tape::size().bytes);
    assert_eq!(kept[2].gradient(&state), [0.1, 0.2]);
}

#[test]
fn a_gradient_can_be_set() {
    let (x, y) = (Value::new(2.0), Value::new(3.0));
    x.set_grad(5.0);
    let z = x * y;
    z.set_grad(7.0);
    z.backward();
    assert_eq!([x.grad(), y.grad(), z.grad()], [5.0 + 3.0, 2.0, 7.0 + 1.0]);
}

#[test]
#[should_panic(expected = "a constant has no gradient")]
fn the_gradient_of_a_constant_cannot_be_set() {
    Value::constant(1.0).set_grad(1.0);
}

#[test]
fn every_operation_applied_by_its_row_is_its_method() {
    for op in Op::ALL {
        let numbers = [if *op == Op::Lookup { 1.0 } else { 0.3 }, 0.6, 0.9, 0.2];
        let count = match op.row().operands {
            [operand] if operand.ends_with("[..]") => 4,
            [a, _] | [_, a] if a.ends_with("[..]") => 4,
            [_, "n"] => 1,
            operands => operands.len(),
        };
        let operands: Vec<Value> = numbers[..count].iter().map(|x| Value::new(*x)).collect();
        let applied = op.apply(&operands, 3);
        let (float, again) = (op.apply(&numbers[..count], 3), applied.operands());
        assert_eq!((applied.op(), applied.data().to_bits()), (Some(*op), float.to_bits()), "{op:?}");
        assert!(again.iter().zip(&operands).all(|(a, b)| a.is_same(*b)) && again.len() == count, "{op:?}");
        let partials = op.partials(&numbers[..count], 3, float);
        let gradient = applied.gradient(&operands);
        let are_same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
        assert!(partials.iter().zip(&gradient).all(are_same), "{op:?}: {partials:?} and {gradient:?}");
    }
}
