//! `chainrule compile`: an expression as a function in C or Rust.

use crate::binding::Binding;
use crate::failure::{Failure, Result};
use crate::{output, picture};
use chainrule::{Program, Value};
use chainrule_lua::Expression;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write a function in C or Rust, with its gradient if you like
///
/// What is written needs nothing but the standard library of its language. Functions may have loops: they are unrolled, and
/// found again. Where a function branches, the branch that is taken at --at is written, and no other.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule compile 'f(x, y) = x*y + sin(x)'
  chainrule compile 'f(x, y) = (1 - x)^2 + 100*(y - x^2)^2' --gradient --lang rust -o rosenbrock.rs
  chainrule compile 'function root(x) local y = x; for i = 1, 20 do y = (y + x/y)/2 end return y end'")]
pub struct Args {
    /// A function such as 'f(x, y) = x*y', or an expression alone
    #[arg(allow_hyphen_values = true)]
    function: String,
    /// The language
    #[arg(long, value_enum, default_value_t = Language::C)]
    lang: Language,
    /// Compute the derivative by each variable, too
    #[arg(long)]
    gradient: bool,
    /// Where branches are taken: a number for each variable, 1 unless told
    #[arg(long, value_name = "NAME=NUMBER,...", value_delimiter = ',', allow_hyphen_values = true)]
    at: Vec<Binding>,
    /// Write to this file and not to standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Language {
    C,
    Rust,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let (name, function) = named(&args.function);
    let expression = Expression::parse(&function)?;
    let at = point(&expression, &args.at)?;
    let mut program = recorded(&expression, &at)?;
    if args.gradient {
        program = program.gradient()?;
    }
    let code = match args.lang {
        Language::C => program.to_c(&name)?,
        Language::Rust => program.to_rust(&name)?,
    };
    match &args.out {
        Some(path) => picture::write(&[(path.clone(), code.into_bytes())])?,
        None => output::print(&code)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The name of a function, `f` if it has none, and the function in Lua: `f(x) = x^2` is `function f(x) return x^2 end`.
fn named(text: &str) -> (String, String) {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let unnamed = || ("f".to_string(), text.to_string());
    let (is_lua, head) = match text.trim_start().strip_prefix("function ") {
        Some(head) => (true, head),
        None => (false, text),
    };
    let Some((name, rest)) = head.split_once('(') else { return unnamed() };
    let name = name.trim().to_string();
    if !is_name(&name) {
        return unnamed();
    }
    if is_lua {
        return (name, text.into());
    }
    let definition =
        rest.split_once(')').and_then(|(parameters, rest)| Some((parameters, rest.trim_start().strip_prefix('=')?)));
    match definition {
        Some((parameters, body))
            if !body.starts_with('=') && parameters.split(',').all(|name| is_name(name.trim())) =>
        {
            let function = format!("function {name}({parameters}) return {body} end");
            (name, function)
        }
        _ => unnamed(),
    }
}

/// A number for each variable, in the order of the function.
fn point(expression: &Expression, at: &[Binding]) -> Result<Vec<Binding>> {
    let given = |name: &String| at.iter().find(|binding| binding.name == *name).cloned();
    let number = |name: &String| given(name).unwrap_or(Binding { name: name.clone(), number: 1.0 });
    let point: Vec<Binding> = expression.variables().iter().map(number).collect();
    if let Some(unknown) = at.iter().find(|binding| !point.iter().any(|known| known.name == binding.name)) {
        let message = chainrule::text::unknown("variable", &unknown.name, expression.variables());
        return Err(Failure::input(format!("--at: {message}")));
    }
    Ok(point)
}

fn recorded(expression: &Expression, at: &[Binding]) -> Result<Program> {
    let numbers: Vec<[f64; 1]> = at.iter().map(|binding| [binding.number]).collect();
    let groups: Vec<(&str, &[f64])> =
        at.iter().map(|binding| &*binding.name).zip(numbers.iter().map(|x| &x[..])).collect();
    let mut failure = None;
    let program = Program::record_groups(&groups, |values| {
        let variables: Vec<(&str, Value)> = groups.iter().zip(values).map(|((name, _), x)| (*name, x[0])).collect();
        expression.evaluate(&variables).unwrap_or_else(|error| {
            failure = Some(error);
            Value::constant(f64::NAN)
        })
    });
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(program?),
    }
}
