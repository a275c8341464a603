//! The derivatives of a program, ready to run: each is made a program of its own when it is first asked for, and runs into the
//! caller's buffers from then on.

use super::call::check_length;
use super::{Batch, Float, Machine, Output, Program, Rows};
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
            let gradient = scalar(&self.program)?.gradient_by(&names(&self.by))?;
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
            Ok(Call::new(&hessian_product(&self.program, &self.by)?, self.program.input_length(), 0))
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
            Sweeps::new(&self.program, &without_outputs(made, program.outputs.len())?, width.min(height))
        })?;
        let entry = |sweep, place| if is_forward { place * width + sweep } else { sweep * width + place };
        sweeps.run(x, |sweep, place, number| jacobian[entry(sweep, place)] = number)
    }

    /// The second derivatives of the first output, which has to be one number, a row for each input: in all directions at
    /// once, by forward over reverse mode.
    pub fn hessian(&mut self, x: &[T], hessian: &mut [T]) -> Result<()> {
        let width = self.width;
        check_length("hessian", width * width, hessian.len())?;
        let sweeps =
            made(&mut self.hessian, || Sweeps::new(&self.program, &hessian_product(&self.program, &self.by)?, width))?;
        sweeps.run(x, |input, place, number| hessian[input * width + place] = number)
    }

    /// The second derivatives of the first output, which has to be one number, by each input twice: in all directions at once,
    /// by forward over forward mode.
    pub fn hessian_diagonal(&mut self, x: &[T], diagonal: &mut [T]) -> Result<()> {
        check_length("diagonal", self.width, diagonal.len())?;
        let sweeps = made(&mut self.hessian_diagonal, || {
            let by = names(&self.by);
            let twice = scalar(&self.program)?.jvp_by(&by)?.jvp_by(&by)?;
            Sweeps::new(&self.program, &without_outputs(twice, 3)?, self.width)
        })?;
        sweeps.run(x, |input, _, number| diagonal[input] = number)
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

/// The program of the first output alone, which has to be one number.
fn scalar(program: &Program) -> Result<Program> {
    match &program.outputs[..] {
        [first, ..] if first.length() == 1 => program.with_outputs(vec![first.clone()]),
        outputs => {
            let count = outputs.first().map_or(0, Output::length);
            Err(Error::argument("outputs", "one number in the first group", counted(count, "number")))
        }
    }
}

/// The program without its first groups of outputs.
fn without_outputs(program: Program, count: usize) -> Result<Program> {
    program.with_outputs(program.outputs[count..].to_vec())
}

/// The program of the Hessian matrix of the first output times a direction.
fn hessian_product(program: &Program, by: &[String]) -> Result<Program> {
    let gradient = without_outputs(scalar(program)?.gradient_by(&names(by))?, 1)?;
    without_outputs(gradient.jvp_by(&names(by))?, by.len())
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

/// Runs a derivative along all directions, or for all adjoints, one by one: many at once, as rows.
struct Sweeps<T> {
    batch: Batch<T>,
    /// So many numbers each of the groups of inputs has.
    lengths: Vec<usize>,
    /// For each further group of inputs of the derivative its part of all directions, one direction after the other.
    directions: Vec<Vec<T>>,
    count: usize,
    outputs: usize,
}

impl<T: Float + Send + Sync> Sweeps<T> {
    /// The further inputs of the derivative are as many numbers as there are directions, or several times as many: then each
    /// direction comes so many times.
    fn new(program: &Program, derivative: &Program, count: usize) -> Result<Self> {
        let (own, further) = derivative.inputs.split_at(program.inputs.len());
        if let Some(twice) = own.iter().find(|own| further.iter().any(|further| further.name == own.name)) {
            return Err(Error::argument("inputs", "groups of other names than derivatives give", &twice.name));
        }
        let mut first = 0;
        let directions = further.iter().map(|group| {
            let width = group.length as usize;
            let mut part = vec![T::default(); count * width];
            (0..width).for_each(|place| part[(first + place) % count * width + place] = T::constant(1.0));
            first += width;
            part
        });
        let directions = directions.collect();
        let mut per_row: Vec<&str> = further.iter().map(|group| group.name.as_str()).collect();
        per_row.dedup();
        Ok(Sweeps {
            batch: Batch::new(derivative, &per_row, Rows::Each)?,
            lengths: own.iter().map(|group| group.length as usize).collect(),
            directions,
            count,
            outputs: derivative.outputs.len(),
        })
    }

    /// Hands on what comes out, by the number of the sweep and the place among its results.
    fn run(&mut self, x: &[T], mut hand_on: impl FnMut(usize, usize, T)) -> Result<()> {
        check_length("x", self.lengths.iter().sum(), x.len())?;
        if self.count == 0 {
            return Ok(());
        }
        let mut rest = x;
        let own = self.lengths.iter().map(|length| rest.split_off(..*length).unwrap_or_default());
        let mut inputs: Vec<&[T]> = own.collect();
        inputs.extend(self.directions.iter().map(Vec::as_slice));
        self.batch.run(&inputs)?;
        let mut first = 0;
        for group in 0..self.outputs {
            let numbers = self.batch.output(group);
            let width = numbers.len() / self.count;
            for (number, place) in numbers.iter().zip(0..) {
                hand_on(place / width, first + place % width, *number);
            }
            first += width;
        }
        Ok(())
    }
}
