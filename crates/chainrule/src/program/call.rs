//! Calling a program like a function: slices in, slices out.

use super::{Float, Machine, Program};
use crate::text::counted;
use crate::{Error, Result};

impl<T: Float> Machine<T> {
    /// Puts the inputs in, runs, and copies the outputs: `inputs` has a slice for each group of inputs, `outputs` one for each
    /// group of outputs. Allocates nothing.
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::Machine;
    ///
    /// let program = Program::record(&[1.0, 2.0], |x| x[0] * x[1] + x[0].sin())?.gradient()?;
    /// let mut machine = Machine::<f64>::new(&program);
    /// let (mut value, mut gradient) = ([0.0], [0.0; 2]);
    /// machine.call(&[&[0.0, 5.0]], &mut [&mut value, &mut gradient])?;
    /// assert_eq!((value, gradient), ([0.0], [6.0, 0.0]));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there are not as many slices as groups, or one has another length than its group; and as [`run`](Machine::run).
    pub fn call(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<()> {
        let program = self.program();
        check_count("inputs", program.inputs.len(), inputs.len())?;
        check_count("outputs", program.outputs.len(), outputs.len())?;
        for (group, input) in program.inputs.iter().zip(inputs) {
            check_length(&group.name, group.length as usize, input.len())?;
        }
        for (group, output) in program.outputs.iter().zip(&*outputs) {
            check_length(&group.name, group.length(), output.len())?;
        }
        for (group, input) in inputs.iter().enumerate() {
            self.input_mut(group).copy_from_slice(input);
        }
        self.run()?;
        for (group, output) in outputs.iter_mut().enumerate() {
            self.copy_output(group, output);
        }
        Ok(())
    }
}

impl Program {
    /// What the program computes from these inputs, a slice for each group: a list for each group of outputs.
    ///
    /// A machine is made for this one call; who calls again and again makes a [`Machine`] once.
    ///
    /// ```
    /// use chainrule::Program;
    ///
    /// let program = Program::record(&[1.0, 2.0], |x| [x[0] * x[1], x[0] / x[1]])?;
    /// assert_eq!(program.eval(&[&[3.0, 4.0]])?, [[12.0, 0.75]]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Machine::call`].
    pub fn eval(&self, inputs: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        let mut outputs: Vec<Vec<f64>> = self.outputs.iter().map(|output| vec![0.0; output.length()]).collect();
        let mut slices: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        Machine::new(self).call(inputs, &mut slices)?;
        Ok(outputs)
    }

    /// The first output, which has to be one number, and its gradient by each group of inputs.
    ///
    /// A program and a machine are made for this one call; who calls again and again makes the machine of
    /// [`gradient`](Program::gradient) once.
    ///
    /// ```
    /// use chainrule::Program;
    ///
    /// let program = Program::record(&[1.0, 2.0], |x| x[0] * x[1])?;
    /// assert_eq!(program.value_and_gradient(&[&[3.0, 4.0]])?, (12.0, vec![vec![4.0, 3.0]]));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`gradient`](Program::gradient) and of [`Machine::call`].
    pub fn value_and_gradient(&self, inputs: &[&[f64]]) -> Result<(f64, Vec<Vec<f64>>)> {
        let mut outputs = self.gradient()?.eval(inputs)?;
        let gradients = outputs.split_off(self.outputs.len());
        Ok((outputs[0][0], gradients))
    }
}

pub(super) fn check_count(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(Error::argument(what, counted(expected, "group"), found)) }
}

pub(super) fn check_length(name: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::argument(name, counted(expected, "number"), counted(found, "number")))
    }
}
