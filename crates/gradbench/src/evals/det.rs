//! det: a determinant by expansion along rows.

use crate::differentiate::eager_gradient;
use crate::task::{Compute, list, number};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::program::{Batch, Rows};
use chainrule::{Number, Program};
use serde::Deserialize;

/// A square matrix.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its elements, row after row.
    #[serde(rename = "A")]
    pub matrix: Vec<f64>,
    /// How many rows it has, and columns.
    pub ell: usize,
}

/// The determinant of a square matrix, given row after row.
pub fn determinant<N: Number>(matrix: &[N], size: usize) -> N {
    let negated: Vec<N> = matrix.iter().map(|&x| -x).collect();
    expand([matrix, &negated], size, (1 << size) - 1)
}

/// The determinant of rows with those columns that have their bit set, of which there are as many, along the first row. The rows
/// are given with their signs as they are, and changed.
fn expand<N: Number>(rows: [&[N]; 2], width: usize, columns: u64) -> N {
    let (row, below) = (rows.map(|rows| &rows[..width]), rows.map(|rows| &rows[width..]));
    let minor = |column: usize| match columns & !(1 << column) {
        last if last.is_power_of_two() => below[0][last.trailing_zeros() as usize],
        others => expand(below, width, others),
    };
    let add = |sum: N, (place, column): (usize, usize)| row[place % 2][column].mul_add(minor(column), sum);
    let mut chosen = ones(columns);
    match chosen.next() {
        None => N::constant(1.0),
        Some(only) if columns.is_power_of_two() => row[0][only],
        Some(first) => (1..).zip(chosen).fold(row[0][first] * minor(first), add),
    }
}

/// The places of the bits that are set.
fn ones(bits: u64) -> impl Iterator<Item = usize> {
    let rest = std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)));
    rest.take_while(|bits| *bits != 0).map(|bits| bits.trailing_zeros() as usize)
}

/// Minors of so many rows are recorded; the expansion down to them is a program of one minor, run over all.
const RECORDED: usize = 6;

/// What one way down to a recorded minor adds to the determinant. The path has the columns that the first rows take, then those
/// that are left to the minor, and a sign.
fn term<N: Number>(matrix: &[N], size: usize, path: &[N]) -> N {
    let depth = size.saturating_sub(RECORDED);
    let (taken, left) = path[..size].split_at(depth);
    let element = |row: usize, column: &N| column.lookup(&matrix[row * size..][..size]);
    let factor = taken.iter().enumerate().fold(path[size], |factor, (row, column)| factor * element(row, column));
    let minor: Vec<N> = (depth..size).flat_map(|row| left.iter().map(move |column| element(row, column))).collect();
    factor * determinant(&minor, size - depth)
}

/// All ways down to a recorded minor, one after the other.
fn paths(size: usize) -> Vec<f64> {
    let mut paths = Vec::new();
    add_paths(&mut Vec::new(), &(0..size).collect::<Vec<_>>(), 1.0, &mut paths);
    paths
}

/// Those that begin with the columns that are taken.
fn add_paths(taken: &mut Vec<usize>, left: &[usize], sign: f64, paths: &mut Vec<f64>) {
    if left.len() <= RECORDED {
        paths.extend(taken.iter().chain(left).map(|column| *column as f64));
        paths.push(sign);
        return;
    }
    for (place, column) in left.iter().enumerate() {
        taken.push(*column);
        let others = [&left[..place], &left[place + 1..]].concat();
        add_paths(taken, &others, if place % 2 == 0 { sign } else { -sign }, paths);
        taken.pop();
    }
}

/// The determinant.
pub fn primal(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let size = checked_size(&input)?;
    let compute: Compute = match options.mode {
        Mode::Program => summed_by(&[], 0, input, options)?,
        Mode::Eager => Box::new(move |value| {
            value[0] = determinant(&input.matrix, size);
            Ok(())
        }),
    };
    Ok(number(compute))
}

/// Its gradient, row after row: the cofactors.
pub fn gradient(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let size = checked_size(&input)?;
    let compute: Compute = match options.mode {
        Mode::Program => summed_by(&["matrix"], 1, input, options)?,
        Mode::Eager => Box::new(move |gradient| {
            eager_gradient(&input.matrix, |matrix| determinant(matrix, size), gradient);
            Ok(())
        }),
    };
    Ok(list(size * size, compute))
}

/// The sum over all paths, or its gradient by the matrix if that is named.
fn summed_by(by: &[&str], output: usize, input: Input, options: Options) -> Result<Compute> {
    let (size, paths) = (input.ell, paths(input.ell));
    let groups = [("matrix", &input.matrix[..]), ("path", &paths[..=size])];
    let row = Program::record_groups(&groups, |groups| term(&groups[0], size, &groups[1]))?;
    let mut batch = Batch::gradient(&row, &["path"], Rows::Sum, by)?.threads(options.threads);
    Ok(Box::new(move |results| {
        batch.run(&[&input.matrix, &paths])?;
        results.copy_from_slice(batch.output(output));
        Ok(())
    }))
}

fn checked_size(input: &Input) -> Result<usize> {
    // There are 13! / 6! paths of 13 columns: a gigabyte.
    const MOST: usize = 13;
    if !(1..=MOST).contains(&input.ell) {
        return Err(Error::input("ell", format!("a size from 1 to {MOST}"), input.ell));
    }
    super::check_length("A", input.ell * input.ell, input.matrix.len())?;
    Ok(input.ell)
}
