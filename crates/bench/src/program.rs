//! The one place where measurements meet programs.

use bench::functions::Function;
use chainrule::Value;
use num_traits::Float;

/// What a program is allowed to use of the machine.
#[derive(Clone, Copy)]
pub enum InstructionSet {
    /// The best that the machine has.
    Best,
    /// AVX2 and FMA.
    Avx2,
    /// What every machine of its kind has.
    Baseline,
}

/// What computes value and gradient: takes a point, writes the gradient, returns the value. Allocates nothing.
pub fn value_and_gradient<T: Float>(
    _function: &impl Function,
    _instructions: InstructionSet,
) -> impl FnMut(&[T], &mut [T]) -> T {
    |_, _| todo!("the program of a function")
}

/// The mean of a function of shared parameters and of a row, over rows that stand one after the other, on so many threads:
/// takes parameters and rows, writes the gradient by the parameters, returns the mean.
pub fn mean_over_rows(
    _row: impl Fn(&[Value], &[Value]) -> Value,
    _lengths: [usize; 2],
    _threads: usize,
) -> impl FnMut(&[f64], &[f64], &mut [f64]) -> f64 {
    |_, _, _| todo!("the program of a row, mapped over rows")
}

/// From a recording to what computes value and gradient, ready to run.
pub fn compile(_value: Value, _inputs: &[Value]) -> impl Sized {
    todo!("a program of what is on the tape")
}

/// What the program of value and gradient holds, with the buffers of what runs it.
pub fn bytes(_function: &impl Function) -> usize {
    todo!("the bytes of a program")
}
