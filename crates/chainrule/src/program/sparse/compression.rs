//! How a sparse matrix is computed in few sweeps: the derivative, which of its seeds are set together, and where among the
//! results each entry comes out.

use super::{Coloring, Pattern};
use crate::Result;
use crate::program::{Output, Program};

/// A plan for the computation of a sparse matrix.
pub(in crate::program) struct Compression {
    pub pattern: Pattern,
    /// The program of a sweep, with one group of outputs.
    pub derivative: Program,
    /// The sweep in which each seed is 1.
    pub sweeps_of: Vec<u32>,
    /// How many sweeps there are.
    pub count: usize,
    /// For each entry of the pattern in which sweep it comes out, and at which place there.
    pub origins: Vec<Origin>,
}

/// Where an entry comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::program) struct Origin {
    pub sweep: u32,
    pub place: u32,
}

impl Compression {
    /// The Jacobian matrix by these groups of inputs: in forward mode, or in reverse mode if that takes fewer sweeps.
    pub fn of_jacobian(program: &Program, by: &[&str]) -> Result<Self> {
        let pattern = program.jacobian_pattern_by(by)?;
        let (coloring, is_forward) = fewest_colors(&pattern);
        let derivative = if is_forward { program.jvp_by(by)? } else { program.vjp_by(by)? };
        let color = |column: usize| coloring.colors()[column];
        let origins = pattern.places().map(|(row, column)| match is_forward {
            true => Origin { sweep: color(column), place: row as u32 },
            false => Origin { sweep: color(row), place: column as u32 },
        });
        Compression::new(origins.collect(), derivative.outputs_from(program.outputs.len())?, &coloring, pattern)
    }

    /// The Hessian matrix of the first output by these groups of inputs.
    pub fn of_hessian(program: &Program, by: &[&str]) -> Result<Self> {
        let pattern = program.hessian_pattern_by(by)?;
        let coloring = pattern.star_coloring();
        let color = |column: usize| coloring.colors()[column];
        let mut columns_of = vec![0; coloring.count()];
        let mut origins = Vec::with_capacity(pattern.len());
        for row in 0..pattern.rows() {
            let colors = || pattern.row(row).iter().map(|column| color(*column as usize) as usize);
            colors().for_each(|color| columns_of[color] += 1);
            // Where several columns of a colour meet in this row, it is the only one of its colour in each of these columns.
            origins.extend(pattern.row(row).iter().map(|column| match columns_of[color(*column as usize) as usize] {
                1 => Origin { sweep: color(*column as usize), place: row as u32 },
                _ => Origin { sweep: color(row), place: *column },
            }));
            colors().for_each(|color| columns_of[color] = 0);
        }
        Compression::new(origins, program.hessian_product(by)?, &coloring, pattern)
    }

    fn new(origins: Vec<Origin>, derivative: Program, coloring: &Coloring, pattern: Pattern) -> Result<Self> {
        let count = if pattern.is_empty() { 0 } else { coloring.count() };
        Ok(Compression { derivative, sweeps_of: coloring.colors().to_vec(), count, origins, pattern })
    }

    /// So many numbers come out of a sweep.
    pub fn width(&self) -> usize {
        self.derivative.outputs.iter().map(Output::length).sum()
    }
}

/// Colours for the columns, or for the rows if there are fewer then; and whether they are for the columns.
fn fewest_colors(pattern: &Pattern) -> (Coloring, bool) {
    let transposed = pattern.transposed();
    // A full row needs a colour for each of its columns: the side that needs fewer is tried first, the other often not at all.
    let (of_columns, of_rows) = (|| pattern.columns_colored(&transposed), || transposed.columns_colored(pattern));
    let is_forward_first = pattern.fullest_row() <= transposed.fullest_row();
    let (first, least) = match is_forward_first {
        true => (of_columns(), transposed.fullest_row()),
        false => (of_rows(), pattern.fullest_row()),
    };
    if first.count() <= least {
        return (first, is_forward_first);
    }
    let second = if is_forward_first { of_rows() } else { of_columns() };
    if second.count() < first.count() { (second, !is_forward_first) } else { (first, is_forward_first) }
}
