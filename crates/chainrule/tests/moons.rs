//! micrograd's demo, replayed: losses and accuracies of all 100 steps as micrograd computes them.

use chainrule::nn::{self, Mlp, Module};
use chainrule::optim::{Optimizer, Schedule, Sgd};
use chainrule::{Value, rng, tape};
use serde::Deserialize;

#[derive(Deserialize)]
struct Demo {
    x: Vec<[f64; 2]>,
    y: Vec<f64>,
    w0: Vec<f64>,
    loss: Vec<f64>,
    accuracy: Vec<f64>,
}

impl Demo {
    fn read() -> Self {
        serde_json::from_str(include_str!("data/moons.json")).expect("the demo is a valid file")
    }

    fn model(&self) -> Mlp {
        let model = Mlp::new(2, &[16, 16, 1], &mut rng(0));
        model.set_numbers(&self.w0);
        model
    }

    /// The loss of the demo over all rows.
    fn loss(&self, model: &Mlp, parameters: &[Value]) -> (Vec<Value>, Value) {
        let scores: Vec<Value> = self.x.iter().map(|row| model.forward(&row.map(Value::constant))[0]).collect();
        let loss = nn::max_margin(&scores, &self.y) + 1e-4 * nn::l2(parameters);
        (scores, loss)
    }
}

#[test]
fn the_model_prints_as_micrograd_prints_it() {
    let text = Demo::read().model().to_string();
    assert!(text.starts_with("MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), "), "{text}");
    assert!(text.ends_with("ReLUNeuron(16)], Layer of [LinearNeuron(16)]]"), "{text}");
}

#[test]
fn every_loss_and_accuracy_is_that_of_micrograd() {
    let demo = Demo::read();
    let model = demo.model();
    let mut optimizer = Optimizer::new(model.parameters(), Sgd::new(), Schedule::linear(1.0, 0.1, 100));
    for step in 0..100 {
        let (scores, loss) = demo.loss(&model, optimizer.parameters());
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();

        let right = scores.iter().zip(&demo.y).filter(|(score, label)| (score.data() > 0.0) == (**label > 0.0)).count();
        let error = (loss.data() / demo.loss[step] - 1.0).abs();
        assert!(error < 1e-9, "step {step}: {} and not {}", loss.data(), demo.loss[step]);
        assert_eq!(right as f64 / 100.0, demo.accuracy[step], "accuracy at step {step}");
    }
    assert_eq!(demo.accuracy[99], 1.0);
}

#[test]
fn ten_thousand_optimiser_steps_take_no_more_memory_than_one() {
    let demo = Demo::read();
    let model = demo.model();
    let mut optimizer = Optimizer::new(model.parameters(), Sgd::new(), 1e-3);
    let mut step = || {
        let (_, loss) = demo.loss(&model, optimizer.parameters());
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
        tape::size()
    };
    let after_first = step();
    assert_eq!(after_first.nodes, 337);
    for _ in 1..10_000 {
        assert_eq!(step(), after_first);
    }
}

#[test]
fn ten_thousand_steps_in_a_scope_take_no_more_memory_than_one() {
    let demo = Demo::read();
    let model = demo.model();
    let parameters = model.parameters();
    let step = || {
        let _scope = tape::scope();
        model.zero_grad();
        demo.loss(&model, &parameters).1.backward();
    };
    step();
    let after_first = tape::size();
    for _ in 1..10_000 {
        step();
        assert_eq!(tape::size(), after_first);
    }
}
