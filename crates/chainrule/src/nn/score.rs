//! How good predictions are, in numbers for people: nothing here is learned from.

/// The share of classes that were predicted right, from 0 to 1; NaN of none.
///
/// # Panics
///
/// If there are not as many classes as predictions.
#[track_caller]
pub fn accuracy(predictions: &[usize], classes: &[usize]) -> f64 {
    check(predictions.len(), classes.len());
    let right = predictions.iter().zip(classes).filter(|(prediction, class)| prediction == class).count();
    right as f64 / classes.len() as f64
}

/// The root of the mean of squared differences, in the unit of the targets; NaN of none.
///
/// # Panics
///
/// If there are not as many targets as predictions.
#[track_caller]
pub fn root_mean_squared_error(predictions: &[f64], targets: &[f64]) -> f64 {
    (squared_differences(predictions, targets) / targets.len() as f64).sqrt()
}

/// The share of the targets' variance that the predictions explain (the coefficient of determination, R²): 1 when all
/// are right, 0 when they are no better than the mean of the targets, negative when they are worse. NaN where the
/// targets have no variance.
///
/// # Panics
///
/// If there are not as many targets as predictions.
#[track_caller]
pub fn r_squared(predictions: &[f64], targets: &[f64]) -> f64 {
    let mean = targets.iter().sum::<f64>() / targets.len() as f64;
    let variance: f64 = targets.iter().map(|target| (target - mean).powi(2)).sum();
    if variance == 0.0 { f64::NAN } else { 1.0 - squared_differences(predictions, targets) / variance }
}

#[track_caller]
fn squared_differences(predictions: &[f64], targets: &[f64]) -> f64 {
    check(predictions.len(), targets.len());
    predictions.iter().zip(targets).map(|(prediction, target)| (prediction - target).powi(2)).sum()
}

#[track_caller]
fn check(predictions: usize, targets: usize) {
    assert!(
        predictions == targets,
        "a score needs a target for each prediction, and got {predictions} predictions and {targets} targets"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_is_the_share_of_right_classes() {
        assert_eq!(accuracy(&[0, 1, 1, 2], &[0, 1, 2, 2]), 0.75);
        assert!(accuracy(&[], &[]).is_nan());
    }

    #[test]
    fn the_root_mean_squared_error_is_in_the_unit_of_the_targets() {
        assert_eq!(root_mean_squared_error(&[3.0, 8.0], &[0.0, 4.0]), 12.5_f64.sqrt());
        assert!(root_mean_squared_error(&[], &[]).is_nan());
    }

    #[test]
    fn r_squared_is_1_for_the_targets_and_0_for_their_mean() {
        let targets = [1.0, 2.0, 6.0];
        assert_eq!(r_squared(&targets, &targets), 1.0);
        assert_eq!(r_squared(&[3.0; 3], &targets), 0.0);
        assert!(r_squared(&[9.0; 3], &targets) < 0.0);
        assert!(r_squared(&[1.0, 2.0], &[5.0, 5.0]).is_nan());
    }
}
