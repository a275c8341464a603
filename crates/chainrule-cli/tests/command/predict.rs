//! Saved models on new rows.

use crate::support::{Place, last_number, rings, slope, stripes};

/// The cells of a column.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let index = reader.headers().expect("a header").iter().position(|column| column == name);
    let index = index.unwrap_or_else(|| panic!("no column {name}: {csv}"));
    reader.records().map(|record| record.expect("a row")[index].to_string()).collect()
}

#[test]
fn predictions_are_those_of_the_training() {
    let place = Place::with("rings.csv", &rings());
    let report = place.ok(&["train", "rings.csv", "--target", "kind", "--test-fraction", "0", "--steps", "60"]);
    let run = place.run(&["predict", "chainrule-out/model.json", "rings.csv"]);
    let (predicted, told) = (column(&run.out, "prediction"), column(&run.out, "kind"));
    let right = predicted.iter().zip(&told).filter(|(predicted, told)| predicted == told).count();
    assert_eq!(right as f64, last_number(&report, "train"));
    assert_eq!(run.err, format!("accuracy {right}.0%, compared with the column \"kind\" in 100 rows\n"));
    assert_eq!(run.code, Some(0));
}

#[test]
fn probabilities_of_the_classes_add_up_to_1_and_the_largest_wins() {
    let place = Place::with("stripes.csv", &stripes());
    place.ok(&["train", "stripes.csv", "--target", "the \"kind\"", "--steps", "100"]);
    let out = place.ok(&["predict", "chainrule-out", "stripes.csv"]);
    let names = ["links, außen", "right", "中"];
    let of = |name: &str| -> Vec<f64> {
        let cells = column(&out, &format!("probability_{name}"));
        cells.iter().map(|cell| cell.parse().expect("a number")).collect()
    };
    let probabilities = names.map(of);
    for (row, predicted) in column(&out, "prediction").iter().enumerate() {
        let here: Vec<f64> = probabilities.iter().map(|of_class| of_class[row]).collect();
        assert!((here.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let winner = names.iter().position(|name| name == predicted).expect("a class");
        assert!(here.iter().all(|other| *other <= here[winner]));
    }
}

#[test]
fn numbers_come_in_their_own_unit() {
    let place = Place::with("slope.csv", &slope());
    let report = place.ok(&["train", "slope.csv", "--target", "height", "--test-fraction", "0"]);
    let run = place.run(&["predict", "chainrule-out", "slope.csv"]);
    let r_squared = format!("R² {:.4}", last_number(&report, "train"));
    assert!(run.err.contains(&r_squared) && run.err.contains("RMSE"), "{} {}", run.err, r_squared);
    let numbers: Vec<f64> = column(&run.out, "prediction").iter().map(|cell| cell.parse().expect("a number")).collect();
    assert!(numbers.iter().all(|number| (400.0..600.0).contains(number)));
}

#[test]
fn columns_come_in_any_order_and_ignored_ones_are_passed_on() {
    let place = Place::with("rings.csv", &rings());
    place.ok(&["train", "rings.csv", "--target", "kind", "--steps", "60"]);
    place.write("one.csv", "x,y\n0.5,-0.25\n");
    place.write("other.csv", "y,id,x\n-0.25,\"a, b\",0.5\n");
    let one = place.run(&["predict", "chainrule-out", "one.csv"]);
    let other = place.run(&["predict", "chainrule-out", "other.csv", "--ignore", "id"]);
    assert_eq!(column(&one.out, "probability_far"), column(&other.out, "probability_far"));
    assert_eq!(column(&other.out, "id"), ["a, b"]);
    assert_eq!((one.err.as_str(), other.err.as_str()), ("", ""));
}

#[test]
fn what_was_left_out_in_training_may_come_again() {
    let named: String = rings().lines().enumerate().map(|(i, line)| format!("{line},row {i}\n")).collect();
    let place = Place::with("rings.csv", &named.replacen("row 0", "name", 1));
    place.ok(&["train", "rings.csv", "--target", "kind", "--ignore", "name", "--steps", "9"]);
    let out = place.ok(&["predict", "chainrule-out", "rings.csv"]);
    assert_eq!(column(&out, "name")[0], "row 1");
}

#[test]
fn a_file_of_predictions_can_be_predicted_again() {
    let place = Place::with("rings.csv", &rings());
    place.ok(&["train", "rings.csv", "--target", "kind", "--steps", "9", "--loss", "max_margin"]);
    assert_eq!(place.ok(&["predict", "chainrule-out", "rings.csv", "--out", "once.csv"]), "");
    place.ok(&["predict", "chainrule-out", "once.csv", "--out", "twice.csv", "--quiet"]);
    assert_eq!(place.read("once.csv"), place.read("twice.csv"));
    assert!(place.read("once.csv").starts_with("x,y,kind,prediction,score\n"));
}

#[test]
fn names_may_look_like_the_format_of_the_model() {
    let rows: String = (0..20).map(|i| format!("{i},{}\n", ["[", "\"], {\""][i / 10])).collect();
    let place = Place::with("odd.csv", &format!("\"a\"\" [\",\"{{\"\n{rows}"));
    place.ok(&["train", "odd.csv", "--target", "{", "--steps", "50"]);
    let out = place.ok(&["predict", "chainrule-out", "odd.csv"]);
    assert_eq!(column(&out, "prediction"), column(&out, "{"));
}

#[test]
fn rows_without_a_target_are_not_scored_and_unknown_classes_are_wrong() {
    let place = Place::with("rings.csv", &rings());
    place.ok(&["train", "rings.csv", "--target", "kind"]);
    place.write("some.csv", "x,y,kind\n0,0,near\n0,0,\n0,0,elsewhere\n");
    let run = place.run(&["predict", "chainrule-out", "some.csv"]);
    assert_eq!(run.err, "accuracy 50.0%, compared with the column \"kind\" in 2 rows\n");
}

#[cfg(unix)]
#[test]
fn a_reader_who_leaves_early_breaks_nothing() {
    use std::process::{Command, Stdio};
    let many: String = (0..20_000).map(|i| format!("{i},{i}\n")).collect();
    let place = Place::with("many.csv", &format!("x1,x2\n{many}"));
    place.ok(&["train", "moons", "--steps", "1"]);
    let mut child = place
        .command(&["predict", "chainrule-out", "many.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let head = Command::new("head").arg("-1").stdin(child.stdout.take().expect("a pipe")).output().expect("head");
    assert_eq!(head.stdout, b"x1,x2,prediction,score\n");
    let run = child.wait_with_output().expect("it ends");
    assert_eq!((run.status.code(), run.stderr.as_slice()), (Some(0), &b""[..]));
}
