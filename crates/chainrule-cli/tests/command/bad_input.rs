//! What cannot be used: one clear line, exit code 2, and nothing written.

use crate::support::{Place, rings, slope, stripes};

/// Runs what must be refused in one line, and gives that line without its `error: `.
#[track_caller]
fn refused(place: &Place, args: &[&str]) -> String {
    let before = place.list(".");
    let run = place.run(args);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{run:?}");
    assert_eq!(place.list("."), before, "nothing is written");
    let line = run.err.strip_suffix('\n').unwrap_or_else(|| panic!("{run:?}"));
    assert!(!line.contains('\n'), "one line: {line}");
    line.strip_prefix("error: ").unwrap_or_else(|| panic!("{line}")).to_string()
}

/// What `train` says to this file, whose target is `kind`.
#[track_caller]
fn to_file(text: &str) -> String {
    refused(&Place::with("data.csv", text), &["train", "data.csv", "--target", "kind"])
}

/// What `train moons` says to these options.
#[track_caller]
fn to_options(options: &[&str]) -> String {
    refused(&Place::new(), &[&["train", "moons"], options].concat())
}

#[test]
fn data_sets_that_are_not_there() {
    let place = Place::new();
    assert_eq!(
        refused(&place, &["train", "moon"]),
        "unknown data set \"moon\"; did you mean \"moons\"? (known: moons, circles, blobs, spirals, xor), or names, or a \
         file whose name ends in .csv"
    );
    assert_eq!(
        refused(&place, &["train", "no.csv", "--target", "x"]),
        "no.csv: No such file or directory (os error 2)"
    );
    assert_eq!(refused(&place, &["train"]), "the following required arguments were not provided: <DATASET>");
}

#[test]
fn columns_that_are_not_there() {
    let place = Place::with("rings.csv", &rings());
    assert_eq!(
        refused(&place, &["train", "rings.csv"]),
        "rings.csv: expected --target COLUMN, the column to predict (columns: x, y, kind)"
    );
    assert_eq!(
        refused(&place, &["train", "rings.csv", "--target", "knid"]),
        "rings.csv: unknown column \"knid\"; did you mean \"kind\"? (known: x, y, kind)"
    );
    assert_eq!(to_file("kind\na\nb\n"), "data.csv: expected a feature column beside the target \"kind\", found none");
}

#[test]
fn cells_that_are_no_numbers() {
    assert_eq!(
        to_file("x,kind\n1,a\ntwo,b\n"),
        "data.csv, line 3, column \"x\": expected a finite number, found \"two\""
    );
    assert_eq!(
        to_file("x,kind\nNaN,a\n2,b\n"),
        "data.csv, line 2, column \"x\": expected a finite number, found \"NaN\""
    );
    assert_eq!(
        to_file("x,kind\n1,a\n-inf,b\n"),
        "data.csv, line 3, column \"x\": expected a finite number, found \"-inf\""
    );
    assert_eq!(
        to_file("x,kind\n1,a\n,b\n"),
        "data.csv, line 3, column \"x\": expected a finite number, found an empty cell"
    );
    assert_eq!(
        to_file("x,kind\n1,0.5\n2,inf\n"),
        "data.csv, line 3, column \"kind\": expected a finite number, found \"inf\""
    );
    assert_eq!(
        to_file("x,kind\n1,a\n2,\n"),
        "data.csv, line 3, column \"kind\": expected the name of a class, found an empty cell"
    );
}

#[test]
fn files_that_hold_too_little_or_too_much() {
    assert_eq!(to_file(""), "data.csv: expected a header of column names, found nothing");
    assert_eq!(to_file("x,kind\n"), "data.csv: expected rows below the header, found none");
    assert_eq!(to_file("x,kind\n1,a\n2,b,3\n"), "data.csv, line 3: expected 2 cells, one for each column, found 3");
    assert_eq!(
        to_file("x,kind\n1,a\n2,a\n"),
        "data.csv, column \"kind\": expected at least two classes, found only \"a\""
    );
    assert_eq!(
        to_file("x,kind\n1,2.5\n2,2.5\n"),
        "data.csv, column \"kind\": expected a target that varies, found only 2.5"
    );
}

#[test]
fn names_that_nothing_has() {
    assert_eq!(
        to_options(&["--activation", "rleu"]),
        "unknown activation \"rleu\"; did you mean \"relu\"? (known: linear, relu, leaky_relu, elu, gelu, silu, softplus, \
         sigmoid, tanh)"
    );
    assert_eq!(
        to_options(&["--loss", "hinge"]),
        "unknown loss \"hinge\" (known: max_margin, binary_cross_entropy, cross_entropy, squared_error)"
    );
    assert_eq!(
        to_options(&["--optimizer", "Adam"]),
        "unknown optimizer \"Adam\"; did you mean \"adam\"? (known: sgd, momentum, nesterov, adam, adamw, rmsprop)"
    );
    assert_eq!(
        to_options(&["--schedule", "cosin\n"]),
        "unknown schedule \"cosin\\n\"; did you mean \"cosine\"? (known: constant, linear, cosine, warmup, warmup_linear, \
         warmup_cosine)"
    );
    assert_eq!(
        to_options(&["--hiden", "3"]),
        "unexpected argument '--hiden' found; a similar argument exists: '--hidden'"
    );
    assert_eq!(
        refused(&Place::new(), &["trian", "moons"]),
        "unrecognized subcommand 'trian'; a similar subcommand exists: 'train'"
    );
    assert_eq!(
        refused(&Place::new(), &["completions", "bsh"]),
        "unknown shell \"bsh\"; did you mean \"bash\"? (known: bash, elvish, fish, powershell, zsh)"
    );
}

#[test]
fn numbers_out_of_range() {
    let rate = |found: &str| format!("--lr: expected a number above 0, found \"{found}\"");
    for wrong in ["0", "-1", "nan", "inf", "fast"] {
        assert_eq!(to_options(&["--lr", wrong]), rate(wrong));
    }
    assert_eq!(to_options(&["--lr"]), "--lr: expected a value, found none");
    for wrong in ["0", "16,0", "16,", "16,x", "-3", ""] {
        let message = to_options(&[&format!("--hidden={wrong}")]);
        assert!(message.starts_with("--hidden: expected "), "{message}");
    }
    assert_eq!(
        to_options(&["--hidden", "16,0"]),
        "--hidden: expected whole numbers of at least 1 with commas between them, as in 16,16, or none, found \"16,0\""
    );
    assert_eq!(
        to_options(&["--hidden", "99999,99999"]),
        "--hidden: expected a network of at most 1000000 parameters, found 10000299997"
    );
    assert_eq!(
        to_options(&["--test-fraction", "1"]),
        "--test-fraction: expected a number of at least 0 and at most 0.9, found \"1\""
    );
    assert_eq!(to_options(&["--steps", "-1"]), "--steps: expected a whole number of at least 0, found \"-1\"");
    assert_eq!(to_options(&["--l2", "-1"]), "--l2: expected a number of at least 0, found \"-1\"");
    assert_eq!(to_options(&["--noise", "-1"]), "--noise: expected a number of at least 0, found \"-1\"");
    assert_eq!(to_options(&["--points", "0"]), "--points: expected a whole number from 1 to 100000, found \"0\"");
}

#[test]
fn losses_that_do_not_fit_the_target() {
    assert_eq!(
        refused(&Place::new(), &["train", "blobs", "--loss", "max_margin"]),
        "--loss: max_margin learns two classes, and the target \"class\" has 3 classes; cross_entropy fits"
    );
    assert_eq!(
        to_options(&["--loss", "squared_error"]),
        "--loss: squared_error learns numbers, and the target \"class\" has 2 classes; max_margin, binary_cross_entropy or \
         cross_entropy fits"
    );
    assert_eq!(
        refused(
            &Place::with("slope.csv", &slope()),
            &["train", "slope.csv", "--target", "height", "--loss", "cross_entropy"]
        ),
        "--loss: cross_entropy learns classes, and the target \"height\" has numbers; squared_error fits"
    );
    assert_eq!(
        refused(
            &Place::with("rings.csv", &rings()),
            &["train", "rings.csv", "--target", "kind", "--loss", "squared_error"]
        ),
        "--loss squared_error learns numbers: rings.csv, line 2, column \"kind\": expected a finite number, found \"far\""
    );
}

#[test]
fn options_that_are_for_other_data() {
    assert_eq!(
        to_options(&["--target", "x1"]),
        "--target names a column of a CSV file, and moons is a synthetic data set"
    );
    let place = Place::with("rings.csv", &rings());
    assert_eq!(
        refused(&place, &["train", "rings.csv", "--target", "kind", "--points", "9"]),
        "--points shapes a synthetic data set, and rings.csv is a file"
    );
}

#[test]
fn places_that_cannot_be_written() {
    let place = Place::with("taken", "a file");
    assert_eq!(
        refused(&place, &["train", "moons", "--out", "taken/out"]),
        "--out taken/out: cannot write in taken: Not a directory (os error 20)"
    );
    std::fs::create_dir_all(place.path("out/model.json")).expect("a directory");
    assert_eq!(
        refused(&place, &["train", "moons", "--out", "out"]),
        "--out out: expected to write a file out/model.json, found a directory of that name"
    );
    assert_eq!(place.list("out"), ["model.json"]);
}

/// What `predict` says to a model that was changed from a good one.
#[track_caller]
fn to_model(change: impl Fn(&str) -> String) -> String {
    let place = Place::with("rings.csv", &rings());
    place.ok(&["train", "rings.csv", "--target", "kind", "--steps", "1", "--hidden", "2"]);
    let changed = change(&place.read("chainrule-out/model.json"));
    place.write("model.json", &changed);
    refused(&place, &["predict", "model.json", "rings.csv"])
}

#[test]
fn models_that_are_broken() {
    let replaced = |from: &'static str, to: &'static str| {
        to_model(move |model| {
            assert!(model.contains(from), "{model}");
            model.replacen(from, to, 1)
        })
    };
    assert_eq!(
        to_model(|_| "".into()),
        "model.json: not a chainrule model: EOF while parsing a value at line 1 column 0"
    );
    assert_eq!(to_model(|_| "x,y\n".into()), "model.json: not a chainrule model: expected value at line 1 column 1");
    assert_eq!(
        to_model(|_| "{\"layers\": []}".into()),
        "model.json: not a chainrule model: missing field `format` at line 1 column 14"
    );
    assert_eq!(
        replaced("chainrule model", "other model"),
        "model.json: not a chainrule model: expected the format \"chainrule model\", found \"other model\""
    );
    assert_eq!(
        replaced("\"version\": 1", "\"version\": 2, \"more\": 3"),
        "model.json: a newer chainrule wrote this model: version 2, and this one reads up to 1"
    );
    assert_eq!(
        replaced("[\"x\", \"y\"]", "[\"x\"]"),
        "model.json: broken model: expected 1 means, one for each feature, found 2"
    );
    assert_eq!(
        replaced("[\"far\", \"near\"]", "[\"far\", \"near\", \"on\"]"),
        "model.json: broken model: binary_cross_entropy learns two classes, and the target \"kind\" has 3 classes; \
         cross_entropy fits"
    );
    assert_eq!(
        replaced("binary_cross_entropy", "cross_entropy"),
        "model.json: broken model: expected 2 outputs of the network, found 1"
    );
    let truncated = to_model(|model| model[..model.len() / 2].into());
    assert!(truncated.starts_with("model.json: not a chainrule model: EOF while parsing"), "{truncated}");
    let ragged = replaced("\"biases\": [", "\"biases\": [1.0, ");
    assert!(ragged.contains("layer 0: expected a bias a neuron, found 3 biases and 2 neurons"), "{ragged}");
}

#[test]
fn rows_that_the_model_does_not_understand() {
    let place = Place::with("rings.csv", &rings());
    place.ok(&["train", "rings.csv", "--target", "kind", "--steps", "1"]);
    let predict = |text: &str| {
        place.write("new.csv", text);
        refused(&place, &["predict", "chainrule-out", "new.csv", "--out", "predicted.csv"])
    };
    assert_eq!(
        predict("x,Y\n1,2\n"),
        "new.csv: missing columns that the model was trained on: y; is it \"Y\"? (found: x, Y)"
    );
    assert_eq!(predict("a,b\n1,2\n"), "new.csv: missing columns that the model was trained on: x, y (found: a, b)");
    assert_eq!(predict("x,y\n1,far\n"), "new.csv, line 2, column \"y\": expected a finite number, found \"far\"");
    assert_eq!(
        predict("x,id,y,when\n1,2,3,4\n"),
        "new.csv: more columns than the model expects: id, when (it was trained on x, y to predict \"kind\"; --ignore \
         COLUMNS passes others on)"
    );
    assert_eq!(predict(""), "new.csv: expected a header of column names, found nothing");
    assert_eq!(refused(&place, &["predict", "nowhere", "new.csv"]), "nowhere: No such file or directory (os error 2)");
    let stripes = Place::with("stripes.csv", &stripes());
    assert_eq!(
        refused(&stripes, &["predict", ".", "stripes.csv"]),
        "./model.json: No such file or directory (os error 2)"
    );
}
