//! A GradBench tool: the evals of the benchmark, each written once over any [`Number`](chainrule::Number) and
//! differentiated by chainrule.
//!
//! - [`evals`] has a file for each eval: its mathematics, its inputs, its functions.
//! - [`differentiate`](mod@differentiate) has what evals share: a function of many numbers becomes one that computes its value
//!   or gradient into a buffer, in either [`Mode`].
//! - [`Task`] is a function of an eval that was prepared for an input; [`serve`] answers the messages of the runner.
#![warn(missing_docs)]

pub mod differentiate;
pub mod evals;

mod error;
mod message;
mod serve;
mod task;

pub use error::{Error, Result};
pub use serve::serve;
pub use task::Task;

/// How derivatives are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The function is recorded and compiled once for an input, as preparation; evaluations run the program.
    Program,
    /// Every evaluation records the function on the tape and sweeps it.
    Eager,
}

/// What was asked for on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How derivatives are computed.
    pub mode: Mode,
    /// On how many threads programs run over rows.
    pub threads: usize,
}
