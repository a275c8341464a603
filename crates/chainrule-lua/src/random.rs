//! The generator that everything random is drawn from: each Lua has one, which starts from the same seed.

use crate::arguments;
use crate::function::{Outcome, Problem};
use chainrule::{Pcg64, rng};
use mlua::prelude::*;

/// What the generator starts from where nothing else is said.
const SEED: u64 = 42;

/// Starts the generator anew.
pub fn start(lua: &Lua, seed: u64) {
    lua.set_app_data(rng(seed));
}

/// Draws from the generator, or from one with a seed of its own.
pub fn with_generator<T>(lua: &Lua, seed: Option<u64>, draw: impl FnOnce(&mut Pcg64) -> T) -> T {
    if let Some(seed) = seed {
        return draw(&mut rng(seed));
    }
    if lua.app_data_ref::<Pcg64>().is_none() {
        start(lua, SEED);
    }
    match lua.app_data_mut::<Pcg64>() {
        Some(mut generator) => draw(&mut generator),
        None => draw(&mut rng(SEED)),
    }
}

pub fn seed(what: &str, argument: &LuaValue) -> Outcome<u64> {
    match argument {
        LuaValue::Integer(seed) => Ok(*seed as u64),
        other => arguments::count(what, other, 0)
            .map(|seed| seed as u64)
            .map_err(|_| Problem::unexpected(what, "an integer", other)),
    }
}
