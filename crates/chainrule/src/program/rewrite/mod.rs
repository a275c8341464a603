//! Programs made from programs: slots and instructions are added to a [`draft`], which puts them in order at the end.
//!
//! What depends on what is found by walks over [sets of slots](slot_set). [`rows`] runs a program over many rows at once,
//! [`simplify`] leaves out what nobody needs.

pub(super) mod activity;
pub(super) mod draft;
mod layout;
mod nesting;
pub(super) mod reach;
pub(super) mod rows;
mod simplify;
pub(super) mod slot_set;
