//! The tree of commands, and what clap says about wrong arguments in one line.

use crate::failure::{Failure, Result};
use crate::{compile, graph, lua, pages, plot, predict, slope, train};
use chainrule::text;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use std::str::FromStr;

/// Numbers that remember how they were made: look at derivatives, and train little neural networks.
#[derive(Parser)]
#[command(name = "chainrule", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "\
Examples:
  chainrule train moons                         a first network, and its pictures in chainrule-out/
  chainrule train flowers.csv --target species  learn a column of your own data
  chainrule predict chainrule-out new.csv       use what was learned
  chainrule plot 'x^3 - x' --derivative         look at a function
  chainrule slope '3*x^2 - 4*x + 5' --at x=3    nudge it, and see its slope
  chainrule graph 'd = a*b + c' --let a=2,b=-3,c=10 -o d.svg
  chainrule compile 'f(x, y) = x*y + sin(x)' --gradient   the same in C or Rust
  chainrule lua                                 a console where numbers remember how they were made

`chainrule help train` tells all that `train` can do.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    Train(train::Args),
    Predict(predict::Args),
    Plot(plot::Args),
    Slope(slope::Args),
    Graph(graph::Args),
    Compile(compile::Args),
    Lua(lua::Args),
    Completions(pages::Args),
    /// Print the manual pages, in the format of man(1)
    ///
    /// `chainrule man | man -l -` shows them.
    Man,
}

/// The arguments of this process. Help, if that was asked for, is printed here and ends the process.
pub fn parse() -> Result<Command> {
    match Cli::try_parse() {
        Ok(cli) => Ok(cli.command),
        Err(error) if is_help(&error) => {
            // A reader who has gone away has seen enough.
            let _ = crate::output::print(&error.render().to_string());
            std::process::exit(0);
        }
        Err(error) => Err(Failure::input(one_line(&error))),
    }
}

fn is_help(error: &clap::Error) -> bool {
    use ErrorKind::*;
    matches!(error.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand)
}

fn one_line(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).map(short);
    match (error.kind(), argument, context(ContextKind::InvalidValue), error.get(ContextKind::ValidValue)) {
        (ErrorKind::InvalidValue, Some(argument), Some(""), _) => format!("{argument}: expected a value, found none"),
        (ErrorKind::InvalidValue, Some(argument), Some(value), Some(ContextValue::Strings(known))) => {
            text::unknown(&argument.trim_start_matches('-').to_lowercase(), value, known)
        }
        (ErrorKind::ValueValidation, Some(argument), Some(value), _) => {
            let problem = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
            format!("{argument}: {problem}, found {}", text::quoted(value))
        }
        _ => first_paragraphs(&error.render().to_string()),
    }
}

/// `--hidden <SIZES>` is `--hidden`, and `<DATASET>` is `DATASET`.
fn short(argument: &str) -> String {
    let first = argument.split_whitespace().next().unwrap_or(argument);
    first.trim_start_matches(['<', '[']).trim_end_matches(['.', '>', ']']).to_string()
}

/// What clap says before it repeats how the command is used, on one line.
fn first_paragraphs(rendered: &str) -> String {
    let told = rendered.trim_start_matches("error: ").lines().map(str::trim);
    let told = told.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    told.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ").replace(" tip: ", "; ")
}

/// Parses one of the names, and tells clap what they are: for help, completions and errors.
pub fn one_of<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = chainrule::Error> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

/// Parses a number that `is_right`.
pub fn number(text: &str, expected: &'static str, is_right: impl Fn(f64) -> bool) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && is_right(*number))
        .ok_or(format!("expected {expected}"))
}
