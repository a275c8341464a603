//! The generator that everything random is drawn from: one a thread, which starts from the same seed each time.

use crate::arguments;
use crate::function::{Outcome, Problem};
use chainrule::{Pcg64, rng};
use mlua::prelude::*;
use std::cell::RefCell;

/// What the generator starts from where nothing else is said.
const SEED: u64 = 42;

thread_local! {
    static GENERATOR: RefCell<Pcg64> = RefCell::new(rng(SEED));
}

/// Starts the generator anew.
pub fn start(seed: u64) {
    GENERATOR.set(rng(seed));
}

/// Draws from the generator, or from one with a seed of its own.
pub fn with_generator<T>(seed: Option<u64>, draw: impl FnOnce(&mut Pcg64) -> T) -> T {
    match seed {
        Some(seed) => draw(&mut rng(seed)),
        None => GENERATOR.with_borrow_mut(draw),
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
