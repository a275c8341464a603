//! Little neural networks: neurons, layers, multi-layer perceptrons, and what to train them by.
//!
//! The names are those of micrograd and PyTorch. A network is called with values, which records, or with `f64`, which
//! just predicts.
//!
//! ```
//! use chainrule::nn::{self, Activation, Initializer, Mlp, Module};
//! use chainrule::optim::{Optimizer, Sgd};
//! use chainrule::{Value, rng};
//!
//! let model = Mlp::with(3, &[4, 4, 1], Activation::Tanh, Initializer::Xavier, &mut rng(42));
//! let rows = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]];
//! let targets = [1.0, -1.0, -1.0, 1.0];
//!
//! let mut optimizer = Optimizer::new(model.parameters(), Sgd::new(), 0.1);
//! for _ in 0..100 {
//!     let predictions: Vec<Value> = rows.iter().map(|row| model.forward(&row.map(Value::constant))[0]).collect();
//!     let loss = nn::squared_error(&predictions, &targets);
//!     optimizer.zero_grad();
//!     loss.backward();
//!     optimizer.step();
//! }
//! assert!((model.forward(&rows[0])[0] - 1.0).abs() < 0.2);
//! ```

mod activation;
mod gpt;
mod initializer;
mod loss;
mod network;
#[cfg(feature = "save")]
mod save;
mod score;

pub use activation::Activation;
pub use gpt::Gpt;
pub use initializer::Initializer;
pub use loss::{Class, binary_cross_entropy, cross_entropy, l2, max_margin, squared_error};
pub use network::{Input, Layer, Mlp, Module, Neuron};
#[cfg(feature = "save")]
pub use save::Numbers;
pub use score::{accuracy, r_squared, root_mean_squared_error};
