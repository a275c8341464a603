//! Programs: recordings of scalars, turned into loops over slots.
//!
//! A program is plain data, but for operations of the user's own, which it shares. Its numbers live in slots: first the inputs, then constants, then what its
//! [instructions](Instruction) compute. [`interpret`] says in the simplest way what a program means; everything else that
//! runs, changes or writes out programs is held against it.
//!
//! The rooms, in the order in which a recording goes through them:
//!
//! - `record` makes a program of what is on the tape, pass by pass: slice, fuse, level, nest, lower, repeat.
//! - `rewrite` makes programs from programs: over many [`Rows`], with some outputs alone.
//! - `differentiate` does the same for derivatives: [`Program::gradient`], [`vjp`](Program::vjp), [`jvp`](Program::jvp).
//! - `machine` runs them: a [`Machine`] on one point, a [`Batch`] on many rows, [`Derivatives`] with all their derivatives, a
//!   [`CheckpointedLoop`] again and again; [`sparse`] has those matrices whose entries are few.
//! - `history` keeps what each pass has left. `explain`, `export` and `save` tell what became of the scalars, write programs as
//!   C and Rust, and keep them in files, which `check` looks at before they run.
// Results that stand in one stretch of slots are a list of one range.
#![allow(clippy::single_range_in_vec_init)]

mod arrays;
mod batch;
mod call;
mod check;
mod checkpoints;
mod derivatives;
mod differentiate;
mod explain;
mod export;
mod extent;
mod history;
mod instruction;
mod interpret;
mod machine;
mod record;
mod rewrite;
#[cfg(feature = "save")]
mod save;
pub mod sparse;
mod sweeps;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use check::{MOST_SLOTS, MOST_TERMS};
pub use checkpoints::CheckpointedLoop;
pub use derivatives::Derivatives;
pub use explain::{Explained, Explanation, Part};
pub use history::{Pass, Stage};
pub use instruction::{Access, Instruction, LOOPS, Lookup, REPEATS, Route, Start, Step, Term};
pub use interpret::{Element, interpret};
pub use machine::{Float, InstructionSet, Machine};
pub(crate) use machine::{Loops, run as run_loops};
pub use record::{Recorder, Results};
pub use rewrite::rows::Rows;

use crate::{Error, Result};
use history::History;
use std::ops::Range;

/// A list of loops over slots.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The groups of inputs; they stand in the first slots, one group after the other.
    pub(crate) inputs: Vec<Input>,
    /// They stand in the slots after the inputs.
    pub(crate) constants: Vec<f64>,
    /// So many slots there are.
    pub(crate) slots: u32,
    /// What is done, in this order.
    pub(crate) steps: Vec<Step>,
    /// What accesses by [table](Route::Table) look up: slots.
    pub(crate) tables: Vec<u32>,
    /// The run-time indices that accesses by [lookup](Route::Lookup) name.
    pub(crate) lookups: Vec<Lookup>,
    /// The comparisons that must come out as they did when the program was recorded.
    pub(crate) guards: Vec<Guard>,
    /// Where the results stand at the end.
    pub(crate) outputs: Vec<Output>,
    /// Whether it runs as it was recorded, to the last bit: by [`interpret`].
    pub(crate) is_exact: bool,
    /// How it was made; no part of what it is.
    pub(crate) history: History,
}

/// A group of inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Input {
    /// What messages call it.
    pub name: String,
    /// So many numbers it has.
    pub length: u32,
}

/// A group of results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Output {
    /// What messages call it.
    pub name: String,
    /// The slots, in the order of the results.
    pub slots: Vec<Range<u32>>,
}

/// A comparison that the recording took a branch by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Guard {
    /// The slot that holds 1 where the comparison is true, else 0; in a program over rows the slot of the first row.
    pub slot: u32,
    /// So many slots there are, one for each row; 1 if the comparison is the same for all rows.
    pub rows: u32,
    /// What it was in the recording.
    pub expected: bool,
    /// The comparison and where it stands, as in `a < b at src/model.rs:12:8`.
    pub comparison: String,
}

impl Program {
    /// So many numbers go in.
    pub fn input_length(&self) -> u32 {
        self.inputs.iter().map(|input| input.length).sum()
    }

    /// What is done, in this order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The slots that accesses by [table](Route::Table) lead to.
    pub fn tables(&self) -> &[u32] {
        &self.tables
    }

    /// The run-time indices that accesses by [lookup](Route::Lookup) name.
    pub fn lookups(&self) -> &[Lookup] {
        &self.lookups
    }

    /// Sees to it that the program can leave this process, for a purpose such as `to be saved`: what an operation of the
    /// user's own does is known here alone.
    pub(crate) fn check_portable(&self, purpose: &str) -> Result<()> {
        match self.instructions().iter().find_map(|(instruction, _)| instruction.term.called()) {
            None => Ok(()),
            Some(operation) => {
                let found = format!("`{}`, an operation of your own", operation.name());
                Err(Error::argument("program", format!("operations of the table alone, {purpose}"), found))
            }
        }
    }

    /// The slots of the constants.
    pub(crate) fn constant_slots(&self) -> Range<u32> {
        let start = self.input_length();
        start..start + self.constants.len() as u32
    }
}

impl Guard {
    /// The slots of all rows.
    pub fn slots(&self) -> Range<u32> {
        self.slot..self.slot.saturating_add(self.rows)
    }
}

impl Output {
    /// So many numbers it has.
    pub fn length(&self) -> usize {
        self.slots.iter().map(|slots| slots.len()).sum()
    }
}
