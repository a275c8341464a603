//! Functions for Lua, whose errors are Lua errors: a string that says where in the script, and what.

use crate::values;
use mlua::prelude::*;

/// What was wrong with a call, in one line.
#[derive(Debug)]
pub struct Problem(String);

pub type Outcome<T> = Result<T, Problem>;

impl Problem {
    pub fn new(message: impl Into<String>) -> Problem {
        Problem(message.into())
    }

    /// `tanh: expected a number, found nil`
    pub fn unexpected(what: &str, expected: &str, found: &LuaValue) -> Problem {
        Problem(format!("{what}: expected {expected}, found {}", kind(found)))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value of Lua as a message calls it.
fn kind(value: &LuaValue) -> String {
    match value {
        LuaValue::Nil => "nil".into(),
        LuaValue::Number(number) => number.to_string(),
        LuaValue::Integer(integer) => integer.to_string(),
        LuaValue::String(string) => chainrule::text::quoted(&string.to_string_lossy()),
        LuaValue::UserData(data) if data.is::<values::Handle>() => "a Value".into(),
        other => format!("a {}", other.type_name()),
    }
}

impl From<LuaError> for Problem {
    fn from(error: LuaError) -> Problem {
        Problem(message_of(&error))
    }
}

impl From<chainrule::Error> for Problem {
    fn from(error: chainrule::Error) -> Problem {
        Problem(error.to_string())
    }
}

impl IntoLua for Problem {
    fn into_lua(self, lua: &Lua) -> LuaResult<LuaValue> {
        self.0.into_lua(lua)
    }
}

/// What an error says, without the stack of calls that led to it.
pub fn message_of(error: &LuaError) -> String {
    let text = match error {
        LuaError::RuntimeError(message) | LuaError::SyntaxError { message, .. } => message.clone(),
        LuaError::CallbackError { cause, .. } => return message_of(cause),
        other => other.to_string(),
    };
    text.split("\nstack traceback:").next().unwrap_or_default().to_string()
}

/// A function for Lua.
///
/// Rust cannot raise an error that is a string; Lua can, and knows the line of the caller. So what Rust returns goes
/// through a function of Lua that raises.
pub fn function<A, R>(lua: &Lua, f: impl Fn(&Lua, A) -> Outcome<R> + 'static) -> LuaResult<LuaFunction>
where
    A: FromLuaMulti,
    Outcome<R>: IntoLuaMulti,
{
    let reports = lua.create_function(move |lua, arguments| {
        values::tidy(lua)?;
        // A finalizer may compute whenever Lua allocates; what `f` holds must not move then.
        Ok(values::untidied(|| f(lua, arguments)))
    })?;
    raising(lua)?.call(reports)
}

const RAISING: &str = "chainrule.raising";

fn raising(lua: &Lua) -> LuaResult<LuaFunction> {
    if let Ok(known) = lua.named_registry_value(RAISING) {
        return Ok(known);
    }
    let source = "
        local error = error
        return function(f)
            return function(...)
                local result, problem = f(...)
                if problem then error(problem, 2) end
                if result ~= nil then return result end
            end
        end";
    let raising: LuaFunction = lua.load(source).set_name("=chainrule").eval()?;
    lua.set_named_registry_value(RAISING, &raising)?;
    Ok(raising)
}
