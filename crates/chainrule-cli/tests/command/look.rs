//! `chainrule plot`, `chainrule slope` and `chainrule graph`.

use crate::support::Place;

/// The numbers of the row of a table of differences that begins with this step.
fn row(table: &str, h: &str) -> Vec<f64> {
    let row = table.lines().find(|line| line.split_whitespace().next() == Some(h));
    let row = row.unwrap_or_else(|| panic!("{table}"));
    row.split_whitespace().map(|word| word.parse().unwrap_or_else(|_| panic!("{row}"))).collect()
}

#[test]
fn slope_shows_how_the_error_falls_and_rises_again() {
    let table = Place::new().ok(&["slope", "3*x^2 - 4*x + 5", "--at", "x=3"]);
    assert!(table.starts_with("3*x^2 - 4*x + 5 = 20 at x = 3\n"), "{table}");
    assert!(table.contains("derivative: 14\n"), "{table}");
    // f(3 + h) = 20 + 14 h + 3 h^2
    let [_, forward, error, _, _] = row(&table, "1e-3")[..] else { panic!("{table}") };
    assert!((forward - 14.003).abs() < 1e-9 && (error - 0.003).abs() < 1e-4);
    let errors: Vec<f64> = ["1e-1", "1e-8", "1e-15"].map(|h| row(&table, h)[2]).to_vec();
    assert!(errors[1] < errors[0] && errors[1] < errors[2], "{errors:?}");
}

#[test]
fn slope_draws_the_v_as_text_and_as_a_file() {
    let place = Place::new();
    let text = place.ok(&["slope", "tanh(x)", "--at", "x=0.5", "--plot", "-o", "v.svg"]);
    assert!(text.contains("● forward difference   ▲ central difference"), "{text}");
    let svg = place.read("v.svg");
    let document = roxmltree::Document::parse(&svg).expect("XML");
    assert!(document.descendants().any(|node| node.text() == Some("The slope of tanh(x) at x = 0.5")));
}

#[test]
fn slope_of_several_variables_is_the_gradient() {
    let table = Place::new().ok(&["slope", "a*b + c", "--at", "a=2,b=-3,c=10"]);
    assert!(table.starts_with("a*b + c = 4 at a = 2, b = -3, c = 10\n"), "{table}");
    let gradient: Vec<f64> =
        table.lines().skip(3).filter_map(|line| line.split_whitespace().nth(1)?.parse().ok()).collect();
    assert_eq!(gradient, [-3.0, 2.0, 1.0], "{table}");
}

#[test]
fn plot_draws_a_function_its_derivative_and_tangents() {
    let place = Place::new();
    let function = "function f(x) return 3*x^2 - 4*x + 5 end";
    let args = ["plot", function, "--from", "-5", "--to", "5", "--derivative", "--tangent", "3"];
    let text = place.ok(&args);
    for part in [function, "f(x)", "derivative", "tangent at x = 3: slope 14"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    place.ok(&[&args[..], &["-o", "plot.svg"]].concat());
    roxmltree::Document::parse(&place.read("plot.svg")).expect("XML");
    place.ok(&[&args[..], &["-o", "plot.PNG"]].concat());
    assert!(std::fs::read(place.path("plot.PNG")).expect("a file").starts_with(b"\x89PNG"));
}

#[test]
fn plot_tells_where_a_function_is_undefined() {
    let place = Place::new();
    for function in ["ln(x)", "log(x)"] {
        assert!(place.ok(&["plot", function, "--from", "-1"]).contains("Undefined for x ≤ 0"));
    }
    let run = place.run(&["plot", "1/x", "-o", "pole.svg"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), "wrote pole.svg\nundefined for x = 0\n"));
    let run = place.run(&["plot", "if x > 1 then return x end", "-o", "half.svg"]);
    assert!(run.code == Some(0) && run.err.contains("undefined for x ≤ 1"), "{run:?}");
}

#[test]
fn graph_tells_the_gradient_and_draws() {
    let place = Place::new();
    let expression = ["graph", "e = a*b; d = e + c", "--let", "a=2,b=-3,c=10"];
    let run = place.run(&[&expression[..], &["-o", "d.svg", "--steps", "d.html", "--top-down"]].concat());
    assert_eq!(run.out, "d = 4\na = 2    dd/da = -3\nb = -3   dd/db = 2\nc = 10   dd/dc = 1\n", "{run:?}");
    assert_eq!((run.code, run.err.as_str()), (Some(0), "wrote d.svg\nwrote d.html\n"));
    let svg = place.read("d.svg");
    let document = roxmltree::Document::parse(&svg).expect("XML");
    for name in ["a", "b", "c", "d", "e"] {
        assert!(document.descendants().any(|node| node.text() == Some(name)), "{name} is not drawn");
    }
    assert!(place.read("d.html").starts_with("<!DOCTYPE html>"));
    let dot = place.ok(&[&expression[..], &["--dot"]].concat());
    assert!(dot.starts_with("digraph {") && dot.trim_end().ends_with('}'), "{dot}");
}

#[test]
fn graph_goes_backward_through_functions_and_from_constants() {
    let place = Place::new();
    let out = place.ok(&["graph", "function f(x) return x^2 end", "--let", "x=3"]);
    assert!(out.contains("x = 3   d") && out.trim_end().ends_with("= 6"), "{out}");
    assert_eq!(place.ok(&["graph", "2 + 1"]), "result = 3\n");
}

#[test]
fn what_cannot_be_drawn_or_nudged_is_told_and_leaves_nothing() {
    let place = Place::new();
    let cases: [(&[&str], &str); 28] = [
        (&["plot", "x *"], "error: expression:1:4: unexpected symbol near <eof>\nx *\n   ^\n"),
        (&["plot", "x y"], "error: expression:1:3: syntax error near 'y'\nx y\n  ^\n"),
        (&["plot", "x + y"], "expected a function of one variable, found x, y"),
        (&["plot", "error('no luck')"], "no luck"),
        (&["plot", "nil"], "expected a number or a Value, found nil"),
        (&["plot", "0/0"], "f(x): expected to be defined somewhere from -5 to 5, found no finite number"),
        (&["plot", "x", "--from", "3", "--to", "3"], "range: expected two finite numbers, the second larger"),
        (&["plot", "x", "--from", "left"], "--from: invalid float literal, found \"left\""),
        (&["plot", "ln(x)", "--tangent", "-1"], "tangent at x = -1: expected a point with a slope"),
        (&["plot", "x", "-o", "x.gif"], "--out: expected a name that ends in .svg or .png, found \"x.gif\""),
        (&["plot", "x", "-o", "missing/x.svg"], "missing/x.svg: No such file or directory"),
        (&["plot", "foo(x)"], "unknown function \"foo\""),
        (&["slope", "x^2"], "--at"),
        (&["slope", "x^2", "--at", "x=3", "-o", "missing/v.svg"], "missing/v.svg: No such file or directory"),
        (&["slope", "5", "--at", "x=3"], "--at: unknown variable \"x\" (known: none)"),
        (
            &["graph", "x^2", "--let", "x=3", "-o", "x.svg", "--steps", "x.svg"],
            "--steps: expected a name that ends in .html, found \"x.svg\"",
        ),
        (
            &["slope", "-1/x", "--at", "x=0"],
            "--at: expected a point where the expression has a finite number, found -inf at x = 0",
        ),
        (&["slope", "ln(x)", "--at", "x=-1"], "found NaN at x = -1"),
        (&["slope", "x^2", "--at", "x=three"], "--at: expected a number for \"x\", found \"x=three\""),
        (&["slope", "x^2", "--at", "3"], "--at: expected NAME=NUMBER, as in x=3, found \"3\""),
        (&["slope", "x*y", "--at", "x=3"], "--at: expected a number for the variable \"y\", found x = 3"),
        (&["slope", "x*y", "--at", "x=3,y=1,z=2"], "--at: unknown variable \"z\" (known: x, y)"),
        (&["graph", "d = a*b +", "--let", "a=1"], "error: expression:1:10: unexpected symbol near <eof>\nd = a*b +\n"),
        (&["graph", "d = a*b", "--let", "a=1,b=two"], "--let: expected a number for \"b\", found \"b=two\""),
        (&["graph", "d = a*b", "--let", "a=1"], "--let: expected a number for the variable \"b\", found a = 1"),
        (&["graph", "d = 'text'"], "expected a number or a Value, found \"text\""),
        (
            &["graph", "d = 2*a", "--let", "a=1", "-o", "d.svg", "--steps", "missing/d.html"],
            "missing/d.html: No such file",
        ),
        (&["slope", "x*y", "--at", "x=3,y=1", "--plot"], "expected an expression with one variable"),
    ];
    for (args, message) in cases {
        let run = place.run(args);
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
        assert_eq!(run.out, "", "{args:?}");
    }
    assert_eq!(place.list("."), [""; 0]);
}
