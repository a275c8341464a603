//! `chainrule predict`: a saved model on new rows.

use crate::failure::{Failure, Result};
use crate::goal::{Predicts, Score, class, decimals};
use crate::model::Model;
use crate::output;
use chainrule::data::{Table, Target};
use chainrule::files::write_whole;
use chainrule::text;
use std::path::PathBuf;
use std::process::ExitCode;

/// Use a trained model on the rows of a CSV file
///
/// Writes the columns of the file, and after them `prediction`; for classes also `probability_<class>` for each class,
/// or `score` where the model was trained by max_margin (above 0 is the second class). The file needs the columns that
/// the model was trained on, in any order, as raw as they were then. It may have the target column, too: then standard
/// error tells how good the predictions are. What else it may have are columns that were left out in training, and those
/// of --ignore, which are passed on unread.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule predict chainrule-out new.csv
  chainrule predict chainrule-out/model.json new.csv --out predicted.csv")]
pub struct Args {
    /// The model.json of a training run, or the directory where it is
    model: PathBuf,
    /// The rows to predict from
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Columns to pass on unread, with commas between them
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Write to this file and not to standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not tell how good the predictions are
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let model = Model::read(&args.model)?;
    let table = Table::read(&args.file)?;
    let outputs: Vec<Vec<f64>> = features(&model, &table, args)?.iter().map(|row| model.outputs(row)).collect();
    let predictions: Vec<Prediction> = outputs.iter().map(|outputs| prediction(&model, outputs)).collect();
    let added = added(&predictions);
    check_others(&model, &table, args, &added)?;
    let text = with_predictions(&table, &predictions, &added)?;
    match &args.out {
        Some(path) => write_whole(&[(path, text)])?,
        None => output::print(&text)?,
    }
    if !args.quiet
        && let Some(remark) = how_good(&model, &table, &outputs)
    {
        output::remark(&remark);
    }
    Ok(ExitCode::SUCCESS)
}

fn features(model: &Model, table: &Table, args: &Args) -> Result<Vec<Vec<f64>>> {
    let missing: Vec<&String> = model.features.iter().filter(|name| !table.header().contains(name)).collect();
    let Some(first) = missing.first() else { return Ok(table.numbers(&model.features)?) };
    let question = text::nearest(first, table.header()).map(|near| format!("; is it {}?", text::quoted(near)));
    Err(Failure::input(format!(
        "{}: missing columns that the model was trained on: {}{} (found: {})",
        args.file.display(),
        text::listed(&missing),
        question.unwrap_or_default(),
        text::listed(table.header())
    )))
}

/// Refuses columns that the model does not know: they may mean that this is not a file for it.
fn check_others(model: &Model, table: &Table, args: &Args, added: &[String]) -> Result<()> {
    let known = [&model.features[..], &model.ignored, &args.ignore, added];
    let is_known = |name: &&String| known.iter().any(|names| names.contains(name)) || **name == model.goal.target;
    let others: Vec<&String> = table.header().iter().filter(|name| !is_known(name)).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Failure::input(format!(
        "{}: more columns than the model expects: {} (it was trained on {} to predict {}; --ignore COLUMNS passes others on)",
        args.file.display(),
        text::listed(&others),
        text::listed(&model.features),
        text::quoted(&model.goal.target)
    )))
}

/// What is added to each row: (column, cell) pairs.
type Prediction = Vec<(String, String)>;

/// The names of the columns that are added.
fn added(predictions: &[Prediction]) -> Vec<String> {
    predictions.first().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// The table as CSV, with the predictions as further columns. A column of the same name gives way.
fn with_predictions(table: &Table, predictions: &[Prediction], added: &[String]) -> Result<String> {
    let kept: Vec<usize> =
        (0..table.header().len()).filter(|&column| !added.contains(&table.header()[column])).collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<&str>| csv.write_record(cells).map_err(|error| Failure::work(error.to_string()));
    write(
        kept.iter().map(|&column| table.header()[column].as_str()).chain(added.iter().map(String::as_str)).collect(),
    )?;
    for (record, prediction) in table.records().iter().zip(predictions) {
        let kept = kept.iter().map(|&column| record.cells[column].as_str());
        write(kept.chain(prediction.iter().map(|(_, cell)| cell.as_str())).collect())?;
    }
    let bytes = csv.into_inner().map_err(|error| Failure::work(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn prediction(model: &Model, outputs: &[f64]) -> Prediction {
    let prediction = match &model.goal.predicts {
        Predicts::Classes(classes) => classes[class(outputs)].clone(),
        Predicts::Number { .. } => cell(model.goal.number(outputs)),
    };
    let confidence = model.goal.confidence(outputs).into_iter().map(|(name, number)| (name, cell(number)));
    std::iter::once(("prediction".to_string(), prediction)).chain(confidence).collect()
}

/// A number in as few digits as read back the same, small ones with an exponent.
fn cell(number: f64) -> String {
    format!("{number:?}")
}

/// How good the predictions are for the rows that have the target, if there are any.
fn how_good(model: &Model, table: &Table, outputs: &[Vec<f64>]) -> Option<String> {
    let column = table.header().iter().position(|name| *name == model.goal.target)?;
    let cells = table.records().iter().map(|record| record.cells[column].as_str());
    let (known, outputs): (Vec<&str>, Vec<Vec<f64>>) =
        cells.zip(outputs.iter().cloned()).filter(|(cell, _)| !cell.is_empty()).unzip();
    if known.is_empty() {
        return None;
    }
    let target = text::quoted(&model.goal.target);
    let Some(answers) = answers(&model.goal.predicts, &known) else {
        return Some(format!("note: the column {target} is not numbers, so the predictions are not compared with it"));
    };
    let score = match model.goal.score(&outputs, &answers) {
        Score::Accuracy(share) => format!("accuracy {:.1}%", 100.0 * share),
        Score::Fit { root_mean_squared_error, r_squared } => {
            format!("RMSE {}, R² {}", decimals(root_mean_squared_error), decimals(r_squared))
        }
    };
    Some(format!("{score}, compared with the column {target} in {} rows", known.len()))
}

/// The cells of a target column as the model would know them; a class that it never saw can only be predicted wrong.
fn answers(predicts: &Predicts, cells: &[&str]) -> Option<Target> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match predicts {
        Predicts::Number { .. } => cells.iter().map(|cell| number(cell)).collect::<Option<_>>().map(Target::Numbers),
        Predicts::Classes(names) => {
            // 1 and 1.0 are the same class, as in training.
            let is = |name: &String, cell: &str| name == cell || number(name).is_some_and(|x| number(cell) == Some(x));
            let label = |cell: &&str| names.iter().position(|name| is(name, cell)).unwrap_or(names.len());
            Some(Target::Classes { names: names.clone(), labels: cells.iter().map(label).collect() })
        }
    }
}
