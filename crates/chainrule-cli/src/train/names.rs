//! `chainrule train names`: a GPT at character level learns a list of names, and makes new ones.
//!
//! With the seed 42 it does, number by number, what the well-known 200 lines of Python do: randomness is Python's.

use super::args::Args;
use super::observers::History;
use super::pictures::Picture;
use super::run::{Run, Trained};
use super::trainer::{Evaluated, Task};
use crate::failure::{Failure, Result};
use chainrule::data::Names;
use chainrule::draw::{Curve, loss_curve};
use chainrule::nn::{Gpt, Module};
use chainrule::optim::{Adam, Schedule};
use chainrule::program::{Machine, Recorder};
use chainrule::python_random::PythonRandom;
use chainrule::text::{counted, duration};
use chainrule::{Value, tape};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What stands for DATASET.
pub const DATASET: &str = "names";

const SEED: u64 = 42;
const STEPS: usize = 1000;
const RATE: f64 = 0.01;
/// The standard deviation of the parameters before the first step.
const DEVIATION: f64 = 0.08;
const SAMPLES: usize = 20;
const TEMPERATURE: f64 = 0.5;
/// So many steps at the end tell what was learned: the loss of one name says little.
const LAST_STEPS: usize = 100;

pub fn run(args: &Args) -> Result<ExitCode> {
    refuse_aliens(args)?;
    let path =
        args.data.as_deref().ok_or_else(|| Failure::input("names: expected --data FILE, a file with a name a line"))?;
    let mut names = Names::read(path)?;
    let (steps, rate) = (args.steps.unwrap_or(STEPS), args.lr.unwrap_or(RATE));
    let run = Run::new(args, steps, format!("a smaller --lr (it was {rate:?})"))?;

    let mut random = PythonRandom::seed(args.seed.unwrap_or(SEED));
    names.shuffle(|names| random.shuffle(names));
    let model = Model::untrained(&names, &mut random);
    let adam = Adam::new().betas(0.85, 0.99);
    let mut lessons = Lessons { names: &names, model: &model, next: 0, machines: (!args.eager).then(HashMap::new) };
    let trained = run.train(&mut lessons, adam, Schedule::linear(rate, 0.0, steps))?;
    let svg = loss_picture(&file_name(path), &trained.history);
    let loss = Picture { svg_name: "loss.svg", png_name: "loss.png", svg };
    run.finish(trained, vec![loss], model.to_json(&names), |trained, files| {
        let samples: Vec<String> = (0..SAMPLES).map(|_| model.sample(&names, &mut random)).collect();
        report(path, &names, &model, trained, &samples, &files)
    })
}

/// Options that shape what learns from rows.
fn refuse_aliens(args: &Args) -> Result<()> {
    let aliens = [
        ("--target", args.target.is_some()),
        ("--ignore", !args.ignore.is_empty()),
        ("--points", args.points.is_some()),
        ("--noise", args.noise.is_some()),
        ("--test-fraction", args.test_fraction.is_some()),
        ("--hidden", args.hidden.is_some()),
        ("--activation", args.activation.is_some()),
        ("--loss", args.loss.is_some()),
        ("--optimizer", args.optimizer.is_some()),
        ("--schedule", args.schedule.is_some()),
        ("--batch", args.batch.is_some()),
        ("--l2", args.l2.is_some()),
    ];
    match aliens.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::input(format!(
            "{option} is for networks that learn from rows; of the options for data, network and training, names take \
             --data, --seed, --lr, --steps and --eager"
        ))),
        None => Ok(()),
    }
}

/// A GPT and its parameters.
struct Model {
    gpt: Gpt,
    parameters: Vec<Value>,
}

impl Model {
    fn untrained(names: &Names, random: &mut PythonRandom) -> Model {
        let gpt = Gpt { vocabulary: names.num_tokens(), ..Gpt::default() };
        let parameters = (0..gpt.num_parameters()).map(|_| Value::parameter(random.gauss(0.0, DEVIATION))).collect();
        Model { gpt, parameters }
    }

    /// A machine for texts of so many tokens, made from a recording of this one: the tokens are run-time indices.
    fn machine(&self, tokens: &[f64]) -> chainrule::Result<Machine<f64>> {
        let _scope = tape::scope();
        let tokens: Vec<Value> = tokens.iter().copied().map(Value::new).collect();
        let loss = self.gpt.loss(&self.parameters, &tokens);
        let inputs = [("parameters", &self.parameters[..]), ("tokens", &tokens)];
        let program = Recorder::default().read([("loss", vec![loss])], &inputs)?;
        Ok(Machine::new(&program.gradient_by(&["parameters"])?))
    }

    /// A new name.
    fn sample(&self, names: &Names, random: &mut PythonRandom) -> String {
        let choose = |weights: &[f64]| random.choose(weights);
        names.text(&self.gpt.write(&self.numbers(), names.boundary(), TEMPERATURE, choose))
    }

    /// The text of a model file.
    fn to_json(&self, names: &Names) -> String {
        let mut numbers = self.numbers().into_iter();
        let matrix = |(name, rows, columns): (String, usize, usize)| {
            let rows = (0..rows).map(|_| numbers.by_ref().take(columns).collect()).collect();
            Matrix { name, rows }
        };
        let Gpt { context, width, heads, layers, .. } = self.gpt;
        let saved = Saved {
            format: "chainrule names",
            version: 1,
            characters: names.characters().iter().collect(),
            context,
            width,
            heads,
            layers,
            matrices: self.gpt.matrices().into_iter().map(matrix).collect(),
        };
        let text = serde_json::to_string_pretty(&saved).expect("names and numbers have a JSON form");
        crate::model::one_line_a_list(&text)
    }
}

impl Module for Model {
    fn visit_parameters(&self, visit: &mut dyn FnMut(fmt::Arguments, Value)) {
        let mut parameters = self.parameters.iter();
        for (name, rows, columns) in self.gpt.matrices() {
            let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            for ((row, column), parameter) in places.zip(parameters.by_ref()) {
                visit(format_args!("{name}.{row}.{column}"), *parameter);
            }
        }
    }

    fn parameters(&self) -> Vec<Value> {
        self.parameters.clone()
    }
}

/// A model as it stands in a file: a token is the place of its character, and one more stands around each name.
#[derive(Serialize)]
struct Saved {
    format: &'static str,
    version: u64,
    characters: String,
    context: usize,
    width: usize,
    heads: usize,
    layers: usize,
    matrices: Vec<Matrix>,
}

#[derive(Serialize)]
struct Matrix {
    name: String,
    rows: Vec<Vec<f64>>,
}

/// One name a step, in their order.
struct Lessons<'a> {
    names: &'a Names,
    model: &'a Model,
    next: usize,
    /// A machine for each number of tokens, unless every step is to be recorded.
    machines: Option<HashMap<usize, Machine<f64>>>,
}

/// What a program reads and writes, in this order.
const PARAMETERS: usize = 0;
const TOKENS: usize = 1;
const LOSS: usize = 0;
const GRADIENT: usize = 1;

impl Lessons<'_> {
    /// The tokens of the next name, as far as the GPT reads.
    fn tokens(&self) -> Vec<f64> {
        let tokens = self.names.tokens(self.next % self.names.len());
        tokens.into_iter().take(self.model.gpt.context + 1).map(|token| token as f64).collect()
    }

    fn evaluate_eagerly(&self, tokens: &[f64]) -> f64 {
        let tokens: Vec<Value> = tokens.iter().copied().map(Value::constant).collect();
        let loss = self.model.gpt.loss(&self.model.parameters, &tokens);
        self.model.zero_grad();
        loss.backward();
        loss.data()
    }

    fn evaluate_by_program(
        &self,
        tokens: &[f64],
        machines: &mut HashMap<usize, Machine<f64>>,
    ) -> chainrule::Result<f64> {
        let machine = match machines.entry(tokens.len()) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => place.insert(self.model.machine(tokens)?),
        };
        machine.input_mut(PARAMETERS).copy_from_slice(&self.model.numbers());
        machine.input_mut(TOKENS).copy_from_slice(tokens);
        machine.run()?;
        self.model.set_gradients(&machine.output_slice(GRADIENT));
        Ok(machine.output(LOSS).next().unwrap_or(f64::NAN))
    }
}

impl Task for Lessons<'_> {
    fn module(&self) -> &dyn Module {
        self.model
    }

    fn evaluate_next(&mut self) -> chainrule::Result<Evaluated> {
        let tokens = self.tokens();
        let loss = match self.machines.take() {
            None => self.evaluate_eagerly(&tokens),
            Some(mut machines) => {
                let loss = self.evaluate_by_program(&tokens, &mut machines);
                self.machines = Some(machines);
                loss?
            }
        };
        self.next += 1;
        Ok(Evaluated { loss, accuracy: None })
    }

    fn last_loss(&self) -> f64 {
        self.model.gpt.loss(&self.model.numbers(), &self.tokens())
    }
}

fn report(
    path: &Path,
    names: &Names,
    model: &Model,
    trained: &Trained,
    samples: &[String],
    files: &[PathBuf],
) -> String {
    let steps = &trained.history.steps;
    let context = model.gpt.context;
    let long = names.names().iter().filter(|name| name.chars().count() > context).count();
    let mut text = format!(
        "{}: {} of {}\n",
        file_name(path),
        counted(names.len(), "name"),
        counted(names.characters().len(), "different character")
    );
    if long > 0 {
        text += &format!("of {}, only the first {context} characters count\n", counted(long, "longer name"));
    }
    let (count, elapsed) = (model.num_parameters(), duration(trained.elapsed));
    text += &format!("GPT, {count} parameters, {} of adam in {elapsed}\n", counted(steps.len(), "step"));
    let last = &steps[steps.len().saturating_sub(LAST_STEPS)..];
    if !last.is_empty() {
        let mean = last.iter().map(|step| step.loss).sum::<f64>() / last.len() as f64;
        text += &format!("loss {mean:.4}, the mean of the last {}\n", counted(last.len(), "step"));
    }
    text += &format!("\nnew names, at temperature {TEMPERATURE}:\n");
    for sample in samples {
        text += &format!("  {sample}\n");
    }
    text.push('\n');
    for file in files {
        let _ = writeln!(text, "{}", file.display());
    }
    text
}

/// The loss of each name, and a mean of many, since short and common names are easier than others.
fn loss_picture(name: &str, history: &History) -> String {
    let losses: Vec<f64> = history.steps.iter().map(|step| step.loss).collect();
    let each = Curve::new("a name", losses.iter().enumerate().map(|(step, loss)| (step as f64, *loss)));
    let mean = |(start, losses): (usize, &[f64])| {
        ((start + LAST_STEPS - 1) as f64, losses.iter().sum::<f64>() / LAST_STEPS as f64)
    };
    let means = Curve::new(format!("mean of {LAST_STEPS}"), losses.windows(LAST_STEPS).enumerate().map(mean));
    let curves = if means.points.is_empty() { vec![each] } else { vec![each, means] };
    loss_curve(format!("Training on {name}"), &curves, &[]).to_svg()
}

/// What messages and pictures call the file.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
