//! A GPT of scalars learns names as the well-known 200 lines of Python do: the same losses and the same samples.
#![cfg(feature = "python-random")]

use chainrule::data::Names;
use chainrule::nn::Gpt;
use chainrule::optim::{Adam, Optimizer, Schedule};
use chainrule::python_random::PythonRandom;
use chainrule::{Dual, Number, Program, Value};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    /// Of each step, before the update.
    loss: Vec<f64>,
    samples: Vec<String>,
}

fn names() -> Names {
    Names::new(include_str!("data/names.txt").lines()).expect("names")
}

fn tokens<N: Number>(names: &Names, place: usize) -> Vec<N> {
    names.tokens(place).into_iter().map(|token| N::constant(token as f64)).collect()
}

#[test]
fn losses_and_samples_are_those_of_the_reference() {
    let reference: Reference = serde_json::from_str(include_str!("data/microgpt.json")).expect("a valid file");
    let steps = reference.loss.len();
    let mut random = PythonRandom::seed(42);
    let mut names = names();
    names.shuffle(|names| random.shuffle(names));
    let gpt = Gpt { vocabulary: names.num_tokens(), ..Gpt::default() };
    assert_eq!(gpt.num_parameters(), 4192);
    let parameters: Vec<Value> = (0..gpt.num_parameters()).map(|_| Value::parameter(random.gauss(0.0, 0.08))).collect();

    let adam = Adam::new().betas(0.85, 0.99).epsilon(1e-8);
    let mut optimizer = Optimizer::new(parameters.clone(), adam, Schedule::linear(0.01, 0.0, steps));
    for (step, expected) in reference.loss.iter().enumerate() {
        let loss = gpt.loss(&parameters, &tokens(&names, step % names.len()));
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
        assert!((loss.data() - expected).abs() < 5e-5, "step {step}: {} for {expected}", loss.data());
    }

    let learned: Vec<f64> = parameters.iter().map(|parameter| parameter.data()).collect();
    let mut sample = || names.text(&gpt.write(&learned, names.boundary(), 0.5, |weights| random.choose(weights)));
    assert_eq!(std::array::from_fn::<_, 20, _>(|_| sample()).to_vec(), reference.samples);
}

/// Two layers, other sizes, and a text longer than the context.
fn small() -> (Gpt, Vec<f64>, Names) {
    let gpt = Gpt { vocabulary: 4, context: 5, width: 6, heads: 2, layers: 2 };
    let mut random = PythonRandom::seed(1);
    let parameters = (0..gpt.num_parameters()).map(|_| random.gauss(0.0, 0.3)).collect();
    (gpt, parameters, Names::new(["abc", "aabbccab"]).expect("names"))
}

#[test]
fn every_kind_of_number_gives_the_same_loss() {
    let (gpt, numbers, names) = small();
    for place in 0..2 {
        let plain = gpt.loss(&numbers, &tokens(&names, place));
        let parameters: Vec<Value> = numbers.iter().map(|number| Value::new(*number)).collect();
        let leaves: Vec<Value> = tokens::<f64>(&names, place).into_iter().map(Value::new).collect();
        assert_eq!(gpt.loss(&parameters, &leaves).data().to_bits(), plain.to_bits());
    }
}

#[test]
fn gradients_are_those_of_forward_mode() {
    let (gpt, numbers, names) = small();
    let parameters: Vec<Value> = numbers.iter().map(|number| Value::new(*number)).collect();
    let gradient = gpt.loss(&parameters, &tokens(&names, 1)).gradient(&parameters);
    for place in (0..numbers.len()).step_by(37) {
        let dual = |(at, number): (usize, &f64)| Dual { value: *number, tangent: f64::from(at == place) };
        let duals: Vec<Dual> = numbers.iter().enumerate().map(dual).collect();
        let tangent = gpt.loss(&duals, &tokens(&names, 1)).tangent;
        assert!((gradient[place] - tangent).abs() < 1e-12, "{place}: {} for {tangent}", gradient[place]);
    }
}

#[test]
fn no_position_sees_what_comes_after_it() {
    let (gpt, numbers, names) = small();
    let parameters: Vec<Value> = numbers.iter().map(|number| Value::new(*number)).collect();
    // The loss of the first token depends on the first two tokens alone, and on the first position.
    let first = gpt.loss(&parameters, &tokens::<Value>(&names, 0)[..2]);
    let gradient = first.gradient(&parameters);
    let positions = gpt.vocabulary * gpt.width..(gpt.vocabulary + gpt.context) * gpt.width;
    let (seen, unseen) = gradient[positions].split_at(gpt.width);
    assert!(seen.iter().all(|x| *x != 0.0) && unseen.iter().all(|x| *x == 0.0));
}

#[test]
fn longer_texts_are_more_turns_of_the_same_loops() {
    let gpt = Gpt::default();
    let instructions = |tokens: usize| {
        let inputs = [("parameters", &vec![0.1; gpt.num_parameters()][..]), ("tokens", &vec![0.0; tokens])];
        let program = Program::record_groups(&inputs, |groups| gpt.loss(&groups[0], &groups[1])).unwrap();
        program.gradient_by(&["parameters"]).unwrap().steps().len()
    };
    assert_eq!(instructions(8), instructions(15));
}

#[test]
fn matrices_are_listed_in_the_order_of_the_parameters() {
    let names: Vec<String> = Gpt::default().matrices().into_iter().map(|(name, ..)| name).collect();
    let layer = ["wq", "wk", "wv", "wo", "fc1", "fc2"].map(|name| format!("layers.0.{name}"));
    assert_eq!(names, [&["wte", "wpe", "lm_head"].map(String::from)[..], &layer].concat());
}

#[test]
fn a_text_ends_with_the_context_at_the_latest() {
    let (gpt, numbers, _) = small();
    assert_eq!(gpt.write(&numbers, 3, 1.0, |_| 0).len(), gpt.context);
    assert!(gpt.write(&numbers, 3, 1.0, |weights| weights.len() - 1).is_empty());
}

#[test]
#[should_panic(expected = "a text needs two tokens or more")]
fn one_token_predicts_nothing() {
    let (gpt, numbers, _) = small();
    gpt.loss(&numbers, &[3.0]);
}

#[test]
#[should_panic(expected = "has 942 parameters, and got 3")]
fn parameters_that_do_not_fit_are_refused() {
    small().0.loss(&[0.0; 3], &[3.0, 0.0]);
}
