//! The Jacobian matrix of many rows that are one program, mapped over lists of the inputs that each row reads.

use super::{Compression, Matrix, Pattern};
use crate::program::call::check_length;
use crate::program::sweeps::{seeds_of, set_seeds};
use crate::program::{Batch, Float, Program, Rows};
use crate::text::counted;
use crate::{Error, Result};
use std::ops::Range;

/// The Jacobian matrix of a function that does the same for many small parts of its inputs: the residuals of a bundle
/// adjustment, the elements of a mesh, the constraints between neighbours.
///
/// The program of one part is recorded once. The numbers that a part reads are gathered from `x`, as a list of indices says, and
/// derivatives are taken by these; each output of a part is a row of the matrix. Time and memory are in proportion to the entries.
///
/// ```
/// use chainrule::Program;
/// use chainrule::program::sparse::MappedJacobian;
///
/// // How far two of the numbers are apart, measured against what was observed.
/// let groups: [(&str, &[f64]); 2] = [("ends", &[0.0, 1.0]), ("observed", &[1.0])];
/// let distance = Program::record_groups(&groups, |groups| (groups[0][1] - groups[0][0]).powi(2) - groups[1][0])?;
/// let reads = [0, 1, 1, 2, 3, 0]; // from x[0] to x[1], from x[1] to x[2], from x[3] to x[0]
/// let mut jacobian = MappedJacobian::<f64>::new(&distance, "ends", &["observed"], 4, &reads)?;
/// let matrix = jacobian.run(&[0.0, 1.0, 3.0, 7.0], &[&[1.0, 4.0, 50.0]])?;
/// assert_eq!(matrix.row(1).collect::<Vec<_>>(), [(1, -4.0), (2, 4.0)]);
/// assert_eq!(matrix.row(2).collect::<Vec<_>>(), [(0, -14.0), (3, 14.0)]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct MappedJacobian<T> {
    batch: Batch<T>,
    part: Program,
    /// The group of inputs that is gathered.
    by: usize,
    /// The groups of inputs that are other ones in each part.
    per_part: Vec<bool>,
    /// What parts read, one after the other.
    reads: Vec<u32>,
    seeds: Vec<Vec<T>>,
    /// Where the entries of a part stand among its results.
    places: Vec<usize>,
    /// Which entries of the matrix those of all parts are added to, one after the other.
    targets: Vec<u32>,
    matrix: Matrix<T>,
    /// The numbers that some parts read.
    gathered: Vec<T>,
}

impl<T: Float + Send + Sync> MappedJacobian<T> {
    /// `part` is the program of one part, and `by` its group of inputs that is gathered from the `columns` numbers of `x`: for
    /// each part, `reads` has as many indices as the group has numbers, in their order. The groups `per_part` have other numbers in
    /// each part, all others are the same for all parts.
    ///
    /// The rows of the matrix are the outputs of the first part, then those of the second, and so on. What a part reads twice is
    /// one entry, the sum of both derivatives.
    ///
    /// # Errors
    ///
    /// If no group of inputs has one of the names, `by` is among `per_part` or has no numbers, an index is not below `columns`,
    /// indices are missing in the last part, or there would be 2^32 entries or more.
    pub fn new(part: &Program, by: &str, per_part: &[&str], columns: usize, reads: &[u32]) -> Result<Self> {
        if per_part.contains(&by) {
            return Err(Error::argument("per_part", "groups that are not gathered", by));
        }
        part.chosen(&[by])?;
        let group = part.inputs.iter().position(|input| input.name == by).unwrap_or_default();
        check_reads(reads, part.inputs[group].length as usize, columns)?;
        let plan = Compression::of_jacobian(part, &[by])?;
        let (pattern, targets) = scattered(&plan.pattern, columns, reads)?;
        let names = seeds_of(part, &plan.derivative)?;
        let sweeps = plan.count.max(1);
        let all_sweeps = plan.derivative.over_rows(&names, sweeps as u32, Rows::Each)?;
        let mut rest = &plan.sweeps_of[..];
        let seeds = plan.derivative.inputs[part.inputs.len()..].iter().map(|group| {
            let mut seeds = Vec::new();
            set_seeds(&mut seeds, rest.split_off(..group.length as usize).unwrap_or_default(), 0..sweeps);
            seeds
        });
        let width = plan.width();
        Ok(MappedJacobian {
            seeds: seeds.collect(),
            batch: Batch::new(&all_sweeps, &[per_part, &[by]].concat(), Rows::Each)?,
            by: group,
            per_part: part.chosen(per_part)?,
            part: part.clone(),
            reads: reads.to_vec(),
            places: plan.origins.iter().map(|origin| origin.sweep as usize * width + origin.place as usize).collect(),
            targets,
            matrix: Matrix::zero(pattern),
            gathered: Vec::new(),
        })
    }

    /// On so many threads. The results do not depend on it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.batch = self.batch.threads(threads);
        self
    }

    /// The matrix at `x`. `data` has a slice for each group of inputs that is not gathered: of those that are other ones in each
    /// part, the numbers of one part after those of the other.
    ///
    /// # Errors
    ///
    /// If a slice has the wrong length, or a part fails: its number is told, as that of a row.
    pub fn run(&mut self, x: &[T], data: &[&[T]]) -> Result<&Matrix<T>> {
        check_length("x", self.matrix.pattern().columns(), x.len())?;
        let parts = self.parts();
        self.check_data(data, parts)?;
        self.matrix.values.fill(T::default());
        if self.places.is_empty() {
            return Ok(&self.matrix);
        }
        for first in (0..parts).step_by(self.batch.rows_at_once()) {
            let some = first..parts.min(first + self.batch.rows_at_once());
            self.gather(x, some.clone());
            self.run_some(data, some.clone()).map_err(|error| error.of_rows_from(first))?;
            self.scatter(some);
        }
        Ok(&self.matrix)
    }

    /// How many parts there are.
    fn parts(&self) -> usize {
        self.reads.len() / self.part.inputs[self.by].length as usize
    }

    fn check_data(&self, data: &[&[T]], parts: usize) -> Result<()> {
        let groups = self.part.inputs.len() - 1;
        if data.len() != groups {
            return Err(Error::argument("data", counted(groups, "group"), data.len()));
        }
        let others = self.part.inputs.iter().zip(&self.per_part).enumerate().filter(|(group, _)| *group != self.by);
        others.zip(data).try_for_each(|((_, (input, is_per_part)), numbers)| {
            check_length(&input.name, input.length as usize * if *is_per_part { parts } else { 1 }, numbers.len())
        })
    }

    fn gather(&mut self, x: &[T], parts: Range<usize>) {
        let length = self.part.inputs[self.by].length as usize;
        self.gathered.clear();
        let reads = &self.reads[parts.start * length..parts.end * length];
        self.gathered.extend(reads.iter().map(|index| x[*index as usize]));
    }

    fn run_some(&mut self, data: &[&[T]], parts: Range<usize>) -> Result<()> {
        let mut inputs = data.to_vec();
        inputs.insert(self.by, &[]);
        for ((input, group), is_per_part) in inputs.iter_mut().zip(&self.part.inputs).zip(&self.per_part) {
            if *is_per_part {
                let length = group.length as usize;
                *input = &input[parts.start * length..parts.end * length];
            }
        }
        inputs[self.by] = &self.gathered;
        inputs.extend(self.seeds.iter().map(Vec::as_slice));
        self.batch.run(&inputs)
    }

    fn scatter(&mut self, parts: Range<usize>) {
        let (results, entries) = (self.batch.output(0), self.places.len());
        let results = results.chunks(results.len() / parts.len());
        let targets = self.targets[parts.start * entries..].chunks(entries);
        for (results, targets) in results.zip(targets) {
            for (place, target) in self.places.iter().zip(targets) {
                let value = &mut self.matrix.values[*target as usize];
                *value = *value + results[*place];
            }
        }
    }
}

fn check_reads(reads: &[u32], length: usize, columns: usize) -> Result<()> {
    if length == 0 || !reads.len().is_multiple_of(length) {
        let expected = format!("{length} indices for each part, at least one");
        return Err(Error::argument("reads", expected, format!("{} indices", reads.len())));
    }
    match reads.iter().position(|index| *index as usize >= columns) {
        Some(place) => {
            Err(Error::argument(format!("reads[{place}]"), format!("an index below {columns}"), reads[place]))
        }
        None => Ok(()),
    }
}

/// The pattern of all parts, from that of one, and which of its entries those of each part are.
fn scattered(part: &Pattern, columns: usize, reads: &[u32]) -> Result<(Pattern, Vec<u32>)> {
    let mut pattern = Pattern::of_columns(columns);
    let mut targets = Vec::with_capacity(reads.len() / part.columns() * part.len());
    for reads in reads.chunks(part.columns()) {
        for row in 0..part.rows() {
            let mut row_columns: Vec<u32> = part.row(row).iter().map(|place| reads[*place as usize]).collect();
            let unsorted = row_columns.clone();
            row_columns.sort_unstable();
            row_columns.dedup();
            let first = pattern.len() as u32;
            let entry = |column: &u32| first + row_columns.partition_point(|other| other < column) as u32;
            targets.extend(unsorted.iter().map(entry));
            pattern.push(row_columns)?;
        }
    }
    Ok((pattern, targets))
}
