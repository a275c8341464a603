//! What the console shows: `slope`, and with a helper of the command's `draw` and `plot`.

use crate::arguments;
use crate::function::{Outcome, Problem, function, message_of};
use crate::values::Handle;
use chainrule::Value;
use chainrule::check::Slope;
use mlua::prelude::*;

/// What can show pictures. What it returns is printed: where the picture is.
pub trait Pictures {
    /// Shows what values were made of.
    ///
    /// # Errors
    ///
    /// A line that says why there is no picture.
    fn draw(&self, values: &[Value]) -> Result<String, String>;

    /// Shows a function from a number to another.
    ///
    /// # Errors
    ///
    /// A line that says why there is no picture.
    fn plot(&self, function: &dyn Fn(Value) -> Result<Value, String>, from: f64, to: f64) -> Result<String, String>;
}

/// Adds `slope(f, x)`: the derivative, and what differences make of it.
pub(crate) fn add_slope(lua: &Lua) -> LuaResult<()> {
    let slope = function(lua, |lua, (f, x): (LuaValue, LuaValue)| {
        let f = called("slope", &f)?;
        let x = arguments::number("slope, place", &x)?;
        let slope = Slope::of(|x| compute(f, x), x);
        print(lua, &slope.map_err(Problem::new)?.to_string())
    })?;
    lua.globals().set("slope", slope)
}

/// Adds `draw(value, ...)` and `plot(f, from, to)`.
pub(crate) fn add(lua: &Lua, pictures: impl Pictures + 'static) -> LuaResult<()> {
    let pictures = std::rc::Rc::new(pictures);
    let drawing = std::rc::Rc::clone(&pictures);
    let draw = function(lua, move |lua, values: LuaVariadic<LuaValue>| {
        name_globals(lua)?;
        let values = values.iter().map(|value| arguments::value("draw", value)).collect::<Outcome<Vec<_>>>()?;
        print(lua, &drawing.draw(&values).map_err(Problem::new)?)
    })?;
    lua.globals().set("draw", draw)?;
    let plot = function(lua, move |lua, (f, from, to): (LuaValue, LuaValue, LuaValue)| {
        let f = called("plot", &f)?;
        let (from, to) = (arguments::number("plot, from", &from)?, arguments::number("plot, to", &to)?);
        let function = |x| crate::values::untidied(|| compute(f, x));
        print(lua, &pictures.plot(&function, from, to).map_err(Problem::new)?)
    })?;
    lua.globals().set("plot", plot)
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

/// Values without a label are shown with the name of the global that holds them.
fn name_globals(lua: &Lua) -> LuaResult<()> {
    lua.globals().for_each(|name: LuaValue, held: LuaValue| {
        if let (LuaValue::String(name), Ok(value)) = (name, arguments::value("global", &held))
            && value.name().is_none()
        {
            value.named(name.to_string_lossy());
        }
        Ok(())
    })
}
