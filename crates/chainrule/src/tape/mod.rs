//! The tape: where a [`Value`] remembers how it was made.
//!
//! Each thread has one tape. Every operation on a [`Value`] appends a node to it, so the tape is its own topological
//! order and going backward is one loop from the result down. [`scope`] gives memory back.

mod backward;
mod epoch;
mod float;
mod methods;
mod operators;
mod recording;
mod value;

pub use recording::{Scope, Size, no_grad, reserve, scope, size};
pub(crate) use recording::{Mark, release_to, mark, update_leaves};
pub use value::Value;
