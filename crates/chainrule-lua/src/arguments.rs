//! What functions are called with: numbers and values, lists of them, options by name.

use crate::function::{Outcome, Problem};
use crate::values::Handle;
use chainrule::{Value, text};
use mlua::prelude::*;

/// A number or a value as a value.
#[inline]
pub fn operand(what: &str, argument: &LuaValue) -> Outcome<Value> {
    match argument {
        LuaValue::Number(number) => Ok(Value::constant(*number)),
        LuaValue::Integer(integer) => Ok(Value::constant(*integer as f64)),
        LuaValue::UserData(data) if let Ok(handle) = data.borrow::<Handle>() => Ok(handle.value()),
        other => Err(Problem::unexpected(what, "a number or a Value", other)),
    }
}

/// A value, where a number would not do.
pub fn value(what: &str, argument: &LuaValue) -> Outcome<Value> {
    match argument {
        LuaValue::UserData(data) if let Ok(handle) = data.borrow::<Handle>() => Ok(handle.value()),
        other => Err(Problem::unexpected(what, "a Value", other)),
    }
}

pub fn number(what: &str, argument: &LuaValue) -> Outcome<f64> {
    match argument {
        LuaValue::Number(number) => Ok(*number),
        LuaValue::Integer(integer) => Ok(*integer as f64),
        other => Err(Problem::unexpected(what, "a number", other)),
    }
}

/// An integer from `least` on.
pub fn count(what: &str, argument: &LuaValue, least: usize) -> Outcome<usize> {
    let integer = match argument {
        LuaValue::Integer(integer) => usize::try_from(*integer).ok(),
        LuaValue::Number(number) if number.fract() == 0.0 && *number >= 0.0 => Some(*number as usize),
        _ => None,
    };
    let fits = integer.filter(|integer| *integer >= least);
    fits.ok_or_else(|| Problem::unexpected(what, &format!("an integer of at least {least}"), argument))
}

pub fn boolean(what: &str, option: &LuaValue) -> Outcome<bool> {
    option.as_boolean().ok_or_else(|| Problem::unexpected(what, "true or false", option))
}

/// The elements of a list, each read by `read`.
pub fn list<T>(what: &str, argument: &LuaValue, read: impl Fn(&str, &LuaValue) -> Outcome<T>) -> Outcome<Vec<T>> {
    let LuaValue::Table(table) = argument else {
        return Err(Problem::unexpected(what, "a table", argument));
    };
    let read_at = |index| {
        let element: LuaValue = table.raw_get(index)?;
        read(&format!("{what}[{index}]"), &element)
    };
    (1..=table.raw_len()).map(read_at).collect()
}

/// Settings by name, each of which must be known.
pub struct Options<'a> {
    what: &'static str,
    known: &'a [&'static str],
    table: Option<LuaTable>,
}

impl<'a> Options<'a> {
    pub fn new(what: &'static str, argument: &LuaValue, known: &'a [&'static str]) -> Outcome<Options<'a>> {
        let table = match argument {
            LuaValue::Nil => None,
            LuaValue::Table(table) => Some(table.clone()),
            other => {
                let expected = format!("a table of options ({})", known.join(", "));
                return Err(Problem::unexpected(what, &expected, other));
            }
        };
        for pair in table.iter().flat_map(|table| table.pairs::<LuaValue, LuaValue>()) {
            let name = pair?.0.to_string()?;
            if !known.contains(&name.as_str()) {
                return Err(Problem::new(format!("{what}: {}", text::unknown("option", &name, known))));
            }
        }
        Ok(Options { what, known, table })
    }

    /// The option as `read` reads it, if it was given.
    pub fn get<T>(&self, name: &str, read: impl Fn(&str, &LuaValue) -> Outcome<T>) -> Outcome<Option<T>> {
        debug_assert!(self.known.contains(&name));
        let Some(table) = &self.table else { return Ok(None) };
        match table.get(name)? {
            LuaValue::Nil => Ok(None),
            option => read(&format!("{}, {name}", self.what), &option).map(Some),
        }
    }

    /// An option that is one of the names of `T`.
    pub fn named<T: std::str::FromStr<Err = chainrule::Error>>(&self, name: &str) -> Outcome<Option<T>> {
        self.get(name, |what, option| match option {
            LuaValue::String(string) => Ok(string.to_string_lossy().parse()?),
            other => Err(Problem::unexpected(what, "a name", other)),
        })
    }
}
