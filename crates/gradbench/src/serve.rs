//! Answering messages, one after the other.

use crate::message::{Message, Response, Timing, id_of};
use crate::task::Runs;
use crate::{Error, Options, Result, Task, evals};
use serde_json::value::RawValue;
use std::any::Any;
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Answers each line of `messages` with one of `responses`, until there are no more. What is wrong with a message is said in
/// its response.
///
/// # Errors
///
/// If a line cannot be read, or an answer cannot be written.
pub fn serve(mut messages: impl BufRead, mut responses: impl Write, options: Options) -> io::Result<()> {
    let mut line = Vec::new();
    while messages.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            let mut response = serde_json::to_vec(&answer(&line, options))?;
            response.push(b'\n');
            responses.write_all(&response)?;
            responses.flush()?;
        }
        line.clear();
    }
    Ok(())
}

fn answer(line: &[u8], options: Options) -> Response {
    let message = match Message::of(line) {
        Ok(message) => message,
        Err(error) => return Response::failure(id_of(line), error),
    };
    let id = message.id.clone();
    match message.kind.as_str() {
        "start" => Response { id, tool: Some("chainrule"), ..Response::default() },
        "define" => match define(message) {
            Ok(()) => Response::success(id),
            Err(error) => Response::failure(id, error),
        },
        "evaluate" => match without_panic(|| evaluate(message, options)) {
            Ok((output, timings)) => Response { output: Some(output), timings, ..Response::success(id) },
            Err(error) => Response::failure(id, error),
        },
        _ => Response { id, ..Response::default() },
    }
}

fn define(message: Message) -> Result<()> {
    let name = message.module.ok_or_else(|| missing("module"))?;
    evals::functions(&name).map(|_| ())
}

fn evaluate(message: Message, options: Options) -> Result<(Box<RawValue>, Vec<Timing>)> {
    let module = message.module.ok_or_else(|| missing("module"))?;
    let name = message.function.ok_or_else(|| missing("function"))?;
    let input = message.input.ok_or_else(|| missing("input"))?;
    let function = evals::function_named(&module, &name)?;
    let runs = Runs::of(input)?;
    let (mut task, prepared) = (function.prepare)(input, options)?;
    let mut timings = vec![timing("prepare", prepared)];
    timings.extend(timed_runs(&mut *task, runs)?);
    Ok((task.output()?, timings))
}

fn timed_runs(task: &mut dyn Task, runs: Runs) -> Result<Vec<Timing>> {
    let (mut timings, mut seconds) = (Vec::new(), 0.0);
    while !runs.are_done(timings.len() as u64, seconds) {
        let start = Instant::now();
        task.run()?;
        let elapsed = start.elapsed();
        seconds += elapsed.as_secs_f64();
        timings.push(timing("evaluate", elapsed));
    }
    Ok(timings)
}

fn timing(name: &'static str, elapsed: Duration) -> Timing {
    Timing { name, nanoseconds: elapsed.as_nanos() as u64 }
}

fn missing(field: &str) -> Error {
    Error::input(field, "a value", "none")
}

/// A panic of `compute` as an error.
fn without_panic<T>(compute: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing that is used afterwards was changed by what panicked: tasks and tapes' scopes are gone.
    catch_unwind(AssertUnwindSafe(compute)).unwrap_or_else(|panic| Err(Error::Panic(panic_message(&*panic))))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("for an unknown reason").to_string()
}
