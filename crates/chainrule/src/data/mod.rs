//! Data to learn from.

mod dataset;

pub use dataset::{Dataset, Target};
