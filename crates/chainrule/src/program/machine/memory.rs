//! What kernels read and write while a machine runs: its slots, the tables, and room for rows that must be collected.

use super::Float;
use super::code::Pages;
use super::place::{Index, Place, Turn, Way};
use crate::Error;
use crate::program::{LOOPS, REPEATS};
use std::marker::PhantomData;

/// So many lanes are computed at once.
pub(super) const BLOCK: usize = 128;

/// So many are where they are gone through several times and collected nowhere, so that they are still near.
pub(super) const NEAR: usize = 2048;

/// A row of at most [`BLOCK`] numbers in the machine's own room.
#[derive(Clone, Copy)]
pub(super) struct Room(pub usize);

/// What kernels read and write.
///
/// The invariant that everything unsafe here rests on: [`Program::check`](crate::Program::check) has found that all
/// accesses of the program stay inside its slots and tables, in all turns; places are those accesses; and indices are held
/// below their counts here.
pub(super) struct Memory<'a, T> {
    slots: *mut T,
    tables: &'a [u32],
    /// The machine code that was written for the program.
    code: &'a Pages,
    /// Rooms of [`BLOCK`] numbers, and behind them what is asked for slices and panels.
    room: *mut T,
    room_length: usize,
    /// The turns of the repeats around the command that is run.
    pub repeats: [u32; REPEATS],
    choices: Choices,
    /// The slot of the first index that was none, and what it was chosen by.
    pub misread: Option<Misread>,
    /// What the first call of an operation of the user's own that failed says.
    pub failure: Option<Error>,
    lent: PhantomData<&'a mut [T]>,
}

/// How far the lanes of a row are led by an index: rows of one command that have the same index share them.
struct Choices {
    /// The index, and where its first lane stands.
    of: Option<(*const Index, isize)>,
    lanes: usize,
    steps: [isize; BLOCK],
}

/// A run-time index that is no whole number below its count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misread {
    pub slot: usize,
    pub found: f64,
    pub count: u32,
}

/// The loops that are the rows and the lanes of a grid.
pub(super) const ROWS: usize = LOOPS - 2;
pub(super) const LANES: usize = LOOPS - 1;

/// Some rows and lanes of a grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub row: u32,
    pub rows: u32,
    pub lane: u32,
    pub lanes: u32,
}

impl Part {
    /// So many lanes from this one on, of the first row.
    pub fn of_row(lane: usize, lanes: usize) -> Self {
        Part { row: 0, rows: 1, lane: lane as u32, lanes: lanes as u32 }
    }
}

/// Where the lanes of a row stand: the first, and how far it is from one to the next.
enum Row<'a, T> {
    Steps(*mut T, isize),
    /// In the slots that are listed there.
    Listed(*const u32, isize),
    /// So far behind them.
    Chosen(*mut T, isize, &'a [isize]),
}

impl<'a, T: Float> Memory<'a, T> {
    /// The rooms that kernels may ask for.
    pub const ROOMS: usize = 8;

    pub fn new(slots: &'a mut [T], tables: &'a [u32], code: &'a Pages, room: &'a mut [T]) -> Self {
        assert!(room.len() >= Self::ROOMS * BLOCK, "rooms are made with the machine");
        let (slots, room, room_length) = (slots.as_mut_ptr(), room.as_mut_ptr(), room.len());
        let (repeats, choices) = ([0; REPEATS], Choices { of: None, lanes: 0, steps: [0; BLOCK] });
        Memory {
            slots,
            tables,
            code,
            room,
            room_length,
            repeats,
            choices,
            misread: None,
            failure: None,
            lent: PhantomData,
        }
    }

    /// Forgets what indices have chosen: another command may have written them anew.
    pub fn forget_choices(&mut self) {
        self.choices.of = None;
    }

    /// The slots.
    pub fn slots(&self) -> *mut T {
        self.slots
    }

    /// The tables of the program.
    pub fn tables(&self) -> &[u32] {
        self.tables
    }

    /// The machine code that was written for the program.
    pub fn code(&self) -> &Pages {
        self.code
    }

    /// The first turn of all loops, in these turns of the repeats.
    pub fn first_turn(&self) -> Turn {
        Turn { repeats: self.repeats, loops: [0; LOOPS] }
    }

    /// A row of the machine's own.
    pub fn room(&mut self, Room(number): Room) -> *mut T {
        assert!(number < Self::ROOMS, "there are so many rooms");
        // Not by a reference to all rooms, which would end the use of the others.
        self.room.wrapping_add(number * BLOCK)
    }

    /// So many numbers of the machine's own, behind the rows.
    ///
    /// # Safety
    ///
    /// They are used no more when the room is asked for again.
    pub unsafe fn panel<'b>(&mut self, length: usize) -> &'b mut [T] {
        assert!(Self::ROOMS * BLOCK + length <= self.room_length, "the machine has room for the longest panel");
        // SAFETY: it lies inside the room, as just checked; and so the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.room.add(Self::ROOMS * BLOCK), length) }
    }

    /// The first lanes of a row of the machine's own.
    ///
    /// # Safety
    ///
    /// They are used no more when the room is asked for again.
    pub unsafe fn row<'b>(&mut self, room: Room, length: usize) -> &'b mut [T] {
        let row = self.room(room);
        assert!(length <= BLOCK, "rows are blocks at most");
        // SAFETY: a row has as many numbers as a block; and so the caller promises.
        unsafe { std::slice::from_raw_parts_mut(row, length) }
    }

    /// Puts a part of a place side by side, row after row.
    ///
    /// # Safety
    ///
    /// Part and turn are of the place's loops, and there is room for so many numbers.
    pub unsafe fn collect(&mut self, place: &Place, turn: &Turn, part: Part, to: *mut T) {
        // SAFETY: so the caller promises; rooms are no slots.
        unsafe {
            self.for_each_row(place, turn, part, |slots, number, row, lanes| {
                let to = to.add(number);
                match row {
                    Row::Steps(first, 1) => std::ptr::copy_nonoverlapping(first, to, lanes),
                    Row::Steps(first, stride) => {
                        (0..lanes).for_each(|lane| *to.add(lane) = *first.offset(lane as isize * stride));
                    }
                    Row::Listed(first, stride) => {
                        let slot = |lane| slots.add(*first.offset(lane as isize * stride) as usize);
                        (0..lanes).for_each(|lane| *to.add(lane) = *slot(lane));
                    }
                    Row::Chosen(first, stride, chosen) => {
                        let slot = |lane: usize| first.offset(lane as isize * stride + chosen[lane]);
                        (0..lanes).for_each(|lane| *to.add(lane) = *slot(lane));
                    }
                }
            });
        }
    }

    /// Writes numbers that stand side by side to a part of a place, or adds them to what stands there, one after the other.
    ///
    /// # Safety
    ///
    /// Part and turn are of the place's loops; there are so many numbers, not in the slots.
    pub unsafe fn write(&mut self, place: &Place, turn: &Turn, part: Part, from: *const T, is_added: bool) {
        // SAFETY: so the caller promises.
        unsafe {
            self.for_each_row(place, turn, part, |slots, number, row, lanes| {
                let from = from.add(number);
                let put = |slot: *mut T, lane: usize| {
                    let number = *from.add(lane);
                    *slot = if is_added { *slot + number } else { number };
                };
                match row {
                    // A loop of its own, of vector instructions.
                    Row::Steps(first, 1) => (0..lanes).for_each(|lane| put(first.add(lane), lane)),
                    Row::Steps(first, stride) => {
                        (0..lanes).for_each(|lane| put(first.offset(lane as isize * stride), lane));
                    }
                    Row::Listed(first, stride) => {
                        let slot = |lane: usize| slots.add(*first.offset(lane as isize * stride) as usize);
                        (0..lanes).for_each(|lane| put(slot(lane), lane));
                    }
                    Row::Chosen(first, stride, chosen) => {
                        let slot = |lane: usize| first.offset(lane as isize * stride + chosen[lane]);
                        (0..lanes).for_each(|lane| put(slot(lane), lane));
                    }
                }
            });
        }
    }

    /// Visits the rows of a part of a place, with the number of their first slot, and how many there are.
    ///
    /// # Safety
    ///
    /// Part and turn are of the place's loops.
    #[inline(always)]
    unsafe fn for_each_row(
        &mut self,
        place: &Place,
        turn: &Turn,
        part: Part,
        mut visit: impl FnMut(*mut T, usize, Row<T>, usize),
    ) {
        let (slots, lanes, stride) = (self.slots, part.lanes as usize, place.lane as isize);
        if lanes == 1 && matches!(place.way, Way::Slot) {
            // Rows of one number each are one row.
            let first = slots.wrapping_offset(self.first(place, turn, part.row, part.lane));
            return visit(slots, 0, Row::Steps(first, place.strides[ROWS] as isize), part.rows as usize);
        }
        for row in 0..part.rows {
            let (number, row) = (row as usize * lanes, part.row + row);
            let first = self.first(place, turn, row, part.lane);
            // SAFETY: the caller's promise; places stay inside the slots and the tables, by the invariant.
            unsafe {
                match &place.way {
                    Way::Slot | Way::Row => visit(slots, number, Row::Steps(slots.offset(first), stride), lanes),
                    Way::Table => visit(slots, number, Row::Listed(self.tables.as_ptr().offset(first), stride), lanes),
                    Way::Lookup(index) if index.place.lane == 0 => {
                        let (mut chosen, at) = ([0], self.first(&index.place, turn, row, 0));
                        choose(slots, self.tables, index, at, &mut chosen, &mut self.misread);
                        visit(slots, number, Row::Steps(slots.offset(first + chosen[0]), stride), lanes);
                    }
                    Way::Lookup(index) => {
                        for lane in (0..lanes).step_by(BLOCK) {
                            let count = BLOCK.min(lanes - lane);
                            let chosen = self.choose(index, turn, row, part.lane + lane as u32, count);
                            let first = slots.offset(first + lane as isize * stride);
                            visit(slots, number + lane, Row::Chosen(first, stride, chosen), count);
                        }
                    }
                }
            }
        }
    }

    /// Where base and strides of a place lead to in a row, from this lane on: the slot, or where it is listed.
    #[inline(always)]
    pub fn first(&self, place: &Place, turn: &Turn, row: u32, lane: u32) -> isize {
        let first = place.at(turn) as isize + place.strides[ROWS] as isize * row as isize;
        let first = if matches!(place.way, Way::Row) { self.tables[first as usize] as isize } else { first };
        first + place.lane as isize * lane as isize
    }

    /// The choices of an index for so many lanes from this one on, unless they are known yet.
    ///
    /// # Safety
    ///
    /// The turn, the row and the lanes are of the index's loops.
    unsafe fn choose(&mut self, index: &Index, turn: &Turn, row: u32, lane: u32, lanes: usize) -> &[isize] {
        let first = self.first(&index.place, turn, row, lane);
        let (of, steps) = (Some((&raw const *index, first)), &mut self.choices.steps[..lanes]);
        if self.choices.of != of || self.choices.lanes != lanes {
            // SAFETY: the caller's promise, and indices stand inside the slots, by the invariant.
            unsafe { choose(self.slots, self.tables, index, first, steps, &mut self.misread) };
            (self.choices.of, self.choices.lanes) = (of, lanes);
        }
        steps
    }
}

/// How far an index leads, in slots, in lanes whose first one stands there. One that is none is remembered, and taken for 0.
///
/// # Safety
///
/// All lanes stand inside the slots.
unsafe fn choose<T: Float>(
    slots: *const T,
    tables: &[u32],
    Index { place, step, count }: &Index,
    first: isize,
    steps: &mut [isize],
    misread: &mut Option<Misread>,
) {
    for (lane, steps) in steps.iter_mut().enumerate() {
        let at = (first + lane as isize * place.lane as isize) as usize;
        let slot = if matches!(place.way, Way::Table) { tables[at] as usize } else { at };
        // SAFETY: the caller's promise.
        let found = unsafe { *slots.add(slot) };
        let chosen = found.index().filter(|chosen| chosen < count);
        if chosen.is_none() && misread.is_none() {
            *misread = Some(Misread { slot, found: found.into(), count: *count });
        }
        *steps = *step as isize * chosen.unwrap_or(0) as isize;
    }
}
