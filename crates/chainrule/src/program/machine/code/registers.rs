//! What the vector registers hold while code is written: what was read or computed last need not be read again.

use super::assembler::Vector;
use super::reads::{NEVER, Read, Reads};
use super::site::{Frame, Held, Site};

/// So many vector registers there are.
const COUNT: usize = 32;

/// So many things are remembered of what a register holds, if they are the same.
const NAMES: usize = 2;

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// The number of these bits, in all lanes.
    Constant(u64),
    /// What stands at a site, in all lanes.
    Spread(Held),
    /// What stands from a site on, in the first lanes.
    Numbers {
        held: Held,
        /// So many of the first lanes are out of date: something else was written there.
        stale: i64,
        /// Whether it was computed here, and reading it back from memory would have to wait for that.
        is_fresh: bool,
    },
}

/// All vector registers.
pub(super) struct Registers {
    known: [[Option<Known>; NAMES]; COUNT],
    /// Which register was last known to hold what has this hash: a register that it names may hold something else by now.
    index: [u8; HASHES],
    /// Of which registers something is known, a bit each.
    named: u32,
    /// Of which registers something is known that was computed here.
    fresh: u32,
    /// Those that must stay as they are.
    pinned: u32,
    /// Those that were used since the hand came by.
    used: u32,
    /// The register that is looked at next when one has to be given up.
    hand: u32,
    /// What is read in the whole function, if that is known; and when what a register holds is read next, or some time before that.
    reads: Option<Reads>,
    next: [u32; COUNT],
    /// So many reads there were.
    now: u32,
    /// The frame of all that was ever known, and marks of the slots, so that most of what is written is seen to be new at once.
    frame: Option<Frame>,
    has_frames: bool,
    marks: [u64; MARKS],
}

const HASHES: usize = 256;
/// Words of marks, one for each slot; those of far apart slots are the same.
const MARKS: usize = 256;

/// Which registers were pinned at some time.
#[derive(Clone, Copy)]
pub(super) struct Pinned(u32);

/// Lanes of a register that are part of what is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// None if it is one lane that stands in memory alone.
    pub register: Option<Vector>,
    /// The lane of the register that is the first of what is wanted, counted around.
    pub rotation: u8,
    /// The lanes of what is wanted that it has.
    pub from: usize,
    pub to: usize,
}

/// The numbers of the bits that are set.
fn bits(mut of: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (of != 0).then_some(of.trailing_zeros() as usize);
        of &= of.wrapping_sub(1);
        bit
    })
}

/// A number below [`HASHES`] for a kind of thing and what tells it apart.
fn hash(kind: u64, number: u64) -> usize {
    ((number ^ kind << 60).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

impl Known {
    /// What is read with it.
    pub fn reads(&self) -> impl Iterator<Item = Read> {
        let (constant, slots) = match self {
            Known::Constant(bits) => (Some(Read::Constant(*bits)), None),
            Known::Spread(held) => (None, Some((held.site, 0..1))),
            Known::Numbers { held, stale, .. } => (None, Some((held.site, *stale..held.lanes))),
        };
        let slots = slots.into_iter().flat_map(|(site, lanes)| lanes.map(move |lane| site.behind(lane)));
        constant.into_iter().chain(slots.map(Read::Slot))
    }

    fn hash(&self) -> usize {
        match self {
            Known::Constant(bits) => hash(0, *bits),
            Known::Spread(held) => hash(1, held.site.slot as u64),
            Known::Numbers { held, .. } => hash(2, held.site.slot as u64),
        }
    }

    /// Whether something else was written where it stands.
    fn is_changed_by(&self, written: &Held) -> bool {
        match self {
            Known::Constant(_) => false,
            Known::Spread(held) | Known::Numbers { held, .. } => !held.is_apart(written),
        }
    }

    /// What is left of it when it was changed.
    fn without(self, written: &Held) -> Option<Self> {
        let Known::Numbers { mut held, mut stale, is_fresh } = self else { return None };
        if held.site.frame != written.site.frame {
            return None;
        }
        let first = written.site.slot - held.site.slot;
        let end = first + written.lanes;
        if first <= stale {
            stale = stale.max(end);
        } else {
            held.lanes = first;
        }
        (stale < held.lanes).then_some(Known::Numbers { held, stale, is_fresh })
    }
}

impl Registers {
    /// For a function that reads this, if it is known.
    pub fn new(reads: Option<Reads>) -> Self {
        Registers {
            known: [[None; NAMES]; COUNT],
            index: [0; HASHES],
            named: 0,
            fresh: 0,
            pinned: 0,
            used: 0,
            hand: 0,
            reads,
            next: [0; COUNT],
            now: 0,
            frame: None,
            has_frames: false,
            marks: [0; MARKS],
        }
    }

    /// A register to be written: one of which nothing is known, or else one that was not used for long. It is pinned.
    pub fn take(&mut self) -> Vector {
        assert!(self.pinned != u32::MAX, "what a formula needs at once are fewer registers");
        let register = match !(self.pinned | self.named) {
            0 if self.reads.is_some() => self.read_last(),
            0 => self.given_up(),
            unknown => unknown.trailing_zeros(),
        };
        self.forget(register as usize);
        self.use_again(register as usize)
    }

    /// Notes that something is read; the time is that of all reads before.
    pub fn read(&mut self) -> u32 {
        self.now += 1;
        self.now - 1
    }

    /// The register that is read again last, or never (Belady's rule).
    fn read_last(&mut self) -> u32 {
        let mut last = None;
        for register in bits(!self.pinned) {
            if self.next[register] < self.now {
                self.next[register] = self.next_read(register);
            }
            last = last.max(Some((self.next[register], register as u32)));
        }
        last.expect("not all are pinned").1
    }

    /// When what a register holds is read next; now, for all that is known, if nothing is.
    fn next_read(&self, register: usize) -> u32 {
        let Some(reads) = &self.reads else { return self.now };
        self.known[register].iter().flatten().map(|known| reads.next(known.reads(), self.now)).min().unwrap_or(NEVER)
    }

    /// A register that was not used since the hand last came by (the clock of page replacement).
    fn given_up(&mut self) -> u32 {
        loop {
            let bit = 1 << self.hand;
            let register = self.hand;
            self.hand = (self.hand + 1) % COUNT as u32;
            if self.pinned & bit == 0 {
                if self.used & bit == 0 {
                    return register;
                }
                self.used &= !bit;
            }
        }
    }

    fn use_again(&mut self, register: usize) -> Vector {
        self.used |= 1 << register;
        self.pinned |= 1 << register;
        Vector(register as u8)
    }

    /// The register that holds a number in all lanes; it is pinned.
    pub fn constant(&mut self, bits: u64) -> Option<Vector> {
        self.find(hash(0, bits), |known| *known == Known::Constant(bits))
    }

    /// The register that holds what stands at a site in all lanes; it is pinned.
    pub fn spread(&mut self, site: Site) -> Option<Vector> {
        let holds = |known: &Known| matches!(known, Known::Spread(held) if held.site == site);
        self.find(hash(1, site.slot as u64), holds)
    }

    /// The register that holds so many numbers from a site on; it is pinned.
    pub fn numbers(&mut self, site: Site, lanes: i64) -> Option<Vector> {
        let holds = |known: &Known| matches!(known, Known::Numbers { held, stale: 0, .. } if held.site == site && held.lanes >= lanes);
        self.find(hash(2, site.slot as u64), holds)
    }

    fn find(&mut self, hash: usize, is_wanted: impl Fn(&Known) -> bool) -> Option<Vector> {
        let register = self.index[hash] as usize;
        let holds = self.known[register].iter().flatten().any(is_wanted);
        holds.then(|| self.use_again(register))
    }

    /// Whether nothing is known of a register: whoever took it may go on writing it.
    pub fn is_own(&self, register: Vector) -> bool {
        self.named & 1 << register.0 == 0
    }

    /// Whether a register may be written by whoever uses it last: nothing is known of it, or it is not read again. Nothing is known
    /// of it then.
    pub fn make_own(&mut self, register: Vector) -> bool {
        let number = register.0 as usize;
        if !self.is_own(register) && self.next_read(number) == NEVER {
            self.forget(number);
        }
        self.is_own(register)
    }

    fn forget(&mut self, register: usize) {
        self.known[register] = [None; NAMES];
        self.named &= !(1 << register);
        self.fresh &= !(1 << register);
    }

    /// Says what a register holds.
    pub fn know(&mut self, register: Vector, known: Known) {
        let names = &mut self.known[register.0 as usize];
        names.rotate_right(1);
        names[0] = Some(known);
        self.next[register.0 as usize] = 0;
        self.named |= 1 << register.0;
        self.index[known.hash()] = register.0;
        if let Known::Spread(held) | Known::Numbers { held, .. } = known {
            let frame = *self.frame.get_or_insert(held.site.frame);
            self.has_frames |= frame != held.site.frame;
            marks(&held).into_iter().for_each(|(word, marks)| self.marks[word] |= marks);
        }
        if let Known::Numbers { is_fresh: true, .. } = known {
            self.fresh |= 1 << register.0;
        }
    }

    /// Forgets what stood where something else is written.
    pub fn overwrite(&mut self, written: &Held) {
        let is_new_frame = self.frame.is_some_and(|frame| frame != written.site.frame);
        let is_marked = |(word, marks): (usize, u64)| self.marks[word] & marks != 0;
        if !self.has_frames && !is_new_frame && !marks(written).into_iter().any(is_marked) {
            return;
        }
        for register in bits(self.named) {
            let names = &mut self.known[register];
            for name in names.iter_mut() {
                // Mostly it stays, and need not be moved.
                if let Some(known) = name
                    && known.is_changed_by(written)
                {
                    *name = known.without(written);
                }
            }
            if names.iter().all(Option::is_none) {
                self.forget(register);
            }
        }
    }

    /// Registers that together hold what stands from a site on, if some of it was computed here; they are pinned.
    pub fn pieces(&mut self, site: Site, lanes: usize, lanes_of_register: usize) -> Option<Vec<Piece>> {
        /// Putting more together takes longer than to wait.
        const MOST: usize = 3;
        if !self.has_fresh(site, lanes) {
            return None;
        }
        let (mut pieces, mut covered) = (Vec::new(), 0);
        while covered < lanes {
            let at = site.slot + covered as i64;
            let mut best: Option<(i64, i64, usize)> = None;
            for register in bits(self.named) {
                for name in self.known[register].iter().flatten() {
                    let Known::Numbers { held, stale, .. } = name else { continue };
                    let (first, end) = (held.site.slot, held.site.slot + held.lanes);
                    if held.site.frame == site.frame && first + stale <= at && at < end {
                        best = best.max(Some((end, first, register)));
                    }
                }
            }
            if pieces.len() == MOST {
                return None;
            }
            let Some((end, first, register)) = best else {
                if pieces.iter().any(|piece: &Piece| piece.register.is_none()) {
                    return None;
                }
                let rotation = (lanes_of_register - covered) % lanes_of_register;
                pieces.push(Piece { register: None, rotation: rotation as u8, from: covered, to: covered + 1 });
                covered += 1;
                continue;
            };
            let to = ((end - site.slot) as usize).min(lanes);
            let rotation = (site.slot - first).rem_euclid(lanes_of_register as i64) as u8;
            let register = Some(self.use_again(register));
            pieces.push(Piece { register, rotation, from: covered, to });
            covered = to;
        }
        Some(pieces)
    }

    /// Whether some of what stands from a site on was computed here.
    fn has_fresh(&self, site: Site, lanes: usize) -> bool {
        let (low, high) = (site.slot, site.slot + lanes as i64);
        bits(self.fresh).flat_map(|register| self.known[register].iter().flatten()).any(|name| match name {
            Known::Numbers { held, stale, is_fresh: true } => {
                held.site.slot + stale < high && low < held.site.slot + held.lanes && held.site.frame == site.frame
            }
            _ => false,
        })
    }

    /// Which registers are pinned now.
    pub fn pinned(&self) -> Pinned {
        Pinned(self.pinned)
    }

    /// Lets go what was pinned since, but for this one.
    pub fn unpin(&mut self, Pinned(before): Pinned, but: Option<Vector>) {
        self.pinned = before | but.map_or(0, |register| 1 << register.0);
    }
}

/// The marks of some slots, of which there are fewer than a word has: two words, and which of their bits.
fn marks(held: &Held) -> [(usize, u64); 2] {
    let (first, lanes) = (held.site.slot as usize, held.lanes as u32);
    let (word, marks) = (first / 64, u128::from(u64::MAX >> (64 - lanes)) << (first % 64));
    [(word % MARKS, marks as u64), ((word + 1) % MARKS, (marks >> 64) as u64)]
}
