//! The derivatives of a program, ready to run: each is made a program of its own when it is first asked for, and runs into the
//! caller's buffers from then on.

use super::call::check_length;
use super::sparse::{Compressed, Compression, Matrix};
use super::sweeps::Sweeps;
use super::{Float, Machine, Output, Program};
use crate::text::counted;
use crate::{Error, Result};

/// Runs a program and its derivatives at one point after the other.
///
/// All inputs are one slice, group after group, and so are all outputs. Matrices are written row by row.
///
/// ```
/// use chainrule::Program;
/// use chainrule::program::Derivatives;
///
/// let program = Program::record(&[1.0, 2.0], |x| x[0].powi(2) * x[1])?;
/// let mut derivatives = Derivatives::<f64>::of(&program);
/// let (mut gradient, mut hessian) = ([0.0; 2], [0.0; 4]);
/// for x in [[2.0, 5.0], [1.0, 0.0]] {
///     let value = derivatives.value_and_gradient(&x, &mut gradient)?;
///     derivatives.hessian(&x, &mut hessian)?;
///     assert_eq!((value, gradient), (x[0] * x[0] * x[1], [2.0 * x[0] * x[1], x[0] * x[0]]));
///     assert_eq!(hessian, [2.0 * x[1], 2.0 * x[0], 2.0 * x[0], 0.0]);
/// }
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// The first call of a method makes its program and a machine for it, which takes as long as
/// [`gradient`](Program::gradient) and [`Machine::new`] do. Functions of values have the same derivatives in
/// [`derivatives`](crate::derivatives), without a program.
///
/// # Errors
///
/// All methods return an error if a slice has the wrong length, if the derivative would make the program too large, and as
/// [`Machine::run`].
pub struct Derivatives<T> {
    program: Program,
    /// The groups of inputs that derivatives are taken by.
    by: Vec<String>,
    /// So many numbers these have together.
    width: usize,
    value: Option<Call<T>>,
    gradient: Option<Call<T>>,
    jvp: Option<Call<T>>,
    vjp: Option<Call<T>>,
    hvp: Option<Call<T>>,
    jacobian: Option<Sweeps<T>>,
    hessian: Option<Sweeps<T>>,
    hessian_diagonal: Option<Sweeps<T>>,
    sparse_jacobian: Option<Compressed<T>>,
    sparse_hessian: Option<Compressed<T>>,
}

impl<T: Float + Send + Sync> Derivatives<T> {
    /// The derivatives by all inputs.
    pub fn of(program: &Program) -> Self {
        let chosen = vec![true; program.inputs.len()];
        Self::by_chosen(program, &chosen)
    }

    /// The derivatives by these groups of inputs alone, in the order that they have in the program. The others are constants:
    /// data, say.
    ///
    /// # Errors
    ///
    /// If no group of inputs has one of the names.
    pub fn by(program: &Program, groups: &[&str]) -> Result<Self> {
        Ok(Self::by_chosen(program, &program.chosen(groups)?))
    }

    fn by_chosen(program: &Program, chosen: &[bool]) -> Self {
        let groups = program.inputs.iter().zip(chosen).filter(|(group, is_chosen)| **is_chosen && group.length > 0);
        let (by, lengths): (Vec<String>, Vec<usize>) =
            groups.map(|(group, _)| (group.name.clone(), group.length as usize)).unzip();
        Derivatives {
            program: program.clone(),
            by,
            width: lengths.iter().sum(),
            value: None,
            gradient: None,
            jvp: None,
            vjp: None,
            hvp: None,
            jacobian: None,
            hessian: None,
            hessian_diagonal: None,
            sparse_jacobian: None,
            sparse_hessian: None,
        }
    }

    /// The outputs.
    pub fn value(&mut self, x: &[T], outputs: &mut [T]) -> Result<()> {
        let call = made(&mut self.value, || {
            Ok(Call::new(&self.program, self.program.input_length(), self.program.outputs.len()))
        })?;
        call.run(x, ("nothing else", &[]), ("outputs", outputs), ("nothing else", &mut []))
    }

    /// The first output, which has to be one number, and its derivatives.
    pub fn value_and_gradient(&mut self, x: &[T], gradient: &mut [T]) -> Result<T> {
        let call = made(&mut self.gradient, || {
            let gradient = self.program.scalar()?.gradient_by(&names(&self.by))?;
            Ok(Call::new(&gradient, self.program.input_length(), 1))
        })?;
        let mut value = [T::default()];
        call.run(x, ("nothing else", &[]), ("value", &mut value), ("gradient", gradient))?;
        Ok(value[0])
    }

    /// The outputs, and the Jacobian matrix times a direction: how the outputs move when the inputs move so.
    pub fn jvp(&mut self, x: &[T], direction: &[T], outputs: &mut [T], tangents: &mut [T]) -> Result<()> {
        let call = made(&mut self.jvp, || {
            let jvp = self.program.jvp_by(&names(&self.by))?;
            Ok(Call::new(&jvp, self.program.input_length(), self.program.outputs.len()))
        })?;
        call.run(x, ("direction", direction), ("outputs", outputs), ("tangents", tangents))
    }

    /// The outputs, and adjoints of them times the Jacobian matrix.
    pub fn vjp(&mut self, x: &[T], adjoints: &[T], outputs: &mut [T], gradient: &mut [T]) -> Result<()> {
        let call = made(&mut self.vjp, || {
            let vjp = self.program.vjp_by(&names(&self.by))?;
            Ok(Call::new(&vjp, self.program.input_length(), self.program.outputs.len()))
        })?;
        call.run(x, ("adjoints", adjoints), ("outputs", outputs), ("gradient", gradient))
    }

    /// The Hessian matrix of the first output, which has to be one number, times a direction.
    pub fn hvp(&mut self, x: &[T], direction: &[T], product: &mut [T]) -> Result<()> {
        let call = made(&mut self.hvp, || {
            Ok(Call::new(&self.program.hessian_product(&names(&self.by))?, self.program.input_length(), 0))
        })?;
        call.run(x, ("direction", direction), ("nothing else", &mut []), ("product", product))
    }

    /// The derivatives of all outputs by all inputs, a row for each output: in all directions at once, by forward mode if
    /// there are no more inputs than outputs, else by reverse mode.
    pub fn jacobian(&mut self, x: &[T], jacobian: &mut [T]) -> Result<()> {
        let (width, height) = (self.width, self.program.outputs.iter().map(Output::length).sum::<usize>());
        check_length("jacobian", width * height, jacobian.len())?;
        let is_forward = width <= height;
        let sweeps = made(&mut self.jacobian, || {
            let (program, by) = (&self.program, names(&self.by));
            let made = if is_forward { program.jvp_by(&by)? } else { program.vjp_by(&by)? };
            Sweeps::one_by_one(program, &made.outputs_from(program.outputs.len())?, width.min(height), 1)
        })?;
        sweeps.run(x, |sweep, numbers| {
            if is_forward {
                numbers.iter().enumerate().for_each(|(output, number)| jacobian[output * width + sweep] = *number);
            } else {
                jacobian[sweep * width..][..width].copy_from_slice(numbers);
            }
        })
    }

    /// The second derivatives of the first output, which has to be one number, a row for each input: in all directions at
    /// once, by forward over reverse mode.
    pub fn hessian(&mut self, x: &[T], hessian: &mut [T]) -> Result<()> {
        let width = self.width;
        check_length("hessian", width * width, hessian.len())?;
        let sweeps = made(&mut self.hessian, || {
            let product = self.program.hessian_product(&names(&self.by))?;
            Sweeps::one_by_one(&self.program, &product, width, 1)
        })?;
        sweeps.run(x, |input, numbers| hessian[input * width..][..width].copy_from_slice(numbers))
    }

    /// The second derivatives of the first output, which has to be one number, by each input twice: in all directions at once,
    /// by forward over forward mode.
    pub fn hessian_diagonal(&mut self, x: &[T], diagonal: &mut [T]) -> Result<()> {
        check_length("diagonal", self.width, diagonal.len())?;
        let sweeps = made(&mut self.hessian_diagonal, || {
            let by = names(&self.by);
            let twice = self.program.scalar()?.jvp_by(&by)?.jvp_by(&by)?;
            Sweeps::one_by_one(&self.program, &twice.outputs_from(3)?, self.width, 2)
        })?;
        sweeps.run(x, |input, numbers| diagonal[input] = numbers[0])
    }

    /// The derivatives of all outputs by all inputs, a row for each output, without those that are 0 everywhere: in as few
    /// directions, or for as few adjoints, as the [pattern](Program::jacobian_pattern) allows. See [`sparse`](super::sparse).
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::Derivatives;
    ///
    /// // 999 differences of neighbours: 2 sweeps give all of their 1998 derivatives.
    /// let program = Program::record(&[1.0; 1000], |x| x.windows(2).map(|x| (x[1] - x[0]).powi(3)).collect::<Vec<_>>())?;
    /// let mut derivatives = Derivatives::<f64>::of(&program);
    /// let x: Vec<f64> = (0..1000).map(f64::from).collect();
    /// let jacobian = derivatives.sparse_jacobian(&x)?;
    /// assert_eq!(jacobian.values().len(), 1998);
    /// assert_eq!(jacobian.row(7).collect::<Vec<_>>(), [(7, -3.0), (8, 3.0)]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn sparse_jacobian(&mut self, x: &[T]) -> Result<&Matrix<T>> {
        let compressed = made(&mut self.sparse_jacobian, || {
            Compressed::new(&self.program, Compression::of_jacobian(&self.program, &names(&self.by))?)
        })?;
        compressed.run(x)
    }

    /// The second derivatives of the first output, which has to be one number, a row for each input, without those that are
    /// 0 everywhere: in as few directions as the [pattern](Program::hessian_pattern) allows. Entries stand on both sides of
    /// the diagonal. See [`sparse`](super::sparse).
    ///
    /// ```
    /// use chainrule::program::Derivatives;
    /// use chainrule::{Program, Value};
    ///
    /// // A chain of springs: 3 sweeps, however many there are.
    /// let energy = |x: &[Value]| x.windows(2).map(|x| (x[1] - x[0] - 1.0).powi(4)).sum::<Value>();
    /// let mut derivatives = Derivatives::<f64>::of(&Program::record(&[0.0; 1000], energy)?);
    /// let hessian = derivatives.sparse_hessian(&[0.0; 1000])?;
    /// assert_eq!(hessian.values().len(), 2998);
    /// assert_eq!(hessian.row(7).collect::<Vec<_>>(), [(6, -12.0), (7, 24.0), (8, -12.0)]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn sparse_hessian(&mut self, x: &[T]) -> Result<&Matrix<T>> {
        let compressed = made(&mut self.sparse_hessian, || {
            Compressed::new(&self.program, Compression::of_hessian(&self.program, &names(&self.by))?)
        })?;
        compressed.run(x)
    }
}

/// What is there, or is made now and kept.
fn made<M>(kept: &mut Option<M>, make: impl FnOnce() -> Result<M>) -> Result<&mut M> {
    match kept {
        Some(made) => Ok(made),
        None => Ok(kept.insert(make()?)),
    }
}

fn names(groups: &[String]) -> Vec<&str> {
    groups.iter().map(String::as_str).collect()
}

impl Program {
    /// The program of the first output alone, which has to be one number.
    pub(super) fn scalar(&self) -> Result<Program> {
        match &self.outputs[..] {
            [first, ..] if first.length() == 1 => self.with_outputs(vec![first.clone()]),
            outputs => {
                let count = outputs.first().map_or(0, Output::length);
                Err(Error::argument("outputs", "one number in the first group", counted(count, "number")))
            }
        }
    }

    /// The program without its first groups of outputs; all others are one.
    pub(super) fn outputs_from(&self, first: usize) -> Result<Program> {
        let slots = self.outputs[first..].iter().flat_map(|output| output.slots.iter().cloned()).collect();
        self.with_outputs(vec![Output { name: "derivatives".into(), slots }])
    }

    /// The program of the gradient of the first output, all by itself and as one group.
    pub(super) fn gradient_alone(&self, by: &[&str]) -> Result<Program> {
        self.scalar()?.gradient_by(by)?.outputs_from(1)
    }

    /// The program of the Hessian matrix of the first output times a direction.
    pub(super) fn hessian_product(&self, by: &[&str]) -> Result<Program> {
        self.gradient_alone(by)?.jvp_by(by)?.outputs_from(1)
    }
}

/// Runs a derivative at one point.
struct Call<T> {
    machine: Machine<T>,
    /// So many of the inputs are those of the program that the derivative is of.
    inputs: usize,
    /// So many groups of outputs, too; the others are derivatives.
    outputs: usize,
}

impl<T: Float> Call<T> {
    fn new(derivative: &Program, inputs: u32, outputs: usize) -> Self {
        Call { machine: Machine::new(derivative), inputs: inputs as usize, outputs }
    }

    /// Each slice comes with what messages call it.
    fn run(
        &mut self,
        x: &[T],
        seeds: (&str, &[T]),
        outputs: (&str, &mut [T]),
        derivatives: (&str, &mut [T]),
    ) -> Result<()> {
        let program = self.machine.program();
        let length = |groups: &[Output]| groups.iter().map(Output::length).sum::<usize>();
        let (own, derived) = program.outputs.split_at(self.outputs);
        check_length("x", self.inputs, x.len())?;
        check_length(seeds.0, program.input_length() as usize - self.inputs, seeds.1.len())?;
        check_length(outputs.0, length(own), outputs.1.len())?;
        check_length(derivatives.0, length(derived), derivatives.1.len())?;
        let (own_inputs, further) = self.machine.inputs_mut().split_at_mut(self.inputs);
        own_inputs.copy_from_slice(x);
        further.copy_from_slice(seeds.1);
        self.machine.run()?;
        let groups = 0..self.machine.program().outputs.len();
        let numbers = groups.flat_map(|group| self.machine.output(group));
        outputs.1.iter_mut().chain(derivatives.1).zip(numbers).for_each(|(to, number)| *to = number);
        Ok(())
    }
}
