//! The command as its users meet it: each test runs the binary in an empty directory.

mod bad_input;
mod book;
mod compile;
mod look;
mod lua;
mod names;
mod pages;
mod predict;
mod stopping;
mod support;
mod train;
