//! Where a text stops being Lua.
//!
//! Lua tells the line of an error. The column is found by trying: it is where the longest beginning ends that could still
//! become Lua.

use crate::error::Error;
use mlua::prelude::*;
use std::fmt;

/// A text that is not Lua, and the first place where it cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What the text is called: the name of a file, or of where it was typed.
    pub name: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1; behind the last one where something is missing.
    pub column: usize,
    /// What Lua says of it.
    pub message: String,
    /// The line itself.
    pub text: String,
}

impl SyntaxError {
    /// The line of the text, of a long one the part around the place, and below it a caret at the place.
    pub fn pointer(&self) -> String {
        const BEFORE: usize = 80;
        const BEHIND: usize = 30;
        let start = (self.column - 1).saturating_sub(BEFORE);
        let part: String = self.text.chars().skip(start).take(BEFORE + BEHIND).collect();
        let before = part.chars().take(self.column - 1 - start);
        let blank: String = before.map(|char| if char == '\t' { '\t' } else { ' ' }).collect();
        format!("{part}\n{blank}^")
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.name, self.line, self.column, self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Why a text was not compiled.
#[derive(Debug)]
pub(crate) struct Fault {
    pub error: SyntaxError,
    /// Whether it could become Lua if it went on.
    pub is_incomplete: bool,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        Error::Syntax(fault.error)
    }
}

/// Compiles a text, as if `lead` stood before it.
pub(crate) fn compile(lua: &Lua, name: &str, lead: &str, text: &str) -> Result<LuaFunction, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    load(lua, name, lead, without_shebang(text)).map_err(|failure| {
        let (line, column) = place(lua, lead, text, &failure);
        let text = text.lines().nth(line - 1).unwrap_or_default().to_string();
        let error = SyntaxError { name: name.into(), line, column, message: failure.message, text };
        Fault { error, is_incomplete: failure.is_incomplete }
    })
}

/// Compiles a text as an expression, as statements with an expression behind them, or as statements. If it is none of them,
/// that is the fault of the reading that went further, which tells what was meant; it is incomplete if either could go on.
pub(crate) fn compile_any(lua: &Lua, name: &str, text: &str) -> Result<LuaFunction, Fault> {
    let expression = match compile(lua, name, "return ", text) {
        Ok(expression) => return Ok(expression),
        Err(fault) => fault,
    };
    if let Some(chunk) = ending_in_an_expression(lua, name, text) {
        return Ok(chunk);
    }
    compile(lua, name, "", text).map_err(|statements| {
        let reach = |fault: &Fault| (fault.error.line, fault.error.column);
        let is_incomplete = expression.is_incomplete || statements.is_incomplete;
        let further = if reach(&expression) > reach(&statements) { expression } else { statements };
        Fault { is_incomplete, ..further }
    })
}

/// `w = Value(1); o = w*2; o` as `w = Value(1); o = w*2; return o`, where that is Lua.
fn ending_in_an_expression(lua: &Lua, name: &str, text: &str) -> Option<LuaFunction> {
    let (statements, expression) = text.rsplit_once(';')?;
    if expression.trim().is_empty() {
        return None;
    }
    load(lua, name, "", &format!("{statements}; return {expression}")).ok()
}

/// A script may begin with a line for the shell.
fn without_shebang(text: &str) -> &str {
    if text.starts_with("#!") { text.find('\n').map_or("", |end| &text[end..]) } else { text }
}

/// What Lua said: the line and the message apart.
struct Failure {
    line: usize,
    message: String,
    is_incomplete: bool,
}

fn load(lua: &Lua, name: &str, lead: &str, text: &str) -> Result<LuaFunction, Failure> {
    let chunk = lua.load(format!("{lead}{text}")).set_name(format!("@{name}")).set_mode(mlua::chunk::ChunkMode::Text);
    chunk.into_function().map_err(|error| {
        let (message, is_incomplete) = match error {
            LuaError::SyntaxError { message, incomplete_input } => (message, incomplete_input),
            other => (other.to_string(), false),
        };
        let told = message.strip_prefix(&format!("{name}:")).and_then(|rest| rest.split_once(": "));
        let (line, told) = told.and_then(|(line, told)| Some((line.parse().ok()?, told))).unwrap_or((1, &message));
        Failure { line, message: told.to_string(), is_incomplete }
    })
}

/// Line and column of a failure, counted from 1.
fn place(lua: &Lua, lead: &str, text: &str, failure: &Failure) -> (usize, usize) {
    let line = failure.line.clamp(1, text.lines().count().max(1));
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let this_line = text[start..].lines().next().unwrap_or_default();
    let characters = this_line.chars().count();
    if failure.is_incomplete {
        return (line, characters + 1);
    }
    let is_possible = |end: &usize| match load(lua, "prefix", lead, &text[..start + end]) {
        Ok(_) => true,
        Err(failure) => failure.is_incomplete,
    };
    let ends: Vec<usize> = this_line.char_indices().map(|(index, _)| index).collect();
    let seams: Vec<usize> = ends.iter().copied().filter(|end| is_seam(this_line, *end)).collect();
    let beyond = seams.get(seams.partition_point(is_possible)).copied().unwrap_or(this_line.len());
    // From there back, not by halves: a number that is cut within may be none, though both shorter and longer ones are.
    let end = ends.into_iter().rev().skip_while(|end| *end > beyond).find(is_possible).unwrap_or(0);
    let end = word_start(this_line, end);
    let blank = this_line[end..].chars().take_while(|char| char.is_whitespace()).count();
    (line, this_line[..end].chars().count() + blank + 1)
}

/// Whether a line can be cut here without cutting a word, a number or a symbol: if it could go on behind a seam, it could
/// behind all seams before that.
fn is_seam(line: &str, end: usize) -> bool {
    line[end..].starts_with([' ', '\t', ',', ';', '(', ')', '{', '}'])
}

/// Where the word begins that an end falls within: `en` may be a name where `end` cannot stand.
fn word_start(line: &str, end: usize) -> usize {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if line[end..].starts_with(is_part) { line[..end].trim_end_matches(is_part).len() } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        compile(&Lua::new(), "text", "", text).unwrap_err()
    }

    fn pointer(text: &str) -> String {
        fault(text).error.pointer()
    }

    #[test]
    fn the_caret_stands_where_nothing_can_follow() {
        assert_eq!(pointer("d = a*b + )"), "d = a*b + )\n          ^");
        assert_eq!(pointer("x = 3 y = ]"), "x = 3 y = ]\n          ^");
        assert_eq!(pointer("x = (1 + 2]"), "x = (1 + 2]\n          ^");
    }

    #[test]
    fn the_caret_stands_behind_what_is_unfinished() {
        assert_eq!(pointer("d = a*b +"), "d = a*b +\n         ^");
        assert!(fault("d = a*b +").is_incomplete);
        assert!(!fault("d = a*b + )").is_incomplete);
    }

    #[test]
    fn columns_are_counted_in_characters_and_tabs_stay() {
        assert_eq!(fault("x = 'größe' )").error.column, 13);
        assert_eq!(pointer("\tx = )"), "\tx = )\n\t    ^");
    }

    #[test]
    fn the_line_is_that_of_the_error() {
        let error = fault("x = 1\ny = 2 +* 3\nz = 4").error;
        assert_eq!((error.line, error.column), (2, 8));
        assert_eq!(error.to_string(), "text:2:8: unexpected symbol near '*'");
    }

    #[test]
    fn a_long_line_takes_no_long_time_and_is_shown_in_part() {
        let start = std::time::Instant::now();
        let terms = ["abc"; 100_000].join(" + ");
        let error = fault(&format!("x = {terms} )")).error;
        assert_eq!(error.column, 4 + terms.len() + 2);
        assert!(error.pointer().contains(" + abc )\n"), "{}", error.pointer());
        let [line, caret] = error.pointer().lines().map(|line| line.chars().count()).collect::<Vec<_>>()[..] else {
            panic!("two lines")
        };
        assert_eq!((line, caret), (81, 81));
        assert_eq!(fault(&format!("x = ) {terms}")).error.column, 5);
        assert_eq!(fault(&format!("{{\"a\": [{}]}}", ["1"; 100_000].join(","))).error.column, 1);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn what_stands_before_the_text_is_not_counted() {
        let error = compile(&Lua::new(), "text", "return ", "3*x^^2").unwrap_err().error;
        assert_eq!(error.pointer(), "3*x^^2\n    ^");
    }

    #[test]
    fn an_error_at_the_start_of_a_line_is_found_there() {
        let error = fault("x = 1 +\n\n  end").error;
        assert_eq!((error.line, error.column), (3, 3));
    }

    #[test]
    fn a_line_for_the_shell_is_skipped_and_counted() {
        assert!(compile(&Lua::new(), "text", "", "#!/usr/bin/env chainrule\nx = 1").is_ok());
        assert_eq!(fault("#!/bin/sh\nx = )").error.line, 2);
    }
}
