//! An autograd engine over scalars.
#![warn(missing_docs)]

mod error;

pub use error::{Error, Result};
