//! `data`: the library's synthetic data sets as tables.

use crate::arguments;
use crate::function::{Outcome, Problem, function};
use crate::random;
use chainrule::data::{Dataset, Synthetic, Target};
use mlua::prelude::*;

/// More points would only fill the memory: each row is a table.
const MOST: usize = 10_000_000;

/// The table `data`: a function for each synthetic data set.
///
/// `data.moons(100, 0.1)` is `{rows = {{x, y}, ...}, labels = {0, 1, ...}}`. Labels are counted from 0, as in scikit-learn.
pub fn data(lua: &Lua) -> LuaResult<LuaTable> {
    let data = lua.create_table()?;
    for kind in Synthetic::ALL {
        data.set(
            kind.name(),
            function(lua, move |lua, (points, noise): (LuaValue, LuaValue)| {
                let points = arguments::count(&format!("{kind}, points"), &points, 1)?;
                if points > MOST {
                    return Err(Problem::new(format!("{kind}, points: expected at most {MOST}, found {points}")));
                }
                let noise = match noise {
                    LuaValue::Nil => kind.default_noise(),
                    noise => arguments::number(&format!("{kind}, noise"), &noise)?,
                };
                table(lua, random::with_generator(lua, None, |rng| kind.generate(points, noise, rng))?)
            })?,
        )?;
    }
    Ok(data)
}

fn table(lua: &Lua, data: Dataset) -> Outcome<LuaTable> {
    let table = lua.create_table()?;
    table.set("rows", data.rows)?;
    match data.target {
        Target::Classes { labels, .. } => table.set("labels", labels)?,
        Target::Numbers(numbers) => table.set("labels", numbers)?,
    }
    Ok(table)
}
