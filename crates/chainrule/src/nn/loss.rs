//! How wrong predictions are: one value that a network learns to make small.
//!
//! Each is the mean over the rows, and 0 of no rows; but for [`l2`] a [`group`](crate::tape::group()) of its name. Targets
//! are numbers, or values: in a [`Program`](crate::Program) they can be inputs.

use crate::Value;
use crate::tape::{Name, close_group, mark};

/// The mean of squared differences, `mean((prediction - target)^2)`.
///
/// # Panics
///
/// If there are not as many targets as predictions.
#[track_caller]
pub fn squared_error<T: Copy + Into<Value>>(predictions: &[Value], targets: &[T]) -> Value {
    mean_of("squared error", predictions, targets, |prediction, target| (prediction - (*target).into()).powi(2))
}

/// The mean hinge of a support vector machine, `mean(max(0, 1 - label * score))`: each row should be on the right side
/// of 0 by a margin of 1. Labels are -1 and 1; not 0 and 1, as those of [`binary_cross_entropy`].
///
/// # Panics
///
/// If there are not as many labels as scores.
#[track_caller]
pub fn max_margin<T: Copy + Into<Value>>(scores: &[Value], labels: &[T]) -> Value {
    mean_of("max margin", scores, labels, |score, label| (1.0 + -(*label).into() * score).relu())
}

/// The mean of `-ln(probability of the label)` where the probability of label 1 is the sigmoid of the logit. Labels are 0
/// and 1, or probabilities between. Computed as `softplus(logit) - label * logit`, which does not overflow.
///
/// # Panics
///
/// If there are not as many labels as logits.
#[track_caller]
pub fn binary_cross_entropy<T: Copy + Into<Value>>(logits: &[Value], labels: &[T]) -> Value {
    mean_of("binary cross-entropy", logits, labels, |logit, label| logit.softplus() - (*label).into() * logit)
}

/// The mean of `-ln(probability of the class)` where the probabilities are the softmax of a row of logits, one a class.
/// Computed as `log_sum_exp(logits) - logit of the class`, which does not overflow.
///
/// # Panics
///
/// If there are not as many classes as rows of logits, or a row has no logit for its class.
#[track_caller]
pub fn cross_entropy<C: Class>(logits: &[Vec<Value>], classes: &[C]) -> Value {
    mean_of("cross-entropy", logits, classes, |logits, class| Value::log_sum_exp(logits) - class.logit(logits))
}

/// What tells the class of a row: an index, or a value that holds a whole number.
pub trait Class: Copy {
    /// The logit of this class.
    ///
    /// # Panics
    ///
    /// If there is none.
    fn logit(self, logits: &[Value]) -> Value;
}

impl Class for usize {
    #[track_caller]
    fn logit(self, logits: &[Value]) -> Value {
        let found = logits.len();
        assert!(self < found, "cross-entropy needs a logit for each class: a row of class {self} has {found} logits");
        logits[self]
    }
}

impl Class for Value {
    #[track_caller]
    fn logit(self, logits: &[Value]) -> Value {
        Value::lookup(self, logits)
    }
}

/// The sum of squares, which times a small number keeps parameters small.
#[track_caller]
pub fn l2(parameters: &[Value]) -> Value {
    Value::dot(parameters, parameters)
}

#[track_caller]
fn mean_of<P, T>(name: &'static str, predictions: &[P], targets: &[T], loss: impl Fn(&P, &T) -> Value) -> Value {
    let (rows, targets_given) = (predictions.len(), targets.len());
    assert!(
        rows == targets_given,
        "a loss needs a target for each row, and got {rows} rows and {targets_given} targets"
    );
    if rows == 0 {
        return Value::constant(0.0);
    }
    let start = mark();
    let losses: Vec<Value> =
        predictions.iter().zip(targets).map(|(prediction, target)| loss(prediction, target)).collect();
    let mean = Value::mean(&losses);
    close_group(Name::Given(name.into()), &start);
    mean
}
