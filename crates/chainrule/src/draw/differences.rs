//! The picture of numeric derivatives: how their error falls with the step, and rises again.

use super::Color;
use super::plot::{Dash, Line, Mark, Plot, Points, Shape};

/// The errors of numeric derivatives against their step, both on logarithmic axes: with the step falls what the formula
/// neglects, and grows what rounding takes away, so that each kind makes a V.
///
/// Each row is a step `h`, the error of the [forward difference](crate::check::forward_difference) and that of the
/// [central one](crate::check::central_difference). Errors count without their sign. Those without a place, as 0, leave a
/// gap, and a note counts them.
///
/// ```
/// use chainrule::check::{central_difference, forward_difference};
/// use chainrule::draw::difference_errors;
///
/// let f = |x: f64| x.powi(3);
/// let rows = (1..=15)
///     .map(|i| 10f64.powi(-i))
///     .map(|h| (h, forward_difference(f, 2.0, h) - 12.0, central_difference(f, 2.0, h) - 12.0));
/// assert!(difference_errors("The slope of x³ at 2", rows).to_svg().contains("central"));
/// ```
pub fn difference_errors(title: impl Into<String>, rows: impl IntoIterator<Item = (f64, f64, f64)>) -> Plot {
    let rows: Vec<(f64, f64, f64)> = rows.into_iter().collect();
    let forward: Vec<(f64, f64)> = rows.iter().map(|row| (row.0, row.1.abs())).collect();
    let central: Vec<(f64, f64)> = rows.iter().map(|row| (row.0, row.2.abs())).collect();
    let mut plot = Plot::new(title).x_label("step h").y_label("error").log_x().log_y();
    plot.note = note(forward.iter().chain(&central).map(|point| point.1));
    for (series, name, dash, points) in
        [(0, "forward difference", Dash::Solid, forward), (1, "central difference", Dash::Dashed, central)]
    {
        let (name, color, shape) = (name.to_string(), Color::Series(series), Shape::series(series));
        plot = plot
            .mark(Mark::Line(Line { name: String::new(), points: points.clone(), color, dash, width: 1.5 }))
            .mark(Mark::Points(Points { name, points, color, shape, filled: true }));
    }
    plot.description("The error of the forward and of the central difference against the step, on logarithmic axes.")
}

/// How many errors have no place on a logarithmic axis.
fn note(errors: impl Iterator<Item = f64> + Clone) -> Option<String> {
    let count = |is: fn(&f64) -> bool| errors.clone().filter(is).count();
    let kinds = [(count(|error| *error == 0.0), "exactly 0"), (count(|error| !error.is_finite()), "not finite")];
    let words: Vec<String> = kinds
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} of {} errors are {what}", errors.clone().count()))
        .collect();
    (!words.is_empty()).then(|| format!("Left out: {}.", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_0_are_left_out_and_told() {
        let plot = difference_errors("", [(0.1, 0.01, 1e-3), (0.01, -0.001, 1e-5), (0.001, f64::NAN, 0.0)]);
        assert_eq!(plot.note.as_deref(), Some("Left out: 1 of 6 errors are exactly 0, 1 of 6 errors are not finite."));
        let svg = plot.to_svg();
        assert_eq!(svg.matches("<circle").count(), 2 + 1, "two errors and an entry in the legend");
    }
}
