//! Where an access can lead: the range that holds every turn of its loops and of the repeats around it.

use super::{Access, Instruction, LOOPS, Program, Route, Start, Step, Term};
use std::fmt;
use std::ops::Range;

/// What an access is to its instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Result,
    Start,
    /// Counted from 0.
    Operand(usize),
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Role::Result => f.write_str("result"),
            Role::Start => f.write_str("start"),
            Role::Operand(number) => write!(f, "operand {}", number + 1),
        }
    }
}

impl Instruction {
    /// Every access with the trips of the loops that it moves in: a start is read once a sum, the result and the factor of
    /// a derivative over a slice once a slice.
    pub(crate) fn accesses_in_loops(&self) -> impl Iterator<Item = (Role, &Access, [u32; LOOPS])> {
        let start = match &self.start {
            Start::From(access) => Some((Role::Start, access, self.free_trips())),
            Start::Zero | Start::Here => None,
        };
        let [a, b, c, _] = self.trips;
        let operand = move |(number, access)| {
            let is_of_the_slice = number == 0 || !matches!(self.term, Term::ReductionPartial { .. });
            (Role::Operand(number), access, if is_of_the_slice { self.trips } else { [a, b, c, 1] })
        };
        let operands = self.operands().enumerate().map(operand);
        std::iter::once((Role::Result, &self.out, self.trips)).chain(start).chain(operands)
    }
}

impl Program {
    /// All instructions in their order, each with the trips of the repeats around it, outermost first.
    pub(crate) fn instructions(&self) -> Vec<(&Instruction, Vec<u32>)> {
        fn walk<'a>(steps: &'a [Step], repeats: &mut Vec<u32>, found: &mut Vec<(&'a Instruction, Vec<u32>)>) {
            for step in steps {
                match step {
                    Step::Run(instruction) => found.push((instruction, repeats.clone())),
                    Step::Repeat { trips, body } => {
                        repeats.push(*trips);
                        walk(body, repeats, found);
                        repeats.pop();
                    }
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.steps, &mut Vec::new(), &mut found);
        found
    }

    /// The smallest range that holds every slot that an access may reach. The program has been checked.
    pub(crate) fn reach(&self, access: &Access, trips: [u32; LOOPS], repeats: &[u32]) -> Range<u32> {
        let places = extent(access, trips, repeats).expect("in a checked program all loops run, inside the slots");
        match access.route {
            Route::Direct => places.start as u32..places.end as u32,
            Route::Table => {
                let listed = &self.tables[places.start as usize..places.end as usize];
                let (low, high) = listed.iter().fold((u32::MAX, 0), |(low, high), x| (low.min(*x), high.max(*x)));
                low..high + 1
            }
            Route::Lookup(number) => {
                let lookup = self.lookups[number as usize];
                let reach = i64::from(lookup.step) * (i64::from(lookup.count) - 1);
                (places.start + reach.min(0)) as u32..(places.end + reach.max(0)) as u32
            }
        }
    }
}

/// The places that base and strides lead to in all turns: each lies in this range, and its first and last are among them.
/// `repeats` are the trips of the repeats around, outermost first. Nothing where a loop never runs, or where the places
/// are beyond all numbers.
pub(crate) fn extent(access: &Access, trips: [u32; LOOPS], repeats: &[u32]) -> Option<Range<i64>> {
    if trips.contains(&0) || repeats.contains(&0) {
        return None;
    }
    let loops = access.strides.iter().zip(&trips);
    let (mut low, mut end) = (i64::from(access.base), i64::from(access.base) + 1);
    for (stride, trips) in loops.chain(access.shifts.iter().zip(repeats)) {
        // 31 bits times 32 bits.
        let reach = i64::from(*stride) * (i64::from(*trips) - 1);
        low = low.checked_add(reach.min(0))?;
        end = end.checked_add(reach.max(0))?;
    }
    Some(low..end)
}

/// Whether an access may stand at a place of its [`extent`] in any turn. Where the turns of one loop reach across those of
/// another, so that several of them might lead there, it is taken to do so.
pub(crate) fn may_stand_at(place: i64, access: &Access, trips: [u32; LOOPS], repeats: &[u32]) -> bool {
    let moves = access.strides.iter().zip(&trips).chain(access.shifts.iter().zip(repeats));
    let mut moves: Vec<(i64, i64)> = moves.map(|(stride, trips)| ((*stride).into(), i64::from(*trips) - 1)).collect();
    moves.sort_unstable_by_key(|(stride, _)| -stride.abs());
    let lowest = i64::from(access.base) + moves.iter().map(|(stride, last)| stride.min(&0) * last).sum::<i64>();
    let mut within: i64 = moves.iter().map(|(stride, last)| stride.abs() * last).sum();
    let mut ahead = place - lowest;
    for (stride, last) in moves.into_iter().map(|(stride, last)| (stride.abs(), last)).filter(|(stride, _)| *stride > 0)
    {
        within -= stride * last;
        let (fewest, most) = ((ahead - within + stride - 1).div_euclid(stride).max(0), (ahead / stride).min(last));
        if fewest != most {
            return fewest < most;
        }
        ahead -= stride * most;
    }
    ahead == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_stands_where_its_turns_lead() {
        let access = Access { shifts: [-100, 0], ..Access::strided(620, [20, -1, 0, 6]) };
        let turns = || (0..3).flat_map(|i| (0..4).flat_map(move |j| (0..2).map(move |l| [i, j, 7, l])));
        let all: Vec<u32> = turns().flat_map(|turn| (0..6).map(move |step| access.shifted(0, step).at(turn))).collect();
        let places = extent(&access, [3, 4, 9, 2], &[6]).unwrap();
        let found: Vec<i64> =
            places.clone().filter(|place| may_stand_at(*place, &access, [3, 4, 9, 2], &[6])).collect();
        let expected: Vec<i64> = places.filter(|place| all.contains(&(*place as u32))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_extent_is_from_the_first_place_to_the_last() {
        let access = Access { shifts: [100, 0], ..Access::strided(20, [5, -1, 0, 2]) };
        let places = || (0..3).flat_map(|i| (0..4).flat_map(move |j| (0..2).map(move |l| [i, j, 7, l])));
        let all = || places().flat_map(|turn| (0..6).map(move |step| access.shifted(0, step).at(turn)));
        let (first, last) = (i64::from(all().min().unwrap()), i64::from(all().max().unwrap()));
        assert_eq!(extent(&access, [3, 4, 9, 2], &[6]), Some(first..last + 1));
    }

    #[test]
    fn a_loop_that_never_runs_leads_nowhere() {
        assert_eq!(extent(&Access::slot(3), [1, 0, 1, 1], &[]), None);
        assert_eq!(extent(&Access::slot(3), [1; LOOPS], &[0]), None);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let far = Access { shifts: [i32::MIN; 2], ..Access::strided(u32::MAX, [i32::MIN; LOOPS]) };
        assert_eq!(extent(&far, [u32::MAX; LOOPS], &[u32::MAX; 2]), None);
        let near = Access::strided(u32::MAX, [i32::MIN, 0, 0, 0]);
        let low = i64::from(u32::MAX) - (1 << 31) * i64::from(u32::MAX - 1);
        assert_eq!(extent(&near, [u32::MAX, 1, 1, 1], &[]), Some(low..1 << 32));
    }
}
