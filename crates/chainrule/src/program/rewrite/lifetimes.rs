//! Slots that are used within one turn of a repeat alone.
//!
//! A program has a slot of its own for every number that is ever computed, so that derivatives can be made of it; a long repeat has
//! as many as fill all caches. For running, most of them can be the same in all turns: those that a turn sets before it
//! reads them, and that nobody reads later.

use super::draft::Draft;
use super::reach::{Turns, for_each_run, num_runs, try_for_each_mut};
use super::recompute::recompute;
use super::slot_set::SlotSet;
use super::windows::put_windows_together;
use crate::Result;
use crate::program::extent::extent;
use crate::program::{Access, Instruction, LOOPS, Program, Route, Start, Step, Term};
use std::collections::BTreeMap;

/// Programs that run more instructions, each counted in each turn, are left as they are.
const MOST_RUNS: u64 = 1 << 21;

impl Program {
    /// The same program for running alone: each repeat has one slot, and not one for each turn, for what a turn keeps to itself; and
    /// what turns share stands close together, where it takes so many slots. Nothing if there is no such repeat. It cannot be
    /// differentiated, since numbers are overwritten.
    ///
    /// # Errors
    ///
    /// If slots cannot be put in order.
    pub(in crate::program) fn with_slots_of_turns(&self, least: usize) -> Result<Option<Program>> {
        let is_repeat = |step: &Step| matches!(step, Step::Repeat { .. });
        if !self.steps.iter().any(is_repeat) || self.is_exact || num_runs(&self.steps) > MOST_RUNS {
            return Ok(None);
        }
        let mut draft = Draft::of(self);
        let mut steps: Vec<Step> = self.steps.iter().flat_map(|step| taken_apart(step, &[])).collect();
        recompute(&draft, &mut steps);
        let mut shared = Shared::of(&draft, &steps);
        // Apart from all others, so that whoever writes here is seen to touch nothing else.
        let first = draft.allocate(self.slots.into())?;
        let mut has_changed = false;
        for (number, step) in steps.iter_mut().enumerate().filter(|(_, step)| is_repeat(step)) {
            has_changed |= shared.keep_in_turn(&draft, number, step, first)?;
        }
        has_changed |= put_windows_together(&mut draft, &mut steps, least)?;
        draft.steps = steps;
        has_changed.then(|| draft.finish()).transpose()
    }
}

/// The same step in these repeats, with a few terms or results from far apart taken one after the other: so that one of them can stand
/// where it is kept, and another where it is not.
fn taken_apart(step: &Step, around: &[u32]) -> Vec<Step> {
    let (trips, body) = match step {
        Step::Run(instruction) => return parts(instruction, around).into_iter().map(Step::Run).collect(),
        Step::Repeat { trips, body } => (*trips, body),
    };
    let around = [around, &[trips]].concat();
    vec![Step::Repeat { trips, body: body.iter().flat_map(|step| taken_apart(step, &around)).collect() }]
}

/// An instruction in these repeats, or the turns of one of its loops, if these are few and far apart.
fn parts(instruction: &Instruction, repeats: &[u32]) -> Vec<Instruction> {
    const MOST: u32 = 4;
    let is_plain = matches!(instruction.term, Term::Copy(_) | Term::Product { .. })
        && instruction.activation.is_none()
        && instruction.accesses().all(|access| access.route == Route::Direct)
        && !may_read_its_results(instruction, repeats);
    let is_far_apart = |depth: &usize| instruction.accesses().any(|access| access.strides[*depth].abs() > 1);
    let loops = (0..LOOPS).filter(|depth| (2..=MOST).contains(&instruction.trips[*depth]));
    let Some(depth) = loops.filter(is_far_apart).find(|_| is_plain) else { return vec![instruction.clone()] };
    let part = |turn: u32| {
        let mut part = instruction.in_turns_of(depth, turn..turn + 1);
        if turn > 0 && instruction.is_summed_over(depth) {
            part.start = Start::Here;
        }
        part
    };
    (0..instruction.trips[depth]).flat_map(|turn| parts(&part(turn), repeats)).collect()
}

/// Whether a turn may read what another one writes, so that their order matters.
fn may_read_its_results(instruction: &Instruction, repeats: &[u32]) -> bool {
    let (out, trips) = (&instruction.out, instruction.trips);
    instruction.accesses().skip(1).any(|access| {
        // What moves alike is where it is to each other in all turns of the repeats.
        let repeats = if access.shifts == out.shifts { &[] } else { repeats };
        let [read, written] = [access, out].map(|access| extent(access, trips, repeats).unwrap_or_default());
        read.start < written.end && written.start < read.end
    })
}

/// Who uses a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    Nobody,
    /// A turn of the step with this number.
    Turn(u32, u32),
    /// What stands in no repeat, or several.
    Others,
}

/// Of each step that is a repeat the slots that more than one turn of it uses, or one and somebody after it.
pub(super) struct Shared {
    of_steps: Vec<SlotSet>,
    users: Vec<User>,
}

impl Shared {
    /// Of steps that are run one after the other.
    pub fn of(draft: &Draft, steps: &[Step]) -> Self {
        let of_step = |step: &Step| match step {
            Step::Repeat { .. } => SlotSet::none_of(draft.slots()),
            Step::Run(_) => SlotSet::none_of(0),
        };
        let mut shared =
            Shared { of_steps: steps.iter().map(of_step).collect(), users: vec![User::Nobody; draft.slots() as usize] };
        for (number, step) in steps.iter().enumerate() {
            let is_repeat = matches!(step, Step::Repeat { .. });
            for_each_run(std::slice::from_ref(step), |_, instruction, turn| {
                let user = if is_repeat { User::Turn(number as u32, turn[0]) } else { User::Others };
                let turns = Turns::of_loops(instruction.trips);
                let mut meet = |access: &Access, is_set| {
                    let access = access.in_turn(turn);
                    draft
                        .routes
                        .reach(&access, turns, |run| run.slots().for_each(|slot| shared.meet(slot, user, is_set)));
                };
                for access in instruction.accesses().skip(1) {
                    meet(access, false);
                    draft.routes.lookup(access).iter().for_each(|lookup| meet(&lookup.index, false));
                }
                meet(&instruction.out, instruction.start != Start::Here);
            });
        }
        draft.named_slots().flatten().for_each(|slot| shared.meet(slot, User::Others, false));
        shared
    }

    /// The slots that a step shares.
    pub fn of_step(self, number: usize) -> SlotSet {
        self.of_steps.into_iter().nth(number).expect("there is such a step")
    }

    /// Notes that somebody uses a slot, after all whose use was noted before.
    fn meet(&mut self, slot: u32, user: User, is_set: bool) {
        let before = std::mem::replace(&mut self.users[slot as usize], user);
        if before == user {
            return;
        }
        let mut share = |user: User| {
            if let User::Turn(step, _) = user {
                self.of_steps[step as usize].insert((slot..slot + 1).into());
            }
        };
        let is_of_same_step = matches!((before, user), (User::Turn(a, _), User::Turn(b, _)) if a == b);
        // Who sets it has nothing to do with what stood there, but in another turn of the same repeat.
        if !is_set || is_of_same_step {
            share(before);
            share(user);
        }
        if !is_set {
            self.users[slot as usize] = User::Others;
        }
    }

    /// Gives what a turn of this repeat keeps to itself the same slots in all turns, so far behind those that the first turn has.
    /// Whether there is something.
    fn keep_in_turn(&mut self, draft: &Draft, number: usize, step: &mut Step, distance: u32) -> Result<bool> {
        let shared = &mut self.of_steps[number];
        let accesses = draft.routes.accesses(std::slice::from_ref(step));
        let mut shifts: BTreeMap<i32, usize> = BTreeMap::new();
        accesses.iter().for_each(|(access, _)| *shifts.entry(access.shifts[0]).or_default() += 1);
        shifts.remove(&0);
        let Some((shift, _)) = shifts.into_iter().max_by_key(|(_, count)| *count) else { return Ok(false) };
        let moves = |access: &Access| access.route == Route::Direct && access.shifts[0] == shift;
        let is_own =
            |access: &Access, turns, shared: &SlotSet| moves(access) && !draft.routes.meets(access, turns, shared);
        // What is read with something that is shared moves along with it.
        loop {
            let mut new = 0;
            for (access, turns) in &accesses {
                if !is_own(access, *turns, shared) {
                    new += draft.routes.mark(access, *turns, shared);
                }
            }
            if new == 0 {
                break;
            }
        }
        let mut has_changed = false;
        try_for_each_mut(std::slice::from_mut(step), |instruction, turns| {
            for access in instruction.accesses_mut().filter(|access| is_own(access, turns, shared)) {
                access.shifts[0] = 0;
                *access = access.behind(distance);
                has_changed = true;
            }
            Ok(())
        })?;
        Ok(has_changed)
    }
}

#[cfg(test)]
mod tests {
    use crate::program::random::{Example, example, results};
    use crate::program::{Program, Step};
    use crate::{RngExt, Value, rng};

    fn assert_same_results(program: &Program, numbers: &[f64], what: &str) -> bool {
        let Some(compact) = program.with_slots_of_turns(1).unwrap() else { return false };
        compact.check().unwrap_or_else(|problem| panic!("{what}: {problem}"));
        for (number, right) in results(&compact, numbers).into_iter().zip(results(program, numbers)) {
            let is_close = (number - right).abs() <= 1e-11 * (1.0 + right.abs());
            assert!(is_close || number.is_nan() && right.is_nan(), "{what}: {number}, not {right}");
        }
        true
    }

    #[test]
    fn random_programs_and_their_derivatives_compute_the_same() {
        let mut changed = 0;
        for seed in 0..if cfg!(miri) { 10 } else { 1500 } {
            let Example { program, numbers } = example(seed);
            changed += u32::from(assert_same_results(&program, &numbers, &format!("seed {seed}")));
            let Ok(back) = program.vjp() else { continue };
            let adjoints = back.input_length() as usize - numbers.len();
            let mut rng = rng(seed);
            let numbers: Vec<f64> =
                numbers.iter().copied().chain((0..adjoints).map(|_| rng.random_range(-1.0..1.0))).collect();
            changed += u32::from(assert_same_results(&back, &numbers, &format!("adjoints of seed {seed}")));
        }
        assert!(changed > 100 || cfg!(miri), "only {changed} programs have changed");
    }

    const PENDULUMS: usize = 16;

    /// The places and speeds of pendulums at the start, and how stiff each is.
    fn pendulums() -> Vec<f64> {
        (0..3 * PENDULUMS).map(|number| 1.0 + 0.5 * (number as f64).sin()).collect()
    }

    /// Many small steps of all.
    fn simulation(steps: usize) -> Program {
        Program::record(&pendulums(), |x| {
            let (mut places, rest) = (x[..PENDULUMS].to_vec(), &x[PENDULUMS..]);
            let (mut speeds, stiffness) = (rest[..PENDULUMS].to_vec(), &rest[PENDULUMS..]);
            for _ in 0..steps {
                for number in 0..PENDULUMS {
                    let place = places[number];
                    speeds[number] -= stiffness[number] * (place + place * place * place) * 0.01;
                }
                places.iter_mut().zip(&speeds).for_each(|(place, speed)| *place += 0.01 * *speed);
            }
            places.into_iter().map(|place| place * place).sum::<Value>()
        })
        .unwrap()
    }

    #[test]
    fn of_the_gradient_of_a_simulation_a_few_numbers_a_step_are_kept() {
        let gradient = simulation(400).gradient().unwrap();
        assert!(assert_same_results(&gradient, &pendulums(), "pendulums"));
        let compact = gradient.with_slots_of_turns(1).unwrap().unwrap();
        // What turns share moves on with them.
        let moving = |program: &Program| -> usize {
            let mut moving = 0;
            crate::program::rewrite::reach::for_each(&program.steps, |instruction, _| {
                moving += instruction.accesses().filter(|access| access.shifts[0] != 0).count();
            });
            moving
        };
        assert!(compact.steps.iter().any(|step| matches!(step, Step::Repeat { trips: 300.., .. })));
        assert!(2 * moving(&compact) < moving(&gradient), "{} of {}", moving(&compact), moving(&gradient));
        // And stands close together.
        assert!(3 * compact.slots < 2 * gradient.slots, "{} of {} slots", compact.slots, gradient.slots);
    }

    #[test]
    fn a_simulation_takes_as_many_slots_however_many_steps() {
        let [short, long] = [400, 800].map(|steps| {
            let program = simulation(steps);
            assert!(assert_same_results(&program, &pendulums(), "pendulums"));
            program.with_slots_of_turns(1).unwrap().unwrap().slots
        });
        assert_eq!(short, long);
    }
}
