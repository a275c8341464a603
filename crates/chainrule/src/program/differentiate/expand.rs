//! Before a program is differentiated: what varies is written so that the chain rule finds all that it needs in slots.
//!
//! A derivative that a program holds already becomes the operations of its formula, so that it has derivatives itself. And
//! an operation whose derivative uses its result gets slots for it, where the instruction only keeps a sum of several.

use super::formula::{Formula, Formulas, Operation, Symbol};
use crate::program::history::Pass;
use crate::program::rewrite::Rewrite;
use crate::program::rewrite::activity::add_varied;
use crate::program::rewrite::draft::Draft;
use crate::program::rewrite::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, Program, Start, Step, Term};
use crate::{Error, Op, Result};

/// A program made ready for the chain rule.
pub(in crate::program) struct Expanded {
    /// Everything but the steps.
    pub draft: Draft,
    pub steps: Vec<Step>,
    pub formulas: Formulas,
    /// The slots that vary with the chosen inputs.
    pub varied: SlotSet,
}

/// Makes a program ready for derivatives by some groups of inputs.
pub(in crate::program) fn expand(program: &Program, by: &[bool]) -> Result<Expanded> {
    let draft = Draft::of(program);
    let slots = draft.slots();
    let added_to = draft.marked(&program.steps, |instruction| instruction.start == Start::Here);
    let mut expanding = Expanding { draft, formulas: Formulas::default(), varied: SlotSet::none_of(0), added_to };
    expanding.varied = expanding.varied_of(&program.steps, by);
    expanding.steps(&program.steps)?;
    expanding.draft.note(Pass::Expand);
    let steps = std::mem::take(&mut expanding.draft.steps);
    if expanding.draft.slots() > slots {
        expanding.varied = expanding.varied_of(&steps, by);
    }
    let Expanding { draft, formulas, varied, .. } = expanding;
    Ok(Expanded { draft, steps, formulas, varied })
}

struct Expanding {
    draft: Draft,
    formulas: Formulas,
    varied: SlotSet,
    /// The slots that an instruction adds to: what others have written there before is no result yet.
    added_to: SlotSet,
}

impl Rewrite for Expanding {
    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn instruction(&mut self, instruction: &Instruction) -> Result<()> {
        self.expand(instruction)
    }
}

impl Expanding {
    fn varied_of(&mut self, steps: &[Step], by: &[bool]) -> SlotSet {
        let mut varied = SlotSet::none_of(self.draft.slots());
        for ((input, first), _) in self.draft.inputs.iter().zip(by).filter(|(_, is_chosen)| **is_chosen) {
            varied.insert((*first..first + input.length).into());
        }
        add_varied(steps, &self.draft.routes, &mut self.formulas, &mut varied);
        varied
    }

    fn expand(&mut self, instruction: &Instruction) -> Result<()> {
        let turns = self.draft.turns(instruction.trips);
        if turns.is_empty() {
            return Ok(());
        }
        if !self.draft.routes.meets(&instruction.out, turns, &self.varied) {
            self.draft.run(instruction.clone());
            return Ok(());
        }
        let trips = instruction.trips;
        let (trips, term) = match &instruction.term {
            Term::Operation { op, exponent, .. }
                if self.uses_result(*op, *exponent) && !self.keeps_result(instruction) =>
            {
                (trips, Term::Copy(self.computed(trips, instruction.term.clone())?))
            }
            Term::Reduction { op, .. } if is_about_result(*op) && !self.keeps_result(instruction) => {
                (with_innermost(trips, 1), Term::Copy(self.computed(trips, instruction.term.clone())?))
            }
            Term::Partial { op, exponent, by, operands, result, factor } => {
                let formula = &self.formulas.of(*op, *exponent)[usize::from(*by)];
                let given: Vec<Access> = operands.iter().chain([result]).copied().collect();
                let partial = self.formula(trips, formula, &given)?;
                (trips, Term::Product { a: *factor, b: partial, is_strong: true })
            }
            Term::ReductionPartial { op, operand, result, factor } => {
                let once = |access: &Access| Access { strides: with_innermost(access.strides, 0), ..*access };
                let partial = self.shares(trips, *op, *operand, once(result))?;
                (trips, Term::Product { a: once(factor), b: partial, is_strong: true })
            }
            Term::Jacobian { operation, .. } => {
                let name = format!("second derivatives of `{}`", operation.name());
                return Err(Error::argument(
                    name,
                    "an operation whose derivatives have derivatives",
                    "one of your own",
                ));
            }
            _ => (trips, instruction.term.clone()),
        };
        self.draft.run(Instruction { trips, term, ..*instruction });
        Ok(())
    }

    fn uses_result(&mut self, op: Op, exponent: i32) -> bool {
        let formulas = self.formulas.of(op, exponent);
        formulas.iter().any(|formula| formula.uses(formulas.len()))
    }

    /// Whether the results are those of the operation, and no sum of them or activation.
    fn keeps_result(&self, instruction: &Instruction) -> bool {
        let depths = if matches!(instruction.term, Term::Reduction { .. }) { LOOPS - 1 } else { LOOPS };
        instruction.start == Start::Zero
            && instruction.scale == 1.0
            && instruction.activation.is_none()
            && !(0..depths).any(|depth| instruction.is_summed_over(depth))
            && !self.draft.routes.meets(&instruction.out, self.draft.turns(instruction.trips), &self.added_to)
    }

    /// Emits an instruction that gives a term slots of its own: one for each turn of the loops in which it moves.
    fn computed(&mut self, trips: [u32; LOOPS], term: Term) -> Result<Access> {
        let routes = &self.draft.routes;
        let moves = |depth| term.operands().any(|operand| routes.moves(operand, depth));
        let moving: [u32; LOOPS] = std::array::from_fn(|depth| if moves(depth) { trips[depth] } else { 1 });
        let (trips, places) = match term {
            // The slice is gone through, though the result stands still, and be it one number many times.
            Term::Reduction { .. } => (with_innermost(moving, trips[3]), with_innermost(moving, 1)),
            Term::ReductionPartial { .. } => (with_innermost(moving, trips[3]), with_innermost(moving, trips[3])),
            _ => (moving, moving),
        };
        let out = self.draft.fresh(places)?;
        self.draft.run(Instruction::new(trips, out, term));
        Ok(out)
    }

    /// The derivative that a formula gives, computed in these loops.
    fn formula(&mut self, trips: [u32; LOOPS], formula: &Formula, given: &[Access]) -> Result<Access> {
        let mut computed = Vec::new();
        for operation in &formula.operations {
            let operands: Result<Vec<Access>> =
                operation.operands().iter().map(|symbol| self.symbol(*symbol, given, &computed)).collect();
            let operands = operands?;
            let term = match operation {
                Operation::Row(op, exponent, _) => Term::Operation { op: *op, exponent: *exponent, operands },
                Operation::StrongProduct(..) => Term::Product { a: operands[0], b: operands[1], is_strong: true },
            };
            computed.push(self.computed(trips, term)?);
        }
        self.symbol(formula.result, given, &computed)
    }

    fn symbol(&mut self, symbol: Symbol, given: &[Access], computed: &[Access]) -> Result<Access> {
        match symbol {
            Symbol::Constant(value) => self.draft.constant(value),
            Symbol::Given(number) => Ok(given[number]),
            Symbol::Computed(number) => Ok(computed[number]),
        }
    }

    /// The derivatives of an operation over slices by each of its operands.
    fn shares(&mut self, trips: [u32; LOOPS], op: Op, operand: Access, result: Access) -> Result<Access> {
        match op {
            Op::LogSumExp => self.exponential_shares(trips, operand, result),
            Op::Product => self.products_of_the_others(trips, operand),
            _ => {
                let factor = self.draft.constant(1.0)?;
                self.computed(trips, Term::ReductionPartial { op, operand, result, factor })
            }
        }
    }

    /// As the table has them, shifted by the result in place of the largest: it is infinite where that is.
    fn exponential_shares(&mut self, trips: [u32; LOOPS], operand: Access, result: Access) -> Result<Access> {
        let mut row = |op, operands| self.computed(trips, Term::Operation { op, exponent: 0, operands });
        let shifted = row(Op::Sub, vec![operand, result])?;
        let exponential = row(Op::Exp, vec![shifted])?;
        let is_largest = row(Op::Equal, vec![operand, result])?;
        let magnitude = row(Op::Abs, vec![result])?;
        let infinity = self.draft.constant(f64::INFINITY)?;
        let mut row = |op, operands| self.computed(trips, Term::Operation { op, exponent: 0, operands });
        let is_finite = row(Op::Less, vec![magnitude, infinity])?;
        let share = row(Op::Select, vec![is_finite, exponential, is_largest])?;
        let total = self.computed(trips, Term::Reduction { op: Op::Sum, operand: share })?;
        self.computed(trips, Term::Operation { op: Op::Div, exponent: 0, operands: vec![share, total] })
    }

    /// Products from the left and from the right, which meet at each factor.
    fn products_of_the_others(&mut self, trips: [u32; LOOPS], operand: Access) -> Result<Access> {
        let length = trips[LOOPS - 1];
        let operand = self.computed(trips, Term::Copy(operand))?;
        let at = |access: Access, turn: u32| Access {
            base: access.at([0, 0, 0, turn]),
            strides: with_innermost(access.strides, 0),
            ..access
        };
        let [left, right, partial] = [self.draft.fresh(trips)?, self.draft.fresh(trips)?, self.draft.fresh(trips)?];
        let one = self.draft.constant(1.0)?;
        for turn in 0..length {
            let mirrored = length - 1 - turn;
            for (products, turn, before) in
                [(left, turn, turn.checked_sub(1)), (right, mirrored, Some(mirrored + 1).filter(|next| *next < length))]
            {
                let term = match before {
                    Some(before) => Term::Product { a: at(products, before), b: at(operand, before), is_strong: false },
                    None => Term::Copy(one),
                };
                let (trips, out) = (with_innermost(trips, 1), at(products, turn));
                self.draft.run(Instruction::new(trips, out, term));
            }
        }
        let term = Term::Product { a: left, b: right, is_strong: false };
        self.draft.run(Instruction::new(trips, partial, term));
        Ok(partial)
    }
}

/// Whether the derivatives of an operation over slices are taken from its result, or better so.
fn is_about_result(op: Op) -> bool {
    matches!(op, Op::Maximum | Op::Minimum | Op::LogSumExp)
}

/// The same with another innermost loop.
fn with_innermost<T>([a, b, c, _]: [T; LOOPS], innermost: T) -> [T; LOOPS] {
    [a, b, c, innermost]
}
