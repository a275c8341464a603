//! Machines: what runs a [`Program`], fast.
//!
//! A machine owns the slots, and kernels that are chosen once for each instruction: [`prepare`] puts its loops in order and
//! takes what suits it best. Rows of any formula are computed by [`rows`], slices reduced by [`reduce`].
//!
//! `unsafe` stands in this folder alone. It rests on a check that is made once, when a machine is made
//! ([`Program::check`]): every access of every instruction lies inside the slots, in all turns.
#![allow(unsafe_code)]

mod call;
mod code;
mod float;
mod formula;
mod functions;
mod gate;
mod grid;
mod instruction_set;
mod kernels;
mod lane;
mod lanes;
mod memory;
mod nest;
mod place;
mod prepare;
mod products;
mod reduce;
mod rows;
mod scalars;
mod slots;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
mod tile;
mod transposition;

pub use float::Float;
pub use instruction_set::InstructionSet;
pub(crate) use instruction_set::{Loops, run};

use super::rewrite::strips::STRIP;
use super::{Guard, Program, Step, Term};
use crate::{Error, Result};
use code::Pages;
use float::sealed::Prepared;
use kernels::{Sum, sum_of};
use memory::{BLOCK, Memory, Misread};
use prepare::{Choices, Command};
use slots::Slots;
use std::borrow::Cow;
use std::ops::Range;

/// So many slots, and nearby, are in a cache while they are used.
const CACHED: usize = 1 << 14;

/// Runs a program over `f64` or `f32`, again and again, without allocating; operations of the user's own give lists, though.
///
/// Put the inputs in, [`run`](Machine::run), and read the outputs.
pub struct Machine<T> {
    program: Program,
    /// The same for running alone, if it gains by that: with long loops strip by strip, and with fewer slots if what turns of
    /// repeats keep to themselves can be in one place for all.
    for_running: Option<Program>,
    instruction_set: InstructionSet,
    /// Those of the program, and behind them the machine's own: one for lone terms that are to be multiplied, and what they are
    /// multiplied by.
    slots: Slots<T>,
    /// Where kernels put rows that they collect, and panels.
    room: Slots<T>,
    prepared: Prepared<T>,
    /// The same with products in which a zero gives 0 whatever the other factor is; made when they are first needed.
    careful: Option<Prepared<T>>,
    has_code: bool,
    has_strong_products: bool,
    sum: Sum<T>,
}

impl<T: Float> Machine<T> {
    /// A machine that uses the widest vector instructions of this processor. All inputs are 0 at first.
    ///
    /// # Panics
    ///
    /// If the program does not pass its [`check`](Program::check). All programs that this library makes or loads do.
    pub fn new(program: &Program) -> Self {
        Self::with_instruction_set(program, InstructionSet::detect())
    }

    /// A machine that uses this instruction set.
    ///
    /// # Panics
    ///
    /// If this processor does not have it; and as [`new`](Machine::new).
    pub fn with_instruction_set(program: &Program, instruction_set: InstructionSet) -> Self {
        // Whoever watches every access to memory cannot watch machine code.
        Self::make(program, instruction_set, !cfg!(miri))
    }

    fn make(program: &Program, instruction_set: InstructionSet, has_code: bool) -> Self {
        assert!(instruction_set.is_available(), "this processor does not have {instruction_set:?}");
        if let Err(problem) = program.check() {
            panic!("not a program that can run: {problem}");
        }
        let has_code = has_code && instruction_set.has_code();
        let for_running = for_running(program, has_code);
        let (original, program) = (program, for_running.as_ref().unwrap_or(program));
        let scales = prepare::scales(program);
        let mut slots = Slots::new(program.slots as usize + 1 + scales.len());
        for (slot, scale) in slots[program.slots as usize + 1..].iter_mut().zip(scales) {
            *slot = T::constant(scale);
        }
        for (slot, constant) in program.constant_slots().zip(&program.constants) {
            slots[slot as usize] = T::constant(*constant);
        }
        let prepared = match program.is_exact {
            true => Prepared { commands: Vec::new(), code: Pages::none() },
            false => T::prepare(program, instruction_set, Choices { is_careful: false, has_code }),
        };
        let panel = prepared.commands.iter().map(Command::panel).max().unwrap_or(0);
        let room = Memory::<T>::ROOMS * BLOCK + panel;
        Machine {
            instruction_set,
            slots,
            room: Slots::new(room),
            prepared,
            careful: None,
            has_code,
            has_strong_products: has_strong_products(&program.steps),
            sum: T::sum_kernel(instruction_set),
            program: original.clone(),
            for_running,
        }
    }

    /// What is run: slots are those of this.
    fn running(&self) -> &Program {
        self.for_running.as_ref().unwrap_or(&self.program)
    }

    /// The program that it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The vector instructions that it uses.
    pub fn instruction_set(&self) -> InstructionSet {
        self.instruction_set
    }

    /// All inputs, group after group, to be changed. They keep their numbers from run to run.
    pub fn inputs_mut(&mut self) -> &mut [T] {
        let length = self.program.input_length() as usize;
        &mut self.slots[..length]
    }

    /// The inputs of a group, to be changed.
    ///
    /// # Panics
    ///
    /// If there is no group with that number.
    pub fn input_mut(&mut self, group: usize) -> &mut [T] {
        let range = input_range(&self.program, group);
        &mut self.slots[range]
    }

    /// The results of a group, as of the last run.
    ///
    /// # Panics
    ///
    /// If there is no group with that number.
    pub fn output(&self, group: usize) -> impl Iterator<Item = T> {
        let stretches = &self.running().outputs[group].slots;
        stretches.iter().flat_map(|stretch| self.slots[stretch.start as usize..stretch.end as usize].iter().copied())
    }

    /// The results of a group, as of the last run, as one slice: where they stand if they stand side by side, as those of a gradient
    /// mostly do, or else collected.
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::optim::{Algorithm, Sgd};
    /// use chainrule::program::Machine;
    ///
    /// let program = Program::record(&[1.0, 2.0], |x| (x[0] - 3.0).powi(2) + (x[1] + 1.0).powi(2))?.gradient()?;
    /// let (mut machine, mut x) = (Machine::<f64>::new(&program), [0.0; 2]);
    /// for _ in 0..50 {
    ///     machine.input_mut(0).copy_from_slice(&x);
    ///     machine.run()?;
    ///     Sgd::new().update(0.25, &mut x, &machine.output_slice(1));
    /// }
    /// assert!((x[0] - 3.0).abs() < 1e-12 && (x[1] + 1.0).abs() < 1e-12);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no group with that number.
    pub fn output_slice(&self, group: usize) -> Cow<'_, [T]> {
        match &self.running().outputs[group].slots[..] {
            [stretch] => Cow::Borrowed(&self.slots[stretch.start as usize..stretch.end as usize]),
            _ => Cow::Owned(self.output(group).collect()),
        }
    }

    /// Copies the results of a group.
    ///
    /// # Panics
    ///
    /// If there is no group with that number, or it has not as many numbers.
    pub fn copy_output(&self, group: usize, to: &mut [T]) {
        let output = &self.running().outputs[group];
        assert_eq!(to.len(), output.length(), "numbers for the results of {}", output.name);
        let mut to = to;
        for stretch in &output.slots {
            let (now, later) = to.split_at_mut(stretch.len());
            now.copy_from_slice(&self.slots[stretch.start as usize..stretch.end as usize]);
            to = later;
        }
    }

    /// Runs the program on the inputs that were put in.
    ///
    /// # Errors
    ///
    /// If a run-time index is no whole number below its count, a comparison that the program was recorded by comes out
    /// otherwise, or an operation of the user's own fails. The results are not to be used then.
    pub fn run(&mut self) -> Result<()> {
        if self.program.is_exact {
            super::interpret(&self.program, &mut self.slots[..self.program.slots as usize])?;
            return self.check_guards();
        }
        self.run_commands(false)?;
        // A zero that met an infinity or NaN in an ordinary product is found out by what came of it.
        if self.has_strong_products && !self.has_finite_outputs() {
            self.run_commands(true)?;
        }
        self.check_guards()
    }

    fn check_guards(&self) -> Result<()> {
        self.running().guards.iter().try_for_each(|guard| self.check_guard(guard))
    }

    fn check_guard(&self, guard: &Guard) -> Result<()> {
        let conditions = &self.slots[guard.slots().start as usize..guard.slots().end as usize];
        match conditions.iter().position(|condition| (*condition != T::default()) != guard.expected) {
            None => Ok(()),
            Some(row) => {
                let row = (guard.rows > 1).then_some(row);
                Err(Error::Guard { row, comparison: guard.comparison.clone(), expected: guard.expected })
            }
        }
    }

    /// What the machine and its program hold, in bytes.
    pub fn bytes(&self) -> usize {
        let of = |prepared: &Prepared<T>| {
            prepared.commands.iter().map(Command::bytes).sum::<usize>() + prepared.code.bytes()
        };
        size_of::<Self>()
            + self.slots.bytes()
            + self.room.bytes()
            + of(&self.prepared)
            + self.careful.as_ref().map_or(0, of)
            + program_bytes(&self.program)
            + self.for_running.as_ref().map_or(0, program_bytes)
    }

    fn run_commands(&mut self, is_careful: bool) -> Result<()> {
        // Not `running`, which would borrow the whole machine.
        let program = self.for_running.as_ref().unwrap_or(&self.program);
        let prepared = match is_careful {
            false => &self.prepared,
            true => {
                let choices = Choices { is_careful, has_code: self.has_code };
                self.careful.get_or_insert_with(|| T::prepare(program, self.instruction_set, choices))
            }
        };
        let mut memory = Memory::new(&mut self.slots, &program.tables, &prepared.code, &mut self.room);
        // SAFETY: the commands are those of this program, which was checked when the machine was made, and so was that the
        // processor has the instruction set.
        unsafe { prepare::run(&prepared.commands, &mut memory) };
        let Memory { misread, failure, .. } = memory;
        match misread {
            Some(Misread { slot, found, count }) => Err(program.index_error(slot, count, found)),
            None => failure.map_or(Ok(()), Err),
        }
    }

    /// Whether all results are finite: 0 times a number is 0 unless it is infinite or NaN.
    fn has_finite_outputs(&self) -> bool {
        let mut stretches = self.running().outputs.iter().flat_map(|output| &output.slots);
        stretches.all(|stretch| {
            let numbers = &self.slots[stretch.start as usize..stretch.end as usize];
            // SAFETY: the kernel was chosen for this processor.
            unsafe { sum_of(self.sum, numbers, T::default()) == T::default() }
        })
    }
}

/// The same program with long loops strip by strip, and slots that the turns of repeats have in common; nothing if it stays as it is,
/// as it does where there are too many slots to put them in another order.
fn for_running(program: &Program, has_code: bool) -> Option<Program> {
    let in_strips = || program.in_strips(STRIP, code::computes_what_is_written);
    let in_strips = has_code.then(in_strips).and_then(|in_strips| in_strips.unwrap_or(None));
    let compact = in_strips.as_ref().unwrap_or(program).with_slots_of_turns(CACHED).unwrap_or(None);
    compact.or(in_strips)
}

/// The slots of a group of inputs.
fn input_range(program: &Program, group: usize) -> Range<usize> {
    let start: u32 = program.inputs[..group].iter().map(|input| input.length).sum();
    start as usize..(start + program.inputs[group].length) as usize
}

fn has_strong_products(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Run(instruction) => matches!(instruction.term, Term::Product { is_strong: true, .. }),
        Step::Repeat { body, .. } => has_strong_products(body),
    })
}

fn program_bytes(program: &Program) -> usize {
    size_of_val(&program.constants[..])
        + size_of_val(&program.tables[..])
        + size_of_val(&program.lookups[..])
        + size_of_val(&program.guards[..])
        + size_of_val(&program.history.0[..])
        + program.outputs.iter().map(|output| size_of_val(&output.slots[..])).sum::<usize>()
        + step_bytes(&program.steps)
}

fn step_bytes(steps: &[Step]) -> usize {
    let inside = |step: &Step| match step {
        Step::Repeat { body, .. } => step_bytes(body),
        Step::Run(instruction) => match &instruction.term {
            Term::Operation { operands, .. } | Term::Partial { operands, .. } => size_of_val(&operands[..]),
            _ => 0,
        },
    };
    size_of_val(steps) + steps.iter().map(inside).sum::<usize>()
}
