//! The console: what is typed, and what it shows.

mod support;

use chainrule::tape::{Graph, Kind};
use chainrule::{Value, tape};
use chainrule_lua::{Error, Reply};
use support::Typed;

#[test]
fn expressions_show_their_values_and_statements_nothing() {
    let mut console = Typed::new();
    for (line, shown) in [
        ("1 + 1", "2"),
        ("1 / 2, 'two'", "0.5\ttwo"),
        ("x = 3.0", ""),
        ("x", "3.0"),
        ("-- a comment", ""),
        ("", ""),
        ("nil", "nil"),
        ("Value(1):zero_grad()", ""),
        ("print('printed')", "printed"),
        ("return 5", "5"),
        ("Value(2.0) * x", "Value(data = 6.0)"),
        ("tanh(0.0)", "0.0"),
        ("#{1, 2, 3}", "3"),
        ("w = Value(1.0); o = w*2; o", "Value(data = 2.0)"),
        ("y = 1; print(y)", "1"),
        ("y = 1; y = 2;", ""),
        ("math.tanh(Value(0.0))", "Value(data = 0.0)"),
        ("math.pow(2, 3) + math.log10(100)", "10.0"),
        ("pcall(string.rep, Value(1.0))", "false\tbad argument #1 to 'string.rep' (string expected, got Value)"),
        ("2^53", "9.007199254741e+15"),
    ] {
        assert_eq!(console.answer(line), shown, "{line}");
    }
}

#[test]
fn tables_are_shown_with_their_entries() {
    let mut console = Typed::new();
    for (line, shown) in [
        ("{1, 'two', {3.0}}", r#"{1, "two", {3.0}}"#),
        ("{x = 1, [true] = 2, ['a b'] = 3, 4}", r#"{4, ["a b"] = 3, [true] = 2, x = 1}"#),
        ("{}", "{}"),
        ("{{{{}}}}", "{{{{...}}}}"),
        ("{Value(1)}", "{Value(data = 1.0)}"),
        ("require('set')({1, 2, 1})", "{1, 2}"),
    ] {
        assert_eq!(console.answer(line), shown, "{line}");
    }
    assert!(
        console
            .answer("(function() local t = {}; for i = 1, 100 do t[i] = i end return t end)()")
            .ends_with(", 40, ... 60 more}")
    );
    console.feed("loop = {}; loop.loop = loop");
    assert_eq!(console.answer("loop"), "{loop = {loop = {loop = {...}}}}");
}

#[test]
fn what_is_not_complete_goes_on() {
    let mut console = Typed::new();
    assert!(!console.feed("function double(x)"));
    assert!(!console.feed("  -- twice as much"));
    assert!(!console.feed("  return 2 * x"));
    assert!(console.feed("end"));
    assert!(!console.feed("double("));
    assert!(console.feed("4)"));
    assert_eq!(console.shown(), "8");
    assert!(!console.feed("1 +"));
    assert!(console.feed("2"));
    assert_eq!(console.shown(), "3");
}

#[test]
fn what_was_begun_can_be_forgotten() {
    let mut console = Typed::new();
    assert!(!console.feed("for i = 1, 10 do"));
    console.console().forget();
    assert_eq!(console.answer("1"), "1");
}

#[test]
fn errors_leave_the_console_ready() {
    let mut console = Typed::new();
    let Error::Syntax(error) = console.failure("d = a*b + )") else { panic!("a syntax error") };
    assert_eq!(error.pointer(), "d = a*b + )\n          ^");
    let Error::Syntax(error) = console.failure("3 + * 4") else { panic!("a syntax error") };
    assert_eq!(error.pointer(), "3 + * 4\n    ^");
    assert_eq!(console.failure("x.y.z").to_string(), "console:1: attempt to index a nil value (global 'x')");
    assert_eq!(console.answer("1"), "1");
}

#[test]
fn names_fields_and_methods_are_completed() {
    let mut console = Typed::new();
    console.feed("vertex = {position = {x = 1}, move = function() end}; v = Value(1)");
    let complete = |text: &str, console: &mut Typed| console.console().interpreter().complete(text);
    for (text, start, names) in [
        ("ver", 0, vec!["vertex"]),
        ("1 + vertex.pos", 11, vec!["position"]),
        ("vertex.position.", 16, vec!["x"]),
        ("vertex:", 7, vec!["move"]),
        ("v:ba", 2, vec!["backward"]),
        ("v.da", 2, vec!["data"]),
        ("nn.M", 3, vec!["MLP"]),
        ("wh", 0, vec!["while"]),
        ("größe = v:det", 12, vec!["detach"]),
        ("missing.", 8, vec![]),
        ("v.data.x.", 9, vec![]),
    ] {
        let names: Vec<String> = names.into_iter().map(String::from).collect();
        assert_eq!(complete(text, &mut console), (start, names), "{text}");
    }
    assert!(complete("", &mut console).1.contains(&"Value".to_string()));
    assert!(complete("math.si", &mut console).1.contains(&"sin".to_string()));
}

#[test]
fn slopes_are_shown() {
    let mut console = Typed::new();
    console.feed("function f(x) return 3*x^2 - 4*x + 5 end");
    let shown = console.answer("slope(f, 3)");
    assert!(shown.starts_with("derivative: 14\n"), "{shown}");
    assert!(shown.lines().any(|line| line.trim().starts_with("1e-3  ") && line.contains("14.003000000002")), "{shown}");
    // However much the function records, its argument stays good.
    console.feed("function g(x) for i = 1, 100000 do x = x * 1 end return x end");
    assert!(console.answer("slope(g, 3)").starts_with("derivative: 1\n"));
    assert_eq!(console.failure("slope(f)").to_string(), "slope, place: expected a number, found nil");
    assert_eq!(console.failure("slope(3, 3)").to_string(), "slope: expected a function, found 3");
    assert_eq!(
        console.failure("slope(print, 3)").to_string(),
        "result of the function: expected a number or a Value, found nil"
    );
}

#[test]
fn what_is_endless_to_show_can_be_interrupted() {
    let mut console = Typed::new();
    console.feed("endless = setmetatable({}, { __tostring = function() while true do end end })");
    let flag = console.console().interpreter().interrupter();
    let stop = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        flag.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(matches!(console.failure("endless"), Error::Interrupted));
    stop.join().expect("no panic");
    assert_eq!(console.answer("1 + 1"), "2");
}

#[test]
fn an_incomplete_line_is_told() {
    let (lua, _) = support::lua();
    let mut console = chainrule_lua::Console::new(lua);
    assert_eq!(console.feed("if true then").expect("no error"), Reply::Incomplete);
}

#[test]
fn functions_are_plotted_by_who_can_draw() {
    let mut console = Typed::new();
    let show = |f: &chainrule_lua::Formula, plotted: chainrule_lua::Plotted| {
        let _scope = tape::scope();
        let chainrule_lua::Plotted { range: (from, to), derivative, tangents } = plotted;
        let x = Value::new(from);
        let slope = f(x)?.gradient(&[x])[0];
        Ok(format!("from {from} to {to}, first {slope}, {derivative} {tangents:?}"))
    };
    console.console().interpreter().plot_with(show).expect("memory");
    assert_eq!(console.answer("plot(function(x) return x^2 end, -3, 5)"), "from -3 to 5, first -6, false []");
    let more = console.answer("plot(function(x) return x^2 end, nil, 1, {derivative = true, tangent = {0, 1.5}})");
    assert_eq!(more, "from -5 to 1, first -10, true [0.0, 1.5]");
    let message = console.failure("plot(math.sin, 0, 1, {tangents = 3})").to_string();
    assert_eq!(message, r#"plot: unknown option "tangents"; did you mean "tangent"? (known: derivative, tangent)"#);
    // What the scope released does no harm later.
    console.feed("a = Value(1); for i = 1, 200000 do local b = a * i end");
    assert_eq!(console.answer("a * 2"), "Value(data = 2.0)");
    console.feed("plot(function(x) optimizer = optimizer or cr.optim.SGD({Value(1)}) return x^2 end, 0, 1)");
    let message = console.failure("optimizer:step()").to_string();
    assert_eq!(message, "step: a parameter was made within a function that was plotted, and is gone");
    let message = console.failure("plot(function(x) return x + {} end, 0, 1)").to_string();
    assert!(message.ends_with("+: expected a number or a Value, found a table"), "{message}");
    assert_eq!(console.failure("plot(1, 2, 3)").to_string(), "plot: expected a function, found 1");
}

#[test]
fn values_are_drawn_with_the_names_of_globals() {
    let mut console = Typed::new();
    let names = |values: &[Value]| Ok(values.iter().filter_map(|value| value.name()).collect::<Vec<_>>().join(" "));
    console.console().interpreter().draw_with(names).expect("memory");
    console.feed("a = Value(2.0); b = Value(3.0, 'mine'); d = a * b");
    assert_eq!(console.answer("draw(d, a, b)"), "d a mine");
    console.feed("many = Value(1); for i = 10, 50 do _G['also' .. i] = many end");
    assert_eq!(console.answer("draw(many)"), "also10");
    // Pictures tell what was put in from what is trained.
    let is_parameter = |values: &[Value]| {
        Ok(values
            .iter()
            .map(|value| matches!(Graph::of(&[*value]).nodes[0].kind, Kind::Parameter).to_string())
            .collect())
    };
    console.console().interpreter().draw_with(is_parameter).expect("memory");
    assert_eq!(console.answer("draw(a, nn.Neuron(1).w[1])"), "falsetrue");
    assert_eq!(console.failure("draw()").to_string(), "draw: expected at least one Value, found none");
}
