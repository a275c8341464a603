//! The arrays of a program: stretches of slots that its instructions use as one, each with a name for people to read.

use super::extent::Role;
use super::{Input, Program, Route};
use std::ops::Range;

/// Slots that belong together: some access leads from one to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Array {
    pub name: String,
    pub slots: Range<u32>,
    pub content: Content,
}

/// What an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// The group of inputs with this number.
    Input(usize),
    /// The constants.
    Constants,
    /// What instructions compute. Where an access leads from there to inputs or constants, or from one group of inputs to
    /// the next, these stand in the array, too.
    Computed,
}

/// All arrays of a program.
pub(crate) struct Arrays {
    /// Inputs and constants, in the order of their slots.
    given: Vec<Array>,
    /// What is computed, in the order of the slots.
    computed: Vec<Array>,
}

impl Arrays {
    /// The arrays of a program that has been checked.
    pub fn of(program: &Program) -> Self {
        let mut arrays = Arrays { given: given(program), computed: Vec::new() };
        let (mut stretches, mut written) = (Vec::new(), Vec::new());
        for (instruction, repeats) in program.instructions() {
            for (role, access, trips) in instruction.accesses_in_loops() {
                let reach = program.reach(access, trips, &repeats);
                if role == Role::Result {
                    written.push(reach.start);
                }
                stretches.push(reach);
                if let Route::Lookup(number) = access.route {
                    stretches.push(program.reach(&program.lookups[number as usize].index, trips, &repeats));
                }
            }
        }
        stretches.retain(|slots| arrays.given_of(slots).is_none());
        let array = |slots| Array { name: String::new(), slots, content: Content::Computed };
        arrays.computed = merged(stretches).into_iter().map(array).collect();
        arrays.name(&written);
        arrays
    }

    /// Names what is computed in the order in which it is; what nobody computes is given.
    fn name(&mut self, written: &[u32]) {
        let mut numbers = 1..;
        for slot in written {
            let array = index_of(&self.computed, *slot).map(|index| &mut self.computed[index]);
            if let Some(array) = array.filter(|array| array.name.is_empty()) {
                array.name = format!("v{}", numbers.next().unwrap_or_default());
            }
        }
        let unnamed = self.computed.iter_mut().filter(|array| array.name.is_empty());
        for (array, number) in unnamed.zip(1..) {
            array.name = if number == 1 { "given".into() } else { format!("given{number}") };
        }
    }

    /// Gives every array another name.
    pub fn rename(&mut self, mut name: impl FnMut(&Array) -> String) {
        for array in self.given.iter_mut().chain(&mut self.computed) {
            array.name = name(array);
        }
    }

    /// Inputs and constants.
    pub fn given(&self) -> &[Array] {
        &self.given
    }

    /// The arrays that hold what is computed.
    pub fn computed(&self) -> &[Array] {
        &self.computed
    }

    /// The array that a slot belongs to, if it was put in or an instruction uses it.
    pub fn at(&self, slot: u32) -> Option<&Array> {
        let of = |arrays: &[Array]| index_of(arrays, slot);
        of(&self.given).map(|index| &self.given[index]).or(of(&self.computed).map(|index| &self.computed[index]))
    }

    /// The array for an access that reaches these slots.
    pub fn of_reach(&self, slots: &Range<u32>) -> &Array {
        let computed = || index_of(&self.computed, slots.start).map(|index| &self.computed[index]);
        self.given_of(slots).or_else(computed).expect("every access of a program leads to one of its arrays")
    }

    /// The group of inputs, or the constants, that all these slots belong to.
    fn given_of(&self, slots: &Range<u32>) -> Option<&Array> {
        let array = &self.given[index_of(&self.given, slots.start)?];
        (slots.end <= array.slots.end).then_some(array)
    }
}

fn index_of(arrays: &[Array], slot: u32) -> Option<usize> {
    let index = arrays.partition_point(|array| array.slots.start <= slot).checked_sub(1)?;
    arrays[index].slots.contains(&slot).then_some(index)
}

/// The groups of inputs, and the constants, without those that are empty.
fn given(program: &Program) -> Vec<Array> {
    let mut end = 0;
    let mut given = Vec::new();
    for (number, Input { name, length }) in program.inputs.iter().enumerate() {
        given.push(Array { name: name.clone(), slots: end..end + length, content: Content::Input(number) });
        end += length;
    }
    let constants = program.constant_slots();
    given.push(Array { name: "constants".into(), slots: constants, content: Content::Constants });
    given.retain(|array| !array.slots.is_empty());
    given
}

/// Ranges in order, those that have slots in common as one.
fn merged(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u32>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::super::random::example;
    use super::*;

    #[test]
    fn ranges_with_common_slots_are_one() {
        assert_eq!(merged(vec![4..6, 0..2, 5..9, 2..4, 6..7]), [0..2, 2..4, 4..9]);
    }

    #[test]
    fn every_access_stays_in_one_array() {
        for seed in 0..200 {
            let program = example(seed).program;
            let arrays = Arrays::of(&program);
            for (instruction, repeats) in program.instructions() {
                for (role, access, trips) in instruction.accesses_in_loops() {
                    let reach = program.reach(access, trips, &repeats);
                    let array = arrays.of_reach(&reach);
                    let is_inside = array.slots.start <= reach.start && reach.end <= array.slots.end;
                    assert!(is_inside, "seed {seed}, {role}: {reach:?} of {array:?}");
                }
            }
        }
    }
}
