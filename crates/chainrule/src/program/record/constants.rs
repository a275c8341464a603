//! The constants of a program: single numbers, and columns of them, each kept once.

use crate::program::{Access, LOOPS};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// The constants of a program in the making.
pub(super) struct Constants {
    pub numbers: Vec<f64>,
    /// Where columns with a hash of their numbers begin.
    columns: FxHashMap<u64, Vec<u32>>,
}

impl Constants {
    /// What is added to the place of a constant to make its address.
    pub const FIRST: u32 = 1 << 31;

    pub fn new() -> Self {
        Constants { numbers: Vec::new(), columns: FxHashMap::default() }
    }

    /// Where these numbers, one for each turn of the loops, can be read. They do not move in loops in which they are the
    /// same in all turns.
    pub fn column(&mut self, trips: [u32; LOOPS], numbers: &[f64]) -> Access {
        let mut bits: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
        let mut kept = trips;
        for depth in 0..LOOPS {
            let inner: usize = kept[depth + 1..].iter().product::<u32>() as usize;
            let length = kept[depth] as usize;
            let is_same = bits.chunks(length * inner).all(|turn| turn.chunks(inner).all(|part| part == &turn[..inner]));
            if length > 1 && is_same {
                bits = bits.chunks(length * inner).flat_map(|turn| turn[..inner].iter().copied()).collect();
                kept[depth] = 1;
            }
        }
        Access::strided(Self::FIRST | self.place(&bits), super::lower::row_major(kept))
    }

    /// Where these numbers stand one after the other.
    fn place(&mut self, bits: &[u64]) -> u32 {
        let mut hasher = FxHasher::default();
        bits.hash(&mut hasher);
        let places = self.columns.entry(hasher.finish()).or_default();
        let stands_at = |place: &&u32| {
            let numbers = self.numbers.get(**place as usize..**place as usize + bits.len());
            numbers.is_some_and(|numbers| numbers.iter().map(|number| number.to_bits()).eq(bits.iter().copied()))
        };
        if let Some(place) = places.iter().find(stands_at) {
            return *place;
        }
        let place = self.numbers.len() as u32;
        places.push(place);
        self.numbers.extend(bits.iter().map(|bits| f64::from_bits(*bits)));
        place
    }
}
