//! Formulas as users of a command write them: functions of named variables.

use crate::error::{Error, Result};
use crate::interpreter::{Interpreter, Trust};
use crate::values::{self, Handle};
use crate::{arguments, operations, syntax, tokens};
use chainrule::{Value, text};
use mlua::prelude::*;

/// What a formula is called in messages.
const NAME: &str = "expression";

/// A function of named variables, written in Lua in one of these forms:
///
/// - an expression: `3*x^2 - 4*x + 5`;
/// - statements, of which the last one sets the result: `e = a*b; d = e + c`;
/// - a function: `function f(x) return 3*x^2 - 4*x + 5 end`, `f = function(x) ... end` or `function(x) ... end`.
///
/// Every function of the [table of operations](chainrule::op) is there under its name, and so is all of `math`, such as
/// `log` and `pi`, whose functions take values, too.
///
/// ```
/// use chainrule::Value;
/// use chainrule_lua::Expression;
///
/// # fn main() -> chainrule_lua::Result<()> {
/// let formula = Expression::parse("d = a*b + c")?;
/// assert_eq!(formula.variables(), ["a", "b", "c"]);
///
/// let (a, b, c) = (Value::new(2.0), Value::new(-3.0), Value::new(10.0));
/// let d = formula.evaluate(&[("a", a), ("b", b), ("c", c)])?;
/// assert_eq!((d.data(), d.gradient(&[a, b, c])), (4.0, vec![-3.0, 2.0, 1.0]));
/// assert_eq!([d.name(), a.name()], [Some("d".into()), Some("a".into())]);
///
/// let error = formula.evaluate(&[("a", a), ("b", b)]).unwrap_err();
/// assert_eq!(error.to_string(), r#"unknown variable "c" (known: a, b)"#);
/// # Ok(())
/// # }
/// ```
pub struct Expression {
    interpreter: Interpreter,
    /// Takes a table of variables, gives the result.
    compute: LuaFunction,
    variables: Vec<String>,
}

impl Expression {
    /// Reads a formula. Nothing of it is computed yet.
    ///
    /// # Errors
    ///
    /// [`Error::Syntax`] if it is not Lua, with the place; [`Error::Runtime`] if it calls a function that there is not.
    pub fn parse(text: &str) -> Result<Expression> {
        let interpreter = Interpreter::new(Trust::Sandboxed, std::io::sink())?;
        let chunk = syntax::compile_any(interpreter.lua(), NAME, text)?;
        let (compute, variables) =
            prepare(interpreter.lua(), chunk, text).map_err(|error| interpreter.error(&error))?;
        Ok(Expression { interpreter, compute, variables })
    }

    /// The variables that it has: the parameters of a function, and then what else is read and never set, in the order of
    /// appearance.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The result for these variables, recorded. Variables and what is set on the way get their names as labels, unless
    /// they have one.
    ///
    /// # Errors
    ///
    /// If a variable is missing, the formula fails, or its result is no number; one line.
    pub fn evaluate(&self, variables: &[(&str, Value)]) -> Result<Value> {
        values::passing(|| {
            for (name, value) in variables {
                label(*value, name);
            }
            let result = self.compute(variables.iter().map(|(name, value)| (*name, Handle::new(*value))))?;
            let result = arguments::operand("result", &result);
            result.map_err(|problem| Error::Runtime(problem.to_string()))
        })
    }

    /// The result for these variables as a plain number: nothing is recorded, which is several times as fast.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Expression::evaluate).
    pub fn number(&self, variables: &[(&str, f64)]) -> Result<f64> {
        values::passing(|| {
            let result = self.compute(variables.iter().copied())?;
            let result = arguments::operand("result", &result);
            result.map(Value::data).map_err(|problem| Error::Runtime(problem.to_string()))
        })
    }

    fn compute<'a>(&self, variables: impl Iterator<Item = (&'a str, impl IntoLua)>) -> Result<LuaValue> {
        let compute = || self.compute.call(self.interpreter.lua().create_table_from(variables)?);
        compute().map_err(|error| self.interpreter.error(&error))
    }
}

/// Puts a chunk into its surroundings, and finds its variables.
fn prepare(lua: &Lua, chunk: LuaFunction, text: &str) -> LuaResult<(LuaFunction, Vec<String>)> {
    let functions = functions(lua)?;
    let names = tokens::names(text);
    check_called(&names.called, &functions)?;
    let mut variables = names.parameters.clone();
    for name in names.free {
        if !functions.contains_key(name.as_str())? {
            variables.push(name);
        }
    }
    let environment = lua.create_table()?;
    chunk.set_environment(environment.clone())?;
    let unknown = lua.create_function(|_, (name, variables): (String, LuaTable)| {
        Ok(text::unknown("variable", &name, &sorted_names(&variables)?))
    })?;
    let label = lua.create_function(|_, (value, name): (LuaValue, String)| {
        if let Ok(value) = arguments::value("variable", &value) {
            label(value, &name);
        }
        Ok(())
    })?;
    let source = lua.load(include_str!("lua/expression.lua")).set_name("=expression");
    Ok((source.call((environment, chunk, names.parameters, functions, unknown, label))?, variables))
}

fn check_called(called: &[String], functions: &LuaTable) -> LuaResult<()> {
    for name in called {
        if !functions.contains_key(name.as_str())? {
            return Err(LuaError::runtime(text::unknown("function", name, &sorted_names(functions)?)));
        }
    }
    Ok(())
}

fn sorted_names(table: &LuaTable) -> LuaResult<Vec<String>> {
    let mut names = table.pairs::<String, LuaValue>().map(|pair| Ok(pair?.0)).collect::<LuaResult<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn label(value: Value, name: &str) {
    if value.name().is_none() {
        value.named(name);
    }
}

/// What a formula can call: every row of the table of operations, `math`, and what of Lua computes only.
fn functions(lua: &Lua) -> LuaResult<LuaTable> {
    const OF_LUA: [&str; 16] = [
        "Value", "assert", "cr", "error", "ipairs", "math", "nn", "pairs", "pcall", "print", "select", "string",
        "table", "tonumber", "tostring", "type",
    ];
    let functions = operations::functions(lua)?;
    lua.globals().get::<LuaTable>("math")?.for_each(|name: String, member: LuaValue| {
        if functions.contains_key(name.as_str())? { Ok(()) } else { functions.set(name, member) }
    })?;
    for name in OF_LUA {
        functions.set(name, lua.globals().get::<LuaValue>(name)?)?;
    }
    Ok(functions)
}
