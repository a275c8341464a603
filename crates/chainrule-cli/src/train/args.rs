//! The arguments of `chainrule train`.

use super::choices::{Optimizer, Schedule};
use crate::cli::{number, one_of};
use crate::goal::Loss;
use chainrule::nn::Activation;
use clap::ValueHint;
use std::path::PathBuf;

/// Train a network on a data set
///
/// DATASET is moons, circles, blobs, spirals or xor, drawn from --seed, or a CSV file with a header, numbers in its
/// columns, and a column --target that holds what to predict: classes (text, or few whole numbers) or numbers. All other
/// columns are features, but for those of --ignore. Or it is names: then a small GPT learns the names in the file --data,
/// one a line, character by character, and makes new ones, which stand in the report.
///
/// Each data set has settings that learn it, which the options replace. The defaults for moons are micrograd's demo.
/// Features of a file are standardised. Part of the rows is kept for testing; a synthetic set gets them in addition.
///
/// Files in the directory --out: boundary.svg, what was learned (of two features, or a number of one); loss.svg;
/// weights.svg, the parameters and the gradients of the last step, layer by layer; metrics.csv, a row a step; model.json,
/// for `chainrule predict`. They replace those of an earlier run. The loss of a step is that of its rows, with the
/// penalty of --l2; the report at the end has the loss of all rows without it.
///
/// Ctrl-C stops after the current step and writes what has been learned so far.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  chainrule train moons
  chainrule train spirals --hidden 32,32 --activation tanh --lr 0.02
  chainrule train flowers.csv --target species --ignore id --out flowers
  chainrule train houses.csv --target price --batch 32 --json > steps.jsonl
  chainrule train names --data names.txt

Exit codes: 0 trained; 1 the loss became infinite or NaN (the last good model is written);
2 wrong arguments or data (nothing is written); 130 interrupted.")]
pub struct Args {
    /// moons, circles, blobs, spirals, xor, names, or a CSV file
    #[arg(value_name = "DATASET", value_hint = ValueHint::FilePath)]
    pub source: String,

    /// The file of names, one a line
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Data")]
    pub data: Option<PathBuf>,
    /// The column of a CSV file to predict
    #[arg(long, value_name = "COLUMN", help_heading = "Data")]
    pub target: Option<String>,
    /// Columns of a CSV file to leave out, with commas between them
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', help_heading = "Data")]
    pub ignore: Vec<String>,
    /// Training points of a synthetic set
    #[arg(long, value_name = "N", value_parser = points, allow_hyphen_values = true, help_heading = "Data")]
    pub points: Option<usize>,
    /// Standard deviation of the noise of a synthetic set
    #[arg(long, value_name = "X", value_parser = at_least_0, allow_hyphen_values = true, help_heading = "Data")]
    pub noise: Option<f64>,
    /// Share of all rows that is kept for testing [default: 0.2]
    #[arg(long, value_name = "SHARE", value_parser = test_fraction, allow_hyphen_values = true,
        help_heading = "Data")]
    pub test_fraction: Option<f64>,
    /// Seed of all randomness: equal seeds give equal files [default: 7; names: 42]
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true, help_heading = "Data")]
    pub seed: Option<u64>,

    /// Neurons of each hidden layer, or `none` [default: 16,16]
    #[arg(long, value_name = "SIZES", value_parser = hidden, allow_hyphen_values = true, help_heading = "Network")]
    pub hidden: Option<Hidden>,
    /// What hidden neurons do with their weighted sum [default: relu]
    #[arg(long, value_name = "NAME", value_parser = one_of::<Activation>(Activation::ALL.map(Activation::name)),
        help_heading = "Network")]
    pub activation: Option<Activation>,

    /// What is made small [default: cross-entropy for classes, moons: max_margin; squared_error for numbers]
    #[arg(long, value_name = "NAME", value_parser = one_of::<Loss>(Loss::ALL.map(Loss::name)),
        help_heading = "Training")]
    pub loss: Option<Loss>,
    /// How parameters follow their gradients [default: adam; moons: sgd]
    #[arg(long, value_name = "NAME", value_parser = one_of::<Optimizer>(Optimizer::ALL.map(Optimizer::name)),
        help_heading = "Training")]
    pub optimizer: Option<Optimizer>,
    /// Learning rate, where the schedule starts [default: 0.01; momentum, nesterov: 0.05; sgd: 0.1, moons: 1]
    #[arg(long, value_name = "RATE", value_parser = learning_rate, allow_hyphen_values = true,
        help_heading = "Training")]
    pub lr: Option<f64>,
    /// How the rate changes: linear falls to a tenth, cosine to 0; warmups first rise for a tenth of the steps
    /// [default: cosine; moons: linear]
    #[arg(long, value_name = "NAME", value_parser = one_of::<Schedule>(Schedule::ALL.map(Schedule::name)),
        help_heading = "Training")]
    pub schedule: Option<Schedule>,
    /// Steps; 0 only writes the untrained network [default: 1000; moons: 100; files: 2000]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true, help_heading = "Training")]
    pub steps: Option<usize>,
    /// Rows a step, 0 for all [default: all; files: 64]
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true, help_heading = "Training")]
    pub batch: Option<usize>,
    /// This times the sum of the squares of all parameters is added to the loss [default: 0; moons: 0.0001]
    #[arg(long, value_name = "X", value_parser = at_least_0, allow_hyphen_values = true, help_heading = "Training")]
    pub l2: Option<f64>,

    /// Record every step anew, in place of one program for all steps: slower, and the same losses
    #[arg(long, help_heading = "Training")]
    pub eager: bool,

    /// Directory for the files of this run
    #[arg(long, short, value_name = "DIR", default_value = "chainrule-out", value_hint = ValueHint::DirPath,
        help_heading = "Output")]
    pub out: PathBuf,
    /// Write the pictures as PNG, too
    #[arg(long, help_heading = "Output")]
    pub png: bool,
    /// Print nothing but errors
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
    /// Print a line of JSON a step on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

impl Args {
    /// The share of all rows that is kept for testing.
    pub fn test_fraction(&self) -> f64 {
        self.test_fraction.unwrap_or(0.2)
    }

    /// Whether standard output is to hold no report.
    pub fn is_silent(&self) -> bool {
        self.quiet || self.json
    }
}

/// The sizes of the hidden layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden(pub Vec<usize>);

fn hidden(text: &str) -> Result<Hidden, &'static str> {
    if text == "none" {
        return Ok(Hidden(Vec::new()));
    }
    let size = |size: &str| size.trim().parse().ok().filter(|size| *size > 0);
    let sizes = text.split(',').map(size).collect::<Option<Vec<usize>>>();
    sizes.map(Hidden).ok_or("expected whole numbers of at least 1 with commas between them, as in 16,16, or none")
}

fn points(text: &str) -> Result<usize, &'static str> {
    const MOST: usize = 100_000;
    text.parse().ok().filter(|n| (1..=MOST).contains(n)).ok_or("expected a whole number from 1 to 100000")
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "expected a whole number of at least 0")
}

fn seed(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "expected a whole number from 0 to 18446744073709551615")
}

fn learning_rate(text: &str) -> Result<f64, String> {
    number(text, "a number above 0", |rate| rate > 0.0)
}

fn at_least_0(text: &str) -> Result<f64, String> {
    number(text, "a number of at least 0", |x| x >= 0.0)
}

fn test_fraction(text: &str) -> Result<f64, String> {
    number(text, "a number of at least 0 and at most 0.9", |share| (0.0..=0.9).contains(&share))
}
