//! What could be meant by a word that somebody has begun to type.

use crate::interpreter::Interpreter;
use crate::tokens::KEYWORDS;
use crate::value;
use crate::values::Handle;
use mlua::prelude::*;

impl Interpreter {
    /// The names that could stand at the end of `text`, in alphabetical order, and where in it they begin: globals, fields
    /// behind a dot, methods behind a colon. Nothing is computed for it.
    ///
    /// ```
    /// # use chainrule_lua::{Interpreter, Trust};
    /// # fn main() -> chainrule_lua::Result<()> {
    /// let lua = Interpreter::new(Trust::Sandboxed, std::io::stdout())?;
    /// lua.run("example", "v = Value(2.0)")?;
    /// assert_eq!(lua.complete("print(v:ba"), (8, vec!["backward".to_string()]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn complete(&self, text: &str) -> (usize, Vec<String>) {
        let is_path = |char: char| char.is_ascii_alphanumeric() || "_.:".contains(char);
        let path = &text[text.rfind(|char| !is_path(char)).map_or(0, |at| at + last_width(text, at))..];
        let (owners, beginning) =
            path.rsplit_once(['.', ':']).map_or((None, path), |(owners, name)| (Some(owners), name));
        let methods_only = path[..path.len() - beginning.len()].ends_with(':');
        let mut names = self.names_in(owners, methods_only).unwrap_or_default();
        names.retain(|name| name.starts_with(beginning));
        names.sort();
        names.dedup();
        (text.len() - beginning.len(), names)
    }

    fn names_in(&self, owners: Option<&str>, methods_only: bool) -> LuaResult<Vec<String>> {
        let globals = LuaValue::Table(self.lua().globals());
        let Some(owners) = owners else {
            let mut names = members(self.lua(), &globals, false)?;
            names.extend(KEYWORDS.map(String::from));
            return Ok(names);
        };
        let mut owner = globals;
        for name in owners.split(['.', ':']) {
            owner = member(&owner, name)?;
        }
        members(self.lua(), &owner, methods_only)
    }
}

fn last_width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// A member of a table, or of where it looks for what it has not.
fn member(owner: &LuaValue, name: &str) -> LuaResult<LuaValue> {
    for table in tables(owner) {
        let found: LuaValue = table.raw_get(name)?;
        if !found.is_nil() {
            return Ok(found);
        }
    }
    Ok(LuaValue::Nil)
}

fn members(lua: &Lua, owner: &LuaValue, methods_only: bool) -> LuaResult<Vec<String>> {
    let mut names = Vec::new();
    let mut add = |table: &LuaTable| {
        table.for_each(|name: LuaValue, member: LuaValue| {
            if let (LuaValue::String(name), true) = (name, !methods_only || member.is_function()) {
                names.push(name.to_string_lossy());
            }
            Ok(())
        })
    };
    match owner {
        LuaValue::UserData(data) if data.is::<Handle>() => {
            add(&value::methods(lua)?)?;
            if !methods_only {
                names.extend(value::FIELDS.map(String::from));
            }
        }
        LuaValue::String(_) => add(&lua.globals().raw_get("string")?)?,
        owner => tables(owner).iter().try_for_each(add)?,
    }
    // Metamethods are not called by name.
    names.retain(|name| !name.starts_with("__"));
    Ok(names)
}

/// A table, and the tables in which Lua goes on looking.
fn tables(owner: &LuaValue) -> Vec<LuaTable> {
    const LONGEST: usize = 10;
    let mut tables = Vec::new();
    let mut next = owner.as_table().cloned();
    while let Some(table) = next.take().filter(|_| tables.len() < LONGEST) {
        let index: Option<LuaValue> = table.metatable().and_then(|metatable| metatable.raw_get("__index").ok());
        next = index.and_then(|index| index.as_table().cloned());
        tables.push(table);
    }
    tables
}
