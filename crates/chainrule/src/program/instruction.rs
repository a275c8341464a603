//! What a program is made of: instructions, each one statement inside a few loops.
//!
//! An instruction computes, for every place that its result goes to,
//!
//! ```text
//! out = activation(start + sum of term)
//! ```
//!
//! where the sum is over the loops in which the result stands still (those whose stride in `out` is 0). Dot products, sums,
//! broadcasts, outer products and matrix products are all this one statement, with other strides. So are their
//! derivatives, with the roles of the operands swapped.

use crate::Op;
use crate::custom::Custom;
use std::ops::Range;

/// The loops around an instruction. One that is not needed runs once.
pub const LOOPS: usize = 4;

/// The repeats that an instruction can stand in, one inside the other.
pub const REPEATS: usize = 2;

/// Where in the slots an operand stands, or the result goes, in each turn of the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Access {
    /// Where it begins.
    pub base: u32,
    /// How far it moves with each turn of each loop, outermost first; 0 in a loop that it does not depend on.
    #[cfg_attr(feature = "save", serde(default, skip_serializing_if = "super::save::stands_still"))]
    pub strides: [i32; LOOPS],
    /// How far it moves with each turn of the repeats around the instruction, outermost first.
    #[cfg_attr(feature = "save", serde(default, skip_serializing_if = "super::save::stands_still"))]
    pub shifts: [i32; REPEATS],
    /// What base and strides lead to.
    #[cfg_attr(feature = "save", serde(default, skip_serializing_if = "super::save::is_direct"))]
    pub route: Route,
}

/// What the base and the strides of an [`Access`] lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "save",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Route {
    /// The slot.
    #[default]
    Direct,
    /// A place in the [tables](super::Program::tables()) of the program, where the slot is written.
    Table,
    /// A slot, which lies as many steps before the one that is meant as the [lookup](super::Program::lookups()) with this
    /// number says when the program runs.
    Lookup(u32),
}

/// A run-time index: which of `count` slots is meant, each `step` after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Lookup {
    /// Where the index stands, a whole number from 0 up to `count`, in the loops of the instruction that looks up. Not
    /// itself a lookup.
    pub index: Access,
    /// From one slot to the next.
    pub step: i32,
    /// So many slots there are.
    pub count: u32,
}

/// One statement in its loops.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Instruction {
    /// How often each loop runs, outermost first.
    pub trips: [u32; LOOPS],
    /// Where the results go.
    pub out: Access,
    /// What a sum starts from.
    pub start: Start,
    /// What the sum of the terms is multiplied by, before it is added to what it starts from; 1 where the terms are over slices or
    /// call an operation.
    #[cfg_attr(feature = "save", serde(default = "super::save::one", skip_serializing_if = "super::save::is_one"))]
    pub scale: f64,
    /// What is summed.
    pub term: Term,
    /// What is applied to the sum at last: an operation of one operand, whose derivative depends on its result alone.
    #[cfg_attr(feature = "save", serde(default, skip_serializing_if = "Option::is_none"))]
    pub activation: Option<Op>,
}

/// What a sum starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "save",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Start {
    /// Nothing. The places of the results are different ones in different turns of their loops.
    Zero,
    /// The number that stands somewhere; its strides are 0 in the loops that are summed over. The places of the results
    /// are different ones in different turns of their loops.
    From(Access),
    /// The number that stands where the result goes: the sum is added to it. Places may come again in other turns.
    Here,
}

/// What an instruction sums.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "save",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Term {
    /// A number.
    Copy(Access),
    /// The product of two numbers.
    Product {
        /// The one factor.
        a: Access,
        /// The other factor.
        b: Access,
        /// Whether a zero gives 0 whatever the other factor is, as it must among derivatives; see
        /// [`Number::strong_zero_mul`](crate::Number::strong_zero_mul).
        is_strong: bool,
    },
    /// An operation of the table of one, two or three operands.
    Operation {
        /// The operation.
        op: Op,
        /// The exponent of a power with a fixed one.
        exponent: i32,
        /// The operands.
        operands: Vec<Access>,
    },
    /// An adjoint or a tangent times the derivative of such an operation by one of its operands, the product taken
    /// [strongly](crate::Number::strong_zero_mul).
    Partial {
        /// The operation.
        op: Op,
        /// The exponent of a power with a fixed one.
        exponent: i32,
        /// By which operand.
        by: u8,
        /// The operands.
        operands: Vec<Access>,
        /// The result of the operation.
        result: Access,
        /// What is multiplied.
        factor: Access,
    },
    /// An operation over slices, of the slice that the innermost loop goes through; the result stands still there.
    Reduction {
        /// The operation.
        op: Op,
        /// The slice.
        operand: Access,
    },
    /// An adjoint or a tangent times the derivative of such an operation by each of its operands, the product taken
    /// strongly.
    ReductionPartial {
        /// The operation.
        op: Op,
        /// The slice.
        operand: Access,
        /// The result of the operation, which stands still in the innermost loop.
        result: Access,
        /// What is multiplied.
        factor: Access,
    },
    /// The results of an operation of the user's own, each in a turn of the loop around the innermost one, which goes through
    /// the operands: there the results stand still, and the operands in the loop around. The sum starts from nothing, and
    /// nothing is applied to it.
    #[cfg_attr(feature = "save", serde(skip))]
    Call {
        /// The operation.
        operation: Custom,
        /// The operands.
        operands: Access,
    },
    /// The derivatives of such results, in the same loops: each by each of the operands.
    #[cfg_attr(feature = "save", serde(skip))]
    Jacobian {
        /// The operation.
        operation: Custom,
        /// The operands.
        operands: Access,
        /// The results of the operation.
        results: Access,
    },
}

/// A step of a program.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "save",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Step {
    /// An instruction.
    Run(Instruction),
    /// Steps that depend on what the turn before computed: a loop that cannot run side by side. With every turn, all
    /// places move on by their [shifts](Access::shifts).
    Repeat {
        /// So many turns.
        trips: u32,
        /// What is done in each.
        body: Vec<Step>,
    },
}

impl Step {
    /// So many instructions it has; those of a repeat count once.
    pub(crate) fn num_instructions(&self) -> usize {
        match self {
            Step::Run(_) => 1,
            Step::Repeat { body, .. } => body.iter().map(Step::num_instructions).sum(),
        }
    }
}

impl Access {
    /// One slot, in all turns the same.
    pub const fn slot(base: u32) -> Self {
        Access { base, strides: [0; LOOPS], shifts: [0; REPEATS], route: Route::Direct }
    }

    /// From this slot on, with these strides.
    pub const fn strided(base: u32, strides: [i32; LOOPS]) -> Self {
        Access { strides, ..Access::slot(base) }
    }

    /// From this place in the tables on, with these strides.
    pub const fn listed(base: u32, strides: [i32; LOOPS]) -> Self {
        Access { route: Route::Table, ..Access::strided(base, strides) }
    }

    /// What base and strides lead to in one turn of the loops.
    pub fn at(&self, turn: [u32; LOOPS]) -> u32 {
        let moved = self.strides.iter().zip(turn).map(|(stride, turn)| i64::from(*stride) * i64::from(turn));
        (i64::from(self.base) + moved.sum::<i64>()) as u32
    }

    /// Whether it surely leads to another place in each turn of these loops, which run so often.
    pub(crate) fn is_apart_in(&self, loops: impl Iterator<Item = usize>, trips: [u32; LOOPS]) -> bool {
        let runs = loops.filter(|depth| trips[*depth] > 1);
        let mut loops: Vec<(i64, i64)> =
            runs.map(|depth| (i64::from(self.strides[depth]).abs(), i64::from(trips[depth]))).collect();
        loops.sort_unstable();
        // Each steps over all that those with smaller steps reach.
        let mut reach = 0;
        loops.iter().all(|(stride, trips)| {
            let steps_over = *stride > reach;
            reach += stride * (trips - 1);
            steps_over
        })
    }

    /// The same, so many places further on; before it, as numbers wrap around.
    pub const fn behind(self, distance: u32) -> Self {
        Access { base: self.base.wrapping_add(distance), ..self }
    }

    /// The same, so many turns of the repeat at this depth later.
    pub fn shifted(self, depth: usize, turns: u32) -> Self {
        let base = i64::from(self.base) + i64::from(self.shifts[depth]) * i64::from(turns);
        Access { base: base as u32, ..self }
    }

    /// The same in these turns of all repeats.
    pub(crate) fn in_turn(self, turns: [u32; REPEATS]) -> Self {
        turns.into_iter().enumerate().fold(self, |access, (depth, turn)| access.shifted(depth, turn))
    }
}

impl Instruction {
    /// Sets the results to sums of terms.
    pub fn new(trips: [u32; LOOPS], out: Access, term: Term) -> Self {
        Instruction { trips, out, start: Start::Zero, scale: 1.0, term, activation: None }
    }

    /// The operands that the term reads.
    pub fn operands(&self) -> impl Iterator<Item = &Access> {
        self.term.operands()
    }

    /// Everything that is read or written: the result, what a sum starts from, and what the term reads.
    pub fn accesses(&self) -> impl Iterator<Item = &Access> {
        let start = match &self.start {
            Start::From(access) => Some(access),
            Start::Zero | Start::Here => None,
        };
        std::iter::once(&self.out).chain(start).chain(self.term.operands())
    }

    /// The same, to be changed.
    pub fn accesses_mut(&mut self) -> impl Iterator<Item = &mut Access> {
        let start = match &mut self.start {
            Start::From(access) => Some(access),
            Start::Zero | Start::Here => None,
        };
        std::iter::once(&mut self.out).chain(start).chain(self.term.operands_mut())
    }

    /// The same in these turns alone of the loop at this depth. It looks nothing up by a run-time index.
    pub(crate) fn in_turns_of(&self, depth: usize, turns: Range<u32>) -> Instruction {
        let mut part = self.clone();
        part.trips[depth] = turns.len() as u32;
        for access in part.accesses_mut() {
            *access = access.behind((access.strides[depth] * turns.start as i32) as u32);
        }
        part
    }

    /// The trips of the loops that are not summed over; the others run once.
    pub fn free_trips(&self) -> [u32; LOOPS] {
        std::array::from_fn(|depth| if self.is_summed_over(depth) { 1 } else { self.trips[depth] })
    }

    /// Whether this loop is summed over: it runs more than once, and the result stands still.
    pub fn is_summed_over(&self, depth: usize) -> bool {
        self.trips[depth] > 1 && self.out.strides[depth] == 0
    }

    /// The same in the loops of another instruction, if this access of it reads each result of that once; in loops that the other
    /// sums over all stands still. Several loops of the other may be one of this: from the innermost out, each goes on where the
    /// one before has ended.
    pub(crate) fn in_loops_of(&self, other: &Instruction, read: &Access) -> Option<Instruction> {
        let mut found = Instruction { trips: other.trips, ..self.clone() };
        let mut places: Vec<&mut Access> = found.accesses_mut().collect();
        places.iter_mut().for_each(|access| access.strides = [0; LOOPS]);
        let is_free = |depth: &usize| other.trips[*depth] > 1 && other.out.strides[*depth] != 0;
        let mut loops: Vec<usize> = (0..LOOPS).filter(is_free).collect();
        loops.sort_by_key(|depth| other.out.strides[*depth]);
        let mut trips = [1; LOOPS];
        for depth in loops {
            let goes_on = |own: &usize| {
                self.trips[*own] > 1
                    && other.out.strides[depth] == read.strides[*own] * trips[*own] as i32
                    && self.trips[*own].is_multiple_of(trips[*own] * other.trips[depth])
            };
            let own = (0..LOOPS).find(goes_on)?;
            for (place, access) in places.iter_mut().zip(self.accesses()) {
                place.strides[depth] = access.strides[own] * trips[own] as i32;
            }
            trips[own] *= other.trips[depth];
        }
        let is_each_read_once = trips == self.trips && other.out.base == read.base;
        (is_each_read_once && other.out.is_apart_in((0..LOOPS).filter(is_free), other.trips)).then_some(found)
    }
}

/// The accesses of a term: a list, and then up to three.
macro_rules! operands_of {
    ($term:expr, $none:expr, $iter:ident) => {{
        let (listed, others) = match $term {
            Term::Copy(a) => ($none, [Some(a), None, None]),
            Term::Product { a, b, .. } => ($none, [Some(a), Some(b), None]),
            Term::Operation { operands, .. } => (operands.$iter(), [None, None, None]),
            Term::Partial { operands, result, factor, .. } => (operands.$iter(), [Some(result), Some(factor), None]),
            Term::Reduction { operand, .. } => ($none, [Some(operand), None, None]),
            Term::ReductionPartial { operand, result, factor, .. } => {
                ($none, [Some(operand), Some(result), Some(factor)])
            }
            Term::Call { operands, .. } => ($none, [Some(operands), None, None]),
            Term::Jacobian { operands, results, .. } => ($none, [Some(operands), Some(results), None]),
        };
        listed.chain(others.into_iter().flatten())
    }};
}

impl Term {
    /// What it reads: the operands, and then, of a derivative, the result and the factor.
    pub fn operands(&self) -> impl Iterator<Item = &Access> {
        operands_of!(self, [].iter(), iter)
    }

    /// What it reads, to be changed.
    pub fn operands_mut(&mut self) -> impl Iterator<Item = &mut Access> {
        operands_of!(self, [].iter_mut(), iter_mut)
    }

    /// The exponent of its power with a fixed one; 0 if it has none.
    pub(crate) fn exponent(&self) -> i32 {
        match self {
            Term::Operation { exponent, .. } | Term::Partial { exponent, .. } => *exponent,
            _ => 0,
        }
    }

    /// The operation of the user's own that it calls.
    pub fn called(&self) -> Option<&Custom> {
        match self {
            Term::Call { operation, .. } | Term::Jacobian { operation, .. } => Some(operation),
            _ => None,
        }
    }
}
