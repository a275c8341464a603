//! The words of a text of Lua: enough to tell which names it reads, and what its functions take.

use std::collections::BTreeSet;

/// A word of Lua; comments and what is in strings and numbers is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A name, or a keyword.
    Word(&'a str),
    /// Punctuation.
    Symbol(&'a str),
    /// A number or a string.
    Literal,
}

/// The names that a text uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// What the last function takes that is not within another one.
    pub parameters: Vec<String>,
    /// What is read and never set, in the order of appearance.
    pub free: Vec<String>,
    /// What of this is called as a function.
    pub called: Vec<String>,
}

/// Lua's own words.
pub(crate) const KEYWORDS: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// The names of a text that is known to be Lua.
///
/// A name that is local or set somewhere counts as set everywhere.
pub(crate) fn names(text: &str) -> Names {
    let tokens = tokens(text);
    let mut names = Names::default();
    let mut set = BTreeSet::new();
    let (mut blocks, mut braces) = (0_usize, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        match *token {
            Token::Word("function") => {
                let (name, parameters) = signature(&tokens[index + 1..]);
                if blocks == 0 {
                    names.parameters = parameters.iter().map(|name| name.to_string()).collect();
                }
                set.extend(parameters.into_iter().chain(name));
                blocks += 1;
            }
            Token::Word("if" | "do" | "repeat") => blocks += 1,
            Token::Word("end" | "until") => blocks = blocks.saturating_sub(1),
            Token::Word("local" | "for") => set.extend(listed(&tokens[index + 1..])),
            Token::Symbol("{") => braces += 1,
            Token::Symbol("}") => braces = braces.saturating_sub(1),
            Token::Word(name) if next == Some(&Token::Symbol("=")) && braces == 0 => drop(set.insert(name)),
            _ => {}
        }
    }
    let mut braces = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        let previous = index.checked_sub(1).map(|index| tokens[index]);
        match *token {
            Token::Symbol("{") => braces += 1,
            Token::Symbol("}") => braces = braces.saturating_sub(1),
            Token::Word(name) => {
                let is_field = matches!(previous, Some(Token::Symbol("." | ":" | "::") | Token::Word("goto")));
                let is_key = braces > 0 && tokens.get(index + 1) == Some(&Token::Symbol("="));
                if is_field || is_key || KEYWORDS.contains(&name) || set.contains(name) {
                    continue;
                }
                let is_called = matches!(tokens.get(index + 1), Some(Token::Symbol("(" | "{") | Token::Literal));
                let is_new = |names: &[String]| !names.iter().any(|known| known == name);
                if is_new(&names.free) {
                    names.free.push(name.to_string());
                }
                if is_called && is_new(&names.called) {
                    names.called.push(name.to_string());
                }
            }
            _ => {}
        }
    }
    names
}

/// The name of a function, if it has one, and its parameters; the tokens are those behind `function`.
fn signature<'a>(tokens: &[Token<'a>]) -> (Option<&'a str>, Vec<&'a str>) {
    let name = match tokens {
        [Token::Word(name), Token::Symbol("("), ..] => Some(*name),
        _ => None,
    };
    let opening = tokens.iter().position(|token| *token == Token::Symbol("(")).map_or(tokens.len(), |index| index + 1);
    (name, listed(&tokens[opening..]))
}

/// The names with commas between them that the tokens begin with.
fn listed<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for pair in tokens.chunks(2) {
        match pair {
            [Token::Word(name), rest @ ..] if !KEYWORDS.contains(name) => {
                names.push(*name);
                if rest != [Token::Symbol(",")] {
                    break;
                }
            }
            _ => break,
        }
    }
    names
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ if first.is_ascii_alphabetic() || first == '_' => {
                let length = rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '_').unwrap_or(rest.len());
                (Some(Token::Word(&rest[..length])), length)
            }
            _ if rest.starts_with("--") => (None, comment(rest)),
            '"' | '\'' => (Some(Token::Literal), quoted(rest, first)),
            '[' if long_bracket(rest).is_some() => (Some(Token::Literal), long_bracket(rest).unwrap_or(1)),
            _ if number(rest) > 0 => (Some(Token::Literal), number(rest)),
            _ => {
                let symbols = ["...", "..", "==", "~=", "<=", ">=", "::", "//", "<<", ">>"];
                let length =
                    symbols.iter().find(|symbol| rest.starts_with(**symbol)).map_or(first.len_utf8(), |s| s.len());
                (Some(Token::Symbol(&rest[..length])), length)
            }
        };
        tokens.extend(token);
        rest = &rest[length..];
    }
    tokens
}

/// The length of the number that a text begins with; 0 if that is none.
fn number(text: &str) -> usize {
    let digits = text.strip_prefix('.').unwrap_or(text);
    if !digits.starts_with(|char: char| char.is_ascii_digit()) {
        return 0;
    }
    let exponents = if text.starts_with("0x") || text.starts_with("0X") { ['p', 'P'] } else { ['e', 'E'] };
    let mut previous = ' ';
    let end = text.find(|char: char| {
        let is_part =
            char.is_ascii_alphanumeric() || char == '.' || ("+-".contains(char) && exponents.contains(&previous));
        previous = char;
        !is_part
    });
    end.unwrap_or(text.len())
}

fn comment(text: &str) -> usize {
    match long_bracket(&text[2..]) {
        Some(length) => 2 + length,
        None => text.find('\n').unwrap_or(text.len()),
    }
}

/// The length of the string in quotes that a text begins with.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    let end = text[1..].find(|char: char| {
        let ends = char == quote && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// The length of a long string such as `[[...]]` or `[=[...]=]`, if the text begins with one.
fn long_bracket(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('[')?;
    let level = inside.find(|char| char != '=')?;
    inside[level..].strip_prefix('[')?;
    let closing = format!("]{}]", "=".repeat(level));
    Some(text.find(&closing).map_or(text.len(), |at| at + closing.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(text: &str) -> Vec<String> {
        names(text).free
    }

    #[test]
    fn what_is_read_and_not_set_is_free() {
        assert_eq!(free("3*x^2 - 4*x + y"), ["x", "y"]);
        assert_eq!(free("e = a*b; d = e + c"), ["a", "b", "c"]);
    }

    #[test]
    fn what_arguments_follow_is_called() {
        assert_eq!(names("f(x) + g{y} + h'z' + x * (y + 1)").called, ["f", "g", "h"]);
        assert!(names("function f(x) return x end y = f(2) + math.sin(x)").called.is_empty());
    }

    #[test]
    fn fields_and_methods_are_no_variables() {
        assert_eq!(free("math.sin(x):tanh() + a .. b"), ["math", "x", "a", "b"]);
        assert_eq!(free("f{x = y, [z] = 1}"), ["f", "y", "z"]);
    }

    #[test]
    fn locals_parameters_and_loops_are_set() {
        assert_eq!(free("local p, q = x, 2; for i = 1, n do p = p + i * q end"), ["x", "n"]);
        let function = names("function f(x, y) local g = function(z) return z * w end return g(x) + y end");
        assert_eq!(function.parameters, ["x", "y"]);
        assert_eq!(function.free, ["w"]);
    }

    #[test]
    fn the_last_outer_function_is_the_one_that_is_called() {
        assert_eq!(
            names("function g(x) if x > 0 then return x end end f = function(y) return g(y) end").parameters,
            ["y"]
        );
    }

    #[test]
    fn numbers_strings_and_comments_hold_no_names() {
        assert_eq!(free("1e-5 + 0x1p+4 + .5e3*x -- y\n + [[z]] .. 'it\\'s u' --[==[ v ]] ]==] + t"), ["x", "t"]);
    }
}
