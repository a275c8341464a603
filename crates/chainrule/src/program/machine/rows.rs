//! Instructions of any formula, in any loops, by any route.
//!
//! Two loops, in which the results are different ones, become a [grid](super::grid); those that are left stand around it.
//! What stands side by side, or still, is read and written where it is. Everything else is collected first, some rows at a
//! time, and the results are put where they belong.

use super::Float;
use super::grid::{Aim, FIRST_OPERAND, Grid, Map, OUT, PLACES, START, Standing, spots};
use super::kernels::{Addends, Sum};
use super::memory::{BLOCK, Memory, NEAR, Part, ROWS, Room};
use super::place::{Place, Turn, Way, moved, next_turn};
use crate::program::{LOOPS, REPEATS};

/// The room of terms that are summed up, and that of their sums; those of places bear the places' numbers.
const TERMS: Room = Room(PLACES);

/// An instruction that is run as grids.
pub(super) struct Rows<T> {
    /// The loops around the grid: first those that lead to other results, then those that are summed over. Those of the grid
    /// run once here.
    pub trips: [u32; LOOPS],
    /// So many lead to other results.
    pub free: usize,
    pub grid: Grid,
    /// Whether each row of the grid is summed up.
    pub is_summed: bool,
    /// Whether it does nothing but to copy.
    pub is_copy: bool,
    /// Whether the terms of the sums stand side by side, and are no function of anything, or times one number each.
    pub is_plain_sum: bool,
    pub start: Begin,
    /// The result, what is added to, and the operands, as many as there are.
    pub places: Vec<Place>,
    pub term: Map<T>,
    pub activation: Option<Map<T>>,
    /// Adds the numbers of a row.
    pub sum: Sum<T>,
}

/// A grid that nothing stands around but repeats, of places that are read and written where they are: one call of a kernel,
/// with all that it takes near by.
pub(super) struct OneGrid<T> {
    grid: Grid,
    base: [u32; PLACES],
    /// How far each place moves with each repeat.
    shifts: [[i32; PLACES]; REPEATS],
    term: Map<T>,
}

impl<T: Float> OneGrid<T> {
    /// Runs it.
    ///
    /// # Safety
    ///
    /// As for [`Rows::run`].
    pub unsafe fn run(&self, memory: &Memory<T>) {
        let places = moved(&self.base, &self.shifts, memory.repeats);
        let spots = places.map(|place| memory.slots().wrapping_add(place as usize));
        // SAFETY: the kernel is one for this processor; all that it reads and writes was checked with the program.
        unsafe { (self.term)(&self.grid, &spots) };
    }
}

/// What sums start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    Zero,
    /// A number that stands somewhere.
    From,
    /// What stands where the results go.
    Here,
}

impl<T: Float> Rows<T> {
    /// The kernel alone, where there is nothing to do but to call it, once.
    pub fn as_one_grid(&self) -> Option<OneGrid<T>> {
        let is_alone = self.trips == [1; LOOPS] && !self.is_summed && self.activation.is_none();
        let is_one = is_alone && self.is_direct() && !self.has_listed_rows();
        is_one.then(|| {
            let mut one =
                OneGrid { grid: self.grid, base: [0; PLACES], shifts: [[0; PLACES]; REPEATS], term: self.term };
            for (number, place) in self.places.iter().enumerate() {
                one.base[number] = place.base;
                for (depth, shifts) in one.shifts.iter_mut().enumerate() {
                    shifts[number] = place.shifts[depth];
                }
            }
            one
        })
    }

    /// Whether rows are found one by one.
    fn has_listed_rows(&self) -> bool {
        self.places.iter().any(|place| matches!(place.way, Way::Row))
    }

    /// Has this kernel sum over the innermost of the loops that are summed over, if it can read all numbers where they are.
    pub fn sum_in_kernel(&mut self, sums: Map<T>) {
        let is_sum_around = self.free < ROWS && self.trips[ROWS - 1] > 1;
        if is_sum_around && !self.is_summed && self.is_direct() && !self.has_listed_rows() {
            self.term = sums;
            self.grid.steps = std::mem::replace(&mut self.trips[ROWS - 1], 1) as usize;
            for (step, place) in self.grid.step.iter_mut().zip(&self.places) {
                *step = place.strides[ROWS - 1];
            }
        }
    }

    /// Whether nothing is collected.
    fn is_direct(&self) -> bool {
        (0..self.places.len()).all(|place| self.is_in_place(place))
    }

    /// Whether a place is read and written where it is.
    fn is_in_place(&self, place: usize) -> bool {
        let Place { lane, way, .. } = &self.places[place];
        let is_even = self.grid.lanes == 1 || *lane == 1 || *lane == 0 && place != OUT;
        matches!(way, Way::Slot | Way::Row) && is_even
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops; operands do not overlap the results, or move as these do.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        let (rows, lanes) = (self.grid.rows as u32, self.grid.lanes as u32);
        // What is collected has to fit into the rooms.
        let (most, most_lanes) = match self.is_direct() && !self.is_summed {
            true if self.activation.is_none() && self.trips[self.free..].iter().all(|trips| *trips == 1) => {
                (u32::MAX, lanes)
            }
            true => (NEAR as u32, NEAR as u32),
            false => (BLOCK as u32, BLOCK as u32),
        };
        let most_lanes = most_lanes.min(lanes);
        // Of plain sums nothing is collected but what they come to.
        let most_rows = if self.is_plain_sum { most } else { most / most_lanes };
        let most_rows = if self.has_listed_rows() { 1 } else { most_rows.clamp(1, rows) };
        let mut turn = memory.first_turn();
        // The lanes of a row that is summed up are gone through with it.
        let all_lanes = if self.is_summed { most_lanes } else { lanes };
        loop {
            // Rows inside of lanes: they are often led to by the same indices.
            for lane in (0..all_lanes).step_by(most_lanes as usize) {
                for row in (0..rows).step_by(most_rows as usize) {
                    let part = Part { row, rows: most_rows.min(rows - row), lane, lanes: most_lanes.min(lanes - lane) };
                    // SAFETY: the caller's promise; parts are parts of the grid.
                    unsafe {
                        match self.is_summed {
                            true => self.run_summed(memory, &mut turn, part),
                            false => self.run_part(memory, &mut turn, part),
                        }
                    }
                }
            }
            if !next_turn(&mut turn.loops, &self.trips, 0..self.free) {
                return;
            }
        }
    }

    /// Some results, with all terms that are summed to each.
    unsafe fn run_part(&self, memory: &mut Memory<T>, turn: &mut Turn, part: Part) {
        let is_in_place = self.is_in_place(OUT);
        if self.is_copy && is_in_place && !self.is_in_place(FIRST_OPERAND) {
            // What is collected need not be copied once more.
            for row in 0..part.rows {
                let part = Part { row: part.row + row, rows: 1, ..part };
                // SAFETY: the caller's promise; the results stand side by side.
                unsafe {
                    let out = self.in_place(OUT, memory, turn, part).spot;
                    memory.collect(&self.places[FIRST_OPERAND], turn, part, out);
                }
            }
            return;
        }
        let mut aim = Aim::new(Grid { rows: part.rows as usize, lanes: part.lanes as usize, ..self.grid });
        // SAFETY: the caller's promise; each place has a room of its own.
        unsafe {
            let out = match is_in_place {
                true => self.in_place(OUT, memory, turn, part),
                false => self.in_room(OUT, memory, part),
            };
            aim.set(OUT, out);
            match self.start {
                Begin::Zero => aim.grid.has_start = false,
                Begin::From => aim.set(START, self.find(START, memory, turn, part)),
                // Where it is not in place, the sum is added to it when it is written.
                Begin::Here => {
                    aim.grid.has_start = is_in_place;
                    aim.set(START, out);
                }
            }
            loop {
                for place in FIRST_OPERAND..self.places.len() {
                    aim.set(place, self.find(place, memory, turn, part));
                }
                (self.term)(&aim.grid, &aim.spots);
                if !next_turn(&mut turn.loops, &self.trips, self.free..LOOPS) {
                    break;
                }
                aim.grid.has_start = true;
                aim.set(START, out);
            }
            if let Some(activation) = self.activation {
                // Rows that follow each other are one: what is left over at their ends has to be masked.
                let is_one_row = out.row as usize == aim.grid.lanes;
                let (rows, lanes) = (aim.grid.rows, aim.grid.lanes);
                let (rows, lanes) = if is_one_row { (1, rows * lanes) } else { (rows, lanes) };
                let mut grid = Grid { rows, ..Grid::row(lanes) };
                (grid.row[OUT], grid.row[FIRST_OPERAND]) = (out.row, out.row);
                activation(&grid, &spots(out.spot, [out.spot.cast_const()]));
            }
            if !is_in_place {
                memory.write(&self.places[OUT], turn, part, out.spot, self.start == Begin::Here);
            }
        }
    }

    /// Some results, to each of which a row is summed.
    unsafe fn run_summed(&self, memory: &mut Memory<T>, turn: &mut Turn, part: Part) {
        let count = part.rows as usize;
        // SAFETY: the caller's promise; each place has a room of its own, and so have the terms.
        unsafe {
            let sums = memory.room(Room(OUT));
            match self.start {
                Begin::From => memory.collect(&self.places[START], turn, Part { lanes: 1, ..part }, sums),
                Begin::Zero | Begin::Here => (0..count).for_each(|row| *sums.add(row) = T::default()),
            }
            loop {
                match self.is_plain_sum {
                    true => self.add_rows(memory, turn, part, sums),
                    false => self.add_terms(memory, turn, part, sums),
                }
                if !next_turn(&mut turn.loops, &self.trips, self.free..LOOPS) {
                    break;
                }
            }
            if let Some(activation) = self.activation {
                activation(&Grid::row(count), &spots(sums, [sums.cast_const()]));
            }
            memory.write(&self.places[OUT], turn, Part { lanes: 1, ..part }, sums, self.start == Begin::Here);
        }
    }

    /// Adds rows of numbers, as they stand, to their sums.
    unsafe fn add_rows(&self, memory: &Memory<T>, turn: &Turn, part: Part, sums: *mut T) {
        let still = (FIRST_OPERAND..self.places.len()).find(|place| self.grid.is_still[*place]);
        let numbers = if still == Some(FIRST_OPERAND) { FIRST_OPERAND + 1 } else { FIRST_OPERAND };
        // Rows with the same factor are one call.
        let at_once = if still.is_some_and(|place| self.grid.row[place] != 0) { 1 } else { part.rows };
        for row in (0..part.rows).step_by(at_once as usize) {
            let part = Part { row: part.row + row, ..part };
            // SAFETY: the caller's promise; the rows are some of the grid.
            unsafe {
                let factor = still.map_or(T::constant(1.0), |place| *self.in_place(place, memory, turn, part).spot);
                let numbers = self.in_place(numbers, memory, turn, part);
                let rows = Addends {
                    first: numbers.spot,
                    row: numbers.row as isize,
                    length: self.grid.lanes,
                    factor: factor * T::constant(self.grid.scale),
                };
                let sums = std::slice::from_raw_parts_mut(sums.add(row as usize), at_once as usize);
                (self.sum)(rows, sums);
            }
        }
    }

    /// Adds rows of terms to their sums, some lanes at a time.
    unsafe fn add_terms(&self, memory: &mut Memory<T>, turn: &Turn, part: Part, sums: *mut T) {
        for lane in (0..self.grid.lanes as u32).step_by(part.lanes as usize) {
            let part = Part { lane, lanes: part.lanes.min(self.grid.lanes as u32 - lane), ..part };
            let (rows, lanes) = (part.rows as usize, part.lanes as usize);
            let mut aim = Aim::new(Grid { rows, lanes, has_start: false, scale: 1.0, ..self.grid });
            let terms = memory.room(TERMS);
            aim.set(OUT, Standing { spot: terms, row: lanes as i32, is_still: false });
            // SAFETY: the caller's promise; each place has a room of its own, and so have the terms.
            unsafe {
                for place in FIRST_OPERAND..self.places.len() {
                    aim.set(place, self.find(place, memory, turn, part));
                }
                (self.term)(&aim.grid, &aim.spots);
                let factor = T::constant(self.grid.scale);
                let terms = Addends { first: terms, row: lanes as isize, length: lanes, factor };
                (self.sum)(terms, std::slice::from_raw_parts_mut(sums, rows));
            }
        }
    }

    /// Where a part of a place is read, as it stands or collected in its room.
    unsafe fn find(&self, place: usize, memory: &mut Memory<T>, turn: &Turn, part: Part) -> Standing<T> {
        // SAFETY: the caller's promise; rooms are as large as what is collected at once.
        unsafe {
            if self.is_in_place(place) {
                return self.in_place(place, memory, turn, part);
            }
            let collected = self.in_room(place, memory, part);
            memory.collect(&self.places[place], turn, part, collected.spot);
            collected
        }
    }

    /// A part of a place, as it stands in the slots.
    unsafe fn in_place(&self, place: usize, memory: &Memory<T>, turn: &Turn, part: Part) -> Standing<T> {
        // SAFETY: the caller's promise.
        let spot = unsafe { memory.slots().offset(memory.first(&self.places[place], turn, part.row, part.lane)) };
        Standing { spot, row: self.grid.row[place], is_still: self.grid.is_still[place] }
    }

    /// The room of a part of a place.
    fn in_room(&self, place: usize, memory: &mut Memory<T>, part: Part) -> Standing<T> {
        Standing { spot: memory.room(Room(place)), row: part.lanes as i32, is_still: false }
    }
}

/// `results = activation(results)`.
///
/// # Safety
///
/// The kernel was chosen for this processor.
pub(super) unsafe fn activate<T: Float>(activation: Map<T>, results: &mut [T]) {
    let first = results.as_mut_ptr();
    // SAFETY: the caller's promise; operand and result are the same.
    unsafe { activation(&Grid::row(results.len()), &spots(first, [first.cast_const()])) };
}
