//! Which slots a program reaches: the check that the memory safety of the machine rests on.

use super::{Access, Instruction, LOOPS, Program, REPEATS, Route, Start, Step};
use std::ops::RangeInclusive;

/// Checks that everything that the program reads or writes lies inside its slots, in all turns of all loops and repeats, by
/// table and by lookup, whatever the indices are; else says what does not.
pub(crate) fn check(program: &Program) -> Result<(), String> {
    let slots = program.slots;
    let set = u64::from(program.input_length()) + program.constants.len() as u64;
    if set > u64::from(slots) {
        return Err(format!("{set} inputs and constants in {slots} slots"));
    }
    if let Some(slot) = program.tables.iter().find(|slot| **slot >= slots) {
        return Err(format!("a table names slot {slot} of {slots}"));
    }
    if let Some(guard) = program.guards.iter().find(|guard| guard.slots().end > slots) {
        return Err(format!("a guard stands in slots {:?} of {slots}", guard.slots()));
    }
    for output in &program.outputs {
        if let Some(range) = output.slots.iter().find(|range| range.start > range.end || range.end > slots) {
            return Err(format!("output {} stands in slots {range:?} of {slots}", output.name));
        }
    }
    check_steps(program, &program.steps, &mut Vec::new())
}

fn check_steps(program: &Program, steps: &[Step], repeats: &mut Vec<u32>) -> Result<(), String> {
    for step in steps {
        match step {
            Step::Run(instruction) => check_instruction(program, instruction, repeats)?,
            Step::Repeat { .. } if repeats.len() == REPEATS => return Err(format!("more than {REPEATS} repeats nest")),
            Step::Repeat { trips, body } => {
                repeats.push(*trips);
                check_steps(program, body, repeats)?;
                repeats.pop();
            }
        }
    }
    Ok(())
}

fn check_instruction(program: &Program, instruction: &Instruction, repeats: &[u32]) -> Result<(), String> {
    if instruction.trips.contains(&0) || repeats.contains(&0) {
        return Ok(());
    }
    for access in instruction.operands().into_iter().chain([&instruction.out]) {
        check_access(program, access, &instruction.trips, repeats)?;
    }
    if let Start::From(access) = &instruction.start {
        // It is not read in the loops that are summed over but once.
        let trips: [u32; LOOPS] =
            std::array::from_fn(|depth| if instruction.is_summed_over(depth) { 1 } else { instruction.trips[depth] });
        check_access(program, access, &trips, repeats)?;
    }
    Ok(())
}

fn check_access(program: &Program, access: &Access, trips: &[u32; LOOPS], repeats: &[u32]) -> Result<(), String> {
    let places = reach(access, trips, repeats);
    match access.route {
        Route::Direct => within(&places, program.slots, "slots"),
        Route::Table => within(&places, program.tables.len() as u32, "places in the tables"),
        Route::Lookup(number) => {
            let lookup = program.lookups.get(number as usize);
            let lookup = lookup.ok_or_else(|| format!("there is no lookup {number}"))?;
            if matches!(lookup.index.route, Route::Lookup(_)) {
                return Err(format!("the index of lookup {number} is a lookup"));
            }
            if lookup.count == 0 {
                return Err(format!("lookup {number} chooses among no slots"));
            }
            check_access(program, &lookup.index, trips, repeats)?;
            let choices = i128::from(lookup.step) * i128::from(lookup.count - 1);
            let places = places.start() + choices.min(0)..=places.end() + choices.max(0);
            within(&places, program.slots, "slots")
        }
    }
}

fn within(places: &RangeInclusive<i128>, count: u32, what: &str) -> Result<(), String> {
    if *places.start() < 0 || *places.end() >= i128::from(count) {
        return Err(format!("an access reaches from {} to {} of {count} {what}", places.start(), places.end()));
    }
    Ok(())
}

/// The lowest and the highest place that base and strides lead to, in all turns of the loops and of the repeats around
/// them. All of them run at least once.
pub(crate) fn reach(access: &Access, trips: &[u32], repeats: &[u32]) -> RangeInclusive<i128> {
    let loops = access.strides.iter().zip(trips).chain(access.shifts.iter().zip(repeats));
    let (mut low, mut high) = (i128::from(access.base), i128::from(access.base));
    for (stride, trips) in loops {
        let moved = i128::from(*stride) * (i128::from(*trips) - 1);
        low += moved.min(0);
        high += moved.max(0);
    }
    low..=high
}

#[cfg(test)]
mod tests {
    use super::super::Term;
    use super::super::random::example;
    use super::*;

    #[test]
    fn random_programs_stay_inside() {
        for seed in 0..1000 {
            assert_eq!(check(&example(seed).program), Ok(()), "seed {seed}");
        }
    }

    #[test]
    fn what_reaches_outside_is_found() {
        let program = |access: Access, trips: [u32; LOOPS], repeats: u32| {
            let out = Access::slot(0);
            let run =
                Step::Run(Instruction { trips, out, start: Start::Zero, term: Term::Copy(access), activation: None });
            let mut program = example(0).program;
            program.slots = 100;
            program.tables = vec![99, 3];
            program.outputs.clear();
            program.steps = vec![Step::Repeat { trips: repeats, body: vec![run] }];
            check(&program).is_ok()
        };
        assert!(program(Access::strided(0, [0, 0, 10, 1]), [1, 1, 10, 10], 1));
        assert!(!program(Access::strided(1, [0, 0, 10, 1]), [1, 1, 10, 10], 1));
        assert!(!program(Access::strided(0, [0, 0, 0, -1]), [1, 1, 1, 2], 1));
        assert!(program(Access { shifts: [10, 0], ..Access::slot(9) }, [1; LOOPS], 10));
        assert!(!program(Access { shifts: [10, 0], ..Access::slot(10) }, [1; LOOPS], 10));
        assert!(program(Access::listed(0, [0, 0, 0, 1]), [1, 1, 1, 2], 1));
        assert!(!program(Access::listed(0, [0, 0, 0, 1]), [1, 1, 1, 3], 1));
        assert!(!program(Access::strided(0, [i32::MAX; LOOPS]), [u32::MAX; LOOPS], 1));
        // What never runs reaches nothing.
        assert!(program(Access::slot(100), [1, 1, 1, 0], 1));
        assert!(program(Access::slot(100), [1; LOOPS], 0));
    }
}
