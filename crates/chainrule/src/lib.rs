//! An autograd engine over scalars.
#![warn(missing_docs)]

pub mod data;
mod error;
mod random;
mod text;

pub use error::{Error, Place, Result};
pub use random::{Pcg64, Rng, RngExt, rng};
