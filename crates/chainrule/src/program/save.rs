//! Programs as files: JSON that says its version, and is checked before anything runs.

use super::history::History;
use super::{Guard, Input, Lookup, Output, Program, Route, Step};
use crate::files::write_whole;
use crate::{Error, Op, Place, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::Path;

/// What a file says that it is.
const FORMAT: &str = "chainrule program";

/// The version that is written, and the newest that can be read.
const VERSION: u64 = 1;

/// The head of a file; what else stands there is for the version to say.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// A whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u64,
    inputs: Vec<Input>,
    constants: Vec<Constant>,
    slots: u32,
    steps: Vec<Step>,
    tables: Vec<u32>,
    lookups: Vec<Lookup>,
    guards: Vec<Guard>,
    outputs: Vec<Output>,
    is_exact: bool,
    /// May be missing: nothing that runs needs it.
    #[serde(default)]
    history: History,
}

/// A number; JSON has none that are not finite, which are written as words.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Constant {
    Finite(f64),
    Word(Word),
}

#[derive(Serialize, Deserialize)]
enum Word {
    #[serde(rename = "inf")]
    Infinity,
    #[serde(rename = "-inf")]
    NegativeInfinity,
    #[serde(rename = "nan")]
    NotANumber,
}

impl From<f64> for Constant {
    fn from(number: f64) -> Self {
        match number {
            f64::INFINITY => Constant::Word(Word::Infinity),
            f64::NEG_INFINITY => Constant::Word(Word::NegativeInfinity),
            _ if number.is_nan() => Constant::Word(Word::NotANumber),
            _ => Constant::Finite(number),
        }
    }
}

impl From<Constant> for f64 {
    fn from(constant: Constant) -> Self {
        match constant {
            Constant::Finite(number) => number,
            Constant::Word(Word::Infinity) => f64::INFINITY,
            Constant::Word(Word::NegativeInfinity) => f64::NEG_INFINITY,
            Constant::Word(Word::NotANumber) => f64::NAN,
        }
    }
}

impl Program {
    /// Writes the program as JSON.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, or the program calls an operation of the user's own.
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<()> {
        self.check_portable("to be saved")?;
        write_whole(&[(path, self.to_json())])
    }

    /// Reads a program that [`save_json`](Program::save_json) wrote, and [checks](Program::check) it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no program or one of a newer version, or if the program could reach beyond its
    /// slots; the message says where.
    pub fn load_json(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        Program::from_json(&text)
            .map_err(|problem| Error::Content { place: Place { path: path.into(), line: None, column: None }, problem })
    }

    pub(crate) fn to_json(&self) -> String {
        let Program { inputs, constants, slots, steps, tables, lookups, guards, outputs, is_exact, history } =
            self.clone();
        let constants = constants.into_iter().map(Constant::from).collect();
        let (format, version) = (FORMAT.to_string(), VERSION);
        let file = File {
            format,
            version,
            inputs,
            constants,
            slots,
            steps,
            tables,
            lookups,
            guards,
            outputs,
            is_exact,
            history,
        };
        serde_json::to_string(&file).expect("a program of finite numbers and words has a JSON form")
    }

    /// The program, or what is wrong with the text.
    pub(crate) fn from_json(text: &[u8]) -> Result<Self, String> {
        let head: Head = serde_json::from_slice(text).map_err(|error| format!("expected a saved program: {error}"))?;
        if head.format != FORMAT {
            return Err(format!("expected format {FORMAT:?}, found {}", crate::text::quoted(&head.format)));
        }
        if head.version > VERSION {
            let found = head.version;
            return Err(format!("expected version {VERSION}, found {found}, which a newer chainrule has written"));
        }
        let file: File = serde_json::from_slice(text).map_err(|error| format!("expected a program: {error}"))?;
        let File { inputs, constants, slots, steps, tables, lookups, guards, outputs, is_exact, history, .. } = file;
        let constants = constants.into_iter().map(f64::from).collect();
        let program = Program { inputs, constants, slots, steps, tables, lookups, guards, outputs, is_exact, history };
        program.check().map_err(|error| error.to_string())?;
        Ok(program)
    }
}

/// Operations are written by the names of their rows.
impl Serialize for Op {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.row().name)
    }
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        crate::text::named("operation", Op::ALL, |op| op.row().name, &name).map_err(serde::de::Error::custom)
    }
}

/// Most accesses stand still in most loops and repeats, and zeros are left out of files.
pub(super) fn stands_still<const COUNT: usize>(strides: &[i32; COUNT]) -> bool {
    strides.iter().all(|stride| *stride == 0)
}

/// Most accesses lead to slots, and that is left out, too.
pub(super) fn is_direct(route: &Route) -> bool {
    *route == Route::Direct
}

/// What terms are multiplied by where files say nothing.
pub(super) fn one() -> f64 {
    1.0
}

/// Most terms are multiplied by nothing.
pub(super) fn is_one(scale: &f64) -> bool {
    *scale == 1.0
}

#[cfg(test)]
mod tests {
    use super::super::Machine;
    use super::super::random::example;
    use super::super::{Instruction, interpret};
    use super::*;
    use crate::{RngExt, rng};
    use serde_json::Value as Json;

    fn refusal(json: Json) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program.json");
        std::fs::write(&path, json.to_string()).unwrap();
        let message = Program::load_json(&path).unwrap_err().to_string();
        assert!(!message.contains('\n') && message.contains("program.json: "), "{message}");
        message.split_once("program.json: ").unwrap().1.to_string()
    }

    fn json(seed: u64) -> Json {
        serde_json::from_str(&example(seed).program.to_json()).unwrap()
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program.json");
        for seed in 0..50 {
            let program = example(seed).program;
            program.save_json(&path).unwrap();
            assert_eq!(Program::load_json(&path).unwrap(), program);
        }
    }

    #[test]
    fn how_a_program_was_made_is_saved_and_may_be_missing() {
        let program = Program::record(&[0.5; 2], |x| (x[0] * x[1]).exp()).unwrap();
        assert!(!program.explain().stages.is_empty());
        let loaded = Program::from_json(program.to_json().as_bytes()).unwrap();
        assert_eq!(loaded.explain(), program.explain());
        let mut json: Json = serde_json::from_str(&program.to_json()).unwrap();
        json.as_object_mut().unwrap().remove("history");
        let without = Program::from_json(json.to_string().as_bytes()).unwrap();
        assert_eq!(without, program);
        assert!(without.explain().stages.is_empty());
    }

    #[test]
    fn numbers_that_json_has_not_survive() {
        let mut program = example(0).program;
        program.constants[..4].copy_from_slice(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0]);
        let loaded = Program::from_json(program.to_json().as_bytes()).unwrap();
        let bits = |program: &Program| program.constants.iter().map(|constant| constant.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&loaded), bits(&program));
    }

    #[test]
    fn what_is_no_program_is_refused_in_one_line() {
        let mut newer = json(0);
        newer["version"] = 2.into();
        newer["steps"] = "in a form that nobody knows today".into();
        assert_eq!(refusal(newer), "expected version 1, found 2, which a newer chainrule has written");
        let mut other = json(0);
        other["format"] = "poem".into();
        assert_eq!(refusal(other), "expected format \"chainrule program\", found \"poem\"");
        assert!(refusal(Json::Array(Vec::new())).starts_with("expected a saved program: "));
        let mut without = json(0);
        without.as_object_mut().unwrap().remove("slots");
        assert!(refusal(without).starts_with("expected a program: missing field `slots`"));
        let mut small = json(0);
        small["slots"] = 41.into();
        assert!(refusal(small).starts_with("inputs and constants together: expected at most 41, found 45"));
    }

    #[test]
    fn an_unknown_operation_is_named() {
        let text = (0..).map(|seed| example(seed).program.to_json()).find(|text| text.contains("\"sigmoid\"")).unwrap();
        let error = Program::from_json(text.replace("\"sigmoid\"", "\"sigmiod\"").as_bytes()).unwrap_err();
        assert!(error.contains("unknown operation \"sigmiod\"; did you mean \"sigmoid\"?"), "{error}");
    }

    /// Whether a loaded program is small enough to be run in a test.
    fn is_small(steps: &[Step]) -> bool {
        let terms = |trips: &[u32]| trips.iter().map(|trips| u64::from(*trips)).product::<u64>();
        steps.iter().all(|step| match step {
            Step::Run(Instruction { trips, .. }) => terms(trips) < 100_000,
            Step::Repeat { trips, body } => *trips < 100 && is_small(body),
        })
    }

    /// Runs a program over zeros. A run-time index that is none may be found out, as it is in every run.
    fn run(program: &Program) {
        let run = || {
            let _ = interpret(program, &mut vec![0.0f64; program.slots as usize]);
            let _ = Machine::<f64>::new(program).run();
        };
        assert!(std::panic::catch_unwind(run).is_ok(), "{}", program.to_json());
    }

    /// Changes one number, word or list somewhere in a saved program.
    fn mutate(json: &mut Json, rng: &mut crate::Pcg64) {
        let inner: Vec<&mut Json> = match json {
            Json::Array(list) => list.iter_mut().collect(),
            Json::Object(fields) => fields.values_mut().collect(),
            _ => Vec::new(),
        };
        if !inner.is_empty() && rng.random_bool(0.95) {
            let chosen = rng.random_range(0..inner.len());
            return mutate(inner.into_iter().nth(chosen).expect("one of them"), rng);
        }
        *json = match json.take() {
            Json::Array(mut list) if !list.is_empty() => {
                let [one, other] = [0, 1].map(|_| rng.random_range(0..list.len()));
                match rng.random_range(0..3) {
                    0 => drop(list.remove(one)),
                    1 => list.push(list[one].clone()),
                    _ => list.swap(one, other),
                }
                Json::Array(list)
            }
            Json::Number(number) => {
                let near = number.as_i64().unwrap_or(0).saturating_add(rng.random_range(-3..4));
                let edges = [near, near, near, 0, -1, i32::MIN.into(), i32::MAX.into(), u32::MAX.into(), 1 << 32];
                edges[rng.random_range(0..edges.len())].into()
            }
            Json::Bool(flag) => (!flag).into(),
            _ => ["relu", "maximum", "log_sum_exp", "hypot", "here", "direct", "table"][rng.random_range(0..7)].into(),
        };
    }

    /// `CHAINRULE_FUZZ=1000000 cargo test --release --features save -- whatever_a_file_contains` tries for longer.
    #[test]
    fn whatever_a_file_contains_nothing_panics() {
        let cases = std::env::var("CHAINRULE_FUZZ").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3000);
        let (mut rng, mut loaded) = (rng(4), 0);
        for case in 0..cases {
            let mut json = json(case % 40);
            for _ in 0..rng.random_range(1..4) {
                mutate(&mut json, &mut rng);
            }
            let mut text = json.to_string().into_bytes();
            if rng.random_bool(0.3) {
                let place = rng.random_range(0..text.len());
                text[place] = *b"0123456789-,[]{}\"e."[..].get(rng.random_range(0..19)).expect("one of them");
            }
            let program = Program::from_json(&text);
            if let Some(program) = program.ok().filter(|program| program.slots < 100_000 && is_small(&program.steps)) {
                loaded += 1;
                run(&program);
                let again = Program::from_json(program.to_json().as_bytes());
                assert_eq!(again.map(|again| again.steps), Ok(program.steps));
            }
        }
        assert!(loaded > cases / 20, "{loaded} of {cases} were programs: mutations are too wild");
    }
}
