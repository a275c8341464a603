//! What kernels read and write while a machine runs: its slots, the tables, and room for rows that must be collected.

use super::Float;
use super::place::{Index, Place, Way};
use crate::program::LOOPS;
use std::marker::PhantomData;

/// So many lanes are computed at once.
pub(super) const BLOCK: usize = 128;

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
    /// Rows of [`BLOCK`] numbers, and behind them what is asked for slices and panels.
    room: *mut T,
    room_length: usize,
    addresses: &'a mut [u32; BLOCK],
    /// The slot of the first index that was none, and what it was chosen by.
    pub misread: Option<Misread>,
    lent: PhantomData<&'a mut [T]>,
}

/// A run-time index that is no whole number below its count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misread {
    pub slot: usize,
    pub found: f64,
    pub count: u32,
}

/// Where the lanes of a row stand.
enum Located {
    Steps {
        first: usize,
        stride: isize,
    },
    /// In these slots: a stretch of the tables, or of `addresses`.
    List(*const u32),
}

impl<'a, T: Float> Memory<'a, T> {
    /// The rooms that kernels may ask for.
    pub const ROOMS: usize = 8;

    pub fn new(slots: &'a mut [T], tables: &'a [u32], room: &'a mut [T], addresses: &'a mut [u32; BLOCK]) -> Self {
        assert!(room.len() >= Self::ROOMS * BLOCK, "rooms are made with the machine");
        let (slots, room, room_length) = (slots.as_mut_ptr(), room.as_mut_ptr(), room.len());
        Memory { slots, tables, room, room_length, addresses, misread: None, lent: PhantomData }
    }

    /// The slots.
    pub fn slots(&self) -> *mut T {
        self.slots
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

    /// The same number in all lanes.
    ///
    /// # Safety
    ///
    /// They are used no more when the room is asked for again.
    pub unsafe fn same<'b>(&mut self, room: Room, number: T, length: usize) -> &'b [T] {
        // SAFETY: so the caller promises.
        let row = unsafe { self.row(room, length) };
        row.fill(number);
        row
    }

    /// `count` lanes of a place, side by side: as they stand, or collected.
    ///
    /// # Safety
    ///
    /// The lanes from `from` on and the turn are of the place's loops, and `count` is at most [`BLOCK`]; the result is read before
    /// the slots are written or the room is used again.
    #[inline]
    pub unsafe fn read(&mut self, place: &Place, turn: &[u32; LOOPS], from: u32, count: usize, room: Room) -> *const T {
        // SAFETY: the caller's promise; and rows stay inside the slots, by the invariant.
        unsafe {
            if place.is_contiguous() {
                return self.slots.add(place.at(turn) + from as usize);
            }
            let row = self.locate(place, turn, from, count);
            let to = self.room(room);
            match row {
                Located::Steps { first, stride: 0 } => {
                    let number = *self.slots.add(first);
                    (0..count).for_each(|lane| *to.add(lane) = number);
                }
                Located::Steps { first, stride } => {
                    let first = self.slots.add(first);
                    (0..count).for_each(|lane| *to.add(lane) = *first.offset(lane as isize * stride));
                }
                Located::List(list) => {
                    (0..count).for_each(|lane| *to.add(lane) = *self.slots.add(*list.add(lane) as usize));
                }
            }
            to
        }
    }

    /// Writes `count` lanes to their place, or adds them to what stands there, one after the other.
    ///
    /// # Safety
    ///
    /// As for [`read`](Memory::read); `lanes` are not in the slots.
    #[inline]
    pub unsafe fn write(&mut self, place: &Place, turn: &[u32; LOOPS], from: u32, lanes: &[T], is_added: bool) {
        // SAFETY: the caller's promise; and rows stay inside the slots, by the invariant.
        unsafe {
            let slots = self.slots;
            let put = |slot: *mut T, number: T| *slot = if is_added { *slot + number } else { number };
            match self.locate(place, turn, from, lanes.len()) {
                Located::Steps { first, stride } => {
                    let first = slots.add(first);
                    let lanes = lanes.iter().enumerate();
                    lanes.for_each(|(lane, number)| put(first.offset(lane as isize * stride), *number));
                }
                Located::List(list) => {
                    let lanes = lanes.iter().enumerate();
                    lanes.for_each(|(lane, number)| put(slots.add(*list.add(lane) as usize), *number));
                }
            }
        }
    }

    /// Where some lanes of a place stand.
    ///
    /// # Safety
    ///
    /// As for [`read`](Memory::read).
    #[inline]
    unsafe fn locate(&mut self, place: &Place, turn: &[u32; LOOPS], from: u32, count: usize) -> Located {
        let first = (place.at(turn) as i64 + i64::from(place.lane) * i64::from(from)) as usize;
        let stride = place.lane as isize;
        match &place.way {
            Way::Slot => Located::Steps { first, stride },
            // SAFETY: places in the tables stay inside them, by the invariant.
            Way::Table => unsafe {
                let places = self.tables.as_ptr().add(first);
                if place.lane == 1 {
                    return Located::List(places);
                }
                (0..count).for_each(|lane| self.addresses[lane] = *places.offset(lane as isize * stride));
                Located::List(self.addresses.as_ptr())
            },
            Way::Lookup(index) if index.place.lane == 0 => {
                // SAFETY: the caller's promise.
                let chosen = unsafe { self.index(index, turn, 0) };
                Located::Steps { first: (first as i64 + chosen) as usize, stride }
            }
            Way::Lookup(index) => {
                for lane in 0..count {
                    // SAFETY: the caller's promise.
                    let chosen = unsafe { self.index(index, turn, from + lane as u32) };
                    let base = first as i64 + i64::from(place.lane) * lane as i64;
                    self.addresses[lane] = (base + chosen) as u32;
                }
                Located::List(self.addresses.as_ptr())
            }
        }
    }

    /// How far an index leads, in slots. One that is none is remembered, and taken for 0.
    ///
    /// # Safety
    ///
    /// The turn and the lane are of the index's loops.
    unsafe fn index(&mut self, index: &Index, turn: &[u32; LOOPS], lane: u32) -> i64 {
        let place = (index.place.at(turn) as i64 + i64::from(index.place.lane) * i64::from(lane)) as usize;
        let slot = if matches!(index.place.way, Way::Table) { self.tables[place] as usize } else { place };
        // SAFETY: indices stand inside the slots, by the invariant.
        let found = unsafe { *self.slots.add(slot) };
        let chosen = found.index().filter(|chosen| *chosen < index.count);
        if chosen.is_none() && self.misread.is_none() {
            self.misread = Some(Misread { slot, found: found.into(), count: index.count });
        }
        i64::from(index.step) * i64::from(chosen.unwrap_or(0))
    }
}
