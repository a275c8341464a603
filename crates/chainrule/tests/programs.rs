//! Random programs of operations, scopes, changes and sweeps, against the plainest model of a tape: a list that forgets
//! nothing.

use chainrule::{Value, no_grad, tape};
use proptest::prelude::*;

/// A step of a program. Numbers pick among what there is, modulo how much that is.
#[derive(Clone, Debug)]
enum Step {
    Leaf(f64),
    Unary(usize),
    Binary(u8, usize, usize),
    WithConstant(u8, usize, f64),
    Sum(Vec<usize>, Option<f64>),
    /// Of values that were made one after the other.
    DotOfNeighbours(usize, usize, usize),
    Clamp(usize, usize),
    WithoutRecording(usize, usize),
    Open,
    /// Ends any of the scopes that are open.
    Close(usize),
    /// Releases what was recorded in any of the scopes that are open, but what these were made of.
    Keep(usize, Vec<usize>),
    Set(usize, f64),
    Backward(usize, f64),
    ZeroGrad(usize),
    Reserve(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let any = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    let number = || -1.5..1.5f64;
    prop_oneof![
        3 => number().prop_map(Step::Leaf),
        3 => any().prop_map(Step::Unary),
        6 => (0..4u8, any(), any()).prop_map(|(op, a, b)| Step::Binary(op, a, b)),
        3 => (0..4u8, any(), number()).prop_map(|(op, a, b)| Step::WithConstant(op, a, b)),
        2 => (prop::collection::vec(any(), 0..6), prop::option::of(number())).prop_map(|(xs, c)| Step::Sum(xs, c)),
        2 => (any(), any(), any()).prop_map(|(a, b, length)| Step::DotOfNeighbours(a, b, length)),
        1 => (any(), any()).prop_map(|(x, low)| Step::Clamp(x, low)),
        1 => (any(), any()).prop_map(|(a, b)| Step::WithoutRecording(a, b)),
        4 => Just(Step::Open),
        4 => any().prop_map(Step::Close),
        2 => (any(), prop::collection::vec(any(), 0..4)).prop_map(|(scope, kept)| Step::Keep(scope, kept)),
        2 => (any(), number()).prop_map(|(leaf, x)| Step::Set(leaf, x)),
        3 => (any(), number()).prop_map(|(root, seed)| Step::Backward(root, seed)),
        1 => any().prop_map(Step::ZeroGrad),
        1 => (0..200usize).prop_map(Step::Reserve),
    ]
}

/// The derivatives by each operand, from the operands as they are now and the result as it was.
type Rule = fn(&[f64], f64) -> Vec<f64>;

/// A node of the model.
struct Node {
    value: Value,
    operands: Vec<Operand>,
    partials: Rule,
    number: f64,
    grad: f64,
    is_live: bool,
}

#[derive(Clone, Copy)]
enum Operand {
    Node(usize),
    Constant(f64),
}

#[derive(Default)]
struct Model {
    nodes: Vec<Node>,
    scopes: Vec<(tape::Scope, usize)>,
}

impl Model {
    fn live(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&id| self.nodes[id].is_live).collect()
    }

    fn number(&self, operand: Operand) -> f64 {
        match operand {
            Operand::Node(id) => self.nodes[id].number,
            Operand::Constant(number) => number,
        }
    }

    fn push(&mut self, value: Value, operands: Vec<Operand>, partials: Rule) {
        self.nodes.push(Node { value, operands, partials, number: value.data(), grad: 0.0, is_live: true });
    }

    fn binary(&mut self, op: u8, [a, b]: [Operand; 2]) {
        let [x, y] = [a, b].map(|operand| match operand {
            Operand::Node(id) => self.nodes[id].value,
            Operand::Constant(number) => Value::constant(number),
        });
        match op {
            0 => self.push(x + y, vec![a, b], |_, _| vec![1.0, 1.0]),
            1 => self.push(x - y, vec![a, b], |_, _| vec![1.0, -1.0]),
            2 => self.push(x * y, vec![a, b], |xs, _| vec![xs[1], xs[0]]),
            _ => self.push(x.max(y), vec![a, b], |xs, y| if xs[0] == y { vec![1.0, 0.0] } else { vec![0.0, 1.0] }),
        }
    }

    fn adjoints(&self, root: usize, seed: f64) -> Vec<f64> {
        let mut adjoints = vec![0.0; self.nodes.len()];
        adjoints[root] = seed;
        for id in (0..=root).rev().filter(|&id| self.nodes[id].is_live) {
            let node = &self.nodes[id];
            let numbers: Vec<f64> = node.operands.iter().map(|operand| self.number(*operand)).collect();
            for (operand, partial) in node.operands.iter().zip((node.partials)(&numbers, node.number)) {
                if let Operand::Node(operand) = *operand {
                    adjoints[operand] += adjoints[id] * partial;
                }
            }
        }
        adjoints
    }

    /// Which nodes these and their operands are, and theirs in turn.
    fn needed(&self, roots: &[usize]) -> Vec<bool> {
        let mut is_needed = vec![false; self.nodes.len()];
        roots.iter().for_each(|&root| is_needed[root] = true);
        for id in (0..self.nodes.len()).rev().filter(|&id| self.nodes[id].is_live) {
            for operand in self.nodes[id].operands.iter().filter(|_| is_needed[id]).collect::<Vec<_>>() {
                if let Operand::Node(operand) = *operand {
                    is_needed[operand] = true;
                }
            }
        }
        is_needed
    }

    fn keep(&mut self, scope: usize, roots: &[usize]) {
        let start = self.scopes[scope].1;
        let is_needed = self.needed(roots);
        let kept: Vec<usize> = (start..self.nodes.len()).filter(|&id| is_needed[id]).collect();
        let mut values: Vec<Value> = kept.iter().map(|&id| self.nodes[id].value).collect();
        self.scopes[scope].0.keep(&mut values);
        self.nodes[start..].iter_mut().for_each(|node| node.is_live = false);
        for (id, value) in kept.into_iter().zip(values) {
            self.nodes[id].value = value;
            self.nodes[id].is_live = true;
        }
        // What was kept has moved below where these scopes began.
        self.scopes[scope..].iter_mut().for_each(|inner| inner.1 = start);
    }

    fn run(&mut self, step: &Step) {
        let live = self.live();
        let pick = |index: usize| live[index % live.len()];
        let value = |id: usize| self.nodes[id].value;
        match *step {
            Step::Leaf(number) => self.push(Value::new(number), Vec::new(), |_, _| Vec::new()),
            Step::Open => self.scopes.push((tape::scope(), self.nodes.len())),
            Step::Close(index) if !self.scopes.is_empty() => {
                let (scope, start) = self.scopes.remove(index % self.scopes.len());
                drop(scope);
                self.nodes[start..].iter_mut().for_each(|node| node.is_live = false);
            }
            Step::Keep(scope, ref kept) if !self.scopes.is_empty() => {
                let roots: Vec<usize> = kept.iter().filter(|_| !live.is_empty()).map(|&id| pick(id)).collect();
                self.keep(scope % self.scopes.len(), &roots);
            }
            Step::Reserve(nodes) => tape::reserve(nodes),
            // What follows needs a value to work with.
            _ if live.is_empty() => {}
            Step::Unary(a) => {
                let a = pick(a);
                self.push(value(a).sin(), vec![Operand::Node(a)], |xs, _| vec![xs[0].cos()]);
            }
            Step::Binary(op, a, b) => self.binary(op, [pick(a), pick(b)].map(Operand::Node)),
            Step::WithConstant(op, a, number) => {
                let operands = [Operand::Node(pick(a)), Operand::Constant(number)];
                self.binary(op, if op == 1 { [operands[1], operands[0]] } else { operands });
            }
            Step::Sum(ref xs, constant) => {
                let ids: Vec<usize> = xs.iter().map(|&x| pick(x)).collect();
                let mut values: Vec<Value> = ids.iter().map(|&id| value(id)).collect();
                values.extend(constant.map(Value::constant));
                let sum = Value::sum(&values);
                if !ids.is_empty() {
                    let operands = ids.into_iter().map(Operand::Node).chain(constant.map(Operand::Constant));
                    self.push(sum, operands.collect(), |xs, _| vec![1.0; xs.len()]);
                }
            }
            Step::DotOfNeighbours(a, b, length) => {
                let length = 1 + length % live.len().min(5);
                let from = |start: usize| live[start % (live.len() - length + 1)..][..length].to_vec();
                let ids = [from(a), from(b)];
                let [xs, ys] = ids.each_ref().map(|ids| ids.iter().map(|&id| value(id)).collect::<Vec<_>>());
                self.push(Value::dot(&xs, &ys), ids.concat().into_iter().map(Operand::Node).collect(), |xs, _| {
                    let (a, b) = xs.split_at(xs.len() / 2);
                    [b, a].concat()
                });
            }
            Step::Clamp(x, low) => {
                let [x, low] = [pick(x), pick(low)];
                let clamped = value(x).clamp(value(low), 2.0);
                let operands = vec![Operand::Node(x), Operand::Node(low), Operand::Constant(2.0)];
                self.push(clamped, operands, |xs, _| match (xs[0], xs[1]) {
                    (x, low) if x.max(low) > 2.0 => vec![0.0, 0.0, 1.0],
                    (x, low) if x < low => vec![0.0, 1.0, 0.0],
                    _ => vec![1.0, 0.0, 0.0],
                });
            }
            Step::WithoutRecording(a, b) => {
                let nodes = tape::size().nodes;
                let product = no_grad(|| value(pick(a)) * value(pick(b)));
                assert!(product.is_constant() && tape::size().nodes == nodes);
            }
            Step::Set(leaf, number) => {
                let id = pick(leaf);
                if self.nodes[id].value.is_leaf() {
                    self.nodes[id].value.set_data(number);
                    self.nodes[id].number = number;
                }
            }
            Step::Backward(root, seed) => {
                let root = pick(root);
                self.nodes[root].value.backward_with(seed);
                let adjoints = self.adjoints(root, seed);
                self.nodes.iter_mut().zip(adjoints).for_each(|(node, adjoint)| node.grad += adjoint);
            }
            Step::ZeroGrad(id) => {
                let id = pick(id);
                self.nodes[id].value.zero_grad();
                self.nodes[id].grad = 0.0;
            }
            Step::Close(_) | Step::Keep(..) => {}
        }
    }

    fn agrees_with_the_tape(&self) -> Result<(), TestCaseError> {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs()) || !b.is_finite() || b.abs() > 1e100;
        let live = self.live();
        prop_assert_eq!(tape::size().nodes, live.len());
        for node in &self.nodes {
            prop_assert_eq!(node.is_live, !node.value.to_string().contains("released"));
        }
        let values: Vec<Value> = live.iter().map(|&id| self.nodes[id].value).collect();
        for &id in &live {
            let node = &self.nodes[id];
            prop_assert_eq!(node.value.data().to_bits(), node.number.to_bits());
            prop_assert!(close(node.value.grad(), node.grad), "grad {} for {}", node.value.grad(), node.grad);
            let operands = node.value.operands();
            prop_assert_eq!(operands.len(), node.operands.len());
            for (ours, operand) in operands.iter().zip(&node.operands) {
                prop_assert_eq!(ours.data().to_bits(), self.number(*operand).to_bits());
            }
        }
        if let Some(&root) = live.last() {
            let adjoints = self.adjoints(root, 1.0);
            for (ours, &id) in self.nodes[root].value.gradient(&values).into_iter().zip(&live) {
                prop_assert!(close(ours, adjoints[id]), "gradient {ours} for {}", adjoints[id]);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_do_what_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        let _all = tape::scope();
        let mut model = Model::default();
        for step in &steps {
            model.run(step);
            model.agrees_with_the_tape()?;
        }
    }
}
