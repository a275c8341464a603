//! What is wrong with a message is said in its response, and the next message is answered as if nothing had happened.

use gradbench::{Mode, Options, serve};
use serde_json::{Value as Json, json};

fn answers(messages: &[&str]) -> Vec<Json> {
    let mut answers = Vec::new();
    let options = Options { mode: Mode::Program, threads: 1 };
    serve(messages.join("\n").as_bytes(), &mut answers, options).unwrap();
    String::from_utf8(answers).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The error of a message with id 5, after which another one must be answered.
fn error_of(message: &str) -> String {
    let next = r#"{"id": 6, "kind": "evaluate", "module": "hello", "function": "square", "input": 3}"#;
    let answers = answers(&[message, next]);
    assert_eq!((&answers[0]["id"], &answers[0]["success"]), (&json!(5), &json!(false)), "{message}");
    assert_eq!((&answers[1]["id"], &answers[1]["output"]), (&json!(6), &json!(9.0)), "{message}");
    answers[0]["error"].as_str().unwrap().to_string()
}

fn evaluation_error(module: &str, function: &str, input: Json) -> String {
    error_of(&json!({"id": 5, "kind": "evaluate", "module": module, "function": function, "input": input}).to_string())
}

#[test]
fn a_message_that_is_no_json_is_answered() {
    assert!(error_of(r#"{"id": 5, "kind": "evaluate", "module": "#).contains("EOF"));
    assert!(error_of(r#"{"id": 5}"#).contains("missing field `kind`"));
    assert!(error_of(r#"{"id": 5, "kind": 7}"#).contains("expected a string"));
}

#[test]
fn what_is_missing_in_a_message_is_named() {
    let error = error_of(r#"{"id": 5, "kind": "evaluate", "module": "lse", "function": "primal"}"#);
    assert_eq!(error, "input: expected a value, found none");
}

#[test]
fn unknown_names_are_told() {
    assert_eq!(evaluation_error("lsd", "primal", json!({})), r#"no module is called "lsd""#);
    assert_eq!(evaluation_error("lse", "dual", json!({})), r#"no function is called "dual""#);
    assert_eq!(error_of(r#"{"id": 5, "kind": "define", "module": "lsd"}"#), r#"no module is called "lsd""#);
}

#[test]
fn messages_of_other_kinds_are_acknowledged() {
    assert_eq!(answers(&[r#"{"id": 0, "kind": "analysis", "of": 3, "valid": true}"#]), [json!({"id": 0})]);
    assert_eq!(answers(&["", r#"{"id": 1, "kind": "greeting"}"#, ""]), [json!({"id": 1})]);
    assert_eq!(answers(&[r#"{"id": 2, "kind": "start", "eval": "lse"}"#]), [json!({"id": 2, "tool": "chainrule"})]);
}

#[test]
fn inputs_of_another_form_are_refused() {
    let cases = [
        ("lse", "gradient", json!({"x": []}), "x: expected at least one number, found none"),
        ("lse", "gradient", json!({"y": [1.0]}), "missing field `x`"),
        ("lse", "gradient", json!({"x": [1.0, null]}), "invalid type: null, expected f64"),
        ("llsq", "primal", json!({"x": [1.0], "n": 1}), "n: expected at least 2 points, found 1"),
        ("llsq", "primal", json!({"x": [1.0], "n": -1}), "invalid value: integer `-1`"),
        ("det", "gradient", json!({"A": [1.0, 2.0, 3.0], "ell": 2}), "A: expected 4 numbers, found 3"),
        ("ode", "gradient", json!({"x": [1.0], "s": 0}), "s: expected at least one step, found 0"),
        (
            "kmeans",
            "dir",
            json!({"points": [[1.0], [2.0, 3.0]], "centroids": [[1.0]]}),
            "points: expected 1 numbers, found 2",
        ),
        ("lse", "primal", json!({"x": [1.0], "min_runs": "many"}), "expected u64"),
    ];
    for (module, function, input, expected) in cases {
        let error = evaluation_error(module, function, input);
        assert!(error.contains(expected), "{module} {function}: {error}");
    }
}

#[test]
fn what_json_cannot_say_is_a_failure() {
    let empty_cluster = json!({"points": [[1.0], [2.0]], "centroids": [[1.0], [50.0]]});
    assert_eq!(evaluation_error("kmeans", "dir", empty_cluster), "the result is infinite or not a number");
    let overflow = json!({"A": [1e200, 1.0, 1.0, 1e200], "ell": 2});
    assert_eq!(evaluation_error("det", "primal", overflow), "the result is infinite or not a number");
}

#[test]
fn a_line_may_be_long() {
    let numbers = vec![0.5; 300_000];
    let message =
        json!({"id": 0, "kind": "evaluate", "module": "lse", "function": "gradient", "input": {"x": numbers}});
    let gradient = answers(&[&message.to_string()])[0]["output"].as_array().unwrap().clone();
    assert_eq!(gradient.len(), 300_000);
    assert!(gradient.iter().all(|share| (share.as_f64().unwrap() - 1.0 / 300_000.0).abs() < 1e-10));
}

#[test]
fn a_function_is_run_as_often_as_asked() {
    let input = json!({"x": [1.0, 2.0], "min_runs": 3, "min_seconds": 0.0});
    let message = json!({"id": 0, "kind": "evaluate", "module": "lse", "function": "gradient", "input": input});
    let answer = &answers(&[&message.to_string()])[0];
    let names: Vec<&str> =
        answer["timings"].as_array().unwrap().iter().map(|timing| timing["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["prepare", "evaluate", "evaluate", "evaluate"]);
}
