//! The evals: for each its mathematics over any number, the form of its inputs, and its functions.

pub mod ba;
mod descent;
pub mod det;
pub mod gmm;
pub mod hello;
pub mod ht;
pub mod kmeans;
pub mod llsq;
pub mod lse;
pub mod lstm;
pub mod ode;
pub mod particle;
pub mod saddle;

use crate::{Error, Options, Result, Task};
use chainrule::Number;
use descent::Sweep;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::time::{Duration, Instant};

/// A function of an eval.
pub struct Function {
    /// What messages call it.
    pub name: &'static str,
    /// Prepares it for an input, and tells how long that took once the input was read.
    pub prepare: Prepare,
}

type Prepare = Box<dyn Fn(&RawValue, Options) -> Result<(Box<dyn Task>, Duration)>>;

/// The functions of the eval with this name.
///
/// # Errors
///
/// If there is no such eval.
pub fn functions(eval: &str) -> Result<Vec<Function>> {
    Ok(match eval {
        "hello" => vec![function("square", hello::square), function("double", hello::double)],
        "llsq" => vec![function("primal", llsq::primal), function("gradient", llsq::gradient)],
        "lse" => vec![function("primal", lse::primal), function("gradient", lse::gradient)],
        "lstm" => vec![function("objective", lstm::objective), function("jacobian", lstm::jacobian)],
        "ode" => vec![function("primal", ode::primal), function("gradient", ode::gradient)],
        "det" => vec![function("primal", det::primal), function("gradient", det::gradient)],
        "ba" => vec![function("objective", ba::objective), function("jacobian", ba::jacobian)],
        "gmm" => vec![function("objective", gmm::objective), function("jacobian", gmm::jacobian)],
        "ht" => vec![function("objective", ht::objective), function("jacobian", ht::jacobian)],
        "kmeans" => vec![function("cost", kmeans::cost), function("dir", kmeans::dir)],
        "saddle" => nested(saddle::solve),
        "particle" => nested(particle::solve),
        _ => return Err(Error::Unknown { kind: "module", name: eval.into() }),
    })
}

/// A function by its name and that of its eval.
///
/// # Errors
///
/// If there is none.
pub fn function_named(eval: &str, name: &str) -> Result<Function> {
    let mut functions = functions(eval)?.into_iter();
    functions
        .find(|function| function.name == name)
        .ok_or_else(|| Error::Unknown { kind: "function", name: name.into() })
}

fn function<I: DeserializeOwned + 'static>(
    name: &'static str,
    task: impl Fn(I, Options) -> Result<Box<dyn Task>> + 'static,
) -> Function {
    let prepare = move |input: &RawValue, options: Options| {
        let input = serde_json::from_str(input.get())?;
        let start = Instant::now();
        Ok((task(input, options)?, start.elapsed()))
    };
    Function { name, prepare: Box::new(prepare) }
}

/// The functions of an eval with a derivative in a derivative, named by the modes of the outer one and the inner one.
fn nested<I, Solve>(solve: Solve) -> Vec<Function>
where
    I: DeserializeOwned + 'static,
    Solve: Fn(I, [Sweep; 2]) -> Box<dyn Task> + Copy + 'static,
{
    use Sweep::{Forward, Reverse};
    let functions = [
        ("rr", [Reverse, Reverse]),
        ("rf", [Reverse, Forward]),
        ("fr", [Forward, Reverse]),
        ("ff", [Forward, Forward]),
    ];
    functions.map(|(name, sweeps)| function(name, move |input, _| Ok(solve(input, sweeps)))).into()
}

/// That a list of the input is as long as it should be.
fn check_length(what: &str, expected: usize, found: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::input(what, format!("{expected} numbers"), found)) }
}

/// That there are so many lists of so many numbers in the input.
fn check_lists(what: &str, [count, length]: [usize; 2], lists: &[Vec<f64>]) -> Result<()> {
    if lists.len() != count {
        return Err(Error::input(what, format!("{count} lists"), lists.len()));
    }
    lists.iter().try_for_each(|list| check_length(what, length, list.len()))
}

/// Plain numbers as constants of another kind of number.
fn constants<N: Number>(numbers: &[f64]) -> Vec<N> {
    numbers.iter().copied().map(N::constant).collect()
}
