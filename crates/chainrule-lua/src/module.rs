//! The entry of the loadable module: what `require 'chainrule'` calls in a Lua that loads it.

use mlua::prelude::*;

#[mlua::lua_module(name = "chainrule")]
fn open(lua: &Lua) -> LuaResult<LuaTable> {
    crate::library(lua)
}
