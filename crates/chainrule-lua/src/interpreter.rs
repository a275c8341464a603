//! Lua with the library in it, for scripts and for the console.

use crate::error::{Error, Result};
use crate::function::message_of;
use crate::{interrupt, library, operations, pictures, syntax};
use mlua::prelude::*;
use mlua::state::{GcGenParams, GcMode};
use std::cell::RefCell;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What scripts may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Compute, print, and read files.
    Sandboxed,
    /// Also run programs, write and delete files, and load modules from files. Modules in C and the `debug` library are
    /// left out all the same.
    Trusted,
}

/// A Lua in which `cr`, `Value` and `nn` are there at once; `math.sin` and its like take values, too; and functions of one
/// number, such as `tanh`, are there under their own names.
///
/// `require` knows `chainrule`, `middleclass` and `set`.
///
/// ```
/// use chainrule_lua::{Interpreter, Trust};
///
/// # fn main() -> chainrule_lua::Result<()> {
/// let lua = Interpreter::new(Trust::Sandboxed, std::io::stdout())?;
/// lua.run("example.lua", "a = Value(2.0); b = a * a + 1; b:backward(); assert(a.grad == 4.0)")?;
///
/// let error = lua.run("example.lua", "x = 1\ny = a + {}").unwrap_err();
/// assert_eq!(error.to_string(), "example.lua:2: +: expected a number or a Value, found a table");
/// # Ok(())
/// # }
/// ```
pub struct Interpreter {
    lua: Lua,
    flag: Arc<AtomicBool>,
}

impl Interpreter {
    /// A new Lua, whose `print` and `io.write` go to `output`.
    ///
    /// # Errors
    ///
    /// If there is not enough memory for one.
    pub fn new(trust: Trust, output: impl Write + 'static) -> Result<Interpreter> {
        let interpreter = Interpreter { lua: Lua::new(), flag: Arc::default() };
        interpreter.prepare(trust, output).map_err(|error| interpreter.error(&error))?;
        Ok(interpreter)
    }

    fn prepare(&self, trust: Trust, output: impl Write + 'static) -> LuaResult<()> {
        let lua = &self.lua;
        // Most values die young.
        lua.gc_set_mode(GcMode::Generational(GcGenParams::default()));
        let library = library(lua)?;
        let prelude = lua.load(include_str!("lua/prelude.lua")).set_name("=prelude");
        prelude.call::<()>((
            &library,
            operations::of_one_number(lua, &library)?,
            write(lua, output)?,
            modules(lua, &library)?,
        ))?;
        lua.globals().set("debug", lua.create_table_from([("traceback", traceback(lua)?)])?)?;
        if trust == Trust::Sandboxed {
            lua.load(include_str!("lua/sandbox.lua")).set_name("=sandbox").exec()?;
        }
        pictures::add_slope(lua)?;
        interrupt::watch(lua, Arc::clone(&self.flag))
    }

    /// The flag that stops what runs, within microseconds after it was set: it fails with [`Error::Interrupted`]. What is
    /// run afterwards starts anew.
    pub fn interrupter(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// Sets the table `arg`: what a script was called with.
    ///
    /// # Errors
    ///
    /// If Lua has no memory left.
    pub fn set_arguments(&self, script: &str, arguments: &[String]) -> Result<()> {
        let set = || {
            let table = self.lua.create_sequence_from(arguments.iter().map(String::as_str))?;
            table.set(0, script)?;
            self.lua.globals().set("arg", table)
        };
        set().map_err(|error| self.error(&error))
    }

    /// Runs a script; `name` is what messages call it.
    ///
    /// What this thread recorded on its own since it first made values in Lua is released meanwhile, now and then: it is
    /// stale afterwards.
    ///
    /// # Errors
    ///
    /// If it is not Lua, fails, or is interrupted.
    pub fn run(&self, name: &str, script: &str) -> Result<()> {
        let chunk = syntax::compile(&self.lua, name, "", script)?;
        self.call(&chunk).map(drop)
    }

    /// Calls what was compiled, and gives what it returns.
    pub(crate) fn call(&self, chunk: &LuaFunction) -> Result<LuaMultiValue> {
        self.ended(chunk.call(()))
    }

    /// How something ended that ran in Lua. After an interruption, what is run next starts anew.
    pub(crate) fn ended<T>(&self, outcome: LuaResult<T>) -> Result<T> {
        let outcome = outcome.map_err(|error| self.error(&error));
        if matches!(outcome, Err(Error::Interrupted)) {
            self.flag.store(false, Ordering::Relaxed);
            interrupt::watch(&self.lua, Arc::clone(&self.flag)).map_err(|error| self.error(&error))?;
        }
        outcome
    }

    pub(crate) fn error(&self, error: &LuaError) -> Error {
        if interrupt::is_interruption(error) { Error::Interrupted } else { Error::Runtime(message_of(error)) }
    }

    pub(crate) fn lua(&self) -> &Lua {
        &self.lua
    }
}

/// What writes a text; that nobody reads it any more is no error of the script.
fn write(lua: &Lua, output: impl Write + 'static) -> LuaResult<LuaFunction> {
    let output = RefCell::new(output);
    lua.create_function(move |_, text: LuaString| {
        let mut output = output.borrow_mut();
        let _ = output.write_all(&text.as_bytes()).and_then(|()| output.flush());
        Ok(())
    })
}

/// What `require` finds without a file.
fn modules(lua: &Lua, library: &LuaTable) -> LuaResult<LuaTable> {
    let modules = lua.create_table()?;
    let library = library.clone();
    modules.set("chainrule", lua.create_function(move |_, ()| Ok(library.clone()))?)?;
    modules
        .set("middleclass", lua.load(include_str!("lua/middleclass.lua")).set_name("=middleclass").into_function()?)?;
    modules.set("set", lua.load(include_str!("lua/set.lua")).set_name("=set").into_function()?)?;
    Ok(modules)
}

/// The one function of the `debug` library that cannot break anything.
fn traceback(lua: &Lua) -> LuaResult<LuaFunction> {
    lua.create_function(|lua, (message, level): (Option<String>, Option<usize>)| {
        lua.traceback(message.as_deref(), level.unwrap_or(1))
    })
}
