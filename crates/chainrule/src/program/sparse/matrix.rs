//! A sparse matrix in compressed rows.

use super::Pattern;

/// A sparse matrix in compressed rows (CSR): a [`Pattern`] and a number for each of its entries, which may be 0.
///
/// ```
/// use chainrule::Program;
/// use chainrule::program::Derivatives;
///
/// let program = Program::record(&[0.0; 3], |x| [x[0] * x[2], x[1].sin()])?;
/// let mut derivatives = Derivatives::<f64>::of(&program);
/// let jacobian = derivatives.sparse_jacobian(&[2.0, 0.0, 5.0])?;
/// assert_eq!(jacobian.row(0).collect::<Vec<_>>(), [(0, 5.0), (2, 2.0)]);
/// assert_eq!(jacobian.get(1, 1), 1.0);
/// assert_eq!(jacobian.triplets().last(), Some((1, 1, 1.0))); // row, column and number: COO
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<T> {
    pattern: Pattern,
    pub(super) values: Vec<T>,
}

impl<T: Copy + Default> Matrix<T> {
    /// All entries 0.
    pub(super) fn zero(pattern: Pattern) -> Self {
        Matrix { values: vec![T::default(); pattern.len()], pattern }
    }

    /// Where the entries stand: [`row_starts`](Pattern::row_starts) and [`column_indices`](Pattern::column_indices) are what
    /// other libraries take together with [`values`](Matrix::values).
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The number of each entry, row after row.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The entries of a row, from left to right, each with its column.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, T)> {
        let columns = self.pattern.row(row).iter().map(|column| *column as usize);
        columns.zip(self.values[self.pattern.entries(row)].iter().copied())
    }

    /// All entries, row after row, each with its row and column: coordinates (COO).
    pub fn triplets(&self) -> impl Iterator<Item = (usize, usize, T)> {
        self.pattern.places().zip(&self.values).map(|((row, column), value)| (row, column, *value))
    }

    /// The number at a place: 0 where there is no entry.
    ///
    /// # Panics
    ///
    /// If there is no such row or column.
    pub fn get(&self, row: usize, column: usize) -> T {
        assert!(column < self.pattern.columns(), "column {column} of a matrix of {}", self.pattern.columns());
        self.pattern.entry(row, column).map_or(T::default(), |entry| self.values[entry])
    }

    /// All numbers, row by row, those that are no entries as well.
    pub fn to_dense(&self) -> Vec<T> {
        let columns = self.pattern.columns();
        let mut dense = vec![T::default(); self.pattern.rows() * columns];
        self.triplets().for_each(|(row, column, value)| dense[row * columns + column] = value);
        dense
    }
}
