//! A console to type into, and what it showed.
#![allow(dead_code)] // Each test uses its own part of this.

use chainrule_lua::{Console, Error, Interpreter, Reply, Trust};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

/// What was printed, for all who hold a copy.
#[derive(Clone, Default)]
pub struct Printed(Rc<RefCell<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Printed {
    pub fn take(&self) -> String {
        String::from_utf8(self.0.take()).expect("UTF-8")
    }
}

/// A Lua, and what it printed.
pub fn lua() -> (Interpreter, Printed) {
    let printed = Printed::default();
    (Interpreter::new(Trust::Sandboxed, printed.clone()).expect("memory"), printed)
}

/// Runs a script that must succeed, and gives what it printed.
pub fn run(script: &str) -> String {
    let (lua, printed) = lua();
    lua.run("script.lua", script).unwrap_or_else(|error| panic!("{error}"));
    printed.take()
}

/// The message of a script that must fail.
pub fn failure(script: &str) -> String {
    lua().0.run("script.lua", script).expect_err("it fails").to_string()
}

/// A console that somebody types into.
pub struct Typed {
    console: Console,
    printed: Printed,
}

impl Typed {
    pub fn new() -> Typed {
        let (lua, printed) = lua();
        Typed { console: Console::new(lua), printed }
    }

    pub fn console(&mut self) -> &mut Console {
        &mut self.console
    }

    /// Types a line that must not fail, and tells whether that was all that was needed.
    pub fn feed(&mut self, line: &str) -> bool {
        match self.console.feed(line).unwrap_or_else(|error| panic!("{line}: {error}")) {
            Reply::Incomplete => false,
            Reply::Done(shown) => {
                if let Some(text) = shown {
                    writeln!(self.printed, "{text}").expect("memory");
                }
                true
            }
        }
    }

    /// What a line fails with.
    pub fn failure(&mut self, line: &str) -> Error {
        self.console.feed(line).expect_err("it fails")
    }

    /// What was printed and shown since the last look.
    pub fn shown(&mut self) -> String {
        self.printed.take().trim_end().to_string()
    }

    /// What a line shows.
    pub fn answer(&mut self, line: &str) -> String {
        self.shown();
        assert!(self.feed(line), "{line} is incomplete");
        self.shown()
    }
}
