//! Reverse mode: derivatives of outputs by all inputs at once, from the trace of a function.

use super::trace::Trace;
use super::{same_length, unit};
use crate::{Dual, Result, Scalar};

/// The first output, and its derivatives by all inputs.
pub(super) fn value_and_gradient<N: Scalar>(trace: &Trace, x: &[N]) -> (N, Vec<N>) {
    let forward = trace.forward(x);
    (forward.outputs()[0], forward.backward(&[N::constant(1.0)]))
}

/// The outputs, and the adjoints times the Jacobian matrix.
pub(super) fn vjp<N: Scalar>(trace: &Trace, x: &[N], adjoints: &[N]) -> Result<(Vec<N>, Vec<N>)> {
    let forward = trace.forward(x);
    let outputs = forward.outputs();
    same_length("adjoints", &outputs, adjoints)?;
    Ok((outputs, forward.backward(adjoints)))
}

/// The Jacobian matrix, row by row.
pub(super) fn jacobian<N: Scalar>(trace: &Trace, x: &[N]) -> Vec<Vec<N>> {
    let forward = trace.forward(x);
    (0..trace.outputs()).map(|output| forward.backward(&unit(trace.outputs(), output))).collect()
}

/// The Hessian matrix of the first output times a direction of their length: how the gradient moves when the inputs do.
pub(super) fn hvp<N: Scalar>(trace: &Trace, x: &[N], direction: &[N]) -> Vec<N> {
    let (_, gradient) = value_and_gradient(trace, &Dual::moving(x, direction));
    gradient.into_iter().map(|slope| slope.tangent).collect()
}

/// The Hessian matrix of the first output, row by row.
pub(super) fn hessian<N: Scalar>(trace: &Trace, x: &[N]) -> Vec<Vec<N>> {
    (0..x.len()).map(|input| hvp(trace, x, &unit(x.len(), input))).collect()
}
