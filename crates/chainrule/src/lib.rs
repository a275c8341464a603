//! An autograd engine over scalars.
#![warn(missing_docs)]

mod error;
mod random;

pub use error::{Error, Result};
pub use random::{Pcg64, Rng, RngExt, rng};
