//! Data to learn from.

mod dataset;
mod standardizer;

pub use dataset::{Dataset, Target};
pub use standardizer::Standardizer;
