//! Where an access can lead: the range that holds every turn of its loops and of the repeats around it.

use super::{Access, LOOPS};
use std::ops::Range;

/// The places that base and strides lead to in all turns: each lies in this range, and its first and last are among them.
/// `repeats` are the trips of the repeats around, outermost first. Nothing where a loop never runs, or where the places
/// are beyond all numbers.
pub(crate) fn extent(access: &Access, trips: [u32; LOOPS], repeats: &[u32]) -> Option<Range<i64>> {
    if trips.contains(&0) || repeats.contains(&0) {
        return None;
    }
    let loops = access.strides.iter().zip(&trips);
    let (mut low, mut high) = (i128::from(access.base), i128::from(access.base));
    for (stride, trips) in loops.chain(access.shifts.iter().zip(repeats)) {
        let reach = i128::from(*stride) * (i128::from(*trips) - 1);
        low += reach.min(0);
        high += reach.max(0);
    }
    Some(i64::try_from(low).ok()?..i64::try_from(high + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

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
