//! gmm: the logarithm of the posterior of a Gaussian mixture, with a Wishart prior on the precision matrices.

use super::lse::log_sum_exp;
use super::{check_length, check_lists, constants};
use crate::differentiate::{eager_gradient, run_at};
use crate::task::{Compute, json, number, shaped};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::program::{Batch, Rows};
use chainrule::{Number, Program};
use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, SQRT_2};

/// Points, the parameters of a mixture, and those of the prior.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// The dimension of the points, at least 2.
    pub d: usize,
    /// How many components the mixture has.
    pub k: usize,
    /// How many points there are.
    pub n: usize,
    /// The points.
    pub x: Vec<Vec<f64>>,
    /// Of each component: the logarithm of its weight, up to a constant that they share.
    pub alpha: Vec<f64>,
    /// The mean.
    pub mu: Vec<Vec<f64>>,
    /// The logarithms of the diagonal of the square root of the precision matrix.
    pub q: Vec<Vec<f64>>,
    /// What stands below that diagonal, column by column.
    pub l: Vec<Vec<f64>>,
    /// How many degrees of freedom the prior has beyond d + 1.
    pub m: u64,
    /// The scale of the prior.
    pub gamma: f64,
}

/// The parameters of a mixture, component after component.
#[derive(Clone, Copy)]
struct Parameters<'a, N> {
    alpha: &'a [N],
    mu: &'a [N],
    q: &'a [N],
    l: &'a [N],
}

/// A component as it is used for every point.
struct Component<'a, N> {
    /// What its logarithm starts from: that of its weight and of the square root of the determinant.
    offset: N,
    mean: &'a [N],
    /// The rows of the square root of the precision matrix, each up to the diagonal.
    root: Vec<Vec<N>>,
}

impl<'a, N: Number> Parameters<'a, N> {
    /// Those that stand one kind after the other.
    fn of(numbers: &'a [N], dimension: usize, count: usize) -> Self {
        let (alpha, others) = numbers.split_at(count);
        let (mu, others) = others.split_at(count * dimension);
        let (q, l) = others.split_at(count * dimension);
        Parameters { alpha, mu, q, l }
    }

    fn components(self) -> Vec<Component<'a, N>> {
        let dimension = self.mu.len() / self.alpha.len();
        let below = dimension * (dimension - 1) / 2;
        let component = |(index, &alpha): (usize, &N)| {
            let q = &self.q[index * dimension..][..dimension];
            Component {
                offset: alpha + N::sum(q),
                mean: &self.mu[index * dimension..][..dimension],
                root: lower_triangle(q, &self.l[index * below..][..below]),
            }
        };
        self.alpha.iter().enumerate().map(component).collect()
    }

    /// What does not depend on the points but on how many there are.
    fn prior(self, input: &Input) -> N {
        let (d, k, n, m) = (input.d as f64, input.k as f64, input.n as f64, input.m as f64);
        let c = N::constant;
        let w = d + m + 1.0;
        let normalisation = -n * d / 2.0 * (2.0 * PI).ln();
        let wishart = k * (w * d * (input.gamma / SQRT_2).ln() - ln_multivariate_gamma(w / 2.0, input.d));
        let diagonals: Vec<N> = self.q.iter().map(|&q| (q * c(2.0)).exp()).collect();
        let squares = N::sum(&diagonals) + N::dot(self.l, self.l);
        let penalty = squares * c(0.5 * input.gamma * input.gamma) - N::sum(self.q) * c(m);
        c(normalisation + wishart) - log_sum_exp(self.alpha) * c(n) - penalty
    }
}

/// The rows of a lower triangle, each up to the diagonal, from the logarithms of the diagonal and the columns below it.
fn lower_triangle<N: Number>(logarithms: &[N], mut columns: &[N]) -> Vec<Vec<N>> {
    let size = logarithms.len();
    let mut rows: Vec<Vec<N>> = vec![Vec::with_capacity(size); size];
    for (column, logarithm) in logarithms.iter().enumerate() {
        let (below, others) = columns.split_at(size - column - 1);
        rows[column].push(logarithm.exp());
        rows[column + 1..].iter_mut().zip(below).for_each(|(row, &element)| row.push(element));
        columns = others;
    }
    rows
}

/// The logarithm of the likelihood of a point, up to a constant that all points share.
fn log_likelihood<N: Number>(components: &[Component<N>], point: &[N]) -> N {
    let of_component = |component: &Component<N>| {
        let centred: Vec<N> = point.iter().zip(component.mean).map(|(&x, &mean)| x - mean).collect();
        let scaled: Vec<N> = component.root.iter().map(|row| N::dot(row, &centred[..row.len()])).collect();
        component.offset - N::dot(&scaled, &scaled) * N::constant(0.5)
    };
    log_sum_exp(&components.iter().map(of_component).collect::<Vec<_>>())
}

fn log_posterior<N: Number>(parameters: &[N], input: &Input) -> N {
    let parameters = Parameters::of(parameters, input.d, input.k);
    let components = parameters.components();
    let likelihoods: Vec<N> = input.x.iter().map(|point| log_likelihood(&components, &constants(point))).collect();
    parameters.prior(input) + N::sum(&likelihoods)
}

/// The logarithm of the multivariate gamma function.
fn ln_multivariate_gamma(a: f64, dimension: usize) -> f64 {
    let d = dimension as f64;
    d * (d - 1.0) / 4.0 * PI.ln() + (0..dimension).map(|j| libm::lgamma(a - j as f64 / 2.0)).sum::<f64>()
}

/// The logarithm of the posterior.
pub fn objective(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let compute: Compute = match options.mode {
        Mode::Program => program(&input, &[], options)?,
        Mode::Eager => Box::new(move |value| {
            value[0] = log_posterior(&input.parameters(), &input);
            Ok(())
        }),
    };
    Ok(number(compute))
}

/// Its gradient by all parameters of the mixture.
pub fn jacobian(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let (dimension, count) = (input.d, input.k);
    let parameters = input.parameters();
    let length = parameters.len();
    let compute: Compute = match options.mode {
        Mode::Program => program(&input, &["parameters"], options)?,
        Mode::Eager => Box::new(move |gradient| {
            eager_gradient(&parameters, |parameters| log_posterior(parameters, &input), gradient);
            Ok(())
        }),
    };
    Ok(shaped(length, compute, move |gradient| json(&Gradient::of(gradient, dimension, count))))
}

/// How the gradient is told.
#[derive(Serialize)]
struct Gradient<'a> {
    alpha: &'a [f64],
    mu: Vec<&'a [f64]>,
    q: Vec<&'a [f64]>,
    l: Vec<&'a [f64]>,
}

impl<'a> Gradient<'a> {
    fn of(gradient: &'a [f64], dimension: usize, count: usize) -> Self {
        let Parameters { alpha, mu, q, l } = Parameters::of(gradient, dimension, count);
        let lists = |numbers: &'a [f64]| numbers.chunks(numbers.len() / count).collect();
        Gradient { alpha, mu: lists(mu), q: lists(q), l: lists(l) }
    }
}

/// A program of one point, run over all of them, and one of the prior: what computes the value, or the gradient by the
/// parameters if these are named.
fn program(input: &Input, by: &[&str], options: Options) -> Result<Compute> {
    let (dimension, count) = (input.d, input.k);
    let parameters = input.parameters();
    let groups = [("parameters", &parameters[..]), ("point", &input.x[0])];
    let row = Program::record_groups(&groups, |groups| {
        log_likelihood(&Parameters::of(&groups[0], dimension, count).components(), &groups[1])
    })?;
    let mut prior =
        Program::record(&parameters, |parameters| Parameters::of(parameters, dimension, count).prior(input))?;
    if !by.is_empty() {
        prior = prior.gradient()?.only(&["gradient by x"])?;
    }
    let mut prior = run_at(&prior, &[&parameters]);
    let mut batch = Batch::gradient(&row, &["point"], Rows::Sum, by)?.threads(options.threads);
    let (points, output) = (input.x.concat(), by.len());
    Ok(Box::new(move |results| {
        prior(results)?;
        batch.run(&[&parameters, &points])?;
        results.iter_mut().zip(batch.output(output)).for_each(|(result, sum)| *result += sum);
        Ok(())
    }))
}

impl Input {
    /// All parameters, one kind after the other.
    fn parameters(&self) -> Vec<f64> {
        [&self.alpha[..], &self.mu.concat(), &self.q.concat(), &self.l.concat()].concat()
    }
}

fn check(input: &Input) -> Result<()> {
    let Input { d, k, n, .. } = *input;
    if d < 2 {
        return Err(Error::input("d", "at least 2", d));
    }
    if k == 0 || n == 0 {
        return Err(Error::input("k and n", "at least 1", k.min(n)));
    }
    if input.gamma.is_nan() || input.gamma <= 0.0 {
        return Err(Error::input("gamma", "a positive number", input.gamma));
    }
    check_length("alpha", k, input.alpha.len())?;
    check_lists("x", [n, d], &input.x)?;
    check_lists("mu", [k, d], &input.mu)?;
    check_lists("q", [k, d], &input.q)?;
    check_lists("l", [k, d * (d - 1) / 2], &input.l)
}
