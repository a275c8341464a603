//! `chainrule compile`.

use crate::support::Place;
use std::process::Command;

#[test]
fn a_function_is_written_in_c() {
    let code = Place::new().ok(&["compile", "g(x, y) = x*y + sin(x)"]);
    assert!(code.contains("double g(double x, double y) {") && code.contains("sin(x)"), "{code}");
}

#[test]
fn the_written_gradient_is_that_of_the_function() {
    let place = Place::new();
    let function = "f(x, y) = (1 - x)^2 + 100*(y - x^2)^2";
    place.ok(&["compile", function, "--gradient", "-o", "f.c"]);
    let main = "#include <stdio.h>\n#include \"f.c\"\nint main(void) {\n    double value[1], by_x[1], by_y[1];\n    \
                f(-1.0, 2.0, value, by_x, by_y);\n    printf(\"%g %g %g\\n\", value[0], by_x[0], by_y[0]);\n}\n";
    place.write("main.c", main);
    let compiler = Command::new("cc").current_dir(place.path("")).args(["main.c", "-o", "main", "-lm"]).status();
    let Ok(compiled) = compiler else { return eprintln!("skipped: there is no cc") };
    assert!(compiled.success());
    let run = Command::new(place.path("main")).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "104 396 200\n");
}

#[test]
fn functions_of_lua_keep_their_name() {
    let function = "function root(x) local y = x; for i = 1, 20 do y = (y + x/y)/2 end return y end";
    let code = Place::new().ok(&["compile", function, "--lang", "rust"]);
    assert!(code.contains("pub fn root(x: f64) -> f64 {"), "{code}");
}

#[test]
fn the_branch_is_chosen_by_a_point() {
    let function = "function f(x) if x < 2 then return x*x else return sin(x) end end";
    assert!(!Place::new().ok(&["compile", function]).contains("sin"));
    assert!(Place::new().ok(&["compile", function, "--at", "x=3"]).contains("sin"));
}

#[test]
fn what_cannot_be_compiled_is_told_and_leaves_nothing() {
    let place = Place::new();
    let cases: [(&[&str], &str); 6] = [
        (&["compile", "f(x) = x *"], "unexpected symbol"),
        (&["compile", "2 + 3"], "inputs: expected at least one number, found none"),
        (&["compile", "f(x) = 5"], "expected a value that depends on an input"),
        (&["compile", "x^2", "--at", "z=3"], "--at: unknown variable \"z\" (known: x)"),
        (&["compile", "x^2", "--lang", "cobol"], "unknown lang \"cobol\" (known: c, rust)"),
        (&["compile", "x^2", "-o", "missing/f.c"], "missing/f.c: No such file or directory"),
    ];
    for (args, message) in cases {
        let run = place.run(args);
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
    }
    assert!(place.list("").is_empty());
}
