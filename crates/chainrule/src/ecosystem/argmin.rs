//! Problems for the solvers of `argmin`, whose derivatives follow from their cost: parameters and gradients are `Vec<f64>`,
//! Hessian matrices `Vec<Vec<f64>>`, row by row.

use crate::derivatives::{gradient, hessian};
use crate::program::Derivatives;
use crate::{Program, Value, no_grad, tape};
use ::argmin::core::{CostFunction, Error, Gradient, Hessian};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A cost function over values, recorded anew at each call: it may branch as it likes.
///
/// ```
/// use argmin::core::{Executor, State};
/// use argmin::solver::trustregion::{Steihaug, TrustRegion};
/// use chainrule::Value;
/// use chainrule::ecosystem::argmin::Objective;
///
/// let rosenbrock = Objective(|x: &[Value]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0].powi(2)).powi(2));
/// let solver = TrustRegion::new(Steihaug::new().with_max_iters(20));
/// let result = Executor::new(rosenbrock, solver).configure(|state| state.param(vec![-1.2, 1.0]).max_iters(50)).run()?;
/// let minimum = result.state().get_best_param().expect("at least one step");
/// assert!((minimum[0] - 1.0).abs() < 1e-6 && (minimum[1] - 1.0).abs() < 1e-6);
/// # Ok::<(), argmin::core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Objective<F>(
    /// The cost of parameters.
    pub F,
);

impl<F: Fn(&[Value]) -> Value> CostFunction for Objective<F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        let _scope = tape::scope();
        let x: Vec<Value> = x.iter().map(Value::from).collect();
        Ok(no_grad(|| (self.0)(&x)).data())
    }
}

impl<F: Fn(&[Value]) -> Value> Gradient for Objective<F> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(gradient(&self.0, x))
    }
}

impl<F: Fn(&[Value]) -> Value> Hessian for Objective<F> {
    type Param = Vec<f64>;
    type Hessian = Vec<Vec<f64>>;

    fn hessian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, Error> {
        Ok(hessian(&self.0, x))
    }
}

/// A cost function that was recorded once: a [`Program`] whose first output is one number. The parameters are all its inputs.
///
/// ```
/// use argmin::core::{CostFunction, Gradient, Hessian};
/// use chainrule::Program;
/// use chainrule::ecosystem::argmin::ProgramObjective;
///
/// let program = Program::record(&[1.0, 1.0], |x| x[0].powi(2) * x[1])?;
/// let objective = ProgramObjective::new(&program);
/// let x = vec![2.0, 5.0];
/// assert_eq!(objective.cost(&x)?, 20.0);
/// assert_eq!(objective.gradient(&x)?, [20.0, 4.0]);
/// assert_eq!(objective.hessian(&x)?, [[10.0, 4.0], [4.0, 0.0]]);
/// # Ok::<(), argmin::core::Error>(())
/// ```
///
/// # Errors
///
/// The solver stops with the [errors](Derivatives#errors) of the derivatives of programs: a comparison that comes out otherwise
/// than in the recording, say.
pub struct ProgramObjective {
    /// Running a program changes its slots, while `argmin` asks of a problem that is shared, maybe between threads.
    derivatives: Mutex<Derivatives<f64>>,
    outputs: usize,
}

impl ProgramObjective {
    /// The first output of the program, as the cost of its inputs.
    pub fn new(program: &Program) -> Self {
        let outputs = program.outputs.iter().map(|group| group.length()).sum();
        ProgramObjective { derivatives: Mutex::new(Derivatives::of(program)), outputs }
    }

    /// Whatever a call left that panicked is written over by the next.
    fn derivatives(&self) -> MutexGuard<'_, Derivatives<f64>> {
        self.derivatives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CostFunction for ProgramObjective {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Error> {
        let mut outputs = vec![0.0; self.outputs];
        self.derivatives().value(x, &mut outputs)?;
        match outputs.first() {
            Some(cost) => Ok(*cost),
            None => Err(crate::Error::argument("outputs", "one number in the first group", 0).into()),
        }
    }
}

impl Gradient for ProgramObjective {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let mut gradient = vec![0.0; x.len()];
        self.derivatives().value_and_gradient(x, &mut gradient)?;
        Ok(gradient)
    }
}

impl Hessian for ProgramObjective {
    type Param = Vec<f64>;
    type Hessian = Vec<Vec<f64>>;

    fn hessian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, Error> {
        let mut hessian = vec![0.0; x.len() * x.len()];
        self.derivatives().hessian(x, &mut hessian)?;
        Ok(hessian.chunks(x.len().max(1)).map(<[f64]>::to_vec).collect())
    }
}
