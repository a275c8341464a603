//! How the console shows what an expression came to.

use mlua::prelude::*;

/// Tables within tables are shown so deep.
const DEPTH: usize = 3;

/// Of a long table, so many entries are shown.
const ENTRIES: usize = 40;

/// Several results stand side by side, as `print` has them.
pub fn all(lua: &Lua, results: &[LuaValue]) -> LuaResult<String> {
    let shown = results.iter().map(|result| one(lua, result)).collect::<LuaResult<Vec<_>>>()?;
    Ok(shown.join("\t"))
}

/// A table with its entries, unless it knows itself how it is written; all else as `tostring` has it.
fn one(lua: &Lua, value: &LuaValue) -> LuaResult<String> {
    match value {
        LuaValue::Table(table) => within(lua, table, DEPTH),
        LuaValue::String(string) => Ok(string.to_string_lossy()),
        LuaValue::Number(_) | LuaValue::Integer(_) => {
            Ok(lua.coerce_string(value.clone())?.map_or_else(String::new, |text| text.to_string_lossy()))
        }
        other => other.to_string(),
    }
}

fn within(lua: &Lua, table: &LuaTable, depth: usize) -> LuaResult<String> {
    if table.metatable().is_some_and(|metatable| metatable.contains_key("__tostring").unwrap_or(false)) {
        return LuaValue::Table(table.clone()).to_string();
    }
    if depth == 0 {
        return Ok("{...}".into());
    }
    let listed = table.raw_len();
    let mut entries = Vec::new();
    for index in 1..=listed.min(ENTRIES) {
        entries.push(entry(lua, &table.raw_get(index)?, depth)?);
    }
    let is_listed = |key: &LuaValue| key.as_integer().is_some_and(|key| (1..=listed as i64).contains(&key));
    let mut named = Vec::new();
    let mut count = listed;
    table.for_each(|key: LuaValue, value: LuaValue| {
        if !is_listed(&key) {
            count += 1;
            named.push((label(lua, &key, depth)?, value));
        }
        Ok(())
    })?;
    named.sort_by(|a, b| a.0.cmp(&b.0));
    for (label, value) in named.into_iter().take(ENTRIES - entries.len()) {
        entries.push(format!("{label} = {}", entry(lua, &value, depth)?));
    }
    if count > entries.len() {
        entries.push(format!("... {} more", count - entries.len()));
    }
    Ok(format!("{{{}}}", entries.join(", ")))
}

fn entry(lua: &Lua, value: &LuaValue, depth: usize) -> LuaResult<String> {
    match value {
        LuaValue::Table(table) => within(lua, table, depth - 1),
        LuaValue::String(string) => Ok(format!("{:?}", string.to_string_lossy())),
        other => one(lua, other),
    }
}

fn label(lua: &Lua, key: &LuaValue, depth: usize) -> LuaResult<String> {
    match key {
        LuaValue::String(name) if is_name(&name.to_string_lossy()) => Ok(name.to_string_lossy()),
        other => Ok(format!("[{}]", entry(lua, other, depth)?)),
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !text.starts_with(|char: char| char.is_ascii_digit())
}
