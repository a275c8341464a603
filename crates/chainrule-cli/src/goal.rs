//! What a network is to learn: classes or a number, and by which loss. Here the outputs of a network get their meaning.

use chainrule::data::Target;
use chainrule::{Error, Number, Value, nn, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The losses by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    MaxMargin,
    BinaryCrossEntropy,
    CrossEntropy,
    SquaredError,
}

impl Loss {
    pub const ALL: [Loss; 4] = [Loss::MaxMargin, Loss::BinaryCrossEntropy, Loss::CrossEntropy, Loss::SquaredError];

    pub fn name(self) -> &'static str {
        match self {
            Loss::MaxMargin => "max_margin",
            Loss::BinaryCrossEntropy => "binary_cross_entropy",
            Loss::CrossEntropy => "cross_entropy",
            Loss::SquaredError => "squared_error",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(name: &str) -> Result<Loss, Error> {
        text::named("loss", &Loss::ALL, Loss::name, name)
    }
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Predicts {
    /// One of these classes.
    Classes(Vec<String>),
    /// A number; the network predicts it standardised.
    Number { mean: f64, deviation: f64 },
}

/// What is to be learned, and by which loss. The two fit together.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    pub target: String,
    pub predicts: Predicts,
    pub loss: Loss,
}

/// How good predictions are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// The share of right classes.
    Accuracy(f64),
    /// The error is in the unit of the target.
    Fit { root_mean_squared_error: f64, r_squared: f64 },
}

/// A score with four decimals, or a dash where it is not defined, as R² of a single row.
pub fn decimals(score: f64) -> String {
    if score.is_nan() { "-".into() } else { format!("{score:.4}") }
}

impl Goal {
    /// Fails, with what would be right, if the loss cannot learn this.
    pub fn new(target: impl Into<String>, predicts: Predicts, loss: Loss) -> Result<Goal, String> {
        let fits = match (&predicts, loss) {
            (Predicts::Classes(classes), Loss::CrossEntropy) => classes.len() >= 2,
            (Predicts::Classes(classes), Loss::MaxMargin | Loss::BinaryCrossEntropy) => classes.len() == 2,
            (Predicts::Number { .. }, Loss::SquaredError) => true,
            _ => false,
        };
        let target = target.into();
        if fits {
            return Ok(Goal { target, predicts, loss });
        }
        let learns = match loss {
            Loss::MaxMargin | Loss::BinaryCrossEntropy => "learns two classes",
            Loss::CrossEntropy => "learns classes",
            Loss::SquaredError => "learns numbers",
        };
        let (found, right) = match &predicts {
            Predicts::Classes(classes) if classes.len() == 2 => {
                ("2 classes".into(), "max_margin, binary_cross_entropy or cross_entropy")
            }
            Predicts::Classes(classes) => (format!("{} classes", classes.len()), "cross_entropy"),
            Predicts::Number { .. } => ("numbers".to_string(), "squared_error"),
        };
        let target = chainrule::text::quoted(&target);
        Err(format!("{loss} {learns}, and the target {target} has {found}; {right} fits"))
    }

    /// How many outputs the network needs: one for each class if there are more than two.
    pub fn num_outputs(&self) -> usize {
        match (&self.predicts, self.loss) {
            (Predicts::Classes(classes), Loss::CrossEntropy) => classes.len(),
            _ => 1,
        }
    }

    /// What the network should have said, in the numbers that its loss takes: -1 and 1 or 0 and 1 for two classes, the
    /// number of the class for more, and numbers standardised.
    pub fn targets(&self, target: &Target) -> Vec<f64> {
        match (target, &self.predicts, self.loss) {
            (Target::Numbers(numbers), Predicts::Number { mean, deviation }, _) => {
                numbers.iter().map(|number| (number - mean) / deviation).collect()
            }
            (Target::Numbers(numbers), Predicts::Classes(_), _) => numbers.clone(),
            (Target::Classes { labels, .. }, _, Loss::MaxMargin) => {
                labels.iter().map(|class| if *class == 0 { -1.0 } else { 1.0 }).collect()
            }
            (Target::Classes { labels, .. }, ..) => labels.iter().map(|class| *class as f64).collect(),
        }
    }

    /// The mean loss of these rows of outputs, given [`targets`](Goal::targets).
    pub fn loss(&self, outputs: &[Vec<Value>], targets: &[Value]) -> Value {
        let first = || outputs.iter().map(|row| row[0]).collect::<Vec<Value>>();
        match self.loss {
            Loss::MaxMargin => nn::max_margin(&first(), targets),
            Loss::BinaryCrossEntropy => nn::binary_cross_entropy(&first(), targets),
            Loss::CrossEntropy => nn::cross_entropy(outputs, targets),
            Loss::SquaredError => nn::squared_error(&first(), targets),
        }
    }

    /// How good these rows of outputs are.
    pub fn score(&self, outputs: &[Vec<f64>], target: &Target) -> Score {
        match target {
            Target::Classes { labels, .. } => Score::Accuracy(accuracy(outputs, labels)),
            Target::Numbers(numbers) => {
                let predictions: Vec<f64> = outputs.iter().map(|row| self.number(row)).collect();
                Score::Fit {
                    root_mean_squared_error: nn::root_mean_squared_error(&predictions, numbers),
                    r_squared: nn::r_squared(&predictions, numbers),
                }
            }
        }
    }

    /// The number that a row of outputs means, in the unit of the target.
    pub fn number(&self, outputs: &[f64]) -> f64 {
        match self.predicts {
            Predicts::Number { mean, deviation } => outputs[0] * deviation + mean,
            Predicts::Classes(_) => outputs[0],
        }
    }

    /// What the network thinks of each class, or of class 1 alone: (name of the column, number) pairs.
    pub fn confidence(&self, outputs: &[f64]) -> Vec<(String, f64)> {
        let Predicts::Classes(classes) = &self.predicts else { return Vec::new() };
        let probabilities = match self.loss {
            Loss::MaxMargin => return vec![("score".into(), outputs[0])],
            Loss::CrossEntropy => f64::softmax(outputs),
            _ => vec![(-outputs[0]).sigmoid(), outputs[0].sigmoid()],
        };
        classes.iter().map(|class| format!("probability_{class}")).zip(probabilities).collect()
    }
}

/// The share of rows of outputs that mean these classes.
pub fn accuracy(outputs: &[Vec<f64>], classes: &[usize]) -> f64 {
    let predictions: Vec<usize> = outputs.iter().map(|row| class(row)).collect();
    nn::accuracy(&predictions, classes)
}

/// The class that a row of outputs means: of a single one, class 1 where it is greater than 0; else the largest.
pub fn class(outputs: &[f64]) -> usize {
    match outputs {
        [score] => usize::from(*score > 0.0),
        _ => (0..outputs.len()).rev().max_by(|&a, &b| outputs[a].total_cmp(&outputs[b])).unwrap_or(0),
    }
}
