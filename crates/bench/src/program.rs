//! The one place where measurements meet programs.

use bench::functions::Function;
use chainrule::program::{Batch, Float, InstructionSet, Machine, Recorder, Rows};
use chainrule::{Program, Value, tape};

/// What computes value and gradient: takes a point, writes the gradient, returns the value. Allocates nothing.
pub fn value_and_gradient<T: Float>(
    function: &impl Function,
    instructions: InstructionSet,
) -> impl FnMut(&[T], &mut [T]) -> T {
    let mut machine = Machine::with_instruction_set(&recorded(function), instructions);
    move |point, gradient| {
        let mut value = [T::default()];
        machine.call(&[point], &mut [&mut value, gradient]).expect("there are no comparisons");
        value[0]
    }
}

/// The mean of a function of shared parameters and of a row, over rows that stand one after the other, on so many threads:
/// takes parameters and rows, writes the gradient by the parameters, returns the mean.
pub fn mean_over_rows(
    row: impl Fn(&[Value], &[Value]) -> Value,
    lengths: [usize; 2],
    threads: usize,
) -> impl FnMut(&[f64], &[f64], &mut [f64]) -> f64 {
    let [parameters, columns] = lengths.map(|length| vec![0.5; length]);
    let groups = [("parameters", &parameters[..]), ("row", &columns)];
    let program =
        Program::record_groups(&groups, |groups| row(&groups[0], &groups[1])).expect("it depends on its inputs");
    let batch = Batch::gradient(&program, &["row"], Rows::Mean, &["parameters"]).expect("there are such groups");
    let mut batch = batch.threads(threads);
    move |parameters, rows, gradient| {
        batch.run(&[parameters, rows]).expect("there are no comparisons");
        gradient.copy_from_slice(batch.output(1));
        batch.output(0)[0]
    }
}

/// Records a function of parameters and of indices that are known when it runs, and makes what computes its value and its
/// gradient by the parameters.
pub fn with_indices(
    function: impl Fn(&[Value], &[Value]) -> Value,
    parameters: &[Value],
    indices: &[f64],
) -> Machine<f64> {
    let _scope = tape::scope();
    let indices: Vec<Value> = indices.iter().copied().map(Value::new).collect();
    let value = function(parameters, &indices);
    let inputs = [("parameters", parameters), ("indices", &indices)];
    let program = Recorder::default().read(value, &inputs).expect("it depends on its inputs");
    Machine::new(&program.gradient_by(&["parameters"]).expect("it has one result"))
}

/// From a recording to what computes value and gradient, ready to run.
pub fn compile(value: Value, inputs: &[Value]) -> impl Sized {
    let program = Program::of(&[value], inputs).expect("it depends on its inputs");
    Machine::<f64>::new(&program.gradient().expect("it has one result"))
}

/// What the program of value and gradient holds, with the buffers of what runs it.
pub fn bytes(function: &impl Function) -> usize {
    Machine::<f64>::new(&recorded(function)).bytes()
}

fn recorded(function: &impl Function) -> Program {
    let program =
        Program::record(&function.point(), |inputs| function.value(inputs)).expect("it depends on its inputs");
    program.gradient().expect("it has one result")
}
