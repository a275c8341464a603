//! The picture of a function of one variable, with its derivative and tangents.

use std::fmt::Display;

use super::plot::{Dash, Line, Mark, Plot, Points, Shape};
use super::ticks::short;
use super::trace::{Trace, trace};
use super::{Color, Figure, Undefined};
use crate::{Error, Result, Value, tape};

/// Beyond this, differences overflow.
const LARGEST: f64 = 1e300;

/// What to draw of a function of one variable.
///
/// ```
/// use chainrule::draw::Function;
///
/// let picture = Function::over(-5.0, 5.0)
///     .title("A parabola")
///     .derivative()
///     .tangent(3.0)
///     .draw(|x| 3.0 * x.powi(2) - 4.0 * x + 5.0)?;
/// assert_eq!((picture.tangents[0].y, picture.tangents[0].slope), (20.0, 14.0));
/// assert!(picture.figure.to_svg().contains("slope 14"));
///
/// // Half of this one is not there, and the picture says so.
/// let picture = Function::over(-1.0, 5.0).draw(|x| x.ln())?;
/// assert_eq!(picture.undefined[0].to_string(), "x ≤ 0");
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The heading.
    pub title: String,
    /// The name of the function in the legend.
    pub name: String,
    /// The range of the variable, from left to right.
    pub range: (f64, f64),
    /// Whether the derivative is drawn, too.
    pub derivative: bool,
    /// Where tangents touch the curve.
    pub tangents: Vec<f64>,
}

/// What a function that is drawn may give: a value, or a result whose error tells why there is none.
pub trait Answer {
    /// The value, or why there is none.
    fn answer(self) -> Result<Value, String>;
}

impl Answer for Value {
    fn answer(self) -> Result<Value, String> {
        Ok(self)
    }
}

impl<E: Display> Answer for Result<Value, E> {
    fn answer(self) -> Result<Value, String> {
        self.map_err(|error| error.to_string())
    }
}

/// The picture of a function, and what was found on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionPlot {
    /// The picture; its note tells where the function is undefined. Where the derivative is so much larger or smaller than
    /// the function that one axis would press one of them flat, it has a panel of its own.
    pub figure: Figure,
    /// Where the function is undefined, from left to right.
    pub undefined: Vec<Undefined>,
    /// The tangents, in the order in which they were asked for, but for those where there is none.
    pub tangents: Vec<Tangent>,
}

/// The line that touches a curve at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tangent {
    /// Where.
    pub x: f64,
    /// The function there.
    pub y: f64,
    /// Its derivative there.
    pub slope: f64,
}

impl Function {
    /// A function from `from` to `to`, so far without derivative and tangents.
    pub fn over(from: f64, to: f64) -> Function {
        let (title, name) = (String::new(), "f(x)".to_string());
        Function { title, name, range: (from, to), derivative: false, tangents: Vec::new() }
    }

    /// Sets the heading.
    pub fn title(self, title: impl Into<String>) -> Function {
        Function { title: title.into(), ..self }
    }

    /// Sets the name in the legend, which is `f(x)` otherwise.
    pub fn name(self, name: impl Into<String>) -> Function {
        Function { name: name.into(), ..self }
    }

    /// Draws the derivative, too: the exact one, not differences.
    pub fn derivative(self) -> Function {
        Function { derivative: true, ..self }
    }

    /// Draws the tangent that touches the curve at `x`, too.
    pub fn tangent(mut self, x: f64) -> Function {
        self.tangents.push(x);
        self
    }

    /// Samples the function, closely where it bends, and draws it.
    ///
    /// The curve has gaps where the function fails, is not finite, jumps or has a pole, and the vertical axis shows of a
    /// curve with poles what leaves the rest readable. `f` is called some 1000 times, never more than 250,000 times, each
    /// time in a [`scope`](tape::scope) of its own.
    ///
    /// # Errors
    ///
    /// If an end of the range is not finite, or is beyond 1e300, or the range is empty or so narrow that ticks could not
    /// tell its ends apart; if a tangent is asked for where there is none; if the function is undefined everywhere.
    pub fn draw<A: Answer>(&self, mut f: impl FnMut(Value) -> A) -> Result<FunctionPlot> {
        self.check()?;
        let curve = trace(self.range, &mut |x| {
            let _scope = tape::scope();
            f(Value::new(x)).answer().map(Value::data)
        });
        if curve.view.is_none() {
            let reason = curve.undefined.into_iter().find_map(|undefined| undefined.reason);
            let expected = format!("to be defined somewhere from {} to {}", self.range.0, self.range.1);
            return Err(Error::argument(&self.name, expected, reason.as_deref().unwrap_or("no finite number")));
        }
        let slope = &mut |x| {
            let _scope = tape::scope();
            let x = Value::new(x);
            let y = f(x).answer()?;
            Ok((y.data(), y.gradient(&[x])[0]))
        };
        let tangents = self.tangents.iter().map(|&x| self.touch(x, slope)).collect::<Result<Vec<Tangent>>>()?;
        // A rule may well give a number where the function has none: ln has the derivative 1/x below 0, too.
        let rise = &mut |x| slope(x).map(|(y, slope)| if y.is_finite() { slope } else { f64::NAN });
        let derivative = self.derivative.then(|| trace(self.range, rise));
        let figure = self.figure(&curve, derivative.as_ref(), &tangents);
        Ok(FunctionPlot { figure, undefined: curve.undefined, tangents })
    }

    fn check(&self) -> Result<()> {
        let (from, to) = self.range;
        let is_drawable = |x: f64| x.is_finite() && x.abs() <= LARGEST;
        if is_drawable(from) && is_drawable(to) && to - from > from.abs().max(to.abs()) * 1e-9 {
            return Ok(());
        }
        Err(Error::argument("range", "two finite numbers, the second larger", format!("{from:?} to {to:?}")))
    }

    fn touch(&self, x: f64, slope: &mut dyn FnMut(f64) -> Result<(f64, f64), String>) -> Result<Tangent> {
        let none = |found: String| Error::argument(format!("tangent at x = {x}"), "a point with a slope", found);
        match slope(x) {
            Ok((y, slope)) if x.is_finite() && y.is_finite() && slope.is_finite() => Ok(Tangent { x, y, slope }),
            Ok((y, slope)) => Err(none(format!("{} = {y} with slope {slope}", self.name))),
            Err(reason) => Err(none(reason)),
        }
    }

    /// One panel where one axis serves for both curves, else one for each.
    fn figure(&self, curve: &Trace, derivative: Option<&Trace>, tangents: &[Tangent]) -> Figure {
        let own =
            tangents.iter().fold(curve.view.unwrap_or((0.0, 1.0)), |view, tangent| join(view, (tangent.y, tangent.y)));
        let slopes = derivative.and_then(|derivative| derivative.view).unwrap_or(own);
        let together = join(own, slopes);
        let mut panels = match derivative {
            Some(derivative) if !is_seen(own, together) || !is_seen(slopes, together) => {
                let below = self
                    .empty("derivative", slopes)
                    .size(640.0, 180.0)
                    .mark(derivative_line("", derivative.points.clone()));
                let below = below.description("Below it, its derivative.");
                vec![self.panel(curve, None, tangents, own).size(640.0, 260.0), below]
            }
            _ => vec![self.panel(curve, derivative, tangents, together)],
        };
        if let Some(last) = panels.last_mut() {
            last.note = note(&curve.undefined);
        }
        Figure::column(&self.title, panels)
    }

    /// Axes with room around what they are to show.
    fn empty(&self, label: &str, view: (f64, f64)) -> Plot {
        let (low, high) = roomy(view);
        let (from, to) = self.range;
        Plot::new(&self.title).x_label("x").y_label(label).x_range(from, to).y_range(low, high).size(640.0, 380.0)
    }

    fn panel(&self, curve: &Trace, derivative: Option<&Trace>, tangents: &[Tangent], view: (f64, f64)) -> Plot {
        let is_alone = derivative.is_none() && tangents.is_empty();
        let (label, name) = if is_alone { (&*self.name, "") } else { ("", &*self.name) };
        // The legend begins with the curves. These lie over the tangents, and the dashes of the derivative over the curve.
        let mut plot = self.empty(label, view).mark(curve_line(name, Vec::new()));
        if derivative.is_some() {
            plot = plot.mark(derivative_line("derivative", Vec::new()));
        }
        for (i, tangent) in tangents.iter().enumerate() {
            plot = plot.mark(Mark::Line(Line {
                name: format!("tangent at x = {}: slope {}", short(tangent.x), short(tangent.slope)),
                points: tangent.across(self.range, view),
                color: Color::Series(i + 2),
                dash: Dash::series(i + 2),
                width: 1.8,
            }));
        }
        plot = plot.mark(curve_line("", curve.points.clone()));
        if let Some(derivative) = derivative {
            plot = plot.mark(derivative_line("", derivative.points.clone()));
        }
        for (i, tangent) in tangents.iter().enumerate() {
            plot = plot.mark(Mark::Points(Points {
                name: String::new(),
                points: vec![(tangent.x, tangent.y)],
                color: Color::Series(i + 2),
                shape: Shape::Circle,
                filled: true,
            }));
        }
        plot.description(self.description(curve, derivative, tangents))
    }

    fn description(&self, curve: &Trace, derivative: Option<&Trace>, tangents: &[Tangent]) -> String {
        let mut words = format!("{} for x from {} to {}", self.name, short(self.range.0), short(self.range.1));
        if let Some((low, high)) = curve.view {
            let shown = if curve.is_cut { "shown between" } else { "lies between" };
            words += &format!("; it {shown} {} and {}", short(low), short(high));
        }
        if derivative.is_some() {
            words += ", with its derivative";
        }
        for tangent in tangents {
            let Tangent { x, y, slope } = tangent;
            words += &format!(", with the tangent at ({}, {}) of slope {}", short(*x), short(*y), short(*slope));
        }
        words + "."
    }
}

impl Tangent {
    /// The tangent across the picture, as far as it can be seen.
    fn across(&self, (from, to): (f64, f64), (low, high): (f64, f64)) -> Vec<(f64, f64)> {
        let at = |x: f64| self.y + self.slope * (x - self.x);
        let reach = |y: f64| (y - self.y) / self.slope + self.x;
        let room = (high - low) * 0.5;
        let (mut left, mut right) = (from, to);
        if self.slope != 0.0 {
            let (a, b) = (reach(low - room), reach(high + room));
            (left, right) = (left.max(a.min(b)), right.min(a.max(b)));
        }
        vec![(left, at(left)), (right, at(right))]
    }
}

fn join(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// Whether a curve that fills this view is still seen well in a larger one: not pressed flat, and if it is flat, not taken
/// for 0.
fn is_seen((low, high): (f64, f64), all: (f64, f64)) -> bool {
    const LEAST: f64 = 0.25;
    // Halves, since differences of the largest numbers overflow.
    let size = if low == high { low.abs() } else { high / 2.0 - low / 2.0 };
    size == 0.0 || size >= LEAST * (all.1 / 2.0 - all.0 / 2.0)
}

/// The view with some room above and below.
fn roomy((low, high): (f64, f64)) -> (f64, f64) {
    let (low, high) = (low.max(-LARGEST), high.min(LARGEST));
    let span = high - low;
    if span <= low.abs().max(high.abs()) * 1e-9 {
        let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        return (low - room, high + room);
    }
    (low - 0.06 * span, high + 0.06 * span)
}

fn curve_line(name: &str, points: Vec<(f64, f64)>) -> Mark {
    Mark::Line(Line { name: name.into(), points, color: Color::Series(0), dash: Dash::Solid, width: 2.5 })
}

fn derivative_line(name: &str, points: Vec<(f64, f64)>) -> Mark {
    Mark::Line(Line { name: name.into(), points, color: Color::Series(1), dash: Dash::Dashed, width: 2.0 })
}

/// Where the function is undefined, in words; of many places the first.
fn note(undefined: &[Undefined]) -> Option<String> {
    const MOST: usize = 4;
    if undefined.is_empty() {
        return None;
    }
    let mut places: Vec<String> = undefined.iter().take(MOST).map(Undefined::to_string).collect();
    if undefined.len() > MOST {
        places.push(format!("and at {} more places", undefined.len() - MOST));
    }
    let reason = undefined.iter().find_map(|undefined| undefined.reason.as_ref());
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    Some(format!("Undefined for {}{reason}", places.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parabola(x: Value) -> Value {
        3.0 * x.powi(2) - 4.0 * x + 5.0
    }

    fn last_panel(picture: &FunctionPlot) -> &Plot {
        picture.figure.columns[0].last().unwrap()
    }

    #[test]
    fn a_derivative_of_another_size_has_a_panel_of_its_own() {
        let panels = |end: f64| {
            let picture = Function::over(-end, end).derivative().draw(|x| x * x).unwrap();
            picture.figure.columns[0].len()
        };
        assert_eq!([1e-9, 1.0, 1e12].map(panels), [2, 1, 2]);
    }

    #[test]
    fn the_derivative_is_the_exact_one() {
        // d(3x² - 4x + 5)/dx = 6x - 4
        let picture = Function::over(-5.0, 5.0).derivative().draw(parabola).unwrap();
        let Some(Mark::Line(derivative)) = last_panel(&picture).marks.last() else { panic!("a line") };
        assert!(derivative.points.len() > 100);
        assert!(derivative.points.iter().all(|&(x, y)| y == 6.0 * x - 4.0));
    }

    #[test]
    fn a_range_that_cannot_be_drawn_is_told_in_one_line() {
        for (from, to) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (1.0, 1.0 + 1e-12)] {
            let error = Function::over(from, to).draw(parabola).unwrap_err().to_string();
            assert!(error.starts_with("range: expected two finite numbers, the second larger, found "), "{error}");
        }
    }

    #[test]
    fn a_function_that_is_defined_nowhere_is_told_with_its_reason() {
        let error = Function::over(0.0, 1.0).draw(|_| Result::<Value, _>::Err("nothing here")).unwrap_err().to_string();
        assert_eq!(error, "f(x): expected to be defined somewhere from 0 to 1, found nothing here");
    }

    #[test]
    fn a_tangent_where_there_is_none_is_told() {
        let error = |x| Function::over(-1.0, 1.0).tangent(x).draw(|x| x.sqrt()).unwrap_err().to_string();
        assert_eq!(error(-0.5), "tangent at x = -0.5: expected a point with a slope, found f(x) = NaN with slope NaN");
        assert!(error(0.0).ends_with("found f(x) = 0 with slope inf"), "{}", error(0.0));
    }

    #[test]
    fn where_there_is_no_function_there_is_no_derivative() {
        let picture = Function::over(-1.0, 1.0).derivative().draw(|x| x.ln()).unwrap();
        let Some(Mark::Line(derivative)) = last_panel(&picture).marks.last() else { panic!("a line") };
        assert!(derivative.points.iter().all(|point| point.0 >= 0.0));
    }

    #[test]
    fn a_constant_and_its_derivative_have_room() {
        let picture = Function::over(0.0, 1.0).derivative().draw(|_| Value::constant(5.0)).unwrap();
        let (low, high) = last_panel(&picture).y.range.unwrap();
        assert!(low < 0.0 && high > 5.0, "{low} to {high}");
        assert!(picture.figure.to_svg().contains("derivative"));
    }

    #[test]
    fn many_undefined_places_are_counted() {
        let picture = Function::over(-20.0, 20.0).draw(|x| x.tan()).unwrap();
        assert_eq!(picture.undefined.len(), 12);
        assert!(last_panel(&picture).note.as_ref().unwrap().ends_with("and at 8 more places"));
    }
}
