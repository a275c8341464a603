//! An autograd engine over scalars.
//!
//! Write numbers the way a notebook would, and ask how the result changes with each number that went in:
//!
//! ```
//! use chainrule::Value;
//!
//! let a = Value::new(2.0);
//! let b = Value::new(-3.0);
//! let c = Value::new(10.0);
//! let d = a * b + c;
//! d.backward();
//! assert_eq!(d.data(), 4.0);
//! assert_eq!([a.grad(), b.grad(), c.grad()], [-3.0, 2.0, 1.0]);
//! ```
//!
//! The rooms of this house, from the ground up:
//!
//! - [`op`] is the table of operations: for each its formula and its derivatives, once. [`Number`] is what the table can
//!   be read over: floats, [`Dual`] numbers (forward mode), values.
//! - [`tape`] has [`Value`], the recording behind it, and [`scope`](tape::scope), which gives memory back.
//! - [`nn`] has neurons, layers and multi-layer perceptrons with micrograd's and PyTorch's names, and losses; [`optim`] has
//!   the optimisers; [`data`] has data sets.
//! - [`program`] makes a [`Program`] of a recording: a few loops, found again, with their derivatives.
//!   [`Machine`](program::Machine) runs it at the speed of the processor, [`Batch`](program::Batch) over many rows.
//! - [`derivatives`] has derivatives of functions: gradients, Jacobian and Hessian matrices, [`Taylor`] series. What they can
//!   be taken at, and so nest, is a [`Scalar`].
//! - [`check`] has derivatives by nudging, and holds others against them.
//! - [`ecosystem`] has the types of this library in `nalgebra`, `ndarray` and `argmin` (features of these names).
//! - `draw` makes pictures as SVG, for terminals (feature `draw`), and as PNG (feature `png`).
//! - [`files`] writes files that are whole or not there at all; [`text`] is how messages are worded.
//! - `python_random` draws the random numbers of Python (feature `python-random`).
//!
//! # Features
//!
//! None is on by default. `argmin`, `nalgebra` and `ndarray` are for work with these crates; `complex` takes derivatives by complex steps; `csv` reads data sets from CSV files; `save` writes and
//! reads networks as JSON and safetensors, and programs as JSON; `draw` makes pictures; `png` makes them PNG files, too;
//! `python-random` draws the random numbers of Python.
#![warn(missing_docs)]
#![deny(unsafe_code)]

pub mod check;
pub mod data;
pub mod derivatives;
#[cfg(feature = "draw")]
pub mod draw;
pub mod ecosystem;
pub mod files;
pub mod nn;
pub mod op;
pub mod optim;
pub mod program;
#[cfg(feature = "python-random")]
pub mod python_random;
pub mod tape;
pub mod text;

mod apply;
mod checkpoints;
mod custom;
mod dual;
mod error;
mod float_traits;
mod number;
mod random;
mod scalar;
mod tanh;
mod taylor;

pub use dual::Dual;
pub use error::{Error, Place, Result};
pub use number::Number;
pub use op::Op;
pub use program::Program;
pub use random::{Pcg64, Rng, RngExt, rng};
pub use scalar::Scalar;
pub use tape::{Value, no_grad};
pub use taylor::Taylor;

/// The examples of the README are tests, too.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
