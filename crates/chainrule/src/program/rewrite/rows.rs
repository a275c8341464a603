//! A program of one row becomes a program of many: what depends on the row gets a number for each of them.
//!
//! The rows of a number lie next to each other, and are a further loop of each instruction, the innermost where it can be.
//! What is the same for all rows is computed once. Where one access reaches both, what is the same is repeated for each row.

use super::Rewrite;
use super::activity::until_nothing_is_new;
use super::draft::Draft;
use super::nesting::{collapsed, split, with_loop};
use super::reach::{Routes, Turns};
use super::slot_set::SlotSet;
use crate::program::history::Pass;
use crate::program::{Access, Input, Instruction, LOOPS, Lookup, Output, Program, REPEATS, Route, Start, Step, Term};
use crate::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;

/// What becomes of the outputs of a program that is run over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those of each row, one row after the other.
    Each,
    /// The sum over all rows.
    Sum,
    /// The mean of all rows.
    Mean,
}

impl Program {
    /// The program that does the same for so many rows at once. The groups of inputs with these names have other numbers in
    /// each row: they become longer, and take the numbers of one row after those of the other. All other inputs are the
    /// same for all rows.
    ///
    /// The numbers of the rows are put in order by the first instructions, column by column, so that a caller hands on rows
    /// as they come.
    ///
    /// The gradient of a program with [`Rows::Sum`] or [`Rows::Mean`] is the gradient of the batch.
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::{Machine, Rows};
    ///
    /// // The squared error of a line.
    /// let groups: [(&str, &[f64]); 2] = [("line", &[1.0, 0.0]), ("point", &[0.0, 0.0])];
    /// let program = Program::record_groups(&groups, |groups| {
    ///     let (line, point) = (&groups[0], &groups[1]);
    ///     (line[0] * point[0] + line[1] - point[1]).powi(2)
    /// })?;
    /// let gradient = program.over_rows(&["point"], 3, Rows::Mean)?.gradient_by(&["line"])?;
    /// let mut machine = Machine::<f64>::new(&gradient);
    /// machine.input_mut(0).copy_from_slice(&[1.0, 0.0]);
    /// machine.input_mut(1).copy_from_slice(&[0.0, 1.0, 1.0, 2.0, 2.0, 3.0]); // one point after the other
    /// machine.run()?;
    /// assert_eq!(machine.output(0).collect::<Vec<_>>(), [1.0]);
    /// assert_eq!(machine.output(1).collect::<Vec<_>>(), [-2.0, -2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no rows, no group of inputs has one of the names, or the program would have 2^31 slots or more.
    pub fn over_rows(&self, per_row: &[&str], rows: u32, outputs: Rows) -> Result<Program> {
        if rows == 0 {
            return Err(Error::argument("rows", "at least one row", rows));
        }
        let mut mapping = Mapping::of(self, &self.chosen(per_row)?, rows)?;
        mapping.inputs(self)?;
        match self.last_copy().filter(|_| outputs == Rows::Each) {
            Some((copy, before)) => {
                mapping.steps(before)?;
                mapping.copied_output(copy)?;
            }
            None => {
                mapping.steps(&self.steps)?;
                for output in 0..self.outputs.len() {
                    mapping.output(output, outputs)?;
                }
            }
        }
        mapping.guards();
        mapping.draft.note(Pass::Rows);
        mapping.draft.finish()
    }

    /// The copy that puts the only output in order at the end, in a loop less than there may be, and the steps before: it need not be
    /// made before rows are put in order.
    fn last_copy(&self) -> Option<(&Instruction, &[Step])> {
        let (Step::Run(copy), before) = self.steps.split_last()? else { return None };
        let [Output { slots, .. }] = &self.outputs[..] else { return None };
        let Instruction { trips, out, start: Start::Zero, activation: None, term: Term::Copy(_), .. } = copy else {
            return None;
        };
        let [all] = &slots[..] else { return None };
        let is_guarded = self.guards.iter().any(|guard| guard.slots().any(|slot| all.contains(&slot)));
        let is_whole = out.route == Route::Direct
            && out.base == all.start
            && out.is_apart_in(0..LOOPS, *trips)
            && trips.iter().map(|trips| *trips as usize).product::<usize>() == all.len();
        (is_whole && trips.contains(&1) && !is_guarded).then_some((copy, before))
    }

    /// How many numbers each further row takes.
    pub(in crate::program) fn slots_per_row(&self, chosen: &[bool]) -> usize {
        per_row(self, &Draft::of(self), chosen).stretches().map(|stretch| stretch.len()).sum()
    }
}

/// A program on the way to one over rows.
struct Mapping {
    draft: Draft,
    rows: u32,
    /// Which groups of inputs have other numbers in each row.
    chosen: Vec<bool>,
    /// The slots that have a number for each row.
    per_row: SlotSet,
    /// Where the rows of the first slot begin; those of the others follow.
    first: u32,
    /// Where the rows of a stretch of the tables are listed.
    tables: HashMap<Range<u32>, u32>,
}

impl Rewrite for Mapping {
    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn instruction(&mut self, instruction: &Instruction) -> Result<()> {
        self.map(instruction)
    }
}

impl Mapping {
    fn of(program: &Program, chosen: &[bool], rows: u32) -> Result<Self> {
        let mut draft = Draft::of(program);
        let per_row = per_row(program, &draft, chosen);
        let first = draft.allocate(u64::from(program.slots) * u64::from(rows))?;
        if draft.slots() > i32::MAX as u32 {
            return Err(Error::argument("rows", "less than 2^31 slots for all rows", draft.slots()));
        }
        Ok(Mapping { draft, rows, chosen: chosen.to_vec(), per_row, first, tables: HashMap::new() })
    }

    /// Where the rows of a slot begin.
    fn place(&self, slot: u32) -> u32 {
        self.first + slot * self.rows
    }

    /// Emits a copy in two loops, times a number.
    fn copy(&mut self, trips: [u32; 2], to: (u32, [i32; 2]), from: (u32, [i32; 2]), scale: f64) {
        let access = |(base, [outer, inner]): (u32, [i32; 2])| Access::strided(base, [0, 0, outer, inner]);
        let (out, term) = (access(to), Term::Copy(access(from)));
        let trips = [1, 1, trips[0], trips[1]];
        self.draft.run(Instruction { scale, ..Instruction::new(trips, out, term) });
    }

    /// Puts the inputs of the rows in order, and repeats for each row what it shares with others and is not computed.
    fn inputs(&mut self, program: &Program) -> Result<()> {
        let rows = self.rows;
        for (number, is_chosen) in self.chosen.clone().into_iter().enumerate() {
            let (Input { name, length }, first) = self.draft.inputs[number].clone();
            if is_chosen {
                let all = length * rows;
                let given = self.draft.allocate(all.into())?;
                self.draft.inputs[number] = (Input { name, length: all }, given);
                let to = (self.place(first), [rows as i32, 1]);
                self.copy([length, rows], to, (given, [1, length as i32]), 1.0);
            } else {
                self.repeat(first..first + length);
            }
        }
        self.repeat(program.constant_slots());
        Ok(())
    }

    /// Repeats for each row those of the slots that have a number for each.
    fn repeat(&mut self, slots: Range<u32>) {
        let within = |stretch: Range<u32>| stretch.start.max(slots.start)..stretch.end.min(slots.end);
        let stretches: Vec<Range<u32>> = self.per_row.stretches().map(within).filter(|s| !s.is_empty()).collect();
        for stretch in stretches {
            let to = (self.place(stretch.start), [self.rows as i32, 1]);
            self.copy([stretch.len() as u32, self.rows], to, (stretch.start, [1, 0]), 1.0);
        }
    }

    fn map(&mut self, instruction: &Instruction) -> Result<()> {
        let turns = self.draft.turns(instruction.trips);
        if turns.is_empty() {
            return Ok(());
        }
        if !self.draft.routes.meets(&instruction.out, turns, &self.per_row) {
            self.draft.run(instruction.clone());
            return Ok(());
        }
        let instruction = collapsed(instruction, &self.draft.routes);
        for part in split(&instruction, &mut self.draft) {
            let turns = self.draft.turns(part.trips);
            let (mut part, row) = with_loop(&part, self.rows, &mut self.draft);
            let turns = Turns { trips: part.trips, ..turns };
            for access in part.accesses_mut() {
                *access = self.access(*access, turns, row);
            }
            self.draft.run(part);
        }
        Ok(())
    }

    /// The access in the loop of the rows.
    fn access(&mut self, access: Access, turns: Turns, row: usize) -> Access {
        let is_per_row = self.draft.routes.meets(&access, turns, &self.per_row);
        let lookup = self.draft.routes.lookup(&access).copied();
        let mut mapped = if is_per_row { self.spread(access, turns, row) } else { access };
        if let Some(lookup) = lookup {
            let step = if is_per_row { lookup.step * self.rows as i32 } else { lookup.step };
            let index = self.access(lookup.index, turns, row);
            mapped.route = self.draft.route_by(Lookup { index, step, ..lookup });
        }
        mapped
    }

    /// The access with a number for each row.
    fn spread(&mut self, access: Access, turns: Turns, row: usize) -> Access {
        let rows = self.rows as i32;
        let base = match access.route {
            Route::Direct | Route::Lookup(_) => self.place(access.base),
            Route::Table => {
                let span = self.draft.routes.span(&access, turns);
                let listed = self.list(span.clone());
                listed.wrapping_add(access.base.wrapping_sub(span.start).wrapping_mul(self.rows))
            }
        };
        let mut strides = access.strides.map(|stride| stride * rows);
        strides[row] = 1;
        Access { base, strides, shifts: access.shifts.map(|shift| shift * rows), ..access }
    }

    /// Lists the rows of all slots of a stretch of the tables: where that begins.
    fn list(&mut self, stretch: Range<u32>) -> u32 {
        let (first, rows, tables) = (self.first, self.rows, &mut self.draft.routes.tables);
        *self.tables.entry(stretch.clone()).or_insert_with(|| {
            let listed = tables.len() as u32;
            for place in stretch {
                let slot = first + tables[place as usize] * rows;
                tables.extend(slot..slot + rows);
            }
            listed
        })
    }

    /// Emits what becomes of an output of each row.
    fn output(&mut self, number: usize, outputs: Rows) -> Result<()> {
        let Output { slots, .. } = self.draft.outputs[number].clone();
        let length = slots.iter().map(|range| range.len() as u32).sum::<u32>();
        let rows = self.rows as i32;
        let mut next = match outputs {
            Rows::Each => self.draft.allocate(u64::from(length) * u64::from(self.rows))?,
            Rows::Sum | Rows::Mean => self.draft.allocate(length.into())?,
        };
        let first = next;
        for range in slots {
            let (from, count) = (self.place(range.start), range.len() as u32);
            let (trips, to, from, scale) = match outputs {
                Rows::Each => ([self.rows, count], (next, [length as i32, 1]), (from, [1, rows]), 1.0),
                Rows::Sum => ([count, self.rows], (next, [1, 0]), (from, [rows, 1]), 1.0),
                Rows::Mean => ([count, self.rows], (next, [1, 0]), (from, [rows, 1]), 1.0 / f64::from(self.rows)),
            };
            self.copy(trips, to, from, scale);
            next += count;
        }
        let end = if outputs == Rows::Each { first + length * self.rows } else { first + length };
        self.draft.outputs[number].slots = std::iter::once(first..end).collect();
        Ok(())
    }

    /// Emits what becomes of the only output of each row, of which this is a copy.
    fn copied_output(&mut self, copy: &Instruction) -> Result<()> {
        let (Instruction { mut trips, mut out, scale, .. }, Term::Copy(from)) = (copy.clone(), &copy.term) else {
            unreachable!("a copy has one operand");
        };
        let row = trips.iter().position(|trips| *trips == 1).expect("a loop of the copy is free");
        let length = trips.iter().product::<u32>();
        let first = self.draft.allocate(u64::from(length) * u64::from(self.rows))?;
        let turns = self.draft.turns(trips);
        let from = self.access(*from, turns, row);
        trips[row] = self.rows;
        (out.base, out.strides[row]) = (first, length as i32);
        self.draft.run(Instruction { scale, ..Instruction::new(trips, out, Term::Copy(from)) });
        self.draft.outputs[0].slots = std::iter::once(first..first + length * self.rows).collect();
        Ok(())
    }

    fn guards(&mut self) {
        for guard in &mut self.draft.guards {
            if self.per_row.contains(guard.slot) {
                guard.slot = self.first + guard.slot * self.rows;
                guard.rows *= self.rows;
            }
        }
    }
}

/// The slots that have a number for each row.
fn per_row(program: &Program, draft: &Draft, chosen: &[bool]) -> SlotSet {
    let mut per_row = SlotSet::none_of(program.slots);
    for ((input, first), _) in draft.inputs.iter().zip(chosen).filter(|(_, is_chosen)| **is_chosen) {
        per_row.insert((*first..first + input.length).into());
    }
    for slots in program.outputs.iter().flat_map(|output| &output.slots) {
        per_row.insert(slots.clone().into());
    }
    add_per_row(&program.steps, &draft.routes, &mut per_row);
    per_row
}

/// Puts in all slots that must have a number for each row, since some have: what is computed from those, and what is
/// reached together with them.
fn add_per_row(steps: &[Step], routes: &Routes, per_row: &mut SlotSet) {
    let mut one = |instruction: &Instruction, turns: Turns| {
        let accesses: Vec<&Access> = instruction.accesses().collect();
        let indices = accesses.iter().filter_map(|access| routes.lookup(access)).map(|lookup| &lookup.index);
        let all: Vec<&Access> = accesses.iter().copied().chain(indices).collect();
        if !all.iter().any(|access| routes.meets(access, turns, per_row)) {
            return false;
        }
        let mut new = routes.mark(&instruction.out, turns, per_row);
        for access in all {
            if routes.meets(access, turns, per_row) {
                new += routes.mark(access, turns, per_row);
            }
        }
        new > 0
    };
    while until_nothing_is_new(steps, [1; REPEATS], 0, false, &mut one) {}
}
