//! Reverse mode: from a program to one that also computes the derivatives of its outputs by its inputs.
//!
//! The steps run forward as they are, and then backward, with the adjoint of each slot as far behind it as that of every
//! other. What an instruction sums is linear in its terms, so that each operand's adjoint is again one instruction in the
//! same loops: the adjoint of the result times the derivative. A repeat becomes a repeat that starts at the last turn.

use super::accumulate::Sums;
use super::chain::{Scaled, chain, chain_activation};
use super::expand::{Expanded, expand};
use super::formula::Formulas;
use crate::program::history::Pass;
use crate::program::rewrite::activity::add_differentiated;
use crate::program::rewrite::draft::Draft;
use crate::program::rewrite::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, Output, Program, Start, Step, Term};
use crate::{Error, Result};
use std::ops::Range;

impl Program {
    /// The program that computes the outputs of this one, and then the gradient of the first: a group `gradient by NAME`
    /// for each group of inputs.
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::Machine;
    ///
    /// let program = Program::record(&[2.0, -3.0], |x| x[0] * x[1] + 10.0)?;
    /// let mut machine = Machine::<f64>::new(&program.gradient()?);
    /// machine.inputs_mut().copy_from_slice(&[2.0, -3.0]);
    /// machine.run()?;
    /// assert_eq!(machine.output(0).collect::<Vec<_>>(), [4.0]);
    /// assert_eq!(machine.output(1).collect::<Vec<_>>(), [-3.0, 2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the first group of outputs is not one number.
    pub fn gradient(&self) -> Result<Program> {
        self.gradient_by(&self.input_names())
    }

    /// The same by these groups of inputs alone.
    ///
    /// # Errors
    ///
    /// If the first group of outputs is not one number, or no group of inputs has one of these names.
    pub fn gradient_by(&self, groups: &[&str]) -> Result<Program> {
        let count = self.outputs.first().map_or(0, Output::length);
        if count != 1 {
            return Err(Error::argument(
                "gradient",
                "a program whose first output is one number",
                format!("{count} numbers"),
            ));
        }
        let mut reverse = Reverse::of(self, groups)?;
        let (slot, one) = (self.outputs[0].slots.iter().flat_map(Clone::clone).next(), reverse.draft.constant(1.0)?);
        reverse.seed(slot.into_iter().map(|slot| slot..slot + 1).collect(), one);
        reverse.finish()
    }

    /// The program that computes the outputs of this one, and then, from a further group of inputs `adjoint of NAME` for
    /// each group of outputs, a group `gradient by NAME` for each group of inputs: the adjoints times the Jacobian matrix.
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::Machine;
    ///
    /// let program = Program::record(&[2.0, 5.0], |x| [x[0] * x[1], x[0] - x[1]])?;
    /// let mut machine = Machine::<f64>::new(&program.vjp()?);
    /// machine.inputs_mut().copy_from_slice(&[2.0, 5.0, 1.0, 100.0]); // the inputs, and the adjoints of the outputs
    /// machine.run()?;
    /// assert_eq!(machine.output(1).collect::<Vec<_>>(), [105.0, -98.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the program is too large to be differentiated.
    pub fn vjp(&self) -> Result<Program> {
        self.vjp_by(&self.input_names())
    }

    /// The same by these groups of inputs alone.
    ///
    /// # Errors
    ///
    /// If no group of inputs has one of these names.
    pub fn vjp_by(&self, groups: &[&str]) -> Result<Program> {
        let mut reverse = Reverse::of(self, groups)?;
        for output in &self.outputs {
            let first = reverse.draft.add_input(format!("adjoint of {}", output.name), output.length() as u32)?;
            reverse.seed(output.slots.clone(), Access::strided(first, [0, 0, 0, 1]));
        }
        reverse.finish()
    }

    /// The names of the groups of inputs.
    pub(in crate::program) fn input_names(&self) -> Vec<&str> {
        self.inputs.iter().map(|input| input.name.as_str()).collect()
    }

    /// Which groups of inputs have one of these names.
    pub(in crate::program) fn chosen(&self, groups: &[&str]) -> Result<Vec<bool>> {
        let known = self.input_names();
        match groups.iter().find(|name| !known.contains(name)) {
            None => Ok(known.iter().map(|name| groups.contains(name)).collect()),
            Some(name) => Err(Error::Unknown {
                kind: "group of inputs",
                name: name.to_string(),
                known: known.into_iter().map(String::from).collect(),
            }),
        }
    }
}

/// A program on the way to its derivative.
struct Reverse {
    /// What it was, and after it what has been emitted of the way back.
    draft: Draft,
    forward: Vec<Step>,
    formulas: Formulas,
    by: Vec<bool>,
    /// The slots that vary with the chosen inputs.
    varied: SlotSet,
    /// Those of them that an output varies with.
    active: SlotSet,
    /// The slots that a later instruction adds to and then applies an activation to.
    unfinished: SlotSet,
    /// Adjoints that are complete or on the way to be.
    sums: Sums,
    /// From a slot to its adjoint, and from there to that of the number before its activation.
    distance: u32,
}

impl Reverse {
    fn of(program: &Program, groups: &[&str]) -> Result<Self> {
        let by = program.chosen(groups)?;
        let Expanded { mut draft, steps: forward, mut formulas, varied } = expand(program, &by)?;
        let mut needed = SlotSet::none_of(draft.slots());
        for slots in draft.outputs.iter().flat_map(|output| &output.slots) {
            needed.insert(slots.clone().into());
        }
        add_differentiated(&forward, &draft.routes, &mut formulas, &mut needed);
        let unfinished = draft.unfinished(&forward);
        let distance = draft.allocate_derivatives()?;
        let (active, sums) = (needed.intersection(&varied), Sums::new(draft.slots()));
        Ok(Reverse { draft, forward, formulas, by, varied, active, unfinished, sums, distance })
    }

    /// Adds numbers, or one, to the adjoints of outputs that vary.
    fn seed(&mut self, outputs: Vec<Range<u32>>, mut seeds: Access) {
        for slots in outputs {
            let (trips, out) = ([1, 1, 1, slots.len() as u32], Access::strided(slots.start, [0, 0, 0, 1]));
            self.add(trips, out, Scaled::copy(seeds));
            seeds.base += slots.len() as u32 * u32::from(seeds.strides[3] != 0);
        }
    }

    fn finish(mut self) -> Result<Program> {
        let forward = std::mem::take(&mut self.forward);
        self.steps(&forward)?;
        let chosen = self.draft.inputs.iter().zip(&self.by).filter(|(_, is_chosen)| **is_chosen);
        let chosen: Vec<(String, u32, u32)> =
            chosen.map(|((input, first), _)| (input.name.clone(), first + self.distance, input.length)).collect();
        for (name, first, length) in chosen {
            let (trips, gradient) = ([1, 1, 1, length], Access::strided(first, [0, 0, 0, 1]));
            self.sums.complete(&self.draft.routes, &gradient, self.draft.turns(trips));
            let slots = std::iter::once(first..first + length).collect();
            self.draft.outputs.push(Output { name: format!("gradient by {name}"), slots });
        }
        let fills = self.sums.fills(&mut self.draft)?;
        let backward = std::mem::replace(&mut self.draft.steps, forward);
        self.draft.steps.extend(fills);
        self.draft.steps.extend(backward);
        self.draft.note(Pass::Reverse);
        self.draft.leave_out_copies();
        self.draft.finish()
    }

    /// Emits the way back through steps.
    fn steps(&mut self, steps: &[Step]) -> Result<()> {
        for step in steps.iter().rev() {
            match step {
                Step::Run(instruction) => self.instruction(instruction)?,
                Step::Repeat { trips, body } => {
                    self.draft.open(*trips);
                    self.steps(body)?;
                    self.draft.close_reversed();
                }
            }
        }
        Ok(())
    }

    fn instruction(&mut self, instruction: &Instruction) -> Result<()> {
        let Instruction { trips, out, .. } = *instruction;
        if !self.meets(&self.active, &out, trips) {
            return Ok(());
        }
        let adjoint = self.adjoint_of_sum(instruction)?;
        if let Start::From(start) = instruction.start {
            self.add(instruction.free_trips(), start, Scaled::copy(adjoint));
        }
        for (by, operand) in instruction.term.operands().enumerate() {
            if self.meets(&self.varied, operand, trips)
                && let Some(mut term) = chain(&mut self.draft, &mut self.formulas, instruction, by, adjoint)?
            {
                if matches!(instruction.term, Term::Call { .. }) {
                    last_first(&mut term.term, trips);
                }
                self.add(trips, *operand, term);
            }
        }
        Ok(())
    }

    /// The adjoint of what an instruction sums: that of its results, times the derivative of the activation.
    fn adjoint_of_sum(&mut self, instruction: &Instruction) -> Result<Access> {
        let Instruction { trips, out, activation, .. } = *instruction;
        let turns = self.draft.turns(trips);
        let Some(activation) = activation else {
            let distance = |slot| self.distance * (1 + u32::from(self.unfinished.contains(slot)));
            let adjoint = self.draft.mapped(out, turns, |slot| slot + distance(slot));
            self.sums.complete(&self.draft.routes, &adjoint, turns);
            return Ok(adjoint);
        };
        let adjoint = self.draft.behind(out, turns, self.distance);
        self.sums.complete(&self.draft.routes, &adjoint, turns);
        let adjoint_of_sum = self.draft.behind(out, turns, 2 * self.distance);
        if let Some(term) = chain_activation(&mut self.formulas, activation, out, adjoint) {
            self.sums.set(&mut self.draft, instruction.free_trips(), adjoint_of_sum, Start::Zero, term);
        }
        self.sums.complete(&self.draft.routes, &adjoint_of_sum, turns);
        Ok(adjoint_of_sum)
    }

    /// Adds a sum of terms to the adjoint of what varies.
    fn add(&mut self, trips: [u32; LOOPS], operand: Access, term: Scaled) {
        if self.meets(&self.varied, &operand, trips) {
            let adjoint = self.draft.behind(operand, self.draft.turns(trips), self.distance);
            self.sums.add(&mut self.draft, trips, adjoint, term);
        }
    }

    fn meets(&self, slots: &SlotSet, access: &Access, trips: [u32; LOOPS]) -> bool {
        self.draft.routes.meets(access, self.draft.turns(trips), slots)
    }
}

/// Takes the results of a call from the last to the first, as a sweep of the tape does, so that exact programs add alike.
fn last_first(term: &mut Term, trips: [u32; LOOPS]) {
    const RESULTS: usize = LOOPS - 2;
    for access in term.operands_mut() {
        let stride = access.strides[RESULTS];
        *access = access.behind((stride * (trips[RESULTS] as i32 - 1)) as u32);
        access.strides[RESULTS] = -stride;
    }
}
