//! The pages of the book about the command: what they show is what the command prints and draws.
//!
//! The ```console blocks of a page are one session in an empty directory: `$ chainrule ...` runs the command, `$ cat FILE`
//! shows a file of the session, and what follows, up to the next `$`, is what comes, standard output before standard error;
//! `...` stands for anything. The tables beside the pages are there, and the pictures of a page are what the session leaves.

use crate::support::Place;
use std::fs;
use std::path::{Path, PathBuf};

/// A line typed, and what it showed.
struct Typed {
    line: String,
    shown: String,
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/command")
}

fn session(page: &str) -> Vec<Typed> {
    let mut session: Vec<Typed> = Vec::new();
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default());
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), session.last_mut()) {
            (Some(line), _) => session.push(Typed { line: line.into(), shown: String::new() }),
            (None, Some(typed)) => typed.shown += &format!("{line}\n"),
            (None, None) => panic!("a block begins with what is typed, not with {line}"),
        }
    }
    session
}

/// An empty directory but for the tables and the names that the pages speak of.
fn place_with_tables() -> Place {
    let place = Place::new();
    for table in ["leaves.csv", "new-leaves.csv"] {
        place.write(table, &fs::read_to_string(pages().join(table)).expect("a table"));
    }
    place.write("names.txt", include_str!("../../../chainrule/tests/data/names.txt"));
    place
}

/// The words of a line, as a shell splits them; in single quotes they may have spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            letter => words.last_mut().expect("a word").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn run(place: &Place, line: &str) -> String {
    let words = words(line);
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cat", file] => place.read(file),
        ["chainrule", ref args @ ..] => {
            let run = place.run(args);
            run.out + &run.err
        }
        _ => panic!("the pages run chainrule and cat, not {line}"),
    }
}

/// Whether a text is as told, where `...` stands for anything.
fn is_as_told(text: &str, told: &str) -> bool {
    let mut parts = told.split("...");
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last)
}

/// The pictures that a page shows: names of files.
fn pictures(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter_map(|target| target.strip_prefix("pictures/")).collect()
}

#[test]
fn pages_show_what_the_command_does() {
    let mut count = 0;
    for entry in fs::read_dir(pages()).expect("the pages") {
        let path = entry.expect("a page").path();
        if path.extension().is_none_or(|ending| ending != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).expect("a page");
        let place = place_with_tables();
        for Typed { line, shown } in session(&page) {
            let came = run(&place, &line);
            assert!(is_as_told(came.trim_end(), shown.trim_end()), "{}: {line}\n{came}", path.display());
            count += 1;
        }
        for picture in pictures(&page) {
            let (made, kept) = (place.read(picture), pages().join("pictures").join(picture));
            if std::env::var_os("UPDATE").is_some() {
                let directory = kept.parent().expect("a directory");
                fs::create_dir_all(directory).and_then(|()| fs::write(&kept, &made)).expect("writable");
            }
            let kept = fs::read_to_string(&kept).unwrap_or_default();
            assert!(kept == made, "{picture} is not what the command draws: UPDATE=1 cargo test -p chainrule-cli book");
        }
    }
    assert!(count > 10, "{count} lines are typed in the pages");
}

#[test]
fn every_command_has_a_page() {
    let help = Place::new().ok(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| !["help", "completions", "man"].contains(name)) {
        assert!(pages().join(format!("{name}.md")).exists(), "{name} has no page");
    }
}
