//! `chainrule graph`: the graph of an expression, its numbers and its gradient.

use crate::binding::{self, Binding};
use crate::failure::Result;
use crate::output;
use crate::picture::{self, PictureFile};
use chainrule::Value;
use chainrule::draw::{self, Direction};
use chainrule_lua::Expression;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Draw the graph of an expression, and go backward through it
///
/// Prints the number of every variable and the derivative of the result by it. --out draws the graph, --steps writes a
/// page that goes forward and backward through it step by step, and --dot prints it for Graphviz.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule graph 'd = a*b + c' --let a=2,b=-3,c=10 -o d.svg
  chainrule graph 'o = tanh(x1*w1 + x2*w2 + b)' --let x1=2,x2=0,w1=-3,w2=1,b=6.88 --steps o.html
  chainrule graph 'e = a*b; d = e + c' --let a=2,b=-3,c=10 --dot | dot -Tpdf > d.pdf")]
pub struct Args {
    /// An expression such as 'd = a*b + c'; several with semicolons between them
    #[arg(allow_hyphen_values = true)]
    expression: String,
    /// A number for each variable
    #[arg(long = "let", value_name = "NAME=NUMBER,...", value_delimiter = ',', allow_hyphen_values = true)]
    bindings: Vec<Binding>,
    /// Draw the graph to this file (.svg or .png)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PictureFile>,
    /// Write a page that goes through the graph step by step (.html)
    #[arg(long, value_name = "FILE", value_parser = page_file)]
    steps: Option<PathBuf>,
    /// Print the graph in the language of Graphviz, and nothing else
    #[arg(long)]
    dot: bool,
    /// Draw from the top down, not from left to right
    #[arg(long)]
    top_down: bool,
    /// The largest number of nodes that are drawn one by one; larger graphs are folded
    #[arg(long, value_name = "NODES", default_value_t = draw::LIMIT)]
    limit: usize,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let expression = Expression::parse(&args.expression)?;
    binding::check(&args.bindings, "--let", &expression)?;
    let leaves: Vec<Value> = args.bindings.iter().map(|binding| Value::new(binding.number)).collect();
    let variables = args.bindings.iter().map(|binding| &*binding.name).zip(leaves.iter().copied());
    let result = expression.evaluate(&variables.collect::<Vec<_>>())?;
    if !result.is_constant() {
        result.backward();
    }
    let direction = if args.top_down { Direction::TopDown } else { Direction::LeftToRight };
    let diagram = draw::graph(&[result]).title(args.expression.trim()).direction(direction).limit(args.limit);
    let mut files = Vec::new();
    if let Some(file) = &args.out {
        files.push((file.path.clone(), file.bytes(&diagram.to_svg())?));
    }
    if let Some(path) = &args.steps {
        files.push((path.clone(), diagram.to_steps()?.into_bytes()));
    }
    picture::write(&files)?;
    output::print(&if args.dot { diagram.to_dot() } else { summary(&args.bindings, &leaves, result) })?;
    Ok(ExitCode::SUCCESS)
}

fn page_file(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    let is_page = path.extension().is_some_and(|ending| ["html", "htm"].iter().any(|known| ending == *known));
    if is_page { Ok(path) } else { Err("expected a name that ends in .html".into()) }
}

/// The result, and each variable with the derivative of the result by it.
fn summary(bindings: &[Binding], leaves: &[Value], result: Value) -> String {
    let name = result.name().unwrap_or("result".into());
    let width = bindings.iter().map(|binding| binding.name.len()).chain([name.len()]).max().unwrap_or(0);
    let mut text = format!("{name:>width$} = {}\n", result.data());
    let numbers: Vec<String> = bindings.iter().map(|binding| binding.number.to_string()).collect();
    let number_width = numbers.iter().map(String::len).max().unwrap_or(0);
    for ((binding, number), leaf) in bindings.iter().zip(numbers).zip(leaves) {
        let Binding { name: variable, .. } = binding;
        writeln!(text, "{variable:>width$} = {number:<number_width$}   d{name}/d{variable} = {}", leaf.grad())
            .expect("writing to a string");
    }
    text
}
