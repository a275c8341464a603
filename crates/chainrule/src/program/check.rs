//! What a program must satisfy so that no run of it panics or reaches outside its slots, whatever a file contained.

use super::extent::{Role, extent, may_stand_at};
use super::{Access, Instruction, LOOPS, Program, REPEATS, Route, Start, Step, Term};
use crate::{Error, Op, Result};
use std::fmt::Display;
use std::ops::Range;

/// More slots than this are refused: 16 GiB of numbers.
pub const MOST_SLOTS: u32 = 1 << 31;

/// Programs that sum more terms than this in one run are refused: it would take the better part of an hour.
pub const MOST_TERMS: u64 = 1 << 40;

impl Program {
    /// Checks that every run of the program stays inside its slots and tables, changes neither inputs nor constants, and
    /// applies operations to as many operands as they take. Programs that were recorded satisfy it; one that was loaded
    /// has been checked. What remains to be checked in a run is whether run-time indices are below their counts.
    ///
    /// Not checked, since it does no more harm than another number: whether results that start from zero or from
    /// elsewhere go to different places in different turns, and whether an instruction reads what it writes itself.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, and in which instruction, counted from 1 through all repeats.
    pub fn check(&self) -> Result<()> {
        let protected = self.check_sizes()?;
        let listed = self.tables.iter().enumerate();
        let mut check = Check {
            program: self,
            protected,
            listed_protected: listed.filter(|(_, slot)| **slot < protected).map(|(place, _)| place as i64).collect(),
            instruction: 0,
            terms: 0,
        };
        check.steps(&self.steps, &mut Vec::new())
    }

    /// Checks everything but the steps; returns how many slots belong to inputs and constants.
    fn check_sizes(&self) -> Result<u32> {
        at_most("slots", MOST_SLOTS.into(), self.slots.into())?;
        let inputs: u64 = self.inputs.iter().map(|input| u64::from(input.length)).sum();
        let protected = inputs + self.constants.len() as u64;
        at_most("inputs and constants together", self.slots.into(), protected)?;
        for (place, slot) in self.tables.iter().enumerate() {
            self.check_slot(&format_args!("place {place} of the tables"), *slot)?;
        }
        for (number, guard) in self.guards.iter().enumerate() {
            let last = guard.slot.saturating_add(guard.rows.saturating_sub(1));
            self.check_slot(&format_args!("guard {number}"), last)?;
        }
        let mut length = 0;
        for output in &self.outputs {
            for slots in &output.slots {
                if slots.start > slots.end || slots.end > self.slots {
                    return Err(Error::argument(format!("output {:?}", output.name), self.all_slots(), shown(slots)));
                }
                length += slots.len() as u64;
            }
        }
        at_most("numbers in outputs", MOST_SLOTS.into(), length)?;
        Ok(protected as u32)
    }

    fn check_slot(&self, name: &dyn Display, slot: u32) -> Result<()> {
        if slot < self.slots { Ok(()) } else { Err(Error::argument(name.to_string(), self.all_slots(), slot)) }
    }

    fn all_slots(&self) -> String {
        format!("slots in {}", shown(&(0..self.slots)))
    }
}

/// The way through the steps.
struct Check<'a> {
    program: &'a Program,
    /// Slots below this belong to inputs and constants.
    protected: u32,
    /// The places in the tables where such a slot is written, in order.
    listed_protected: Vec<i64>,
    /// So many instructions were checked, with the one being checked.
    instruction: usize,
    /// So many terms they sum.
    terms: u64,
}

impl Check<'_> {
    fn steps(&mut self, steps: &[Step], repeats: &mut Vec<u32>) -> Result<()> {
        for step in steps {
            match step {
                Step::Run(instruction) => {
                    self.instruction += 1;
                    self.run(instruction, repeats)?;
                }
                Step::Repeat { trips, body } => {
                    at_most("repeats inside each other", REPEATS as u64, repeats.len() as u64 + 1)?;
                    if *trips == 0 {
                        return Err(Error::argument("turns of a repeat", "at least 1", 0));
                    }
                    repeats.push(*trips);
                    self.steps(body, repeats)?;
                    repeats.pop();
                }
            }
        }
        Ok(())
    }

    fn run(&mut self, instruction: &Instruction, repeats: &[u32]) -> Result<()> {
        let Instruction { trips, out, start, scale, term, activation } = instruction;
        if trips.contains(&0) {
            return Err(self.wrong("trips", "at least 1 in each loop", format!("{trips:?}")));
        }
        let turns = trips.iter().chain(repeats).fold(1u64, |turns, trips| turns.saturating_mul((*trips).into()));
        self.terms = self.terms.saturating_add(turns);
        at_most("terms summed in one run", MOST_TERMS, self.terms)?;
        self.term(term, instruction)?;
        let is_scaled =
            matches!(term, Term::Copy(_) | Term::Product { .. } | Term::Operation { .. } | Term::Partial { .. });
        if !scale.is_finite() || *scale == 0.0 || *scale != 1.0 && !is_scaled {
            let expected = "a finite number other than 0, and 1 for terms over slices and for calls";
            return Err(self.wrong("scale", expected, scale));
        }
        if let Some(op) = activation
            && !is_activation(*op)
        {
            let expected = "an operation of one operand whose derivative depends on its result alone";
            return Err(self.wrong("activation", expected, op.row().name));
        }

        for (role, access, trips) in instruction.accesses_in_loops() {
            let places = self.access(&role, access, trips, repeats)?;
            if role == Role::Result {
                self.keeps_what_was_put_in(access, places, trips, repeats)?;
            }
        }
        let is_summed_by_index = |depth| instruction.is_summed_over(depth) && self.moves(out, depth);
        if (0..LOOPS).any(is_summed_by_index) && (*start != Start::Here || activation.is_some()) {
            let expected = "to be only added to where a run-time index moves it";
            return Err(self.wrong("result", expected, "a start or an activation"));
        }
        Ok(())
    }

    /// Whether operations get what they take.
    fn term(&self, term: &Term, instruction: &Instruction) -> Result<()> {
        match term {
            Term::Copy(_) | Term::Product { .. } => Ok(()),
            Term::Operation { op, operands, .. } => self.operation(*op, operands.len()),
            Term::Partial { op, by, operands, .. } => {
                self.operation(*op, operands.len())?;
                if usize::from(*by) >= operands.len() {
                    let expected = format!("one of the {} operands", operands.len());
                    return Err(self.wrong("by", &expected, by));
                }
                Ok(())
            }
            Term::Reduction { op, .. } | Term::ReductionPartial { op, .. } => {
                // Exact programs have sums of products whole, in the order of the table.
                if !(takes_a_slice(*op) || self.program.is_exact && *op == Op::Dot) {
                    return Err(self.wrong("reduction", "an operation over one slice", op.row().name));
                }
                let length = instruction.trips[LOOPS - 1];
                at_most("numbers in a slice", self.program.slots.into(), length.into())?;
                let is_reduction = matches!(term, Term::Reduction { .. });
                if is_reduction && length > 1 && self.moves(&instruction.out, LOOPS - 1) {
                    return Err(self.wrong("result", "to stand still in the innermost loop", "one that moves"));
                }
                Ok(())
            }
            Term::Call { .. } | Term::Jacobian { .. } => {
                if instruction.start != Start::Zero || instruction.activation.is_some() {
                    return Err(self.wrong("call", "neither a start nor an activation", "one of them"));
                }
                Ok(())
            }
        }
    }

    fn operation(&self, op: Op, operands: usize) -> Result<()> {
        let taken = op.row().partials.len();
        if op == Op::Leaf || takes_slices(op) {
            return Err(self.wrong("operation", "one of one, two or three operands", op.row().name));
        }
        if operands != taken {
            let expected = format!("{taken} operands for {}", op.row().name);
            return Err(self.wrong("operation", &expected, operands));
        }
        Ok(())
    }

    /// Whether all places of an access are slots; returns the range of places, in the tables where it goes by them.
    fn access(&self, name: &dyn Display, access: &Access, trips: [u32; LOOPS], repeats: &[u32]) -> Result<Range<i64>> {
        let limit = match access.route {
            Route::Table => self.program.tables.len() as i64,
            _ => self.program.slots.into(),
        };
        let places = extent(access, trips, repeats);
        let mut places = places.ok_or_else(|| self.wrong(name, "places that can be counted", "ones beyond that"))?;
        if let Route::Lookup(number) = access.route {
            let Some(lookup) = self.program.lookups.get(number as usize) else {
                let expected = format!("a lookup below {}", self.program.lookups.len());
                return Err(self.wrong(name, &expected, number));
            };
            if lookup.count == 0 || matches!(lookup.index.route, Route::Lookup(_)) {
                let expected = "a choice of at least one slot, by an index that is not itself looked up";
                return Err(self.wrong(name, expected, format!("lookup {number}")));
            }
            self.access(&format_args!("{name}, index"), &lookup.index, trips, repeats)?;
            let reach = i64::from(lookup.step) * (i64::from(lookup.count) - 1);
            places = places.start.saturating_add(reach.min(0))..places.end.saturating_add(reach.max(0));
        }
        if places.start < 0 || places.end > limit {
            let kind = if access.route == Route::Table { "places of the tables" } else { "slots" };
            return Err(self.wrong(name, &format!("{kind} in 0..{limit}"), shown(&places)));
        }
        Ok(places)
    }

    /// Whether the results, which are within these places, leave inputs and constants alone.
    fn keeps_what_was_put_in(
        &self,
        out: &Access,
        places: Range<i64>,
        trips: [u32; LOOPS],
        repeats: &[u32],
    ) -> Result<()> {
        let is_kept = match out.route {
            Route::Table => {
                let listed = &self.listed_protected;
                let within = |end: i64| listed.partition_point(|place| *place < end);
                let mut listed = listed[within(places.start)..within(places.end)].iter();
                !listed.any(|place| may_stand_at(*place, out, trips, repeats))
            }
            Route::Direct | Route::Lookup(_) => places.start >= self.protected.into(),
        };
        if is_kept {
            return Ok(());
        }
        let expected = format!("slots from {} on, behind inputs and constants", self.protected);
        Err(self.wrong("result", &expected, "a slot before that"))
    }

    /// Whether an access moves with the turns of a loop, by its strides or by its index.
    fn moves(&self, access: &Access, depth: usize) -> bool {
        let by_index = match access.route {
            Route::Lookup(number) => {
                self.program.lookups.get(number as usize).is_some_and(|lookup| lookup.index.strides[depth] != 0)
            }
            _ => false,
        };
        access.strides[depth] != 0 || by_index
    }

    fn wrong(&self, what: impl Display, expected: &str, found: impl Display) -> Error {
        Error::argument(format!("instruction {}, {what}", self.instruction), expected, found)
    }
}

fn at_most(what: &str, most: u64, found: u64) -> Result<()> {
    if found <= most { Ok(()) } else { Err(Error::argument(what, format!("at most {most}"), found)) }
}

fn shown<T: Display>(range: &Range<T>) -> String {
    format!("{}..{}", range.start, range.end)
}

/// Whether an operation is over slices, one or two.
fn takes_slices(op: Op) -> bool {
    op.row().operands.iter().any(|operand| operand.ends_with("[..]"))
}

fn takes_a_slice(op: Op) -> bool {
    takes_slices(op) && op.row().operands.len() == 1
}

/// Whether an operation can be the [activation](Instruction::activation) of an instruction: it takes one operand, and its
/// derivative depends on its result alone. That is so where the rule of the table says the same when it is handed the
/// result in place of the operand.
pub(crate) fn is_activation(op: Op) -> bool {
    const PROBES: [f64; 8] = [-2.5, -1.0, -0.75, 0.0, 0.25, 0.75, 1.0, 2.5];
    let is_unary = op.row().operands.len() == 1 && !takes_slices(op);
    is_unary
        && PROBES.iter().all(|x| {
            let result = op.apply(&[*x], 0);
            let [by_operand, by_result] = [*x, result].map(|operand| op.partials(&[operand], 0, result)[0]);
            by_operand == by_result || by_operand.is_nan() || result.is_nan()
        })
}

#[cfg(test)]
mod tests {
    use super::super::random::example;
    use super::super::{Guard, Input, Lookup, Output};
    use super::*;
    use crate::derivatives::Custom;

    /// `out[j] = tanh(sum over k of a[j][k] * b[k])` over inputs of 8 numbers; there are 12 slots.
    fn small() -> Program {
        let product = Term::Product {
            a: Access::strided(0, [0, 0, 3, 1]),
            b: Access::strided(5, [0, 0, 0, 1]),
            is_strong: false,
        };
        let instruction = Instruction {
            start: Start::From(Access::slot(8)),
            activation: Some(Op::Tanh),
            ..Instruction::new([1, 1, 2, 3], Access::strided(9, [0, 0, 1, 0]), product)
        };
        Program {
            inputs: vec![Input { name: "numbers".into(), length: 8 }],
            constants: vec![0.5],
            slots: 12,
            steps: vec![Step::Run(instruction)],
            tables: vec![1, 9, 10],
            lookups: Vec::new(),
            guards: Vec::new(),
            is_exact: false,
            history: Default::default(),
            outputs: vec![Output { name: "result".into(), slots: vec![9..11] }],
        }
    }

    fn refusal(change: impl Fn(&mut Program, &mut Instruction)) -> String {
        let mut program = small();
        let Step::Run(mut instruction) = program.steps.remove(0) else {
            unreachable!("the one step is an instruction")
        };
        change(&mut program, &mut instruction);
        program.steps.push(Step::Run(instruction));
        program.check().unwrap_err().to_string()
    }

    #[test]
    fn random_programs_satisfy_it() {
        small().check().unwrap();
        for seed in 0..500 {
            example(seed).program.check().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
    }

    #[test]
    fn sizes_are_held_against_limits() {
        assert_eq!(refusal(|p, _| p.slots = u32::MAX), "slots: expected at most 2147483648, found 4294967295");
        let inputs = refusal(|p, _| p.inputs = vec![p.inputs[0].clone(); 2]);
        assert_eq!(inputs, "inputs and constants together: expected at most 12, found 17");
        let overflowing = Input { name: "x".into(), length: u32::MAX };
        refusal(|p, _| p.inputs = vec![overflowing.clone(); 3]);
        assert_eq!(refusal(|p, _| p.tables[1] = 12), "place 1 of the tables: expected slots in 0..12, found 12");
        let outside = refusal(|p, _| p.outputs[0].slots.push(11..13));
        assert_eq!(outside, "output \"result\": expected slots in 0..12, found 11..13");
        let guard = Guard { slot: 12, rows: 1, expected: true, comparison: "a < b".into() };
        assert_eq!(refusal(|p, _| p.guards.push(guard.clone())), "guard 0: expected slots in 0..12, found 12");
        let terms = refusal(|_, i| i.trips = [u32::MAX, u32::MAX, 2, 3]);
        assert!(terms.starts_with("terms summed in one run: expected at most"), "{terms}");
    }

    #[test]
    fn accesses_stay_inside() {
        let a_of = |i: &mut Instruction, access: Access| {
            i.term = Term::Product { a: access, b: access, is_strong: false };
        };
        let beyond = refusal(|_, i| a_of(i, Access::strided(8, [0, 0, 2, 1])));
        assert_eq!(beyond, "instruction 1, operand 1: expected slots in 0..12, found 8..13");
        let before = refusal(|_, i| a_of(i, Access::strided(1, [0, 0, 0, -1])));
        assert_eq!(before, "instruction 1, operand 1: expected slots in 0..12, found -1..2");
        let table = refusal(|_, i| a_of(i, Access::listed(1, [0, 0, 0, 1])));
        assert_eq!(table, "instruction 1, operand 1: expected places of the tables in 0..3, found 1..4");
        let far = refusal(|_, i| a_of(i, Access::strided(0, [0, 0, 0, i32::MAX])));
        assert_eq!(far, "instruction 1, operand 1: expected slots in 0..12, found 0..4294967295");
        let start = refusal(|_, i| i.start = Start::From(Access::slot(12)));
        assert_eq!(start, "instruction 1, start: expected slots in 0..12, found 12..13");
        let turns = refusal(|p, i| {
            i.out.shifts[0] = 1;
            p.steps = vec![Step::Repeat { trips: 3, body: vec![Step::Run(i.clone())] }];
        });
        assert_eq!(turns, "instruction 1, result: expected slots in 0..12, found 9..13");
    }

    #[test]
    fn results_never_go_to_inputs_or_constants() {
        let expected =
            "instruction 1, result: expected slots from 9 on, behind inputs and constants, found a slot before that";
        assert_eq!(refusal(|_, i| i.out.base = 8), expected);
        assert_eq!(refusal(|_, i| i.out = Access::listed(0, [0, 0, 1, 0])), expected);
        let mut program = small();
        let Step::Run(instruction) = &mut program.steps[0] else { unreachable!("the one step is an instruction") };
        instruction.out = Access::listed(1, [0, 0, 1, 0]);
        program.check().unwrap();
    }

    #[test]
    fn lookups_stay_inside_whatever_the_index() {
        let looking_up = |p: &mut Program, i: &mut Instruction, lookup: Lookup| {
            p.lookups.push(lookup);
            i.term = Term::Copy(Access { route: Route::Lookup(0), ..Access::slot(2) });
        };
        let lookup = Lookup { index: Access::slot(0), step: 3, count: 4 };
        let beyond = refusal(|p, i| looking_up(p, i, Lookup { count: 5, ..lookup }));
        assert_eq!(beyond, "instruction 1, operand 1: expected slots in 0..12, found 2..15");
        let none = refusal(|p, i| looking_up(p, i, Lookup { count: 0, ..lookup }));
        assert!(none.contains("at least one slot"), "{none}");
        let index = refusal(|p, i| looking_up(p, i, Lookup { index: Access::slot(12), ..lookup }));
        assert_eq!(index, "instruction 1, operand 1, index: expected slots in 0..12, found 12..13");
        let nested = Access { route: Route::Lookup(0), ..Access::slot(0) };
        refusal(|p, i| looking_up(p, i, Lookup { index: nested, ..lookup }));
        let missing = refusal(|_, i| i.term = Term::Copy(Access { route: Route::Lookup(0), ..Access::slot(2) }));
        assert_eq!(missing, "instruction 1, operand 1: expected a lookup below 0, found 0");
    }

    #[test]
    fn operations_get_what_they_take() {
        let operation = |op, count| Term::Operation { op, exponent: 0, operands: vec![Access::slot(0); count] };
        let few = refusal(|_, i| i.term = operation(Op::Hypot, 1));
        assert_eq!(few, "instruction 1, operation: expected 2 operands for hypot, found 1");
        for op in [Op::Leaf, Op::Sum, Op::Dot] {
            let wrong = refusal(|_, i| i.term = operation(op, op.row().operands.len()));
            assert!(wrong.contains("expected one of one, two or three operands"), "{wrong}");
        }
        let call = refusal(|_, i| {
            let operation = Custom::new("any", |x| x.to_vec(), |_, _| vec![]);
            i.term = Term::Call { operation, operands: Access::slot(0) };
        });
        assert_eq!(call, "instruction 1, call: expected neither a start nor an activation, found one of them");
        let reduction = refusal(|_, i| i.term = Term::Reduction { op: Op::Dot, operand: Access::slot(0) });
        assert_eq!(reduction, "instruction 1, reduction: expected an operation over one slice, found dot");
        let moving = refusal(|_, i| {
            i.term = Term::Reduction { op: Op::Maximum, operand: Access::slot(0) };
            i.trips = [1, 1, 1, 2];
            i.out.strides = [0, 0, 0, 1];
        });
        assert_eq!(
            moving,
            "instruction 1, result: expected to stand still in the innermost loop, found one that moves"
        );
        let by = refusal(|_, i| {
            let (operands, slot) = (vec![Access::slot(0); 2], Access::slot(0));
            i.term = Term::Partial { op: Op::Hypot, exponent: 0, by: 2, operands, result: slot, factor: slot };
        });
        assert_eq!(by, "instruction 1, by: expected one of the 2 operands, found 2");
        assert!(refusal(|_, i| i.activation = Some(Op::Sin)).contains("depends on its result alone, found sin"));
    }

    #[test]
    fn repeats_have_an_end() {
        let repeat = |trips, body| vec![Step::Repeat { trips, body }];
        let mut program = small();
        program.steps = repeat(0, Vec::new());
        assert_eq!(program.check().unwrap_err().to_string(), "turns of a repeat: expected at least 1, found 0");
        program.steps = repeat(2, repeat(2, repeat(2, Vec::new())));
        let error = program.check().unwrap_err().to_string();
        assert_eq!(error, "repeats inside each other: expected at most 2, found 3");
    }

    #[test]
    fn activations_are_those_whose_derivative_the_result_tells() {
        let activations: Vec<&str> = Op::ALL.iter().filter(|op| is_activation(**op)).map(|op| op.row().name).collect();
        let expected = [
            "neg",
            "recip",
            "sqrt",
            "cbrt",
            "exp",
            "tan",
            "tanh",
            "floor",
            "ceil",
            "round",
            "trunc",
            "signum",
            "stop_gradient",
            "relu",
            "sigmoid",
        ];
        assert_eq!(activations, expected);
        // Between the probes, too.
        for op in Op::ALL.iter().filter(|op| is_activation(**op)) {
            for x in (-400..400).map(|i| f64::from(i) * 0.011) {
                let y = op.apply(&[x], 0);
                let [by_operand, by_result] = [x, y].map(|operand| op.partials(&[operand], 0, y)[0]);
                assert!(by_operand == by_result || y.is_nan(), "{op:?} at {x}: {by_operand} and {by_result}");
            }
        }
    }
}
