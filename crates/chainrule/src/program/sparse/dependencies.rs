//! Which inputs each output of a program varies with: sets of inputs, passed on from instruction to instruction.

use super::Pattern;
use super::sets::{EMPTY, SetId, Sets};
use crate::Result;
use crate::program::differentiate::expand::{Expanded, expand};
use crate::program::differentiate::formula::Formulas;
use crate::program::interpret::all_turns;
use crate::program::rewrite::reach::{Routes, Turns, for_each_run};
use crate::program::rewrite::slot_set::SlotSet;
use crate::program::{Access, Instruction, LOOPS, Program, REPEATS, Route, Start, Step};

impl Program {
    /// Where the Jacobian matrix can have entries: a row for each output, a column for each input. It holds wherever derivatives
    /// are taken, on both sides of each [`select`](crate::Number::select), and for all indices of lookups.
    ///
    /// The instructions are gone through once, as if the program was run.
    ///
    /// # Errors
    ///
    /// If there are 2^32 entries or more, or the program is too large to be differentiated.
    pub fn jacobian_pattern(&self) -> Result<Pattern> {
        self.jacobian_pattern_by(&self.input_names())
    }

    /// The same with columns for these groups of inputs alone.
    ///
    /// # Errors
    ///
    /// The same, and if no group of inputs has one of these names.
    pub fn jacobian_pattern_by(&self, groups: &[&str]) -> Result<Pattern> {
        let by = self.chosen(groups)?;
        let expanded = expand(self, &by)?;
        let columns = self.inputs.iter().zip(&by).filter(|(_, is_chosen)| **is_chosen);
        let columns = columns.map(|(input, _)| input.length as usize).sum();
        let mut walk = Walk::of(expanded, &by, columns);
        let steps = std::mem::take(&mut walk.steps);
        for_each_run(&steps, |_, instruction, repeats| walk.run(instruction, repeats));
        let slots = self.outputs.iter().flat_map(|output| output.slots.iter().cloned().flatten());
        Pattern::of_rows(columns, slots.map(|slot| walk.sets.members(walk.slots[slot as usize])))
    }

    /// Where the Hessian matrix of the first output, which has to be one number, can have entries: a row and a column for each
    /// input.
    ///
    /// ```
    /// use chainrule::Program;
    ///
    /// let program = Program::record(&[1.0; 4], |x| x[0] * x[2] + x[1].exp() + 3.0 * x[3])?;
    /// let pattern = program.hessian_pattern()?;
    /// assert_eq!(pattern.places().collect::<Vec<_>>(), [(0, 2), (1, 1), (2, 0)]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the first group of outputs is not one number, and as [`jacobian_pattern`](Program::jacobian_pattern).
    pub fn hessian_pattern(&self) -> Result<Pattern> {
        self.hessian_pattern_by(&self.input_names())
    }

    /// The same with rows and columns for these groups of inputs alone.
    ///
    /// # Errors
    ///
    /// The same, and if no group of inputs has one of these names.
    pub fn hessian_pattern_by(&self, groups: &[&str]) -> Result<Pattern> {
        self.gradient_alone(groups)?.jacobian_pattern_by(groups)?.symmetric()
    }
}

/// A walk through the instructions, in the order in which they run.
struct Walk {
    steps: Vec<Step>,
    routes: Routes,
    formulas: Formulas,
    /// The slots that vary with the chosen inputs at all.
    varied: SlotSet,
    sets: Sets,
    /// The inputs that the number in each slot varies with.
    slots: Vec<SetId>,
}

impl Walk {
    fn of(expanded: Expanded, by: &[bool], columns: usize) -> Self {
        let Expanded { draft, steps, formulas, varied } = expanded;
        let mut sets = Sets::of_numbers_below(columns);
        let mut slots = vec![EMPTY; draft.slots() as usize];
        let chosen = draft.inputs.iter().zip(by).filter(|(_, is_chosen)| **is_chosen);
        let inputs = chosen.flat_map(|((input, first), _)| *first..*first + input.length);
        inputs.zip(0..).for_each(|(slot, column)| slots[slot as usize] = sets.single(column));
        Walk { steps, routes: draft.routes, formulas, varied, sets, slots }
    }

    fn run(&mut self, instruction: &Instruction, repeats: [u32; REPEATS]) {
        let out = instruction.out.in_turn(repeats);
        let turns = Turns::of_loops(instruction.trips);
        if !self.routes.meets(&out, turns, &self.varied) {
            return;
        }
        let reads = instruction.varying_reads(&mut self.formulas);
        let reads: Vec<Access> = reads.into_iter().map(|read| read.in_turn(repeats)).collect();
        let free = instruction.free_trips();
        let summed: [u32; LOOPS] = std::array::from_fn(|depth| instruction.trips[depth] / free[depth].max(1));
        // What a lookup leads to may stay as it is.
        let is_kept = instruction.start == Start::Here || matches!(out.route, Route::Lookup(_));
        let mut gathered = Vec::new();
        for turn in all_turns(free) {
            gathered.clear();
            for inner in all_turns(summed) {
                let turn = std::array::from_fn(|depth| turn[depth] + inner[depth]);
                for read in &reads {
                    gathered.extend(self.routes.choices(read, turn).map(|slot| self.slots[slot]));
                }
            }
            let new = self.sets.union(&mut gathered);
            for slot in self.routes.choices(&out, turn) {
                let kept = if is_kept { self.slots[slot] } else { EMPTY };
                self.slots[slot] = self.sets.union(&mut vec![kept, new]);
            }
        }
    }
}

impl Routes {
    /// The slot that an access stands at in a turn of the loops; of a lookup, all that can be chosen.
    fn choices(&self, access: &Access, turn: [u32; LOOPS]) -> impl Iterator<Item = usize> + use<> {
        let place = access.at(turn);
        let (first, step, count) = match access.route {
            Route::Direct => (place, 0, 1),
            Route::Table => (self.tables[place as usize], 0, 1),
            Route::Lookup(number) => {
                let lookup = self.lookups[number as usize];
                (place, lookup.step, lookup.count)
            }
        };
        (0..i64::from(count)).map(move |choice| (i64::from(first) + i64::from(step) * choice) as usize)
    }
}
