//! An autograd engine over scalars.
#![warn(missing_docs)]

pub mod data;
#[cfg(feature = "draw")]
pub mod draw;
pub mod nn;
pub mod op;
pub mod optim;
pub mod tape;
pub mod text;

mod dual;
mod error;
mod number;
mod random;

pub use dual::Dual;
pub use error::{Error, Place, Result};
pub use number::Number;
pub use op::Op;
pub use random::{Pcg64, Rng, RngExt, rng};
pub use tape::{Value, no_grad};
