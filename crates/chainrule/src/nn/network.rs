//! [`Neuron`], [`Layer`], [`Mlp`], and what they have in common, [`Module`].

use super::{Activation, Initializer};
use crate::tape::{First, Layout, Name, close_group, gradients_of, mark, numbers_of, set_gradients};
use crate::{Number, Value};
use rand::Rng;
use std::fmt;

/// What has parameters that can be trained.
pub trait Module {
    /// Shows each parameter, with its name, in their fixed order.
    fn visit_parameters(&self, visit: &mut dyn FnMut(fmt::Arguments, Value));

    /// The parameters, in their fixed order.
    fn parameters(&self) -> Vec<Value> {
        let mut parameters = Vec::new();
        self.visit_parameters(&mut |_, parameter| parameters.push(parameter));
        parameters
    }

    /// The numbers of the parameters, in their fixed order.
    fn numbers(&self) -> Vec<f64> {
        numbers_of(&self.parameters())
    }

    /// Sets the numbers of all parameters, in their fixed order.
    ///
    /// # Panics
    ///
    /// If there are not as many numbers as parameters.
    #[track_caller]
    fn set_numbers(&self, numbers: &[f64]) {
        let parameters = self.parameters();
        let (expected, found) = (parameters.len(), numbers.len());
        assert!(expected == found, "there are {expected} parameters, and got {found} numbers");
        parameters.into_iter().zip(numbers).for_each(|(parameter, number)| parameter.set_data(*number));
    }

    /// Sets the gradients of all parameters, in their fixed order: those that a [`Program`](crate::Program) computed, say.
    ///
    /// # Panics
    ///
    /// If there are not as many gradients as parameters.
    #[track_caller]
    fn set_gradients(&self, gradients: &[f64]) {
        let parameters = self.parameters();
        let (expected, found) = (parameters.len(), gradients.len());
        assert!(expected == found, "there are {expected} parameters, and got {found} gradients");
        set_gradients(&parameters, gradients);
    }

    /// The gradients of the parameters, in their fixed order.
    fn gradients(&self) -> Vec<f64> {
        gradients_of(&self.parameters())
    }

    /// The parameters with their names, such as `layers.0.neurons.3.weights.1`.
    fn named_parameters(&self) -> Vec<(String, Value)> {
        let mut parameters = Vec::new();
        self.visit_parameters(&mut |name, parameter| parameters.push((name.to_string(), parameter)));
        parameters
    }

    /// How many parameters there are.
    fn num_parameters(&self) -> usize {
        let mut count = 0;
        self.visit_parameters(&mut |_, _| count += 1);
        count
    }

    /// Sets the gradients of all parameters back to 0.
    fn zero_grad(&self) {
        self.visit_parameters(&mut |_, parameter| parameter.zero_grad());
    }
}

/// What a network can be called with: [`Value`]s, which records, or `f64`, which just predicts.
pub trait Input: Number {
    /// The weighted sum of each neuron: `weights . inputs + bias`.
    #[doc(hidden)]
    fn weighted_sums(neurons: &[Neuron], inputs: &[Self]) -> Vec<Self>;
}

impl Input for Value {
    #[track_caller]
    fn weighted_sums(neurons: &[Neuron], inputs: &[Value]) -> Vec<Value> {
        let weights: Vec<First> = neurons.iter().map(Neuron::first).collect();
        Value::affine_layer(&weights, inputs)
    }
}

impl Input for f64 {
    #[track_caller]
    fn weighted_sums(neurons: &[Neuron], inputs: &[f64]) -> Vec<f64> {
        let mut weights = Vec::with_capacity(inputs.len());
        let sum = |neuron: &Neuron| {
            weights.clear();
            weights.extend(neuron.weights.iter().map(|weight| weight.data()));
            f64::affine(&weights, inputs, neuron.bias.data())
        };
        neurons.iter().map(sum).collect()
    }
}

/// A neuron: the activation of a weighted sum of its inputs and a bias.
#[derive(Clone, Debug)]
pub struct Neuron {
    weights: Vec<Value>,
    /// How the weights stand on the tape, looked at once and not at every call.
    layout: Layout,
    bias: Value,
    activation: Activation,
}

impl Neuron {
    /// A neuron with weights evenly from -1 to 1 and bias 0.
    pub fn new(inputs: usize, activation: Activation, rng: &mut impl Rng) -> Self {
        let weights: Vec<f64> = (0..inputs).map(|_| Initializer::Uniform.draw(inputs, 1, rng)).collect();
        Neuron::from_numbers(&weights, 0.0, activation)
    }

    /// A neuron with these weights and this bias.
    pub fn from_numbers(weights: &[f64], bias: f64, activation: Activation) -> Self {
        let weight = |(weight, number): (&f64, usize)| Value::parameter(*weight).named(format!("w{number}"));
        let weights: Vec<Value> = weights.iter().zip(1..).map(weight).collect();
        Neuron::from_values(weights, Value::parameter(bias).named("b"), activation)
    }

    /// A neuron whose weights and bias are these values, whatever they are.
    pub fn from_values(weights: Vec<Value>, bias: Value, activation: Activation) -> Self {
        Neuron { layout: Layout::of(&weights), weights, bias, activation }
    }

    /// A weight an input.
    pub fn weights(&self) -> &[Value] {
        &self.weights
    }

    /// What is added to the weighted sum.
    pub fn bias(&self) -> Value {
        self.bias
    }

    /// What is done with the sum.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// What its weighted sum goes over first, and starts from.
    fn first(&self) -> First<'_> {
        First { values: &self.weights, layout: self.layout, init: self.bias }
    }

    /// What the neuron makes of its inputs.
    ///
    /// # Panics
    ///
    /// If there is not one input a weight.
    #[track_caller]
    pub fn forward<N: Input>(&self, inputs: &[N]) -> N {
        let start = mark();
        let outputs = forward(std::slice::from_ref(self), inputs);
        close_group(Name::Given("neuron".into()), &start);
        outputs[0]
    }
}

/// The outputs of neurons that have the same inputs.
#[track_caller]
fn forward<N: Input>(neurons: &[Neuron], inputs: &[N]) -> Vec<N> {
    for neuron in neurons {
        let (expected, found) = (neuron.weights.len(), inputs.len());
        assert!(expected == found, "a neuron with {expected} weights takes as many inputs, and got {found}");
    }
    // All sums, then all activations: so what the next layer reads stands together on the tape.
    let mut outputs = N::weighted_sums(neurons, inputs);
    for (neuron, output) in neurons.iter().zip(&mut outputs) {
        *output = neuron.activation.of(*output);
    }
    outputs
}

impl Module for Neuron {
    fn visit_parameters(&self, visit: &mut dyn FnMut(fmt::Arguments, Value)) {
        for (index, weight) in self.weights.iter().enumerate() {
            visit(format_args!("weights.{index}"), *weight);
        }
        visit(format_args!("bias"), self.bias);
    }
}

impl fmt::Display for Neuron {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}Neuron({})", self.activation.label(), self.weights.len())
    }
}

/// Neurons that have the same inputs and activation.
#[derive(Clone, Debug)]
pub struct Layer {
    neurons: Vec<Neuron>,
}

impl Layer {
    /// A layer of these neurons, one an output.
    ///
    /// # Panics
    ///
    /// If there are none, or they differ in their number of weights or their activation.
    #[track_caller]
    pub fn from_neurons(neurons: Vec<Neuron>) -> Self {
        let kinds: Vec<(usize, Activation)> = neurons.iter().map(|n| (n.weights.len(), n.activation)).collect();
        let are_alike = kinds.first().is_some_and(|first| kinds.iter().all(|kind| kind == first));
        assert!(are_alike, "the neurons of a layer have as many weights each and one activation, and got {kinds:?}");
        Layer { neurons }
    }

    /// The neurons, one an output.
    pub fn neurons(&self) -> &[Neuron] {
        &self.neurons
    }

    fn num_inputs(&self) -> usize {
        self.neurons.first().map_or(0, |neuron| neuron.weights.len())
    }

    /// A layer of `outputs` neurons with `inputs` inputs each, weights as `initializer` draws them, and biases 0.
    pub fn new(
        inputs: usize,
        outputs: usize,
        activation: Activation,
        initializer: Initializer,
        rng: &mut impl Rng,
    ) -> Self {
        let mut neuron = || {
            let weights: Vec<f64> = (0..inputs).map(|_| initializer.draw(inputs, outputs, rng)).collect();
            Neuron::from_numbers(&weights, 0.0, activation)
        };
        Layer { neurons: (0..outputs).map(|_| neuron()).collect() }
    }

    /// The outputs, one a neuron.
    ///
    /// # Panics
    ///
    /// If there are not as many inputs as the neurons have weights.
    #[track_caller]
    pub fn forward<N: Input>(&self, inputs: &[N]) -> Vec<N> {
        self.forward_as(Name::Given("layer".into()), inputs)
    }

    /// [`forward`](Layer::forward), recorded as a group of this name, in which each neuron is a group.
    #[track_caller]
    fn forward_as<N: Input>(&self, name: Name, inputs: &[N]) -> Vec<N> {
        let start = mark();
        let outputs = forward(&self.neurons, inputs);
        close_group(Name::InTurn("neuron", self.neurons.len() as u32), &start);
        close_group(name, &start);
        outputs
    }
}

impl Module for Layer {
    fn visit_parameters(&self, visit: &mut dyn FnMut(fmt::Arguments, Value)) {
        for (index, neuron) in self.neurons.iter().enumerate() {
            neuron.visit_parameters(&mut |name, parameter| visit(format_args!("neurons.{index}.{name}"), parameter));
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        list(f, "Layer", &self.neurons)
    }
}

/// A multi-layer perceptron: layers, each fed with the outputs of the one before.
#[derive(Clone, Debug)]
pub struct Mlp {
    layers: Vec<Layer>,
}

impl Mlp {
    /// A network of these layers, from the inputs on.
    ///
    /// # Panics
    ///
    /// If there are none, or one does not take as many inputs as the one before has outputs.
    #[track_caller]
    pub fn from_layers(layers: Vec<Layer>) -> Self {
        let sizes: Vec<(usize, usize)> = layers.iter().map(|layer| (layer.num_inputs(), layer.neurons.len())).collect();
        let fit = !sizes.is_empty() && sizes.windows(2).all(|pair| pair[0].1 == pair[1].0);
        assert!(fit, "each layer takes the outputs of the one before, and got (inputs, outputs) of {sizes:?}");
        Mlp { layers }
    }

    /// The layers, from the inputs on.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// As micrograd makes one: `sizes` are the outputs of each layer; all layers are relu but the last, which is linear;
    /// weights evenly from -1 to 1, biases 0.
    ///
    /// ```
    /// use chainrule::nn::{Mlp, Module};
    ///
    /// let model = Mlp::new(2, &[16, 16, 1], &mut chainrule::rng(1337));
    /// assert_eq!(model.num_parameters(), 337);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are no sizes, or one is 0, or there are no inputs.
    #[track_caller]
    pub fn new(inputs: usize, sizes: &[usize], rng: &mut impl Rng) -> Self {
        Mlp::with(inputs, sizes, Activation::Relu, Initializer::Uniform, rng)
    }

    /// A network with this activation in all layers but the last, which is linear.
    ///
    /// # Panics
    ///
    /// If there are no sizes, or one is 0, or there are no inputs.
    #[track_caller]
    pub fn with(
        inputs: usize,
        sizes: &[usize],
        activation: Activation,
        initializer: Initializer,
        rng: &mut impl Rng,
    ) -> Self {
        assert!(
            inputs > 0 && !sizes.is_empty() && !sizes.contains(&0),
            "a network needs inputs, layers, and neurons in each, and got {inputs} inputs and layers of {sizes:?}"
        );
        let last = sizes.len() - 1;
        let layer = |(index, outputs): (usize, &usize)| {
            let inputs = if index == 0 { inputs } else { sizes[index - 1] };
            let activation = if index == last { Activation::Linear } else { activation };
            Layer::new(inputs, *outputs, activation, initializer, rng)
        };
        Mlp { layers: sizes.iter().enumerate().map(layer).collect() }
    }

    /// How many inputs the network takes.
    pub fn num_inputs(&self) -> usize {
        self.layers.first().map_or(0, Layer::num_inputs)
    }

    /// How many outputs the network has.
    pub fn num_outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.neurons.len())
    }

    /// The outputs of the last layer: recorded if the inputs are [`Value`]s, just computed if they are `f64`.
    ///
    /// # Panics
    ///
    /// If there are not as many inputs as the network takes.
    #[track_caller]
    pub fn forward<N: Input>(&self, inputs: &[N]) -> Vec<N> {
        let mut activations = inputs.to_vec();
        for (layer, number) in self.layers.iter().zip(1..) {
            activations = layer.forward_as(Name::Numbered("layer", number), &activations);
        }
        activations
    }

    /// The outputs for many rows; see [`forward`](Mlp::forward).
    ///
    /// # Panics
    ///
    /// If a row has not as many numbers as the network takes.
    #[track_caller]
    pub fn forward_rows<N: Input, Row: AsRef<[N]>>(&self, rows: &[Row]) -> Vec<Vec<N>> {
        rows.iter().map(|row| self.forward(row.as_ref())).collect()
    }
}

impl Module for Mlp {
    fn visit_parameters(&self, visit: &mut dyn FnMut(fmt::Arguments, Value)) {
        for (index, layer) in self.layers.iter().enumerate() {
            layer.visit_parameters(&mut |name, parameter| visit(format_args!("layers.{index}.{name}"), parameter));
        }
    }
}

impl fmt::Display for Mlp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        list(f, "MLP", &self.layers)
    }
}

/// As micrograd prints modules: `Layer of [ReLUNeuron(2), ReLUNeuron(2)]`.
fn list(f: &mut fmt::Formatter, name: &str, parts: &[impl fmt::Display]) -> fmt::Result {
    write!(f, "{name} of [")?;
    for (index, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if index > 0 { ", " } else { "" })?;
    }
    write!(f, "]")
}
