//! From functions of many numbers to what computes their values or gradients into a buffer, in either mode.

use crate::task::Compute;
use crate::{Mode, Result};
use chainrule::program::{Machine, Results};
use chainrule::{Program, Value, tape};

/// What computes the value of a function: the program that it is recorded as, or the function of plain floats.
///
/// # Errors
///
/// If it cannot be recorded, as where it depends on none of the numbers.
pub fn value(
    mode: Mode,
    point: Vec<f64>,
    recorded: impl Fn(&[Value]) -> Value,
    plain: impl Fn(&[f64]) -> f64 + 'static,
) -> Result<Compute> {
    values(mode, point, recorded, move |point| [plain(point)])
}

/// The same for a function with several values.
///
/// # Errors
///
/// If it cannot be recorded, as where one of the values depends on none of the numbers.
pub fn values<R: Results, F: AsRef<[f64]>>(
    mode: Mode,
    point: Vec<f64>,
    recorded: impl Fn(&[Value]) -> R,
    plain: impl Fn(&[f64]) -> F + 'static,
) -> Result<Compute> {
    match mode {
        Mode::Program => Ok(run_at(&Program::record(&point, recorded)?, &[&point])),
        Mode::Eager => Ok(Box::new(move |values| {
            values.copy_from_slice(plain(&point).as_ref());
            Ok(())
        })),
    }
}

/// What computes the gradient of a function.
///
/// # Errors
///
/// If it cannot be recorded, as where it depends on none of the numbers.
pub fn gradient(mode: Mode, point: Vec<f64>, function: impl Fn(&[Value]) -> Value + 'static) -> Result<Compute> {
    match mode {
        Mode::Program => {
            let program = Program::record(&point, function)?.gradient()?.only(&["gradient by x"])?;
            Ok(run_at(&program, &[&point]))
        }
        Mode::Eager => Ok(Box::new(move |gradient| {
            eager_gradient(&point, &function, gradient);
            Ok(())
        })),
    }
}

/// What runs a program on these inputs, a slice for each group, and gives its first group of outputs.
pub fn run_at(program: &Program, inputs: &[&[f64]]) -> Compute {
    let mut machine = Machine::new(program);
    inputs.iter().enumerate().for_each(|(group, numbers)| machine.input_mut(group).copy_from_slice(numbers));
    Box::new(move |results| {
        machine.run()?;
        machine.copy_output(0, results);
        Ok(())
    })
}

/// Writes the gradient of a function, which is recorded and swept for it; returns the value.
pub fn eager_gradient(point: &[f64], function: impl Fn(&[Value]) -> Value, gradient: &mut [f64]) -> f64 {
    let _scope = tape::scope();
    let inputs: Vec<Value> = point.iter().copied().map(Value::new).collect();
    let value = function(&inputs);
    value.gradient_into(&inputs, gradient);
    value.data()
}
