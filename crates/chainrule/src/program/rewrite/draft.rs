//! A program while it is being changed into another one: what is new gets slots at the end, and all slots are put in order
//! when the draft is finished.
//!
//! So a transformation never has to move what is there: it adds inputs, constants and blocks of slots as it needs them, and
//! emits instructions. [`finish`](Draft::finish) gives each slot that is used its place: inputs, constants, all others.

use super::copies::leave_out_copies;
use super::layout::{CACHE_LINE, Layout};
use super::reach::{Routes, Turns, for_each};
use super::scales::take_constants_out;
use super::slot_set::SlotSet;
use crate::program::history::{History, Pass};
use crate::program::{Access, Guard, Input, Instruction, LOOPS, Lookup, Output, Program, REPEATS, Route, Start, Step};
use crate::{Error, Result};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// A program while it is being changed.
pub(in crate::program) struct Draft {
    /// The groups of inputs, each with its first slot.
    pub inputs: Vec<(Input, u32)>,
    /// The constants, each with its slot.
    pub constants: Vec<(f64, u32)>,
    pub routes: Routes,
    pub guards: Vec<Guard>,
    pub outputs: Vec<Output>,
    /// What has been emitted, outside of the repeats that are still open.
    pub steps: Vec<Step>,
    slots: u32,
    /// So many constants there were in the program as it was.
    old_constants: usize,
    is_exact: bool,
    history: History,
    /// Repeats that are being emitted, outermost first: their trips and what stands before them.
    open: Vec<(u32, Vec<Step>)>,
    /// Where the slots of a stretch of the tables, each moved by so many, are listed.
    moved_tables: FxHashMap<(u32, u32, u32), u32>,
    known_lookups: FxHashMap<Lookup, u32>,
}

impl Draft {
    /// The program as it is, but for its steps: they are to be emitted.
    pub fn of(program: &Program) -> Self {
        let mut first = 0;
        let mut next = |length| {
            first += length;
            first - length
        };
        let inputs = program.inputs.iter().map(|input| (input.clone(), next(input.length))).collect();
        Draft {
            inputs,
            constants: program.constants.iter().copied().zip(program.constant_slots()).collect(),
            routes: Routes { tables: program.tables.clone(), lookups: program.lookups.clone() },
            guards: program.guards.clone(),
            outputs: program.outputs.clone(),
            steps: Vec::new(),
            slots: program.slots,
            old_constants: program.constants.len(),
            is_exact: program.is_exact,
            history: program.history.clone(),
            open: Vec::new(),
            moved_tables: FxHashMap::default(),
            known_lookups: FxHashMap::default(),
        }
    }

    /// So many slots there are.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// New slots, one after the other: the first of them. Many begin at a multiple of a cache line.
    pub fn allocate(&mut self, count: u64) -> Result<u32> {
        let is_long = count >= u64::from(CACHE_LINE);
        let first = if is_long { u64::from(self.slots).next_multiple_of(CACHE_LINE.into()) } else { self.slots.into() };
        let end = first + count;
        self.slots = u32::try_from(end).map_err(|_| Error::argument("program", "fewer than 2^32 slots", end))?;
        Ok(first as u32)
    }

    /// Two new slots for each that there is, for derivatives: how far behind it the one is, and behind that the other.
    pub fn allocate_derivatives(&mut self) -> Result<u32> {
        let distance = u64::from(self.slots.max(1)).next_multiple_of(CACHE_LINE.into());
        self.allocate(2 * distance)
    }

    /// A new group of inputs: its first slot.
    pub fn add_input(&mut self, name: String, length: u32) -> Result<u32> {
        let first = self.allocate(length.into())?;
        self.inputs.push((Input { name, length }, first));
        Ok(first)
    }

    /// The slot that holds a number.
    pub fn constant(&mut self, value: f64) -> Result<Access> {
        let known = self.constants[self.old_constants..].iter().find(|(other, _)| other.to_bits() == value.to_bits());
        let slot = match known {
            Some((_, slot)) => *slot,
            None => {
                let slot = self.allocate(1)?;
                self.constants.push((value, slot));
                slot
            }
        };
        Ok(Access::slot(slot))
    }

    /// New slots for a result of its own in each turn of these loops, and of the repeats that are open.
    pub fn fresh(&mut self, trips: [u32; LOOPS]) -> Result<Access> {
        let mut length = 1u64;
        let mut next = |trips: u32| {
            let stride = if trips > 1 { length as i32 } else { 0 };
            length = length.saturating_mul(trips.into());
            stride
        };
        let mut access = Access::slot(0);
        for depth in (0..LOOPS).rev() {
            access.strides[depth] = next(trips[depth]);
        }
        for (depth, (trips, _)) in self.open.iter().enumerate().rev() {
            access.shifts[depth] = next(*trips);
        }
        access.base = self.allocate(length)?;
        Ok(access)
    }

    /// The turns of an instruction with these trips, emitted now.
    pub fn turns(&self, trips: [u32; LOOPS]) -> Turns {
        let mut repeats = [1; REPEATS];
        repeats.iter_mut().zip(&self.open).for_each(|(turns, (trips, _))| *turns = *trips);
        Turns { trips, repeats }
    }

    /// Emits an instruction.
    pub fn run(&mut self, instruction: Instruction) {
        self.steps.push(Step::Run(instruction));
    }

    /// What is emitted from now on is repeated, until it is [closed](Draft::close).
    pub fn open(&mut self, trips: u32) {
        let before = std::mem::take(&mut self.steps);
        self.open.push((trips, before));
    }

    /// Ends the repeat that was opened last. One in which nothing is done is left out.
    pub fn close(&mut self) {
        let (trips, before) = self.open.pop().expect("a repeat is open");
        let body = std::mem::replace(&mut self.steps, before);
        if !body.is_empty() {
            self.steps.push(Step::Repeat { trips, body });
        }
    }

    /// The same, with the turns in the opposite order.
    pub fn close_reversed(&mut self) {
        let mut body = std::mem::take(&mut self.steps);
        let depth = self.open.len() - 1;
        let last = self.open[depth].0.saturating_sub(1);
        self.reverse_turns(&mut body, depth, last);
        self.steps = body;
        self.close();
    }

    fn reverse_turns(&mut self, steps: &mut [Step], depth: usize, last: u32) {
        let reversed = |access: Access| {
            let mut access = access.shifted(depth, last);
            access.shifts[depth] = -access.shifts[depth];
            access
        };
        for step in steps {
            match step {
                Step::Repeat { body, .. } => self.reverse_turns(body, depth, last),
                Step::Run(instruction) => {
                    for access in instruction.accesses_mut() {
                        *access = reversed(*access);
                        if let Some(lookup) = self.routes.lookup(access).copied() {
                            access.route = self.route_by(Lookup { index: reversed(lookup.index), ..lookup });
                        }
                    }
                }
            }
        }
    }

    /// Notes that a pass has left what was emitted.
    pub fn note(&mut self, pass: Pass) {
        self.history.note_steps(pass, &self.steps);
    }

    /// The route by this lookup.
    pub fn route_by(&mut self, lookup: Lookup) -> Route {
        let lookups = &mut self.routes.lookups;
        let number = *self.known_lookups.entry(lookup).or_insert_with(|| {
            lookups.push(lookup);
            lookups.len() as u32 - 1
        });
        Route::Lookup(number)
    }

    /// The access to the slots that lie so far behind those of an access.
    pub fn behind(&mut self, access: Access, turns: Turns, distance: u32) -> Access {
        if access.route != Route::Table {
            return access.behind(distance);
        }
        let span = self.routes.span(&access, turns);
        let tables = &mut self.routes.tables;
        let moved = *self.moved_tables.entry((span.start, span.end, distance)).or_insert_with(|| {
            let first = tables.len() as u32;
            for place in span.start..span.end {
                tables.push(tables[place as usize].wrapping_add(distance));
            }
            first
        });
        access.behind(moved.wrapping_sub(span.start))
    }

    /// The access to what `place` makes of each slot of an access; where that is no common distance, by a table. All slots
    /// that a lookup chooses from are at one distance.
    pub fn mapped(&mut self, access: Access, turns: Turns, place: impl Fn(u32) -> u32) -> Access {
        let mut distances = (u32::MAX, 0);
        self.routes.reach(&access, turns, |run| {
            for slot in run.slots() {
                let distance = place(slot).wrapping_sub(slot);
                distances = (distances.0.min(distance), distances.1.max(distance));
            }
        });
        if distances.0 == distances.1 {
            return self.behind(access, turns, distances.0);
        }
        self.routes.listed(access, turns, place)
    }

    /// The slots that instructions of one kind write.
    pub fn marked(&self, steps: &[Step], is_of_kind: impl Fn(&Instruction) -> bool) -> SlotSet {
        let mut marked = SlotSet::none_of(self.slots);
        for_each(steps, |instruction, turns| {
            if is_of_kind(instruction) {
                self.routes.mark(&instruction.out, turns, &mut marked);
            }
        });
        marked
    }

    /// The slots that an instruction adds to and then applies an activation to: what others have written there before is no
    /// result yet.
    pub fn unfinished(&self, steps: &[Step]) -> SlotSet {
        self.marked(steps, |instruction| instruction.start == Start::Here && instruction.activation.is_some())
    }

    /// Whether every operation is to stay as it was recorded.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The slots that are known outside of the steps: of inputs, constants, results and guards.
    pub fn named_slots(&self) -> impl Iterator<Item = Range<u32>> {
        let inputs = self.inputs.iter().map(|(input, first)| *first..first + input.length);
        let constants = self.constants.iter().map(|(_, slot)| *slot..slot + 1);
        let outputs = self.outputs.iter().flat_map(|output| output.slots.iter().cloned());
        inputs.chain(constants).chain(outputs).chain(self.guards.iter().map(Guard::slots))
    }

    /// Leaves out copies that need not be made, and products that need not be stored.
    pub fn leave_out_copies(&mut self) {
        let mut steps = std::mem::take(&mut self.steps);
        leave_out_copies(self, &mut steps);
        // Constants come to light where copies of them were, and what is multiplied by one is a copy again.
        if !self.is_exact && take_constants_out(self, &mut steps) {
            leave_out_copies(self, &mut steps);
        }
        self.steps = steps;
        self.note(Pass::Copies);
    }

    /// Puts the slots in order.
    pub fn finish(self) -> Result<Program> {
        debug_assert!(self.open.is_empty());
        let Draft { inputs, constants, routes, guards, outputs, steps, slots, is_exact, history, .. } = self;
        let mut layout = Layout::of(&steps, &routes, slots, &inputs, &constants, &outputs, &guards);
        let mut program = Program {
            inputs: inputs.into_iter().map(|(input, _)| input).collect(),
            constants: constants.into_iter().map(|(constant, _)| constant).collect(),
            slots: layout.length(),
            steps,
            tables: routes.tables,
            lookups: routes.lookups,
            guards,
            outputs,
            is_exact,
            history,
        };
        layout.apply(&mut program)?;
        Ok(program)
    }
}
