//! What the weights of a neuron are before it learns.

use rand::{Rng, RngExt};

/// How weights are drawn; biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Initializer {
    /// Evenly from -1 to 1, as in micrograd.
    #[default]
    Uniform,
    /// Evenly within `sqrt(6 / (inputs + outputs))`, which keeps the variance of activations and gradients through
    /// layers of tanh or sigmoid (Glorot and Bengio, 2010).
    Xavier,
    /// Evenly within `sqrt(6 / inputs)`, which keeps the variance of activations through layers of relu (He and others,
    /// 2015).
    He,
}

impl Initializer {
    /// Weights lie between minus and plus this, for a layer of so many inputs and outputs.
    pub fn bound(self, inputs: usize, outputs: usize) -> f64 {
        match self {
            Initializer::Uniform => 1.0,
            Initializer::Xavier => (6.0 / (inputs + outputs) as f64).sqrt(),
            Initializer::He => (6.0 / inputs as f64).sqrt(),
        }
    }

    /// A weight of a layer of so many inputs and outputs.
    pub fn draw(self, inputs: usize, outputs: usize, rng: &mut impl Rng) -> f64 {
        let bound = self.bound(inputs, outputs);
        rng.random_range(-bound..bound)
    }
}
