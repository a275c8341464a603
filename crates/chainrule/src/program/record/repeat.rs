//! Loops that cannot run side by side: the steps of a simulation, the layers of a network, the turns of a recurrence.
//!
//! Levels unroll them: the same instructions come again and again, their places moved by the same distances. This pass puts
//! them back into a [`Step::Repeat`], so that a program does not grow with the number of its steps. Repeats can stand in
//! repeats.

use crate::program::history::Pass;
use crate::program::interpret::all_turns;
use crate::program::{Access, Instruction, LOOPS, Lookup, Program, REPEATS, Route, Start, Step, Term};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

/// So many earlier instructions of the same shape are tried as the beginning of a turn.
const CANDIDATES: usize = 8;

/// A repeat must save so many instructions.
const LEAST_SAVING: usize = 16;

impl Program {
    /// The same program, with instructions that come again and again as repeats.
    pub(crate) fn rolled(mut self) -> Program {
        if self.steps.iter().all(|step| matches!(step, Step::Run(_))) {
            let steps = std::mem::take(&mut self.steps);
            let instructions = steps.into_iter().filter_map(|step| match step {
                Step::Run(instruction) => Some(instruction),
                Step::Repeat { .. } => None,
            });
            self.steps = roll(instructions.collect(), &mut self.lookups, 0);
            self.history.note_steps(Pass::Repeat, &self.steps);
        }
        self
    }
}

fn roll(mut instructions: Vec<Instruction>, lookups: &mut [Lookup], depth: usize) -> Vec<Step> {
    let shapes: Vec<u64> = instructions.iter().map(|instruction| shape(instruction, lookups)).collect();
    let next_alike = next_alike(&shapes);
    let mut steps = Vec::new();
    let mut first = 0;
    while first < instructions.len() {
        let Some((period, mut trips)) = best(&instructions, &shapes, &next_alike, lookups, first) else {
            steps.push(Step::Run(instructions[first].clone()));
            first += 1;
            continue;
        };
        let later = first + narrowest(&instructions[first..first + period * trips], period);
        let trips_later = turns(&instructions, &shapes, lookups, later, period);
        if later > first && trips_later + 1 >= trips {
            steps.extend(instructions[first..later].iter().cloned().map(Step::Run));
            (first, trips) = (later, trips_later);
        }
        let second = instructions[first + period..first + 2 * period].to_vec();
        let body = &mut instructions[first..first + period];
        for (instruction, mut later) in body.iter_mut().zip(second) {
            for (access, later) in instruction.accesses_mut().zip(later.accesses_mut()) {
                access.shifts[depth] = later.base.wrapping_sub(access.base) as i32;
                if let (Route::Lookup(number), Route::Lookup(later)) = (access.route, later.route) {
                    let later = lookups[later as usize].index;
                    let index = &mut lookups[number as usize].index;
                    index.shifts[depth] = later.base.wrapping_sub(index.base) as i32;
                }
            }
        }
        let body = body.to_vec();
        let body = if depth + 1 < REPEATS {
            roll(body, lookups, depth + 1)
        } else {
            body.into_iter().map(Step::Run).collect()
        };
        steps.push(Step::Repeat { trips: trips as u32, body });
        first += period * trips;
    }
    steps
}

/// After how many instructions a turn should begin, so that fewest numbers go from turn to turn: what only one turn uses need not be
/// kept for others when the repeat is run. All turns are given.
fn narrowest(instructions: &[Instruction], period: usize) -> usize {
    /// The one that is looked at, and its neighbours.
    const TURNS: usize = 3;
    /// Repeats of fewer numbers fit a cache as they are: what stands before and after them would be more instructions for nothing.
    const LEAST: usize = 1 << 17;
    if instructions.len() < TURNS * period {
        return 0;
    }
    // Of each slot who writes it, and who reads it last.
    let mut lives: FxHashMap<u32, (usize, usize)> = FxHashMap::default();
    for (index, instruction) in instructions[..TURNS * period].iter().enumerate() {
        for access in accesses(instruction).skip(1).filter(|access| access.route == Route::Direct) {
            for_each_slot(access, instruction.trips, |slot| {
                lives.entry(slot).and_modify(|(_, last)| *last = index);
            });
        }
        if instruction.out.route == Route::Direct {
            for_each_slot(&instruction.out, instruction.trips, |slot| _ = lives.entry(slot).or_insert((index, index)));
        }
    }
    if lives.len() / TURNS * (instructions.len() / period) < LEAST {
        return 0;
    }
    // By how much more, or less, there is before an instruction than before the one before it.
    let mut changes = vec![0i64; TURNS * period + 1];
    for (written, last) in lives.into_values() {
        changes[written + 1] += 1;
        changes[last + 1] -= 1;
    }
    let mut sum = 0;
    let alive = changes.into_iter().map(|change| {
        sum += change;
        sum
    });
    let alive: Vec<i64> = alive.collect();
    (0..period).min_by_key(|later| alive[period + later]).unwrap_or(0)
}

/// Visits all slots of a direct access.
fn for_each_slot(access: &Access, trips: [u32; LOOPS], mut visit: impl FnMut(u32)) {
    let turns = |depth: usize| if access.strides[depth] == 0 { 1 } else { trips[depth] };
    for turn in all_turns(std::array::from_fn(turns)) {
        visit(access.at(turn));
    }
}

/// What two instructions have in common that differ in where their accesses begin only.
fn shape(instruction: &Instruction, lookups: &[Lookup]) -> u64 {
    let mut hasher = FxHasher::default();
    instruction.trips.hash(&mut hasher);
    discriminant(&instruction.start).hash(&mut hasher);
    (instruction.scale.to_bits(), instruction.activation).hash(&mut hasher);
    discriminant(&instruction.term).hash(&mut hasher);
    match &instruction.term {
        Term::Copy(_) => {}
        Term::Product { is_strong, .. } => is_strong.hash(&mut hasher),
        Term::Operation { op, exponent, .. } => (op, exponent).hash(&mut hasher),
        Term::Partial { op, exponent, by, .. } => (op, exponent, by).hash(&mut hasher),
        Term::Reduction { op, .. } | Term::ReductionPartial { op, .. } => op.hash(&mut hasher),
        Term::Call { operation, .. } | Term::Jacobian { operation, .. } => operation.hash(&mut hasher),
    }
    for access in accesses(instruction) {
        (access.strides, access.shifts, discriminant(&access.route)).hash(&mut hasher);
        if let Route::Lookup(number) = access.route {
            let Lookup { index, step, count } = lookups[number as usize];
            (index.strides, index.shifts, discriminant(&index.route), step, count).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Everything that is read or written.
fn accesses(instruction: &Instruction) -> impl Iterator<Item = &Access> {
    let start = match &instruction.start {
        Start::From(access) => Some(access),
        Start::Zero | Start::Here => None,
    };
    [&instruction.out].into_iter().chain(start).chain(instruction.operands())
}

/// For each instruction where the next one of its shape is.
fn next_alike(shapes: &[u64]) -> Vec<Option<usize>> {
    let mut latest = FxHashMap::default();
    let mut next: Vec<Option<usize>> =
        (0..shapes.len()).rev().map(|index| latest.insert(shapes[index], index)).collect();
    next.reverse();
    next
}

/// The period and the turns of the repeat that begins with this instruction and saves most, if one is worth it.
fn best(
    instructions: &[Instruction],
    shapes: &[u64],
    next_alike: &[Option<usize>],
    lookups: &[Lookup],
    first: usize,
) -> Option<(usize, usize)> {
    let candidates = std::iter::successors(next_alike[first], |index| next_alike[*index]).take(CANDIDATES);
    let turns_of = |second: usize| (second - first, turns(instructions, shapes, lookups, first, second - first));
    let saving = |(period, trips): &(usize, usize)| period * (trips - 1);
    candidates.map(turns_of).max_by_key(saving).filter(|found| saving(found) >= LEAST_SAVING)
}

/// How often so many instructions follow each other, all places moved by the same distances.
fn turns(instructions: &[Instruction], shapes: &[u64], lookups: &[Lookup], first: usize, period: usize) -> usize {
    let follows = |index: usize| {
        let is_moved_alike = |earlier: usize| {
            let [a, b, c] = [first + (index - first) % period, earlier, index].map(|index| &instructions[index]);
            let second = &instructions[first + period + (index - first) % period];
            let bases = |instruction| accesses(instruction).flat_map(|access| bases(access, lookups));
            let distances = bases(a).zip(bases(second)).map(|(a, b)| b.wrapping_sub(a));
            bases(b).zip(bases(c)).map(|(b, c)| c.wrapping_sub(b)).eq(distances)
        };
        shapes[index] == shapes[index - period] && is_moved_alike(index - period)
    };
    let end = first + period;
    let alike = (end..instructions.len()).take_while(|index| follows(*index)).count();
    1 + alike / period
}

/// Where an access begins, and where the index begins that it looks up.
fn bases(access: &Access, lookups: &[Lookup]) -> impl Iterator<Item = u32> + use<> {
    let index = match access.route {
        Route::Lookup(number) => Some(lookups[number as usize].index.base),
        Route::Direct | Route::Table => None,
    };
    [access.base].into_iter().chain(index)
}
