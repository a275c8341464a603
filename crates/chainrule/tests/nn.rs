//! Networks and losses.

use chainrule::nn::{self, Activation, Initializer, Layer, Mlp, Module, Neuron};
use chainrule::{Error, Value, rng, tape};

#[test]
fn a_neuron_is_the_activation_of_its_weighted_sum() {
    let neuron = Neuron::from_numbers(&[-3.0, 1.0], 6.881373587019543, Activation::Tanh);
    let x = [2.0, 0.0].map(Value::new);
    let y = neuron.forward(&x);
    y.backward();
    // tanh(x1 w1 + x2 w2 + b) = 0.7071; its derivative by the sum is 1 - y^2 = 0.5
    assert!((y.data() - std::f64::consts::FRAC_1_SQRT_2).abs() < 1e-15);
    let found =
        [x[0].grad(), neuron.weights()[0].grad(), x[1].grad(), neuron.weights()[1].grad(), neuron.bias().grad()];
    for (found, expected) in found.iter().zip([-1.5, 1.0, 0.5, 0.0, 0.5]) {
        assert!((found - expected).abs() < 1e-14, "{found} and not {expected}");
    }
}

#[test]
fn a_neuron_takes_two_nodes() {
    let neuron = Neuron::new(5, Activation::Relu, &mut rng(1));
    let before = tape::size().nodes;
    neuron.forward(&[1.0; 5].map(Value::constant));
    assert_eq!(tape::size().nodes - before, 2);
}

#[test]
fn recording_and_predicting_agree() {
    for activation in Activation::ALL {
        let model = Mlp::with(3, &[5, 4, 2], activation, Initializer::Xavier, &mut rng(7));
        for row in [[0.5, -1.0, 2.0], [0.0, 0.0, 0.0], [-3.0, 0.1, 1.0]] {
            let recorded = model.forward(&row.map(Value::new));
            let predicted = model.forward(&row);
            for (recorded, predicted) in recorded.iter().zip(predicted) {
                assert!((recorded.data() - predicted).abs() < 1e-13, "{activation}");
            }
        }
    }
}

#[test]
fn predicting_records_nothing() {
    let model = Mlp::new(2, &[4, 1], &mut rng(1));
    let before = tape::size();
    let rows = [[0.0, 1.0], [1.0, 0.0]];
    assert_eq!(model.forward_rows(&rows).len(), 2);
    assert_eq!(tape::size(), before);
}

#[test]
fn parameters_come_neuron_by_neuron_weights_before_bias() {
    let model = Mlp::new(2, &[2, 1], &mut rng(1));
    let names: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "layers.0.neurons.0.weights.0",
            "layers.0.neurons.0.weights.1",
            "layers.0.neurons.0.bias",
            "layers.0.neurons.1.weights.0",
            "layers.0.neurons.1.weights.1",
            "layers.0.neurons.1.bias",
            "layers.1.neurons.0.weights.0",
            "layers.1.neurons.0.weights.1",
            "layers.1.neurons.0.bias",
        ]
    );
    assert_eq!(model.num_parameters(), 9);
    assert_eq!(model.parameters().len(), 9);
}

#[test]
fn numbers_can_be_taken_and_put_back() {
    let model = Mlp::new(2, &[3, 1], &mut rng(1));
    let (input, before) = ([0.5, -1.0], model.numbers());
    let said = model.forward(&input);
    model.set_numbers(&vec![0.0; before.len()]);
    assert_eq!(model.forward(&input), [0.0]);
    model.set_numbers(&before);
    assert_eq!(model.forward(&input), said);
}

#[test]
#[should_panic(expected = "there are 3 parameters, and got 2 numbers")]
fn numbers_of_another_model_are_refused() {
    Mlp::new(2, &[1], &mut rng(1)).set_numbers(&[1.0, 2.0]);
}

#[test]
fn zero_grad_clears_every_parameter() {
    let model = Mlp::with(2, &[3, 1], Activation::Tanh, Initializer::Xavier, &mut rng(1));
    model.forward(&[1.0, 2.0].map(Value::constant))[0].backward();
    assert!(model.parameters().iter().any(|parameter| parameter.grad() != 0.0));
    model.zero_grad();
    assert!(model.parameters().iter().all(|parameter| parameter.grad() == 0.0));
}

#[test]
fn a_layer_prints_as_micrograd_prints_it() {
    let layer = Layer::new(2, 2, Activation::Relu, Initializer::Uniform, &mut rng(1));
    assert_eq!(layer.to_string(), "Layer of [ReLUNeuron(2), ReLUNeuron(2)]");
    let model = Mlp::new(2, &[1, 1], &mut rng(1));
    assert_eq!(model.to_string(), "MLP of [Layer of [ReLUNeuron(2)], Layer of [LinearNeuron(1)]]");
}

#[test]
fn initial_weights_keep_their_bounds_and_biases_are_zero() {
    for (initializer, bound) in [
        (Initializer::Uniform, 1.0),
        (Initializer::Xavier, (6.0f64 / 70.0).sqrt()),
        (Initializer::He, (6.0f64 / 50.0).sqrt()),
    ] {
        let layer = Layer::new(50, 20, Activation::Relu, initializer, &mut rng(3));
        let weights: Vec<f64> =
            layer.neurons().iter().flat_map(|neuron| neuron.weights()).map(|weight| weight.data()).collect();
        let largest = weights.iter().fold(0.0, |largest: f64, weight| largest.max(weight.abs()));
        assert!(largest <= bound && largest > 0.98 * bound, "{initializer:?}: {largest}");
        assert!(layer.neurons().iter().all(|neuron| neuron.bias().data() == 0.0));
    }
}

#[test]
fn a_seed_makes_the_same_network() {
    let numbers = |seed| Mlp::new(2, &[3, 1], &mut rng(seed)).parameters().iter().map(|p| p.data()).collect::<Vec<_>>();
    assert_eq!(numbers(5), numbers(5));
    assert_ne!(numbers(5), numbers(6));
}

#[test]
#[should_panic(expected = "a neuron with 2 weights takes as many inputs, and got 3")]
fn too_many_inputs_are_refused() {
    Mlp::new(2, &[1], &mut rng(1)).forward(&[1.0, 2.0, 3.0]);
}

#[test]
#[should_panic(expected = "layers of [4, 0, 1]")]
fn an_empty_layer_is_refused() {
    Mlp::new(2, &[4, 0, 1], &mut rng(1));
}

#[test]
fn an_unknown_activation_names_the_nearest() {
    let error = "rellu".parse::<Activation>().unwrap_err();
    assert!(matches!(error, Error::Unknown { .. }));
    assert!(error.to_string().contains("did you mean \"relu\"?"), "{error}");
}

#[test]
fn squared_error_is_the_mean_of_squares() {
    let predictions = [1.0, 3.0].map(Value::new);
    let loss = nn::squared_error(&predictions, &[0.0, 5.0]);
    // ((1 - 0)^2 + (3 - 5)^2) / 2 = 2.5; derivatives (p - t)
    assert_eq!(loss.data(), 2.5);
    assert_eq!(loss.gradient(&predictions), [1.0, -2.0]);
}

#[test]
fn max_margin_asks_for_a_margin_of_one() {
    let scores = [2.0, 0.5, 0.5].map(Value::new);
    let loss = nn::max_margin(&scores, &[1.0, 1.0, -1.0]);
    // (0 + 0.5 + 1.5) / 3; derivatives 0, -1/3, 1/3
    assert!((loss.data() - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(loss.gradient(&scores), [0.0, -1.0 / 3.0, 1.0 / 3.0]);
}

#[test]
fn binary_cross_entropy_is_minus_the_log_of_the_sigmoid() {
    let logits = [0.3, -2.0].map(Value::new);
    let loss = nn::binary_cross_entropy(&logits, &[1.0, 0.0]);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let expected = -(sigmoid(0.3).ln() + (1.0 - sigmoid(-2.0)).ln()) / 2.0;
    assert!((loss.data() - expected).abs() < 1e-15);
    // derivatives (sigmoid - label) / n
    let gradient = loss.gradient(&logits);
    assert!((gradient[0] - (sigmoid(0.3) - 1.0) / 2.0).abs() < 1e-15);
    assert!((gradient[1] - sigmoid(-2.0) / 2.0).abs() < 1e-15);
}

#[test]
fn cross_entropies_do_not_overflow() {
    let logits = [1000.0, -1000.0].map(Value::new);
    let binary = nn::binary_cross_entropy(&logits, &[0.0, 1.0]);
    assert_eq!(binary.data(), 1000.0);
    assert_eq!(binary.gradient(&logits), [0.5, -0.5]);
    let categorical = nn::cross_entropy(&[logits.to_vec()], &[1]);
    assert_eq!(categorical.data(), 2000.0);
    assert_eq!(categorical.gradient(&logits), [1.0, -1.0]);
}

#[test]
fn cross_entropy_of_two_classes_is_binary_cross_entropy_of_the_difference() {
    let (a, b) = (Value::new(0.7), Value::new(-0.4));
    let categorical = nn::cross_entropy(&[vec![a, b], vec![b, a]], &[0, 0]);
    let binary = nn::binary_cross_entropy(&[a - b, b - a], &[1.0, 1.0]);
    assert!((categorical.data() - binary.data()).abs() < 1e-15);
    for (found, expected) in categorical.gradient(&[a, b]).iter().zip(binary.gradient(&[a, b])) {
        assert!((found - expected).abs() < 1e-15);
    }
}

#[test]
fn l2_is_the_sum_of_squares() {
    let parameters = [3.0, -4.0].map(Value::new);
    let penalty = nn::l2(&parameters);
    assert_eq!(penalty.data(), 25.0);
    assert_eq!(penalty.gradient(&parameters), [6.0, -8.0]);
}

#[test]
#[should_panic(expected = "2 rows and 1 targets")]
fn a_loss_needs_a_target_for_each_row() {
    nn::squared_error(&[1.0, 2.0].map(Value::new), &[1.0]);
}
