//! An autograd engine over scalars.
#![warn(missing_docs)]

pub mod op;
pub mod tape;

mod dual;
mod error;
mod number;

pub use dual::Dual;
pub use error::{Error, Result};
pub use number::Number;
pub use op::Op;
pub use tape::{Value, no_grad};
