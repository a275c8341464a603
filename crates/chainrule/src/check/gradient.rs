//! Whether the derivatives of a function are those that its numbers have.

use super::estimate::{Estimate, derivatives};
use crate::derivatives::{Trace, reverse};
use crate::{Dual, Op, Value};
use std::fmt;

/// Derivatives that differ from what the numbers of a function say.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The output, counted from 0.
    pub output: usize,
    /// The input that the derivative is taken by, counted from 0.
    pub input: usize,
    /// The derivative by the rules of the operations.
    pub by_rules: f64,
    /// The derivative from differences.
    pub by_differences: Estimate,
    /// The first operation where the two part; none if the function took other branches when it was nudged.
    pub parting: Option<Parting>,
}

/// An operation whose result does not change as the rules say, though its operands do.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The operation.
    pub op: Op,
    /// Its place among the operations of the function, counted from 1.
    pub place: usize,
    /// The numbers of its operands.
    pub operands: Vec<f64>,
    /// Its result.
    pub result: f64,
    /// The derivative of the result by the input, by the rules.
    pub by_rules: f64,
    /// The same from differences.
    pub by_differences: Estimate,
}

/// Holds the derivatives of a function by all inputs against differences of its numbers.
///
/// Both should agree to a millionth, unless differences are not as exact there. At a kink, as `relu` has one at 0, they do not.
///
/// ```
/// use chainrule::check::gradcheck;
///
/// assert!(gradcheck(|x| (x[0] * x[1]).sin(), &[0.5, 2.0]).is_ok());
///
/// // What is done with plain numbers is not recorded.
/// let mismatch = gradcheck(|x| x[0] * x[1] * x[0].data(), &[0.5, 2.0]).unwrap_err();
/// assert_eq!(
///     mismatch.to_string(),
///     "derivative of output 0 by x[0]: 1 by the rules, 2 by differences; they part at operation 2, `*` of 1, 0.5 = 0.5: \
///      1 by the rules, 2 by differences"
/// );
/// ```
///
/// # Errors
///
/// The first derivative that differs, or is not a number.
pub fn gradcheck<Y: Into<Vec<Value>>>(f: impl Fn(&[Value]) -> Y, x: &[f64]) -> Result<(), Mismatch> {
    let check = Check { record: |x: &[f64]| Trace::of(x, |x| f(x).into()), x };
    let here = (check.record)(x);
    let by_rules = reverse::jacobian(&here, x);
    (0..x.len()).try_for_each(|input| {
        let by_differences = check.outputs_by_differences(&here, input);
        let mut slopes = by_rules.iter().map(|row| row[input]).zip(by_differences).enumerate();
        match slopes.find(|(_, (by_rules, by_differences))| !by_differences.agrees_with(*by_rules)) {
            None => Ok(()),
            Some((output, (by_rules, by_differences))) => {
                let parting = check.parting(&here, input);
                Err(Mismatch { output, input, by_rules, by_differences, parting })
            }
        }
    })
}

/// A function that can be recorded at any point, and the point where it is checked.
struct Check<'a, F> {
    record: F,
    x: &'a [f64],
}

impl<F: Fn(&[f64]) -> Trace> Check<'_, F> {
    /// The trace of the function with one input moved, and that point.
    fn moved(&self, input: usize, to: f64) -> (Trace, Vec<f64>) {
        let mut point = self.x.to_vec();
        point[input] = to;
        ((self.record)(&point), point)
    }

    fn outputs_by_differences(&self, here: &Trace, input: usize) -> Vec<Estimate> {
        let outputs = |to| {
            let (trace, point) = self.moved(input, to);
            let is_alike = trace.outputs() == here.outputs();
            if is_alike { trace.forward(&point).outputs() } else { vec![f64::NAN; here.outputs()] }
        };
        derivatives(outputs, self.x[input])
    }

    /// The first operation that does not move with the input as the rules say. Steps so wide that the function does something
    /// else there do not count.
    fn parting(&self, here: &Trace, input: usize) -> Option<Parting> {
        let nodes = |to| {
            let (trace, point) = self.moved(input, to);
            let is_alike = trace.ops().eq(here.ops());
            if is_alike { trace.forward(&point).into_numbers() } else { vec![f64::NAN; here.ops().len()] }
        };
        let by_differences = derivatives(nodes, self.x[input]);
        let direction: Vec<f64> = (0..self.x.len()).map(|at| f64::from(at == input)).collect();
        let moving = here.forward(&Dual::moving(self.x, &direction)).into_numbers();
        let mut slopes = moving.iter().zip(by_differences).enumerate();
        let (node, (dual, by_differences)) = slopes.find(|(_, (dual, by_differences))| {
            // What no step tells anything of is not where they part: the function has another shape nearby.
            by_differences.error.is_finite() && !by_differences.agrees_with(dual.tangent)
        })?;
        Some(Parting {
            op: here.ops().nth(node)?,
            place: here.ops().take(node + 1).filter(|op| *op != Op::Leaf).count(),
            operands: here.operands_of(node).iter().map(|operand| operand.number(&moving).value).collect(),
            result: dual.value,
            by_rules: dual.tangent,
            by_differences,
        })
    }
}

impl Estimate {
    /// Whether a derivative is this one: to a millionth, or as exactly as differences are here, which must not be worse than
    /// to a thousandth.
    fn agrees_with(&self, derivative: f64) -> bool {
        let scale = derivative.abs().max(self.derivative.abs()).max(1.0);
        (derivative - self.derivative).abs() <= (4.0 * self.error).clamp(1e-6 * scale, 1e-3 * scale)
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Mismatch { output, input, by_rules, by_differences, parting } = self;
        write!(f, "derivative of output {output} by x[{input}]: {}", both(*by_rules, by_differences))?;
        match parting {
            Some(parting) => write!(f, "; they part at {parting}"),
            None => write!(f, "; every operation moves as the rules say where the function has the same ones"),
        }
    }
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Parting { op, place, operands, result, by_rules, by_differences } = self;
        let operands: Vec<String> = operands.iter().map(f64::to_string).collect();
        let both = both(*by_rules, by_differences);
        write!(f, "operation {place}, `{op}` of {} = {result}: {both}", operands.join(", "))
    }
}

fn both(by_rules: f64, by_differences: &Estimate) -> String {
    // More digits than differences know would only distract.
    let digits = (-by_differences.error.log10()).clamp(3.0, 12.0) as usize;
    let rounded = format!("{:.digits$}", by_differences.derivative);
    let rounded = rounded.trim_end_matches('0').trim_end_matches('.');
    format!("{by_rules} by the rules, {rounded} by differences")
}
