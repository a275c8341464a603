//! A program of one row, run over many: block by block, so that a block stays in the cache, and on several threads if asked.

use super::{Float, Machine, Program, Rows};
use crate::text::counted;
use crate::{Error, Result};
use std::collections::HashMap;

/// Runs a program of one row over as many rows as there are, and gives the outputs of each, or their sum or mean and the
/// gradient of that.
///
/// ```
/// use chainrule::Program;
/// use chainrule::program::{Batch, Rows};
///
/// let row = Program::record_groups(&[("line", &[0.0, 0.0]), ("point", &[0.0, 0.0])], |groups| {
///     let (line, point) = (&groups[0], &groups[1]);
///     (line[0] * point[0] + line[1] - point[1]).powi(2)
/// })?;
/// let mut batch = Batch::<f64>::gradient(&row, &["point"], Rows::Mean, &["line"])?;
/// batch.run(&[&[1.0, 0.0], &[0.0, 1.0, 2.0, 2.0]])?;
/// assert_eq!(batch.output(0), [0.5]);
/// assert_eq!(batch.output(1), [0.0, -1.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Batch<T> {
    row: Program,
    per_row: Vec<usize>,
    per_row_names: Vec<String>,
    outputs: Rows,
    by: Vec<String>,
    /// The rows of a block.
    block: usize,
    threads: usize,
    /// For each number of rows that was needed, a machine for each thread.
    machines: HashMap<usize, Vec<Machine<T>>>,
    results: Vec<Vec<T>>,
}

/// Rows are added up in chunks of so many blocks, each from 0, and the chunks in their order, so that the sum does not depend
/// on who computed which.
const BLOCKS_A_CHUNK: usize = 16;

/// A block should fill so many bytes.
const BLOCK_BYTES: usize = 256 << 10;

/// So many rows are run at once.
fn rows_a_block<T>(row: &Program, per_row: &[bool], is_value_alone: bool) -> usize {
    let shared = row.inputs.iter().zip(per_row).filter(|(_, is_per_row)| !**is_per_row);
    let shared: u32 = shared.map(|(input, _)| input.length).sum::<u32>() + row.constants.len() as u32;
    // Whoever has a gradient has adjoints as well.
    let slots = (row.slots - shared).max(1) as usize * if is_value_alone { 1 } else { 2 };
    (BLOCK_BYTES / size_of::<T>() / slots).clamp(8, 256) / 8 * 8
}

impl<T: Float + Send + Sync> Batch<T> {
    /// Over rows of the groups of inputs with these names; all other inputs are the same for all rows.
    ///
    /// # Errors
    ///
    /// If no group of inputs has one of the names.
    pub fn new(row: &Program, per_row: &[&str], outputs: Rows) -> Result<Self> {
        Batch::gradient(row, per_row, outputs, &[])
    }

    /// The same, with the gradient of the sum or mean by these groups of inputs after the outputs.
    ///
    /// # Errors
    ///
    /// If no group of inputs has one of the names, or the gradient is to be taken by a group that is another one in each
    /// row, or of each row and not of their sum or mean.
    pub fn gradient(row: &Program, per_row: &[&str], outputs: Rows, by: &[&str]) -> Result<Self> {
        if let Some(name) = by.iter().find(|name| per_row.contains(name)) {
            return Err(Error::argument("gradient", "a group that is the same for all rows", name));
        }
        if outputs == Rows::Each && !by.is_empty() {
            return Err(Error::argument("gradient", "the sum or the mean of the rows", "each row"));
        }
        let chosen = row.chosen(per_row)?;
        row.chosen(by)?;
        let block = rows_a_block::<T>(row, &chosen, by.is_empty());
        Ok(Batch {
            row: row.clone(),
            per_row: (0..chosen.len()).filter(|group| chosen[*group]).collect(),
            per_row_names: per_row.iter().map(|name| name.to_string()).collect(),
            outputs,
            by: by.iter().map(|name| name.to_string()).collect(),
            block,
            threads: 1,
            machines: HashMap::new(),
            results: Vec::new(),
        })
    }

    /// On so many threads. The results do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Runs over all rows: `inputs` has a slice for each group, in which rows stand one after the other.
    ///
    /// # Errors
    ///
    /// If there are not as many slices as groups of inputs, one has the wrong length or rows are missing in it, or a row
    /// fails: its number is told.
    pub fn run(&mut self, inputs: &[&[T]]) -> Result<()> {
        let rows = self.rows(inputs)?;
        let chunk = self.block * BLOCKS_A_CHUNK;
        let chunks: Vec<(usize, usize)> =
            (0..rows.div_ceil(chunk)).map(|number| (number * chunk, chunk.min(rows - number * chunk))).collect();
        self.prepare(rows % self.block, if rows >= self.block { self.block } else { 0 })?;
        let parts = self.run_chunks(&chunks, inputs)?;
        self.gather(parts, rows);
        Ok(())
    }

    /// The results of a group of outputs, or of a gradient: of each row one after the other, or of all together.
    ///
    /// # Panics
    ///
    /// If there is no group with that number, or nothing was run yet.
    pub fn output(&self, group: usize) -> &[T] {
        &self.results[group]
    }

    /// How many rows there are.
    fn rows(&self, inputs: &[&[T]]) -> Result<usize> {
        let groups = &self.row.inputs;
        if inputs.len() != groups.len() {
            return Err(Error::argument("inputs", counted(groups.len(), "group"), inputs.len()));
        }
        let mut rows = None;
        for (number, (group, input)) in groups.iter().zip(inputs).enumerate() {
            let (name, length, found) = (group.name.as_str(), group.length as usize, input.len());
            if !self.per_row.contains(&number) {
                if found != length {
                    return Err(Error::argument(name, counted(length, "number"), found));
                }
            } else if length == 0 || found % length != 0 || found == 0 {
                return Err(Error::argument(
                    name,
                    format!("rows of {}", counted(length, "number")),
                    counted(found, "number"),
                ));
            } else {
                let expected = *rows.get_or_insert(found / length);
                if expected != found / length {
                    return Err(Error::argument(name, counted(expected, "row"), counted(found / length, "row")));
                }
            }
        }
        rows.ok_or_else(|| Error::argument("rows", "a group of inputs that is another one in each row", "none"))
    }

    /// Makes the machines for blocks of these numbers of rows.
    fn prepare(&mut self, rest: usize, block: usize) -> Result<()> {
        for rows in [rest, block].into_iter().filter(|rows| *rows > 0) {
            let machines = self.machines.entry(rows).or_default();
            if machines.len() < self.threads {
                let names: Vec<&str> = self.per_row_names.iter().map(String::as_str).collect();
                let outputs = if self.outputs == Rows::Each { Rows::Each } else { Rows::Sum };
                let mut program = self.row.over_rows(&names, rows as u32, outputs)?;
                if !self.by.is_empty() {
                    program = program.gradient_by(&self.by.iter().map(String::as_str).collect::<Vec<_>>())?;
                }
                machines.resize_with(self.threads, || Machine::new(&program));
            }
        }
        Ok(())
    }

    /// What each chunk of rows, given by its first row and their number, adds to the results.
    fn run_chunks(&mut self, chunks: &[(usize, usize)], inputs: &[&[T]]) -> Result<Vec<Vec<Vec<T>>>> {
        let (block, per_row, is_each) = (self.block, &self.per_row, self.outputs == Rows::Each);
        // Every thread takes each so many-th chunk, with a machine for each number of rows.
        let mut workers: Vec<HashMap<usize, &mut Machine<T>>> = (0..self.threads).map(|_| HashMap::new()).collect();
        for (rows, machines) in &mut self.machines {
            for (worker, machine) in workers.iter_mut().zip(machines) {
                set_shared(machine, inputs, per_row);
                worker.insert(*rows, machine);
            }
        }
        let threads = workers.len();
        let work = |(number, mut machines): (usize, HashMap<usize, &mut Machine<T>>)| {
            let mine = chunks.iter().skip(number).step_by(threads);
            mine.map(|chunk| run_chunk(&mut machines, *chunk, block, inputs, per_row, is_each))
                .collect::<Result<Vec<_>>>()
        };
        let mut parts: Vec<std::vec::IntoIter<Vec<Vec<T>>>> =
            in_parallel(workers, work).into_iter().map(|parts| parts.map(Vec::into_iter)).collect::<Result<_>>()?;
        Ok((0..chunks.len()).filter_map(|chunk| parts[chunk % threads].next()).collect())
    }

    fn gather(&mut self, parts: Vec<Vec<Vec<T>>>, rows: usize) {
        let mut parts = parts.into_iter();
        self.results = parts.next().unwrap_or_default();
        for part in parts {
            for (result, part) in self.results.iter_mut().zip(part) {
                if self.outputs == Rows::Each {
                    result.extend(part);
                } else {
                    add(result, part);
                }
            }
        }
        if self.outputs == Rows::Mean {
            let rows = T::constant(rows as f64);
            self.results.iter_mut().flatten().for_each(|result| *result = *result / rows);
        }
    }
}

fn add<T: Float>(sums: &mut [T], terms: impl IntoIterator<Item = T>) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum = *sum + term);
}

/// Puts the inputs in that are the same for all rows.
fn set_shared<T: Float>(machine: &mut Machine<T>, inputs: &[&[T]], per_row: &[usize]) {
    for (group, input) in inputs.iter().enumerate().filter(|(group, _)| !per_row.contains(group)) {
        machine.input_mut(group).copy_from_slice(input);
    }
}

fn run_chunk<T: Float>(
    machines: &mut HashMap<usize, &mut Machine<T>>,
    (first, rows): (usize, usize),
    block: usize,
    inputs: &[&[T]],
    per_row: &[usize],
    is_each: bool,
) -> Result<Vec<Vec<T>>> {
    let mut results: Vec<Vec<T>> = Vec::new();
    for start in (0..rows).step_by(block) {
        let length = block.min(rows - start);
        let machine = machines.get_mut(&length).expect("machines were made for all numbers of rows");
        for group in per_row {
            let input = machine.input_mut(*group);
            let from = (first + start) * (input.len() / length);
            let count = input.len();
            input.copy_from_slice(&inputs[*group][from..from + count]);
        }
        machine.run().map_err(|error| error.of_rows_from(first + start))?;
        for group in 0..machine.program().outputs.len() {
            let output = machine.output(group);
            match results.get_mut(group) {
                None => results.push(output.collect()),
                Some(result) if is_each => result.extend(output),
                Some(result) => add(result, output),
            }
        }
    }
    Ok(results)
}

/// Does the work of each on a thread of its own, the first on this one.
fn in_parallel<W: Send, R: Send>(workers: Vec<W>, work: impl Fn((usize, W)) -> R + Sync) -> Vec<R> {
    let mut workers = workers.into_iter().enumerate();
    let first = workers.next();
    std::thread::scope(|scope| {
        let others: Vec<_> = workers.map(|worker| scope.spawn(|| work(worker))).collect();
        let mut results: Vec<R> = first.map(&work).into_iter().collect();
        let join = |other: std::thread::ScopedJoinHandle<R>| other.join();
        results.extend(
            others.into_iter().map(|other| join(other).unwrap_or_else(|panic| std::panic::resume_unwind(panic))),
        );
        results
    })
}
