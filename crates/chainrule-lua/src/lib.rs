#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![deny(unsafe_code)]

mod arguments;
mod data;
mod function;
mod library;
mod network;
mod operations;
mod optimizer;
mod random;
mod value;
mod values;

#[cfg(feature = "vendored")]
mod completion;
#[cfg(feature = "vendored")]
mod console;
#[cfg(feature = "vendored")]
mod error;
#[cfg(feature = "vendored")]
mod expression;
#[cfg(feature = "vendored")]
mod interpreter;
#[cfg(feature = "vendored")]
mod interrupt;
#[cfg(feature = "vendored")]
mod pictures;
#[cfg(feature = "vendored")]
mod show;
#[cfg(feature = "vendored")]
mod syntax;
#[cfg(feature = "vendored")]
mod tokens;

#[cfg(feature = "module")]
mod module;

#[cfg(feature = "vendored")]
pub use {
    console::{Console, Reply},
    error::{Error, Result},
    expression::Expression,
    interpreter::{Interpreter, Trust},
    pictures::{Formula, Plotted},
    syntax::SyntaxError,
};

pub use library::library;
