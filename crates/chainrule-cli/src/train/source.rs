//! Where data comes from: a synthetic set by its name, or a CSV file.

use super::args::Args;
use crate::failure::{Failure, Result};
use crate::goal::Loss;
use chainrule::data::{Dataset, Synthetic, Table, Target, TargetKind};
use chainrule::{Pcg64, text};
use std::path::{Path, PathBuf};

/// Where data comes from.
pub enum Source {
    Synthetic(Synthetic),
    File(PathBuf),
}

/// The rows to learn from, and those to test with.
pub struct Split {
    pub train: Dataset,
    pub test: Dataset,
}

impl Source {
    /// What the argument DATASET means: the name of a synthetic set, or else a file if it looks like one or is one.
    pub fn parse(name: &str) -> Result<Source> {
        let path = Path::new(name);
        match name.parse::<Synthetic>() {
            Ok(kind) => Ok(Source::Synthetic(kind)),
            Err(_) if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv")) || path.exists() => {
                Ok(Source::File(path.into()))
            }
            Err(unknown) => Err(Failure::input(format!("{unknown}, or names, or a file whose name ends in .csv"))),
        }
    }

    /// What the set is called in headings.
    pub fn name(&self) -> String {
        match self {
            Source::Synthetic(kind) => kind.to_string(),
            Source::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    pub fn read(&self, args: &Args, rng: &mut Pcg64) -> Result<Split> {
        match self {
            Source::Synthetic(kind) => synthetic(*kind, args, rng),
            Source::File(path) => {
                let (train, test) = table(path, args)?.split(args.test_fraction(), rng)?;
                Ok(Split { train, test })
            }
        }
    }
}

/// As many training points as asked for, and test points beside them. All are drawn at once, so that they are points of
/// the same blobs; the library shuffles them.
fn synthetic(kind: Synthetic, args: &Args, rng: &mut Pcg64) -> Result<Split> {
    let alien = [("--target", args.target.is_some()), ("--ignore", !args.ignore.is_empty())];
    if let Some((option, _)) = alien.into_iter().find(|(_, given)| *given) {
        return Err(Failure::input(format!(
            "{option} names a column of a CSV file, and {kind} is a synthetic data set"
        )));
    }
    let train = args.points.unwrap_or(default_points(kind));
    let noise = args.noise.unwrap_or(kind.default_noise());
    let tested = train as f64 * args.test_fraction() / (1.0 - args.test_fraction());
    let test = if args.test_fraction() == 0.0 { 0 } else { tested.round().max(1.0) as usize };
    let data = kind.generate(train + test, noise, rng)?;
    let rows = |range: std::ops::Range<usize>| data.select(&range.collect::<Vec<_>>());
    Ok(Split { train: rows(0..train), test: rows(train..train + test) })
}

fn default_points(kind: Synthetic) -> usize {
    match kind {
        Synthetic::Spirals => 200,
        _ => 100,
    }
}

fn table(path: &Path, args: &Args) -> Result<Dataset> {
    let alien = [("--points", args.points.is_some()), ("--noise", args.noise.is_some())];
    if let Some((option, _)) = alien.into_iter().find(|(_, given)| *given) {
        return Err(Failure::input(format!("{option} shapes a synthetic data set, and {} is a file", path.display())));
    }
    let table = Table::read(path)?.without(&args.ignore)?;
    let Some(target) = &args.target else {
        return Err(Failure::input(format!(
            "{}: expected --target COLUMN, the column to predict (columns: {})",
            path.display(),
            text::listed(table.header())
        )));
    };
    if args.loss == Some(Loss::SquaredError) {
        return table.dataset(target, TargetKind::Number).map_err(|error| match classes(&table, target) {
            Some(_) => Failure::input(format!("--loss squared_error learns numbers: {error}")),
            None => error.into(),
        });
    }
    Ok(table.dataset(target, TargetKind::Auto)?)
}

/// The data set, if its target is classes.
fn classes(table: &Table, target: &str) -> Option<Dataset> {
    let data = table.dataset(target, TargetKind::Auto).ok()?;
    matches!(data.target, Target::Classes { .. }).then_some(data)
}
