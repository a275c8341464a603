//! The algorithms: from gradients to changes, over plain slices of numbers.

use super::quotient::quotient;
use crate::program::{Loops, run_loops};

/// Changes parameters by their gradients, and remembers what it needs from step to step.
pub trait Algorithm {
    /// Makes one step at this learning rate. Parameters keep their number and order from step to step.
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64]);
}

impl<A: Algorithm + ?Sized> Algorithm for Box<A> {
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64]) {
        (**self).update(rate, parameters, gradients);
    }
}

/// Stochastic gradient descent: `p -= rate * g`, with momentum `v = momentum * v + g` in the place of `g` if asked for.
#[derive(Clone, Debug, Default)]
pub struct Sgd {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    velocity: Vec<f64>,
}

impl Sgd {
    /// Plain descent.
    pub fn new() -> Self {
        Sgd::default()
    }

    /// Keeps this share of the velocity from step to step (Polyak, 1964); 0 is none, 0.9 is common.
    pub fn momentum(self, momentum: f64) -> Self {
        Sgd { momentum, ..self }
    }

    /// Looks ahead along the velocity: `p -= rate * (g + momentum * v)`, PyTorch's form of Nesterov's method (1983).
    pub fn nesterov(self) -> Self {
        Sgd { nesterov: true, ..self }
    }

    /// Adds this share of the parameter to its gradient, as L2 of half that factor in the loss would.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Sgd { weight_decay, ..self }
    }
}

impl Algorithm for Sgd {
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64]) {
        self.velocity.resize(parameters.len(), 0.0);
        for ((p, g), v) in parameters.iter_mut().zip(gradients).zip(&mut self.velocity) {
            let g = g + self.weight_decay * *p;
            *v = self.momentum * *v + g;
            *p -= rate * if self.nesterov { g + self.momentum * *v } else { *v };
        }
    }
}

/// The two running means that Adam keeps, corrected for their start at 0.
#[derive(Clone, Debug)]
struct Moments {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    steps: i32,
    mean: Vec<f64>,
    mean_square: Vec<f64>,
}

impl Default for Moments {
    fn default() -> Self {
        Moments { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, steps: 0, mean: Vec::new(), mean_square: Vec::new() }
    }
}

impl Moments {
    /// Shows each parameter with its gradient to `adjust`, which may change both, then makes Adam's step.
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64], adjust: impl Fn(&mut f64, f64) -> f64) {
        self.mean.resize(parameters.len(), 0.0);
        self.mean_square.resize(parameters.len(), 0.0);
        self.steps = self.steps.saturating_add(1);
        run_loops(Step { moments: self, rate, parameters, gradients, adjust });
    }
}

/// A step of Adam, when its means have been made as long as the parameters.
struct Step<'a, F> {
    moments: &'a mut Moments,
    rate: f64,
    parameters: &'a mut [f64],
    gradients: &'a [f64],
    adjust: F,
}

impl<F: Fn(&mut f64, f64) -> f64> Loops for Step<'_, F> {
    #[inline(always)]
    fn run<const IS_FUSED: bool>(self) {
        let &mut Moments { beta1, beta2, epsilon, steps, ref mut mean, ref mut mean_square } = self.moments;
        // The corrections of the means for their start at 0 are the same for all parameters: no divisions in the loop for them.
        let rate = self.rate / (1.0 - beta1.powi(steps));
        let root_correction = (1.0 - beta2.powi(steps)).sqrt().recip();
        let moments = mean.iter_mut().zip(mean_square);
        for ((p, g), (m, v)) in self.parameters.iter_mut().zip(self.gradients).zip(moments) {
            let g = (self.adjust)(p, *g);
            // In registers: what was written across two halves of a cache line is read back late.
            let mean = beta1 * *m + (1.0 - beta1) * g;
            let mean_square = beta2 * *v + (1.0 - beta2) * g * g;
            (*m, *v) = (mean, mean_square);
            let (change, scale) = (rate * mean, mean_square.sqrt() * root_correction + epsilon);
            // The unit that divides has enough to do with the roots.
            *p -= if IS_FUSED { quotient(change, scale) } else { change / scale };
        }
    }
}

macro_rules! moments_settings {
    ($Algorithm:ident) => {
        /// The shares of the running means of the gradient and of its square that are kept from step to step.
        pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
            (self.moments.beta1, self.moments.beta2) = (beta1, beta2);
            self
        }

        /// What is added to the root of the mean square, so that nothing is divided by 0.
        pub fn epsilon(mut self, epsilon: f64) -> Self {
            self.moments.epsilon = epsilon;
            self
        }
    };
}

/// Adam (Kingma and Ba, 2014): each parameter's step is the running mean of its gradient over the root of the running
/// mean of its square. Betas 0.9 and 0.999, epsilon 1e-8.
#[derive(Clone, Debug, Default)]
pub struct Adam {
    moments: Moments,
    weight_decay: f64,
}

impl Adam {
    /// Adam with the settings of its paper.
    pub fn new() -> Self {
        Adam::default()
    }

    moments_settings!(Adam);

    /// Adds this share of the parameter to its gradient.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Adam { weight_decay, ..self }
    }
}

impl Algorithm for Adam {
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64]) {
        match self.weight_decay {
            0.0 => self.moments.update(rate, parameters, gradients, |_, g| g),
            decay => self.moments.update(rate, parameters, gradients, |p, g| g + decay * *p),
        }
    }
}

/// AdamW (Loshchilov and Hutter, 2017): Adam whose weight decay shrinks the parameter itself, by `rate * decay`, and does
/// not pass through the means. Decay 0.01.
#[derive(Clone, Debug)]
pub struct AdamW {
    moments: Moments,
    weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        AdamW { moments: Moments::default(), weight_decay: 0.01 }
    }
}

impl AdamW {
    /// AdamW with the settings that PyTorch gives it.
    pub fn new() -> Self {
        AdamW::default()
    }

    moments_settings!(AdamW);

    /// Shrinks each parameter by this share, times the learning rate, at every step.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        AdamW { weight_decay, ..self }
    }
}

impl Algorithm for AdamW {
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64]) {
        let decay = self.weight_decay;
        self.moments.update(rate, parameters, gradients, |p, g| {
            *p -= rate * decay * *p;
            g
        });
    }
}

/// RMSprop (Hinton, 2012): `p -= rate * g / (sqrt(running mean of g^2) + epsilon)`. Share kept 0.99, epsilon 1e-8.
#[derive(Clone, Debug)]
pub struct RmsProp {
    alpha: f64,
    epsilon: f64,
    mean_square: Vec<f64>,
}

impl Default for RmsProp {
    fn default() -> Self {
        RmsProp { alpha: 0.99, epsilon: 1e-8, mean_square: Vec::new() }
    }
}

impl RmsProp {
    /// RMSprop with the settings that PyTorch gives it.
    pub fn new() -> Self {
        RmsProp::default()
    }

    /// The share of the running mean of squares that is kept from step to step.
    pub fn alpha(self, alpha: f64) -> Self {
        RmsProp { alpha, ..self }
    }

    /// What is added to the root of the mean square, so that nothing is divided by 0.
    pub fn epsilon(self, epsilon: f64) -> Self {
        RmsProp { epsilon, ..self }
    }
}

impl Algorithm for RmsProp {
    fn update(&mut self, rate: f64, parameters: &mut [f64], gradients: &[f64]) {
        self.mean_square.resize(parameters.len(), 0.0);
        for ((p, g), v) in parameters.iter_mut().zip(gradients).zip(&mut self.mean_square) {
            *v = self.alpha * *v + (1.0 - self.alpha) * g * g;
            *p -= rate * g / (v.sqrt() + self.epsilon);
        }
    }
}
