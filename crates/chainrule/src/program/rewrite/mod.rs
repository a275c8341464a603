//! Programs made from programs: slots and instructions are added to a [`draft`], which puts them in order at the end.
//!
//! What depends on what is found by walks over [sets of slots](slot_set). [`rows`] runs a program over many rows at once,
//! [`simplify`] leaves out what nobody needs, [`copies`] what need not be copied, and [`scales`] products with constants. For running
//! alone, [`strips`] takes long loops together, [`lifetimes`] has what one turn of a repeat uses in one place, [`recompute`] keeps less for the way back, and [`windows`] close
//! what is between.

pub(super) mod activity;
pub(super) mod copies;
pub(super) mod draft;
mod layout;
mod lifetimes;
mod nesting;
pub(super) mod reach;
mod recompute;
pub(super) mod rows;
mod scales;
mod simplify;
pub(super) mod slot_set;
pub(super) mod strips;
mod windows;

use crate::Result;
use crate::program::{Instruction, Step};
use draft::Draft;

/// What writes new instructions for each instruction of a program, in their order and in the same repeats.
pub(super) trait Rewrite {
    /// Where it writes them.
    fn draft(&mut self) -> &mut Draft;

    /// Writes what one instruction becomes.
    fn instruction(&mut self, instruction: &Instruction) -> Result<()>;

    /// Writes what steps become.
    fn steps(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps {
            match step {
                Step::Run(instruction) => self.instruction(instruction)?,
                Step::Repeat { trips, body } => {
                    self.draft().open(*trips);
                    self.steps(body)?;
                    self.draft().close();
                }
            }
        }
        Ok(())
    }
}
