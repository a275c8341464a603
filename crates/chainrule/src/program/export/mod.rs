//! Programs as source code: one function, with loops as loops, that needs nothing but the standard library of its language.
//!
//! [`function`] walks through a program, [`statement`] writes its instructions; what differs between languages is in [`Language`]. The
//! formulas of operations come from the table, through [`expression`].

mod c;
mod expression;
mod function;
mod names;
mod needed;
mod rust;
mod statement;
#[cfg(test)]
mod tests;

use super::Program;
use crate::{Op, Result};
use expression::{Code, Strength};

impl Program {
    /// The program as a function in C (C99), with nothing but `math.h`.
    ///
    /// Its parameters are the groups of inputs, as arrays or, of one number, as `double`; then the groups of outputs, as
    /// arrays that it writes; and then, where a run needs more than 4096 numbers beside these, a workspace. If the only
    /// output is a single number and nothing can fail, the function returns it. If there are guards or run-time indices, it
    /// returns 0 where all is well. What no result depends on is left out.
    ///
    /// ```
    /// use chainrule::Program;
    ///
    /// let program = Program::record_groups(&[("x", &[2.0]), ("y", &[3.0])], |x| x[0][0] * x[1][0] + 1.0)?;
    /// let code = program.to_c("f")?;
    /// assert!(code.contains("double f(double x, double y) {"), "{code}");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the program calls an operation of the user's own.
    pub fn to_c(&self, name: &str) -> Result<String> {
        self.check_portable("to be written in C")?;
        Ok(function::write(&[(name, self)], &c::C).0)
    }

    /// The program as a function in Rust, with nothing but the standard library. Its parameters are those of
    /// [`to_c`](Program::to_c); if there are guards or run-time indices, it returns a `Result`.
    ///
    /// # Errors
    ///
    /// If the program calls an operation of the user's own.
    pub fn to_rust(&self, name: &str) -> Result<String> {
        self.check_portable("to be written in Rust")?;
        Ok(function::write(&[(name, self)], &rust::Rust).0)
    }
}

/// What differs between languages.
trait Language {
    fn number(&self, number: f64) -> Code;
    /// 1 where a condition holds, else 0.
    fn truth(&self, condition: &Code) -> Code;
    fn choice(&self, condition: &Code, a: &Code, b: &Code) -> Code;
    fn power(&self, x: &Code, exponent: i32) -> Code;
    /// A function that the language has.
    fn native(&self, op: Op, operands: &[Code]) -> Code;
    /// The definition of a function that the language has not, and the names of those that it calls.
    fn helper(&self, name: &str) -> Option<(&'static [&'static str], &'static str)>;
    fn function_head(&self, name: &str, parameters: &[&str]) -> String;
    fn local(&self, name: &str, value: &Code, is_mutable: bool) -> String;
    fn result(&self, value: &Code) -> String;
    /// The head of a loop.
    fn repeat(&self, index: &str, trips: u32) -> String;
    /// A part of an array as arguments of a function.
    fn stretch(&self, array: &str, start: &str, length: u32) -> Vec<Code>;
    /// The first numbers of an array as an argument that the function changes.
    fn filled(&self, array: &str, length: u32) -> Code;
    /// A statement that names a run-time index, or gives up where it is none.
    fn look_up(&self, name: &str, index: &Code, count: u32) -> Vec<String>;
    /// A statement that gives up where a comparison does not come out as expected.
    fn guard(&self, number: usize, slot: &Code, expected: bool, comparison: &str) -> Vec<String>;
    /// What a list of constants or places is called.
    fn list_name(&self, name: &str) -> String;
    /// A list of constants.
    fn numbers(&self, name: &str, numbers: &[f64]) -> String;
    /// A list of places in arrays.
    fn places(&self, name: &str, places: &[u32]) -> String;
    /// An array of zeros.
    fn store(&self, name: &str, length: u32, storage: Storage) -> String;
    fn clear_workspace(&self, length: u32) -> String;
    /// The head of the function.
    fn head(&self, signature: &Signature) -> String;
    /// What the result says where a run can fail.
    fn result_note(&self) -> &'static str;
    fn success(&self) -> &'static str;
    /// The functions as a file.
    fn file(&self, functions: &[String]) -> String;
}

/// Where an array lies.
#[derive(Clone, Copy)]
enum Storage {
    Stack,
    /// In the workspace, from this number on, behind all others or not.
    Workspace {
        start: u32,
        is_last: bool,
    },
}

/// What a function takes and gives.
struct Signature {
    name: String,
    inputs: Vec<Parameter>,
    outputs: Vec<Parameter>,
    /// How many numbers the caller must lend.
    workspace: Option<u32>,
    can_fail: bool,
}

/// A parameter that is a group of numbers.
struct Parameter {
    name: String,
    length: usize,
}

impl Signature {
    /// Whether the result is a number, and no parameter to be written.
    fn returns_value(&self) -> bool {
        !self.can_fail && matches!(self.outputs.as_slice(), [Parameter { length: 1, .. }])
    }
}

/// A finite number, as both languages write it.
fn literal(number: f64) -> Code {
    let strength = if number.is_sign_negative() { Strength::Sign } else { Strength::Atom };
    Code { text: format!("{number:?}"), strength }
}

/// Whether an expression is a finite number.
fn is_literal(code: &Code) -> bool {
    let digits = code.text.trim_start_matches('-');
    digits.starts_with(|first: char| first.is_ascii_digit()) && digits.parse::<f64>().is_ok()
}

/// The part of a file of helpers that belongs to a name: its head says the name and what else it needs.
fn section(file: &'static str, name: &str) -> Option<(&'static [&'static str], &'static str)> {
    let sections = file.split("//! ").filter_map(|section| section.split_once('\n'));
    sections.into_iter().find_map(|(head, definition)| {
        let mut words = head.split_whitespace();
        let needed: &[&str] = match (words.next()? == name, words.next()) {
            (false, _) => return None,
            (true, None) => &[],
            (true, Some("maximum")) => &["maximum"],
            (true, Some(_)) => &["first_equal"],
        };
        Some((needed, definition))
    })
}

/// The width that lines of code are held to where they can be.
const WIDTH: usize = 100;

/// Words in lines, each with this before it.
fn wrapped(text: &str, prefix: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{prefix}{word}")),
        }
    }
    lines.join("\n")
}

/// The parameters of a function between its head and its end, on one line if they fit.
fn parameters(head: &str, parameters: &[String], end: &str, trailing: &str) -> String {
    let line = format!("{head}{}{end}", parameters.join(", "));
    if line.len() <= WIDTH {
        return line;
    }
    format!("{head}\n    {}{trailing}\n{end}", parameters.join(",\n    "))
}

/// A list between its head and its end, on one line if it fits.
fn listed(head: &str, items: &[String], end: &str) -> String {
    let whole = items.join(", ");
    if head.len() + whole.len() + end.len() <= WIDTH {
        return format!("{head}{whole}{end}");
    }
    let mut lines = vec![String::new()];
    for item in items {
        if lines.last().is_some_and(|line| line.len() + item.len() > WIDTH - 10) {
            lines.push(String::new());
        }
        let line = lines.last_mut().expect("there is a line from the start");
        line.push_str(if line.is_empty() { "    " } else { " " });
        line.push_str(item);
        line.push(',');
    }
    format!("{head}\n{}\n{end}", lines.join("\n"))
}
