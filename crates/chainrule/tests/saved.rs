//! Networks as files.
#![cfg(feature = "save")]

use chainrule::nn::{Activation, Initializer, Mlp, Module};
use chainrule::rng;
use std::path::{Path, PathBuf};

fn numbers(model: &Mlp) -> Vec<u64> {
    model.parameters().iter().map(|parameter| parameter.data().to_bits()).collect()
}

fn model() -> Mlp {
    Mlp::with(3, &[4, 2], Activation::Gelu, Initializer::Xavier, &mut rng(11))
}

fn file(directory: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn json_error(content: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    Mlp::load_json(file(&directory, "model.json", content.as_bytes())).unwrap_err().to_string()
}

#[test]
fn json_keeps_every_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.json");
    let model = model();
    model.parameters()[0].set_data(0.1 + 0.2);
    model.save_json(&path).unwrap();
    let loaded = Mlp::load_json(&path).unwrap();
    assert_eq!(numbers(&loaded), numbers(&model));
    assert_eq!(loaded.to_string(), model.to_string());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn safetensors_keep_every_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let model = model();
    model.save_safetensors(&path).unwrap();
    let loaded = Mlp::load_safetensors(&path).unwrap();
    assert_eq!(numbers(&loaded), numbers(&model));
    assert_eq!(loaded.to_string(), model.to_string());
}

#[test]
fn safetensors_have_the_names_and_shapes_of_pytorch() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    model().save_safetensors(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    assert_eq!(header["layers.0.weight"]["shape"], serde_json::json!([4, 3]));
    assert_eq!(header["layers.1.bias"]["shape"], serde_json::json!([2]));
    assert_eq!(header["layers.1.bias"]["dtype"], "F64");
}

#[test]
fn a_missing_file_is_named() {
    let error = Mlp::load_json("no/such/model.json").unwrap_err().to_string();
    assert!(error.starts_with("no/such/model.json: "), "{error}");
    let error = Mlp::load_safetensors("no/such/model.safetensors").unwrap_err().to_string();
    assert!(error.starts_with("no/such/model.safetensors: "), "{error}");
}

#[test]
fn what_is_not_json_is_told_with_line_and_column() {
    assert!(json_error("{\n  \"layers\": oops").contains("line 2 column 1"), "{}", json_error("{\n  \"layers\": oops"));
}

#[test]
fn parts_that_do_not_fit_together_are_named() {
    let layer = |weights: &str, biases: &str| {
        format!(r#"{{"layers":[{{"activation":"relu","weights":{weights},"biases":{biases}}}]}}"#)
    };
    assert!(json_error(r#"{"layers":[]}"#).contains("expected at least one layer"));
    assert!(json_error(&layer("[]", "[]")).contains("layer 0: expected at least one neuron"));
    assert!(json_error(&layer("[[1.0],[2.0]]", "[0.0]")).contains("found 1 biases and 2 neurons"));
    assert!(json_error(&layer("[[1.0],[2.0,3.0]]", "[0.0,0.0]")).contains("neuron 1: expected 1 weights, found 2"));
    assert!(json_error(r#"{"layers":[{"activation":"rellu","weights":[[1]],"biases":[0]}]}"#).contains("rellu"));
    let two = r#"{"layers":[{"activation":"relu","weights":[[1.0]],"biases":[0.0]},
                            {"activation":"linear","weights":[[1.0,2.0]],"biases":[0.0]}]}"#;
    assert!(json_error(two).contains("layer 1, neuron 0: expected 1 weights, found 2"), "{}", json_error(two));
}

#[test]
fn broken_safetensors_are_errors_and_never_panics() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    model().save_safetensors(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        let cut = file(&directory, "cut.safetensors", &whole[..length]);
        assert!(Mlp::load_safetensors(cut).is_err(), "{length} bytes of {}", whole.len());
    }
    for index in 0..whole.len().min(600) {
        let mut bytes = whole.clone();
        bytes[index] ^= 0x15;
        // Whatever comes of it, it is a network or an error.
        let _ = Mlp::load_safetensors(file(&directory, "flipped.safetensors", &bytes));
    }
}

#[test]
fn what_cannot_be_written_is_an_error_and_leaves_nothing() {
    let error = model().save_json(Path::new("/no/such/directory/model.json")).unwrap_err().to_string();
    assert!(error.starts_with("/no/such/directory/model.json: "), "{error}");
}

#[test]
fn numbers_that_json_has_not_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let model = model();
    model.parameters()[3].set_data(f64::NAN);
    let path = directory.path().join("model.json");
    let error = model.save_json(&path).unwrap_err().to_string();
    assert!(error.contains("layers.0.neurons.0.bias: expected a finite number, found NaN"), "{error}");
    assert!(!path.exists());
}
