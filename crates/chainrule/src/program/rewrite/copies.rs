//! Copies that need not be made, and numbers that need not be computed many times over.
//!
//! Differentiating leaves many: the adjoint of a sum is copied to that of each of its terms. Where nothing else is ever put
//! into the places of a copy, those who read it can read what it was copied from; and where the original is of no more use, its
//! places can be those of the copy from the start. What is the same in all turns is computed once, and read by all.

use super::draft::Draft;
use super::reach::for_each;
use super::scales::joined;
use super::slot_set::SlotSet;
use crate::program::extent::extent;
use crate::program::{Access, Instruction, LOOPS, Route, Start, Step, Term};
use std::ops::Range;

/// Programs with more accesses than this, for each copy, are left as they are: each copy is held against all of them.
const MOST_COMPARISONS: usize = 1 << 20;

/// Leaves copies out of steps. Those in repeats, and those that tables or run-time indices lead to, stay.
pub(in crate::program) fn leave_out_copies(draft: &Draft, steps: &mut Vec<Step>) {
    let is_candidate = |step: &usize| {
        Copied::of(&steps[*step]).is_some() || repeated(&steps[*step]).is_some() || inner(&steps[*step]).is_some()
    };
    let candidates: Vec<usize> = (0..steps.len()).filter(is_candidate).collect();
    let mut uses = Uses::of(steps);
    if candidates.len() * uses.list.len() > MOST_COMPARISONS {
        return;
    }
    let kept = kept(draft, steps);
    let mut is_left_out = vec![false; steps.len()];
    for step in candidates {
        if let Some(results) = repeated(&steps[step]) {
            if kept.lets_go_of(&results) && uses.are_read_alone(step, &results) {
                compute_once(&mut steps[step], results.start);
                uses.redirect(steps, &results, |_| Access::slot(results.start));
            }
            continue;
        }
        if let Some(results) = inner(&steps[step]) {
            if kept.lets_go_of(&results)
                && !draft.is_exact()
                && let Some(reader) = uses.only_reader(steps, step, &results)
                && let (Step::Run(inner), Step::Run(instruction)) = (&steps[step], &steps[reader])
                && let Some(joined) = joined(inner, instruction)
                && uses.can_be_computed_later(&kept, step, reader)
            {
                steps[reader] = Step::Run(joined);
                uses.list.retain(|used| used.step != step && used.step != reader);
                uses.add(reader, &steps[reader]);
                is_left_out[step] = true;
            }
            continue;
        }
        let Some(copied) = Copied::of(&steps[step]) else { continue };
        if kept.lets_go_of(&copied.to)
            && kept.leaves(&copied.from)
            && uses.can_read_original(step, &copied)
            && uses.can_be_scaled(steps, step, &copied)
            && (copied.scale == 1.0 || !draft.is_exact())
        {
            uses.scale(steps, &copied.to, copied.scale);
            uses.redirect(steps, &copied.to, |access| copied.original(access));
        } else if copied.is_whole
            && copied.scale == 1.0
            && kept.lets_go_of(&copied.from)
            && kept.knows(&copied.to)
            && uses.can_be_one(steps, step, &copied)
        {
            let distance = copied.to.start.wrapping_sub(copied.from.start);
            uses.redirect(steps, &copied.from, |access| access.behind(distance));
        } else {
            continue;
        }
        uses.list.retain(|used| used.step != step);
        is_left_out[step] = true;
    }
    let mut left_out = is_left_out.into_iter();
    steps.retain(|_| left_out.next() == Some(false));
}

/// The results of an instruction that computes one number for many places, and does not just copy it.
fn repeated(step: &Step) -> Option<Range<u32>> {
    let Step::Run(instruction) = step else { return None };
    let Instruction { trips, out, .. } = instruction;
    let stands_still = |access: &Access| {
        let moves = |depth: usize| trips[depth] > 1 && access.strides[depth] != 0;
        access.route == Route::Direct && !(0..LOOPS).any(moves)
    };
    let is_function = matches!(instruction.term, Term::Product { .. } | Term::Operation { .. } | Term::Partial { .. });
    let is_new = instruction.start != Start::Here;
    let is_summed = (0..LOOPS).any(|depth| instruction.is_summed_over(depth));
    let results = slots(out, *trips).filter(|_| is_new && !is_summed && is_function && out.route == Route::Direct)?;
    (results.len() > 1 && instruction.accesses().skip(1).all(stands_still)).then_some(results)
}

/// The results of an instruction that computes products or differences, each for a place of its own, and does nothing else.
fn inner(step: &Step) -> Option<Range<u32>> {
    let Step::Run(instruction) = step else { return None };
    let is_inner = matches!(
        instruction,
        Instruction { start: Start::Zero, term: Term::Product { .. }, activation: None, .. }
            | Instruction { start: Start::From(_), term: Term::Copy(_), activation: None, .. }
    );
    let is_summed = (0..LOOPS).any(|depth| instruction.is_summed_over(depth));
    // Who else uses what tables and run-time indices lead to is not known one by one.
    let is_direct = instruction.accesses().all(|access| access.route == Route::Direct);
    slots(&instruction.out, instruction.trips).filter(|_| is_inner && !is_summed && is_direct)
}

/// Whether derivatives of an instruction may depend on its results.
fn may_be_read_back(step: &Step) -> bool {
    let Step::Run(Instruction { term, activation, .. }) = step else { return true };
    activation.is_some() || !matches!(term, Term::Copy(_) | Term::Product { .. } | Term::Partial { .. })
}

/// Makes an instruction compute one number, in this slot.
fn compute_once(step: &mut Step, slot: u32) {
    let Step::Run(instruction) = step else { return };
    instruction.trips = [1; LOOPS];
    instruction.accesses_mut().for_each(|access| access.strides = [0; LOOPS]);
    instruction.out = Access::slot(slot);
}

/// What a copy copies, and where to.
struct Copied {
    from: Range<u32>,
    to: Range<u32>,
    /// What it is multiplied by.
    scale: f64,
    /// Whether it is slot by slot, all at one distance; if not, it is one slot to many.
    is_whole: bool,
}

impl Copied {
    fn of(step: &Step) -> Option<Self> {
        let Step::Run(instruction) = step else { return None };
        let Instruction { trips, out, start: Start::Zero, scale, term: Term::Copy(from), activation: None } =
            instruction
        else {
            return None;
        };
        let moves = |access: &Access, depth: usize| trips[depth] > 1 && access.strides[depth] != 0;
        let is_direct = out.route == Route::Direct && from.route == Route::Direct;
        let is_summed = (0..LOOPS).any(|depth| trips[depth] > 1 && out.strides[depth] == 0);
        let is_whole = (0..LOOPS).all(|depth| trips[depth] == 1 || out.strides[depth] == from.strides[depth]);
        let is_one = !(0..LOOPS).any(|depth| moves(from, depth));
        if !is_direct || is_summed || !(is_whole || is_one) {
            return None;
        }
        Some(Copied { from: slots(from, *trips)?, to: slots(out, *trips)?, scale: *scale, is_whole })
    }

    /// The original of what an access to the copy reads.
    fn original(&self, access: Access) -> Access {
        match self.is_whole {
            true => access.behind(self.from.start.wrapping_sub(self.to.start)),
            false => Access::slot(self.from.start),
        }
    }
}

/// Slots that are not to be touched.
struct Kept {
    /// Inputs, constants, and what is asked for.
    named: SlotSet,
    /// What is used by other ways than direct accesses outside of repeats.
    elsewhere: SlotSet,
    /// Those of them that are written.
    written_elsewhere: SlotSet,
}

impl Kept {
    /// Whether nobody notices when these slots are used no more.
    fn lets_go_of(&self, slots: &Range<u32>) -> bool {
        self.named.count_in(slots.clone().into()) == 0 && self.knows(slots)
    }

    /// Whether all uses of these slots are known one by one.
    fn knows(&self, slots: &Range<u32>) -> bool {
        self.elsewhere.count_in(slots.clone().into()) == 0
    }

    /// Whether all who write these slots are known one by one.
    fn leaves(&self, slots: &Range<u32>) -> bool {
        self.written_elsewhere.count_in(slots.clone().into()) == 0
    }
}

fn kept(draft: &Draft, steps: &[Step]) -> Kept {
    let none = || SlotSet::none_of(draft.slots());
    let mut kept = Kept { named: none(), elsewhere: none(), written_elsewhere: none() };
    draft.named_slots().for_each(|slots| _ = kept.named.insert(slots.into()));
    for step in steps {
        let is_repeat = matches!(step, Step::Repeat { .. });
        for_each(std::slice::from_ref(step), |instruction, turns| {
            for (number, access) in instruction.accesses().enumerate() {
                if !is_repeat && access.route == Route::Direct {
                    continue;
                }
                draft.routes.mark(access, turns, &mut kept.elsewhere);
                if let Some(lookup) = draft.routes.lookup(access) {
                    draft.routes.mark(&lookup.index, turns, &mut kept.elsewhere);
                }
                if number == 0 {
                    draft.routes.mark(access, turns, &mut kept.written_elsewhere);
                }
            }
        });
    }
    kept
}

/// A direct access of an instruction that stands in no repeat.
struct Use {
    step: usize,
    /// Its number among those of the instruction.
    number: usize,
    slots: Range<u32>,
    /// Of these only each so many-th is touched.
    every: u32,
    is_written: bool,
}

impl Use {
    /// Whether it touches some of these slots.
    fn meets(&self, slots: &Range<u32>) -> bool {
        let end = slots.end.min(self.slots.end);
        // Most are far from each other, which takes no division to tell.
        slots.start.max(self.slots.start) < end
            && self.slots.start + slots.start.saturating_sub(self.slots.start).next_multiple_of(self.every) < end
    }
}

struct Uses {
    list: Vec<Use>,
}

impl Uses {
    fn of(steps: &[Step]) -> Self {
        let mut uses = Uses { list: Vec::new() };
        steps.iter().enumerate().for_each(|(number, step)| uses.add(number, step));
        uses
    }

    fn add(&mut self, step: usize, run: &Step) {
        let Step::Run(instruction) = run else { return };
        for (number, (_, access, trips)) in instruction.accesses_in_loops().enumerate() {
            if access.route == Route::Direct
                && let Some(slots) = slots(access, trips)
            {
                let every = distance(access, trips);
                self.list.push(Use { step, number, slots, every, is_written: number == 0 });
            }
        }
    }

    /// The later step that alone reads these results as operands, if nobody else writes them.
    fn only_reader(&self, steps: &[Step], step: usize, results: &Range<u32>) -> Option<usize> {
        let mut readers = self.of_slots(results, step);
        let reader = readers.next()?.step;
        let Step::Run(instruction) = &steps[reader] else { return None };
        let operands = 1 + usize::from(matches!(instruction.start, Start::From(_)));
        let is_alone = self.of_slots(results, step).all(|used| used.step == reader && used.number >= operands);
        (is_alone && reader > step).then_some(reader)
    }

    /// Whether what an instruction reads is still there later, and not where that other instruction writes.
    fn can_be_computed_later(&self, kept: &Kept, step: usize, later: usize) -> bool {
        let mut operands = self.list.iter().filter(|used| used.step == step && !used.is_written);
        operands.all(|operand| {
            let is_written = |used: &Use| used.is_written && (step..=later).contains(&used.step);
            kept.leaves(&operand.slots) && !self.of_slots(&operand.slots, step).any(is_written)
        })
    }

    /// All but the copy itself that touch some of these slots.
    fn of_slots<'a>(&'a self, slots: &'a Range<u32>, copy: usize) -> impl Iterator<Item = &'a Use> {
        self.list.iter().filter(move |used| used.meets(slots) && used.step != copy)
    }

    /// Whether whoever reads the copy can read the original: nobody else writes the copy, or, from it to the last who reads
    /// it, the original.
    fn can_read_original(&self, copy: usize, copied: &Copied) -> bool {
        let mut last = copy;
        for used in self.of_slots(&copied.to, copy) {
            if used.is_written || used.step < copy || !is_inside(&used.slots, &copied.to) {
                return false;
            }
            last = last.max(used.step);
        }
        self.of_slots(&copied.from, copy).all(|used| !used.is_written || !(copy..=last).contains(&used.step))
    }

    /// Whether whoever reads the copy can multiply by what it was multiplied by: whose terms are products with it.
    fn can_be_scaled(&self, steps: &[Step], copy: usize, copied: &Copied) -> bool {
        let can_be_scaled = |used: &Use| {
            let Step::Run(Instruction { start, scale, term, .. }) = &steps[used.step] else { return false };
            let operand = used.number.checked_sub(1 + usize::from(matches!(start, Start::From(_))));
            let is_factor = match term {
                Term::Copy(_) | Term::Product { .. } => operand.is_some(),
                Term::Partial { operands, .. } => operand == Some(operands.len() + 1),
                _ => false,
            };
            // Twice, where it is multiplied with itself.
            let scaled = scale * copied.scale * copied.scale;
            is_factor && scaled.is_normal()
        };
        copied.scale == 1.0 || self.of_slots(&copied.to, copy).all(can_be_scaled)
    }

    /// Multiplies the terms that read these slots, as often as they do.
    fn scale(&self, steps: &mut [Step], slots: &Range<u32>, scale: f64) {
        for used in self.list.iter().filter(|used| is_inside(&used.slots, slots) && !used.is_written) {
            if let Step::Run(instruction) = &mut steps[used.step] {
                instruction.scale *= scale;
            }
        }
    }

    /// Whether nobody else writes these results, or reads others with them.
    fn are_read_alone(&self, step: usize, results: &Range<u32>) -> bool {
        let is_good = |used: &Use| !used.is_written && used.step > step && is_inside(&used.slots, results);
        self.of_slots(results, step).all(is_good)
    }

    /// Whether original and copy can share their slots: those of the copy are not used before it, and those of the original
    /// are written by no one after it, nor read once the copy has been changed, be it by a derivative that is still to be made.
    fn can_be_one(&self, steps: &[Step], copy: usize, copied: &Copied) -> bool {
        let mut changed = usize::MAX;
        for used in self.of_slots(&copied.to, copy) {
            if used.step < copy {
                return false;
            }
            if used.is_written {
                changed = changed.min(used.step);
            }
        }
        self.of_slots(&copied.from, copy).all(|used| {
            let is_in_time = used.step < copy || !used.is_written && used.step < changed;
            let is_kept = changed == usize::MAX || !used.is_written || !may_be_read_back(&steps[used.step]);
            is_in_time && is_kept && is_inside(&used.slots, &copied.from)
        })
    }

    /// Changes the accesses that stay in these slots.
    fn redirect(&mut self, steps: &mut [Step], slots: &Range<u32>, change: impl Fn(Access) -> Access) {
        for used in &mut self.list {
            if !is_inside(&used.slots, slots) {
                continue;
            }
            let Step::Run(instruction) = &mut steps[used.step] else { unreachable!("only these have been listed") };
            let access = instruction.accesses_mut().nth(used.number).expect("it was listed by its number");
            let before = *access;
            *access = change(before);
            let length = if access.strides == before.strides { used.slots.len() as u32 } else { 1 };
            let start = used.slots.start.wrapping_add(access.base.wrapping_sub(before.base));
            used.slots = if length == 1 { access.base..access.base + 1 } else { start..start + length };
        }
    }
}

fn is_inside(inner: &Range<u32>, outer: &Range<u32>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// How far the slots of an access that moves in one loop are from each other; those of others may be next to each other.
fn distance(access: &Access, trips: [u32; LOOPS]) -> u32 {
    let mut moving = (0..LOOPS).filter(|depth| trips[*depth] > 1 && access.strides[*depth] != 0);
    match (moving.next(), moving.next()) {
        (Some(only), None) => access.strides[only].unsigned_abs(),
        _ => 1,
    }
}

/// The smallest range that holds all slots of a direct access.
fn slots(access: &Access, trips: [u32; LOOPS]) -> Option<Range<u32>> {
    let slots = extent(access, trips, &[])?;
    Some(u32::try_from(slots.start).ok()?..u32::try_from(slots.end).ok()?)
}
