//! How a script is stopped that does not end by itself.

use mlua::prelude::*;
use mlua::{HookTriggers, VmState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A script looks at the flag whenever it has made so many steps.
const STEPS: u32 = 10_000;

/// What a script fails with that was interrupted.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted;

/// Lets scripts fail as soon as the flag is set, in coroutines, too. Not while the message handler of an `xpcall` runs: Lua
/// looks at nothing then.
pub fn watch(lua: &Lua, flag: Arc<AtomicBool>) -> LuaResult<()> {
    watch_every(lua, STEPS, flag)
}

fn watch_every(lua: &Lua, steps: u32, flag: Arc<AtomicBool>) -> LuaResult<()> {
    lua.set_global_hook(HookTriggers::new().every_nth_instruction(steps), move |lua, _| {
        if !flag.load(Ordering::Relaxed) {
            return Ok(VmState::Continue);
        }
        // A script may catch the error; then it fails anew at its very next step, outside of what caught it.
        watch_every(lua, 1, Arc::clone(&flag))?;
        Err(LuaError::external(Interrupted))
    })
}

/// Whether a script failed because it was interrupted.
pub fn is_interruption(error: &LuaError) -> bool {
    error.downcast_ref::<Interrupted>().is_some()
}
