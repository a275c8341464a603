//! llsq: a polynomial fitted to the sign function by least squares.

use crate::differentiate::eager_gradient;
use crate::task::{Compute, list, number};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::program::{Batch, Rows};
use chainrule::{Number, Program};
use serde::Deserialize;
use std::iter::successors;

/// Coefficients, and how many points there are.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// The coefficients of the polynomial, the constant one first.
    pub x: Vec<f64>,
    /// How many points of [-1, 1] it is held against, at least 2.
    pub n: usize,
}

/// Half the squared difference between the sign of a point and the polynomial there.
pub fn half_square<N: Number>(coefficients: &[N], point: N) -> N {
    let zero = N::constant(0.0);
    let powers = successors(Some(N::constant(1.0)), |&power| Some(power * point));
    let powers: Vec<N> = powers.take(coefficients.len()).collect();
    let sign = zero.less(point) - point.less(zero);
    (sign - N::dot(coefficients, &powers)).powi(2) * N::constant(0.5)
}

/// The sum over all points.
pub fn sum_of_squares<N: Number>(coefficients: &[N], count: usize) -> N {
    points(count).fold(N::constant(0.0), |sum, point| sum + half_square(coefficients, N::constant(point)))
}

/// So many points from -1 to 1.
fn points(count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |index| -1.0 + 2.0 * index as f64 / (count - 1) as f64)
}

/// The sum.
pub fn primal(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let compute: Compute = match options.mode {
        Mode::Program => summed_by(&[], 0, input, options)?,
        Mode::Eager => Box::new(move |sum| {
            sum[0] = sum_of_squares(&input.x, input.n);
            Ok(())
        }),
    };
    Ok(number(compute))
}

/// Its gradient by the coefficients.
pub fn gradient(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let length = input.x.len();
    let compute: Compute = match options.mode {
        Mode::Program => summed_by(&["coefficients"], 1, input, options)?,
        Mode::Eager => Box::new(move |gradient| {
            eager_gradient(&input.x, |x| sum_of_squares(x, input.n), gradient);
            Ok(())
        }),
    };
    Ok(list(length, compute))
}

/// A program of one point, run over all of them: what computes the sum, and its gradient by some of the inputs.
fn summed_by(by: &[&str], output: usize, input: Input, options: Options) -> Result<Compute> {
    let groups = [("coefficients", &input.x[..]), ("point", &[0.5])];
    let row = Program::record_groups(&groups, |groups| half_square(&groups[0], groups[1][0]))?;
    let mut batch = Batch::gradient(&row, &["point"], Rows::Sum, by)?.threads(options.threads);
    let mut all_points = vec![0.0; input.n];
    Ok(Box::new(move |results| {
        all_points.iter_mut().zip(points(input.n)).for_each(|(point, next)| *point = next);
        batch.run(&[&input.x, &all_points])?;
        results.copy_from_slice(batch.output(output));
        Ok(())
    }))
}

fn check(input: &Input) -> Result<()> {
    if input.n < 2 {
        return Err(Error::input("n", "at least 2 points", input.n));
    }
    if input.x.is_empty() {
        return Err(Error::input("x", "at least one coefficient", "none"));
    }
    Ok(())
}
