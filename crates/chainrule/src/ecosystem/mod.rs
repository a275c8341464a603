//! The types of this library in other crates: each neighbour is a feature of its name.
//!
//! - `nalgebra`: [`Dual`](crate::Dual) and [`Taylor`](crate::Taylor) are real numbers there, and so is `Real`, a
//!   [`Value`](crate::Value) that may be sent between threads: decompositions, norms and rotations differentiate.
//! - `ndarray`: values, duals and series are elements that whole arrays can be calculated with.
//! - `argmin`: a cost function over values, or a [`Program`](crate::Program), brings its own gradient and Hessian matrix.

#[cfg(feature = "argmin")]
pub mod argmin;
#[cfg(feature = "nalgebra")]
mod nalgebra;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "nalgebra")]
mod real;

#[cfg(feature = "nalgebra")]
pub use real::Real;
