//! Training that ends before its time: numbers that are no numbers any more, and Ctrl-C.

use crate::support::{Place, rings};

#[test]
fn a_loss_that_explodes_keeps_the_last_good_model() {
    let place = Place::new();
    let run = place.run(&["train", "moons", "--lr", "1e6"]);
    assert_eq!(run.code, Some(1));
    let expected = "error: step 7: the loss became infinite; it began with layers.1.neurons.0.weights.0, whose gradient \
                    is inf; the last good model is in chainrule-out/model.json; what usually helps: a smaller --lr (it \
                    was 1000000.0), --schedule warmup_cosine, --optimizer adam\n";
    assert_eq!(run.err, expected);
    assert!(run.out.contains("7 steps of sgd"), "{}", run.out);
    // The metrics are finite, and so is the model: it can be used.
    assert_eq!(place.read("chainrule-out/metrics.csv").lines().count(), 1 + 7);
    place.write("points.csv", "x1,x2\n0.5,0.5\n");
    let out = place.ok(&["predict", "chainrule-out", "points.csv"]);
    assert!(!out.contains("NaN") && !out.contains("inf"), "{out}");
}

#[test]
fn the_last_good_model_is_the_one_before_the_step_that_broke_it() {
    let model = |args: &[&str]| {
        let place = Place::new();
        place.run(&[&["train", "moons", "--schedule", "constant", "--lr", "1e6"], args].concat());
        place.read("chainrule-out/model.json")
    };
    // The loss after 6 steps is finite, and after 7 it is not.
    assert_eq!(model(&[]), model(&["--steps", "6"]));
    assert_eq!(model(&[]), model(&["--steps", "7"]));
    assert_ne!(model(&[]), model(&["--steps", "5"]));
}

#[test]
fn a_loss_that_is_infinite_from_the_start_leaves_nothing() {
    let place = Place::new();
    let run = place.run(&["train", "moons", "--l2", "1e308"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.err.starts_with("error: step 0: ")
            && run.err.contains("nothing was written; what usually helps: a smaller"),
        "{}",
        run.err
    );
    assert!(place.list(".").is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_what_has_been_learned_so_far() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let place = Place::with("rings.csv", &rings());
    let args = ["train", "rings.csv", "--target", "kind", "--steps", "100000000", "--json"];
    let mut child =
        place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // Once there is a step, Ctrl-C is watched for.
    let first = lines.next().expect("a line").expect("UTF-8");
    assert!(first.starts_with("{\"step\":0,"), "{first}");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    // If the signal was quick, the first step was the last.
    let last = lines.last().map_or(first, |line| line.expect("UTF-8"));
    let run = child.wait_with_output().expect("the command ends");
    assert_eq!(run.status.code(), Some(130));

    let last: serde_json::Value = serde_json::from_str(&last).expect("a line of JSON");
    let steps = last["step"].as_u64().expect("a step") + 1;
    assert_eq!(
        String::from_utf8_lossy(&run.stderr),
        format!("interrupted after {steps} of 100000000 steps; what was learned until then is written\n")
    );
    assert_eq!(place.read("chainrule-out/metrics.csv").lines().count() as u64, 1 + steps);
    place.ok(&["predict", "chainrule-out", "rings.csv"]);
}
