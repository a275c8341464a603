//! Numbers over a plane: a function sampled on a grid, and the rings around where it is large.

use contour::ContourBuilder;

/// Samples along each side of the plot.
const SAMPLES: usize = 121;
/// Differences of scores must not overflow.
const LARGEST: f64 = 1e100;

/// A grid of sample places over a rectangle. It reaches one step beyond each side, so that the rings that contours are
/// closed with along the edges of the grid lie outside of the picture.
pub(super) struct Grid {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

impl Grid {
    /// The grid around these points, with some room.
    pub(super) fn around(points: impl Iterator<Item = (f64, f64)> + Clone) -> Grid {
        Grid { x: roomy(points.clone().map(|point| point.0)), y: roomy(points.map(|point| point.1)) }
    }

    /// The places of the samples, row by row.
    pub(super) fn places(&self) -> Vec<(f64, f64)> {
        let at = |(from, to): (f64, f64), i: usize| from + (to - from) * (i as f64 - 1.0) / (SAMPLES - 1) as f64;
        let side = SAMPLES + 2;
        (0..side * side).map(|i| (at(self.x, i % side), at(self.y, i / side))).collect()
    }

    /// The rings around where the samples are at least `level`, found by marching squares.
    ///
    /// Infinite samples count as very large, and a NaN as its neighbour: the caller covers those places.
    pub(super) fn rings(&self, samples: &[f64], level: f64) -> Vec<Vec<(f64, f64)>> {
        let mut samples: Vec<f64> = samples.iter().map(|sample| sample.clamp(-LARGEST, LARGEST)).collect();
        fill_gaps(samples.iter_mut());
        fill_gaps(samples.iter_mut().rev());
        let step = |(from, to): (f64, f64)| (to - from) / (SAMPLES - 1) as f64;
        // `contour` puts the first sample half a step from its origin.
        let origin = |range: (f64, f64)| range.0 - 1.5 * step(range);
        let lines = ContourBuilder::new(SAMPLES + 2, SAMPLES + 2, true)
            .x_origin(origin(self.x))
            .y_origin(origin(self.y))
            .x_step(step(self.x))
            .y_step(step(self.y))
            .lines(&samples, &[level])
            .expect("one sample for each place of the grid");
        let rings = lines.into_iter().flat_map(|line| line.into_inner().0);
        rings.map(|ring| ring.into_iter().map(|point| (point.x, point.y)).collect()).collect()
    }

    /// One ring around everything.
    pub(super) fn everywhere(&self) -> Vec<Vec<(f64, f64)>> {
        let ((left, right), (bottom, top)) = (self.x, self.y);
        vec![vec![(left, bottom), (right, bottom), (right, top), (left, top)]]
    }
}

/// Gives each NaN the number before it, if there is one.
fn fill_gaps<'a>(samples: impl Iterator<Item = &'a mut f64>) {
    samples.fold(f64::NAN, |last, sample| {
        if sample.is_nan() {
            *sample = last;
        }
        *sample
    });
}

/// The range of the finite values with a tenth of it as room on each side.
pub(super) fn roomy(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .map(|value| value.clamp(-LARGEST, LARGEST))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    let narrow = high - low <= low.abs().max(high.abs()) * 1e-9;
    let room = if narrow { (low.abs() * 0.1).max(1.0) } else { (high - low) * 0.1 };
    (low - room, high + room)
}

/// The value that this part of the finite values lies below; outliers at the ends say little about a picture.
pub(super) fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    finite.get(((finite.len().saturating_sub(1)) as f64 * part).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_of_a_circle_has_its_radius() {
        let grid = Grid { x: (-2.0, 2.0), y: (-2.0, 2.0) };
        let samples: Vec<f64> = grid.places().iter().map(|(x, y)| 1.0 - x * x - y * y).collect();
        let rings = grid.rings(&samples, 0.0);
        assert_eq!(rings.len(), 1);
        assert!(rings[0].iter().all(|(x, y)| (x.hypot(*y) - 1.0).abs() < 1e-3));
    }

    #[test]
    fn rings_close_outside_of_the_picture() {
        let grid = Grid { x: (0.0, 10.0), y: (0.0, 1.0) };
        let samples: Vec<f64> = grid.places().iter().map(|(x, _)| x - 4.0).collect();
        let ring = &grid.rings(&samples, 0.0)[0];
        assert!(ring.iter().all(|(x, y)| (x - 4.0).abs() < 1e-9 || *x > 10.0 || !(0.0..=1.0).contains(y)));
    }

    #[test]
    fn infinite_samples_are_just_large() {
        let grid = Grid { x: (-1.0, 1.0), y: (-1.0, 1.0) };
        let samples: Vec<f64> =
            grid.places().iter().map(|(x, _)| if *x > 0.0 { f64::INFINITY } else { f64::NEG_INFINITY }).collect();
        assert!(grid.rings(&samples, 0.0)[0].iter().all(|(x, y)| x.is_finite() && y.is_finite()));
    }

    #[test]
    fn a_gap_takes_its_neighbours_number() {
        let mut samples = [f64::NAN, 1.0, f64::NAN, f64::NAN, 2.0, f64::NAN];
        fill_gaps(samples.iter_mut());
        fill_gaps(samples.iter_mut().rev());
        assert_eq!(samples, [1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn room_is_given_even_to_nothing() {
        assert_eq!(roomy([].into_iter()), (0.0, 1.0));
        assert_eq!(roomy([3.0, 3.0].into_iter()), (2.0, 4.0));
        assert_eq!(roomy([0.0, 10.0, f64::NAN].into_iter()), (-1.0, 11.0));
    }
}
