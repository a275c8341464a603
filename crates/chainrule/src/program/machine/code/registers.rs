//! What the vector registers hold while code is written: what was read or computed last need not be read again.

use super::assembler::Vector;
use super::work::Site;

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
        /// Whether it was computed here, and reading it back from memory would have to wait for that.
        is_fresh: bool,
    },
}

/// Numbers that stand in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    pub site: Site,
    /// So many stand there, side by side.
    pub lanes: i64,
    /// The first slot that they may be in, in all turns of the repeats, and the one behind the last.
    pub reach: [i64; 2],
}

impl Held {
    /// Whether they stand where others do not.
    fn is_apart(&self, other: &Held) -> bool {
        let is_apart = |[low, high]: [i64; 2], [other_low, other_high]: [i64; 2]| high <= other_low || other_high <= low;
        let slots = |held: &Held| [held.site.slot, held.site.slot + held.lanes];
        match self.site.frame == other.site.frame {
            true => is_apart(slots(self), slots(other)),
            false => is_apart(self.reach, other.reach),
        }
    }
}

/// All vector registers.
pub(super) struct Registers {
    known: [[Option<Known>; NAMES]; COUNT],
    /// Of which registers something is known, a bit each.
    named: u32,
    /// Those that must stay as they are.
    pinned: u32,
    last_use: [u32; COUNT],
    clock: u32,
}

/// Which registers were pinned at some time.
#[derive(Clone, Copy)]
pub(super) struct Pinned(u32);

/// Lanes of a register that are part of what is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub register: Vector,
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

impl Registers {
    pub fn new() -> Self {
        Registers { known: [[None; NAMES]; COUNT], named: 0, pinned: 0, last_use: [0; COUNT], clock: 0 }
    }

    /// A register to be written: one of which nothing is known, or else that which was not used for longest. It is pinned.
    pub fn take(&mut self) -> Vector {
        let unknown = bits(!(self.pinned | self.named)).next();
        let oldest = || bits(!self.pinned).min_by_key(|register| self.last_use[*register]);
        let register = unknown.or_else(oldest).expect("what a formula needs at once are fewer registers");
        self.known[register] = [None; NAMES];
        self.named &= !(1 << register);
        self.used(register)
    }

    fn used(&mut self, register: usize) -> Vector {
        self.clock += 1;
        self.last_use[register] = self.clock;
        self.pinned |= 1 << register;
        Vector(register as u8)
    }

    /// The register that is known to hold something like this; it is pinned.
    #[inline]
    pub fn find(&mut self, is_wanted: impl Fn(&Known) -> bool) -> Option<Vector> {
        let holds = |register: &usize| self.known[*register].iter().flatten().any(&is_wanted);
        let register = bits(self.named).find(holds)?;
        Some(self.used(register))
    }

    /// Whether nothing is known of a register: whoever took it may go on writing it.
    pub fn is_own(&self, register: Vector) -> bool {
        self.named & 1 << register.0 == 0
    }

    /// Says what a register holds.
    pub fn know(&mut self, register: Vector, known: Known) {
        let names = &mut self.known[register.0 as usize];
        names.rotate_right(1);
        names[0] = Some(known);
        self.named |= 1 << register.0;
    }

    /// Forgets what stood where something else is written.
    pub fn overwrite(&mut self, written: &Held) {
        for register in bits(self.named) {
            let names = &mut self.known[register];
            for name in names.iter_mut() {
                if let Some(Known::Spread(held) | Known::Numbers { held, .. }) = name
                    && !held.is_apart(written)
                {
                    *name = None;
                }
            }
            if names.iter().all(Option::is_none) {
                self.named &= !(1 << register);
            }
        }
    }

    /// Registers that together hold what stands from a site on, if some of it was computed here; they are pinned.
    pub fn pieces(&mut self, site: Site, lanes: usize, lanes_of_register: usize) -> Option<Vec<Piece>> {
        /// Putting more together takes longer than to wait.
        const MOST: usize = 3;
        let (mut pieces, mut covered, mut has_fresh) = (Vec::new(), 0, false);
        while covered < lanes {
            let at = site.slot + covered as i64;
            let mut best: Option<(i64, bool, i64, usize)> = None;
            for register in bits(self.named) {
                for name in self.known[register].iter().flatten() {
                    let Known::Numbers { held, is_fresh } = name else { continue };
                    let (first, end) = (held.site.slot, held.site.slot + held.lanes);
                    if held.site.frame == site.frame && first <= at && at < end {
                        best = best.max(Some((end, *is_fresh, first, register)));
                    }
                }
            }
            let (end, is_fresh, first, register) = best?;
            if pieces.len() == MOST {
                return None;
            }
            let to = ((end - site.slot) as usize).min(lanes);
            let rotation = (site.slot - first).rem_euclid(lanes_of_register as i64) as u8;
            pieces.push(Piece { register: self.used(register), rotation, from: covered, to });
            (covered, has_fresh) = (to, has_fresh | is_fresh);
        }
        has_fresh.then_some(pieces)
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
