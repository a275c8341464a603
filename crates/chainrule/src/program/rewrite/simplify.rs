//! Leaves out of a program what is not asked for.

use super::activity::add_needed;
use super::draft::Draft;
use super::slot_set::SlotSet;
use crate::program::history::Pass;
use crate::program::{Output, Program, Step};
use crate::{Error, Result};

impl Program {
    /// The program that computes these groups of outputs alone, in this order: what only others need is left out.
    ///
    /// ```
    /// use chainrule::Program;
    ///
    /// let program = Program::record(&[2.0, 5.0], |x| (x[0] * x[1]).sin())?;
    /// let gradient = program.gradient()?.only(&["gradient by x"])?;
    /// assert!(gradient.steps().len() < program.gradient()?.steps().len());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If no group of outputs has one of these names.
    pub fn only(&self, outputs: &[&str]) -> Result<Program> {
        self.with_outputs(outputs.iter().map(|name| self.output_named(name).cloned()).collect::<Result<_>>()?)
    }

    /// The program that computes these of its outputs alone.
    pub(in crate::program) fn with_outputs(&self, outputs: Vec<Output>) -> Result<Program> {
        let mut draft = Draft::of(self);
        draft.outputs = outputs;
        let mut needed = SlotSet::none_of(self.slots);
        let results = draft.outputs.iter().flat_map(|output| output.slots.iter().cloned());
        for slots in results.chain(draft.guards.iter().map(|guard| guard.slots())) {
            needed.insert(slots.into());
        }
        add_needed(&self.steps, &draft.routes, &mut needed);
        emit_needed(&mut draft, &self.steps, &needed);
        draft.note(Pass::Simplify);
        draft.finish()
    }

    fn output_named(&self, name: &str) -> Result<&Output> {
        self.outputs.iter().find(|output| output.name == name).ok_or_else(|| Error::Unknown {
            kind: "group of outputs",
            name: name.into(),
            known: self.outputs.iter().map(|output| output.name.clone()).collect(),
        })
    }
}

/// Emits the steps whose results are needed.
fn emit_needed(draft: &mut Draft, steps: &[Step], needed: &SlotSet) {
    for step in steps {
        match step {
            Step::Run(instruction) => {
                if draft.routes.meets(&instruction.out, draft.turns(instruction.trips), needed) {
                    draft.run(instruction.clone());
                }
            }
            Step::Repeat { trips, body } => {
                draft.open(*trips);
                emit_needed(draft, body, needed);
                draft.close();
            }
        }
    }
}
