//! Fits a curve to points with L-BFGS: the cost is a plain function, its gradient follows.

use argmin::core::{Error, Executor, State};
use argmin::solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS};
use chainrule::ecosystem::argmin::ProgramObjective;
use chainrule::{Program, Value};

/// How much of a medicine is in the blood: it comes in at one rate and leaves at another.
fn in_blood(p: &[Value], hours: f64) -> Value {
    p[0] * ((-p[1] * hours).exp() - (-p[2] * hours).exp())
}

fn main() -> Result<(), Error> {
    let hours = [0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0];
    let measured = [0.88, 1.36, 1.86, 1.94, 1.79, 1.5, 1.16, 0.73, 0.41, 0.17];
    let mean_squared_error = |p: &[Value]| -> Value {
        let miss = |(hours, measured): (&f64, &f64)| (in_blood(p, *hours) - measured).powi(2);
        hours.iter().zip(&measured).map(miss).sum::<Value>() / 10.0
    };

    let guess = vec![1.0, 0.5, 1.0];
    let cost = ProgramObjective::new(&Program::record(&guess, mean_squared_error)?);
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 5);
    let result = Executor::new(cost, solver).configure(|state| state.param(guess).max_iters(100)).run()?;

    let best = result.state().get_best_param().expect("the guess, at least");
    println!("{:.3} mg/l, out {:.3} and in {:.3} per hour", best[0], best[1], best[2]);
    println!("{} iterations", result.state().get_iter());
    assert!(best.iter().zip([3.234, 0.252, 1.587]).all(|(found, expected)| (found - expected).abs() < 1e-3));
    Ok(())
}
