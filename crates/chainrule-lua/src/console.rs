//! A console: Lua line by line, where an expression shows what it comes to.

use crate::error::Result;
use crate::interpreter::Interpreter;
use crate::{show, syntax};
use mlua::prelude::*;

/// What is typed in a console is called so in messages.
const NAME: &str = "console";

/// A console, which is fed a line at a time.
///
/// An expression shows its value, several values side by side; a table is shown with its entries; a call that returns
/// nothing shows nothing. Locals live for their line, as in every console of Lua.
///
/// ```
/// use chainrule_lua::{Console, Interpreter, Reply, Trust};
///
/// # fn main() -> chainrule_lua::Result<()> {
/// let mut console = Console::new(Interpreter::new(Trust::Sandboxed, std::io::stdout())?);
/// assert_eq!(console.feed("function f(x)")?, Reply::Incomplete);
/// assert_eq!(console.feed("  return 3*x^2 - 4*x + 5 end")?, Reply::Done(None));
/// assert_eq!(console.feed("f(3.0)")?, Reply::Done(Some("20.0".into())));
/// assert_eq!(console.feed("f(Value(3.0))")?, Reply::Done(Some("Value(data = 20.0)".into())));
/// # Ok(())
/// # }
/// ```
pub struct Console {
    interpreter: Interpreter,
    /// The lines of what is not complete yet.
    pending: String,
}

/// What a line came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// More lines are needed.
    Incomplete,
    /// It was done; the text is to be shown.
    Done(Option<String>),
}

impl Console {
    /// A console in this Lua.
    pub fn new(interpreter: Interpreter) -> Console {
        Console { interpreter, pending: String::new() }
    }

    /// The Lua that it works in.
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Feeds a line, without its end.
    ///
    /// # Errors
    ///
    /// If it is not Lua, fails, or is interrupted; the console is ready for something new then.
    pub fn feed(&mut self, line: &str) -> Result<Reply> {
        self.pending.push_str(line);
        match self.compile() {
            Ok(Some(chunk)) => {
                self.pending.clear();
                self.show(&chunk).map(Reply::Done)
            }
            Ok(None) => {
                self.pending.push('\n');
                Ok(Reply::Incomplete)
            }
            Err(error) => {
                self.pending.clear();
                Err(error)
            }
        }
    }

    /// Forgets the lines of what is not complete.
    pub fn forget(&mut self) {
        self.pending.clear();
    }

    /// What was typed, compiled; nothing if it could go on.
    fn compile(&self) -> Result<Option<LuaFunction>> {
        match syntax::compile_any(self.interpreter.lua(), NAME, &self.pending) {
            Ok(chunk) => Ok(Some(chunk)),
            Err(fault) if fault.is_incomplete => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    fn show(&self, chunk: &LuaFunction) -> Result<Option<String>> {
        let results: Vec<LuaValue> = self.interpreter.call(chunk)?.into_iter().collect();
        if results.is_empty() {
            return Ok(None);
        }
        self.interpreter.ended(show::all(self.interpreter.lua(), &results)).map(Some)
    }
}
