//! From scalar code to a program: recording it on the tape, and the passes one after the other.

mod constants;
mod form;
mod fuse;
mod level;
mod lower;
mod nest;
mod operands;
mod repeat;
mod slice;
mod turns;

use crate::program::history::{History, Pass};
use crate::program::rewrite::draft::Draft;
use crate::program::{Access, Guard, Input, Output, Program, Route, Step};
use crate::tape::{self, Reading, Source};
use crate::{Error, Result, Value};
use constants::Constants;
use fuse::Items;
use level::{COMPUTED, Levels};
use lower::{Lowered, lower};
use slice::Slice;

/// What a recorded function may give back: one value, several, or groups of them, each with a name.
pub trait Results {
    /// The groups, with their names.
    fn groups(self) -> Vec<(String, Vec<Value>)>;
}

impl Results for Value {
    fn groups(self) -> Vec<(String, Vec<Value>)> {
        vec![self].groups()
    }
}

impl Results for Vec<Value> {
    fn groups(self) -> Vec<(String, Vec<Value>)> {
        vec![("value".into(), self)]
    }
}

impl<const N: usize> Results for [Value; N] {
    fn groups(self) -> Vec<(String, Vec<Value>)> {
        self.to_vec().groups()
    }
}

impl<const N: usize> Results for [(&str, Vec<Value>); N] {
    fn groups(self) -> Vec<(String, Vec<Value>)> {
        self.into_iter().map(|(name, values)| (name.to_string(), values)).collect()
    }
}

/// How programs are recorded.
///
/// ```
/// use chainrule::program::Recorder;
///
/// let program = Recorder::exact().record(&[("x", &[1.0, 2.0])], |inputs| inputs[0][0] * inputs[0][1])?;
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Recorder {
    is_exact: bool,
}

impl Recorder {
    /// A recorder of programs that keep every operation as it was recorded and where it was: their numbers are those of the
    /// values, to the last bit, and they are slow.
    pub fn exact() -> Self {
        Recorder { is_exact: true }
    }

    /// Records what `function` computes from groups of numbers, each with a name.
    ///
    /// # Errors
    ///
    /// If there are no numbers, or a result does not depend on any of them.
    pub fn record<R: Results>(
        self,
        groups: &[(&str, &[f64])],
        function: impl FnOnce(&[Vec<Value>]) -> R,
    ) -> Result<Program> {
        let _scope = tape::scope();
        let leaves = |numbers: &[f64]| numbers.iter().map(|number| Value::new(*number)).collect();
        let inputs: Vec<Vec<Value>> = groups.iter().map(|(_, numbers)| leaves(numbers)).collect();
        let (results, noted) = tape::record_guards(|| function(&inputs));
        if let Some(changed) = noted.changed_leaves.first() {
            return Err(changed_leaf(*changed, groups, &inputs));
        }
        let groups: Vec<(&str, &[Value])> =
            groups.iter().zip(&inputs).map(|((name, _), values)| (*name, &values[..])).collect();
        self.read_guarded(results, &groups, &noted.comparisons)
    }

    /// The program that computes values that were already recorded, from groups of leaves that they were made of. What is
    /// not among the inputs is a constant.
    ///
    /// # Errors
    ///
    /// If there are no inputs, or one of them is no leaf or comes twice, or a result does not depend on any of them.
    pub fn read(self, results: impl Results, inputs: &[(&str, &[Value])]) -> Result<Program> {
        self.read_guarded(results, inputs, &[])
    }

    fn read_guarded(
        self,
        results: impl Results,
        inputs: &[(&str, &[Value])],
        guards: &[tape::Guard],
    ) -> Result<Program> {
        let results = results.groups();
        let lengths =
            inputs.iter().map(|(_, values)| values.len()).chain(results.iter().map(|(_, values)| values.len()));
        let mut all: Vec<Value> = Vec::with_capacity(lengths.sum::<usize>() + guards.len());
        inputs.iter().for_each(|(_, values)| all.extend_from_slice(values));
        let num_inputs = all.len();
        results.iter().for_each(|(_, values)| all.extend_from_slice(values));
        let num_results = all.len() - num_inputs;
        if num_inputs == 0 {
            return Err(Error::argument("inputs", "at least one number", "none"));
        }
        if num_results == 0 {
            return Err(Error::argument("results", "at least one value", "none"));
        }
        all.extend(guards.iter().map(|guard| guard.condition));
        let (lowered, mut slots, guards) = tape::read(&all, |recording, sources| {
            let (inputs, rest) = sources.split_at(num_inputs);
            let (results, conditions) = rest.split_at(num_results);
            let guards: Vec<(Source, &tape::Guard)> = conditions.iter().copied().zip(guards).collect();
            self.lowered(recording, &input_slots(recording, inputs)?, results, &guards)
        })?;
        let outputs = results.iter().map(|(name, values)| {
            let rest = slots.split_off(values.len());
            (name.clone(), std::mem::replace(&mut slots, rest))
        });
        let inputs = inputs.iter().map(|(name, values)| Input { name: name.to_string(), length: values.len() as u32 });
        let (inputs, outputs) = (inputs.collect(), outputs.collect());
        let program = placed(lowered, outputs, inputs, guards);
        if self.is_exact {
            return Ok(Program { is_exact: true, ..program });
        }
        let mut program = program.rolled();
        let steps = std::mem::take(&mut program.steps);
        let mut draft = Draft::of(&program);
        draft.steps = steps;
        draft.leave_out_copies();
        draft.finish()
    }

    /// The instructions, the addresses of the results, and the guards, of which those are dropped that depend on no input.
    fn lowered(
        self,
        recording: Reading,
        inputs: &[u32],
        results: &[Source],
        guards: &[(Source, &tape::Guard)],
    ) -> Result<(Lowered, Vec<u32>, Vec<Guard>)> {
        let slot = |(index, result): (usize, &Source)| match result {
            Source::Node(slot) => Ok(*slot),
            Source::Constant(_) => Err(independent(index)),
        };
        let results: Vec<u32> = results.iter().enumerate().map(slot).collect::<Result<_>>()?;
        let condition = |(source, guard): &(Source, _)| match source {
            Source::Node(slot) => Some((*slot, *guard)),
            Source::Constant(_) => None,
        };
        let mut guards: Vec<(u32, &tape::Guard)> = guards.iter().filter_map(condition).collect();
        let needed: Vec<u32> = results.iter().copied().chain(guards.iter().map(|(slot, _)| *slot)).collect();
        let slice = Slice::new(recording, inputs, &needed);
        guards.retain(|(slot, _)| slice.varies(*slot));
        if let Some(index) = results.iter().position(|slot| !slice.varies(*slot)) {
            return Err(independent(index));
        }
        let slots = slice.slots();
        let mut history = History::default();
        history.note(Pass::Record, slots.len() - inputs.len());
        history.note(Pass::Slice, slice.num_computed);
        let levels = if self.is_exact {
            Levels::as_recorded(Items::as_recorded(recording, slice), inputs, slots)
        } else {
            Levels::new(Items::new(recording, slice), inputs, slots)
        };
        history.note(Pass::Fuse, levels.count());
        history.note(Pass::Level, levels.groups.len() - 1);
        let addresses = results.iter().map(|slot| levels.address(*slot)).collect();
        let guard = |(slot, guard): (u32, &tape::Guard)| Guard {
            slot: levels.address(slot),
            expected: guard.expected,
            comparison: guard.comparison.clone(),
            rows: 1,
        };
        let guards = guards.into_iter().map(guard).collect();
        Ok((lower(&levels, history), addresses, guards))
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
        Recorder::default().record(&[("x", numbers)], |groups| function(&groups[0]))
    }

    /// Records what `function` computes from groups of numbers, each with a name: parameters, say, and a row of data.
    ///
    /// # Errors
    ///
    /// If there are no numbers, or a result does not depend on any of them.
    pub fn record_groups<R: Results>(
        groups: &[(&str, &[f64])],
        function: impl FnOnce(&[Vec<Value>]) -> R,
    ) -> Result<Program> {
        Recorder::default().record(groups, function)
    }

    /// The program that computes values that were already recorded, from leaves that they were made of. What is not among
    /// the inputs is a constant. [`Recorder::read`] takes them in groups with names.
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
        Recorder::default().read(results.to_vec(), &[("x", inputs)])
    }
}

fn independent(index: usize) -> Error {
    Error::argument(format!("result {}", index + 1), "a value that depends on an input", "one that depends on none")
}

fn changed_leaf(changed: Value, groups: &[(&str, &[f64])], inputs: &[Vec<Value>]) -> Error {
    let place = groups.iter().zip(inputs).find_map(|((name, _), values)| {
        let index = values.iter().position(|value| value.is_same(changed))?;
        Some(format!("{name}[{index}]"))
    });
    let place = place.unwrap_or_else(|| "a leaf".into());
    Error::argument(place, "a number that stays as it is while the program is recorded", "`set_data`")
}

fn input_slots(recording: Reading, inputs: &[Source]) -> Result<Vec<u32>> {
    let mut slots = Vec::with_capacity(inputs.len());
    let ops = recording.ops();
    for (index, input) in inputs.iter().enumerate() {
        let found = match input {
            Source::Node(slot) if ops[*slot as usize] == crate::Op::Leaf => {
                slots.push(*slot);
                continue;
            }
            Source::Node(_) => "a value that was computed",
            Source::Constant(_) => "a constant",
        };
        return Err(Error::argument(format!("input {}", index + 1), "a leaf, made with `Value::new`", found));
    }
    if slots.is_sorted_by(|before, slot| before < slot) {
        return Ok(slots);
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
fn placed(lowered: Lowered, outputs: Vec<(String, Vec<u32>)>, inputs: Vec<Input>, mut guards: Vec<Guard>) -> Program {
    let Lowered { mut instructions, constants, mut tables, mut lookups, end, history } = lowered;
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
    guards.iter_mut().for_each(|guard| guard.slot = place(guard.slot));
    let output = |(name, addresses): (String, Vec<u32>)| {
        let mut slots: Vec<std::ops::Range<u32>> = Vec::new();
        for slot in addresses.into_iter().map(place) {
            match slots.last_mut() {
                Some(stretch) if stretch.end == slot => stretch.end += 1,
                _ => slots.push(slot..slot + 1),
            }
        }
        Output { name, slots }
    };
    Program {
        outputs: outputs.into_iter().map(output).collect(),
        inputs,
        constants: constants.numbers,
        slots: place(end),
        steps: instructions.into_iter().map(Step::Run).collect(),
        tables,
        lookups,
        guards,
        is_exact: false,
        history,
    }
}
