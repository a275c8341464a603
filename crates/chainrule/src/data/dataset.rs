//! A data set: rows of numbers, and for each row what should be predicted from it.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::text::quoted;
use crate::{Error, Result};

/// Rows of features, and the target of each row.
///
/// The fields are open for reading and for changing numbers in place. [`Dataset::new`] checks that they fit together;
/// whoever builds or changes the lists by hand keeps to what it checks.
///
/// ```
/// use chainrule::data::{Dataset, Target};
///
/// # fn main() -> chainrule::Result<()> {
/// let houses = Dataset::new(
///     vec!["rooms".into(), "age".into()],
///     vec![vec![3.0, 40.0], vec![5.0, 10.0], vec![2.0, 70.0]],
///     "price",
///     Target::Numbers(vec![210.0, 480.0, 95.0]),
/// )?;
/// let (train, test) = houses.split(0.3, &mut chainrule::rng(7))?;
/// assert_eq!((train.len(), test.len()), (2, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The name of each feature.
    pub features: Vec<String>,
    /// One number a feature, for each row.
    pub rows: Vec<Vec<f64>>,
    /// What the target is called: the column's name in a table.
    pub target_name: String,
    /// What should be predicted, for each row.
    pub target: Target,
}

/// What should be predicted from each row: a class or a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Classification.
    Classes {
        /// The name of each class.
        names: Vec<String>,
        /// The class of each row, as an index into the names.
        labels: Vec<usize>,
    },
    /// Regression: the number of each row.
    Numbers(Vec<f64>),
}

impl Target {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Target::Classes { labels, .. } => labels.len(),
            Target::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn select(&self, indices: &[usize]) -> Target {
        match self {
            Target::Classes { names, labels } => {
                Target::Classes { names: names.clone(), labels: indices.iter().map(|&i| labels[i]).collect() }
            }
            Target::Numbers(numbers) => Target::Numbers(indices.iter().map(|&i| numbers[i]).collect()),
        }
    }
}

impl Dataset {
    /// A data set of these rows.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if a row has not one number for each feature, if there is not one target for each row, if
    /// a label has no class name, or if a number is NaN or infinite.
    pub fn new(
        features: Vec<String>,
        rows: Vec<Vec<f64>>,
        target_name: impl Into<String>,
        target: Target,
    ) -> Result<Dataset> {
        let target_name = target_name.into();
        if target.len() != rows.len() {
            let expected = format!("{}, one for each row", rows.len());
            return Err(Error::argument(format!("targets {}", quoted(&target_name)), expected, target.len()));
        }
        for (i, row) in rows.iter().enumerate() {
            if row.len() != features.len() {
                let expected = format!("{}, one for each feature", features.len());
                return Err(Error::argument(format!("numbers in rows[{i}]"), expected, row.len()));
            }
            if let Some(j) = row.iter().position(|x| !x.is_finite()) {
                let name = format!("rows[{i}], feature {}", quoted(&features[j]));
                return Err(Error::argument(name, "a finite number", row[j]));
            }
        }
        match &target {
            Target::Classes { names, labels } => {
                if let Some(i) = labels.iter().position(|&label| label >= names.len()) {
                    let expected = format!("a label below {}, the number of classes", names.len());
                    return Err(Error::argument(format!("labels[{i}]"), expected, labels[i]));
                }
            }
            Target::Numbers(numbers) => {
                if let Some(i) = numbers.iter().position(|y| !y.is_finite()) {
                    let name = format!("target {} of rows[{i}]", quoted(&target_name));
                    return Err(Error::argument(name, "a finite number", numbers[i]));
                }
            }
        }
        Ok(Dataset { features, rows, target_name, target })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of features, which is the length of each row.
    pub fn num_features(&self) -> usize {
        self.features.len()
    }

    /// The rows with these indices, in this order; an index may come twice. All class names stay.
    ///
    /// # Panics
    ///
    /// If an index is not below [`len`](Dataset::len).
    pub fn select(&self, indices: &[usize]) -> Dataset {
        Dataset {
            features: self.features.clone(),
            rows: indices.iter().map(|&i| self.rows[i].clone()).collect(),
            target_name: self.target_name.clone(),
            target: self.target.select(indices),
        }
    }

    /// Shuffles the rows and parts them into a training set and a test set: `(train, test)`.
    ///
    /// The test set gets `test_fraction` of the rows, rounded to the nearest number, but at least one row unless the
    /// fraction is 0.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the fraction is not in [0, 1), or if no row would remain for training.
    pub fn split(&self, test_fraction: f64, rng: &mut impl Rng) -> Result<(Dataset, Dataset)> {
        if !(0.0..1.0).contains(&test_fraction) {
            return Err(Error::argument("test fraction", "a number of at least 0 and below 1", test_fraction));
        }
        let test_len = match test_fraction {
            0.0 => 0,
            _ => (test_fraction * self.len() as f64).round().max(1.0) as usize,
        };
        if test_len >= self.len() {
            let expected = format!("a number that leaves at least one of {} rows for training", self.len());
            return Err(Error::argument("test fraction", expected, test_fraction));
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(rng);
        let (test, train) = order.split_at(test_len);
        Ok((self.select(train), self.select(test)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counting(n: usize) -> Dataset {
        let numbers: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let rows = numbers.iter().map(|&x| vec![x, -x]).collect();
        Dataset::new(vec!["x".into(), "minus x".into()], rows, "y", Target::Numbers(numbers)).unwrap()
    }

    fn numbers(data: &Dataset) -> &[f64] {
        match &data.target {
            Target::Numbers(numbers) => numbers,
            Target::Classes { .. } => panic!("the target is numbers"),
        }
    }

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    proptest! {
        #[test]
        fn split_gives_every_row_to_one_side(n in 1usize..100, fraction in 0.0..1.0, seed: u64) {
            let data = counting(n);
            let Ok((train, test)) = data.split(fraction, &mut crate::rng(seed)) else {
                prop_assert!((fraction * n as f64).round().max(1.0) >= n as f64);
                return Ok(());
            };
            prop_assert!(!train.is_empty());
            let mut all = [numbers(&train), numbers(&test)].concat();
            all.sort_by(f64::total_cmp);
            prop_assert_eq!(&all[..], numbers(&data));
            for side in [&train, &test] {
                for (row, &y) in side.rows.iter().zip(numbers(side)) {
                    prop_assert_eq!(row, &vec![y, -y]);
                }
            }
        }
    }

    #[test]
    fn split_is_shuffled_and_repeats_with_its_seed() {
        let data = counting(50);
        let (train, _) = data.split(0.2, &mut crate::rng(1)).unwrap();
        assert_eq!(train.len(), 40);
        assert_eq!(train, data.split(0.2, &mut crate::rng(1)).unwrap().0);
        assert_ne!(train, data.split(0.2, &mut crate::rng(2)).unwrap().0);
        assert!(!numbers(&train).is_sorted());
    }

    #[test]
    fn fraction_zero_gives_an_empty_test_set() {
        let (train, test) = counting(3).split(0.0, &mut crate::rng(1)).unwrap();
        assert_eq!((train.len(), test.len()), (3, 0));
        assert_eq!(test.num_features(), 2);
    }

    #[test]
    fn a_small_fraction_still_tests_one_row() {
        let (train, test) = counting(3).split(0.01, &mut crate::rng(1)).unwrap();
        assert_eq!((train.len(), test.len()), (2, 1));
    }

    #[test]
    fn split_refuses_what_leaves_nothing_to_learn_from() {
        let rng = &mut crate::rng(1);
        for fraction in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
            let expected = format!("test fraction: expected a number of at least 0 and below 1, found {fraction}");
            assert_eq!(message(counting(3).split(fraction, rng)), expected);
        }
        assert_eq!(
            message(counting(3).split(0.9, rng)),
            "test fraction: expected a number that leaves at least one of 3 rows for training, found 0.9"
        );
        assert!(counting(0).split(0.0, rng).is_err());
    }

    #[test]
    fn select_keeps_order_and_repeats() {
        let names = vec!["no".to_string(), "yes".to_string()];
        let target = Target::Classes { names: names.clone(), labels: vec![0, 1, 0] };
        let data = Dataset::new(vec!["x".into()], vec![vec![1.0], vec![2.0], vec![3.0]], "y", target).unwrap();
        let chosen = data.select(&[1, 1, 0]);
        assert_eq!(chosen.rows, [[2.0], [2.0], [1.0]]);
        assert_eq!(chosen.target, Target::Classes { names, labels: vec![1, 1, 0] });
    }

    #[test]
    fn new_says_what_does_not_fit() {
        let new = |rows, target| message(Dataset::new(vec!["a".into(), "b".into()], rows, "y", target));
        let two_rows = || vec![vec![1.0, 2.0], vec![3.0, 4.0]];
        assert_eq!(
            new(two_rows(), Target::Numbers(vec![1.0])),
            r#"targets "y": expected 2, one for each row, found 1"#
        );
        assert_eq!(
            new(vec![vec![1.0]], Target::Numbers(vec![1.0])),
            "numbers in rows[0]: expected 2, one for each feature, found 1"
        );
        assert_eq!(
            new(vec![vec![1.0, f64::NAN]], Target::Numbers(vec![1.0])),
            r#"rows[0], feature "b": expected a finite number, found NaN"#
        );
        assert_eq!(
            new(two_rows(), Target::Classes { names: vec!["no".into()], labels: vec![0, 1] }),
            "labels[1]: expected a label below 1, the number of classes, found 1"
        );
        assert_eq!(
            new(two_rows(), Target::Numbers(vec![0.0, f64::INFINITY])),
            r#"target "y" of rows[1]: expected a finite number, found inf"#
        );
    }
}
