//! Numbers for the variables of an expression, as `a=2,b=-3` on the command line.

use crate::failure::{Failure, Result};
use chainrule::text;
use chainrule_lua::Expression;
use std::fmt;
use std::str::FromStr;

/// A variable and its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub name: String,
    pub number: f64,
}

impl FromStr for Binding {
    type Err = String;

    fn from_str(text: &str) -> Result<Binding, String> {
        let expected = "expected NAME=NUMBER, as in x=3";
        let (name, number) = text.split_once('=').ok_or(expected)?;
        let (name, number) = (name.trim(), number.trim());
        let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_name {
            return Err(expected.into());
        }
        let number = number.parse().map_err(|_| format!("expected a number for {}", text::quoted(name)))?;
        Ok(Binding { name: name.into(), number })
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.number)
    }
}

/// All of them in a row: `a = 2, b = -3`.
pub fn listed(bindings: &[Binding]) -> String {
    bindings.iter().map(Binding::to_string).collect::<Vec<_>>().join(", ")
}

/// Fails if a variable of the expression has no number or two, or a number is for none.
pub fn check(bindings: &[Binding], option: &str, expression: &Expression) -> Result<()> {
    let variables = expression.variables();
    let names: Vec<&str> = bindings.iter().map(|binding| &*binding.name).collect();
    let problem = |expected: &str, name: &str| {
        let found = if names.is_empty() { "none".into() } else { listed(bindings) };
        Err(Failure::input(format!("{option}: expected {expected} {}, found {found}", text::quoted(name))))
    };
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return problem("one number for the variable", name);
        }
        if !variables.iter().any(|variable| variable == name) {
            return Err(Failure::input(format!("{option}: {}", text::unknown("variable", name, variables))));
        }
    }
    match variables.iter().find(|variable| !names.contains(&variable.as_str())) {
        Some(missing) => problem("a number for the variable", missing),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_is_a_name_and_a_number() {
        assert_eq!("a=2".parse(), Ok(Binding { name: "a".into(), number: 2.0 }));
        assert_eq!(" rate_1 = -1e-3 ".parse(), Ok(Binding { name: "rate_1".into(), number: -1e-3 }));
    }

    #[test]
    fn what_is_no_binding_is_told() {
        for text in ["a", "=2", "2a=1", "a b=1", "a.b=1"] {
            assert_eq!(text.parse::<Binding>(), Err("expected NAME=NUMBER, as in x=3".into()), "{text}");
        }
        assert_eq!("a=two".parse::<Binding>(), Err("expected a number for \"a\"".into()));
    }
}
