//! What a neuron does with its weighted sum.

use crate::{Error, Number, text};
use std::fmt;
use std::str::FromStr;

/// What a neuron does with its weighted sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Activation {
    /// Nothing.
    Linear,
    /// [`Number::relu`].
    #[default]
    Relu,
    /// [`Number::leaky_relu`] with slope 0.01.
    LeakyRelu,
    /// [`Number::elu`] with scale 1.
    Elu,
    /// [`Number::gelu`].
    Gelu,
    /// [`Number::silu`].
    Silu,
    /// [`Number::softplus`].
    Softplus,
    /// [`Number::sigmoid`].
    Sigmoid,
    /// [`Number::tanh`].
    Tanh,
}

use Activation::*;

impl Activation {
    /// All there are.
    pub const ALL: [Activation; 9] = [Linear, Relu, LeakyRelu, Elu, Gelu, Silu, Softplus, Sigmoid, Tanh];

    /// The name on a command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Linear => "linear",
            Relu => "relu",
            LeakyRelu => "leaky_relu",
            Elu => "elu",
            Gelu => "gelu",
            Silu => "silu",
            Softplus => "softplus",
            Sigmoid => "sigmoid",
            Tanh => "tanh",
        }
    }

    /// The name as micrograd prints it before `Neuron`.
    pub fn label(self) -> &'static str {
        match self {
            Linear => "Linear",
            Relu => "ReLU",
            LeakyRelu => "LeakyReLU",
            Elu => "ELU",
            Gelu => "GELU",
            Silu => "SiLU",
            Softplus => "Softplus",
            Sigmoid => "Sigmoid",
            Tanh => "Tanh",
        }
    }

    /// The activation of `x`.
    #[inline]
    #[track_caller]
    pub fn of<N: Number>(self, x: N) -> N {
        match self {
            Linear => x,
            Relu => x.relu(),
            LeakyRelu => x.leaky_relu(N::constant(0.01)),
            Elu => x.elu(N::constant(1.0)),
            Gelu => x.gelu(),
            Silu => x.silu(),
            Softplus => x.softplus(),
            Sigmoid => x.sigmoid(),
            Tanh => x.tanh(),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        text::named("activation", &Self::ALL, Self::name, name)
    }
}
