//! A GPT that learns names.

use crate::support::Place;
use serde_json::Value as Json;

const NAMES: &str = include_str!("../../../chainrule/tests/data/names.txt");
const REFERENCE: &str = include_str!("../../../chainrule/tests/data/microgpt.json");

/// What `train names` says that must refuse this file.
#[track_caller]
fn refused(bytes: &[u8], options: &[&str]) -> String {
    let place = Place::new();
    std::fs::write(place.path("names.txt"), bytes).expect("a file can be written");
    let run = place.run(&[&["train", "names", "--data", "names.txt"], options].concat());
    assert_eq!((run.code, run.out.as_str(), place.list(".").len()), (Some(2), "", 1), "{run:?}");
    let line = run.err.strip_suffix('\n').and_then(|line| line.strip_prefix("error: "));
    line.filter(|line| !line.contains('\n')).unwrap_or_else(|| panic!("{run:?}")).to_string()
}

#[test]
fn a_program_learns_names_as_the_reference_does() {
    learns_as_the_reference(&[]);
}

#[test]
fn values_learn_names_as_the_reference_does() {
    learns_as_the_reference(&["--eager"]);
}

#[track_caller]
fn learns_as_the_reference(options: &[&str]) {
    let place = Place::with("names.txt", NAMES);
    let report = place.ok(&[&["train", "names", "--data", "names.txt"], options].concat());
    let reference: Json = serde_json::from_str(REFERENCE).expect("a valid file");
    let samples: Vec<&str> =
        reference["samples"].as_array().expect("samples").iter().filter_map(Json::as_str).collect();
    assert!(report.contains(&format!("temperature 0.5:\n  {}\n\n", samples.join("\n  "))), "{report}");
    assert!(
        report
            .starts_with("names.txt: 32033 names of 26 different characters\nGPT, 4192 parameters, 1000 steps of adam")
    );
    assert_eq!(place.list("chainrule-out"), ["loss.svg", "metrics.csv", "model.json"]);
    let losses = reference["loss"].as_array().expect("losses").iter().filter_map(Json::as_f64);
    let metrics = place.read("chainrule-out/metrics.csv");
    for (row, loss) in metrics.lines().skip(1).zip(losses) {
        let found: f64 = row.rsplit(',').next().and_then(|cell| cell.parse().ok()).expect("a loss");
        assert!((found - loss).abs() < 5e-5, "{row}");
    }
}

#[test]
fn every_step_is_a_line_of_json() {
    let place = Place::with("names.txt", "Zoë\n\n  Ana María  \n");
    let out = place.ok(&["train", "names", "--data", "names.txt", "--steps", "3", "--json", "--lr", "0.1"]);
    let lines: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.iter().map(|line| line["step"].as_u64()).collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
    assert_eq!(lines[0]["learning_rate"], 0.1);
    let model: Json = serde_json::from_str(&place.read("chainrule-out/model.json")).expect("JSON");
    assert_eq!(
        model["characters"],
        " AMZanoraëí".chars().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<String>()
    );
    assert_eq!(model["matrices"][0]["name"], "wte");
    assert_eq!(model["matrices"][0]["rows"].as_array().map(Vec::len), Some(11));
}

#[test]
fn seeds_tell_runs_apart() {
    let place = Place::with("names.txt", "emma\nolivia\nava\n");
    let metrics = |seed: &str| {
        place.ok(&["train", "names", "--data", "names.txt", "--steps", "2", "--seed", seed]);
        place.read("chainrule-out/metrics.csv")
    };
    let (one, again, other) = (metrics("1"), metrics("1"), metrics("2"));
    assert!(one == again && one != other);
}

#[test]
fn a_longer_name_counts_by_its_beginning() {
    let place = Place::with("names.txt", "abcdefghijklmnopqrstuvwxyz\nab\n");
    let report = place.ok(&["train", "names", "--data", "names.txt", "--steps", "2"]);
    assert!(report.contains("of 1 longer name, only the first 16 characters count\n"), "{report}");
    let untrained = place.ok(&["train", "names", "--data", "names.txt", "--steps", "0"]);
    assert!(untrained.contains("0 steps of adam"), "{untrained}");
}

#[test]
fn files_that_are_no_names_are_refused() {
    let place = Place::new();
    let run = place.run(&["train", "names", "--data", "none.txt"]);
    assert_eq!((run.code, run.err.as_str()), (Some(2), "error: none.txt: No such file or directory (os error 2)\n"));
    let run = place.run(&["train", "names"]);
    assert_eq!(run.err, "error: names: expected --data FILE, a file with a name a line\n");
    assert_eq!(refused(b"\n  \n", &[]), "names.txt: expected a name a line, found none");
    assert_eq!(refused(b"emma\n\xff\xfe\n", &[]), "names.txt, line 2: expected text in UTF-8, found other bytes");
    let message = refused(b"em\x1b[2Jma\n", &[]);
    assert!(message.starts_with("names.txt: expected names of characters that can be seen, found"), "{message}");
    assert!(!message.contains('\x1b'));
    let many: String = ('\u{4e00}'..).take(257).collect();
    assert_eq!(refused(many.as_bytes(), &[]), "names.txt: expected at most 256 different characters, found 257");
}

#[test]
fn options_for_rows_are_refused() {
    for options in [["--hidden", "8"], ["--target", "x"], ["--test-fraction", "0.2"], ["--batch", "3"]] {
        let message = refused(b"emma\n", &options);
        assert!(message.starts_with(&format!("{} is for networks that learn from rows", options[0])), "{message}");
    }
    let run = Place::new().run(&["train", "moons", "--data", "names.txt"]);
    assert_eq!(run.err, "error: --data is the file of names, and the data set is moons\n");
}

#[test]
fn predict_takes_no_model_of_names() {
    let place = Place::with("names.txt", "emma\n");
    place.ok(&["train", "names", "--data", "names.txt", "--steps", "1"]);
    place.write("new.csv", "x\n1\n");
    let run = place.run(&["predict", "chainrule-out", "new.csv"]);
    assert!(run.code == Some(2) && run.err.contains("found \"chainrule names\""), "{run:?}");
}
