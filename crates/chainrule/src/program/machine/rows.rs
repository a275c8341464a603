//! Instructions of any formula, in any loops, by any route.
//!
//! Two loops, in which the results are different ones, become a [grid](super::grid); those that are left stand around it.
//! What stands side by side, or still, is read and written where it is. Everything else is collected first, some rows at a
//! time, and the results are put where they belong.

use super::Float;
use super::grid::{FIRST_OPERAND, Grid, Map, OUT, PLACES, START, Spots, spots};
use super::kernels::Fold;
use super::memory::{BLOCK, Memory, Part, ROWS, Room};
use super::place::{Place, Way, next_turn};
use crate::program::LOOPS;

/// The room of terms that are summed up, and that of their sums; those of places bear the places' numbers.
const TERMS: Room = Room(PLACES);

/// So many lanes are computed at once where they are gone through several times, so that they are still near.
const NEAR: u32 = 2048;

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
    /// Whether the terms of the sums stand side by side, and are no function of anything.
    pub is_plain_sum: bool,
    pub start: Begin,
    /// The result, what is added to, and the operands, as many as there are.
    pub places: Vec<Place>,
    pub term: Map<T>,
    pub activation: Option<Map<T>>,
    /// Adds the numbers of a row.
    pub sum: Fold<T>,
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
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The places are of this program and these loops; operands do not overlap the results, or move as these do.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.is_one_grid() {
                true => self.run_one_grid(memory.slots()),
                false => self.run_grids(memory),
            }
        }
    }

    /// Whether there is nothing to do but to call the kernel, once.
    fn is_one_grid(&self) -> bool {
        self.trips == [1; LOOPS] && !self.is_summed && self.activation.is_none() && self.is_direct()
    }

    /// Whether nothing is collected.
    fn is_direct(&self) -> bool {
        (0..self.places.len()).all(|place| self.is_in_place(place))
    }

    /// Whether a place is read and written where it is.
    fn is_in_place(&self, place: usize) -> bool {
        let Place { lane, way, .. } = &self.places[place];
        let is_even = self.grid.lanes == 1 || *lane == 1 || *lane == 0 && place != OUT;
        matches!(way, Way::Slot) && is_even
    }

    unsafe fn run_one_grid(&self, slots: *mut T) {
        let mut spots = [slots; PLACES];
        for (spot, place) in spots.iter_mut().zip(&self.places) {
            *spot = slots.wrapping_add(place.base as usize);
        }
        // SAFETY: the kernel is one for this processor; all that it reads and writes was checked with the program.
        unsafe { (self.term)(&self.grid, &spots) };
    }

    unsafe fn run_grids(&self, memory: &mut Memory<T>) {
        let (rows, lanes) = (self.grid.rows as u32, self.grid.lanes as u32);
        // What is collected has to fit into the rooms.
        let (most, most_lanes) = match self.is_direct() && !self.is_summed {
            true if self.activation.is_none() && self.trips[self.free..].iter().all(|trips| *trips == 1) => {
                (u32::MAX, lanes)
            }
            true => (NEAR, NEAR),
            false => (BLOCK as u32, BLOCK as u32),
        };
        let most_lanes = most_lanes.min(lanes);
        let most_rows = (most / most_lanes).clamp(1, rows);
        let mut turn = [0; LOOPS];
        loop {
            for row in (0..rows).step_by(most_rows as usize) {
                let rows = most_rows.min(rows - row);
                // SAFETY: the caller's promise; parts are parts of the grid.
                unsafe {
                    if self.is_summed {
                        self.run_summed(memory, &mut turn, Part { row, rows, lane: 0, lanes: most_lanes });
                        continue;
                    }
                    for lane in (0..lanes).step_by(most_lanes as usize) {
                        let lanes = most_lanes.min(lanes - lane);
                        self.run_part(memory, &mut turn, Part { row, rows, lane, lanes });
                    }
                }
            }
            if !next_turn(&mut turn, &self.trips, 0..self.free) {
                return;
            }
        }
    }

    /// Some results, with all terms that are summed to each.
    unsafe fn run_part(&self, memory: &mut Memory<T>, turn: &mut [u32; LOOPS], part: Part) {
        let is_in_place = self.is_in_place(OUT);
        let mut grid = Grid { rows: part.rows as usize, lanes: part.lanes as usize, ..self.grid };
        let mut spots = [memory.slots(); PLACES];
        // SAFETY: the caller's promise; each place has a room of its own.
        unsafe {
            self.find(OUT, memory, turn, part, &mut grid, &mut spots, is_in_place);
            if self.start == Begin::From {
                self.find(START, memory, turn, part, &mut grid, &mut spots, true);
            }
            grid.has_start = self.start == Begin::From || self.start == Begin::Here && is_in_place;
            loop {
                for place in FIRST_OPERAND..self.places.len() {
                    self.find(place, memory, turn, part, &mut grid, &mut spots, true);
                }
                if self.start == Begin::Here && is_in_place {
                    Self::start_here(&mut grid, &mut spots);
                }
                (self.term)(&grid, &spots);
                if !next_turn(turn, &self.trips, self.free..LOOPS) {
                    break;
                }
                grid.has_start = true;
                Self::start_here(&mut grid, &mut spots);
            }
            if let Some(activation) = self.activation {
                grid.has_start = false;
                spots[FIRST_OPERAND] = spots[OUT];
                (grid.row[FIRST_OPERAND], grid.is_still[FIRST_OPERAND]) = (grid.row[OUT], false);
                activation(&grid, &spots);
            }
            if !is_in_place {
                memory.write(&self.places[OUT], turn, part, spots[OUT], self.start == Begin::Here);
            }
        }
    }

    /// Some results, to each of which a row is summed.
    unsafe fn run_summed(&self, memory: &mut Memory<T>, turn: &mut [u32; LOOPS], part: Part) {
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
                if !next_turn(turn, &self.trips, self.free..LOOPS) {
                    break;
                }
            }
            if let Some(activation) = self.activation {
                activation(&Grid::row(count), &spots(sums, [sums.cast_const()]));
            }
            memory.write(&self.places[OUT], turn, Part { lanes: 1, ..part }, sums, self.start == Begin::Here);
        }
    }

    /// What is added to stands where the result goes.
    fn start_here(grid: &mut Grid, spots: &mut Spots<T>) {
        spots[START] = spots[OUT];
        (grid.row[START], grid.is_still[START]) = (grid.row[OUT], false);
    }

    /// Adds rows of numbers, as they stand, to their sums.
    unsafe fn add_rows(&self, memory: &Memory<T>, turn: &[u32; LOOPS], part: Part, sums: *mut T) {
        let place = &self.places[FIRST_OPERAND];
        for row in 0..part.rows as usize {
            let first = place.at(turn) as isize + place.strides[ROWS] as isize * (part.row as usize + row) as isize;
            // SAFETY: the caller's promise.
            unsafe {
                let numbers = std::slice::from_raw_parts(memory.slots().offset(first), self.grid.lanes);
                *sums.add(row) = *sums.add(row) + (self.sum)(numbers);
            }
        }
    }

    /// Adds rows of terms to their sums, some lanes at a time.
    unsafe fn add_terms(&self, memory: &mut Memory<T>, turn: &[u32; LOOPS], part: Part, sums: *mut T) {
        for lane in (0..self.grid.lanes as u32).step_by(part.lanes as usize) {
            let part = Part { lane, lanes: part.lanes.min(self.grid.lanes as u32 - lane), ..part };
            let (rows, lanes) = (part.rows as usize, part.lanes as usize);
            let mut grid = Grid { rows, lanes, has_start: false, ..self.grid };
            let mut spots = [memory.room(TERMS); PLACES];
            grid.row[OUT] = part.lanes as i32;
            // SAFETY: the caller's promise; each place has a room of its own, and so have the terms.
            unsafe {
                for place in FIRST_OPERAND..self.places.len() {
                    self.find(place, memory, turn, part, &mut grid, &mut spots, true);
                }
                (self.term)(&grid, &spots);
                for row in 0..rows {
                    let terms = std::slice::from_raw_parts(spots[OUT].add(row * lanes), lanes);
                    *sums.add(row) = *sums.add(row) + (self.sum)(terms);
                }
            }
        }
    }

    /// Where a part of a place begins, as it stands or collected in its room.
    #[allow(clippy::too_many_arguments)]
    unsafe fn find(
        &self,
        place: usize,
        memory: &mut Memory<T>,
        turn: &[u32; LOOPS],
        part: Part,
        grid: &mut Grid,
        spots: &mut Spots<T>,
        is_read: bool,
    ) {
        let found = &self.places[place];
        // SAFETY: the caller's promise; rooms are as large as what is collected at once.
        unsafe {
            if self.is_in_place(place) {
                let moved =
                    i64::from(found.strides[ROWS]) * i64::from(part.row) + i64::from(found.lane) * i64::from(part.lane);
                spots[place] = memory.slots().offset((found.at(turn) as i64 + moved) as isize);
                (grid.row[place], grid.is_still[place]) = (self.grid.row[place], self.grid.is_still[place]);
            } else {
                let room = memory.room(Room(place));
                if is_read {
                    memory.collect(found, turn, part, room);
                }
                spots[place] = room;
                (grid.row[place], grid.is_still[place]) = (part.lanes as i32, false);
            }
        }
    }

    /// Moves all places on by that many turns of the repeat at that depth.
    pub fn shift(&mut self, depth: usize, turns: i64) {
        self.places.iter_mut().for_each(|place| place.shift(depth, turns));
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
