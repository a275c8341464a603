//! Randomness: every random choice of the library is drawn from a generator that the caller made from a seed.

use rand::SeedableRng;
pub use rand::{Rng, RngExt};
pub use rand_pcg::Pcg64;

/// A random number generator whose stream depends on the seed alone, on every machine.
///
/// Functions that draw take any [`Rng`], so that a generator of your own works as well.
///
/// ```
/// use chainrule::RngExt;
///
/// let mut a = chainrule::rng(7);
/// let mut b = chainrule::rng(7);
/// assert_eq!(a.random::<f64>(), b.random::<f64>());
/// ```
pub fn rng(seed: u64) -> Pcg64 {
    Pcg64::seed_from_u64(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut rng = rng(0);
        assert_eq!([rng.next_u64(), rng.next_u64()], [2354861276966075475, 6411218084291373563]);
    }
}
