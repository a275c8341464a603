//! Systems of a few linear equations, in plain numbers.

use crate::{Error, Result};

/// Solves `matrix * solution = right`, of which each is given row by row, by Gauss's and Jordan's elimination with the largest
/// pivot of each column.
///
/// # Errors
///
/// If the matrix is singular, to rounding.
pub(super) fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<Vec<f64>>) -> Result<Vec<Vec<f64>>> {
    let count = matrix.len();
    let largest = matrix.iter().flatten().fold(0.0, |largest: f64, entry| largest.max(entry.abs()));
    for column in 0..count {
        let by_size = |a: &usize, b: &usize| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs());
        let row = (column..count).max_by(by_size).unwrap_or(column);
        matrix.swap(column, row);
        right.swap(column, row);
        let pivot = matrix[column][column];
        if !pivot.is_finite() || pivot.abs() <= f64::EPSILON * largest {
            let expected = "derivatives by the unknowns that are a regular matrix";
            return Err(Error::argument("residual", expected, format!("a pivot of {pivot:e}")));
        }
        let (above, right_above) = (matrix[column].clone(), right[column].clone());
        for row in (0..count).filter(|row| *row != column) {
            let share = matrix[row][column] / pivot;
            subtract(&mut matrix[row], share, &above);
            subtract(&mut right[row], share, &right_above);
        }
    }
    for (row, numbers) in right.iter_mut().enumerate() {
        numbers.iter_mut().for_each(|number| *number /= matrix[row][row]);
    }
    Ok(right)
}

fn subtract(row: &mut [f64], share: f64, other: &[f64]) {
    row.iter_mut().zip(other).for_each(|(number, other)| *number -= share * other);
}

/// Whether a symmetric matrix is positive definite: whether it has a Cholesky decomposition.
pub(super) fn is_positive_definite(matrix: &[Vec<f64>]) -> bool {
    let mut factor: Vec<Vec<f64>> = Vec::new();
    for (number, row) in matrix.iter().enumerate() {
        let mut found: Vec<f64> = Vec::with_capacity(number + 1);
        for column in 0..number {
            let known: f64 = found.iter().zip(&factor[column]).map(|(a, b)| a * b).sum();
            found.push((row[column] - known) / factor[column][column]);
        }
        let left = row[number] - found.iter().map(|entry| entry * entry).sum::<f64>();
        if left.is_nan() || left <= 0.0 {
            return false;
        }
        found.push(left.sqrt());
        factor.push(found);
    }
    true
}
