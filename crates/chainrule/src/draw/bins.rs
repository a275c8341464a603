//! Counting numbers in bins of equal width.

use super::field::quantile;

/// The most bins: more than these, and single bars can no longer be told apart.
const MOST: f64 = 60.0;
/// Beyond this, differences overflow.
const LARGEST: f64 = 1e300;

/// Numbers, counted in bins of equal width.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The borders of the bins, rising: one more than there are bins, or none if there were no numbers.
    pub edges: Vec<f64>,
    /// How many numbers each bin holds; the last one holds its upper border, too.
    pub counts: Vec<usize>,
    /// How many numbers were left out since they are not finite.
    pub left_out: usize,
}

impl Histogram {
    /// Counts numbers in bins whose width follows their spread, after Freedman and Diaconis (1981), but in at most 60;
    /// where the middle half of the numbers is equal, by their count alone (Sturges 1926). Equal numbers are one bin.
    ///
    /// ```
    /// use chainrule::draw::Histogram;
    ///
    /// let histogram = Histogram::of(&[1.0, 2.0, 2.0, 3.0, f64::NAN]);
    /// assert_eq!(histogram.counts.iter().sum::<usize>(), 4);
    /// assert_eq!(histogram.left_out, 1);
    /// ```
    pub fn of(numbers: &[f64]) -> Histogram {
        let mut finite: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
        finite.iter_mut().for_each(|number| *number = number.clamp(-LARGEST, LARGEST));
        let left_out = numbers.len() - finite.len();
        let (Some(low), Some(high)) = (quantile(&finite, 0.0), quantile(&finite, 1.0)) else {
            return Histogram { edges: Vec::new(), counts: Vec::new(), left_out };
        };
        let bins = bins(&finite, low, high);
        let (low, high) = if bins == 1 { around(low, high) } else { (low, high) };
        let edges = (0..=bins).map(|i| low + (high - low) * (i as f64 / bins as f64)).collect();
        let mut counts = vec![0; bins];
        for number in finite {
            let bin = ((number - low) / (high - low) * bins as f64) as usize;
            counts[bin.min(bins - 1)] += 1;
        }
        Histogram { edges, counts, left_out }
    }
}

fn bins(finite: &[f64], low: f64, high: f64) -> usize {
    let span = high - low;
    if span <= low.abs().max(high.abs()) * 1e-9 {
        return 1;
    }
    let count = finite.len() as f64;
    let middle = quantile(finite, 0.75).zip(quantile(finite, 0.25)).map_or(0.0, |(upper, lower)| upper - lower);
    let width = 2.0 * middle / count.cbrt();
    let bins = if width > 0.0 { span / width } else { count.log2() + 1.0 };
    bins.ceil().clamp(2.0, MOST) as usize
}

/// A bin around numbers that are equal.
fn around(low: f64, high: f64) -> (f64, f64) {
    let room = if low == 0.0 { 0.5 } else { low.abs() * 0.05 };
    (low - room, high + room)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_numbers_are_one_bin_around_them() {
        for number in [0.0, -3.0, 1e-9, 1e12] {
            let histogram = Histogram::of(&[number; 7]);
            assert_eq!(histogram.counts, [7]);
            assert!(histogram.edges[0] < number && number < histogram.edges[1], "{number}");
        }
    }

    #[test]
    fn no_numbers_are_no_bins() {
        assert_eq!(Histogram::of(&[f64::NAN]), Histogram { edges: vec![], counts: vec![], left_out: 1 });
    }

    #[test]
    fn mostly_zeros_still_show_the_rest() {
        let mut numbers = vec![0.0; 1000];
        numbers.push(5.0);
        let histogram = Histogram::of(&numbers);
        assert_eq!((histogram.counts[0], histogram.counts.last()), (1000, Some(&1)));
    }

    proptest! {
        #[test]
        fn every_finite_number_is_counted_once(numbers in prop::collection::vec(any::<f64>(), 0..200)) {
            let histogram = Histogram::of(&numbers);
            prop_assert_eq!(histogram.counts.iter().sum::<usize>() + histogram.left_out, numbers.len());
            prop_assert!(histogram.counts.len() <= 60);
            prop_assert!(histogram.edges.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
