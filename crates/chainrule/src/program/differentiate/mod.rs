//! From a program to its derivatives: another program, so that everything that helps programs helps them.
//!
//! [`reverse`] goes backward with adjoints, [`forward`] along with tangents; both pass on by the chain rule, [`chain`].
//! Terms that are derivatives already are written out as operations first, [`expand`], by the rules of the table, which
//! [`formula`] reads.

mod accumulate;
mod chain;
pub(super) mod expand;
pub(super) mod formula;
mod forward;
mod reverse;

#[cfg(test)]
mod tests;
