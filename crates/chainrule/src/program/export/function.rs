//! The way through a program, from its steps to the statements of a function.

use super::expression::{Code, Helpers, Strength};
use super::names::Names;
use super::{Language, Parameter, Signature, Storage};
use crate::program::arrays::{Array, Arrays, Content};
use crate::program::explain::{Explained, TURNS};
use crate::program::extent::{Role, extent};
use crate::program::{Access, Instruction, LOOPS, Program, Route, Start, Step, Term};
use crate::text::{counted, thousands};
use std::collections::BTreeSet;

/// With more numbers than this in its arrays, a function asks its caller for the room.
const MOST_ON_STACK: u32 = 4096;

/// What the loops of an instruction are called, in the order in which they are opened.
const INDICES: [&str; LOOPS] = ["i", "j", "k", "l"];

/// What the sum of a statement is called while it grows.
const TOTAL: &str = "total";

/// Programs as functions of these names in one file, and what they take and give.
pub(super) fn write(programs: &[(&str, &Program)], language: &dyn Language) -> (String, Vec<Signature>) {
    let mut helpers = Helpers::default();
    let functions = programs.iter().map(|(name, program)| write_one(program, name, language, &mut helpers));
    let (functions, signatures): (Vec<String>, Vec<Signature>) = functions.unzip();
    let definitions: Vec<String> = helpers.definitions.into_iter().chain(functions).collect();
    (language.file(&definitions), signatures)
}

fn write_one(program: &Program, name: &str, language: &dyn Language, helpers: &mut Helpers) -> (String, Signature) {
    let mut names = Names::new();
    let name = names.take(name);
    let mut arrays = Arrays::of(program);
    arrays.rename(|array| match array.content {
        Content::Input(_) => names.take(&array.name),
        Content::Constants => language.list_name(&array.name),
        Content::Computed => array.name.clone(),
    });
    let parameter = |name: &str, length, names: &mut Names| Parameter { name: names.take(name), length };
    let outputs = program.outputs.iter().map(|output| parameter(&output.name, output.length(), &mut names)).collect();
    arrays.rename(|array| match array.content {
        Content::Computed => names.take(&array.name),
        Content::Input(_) | Content::Constants => array.name.clone(),
    });
    let is_needed = needed(program, &arrays);
    let mut writer = Writer {
        program,
        language,
        is_needed,
        explained: program.explain().instructions().into_iter().cloned().collect(),
        declared_late: declared_late(program, &arrays),
        arrays,
        helpers,
        can_fail: !program.guards.is_empty(),
        tables: Vec::new(),
        uses_constants: false,
        slice: 0,
        partials: 0,
        lines: Vec::new(),
        looked_up: vec![BTreeSet::new()],
        repeats: Vec::new(),
        number: 0,
    };
    writer.steps(&program.steps);
    writer.function(name, outputs)
}

/// Arrays, by their names.
type Set = BTreeSet<String>;

/// The arrays that results and guards depend on: what nobody reads is left out.
fn needed(program: &Program, arrays: &Arrays) -> Set {
    let results = program.outputs.iter().flat_map(|output| output.slots.iter().cloned().flatten());
    let guards = program.guards.iter().map(|guard| guard.slot);
    let mut needed: Set = results.chain(guards).filter_map(|slot| Some(arrays.at(slot)?.name.clone())).collect();
    let uses = uses(program, arrays);
    loop {
        let before = needed.len();
        for uses in uses.iter().rev().filter(|uses| needed.contains(&uses[0])).cloned().collect::<Vec<_>>() {
            needed.extend(uses);
        }
        if needed.len() == before {
            return needed;
        }
    }
}

/// The arrays that each instruction uses; the one that it writes comes first.
fn uses(program: &Program, arrays: &Arrays) -> Vec<Vec<String>> {
    let of_instruction = |(instruction, repeats): (&Instruction, Vec<u32>)| {
        let mut uses = Vec::new();
        for (_, access, trips) in instruction.accesses_in_loops() {
            uses.push(arrays.of_reach(&program.reach(access, trips, &repeats)).name.clone());
            if let Route::Lookup(number) = access.route {
                let index = &program.lookups[number as usize].index;
                uses.push(arrays.of_reach(&program.reach(index, trips, &repeats)).name.clone());
            }
        }
        uses
    };
    program.instructions().into_iter().map(of_instruction).collect()
}

/// The single numbers that are named where they are computed, since they are so before anybody reads them, and only once.
fn declared_late(program: &Program, arrays: &Arrays) -> Set {
    let (mut met, mut late) = (Set::new(), Set::new());
    let instructions = program.instructions();
    for ((instruction, repeats), uses) in instructions.iter().zip(uses(program, arrays)) {
        let is_first = !uses.iter().skip(1).chain(&met).any(|used| *used == uses[0]);
        let is_assigned =
            instruction.start != Start::Here && !matches!(instruction.term, Term::ReductionPartial { .. });
        if is_first && is_assigned && repeats.is_empty() {
            late.insert(uses[0].clone());
        } else {
            late.remove(&uses[0]);
        }
        met.extend(uses);
    }
    late
}

/// A function while it is written.
struct Writer<'a> {
    program: &'a Program,
    language: &'a dyn Language,
    arrays: Arrays,
    explained: Vec<Explained>,
    is_needed: Set,
    declared_late: Set,
    helpers: &'a mut Helpers,
    can_fail: bool,
    /// Lists of places in arrays.
    tables: Vec<Vec<u32>>,
    uses_constants: bool,
    /// How many numbers the longest slice has that must be gathered, and the longest list of derivatives.
    slice: u32,
    partials: u32,
    lines: Vec<String>,
    /// The run-time indices that each open block has named.
    looked_up: Vec<BTreeSet<u32>>,
    /// The trips of the repeats around.
    repeats: Vec<u32>,
    /// So many instructions were met.
    number: usize,
}

/// An instruction while it is written.
struct Statement<'a> {
    instruction: &'a Instruction,
    accesses: Vec<(Role, &'a Access, [u32; LOOPS])>,
    /// What each open loop is called.
    indices: [Option<&'static str>; LOOPS],
}

impl Statement<'_> {
    fn is_only_added(&self) -> bool {
        self.instruction.start == Start::Here && self.instruction.activation.is_none()
    }
}

impl Writer<'_> {
    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Run(instruction) => {
                    self.number += 1;
                    self.instruction(instruction);
                }
                Step::Repeat { trips, body } => {
                    self.space();
                    self.open(TURNS[self.repeats.len()], *trips);
                    self.repeats.push(*trips);
                    self.steps(body);
                    self.repeats.pop();
                    self.close();
                }
            }
        }
    }

    fn instruction(&mut self, instruction: &Instruction) {
        let accesses = instruction.accesses_in_loops();
        let mut statement = Statement { instruction, accesses, indices: [None; LOOPS] };
        if !self.is_needed.contains(&self.array(&statement, Role::Result).name) {
            return;
        }
        self.space();
        let Explained { kind, formula, .. } = &self.explained[self.number - 1];
        let comment = format!("// {kind}: {formula}");
        self.line(&comment);
        match instruction.term {
            Term::ReductionPartial { .. } => self.spread(&mut statement),
            _ => self.sum(&mut statement),
        }
    }

    /// A statement that sums terms.
    fn sum(&mut self, statement: &mut Statement) {
        let (free, mut summed) = self.loops(statement);
        if matches!(statement.instruction.term, Term::Reduction { .. }) {
            summed.retain(|depth| *depth < LOOPS - 1);
        }
        self.open_all(statement, &free);
        if summed.is_empty() {
            self.assign_term(statement);
        } else if free.is_empty() {
            self.sum_in_place(statement, &summed);
        } else {
            self.sum_aside(statement, &summed);
        }
        self.close_all(statement, &free);
    }

    /// A result of one term.
    fn assign_term(&mut self, statement: &mut Statement) {
        let from = self.start(statement);
        let term = self.term(statement);
        let is_only_added = statement.is_only_added();
        let sum = from.map_or(term.clone(), |from| Code::binary(&from, "+", &term, Strength::Sum));
        let value = self.activated(statement, sum);
        self.assign(statement, if is_only_added { "+=" } else { "=" }, &value);
    }

    /// A single sum, which grows where the result goes.
    fn sum_in_place(&mut self, statement: &mut Statement, summed: &[usize]) {
        let array = self.array(statement, Role::Result).clone();
        let from = self.start(statement).unwrap_or_else(|| self.language.number(0.0));
        if self.is_number(&array) && self.declared_late.contains(&array.name) {
            self.line(&self.language.local(&array.name, &from, true));
        } else if statement.instruction.start != Start::Here {
            self.assign(statement, "=", &from);
        }
        self.open_all(statement, summed);
        let term = self.term(statement);
        let place = self.access(statement, Role::Result);
        self.line(&format!("{} += {};", place.text, term.text));
        self.close_all(statement, summed);
        if statement.instruction.activation.is_some() {
            let place = self.access(statement, Role::Result);
            let value = self.activated(statement, place.clone());
            self.line(&format!("{} = {};", place.text, value.text));
        }
    }

    /// A sum for each turn of the open loops, which grows in a place of its own.
    fn sum_aside(&mut self, statement: &mut Statement, summed: &[usize]) {
        let from = self.start(statement).unwrap_or_else(|| self.language.number(0.0));
        self.line(&self.language.local(TOTAL, &from, true));
        self.open_all(statement, summed);
        let term = self.term(statement);
        self.line(&format!("{TOTAL} += {};", term.text));
        self.close_all(statement, summed);
        let value = self.activated(statement, Code::atom(TOTAL));
        self.assign(statement, if statement.is_only_added() { "+=" } else { "=" }, &value);
    }

    /// What a sum starts from, if that is not nothing; where it is only added to its place, it starts from nothing.
    fn start(&mut self, statement: &Statement) -> Option<Code> {
        match statement.instruction.start {
            Start::Zero => None,
            Start::From(_) => Some(self.access(statement, Role::Start)),
            Start::Here if statement.is_only_added() => None,
            Start::Here => Some(self.access(statement, Role::Result)),
        }
    }

    fn activated(&mut self, statement: &Statement, sum: Code) -> Code {
        match statement.instruction.activation {
            Some(op) => self.helpers.apply(self.language, op, 0, &[sum]),
            None => sum,
        }
    }

    /// A statement that adds derivatives by the numbers of a slice.
    fn spread(&mut self, statement: &mut Statement) {
        let Instruction { trips, start, term, activation, .. } = statement.instruction;
        let Term::ReductionPartial { op, .. } = term else { unreachable!("other terms are sums") };
        let (free, _) = self.loops(statement);
        if *start != Start::Here {
            self.open_all(statement, &free);
            let from = match start {
                Start::From(_) => self.access(statement, Role::Start),
                Start::Zero | Start::Here => self.language.number(0.0),
            };
            self.assign(statement, "=", &from);
            self.close_all(statement, &free);
        }

        let length = trips[LOOPS - 1];
        let outer: Vec<usize> = (0..LOOPS - 1).filter(|depth| trips[*depth] > 1).collect();
        self.partials = self.partials.max(length);
        self.open_all(statement, &outer);
        let mut arguments = self.slice(statement);
        arguments.push(self.access(statement, Role::Operand(1)));
        arguments.push(self.language.filled("partials", length));
        let derivatives = format!("{}_derivatives", op.row().name);
        let call = self.helpers.named(self.language, &derivatives, &arguments);
        self.line(&format!("{};", call.text));
        let inner: Vec<usize> = Vec::from_iter((length > 1).then_some(LOOPS - 1));
        self.open_all(statement, &inner);
        let factor = self.access(statement, Role::Operand(2));
        let partial = Code::atom(format!("partials[{}]", statement.indices[LOOPS - 1].unwrap_or("0")));
        let product = self.helpers.strong_product(self.language, &factor, &partial);
        self.assign(statement, "+=", &product);
        self.close_all(statement, &inner);
        self.close_all(statement, &outer);

        if activation.is_some() {
            self.open_all(statement, &free);
            let sum = self.access(statement, Role::Result);
            let value = self.activated(statement, sum);
            self.assign(statement, "=", &value);
            self.close_all(statement, &free);
        }
    }

    /// What is summed, in the loops that are open.
    fn term(&mut self, statement: &mut Statement) -> Code {
        let instruction = statement.instruction;
        if let Term::Reduction { op, .. } = &instruction.term {
            let slice = self.slice(statement);
            return self.helpers.named(self.language, op.row().name, &slice);
        }
        let count = instruction.operands().len();
        let all: Vec<Code> = (0..count).map(|number| self.access(statement, Role::Operand(number))).collect();
        match &instruction.term {
            Term::Product { is_strong: true, .. } => self.helpers.strong_product(self.language, &all[0], &all[1]),
            Term::Product { .. } => Code::binary(&all[0], "*", &all[1], Strength::Product),
            Term::Operation { op, exponent, .. } => self.helpers.apply(self.language, *op, *exponent, &all),
            Term::Partial { op, exponent, by, operands, .. } => {
                let (operands, rest) = all.split_at(operands.len());
                let which = (*op, *exponent, usize::from(*by));
                let derivative = self.helpers.derivative(self.language, which, operands, &rest[0]);
                self.helpers.strong_product(self.language, &rest[1], &derivative)
            }
            Term::Copy(_) | Term::Reduction { .. } | Term::ReductionPartial { .. } => all[0].clone(),
        }
    }

    /// The slice of a reduction as arguments: numbers that are not neighbours are gathered first.
    fn slice(&mut self, statement: &mut Statement) -> Vec<Code> {
        const INNERMOST: usize = LOOPS - 1;
        let (_, access, trips) = statement
            .accesses
            .iter()
            .find(|(role, ..)| *role == Role::Operand(0))
            .copied()
            .expect("a reduction has an operand");
        let length = trips[INNERMOST];
        let array = self.array(statement, Role::Operand(0));
        if access.route == Route::Direct && access.strides[INNERMOST] == 1 && !self.is_number(array) {
            let (name, start) = (array.name.clone(), array.slots.start);
            let place = self.place(statement, access, start, None);
            self.uses_constants |= self.array(statement, Role::Operand(0)).content == Content::Constants;
            return self.language.stretch(&name, &place, length);
        }
        self.slice = self.slice.max(length);
        let inner: Vec<usize> = Vec::from_iter((length > 1).then_some(INNERMOST));
        self.open_all(statement, &inner);
        let element = self.access(statement, Role::Operand(0));
        self.line(&format!("slice[{}] = {};", statement.indices[INNERMOST].unwrap_or("0"), element.text));
        self.close_all(statement, &inner);
        self.language.stretch("slice", "0", length)
    }

    fn assign(&mut self, statement: &Statement, operator: &str, value: &Code) {
        let array = self.array(statement, Role::Result);
        if self.declared_late.contains(&array.name) && self.is_number(array) {
            let name = array.name.clone();
            return self.line(&self.language.local(&name, value, false));
        }
        let place = self.access(statement, Role::Result);
        self.line(&format!("{} {operator} {};", place.text, value.text));
    }

    /// The loops in which the result moves, and those that are summed over.
    fn loops(&self, statement: &Statement) -> (Vec<usize>, Vec<usize>) {
        let Instruction { trips, out, .. } = statement.instruction;
        let by_index = |depth: usize| match out.route {
            Route::Lookup(number) => self.program.lookups[number as usize].index.strides[depth] != 0,
            Route::Direct | Route::Table => false,
        };
        let running = (0..LOOPS).filter(|depth| trips[*depth] > 1);
        running.partition(|depth| out.strides[*depth] != 0 || by_index(*depth))
    }

    fn open_all(&mut self, statement: &mut Statement, depths: &[usize]) {
        for depth in depths {
            let index = INDICES[statement.indices.iter().flatten().count()];
            statement.indices[*depth] = Some(index);
            self.open(index, statement.instruction.trips[*depth]);
        }
    }

    fn close_all(&mut self, statement: &mut Statement, depths: &[usize]) {
        for depth in depths {
            statement.indices[*depth] = None;
            self.close();
        }
    }

    fn open(&mut self, index: &str, trips: u32) {
        self.line(&self.language.repeat(index, trips));
        self.looked_up.push(BTreeSet::new());
    }

    fn close(&mut self) {
        self.looked_up.pop();
        self.line("}");
    }

    /// An empty line between what stands above and what comes.
    fn space(&mut self) {
        if !self.lines.last().is_none_or(|line| line.ends_with('{')) {
            self.line("");
        }
    }

    fn line(&mut self, line: &str) {
        let indent = if line.is_empty() { 0 } else { self.looked_up.len() };
        self.lines.push(format!("{}{line}", "    ".repeat(indent)));
    }

    fn array(&self, statement: &Statement, role: Role) -> &Array {
        let access = statement.accesses.iter().find(|(this, ..)| *this == role);
        let (_, access, trips) = access.expect("only what an instruction has is asked for");
        self.arrays.of_reach(&self.program.reach(access, *trips, &self.repeats))
    }

    /// Whether an array is a single number, and not written as an array.
    fn is_number(&self, array: &Array) -> bool {
        array.slots.len() == 1 && array.content != Content::Constants
    }

    /// What an access of a statement reads or writes in this turn of the open loops.
    fn access(&mut self, statement: &Statement, role: Role) -> Code {
        let access = statement.accesses.iter().find(|(this, ..)| *this == role);
        let (_, access, trips) = access.copied().expect("only what an instruction has is asked for");
        self.number_at(statement, access, trips)
    }

    fn number_at(&mut self, statement: &Statement, access: &Access, trips: [u32; LOOPS]) -> Code {
        let array = self.arrays.of_reach(&self.program.reach(access, trips, &self.repeats)).clone();
        let index = match access.route {
            Route::Lookup(number) => Some(self.look_up(statement, number, trips)),
            Route::Direct | Route::Table => None,
        };
        if self.is_number(&array) {
            return Code::atom(array.name);
        }
        if access.route == Route::Table {
            let places = extent(access, trips, &self.repeats).expect("in a checked program all loops run");
            let listed = &self.program.tables[places.start as usize..places.end as usize];
            let table = self.place_list(listed.iter().map(|slot| slot - array.slots.start).collect());
            let place = self.place(statement, access, places.start as u32, None);
            self.uses_constants |= array.content == Content::Constants;
            return Code::atom(format!("{}[{table}[{place}]]", array.name));
        }
        let place = self.place(statement, access, array.slots.start, index);
        match (array.content, place.parse::<usize>()) {
            (Content::Constants, Ok(place)) => self.language.number(self.program.constants[place]),
            (content, _) => {
                self.uses_constants |= content == Content::Constants;
                Code::atom(format!("{}[{place}]", array.name))
            }
        }
    }

    /// The name of a run-time index, and how far apart its choices are.
    fn look_up(&mut self, statement: &Statement, number: u32, trips: [u32; LOOPS]) -> (i64, String) {
        let lookup = self.program.lookups[number as usize];
        let name = format!("index{}", number + 1);
        if !self.looked_up.last().is_some_and(|named| named.contains(&number)) {
            let index = self.number_at(statement, &lookup.index, trips);
            self.helpers.is_defined(self.language, "index_below");
            self.can_fail = true;
            for line in self.language.look_up(&name, &index, lookup.count) {
                self.line(&line);
            }
            self.looked_up.last_mut().expect("the function is a block").insert(number);
        }
        (lookup.step.into(), name)
    }

    /// The name of a list of places.
    fn place_list(&mut self, places: Vec<u32>) -> String {
        let known = self.tables.iter().position(|known| *known == places);
        let number = known.unwrap_or_else(|| {
            self.tables.push(places);
            self.tables.len() - 1
        });
        self.language.list_name(&places_name(number))
    }

    /// How far behind `start` an access leads, in terms of the open loops. What is subtracted comes last, so that no part
    /// of the sum is negative.
    fn place(&self, statement: &Statement, access: &Access, start: u32, index: Option<(i64, String)>) -> String {
        let loops = access.strides.iter().zip(statement.indices).filter_map(|(stride, index)| Some((*stride, index?)));
        let repeats = access.shifts.iter().zip(TURNS).take(self.repeats.len()).map(|(shift, turn)| (*shift, turn));
        let moves = repeats.chain(loops).map(|(stride, index)| (i64::from(stride), index.to_string()));
        let moves: Vec<(i64, String)> = index.into_iter().chain(moves).filter(|(stride, _)| *stride != 0).collect();
        let term = |(stride, index): &(i64, String)| match stride.unsigned_abs() {
            1 => index.clone(),
            stride => format!("{stride} * {index}"),
        };
        let mut added: Vec<String> = moves.iter().filter(|(stride, _)| *stride > 0).map(term).collect();
        let constant = access.base - start;
        if constant > 0 || added.is_empty() {
            added.push(constant.to_string());
        }
        let subtracted = moves.iter().filter(|(stride, _)| *stride < 0).map(term);
        std::iter::once(added.join(" + ")).chain(subtracted).collect::<Vec<_>>().join(" - ")
    }

    /// The whole function, around the lines of its steps.
    fn function(mut self, name: String, outputs: Vec<Parameter>) -> (String, Signature) {
        let body = std::mem::take(&mut self.lines);
        let arrays: Vec<Array> = self.arrays.computed().to_vec();
        let is_needed = |array: &&Array| self.is_needed.contains(&array.name);
        let (numbers, arrays): (Vec<&Array>, Vec<&Array>) =
            arrays.iter().filter(is_needed).partition(|array| self.is_number(array));
        let lengths = arrays.iter().map(|array| (array.name.clone(), array.slots.len() as u32));
        let scratch =
            [("slice", self.slice), ("partials", self.partials)].map(|(name, length)| (name.to_string(), length));
        let stored: Vec<(String, u32)> = lengths.chain(scratch).filter(|(_, length)| *length > 0).collect();
        let room: u32 = stored.iter().map(|(_, length)| length).sum();
        let signature = Signature {
            name,
            inputs: self.inputs(),
            outputs,
            workspace: (room > MOST_ON_STACK).then_some(room),
            can_fail: self.can_fail,
        };

        self.store(&stored, signature.workspace);
        let declared_late = std::mem::take(&mut self.declared_late);
        for number in numbers.iter().filter(|number| !declared_late.contains(&number.name)) {
            self.line(&self.language.local(&number.name, &self.language.number(0.0), true));
        }
        for array in &arrays {
            self.copy_given(array);
        }
        if !self.lines.is_empty() && !body.is_empty() {
            self.line("");
        }
        self.lines.extend(body);
        self.finish(&signature);
        let body = std::mem::take(&mut self.lines);
        self.tabulate();
        let tables = std::mem::take(&mut self.lines);

        let head = self.language.head(&signature);
        let lines = [tables, body].concat().join("\n");
        let function = format!("{}\n{head}\n{lines}\n}}", self.comment(&signature));
        (function, signature)
    }

    fn inputs(&self) -> Vec<Parameter> {
        let mut slot = 0;
        let parameter = |input: &crate::program::Input| {
            let name = match self.arrays.at(slot) {
                Some(array) if input.length > 0 => array.name.clone(),
                _ => "none".into(),
            };
            slot += input.length;
            Parameter { name, length: input.length as usize }
        };
        self.program.inputs.iter().map(parameter).filter(|parameter| parameter.length > 0).collect()
    }

    /// Makes room for arrays.
    fn store(&mut self, stored: &[(String, u32)], workspace: Option<u32>) {
        if let Some(room) = workspace {
            self.line(&self.language.clear_workspace(room));
        }
        let mut start = 0;
        for (number, (name, length)) in stored.iter().enumerate() {
            let storage = match workspace {
                Some(_) => Storage::Workspace { start, is_last: number + 1 == stored.len() },
                None => Storage::Stack,
            };
            self.line(&self.language.store(name, *length, storage));
            start += length;
        }
    }

    /// Copies what an array has of inputs and constants to it.
    fn copy_given(&mut self, array: &Array) {
        let given: Vec<Array> = self.arrays.given().to_vec();
        for given in given {
            let (start, end) = (array.slots.start.max(given.slots.start), array.slots.end.min(given.slots.end));
            if start < end {
                self.uses_constants |= given.content == Content::Constants;
                self.copy(&array.name, start - array.slots.start, Some(&given), start, end - start);
            }
        }
    }

    /// Copies numbers that stand in an array, from a slot on, to another one. Slots that belong to no array are 0.
    fn copy(&mut self, to: &str, place: u32, from: Option<&Array>, slot: u32, length: u32) {
        let at = |start: u32, index: Option<&str>| match (start, index) {
            (start, None) => start.to_string(),
            (0, Some(index)) => index.to_string(),
            (start, Some(index)) => format!("{index} + {start}"),
        };
        let index = (length > 1).then_some(INDICES[0]);
        let number = match from {
            None => self.language.number(0.0).text,
            Some(array) if self.is_number(array) => array.name.clone(),
            Some(array) => format!("{}[{}]", array.name, at(slot - array.slots.start, index)),
        };
        if let Some(index) = index {
            self.open(index, length);
        }
        self.line(&format!("{to}[{}] = {number};", at(place, index)));
        if index.is_some() {
            self.close();
        }
    }

    /// Checks the guards, and hands out the results.
    fn finish(&mut self, signature: &Signature) {
        let program = self.program;
        self.space();
        for (number, guard) in program.guards.iter().enumerate() {
            let slot = self.number_in(guard.slot);
            for line in self.language.guard(number, &slot, guard.expected, &guard.comparison) {
                self.line(&line);
            }
        }
        if signature.returns_value() {
            let slot = program.outputs[0].slots.iter().cloned().flatten().next().unwrap_or_default();
            let value = self.number_in(slot);
            return self.line(&self.language.result(&value));
        }
        for (output, parameter) in program.outputs.iter().zip(&signature.outputs) {
            let mut place = 0;
            for slots in &output.slots {
                let mut slot = slots.start;
                while slot < slots.end {
                    let from = self.arrays.at(slot).cloned();
                    let end = from.as_ref().map_or(slot + 1, |array| array.slots.end.min(slots.end));
                    self.uses_constants |= from.as_ref().is_some_and(|array| array.content == Content::Constants);
                    self.copy(&parameter.name, place, from.as_ref(), slot, end - slot);
                    place += end - slot;
                    slot = end;
                }
            }
        }
        if signature.can_fail {
            self.line(self.language.success());
        }
    }

    /// The number in a slot, at the end.
    fn number_in(&mut self, slot: u32) -> Code {
        match self.arrays.at(slot) {
            None => self.language.number(0.0),
            Some(array) if self.is_number(array) => Code::atom(array.name.clone()),
            Some(array) => {
                let code = Code::atom(format!("{}[{}]", array.name, slot - array.slots.start));
                self.uses_constants |= array.content == Content::Constants;
                code
            }
        }
    }

    /// The lists that the function reads.
    fn tabulate(&mut self) {
        let mut lists = Vec::new();
        if self.uses_constants {
            lists.push(self.language.numbers(&self.language.list_name("constants"), &self.program.constants));
        }
        for (number, places) in self.tables.iter().enumerate() {
            lists.push(self.language.places(&self.language.list_name(&places_name(number)), places));
        }
        for line in lists.iter().flat_map(|list| list.lines()) {
            self.line(line);
        }
    }

    fn comment(&self, signature: &Signature) -> String {
        let named = |parameters: &[Parameter]| {
            let named = parameters.iter().map(|Parameter { name, length }| match length {
                1 => name.clone(),
                _ => format!("{name} [{}]", thousands(*length as u64)),
            });
            named.collect::<Vec<_>>().join(", ")
        };
        let operations: u64 = self.explained.iter().map(|explained| explained.operations).sum();
        let operations = match operations {
            1 => "1 operation".into(),
            _ => format!("{} operations", thousands(operations)),
        };
        let instructions = counted(self.explained.len(), "statement");
        let (to, from) = (named(&signature.outputs), named(&signature.inputs));
        let mut text = format!("Computes {to} from {from}: {operations} in {instructions}.");
        if signature.can_fail {
            text += " ";
            text += self.language.result_note();
        }
        super::wrapped(&text, "// ")
    }
}

fn places_name(number: usize) -> String {
    if number == 0 { "places".into() } else { format!("places{}", number + 1) }
}
