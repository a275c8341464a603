//! Formulas as commands take them.

use chainrule::{Value, tape};
use chainrule_lua::{Error, Expression};

fn parse(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn failure(text: &str) -> String {
    parse(text).evaluate(&[("x", Value::new(1.0))]).expect_err("it fails").to_string()
}

#[test]
fn every_form_is_the_same_function() {
    for text in [
        "3*x^2 - 4*x + 5",
        "return 3*x^2 - 4*x + 5",
        "y = 3*x^2 - 4*x + 5",
        "square = x^2; y = 3*square - 4*x + 5",
        "local square = x*x\nreturn 3*square - 4*x + 5",
        "function f(x) return 3*x^2 - 4*x + 5 end",
        "f = function(x) return 3*x^2 - 4*x + 5 end",
        "function(x) return 3*x^2 - 4*x + 5 end",
        "function g(x) return x^2 end function f(x) return 3*g(x) - 4*x + 5 end",
    ] {
        let formula = parse(text);
        assert_eq!(formula.variables(), ["x"], "{text}");
        assert_eq!(formula.number(&[("x", 3.0)]).expect(text), 20.0, "{text}");
        let x = Value::new(3.0);
        let y = formula.evaluate(&[("x", x)]).expect(text);
        assert_eq!((y.data(), y.gradient(&[x])), (20.0, vec![14.0]), "{text}");
    }
}

#[test]
fn functions_of_the_table_and_of_math_are_no_variables() {
    let formula = parse("math.sin(a) + tanh(b) * sum{a, c} + max(a, b) + math.pi");
    assert_eq!(formula.variables(), ["a", "b", "c"]);
    let result = formula.number(&[("a", 1.0), ("b", 2.0), ("c", 3.0)]).expect("a number");
    assert!((result - (1f64.sin() + 2f64.tanh() * 4.0 + 2.0 + std::f64::consts::PI)).abs() < 1e-12);
}

#[test]
fn functions_of_math_need_no_prefix() {
    let formula = parse("log(x) + fmod(x, 2) * cos(pi)");
    assert_eq!(formula.variables(), ["x"]);
    let x = Value::new(3.0);
    let y = formula.evaluate(&[("x", x)]).expect("a value");
    // d(ln x + (x mod 2) cos(pi))/dx = 1/x - 1
    assert!((y.data() - (3f64.ln() - 1.0)).abs() < 1e-12);
    assert!((y.gradient(&[x])[0] - (1.0 / 3.0 - 1.0)).abs() < 1e-12);
}

#[test]
fn a_function_that_there_is_not_is_told() {
    let error = Expression::parse("foo(x) + 1").err().expect("an error").to_string();
    assert!(error.starts_with(r#"unknown function "foo""#) && !error.contains('\n'), "{error}");
    let error = Expression::parse("tan_h(x)").err().expect("an error").to_string();
    assert!(error.starts_with(r#"unknown function "tan_h"; did you mean "tanh"?"#), "{error}");
}

#[test]
fn names_become_labels() {
    let (a, b, c) = (Value::new(2.0), Value::new(-3.0), Value::new(10.0).named("mine"));
    let d = parse("e = a*b; d = e + c").evaluate(&[("a", a), ("b", b), ("c", c)]).expect("a value");
    let labels = [d, d.operands()[0], a, c].map(|value| value.name().expect("a label"));
    assert_eq!(labels, ["d", "e", "a", "mine"]);
}

#[test]
fn a_function_may_read_other_variables() {
    let formula = parse("function line(x) return slope * x + start end");
    assert_eq!(formula.variables(), ["x", "slope", "start"]);
    assert_eq!(formula.number(&[("slope", 2.0), ("x", 5.0), ("start", 1.0)]).expect("a number"), 11.0);
}

#[test]
fn problems_are_one_line() {
    for (text, message) in [
        ("x + y", r#"unknown variable "y" (known: x)"#),
        ("function f(t) return t end", r#"unknown variable "t" (known: x)"#),
        ("function f(x) end", "result: expected a number or a Value, found nil"),
        ("", "result: expected a number or a Value, found nil"),
        ("print(x)", "result: expected a number or a Value, found nil"),
        ("'text'", "result: expected a number or a Value, found \"text\""),
        ("x + {}", "expression:1: +: expected a number or a Value, found a table"),
        ("y = 1\nz = y + nil", "expression:2: attempt to perform arithmetic on a nil value"),
        ("os.exit()", r#"unknown variable "os" (known: x)"#),
        ("error('mine')", "expression:1: mine"),
    ] {
        assert_eq!(failure(text), message, "{text}");
    }
    assert_eq!(parse("x").number(&[]).unwrap_err().to_string(), r#"unknown variable "x" (known: none)"#);
}

#[test]
fn what_is_no_lua_is_shown_with_its_place() {
    for (text, pointer) in
        [("3*x^^2", "3*x^^2\n    ^"), ("d = a*b + )", "d = a*b + )\n          ^"), ("3*(x + 1", "3*(x + 1\n        ^")]
    {
        let Err(Error::Syntax(error)) = Expression::parse(text) else { panic!("{text}") };
        assert_eq!(error.pointer(), pointer);
    }
}

#[test]
fn each_evaluation_starts_anew_and_the_caller_may_release_it() {
    let formula = parse("seen = (seen or 0) + 1; y = x * seen");
    assert!(formula.number(&[("x", 1.0)]).is_err());
    let formula = parse("w = Value(3); y = w * x");
    for _ in 0..10_000 {
        let _scope = tape::scope();
        let x = Value::new(2.0);
        let y = formula.evaluate(&[("x", x)]).expect("a value");
        assert_eq!(y.gradient(&[x]), [3.0]);
    }
    assert_eq!(tape::size().nodes, 0);
    // Others on this thread can go on with their own values.
    let (lua, y) = (chainrule_lua::Interpreter::new(chainrule_lua::Trust::Sandboxed, std::io::sink()), "a = Value(2)");
    let lua = lua.expect("memory");
    lua.run("script.lua", y).expect("right");
    lua.run("script.lua", "for _ = 1, 200000 do local b = a * 2 end; assert(a.data == 2)").expect("right");
}
