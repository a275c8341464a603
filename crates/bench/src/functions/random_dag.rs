//! A graph without any structure.

use super::Function;
use chainrule::{Rng, RngExt, Value, rng};
use std::collections::VecDeque;

const INPUTS: usize = 100;

/// Operations on operands drawn from everything that was computed before. All of it ends in the value: what nobody used
/// is combined two by two.
pub struct RandomDag {
    operations: Vec<Operation>,
}

/// The operands are places among the inputs and then the operations.
enum Operation {
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
}

#[derive(Clone, Copy)]
enum Unary {
    Neg,
    Sin,
    Tanh,
    Sigmoid,
}

#[derive(Clone, Copy)]
enum Binary {
    Add,
    Sub,
    Mul,
}

impl RandomDag {
    /// So many nodes, the inputs included; more than there are inputs.
    pub fn new(nodes: usize) -> Self {
        let mut rng = rng(7);
        let mut operations = Vec::new();
        let mut is_used = vec![false; nodes];
        let mut unused = INPUTS;
        // Combining so many takes an operation less than there are.
        while INPUTS + operations.len() + unused - 1 < nodes {
            let place = INPUTS + operations.len();
            let operation = random_operation(place, &mut rng);
            for operand in operation.operands() {
                unused -= usize::from(!is_used[operand]);
                is_used[operand] = true;
            }
            unused += 1;
            operations.push(operation);
        }
        let places = 0..INPUTS + operations.len();
        let mut unused: VecDeque<usize> = places.filter(|place| !is_used[*place]).collect();
        while let (Some(a), Some(b)) = (unused.pop_front(), unused.pop_front()) {
            unused.push_back(INPUTS + operations.len());
            operations.push(Operation::Binary(random_binary(&mut rng), a, b));
        }
        RandomDag { operations }
    }
}

impl Function for RandomDag {
    fn point(&self) -> Vec<f64> {
        let mut rng = rng(8);
        (0..INPUTS).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn value(&self, inputs: &[Value]) -> Value {
        let mut values = inputs.to_vec();
        for operation in &self.operations {
            values.push(match *operation {
                Operation::Unary(unary, x) => match unary {
                    Unary::Neg => -values[x],
                    Unary::Sin => values[x].sin(),
                    Unary::Tanh => values[x].tanh(),
                    Unary::Sigmoid => values[x].sigmoid(),
                },
                Operation::Binary(binary, a, b) => match binary {
                    Binary::Add => values[a] + values[b],
                    Binary::Sub => values[a] - values[b],
                    Binary::Mul => values[a] * values[b],
                },
            });
        }
        *values.last().expect("there are operations")
    }

    fn flops(&self) -> f64 {
        let flops = |operation: &Operation| match operation {
            Operation::Unary(Unary::Neg, _) => 2.0,
            Operation::Unary(..) => 4.0,
            Operation::Binary(Binary::Add | Binary::Sub, ..) => 3.0,
            Operation::Binary(Binary::Mul, ..) => 5.0,
        };
        self.operations.iter().map(flops).sum()
    }
}

impl Operation {
    fn operands(&self) -> Vec<usize> {
        match *self {
            Operation::Unary(_, x) => vec![x],
            Operation::Binary(_, a, b) => vec![a, b],
        }
    }
}

/// On operands before this place.
fn random_operation(place: usize, rng: &mut impl Rng) -> Operation {
    if rng.random_bool(0.3) {
        let unary = [Unary::Neg, Unary::Sin, Unary::Tanh, Unary::Sigmoid][rng.random_range(0..4)];
        return Operation::Unary(unary, rng.random_range(0..place));
    }
    Operation::Binary(random_binary(rng), rng.random_range(0..place), rng.random_range(0..place))
}

fn random_binary(rng: &mut impl Rng) -> Binary {
    [Binary::Add, Binary::Sub, Binary::Mul][rng.random_range(0..3)]
}
