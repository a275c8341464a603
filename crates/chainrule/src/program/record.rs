//! From scalar code to a program: recording it on the tape, and the passes one after the other.

use super::constants::Constants;
use super::fuse::Items;
use super::level::{COMPUTED, Levels};
use super::lower::{Lowered, lower};
use super::slice::Slice;
use super::{Access, Input, Output, Program, Route, Step};
use crate::tape::{self, Reading, Source};
use crate::{Error, Result, Value};

/// What a recorded function may give back: one value, or several.
pub trait Results {
    /// The values.
    fn values(self) -> Vec<Value>;
}

impl Results for Value {
    fn values(self) -> Vec<Value> {
        vec![self]
    }
}

impl Results for Vec<Value> {
    fn values(self) -> Vec<Value> {
        self
    }
}

impl<const N: usize> Results for [Value; N] {
    fn values(self) -> Vec<Value> {
        self.to_vec()
    }
}

impl Program {
    /// Records what `function` computes from numbers.
    ///
    /// The numbers serve for the recording only: comparisons are decided by them.
    ///
    /// ```
    /// use chainrule::Program;
    ///
    /// let program = Program::record(&[1.0, 2.0], |x| x[0] * x[1] + x[0].sin())?;
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no numbers, or a result does not depend on any of them.
    pub fn record<R: Results>(numbers: &[f64], function: impl FnOnce(&[Value]) -> R) -> Result<Program> {
        Program::record_groups(&[("x", numbers)], |groups| function(&groups[0]))
    }

    /// Records what `function` computes from groups of numbers, each with a name.
    ///
    /// # Errors
    ///
    /// If there are no numbers, or a result does not depend on any of them.
    pub fn record_groups<R: Results>(
        groups: &[(&str, &[f64])],
        function: impl FnOnce(&[Vec<Value>]) -> R,
    ) -> Result<Program> {
        let _scope = tape::scope();
        let leaves = |numbers: &[f64]| numbers.iter().map(|number| Value::new(*number)).collect();
        let inputs: Vec<Vec<Value>> = groups.iter().map(|(_, numbers)| leaves(numbers)).collect();
        let results = function(&inputs).values();
        let groups =
            groups.iter().map(|(name, numbers)| Input { name: name.to_string(), length: numbers.len() as u32 });
        Program::from_tape(&results, &inputs.concat(), groups.collect())
    }

    /// The program that computes values that were already recorded, from leaves that they were made of. What is not among
    /// the inputs is a constant.
    ///
    /// ```
    /// use chainrule::{Program, Value};
    ///
    /// let (a, b) = (Value::new(2.0), Value::new(-3.0));
    /// let loss = (a * b + 10.0).tanh();
    /// let program = Program::of(&[loss], &[a, b])?;
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no inputs, or one of them is no leaf or comes twice, or a result does not depend on any of them.
    pub fn of(results: &[Value], inputs: &[Value]) -> Result<Program> {
        let group = Input { name: "x".into(), length: inputs.len() as u32 };
        Program::from_tape(results, inputs, vec![group])
    }

    fn from_tape(results: &[Value], inputs: &[Value], groups: Vec<Input>) -> Result<Program> {
        if inputs.is_empty() {
            return Err(Error::argument("inputs", "at least one number", "none"));
        }
        if results.is_empty() {
            return Err(Error::argument("results", "at least one value", "none"));
        }
        let all: Vec<Value> = inputs.iter().chain(results).copied().collect();
        tape::read(&all, |recording, sources| {
            let (inputs, results) = sources.split_at(inputs.len());
            let inputs = input_slots(recording, inputs)?;
            let result_slot = |(index, result): (usize, &Source)| match result {
                Source::Node(slot) => Ok(*slot),
                Source::Constant(_) => Err(independent(index)),
            };
            let results: Vec<u32> = results.iter().enumerate().map(result_slot).collect::<Result<_>>()?;
            Program::from_slots(recording, &results, &inputs, groups)
        })
    }

    fn from_slots(recording: Reading, results: &[u32], inputs: &[u32], groups: Vec<Input>) -> Result<Program> {
        let slice = Slice::new(recording, inputs, results);
        if let Some(index) = results.iter().position(|slot| !slice.varies(*slot)) {
            return Err(independent(index));
        }
        let slots = slice.slots();
        let levels = Levels::new(Items::new(recording, slice), inputs, slots);
        let lowered = lower(&levels);
        let results = results.iter().map(|slot| levels.address(*slot)).collect();
        Ok(placed(lowered, results, groups).rolled())
    }
}

fn independent(index: usize) -> Error {
    Error::argument(format!("result {}", index + 1), "a value that depends on an input", "one that depends on none")
}

fn input_slots(recording: Reading, inputs: &[Source]) -> Result<Vec<u32>> {
    let mut slots = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let problem = |found| Error::argument(format!("input {}", index + 1), "a leaf, made with `Value::new`", found);
        match input {
            Source::Constant(_) => return Err(problem("a constant")),
            Source::Node(slot) if recording.ops()[*slot as usize] != crate::Op::Leaf => {
                return Err(problem("a value that was computed"));
            }
            Source::Node(slot) => slots.push(*slot),
        }
    }
    let mut sorted = slots.clone();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let index = slots.iter().rposition(|slot| *slot == twice[0]).unwrap_or_default();
        return Err(Error::argument(format!("input {}", index + 1), "a leaf of its own", "one that came before"));
    }
    Ok(slots)
}

/// Puts addresses into one row of slots: inputs, constants, what is computed.
fn placed(lowered: Lowered, results: Vec<u32>, inputs: Vec<Input>) -> Program {
    let Lowered { mut instructions, constants, mut tables, mut lookups, end, .. } = lowered;
    let input_length: u32 = inputs.iter().map(|input| input.length).sum();
    // What is computed begins with a cache line.
    let computed = (input_length + constants.numbers.len() as u32).next_multiple_of(8);
    let place = |address: u32| match address {
        address if address >= Constants::FIRST => address - Constants::FIRST + input_length,
        address if address >= COMPUTED => address - COMPUTED + computed,
        input => input,
    };
    let move_access = |access: &mut Access| {
        if access.route != Route::Table {
            access.base = place(access.base);
        }
    };
    instructions.iter_mut().flat_map(|instruction| instruction.accesses_mut()).for_each(move_access);
    lookups.iter_mut().for_each(|lookup| move_access(&mut lookup.index));
    tables.iter_mut().for_each(|address| *address = place(*address));
    let mut slots: Vec<std::ops::Range<u32>> = Vec::new();
    for slot in results.into_iter().map(place) {
        match slots.last_mut() {
            Some(stretch) if stretch.end == slot => stretch.end += 1,
            _ => slots.push(slot..slot + 1),
        }
    }
    Program {
        inputs,
        constants: constants.numbers,
        slots: place(end),
        steps: instructions.into_iter().map(Step::Run).collect(),
        tables,
        lookups,
        guards: Vec::new(),
        outputs: vec![Output { name: "value".into(), slots }],
    }
}
