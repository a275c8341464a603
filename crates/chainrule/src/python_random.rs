//! The random numbers of Python: what `random` of CPython draws after `seed`, number by number, so that a training can be
//! compared with one that was written there.

use rand_mt::Mt;
use std::f64::consts::TAU;

/// Python's generator: the Mersenne Twister (Matsumoto and Nishimura, 1998), and what CPython 3 makes of its numbers.
///
/// ```
/// use chainrule::python_random::PythonRandom;
///
/// let mut random = PythonRandom::seed(42);
/// assert_eq!(random.random(), 0.6394267984578837);
/// ```
#[derive(Clone, Debug)]
pub struct PythonRandom {
    twister: Mt,
    /// Normal numbers come in pairs; this is the second of one, if it was not drawn yet.
    spare: Option<f64>,
}

impl PythonRandom {
    /// `random.seed(seed)`.
    pub fn seed(seed: u64) -> Self {
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        let key = if high == 0 { vec![low] } else { vec![low, high] };
        PythonRandom { twister: Mt::new_with_key(key), spare: None }
    }

    /// `random.random()`: evenly from 0 up to 1, that excluded, in 53 bits.
    pub fn random(&mut self) -> f64 {
        let (high, low) = (self.twister.next_u32() >> 5, self.twister.next_u32() >> 6);
        (f64::from(high) * f64::from(1 << 26) + f64::from(low)) / (1u64 << 53) as f64
    }

    /// `random.getrandbits(bits)`, of at most 64 bits.
    fn bits(&mut self, bits: u32) -> u64 {
        match bits {
            0 => 0,
            1..=32 => u64::from(self.twister.next_u32() >> (32 - bits)),
            _ => u64::from(self.twister.next_u32()) | self.bits(bits - 32) << 32,
        }
    }

    /// Evenly from 0 up to `end`, that excluded: numbers of as many bits as `end` has, until one is small enough.
    fn below(&mut self, end: u64) -> u64 {
        let bits = u64::BITS - end.leading_zeros();
        loop {
            let number = self.bits(bits);
            if number < end {
                return number;
            }
        }
    }

    /// `random.shuffle(items)`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.below(last as u64 + 1) as usize;
            items.swap(last, chosen);
        }
    }

    /// `random.gauss(mean, deviation)`: normally distributed.
    pub fn gauss(&mut self, mean: f64, deviation: f64) -> f64 {
        let normal = self.spare.take().unwrap_or_else(|| {
            let angle = self.random() * TAU;
            let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
            self.spare = Some(angle.sin() * radius);
            angle.cos() * radius
        });
        mean + normal * deviation
    }

    /// `random.choices(range(len(weights)), weights)[0]`: a place, with a probability in proportion to its weight.
    ///
    /// # Panics
    ///
    /// If there are no weights.
    pub fn choose(&mut self, weights: &[f64]) -> usize {
        let cumulated = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        let cumulated: Vec<f64> = cumulated.collect();
        let total = cumulated.last().expect("a choice needs something to choose from");
        let point = self.random() * total;
        cumulated[..cumulated.len() - 1].partition_point(|end| *end <= point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What CPython 3.11 draws after one seed, in this order.
    struct Drawn {
        seed: u64,
        random: [f64; 3],
        shuffled: [usize; 10],
        gauss: [f64; 3],
        chosen: [usize; 12],
        /// Of 1, 32, 33 and 64 bits.
        bits: [u64; 4],
        last: f64,
    }

    const DRAWN: [Drawn; 3] = [
        Drawn {
            seed: 42,
            random: [0.6394267984578837, 0.025010755222666936, 0.27502931836911926],
            shuffled: [9, 7, 8, 0, 4, 6, 5, 1, 2, 3],
            gauss: [1.3695206685188577, 0.6759858070588909, 0.7951919650719792],
            chosen: [2, 2, 2, 2, 2, 2, 3, 2, 2, 2, 2, 2],
            bits: [1, 1445662585, 438989805, 1784102302261635709],
            last: 0.3589793804846284,
        },
        Drawn {
            seed: 0,
            random: [0.8444218515250481, 0.7579544029403025, 0.420571580830845],
            shuffled: [1, 0, 9, 5, 6, 2, 3, 7, 8, 4],
            gauss: [-1.1267092608221518, 0.4520821893082484, 0.6012167289072357],
            chosen: [2, 3, 3, 2, 3, 2, 2, 3, 2, 2, 2, 2],
            bits: [1, 2750597567, 3921352636, 10192262804094026689],
            last: 0.47700977655271704,
        },
        Drawn {
            seed: (1 << 40) + 5,
            random: [0.5043802970418443, 0.2686044399723282, 0.9257865475671585],
            shuffled: [7, 3, 6, 4, 5, 1, 9, 2, 0, 8],
            gauss: [0.1359905061613732, -2.9831207043070047, 1.0371647841677947],
            chosen: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
            bits: [0, 4243157043, 2654666343, 10678055837498664953],
            last: 0.46721945777926444,
        },
    ];

    #[test]
    fn the_numbers_are_those_of_python() {
        for drawn in DRAWN {
            let mut random = PythonRandom::seed(drawn.seed);
            assert_eq!(drawn.random, std::array::from_fn(|_| random.random()));
            let mut items: [usize; 10] = std::array::from_fn(|place| place);
            random.shuffle(&mut items);
            assert_eq!(drawn.shuffled, items);
            assert_eq!(drawn.gauss, std::array::from_fn(|_| random.gauss(0.5, 2.0)));
            assert_eq!(drawn.chosen, std::array::from_fn(|_| random.choose(&[0.1, 0.0, 2.0, 0.4])));
            assert_eq!(drawn.bits, [1, 32, 33, 64].map(|bits| random.bits(bits)));
            assert_eq!(drawn.last, random.random());
        }
    }
}
