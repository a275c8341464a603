//! The table that `require 'chainrule'` returns.

use crate::arguments;
use crate::function::function;
use crate::{data, network, operations, optimizer, random, value, values};
use chainrule::{no_grad, tape};
use mlua::prelude::*;

/// Everything there is: `Value`, `nn`, `optim`, `data`, a function for each row of the table of operations, and some more.
/// Sets no globals.
///
/// # Errors
///
/// If Lua has no memory left.
pub fn library(lua: &Lua) -> LuaResult<LuaTable> {
    let library = operations::functions(lua)?;
    library.set("Value", value::constructor(lua)?)?;
    library.set("nn", network::nn(lua)?)?;
    library.set("optim", optimizer::optim(lua)?)?;
    library.set("data", data::data(lua)?)?;
    library.set("version", env!("CARGO_PKG_VERSION"))?;
    library.set(
        "seed",
        function(lua, |lua, seed: LuaValue| {
            random::start(lua, random::seed("seed", &seed)?);
            Ok(())
        })?,
    )?;
    library.set(
        "gradient",
        function(lua, |_, (result, inputs): (LuaValue, LuaValue)| {
            let result = arguments::operand("gradient", &result)?;
            Ok(result.gradient(&arguments::list("gradient, inputs", &inputs, arguments::operand)?))
        })?,
    )?;
    add_surroundings(lua, &library)?;
    Ok(library)
}

/// `no_grad(f, ...)` and `group(name, f, ...)`, which call a function of Lua, and return and raise what it does.
fn add_surroundings(lua: &Lua, library: &LuaTable) -> LuaResult<()> {
    // A call of ours in between would lose an error that is no string. So what is called here keeps its outcome.
    let outcome_kept = "
        local within, pack, unpack, pcall, error = ..., table.pack, table.unpack, pcall, error
        return function(around, f, ...)
            local arguments, outcome = pack(...)
            within(around, function() outcome = pack(pcall(f, unpack(arguments, 1, arguments.n))) end)
            if not outcome[1] then error(outcome[2], 0) end
            return unpack(outcome, 2, outcome.n)
        end";
    let surrounded = |within: LuaFunction| lua.load(outcome_kept).set_name("=chainrule").call::<LuaFunction>(within);
    let group = surrounded(lua.create_function(|_, (name, record): (String, LuaFunction)| {
        // A group is a stretch of the tape: nothing may move in the meantime.
        values::untidied(|| tape::group(name, || record.call::<()>(())))
    })?)?;
    library.set("group", group)?;
    let unrecorded = surrounded(
        lua.create_function(|_, (_, compute): (LuaValue, LuaFunction)| no_grad(|| compute.call::<()>(())))?,
    )?;
    let no_grad: LuaFunction = lua
        .load("local unrecorded = ... return function(f, ...) return unrecorded(nil, f, ...) end")
        .call(unrecorded)?;
    library.set("no_grad", no_grad)
}
