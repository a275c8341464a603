//! Features on a common scale: mean 0 and standard deviation 1.

use crate::{Error, Result};

/// Shifts and scales each feature so that the rows it was fitted to have mean 0 and standard deviation 1.
///
/// ```
/// use chainrule::data::Standardizer;
///
/// # fn main() -> chainrule::Result<()> {
/// let mut rows = vec![vec![1.0, 5.0], vec![3.0, 5.0]];
/// let standardizer = Standardizer::fit(&rows)?;
/// standardizer.apply_rows(&mut rows);
/// assert_eq!(rows, [[-1.0, 0.0], [1.0, 0.0]]);
/// standardizer.inverse_rows(&mut rows);
/// assert_eq!(rows, [[1.0, 5.0], [3.0, 5.0]]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize))]
pub struct Standardizer {
    /// The mean of each feature.
    pub mean: Vec<f64>,
    /// The population standard deviation of each feature (divided by n), or 1 for a feature that never varies.
    pub deviation: Vec<f64>,
}

impl Standardizer {
    /// The mean and deviation of each feature over these rows.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if there are no rows, if they have different lengths, or if a number is NaN, infinite or
    /// so large that the deviation overflows.
    pub fn fit<Row: AsRef<[f64]>>(rows: &[Row]) -> Result<Standardizer> {
        let Some(first) = rows.first() else {
            return Err(Error::argument("rows", "at least one", 0));
        };
        let width = first.as_ref().len();
        if let Some(i) = rows.iter().position(|row| row.as_ref().len() != width) {
            let expected = format!("{width}, as in rows[0]");
            return Err(Error::argument(format!("numbers in rows[{i}]"), expected, rows[i].as_ref().len()));
        }
        let mut standardizer = Standardizer { mean: Vec::new(), deviation: Vec::new() };
        for feature in 0..width {
            let (mean, deviation) = mean_and_deviation(rows.iter().map(|row| row.as_ref()[feature]));
            if !(mean.is_finite() && deviation.is_finite()) {
                let expected = "finite numbers with a finite standard deviation";
                let found = format!("mean {mean:e} and deviation {deviation:e}");
                return Err(Error::argument(format!("feature {feature} of the rows"), expected, found));
            }
            standardizer.mean.push(mean);
            standardizer.deviation.push(deviation);
        }
        Ok(standardizer)
    }

    /// Standardises one row in place: `(x - mean) / deviation`.
    ///
    /// # Panics
    ///
    /// If the row has not one number for each feature.
    pub fn apply(&self, row: &mut [f64]) {
        self.check(row);
        for ((x, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
            *x = (*x - mean) / deviation;
        }
    }

    /// Standardises each row in place, see [`apply`](Standardizer::apply).
    ///
    /// # Panics
    ///
    /// If a row has not one number for each feature.
    pub fn apply_rows<Row: AsMut<[f64]>>(&self, rows: &mut [Row]) {
        rows.iter_mut().for_each(|row| self.apply(row.as_mut()));
    }

    /// Undoes [`apply`](Standardizer::apply), up to rounding: `x * deviation + mean`.
    ///
    /// # Panics
    ///
    /// If the row has not one number for each feature.
    pub fn inverse(&self, row: &mut [f64]) {
        self.check(row);
        for ((x, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
            *x = *x * deviation + mean;
        }
    }

    /// Undoes [`apply_rows`](Standardizer::apply_rows), up to rounding.
    ///
    /// # Panics
    ///
    /// If a row has not one number for each feature.
    pub fn inverse_rows<Row: AsMut<[f64]>>(&self, rows: &mut [Row]) {
        rows.iter_mut().for_each(|row| self.inverse(row.as_mut()));
    }

    fn check(&self, row: &[f64]) {
        let (expected, found) = (self.mean.len(), row.len());
        assert!(found == expected, "a row of {found} numbers was given to a Standardizer of {expected} features");
    }
}

/// Each difference is taken from the mean, so that a large offset does not swallow the deviation, and is scaled by
/// the largest before it is squared, so that the square neither overflows nor vanishes.
fn mean_and_deviation(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let n = numbers.len() as f64;
    let first = numbers.clone().next().unwrap_or(0.0);
    // The rounded mean of equal numbers may differ from them, and they would be scaled by that difference.
    if numbers.clone().all(|x| x == first) {
        return (first, 1.0);
    }
    let rough: f64 = numbers.clone().map(|x| x / n).sum();
    let mean = rough + numbers.clone().map(|x| (x - rough) / n).sum::<f64>();
    let largest = numbers.clone().map(|x| (x - mean).abs()).fold(0.0, f64::max);
    let mean_square = numbers.map(|x| ((x - mean) / largest).powi(2)).sum::<f64>() / n;
    (mean, largest * mean_square.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(numbers: &[f64]) -> Vec<[f64; 1]> {
        numbers.iter().map(|&x| [x]).collect()
    }

    fn assert_close(actual: f64, expected: f64, tolerance: f64) {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected} within {tolerance}");
    }

    proptest! {
        #[test]
        fn standardised_features_have_mean_0_and_deviation_1(
            rows in prop::collection::vec([-1e3..1e3, -1e-3..1e-3, 1e6..1e6 + 1.0], 2..50),
        ) {
            let mut standardised = rows.clone();
            let standardizer = Standardizer::fit(&rows).unwrap();
            standardizer.apply_rows(&mut standardised);
            for feature in 0..3 {
                let again = Standardizer::fit(&standardised).unwrap();
                prop_assert!(again.mean[feature].abs() < 1e-6);
                prop_assert!((again.deviation[feature] - 1.0).abs() < 1e-6);
            }
            standardizer.inverse_rows(&mut standardised);
            for (row, original) in standardised.iter().flatten().zip(rows.iter().flatten()) {
                prop_assert!((row - original).abs() <= 1e-12 * original.abs().max(1.0));
            }
        }
    }

    #[test]
    fn the_deviation_is_that_of_the_population() {
        // mean 5; squares 9 1 1 1 0 0 4 16, together 32; sqrt(32 / 8) = 2
        let fitted = Standardizer::fit(&column(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])).unwrap();
        assert_eq!((fitted.mean[0], fitted.deviation[0]), (5.0, 2.0));
    }

    #[test]
    fn a_constant_feature_becomes_0() {
        for constant in [0.0, 0.1, -7e300, 1e-300] {
            let mut rows = column(&[constant; 7]);
            let fitted = Standardizer::fit(&rows).unwrap();
            assert_eq!(fitted.deviation, [1.0]);
            fitted.apply_rows(&mut rows);
            assert_eq!(rows, column(&[0.0; 7]));
        }
    }

    #[test]
    fn a_large_offset_does_not_swallow_the_deviation() {
        let fitted = Standardizer::fit(&column(&[1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0])).unwrap();
        assert_eq!(fitted.mean[0], 1e15 + 2.0);
        assert_close(fitted.deviation[0], (2.0_f64 / 3.0).sqrt(), 1e-12);
    }

    #[test]
    fn huge_and_tiny_numbers_keep_their_deviation() {
        for scale in [1e307, 1e-300] {
            let fitted = Standardizer::fit(&column(&[scale, 3.0 * scale])).unwrap();
            assert_close(fitted.deviation[0] / scale, 1.0, 1e-12);
        }
    }

    #[test]
    fn fit_says_what_is_wrong_with_the_rows() {
        let message = |rows: &[Vec<f64>]| Standardizer::fit(rows).unwrap_err().to_string();
        assert_eq!(message(&[]), "rows: expected at least one, found 0");
        assert_eq!(message(&[vec![1.0], vec![]]), "numbers in rows[1]: expected 1, as in rows[0], found 0");
        assert!(message(&[vec![1.0], vec![f64::NAN]]).starts_with("feature 0 of the rows: expected finite numbers"));
        assert!(message(&[vec![f64::INFINITY]]).starts_with("feature 0 of the rows: expected finite numbers"));
        assert!(message(&[vec![f64::MAX], vec![f64::MAX], vec![f64::MIN]]).contains("a finite standard deviation"));
    }

    #[test]
    #[should_panic(expected = "a row of 1 numbers was given to a Standardizer of 2 features")]
    fn a_row_of_another_length_panics() {
        Standardizer::fit(&[[1.0, 2.0]]).unwrap().apply(&mut [1.0]);
    }

    #[cfg(feature = "save")]
    #[test]
    fn a_saved_standardizer_is_read_back() {
        let fitted = Standardizer::fit(&[[1.0, 2.0], [3.0, 2.0]]).unwrap();
        let text = serde_json::to_string(&fitted).unwrap();
        assert_eq!(text, r#"{"mean":[2.0,2.0],"deviation":[1.0,1.0]}"#);
        assert_eq!(serde_json::from_str::<Standardizer>(&text).unwrap(), fitted);
    }
}
