//! Derivatives that are given: of functions that nothing can be recorded of, or that should have others than their own.

use crate::text::counted;
use crate::{Error, Number, Result, Scalar};

/// A function from outside, such as one of another language or a table, with derivatives that you give: `value` gets plain
/// numbers and gives the outputs, `jacobian` gets the inputs and the outputs and gives a row of derivatives for each output.
///
/// It works wherever the number does, forward and backward. [`gradcheck`](crate::check::gradcheck) tells whether the
/// derivatives are right. Second derivatives are not known, and NaN by what varies. No [`Program`](crate::Program) can be made
/// of it, which would have to call it: recording one is an error.
///
/// ```
/// use chainrule::Value;
/// use chainrule::check::gradcheck;
/// use chainrule::derivatives::custom;
///
/// /// The volume and the surface of a cylinder, as a library might compute them.
/// fn cylinder(x: &[Value]) -> Vec<Value> {
///     let pi = std::f64::consts::PI;
///     custom(
///         x,
///         |x| vec![pi * x[0] * x[0] * x[1], 2.0 * pi * x[0] * (x[0] + x[1])],
///         |x, _| vec![vec![2.0 * pi * x[0] * x[1], pi * x[0] * x[0]], vec![2.0 * pi * (2.0 * x[0] + x[1]), 2.0 * pi * x[0]]],
///     )
///     .expect("two rows of two derivatives")
/// }
///
/// gradcheck(cylinder, &[0.5, 2.0]).unwrap();
/// ```
///
/// # Errors
///
/// If the derivatives are not a row for each output, with a number for each input.
pub fn custom<N: Scalar>(
    x: &[N],
    value: impl FnOnce(&[f64]) -> Vec<f64>,
    jacobian: impl FnOnce(&[f64], &[f64]) -> Vec<Vec<f64>>,
) -> Result<Vec<N>> {
    let numbers = numbers_of(x);
    let outputs = value(&numbers);
    let rows = jacobian(&numbers, &outputs);
    if rows.len() != outputs.len() {
        let expected = format!("{}, one for each output", counted(outputs.len(), "row"));
        return Err(Error::argument("jacobian", expected, rows.len()));
    }
    if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != x.len()) {
        let expected = format!("{}, one for each input", counted(x.len(), "derivative"));
        return Err(Error::argument(format!("row {number} of the jacobian"), expected, row.len()));
    }
    Ok(outputs.iter().zip(&rows).map(|(output, row)| N::from_derivatives(*output, x, row)).collect())
}

/// The value of `f` with the derivative of its argument, 1: the straight-through estimator (Bengio and others, 2013), which
/// lets a gradient pass where rounding or a threshold would stop it.
///
/// ```
/// use chainrule::Value;
/// use chainrule::derivatives::{derivative, straight_through};
///
/// let rounded = |x| 3.0 * straight_through(x, Value::round);
/// assert_eq!(rounded(Value::new(1.8)).data(), 6.0);
/// assert_eq!(derivative(rounded, 1.8), 3.0);
/// ```
pub fn straight_through<N: Number>(x: N, f: impl FnOnce(N) -> N) -> N {
    f(x).stop_gradient() + (x - x.stop_gradient())
}

/// The plain numbers.
pub(super) fn numbers_of<N: Scalar>(x: &[N]) -> Vec<f64> {
    x.iter().map(|x| x.to_value().data()).collect()
}
