//! Sparse Jacobian and Hessian matrices: those whose rows depend on few of the inputs each.
//!
//! Which entries there can be at all is a [`Pattern`], found from the instructions of a program. Columns that have no row in
//! common are computed together: a [`Coloring`] says which, so that the whole matrix costs as many sweeps as there are colours,
//! often a handful, however many columns there are. The results are a [`Matrix`] in compressed rows.
//!
//! - [`Derivatives::sparse_jacobian`](super::Derivatives::sparse_jacobian) and
//!   [`sparse_hessian`](super::Derivatives::sparse_hessian) do all of that.
//! - [`MappedJacobian`] is for functions of many rows that are alike, each of a few of the inputs: one small program, mapped over
//!   lists of which inputs each row reads. Neither the rows nor the matrix are ever recorded as a whole.
//!
//! How the colours are chosen is told in A. Gebremedhin, F. Manne, A. Pothen, "What Color Is Your Jacobian? Graph Coloring for
//! Computing Derivatives", SIAM Review 47 (2005).

mod coloring;
mod compressed;
mod compression;
mod dependencies;
mod mapped;
mod matrix;
mod pattern;
mod sets;

#[cfg(test)]
mod tests;

pub(super) use compressed::Compressed;
pub(super) use compression::Compression;

pub use coloring::Coloring;
pub use mapped::MappedJacobian;
pub use matrix::Matrix;
pub use pattern::Pattern;
