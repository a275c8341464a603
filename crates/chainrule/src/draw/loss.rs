//! The picture of a training run.

use super::plot::{Axis, Dash, Line, Mark, Plot, Scale};
use super::{Color, Figure};

/// Numbers along the steps of a training run.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The name in the legend, such as `train`; empty for none.
    pub name: String,
    /// The step and the number there.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    /// A curve through (step, number) points.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Curve {
        Curve { name: name.into(), points: points.into_iter().collect() }
    }

    /// A curve with one number for each step, the first being step 0.
    pub fn per_step(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Curve {
        Curve::new(name, values.into_iter().enumerate().map(|(step, value)| (step as f64, value)))
    }
}

/// Above this ratio of largest to smallest, a linear axis shows only the beginning of a training run.
const LOG_FROM: f64 = 30.0;

/// Loss by step, and beneath it accuracy (as fractions, 1 being all correct) unless `accuracy` is empty.
///
/// The loss axis is logarithmic when the positive losses span more than a factor of 30 and none is negative. Losses
/// without a place on the axis (not finite, or 0 on a logarithmic one) leave a gap and are counted in a remark. Above
/// 1000 steps a curve is drawn pale, with its running mean in bold.
///
/// ```
/// use chainrule::draw::{loss_curve, Curve};
///
/// let loss = Curve::per_step("train", [1.0, 0.5, 0.1, 0.02]);
/// let accuracy = Curve::per_step("train", [0.5, 0.7, 0.9, 1.0]);
/// let svg = loss_curve("Moons", &[loss], &[accuracy]).to_svg();
/// assert!(svg.contains("accuracy"));
/// ```
pub fn loss_curve(title: impl Into<String>, loss: &[Curve], accuracy: &[Curve]) -> Figure {
    loss_curve_on(loss_scale(loss), title, loss, accuracy)
}

/// As [`loss_curve`], with the scale of the loss axis as the caller wants it.
pub fn loss_curve_on(scale: Scale, title: impl Into<String>, loss: &[Curve], accuracy: &[Curve]) -> Figure {
    let losses = Plot { y: axis("loss", scale), note: remark(loss, scale), ..panel("Loss", loss) };
    let mut panels = vec![losses];
    if !accuracy.is_empty() {
        let lowest = values(accuracy).filter(|value| value.is_finite()).fold(1.0, f64::min);
        let from = if lowest >= 0.5 { 0.5 } else { 0.0 };
        // Some room, or a perfect curve would run along the edge unseen.
        let room = (1.0 - from) * 0.06;
        let plot = Plot { y: axis("accuracy", Scale::Linear), height: 130.0, ..panel("Accuracy", accuracy) };
        panels.push(plot.y_range(from - room, 1.0 + room));
    }
    // The remark on the losses belongs under the whole figure.
    let note = panels[0].note.take();
    panels.last_mut().expect("there is a panel of losses").note = note;
    Figure::column(title, panels)
}

fn panel(what: &str, curves: &[Curve]) -> Plot {
    let mut plot = Plot::new("").size(640.0, 260.0).description(describe(what, curves));
    plot.x = Axis { whole: true, ..axis("step", Scale::Linear) };
    // All pale lines lie beneath all bold ones, or the noise of one curve would hide the mean of another.
    for (i, curve) in curves.iter().enumerate().filter(|(_, curve)| is_crowded(curve)) {
        plot = plot.mark(line("", curve.points.clone(), Color::Tint(i), Dash::Solid, 1.0));
    }
    for (i, curve) in curves.iter().enumerate() {
        let points = if is_crowded(curve) { running_mean(&curve.points) } else { curve.points.clone() };
        plot = plot.mark(line(&curve.name, points, Color::Series(i), Dash::series(i), 2.0));
    }
    plot
}

fn line(name: &str, points: Vec<(f64, f64)>, color: Color, dash: Dash, width: f64) -> Mark {
    Mark::Line(Line { name: name.to_string(), points, color, dash, width })
}

/// Whether there are so many steps that the noise of single ones would hide where the curve is going.
fn is_crowded(curve: &Curve) -> bool {
    curve.points.len() > 1000
}

/// How many steps on each side of a step its mean takes in: a fiftieth of all steps in total.
fn reach(steps: usize) -> usize {
    steps / 100
}

/// The mean of the finite numbers around each of a few hundred steps. Where the step itself is not finite, neither is
/// its mean: a gap stays a gap.
fn running_mean(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const PLACES: usize = 400;
    let (last, reach) = (points.len() - 1, reach(points.len()));
    let mean = |i: usize| {
        let around = &points[i.saturating_sub(reach)..=(i + reach).min(last)];
        let finite: Vec<f64> = around.iter().map(|point| point.1).filter(|value| value.is_finite()).collect();
        finite.iter().map(|value| value / finite.len() as f64).sum::<f64>()
    };
    (0..=PLACES)
        .map(|place| place * last / PLACES)
        .map(|i| (points[i].0, if points[i].1.is_finite() { mean(i) } else { f64::NAN }))
        .collect()
}

fn axis(label: &str, scale: Scale) -> Axis {
    Axis { label: label.to_string(), scale, ..Axis::default() }
}

fn loss_scale(loss: &[Curve]) -> Scale {
    let finite = || values(loss).filter(|value| value.is_finite());
    let smallest = finite().filter(|&value| value > 0.0).fold(f64::INFINITY, f64::min);
    let largest = finite().fold(0.0, f64::max);
    let log = largest / smallest > LOG_FROM && finite().all(|value| value >= 0.0);
    if log { Scale::Log } else { Scale::Linear }
}

/// What a reader must know to read the curves, if anything.
fn remark(loss: &[Curve], scale: Scale) -> Option<String> {
    let crowded = loss.iter().filter(|curve| is_crowded(curve)).map(|curve| 2 * reach(curve.points.len()) + 1).max();
    let mut remarks: Vec<String> =
        crowded.map(|values| format!("Bold: mean of {values} values.")).into_iter().collect();
    let unreal = values(loss).filter(|value| !value.is_finite()).count();
    let on_log = |is: fn(&f64) -> bool| if scale == Scale::Log { values(loss).filter(is).count() } else { 0 };
    let (zeros, negative) = (on_log(|value| *value == 0.0), on_log(|value| value.is_finite() && *value < 0.0));
    let gaps: Vec<String> = [(unreal, "not finite"), (zeros, "exactly 0"), (negative, "below 0")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} of {} losses are {what}", values(loss).count()))
        .collect();
    if !gaps.is_empty() {
        remarks.push(format!("Gaps: {}.", gaps.join(", ")));
    }
    (!remarks.is_empty()).then(|| remarks.join(" "))
}

fn values(curves: &[Curve]) -> impl Iterator<Item = f64> {
    curves.iter().flat_map(|curve| &curve.points).map(|point| point.1)
}

fn describe(what: &str, curves: &[Curve]) -> String {
    let one = |curve: &Curve| {
        let name = if curve.name.is_empty() { String::new() } else { format!(" ({})", curve.name) };
        let ends = curve.points.first().zip(curve.points.last());
        ends.map_or_else(
            || format!("{what}{name}: no steps."),
            |(first, last)| {
                format!("{what}{name} from {:.4} at step {} to {:.4} at step {}.", first.1, first.0, last.1, last.0)
            },
        )
    };
    curves.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale_for(values: &[f64]) -> Scale {
        loss_curve("", &[Curve::per_step("", values.iter().copied())], &[]).columns[0][0].y.scale
    }

    #[test]
    fn the_loss_axis_is_logarithmic_when_losses_span_a_wide_range() {
        assert_eq!(scale_for(&[1.0, 0.5, 0.01]), Scale::Log);
        assert_eq!(scale_for(&[1.0, 0.5, 0.1]), Scale::Linear);
        assert_eq!(scale_for(&[1.0, -0.5, 0.01]), Scale::Linear);
        assert_eq!(scale_for(&[0.0, 0.0]), Scale::Linear);
        assert_eq!(scale_for(&[1.0, f64::NAN, f64::INFINITY]), Scale::Linear);
    }

    #[test]
    fn the_caller_may_choose_the_loss_axis() {
        let curve = [Curve::per_step("", [1.0, -0.5, 0.9])];
        let figure = loss_curve_on(Scale::Log, "", &curve, &[]);
        assert_eq!(figure.columns[0][0].y.scale, Scale::Log);
        assert_eq!(figure.columns[0][0].note.as_deref(), Some("Gaps: 1 of 3 losses are below 0."));
    }

    #[test]
    fn losses_that_cannot_be_drawn_are_counted() {
        let figure = loss_curve("", &[Curve::per_step("", [1.0, f64::NAN, 0.001, 0.0])], &[]);
        assert_eq!(
            figure.columns[0][0].note.as_deref(),
            Some("Gaps: 1 of 4 losses are not finite, 1 of 4 losses are exactly 0.")
        );
    }

    #[test]
    fn a_running_mean_follows_its_curve_and_keeps_its_gaps() {
        let value = |i: usize| {
            if i < 5000 {
                1e20
            } else if i < 9000 {
                2.0 + (i % 2) as f64
            } else {
                f64::NAN
            }
        };
        let points: Vec<_> = (0..10_000).map(|i| (i as f64, value(i))).collect();
        let mean = running_mean(&points);
        assert!(mean.iter().filter(|p| p.0 > 5200.0 && p.0 < 8800.0).all(|p| (p.1 - 2.5).abs() < 0.01));
        assert!(mean.iter().filter(|p| p.0 >= 9000.0).all(|p| p.1.is_nan()));
    }

    #[test]
    fn accuracy_is_a_second_panel() {
        let loss = [Curve::per_step("", [1.0])];
        assert_eq!(loss_curve("", &loss, &[]).columns[0].len(), 1);
        assert_eq!(loss_curve("", &loss, &loss).columns[0].len(), 2);
    }
}
