//! The console at a terminal: a prompt with line editing, history and completion.

use crate::failure::{Failure, Result};
use crate::output;
use chainrule_lua::{Console, Error, Interpreter, Reply};
use etcetera::BaseStrategy;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
An expression shows its value; a line that is not complete goes on.

  a = Value(2.0, 'a')          a number that remembers how it was made; a.data, a.grad, a.label
  d = a * tanh(a) + 1          arithmetic, and every function of the table
  d:backward()                 fills in the gradients; a:zero_grad() empties them
  d._prev, d._op               what it was made of, and how
  draw(d)                      the graph, as a picture
  plot(f, -5, 5)               a function; plot(f, -5, 5, {derivative = true, tangent = 3}) shows more
  slope(f, 3)                  its derivative, beside what nudging makes of it
  n = nn.MLP(3, {4, 4, 1})     a network; n({2, 3, -1}), n:parameters(), {activation = 'tanh'} as third argument
  cr                           the library: cr.optim, cr.group, cr.seed, ...

Tab completes, arrow keys go back, Ctrl-C stops, Ctrl-D or exit ends.
";

pub fn run(lua: Interpreter) -> Result<ExitCode> {
    let terminal = |error: ReadlineError| Failure::work(format!("the terminal cannot be used: {error}"));
    let config = Config::builder().auto_add_history(true).max_history_size(10_000).map_err(terminal)?.build();
    let mut editor: Editor<Typing, DefaultHistory> = Editor::with_config(config).map_err(terminal)?;
    editor.set_helper(Some(Typing { console: Console::new(lua) }));
    let history = history_file();
    if let Some(file) = &history {
        // Without a history there is just nothing to go back to.
        let _ = editor.load_history(file);
    }
    output::print(&greeting())?;
    let outcome = converse(&mut editor).map_err(terminal);
    if let Some(file) = &history {
        let _ = editor.save_history(file);
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

fn greeting() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "chainrule {version}, Lua 5.4. An expression shows its value: try Value(2.0) * 3 + 1, or help. Ctrl-D ends.\n"
    )
}

/// In the user's directory for state, which is made for it.
fn history_file() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let directory = strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("chainrule");
    fs::create_dir_all(&directory).ok()?;
    Some(directory.join("lua-history"))
}

/// Reads and answers, until somebody ends it.
fn converse(editor: &mut Editor<Typing, DefaultHistory>) -> Result<(), ReadlineError> {
    let mut prompt = "> ";
    loop {
        let typed = editor.readline(prompt);
        let Some(Typing { console }) = editor.helper_mut() else { return Ok(()) };
        prompt = match typed {
            Ok(line) if ["exit", "quit"].contains(&line.trim()) => return Ok(()),
            Ok(line) if line.trim() == "help" => {
                // If nobody reads it any more, the next prompt will notice.
                let _ = output::print(HELP);
                "> "
            }
            // What was pasted may have many lines.
            Ok(lines) => lines.split('\n').fold("> ", |_, line| answer(console, line)),
            // What was begun is given up.
            Err(ReadlineError::Interrupted) => {
                console.forget();
                "> "
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error),
        };
    }
}

/// Shows what a line comes to, and gives the prompt for the next.
fn answer(console: &mut Console, line: &str) -> &'static str {
    match console.feed(line) {
        Ok(Reply::Incomplete) => return ">> ",
        Ok(Reply::Done(None)) => {}
        // If nobody reads it any more, the next prompt will notice.
        Ok(Reply::Done(Some(text))) => drop(output::print(&format!("{text}\n"))),
        Err(Error::Syntax(error)) => output::remark(&format!("{}\n{}", error.pointer(), error.message)),
        Err(error) => output::remark(&error.to_string()),
    }
    "> "
}

/// What the line editor asks while somebody types.
struct Typing {
    console: Console,
}

impl Completer for Typing {
    type Candidate = String;

    fn complete(&self, line: &str, position: usize, _: &Context) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.console.interpreter().complete(&line[..position]))
    }
}

impl Hinter for Typing {
    type Hint = String;
}

impl Highlighter for Typing {}
impl Validator for Typing {}
impl Helper for Typing {}
