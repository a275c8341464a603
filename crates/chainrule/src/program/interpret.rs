//! What a program means: every instruction in the plainest way, one number after the other.
//!
//! Nobody is in a hurry here. The executor, the passes and the exports are held against this in tests, so it takes no short
//! cuts: the loops as they stand, and the formulas of the table.

use super::rewrite::reach::for_each_run;
use super::{Access, Instruction, LOOPS, Program, REPEATS, Route, Start, Term};
use crate::{Error, Number, Result};
use std::cell::Cell;
use std::fmt;

/// A [`Number`] that a run-time index can be read from.
pub trait Element: Number + PartialEq {
    /// The number as an index, if it is a whole one from 0 on.
    fn index(self) -> Option<u32>;

    /// The number as operations of the user's own get it.
    fn to_f64(self) -> f64;
}

macro_rules! element {
    ($float:ident) => {
        impl Element for $float {
            fn index(self) -> Option<u32> {
                let index = self as u32;
                (index as $float == self).then_some(index)
            }

            fn to_f64(self) -> f64 {
                self.into()
            }
        }
    };
}
element!(f64);
element!(f32);

/// Runs a program over slots whose first ones hold the inputs; the constants are put in.
///
/// # Errors
///
/// If a run-time index is no whole number below its count. It counts as 0 then, and the results are not to be used. If an
/// operation of the user's own fails; its results are NaN then.
///
/// # Panics
///
/// If the program reaches beyond its slots.
pub fn interpret<N: Element>(program: &Program, slots: &mut [N]) -> Result<()> {
    for (slot, constant) in program.constant_slots().zip(&program.constants) {
        slots[slot as usize] = N::constant(*constant);
    }
    let mut interpreter = Interpreter { program, slots, wrong_index: Cell::new(None), failure: None };
    for_each_run(&program.steps, |_, instruction, turns| interpreter.run(instruction, turns));
    let Interpreter { wrong_index, failure, .. } = interpreter;
    match wrong_index.get() {
        None => failure.map_or(Ok(()), Err),
        Some((slot, count)) => Err(program.index_error(slot, count, format!("{:?}", slots[slot]))),
    }
}

impl Program {
    /// What is wrong with a run-time index, which names the input that it is, if it is one.
    pub(super) fn index_error(&self, slot: usize, count: u32, found: impl fmt::Display) -> Error {
        let mut first = 0;
        let group = self.inputs.iter().find_map(|input| {
            first += input.length as usize;
            let place = (slot + input.length as usize).checked_sub(first)?;
            (slot < first).then(|| format!("{}[{place}]", input.name))
        });
        let name = group.unwrap_or_else(|| format!("the computed index in slot {slot}"));
        Error::argument(name, format!("a whole number from 0 to {}", count - 1), found)
    }
}

struct Interpreter<'a, N> {
    program: &'a Program,
    slots: &'a mut [N],
    /// The first run-time index that was none: where it stands, and what it has to be below.
    wrong_index: Cell<Option<(usize, u32)>>,
    /// What the first call that failed says.
    failure: Option<Error>,
}

impl<N: Element> Interpreter<'_, N> {
    fn run(&mut self, instruction: &Instruction, turns: [u32; REPEATS]) {
        let mut instruction = instruction.clone();
        for access in instruction.accesses_mut() {
            *access = access.in_turn(turns);
        }
        if instruction.trips.contains(&0) {
            return;
        }
        if instruction.start != Start::Here {
            for turn in all_turns(instruction.free_trips()) {
                let start = match instruction.start {
                    Start::From(access) => self.number(access, turn, turns),
                    // What -0 is added to keeps its sign, too.
                    Start::Zero | Start::Here => N::constant(-0.0),
                };
                let out = self.place(instruction.out, turn, turns);
                self.slots[out] = start;
            }
        }
        match &instruction.term {
            Term::Reduction { .. } | Term::ReductionPartial { .. } => self.sum_over_slices(&instruction, turns),
            Term::Call { .. } | Term::Jacobian { .. } => self.call(&instruction, turns),
            _ => self.sum(&instruction, turns),
        }
        if let Some(activation) = instruction.activation {
            for turn in all_turns(instruction.free_trips()) {
                let out = self.place(instruction.out, turn, turns);
                self.slots[out] = activation.apply(&[self.slots[out]], 0);
            }
        }
    }

    /// Adds every term to where its result goes.
    fn sum(&mut self, instruction: &Instruction, turns: [u32; REPEATS]) {
        for turn in all_turns(instruction.trips) {
            let at = |access: &Access| self.number(*access, turn, turns);
            let all_at = |accesses: &[Access]| accesses.iter().map(at).collect::<Vec<N>>();
            let term = match &instruction.term {
                Term::Copy(a) => at(a),
                Term::Product { a, b, is_strong: false } => at(a) * at(b),
                Term::Product { a, b, is_strong: true } => at(a).strong_zero_mul(at(b)),
                Term::Operation { op, exponent, operands } => op.apply(&all_at(operands), *exponent),
                Term::Partial { op, exponent, by, operands, result, factor } => {
                    let partials = op.partials(&all_at(operands), *exponent, at(result));
                    at(factor).strong_zero_mul(partials[usize::from(*by)])
                }
                _ => unreachable!("these are over slices, or calls"),
            };
            let scaled = if instruction.scale == 1.0 { term } else { N::constant(instruction.scale) * term };
            self.add(instruction.out, turn, turns, scaled);
        }
    }

    /// The same for terms over the slices that the innermost loop goes through.
    fn sum_over_slices(&mut self, instruction: &Instruction, turns: [u32; REPEATS]) {
        let [outer @ .., length] = instruction.trips;
        for [i, j, k, _] in all_turns([outer[0], outer[1], outer[2], 1]) {
            let along = |access: &Access| -> Vec<N> {
                (0..length).map(|l| self.number(*access, [i, j, k, l], turns)).collect()
            };
            match &instruction.term {
                Term::Reduction { op, operand } => {
                    let result = op.apply(&along(operand), 0);
                    self.add(instruction.out, [i, j, k, 0], turns, result);
                }
                Term::ReductionPartial { op, operand, result, factor } => {
                    let at = |access: &Access| self.number(*access, [i, j, k, 0], turns);
                    let (factor, partials) = (at(factor), op.partials(&along(operand), 0, at(result)));
                    for (l, partial) in (0..length).zip(partials) {
                        self.add(instruction.out, [i, j, k, l], turns, factor.strong_zero_mul(partial));
                    }
                }
                _ => unreachable!("these are not over slices"),
            }
        }
    }

    /// Calls an operation of the user's own, in each turn of the loops around the two inner ones.
    fn call(&mut self, instruction: &Instruction, turns: [u32; REPEATS]) {
        let [outer, inner, rows, columns] = instruction.trips;
        for [i, j, ..] in all_turns([outer, inner, 1, 1]) {
            let number = |access: &Access, k, l| self.number(*access, [i, j, k, l], turns).to_f64();
            let along = |operands: &Access| -> Vec<f64> { (0..columns).map(|l| number(operands, 0, l)).collect() };
            let (operation, operands, results) = match &instruction.term {
                Term::Call { operation, operands } => (operation, along(operands), None),
                Term::Jacobian { operation, operands, results } => {
                    let results: Vec<f64> = (0..rows).map(|k| number(results, k, 0)).collect();
                    (operation, along(operands), Some(results))
                }
                _ => unreachable!("other terms are no calls"),
            };
            let columns = if results.is_some() { columns } else { 1 };
            let count = (rows * columns) as usize;
            let numbers = operation.asked(&operands, results.as_deref(), count).unwrap_or_else(|error| {
                self.failure.get_or_insert(error);
                vec![f64::NAN; count]
            });
            for ([.., k, l], number) in all_turns([1, 1, rows, columns]).zip(numbers) {
                self.add(instruction.out, [i, j, k, l], turns, N::constant(number));
            }
        }
    }

    fn add(&mut self, out: Access, turn: [u32; LOOPS], turns: [u32; REPEATS], term: N) {
        let out = self.place(out, turn, turns);
        self.slots[out] = self.slots[out] + term;
    }

    fn number(&self, access: Access, turn: [u32; LOOPS], turns: [u32; REPEATS]) -> N {
        self.slots[self.place(access, turn, turns)]
    }

    /// The slot that an access means in a turn of the loops.
    fn place(&self, access: Access, turn: [u32; LOOPS], turns: [u32; REPEATS]) -> usize {
        let place = access.at(turn) as usize;
        match access.route {
            Route::Direct => place,
            Route::Table => self.program.tables[place] as usize,
            Route::Lookup(number) => {
                let lookup = self.program.lookups[number as usize];
                let slot = self.place(lookup.index.in_turn(turns), turn, turns);
                let index = self.slots[slot].index().filter(|index| *index < lookup.count).unwrap_or_else(|| {
                    self.wrong_index.set(self.wrong_index.get().or(Some((slot, lookup.count))));
                    0
                });
                (place as i64 + i64::from(lookup.step) * i64::from(index)) as usize
            }
        }
    }
}

/// Every turn of the loops, the innermost fastest.
pub(super) fn all_turns(trips: [u32; LOOPS]) -> impl Iterator<Item = [u32; LOOPS]> {
    let [a, b, c, d] = trips;
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).flat_map(move |k| (0..d).map(move |l| [i, j, k, l]))))
}
