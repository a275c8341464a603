//! What a training run will do: the arguments, with what the data set has for those that were not given.

use super::args::Args;
use super::choices::{Optimizer, Schedule};
use super::source::{Source, Split};
use crate::failure::{Failure, Result};
use crate::goal::{Goal, Loss, Predicts};
use crate::model::Model;
use chainrule::data::{Dataset, Standardizer, Synthetic, Target};
use chainrule::nn::{Activation, Initializer, Mlp};
use chainrule::{Error, Pcg64, text};

const SEED: u64 = 7;

/// Everything that is decided before the first step.
pub struct Plan {
    pub name: String,
    pub data: Split,
    /// Columns of a file that are left out.
    pub ignored: Vec<String>,
    pub goal: Goal,
    pub standardizer: Standardizer,
    pub hidden: Vec<usize>,
    pub activation: Activation,
    pub initializer: Initializer,
    pub optimizer: Optimizer,
    pub rate: f64,
    pub schedule: Schedule,
    pub steps: usize,
    /// 0 means all rows.
    pub batch: usize,
    pub l2: f64,
    /// Whether every step is recorded anew.
    pub is_eager: bool,
    /// Where the data left the randomness; the rest of the run draws on from here.
    pub rng: Pcg64,
}

/// The settings of a data set.
struct Defaults {
    /// Without one, what suits the activation.
    initializer: Option<Initializer>,
    optimizer: Optimizer,
    /// Without one, that of the optimiser.
    rate: Option<f64>,
    schedule: Schedule,
    steps: usize,
    batch: usize,
    l2: f64,
}

impl Defaults {
    fn of(source: &Source) -> Defaults {
        let usual = Defaults {
            initializer: None,
            optimizer: Optimizer::Adam,
            rate: None,
            schedule: Schedule::Cosine,
            steps: 1000,
            batch: 0,
            l2: 0.0,
        };
        match source {
            // micrograd's demo.
            Source::Synthetic(Synthetic::Moons) => Defaults {
                initializer: Some(Initializer::Uniform),
                optimizer: Optimizer::Sgd,
                rate: Some(1.0),
                schedule: Schedule::Linear,
                steps: 100,
                l2: 1e-4,
                ..usual
            },
            Source::Synthetic(_) => usual,
            Source::File(_) => Defaults { steps: 2000, batch: 64, ..usual },
        }
    }
}

impl Plan {
    pub fn new(args: &Args) -> Result<Plan> {
        let source = Source::parse(&args.source)?;
        if args.data.is_some() {
            return Err(Failure::input(format!("--data is the file of names, and the data set is {}", source.name())));
        }
        let mut rng = chainrule::rng(args.seed.unwrap_or(SEED));
        let data = source.read(args, &mut rng)?;
        let goal = goal(&source, &data.train, args.loss)?;
        let standardizer = match source {
            Source::Synthetic(_) => identity(data.train.num_features()),
            Source::File(_) => standardizer(&source, &data.train)?,
        };
        let defaults = Defaults::of(&source);
        let activation = args.activation.unwrap_or_default();
        let optimizer = args.optimizer.unwrap_or(defaults.optimizer);
        // The rate of a data set is meant for its own optimiser.
        let usual_rate = defaults.rate.filter(|_| optimizer == defaults.optimizer);
        let hidden = args.hidden.as_ref().map_or_else(|| vec![16, 16], |hidden| hidden.0.clone());
        check_size(data.train.num_features(), &hidden, goal.num_outputs())?;
        Ok(Plan {
            name: source.name(),
            ignored: args.ignore.clone(),
            standardizer,
            hidden,
            activation,
            initializer: defaults.initializer.unwrap_or(initializer(activation)),
            optimizer,
            rate: args.lr.or(usual_rate).unwrap_or(optimizer.default_rate()),
            schedule: args.schedule.unwrap_or(defaults.schedule),
            steps: args.steps.unwrap_or(defaults.steps),
            batch: args.batch.unwrap_or(defaults.batch),
            l2: args.l2.unwrap_or(defaults.l2),
            is_eager: args.eager,
            data,
            goal,
            rng,
        })
    }

    /// The model before its first step.
    pub fn untrained(&self, rng: &mut Pcg64) -> Model {
        let sizes: Vec<usize> = self.hidden.iter().copied().chain([self.goal.num_outputs()]).collect();
        let features = self.data.train.features.clone();
        let network = Mlp::with(features.len(), &sizes, self.activation, self.initializer, rng);
        let (ignored, standardizer, goal) = (self.ignored.clone(), self.standardizer.clone(), self.goal.clone());
        Model { features, ignored, standardizer, goal, network }
    }

    /// What usually helps against a loss that becomes infinite or NaN.
    pub fn cures(&self) -> String {
        let mut cures = vec![format!("a smaller --lr (it was {:?})", self.rate)];
        if !self.schedule.name().starts_with("warmup") {
            cures.push("--schedule warmup_cosine".into());
        }
        if self.optimizer != Optimizer::Adam {
            cures.push("--optimizer adam".into());
        }
        cures.join(", ")
    }
}

fn goal(source: &Source, train: &Dataset, loss: Option<Loss>) -> Result<Goal> {
    let (predicts, usual) = match &train.target {
        Target::Numbers(numbers) => {
            let (mean, deviation) = measure(source, &train.target_name, numbers.iter().copied())?;
            (Predicts::Number { mean, deviation }, Loss::SquaredError)
        }
        Target::Classes { names, .. } => {
            let usual = match source {
                Source::Synthetic(Synthetic::Moons) => Loss::MaxMargin,
                _ if names.len() == 2 => Loss::BinaryCrossEntropy,
                _ => Loss::CrossEntropy,
            };
            (Predicts::Classes(names.clone()), usual)
        }
    };
    Goal::new(&train.target_name, predicts, loss.unwrap_or(usual))
        .map_err(|problem| Failure::input(format!("--loss: {problem}")))
}

fn identity(features: usize) -> Standardizer {
    Standardizer { mean: vec![0.0; features], deviation: vec![1.0; features] }
}

fn standardizer(source: &Source, train: &Dataset) -> Result<Standardizer> {
    let column = |(i, name): (usize, &String)| measure(source, name, train.rows.iter().map(|row| row[i]));
    let (mean, deviation) =
        train.features.iter().enumerate().map(column).collect::<Result<Vec<(f64, f64)>>>()?.into_iter().unzip();
    Ok(Standardizer { mean, deviation })
}

/// The mean and deviation of a column; an error names it.
fn measure(source: &Source, column: &str, numbers: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
    let rows: Vec<[f64; 1]> = numbers.map(|number| [number]).collect();
    match Standardizer::fit(&rows) {
        Ok(Standardizer { mean, deviation }) => Ok((mean[0], deviation[0])),
        Err(Error::Argument { expected, found, .. }) => Err(Failure::input(format!(
            "{}, column {}: expected {expected}, found {found}",
            source.name(),
            text::quoted(column)
        ))),
        Err(other) => Err(other.into()),
    }
}

/// What keeps the signals of a new network at about one size, whatever its depth.
fn initializer(activation: Activation) -> Initializer {
    use Activation::*;
    match activation {
        Relu | LeakyRelu | Elu | Gelu | Silu | Softplus => Initializer::He,
        Linear | Sigmoid | Tanh => Initializer::Xavier,
    }
}

/// A scalar takes a node: a network that would fill the memory is refused while that is cheap.
fn check_size(features: usize, hidden: &[usize], outputs: usize) -> Result<()> {
    const MOST: usize = 1_000_000;
    let sizes: Vec<usize> = [features].into_iter().chain(hidden.iter().copied()).chain([outputs]).collect();
    let parameters = sizes
        .windows(2)
        .fold(0_usize, |sum, pair| sum.saturating_add(pair[0].saturating_add(1).saturating_mul(pair[1])));
    if parameters > MOST {
        return Err(Failure::input(format!(
            "--hidden: expected a network of at most {MOST} parameters, found {parameters}"
        )));
    }
    Ok(())
}
