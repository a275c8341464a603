//! What can go wrong because of data: one enum for the whole library.

use std::path::PathBuf;

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
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
