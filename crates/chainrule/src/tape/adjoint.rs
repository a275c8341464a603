//! Adjoints: what a sweep passes on, of one result or of two at once.

use super::storage::Tape;
use crate::Number;

/// The derivatives of so many results by a node.
pub(super) trait Adjoint: Copy {
    const RESULTS: usize;
    const ZERO: Self;

    /// Where they grow, in sweeps that leave no gradients.
    fn grow_in(tape: &mut Tape) -> &mut Vec<Self>;

    /// The derivative of one of the results.
    fn of(&mut self, result: usize) -> &mut f64;

    /// Whether what is passed on are ordinary products: none is zero, infinite or NaN.
    fn is_ordinary(self) -> bool;

    /// Whether all are zero.
    fn is_zero(self) -> bool;

    /// The product with a derivative.
    fn product(self, partial: f64) -> Self;

    /// The product with a derivative, in which a zero gives 0 whatever the other factor is.
    fn strong_product(self, partial: f64) -> Self;

    fn add(&mut self, term: Self);
}

impl Adjoint for f64 {
    const RESULTS: usize = 1;
    const ZERO: f64 = 0.0;

    fn grow_in(tape: &mut Tape) -> &mut Vec<f64> {
        &mut tape.adjoints
    }

    #[inline(always)]
    fn of(&mut self, _: usize) -> &mut f64 {
        self
    }

    #[inline(always)]
    fn is_ordinary(self) -> bool {
        // Without its sign bit, a number is neither zero nor infinite nor NaN if it is from 1 to this, less 1.
        const INFINITE: u64 = f64::INFINITY.to_bits() << 1;
        (self.to_bits() << 1).wrapping_sub(1) < INFINITE - 1
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.to_bits() << 1 == 0
    }

    #[inline(always)]
    fn product(self, partial: f64) -> f64 {
        self * partial
    }

    #[inline(always)]
    fn strong_product(self, partial: f64) -> f64 {
        self.strong_zero_mul(partial)
    }

    #[inline(always)]
    fn add(&mut self, term: f64) {
        *self += term;
    }
}

/// Those of two results. No array: that would go through memory at each node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    first: f64,
    second: f64,
}

impl Adjoint for Pair {
    const RESULTS: usize = 2;
    const ZERO: Pair = Pair { first: 0.0, second: 0.0 };

    fn grow_in(tape: &mut Tape) -> &mut Vec<Pair> {
        &mut tape.pairs_of_adjoints
    }

    #[inline(always)]
    fn of(&mut self, result: usize) -> &mut f64 {
        if result == 0 { &mut self.first } else { &mut self.second }
    }

    #[inline(always)]
    fn is_ordinary(self) -> bool {
        self.first.is_ordinary() && self.second.is_ordinary()
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.first.is_zero() && self.second.is_zero()
    }

    #[inline(always)]
    fn product(self, partial: f64) -> Pair {
        Pair { first: self.first.product(partial), second: self.second.product(partial) }
    }

    #[inline(always)]
    fn strong_product(self, partial: f64) -> Pair {
        Pair { first: self.first.strong_product(partial), second: self.second.strong_product(partial) }
    }

    #[inline(always)]
    fn add(&mut self, term: Pair) {
        self.first += term.first;
        self.second += term.second;
    }
}

/// How many adjoints stand before the zeros at the end, of which it counts eight at a time.
#[inline(never)]
pub(super) fn before_zeros<A: Adjoint>(adjoints: &[A]) -> usize {
    let are_zeros = |adjoints: &&[A]| adjoints.iter().fold(true, |all, adjoint| all & adjoint.is_zero());
    adjoints.len() - 8 * adjoints.rchunks_exact(8).take_while(are_zeros).count()
}
