//! det: a determinant by expansion along rows.

use crate::differentiate::{self, value};
use crate::task::{list, number};
use crate::{Error, Options, Result, Task};
use chainrule::Number;
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
    expand(matrix, size, (1 << size) - 1)
}

/// The determinant of rows with those columns that have their bit set, of which there are as many, along the first row.
fn expand<N: Number>(rows: &[N], width: usize, columns: u64) -> N {
    let (row, below) = rows.split_at(width);
    let minor = |column: usize| match columns & !(1 << column) {
        0 => row[column],
        others => row[column] * expand(below, width, others),
    };
    let signed = |sum: N, (place, column)| if place % 2 == 0 { sum + minor(column) } else { sum - minor(column) };
    let mut chosen = (0..width).filter(|column| columns >> column & 1 == 1);
    let first = chosen.next().map_or(N::constant(1.0), minor);
    (1..).zip(chosen).fold(first, signed)
}

/// The determinant.
pub fn primal(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let size = checked_size(&input)?;
    Ok(number(value(options.mode, input.matrix, move |a| determinant(a, size), move |a| determinant(a, size))?))
}

/// Its gradient, row after row: the cofactors.
pub fn gradient(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let size = checked_size(&input)?;
    Ok(list(size * size, differentiate::gradient(options.mode, input.matrix, move |a| determinant(a, size))?))
}

fn checked_size(input: &Input) -> Result<usize> {
    const MOST: usize = 20;
    if !(1..=MOST).contains(&input.ell) {
        return Err(Error::input("ell", format!("a size from 1 to {MOST}"), input.ell));
    }
    super::check_length("A", input.ell * input.ell, input.matrix.len())?;
    Ok(input.ell)
}
