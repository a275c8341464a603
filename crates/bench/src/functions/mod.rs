//! Functions of many numbers: as scalar code in which every operator is a node, and as C by hand (`reference/`).

mod classifier;
mod gpt;
mod log_sum_exp;
mod moons;
mod oscillators;
mod random_dag;
mod rosenbrock;

pub use classifier::Classifier;
pub use gpt::Gpt;
pub use log_sum_exp::LogSumExp;
pub use moons::Moons;
pub use oscillators::Oscillators;
pub use random_dag::RandomDag;
pub use rosenbrock::Rosenbrock;

use chainrule::{Value, tape};
use num_traits::Float;

/// A function of many numbers, written in scalars.
pub trait Function {
    /// The inputs at which it is measured.
    fn point(&self) -> Vec<f64>;

    /// Records it; there are as many inputs as the point has numbers.
    fn value(&self, inputs: &[Value]) -> Value;

    /// Additions, subtractions, multiplications, divisions, square roots, exponentials and logarithms that value and
    /// gradient take when written by hand, one each.
    fn flops(&self) -> f64;
}

/// A function whose value and gradient are written in C, too.
pub trait ByHand: Function {
    /// What the C computes with.
    type Number: Float + chainrule::program::Float;

    /// Writes the gradient and returns the value; both slices are as long as the point.
    fn by_hand(&self, point: &[Self::Number], gradient: &mut [Self::Number]) -> Self::Number;
}

/// The value and the gradient at a point, by the tape.
pub fn value_and_gradient(function: &impl Function, point: &[f64]) -> (f64, Vec<f64>) {
    let _scope = tape::scope();
    let inputs: Vec<Value> = point.iter().map(|number| Value::new(*number)).collect();
    let value = function.value(&inputs);
    (value.data(), value.gradient(&inputs))
}

/// The number in another type of float.
pub fn converted<A: Float, B: Float>(number: A) -> B {
    B::from(number).expect("every float has a nearest one in the other type")
}

fn check_lengths(lengths: [usize; 2], expected: usize) {
    assert_eq!(lengths, [expected; 2], "the lengths of the point and of the gradient");
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule::Program;

    /// The C against the tape.
    fn assert_agrees<F: ByHand>(function: &F, tolerance: f64) {
        let (value, gradient) = value_and_gradient(function, &function.point());
        assert_agrees_with(function, value, &gradient, tolerance);
    }

    /// The C against a value and a gradient, each derivative held against the largest.
    fn assert_agrees_with<F: ByHand>(function: &F, value: f64, gradient: &[f64], tolerance: f64) {
        let point = function.point();
        let point_by_hand: Vec<F::Number> = point.iter().map(|x| converted(*x)).collect();
        let mut gradient_by_hand = vec![F::Number::nan(); point.len()];
        let value_by_hand: f64 = converted(function.by_hand(&point_by_hand, &mut gradient_by_hand));

        assert!((value_by_hand - value).abs() <= tolerance * value.abs(), "{value_by_hand} is not {value}");
        let largest = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
        assert!(largest > 0.0);
        for (index, (by_hand, g)) in gradient_by_hand.iter().zip(gradient).enumerate() {
            let by_hand: f64 = converted(*by_hand);
            assert!((by_hand - g).abs() <= tolerance * largest, "derivative {index}: {by_hand} is not {g}");
        }
    }

    #[test]
    fn c_by_hand_computes_the_values_and_gradients_of_the_scalar_code() {
        assert_agrees(&Moons::demo(), 1e-12);
        assert_agrees(&Moons::with_rows(1000), 1e-12);
        assert_agrees(&Gpt::of_name("hollan"), 1e-12);
        assert_agrees(&Gpt::of_name("christopherjames"), 1e-12);
        assert_agrees(&LogSumExp::new(10_000), 1e-12);
        assert_agrees(&Rosenbrock::new(100), 1e-12);
        assert_agrees(&Oscillators::new(200), 1e-11);
        assert_agrees(&Classifier::new(), 1e-5);
    }

    #[test]
    fn c_by_hand_computes_the_value_and_gradient_of_the_gpt_of_the_library() {
        for name in ["hollan", "christopherjames"] {
            let function = Gpt::of_name(name);
            let (point, tokens) = (function.point(), function.tokens());
            let _scope = tape::scope();
            let parameters: Vec<Value> = point.iter().map(|number| Value::new(*number)).collect();
            let tokens: Vec<Value> = tokens.into_iter().map(Value::constant).collect();
            let loss = chainrule::nn::Gpt::default().loss(&parameters, &tokens);
            assert_agrees_with(&function, loss.data(), &loss.gradient(&parameters), 1e-12);
        }
    }

    #[test]
    fn programs_are_as_long_as_the_code_and_not_as_the_recording() {
        assert_has_at_most(12, &Moons::demo());
        assert_has_at_most(100, &Gpt::of_name("hollan"));
        assert_has_at_most(8, &LogSumExp::new(10_000));
        assert_has_at_most(12, &Rosenbrock::new(1000));
        assert_has_at_most(100, &Oscillators::new(100));
        assert_has_at_most(30, &Classifier::new());
    }

    fn assert_has_at_most(steps: usize, function: &impl Function) {
        let program =
            Program::record(&function.point(), |inputs| function.value(inputs)).expect("it depends on inputs");
        assert!((1..=steps).contains(&program.steps().len()), "{} steps", program.steps().len());
    }

    #[test]
    fn the_random_graph_is_finite_and_has_as_many_nodes_as_asked_for() {
        let function = RandomDag::new(10_000);
        let _scope = tape::scope();
        let before = tape::size().nodes;
        let inputs: Vec<Value> = function.point().iter().map(|number| Value::new(*number)).collect();
        let value = function.value(&inputs);
        assert_eq!(tape::size().nodes - before, 10_000);
        assert!(value.data().is_finite());
        let gradient = value.gradient(&inputs);
        assert!(gradient.iter().all(|g| g.is_finite()) && gradient.iter().any(|g| *g != 0.0));
    }

    #[test]
    fn the_wide_gpt_has_one_and_three_quarter_million_nodes() {
        let function = Gpt::wide();
        let _scope = tape::scope();
        let before = tape::size().nodes;
        let inputs: Vec<Value> = function.point().iter().map(|number| Value::new(*number)).collect();
        function.value(&inputs);
        let nodes = tape::size().nodes - before;
        assert!((1_700_000..1_800_000).contains(&nodes), "{nodes} nodes");
    }
}
