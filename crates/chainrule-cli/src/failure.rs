//! What can go wrong in the command: one line for people, and a code for scripts.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// Why the command stopped. Shown as one line, `error: ` and the message.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// Something that the user gave cannot be used: exit code 2.
    pub fn input(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), code: 2 }
    }

    /// The arguments and files are as they should be, but the work did not succeed: exit code 1.
    pub fn work(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), code: 1 }
    }

    /// A file that cannot be read or written.
    pub fn file(path: &Path, source: std::io::Error) -> Failure {
        chainrule::Error::File { path: path.into(), source }.into()
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<chainrule::Error> for Failure {
    fn from(error: chainrule::Error) -> Failure {
        Failure::input(error.to_string())
    }
}

/// What is wrong with a formula on the command line; of what is not Lua, the place, too.
impl From<chainrule_lua::Error> for Failure {
    fn from(error: chainrule_lua::Error) -> Failure {
        match error {
            chainrule_lua::Error::Syntax(error) => Failure::input(format!("{error}\n{}", error.pointer())),
            error => Failure::input(error.to_string()),
        }
    }
}
