//! What the console shows: `slope`, and with the help of who can draw, `draw` and `plot`.

use crate::arguments::{self, Options};
use crate::function::{Outcome, Problem, function, message_of};
use crate::interpreter::Interpreter;
use crate::values::{self, Handle};
use chainrule::Value;
use chainrule::check::Slope;
use mlua::prelude::*;

/// A function of one variable that was written in Lua, and fails with one line.
pub type Formula<'a> = dyn Fn(Value) -> Result<Value, String> + 'a;

/// What is to be drawn of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Plotted {
    /// From where to where.
    pub range: (f64, f64),
    /// Whether the derivative is drawn, too.
    pub derivative: bool,
    /// Where tangents touch the curve.
    pub tangents: Vec<f64>,
}

impl Interpreter {
    /// Adds `draw(value, ...)`: `show` draws what the values were made of, and returns what is printed, such as where the
    /// picture is, or one line that says why there is none. Globals that hold values without a label label them.
    ///
    /// # Errors
    ///
    /// If Lua has no memory left.
    pub fn draw_with(&self, show: impl Fn(&[Value]) -> Result<String, String> + 'static) -> crate::Result<()> {
        add_draw(self.lua(), show).map_err(|error| self.error(&error))
    }

    /// Adds `plot(f, from, to, {derivative = true, tangent = 3})`, from -5 to 5 if nothing is said: `show` draws the
    /// function, and returns what is printed, such as where the picture is, or one line that says why there is none. It may
    /// call the function in scopes of its own.
    ///
    /// # Errors
    ///
    /// If Lua has no memory left.
    pub fn plot_with(&self, show: impl Fn(&Formula, Plotted) -> Result<String, String> + 'static) -> crate::Result<()> {
        add_plot(self.lua(), show).map_err(|error| self.error(&error))
    }
}

/// Adds `slope(f, x)`: the derivative, and what differences make of it.
pub(crate) fn add_slope(lua: &Lua) -> LuaResult<()> {
    let slope = function(lua, |lua, (f, x): (LuaValue, LuaValue)| {
        let f = called("slope", &f)?;
        let x = arguments::number("slope, place", &x)?;
        let slope = Slope::of(|x| compute(f, x), x).map_err(Problem::new)?;
        print(lua, &slope.to_string())
    })?;
    lua.globals().set("slope", slope)
}

fn add_draw(lua: &Lua, show: impl Fn(&[Value]) -> Result<String, String> + 'static) -> LuaResult<()> {
    let draw = function(lua, move |lua, values: LuaVariadic<LuaValue>| {
        if values.is_empty() {
            return Err(Problem::new("draw: expected at least one Value, found none"));
        }
        name_globals(lua)?;
        let values = values.iter().map(|value| arguments::value("draw", value)).collect::<Outcome<Vec<_>>>()?;
        print(lua, &show(&values).map_err(Problem::new)?)
    })?;
    lua.globals().set("draw", draw)
}

fn add_plot(lua: &Lua, show: impl Fn(&Formula, Plotted) -> Result<String, String> + 'static) -> LuaResult<()> {
    let plot = function(lua, move |lua, (f, from, to, options): (LuaValue, LuaValue, LuaValue, LuaValue)| {
        let f = called("plot", &f)?;
        let end = |what: &str, end: &LuaValue, default| match end {
            LuaValue::Nil => Ok(default),
            end => arguments::number(what, end),
        };
        let options = Options::new("plot", &options, &["derivative", "tangent"])?;
        let plotted = Plotted {
            range: (end("plot, from", &from, -5.0)?, end("plot, to", &to, 5.0)?),
            derivative: options.get("derivative", arguments::boolean)?.unwrap_or(false),
            tangents: options.get("tangent", one_or_more)?.unwrap_or_default(),
        };
        let function = |x| values::passing(|| compute(f, x));
        print(lua, &show(&function, plotted).map_err(Problem::new)?)
    })?;
    lua.globals().set("plot", plot)
}

/// A number, or a list of them.
fn one_or_more(what: &str, argument: &LuaValue) -> Outcome<Vec<f64>> {
    match argument {
        LuaValue::Table(_) => arguments::list(what, argument, arguments::number),
        number => Ok(vec![arguments::number(what, number)?]),
    }
}

fn print(lua: &Lua, text: &str) -> Outcome<()> {
    let print: LuaFunction = lua.globals().get("print")?;
    Ok(print.call(text)?)
}

fn called<'a>(what: &str, f: &'a LuaValue) -> Outcome<&'a LuaFunction> {
    f.as_function().ok_or_else(|| Problem::unexpected(what, "a function", f))
}

fn compute(f: &LuaFunction, x: Value) -> Result<Value, String> {
    let result = f.call::<LuaValue>(Handle::new(x)).map_err(|error| message_of(&error))?;
    arguments::operand("result of the function", &result).map_err(|problem| problem.to_string())
}

/// Values without a label are shown with the name of the global that holds them, of several the first by alphabet.
fn name_globals(lua: &Lua) -> LuaResult<()> {
    let mut held = Vec::new();
    lua.globals().for_each(|name: LuaValue, member: LuaValue| {
        if let (LuaValue::String(name), Ok(value)) = (name, arguments::value("global", &member)) {
            held.push((name.to_string_lossy(), value));
        }
        Ok(())
    })?;
    held.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in held {
        if value.name().is_none() {
            value.named(name);
        }
    }
    Ok(())
}
