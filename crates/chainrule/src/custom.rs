//! Operations of the user's own: what computes them and their derivatives, and what is known of a call.

use crate::scalar::numbers_of;
use crate::text::counted;
use crate::{Error, Result, Scalar};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// An operation of your own, such as a function of another language or a table, with derivatives that you give. It is made once,
/// and called with numbers of any kind: it has derivatives forward and backward, and a [`Program`](crate::Program) that was
/// recorded with it calls it when it runs.
///
/// `value` gets plain numbers and gives the results; `jacobian` gets the operands and the results and gives a row of derivatives for
/// each result. [`gradcheck`](crate::check::gradcheck) tells whether these are right. Operations that solve an equation have their
/// derivatives from it: [`root`](Custom::root), [`fixed_point`](Custom::fixed_point), [`argmin`](Custom::argmin),
/// [`implicit`](Custom::implicit).
///
/// ```
/// use chainrule::Program;
/// use chainrule::check::gradcheck;
/// use chainrule::derivatives::Custom;
///
/// // The volume and the surface of a cylinder, as a library might compute them.
/// let pi = std::f64::consts::PI;
/// let cylinder = Custom::new(
///     "cylinder",
///     move |x| vec![pi * x[0] * x[0] * x[1], 2.0 * pi * x[0] * (x[0] + x[1])],
///     move |x, _| vec![vec![2.0 * pi * x[0] * x[1], pi * x[0] * x[0]], vec![2.0 * pi * (2.0 * x[0] + x[1]), 2.0 * pi * x[0]]],
/// );
/// gradcheck(|x| cylinder.call(x).expect("two rows of two derivatives"), &[0.5, 2.0]).unwrap();
///
/// let program = Program::record(&[0.5, 2.0], |x| cylinder.call(x).expect("as before")[0] / pi)?;
/// assert_eq!(program.value_and_gradient(&[&[1.0, 3.0]])?, (3.0, vec![vec![6.0, 1.0]]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # What the functions may be
///
/// Programs are run on any thread, and on several at a time: so both functions are `Send`, `Sync` and `'static`. Closures are, if
/// they `move` what they need and hold no [`Value`](crate::Value). They have to give the same for the same operands, and may be
/// called more often than once in a run. They compute in `f64`, in programs over `f32` as well.
///
/// # What a program does with it
///
/// A derivative of the program calls `jacobian` once for each call. Second derivatives are not known: they are NaN by what
/// varies, and a program whose second derivatives are asked for refuses. Clones are one operation, and programs are equal if they
/// call the same one. A program that calls an operation of your own can be neither saved nor written as source code.
#[derive(Clone)]
pub struct Custom {
    rule: Arc<Rule>,
}

struct Rule {
    name: String,
    value: Box<ValueRule>,
    jacobian: Box<JacobianRule>,
}

type ValueRule = dyn Fn(&[f64]) -> Result<Vec<f64>> + Send + Sync;
type JacobianRule = dyn Fn(&[f64], &[f64]) -> Result<Vec<Vec<f64>>> + Send + Sync;

impl Custom {
    /// An operation with a name, which messages and [`explain`](crate::Program::explain) call it by; what computes its results;
    /// and what computes their derivatives by the operands, from the operands and the results.
    pub fn new(
        name: impl Into<String>,
        value: impl Fn(&[f64]) -> Vec<f64> + Send + Sync + 'static,
        jacobian: impl Fn(&[f64], &[f64]) -> Vec<Vec<f64>> + Send + Sync + 'static,
    ) -> Self {
        Custom::fallible(name, move |x| Ok(value(x)), move |x, y| Ok(jacobian(x, y)))
    }

    /// The same of functions that can fail.
    pub(crate) fn fallible(
        name: impl Into<String>,
        value: impl Fn(&[f64]) -> Result<Vec<f64>> + Send + Sync + 'static,
        jacobian: impl Fn(&[f64], &[f64]) -> Result<Vec<Vec<f64>>> + Send + Sync + 'static,
    ) -> Self {
        let rule = Rule { name: name.into(), value: Box::new(value), jacobian: Box::new(jacobian) };
        Custom { rule: Arc::new(rule) }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.rule.name
    }

    /// The results of these operands.
    ///
    /// # Errors
    ///
    /// If the derivatives are not a row for each result, with a number for each operand; if a solver does not come to an end.
    #[track_caller]
    pub fn call<N: Scalar>(&self, x: &[N]) -> Result<Vec<N>> {
        let numbers = numbers_of(x);
        let results = self.values(&numbers)?;
        let partials = Some(self.jacobian(&numbers, &results)?);
        Ok(N::from_call(&Call { operation: self.clone(), order: Order::Value, results, partials }, x))
    }

    /// The results of these plain operands.
    pub(crate) fn values(&self, x: &[f64]) -> Result<Vec<f64>> {
        (self.rule.value)(x).map_err(|error| error.of_operation(self.name()))
    }

    /// What an instruction of a program asks for, so many numbers: the results, or where these are given their derivatives.
    pub(crate) fn asked(&self, x: &[f64], results: Option<&[f64]>, count: usize) -> Result<Vec<f64>> {
        let numbers = match results {
            None => self.values(x)?,
            Some(results) => self.jacobian(x, results)?,
        };
        if numbers.len() != count {
            let expected = format!("{}, as when the program was recorded", counted(count, "number"));
            return Err(Error::argument("results", expected, numbers.len()).of_operation(self.name()));
        }
        Ok(numbers)
    }

    /// The derivatives of the results by the operands, row by row.
    pub(crate) fn jacobian(&self, x: &[f64], results: &[f64]) -> Result<Vec<f64>> {
        let rows = (self.rule.jacobian)(x, results).map_err(|error| error.of_operation(self.name()))?;
        let wrong = |name: String, expected, found| Error::argument(name, expected, found).of_operation(self.name());
        if rows.len() != results.len() {
            let expected = format!("{}, one for each result", counted(results.len(), "row"));
            return Err(wrong("jacobian".into(), expected, rows.len()));
        }
        if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != x.len()) {
            let expected = format!("{}, one for each operand", counted(x.len(), "derivative"));
            return Err(wrong(format!("row {number} of the jacobian"), expected, row.len()));
        }
        Ok(rows.concat())
    }
}

// Nothing here is changed by a call: what a panic leaves behind in the functions is for those who wrote them to say.
impl UnwindSafe for Custom {}
impl RefUnwindSafe for Custom {}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Custom").field(&self.rule.name).finish()
    }
}

/// Whether it is the same operation: itself or a clone.
impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rule, &other.rule)
    }
}

impl Eq for Custom {}

impl Hash for Custom {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.rule).hash(state);
    }
}

/// What is asked of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    /// Its results.
    Value,
    /// Their derivatives, row by row. The operands are those of the operation and then its results, which are so many.
    Jacobian { results: usize },
}

/// What is known of a [`Custom`] operation where it was called: the results, and their derivatives as plain numbers.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) operation: Custom,
    pub(crate) order: Order,
    pub(crate) results: Vec<f64>,
    /// The derivatives of the results by the operands, row by row; none if they are not known.
    pub(crate) partials: Option<Vec<f64>>,
}

impl Call {
    /// The derivatives of a result by so many operands, NaN if they are not known.
    pub(crate) fn row(&self, result: usize, operands: usize) -> Vec<f64> {
        match &self.partials {
            Some(partials) => partials[result * operands..][..operands].to_vec(),
            None => vec![f64::NAN; operands],
        }
    }

    /// The derivatives of the results by the operands, row by row, as numbers that depend on both.
    pub(crate) fn partials<N: Scalar>(&self, operands: &[N], results: &[N]) -> Vec<N> {
        match &self.partials {
            None => vec![N::constant(f64::NAN); operands.len() * results.len()],
            Some(partials) => {
                let order = Order::Jacobian { results: results.len() };
                let operation = self.operation.clone();
                let call = Call { operation, order, results: partials.clone(), partials: None };
                N::from_call(&call, &[operands, results].concat())
            }
        }
    }
}
