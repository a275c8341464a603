//! lstm: the loss of a recurrent network of long short-term memory that predicts the next letter of a text.

use super::{check_lists, constants};
use crate::differentiate::{gradient, run_at};
use crate::task::{Compute, list, number};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::{Number, Program, Value};
use serde::Deserialize;

/// A network, and a text.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// For each layer a row of weights and a row of biases: those of the forget gate, the input gate, the output gate, and
    /// the change.
    pub main_params: Vec<Vec<f64>>,
    /// The weights at the entrance, the weights at the exit, the biases at the exit.
    pub extra_params: Vec<Vec<f64>>,
    /// For each layer a row of hidden numbers and a row of cells, at the start of the text.
    pub state: Vec<Vec<f64>>,
    /// The text: for each letter the bits of its code.
    pub sequence: Vec<Vec<f64>>,
}

/// The hidden numbers and the cells of a layer.
struct Layer<N> {
    hidden: Vec<N>,
    cells: Vec<N>,
}

/// The rows of weights and of biases of a layer.
#[derive(Clone, Copy)]
struct Gates<'a, N> {
    weights: &'a [N],
    biases: &'a [N],
}

impl<N: Number> Gates<'_, N> {
    /// What a gate is opened by: its place in the rows of the layer is told.
    fn input(self, place: usize, numbers: &[N]) -> impl Iterator<Item = N> {
        let (weights, biases) = (&self.weights[place * numbers.len()..], &self.biases[place * numbers.len()..]);
        numbers.iter().zip(weights.iter().zip(biases)).map(|(&x, (&weight, &bias))| x.mul_add(weight, bias))
    }
}

impl<N: Number> Layer<N> {
    /// Reads what comes from the layer before.
    fn read(&mut self, gates: Gates<N>, input: &[N]) {
        let forget: Vec<N> = gates.input(0, input).map(N::sigmoid).collect();
        let ingate: Vec<N> = gates.input(1, &self.hidden).map(N::sigmoid).collect();
        let outgate: Vec<N> = gates.input(2, input).map(N::sigmoid).collect();
        let change: Vec<N> = gates.input(3, &self.hidden).map(N::tanh).collect();
        for place in 0..input.len() {
            self.cells[place] = self.cells[place].mul_add(forget[place], ingate[place] * change[place]);
            self.hidden[place] = outgate[place] * self.cells[place].tanh();
        }
    }
}

/// The mean of the negative logarithms of what the network gives to the next letter. The parameters are the rows of all
/// layers, and then those of entrance and exit.
pub fn loss<N: Number>(parameters: &[N], state: &[Vec<f64>], sequence: &[Vec<f64>]) -> N {
    let (bits, layers) = (sequence[0].len(), state.len() / 2);
    let (main, extra) = parameters.split_at(8 * layers * bits);
    let gates: Vec<Gates<N>> =
        main.chunks(8 * bits).map(|rows| Gates { weights: &rows[..4 * bits], biases: &rows[4 * bits..] }).collect();
    let layer = |rows: &[Vec<f64>]| Layer { hidden: constants(&rows[0]), cells: constants(&rows[1]) };
    let mut layers: Vec<Layer<N>> = state.chunks(2).map(layer).collect();
    let mut likelihoods = Vec::with_capacity(sequence.len());
    for letters in sequence.windows(2) {
        let [letter, next] = [0, 1].map(|place| constants::<N>(&letters[place]));
        let mut passed: Vec<N> = letter.iter().zip(extra).map(|(&bit, &weight)| bit * weight).collect();
        for (layer, gates) in layers.iter_mut().zip(&gates) {
            layer.read(*gates, &passed);
            passed.clone_from(&layer.hidden);
        }
        let (weights, biases) = extra[bits..].split_at(bits);
        let output: Vec<N> = (0..bits).map(|place| passed[place].mul_add(weights[place], biases[place])).collect();
        likelihoods.push(log_likelihood(&output, &next));
    }
    let count = ((sequence.len() - 1) * bits) as f64;
    N::sum(&likelihoods) * N::constant(-1.0 / count)
}

/// The sum of the logarithms of what the output gives to the bits of a letter that are 1.
fn log_likelihood<N: Number>(output: &[N], letter: &[N]) -> N {
    let exponentials: Vec<N> = output.iter().map(|y| y.exp()).collect();
    let normaliser = (N::sum(&exponentials) + N::constant(2.0)).ln();
    let logarithms: Vec<N> = output.iter().map(|&y| y - normaliser).collect();
    N::dot(letter, &logarithms)
}

/// The loss.
pub fn objective(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let Input { state, sequence, .. } = &input;
    let parameters = input.parameters();
    let compute: Compute = match options.mode {
        Mode::Program => {
            let program = Program::record(&parameters, |parameters| loss(parameters, state, sequence))?;
            run_at(&program, &[&parameters])
        }
        Mode::Eager => Box::new(move |value| {
            value[0] = loss(&parameters, &input.state, &input.sequence);
            Ok(())
        }),
    };
    Ok(number(compute))
}

/// Its gradient by the parameters: those of the layers, row after row, and then those of entrance and exit.
pub fn jacobian(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let parameters = input.parameters();
    let function = move |parameters: &[Value]| loss(parameters, &input.state, &input.sequence);
    Ok(list(parameters.len(), gradient(options.mode, parameters, function)?))
}

impl Input {
    fn parameters(&self) -> Vec<f64> {
        [self.main_params.concat(), self.extra_params.concat()].concat()
    }
}

fn check(input: &Input) -> Result<()> {
    if input.sequence.len() < 2 {
        return Err(Error::input("sequence", "at least 2 letters", input.sequence.len()));
    }
    let (bits, rows) = (input.sequence[0].len(), input.main_params.len());
    if bits == 0 {
        return Err(Error::input("sequence", "letters of at least one bit", "none"));
    }
    if rows == 0 || rows % 2 != 0 {
        return Err(Error::input("main_params", "two rows for each layer", rows));
    }
    check_lists("main_params", [rows, 4 * bits], &input.main_params)?;
    check_lists("extra_params", [3, bits], &input.extra_params)?;
    check_lists("state", [rows, bits], &input.state)?;
    check_lists("sequence", [input.sequence.len(), bits], &input.sequence)
}
