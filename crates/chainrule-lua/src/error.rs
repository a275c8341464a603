//! What can go wrong with Lua: it is not Lua, it fails while it runs, or somebody stopped it.

use crate::syntax::SyntaxError;

/// Why a piece of Lua came to nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be understood.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It failed while it ran: one message, which begins with the line where there is one.
    #[error("{0}")]
    Runtime(String),
    /// It was interrupted.
    #[error("interrupted")]
    Interrupted,
}

/// A result whose error is [`Error`] unless said otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;
