//! Computes a sparse matrix at one point after the other.

use super::{Compression, Matrix};
use crate::Result;
use crate::program::sweeps::Sweeps;
use crate::program::{Float, Program};

/// A sparse matrix, computed anew at each point.
pub(in crate::program) struct Compressed<T> {
    sweeps: Sweeps<T>,
    /// For each sweep the entries that come out of it: the place among its results, and the number of the entry.
    entries: Vec<Vec<(u32, u32)>>,
    matrix: Matrix<T>,
}

impl<T: Float + Send + Sync> Compressed<T> {
    /// Of a program, as planned.
    pub fn new(program: &Program, plan: Compression) -> Result<Self> {
        let mut entries = vec![Vec::new(); plan.count];
        for (origin, entry) in plan.origins.iter().zip(0..) {
            entries[origin.sweep as usize].push((origin.place, entry));
        }
        Ok(Compressed {
            sweeps: Sweeps::new(program, &plan.derivative, &plan.sweeps_of, plan.count)?,
            entries,
            matrix: Matrix::zero(plan.pattern),
        })
    }

    /// The matrix at a point.
    pub fn run(&mut self, x: &[T]) -> Result<&Matrix<T>> {
        let values = &mut self.matrix.values;
        self.sweeps.run(x, |sweep, numbers| {
            for (place, entry) in &self.entries[sweep] {
                values[*entry as usize] = numbers[*place as usize];
            }
        })?;
        Ok(&self.matrix)
    }
}
