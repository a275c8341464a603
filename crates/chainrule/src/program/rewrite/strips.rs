//! Long loops that follow each other, strip by strip.
//!
//! Instructions over long rows each go through memory from one end to the other. Taken strip by strip, what one of them has
//! computed is still in a register when the next one wants it, and what nobody else wants need not be stored at all. This
//! is strip mining and then fusion of loops; where an instruction needs what stands further on, it comes so many turns of its
//! loop later, which is called shifting (for all of these: Allen and Kennedy, Optimizing Compilers for Modern Architectures, chapters
//! 5, 6 and 8).

use super::draft::Draft;
use super::reach::for_each;
use crate::Result;
use crate::program::extent::extent;
use crate::program::{Access, Instruction, LOOPS, Program, REPEATS, Route, Start, Step, Term};
use std::ops::Range;

/// So many turns of a loop are a strip.
pub(in crate::program) const STRIP: u32 = 32;

/// Fewer strips, or fewer instructions one after the other, are left alone.
const FEWEST_STRIPS: u32 = 6;
const FEWEST_INSTRUCTIONS: usize = 2;

/// So many instructions are looked at together: each with all others.
const MOST_INSTRUCTIONS: usize = 64;

impl Program {
    /// The same program for running alone, in which long loops that follow each other are a repeat over strips; nothing if there are
    /// none. `suits` says which instructions gain by it. It cannot be differentiated, since sums are put together at their end.
    ///
    /// # Errors
    ///
    /// If there are too many slots.
    pub(in crate::program) fn in_strips(
        &self,
        strip: u32,
        suits: impl Fn(&Instruction) -> bool,
    ) -> Result<Option<Program>> {
        let mut links = 0;
        for_each(&self.steps, |instruction, _| {
            links += usize::from(long_loop(instruction, strip * FEWEST_STRIPS).is_some() && suits(instruction));
        });
        if self.is_exact || links < FEWEST_INSTRUCTIONS {
            return Ok(None);
        }
        let mut taking = Taking { draft: Draft::of(self), strip, suits, around: Vec::new(), has_changed: false };
        taking.steps(&self.steps)?;
        taking.has_changed.then(|| taking.draft.finish()).transpose()
    }
}

/// Long loops while they are being taken strip by strip.
struct Taking<F> {
    draft: Draft,
    strip: u32,
    suits: F,
    /// The turns of the repeats around.
    around: Vec<u32>,
    has_changed: bool,
}

impl<F: Fn(&Instruction) -> bool> Taking<F> {
    fn steps(&mut self, steps: &[Step]) -> Result<()> {
        let mut left = steps;
        while let [first, others @ ..] = left {
            if let Step::Repeat { trips, body } = first {
                self.around.push(*trips);
                self.draft.open(*trips);
                self.steps(body)?;
                self.draft.close();
                self.around.pop();
                left = others;
                continue;
            }
            let (chain, rest) = Chain::first(left, self.strip, &self.around, &self.suits);
            // What has ended a chain may begin the next.
            let count = (left.len() - rest.len()).max(1);
            if chain.links.len() >= FEWEST_INSTRUCTIONS && self.around.len() < REPEATS {
                chain.emit(&mut self.draft)?;
                self.has_changed = true;
            } else {
                self.draft.steps.extend_from_slice(&left[..count]);
            }
            left = &left[count..];
        }
        Ok(())
    }
}

/// Long loops that can be taken strip by strip.
struct Chain<'a> {
    strip: u32,
    /// The turns of the repeats around.
    around: &'a [u32],
    links: Vec<Link<'a>>,
    /// What stands between them and has nothing to do with those before it.
    others: Vec<&'a Instruction>,
}

/// An instruction of one long loop.
struct Link<'a> {
    instruction: &'a Instruction,
    /// Its loop.
    depth: usize,
    /// So many turns of its loop it comes after those that are not delayed; fewer than a strip.
    delay: u32,
}

/// What an instruction reads or writes.
#[derive(Clone)]
struct Use {
    /// In the first turn of the repeats around.
    slots: Range<i64>,
    /// How far they move with each turn of these.
    shifts: [i32; REPEATS],
    is_written: bool,
    when: When,
}

/// When an instruction of one loop uses slots.
#[derive(Clone, Copy, PartialEq)]
enum When {
    /// One in each turn, after that of the turn before.
    InTurn,
    /// The same in all turns.
    InAllTurns,
    /// When all turns are done: what a sum starts from, and where it goes.
    AtTheEnd,
}

impl<'a> Chain<'a> {
    /// That which begins here, and what is left behind it.
    fn first(
        steps: &'a [Step],
        strip: u32,
        around: &'a [u32],
        suits: impl Fn(&Instruction) -> bool,
    ) -> (Chain<'a>, &'a [Step]) {
        let mut chain = Chain { strip, around, links: Vec::new(), others: Vec::new() };
        let mut left = steps;
        while let [Step::Run(instruction), rest @ ..] = left {
            let is_full = chain.links.len() + chain.others.len() == MOST_INSTRUCTIONS;
            if is_full || !(chain.takes(instruction, &suits) || chain.lets_before(instruction)) {
                break;
            }
            left = rest;
        }
        (chain, left)
    }

    /// Takes an instruction as the next link, if it is one.
    fn takes(&mut self, instruction: &'a Instruction, suits: impl Fn(&Instruction) -> bool) -> bool {
        let Some(depth) = long_loop(instruction, self.strip * FEWEST_STRIPS).filter(|_| suits(instruction)) else {
            return false;
        };
        let trips = instruction.trips[depth];
        let is_as_long = self.links.iter().all(|link| link.trips().abs_diff(trips) < self.strip);
        if !is_as_long || self.least_delay(instruction, instruction).is_none_or(|delay| delay > 0) {
            return false;
        }
        let mut delay = 0;
        for link in &self.links {
            let Some(least) = self.least_delay(link.instruction, instruction) else { return false };
            delay = delay.max(least.saturating_add(link.delay.into()));
        }
        let delay = u32::try_from(delay).ok().filter(|delay| *delay < self.strip);
        self.links.extend(delay.map(|delay| Link { instruction, depth, delay }));
        delay.is_some()
    }

    /// Takes an instruction that might as well stand before all links.
    fn lets_before(&mut self, instruction: &'a Instruction) -> bool {
        let is_known = instruction.accesses().all(|access| access.route == Route::Direct);
        let is_apart = |link: &Link| self.pairs(link.instruction, instruction).next().is_none();
        let goes_before = is_known && !self.links.is_empty() && self.links.iter().all(is_apart);
        self.others.extend(goes_before.then_some(instruction));
        goes_before
    }

    /// So many turns of its loop an instruction has to come after another one, at least; it may be less than 0. Nothing if it has to
    /// wait for all of them.
    fn least_delay(&self, first: &Instruction, second: &Instruction) -> Option<i64> {
        let of_pair = |(first, second): (Use, Use)| match (first.when, second.when) {
            // These stay in order.
            (_, When::AtTheEnd) => Some(i64::MIN),
            (When::InTurn, When::InTurn) if first.shifts == second.shifts => {
                Some(second.slots.start - first.slots.start)
            }
            _ => None,
        };
        self.pairs(first, second).try_fold(i64::MIN, |delay, pair| Some(delay.max(of_pair(pair)?)))
    }

    /// What two instructions both use, so that their order matters.
    fn pairs(&self, first: &Instruction, second: &Instruction) -> impl Iterator<Item = (Use, Use)> {
        let around = self.around;
        let all = uses(first).flat_map(|a| uses(second).map(move |b| (a.clone(), b)));
        all.filter(move |(a, b)| (a.is_written || b.is_written) && !a.is_apart(b, around))
    }

    /// How many strips are whole in all links, but for the first.
    fn num_strips(&self) -> u32 {
        let of_link = |link: &Link| (link.trips() + link.delay) / self.strip;
        self.links.iter().map(of_link).min().unwrap_or(0).saturating_sub(1)
    }

    fn emit(&self, draft: &mut Draft) -> Result<()> {
        let (strip, strips) = (self.strip, self.num_strips());
        self.others.iter().for_each(|other| draft.run((*other).clone()));
        let zero = draft.constant(0.0)?;
        let mut sums = Vec::new();
        for link in &self.links {
            let mut sum = None;
            if link.is_sum() {
                let mut access = Access::slot(draft.allocate(strip.into())?);
                access.strides[link.depth] = 1;
                draft.run(Instruction::new(link.in_turns(0..strip).trips, access, Term::Copy(zero)));
                sum = Some(access);
            }
            sums.push(sum);
        }
        // A strip, and what of it there is at the beginning.
        let of_strip = |link: &Link, number: u32| {
            let [from, to] = [number, number + 1].map(|number| (number * strip).saturating_sub(link.delay));
            link.in_turns(from..to)
        };
        let links = || self.links.iter().zip(&sums);
        links().for_each(|(link, sum)| draft.run(with_sums(of_strip(link, 0), *sum)));
        draft.open(strips);
        for (link, sum) in links() {
            let mut instruction = of_strip(link, 1);
            for access in instruction.accesses_mut() {
                access.shifts[self.around.len()] = access.strides[link.depth] * strip as i32;
            }
            draft.run(with_sums(instruction, *sum));
        }
        draft.close();
        for (link, sum) in links() {
            let rest = link.in_turns((strips + 1) * strip - link.delay..link.trips());
            let is_left = rest.trips[link.depth] > 0;
            let Some(sum) = sum else {
                draft.steps.extend(is_left.then_some(Step::Run(rest)));
                continue;
            };
            let (trips, term) = (link.in_turns(0..strip).trips, Term::Copy(*sum));
            let start = if is_left { Start::Here } else { rest.start };
            let together = Instruction { trips, start, term, ..link.instruction.clone() };
            if is_left {
                draft.run(Instruction { activation: None, ..rest });
            }
            draft.run(together);
        }
        Ok(())
    }
}

impl Link<'_> {
    fn trips(&self) -> u32 {
        self.instruction.trips[self.depth]
    }

    fn is_sum(&self) -> bool {
        self.instruction.is_summed_over(self.depth)
    }

    fn in_turns(&self, turns: Range<u32>) -> Instruction {
        self.instruction.in_turns_of(self.depth, turns)
    }
}

/// A part of a sum that adds each of its terms to one of as many sums; other instructions as they are.
fn with_sums(part: Instruction, sums: Option<Access>) -> Instruction {
    match sums {
        Some(out) => Instruction { out, start: Start::Here, scale: 1.0, activation: None, ..part },
        None => part,
    }
}

/// The only loop of an instruction, if it has so many turns and everything moves on by a slot in it, or stands still.
fn long_loop(instruction: &Instruction, least: u32) -> Option<usize> {
    let depth = (0..LOOPS).find(|depth| instruction.trips[*depth] > 1)?;
    let is_only = (depth + 1..LOOPS).all(|other| instruction.trips[other] == 1);
    let is_even = |access: &Access| access.route == Route::Direct && matches!(access.strides[depth], 0 | 1);
    let is_over_slices = matches!(instruction.term, Term::Reduction { .. } | Term::ReductionPartial { .. });
    let is_long = instruction.trips[depth] >= least && is_only && !is_over_slices;
    (is_long && instruction.accesses().all(is_even)).then_some(depth)
}

/// All that an instruction reads and writes. It has no accesses by tables and lookups.
fn uses(instruction: &Instruction) -> impl Iterator<Item = Use> {
    let is_sum = (0..LOOPS).any(|depth| instruction.is_summed_over(depth));
    let at_the_end = 1 + usize::from(matches!(instruction.start, Start::From(_)));
    instruction.accesses().enumerate().map(move |(number, access)| {
        let slots = extent(access, instruction.trips, &[]).unwrap_or_default();
        let when = match slots.end - slots.start {
            _ if is_sum && number < at_the_end => When::AtTheEnd,
            1 => When::InAllTurns,
            _ => When::InTurn,
        };
        Use { slots, shifts: access.shifts, is_written: number == 0, when }
    })
}

impl Use {
    /// Whether others stand elsewhere, in all turns of these repeats.
    fn is_apart(&self, other: &Use, repeats: &[u32]) -> bool {
        let [a, b] = [self, other].map(|used| {
            // What moves alike is where it is to each other in all turns.
            let repeats = if self.shifts == other.shifts { &[] } else { repeats };
            let moves =
                used.shifts.iter().zip(repeats).map(|(shift, trips)| i64::from(*shift) * (i64::from(*trips) - 1));
            moves.fold(used.slots.clone(), |slots, moved| slots.start + moved.min(0)..slots.end + moved.max(0))
        });
        a.end <= b.start || b.end <= a.start
    }
}

#[cfg(test)]
mod tests {
    use crate::program::random::{Example, long_loops, results};
    use crate::program::{Instruction, Program, Step, Term};

    #[test]
    fn strip_by_strip_the_same_is_computed() {
        let mut instructions = [0, 0];
        for seed in 0..if cfg!(miri) { 20 } else { 4000 } {
            let Example { program, numbers } = long_loops(seed, 40);
            instructions[1] += program.instructions().len();
            for strip in [4, 5] {
                let Some(in_strips) = program.in_strips(strip, |_| true).unwrap() else { continue };
                in_strips.check().unwrap_or_else(|problem| panic!("seed {seed}: {problem}"));
                let is_repeated = |repeats: &Vec<u32>| repeats.last().is_some_and(|trips| *trips > 3);
                instructions[0] += in_strips.instructions().iter().filter(|(_, repeats)| is_repeated(repeats)).count();
                for (number, right) in results(&in_strips, &numbers).into_iter().zip(results(&program, &numbers)) {
                    let is_close = (number - right).abs() <= 1e-11 * (1.0 + right.abs());
                    let is_same = number == right || number.is_nan() && right.is_nan();
                    assert!(is_close || is_same, "seed {seed}: {number}, not {right}");
                }
            }
        }
        assert!(instructions[0] > instructions[1], "of {} instructions {} twice", instructions[1], instructions[0]);
    }

    #[test]
    fn what_comes_from_the_neighbour_comes_a_turn_later() {
        let program = Program::record(&[0.5; 1000], |x| {
            let valley =
                |pair: &[crate::Value]| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2);
            x.windows(2).map(valley).sum::<crate::Value>()
        });
        let gradient = program.unwrap().gradient().unwrap();
        let in_strips = gradient.in_strips(32, |_| true).unwrap().expect("it has long loops");
        let Some(Step::Repeat { body, .. }) = in_strips.steps.iter().find(|step| matches!(step, Step::Repeat { .. }))
        else {
            panic!("no repeat in {:?}", in_strips.steps);
        };
        assert_eq!(body.len(), 7, "{body:?}");
    }

    #[test]
    fn what_does_not_suit_stays() {
        let Example { program, .. } = long_loops(3, 40);
        let is_no_copy = |instruction: &Instruction| !matches!(instruction.term, Term::Copy(_));
        assert!(program.in_strips(4, |_| false).unwrap().is_none());
        let in_strips = program.in_strips(4, is_no_copy).unwrap();
        let bodies = in_strips.iter().flat_map(|program| &program.steps).filter_map(|step| match step {
            Step::Repeat { body, .. } => Some(body),
            Step::Run(_) => None,
        });
        for step in bodies.flatten() {
            assert!(matches!(step, Step::Run(instruction) if is_no_copy(instruction)), "{step:?}");
        }
    }
}
