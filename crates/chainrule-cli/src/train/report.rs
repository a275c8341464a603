//! What is said when a training is over.

use super::plan::Plan;
use crate::goal::{Predicts, Score, decimals};
use crate::model::{Evaluation, Model};
use chainrule::data::Dataset;
use chainrule::nn::Module;
use chainrule::text::{duration, listed};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A finished training, in a few lines for people.
pub struct Report<'a> {
    pub plan: &'a Plan,
    pub model: &'a Model,
    /// How many steps were made.
    pub steps: usize,
    pub elapsed: Duration,
    pub files: Vec<PathBuf>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Report { plan, model, steps, elapsed, .. } = self;
        let sizes: Vec<String> = [model.features.len()]
            .into_iter()
            .chain(model.network.layers().iter().map(|layer| layer.neurons().len()))
            .map(|size| size.to_string())
            .collect();
        writeln!(f, "{}: {}", plan.name, self.predicts())?;
        writeln!(
            f,
            "network {} ({}), {} parameters, {steps} {} of {} in {}",
            sizes.join("-"),
            plan.activation,
            model.network.num_parameters(),
            if *steps == 1 { "step" } else { "steps" },
            plan.optimizer.name(),
            duration(*elapsed)
        )?;
        writeln!(f)?;
        self.table(f)?;
        writeln!(f)?;
        for file in &self.files {
            writeln!(f, "{}", file.display())?;
        }
        Ok(())
    }
}

impl Report<'_> {
    /// Names come from files, so they are shown as errors show them: without what would move a cursor.
    fn predicts(&self) -> String {
        let classes = match &self.plan.goal.predicts {
            Predicts::Classes(classes) => format!(" ({} classes)", classes.len()),
            Predicts::Number { .. } => String::new(),
        };
        format!("{}{classes} from {}", listed(&[&self.plan.goal.target]), listed(&self.model.features))
    }

    /// A line for the training rows and one for the test rows, if there are any.
    fn table(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let loss = self.plan.goal.loss.name();
        match self.plan.goal.predicts {
            Predicts::Classes(_) => writeln!(f, "{:>12}  {loss:>20}  {:>10}", "rows", "accuracy")?,
            Predicts::Number { .. } => writeln!(f, "{:>12}  {loss:>20}  {:>10}  {:>8}", "rows", "RMSE", "R²")?,
        }
        self.line(f, "train", &self.plan.data.train)?;
        if !self.plan.data.test.is_empty() {
            self.line(f, "test", &self.plan.data.test)?;
        }
        Ok(())
    }

    fn line(&self, f: &mut fmt::Formatter, name: &str, data: &Dataset) -> fmt::Result {
        let Evaluation { loss, score } = self.model.evaluate(data);
        write!(f, "{name:<6}{:>6}  {loss:>20.6}  ", data.len())?;
        match score {
            Score::Accuracy(share) => writeln!(f, "{:>9.1}%", 100.0 * share),
            Score::Fit { root_mean_squared_error, r_squared } => {
                writeln!(f, "{:>10}  {:>8}", decimals(root_mean_squared_error), decimals(r_squared))
            }
        }
    }
}
