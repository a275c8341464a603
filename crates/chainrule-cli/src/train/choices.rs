//! Optimisers and schedules by name, each with what else it needs already chosen.

use chainrule::optim::{self, Adam, AdamW, Algorithm, RmsProp, Sgd};
use chainrule::{Error, text};
use std::str::FromStr;

/// The optimisers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimizer {
    Sgd,
    Momentum,
    Nesterov,
    Adam,
    AdamW,
    RmsProp,
}

impl Optimizer {
    pub const ALL: [Optimizer; 6] = [
        Optimizer::Sgd,
        Optimizer::Momentum,
        Optimizer::Nesterov,
        Optimizer::Adam,
        Optimizer::AdamW,
        Optimizer::RmsProp,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Optimizer::Sgd => "sgd",
            Optimizer::Momentum => "momentum",
            Optimizer::Nesterov => "nesterov",
            Optimizer::Adam => "adam",
            Optimizer::AdamW => "adamw",
            Optimizer::RmsProp => "rmsprop",
        }
    }

    pub fn algorithm(self) -> Box<dyn Algorithm> {
        match self {
            Optimizer::Sgd => Box::new(Sgd::new()),
            Optimizer::Momentum => Box::new(Sgd::new().momentum(0.9)),
            Optimizer::Nesterov => Box::new(Sgd::new().momentum(0.9).nesterov()),
            Optimizer::Adam => Box::new(Adam::new()),
            Optimizer::AdamW => Box::new(AdamW::new()),
            Optimizer::RmsProp => Box::new(RmsProp::new()),
        }
    }

    /// A rate at which it usually learns.
    pub fn default_rate(self) -> f64 {
        match self {
            Optimizer::Sgd => 0.1,
            Optimizer::Momentum | Optimizer::Nesterov => 0.05,
            Optimizer::Adam | Optimizer::AdamW | Optimizer::RmsProp => 0.01,
        }
    }
}

/// The schedules by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    Constant,
    Linear,
    Cosine,
    Warmup,
    WarmupLinear,
    WarmupCosine,
}

impl Schedule {
    pub const ALL: [Schedule; 6] = [
        Schedule::Constant,
        Schedule::Linear,
        Schedule::Cosine,
        Schedule::Warmup,
        Schedule::WarmupLinear,
        Schedule::WarmupCosine,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Linear => "linear",
            Schedule::Cosine => "cosine",
            Schedule::Warmup => "warmup",
            Schedule::WarmupLinear => "warmup_linear",
            Schedule::WarmupCosine => "warmup_cosine",
        }
    }

    /// The schedule of a training of so many steps.
    pub fn of(self, rate: f64, steps: usize) -> optim::Schedule {
        let linear = || optim::Schedule::linear(rate, 0.1 * rate, steps);
        let cosine = || optim::Schedule::cosine(rate, 0.0, steps);
        let warm_up = steps / 10;
        match self {
            Schedule::Constant => rate.into(),
            Schedule::Linear => linear(),
            Schedule::Cosine => cosine(),
            Schedule::Warmup => optim::Schedule::from(rate).with_warm_up(warm_up),
            Schedule::WarmupLinear => linear().with_warm_up(warm_up),
            Schedule::WarmupCosine => cosine().with_warm_up(warm_up),
        }
    }
}

impl FromStr for Optimizer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Optimizer, Error> {
        text::named("optimizer", &Optimizer::ALL, Optimizer::name, name)
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Schedule, Error> {
        text::named("schedule", &Schedule::ALL, Schedule::name, name)
    }
}
