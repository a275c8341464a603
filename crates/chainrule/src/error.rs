//! What can go wrong because of data: one enum for the whole library.

use std::fmt;
use std::path::PathBuf;

use crate::text;

/// An error that a user's data or files can cause. Each message is one line that says what, where and what would be
/// right; what only a programming mistake can cause panics instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could be read, but does not hold what it should.
    #[error("{place}: {problem}")]
    Content {
        /// Where in which file.
        place: Place,
        /// What was expected there, and what was found.
        problem: String,
    },
    /// A number or a list that a caller passed on is not one that can be used.
    #[error("{name}: expected {expected}, found {found}")]
    Argument {
        /// What the argument is called.
        name: String,
        /// What would be right.
        expected: String,
        /// What came.
        found: String,
    },
    /// A comparison that a program was recorded by comes out otherwise.
    #[error("{comparison} is {}{}: the program was recorded where it is {expected}", !expected, in_row(row))]
    Guard {
        /// The comparison, and where it stands.
        comparison: String,
        /// What it was in the recording.
        expected: bool,
        /// The first row in which it is not, counted from 0, of a program over rows.
        row: Option<usize>,
    },
    /// A solver did not come to an end.
    #[error("{solver} did not converge: {found} after {steps} steps")]
    Convergence {
        /// What was to be solved, as in "root of `angle`".
        solver: String,
        /// So many steps were made.
        steps: usize,
        /// What was left then.
        found: String,
    },
    /// Nothing has this name.
    #[error("{}", text::unknown(kind, name, known))]
    Unknown {
        /// What the name should be the name of, as in "data set".
        kind: &'static str,
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
}

fn in_row(row: &Option<usize>) -> String {
    row.map_or(String::new(), |row| format!(" in row {row}"))
}

/// A result whose error is [`Error`] unless said otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn argument(name: impl Into<String>, expected: impl Into<String>, found: impl fmt::Display) -> Self {
        Error::Argument { name: name.into(), expected: expected.into(), found: found.to_string() }
    }

    /// The same error of an operation of the user's own.
    pub(crate) fn of_operation(self, operation: &str) -> Self {
        let named = |what: String| format!("{what} of `{operation}`");
        match self {
            Error::Argument { name, expected, found } => Error::Argument { name: named(name), expected, found },
            Error::Convergence { solver, steps, found } => Error::Convergence { solver: named(solver), steps, found },
            other => other,
        }
    }

    /// The same error of a batch, of which only the rows from `first` on were known where it happened.
    pub(crate) fn of_rows_from(self, first: usize) -> Self {
        match self {
            Error::Guard { row, comparison, expected } => {
                Error::Guard { row: Some(first + row.unwrap_or_default()), comparison, expected }
            }
            other => other,
        }
    }
}

/// A place in a file, as precisely as it is known: `data.csv, line 7, column "width"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The name of the column.
    pub column: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {}", text::quoted(column))?;
        }
        Ok(())
    }
}
