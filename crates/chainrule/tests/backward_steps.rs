//! The page that walks through backward, in a headless browser: its numbers are the engine's, and keys, buttons and slider
//! work. Without Chromium the tests are skipped with a message, unless `CHAINRULE_REQUIRE_BROWSER` is set.
#![cfg(feature = "draw")]

use chainrule::{Error, Value, draw, tape};
use serde_json::Value as Json;
use std::process::{Command, Stdio};

/// What the script of a test may use; `report` is what it hands back.
const TOOLS: &str = r#"
<script>
const report = { errors };
const press = (key, target = document.body) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const step = () => Number(document.getElementById("slider").value);
const text = (id) => document.getElementById(id).textContent;
const numbers = (what) => Object.fromEntries([...document.querySelectorAll("[data-node]")].map((node) =>
  [node.dataset.node, node.querySelector(`[data-number=${what}]`)?.dataset.exact ?? null]));
function hand_back() {
  report.loaded = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:"));
  const output = document.createElement("pre");
  output.id = "report";
  output.textContent = JSON.stringify(report);
  document.body.append(output);
}
"#;

/// Collects what goes wrong from the start.
const WATCH: &str = r#"<script>
const errors = [];
addEventListener("error", (event) => errors.push(String(event.message)));
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
console.error = console.warn = (...words) => errors.push(words.join(" "));
</script>"#;

fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let works = |name: &&str| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let found = names.into_iter().find(works);
    let is_required = std::env::var_os("CHAINRULE_REQUIRE_BROWSER").is_some();
    assert!(found.is_some() || !is_required, "none of {names:?} is installed, and CHAINRULE_REQUIRE_BROWSER is set");
    if found.is_none() {
        eprintln!("skipped: none of {names:?} is installed");
    }
    found
}

/// Opens a page at a place, runs a script on it, and returns the script's report.
fn on_page(page: &str, place: &str, script: &str) -> Option<Json> {
    let browser = browser()?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("steps.html");
    let page = page.replacen("<head>", &format!("<head>{WATCH}"), 1).replacen(
        "</body>",
        &format!("{TOOLS}{{ {script} }}\nhand_back();</script></body>"),
        1,
    );
    std::fs::write(&path, page).expect("the page can be written");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}{place}", path.display()))
        .stderr(Stdio::null())
        .output()
        .expect("the browser runs");
    let dom = String::from_utf8_lossy(&output.stdout);
    let report = dom.split_once("<pre id=\"report\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (report, _) = report.expect("the script on the page runs to its end");
    let report = report.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let report: Json = serde_json::from_str(&report).expect("a report is JSON");
    assert_eq!(report["errors"], Json::Array(Vec::new()), "errors on the page");
    assert_eq!(report["loaded"], Json::Array(Vec::new()), "the page loads nothing");
    Some(report)
}

fn named<const N: usize>(inputs: [(&str, f64); N]) -> [Value; N] {
    inputs.map(|(name, data)| Value::new(data).named(name))
}

/// The neuron of the notes.
fn neuron() -> Value {
    let [x1, x2, w1, w2, b] =
        named([("x1", 2.0), ("x2", 0.0), ("w1", -3.0), ("w2", 1.0), ("b", 6.881_373_587_019_543)]);
    tape::group("neuron", || ((x1 * w1 + x2 * w2) + b).named("n").tanh().named("o"))
}

/// Whether the page ends with the gradients that the engine gives.
fn assert_ends_with_the_engines_gradients(value: Value) {
    let page = draw::backward_steps(&value).expect("a small graph");
    let script = r#"press("End"); report.data = numbers("data"); report.grad = numbers("grad");"#;
    let Some(report) = on_page(&page, "", script) else { return };
    value.backward();
    let graph = tape::Graph::of(&[value]);
    for (index, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.kind != tape::Kind::Constant) {
        let shown = |what: &str| -> f64 {
            report[what][index.to_string()].as_str().expect("every node shows it").parse().expect("a number")
        };
        let is_same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * b.abs();
        assert!(is_same(shown("data"), node.data), "data of node {index}: {}, not {}", shown("data"), node.data);
        assert!(is_same(shown("grad"), node.grad), "grad of node {index}: {}, not {}", shown("grad"), node.grad);
    }
}

#[test]
fn the_last_step_has_the_engines_gradients() {
    assert_ends_with_the_engines_gradients(neuron());
}

#[test]
fn a_value_that_is_used_twice_gathers_both_gradients() {
    let [a, b] = named([("a", -2.0), ("b", 3.0)]);
    assert_ends_with_the_engines_gradients((a * b) * (a + b) + a.powi(3) / 2.0 - (a + a).exp());
}

#[test]
fn infinite_and_missing_numbers_are_the_engines_too() {
    let [x, y] = named([("x", -1.0), ("y", 0.0)]);
    assert_ends_with_the_engines_gradients(x.relu().sqrt() + y.sqrt() * 0.0 + y.ln() + x.sqrt());
}

#[test]
fn keys_walk_through_the_steps() {
    let page = draw::backward_steps(&neuron()).unwrap();
    let script = r#"
        const max = Number(document.getElementById("slider").max);
        report.max = max;
        report.walk = ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowLeft"].map((key) => (press(key), step()));
        press("End");
        report.heading = text("heading");
        report.here = document.querySelectorAll("[data-edge].here").length;
    "#;
    let Some(report) = on_page(&page, "", script) else { return };
    let max = &report["max"];
    assert_eq!(report["walk"], serde_json::json!([1, 2, 1, max, max, 0, 0]));
    assert_eq!(max, 5 + 1 + 9, "five operations, the beginning of backward, nine edges");
    assert_eq!(report["heading"], "From the result of * back through * to w1.");
    assert_eq!(report["here"], 1, "backward walks one edge a step");
}

#[test]
fn slider_buttons_and_play_walk_through_the_steps() {
    let page = draw::backward_steps(&neuron()).unwrap();
    let script = r#"
        const slider = document.getElementById("slider");
        slider.value = 7;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        report.slider = text("count");
        report.buttons = ["next", "back", "first", "last"].map((id) => (document.getElementById(id).click(), step()));
        press(" ");
        report.playing = [text("play"), step()];
        press(" ");
        report.paused = text("play");
        report.address = location.hash;
    "#;
    let Some(report) = on_page(&page, "", script) else { return };
    assert_eq!(report["slider"], "step 7 of 15");
    assert_eq!(report["buttons"], serde_json::json!([8, 7, 0, 15]));
    assert!(report["playing"][0].as_str().unwrap().contains("Pause") && report["playing"][1] == 0);
    assert!(report["paused"].as_str().unwrap().contains("Play"));
    assert_eq!(report["address"], "#step=0");
}

#[test]
fn numbers_appear_as_they_become_known() {
    let [a, b] = named([("a", 2.0), ("b", -3.0)]);
    let page = draw::backward_steps(&(a * b).named("c")).unwrap();
    let script = r#"
        report.steps = [];
        for (let i = 0; i < 5; i++) { report.steps.push([numbers("data")["2"], numbers("grad")["2"], numbers("grad")["0"]]); press("ArrowRight"); }
    "#;
    let Some(report) = on_page(&page, "", script) else { return };
    let expected = serde_json::json!([
        [null, null, null], // the inputs are known
        ["-6", null, null], // c = a * b
        ["-6", "1", "0"],   // backward begins
        ["-6", "1", "-3"],  // dc/da = b
        ["-6", "1", "-3"],  // dc/db = a
    ]);
    assert_eq!(report["steps"], expected);
}

#[test]
fn a_step_tells_the_whole_calculation() {
    let [a] = named([("a", 3.0)]);
    let page = draw::backward_steps(&(a * a).named("b")).unwrap();
    let script = r#"report.lines = [...document.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent));"#;
    let Some(report) = on_page(&page, "#end", script) else { return };
    let expected = serde_json::json!([
        ["local derivative", "∂b/∂a = a", "3"],
        ["× gradient coming in", "grad of b", "1"],
        ["= product", "3 × 1", "3"],
        ["grad of a += product", "3 + 3", "6"],
    ]);
    assert_eq!(report["lines"], expected);
}

#[test]
fn the_address_tells_at_which_step_the_page_opens() {
    let page = draw::backward_steps(&neuron()).unwrap();
    for (place, expected) in [("", 0), ("#step=12", 12), ("#end", 15), ("#step=99", 15), ("#nonsense", 0)] {
        let Some(report) = on_page(&page, place, "report.step = step();") else { return };
        assert_eq!(report["step"], expected, "{place}");
    }
}

#[test]
fn names_cannot_break_the_page() {
    let [a] = named([("</script><script>throw 1</script>&{recording}", 3.0)]);
    let page = draw::graph(&[a.sin()]).title("<b>{script}</b>").to_steps().unwrap();
    let Some(report) = on_page(&page, "#end", r#"report.heading = text("heading"); report.title = document.title;"#)
    else {
        return;
    };
    assert!(report["heading"].as_str().unwrap().contains("</script>"));
    assert_eq!(report["title"], "<b>{script}</b>");
}

#[test]
fn a_phone_shows_everything_without_scrolling_sideways() {
    let page = draw::backward_steps(&neuron()).unwrap();
    // A frame is as wide as a phone, whatever the window is.
    let script = r#"
        document.body.style.width = "360px";
        report.overflow = ["controls", "step"].filter((id) => document.getElementById(id).scrollWidth > 360);
    "#;
    let Some(report) = on_page(&page, "#end", script) else { return };
    assert_eq!(report["overflow"], serde_json::json!([]));
}

#[test]
fn a_page_is_self_contained() {
    let page = draw::backward_steps(&neuron()).unwrap();
    for outside in ["src=", "@import", "url(", "https://"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // The namespace of SVG is a name and no address that anything is loaded from.
    assert_eq!(page.matches("http://").count(), page.matches("http://www.w3.org/2000/svg").count());
}

#[test]
fn what_is_too_large_to_walk_through_is_an_error_that_says_so() {
    let mut x = Value::new(1.0);
    for _ in 0..1000 {
        x = x.sin();
    }
    let error = draw::backward_steps(&x).unwrap_err();
    assert!(matches!(error, Error::Argument { .. }));
    assert_eq!(
        error.to_string(),
        "graph to walk through step by step: expected at most 400 nodes, or a higher limit, found 1,001"
    );
    assert!(draw::graph(&[x]).limit(2000).to_steps().is_ok());
    assert!(draw::graph(&[]).to_steps().is_err());
    assert!(draw::graph(&[x, x]).to_steps().is_err());
}

#[test]
fn a_leaf_or_a_constant_alone_has_a_page_too() {
    for value in [Value::new(2.0), Value::constant(2.0)] {
        let page = draw::backward_steps(&value).unwrap();
        let Some(report) = on_page(&page, "#end", "report.step = step();") else { return };
        assert_eq!(report["step"], 1, "backward begins, and ends");
    }
}

#[test]
fn gradients_of_the_values_themselves_stay_as_they_are() {
    let [a] = named([("a", 3.0)]);
    let b = a * a;
    draw::backward_steps(&b).unwrap();
    assert_eq!((a.grad(), b.grad()), (0.0, 0.0));
}
