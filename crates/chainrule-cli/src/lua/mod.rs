//! `chainrule lua`: the notes' language, from a file or typed into a console.

mod pictures;
mod prompt;

use crate::failure::{Failure, Result};
use crate::interrupt;
use chainrule_lua::{Error, Interpreter, Trust};
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

/// Run Lua in which numbers remember how they were made, or type it into a console
///
/// `Value`, `nn` and `cr` are there at once, `math.sin` and its like take values, too, and `require` knows chainrule,
/// middleclass and set. A script can read files; it cannot write them, run programs or load modules from files, unless
/// --unsafe allows it. Ctrl-C stops what runs.
///
/// The console opens where there is no file and somebody types. There an expression shows its value; Tab completes names
/// and fields; Ctrl-D ends it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule lua                                  the console
  chainrule lua train.lua 100                    a script with an argument, which it finds in arg[1]
  chainrule lua -e 'x = Value(3); y = x^2; y:backward(); print(x.grad)'

Exit codes: 0 done; 1 the script failed; 2 wrong arguments, no such file, or not Lua; 130 interrupted.")]
pub struct Args {
    /// Run this code
    #[arg(short = 'e', value_name = "CODE", conflicts_with = "script")]
    code: Option<String>,
    /// Allow what can change the machine: programs, writing files, modules from files
    #[arg(long)]
    r#unsafe: bool,
    /// The file to run, - for standard input, and what it is called with
    #[arg(value_name = "FILE", trailing_var_arg = true, allow_hyphen_values = true)]
    script: Vec<String>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let trust = if args.r#unsafe { Trust::Trusted } else { Trust::Sandboxed };
    let lua = Interpreter::new(trust, io::stdout()).map_err(failure)?;
    pictures::add(&lua).map_err(failure)?;
    interrupt::set(lua.interrupter())?;
    let outcome = match (&args.code, args.script.split_first()) {
        (Some(code), _) => lua.run("code", code),
        (None, Some((file, arguments))) if file != "-" => {
            let script = read(Path::new(file))?;
            lua.set_arguments(file, arguments).and_then(|()| lua.run(file, &script))
        }
        (None, None) if io::stdin().is_terminal() => return prompt::run(lua),
        (None, script) => {
            let arguments = script.map_or(&[][..], |(_, arguments)| arguments);
            let script = read_standard_input()?;
            lua.set_arguments("-", arguments).and_then(|()| lua.run("stdin", &script))
        }
    };
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Error::Interrupted) => {
            crate::output::remark("interrupted");
            Ok(ExitCode::from(interrupt::EXIT_CODE))
        }
        Err(error) => Err(failure(error)),
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Failure::file(path, error))
}

fn read_standard_input() -> Result<String> {
    let mut script = String::new();
    let read = io::stdin().read_to_string(&mut script);
    read.map(|_| script).map_err(|error| Failure::input(format!("standard input: {error}")))
}

fn failure(error: Error) -> Failure {
    match error {
        error @ Error::Syntax(_) => error.into(),
        other => Failure::work(other.to_string()),
    }
}
