//! An autograd engine over scalars.
#![warn(missing_docs)]

#[cfg(feature = "draw")]
pub mod draw;
mod error;

pub use error::{Error, Result};
