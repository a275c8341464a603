//! Functions that are generic over the number, and their derivatives.

use super::trace::Trace;
use super::{forward, reverse, same_length};
use crate::{Error, Result, Scalar};

/// A function of several numbers that is written for every kind of them: forward mode then calls it with dual numbers or
/// series, without a tape, and reverse mode records it.
///
/// Closures cannot be generic, so this is a trait for a type of your own, which may hold what the function needs to know. What
/// its methods compute, the functions of [this module](super) compute for closures over values, under the same names.
///
/// ```
/// use chainrule::Scalar;
/// use chainrule::derivatives::Function;
///
/// /// Where a planet is on an ellipse with this eccentricity, by the angle from the centre.
/// struct Ellipse {
///     eccentricity: f64,
/// }
///
/// impl Function for Ellipse {
///     fn call<N: Scalar>(&self, x: &[N]) -> Vec<N> {
///         let flatness = N::constant((1.0 - self.eccentricity.powi(2)).sqrt());
///         vec![x[0] * x[1].cos(), x[0] * flatness * x[1].sin()]
///     }
/// }
///
/// let orbit = Ellipse { eccentricity: 0.6 };
/// let (place, velocity) = orbit.jvp(&[2.0, 0.0], &[0.0, 1.0])?;
/// assert_eq!((place, velocity), (vec![2.0, 0.0], vec![0.0, 1.6]));
/// assert_eq!(orbit.jacobian(&[2.0, 0.0])?, [[1.0, 0.0], [0.0, 1.6]]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Function {
    /// The outputs of these inputs. It has to give as many at every call.
    fn call<N: Scalar>(&self, x: &[N]) -> Vec<N>;

    /// The derivatives of the only output by all inputs, by reverse mode.
    ///
    /// # Errors
    ///
    /// If there is not one output.
    fn gradient<N: Scalar>(&self, x: &[N]) -> Result<Vec<N>> {
        Ok(self.value_and_gradient(x)?.1)
    }

    /// The only output, and its [`gradient`](Function::gradient).
    ///
    /// # Errors
    ///
    /// If there is not one output.
    fn value_and_gradient<N: Scalar>(&self, x: &[N]) -> Result<(N, Vec<N>)> {
        Ok(reverse::value_and_gradient(&trace_of_one(self, x)?, x))
    }

    /// The outputs, and the Jacobian matrix times a direction: how the outputs move when the inputs move so.
    ///
    /// # Errors
    ///
    /// If the direction has not as many numbers as there are inputs.
    fn jvp<N: Scalar>(&self, x: &[N], direction: &[N]) -> Result<(Vec<N>, Vec<N>)> {
        forward::jvp(|x| self.call(x), x, direction)
    }

    /// The outputs, and adjoints of them times the Jacobian matrix: the gradient of the outputs, weighted with the adjoints.
    ///
    /// # Errors
    ///
    /// If there are not as many adjoints as outputs.
    fn vjp<N: Scalar>(&self, x: &[N], adjoints: &[N]) -> Result<(Vec<N>, Vec<N>)> {
        reverse::vjp(&trace(self, x), x, adjoints)
    }

    /// The Jacobian matrix, a row of derivatives for each output: by forward mode if there are no more inputs than outputs,
    /// else by reverse mode.
    ///
    /// # Errors
    ///
    /// If the function gives another number of outputs at another call.
    fn jacobian<N: Scalar>(&self, x: &[N]) -> Result<Vec<Vec<N>>> {
        let trace = trace(self, x);
        if x.len() <= trace.outputs() { self.jacobian_forward(x) } else { Ok(reverse::jacobian(&trace, x)) }
    }

    /// The [`jacobian`](Function::jacobian) by forward mode: a call for each input.
    ///
    /// # Errors
    ///
    /// If the function gives another number of outputs at another call.
    fn jacobian_forward<N: Scalar>(&self, x: &[N]) -> Result<Vec<Vec<N>>> {
        let outputs = self.call(x).len();
        let columns = forward::jacobian_columns(|x| self.call(x), x);
        match columns.iter().find(|column| column.len() != outputs) {
            Some(other) => Err(Error::argument("outputs", format!("{outputs} at every call"), other.len())),
            None => Ok(forward::transposed(&columns, outputs)),
        }
    }

    /// The [`jacobian`](Function::jacobian) by reverse mode: a way back for each output.
    fn jacobian_reverse<N: Scalar>(&self, x: &[N]) -> Vec<Vec<N>> {
        reverse::jacobian(&trace(self, x), x)
    }

    /// The second derivatives of the only output, a row for each input, by forward over reverse mode.
    ///
    /// # Errors
    ///
    /// If there is not one output.
    fn hessian<N: Scalar>(&self, x: &[N]) -> Result<Vec<Vec<N>>> {
        Ok(reverse::hessian(&trace_of_one(self, x)?, x))
    }

    /// The Hessian matrix of the only output times a direction, at a few times the cost of a gradient.
    ///
    /// # Errors
    ///
    /// If there is not one output, or the direction has not as many numbers as there are inputs.
    fn hvp<N: Scalar>(&self, x: &[N], direction: &[N]) -> Result<Vec<N>> {
        same_length("direction", x, direction)?;
        Ok(reverse::hvp(&trace_of_one(self, x)?, x, direction))
    }

    /// The second derivatives of the only output by each input twice, by series: a call for each input.
    ///
    /// # Errors
    ///
    /// If there is not one output.
    fn hessian_diagonal<N: Scalar>(&self, x: &[N]) -> Result<Vec<N>> {
        one_output(self.call(x).len())?;
        Ok(forward::hessian_diagonal(|x| self.call(x)[0], x))
    }

    /// Every output along a straight path and its derivatives there, of as many orders as the array has room for: of
    /// `f(x + t direction)` by `t`, at `t = 0`, from order 0 on.
    ///
    /// # Errors
    ///
    /// If the direction has not as many numbers as there are inputs.
    fn derivatives_along<const TERMS: usize, N: Scalar>(&self, x: &[N], direction: &[N]) -> Result<Vec<[N; TERMS]>> {
        forward::along(|x| self.call(x), x, direction)
    }
}

fn trace<N: Scalar>(function: &(impl Function + ?Sized), x: &[N]) -> Trace {
    Trace::of(x, |x| function.call(x))
}

fn trace_of_one<N: Scalar>(function: &(impl Function + ?Sized), x: &[N]) -> Result<Trace> {
    let trace = trace(function, x);
    one_output(trace.outputs())?;
    Ok(trace)
}

fn one_output(found: usize) -> Result<()> {
    if found == 1 { Ok(()) } else { Err(Error::argument("outputs", "one number", found)) }
}
