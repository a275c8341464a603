//! `chainrule lua`: scripts from files, from an argument and from standard input.

use crate::support::{Place, Run};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Runs the command with this on standard input.
fn run_with_input(place: &Place, args: &[&str], input: &str) -> Run {
    let mut command = place.command(args);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("the command ends").into()
}

const SCRIPT: &str = "#!/usr/bin/env -S chainrule lua
local a, b = Value(2.0), Value(-3.0)
local d = a * b + 10
d:backward()
print(d, a.grad, b.grad, arg and arg[1])
";

#[test]
fn a_script_runs_from_everywhere() {
    let place = Place::with("script.lua", SCRIPT);
    assert_eq!(place.ok(&["lua", "script.lua", "--first"]), "Value(data = 4.0)\t-3.0\t2.0\t--first\n");
    assert_eq!(place.ok(&["lua", "-e", "print(nn.Neuron(2))"]), "relu Neuron(2)\n");
    for args in [&["lua"][..], &["lua", "-"]] {
        assert_eq!(run_with_input(&place, args, SCRIPT).out, "Value(data = 4.0)\t-3.0\t2.0\tnil\n");
    }
}

#[test]
fn what_cannot_be_run_is_one_line() {
    let place = Place::with("failing.lua", "local a = Value(1)\nlocal b = a + nil\n");
    for (args, code, message) in [
        (&["lua", "none.lua"][..], 2, "error: none.lua: No such file or directory (os error 2)\n"),
        (&["lua", "failing.lua"], 1, "error: failing.lua:2: +: expected a number or a Value, found nil\n"),
        (&["lua", "-e", "error('mine', 0)"], 1, "error: mine\n"),
        (&["lua", "-e", "x", "file.lua"], 2, "error: "),
        (&["lua", "-e", "os.execute('true')"], 1, "error: code:1: attempt to call a nil value (field 'execute')\n"),
    ] {
        let run = place.run(args);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.err.starts_with(message) && run.err.lines().count() == 1, "{run:?}");
    }
}

#[test]
fn what_is_no_lua_is_shown_with_its_place() {
    let run = Place::with("wrong.lua", "x = 1\ny = 2 +* 3\n").run(&["lua", "wrong.lua"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(run.err, "error: wrong.lua:2:8: unexpected symbol near '*'\ny = 2 +* 3\n       ^\n");
}

#[test]
fn unsafe_lifts_the_sandbox() {
    let place = Place::with("mine.lua", "return { answer = 42 }");
    assert_eq!(
        place.ok(&["lua", "--unsafe", "-e", "print(require('mine').answer, os.execute('true'))"]),
        "42\ttrue\texit\t0\n"
    );
    assert_eq!(place.run(&["lua", "-e", "require 'mine'"]).code, Some(1));
}

#[test]
fn a_function_is_plotted_and_the_path_told() {
    let place = Place::new();
    let path = place.ok(&["lua", "-e", "plot(function(x) return math.sqrt(x) end, -1, 4)"]);
    let svg = std::fs::read_to_string(path.trim()).expect("a picture");
    assert!(roxmltree::Document::parse(&svg).is_ok());
    std::fs::remove_dir_all(std::path::Path::new(path.trim()).parent().expect("a directory")).expect("it is ours");
    let run = place.run(&["lua", "-e", "plot(function(x) return x end, 1, 1)"]);
    assert_eq!((run.code, run.err.lines().count()), (Some(1), 1), "{run:?}");
}

#[test]
fn it_starts_at_once() {
    let place = Place::new();
    let quickest = (0..5).map(|_| {
        let start = Instant::now();
        place.ok(&["lua", "-e", ""]);
        start.elapsed()
    });
    assert!(quickest.min().expect("five") < Duration::from_millis(50));
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_an_endless_script() {
    use std::io::Read;
    use std::process::Command;

    let place = Place::new();
    let mut child = place
        .command(&["lua", "-e", "print('here') while true do pcall(function() while true do end end) end"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdout.as_mut().expect("a pipe").read_exact(&mut [0; 5]).expect("it runs");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    let run = child.wait_with_output().expect("the command ends");
    assert_eq!((run.status.code(), &run.stderr[..]), (Some(130), &b"interrupted\n"[..]));
}
