//! A program of one row, run over many: block by block, so that a block stays in the cache, and on several threads if asked.

use super::call::{check_count, check_length};
use super::{Float, Machine, Program, Rows};
use crate::text::counted;
use crate::{Error, Result};
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    /// Those beside the one that runs the batch, from when they are needed.
    pool: Option<ThreadPool>,
    /// For each number of rows that was needed, a machine for each thread that had a chunk to do.
    machines: HashMap<usize, Vec<Machine<T>>>,
    /// For each group of results those of all chunks of rows, one after the other.
    parts: Vec<Vec<T>>,
    /// The sums of these, unless they are results of each row.
    sums: Vec<Vec<T>>,
}

/// Rows are added up in chunks of so many blocks, each from 0, and the chunks in their order, so that the sum does not depend
/// on who computed which.
const BLOCKS_A_CHUNK: usize = 4;

/// A block should fill so many bytes.
const BLOCK_BYTES: usize = 1 << 21;

/// A number of all rows of a block fills at most so many cache lines.
const MOST_LINES: usize = 79;

/// So many rows are run at once: as many as fill an odd number of cache lines. Numbers that stand a power of two apart crowd
/// the same few places of a cache.
fn rows_a_block<T>(row: &Program, per_row: &[bool], is_value_alone: bool) -> usize {
    // Whoever has a gradient has adjoints as well.
    let slots = row.slots_per_row(per_row).max(1) * if is_value_alone { 1 } else { 2 };
    let a_line = 64 / size_of::<T>();
    let lines = (BLOCK_BYTES / size_of::<T>() / slots / a_line).clamp(1, MOST_LINES);
    ((lines - 1) | 1) * a_line
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
            pool: None,
            machines: HashMap::new(),
            parts: Vec::new(),
            sums: Vec::new(),
        })
    }

    /// On so many threads: the one that calls [`run`](Batch::run), and others that the batch keeps. The results do not depend on it.
    pub fn threads(self, threads: usize) -> Self {
        Batch { threads: threads.max(1), pool: None, ..self }
    }

    /// Runs over all rows: `inputs` has a slice for each group, in which rows stand one after the other.
    ///
    /// # Errors
    ///
    /// If there are not as many slices as groups of inputs, one has the wrong length or rows are missing in it, or a row
    /// fails: its number is told.
    pub fn run(&mut self, inputs: &[&[T]]) -> Result<()> {
        let rows = self.prepare(inputs)?;
        self.run_prepared(rows, inputs)
    }

    /// The same into buffers of the caller's own: one for each group of [outputs](Batch::output).
    ///
    /// ```
    /// use chainrule::Program;
    /// use chainrule::program::{Batch, Rows};
    ///
    /// let program = Program::record(&[1.0, 2.0], |x| x[0] * x[1])?;
    /// let mut batch = Batch::<f64>::new(&program, &["x"], Rows::Each)?;
    /// let mut products = [0.0; 3];
    /// batch.run_into(&[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], &mut [&mut products])?;
    /// assert_eq!(products, [2.0, 12.0, 30.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Batch::run); and if there are not as many buffers as groups, or one has another length than its results.
    pub fn run_into(&mut self, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> Result<()> {
        let rows = self.prepare(inputs)?;
        let results = self.results();
        check_count("outputs", results.len(), outputs.len())?;
        let times = if self.outputs == Rows::Each { rows } else { 1 };
        for ((name, length), output) in results.into_iter().zip(&*outputs) {
            check_length(name, times * length, output.len())?;
        }
        if self.outputs == Rows::Each {
            return self.run_chunks(rows, inputs, outputs.iter_mut().map(|output| &mut **output).collect());
        }
        self.run_prepared(rows, inputs)?;
        outputs.iter_mut().zip(&self.sums).for_each(|(output, sums)| output.copy_from_slice(sums));
        Ok(())
    }

    /// The results of a group of outputs, or of a gradient: of each row one after the other, or of all together.
    ///
    /// # Panics
    ///
    /// If there is no group with that number, or nothing was run yet.
    pub fn output(&self, group: usize) -> &[T] {
        if self.outputs == Rows::Each { &self.parts[group] } else { &self.sums[group] }
    }

    /// The rows of a block.
    pub(super) fn rows_a_block(&self) -> usize {
        self.block
    }

    /// As many rows as give every thread its part.
    pub(super) fn rows_at_once(&self) -> usize {
        self.block * BLOCKS_A_CHUNK * self.threads
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

    /// So many threads have a chunk to do.
    fn workers(&self, rows: usize) -> usize {
        self.threads.min(rows.div_ceil(self.block * BLOCKS_A_CHUNK))
    }

    /// Makes the machines for blocks of as many rows as there will be, and says how many rows there are.
    fn prepare(&mut self, inputs: &[&[T]]) -> Result<usize> {
        let all = self.rows(inputs)?;
        let workers = self.workers(all);
        if workers > 1 && self.pool.is_none() {
            let pool = ThreadPoolBuilder::new().num_threads(self.threads - 1).build();
            let failed = |_| Error::argument("threads", "as many as the system can start", self.threads);
            self.pool = Some(pool.map_err(failed)?);
        }
        let (rest, block) = (all % self.block, if all >= self.block { self.block } else { 0 });
        for rows in [rest, block].into_iter().filter(|rows| *rows > 0) {
            let machines = self.machines.entry(rows).or_default();
            if machines.len() < workers {
                let names: Vec<&str> = self.per_row_names.iter().map(String::as_str).collect();
                let outputs = if self.outputs == Rows::Each { Rows::Each } else { Rows::Sum };
                let mut program = self.row.over_rows(&names, rows as u32, outputs)?;
                if !self.by.is_empty() {
                    program = program.gradient_by(&self.by.iter().map(String::as_str).collect::<Vec<_>>())?;
                }
                machines.resize_with(workers, || Machine::new(&program));
            }
        }
        Ok(all)
    }

    /// What each group of results is called, and how many numbers it has: for a row, or for all.
    fn results(&self) -> Vec<(&str, usize)> {
        let Some((rows, machines)) = self.machines.iter().find(|(_, machines)| !machines.is_empty()) else {
            return Vec::new();
        };
        let each = if self.outputs == Rows::Each { *rows } else { 1 };
        let outputs = machines[0].program().outputs.iter();
        outputs.map(|output| (output.name.as_str(), output.length() / each)).collect()
    }

    fn lengths(&self) -> Vec<usize> {
        self.results().into_iter().map(|(_, length)| length).collect()
    }

    /// Runs over all rows, into memory of its own.
    fn run_prepared(&mut self, rows: usize, inputs: &[&[T]]) -> Result<()> {
        let of_each_part = if self.outputs == Rows::Each { rows } else { rows.div_ceil(self.block * BLOCKS_A_CHUNK) };
        let mut parts = std::mem::take(&mut self.parts);
        parts.resize_with(self.lengths().len(), Vec::new);
        for (part, length) in parts.iter_mut().zip(self.lengths()) {
            part.resize(of_each_part * length, T::default());
        }
        let ran = self.run_chunks(rows, inputs, parts.iter_mut().map(Vec::as_mut_slice).collect());
        self.parts = parts;
        ran?;
        if self.outputs != Rows::Each {
            self.add_up(rows);
        }
        Ok(())
    }

    /// Writes the results of each chunk of rows: of each group those of all rows, or a sum for each chunk.
    fn run_chunks(&mut self, rows: usize, inputs: &[&[T]], parts: Vec<&mut [T]>) -> Result<()> {
        let (block, is_each, lengths) = (self.block, self.outputs == Rows::Each, self.lengths());
        let chunk_rows = block * BLOCKS_A_CHUNK;
        let count = rows.div_ceil(chunk_rows);
        let mut chunks: Vec<Chunk<T>> = (0..count)
            .map(|number| number * chunk_rows)
            .map(|first| Chunk { first, rows: chunk_rows.min(rows - first), results: Vec::new() })
            .collect();
        for (part, length) in parts.into_iter().zip(lengths) {
            let of_chunk = if is_each { chunk_rows * length } else { length };
            chunks.iter_mut().zip(part.chunks_mut(of_chunk)).for_each(|(chunk, results)| chunk.results.push(results));
        }
        let mut machines: Vec<HashMap<usize, &mut Machine<T>>> =
            (0..self.workers(rows)).map(|_| HashMap::new()).collect();
        for (rows, of_threads) in &mut self.machines {
            for (machines, machine) in machines.iter_mut().zip(of_threads) {
                set_shared(machine, inputs, &self.per_row);
                machines.insert(*rows, machine);
            }
        }
        let per_row = &self.per_row;
        // Whoever is done takes the next chunk: cores are not equally fast.
        let chunks = Mutex::new(chunks.into_iter());
        let next = || chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
        let failures = Mutex::new(Vec::new());
        let work = |mut machines: HashMap<usize, &mut Machine<T>>| {
            while let Some(chunk) = next() {
                let first = chunk.first;
                if let Err(error) = run_chunk(&mut machines, chunk, block, inputs, per_row, is_each) {
                    return failures.lock().unwrap_or_else(PoisonError::into_inner).push((first, error));
                }
            }
        };
        in_parallel(self.pool.as_ref(), machines, work);
        // All chunks before one that has failed were taken before it: the first failure is the same on all numbers of threads.
        let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        failures.into_iter().min_by_key(|(first, _)| *first).map_or(Ok(()), |(_, error)| Err(error))
    }

    fn add_up(&mut self, rows: usize) {
        let lengths = self.lengths();
        self.sums.resize_with(lengths.len(), Vec::new);
        for ((sums, part), length) in self.sums.iter_mut().zip(&self.parts).zip(lengths) {
            let (first, others) = part.split_at(length);
            sums.clear();
            sums.extend_from_slice(first);
            others.chunks(length).for_each(|terms| add(sums, terms.iter().copied()));
            if self.outputs == Rows::Mean {
                let rows = T::constant(rows as f64);
                sums.iter_mut().for_each(|sum| *sum = *sum / rows);
            }
        }
    }
}

/// Rows that follow each other, and where their results go.
struct Chunk<'a, T> {
    first: usize,
    rows: usize,
    /// Of each group those of all rows, or their sum.
    results: Vec<&'a mut [T]>,
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
    mut chunk: Chunk<T>,
    block: usize,
    inputs: &[&[T]],
    per_row: &[usize],
    is_each: bool,
) -> Result<()> {
    for start in (0..chunk.rows).step_by(block) {
        let length = block.min(chunk.rows - start);
        let machine = machines.get_mut(&length).expect("machines were made for all numbers of rows");
        for group in per_row {
            let input = machine.input_mut(*group);
            let from = (chunk.first + start) * (input.len() / length);
            let count = input.len();
            input.copy_from_slice(&inputs[*group][from..from + count]);
        }
        machine.run().map_err(|error| error.of_rows_from(chunk.first + start))?;
        for (group, results) in chunk.results.iter_mut().enumerate() {
            let count = machine.program().outputs[group].length();
            match is_each {
                true => machine.copy_output(group, &mut results[start * count / length..][..count]),
                false if start == 0 => machine.copy_output(group, results),
                false => add(results, machine.output(group)),
            }
        }
    }
    Ok(())
}

/// Does the work of the last on this thread, and that of the others on those of the pool.
fn in_parallel<W: Send>(pool: Option<&ThreadPool>, mut workers: Vec<W>, work: impl Fn(W) + Sync) {
    let Some(own) = workers.pop() else { return };
    let Some(pool) = pool.filter(|_| !workers.is_empty()) else { return work(own) };
    let (work, at_work) = (&work, &AtomicUsize::new(workers.len()));
    pool.in_place_scope(|scope| {
        for worker in workers {
            scope.spawn(move |_| {
                work(worker);
                at_work.fetch_sub(1, Ordering::Release);
            });
        }
        work(own);
        let start = Instant::now();
        while at_work.load(Ordering::Acquire) > 0 && start.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
    });
}

/// So long this thread looks whether the others are done before it sleeps until they wake it.
const PATIENCE: Duration = Duration::from_millis(1);
