//! What an instruction asks to be written: its loops, one of which becomes lanes, and what it computes in each turn.

use super::super::Float;
use super::super::formula::{self, MOST_OPERANDS, WithFormula};
use super::super::nest::{Nest, Operand};
use super::super::place::{Place, Way, next_turn};
use super::site::{Frame, Held, Site};
use crate::Op;
use crate::program::differentiate::formula::{Formula, Noted, Operation, Symbol};
use crate::program::{Instruction, LOOPS, REPEATS, Route};
use std::cell::RefCell;
use std::rc::Rc;

/// What is computed in each turn.
pub(in super::super) enum Term {
    Copy,
    Product,
    Formula(Rc<Formula>),
}

/// Notes what a formula does.
pub(in super::super) struct Note {
    /// The exponent of a power with a fixed one.
    pub exponent: i32,
}

impl WithFormula for Note {
    type Output = Formula;

    fn with<F: formula::Formula>(self) -> Formula {
        let operations = RefCell::new(Vec::new());
        let operands = std::array::from_fn(|number| Noted::on(Symbol::Given(number), &operations));
        let result = F::at(operands, self.exponent).symbol;
        Formula::needed(&operations.borrow(), result)
    }
}

/// Formulas of more operations are not written out: all of their numbers stay in registers.
const MOST_OPERATIONS: usize = 12;

/// An instruction that takes more than so many operations of vectors is left to a kernel: it earns what stands around one.
const MOST_VECTORS: usize = 256;

/// One of more turns is not even looked at.
const MOST_TURNS: u64 = 2048;

/// Whether there are so few turns of the loops that an instruction may be written.
pub(in super::super) fn is_small(trips: &[u32; LOOPS]) -> bool {
    let turns = trips.iter().map(|trips| u64::from(*trips)).try_fold(1, u64::checked_mul);
    turns.is_some_and(|turns| turns <= MOST_TURNS)
}

/// An instruction to be written.
pub(in super::super) struct Work<'a> {
    pub nest: &'a Nest,
    /// Whether sums start from what stands where they go.
    pub is_here: bool,
    pub scale: f64,
    pub term: Term,
    pub activation: Option<Rc<Formula>>,
    pub tables: &'a [u32],
    /// The trips of the repeats around.
    pub repeats: &'a [u32],
}

/// Which loops become what.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Lanes {
    pub depth: usize,
    /// Whether lanes are summed up.
    pub is_summed: bool,
    pub cost: usize,
}

/// A place that is read or written, with all that does not depend on the turn.
pub(super) struct Access<'a> {
    operand: &'a Operand,
    /// If it is found by tables that move with the repeats: where its rows begin, and whether their lanes stand still.
    row: Option<(Place, bool)>,
    /// The first slot that it may lead to, and the one behind the last.
    reach: [i64; 2],
}

impl Work<'_> {
    /// The loop whose turns should become lanes, if the instruction is one to be written.
    pub fn lanes<T: Float>(&self) -> Option<Lanes> {
        let is_lookup = |operand: &&Operand| operand.lookup.is_some();
        let is_term_written = match &self.term {
            Term::Formula(formula) => is_written(formula),
            Term::Copy | Term::Product => true,
        };
        let are_written = is_term_written && self.activation.iter().all(|formula| is_written(formula));
        // Where sums are added to what may come again in other turns, an activation has to wait for all of them.
        let waits = self.is_here && self.activation.is_some() && !self.nest.results_are_apart();
        if waits || !are_written || self.nest.all().any(|operand| is_lookup(&operand)) {
            return None;
        }
        // One that runs once gives one lane, whatever the steps in the others are.
        let once = (0..LOOPS).rev().find(|depth| self.nest.trips[*depth] == 1);
        let candidates = (0..LOOPS).rev().filter(|depth| self.nest.trips[*depth] > 1 || once == Some(*depth));
        let candidates = candidates.filter_map(|depth| self.in_lanes::<T>(depth));
        candidates.min_by_key(|lanes| lanes.cost).filter(|lanes| lanes.cost <= MOST_VECTORS)
    }

    fn in_lanes<T: Float>(&self, depth: usize) -> Option<Lanes> {
        let is_summed = self.nest.is_summed_over(depth);
        let terms: usize = (0..LOOPS)
            .filter(|other| *other != depth && self.nest.is_summed_over(*other))
            .map(|other| self.nest.trips[other] as usize)
            .product();
        let of_a_term = self.used().count()
            + match &self.term {
                Term::Copy | Term::Product => 1,
                Term::Formula(formula) => formula.operations.len() + 1,
            };
        let of_a_result = 2 + self.activation.as_ref().map_or(0, |formula| formula.operations.len());
        if is_summed {
            let is_even = |operand: &Operand| {
                operand.access.route == Route::Direct && matches!(operand.access.strides[depth], 0 | 1)
            };
            if !self.nest.operands.iter().all(is_even) {
                return None;
            }
            let results: usize = (0..LOOPS)
                .filter(|other| !self.nest.is_summed_over(*other))
                .map(|other| self.nest.trips[other] as usize)
                .product();
            let chunks = (self.nest.trips[depth] as usize).div_ceil(lanes_of::<T>());
            let cost = results * (chunks * terms * of_a_term + of_a_result + 8);
            return Some(Lanes { depth, is_summed, cost });
        }
        let chunks = self.num_chunks::<T>(depth);
        Some(Lanes { depth, is_summed, cost: chunks * (terms * of_a_term + of_a_result) })
    }

    /// How many parts of rows [`for_each_chunk`](Work::for_each_chunk) visits.
    fn num_chunks<T: Float>(&self, depth: usize) -> usize {
        let mut accesses = [&self.nest.out].into_iter().chain(&self.nest.start).chain(&self.nest.operands);
        if accesses.clone().all(|operand| operand.access.route == Route::Direct) {
            let trips = self.nest.free_trips().map(|trips| trips as usize);
            let is_even = self.nest.out.access.strides[depth] == 1
                && accesses.all(|operand| matches!(operand.access.strides[depth], 0 | 1));
            let lanes = if is_even { lanes_of::<T>() } else { 1 };
            return trips.iter().product::<usize>() / trips[depth] * trips[depth].div_ceil(lanes);
        }
        let mut chunks = 0;
        self.for_each_chunk::<T>(depth, &Accesses::new(self, depth), |_, _| chunks += 1);
        chunks
    }

    /// The operands that are read at all.
    pub(super) fn used(&self) -> impl Iterator<Item = usize> {
        let is_used = |operand: &usize| match &self.term {
            Term::Formula(formula) => formula.uses(*operand),
            Term::Copy | Term::Product => true,
        };
        (0..self.nest.operands.len()).filter(is_used)
    }

    /// The turns of the loops that are not summed over, with so many lanes at once: everything stands side by side in these, or
    /// still.
    pub(super) fn for_each_chunk<T: Float>(
        &self,
        depth: usize,
        accesses: &Accesses,
        mut visit: impl FnMut([u32; LOOPS], usize),
    ) {
        let mut trips = self.nest.free_trips();
        let lanes = std::mem::replace(&mut trips[depth], 1);
        let mut turn = [0; LOOPS];
        loop {
            let mut lane = 0;
            while lane < lanes {
                turn[depth] = lane;
                let most = (lanes - lane).min(lanes_of::<T>() as u32);
                let count = accesses.lanes_at(self, turn, depth, most);
                visit(turn, count as usize);
                lane += count;
            }
            turn[depth] = 0;
            if !next_turn(&mut turn, &trips, 0..LOOPS) {
                return;
            }
        }
    }

    /// The turns of the loops that are not summed over.
    pub(super) fn for_each_result(&self, mut visit: impl FnMut([u32; LOOPS])) {
        let (trips, mut turn) = (self.nest.free_trips(), [0; LOOPS]);
        loop {
            visit(turn);
            if !next_turn(&mut turn, &trips, 0..LOOPS) {
                return;
            }
        }
    }

    /// The turns of the loops that are summed over; that of the lanes runs once.
    pub(super) fn for_each_term(&self, lanes: usize, first: [u32; LOOPS], mut visit: impl FnMut([u32; LOOPS])) {
        let mut trips = self.nest.summed_trips();
        trips[lanes] = 1;
        let mut turn = [0; LOOPS];
        loop {
            visit(std::array::from_fn(|depth| first[depth] + turn[depth]));
            if !next_turn(&mut turn, &trips, 0..LOOPS) {
                return;
            }
        }
    }
}

/// So many lanes a register has.
pub(super) fn lanes_of<T>() -> usize {
    64 / size_of::<T>()
}

/// All places of an instruction.
pub(super) struct Accesses<'a> {
    pub out: Access<'a>,
    pub start: Option<Access<'a>>,
    pub operands: Vec<Access<'a>>,
}

impl<'a> Accesses<'a> {
    /// Those of a work whose lanes are the turns of this loop.
    pub fn new(work: &'a Work, lanes: usize) -> Self {
        let access = |operand: &'a Operand| Access::new(work, operand, lanes);
        let start = match work.is_here {
            true => Some(&work.nest.out),
            false => work.nest.start.as_ref(),
        };
        Accesses {
            out: access(&work.nest.out),
            start: start.map(access),
            operands: work.nest.operands.iter().map(access).collect(),
        }
    }

    /// So many lanes from a turn on everything stands side by side, or still; at most so many.
    fn lanes_at(&self, work: &Work, turn: [u32; LOOPS], depth: usize, most: u32) -> u32 {
        let mut count = self.out.lanes_at(work, turn, depth, most, true);
        if let Some(start) = &self.start {
            count = start.lanes_at(work, turn, depth, count, false);
        }
        for operand in work.used() {
            let operand = &self.operands[operand];
            match operand.operand.access.route {
                // It is the same in all turns.
                Route::Direct => count = operand.lanes_at(work, turn, depth, count, false),
                _ => work.for_each_term(depth, turn, |turn| count = operand.lanes_at(work, turn, depth, count, false)),
            }
        }
        count
    }
}

impl<'a> Access<'a> {
    fn new(work: &Work, operand: &'a Operand, lanes: usize) -> Self {
        let access = &operand.access;
        let is_listed = access.route == Route::Table && access.shifts != [0; REPEATS];
        let row = is_listed.then(|| {
            let mut place = operand.place(Some(lanes));
            place.find_rows(work.nest.trips[lanes] as usize, &work.nest.trips, work.repeats, work.tables);
            let is_still = place.lane == 0;
            (place, is_still)
        });
        let row = row.filter(|(place, _)| matches!(place.way, Way::Row));
        let slots = || operand.slots(&work.nest.trips, work.repeats, work.tables);
        let reach = if is_listed {
            let slots = slots();
            [slots.start, slots.end]
        } else {
            [0; 2]
        };
        Access { operand, row, reach }
    }

    /// Where it stands in a turn, `lane` turns of the lanes' loop later.
    pub fn site(&self, work: &Work, turn: [u32; LOOPS], depth: usize, lane: u32) -> Site {
        let access = &self.operand.access;
        let moved = |mut turn: [u32; LOOPS], lane| {
            turn[depth] += lane;
            i64::from(access.base)
                + access.strides.iter().zip(turn).map(|(by, turns)| i64::from(*by) * i64::from(turns)).sum::<i64>()
        };
        let shifts = access.shifts;
        match (access.route, &self.row) {
            (Route::Table, _) if shifts == [0; REPEATS] => {
                let slot = work.tables[moved(turn, lane) as usize];
                Site { frame: Frame::Slots(shifts), slot: slot.into() }
            }
            (Route::Table, Some((_, is_still))) => {
                // The lanes of a row stand behind its first.
                let first = std::array::from_fn(|other| if other == depth { 0 } else { turn[other] });
                let slot = if *is_still { 0 } else { turn[depth] + lane };
                Site { frame: Frame::Listed { place: moved(first, 0), shifts }, slot: slot.into() }
            }
            (Route::Table, None) => Site { frame: Frame::Listed { place: moved(turn, lane), shifts }, slot: 0 },
            _ => Site { frame: Frame::Slots(shifts), slot: moved(turn, lane) },
        }
    }

    /// Whether it is the same in two lanes; else they stand side by side.
    pub fn is_still(&self, work: &Work, turn: [u32; LOOPS], depth: usize) -> bool {
        match self.operand.access.route {
            Route::Direct => self.operand.access.strides[depth] == 0,
            _ => self.site(work, turn, depth, 0) == self.site(work, turn, depth, 1),
        }
    }

    /// What stands at a site that it leads to.
    pub fn held(&self, work: &Work, site: Site, lanes: usize) -> Held {
        let lanes = lanes as i64;
        let reach = match site.frame {
            Frame::Listed { .. } => self.reach,
            Frame::Slots(shifts) => {
                let moves = shifts.iter().zip(work.repeats);
                moves.fold([site.slot, site.slot + lanes], |[low, high], (shift, trips)| {
                    let moved = i64::from(*shift) * (i64::from(*trips) - 1);
                    [low + moved.min(0), high + moved.max(0)]
                })
            }
        };
        Held { site, lanes, reach }
    }

    /// So many lanes from a turn on stand side by side, or still unless it is a result; at most so many.
    fn lanes_at(&self, work: &Work, turn: [u32; LOOPS], depth: usize, most: u32, is_result: bool) -> u32 {
        if let Route::Direct = self.operand.access.route {
            let is_even = match self.operand.access.strides[depth] {
                1 => true,
                0 => !is_result,
                _ => false,
            };
            return if is_even { most } else { 1 };
        }
        if most == 1 {
            return 1;
        }
        let first = self.site(work, turn, depth, 0);
        let second = self.site(work, turn, depth, 1);
        let step = second.slot - first.slot;
        if first.frame != second.frame || !(step == 1 || step == 0 && !is_result) {
            return 1;
        }
        let goes_on = |lane: &u32| {
            let site = self.site(work, turn, depth, *lane);
            site.frame == first.frame && site.slot == first.slot + step * i64::from(*lane)
        };
        2 + (2..most).take_while(goes_on).count() as u32
    }
}

/// Whether what an instruction computes is written, if it is small.
pub(in super::super) fn computes_what_is_written(instruction: &Instruction) -> bool {
    let term = &instruction.term;
    let formula = formula::of_term(term, false, Note { exponent: term.exponent() });
    let activation = instruction.activation.map(|op| formula::operation(op, 1, 0, Note { exponent: 0 }));
    std::iter::once(formula).chain(activation).all(|formula| formula.is_some_and(|formula| is_written(&formula)))
}

/// Whether all of a formula is written.
fn is_written(formula: &Formula) -> bool {
    formula.operations.len() <= MOST_OPERATIONS && formula.operations.iter().all(is_instruction)
}

/// Whether there is an instruction, or a few, for it.
fn is_instruction(operation: &Operation) -> bool {
    match operation {
        Operation::StrongProduct(..) => true,
        Operation::Row(Op::Powi, exponent, _) => matches!(exponent, -2 | -1 | 2 | 3),
        Operation::Row(op, ..) => matches!(
            op,
            Op::Neg
                | Op::Add
                | Op::Sub
                | Op::Mul
                | Op::Div
                | Op::MulAdd
                | Op::SquaredDifference
                | Op::Recip
                | Op::Sqrt
                | Op::Abs
                | Op::Min
                | Op::Max
                | Op::Less
                | Op::Equal
                | Op::Select
                | Op::StopGradient
                | Op::Relu
        ),
    }
}

const _: () = assert!(MOST_OPERATIONS * 2 + MOST_OPERANDS + 2 < 32, "all numbers of a formula stay in registers");
