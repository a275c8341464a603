//! `chainrule plot`: the picture of a function of one variable.

use crate::failure::{Failure, Result};
use crate::output;
use crate::picture::{self, PictureFile};
use chainrule::draw::Function;
use chainrule::text;
use chainrule_lua::Expression;
use std::process::ExitCode;

/// Draw a function of one variable
///
/// The function is written in Lua: an expression such as 'sin(x)/x', or a whole function. Drawn as text, unless --out
/// names a file. Where the function has no finite value the curve has a gap, and a line tells where.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule plot 'function f(x) return 3*x^2 - 4*x + 5 end' --from -5 --to 5 --derivative --tangent 3
  chainrule plot 'tanh(x)' --derivative -o tanh.svg
  chainrule plot 'log(x)' --from -1 --to 5 -o log.png")]
pub struct Args {
    /// An expression such as '3*x^2 - 4*x + 5', or a function such as 'function f(x) return 3*x^2 end'
    #[arg(allow_hyphen_values = true)]
    function: String,
    /// Where the range begins
    #[arg(long, value_name = "NUMBER", default_value_t = -5.0, allow_hyphen_values = true)]
    from: f64,
    /// Where the range ends
    #[arg(long, value_name = "NUMBER", default_value_t = 5.0, allow_hyphen_values = true)]
    to: f64,
    /// Draw the derivative, too
    #[arg(long)]
    derivative: bool,
    /// Draw the tangent that touches the curve here, too
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', allow_hyphen_values = true)]
    tangent: Vec<f64>,
    /// The heading; the function itself if not given
    #[arg(long)]
    title: Option<String>,
    /// Draw to this file (.svg or .png)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PictureFile>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let expression = Expression::parse(&args.function)?;
    let variable = match expression.variables() {
        // A constant is a function, too.
        [] => "x",
        [variable] => variable,
        several => {
            let found = text::listed(several);
            return Err(Failure::input(format!("plot: expected a function of one variable, found {found}")));
        }
    };
    let function = Function {
        title: args.title.clone().unwrap_or_else(|| args.function.trim().into()),
        name: format!("f({variable})"),
        range: (args.from, args.to),
        derivative: args.derivative,
        tangents: args.tangent.clone(),
    };
    let picture = function.draw(|x| expression.evaluate(&[(variable, x)]))?;
    let Some(file) = &args.out else {
        let (columns, rows, has_colors) = picture::text_size();
        output::print(&picture.figure.to_text(columns, rows, has_colors))?;
        return Ok(ExitCode::SUCCESS);
    };
    file.write(&picture.figure.to_svg())?;
    for undefined in &picture.undefined {
        output::remark(&format!("undefined for {undefined}"));
    }
    Ok(ExitCode::SUCCESS)
}
