//! Training that goes well.

use crate::support::{Place, last_number, rings, slope, stripes};
use serde_json::Value as Json;

const FILES: [&str; 5] = ["boundary.svg", "loss.svg", "metrics.csv", "model.json", "weights.svg"];

#[test]
fn moons_are_learned_and_leave_their_files() {
    let place = Place::new();
    let report = place.ok(&["train", "moons"]);
    assert_eq!(last_number(&report, "train"), 100.0);
    assert_eq!(last_number(&report, "test"), 100.0);
    assert!(report.contains("337 parameters, 100 steps of sgd"), "{report}");
    assert_eq!(place.list("chainrule-out"), FILES);
    for name in FILES {
        assert!(report.contains(&format!("chainrule-out/{name}")), "{report}");
    }
    for name in ["boundary.svg", "loss.svg", "weights.svg"] {
        let svg = place.read(&format!("chainrule-out/{name}"));
        assert_eq!(roxmltree::Document::parse(&svg).expect("SVG is XML").root_element().tag_name().name(), "svg");
    }
}

#[test]
fn pictures_are_png_too_if_asked_for() {
    let place = Place::new();
    let report = place.ok(&["train", "moons", "--steps", "5", "--png"]);
    for name in ["boundary.png", "loss.png", "weights.png"] {
        let bytes = std::fs::read(place.path(&format!("chainrule-out/{name}"))).expect("a picture");
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 5000, "{name}");
        assert!(report.contains(&format!("chainrule-out/{name}")), "{report}");
    }
    place.ok(&["train", "moons", "--steps", "5"]);
    assert_eq!(place.list("chainrule-out"), FILES, "PNG of an earlier run would show another model");
}

#[test]
fn moons_are_trained_as_in_the_demo_of_micrograd() {
    let place = Place::new();
    place.ok(&["train", "moons"]);
    let rows = metrics(&place, "chainrule-out");
    assert_eq!(rows.len(), 100);
    for (k, row) in rows.iter().enumerate() {
        assert!((row[1] - (1.0 - 0.9 * k as f64 / 100.0)).abs() < 1e-12, "rate of step {k}: {}", row[1]);
    }
    let model: Json = serde_json::from_str(&place.read("chainrule-out/model.json")).expect("JSON");
    assert_eq!(model["loss"], "max_margin");
    assert_eq!(model["standardizer"], serde_json::json!({"mean": [0.0, 0.0], "deviation": [1.0, 1.0]}));
}

#[test]
fn every_synthetic_set_is_learned_as_it_is() {
    for (name, least) in [("circles", 99.0), ("blobs", 99.0), ("xor", 99.0), ("spirals", 95.0)] {
        let place = Place::new();
        let report = place.ok(&["train", name]);
        assert!(last_number(&report, "train") >= least, "{report}");
        assert!(last_number(&report, "test") >= least - 1.0, "{report}");
    }
}

#[test]
fn json_lines_equal_the_metrics() {
    let place = Place::new();
    let run = place.run(&["train", "moons", "--steps", "20", "--json"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let lines: Vec<Vec<f64>> = run
        .out
        .lines()
        .map(|line| {
            let line: Json = serde_json::from_str(line).expect("a line of JSON");
            ["step", "learning_rate", "loss", "accuracy"].map(|key| line[key].as_f64().expect("a number")).to_vec()
        })
        .collect();
    assert_eq!(lines.len(), 20);
    assert_eq!(lines, metrics(&place, "chainrule-out"));
}

#[test]
fn quiet_says_nothing() {
    let run = Place::new().run(&["train", "moons", "--steps", "3", "--quiet"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
}

#[test]
fn equal_seeds_give_equal_files_and_others_do_not() {
    let files = |seed: &str| {
        let place = Place::with("rings.csv", &rings());
        place.ok(&["train", "rings.csv", "--target", "kind", "--steps", "30", "--batch", "7", "--seed", seed]);
        FILES.map(|name| place.read(&format!("chainrule-out/{name}")))
    };
    assert_eq!(files("1"), files("1"));
    assert_ne!(files("1")[3], files("2")[3]);
}

#[test]
fn two_classes_of_a_file_are_learned() {
    let place = Place::with("rings.csv", &rings());
    let report = place.ok(&["train", "rings.csv", "--target", "kind"]);
    assert_eq!(last_number(&report, "train"), 100.0);
    assert!(report.contains("binary_cross_entropy"), "{report}");
    assert_eq!(place.list("chainrule-out"), FILES);
}

#[test]
fn three_classes_with_names_of_any_letters_are_learned() {
    let place = Place::with("stripes.csv", &stripes());
    let report = place.ok(&["train", "stripes.csv", "--target", "the \"kind\"", "--out", "a/b"]);
    assert_eq!(last_number(&report, "train"), 100.0);
    let svg = place.read("a/b/boundary.svg");
    let picture = roxmltree::Document::parse(&svg).expect("SVG is XML");
    let texts: Vec<&str> = picture.descendants().filter_map(|node| node.text()).collect();
    for text in ["links, außen", "中", "right", "Größe, m"] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
}

#[test]
fn ignored_columns_may_hold_anything() {
    let rows: String = (0..40).map(|i| format!("row {i},{i},?,{}\n", i32::from(i >= 20))).collect();
    let place = Place::with("rows.csv", &format!("name,x,note,big\n{rows}"));
    place.ok(&["train", "rows.csv", "--target", "big", "--ignore", "name,note", "--steps", "20"]);
    assert!(place.read("chainrule-out/model.json").contains("\"features\": [\"x\"]"));
}

#[test]
fn numbers_of_a_file_are_learned_in_their_own_unit() {
    let place = Place::with("slope.csv", &slope());
    let report = place.ok(&["train", "slope.csv", "--target", "height"]);
    assert!(last_number(&report, "train") > 0.99, "R²: {report}");
    assert!(report.contains("RMSE"), "{report}");
    assert!(place.read("chainrule-out/metrics.csv").starts_with("step,learning_rate,loss\n"));
    assert!(place.read("chainrule-out/boundary.svg").contains("height"));
}

#[test]
fn a_score_that_is_not_defined_is_a_dash() {
    let place = Place::with("few.csv", "x,y\n1,1.5\n2,2\n3,4.5\n");
    let report = place.ok(&["train", "few.csv", "--target", "y", "--steps", "20"]);
    // One row is kept for testing, and one number has no variance.
    assert!(report.lines().any(|line| line.starts_with("test       1") && line.ends_with(" -")), "{report}");
}

#[test]
fn a_number_from_one_feature_is_drawn_as_a_line() {
    let rows: String = (0..40).map(|i| format!("{i},{}\n", f64::from(i * i) / 10.0)).collect();
    let place = Place::with("square.csv", &format!("t,s\n{rows}"));
    place.ok(&["train", "square.csv", "--target", "s", "--steps", "50"]);
    assert!(place.read("chainrule-out/boundary.svg").contains("prediction"));
}

#[test]
fn an_earlier_run_is_replaced_and_its_boundary_does_not_stay() {
    let wide: String = (0..20).map(|i| format!("{i},{},{},{}\n", i % 3, i % 5, ["a", "b"][i / 10])).collect();
    let place = Place::with("wide.csv", &format!("p,q,r,kind\n{wide}"));
    place.ok(&["train", "moons", "--steps", "3"]);
    place.write("chainrule-out/notes.txt", "mine");
    let report = place.ok(&["train", "wide.csv", "--target", "kind", "--steps", "3"]);
    assert_eq!(place.list("chainrule-out"), ["loss.svg", "metrics.csv", "model.json", "notes.txt", "weights.svg"]);
    assert!(!report.contains("boundary.svg"), "{report}");
}

#[test]
fn synthetic_test_points_are_drawn_in_addition() {
    let place = Place::new();
    for (points, fraction, test) in [("100", "0.2", 25.0), ("7", "0.3", 3.0), ("60", "0.5", 60.0)] {
        let report = place.ok(&["train", "moons", "--steps", "1", "--points", points, "--test-fraction", fraction]);
        let rows = |line: &str| {
            let line = report.lines().find(|found| found.starts_with(line)).expect("a line of rows");
            line.split_whitespace().nth(1).expect("rows").parse::<f64>().expect("a number")
        };
        assert_eq!((rows("train"), rows("test ")), (points.parse().expect("a number"), test));
    }
    let report = place.ok(&["train", "moons", "--steps", "1", "--test-fraction", "0"]);
    assert!(!report.contains("test"), "{report}");
}

#[test]
fn no_steps_write_the_untrained_network() {
    let place = Place::new();
    place.ok(&["train", "moons", "--steps", "0"]);
    assert_eq!(place.list("chainrule-out"), FILES);
    assert_eq!(place.read("chainrule-out/metrics.csv").lines().count(), 1);
}

#[test]
fn every_option_and_every_name_is_understood() {
    let place = Place::new();
    let train = |more: &[&str]| place.ok(&[&["train", "xor", "--steps", "5", "--points", "20"], more].concat());
    for name in ["linear", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh"] {
        assert!(train(&["--activation", name]).contains(name));
    }
    for name in ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"] {
        assert!(train(&["--optimizer", name]).contains(name));
    }
    for name in ["max_margin", "binary_cross_entropy", "cross_entropy"] {
        assert!(train(&["--loss", name]).contains(name));
    }
    for name in ["constant", "linear", "cosine", "warmup", "warmup_linear", "warmup_cosine"] {
        train(&["--schedule", name]);
    }
    assert!(train(&["--hidden", "4, 3,2", "--l2", "0.1", "--noise", "0", "--lr", "1e-3"]).contains("2-4-3-2-1"));
    assert!(train(&["--hidden", "none", "--batch", "3"]).contains("network 2-1 "));
}

#[cfg(unix)]
#[test]
fn a_reader_who_leaves_early_breaks_nothing() {
    use std::process::{Command, Stdio};
    let place = Place::new();
    let mut child = place.command(&["train", "moons", "--json"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let head = Command::new("head").arg("-1").stdin(child.stdout.take().expect("a pipe")).output().expect("head");
    assert!(head.stdout.starts_with(b"{\"step\":0,"));
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(place.list("chainrule-out"), FILES);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_told() {
    for args in [&["train", "moons", "--steps", "3"][..], &["train", "moons", "--steps", "3", "--json"]] {
        let place = Place::new();
        let full = std::fs::File::create("/dev/full").expect("a full device");
        let run = place.command(args).stdout(full).output().expect("the command starts");
        assert_eq!(run.status.code(), Some(1));
        assert_eq!(
            String::from_utf8_lossy(&run.stderr),
            "error: standard output: No space left on device (os error 28)\n"
        );
        assert_eq!(place.list("chainrule-out"), FILES);
    }
}

fn metrics(place: &Place, directory: &str) -> Vec<Vec<f64>> {
    let text = place.read(&format!("{directory}/metrics.csv"));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("step,learning_rate,loss,accuracy"));
    lines.map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect()).collect()
}
