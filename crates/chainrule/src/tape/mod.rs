//! The tape: where a [`Value`] remembers how it was made.
//!
//! Each thread has one tape. Every operation on a [`Value`] appends a node to it, so the tape is its own topological
//! order and going backward is one loop from the result down. [`scope`] gives memory back.

mod backward;
mod epoch;
mod float;
mod methods;
mod misuse;
mod nodes;
mod operators;
mod recording;
mod scope;
mod span;
mod value;

pub use scope::{Scope, Size, no_grad, reserve, scope, size};
pub use value::Value;

pub(crate) use recording::Mark;
pub(crate) use scope::{mark, release_to};
pub(crate) use span::Layout;
pub(crate) use value::update_leaves;
