//! What is measured, apart from the measuring: scalar code that programs are made of, and the same in C or C++ by hand.

pub mod functions;
pub mod workloads;
