//! A trained network and all that is needed to use it on raw rows: what `model.json` holds.

use crate::failure::{Failure, Result};
use crate::goal::{Goal, Loss, Predicts, Score};
use chainrule::data::{Dataset, Standardizer};
use chainrule::nn::{Mlp, Numbers};
use chainrule::{Error, Place, Value};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

const FORMAT: &str = "chainrule model";
const VERSION: u64 = 1;

/// A network with the meaning of its inputs and outputs.
#[derive(Debug)]
pub struct Model {
    /// The names of the features, in the order of the inputs.
    pub features: Vec<String>,
    /// Columns of the training file that were left out.
    pub ignored: Vec<String>,
    /// From raw features to inputs.
    pub standardizer: Standardizer,
    pub goal: Goal,
    pub network: Mlp,
}

/// How good a model is on some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    pub loss: f64,
    pub score: Score,
}

impl Model {
    /// What the network makes of a row of raw features.
    pub fn outputs(&self, row: &[f64]) -> Vec<f64> {
        self.network.forward(&self.inputs(row))
    }

    /// What the network is given for a row of raw features.
    pub fn inputs(&self, row: &[f64]) -> Vec<f64> {
        let mut row = row.to_vec();
        self.standardizer.apply(&mut row);
        row
    }

    pub fn evaluate(&self, data: &Dataset) -> Evaluation {
        let outputs: Vec<Vec<f64>> = data.rows.iter().map(|row| self.outputs(row)).collect();
        let constants = |numbers: &[f64]| numbers.iter().copied().map(Value::constant).collect::<Vec<_>>();
        let rows: Vec<Vec<Value>> = outputs.iter().map(|row| constants(row)).collect();
        let loss = self.goal.loss(&rows, &constants(&self.goal.targets(&data.target))).data();
        Evaluation { loss, score: self.goal.score(&outputs, &data.target) }
    }

    /// The text of a model file.
    pub fn to_json(&self) -> String {
        let saved = Saved {
            format: FORMAT.into(),
            version: VERSION,
            features: self.features.clone(),
            ignored: self.ignored.clone(),
            standardizer: self.standardizer.clone(),
            target: self.goal.target.clone(),
            predicts: self.goal.predicts.clone(),
            loss: self.goal.loss,
            network: Numbers::of(&self.network),
        };
        let text = serde_json::to_string_pretty(&saved).expect("names and numbers have a JSON form");
        one_line_a_list(&text)
    }

    /// Reads a model file, or the one in the directory of a training run.
    pub fn read(path: &Path) -> Result<Model> {
        let file = if path.is_dir() { path.join("model.json") } else { path.to_path_buf() };
        let bytes = fs::read(&file).map_err(|error| Failure::file(&file, error))?;
        Model::from_json(&bytes).map_err(|problem| {
            let place = Place { path: file, line: None, column: None };
            Error::Content { place, problem }.into()
        })
    }

    fn from_json(bytes: &[u8]) -> Result<Model, String> {
        let mark: Mark = serde_json::from_slice(bytes).map_err(|error| format!("not a chainrule model: {error}"))?;
        if mark.format != FORMAT {
            let found = chainrule::text::quoted(&mark.format);
            return Err(format!("not a chainrule model: expected the format \"{FORMAT}\", found {found}"));
        }
        if mark.version > VERSION {
            return Err(format!(
                "a newer chainrule wrote this model: version {}, and this one reads up to {VERSION}",
                mark.version
            ));
        }
        let saved: Saved = serde_json::from_slice(bytes).map_err(|error| format!("broken model: {error}"))?;
        saved.into_model().map_err(|problem| format!("broken model: {problem}"))
    }
}

/// What every version of a model file has.
#[derive(Deserialize)]
struct Mark {
    format: String,
    version: u64,
}

/// A model as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: String,
    version: u64,
    features: Vec<String>,
    ignored: Vec<String>,
    standardizer: Standardizer,
    target: String,
    predicts: Predicts,
    loss: Loss,
    network: Numbers,
}

impl Saved {
    fn into_model(self) -> Result<Model, String> {
        let goal = Goal::new(self.target, self.predicts, self.loss)?;
        let features = self.features.len();
        let same = |what: &str, expected: usize, found: usize| match expected == found {
            true => Ok(()),
            false => Err(format!("expected {expected} {what}, found {found}")),
        };
        same("means, one for each feature", features, self.standardizer.mean.len())?;
        same("deviations, one for each feature", features, self.standardizer.deviation.len())?;
        same("inputs of the network, one for each feature", features, self.network.num_inputs())?;
        same("outputs of the network", goal.num_outputs(), self.network.num_outputs())?;
        let target_deviation = match goal.predicts {
            Predicts::Number { deviation, .. } => Some(deviation),
            Predicts::Classes(_) => None,
        };
        let deviations = self.standardizer.deviation.iter().copied().chain(target_deviation);
        if let Some(wrong) = deviations.into_iter().find(|deviation| *deviation <= 0.0) {
            return Err(format!("expected deviations above 0, found {wrong}"));
        }
        let network = self.network.to_mlp();
        let (features, ignored, standardizer) = (self.features, self.ignored, self.standardizer);
        Ok(Model { features, ignored, standardizer, goal, network })
    }
}

/// Puts each list that holds no other list on one line of indented JSON, so that a neuron is a line.
pub fn one_line_a_list(indented: &str) -> String {
    let mut text = String::with_capacity(indented.len());
    let mut lines = indented.lines().peekable();
    while let Some(line) = lines.next() {
        text += line;
        // A string ends in a quote, so a bracket at the end of a line is never part of one.
        if line.ends_with('[') && lines.peek().is_some_and(|next| !next.ends_with(['[', '{'])) {
            for item in lines.by_ref() {
                text += item.trim_start();
                match item.trim_start().starts_with(']') {
                    true => break,
                    false => text += if item.ends_with(',') { " " } else { "" },
                }
            }
        }
        text.push('\n');
    }
    text
}
