//! Where the entries of a sparse matrix stand.

use crate::{Error, Result};
use std::ops::Range;

/// The places of a sparse matrix at which there can be entries, in compressed rows. All others are 0 wherever the derivatives
/// are taken.
///
/// ```
/// use chainrule::Program;
///
/// let program = Program::record(&[1.0, 2.0, 3.0], |x| [x[0] * x[2], x[1].sin()])?;
/// let pattern = program.jacobian_pattern()?;
/// assert_eq!((pattern.rows(), pattern.columns(), pattern.len()), (2, 3, 3));
/// assert_eq!((pattern.row(0), pattern.row(1)), (&[0, 2][..], &[1][..]));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    columns: usize,
    /// Where each row begins among the entries, and the end of the last.
    starts: Vec<usize>,
    /// The column of each entry, rising within a row.
    indices: Vec<u32>,
}

impl Pattern {
    /// No rows yet.
    pub(super) fn of_columns(columns: usize) -> Self {
        Pattern { columns, starts: vec![0], indices: Vec::new() }
    }

    /// From rows, whose columns rise.
    ///
    /// # Errors
    ///
    /// If there are 2^32 entries or more.
    pub(super) fn of_rows(columns: usize, rows: impl IntoIterator<Item = Vec<u32>>) -> Result<Self> {
        let mut pattern = Pattern::of_columns(columns);
        rows.into_iter().try_for_each(|row| pattern.push(row))?;
        Ok(pattern)
    }

    /// One row more, whose columns rise.
    ///
    /// # Errors
    ///
    /// If there are 2^32 entries or more.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = u32>) -> Result<()> {
        self.indices.extend(row);
        if u32::try_from(self.indices.len()).is_err() {
            return Err(Error::argument("sparse matrix", "fewer than 2^32 entries", self.indices.len()));
        }
        self.starts.push(self.indices.len());
        Ok(())
    }

    /// How many rows the matrix has.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many columns the matrix has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The columns of the entries of a row, from left to right.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[u32] {
        &self.indices[self.entries(row)]
    }

    /// Where each row begins among the entries, and the end of the last: the row pointers of compressed rows (CSR).
    pub fn row_starts(&self) -> &[usize] {
        &self.starts
    }

    /// The column of each entry, row after row.
    pub fn column_indices(&self) -> &[u32] {
        &self.indices
    }

    /// The row and the column of each entry, row after row.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows()).flat_map(|row| self.row(row).iter().map(move |column| (row, *column as usize)))
    }

    /// The pattern with rows and columns exchanged.
    pub fn transposed(&self) -> Self {
        let mut starts = vec![0; self.columns + 1];
        self.indices.iter().for_each(|column| starts[*column as usize + 1] += 1);
        (0..self.columns).for_each(|column| starts[column + 1] += starts[column]);
        let mut next = starts.clone();
        let mut indices = vec![0; self.len()];
        for (row, column) in self.places() {
            indices[next[column]] = row as u32;
            next[column] += 1;
        }
        Pattern { columns: self.rows(), starts, indices }
    }

    /// The entries of a row, by their numbers.
    pub(super) fn entries(&self, row: usize) -> Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// The number of an entry, if there is one at this place.
    pub(super) fn entry(&self, row: usize, column: usize) -> Option<usize> {
        let place = self.row(row).binary_search(&u32::try_from(column).ok()?).ok()?;
        Some(self.starts[row] + place)
    }

    /// Of a square matrix, what is in the pattern or mirrored on its diagonal.
    pub(super) fn symmetric(&self) -> Result<Self> {
        let mirrored = self.transposed();
        let rows = (0..self.rows()).map(|row| {
            let mut both = [self.row(row), mirrored.row(row)].concat();
            both.sort_unstable();
            both.dedup();
            both
        });
        Pattern::of_rows(self.columns, rows)
    }

    /// So many entries the fullest row has.
    pub(super) fn fullest_row(&self) -> usize {
        (0..self.rows()).map(|row| self.entries(row).len()).max().unwrap_or(0)
    }
}
