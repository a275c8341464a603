//! From data to pixels: which range an axis shows, and where on it a number lies.

use super::plot::{Axis, Mark, Plot, Scale};
use super::ticks::{self, Tick};

/// Beyond this, differences overflow; and nobody plots it.
const LARGEST: f64 = 1e300;
/// Coordinates far outside of the picture are cut here, where no viewer loses precision.
const FAR: f64 = 1e5;

/// An axis laid out: its range in data and in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    log: bool,
    whole: bool,
    range: (f64, f64),
    pixels: (f64, f64),
}

impl Layout {
    pub(super) fn new(axis: &Axis, range: (f64, f64), pixels: (f64, f64)) -> Layout {
        Layout { log: axis.scale == Scale::Log, whole: axis.whole, range, pixels }
    }

    /// Where a number lies, if it has a place on this axis.
    pub(super) fn pixel(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let place = |value: f64| if self.log { value.ln() } else { value };
        let (from, to) = (place(self.range.0), place(self.range.1));
        let part = (place(value) - from) / (to - from);
        let pixel = self.pixels.0 + part * (self.pixels.1 - self.pixels.0);
        Some(pixel.clamp(-FAR, FAR))
    }

    /// Where bars stand: at 0, or at the lower end if 0 has no place.
    pub(super) fn base(&self) -> f64 {
        self.pixel(0.0).unwrap_or(self.pixels.0)
    }

    /// The ticks, about one for each `distance` pixels.
    pub(super) fn ticks(&self, distance: f64) -> Vec<Tick> {
        let count = ((self.pixels.1 - self.pixels.0).abs() / distance).clamp(2.0, 12.0) as usize;
        let (from, to) = self.range;
        if self.log { ticks::logarithmic(from, to, count) } else { ticks::linear(from, to, count, self.whole) }
    }
}

/// The range that the horizontal axis shows. Panels above each other share it.
pub(super) fn x_range(panels: &[Plot]) -> (f64, f64) {
    let Some(axis) = panels.first().map(|plot| &plot.x) else { return (0.0, 1.0) };
    if let Some(range) = given(axis) {
        return range;
    }
    let marks = || panels.iter().flat_map(|plot| &plot.marks);
    let (range, spread) = data_range(axis, marks().flat_map(|mark| extent(mark, |point| point.0)));
    // Lines may run from edge to edge; a marker on the edge would be cut in half.
    let has_points = marks().any(|mark| matches!(mark, Mark::Points(_)));
    if spread && has_points { padded(axis.scale, range, 0.04) } else { range }
}

/// The range that the vertical axis shows.
pub(super) fn y_range(plot: &Plot) -> (f64, f64) {
    given(&plot.y).unwrap_or_else(|| {
        let values = plot.marks.iter().flat_map(|mark| extent(mark, |point| point.1));
        let (range, spread) = data_range(&plot.y, values);
        if spread { padded(plot.y.scale, range, 0.06) } else { range }
    })
}

fn extent(mark: &Mark, coordinate: fn((f64, f64)) -> f64) -> impl Iterator<Item = f64> {
    let points = mark.extent();
    (0..points.len()).map(move |i| coordinate(points[i]))
}

fn given(axis: &Axis) -> Option<(f64, f64)> {
    let (from, to) = axis.range?;
    (from >= lowest(axis.scale) && to <= LARGEST && from < to && !too_narrow(axis.scale, (from, to)))
        .then_some((from, to))
}

/// The range of the values that have a place on the axis, and whether they spread at all. A single value gets room
/// around it, no value a range that shows an empty plot.
fn data_range(axis: &Axis, values: impl Iterator<Item = f64>) -> ((f64, f64), bool) {
    let (low, high) = values
        .filter(|value| value.is_finite() && (axis.scale == Scale::Linear || *value > 0.0))
        .map(|value| value.clamp(lowest(axis.scale), LARGEST))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match axis.scale {
        Scale::Linear if low > high => ((0.0, 1.0), false),
        Scale::Log if low > high => ((1.0, 10.0), false),
        scale if !too_narrow(scale, (low, high)) => ((low, high), true),
        Scale::Linear => {
            let room = if low == 0.0 || axis.whole { 1.0 } else { low.abs() * 0.1 };
            ((low - room, high + room), false)
        }
        Scale::Log => ((low / 4.0, high * 4.0), false),
    }
}

/// The lowest number that an axis reaches.
fn lowest(scale: Scale) -> f64 {
    if scale == Scale::Log { 1.0 / LARGEST } else { -LARGEST }
}

/// Whether the labels of an axis could no longer tell its ends apart.
fn too_narrow(scale: Scale, (low, high): (f64, f64)) -> bool {
    match scale {
        Scale::Linear => high - low <= low.abs().max(high.abs()) * 1e-9,
        Scale::Log => high / low <= 1.0 + 1e-9,
    }
}

fn padded(scale: Scale, (low, high): (f64, f64), part: f64) -> (f64, f64) {
    match scale {
        Scale::Linear => (low - (high - low) * part, high + (high - low) * part),
        Scale::Log => {
            // In logarithms: the ratio itself may be too large for a number.
            let room = (part * (high.ln() - low.ln())).exp();
            ((low / room).max(lowest(scale)), (high * room).min(LARGEST))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn y_range_of(values: &[f64]) -> (f64, f64) {
        y_range(&Plot::new("").line("", values.iter().map(|&y| (0.0, y))))
    }

    #[test]
    fn one_value_gets_room_around_it() {
        assert_eq!(y_range_of(&[5.0, 5.0]), (4.5, 5.5));
        assert_eq!(y_range_of(&[0.0]), (-1.0, 1.0));
        assert_eq!(y_range_of(&[]), (0.0, 1.0));
    }

    #[test]
    fn what_is_not_finite_does_not_stretch_the_axis() {
        assert_eq!(y_range_of(&[f64::NAN, 0.0, f64::INFINITY, 100.0, f64::NEG_INFINITY]), (-6.0, 106.0));
    }

    #[test]
    fn the_largest_numbers_still_have_a_place() {
        let range = y_range_of(&[-f64::MAX, f64::MAX]);
        let axis = Layout::new(&Axis::default(), range, (0.0, 100.0));
        let zero = axis.pixel(0.0).unwrap();
        assert!((zero - 50.0).abs() < 1e-6, "{zero}");
        assert!(axis.ticks(20.0).len() >= 2);
    }

    #[test]
    fn the_room_around_a_logarithmic_range_never_reaches_0_or_infinity() {
        let values = [1e-310, f64::MAX].into_iter().map(|y| (0.0, y));
        assert_eq!(y_range(&Plot::new("").log_y().line("", values)), (1.0 / LARGEST, LARGEST));
    }

    #[test]
    fn ends_that_cannot_be_drawn_are_ignored() {
        for (from, to) in [(1.0, 1.0), (f64::NAN, 1.0), (2.0, 1.0), (0.0, f64::INFINITY)] {
            assert_eq!(y_range(&Plot::new("").y_range(from, to)), (0.0, 1.0));
        }
        assert_eq!(y_range(&Plot::new("").log_y().y_range(0.0, 5.0)), (1.0, 10.0));
    }

    #[test]
    fn a_log_axis_leaves_out_what_is_not_positive() {
        let axis = Axis { scale: Scale::Log, ..Axis::default() };
        let axis = Layout::new(&axis, (0.1, 10.0), (0.0, 100.0));
        assert_eq!(axis.pixel(0.0), None);
        assert_eq!(axis.pixel(-1.0), None);
        assert!((axis.pixel(1.0).unwrap() - 50.0).abs() < 1e-9);
    }
}
