//! Networks as files: JSON, which people can read, and safetensors, which other tools can.
//!
//! Both keep every number to the last bit. A file is written beside its place and then moved there, so that what is found
//! there is whole.

use super::{Activation, Layer, Mlp, Module, Neuron};
use crate::files::write_whole;
use crate::{Error, Place, Result, Value};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// A network as plain numbers: what a JSON file holds.
///
/// ```
/// use chainrule::nn::{Mlp, Numbers};
///
/// let model = Mlp::new(2, &[3, 1], &mut chainrule::rng(1));
/// let same = Numbers::of(&model).to_mlp();
/// assert_eq!(model.forward(&[0.5, -1.0]), same.forward(&[0.5, -1.0]));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked", into = "Unchecked")]
pub struct Numbers {
    layers: Vec<LayerNumbers>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerNumbers {
    activation: Activation,
    /// A row a neuron, a column an input.
    weights: Vec<Vec<f64>>,
    biases: Vec<f64>,
}

/// As it stands in the file, before anybody has seen whether its parts fit together.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    layers: Vec<LayerNumbers>,
}

impl From<Numbers> for Unchecked {
    fn from(numbers: Numbers) -> Self {
        Unchecked { layers: numbers.layers }
    }
}

impl TryFrom<Unchecked> for Numbers {
    type Error = String;

    fn try_from(Unchecked { layers }: Unchecked) -> Result<Self, String> {
        if layers.is_empty() {
            return Err("expected at least one layer".into());
        }
        let mut inputs = None;
        for (index, layer) in layers.iter().enumerate() {
            let (neurons, biases) = (layer.weights.len(), layer.biases.len());
            if neurons == 0 {
                return Err(format!("layer {index}: expected at least one neuron"));
            }
            if neurons != biases {
                return Err(format!(
                    "layer {index}: expected a bias a neuron, found {biases} biases and {neurons} neurons"
                ));
            }
            let inputs_here = inputs.unwrap_or(layer.weights[0].len());
            for (neuron, weights) in layer.weights.iter().enumerate() {
                if weights.len() != inputs_here || weights.is_empty() {
                    let found = weights.len();
                    return Err(format!(
                        "layer {index}, neuron {neuron}: expected {inputs_here} weights, found {found}"
                    ));
                }
            }
            inputs = Some(neurons);
        }
        Ok(Numbers { layers })
    }
}

impl Numbers {
    /// The numbers of a network, as they are now.
    pub fn of(model: &Mlp) -> Self {
        let data = |values: &[Value]| values.iter().map(|value| value.data()).collect();
        let layers = model.layers().iter().map(|layer| LayerNumbers {
            activation: layer.neurons()[0].activation(),
            weights: layer.neurons().iter().map(|neuron| data(neuron.weights())).collect(),
            biases: layer.neurons().iter().map(|neuron| neuron.bias().data()).collect(),
        });
        Numbers { layers: layers.collect() }
    }

    /// A network of these numbers, on this thread's tape.
    pub fn to_mlp(&self) -> Mlp {
        let layer = |layer: &LayerNumbers| {
            let neurons = layer.weights.iter().zip(&layer.biases);
            let neuron = |(weights, bias): (&Vec<f64>, &f64)| Neuron::from_numbers(weights, *bias, layer.activation);
            Layer::from_neurons(neurons.map(neuron).collect())
        };
        Mlp::from_layers(self.layers.iter().map(layer).collect())
    }

    /// How many inputs the network takes.
    pub fn num_inputs(&self) -> usize {
        self.layers[0].weights[0].len()
    }

    /// How many outputs the network has.
    pub fn num_outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].biases.len()
    }
}

impl Mlp {
    /// Writes the network as JSON.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; if a parameter is not finite, which JSON has no numbers for.
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<()> {
        if let Some((name, parameter)) = self.named_parameters().iter().find(|(_, value)| !value.data().is_finite()) {
            return Err(Error::argument(name, "a finite number", parameter.data()));
        }
        let numbers = Numbers::of(self);
        let text = serde_json::to_string_pretty(&numbers).expect("layers of numbers have a JSON form");
        write_whole(&[(path, text)])
    }

    /// Reads a network that [`save_json`](Mlp::save_json) wrote.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not JSON, or its parts do not fit together; the message says where.
    pub fn load_json(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = read(path)?;
        let numbers: Numbers =
            serde_json::from_slice(&text).map_err(|error| content(path, not_a_network(&text, error)))?;
        Ok(numbers.to_mlp())
    }

    /// Writes the network in the safetensors format, with PyTorch's names and shapes: `layers.0.weight` of (neurons,
    /// inputs) and `layers.0.bias`, all `F64`; activations stand in the metadata.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_safetensors(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let numbers = Numbers::of(self);
        let mut tensors = Vec::new();
        let mut metadata = HashMap::new();
        for (index, layer) in numbers.layers.iter().enumerate() {
            let (neurons, inputs) = (layer.weights.len(), layer.weights[0].len());
            let weights: Vec<u8> = layer.weights.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
            let biases: Vec<u8> = layer.biases.iter().flat_map(|number| number.to_le_bytes()).collect();
            tensors.push((format!("layers.{index}.weight"), vec![neurons, inputs], weights));
            tensors.push((format!("layers.{index}.bias"), vec![neurons], biases));
            metadata.insert(format!("layers.{index}.activation"), layer.activation.name().to_string());
        }
        let views = tensors.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F64, shape.clone(), bytes).expect("as many bytes as the shape says");
            (name, view)
        });
        let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| content(path, error))?;
        write_whole(&[(path, bytes)])
    }

    /// Reads a network that [`save_safetensors`](Mlp::save_safetensors) wrote, or another tool with the same names and
    /// shapes, in `F64` or `F32`. Where the metadata does not tell activations, all layers are relu but the last.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not safetensors, or lacks a tensor; the message names it.
    pub fn load_safetensors(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path)?;
        let broken = |error| content(path, format!("expected a safetensors file: {error}"));
        let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let no_metadata = HashMap::new();
        let metadata = header.metadata().as_ref().unwrap_or(&no_metadata);
        let count = (0..).take_while(|index| file.tensor(&format!("layers.{index}.weight")).is_ok()).count();
        let layer = |index: usize| -> Result<LayerNumbers, String> {
            let (weights_shape, weights) = numbers(&file, &format!("layers.{index}.weight"))?;
            let (_, biases) = numbers(&file, &format!("layers.{index}.bias"))?;
            let &[_, inputs] = weights_shape.as_slice() else {
                return Err(format!("layers.{index}.weight: expected 2 dimensions, found {weights_shape:?}"));
            };
            let activation = match metadata.get(&format!("layers.{index}.activation")) {
                Some(name) => name.parse().map_err(|error: Error| error.to_string())?,
                None if index + 1 == count => Activation::Linear,
                None => Activation::Relu,
            };
            let weights = weights.chunks(inputs.max(1)).map(<[f64]>::to_vec).collect();
            Ok(LayerNumbers { activation, weights, biases })
        };
        let layers =
            (0..count).map(layer).collect::<Result<Vec<_>, String>>().map_err(|problem| content(path, problem))?;
        if layers.is_empty() {
            return Err(content(path, "expected a tensor \"layers.0.weight\", found none"));
        }
        let numbers = Numbers::try_from(Unchecked { layers }).map_err(|problem| content(path, problem))?;
        Ok(numbers.to_mlp())
    }
}

/// What is wrong with a JSON file that holds no network.
fn not_a_network(text: &[u8], error: serde_json::Error) -> String {
    match serde_json::from_slice::<serde_json::Value>(text) {
        Err(error) => format!("expected a network as JSON: {error}"),
        Ok(json) if json.get("network").is_some() => {
            "expected a network alone, found a model of the command, which also scales its features: its network is \
             under \"network\", its scales under \"standardizer\""
                .into()
        }
        Ok(_) => format!("expected a network: {error}"),
    }
}

/// The shape and the numbers of a tensor.
fn numbers(file: &SafeTensors, name: &str) -> Result<(Vec<usize>, Vec<f64>), String> {
    let tensor = file.tensor(name).map_err(|_| format!("expected a tensor {name:?}, found none"))?;
    let numbers = match tensor.dtype() {
        Dtype::F64 => tensor.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        Dtype::F32 => tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes).into()).collect(),
        other => return Err(format!("{name}: expected numbers of F64 or F32, found {other:?}")),
    };
    Ok((tensor.shape().to_vec(), numbers))
}

fn content(path: &Path, problem: impl ToString) -> Error {
    Error::Content { place: Place { path: path.into(), line: None, column: None }, problem: problem.to_string() }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })
}
