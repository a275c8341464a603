//! What a function did at a point, as plain data that any kind of number can go through, forward and backward.
//!
//! So a function that is written in values once has derivatives of every order: over [`Dual`](crate::Dual) numbers the way
//! forward gives tangents, the way back the products of second derivatives; over [`Value`]s both are recorded themselves,
//! for a function around. An input is known by its number here and not by its slot, so that what belongs to one
//! derivative is never taken for what belongs to another.

use crate::custom::{Call, Order};
use crate::tape::{self, Called, Guard, Reading, Source, Sources};
use crate::{Op, Scalar, Value};

/// The operations of a function at a point. Which branches it took there is settled.
pub(crate) struct Trace {
    /// So many nodes stand for the inputs; they are the first.
    inputs: usize,
    nodes: Vec<Node>,
    /// The operands of all nodes.
    operands: Vec<Operand>,
    outputs: Vec<Operand>,
    /// The calls of operations of the user's own, each with its first node; its results are neighbours.
    calls: Vec<(usize, Call)>,
    /// The comparisons, if a surrounding recording wants to know of them.
    guards: Vec<(Operand, Guard)>,
}

struct Node {
    op: Op,
    exponent: i32,
    /// Its number, where the function was recorded.
    number: f64,
    /// Where its operands end among all; they begin where those of the node before end.
    end: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Operand {
    /// A node of the trace.
    Node(usize),
    /// A constant, or a value that was there before the function was called.
    Outside(Value),
}

impl Trace {
    /// Calls the function with values that are as `point`.
    pub fn of<N: Scalar>(point: &[N], function: impl FnOnce(&[Value]) -> Vec<Value>) -> Trace {
        let _scope = tape::scope();
        let first = tape::size().nodes as u32;
        let inputs: Vec<Value> = point.iter().map(|x| Value::new(x.to_value().data())).collect();
        let (outputs, noted) = tape::record_inner_guards(|| tape::with_grad(|| function(&inputs)));
        let conditions = noted.comparisons.iter().map(|guard| guard.condition);
        let results: Vec<Value> = outputs.iter().copied().chain(conditions).collect();
        tape::read(&results, |recording, sources| {
            let reader = Reader { recording, first };
            let mut operands = Vec::new();
            let end = recording.ops().len() as u32;
            let nodes = (first..end).map(|slot| reader.node(slot, &mut operands)).collect();
            let calls = recording.calls_since(first).iter().map(|called| reader.call(called)).collect();
            let mut outputs: Vec<Operand> = sources.into_iter().map(|source| reader.operand(source)).collect();
            let conditions = outputs.split_off(outputs.len() - noted.comparisons.len());
            let guards = conditions.into_iter().zip(noted.comparisons).collect();
            Trace { inputs: inputs.len(), nodes, operands, outputs, calls, guards }
        })
    }

    /// So many numbers come out.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// What each node does.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = Op> {
        self.nodes.iter().map(|node| node.op)
    }

    /// The operands of a node.
    pub fn operands_of(&self, node: usize) -> &[Operand] {
        let start = node.checked_sub(1).map_or(0, |before| self.nodes[before].end);
        &self.operands[start..self.nodes[node].end]
    }

    /// The call that a node is a result of, and its first node.
    fn call_at(&self, node: usize) -> (usize, &Call) {
        let (first, call) = &self.calls[self.calls.partition_point(|(first, _)| *first <= node) - 1];
        (*first, call)
    }

    /// Computes everything anew, forward.
    pub fn forward<N: Scalar>(&self, inputs: &[N]) -> Forward<'_, N> {
        let mut numbers = inputs.to_vec();
        let mut operands = Vec::new();
        while let Some(node) = self.nodes.get(numbers.len()) {
            operands.clear();
            operands.extend(self.operands_of(numbers.len()).iter().map(|operand| operand.number(&numbers)));
            match node.op {
                // A leaf that the function made for itself: nothing is asked of it but its number.
                Op::Leaf => numbers.push(N::constant(node.number)),
                // All results at once.
                Op::Custom => numbers.extend(N::from_call(self.call_at(numbers.len()).1, &operands)),
                op => numbers.push(op.apply(&operands, node.exponent)),
            }
        }
        for (condition, guard) in &self.guards {
            tape::note_again(guard, condition.number(&numbers).to_value());
        }
        Forward { trace: self, numbers }
    }
}

/// The numbers of a trace.
pub(crate) struct Forward<'a, N> {
    trace: &'a Trace,
    numbers: Vec<N>,
}

impl<N: Scalar> Forward<'_, N> {
    /// The outputs.
    pub fn outputs(&self) -> Vec<N> {
        self.trace.outputs.iter().map(|output| output.number(&self.numbers)).collect()
    }

    /// The numbers of all nodes.
    pub fn into_numbers(self) -> Vec<N> {
        self.numbers
    }

    /// The derivatives by the inputs of the sum of all outputs, each times its adjoint.
    ///
    /// What no adjoint reaches passes none on, so that nothing is recorded there.
    pub fn backward(&self, adjoints: &[N]) -> Vec<N> {
        let trace = self.trace;
        let mut adjoint_of: Vec<Option<N>> = vec![None; trace.nodes.len()];
        trace.outputs.iter().zip(adjoints).for_each(|(output, adjoint)| output.add(*adjoint, &mut adjoint_of));
        let (mut operands, mut partials) = (Vec::new(), Vec::new());
        // The derivatives of the call that was met last, by its first node.
        let mut of_call = (usize::MAX, Vec::new());
        for number in (trace.inputs..trace.nodes.len()).rev() {
            let (Some(adjoint), node) = (adjoint_of[number], &trace.nodes[number]) else { continue };
            let sources = trace.operands_of(number);
            operands.clear();
            operands.extend(sources.iter().map(|source| source.number(&self.numbers)));
            partials.clear();
            partials.resize(operands.len(), N::constant(0.0));
            if node.op == Op::Custom {
                let (first, call) = trace.call_at(number);
                if of_call.0 != first {
                    let results = &self.numbers[first..][..call.results.len()];
                    of_call = (first, call.partials(&operands, results));
                }
                partials.copy_from_slice(&of_call.1[(number - first) * operands.len()..][..operands.len()]);
            } else {
                node.op.write_partials(&operands, node.exponent, self.numbers[number], &mut partials);
            }
            for (source, partial) in sources.iter().zip(&partials) {
                if let Operand::Node(_) = source {
                    source.add(adjoint.strong_zero_mul(*partial), &mut adjoint_of);
                }
            }
        }
        adjoint_of[..trace.inputs].iter().map(|adjoint| adjoint.unwrap_or(N::constant(0.0))).collect()
    }
}

impl Operand {
    /// The number that it is among those of all nodes.
    pub fn number<N: Scalar>(self, numbers: &[N]) -> N {
        match self {
            Operand::Node(number) => numbers[number],
            Operand::Outside(value) => N::from_value(value),
        }
    }

    fn add<N: Scalar>(self, adjoint: N, adjoint_of: &mut [Option<N>]) {
        if let Operand::Node(number) = self {
            let sum = &mut adjoint_of[number];
            *sum = Some(sum.map_or(adjoint, |sum| sum + adjoint));
        }
    }
}

/// Reads the end of the tape, from the slot of the first input on.
struct Reader<'a> {
    recording: Reading<'a>,
    first: u32,
}

impl Reader<'_> {
    fn node(&self, slot: u32, operands: &mut Vec<Operand>) -> Node {
        let op = self.recording.ops()[slot as usize];
        self.recording.visit_operands(slot, |argument, sources| {
            // The derivatives of a call are kept with it.
            if op != Op::Custom || argument == 1 {
                operands.extend(sources.each().map(|source| self.operand(source)));
            }
        });
        let (exponent, number) = (self.recording.exponent(slot), self.recording.number(slot));
        Node { op, exponent, number, end: operands.len() }
    }

    /// What is known of a call, and its first node.
    fn call(&self, called: &Called) -> (usize, Call) {
        let mut partials = Vec::new();
        for slot in called.slots.clone() {
            self.recording.visit_operands(slot, |argument, sources| match sources {
                Sources::Constants(row) if argument == 0 => partials.extend(row),
                _ => {}
            });
        }
        let call = Call {
            operation: called.operation.clone(),
            order: called.order,
            results: called.slots.clone().map(|slot| self.recording.number(slot)).collect(),
            partials: (called.order == Order::Value).then_some(partials),
        };
        ((called.slots.start - self.first) as usize, call)
    }

    fn operand(&self, source: Source) -> Operand {
        match source {
            Source::Node(slot) if slot >= self.first => Operand::Node((slot - self.first) as usize),
            outside => Operand::Outside(self.recording.value(outside)),
        }
    }
}
