//! The notes run unchanged: each of their blocks of Lua is typed into one console, and what they print is what is shown.
//!
//! The notes are not part of this repository; where they do not lie beside it, the test says so and passes.

mod support;

use std::fs;
use std::path::Path;
use support::Typed;

/// What is printed in the notes, but belongs to another nudge than the one that is written there, h = 1e-5: the slope, and
/// the value that it was computed from. Both are those of h = 1e-3.
const WRONG_IN_THE_NOTES: [&str; 2] = ["20.014003", "14.003000000002"];

/// A comment after a loop that prints; the values are in a picture.
const NO_VALUE: &str = "values plot given below";

#[test]
fn the_notes_run_unchanged() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/notes.md");
    let Ok(notes) = fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let mut console = Typed::new();
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in lua_lines(&notes) {
        let Some(comment) = line.trim().strip_prefix("--") else {
            console.feed(line);
            continue;
        };
        // A comment after something that was shown is what the notes say is shown; others are prose.
        let shown = console.shown();
        let comment = comment.trim();
        if shown.is_empty() || comment == NO_VALUE {
            continue;
        }
        match WRONG_IN_THE_NOTES.contains(&comment) {
            true => wrong.push(shown),
            false => {
                assert_eq!(shown, comment);
                checked += 1;
            }
        }
    }
    assert_eq!(wrong, ["20.0001400003", "14.000030000005"], "with the nudge that is written");
    assert_eq!(checked, 18);

    // With the nudge that it belongs to, the figure is right.
    console.feed("function f(x) return 3*x^2 - 4*x + 5 end");
    console.feed("h = 1e-3; x = 3.0");
    console.feed("f(x+h)");
    console.feed("(f(x+h) - f(x))/h");
    assert_eq!(console.shown(), WRONG_IN_THE_NOTES.join("\n"));
}

/// The lines of all blocks of Lua.
fn lua_lines(notes: &str) -> impl Iterator<Item = &str> {
    let mut is_lua = false;
    notes.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        if is_fence {
            is_lua = !is_lua && line.trim() == "```lua";
        }
        is_lua && !is_fence
    })
}
