//! Derivatives of functions: give a function and a place, and get what you ask for.
//!
//! ```
//! use chainrule::derivatives::{gradient, hessian};
//! use chainrule::{Number, Scalar};
//!
//! fn rosenbrock<N: Scalar>(x: &[N]) -> N {
//!     let c = N::constant;
//!     (c(1.0) - x[0]).powi(2) + c(100.0) * (x[1] - x[0].powi(2)).powi(2)
//! }
//!
//! assert_eq!(gradient(rosenbrock, &[1.0, 2.0]), [-400.0, 200.0]);
//! assert_eq!(hessian(rosenbrock, &[1.0, 2.0]), [[402.0, -400.0], [-400.0, 200.0]]);
//! assert_eq!(gradient(|x| x[0].sin() * x[1], &[0.0, 3.0]), [3.0, 0.0]);
//! ```
//!
//! Functions are closures over [`Value`]s, or generic functions, which are closures over values when they are named so. The
//! names are those of the field: [`derivative`], [`gradient`], [`jvp`], [`vjp`], [`jacobian`], [`hessian`], [`hvp`]. A
//! function that should run forward without a tape is a type with the trait [`Function`], whose methods have the same names.
//! For a function that is called again and again, [`Program`](crate::Program) has twins of them.
//!
//! # Derivatives in functions
//!
//! The place may be made of plain numbers or of values, and the result is made of the same. So a function can take the
//! derivative of another, and its own derivative is right, whatever it is taken by:
//!
//! ```
//! use chainrule::derivatives::{derivative, gradient};
//!
//! // d/dx (x d/dy (x + y)) is 1, though y is x: what is taken by y does not mix with what is taken by x.
//! assert_eq!(derivative(|x| x * derivative(|y| x + y, x), 5.0), 1.0);
//!
//! // The gradient of the squared slope, which physics-informed networks are trained with.
//! let squared_slope = |x: &[_]| gradient(|y| (y[0] * y[1]).sin(), x).iter().map(|slope| slope * slope).sum();
//! assert_eq!(gradient(squared_slope, &[0.0, 2.0]), [0.0, 4.0]);
//! ```
//!
//! A value that a function finds around it and did not get is followed, too, when the place is made of values; where it is
//! made of plain numbers, it counts as a constant.
//!
//! # What is not a number
//!
//! An output that does not depend on an input has the derivative 0 by it. NaN and infinities take their way as everywhere in
//! this library: a derivative is NaN where the mathematics has none, and never because a zero met an infinity.

mod checkpoints;
mod forward;
mod function;
mod implicit;
mod linear;
pub(crate) mod reverse;
mod straight_through;
mod trace;

pub use crate::custom::{Call, Custom};
pub use checkpoints::{Checkpointed, checkpointed_loop};
pub use function::Function;
pub use straight_through::straight_through;

use crate::text::counted;
use crate::{Error, Result, Scalar, Value};
pub(crate) use trace::Trace;

/// The derivative of a function of one number.
///
/// ```
/// use chainrule::derivatives::derivative;
///
/// assert_eq!(derivative(|x| x.powi(3), 2.0), 12.0);
/// assert_eq!(derivative(|x| derivative(|x| x.powi(3), x), 2.0), 12.0); // 6 x
/// ```
pub fn derivative<N: Scalar>(f: impl FnOnce(Value) -> Value, x: N) -> N {
    gradient(|x| f(x[0]), &[x])[0]
}

/// The derivatives of a function of several numbers by all of them, by reverse mode.
///
/// ```
/// use chainrule::derivatives::gradient;
///
/// assert_eq!(gradient(|x| x[0] * x[1] + x[0], &[2.0, -3.0]), [-2.0, 2.0]);
/// ```
pub fn gradient<N: Scalar>(f: impl FnOnce(&[Value]) -> Value, x: &[N]) -> Vec<N> {
    value_and_gradient(f, x).1
}

/// The value of a function and its [`gradient`].
///
/// ```
/// use chainrule::derivatives::value_and_gradient;
///
/// assert_eq!(value_and_gradient(|x| x[0] * x[1], &[2.0, -3.0]), (-6.0, vec![-3.0, 2.0]));
/// ```
pub fn value_and_gradient<N: Scalar>(f: impl FnOnce(&[Value]) -> Value, x: &[N]) -> (N, Vec<N>) {
    reverse::value_and_gradient(&Trace::of(x, |x| vec![f(x)]), x)
}

/// The outputs of a function, and its Jacobian matrix times a direction: how the outputs move when the inputs move so. By
/// forward mode.
///
/// ```
/// use chainrule::derivatives::jvp;
///
/// let (outputs, tangents) = jvp(|x| [x[0] * x[1], x[0] - x[1]], &[2.0, 5.0], &[1.0, 0.0])?;
/// assert_eq!((outputs, tangents), (vec![10.0, -3.0], vec![5.0, 1.0]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
///
/// If the direction has not as many numbers as `x`.
pub fn jvp<N: Scalar, Y: Into<Vec<Value>>>(
    f: impl FnOnce(&[Value]) -> Y,
    x: &[N],
    direction: &[N],
) -> Result<(Vec<N>, Vec<N>)> {
    let trace = Trace::of(x, |x| f(x).into());
    forward::jvp(|x| trace.forward(x).outputs(), x, direction)
}

/// The outputs of a function, and adjoints of them times its Jacobian matrix: the gradient of the outputs weighted with the
/// adjoints. By reverse mode.
///
/// ```
/// use chainrule::derivatives::vjp;
///
/// let (outputs, gradient) = vjp(|x| [x[0] * x[1], x[0] - x[1]], &[2.0, 5.0], &[1.0, 100.0])?;
/// assert_eq!((outputs, gradient), (vec![10.0, -3.0], vec![105.0, -98.0]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
///
/// If there are not as many adjoints as outputs.
pub fn vjp<N: Scalar, Y: Into<Vec<Value>>>(
    f: impl FnOnce(&[Value]) -> Y,
    x: &[N],
    adjoints: &[N],
) -> Result<(Vec<N>, Vec<N>)> {
    reverse::vjp(&Trace::of(x, |x| f(x).into()), x, adjoints)
}

/// The derivatives of all outputs by all inputs, a row for each output. By forward mode if there are no more inputs than
/// outputs, else by reverse mode.
///
/// ```
/// use chainrule::derivatives::jacobian;
///
/// assert_eq!(jacobian(|x| [x[0] * x[1], x[0] - x[1], x[1]], &[2.0, 5.0]), [[5.0, 2.0], [1.0, -1.0], [0.0, 1.0]]);
/// ```
pub fn jacobian<N: Scalar, Y: Into<Vec<Value>>>(f: impl FnOnce(&[Value]) -> Y, x: &[N]) -> Vec<Vec<N>> {
    let trace = Trace::of(x, |x| f(x).into());
    if x.len() <= trace.outputs() { forward_jacobian(&trace, x) } else { reverse::jacobian(&trace, x) }
}

/// The [`jacobian`] by forward mode: a way through the function for each input.
pub fn jacobian_forward<N: Scalar, Y: Into<Vec<Value>>>(f: impl FnOnce(&[Value]) -> Y, x: &[N]) -> Vec<Vec<N>> {
    forward_jacobian(&Trace::of(x, |x| f(x).into()), x)
}

/// The [`jacobian`] by reverse mode: a way back through the function for each output.
pub fn jacobian_reverse<N: Scalar, Y: Into<Vec<Value>>>(f: impl FnOnce(&[Value]) -> Y, x: &[N]) -> Vec<Vec<N>> {
    reverse::jacobian(&Trace::of(x, |x| f(x).into()), x)
}

/// The second derivatives of a function of several numbers, a row for each. By forward over reverse mode.
///
/// ```
/// use chainrule::derivatives::hessian;
///
/// assert_eq!(hessian(|x| x[0].powi(2) * x[1], &[2.0, 5.0]), [[10.0, 4.0], [4.0, 0.0]]);
/// ```
pub fn hessian<N: Scalar>(f: impl FnOnce(&[Value]) -> Value, x: &[N]) -> Vec<Vec<N>> {
    reverse::hessian(&Trace::of(x, |x| vec![f(x)]), x)
}

/// The Hessian matrix of a function times a direction, at a few times the cost of a gradient. By forward over reverse mode.
///
/// ```
/// use chainrule::derivatives::hvp;
///
/// assert_eq!(hvp(|x| x[0].powi(2) * x[1], &[2.0, 5.0], &[1.0, 1.0])?, [14.0, 4.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
///
/// If the direction has not as many numbers as `x`.
pub fn hvp<N: Scalar>(f: impl FnOnce(&[Value]) -> Value, x: &[N], direction: &[N]) -> Result<Vec<N>> {
    same_length("direction", x, direction)?;
    Ok(reverse::hvp(&Trace::of(x, |x| vec![f(x)]), x, direction))
}

/// The second derivatives of a function by each input twice: the diagonal of its Hessian matrix. By series.
///
/// ```
/// use chainrule::derivatives::hessian_diagonal;
///
/// assert_eq!(hessian_diagonal(|x| x[0].powi(2) * x[1], &[2.0, 5.0]), [10.0, 0.0]);
/// ```
pub fn hessian_diagonal<N: Scalar>(f: impl FnOnce(&[Value]) -> Value, x: &[N]) -> Vec<N> {
    let trace = Trace::of(x, |x| vec![f(x)]);
    forward::hessian_diagonal(|x| trace.forward(x).outputs()[0], x)
}

/// A function along a straight path and its derivatives there, of as many orders as the array has room for: of
/// `f(x + t direction)` by `t`, at `t = 0`, from order 0 on. By [series](crate::Taylor).
///
/// ```
/// use chainrule::derivatives::derivatives_along;
///
/// let [value, slope, curvature, jerk] = derivatives_along(|x| x[0].powi(3) + x[1], &[2.0, 5.0], &[1.0, -1.0])?;
/// assert_eq!([value, slope, curvature, jerk], [13.0, 11.0, 12.0, 6.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
///
/// If the direction has not as many numbers as `x`.
pub fn derivatives_along<const TERMS: usize, N: Scalar>(
    f: impl FnOnce(&[Value]) -> Value,
    x: &[N],
    direction: &[N],
) -> Result<[N; TERMS]> {
    let trace = Trace::of(x, |x| vec![f(x)]);
    Ok(forward::along(|x| trace.forward(x).outputs(), x, direction)?[0])
}

fn forward_jacobian<N: Scalar>(trace: &Trace, x: &[N]) -> Vec<Vec<N>> {
    let columns = forward::jacobian_columns(|x| trace.forward(x).outputs(), x);
    forward::transposed(&columns, trace.outputs())
}

/// The direction that moves one of so many numbers.
fn unit<N: Scalar>(length: usize, moved: usize) -> Vec<N> {
    (0..length).map(|number| N::constant(f64::from(number == moved))).collect()
}

fn same_length<N>(name: &str, expected: &[N], found: &[N]) -> Result<()> {
    if expected.len() == found.len() {
        return Ok(());
    }
    Err(Error::argument(name, counted(expected.len(), "number"), counted(found.len(), "number")))
}
