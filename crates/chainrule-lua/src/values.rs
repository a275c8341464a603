//! Where the values live that Lua holds: a list of this thread, and in Lua only places in it.
//!
//! Lua's garbage collector gives places back one by one; the tape gives memory back when it is cut. So the tape is
//! [tidied](tidy) whenever it has grown to twice what was needed the last time: what no place needs any more is released.
//! Memory stays in proportion to what Lua holds, and each operation bears a constant share of the work.

use chainrule::{Value, tape};
use mlua::prelude::*;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

/// A tape with fewer nodes than this is not worth tidying: a few hundred microseconds of work, some megabytes.
const LEAST: usize = 1 << 16;

/// A full collection looks at all that Lua holds, so the tape may grow by a node for so many bytes of it in between.
const BYTES_A_NODE: usize = 64;

thread_local! {
    static VALUES: RefCell<Values> = RefCell::new(Values::new());
    /// The length of the tape at which it is tidied.
    static LIMIT: Cell<usize> = const { Cell::new(LEAST) };
}

struct Values {
    /// Everything that was recorded since is kept for Lua alone. Never dropped: the tape ends with its thread.
    scope: ManuallyDrop<tape::Scope>,
    values: Vec<Value>,
    /// Places that stand for nothing now.
    free: Vec<u32>,
    /// The places that were given away in a [`passing`] computation.
    passing: Option<Vec<u32>>,
}

impl Values {
    fn new() -> Values {
        Values { scope: ManuallyDrop::new(tape::scope()), values: Vec::new(), free: Vec::new(), passing: None }
    }

    fn insert(&mut self, value: Value) -> u32 {
        let place = self.free.pop().unwrap_or(self.values.len() as u32);
        match self.values.get_mut(place as usize) {
            Some(free) => *free = value,
            None => self.values.push(value),
        }
        if let Some(passing) = &mut self.passing {
            passing.push(place);
        }
        place
    }

    fn remove(&mut self, place: u32) {
        self.values[place as usize] = Value::constant(0.0);
        self.free.push(place);
    }
}

/// What Lua holds of a value; the value's place is given back when this is dropped.
#[derive(Debug)]
pub struct Handle(u32);

impl Handle {
    pub fn new(value: Value) -> Handle {
        Handle(VALUES.with_borrow_mut(|values| values.insert(value)))
    }

    /// The value, which is good until the tape is tidied: until the function of ours that runs has returned.
    pub fn value(&self) -> Value {
        VALUES.with_borrow(|values| values.values[self.0 as usize])
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // When the thread ends, the list may go before Lua does.
        let _ = VALUES.try_with(|values| values.borrow_mut().remove(self.0));
    }
}

/// Releases what is on the tape for nobody, if that may be much. Handles stay good, values that were taken out of them do
/// not: it is called where a function of ours begins, before it looks at its arguments, and does nothing within another.
#[inline]
pub fn tidy(lua: &Lua) -> LuaResult<()> {
    if tape::size().nodes < LIMIT.get() { Ok(()) } else { tidy_now(lua) }
}

#[cold]
fn tidy_now(lua: &Lua) -> LuaResult<()> {
    let limit = LIMIT.get();
    let mut needed = release();
    if needed > limit / 2 {
        // Lua may hold much only because it does not know how much it is.
        lua.gc_collect()?;
        needed = release();
    }
    LIMIT.set(LEAST.max(2 * needed).max(needed + lua.used_memory() / BYTES_A_NODE));
    Ok(())
}

/// Releases all but what the handles need, and tells how many nodes that are.
fn release() -> usize {
    VALUES.with_borrow_mut(|values| {
        let Values { scope, values, .. } = values;
        scope.keep(values);
    });
    tape::size().nodes
}

/// Computes without tidying, so that values which the caller holds stay good.
pub fn untidied<T>(compute: impl FnOnce() -> T) -> T {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(LIMIT.replace(usize::MAX));
    compute()
}

/// Computes without tidying, and forgets afterwards what got a place in the meantime: the caller may release it with a scope,
/// though Lua has not yet collected it. There it is a plain number from then on. No such scope may end within.
#[cfg(feature = "vendored")]
pub fn passing<T>(compute: impl FnOnce() -> T) -> T {
    struct Forget(Option<Vec<u32>>);
    impl Drop for Forget {
        fn drop(&mut self) {
            VALUES.with_borrow_mut(|values| {
                for place in std::mem::replace(&mut values.passing, self.0.take()).into_iter().flatten() {
                    let value = &mut values.values[place as usize];
                    *value = value.detach();
                }
            });
        }
    }
    let _forget = Forget(VALUES.with_borrow_mut(|values| values.passing.replace(Vec::new())));
    untidied(compute)
}
