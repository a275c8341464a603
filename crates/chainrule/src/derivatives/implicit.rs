//! Operations that solve an equation: a solution changes with its parameters as the equation says, whatever way it was found.
//! So nothing of the way is recorded (Griewank and Walther, *Evaluating Derivatives*, chapter 15).

use super::linear::{is_positive_definite, solved};
use super::{gradient, hessian, jacobian_reverse, value_and_gradient};
use crate::custom::Custom;
use crate::text::counted;
use crate::{Error, Result, Value};
use std::sync::Arc;

/// # Solutions of equations
///
/// The operands are the parameters of an equation, the results its solution. Second derivatives are not known, as those of all
/// operations of your own. What is said below of errors happens where the operation is called.
impl Custom {
    /// What solves an equation by a way of its own, `residual(solution, parameters)` being 0.
    ///
    /// ```
    /// use chainrule::derivatives::{Custom, derivative};
    ///
    /// // The cube root, found by somebody else: x^3 = p.
    /// let root = Custom::implicit("cube root", |p| vec![p[0].cbrt()], |x, p| x[0].powi(3) - p[0]);
    /// assert_eq!(derivative(|p| root.call(&[p]).expect("as many residuals as unknowns")[0], 8.0), 1.0 / 12.0);
    /// ```
    ///
    /// # Errors
    ///
    /// If there are not as many residuals as unknowns, or their derivatives by the unknowns are no regular matrix.
    pub fn implicit<Y: Into<Vec<Value>>>(
        name: impl Into<String>,
        solution: impl Fn(&[f64]) -> Vec<f64> + Send + Sync + 'static,
        residual: impl Fn(&[Value], &[Value]) -> Y + Send + Sync + 'static,
    ) -> Self {
        Custom::fallible(name, move |p| Ok(solution(p)), move |p, x| slopes(&residual, x, p))
    }

    /// The unknowns that make `residual(unknowns, parameters)` 0, near a guess, by Newton's method.
    ///
    /// ```
    /// use chainrule::derivatives::{Custom, value_and_gradient};
    ///
    /// // Kepler's equation: the angle of a planet from its mean angle and the eccentricity.
    /// let kepler = Custom::root("angle", |x, p| x[0] - p[1] * x[0].sin() - p[0], &[1.0]);
    /// let (angle, slopes) = value_and_gradient(|p| kepler.call(p).expect("a root near 1")[0], &[0.8, 0.1]);
    /// assert!((slopes[0] - 1.0 / (1.0 - 0.1 * angle.cos())).abs() < 1e-12);
    /// assert!((slopes[1] - angle.sin() / (1.0 - 0.1 * angle.cos())).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    ///
    /// If Newton's method does not converge within 100 steps; and as [`implicit`](Custom::implicit).
    pub fn root<Y: Into<Vec<Value>>>(
        name: impl Into<String>,
        residual: impl Fn(&[Value], &[Value]) -> Y + Send + Sync + 'static,
        guess: &[f64],
    ) -> Self {
        let (residual, guess) = (Arc::new(residual), guess.to_vec());
        let solved = residual.clone();
        Custom::fallible(name, move |p| find_root(&*solved, &guess, p), move |p, x| slopes(&*residual, x, p))
    }

    /// The unknowns that stay as they are under `step(unknowns, parameters)`, by doing it again and again from a guess.
    ///
    /// ```
    /// use chainrule::derivatives::{Custom, derivative};
    ///
    /// // Heron's method for the square root.
    /// let root = Custom::fixed_point("square root", |x, p| (x[0] + p[0] / x[0]) / 2.0, &[1.0]);
    /// let slope = derivative(|p| root.call(&[p]).expect("a fixed point")[0], 9.0);
    /// assert!((slope - 1.0 / 6.0).abs() < 1e-15);
    /// ```
    ///
    /// # Errors
    ///
    /// If it does not come to rest within 10,000 steps, or gives another number of unknowns than it got; and as
    /// [`implicit`](Custom::implicit).
    pub fn fixed_point<Y: Into<Vec<Value>>>(
        name: impl Into<String>,
        step: impl Fn(&[Value], &[Value]) -> Y + Send + Sync + 'static,
        guess: &[f64],
    ) -> Self {
        let (step, guess) = (Arc::new(step), guess.to_vec());
        let repeated = step.clone();
        let residual = move |x: &[Value], parameters: &[Value]| -> Vec<Value> {
            x.iter().zip(step(x, parameters).into()).map(|(x, next)| x - next).collect()
        };
        Custom::fallible(name, move |p| find_fixed_point(&*repeated, &guess, p), move |p, x| slopes(&residual, x, p))
    }

    /// The unknowns that make `objective(unknowns, parameters)` smallest, near a guess, by Newton's method.
    ///
    /// ```
    /// use chainrule::derivatives::{Custom, derivative};
    ///
    /// // Ridge regression through the points (1, 2) and (2, 3): how the slope falls with the penalty.
    /// let ridge = Custom::argmin(
    ///     "slope",
    ///     |x, p| (x[0] - 2.0).powi(2) + (x[0] * 2.0 - 3.0).powi(2) + p[0] * x[0].powi(2),
    ///     &[0.0],
    /// );
    /// let change = derivative(|p| ridge.call(&[p]).expect("a parabola has a minimum")[0], 1.0);
    /// assert!((change - -8.0 / 36.0).abs() < 1e-12);
    /// ```
    ///
    /// # Errors
    ///
    /// If Newton's method does not converge within 200 steps; and as [`implicit`](Custom::implicit), of the gradient.
    pub fn argmin(
        name: impl Into<String>,
        objective: impl Fn(&[Value], &[Value]) -> Value + Send + Sync + 'static,
        guess: &[f64],
    ) -> Self {
        let (objective, guess) = (Arc::new(objective), guess.to_vec());
        let minimized = objective.clone();
        let residual = move |x: &[Value], parameters: &[Value]| gradient(|x| objective(x, parameters), x);
        Custom::fallible(name, move |p| find_minimum(&*minimized, &guess, p), move |p, x| slopes(&residual, x, p))
    }
}

/// The derivatives of a solution by its parameters.
fn slopes<Y: Into<Vec<Value>>>(
    residual: impl Fn(&[Value], &[Value]) -> Y,
    solution: &[f64],
    parameters: &[f64],
) -> Result<Vec<Vec<f64>>> {
    let point = [solution, parameters].concat();
    let count = solution.len();
    let rows = jacobian_reverse(|point| residual(&point[..count], &point[count..]), &point);
    as_many("residual", rows.len(), count)?;
    let by_unknowns = rows.iter().map(|row| row[..count].to_vec()).collect();
    let negated = rows.iter().map(|row| row[count..].iter().map(|entry| -entry).collect()).collect();
    solved(by_unknowns, negated)
}

fn find_root<Y: Into<Vec<Value>>>(
    residual: impl Fn(&[Value], &[Value]) -> Y,
    guess: &[f64],
    parameters: &[f64],
) -> Result<Vec<f64>> {
    const STEPS: usize = 100;
    let constants = constants(parameters);
    let mut x = guess.to_vec();
    for _ in 0..STEPS {
        let residuals = residuals_at(&residual, &x, &constants);
        as_many("residual", residuals.len(), x.len())?;
        let rows = jacobian_reverse(|x| residual(x, &constants), &x);
        let right = residuals.iter().map(|residual| vec![*residual]).collect();
        let step = solved(rows, right)?.concat();
        let share = shortened(|share| {
            let moved = moved(&x, &step, -share);
            largest(&residuals_at(&residual, &moved, &constants)) < largest(&residuals)
        });
        x = moved(&x, &step, -share);
        if is_small(&step, &x) {
            return Ok(x);
        }
    }
    let left = largest(&residuals_at(&residual, &x, &constants));
    Err(Error::Convergence { solver: "root".into(), steps: STEPS, found: format!("a residual of {left:e}") })
}

fn find_fixed_point<Y: Into<Vec<Value>>>(
    step: impl Fn(&[Value], &[Value]) -> Y,
    guess: &[f64],
    parameters: &[f64],
) -> Result<Vec<f64>> {
    const STEPS: usize = 10_000;
    let constants = constants(parameters);
    let (mut x, mut change) = (guess.to_vec(), Vec::new());
    for _ in 0..STEPS {
        let next = residuals_at(&step, &x, &constants);
        as_many("step", next.len(), x.len())?;
        change = moved(&next, &x, -1.0);
        x = next;
        if is_small(&change, &x) {
            return Ok(x);
        }
    }
    let found = format!("a change of {:e}", largest(&change));
    Err(Error::Convergence { solver: "fixed point".into(), steps: STEPS, found })
}

fn find_minimum(
    objective: impl Fn(&[Value], &[Value]) -> Value,
    guess: &[f64],
    parameters: &[f64],
) -> Result<Vec<f64>> {
    const STEPS: usize = 200;
    let constants = constants(parameters);
    let value_at = |x: &[f64]| value_and_gradient(|x| objective(x, &constants), x);
    let mut x = guess.to_vec();
    for _ in 0..STEPS {
        let (value, slopes) = value_at(&x);
        let curvature = hessian(|x| objective(x, &constants), &x);
        // Where it is not curved upwards, Newton's step need not lead down, as the gradient does.
        let step = match is_positive_definite(&curvature) {
            true => solved(curvature.clone(), slopes.iter().map(|slope| vec![*slope]).collect())?.concat(),
            false => slopes.clone(),
        };
        let share = shortened(|share| value_at(&moved(&x, &step, -share)).0 < value);
        x = moved(&x, &step, -share);
        if is_small(&step, &x) && is_positive_definite(&curvature) {
            return Ok(x);
        }
    }
    let left = largest(&value_at(&x).1);
    Err(Error::Convergence {
        solver: "argmin".into(),
        steps: STEPS,
        found: format!("a slope of {left:e}, or no minimum,"),
    })
}

fn residuals_at<Y: Into<Vec<Value>>>(
    residual: impl Fn(&[Value], &[Value]) -> Y,
    x: &[f64],
    constants: &[Value],
) -> Vec<f64> {
    let residuals = residual(&self::constants(x), constants).into();
    residuals.iter().map(|residual| residual.data()).collect()
}

fn constants(numbers: &[f64]) -> Vec<Value> {
    numbers.iter().map(Value::from).collect()
}

/// The largest share of a step, halved again and again, that makes things better; all of it if none does, so that a step that
/// is lost in rounding is made.
fn shortened(is_better: impl Fn(f64) -> bool) -> f64 {
    (0..40).map(|halvings| 0.5f64.powi(halvings)).find(|share| is_better(*share)).unwrap_or(1.0)
}

fn moved(x: &[f64], step: &[f64], share: f64) -> Vec<f64> {
    x.iter().zip(step).map(|(x, step)| x + share * step).collect()
}

/// Whether a step has come down to rounding errors.
fn is_small(step: &[f64], x: &[f64]) -> bool {
    let scale = largest(x);
    scale.is_finite() && largest(step) <= 1e-12 * (1.0 + scale)
}

/// The largest magnitude; infinite if one of the numbers is NaN.
fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |largest, x| if x.is_nan() { f64::INFINITY } else { x.abs().max(largest) })
}

fn as_many(name: &str, found: usize, unknowns: usize) -> Result<()> {
    let expected = || format!("{}, as many as unknowns", counted(unknowns, "number"));
    if found == unknowns { Ok(()) } else { Err(Error::argument(name, expected(), found)) }
}
