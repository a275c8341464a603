//! What a program does, in words: which scalars became which loops.

mod page;

use super::arrays::{Array, Arrays, Content};
use super::{Access, Input, Instruction, LOOPS, Program, REPEATS, Route, Stage, Start, Step, Term};
use crate::Op;
use crate::text::thousands;

/// A program in words; its `Display` is a page to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The groups of inputs.
    pub inputs: Vec<Input>,
    /// The names of the groups of results, and how many numbers each has.
    pub outputs: Vec<(String, usize)>,
    /// How many constants there are.
    pub constants: usize,
    /// The comparisons that are checked in each run.
    pub guards: Vec<String>,
    /// How many numbers a run needs room for, inputs and constants included.
    pub slots: u32,
    /// What each pass has left, from the nodes of the recording to the instructions; nothing if that was not kept.
    pub stages: Vec<Stage>,
    /// What is done, in this order.
    pub parts: Vec<Part>,
}

/// A part of what is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// An instruction.
    Run(Explained),
    /// Parts that are done again and again, each time with what the turn before computed.
    Repeat {
        /// So many turns.
        trips: u32,
        /// What is done in each.
        body: Vec<Part>,
    },
}

/// An instruction in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Its number, counted from 1 through all repeats.
    pub number: usize,
    /// What it is called, as in `matrix product`.
    pub kind: String,
    /// What it computes, as in `v1 [100 x 16] = x [100 x 2] . w [16 x 2]^T + b [16], then ReLU`.
    pub formula: String,
    /// The trips of its loops, outermost first, without those that run once.
    pub loops: Vec<u32>,
    /// For how many operations on scalars it stands in a run, in all turns of the repeats around it. Additions,
    /// multiplications and functions count as one each, so this is also the number of floating-point operations.
    pub operations: u64,
}

impl Program {
    /// What the program does, in words, and what each pass has left on the way to it.
    ///
    /// ```
    /// use chainrule::{Program, Value};
    ///
    /// let neuron = |x: &[Value]| (Value::dot(&x[..50], &x[50..100]) + x[100]).tanh();
    /// let program = Program::record(&[0.1; 101], neuron)?;
    /// let text = program.explain().to_string();
    /// assert!(text.contains("dot product   v1 = x [50] . x [50] + x[100], then tanh"), "{text}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn explain(&self) -> Explanation {
        let mut explainer = Explainer { program: self, arrays: Arrays::of(self), repeats: Vec::new(), number: 0 };
        Explanation {
            inputs: self.inputs.clone(),
            outputs: self.outputs.iter().map(|output| (output.name.clone(), output.length())).collect(),
            constants: self.constants.len(),
            guards: self.guards.iter().map(|guard| guard.comparison.clone()).collect(),
            slots: self.slots,
            stages: self.history.0.clone(),
            parts: explainer.parts(&self.steps),
        }
    }
}

impl Explanation {
    /// All instructions, in their order.
    pub fn instructions(&self) -> Vec<&Explained> {
        self.parts.iter().flat_map(Part::instructions).collect()
    }

    /// For how many operations on scalars the program stands; see [`Explained::operations`].
    pub fn operations(&self) -> u64 {
        self.instructions().iter().map(|explained| explained.operations).sum()
    }

    /// How many bytes the numbers of a run take, in `f64`.
    pub fn bytes(&self) -> u64 {
        u64::from(self.slots) * size_of::<f64>() as u64
    }
}

impl Part {
    fn instructions(&self) -> Vec<&Explained> {
        match self {
            Part::Run(explained) => vec![explained],
            Part::Repeat { body, .. } => body.iter().flat_map(Part::instructions).collect(),
        }
    }
}

/// The way through the steps.
struct Explainer<'a> {
    program: &'a Program,
    arrays: Arrays,
    /// The trips of the repeats around.
    repeats: Vec<u32>,
    /// So many instructions were explained.
    number: usize,
}

impl Explainer<'_> {
    fn parts(&mut self, steps: &[Step]) -> Vec<Part> {
        steps.iter().map(|step| self.part(step)).collect()
    }

    fn part(&mut self, step: &Step) -> Part {
        match step {
            Step::Repeat { trips, body } => {
                self.repeats.push(*trips);
                let body = self.parts(body);
                self.repeats.pop();
                Part::Repeat { trips: *trips, body }
            }
            Step::Run(instruction) => {
                self.number += 1;
                Part::Run(Explained {
                    number: self.number,
                    kind: kind(instruction),
                    formula: self.formula(instruction),
                    loops: instruction.trips.into_iter().filter(|trips| *trips > 1).collect(),
                    operations: self.repeats.iter().map(|trips| u64::from(*trips)).product::<u64>()
                        * operations(instruction),
                })
            }
        }
    }

    fn formula(&self, instruction: &Instruction) -> String {
        let Instruction { trips, out, start, scale, term, activation } = instruction;
        let equals = if *start == Start::Here { "+=" } else { "=" };
        let scale = match scale {
            1.0 => String::new(),
            -1.0 => "-".into(),
            scale => format!("{scale} * "),
        };
        let mut text = format!("{} {equals} {scale}{}", self.operand(out, *trips), self.term(term, instruction));
        if let Start::From(access) = start {
            text += &format!(" + {}", self.operand(access, instruction.free_trips()));
        }
        if let Some(op) = activation {
            text += &format!(", then {op}");
        }
        text
    }

    fn term(&self, term: &Term, instruction: &Instruction) -> String {
        let operand = |access: &Access| self.operand(access, instruction.trips);
        let all = |accesses: &[Access]| accesses.iter().map(operand).collect::<Vec<String>>();
        let summed: Vec<String> = (0..LOOPS)
            .filter(|depth| instruction.is_summed_over(*depth))
            .map(|depth| thousands(instruction.trips[depth].into()))
            .collect();
        let sum = if summed.is_empty() { String::new() } else { format!("sum over {} of ", summed.join(" x ")) };
        match term {
            Term::Copy(a) => sum + &operand(a),
            Term::Product { a, b, .. } => {
                let (roles, [a, b]) = Roles::ordered(instruction, [a, b]);
                let [first, second] = [(a, true), (b, false)].map(|(access, is_first)| {
                    let is_transposed = roles.is_matrix_product() && roles.is_transposed(access, is_first);
                    operand(access) + if is_transposed { "^T" } else { "" }
                });
                if roles.contracted.is_empty() || !roles.summed_alone.is_empty() {
                    format!("{sum}{first} * {second}")
                } else {
                    format!("{first} . {second}")
                }
            }
            Term::Operation { op, exponent, operands } => sum + &applied(*op, *exponent, &all(operands)),
            Term::Partial { op, exponent, by, operands, factor, .. } => {
                let (by, operation) = (operand(&operands[usize::from(*by)]), applied(*op, *exponent, &all(operands)));
                format!("{sum}{} * d({operation}) / d({by})", operand(factor))
            }
            Term::Reduction { op, operand: slice } => format!("{} of {}", op.row().name, operand(slice)),
            Term::ReductionPartial { op, operand: slice, factor, .. } => {
                format!("{} * d({} of {slice}) / d({slice})", operand(factor), op.row().name, slice = operand(slice))
            }
            Term::Call { operation, operands } => format!("{}({})", operation.name(), operand(operands)),
            Term::Jacobian { operation, operands, .. } => {
                format!("d({}({x})) / d({x})", operation.name(), x = operand(operands))
            }
        }
    }

    /// The name of an array, and how much of it an access goes through in the loops: the longest way between neighbours
    /// comes first, as it does in memory.
    fn operand(&self, access: &Access, trips: [u32; LOOPS]) -> String {
        let array = self.arrays.of_reach(&self.program.reach(access, trips, &self.repeats));
        let mut depths: Vec<usize> =
            (0..LOOPS).filter(|depth| trips[*depth] > 1 && access.strides[*depth] != 0).collect();
        depths.sort_by_key(|depth| std::cmp::Reverse(access.strides[*depth].unsigned_abs()));
        let lengths: Vec<String> = depths.iter().map(|depth| thousands(trips[*depth].into())).collect();
        let shape = if lengths.is_empty() { String::new() } else { format!(" [{}]", lengths.join(" x ")) };
        match access.route {
            Route::Direct if lengths.is_empty() => self.element(array, access),
            Route::Direct if self.moves_with_turns(access) => {
                format!("{}[{} ..]{shape}", array.name, self.place(array, access))
            }
            Route::Direct => array.name.clone() + &shape,
            Route::Table => format!("{}{shape} by table", array.name),
            Route::Lookup(number) => {
                let index = self.operand(&self.program.lookups[number as usize].index, trips);
                format!("{}{shape} at {index}", array.name)
            }
        }
    }

    /// A single number.
    fn element(&self, array: &Array, access: &Access) -> String {
        let moves = self.moves_with_turns(access);
        match array.content {
            Content::Constants if !moves => {
                self.program.constants[(access.base - array.slots.start) as usize].to_string()
            }
            _ if array.slots.len() == 1 && !moves => array.name.clone(),
            _ => format!("{}[{}]", array.name, self.place(array, access)),
        }
    }

    fn moves_with_turns(&self, access: &Access) -> bool {
        access.shifts.iter().zip(&self.repeats).any(|(shift, _)| *shift != 0)
    }

    /// Where in its array an access begins, as in `12 + 5 t`, where `t` is the turn of the repeat around.
    fn place(&self, array: &Array, access: &Access) -> String {
        let mut place = String::new();
        for ((shift, _), turn) in
            access.shifts.iter().zip(&self.repeats).zip(TURNS).filter(|((shift, _), _)| **shift != 0)
        {
            let sign = if *shift < 0 { " - " } else { " + " };
            match shift.unsigned_abs() {
                1 => place += &format!("{sign}{turn}"),
                far => place += &format!("{sign}{far} {turn}"),
            }
        }
        match access.base - array.slots.start {
            0 if place.starts_with(" + ") => place.split_off(3),
            start => format!("{start}{place}"),
        }
    }
}

/// What the turns of repeats are called, outermost first.
pub(super) const TURNS: [&str; REPEATS] = ["t", "u"];

/// An operation of these operands: `a - b`, `tanh(a)`, `a^3`.
fn applied(op: Op, exponent: i32, operands: &[String]) -> String {
    match (op, operands) {
        (Op::Powi, [x]) if x.contains(' ') => format!("({x})^{exponent}"),
        (Op::Powi, [x]) => format!("{x}^{exponent}"),
        (Op::Neg, [x]) => format!("-{x}"),
        (Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem | Op::Powf | Op::Less | Op::Equal, [a, b]) => {
            format!("{a} {op} {b}")
        }
        _ => format!("{}({})", op.row().name, operands.join(", ")),
    }
}

/// What each loop is to a product.
#[derive(Clone, Debug, Default)]
struct Roles {
    /// The result moves with the first factor, with the second, with both.
    first: Vec<usize>,
    second: Vec<usize>,
    both: Vec<usize>,
    /// Summed over with both factors moving.
    contracted: Vec<usize>,
    /// Summed over with one factor or none moving.
    summed_alone: Vec<usize>,
}

impl Roles {
    /// The factors in the order in which the result has their loops, and what the loops are to them then.
    fn ordered<'a>(instruction: &Instruction, [a, b]: [&'a Access; 2]) -> (Self, [&'a Access; 2]) {
        let roles = Roles::of(instruction, a, b);
        let longest =
            |depths: &[usize]| depths.iter().map(|depth| instruction.out.strides[*depth].unsigned_abs()).max();
        if longest(&roles.second) > longest(&roles.first) {
            return (Roles::of(instruction, b, a), [b, a]);
        }
        (roles, [a, b])
    }

    fn of(instruction: &Instruction, a: &Access, b: &Access) -> Self {
        let mut roles = Roles::default();
        for depth in (0..LOOPS).filter(|depth| instruction.trips[*depth] > 1) {
            let is_summed = instruction.is_summed_over(depth);
            let list = match (is_summed, a.strides[depth] != 0, b.strides[depth] != 0) {
                (false, true, true) => &mut roles.both,
                (false, true, false) => &mut roles.first,
                (false, false, true) => &mut roles.second,
                (false, false, false) => continue,
                (true, true, true) => &mut roles.contracted,
                (true, ..) => &mut roles.summed_alone,
            };
            list.push(depth);
        }
        roles
    }

    fn is_matrix_product(&self) -> bool {
        !self.contracted.is_empty() && !self.first.is_empty() && !self.second.is_empty()
    }

    /// Whether a factor of a matrix product stands in memory the other way round than `rows . columns` has it.
    fn is_transposed(&self, access: &Access, is_first: bool) -> bool {
        let longest = |depths: &[usize]| depths.iter().map(|depth| access.strides[*depth].unsigned_abs()).max();
        let (outer, inner) = if is_first { (&self.first, &self.contracted) } else { (&self.contracted, &self.second) };
        longest(outer) < longest(inner)
    }

    fn kind(&self) -> &'static str {
        let [first, second] = [&self.first, &self.second].map(|depths| !depths.is_empty());
        match (self.contracted.is_empty(), first, second) {
            (true, ..) if !self.summed_alone.is_empty() => "sum of products",
            (true, true, true) => "outer product",
            (true, ..) => "product",
            (false, true, true) => "matrix product",
            (false, false, false) if self.both.is_empty() => "dot product",
            (false, false, false) => "dot products",
            (false, ..) => "matrix-vector product",
        }
    }
}

fn kind(instruction: &Instruction) -> String {
    let is_sum = (0..LOOPS).any(|depth| instruction.is_summed_over(depth));
    let kind = match &instruction.term {
        Term::Copy(_) if is_sum => "sum",
        Term::Copy(_) if instruction.scale.abs() != 1.0 => "product",
        Term::Copy(_) if instruction.start != Start::Zero => "addition",
        Term::Copy(_) if instruction.activation.is_some() => "function",
        Term::Copy(_) if instruction.scale != 1.0 => "negation",
        Term::Copy(_) => "copy",
        Term::Product { a, b, .. } => Roles::of(instruction, a, b).kind(),
        Term::Operation { .. } if is_sum => "sum of functions",
        Term::Operation { .. } => "function",
        Term::Partial { .. } if is_sum => "sum of derivatives",
        Term::Partial { .. } | Term::ReductionPartial { .. } => "derivative",
        Term::Reduction { op, .. } => op.row().name,
        Term::Call { .. } => "call",
        Term::Jacobian { .. } => "call for derivatives",
    };
    kind.into()
}

/// For how many operations on scalars an instruction stands in one turn of the repeats around it.
fn operations(instruction: &Instruction) -> u64 {
    let count = |trips: &[u32]| trips.iter().map(|trips| u64::from(*trips)).product::<u64>();
    let (turns, results) = (count(&instruction.trips), count(&instruction.free_trips()));
    let (computed, added) = match &instruction.term {
        Term::Copy(_) => (0, turns),
        Term::Product { .. } | Term::Operation { .. } => (turns, turns),
        Term::Partial { .. } | Term::ReductionPartial { .. } => (2 * turns, turns),
        Term::Reduction { .. } => (turns, count(&instruction.trips[..LOOPS - 1])),
        // What a call does is unknown: it counts for the numbers that it gives.
        Term::Call { .. } | Term::Jacobian { .. } => (results, 0),
    };
    let is_negated = instruction.scale == -1.0;
    let is_scaled = instruction.scale != 1.0 && !(is_negated && (instruction.start != Start::Zero || turns > results));
    let additions = if instruction.start == Start::Zero { added.saturating_sub(results) } else { added };
    let on_results = u64::from(is_scaled) + u64::from(instruction.activation.is_some());
    computed + additions + on_results * results
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::nn::{Activation, Initializer, Mlp, Module};
    use crate::{Value, rng};

    /// The loss of a network on a batch of rows, recorded from scalars.
    pub(crate) fn network() -> Program {
        let model = Mlp::with(2, &[16, 16, 1], Activation::Relu, Initializer::Xavier, &mut rng(1));
        let rows: Vec<[f64; 2]> = (0..100).map(|row| [f64::from(row).sin(), f64::from(row).cos()]).collect();
        let loss = |row: &[f64; 2]| (1.0 - model.forward(&row.map(Value::constant))[0]).relu();
        let losses: Vec<Value> = rows.iter().map(loss).collect();
        Program::of(&[Value::mean(&losses)], &model.parameters()).unwrap()
    }

    /// A few operations without any loop.
    pub(crate) fn chain() -> Program {
        let inputs: [(&str, &[f64]); 2] = [("x", &[1.0]), ("y", &[0.5])];
        let f = |x: Value, y: Value| ((x * y + 3.0).tanh() / y.exp()).hypot(x.powi(3)).softplus();
        Program::record_groups(&inputs, |groups| f(groups[0][0], groups[1][0])).unwrap()
    }

    #[test]
    fn a_network_of_many_scalars_is_a_page_of_loops() {
        let expected = "\
64,300 operations on scalars in 5 instructions
from x [337] to value
201 constants; 3,845 slots, 30,760 bytes

pass     leaves
record   6,701 nodes
slice    6,701 nodes
fuse     3,301 items
level        4 groups
nest         4 nests
lower        5 instructions
repeat       5 instructions
copies       5 instructions

   operations
1       8,000  matrix product          v1 [100 x 16] = constants [100 x 2] . x [16 x 2]^T + x [16], then ReLU
2      52,800  matrix product          v2 [100 x 16] = v1 [100 x 16] . x [16 x 16]^T + x [16], then ReLU
3         100  addition                v3 [100] = -x[336] + 1
4       3,300  matrix-vector product   v3 [100] += -v2 [100 x 16] . x [16], then ReLU
5         100  sum                     v4 = 0.01 * sum over 100 of v3 [100]
";
        assert_eq!(network().explain().to_string(), expected);
    }

    #[test]
    fn turns_of_repeats_are_named() {
        let text = (0..).map(|seed| super::super::random::example(seed).program.explain().to_string());
        let text = text.into_iter().find(|text| text.contains("turns")).unwrap();
        assert!(text.contains("               for 3 turns t:\n"), "{text}");
        assert!(text.contains("45      product   v1[5 + 5 t ..] [5] = v1[5 t ..] [5] * weights [5] +"), "{text}");
    }
}
