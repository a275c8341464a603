//! Why a message cannot be answered with a success.

/// What the response says where an evaluation fails: one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The library refused, as where a program cannot be made.
    #[error(transparent)]
    Chainrule(#[from] chainrule::Error),
    /// The message or its input is no JSON of the form that it should have.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A number or a list of the input cannot be used.
    #[error("{what}: expected {expected}, found {found}")]
    Input {
        /// What it is called in the input.
        what: String,
        /// What would be right.
        expected: String,
        /// What came.
        found: String,
    },
    /// There is no such module or function.
    #[error("no {kind} is called {name:?}")]
    Unknown {
        /// What the name should be the name of.
        kind: &'static str,
        /// The name that was asked for.
        name: String,
    },
    /// The evaluation panicked.
    #[error("panicked: {0}")]
    Panic(String),
}

/// A result whose error is [`Error`] unless said otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Of something in the input that cannot be used.
    pub fn input(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Error::Input { what: what.into(), expected: expected.to_string(), found: found.to_string() }
    }
}
