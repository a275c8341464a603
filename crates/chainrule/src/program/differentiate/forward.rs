//! Forward mode: from a program to one that also computes how its outputs move when its inputs do.
//!
//! After each instruction that varies stands the one of its tangents, in the same loops, as far behind in the slots as that
//! of every other.

use super::accumulate::Sums;
use super::chain::{Scaled, chain, chain_activation};
use super::expand::{Expanded, expand};
use super::formula::Formulas;
use crate::Result;
use crate::program::history::Pass;
use crate::program::rewrite::Rewrite;
use crate::program::rewrite::draft::Draft;
use crate::program::rewrite::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, Output, Program, Start, Term};

impl Program {
    /// The program that computes the outputs of this one, and then, from a further group of inputs `tangent of NAME` for
    /// each group of inputs, a group `tangent of NAME` for each group of outputs: the Jacobian matrix times the tangents.
    ///
    /// Of a [gradient](Program::gradient) this gives products of the Hessian matrix with vectors.
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::Machine;
    ///
    /// let program = Program::record(&[2.0, 5.0], |x| x[0] * x[0] * x[1])?;
    /// let mut machine = Machine::<f64>::new(&program.gradient()?.jvp()?);
    /// machine.inputs_mut().copy_from_slice(&[2.0, 5.0, 1.0, 0.0]); // the inputs, and a direction
    /// machine.run()?;
    /// assert_eq!(machine.output(3).collect::<Vec<_>>(), [10.0, 4.0]); // the first column of the Hessian matrix
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the program is too large to be differentiated.
    pub fn jvp(&self) -> Result<Program> {
        self.jvp_by(&self.input_names())
    }

    /// The same along these groups of inputs alone.
    ///
    /// # Errors
    ///
    /// If no group of inputs has one of these names.
    pub fn jvp_by(&self, groups: &[&str]) -> Result<Program> {
        let by = self.chosen(groups)?;
        let Expanded { mut draft, steps, formulas, varied } = expand(self, &by)?;
        let unfinished = draft.unfinished(&steps);
        let distance = draft.allocate_derivatives()?;
        let sums = Sums::new(draft.slots());
        let mut forward = Forward { draft, formulas, varied, unfinished, sums, distance };
        forward.inputs(&by)?;
        forward.steps(&steps)?;
        forward.finish()
    }
}

/// A program on the way to its derivative.
struct Forward {
    draft: Draft,
    formulas: Formulas,
    /// The slots that vary with the chosen inputs.
    varied: SlotSet,
    /// The slots that a later instruction adds to and then applies an activation to.
    unfinished: SlotSet,
    /// Tangents that are complete or on the way to be.
    sums: Sums,
    /// From a slot to its tangent, and from there to that of the number before its activation.
    distance: u32,
}

impl Rewrite for Forward {
    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn instruction(&mut self, instruction: &Instruction) -> Result<()> {
        self.draft.run(instruction.clone());
        self.tangents(instruction)
    }
}

impl Forward {
    /// The tangents of the chosen inputs are inputs as well.
    fn inputs(&mut self, by: &[bool]) -> Result<()> {
        for ((input, first), is_chosen) in self.draft.inputs.clone().into_iter().zip(by) {
            if *is_chosen {
                let tangents = self.draft.add_input(format!("tangent of {}", input.name), input.length)?;
                let strides = [0, 0, 0, 1];
                let (trips, out) = ([1, 1, 1, input.length], Access::strided(first + self.distance, strides));
                let term = Scaled::copy(Access::strided(tangents, strides));
                self.sums.set(&mut self.draft, trips, out, Start::Zero, term);
            }
        }
        Ok(())
    }

    /// Emits what computes the tangents of an instruction's results.
    fn tangents(&mut self, instruction: &Instruction) -> Result<()> {
        let Instruction { trips, out, activation, .. } = *instruction;
        let turns = self.draft.turns(trips);
        if !self.draft.routes.meets(&out, turns, &self.varied) {
            return Ok(());
        }
        let of_sum = match activation {
            Some(_) => self.draft.behind(out, turns, 2 * self.distance),
            None => {
                let distance = |slot| self.distance * (1 + u32::from(self.unfinished.contains(slot)));
                self.draft.mapped(out, turns, |slot| slot + distance(slot))
            }
        };
        self.tangent_of_sum(instruction, of_sum)?;
        if let Some(activation) = activation {
            self.sums.complete(&self.draft.routes, &of_sum, turns);
            let tangent = self.draft.behind(out, turns, self.distance);
            if let Some(term) = chain_activation(&mut self.formulas, activation, out, of_sum) {
                self.sums.set(&mut self.draft, instruction.free_trips(), tangent, Start::Zero, term);
            }
        }
        Ok(())
    }

    fn tangent_of_sum(&mut self, instruction: &Instruction, tangent: Access) -> Result<()> {
        let trips = instruction.trips;
        let (once, start) = (instruction.free_trips(), instruction.start);
        // What the sum starts from; none once the tangent has been set.
        let mut first = match start {
            Start::From(number) => Some(self.tangent(&number, once).map_or(Start::Zero, Start::From)),
            Start::Zero => Some(Start::Zero),
            Start::Here => None,
        };
        for (by, operand) in instruction.term.operands().enumerate() {
            let Some(factor) = self.tangent(operand, trips) else { continue };
            let Some(term) = chain(&mut self.draft, &mut self.formulas, instruction, by, factor)? else { continue };
            let term = self.along_the_slice(trips, term)?;
            match first.take() {
                Some(start) => self.sums.set(&mut self.draft, trips, tangent, start, term),
                None => self.sums.add(&mut self.draft, trips, tangent, term),
            }
        }
        if let Some(Start::From(number)) = first {
            self.sums.set(&mut self.draft, once, tangent, Start::Zero, Scaled::copy(number));
        }
        Ok(())
    }

    /// The tangent of what varies.
    fn tangent(&mut self, access: &Access, trips: [u32; LOOPS]) -> Option<Access> {
        let turns = self.draft.turns(trips);
        let varies = self.draft.routes.meets(access, turns, &self.varied);
        varies.then(|| {
            let tangent = self.draft.behind(*access, turns, self.distance);
            self.sums.complete(&self.draft.routes, &tangent, turns);
            tangent
        })
    }

    /// The tangents of a slice are as many as its numbers, so that they are multiplied with the derivatives one by one.
    fn along_the_slice(&mut self, trips: [u32; LOOPS], Scaled { scale, term }: Scaled) -> Result<Scaled> {
        let Term::ReductionPartial { op, operand, result, factor } = term else { return Ok(Scaled { scale, term }) };
        let partial = self.draft.fresh(trips)?;
        let one = self.draft.constant(1.0)?;
        let term = Term::ReductionPartial { op, operand, result, factor: one };
        self.draft.run(Instruction::new(trips, partial, term));
        Ok(Scaled { scale, term: Term::Product { a: factor, b: partial, is_strong: true } })
    }

    fn finish(mut self) -> Result<Program> {
        for output in self.draft.outputs.clone() {
            let behind = |slots: &std::ops::Range<u32>| slots.start + self.distance..slots.end + self.distance;
            let slots: Vec<_> = output.slots.iter().map(behind).collect();
            for slots in &slots {
                let tangent = Access::strided(slots.start, [0, 0, 0, 1]);
                let turns = self.draft.turns([1, 1, 1, slots.len() as u32]);
                self.sums.complete(&self.draft.routes, &tangent, turns);
            }
            self.draft.outputs.push(Output { name: format!("tangent of {}", output.name), slots });
        }
        let fills = self.sums.fills(&mut self.draft)?;
        self.draft.steps.splice(0..0, fills);
        self.draft.note(Pass::Forward);
        self.draft.leave_out_copies();
        self.draft.finish()
    }
}
