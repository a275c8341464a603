//! The optimiser that saddle and particle prescribe: descent along the gradient by steps that grow and shrink.

use chainrule::derivatives::{gradient, jacobian_forward};
use chainrule::{Scalar, Value};

/// By which mode a derivative is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// A way through the function for each number that the derivative is taken by.
    Forward,
    /// One way back through the function.
    Reverse,
}

impl Sweep {
    /// The gradient of a function of values, in this mode.
    pub fn gradient<N: Scalar>(self, function: impl FnOnce(&[Value]) -> Value, x: &[N]) -> Vec<N> {
        match self {
            Sweep::Forward => jacobian_forward(|x| [function(x)], x).concat(),
            Sweep::Reverse => gradient(function, x),
        }
    }
}

/// Two points are the same if they are no farther apart than this; a gradient that is no longer is none.
const TOLERANCE: f64 = 1e-5;
/// So many steps before it counts as not converging.
const MOST_STEPS: usize = 100_000;

/// Where a function is smallest, found from `start`; NaN if the descent comes to no end. What is decided on the way is decided
/// by plain numbers, and derivatives go through all steps that were taken.
pub fn argmin<N: Scalar>(function: impl Fn(&[N]) -> N, gradient: impl Fn(&[N]) -> Vec<N>, start: &[N]) -> Vec<N> {
    let mut x = start.to_vec();
    let (mut value, mut slopes) = (plain(function(&x)), gradient(&x));
    let (mut rate, mut successes) = (1e-5, 0);
    for _ in 0..MOST_STEPS {
        if norm(&slopes) <= TOLERANCE {
            return x;
        }
        if successes == 10 {
            (rate, successes) = (2.0 * rate, 0);
            continue;
        }
        let next: Vec<N> = x.iter().zip(&slopes).map(|(&x, &slope)| x - slope * N::constant(rate)).collect();
        if distance(&x, &next) <= TOLERANCE {
            return x;
        }
        let next_value = plain(function(&next));
        if next_value < value {
            (x, value, successes) = (next, next_value, successes + 1);
            slopes = gradient(&x);
        } else {
            (rate, successes) = (rate / 2.0, 0);
        }
    }
    vec![N::constant(f64::NAN); x.len()]
}

/// The number alone, whatever derivatives it carries.
fn plain<N: Scalar>(x: N) -> f64 {
    x.to_value().data()
}

/// The Euclidean length.
fn norm<N: Scalar>(x: &[N]) -> f64 {
    x.iter().map(|x| plain(*x).powi(2)).sum::<f64>().sqrt()
}

fn distance<N: Scalar>(a: &[N], b: &[N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (plain(*a) - plain(*b)).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule::Number;

    /// Half the squared distance from (3, -1), stretched.
    fn bowl<N: Number>(x: &[N]) -> N {
        let (a, b) = (x[0] - N::constant(3.0), x[1] + N::constant(1.0));
        a * a + b * b * N::constant(2.0)
    }

    #[test]
    fn the_bottom_of_a_bowl_is_found_in_both_modes() {
        for sweep in [Sweep::Forward, Sweep::Reverse] {
            let x = argmin(bowl, |x: &[f64]| sweep.gradient(bowl, x), &[0.0, 0.0]);
            assert!((x[0] - 3.0).abs() < 1e-4 && (x[1] + 1.0).abs() < 1e-4, "{x:?}");
        }
    }

    #[test]
    fn a_descent_that_comes_to_no_end_gives_nan() {
        let x = argmin(|x: &[f64]| x[0], |_| vec![f64::NAN], &[0.0]);
        assert!(x[0].is_nan());
    }
}
