//! Lone numbers: instructions that compute a few numbers are taken apart into single ones, each a function and the slots
//! that it works on.

use super::Float;
use super::formula::{Formula, MOST_OPERANDS, WithFormula};
use super::lane::Lane;
use super::memory::Memory;
use super::nest::{Nest, Operand};
use super::place::{moved, next_turn};
use crate::Number;
use crate::program::{LOOPS, REPEATS, Route};
use std::marker::PhantomData;

/// Instructions of at most so many terms are taken apart.
const MOST_TERMS: u64 = 6;

/// Single operations, done one after the other.
pub(super) struct Scalars<T> {
    list: Vec<Scalar<T>>,
    /// How far the slots of each move with each turn of the repeats; of those in no repeat nothing.
    shifts: Vec<[[i32; SLOTS]; REPEATS]>,
}

/// A number that is computed from others.
#[derive(Clone, Copy)]
struct Scalar<T> {
    kernel: Kernel<T>,
    /// Where the result goes, and where the operands stand.
    slots: [u32; SLOTS],
    exponent: i32,
}

/// The result, the operands, and the number that the result is added to.
const SLOTS: usize = MOST_OPERANDS + 2;

/// Computes a number.
///
/// # Safety
///
/// The slots are some of these.
type Kernel<T> = unsafe fn(numbers: *mut T, slots: &[u32; SLOTS], exponent: i32);

/// The function of a formula, and the same added to what stands in the slot behind the operands.
#[derive(Clone, Copy)]
pub(super) struct Kernels<T> {
    alone: Kernel<T>,
    added: Kernel<T>,
}

/// Makes the functions of a formula.
pub(super) struct MakeKernels<T>(pub PhantomData<T>);

impl<T: Float> WithFormula for MakeKernels<T> {
    type Output = Kernels<T>;

    fn with<F: Formula>(self) -> Kernels<T> {
        Kernels { alone: compute::<T, F>, added: compute_added::<T, F> }
    }
}

/// # Safety
///
/// As for [`Kernel`].
unsafe fn compute<T: Float, F: Formula>(numbers: *mut T, slots: &[u32; SLOTS], exponent: i32) {
    // SAFETY: the caller's promise.
    unsafe { *numbers.add(slots[0] as usize) = value::<T, F>(numbers, slots, exponent) }
}

/// # Safety
///
/// As for [`Kernel`].
unsafe fn compute_added<T: Float, F: Formula>(numbers: *mut T, slots: &[u32; SLOTS], exponent: i32) {
    // SAFETY: the caller's promise.
    unsafe {
        let start = *numbers.add(slots[1 + F::OPERANDS] as usize);
        *numbers.add(slots[0] as usize) = start + value::<T, F>(numbers, slots, exponent);
    }
}

/// # Safety
///
/// As for [`Kernel`].
#[inline(always)]
unsafe fn value<T: Float, F: Formula>(numbers: *mut T, slots: &[u32; SLOTS], exponent: i32) -> T {
    let mut operands = [Lane::<T, false, false>::constant(0.0); MOST_OPERANDS];
    for (operand, slot) in operands.iter_mut().zip(&slots[1..]).take(F::OPERANDS) {
        // SAFETY: the caller's promise.
        operand.0 = unsafe { *numbers.add(*slot as usize) };
    }
    F::at(operands, exponent).0
}

/// What an instruction does, as functions of single numbers.
pub(super) struct Functions<T> {
    pub term: Kernels<T>,
    pub exponent: i32,
    /// Whether sums start from what stands where they go.
    pub is_here: bool,
    pub scaled: Option<Scaled<T>>,
    pub activation: Option<Kernels<T>>,
}

/// How terms are multiplied by a number before they are added.
pub(super) struct Scaled<T> {
    pub product: Kernels<T>,
    /// The slot of the number.
    pub scale: u32,
    /// The slot of a term on its way.
    pub term: u32,
}

impl<T: Float> Scalars<T> {
    /// The instruction taken apart, if it is small and its slots are known now.
    pub fn new(mut nest: Nest, functions: &Functions<T>, tables: &[u32], is_repeated: bool) -> Option<Self> {
        let terms = nest.trips.iter().map(|trips| u64::from(*trips)).try_fold(1, u64::checked_mul);
        let is_known = |operand: &Operand| match operand.access.route {
            Route::Direct => true,
            Route::Table => operand.access.shifts == [0; REPEATS],
            Route::Lookup(_) => false,
        };
        let are_known = [&nest.out].into_iter().chain(&nest.start).chain(&nest.operands).all(is_known);
        if terms.is_none_or(|terms| terms > MOST_TERMS) || !are_known {
            return None;
        }
        let mut order = [0, 1, 2, 3];
        order.sort_by_key(|depth| nest.is_summed_over(*depth));
        nest.reorder(order);
        let free = (0..LOOPS).filter(|depth| !nest.is_summed_over(*depth)).count();
        let slot = |operand: &Operand, turn: [u32; LOOPS]| match operand.access.route {
            Route::Table => tables[operand.access.at(turn) as usize],
            _ => operand.access.at(turn),
        };
        let mut scalars = Scalars { list: Vec::new(), shifts: Vec::new() };
        let mut turn = [0; LOOPS];
        loop {
            let is_first = turn[free..].iter().all(|turn| *turn == 0);
            let start = match &nest.start {
                _ if !is_first || functions.is_here => Some(&nest.out),
                start => start.as_ref(),
            };
            let mut push = |kernels: Kernels<T>, exponent, out, operands: &[&Operand], start: Option<&Operand>| {
                let all: Vec<&Operand> = [out].into_iter().chain(operands.iter().copied()).chain(start).collect();
                let kernel = if start.is_some() { kernels.added } else { kernels.alone };
                scalars.push(kernel, exponent, &all, |operand| slot(operand, turn), is_repeated);
            };
            let operands: Vec<&Operand> = nest.operands.iter().collect();
            match &functions.scaled {
                None => push(functions.term, functions.exponent, &nest.out, &operands, start),
                Some(Scaled { product, scale, term }) => {
                    let [scale, term] = [scale, term].map(|slot| Operand::slot(*slot));
                    push(functions.term, functions.exponent, &term, &operands, None);
                    push(*product, 0, &nest.out, &[&term, &scale], start);
                }
            }
            if !next_turn(&mut turn, &nest.trips, 0..LOOPS) {
                break;
            }
        }
        if let Some(activation) = functions.activation {
            loop {
                scalars.push(activation.alone, 0, &[&nest.out, &nest.out], |operand| slot(operand, turn), is_repeated);
                if !next_turn(&mut turn, &nest.trips, 0..free) {
                    break;
                }
            }
        }
        Some(scalars)
    }

    fn push(
        &mut self,
        kernel: Kernel<T>,
        exponent: i32,
        operands: &[&Operand],
        slot: impl Fn(&Operand) -> u32,
        is_repeated: bool,
    ) {
        let mut slots = [0; SLOTS];
        let mut shifts = [[0; SLOTS]; REPEATS];
        for (number, operand) in operands.iter().enumerate() {
            slots[number] = slot(operand);
            for (depth, shifts) in shifts.iter_mut().enumerate() {
                shifts[number] = operand.access.shifts[depth];
            }
        }
        self.list.push(Scalar { kernel, slots, exponent });
        if is_repeated {
            self.shifts.push(shifts);
        }
    }

    /// Does those of another list afterwards.
    pub fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
        self.shifts.append(&mut other.shifts);
    }

    /// Runs them.
    ///
    /// # Safety
    ///
    /// The memory is that of the program.
    pub unsafe fn run(&self, memory: &Memory<T>) {
        let numbers = memory.slots();
        // SAFETY: the caller's promise, and all slots were checked with the program.
        unsafe {
            if self.shifts.is_empty() {
                self.list.iter().for_each(|scalar| (scalar.kernel)(numbers, &scalar.slots, scalar.exponent));
            }
            for (scalar, shifts) in self.list.iter().zip(&self.shifts) {
                (scalar.kernel)(numbers, &moved(&scalar.slots, shifts, memory.repeats), scalar.exponent);
            }
        }
    }

    /// What they hold, in bytes.
    pub fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Scalar<T>>() + size_of_val(&self.shifts[..])
    }
}
