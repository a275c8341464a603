//! The tape: where a [`Value`] remembers how it was made.
//!
//! Each thread has one tape. Every operation on a [`Value`] appends a node to it, so the tape is its own topological
//! order and going backward is one loop from the result down. [`scope`] gives memory back.

mod adjoint;
mod backward;
mod calls;
mod epoch;
mod graph;
mod group;
mod guards;
mod handle;
mod keep;
mod leaves;
mod lookup;
mod methods;
mod misuse;
mod nodes;
mod operators;
#[cfg(feature = "nalgebra")]
mod parked;
pub(crate) mod properties;
mod reading;
mod recording;
mod scope;
mod span;
mod storage;
mod value;

pub use graph::{Graph, Group, Kind, Node};
pub use group::group;
pub use handle::Value;
pub use scope::{Scope, Size, no_grad, reserve, scope, size};

pub(crate) use calls::{Called, call};
pub(crate) use group::{Name, close_group};
pub(crate) use guards::{Guard, note_again, record_guards, record_inner_guards};
pub(crate) use leaves::{gradients_of, numbers_of, set_gradients, update_leaves, zero_gradients};
#[cfg(feature = "nalgebra")]
pub(crate) use parked::Parked;
pub(crate) use reading::{Reading, Source, Sources, read};
pub(crate) use recording::First;
pub(crate) use scope::{mark, release_to, with_grad};
pub(crate) use span::Layout;
pub(crate) use storage::Mark;
