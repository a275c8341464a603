//! The way through a program, from its steps to the statements of a function.

use super::expression::{Code, Helpers};
use super::names::Names;
use super::needed::{Set, declared_late, needed};
use super::statement::{INDICES, places_name};
use super::{Language, Parameter, Signature, Storage};
use crate::program::arrays::{Array, Arrays, Content};
use crate::program::explain::{Explained, TURNS};
use crate::program::{Program, Step};
use crate::text::{counted, thousands};
use std::collections::BTreeSet;

/// With more numbers than this in its arrays, a function asks its caller for the room.
const MOST_ON_STACK: u32 = 4096;

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

/// A function while it is written.
pub(super) struct Writer<'a> {
    pub(super) program: &'a Program,
    pub(super) language: &'a dyn Language,
    pub(super) arrays: Arrays,
    pub(super) explained: Vec<Explained>,
    pub(super) is_needed: Set,
    pub(super) declared_late: Set,
    pub(super) helpers: &'a mut Helpers,
    pub(super) can_fail: bool,
    /// Lists of places in arrays.
    pub(super) tables: Vec<Vec<u32>>,
    pub(super) uses_constants: bool,
    /// How many numbers the longest slice has that must be gathered, and the longest list of derivatives.
    pub(super) slice: u32,
    pub(super) partials: u32,
    pub(super) lines: Vec<String>,
    /// The run-time indices that each open block has named.
    pub(super) looked_up: Vec<BTreeSet<u32>>,
    /// The trips of the repeats around.
    pub(super) repeats: Vec<u32>,
    /// So many instructions were met.
    pub(super) number: usize,
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

    pub(super) fn open(&mut self, index: &str, trips: u32) {
        self.line(&self.language.repeat(index, trips));
        self.looked_up.push(BTreeSet::new());
    }

    pub(super) fn close(&mut self) {
        self.looked_up.pop();
        self.line("}");
    }

    /// An empty line between what stands above and what comes.
    pub(super) fn space(&mut self) {
        if !self.lines.last().is_none_or(|line| line.ends_with('{')) {
            self.line("");
        }
    }

    pub(super) fn line(&mut self, line: &str) {
        let indent = if line.is_empty() { 0 } else { self.looked_up.len() };
        self.lines.push(format!("{}{line}", "    ".repeat(indent)));
    }

    /// Whether an array is a single number, and not written as an array.
    pub(super) fn is_number(&self, array: &Array) -> bool {
        array.slots.len() == 1 && array.content != Content::Constants
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
        for number in 0..program.guards.len() {
            self.guard(number);
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

    /// Checks a guard, in all rows that it has.
    fn guard(&mut self, number: usize) {
        let guard = self.program.guards[number].clone();
        let mut slots = guard.slot..guard.slot + guard.rows;
        while let Some(array) = self.arrays.at(slots.start).filter(|_| !slots.is_empty()).cloned() {
            let end = array.slots.end.min(slots.end);
            let (rows, start) = (end - slots.start, slots.start - array.slots.start);
            let place = match (rows, start) {
                (1, _) => start.to_string(),
                (_, 0) => INDICES[0].into(),
                _ => format!("{} + {start}", INDICES[0]),
            };
            let slot = Code::atom(if self.is_number(&array) { array.name } else { format!("{}[{place}]", array.name) });
            if rows > 1 {
                self.open(INDICES[0], rows);
            }
            for line in self.language.guard(number, &slot, guard.expected, &guard.comparison) {
                self.line(&line);
            }
            if rows > 1 {
                self.close();
            }
            slots.start = end;
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
