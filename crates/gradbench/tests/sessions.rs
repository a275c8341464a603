//! Recorded sessions, replayed: the messages of the runner go in, and the outputs must be those that were recorded.

use gradbench::{Mode, Options, serve};
use serde_json::Value as Json;

/// The messages of a session, and what the recorded tool answered to each.
fn session(eval: &str) -> (Vec<Json>, Vec<Json>) {
    let path = format!("{}/tests/data/{eval}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter_map(|line| line.get(kind).cloned()).collect();
    (of("message"), of("response"))
}

/// What the tool answers.
fn answers(messages: &str, mode: Mode, threads: usize) -> Vec<Json> {
    let mut answers = Vec::new();
    serve(messages.as_bytes(), &mut answers, Options { mode, threads }).unwrap();
    String::from_utf8(answers).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Replays a session in each mode: outputs may differ by `tolerance`, relative to the larger number or to `least`.
fn replay(eval: &str, tolerance: f64, least: f64) {
    let (messages, recorded) = session(eval);
    let text: String = messages.iter().map(|message| format!("{message}\n")).collect();
    for (mode, threads) in [(Mode::Program, 1), (Mode::Program, 2), (Mode::Eager, 1)] {
        let answers = answers(&text, mode, threads);
        assert_eq!(answers.len(), messages.len());
        for ((message, answer), recorded) in messages.iter().zip(&answers).zip(&recorded) {
            let place = format!("{mode:?}, message {message}");
            assert_eq!(answer["id"], message["id"], "{place}");
            assert_eq!(answer.get("success"), recorded.get("success"), "{place}: {answer}");
            if message["kind"] == "evaluate" {
                assert_agrees(&recorded["output"], &answer["output"], tolerance, least, &place);
                assert_eq!(answer["timings"][0]["name"], "prepare", "{place}");
                assert_eq!(answer["timings"][1]["name"], "evaluate", "{place}");
            }
        }
    }
}

fn assert_agrees(expected: &Json, found: &Json, tolerance: f64, least: f64, place: &str) {
    match (expected, found) {
        (Json::Number(expected), Json::Number(found)) => {
            assert_eq!(expected.is_u64(), found.is_u64(), "{place}: {found}");
            let (expected, found) = (expected.as_f64().unwrap(), found.as_f64().unwrap());
            let difference = (expected - found).abs() / expected.abs().max(found.abs()).max(least);
            assert!(difference <= tolerance, "{place}: {found} is not {expected}");
        }
        (Json::Array(expected), Json::Array(found)) => {
            assert_eq!(expected.len(), found.len(), "{place}");
            expected.iter().zip(found).for_each(|(e, f)| assert_agrees(e, f, tolerance, least, place));
        }
        (Json::Object(expected), Json::Object(found)) => {
            assert!(expected.keys().eq(found.keys()), "{place}");
            expected.values().zip(found.values()).for_each(|(e, f)| assert_agrees(e, f, tolerance, least, place));
        }
        _ => panic!("{place}: {found} is not {expected}"),
    }
}

/// What is computed in another order differs in the last digits.
fn replay_to_the_last_digits(eval: &str) {
    replay(eval, 1e-10, 1e-8);
}

#[test]
fn hello() {
    replay_to_the_last_digits("hello");
}

#[test]
fn llsq() {
    replay_to_the_last_digits("llsq");
}

#[test]
fn lse() {
    replay_to_the_last_digits("lse");
}

#[test]
fn det() {
    replay_to_the_last_digits("det");
}

#[test]
fn kmeans() {
    replay_to_the_last_digits("kmeans");
}

#[test]
fn gmm() {
    replay_to_the_last_digits("gmm");
}

#[test]
fn ba() {
    replay_to_the_last_digits("ba");
}

#[test]
fn ht() {
    replay_to_the_last_digits("ht");
}

#[test]
fn lstm() {
    replay_to_the_last_digits("lstm");
}

#[test]
fn ode() {
    replay_to_the_last_digits("ode");
}

/// They were recorded with differences in place of derivatives.
#[test]
fn saddle() {
    replay("saddle", 1e-8, 1.0);
}

#[test]
fn particle() {
    replay("particle", 1e-8, 1.0);
}
