//! Stores that nobody reads: what a function keeps in registers until it is done with it need not be in memory, too.
//!
//! A store is taken out of the code again if the same function writes over all of it before it is read from memory, or if nobody
//! else reads it there: no kernel, no other function, and not this one in its next turn. So this is worth while in repeats, and
//! done there.

use super::site::{Frame, Held};
use crate::program::{Guard, Program, Step};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Looks on while functions are written.
pub(super) struct Stores {
    /// Whether there are repeats at all.
    is_watching: bool,
    /// The function that is being written, if it stands in a repeat.
    function: Option<Function>,
    /// What is read by others than the function that has stored it.
    read: Stretches,
    /// What functions have stored last, and did not read themselves.
    last: Vec<Store>,
    /// The instructions that nobody needs.
    unread: Vec<Range<usize>>,
}

/// An instruction that stores.
struct Store {
    /// Its bytes.
    bytes: Range<usize>,
    /// The stretch of slots that it may write in all turns of the repeats.
    reach: [i64; 2],
    /// So many of its lanes were not written over.
    lanes: i64,
    is_read: bool,
}

#[derive(Default)]
struct Function {
    frames: Vec<(Frame, Seen)>,
}

/// What a function has done with the slots of a frame.
#[derive(Default)]
struct Seen {
    stores: Vec<Store>,
    /// Which of them has written a slot last.
    writers: FxHashMap<i64, usize>,
    /// What was read.
    loads: Stretches,
}

/// Stretches of slots, apart from each other and in order.
#[derive(Default)]
struct Stretches(Vec<[i64; 2]>);

impl Stores {
    /// Those of a program: looks on if there are repeats. Results and guards are read when it has run.
    pub fn of(program: &Program) -> Self {
        let has_repeats = program.steps.iter().any(|step| matches!(step, Step::Repeat { .. }));
        let outputs = program.outputs.iter().flat_map(|output| output.slots.iter().cloned());
        let named = outputs.chain(program.guards.iter().map(Guard::slots));
        Stores::new(has_repeats, named.map(|slots| [slots.start.into(), slots.end.into()]))
    }

    /// Looks on or not. Others will read these slots.
    pub fn new(is_watching: bool, read: impl Iterator<Item = [i64; 2]>) -> Self {
        let mut stores =
            Stores { is_watching, function: None, read: Stretches::default(), last: Vec::new(), unread: Vec::new() };
        read.for_each(|reach| stores.read_by_others(reach));
        stores
    }

    /// Whether it is to be told what others read.
    pub fn is_watching(&self) -> bool {
        self.is_watching
    }

    /// Somebody else reads these slots, or some function by a table.
    pub fn read_by_others(&mut self, reach: [i64; 2]) {
        if self.is_watching {
            self.read.insert(reach);
        }
    }

    /// A function begins.
    pub fn begin(&mut self, is_in_repeat: bool) {
        self.function = (self.is_watching && is_in_repeat).then(Function::default);
    }

    /// The function reads from memory.
    pub fn load(&mut self, held: &Held) {
        if !self.is_watching {
            return;
        }
        let is_stored_here = self.function.as_mut().is_some_and(|function| function.seen(held).load(held));
        // What is listed was told slot by slot.
        let is_listed = matches!(held.site.frame, Frame::Listed { .. });
        if !is_stored_here && !is_listed {
            self.read.insert(held.reach);
        }
    }

    /// The function writes to memory, with an instruction of these bytes.
    pub fn store(&mut self, held: &Held, bytes: Range<usize>) {
        if let Some(function) = &mut self.function {
            function.seen(held).store(held, bytes);
        }
    }

    /// The function ends.
    pub fn end(&mut self) {
        let Some(Function { mut frames }) = self.function.take() else { return };
        for number in 0..frames.len() {
            let stores = std::mem::take(&mut frames[number].1.stores);
            // What is read from another frame may be any of what it may reach.
            let others = frames.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, (_, other))| other);
            let is_read = |store: &Store| others.clone().any(|other| other.loads.meets(store.reach));
            for store in stores.into_iter().filter(|store| !store.is_read && !is_read(store)) {
                match store.lanes {
                    0 => self.unread.push(store.bytes),
                    _ => self.last.push(store),
                }
            }
        }
    }

    /// The bytes that may be taken out of all functions, in order.
    pub fn unread(self) -> Vec<Range<usize>> {
        let Stores { read, last, mut unread, .. } = self;
        unread.extend(last.into_iter().filter(|store| !read.meets(store.reach)).map(|store| store.bytes));
        unread.sort_by_key(|bytes| bytes.start);
        unread
    }
}

impl Function {
    fn seen(&mut self, held: &Held) -> &mut Seen {
        let frame = held.site.frame;
        let number = self.frames.iter().position(|(known, _)| *known == frame).unwrap_or_else(|| {
            self.frames.push((frame, Seen::default()));
            self.frames.len() - 1
        });
        &mut self.frames[number].1
    }
}

impl Seen {
    /// Whether all that is read was stored before.
    fn load(&mut self, held: &Held) -> bool {
        self.loads.insert(held.reach);
        let mut is_stored_here = true;
        for slot in held.site.slot..held.site.slot + held.lanes {
            match self.writers.get(&slot) {
                Some(store) => self.stores[*store].is_read = true,
                None => is_stored_here = false,
            }
        }
        is_stored_here
    }

    fn store(&mut self, held: &Held, bytes: Range<usize>) {
        let number = self.stores.len();
        for slot in held.site.slot..held.site.slot + held.lanes {
            if let Some(before) = self.writers.insert(slot, number) {
                self.stores[before].lanes -= 1;
            }
        }
        self.stores.push(Store { bytes, reach: held.reach, lanes: held.lanes, is_read: false });
    }
}

impl Stretches {
    fn insert(&mut self, [mut low, mut high]: [i64; 2]) {
        let first = self.0.partition_point(|[_, end]| *end < low);
        let end = self.0.partition_point(|[start, _]| *start <= high);
        if let Some([joined, ..]) = self.0[first..end].first() {
            low = low.min(*joined);
        }
        if let Some([.., joined]) = self.0[first..end].last() {
            high = high.max(*joined);
        }
        self.0.splice(first..end, [[low, high]]);
    }

    fn meets(&self, [low, high]: [i64; 2]) -> bool {
        let first = self.0.partition_point(|[_, end]| *end <= low);
        self.0.get(first).is_some_and(|[start, _]| *start < high)
    }
}

#[cfg(test)]
mod tests {
    use super::super::site::{Frame, Held, Site};
    use super::Stores;
    use crate::program::REPEATS;

    /// Slots from this one on, which move on so far with each of ten turns.
    fn held(slot: i64, lanes: i64, shift: i32) -> Held {
        let mut shifts = [0; REPEATS];
        shifts[0] = shift;
        let reach = [slot, slot + lanes + 9 * i64::from(shift)];
        Held { site: Site { frame: Frame::Slots(shifts), slot }, lanes, reach }
    }

    /// What is taken out of a function that does this: reads are 'r', instructions that write have the bytes from their numbers on.
    fn unread(named: [i64; 2], actions: &[(char, Held)]) -> Vec<usize> {
        let mut stores = Stores::new(true, [named].into_iter());
        stores.begin(true);
        for (number, (kind, held)) in actions.iter().enumerate() {
            match kind {
                'r' => stores.load(held),
                _ => stores.store(held, number..number + 1),
            }
        }
        stores.end();
        stores.unread().into_iter().map(|bytes| bytes.start).collect()
    }

    #[test]
    fn stores_that_are_read_or_known_stay() {
        let none = [1000, 1001];
        // Nobody reads the one, somebody the other.
        assert_eq!(unread(none, &[('w', held(0, 8, 0))]), [0]);
        assert_eq!(unread([7, 9], &[('w', held(0, 8, 0)), ('w', held(9, 8, 0))]), [1]);
        // Written over, and read before or not; in part.
        assert_eq!(unread([0, 8], &[('w', held(0, 8, 0)), ('w', held(0, 8, 0))]), [0]);
        assert_eq!(unread([0, 8], &[('w', held(0, 8, 0)), ('r', held(7, 2, 0)), ('w', held(0, 8, 0))]), [0; 0]);
        assert_eq!(unread([0, 8], &[('w', held(0, 8, 0)), ('w', held(0, 4, 0)), ('w', held(3, 5, 0))]), [0]);
        assert_eq!(unread([0, 8], &[('w', held(0, 8, 0)), ('w', held(0, 4, 0)), ('w', held(5, 3, 0))]), [0; 0]);
    }

    #[test]
    fn what_the_next_turn_or_another_frame_reads_stays() {
        let none = [1000, 1001];
        // Read before it is written: by the next turn, or of numbers that moved on by one place.
        assert_eq!(unread(none, &[('r', held(0, 8, 0)), ('w', held(0, 8, 0))]), [0; 0]);
        assert_eq!(unread(none, &[('r', held(0, 8, 8)), ('w', held(8, 8, 8)), ('w', held(500, 8, 0))]), [2]);
        // What moves may be what stands still.
        assert_eq!(unread(none, &[('w', held(40, 8, 0)), ('r', held(0, 8, 8)), ('w', held(40, 8, 0))]), [0; 0]);
        assert_eq!(unread(none, &[('w', held(400, 8, 0)), ('r', held(0, 8, 8)), ('w', held(400, 8, 0))]), [0, 2]);
    }
}
