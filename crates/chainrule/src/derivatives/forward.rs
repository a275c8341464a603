//! Forward mode: derivatives along a direction, from a function that can be called with dual numbers or series.

use super::{same_length, unit};
use crate::{Dual, Result, Scalar, Taylor};

/// The outputs, and how they move when the inputs move in a direction.
pub(super) fn jvp<N: Scalar>(
    function: impl Fn(&[Dual<N>]) -> Vec<Dual<N>>,
    x: &[N],
    direction: &[N],
) -> Result<(Vec<N>, Vec<N>)> {
    same_length("direction", x, direction)?;
    Ok(function(&Dual::moving(x, direction)).into_iter().map(|output| (output.value, output.tangent)).unzip())
}

/// The derivatives of every output along a direction, of orders from 0 on.
pub(super) fn along<N: Scalar, const TERMS: usize>(
    function: impl Fn(&[Taylor<N, TERMS>]) -> Vec<Taylor<N, TERMS>>,
    x: &[N],
    direction: &[N],
) -> Result<Vec<[N; TERMS]>> {
    same_length("direction", x, direction)?;
    let moving: Vec<Taylor<N, TERMS>> = x.iter().zip(direction).map(|(x, v)| Taylor::line(*x, *v)).collect();
    Ok(function(&moving).into_iter().map(Taylor::derivatives).collect())
}

/// The columns of the Jacobian matrix: how the outputs move with each input.
pub(super) fn jacobian_columns<N: Scalar>(function: impl Fn(&[Dual<N>]) -> Vec<Dual<N>>, x: &[N]) -> Vec<Vec<N>> {
    let tangents =
        |direction: Vec<N>| function(&Dual::moving(x, &direction)).into_iter().map(|output| output.tangent).collect();
    (0..x.len()).map(|input| tangents(unit(x.len(), input))).collect()
}

/// The rows of a matrix that is given by its columns.
pub(super) fn transposed<N: Scalar>(columns: &[Vec<N>], rows: usize) -> Vec<Vec<N>> {
    (0..rows).map(|row| columns.iter().map(|column| column[row]).collect()).collect()
}

/// The second derivatives of the first output by each input twice: the diagonal of the Hessian matrix.
pub(super) fn hessian_diagonal<N: Scalar>(function: impl Fn(&[Taylor<N, 3>]) -> Taylor<N, 3>, x: &[N]) -> Vec<N> {
    let path = |input| x.iter().zip(unit(x.len(), input)).map(|(x, v)| Taylor::line(*x, v)).collect::<Vec<_>>();
    (0..x.len()).map(|input| function(&path(input)).derivatives()[2]).collect()
}
