//! A differential equation: a chain of masses on springs, by classical Runge-Kutta steps.

use super::{ByHand, Function, check_lengths};
use chainrule::{RngExt, Value, rng};
use std::cell::RefCell;

const MASSES: usize = 16;
const SPRINGS: usize = MASSES + 1;
const STATE: usize = 2 * MASSES;
const INPUTS: usize = STATE + SPRINGS + MASSES + 1;
/// Of one step, in time.
const STEP: f64 = 0.01;

/// Sixteen masses between two walls, joined by springs that stiffen as they stretch: the sum of squares of the positions
/// after so many steps, by the state at the start (positions, then velocities), the stiffness of each spring, the friction
/// of each mass, and the hardening of all springs.
pub struct Oscillators {
    steps: usize,
    /// Where the C keeps the four states of every step.
    states: RefCell<Vec<f64>>,
}

unsafe extern "C" {
    fn oscillators(inputs: *const f64, steps: i32, h: f64, states: *mut f64, gradient: *mut f64) -> f64;
}

impl Oscillators {
    /// So many steps.
    pub fn new(steps: usize) -> Self {
        Oscillators { steps, states: RefCell::new(vec![0.0; steps * 4 * STATE]) }
    }
}

impl Function for Oscillators {
    fn point(&self) -> Vec<f64> {
        let mut rng = rng(4);
        let mut numbers = |count, low, high| -> Vec<f64> { (0..count).map(|_| rng.random_range(low..high)).collect() };
        let state = numbers(STATE, -1.0, 1.0);
        let stiffness = numbers(SPRINGS, 0.5, 1.5);
        let friction = numbers(MASSES, 0.0, 0.1);
        [state, stiffness, friction, vec![0.3]].concat()
    }

    fn value(&self, inputs: &[Value]) -> Value {
        let (state, springs) = inputs.split_at(STATE);
        let chain = Chain {
            stiffness: &springs[..SPRINGS],
            friction: &springs[SPRINGS..SPRINGS + MASSES],
            hardening: springs[SPRINGS + MASSES],
        };
        let mut state = state.to_vec();
        for _ in 0..self.steps {
            state = runge_kutta(&state, |state| chain.slope(state));
        }
        let mut squares = Value::constant(0.0);
        for x in &state[..MASSES] {
            squares += x * x;
        }
        squares
    }

    fn flops(&self) -> f64 {
        let slope = 6 * SPRINGS + 4 * MASSES;
        let slope_back = 17 * SPRINGS + 5 * MASSES;
        let forward = 4 * slope + (3 * 2 + 7) * STATE;
        let backward = 4 * slope_back + (10 + 4) * STATE;
        (self.steps * (forward + backward) + 3 * MASSES) as f64
    }
}

impl ByHand for Oscillators {
    type Number = f64;

    fn by_hand(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        check_lengths([point.len(), gradient.len()], INPUTS);
        let (steps, states) = (self.steps as i32, self.states.borrow_mut().as_mut_ptr());
        // SAFETY: the inputs and the gradient are as long as the struct of the C; there is room for four states a step.
        unsafe { oscillators(point.as_ptr(), steps, STEP, states, gradient.as_mut_ptr()) }
    }
}

struct Chain<'a> {
    stiffness: &'a [Value],
    friction: &'a [Value],
    hardening: Value,
}

impl Chain<'_> {
    /// How fast the state changes.
    fn slope(&self, state: &[Value]) -> Vec<Value> {
        let (positions, velocities) = state.split_at(MASSES);
        let wall = Value::constant(0.0);
        let forces: Vec<Value> = (0..SPRINGS)
            .map(|spring| {
                let left = if spring > 0 { positions[spring - 1] } else { wall };
                let right = if spring < MASSES { positions[spring] } else { wall };
                let longer = right - left;
                self.stiffness[spring] * (longer + self.hardening * longer * longer * longer)
            })
            .collect();
        let accelerations =
            (0..MASSES).map(|mass| forces[mass + 1] - forces[mass] - self.friction[mass] * velocities[mass]);
        velocities.iter().copied().chain(accelerations).collect()
    }
}

/// One classical step of fourth order.
fn runge_kutta(state: &[Value], slope: impl Fn(&[Value]) -> Vec<Value>) -> Vec<Value> {
    let ahead = |by: f64, slope: &[Value]| -> Vec<Value> { state.iter().zip(slope).map(|(x, k)| x + by * k).collect() };
    let k1 = slope(state);
    let k2 = slope(&ahead(STEP / 2.0, &k1));
    let k3 = slope(&ahead(STEP / 2.0, &k2));
    let k4 = slope(&ahead(STEP, &k3));
    (0..state.len()).map(|i| state[i] + STEP / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])).collect()
}
