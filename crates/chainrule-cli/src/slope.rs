//! `chainrule slope`: the derivative of an expression, beside what nudging makes of it.

use crate::binding::{self, Binding};
use crate::failure::{Failure, Result};
use crate::output;
use crate::picture::{self, PictureFile};
use chainrule::Value;
use chainrule::check::{Slope, central_difference};
use chainrule::draw::{Plot, difference_errors};
use chainrule_lua::Expression;
use std::fmt::Write;
use std::process::ExitCode;

/// Where the error of a central difference is about least, for numbers about 1.
const NUDGE: f64 = 1e-5;

/// Show the slope of an expression at a point
///
/// Prints the exact derivative, and beside it (f(x+h) - f(x)) / h and the central difference (f(x+h) - f(x-h)) / 2h for
/// h = 1e-1 to 1e-15: their error falls with h and then rises again, as rounding takes over. Of an expression with
/// several variables, prints the derivative by each.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule slope '3*x^2 - 4*x + 5' --at x=3
  chainrule slope 'tanh(x)' --at x=0.5 --plot
  chainrule slope 'a*b + c' --at a=2,b=-3,c=10")]
pub struct Args {
    /// An expression such as '3*x^2 - 4*x + 5', or a function such as 'function f(x) return 3*x^2 end'
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// The point: a number for each variable
    #[arg(long, value_name = "NAME=NUMBER,...", required = true, value_delimiter = ',', allow_hyphen_values = true)]
    at: Vec<Binding>,
    /// Draw how the errors fall and rise, as text
    #[arg(long)]
    plot: bool,
    /// Draw how the errors fall and rise, to this file (.svg or .png)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PictureFile>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let expression = Expression::parse(&args.expression)?;
    binding::check(&args.at, "--at", &expression)?;
    match &args.at[..] {
        [at] => one_variable(args, &expression, at),
        at if args.plot || args.out.is_some() => Err(Failure::input(format!(
            "--plot and --out: expected an expression with one variable, found {}",
            binding::listed(at)
        ))),
        at => {
            output::print(&gradient(&expression, at, &args.expression)?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn one_variable(args: &Args, expression: &Expression, at: &Binding) -> Result<ExitCode> {
    let y = expression.number(&[(&at.name, at.number)])?;
    check_defined(y, std::slice::from_ref(at))?;
    let slope = Slope::of(|x| expression.evaluate(&[(&at.name, x)]), at.number)?;
    let mut text = format!("{} = {y} at {at}\n\n{slope}\n", args.expression.trim());
    let plot = errors(&slope, &format!("The slope of {} at {at}", args.expression.trim()));
    if args.plot {
        let (columns, rows, has_colors) = picture::text_size();
        write!(text, "\n{}", plot.to_text(columns, rows, has_colors)).expect("writing to a string");
    }
    if let Some(file) = &args.out {
        file.write(&plot.to_svg())?;
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Where a function has no number it has no slope, whatever the rules of its operations say.
fn check_defined(y: f64, at: &[Binding]) -> Result<()> {
    if y.is_finite() {
        return Ok(());
    }
    let at = binding::listed(at);
    Err(Failure::input(format!("--at: expected a point where the expression has a finite number, found {y} at {at}")))
}

fn errors(slope: &Slope, title: &str) -> Plot {
    let errors = slope.differences.iter();
    difference_errors(title, errors.map(|row| (row.h, row.forward - slope.exact, row.central - slope.exact)))
}

/// The derivative by each variable, and the central difference beside it.
fn gradient(expression: &Expression, at: &[Binding], text: &str) -> Result<String> {
    let leaves: Vec<Value> = at.iter().map(|binding| Value::new(binding.number)).collect();
    let variables: Vec<(&str, Value)> = at.iter().map(|binding| &*binding.name).zip(leaves.iter().copied()).collect();
    let y = expression.evaluate(&variables)?;
    check_defined(y.data(), at)?;
    let exact = y.gradient(&leaves);
    let mut table = format!("{} = {} at {}\n\n", text.trim(), y.data(), binding::listed(at));
    let width = at.iter().map(|binding| binding.name.len()).max().unwrap_or(0);
    let heading = format!("central, h = {NUDGE:e}");
    writeln!(table, "{:>1$}  {2:>22}  {heading:>22}", "by", width.max(2), "derivative").expect("writing to a string");
    for (index, (binding, exact)) in at.iter().zip(exact).enumerate() {
        let nudged = |x: f64| {
            let mut numbers: Vec<(&str, f64)> = at.iter().map(|binding| (&*binding.name, binding.number)).collect();
            numbers[index].1 = x;
            expression.number(&numbers).unwrap_or(f64::NAN)
        };
        let central = central_difference(nudged, binding.number, NUDGE);
        writeln!(table, "{:>1$}  {exact:>22.12}  {central:>22.12}", binding.name, width.max(2))
            .expect("writing to a string");
    }
    Ok(table)
}
