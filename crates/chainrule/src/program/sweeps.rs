//! Runs a derivative along many directions, or for many adjoints: blocks of them at once, as rows.

use super::call::check_length;
use super::{Batch, Float, Program, Rows};
use crate::{Error, Result};
use std::ops::Range;

/// The sweeps of a derivative at one point. What they are along, or for, are lists of zeros and ones, its seeds.
pub(super) struct Sweeps<T> {
    batch: Batch<T>,
    /// So many numbers each of the groups of inputs has, the further ones of the derivative, which are seeds, not among them.
    lengths: Vec<usize>,
    /// For each group of seeds the sweep in which each of them is 1.
    sweeps_of: Vec<Vec<u32>>,
    /// For each group of seeds those of the sweeps that are run at once, one after the other.
    seeds: Vec<Vec<T>>,
    count: usize,
}

impl<T: Float + Send + Sync> Sweeps<T> {
    /// So many sweeps of a derivative, which has one group of outputs. Each of its seeds is 1 in the sweep that is named for it,
    /// if there is that one, and 0 in all others.
    pub fn new(program: &Program, derivative: &Program, sweeps_of: &[u32], count: usize) -> Result<Self> {
        let (own, further) = derivative.inputs.split_at(program.inputs.len());
        let mut rest = sweeps_of;
        let of_group = further.iter().map(|group| rest.split_off(..group.length as usize).unwrap_or_default().to_vec());
        Ok(Sweeps {
            sweeps_of: of_group.collect(),
            batch: Batch::new(derivative, &seeds_of(program, derivative)?, Rows::Each)?,
            lengths: own.iter().map(|group| group.length as usize).collect(),
            seeds: vec![Vec::new(); further.len()],
            count,
        })
    }

    /// So many sweeps, one for each direction, where directions come so many times among the seeds.
    pub fn one_by_one(program: &Program, derivative: &Program, count: usize, times: usize) -> Result<Self> {
        let sweeps_of: Vec<u32> = (0..times).flat_map(|_| 0..count as u32).collect();
        Sweeps::new(program, derivative, &sweeps_of, count)
    }

    /// Hands on what comes out of each sweep.
    pub fn run(&mut self, x: &[T], mut hand_on: impl FnMut(usize, &[T])) -> Result<()> {
        check_length("x", self.lengths.iter().sum(), x.len())?;
        let mut rest = x;
        let own: Vec<&[T]> = self.lengths.iter().map(|length| rest.split_off(..*length).unwrap_or_default()).collect();
        for first in (0..self.count).step_by(self.batch.rows_a_block()) {
            let sweeps = first..self.count.min(first + self.batch.rows_a_block());
            for (seeds, sweeps_of) in self.seeds.iter_mut().zip(&self.sweeps_of) {
                set_seeds(seeds, sweeps_of, sweeps.clone());
            }
            let inputs: Vec<&[T]> = own.iter().copied().chain(self.seeds.iter().map(Vec::as_slice)).collect();
            self.batch.run(&inputs)?;
            let numbers = self.batch.output(0);
            let results = numbers.chunks(numbers.len() / sweeps.len());
            sweeps.zip(results).for_each(|(sweep, numbers)| hand_on(sweep, numbers));
        }
        Ok(())
    }
}

/// The seeds of a range of sweeps: 1 in the sweep that is named for each, if it is among them.
pub(super) fn set_seeds<T: Float>(seeds: &mut Vec<T>, sweeps_of: &[u32], sweeps: Range<usize>) {
    seeds.clear();
    seeds.resize(sweeps.len() * sweeps_of.len(), T::default());
    for (place, sweep) in sweeps_of.iter().enumerate().filter(|(_, sweep)| sweeps.contains(&(**sweep as usize))) {
        seeds[(*sweep as usize - sweeps.start) * sweeps_of.len() + place] = T::constant(1.0);
    }
}

/// The names of the groups of inputs that a derivative has and its program has not.
///
/// # Errors
///
/// If a group of the program is called so, too.
pub(super) fn seeds_of<'a>(program: &Program, derivative: &'a Program) -> Result<Vec<&'a str>> {
    let (own, further) = derivative.inputs.split_at(program.inputs.len());
    match own.iter().find(|own| further.iter().any(|further| further.name == own.name)) {
        Some(twice) => Err(Error::argument("inputs", "groups of other names than derivatives give", &twice.name)),
        None => {
            let mut names: Vec<&str> = further.iter().map(|group| group.name.as_str()).collect();
            names.dedup();
            Ok(names)
        }
    }
}
