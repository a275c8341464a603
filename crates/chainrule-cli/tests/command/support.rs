//! A place to run the command in, and what came of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// An empty directory where the command runs.
pub struct Place(TempDir);

/// What a run of the command left: exit code, standard output and standard error.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        Place(TempDir::new().expect("a temporary directory"))
    }

    /// A place with a file in it.
    pub fn with(name: &str, text: &str) -> Place {
        let place = Place::new();
        place.write(name, text);
        place
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file can be written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The names of all files and directories here, or in a directory here.
    pub fn list(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).expect("a directory");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        command.current_dir(self.0.path()).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.command(args).output().expect("the command starts").into()
    }

    /// Runs what must succeed, and gives its standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        let run = self.run(args);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.out
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The accuracy in percent, or the last number, in the line of a report that begins so.
pub fn last_number(report: &str, line: &str) -> f64 {
    let found = report.lines().find(|found| found.split_whitespace().next() == Some(line));
    let word = found.and_then(|found| found.split_whitespace().last()).unwrap_or_else(|| panic!("{report}"));
    word.trim_end_matches('%').parse().unwrap_or_else(|_| panic!("{report}"))
}

/// Points on a grid, of class `near` or `far` by their distance from the middle, with columns around them.
pub fn rings() -> String {
    grid("x,y,kind", |x, y| if x.hypot(y) < 1.4 { "near".into() } else { "far".into() })
}

/// Three classes, with a quoted name and letters beyond ASCII.
pub fn stripes() -> String {
    grid("\"Größe, m\",y,\"the \"\"kind\"\"\"", |x, _| match x {
        x if x < -0.7 => "\"links, außen\"".into(),
        x if x < 0.7 => "中".into(),
        _ => "right".into(),
    })
}

/// A number that depends on two others.
pub fn slope() -> String {
    grid("x,y,height", |x, y| format!("{}", 500.0 + 20.0 * x - 10.0 * y * y))
}

fn grid(header: &str, target: impl Fn(f64, f64) -> String) -> String {
    let mut text = format!("{header}\n");
    for i in 0..100 {
        let (x, y) = (f64::from(i % 10) / 2.25 - 2.0, f64::from(i / 10) / 2.25 - 2.0);
        text += &format!("{x:.3},{y:.3},{}\n", target(x, y));
    }
    text
}
