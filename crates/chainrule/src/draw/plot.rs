//! What a plot is: plain data that any renderer can read. It knows no pixels and no SVG.

use std::borrow::Cow;

use super::{Color, Figure};

/// A plot: two axes and the marks between them, drawn in their order.
///
/// ```
/// use chainrule::draw::Plot;
///
/// let squares = (-20..=20).map(|i| f64::from(i) / 10.0).map(|x| (x, x * x));
/// let svg = Plot::new("A parabola").x_label("x").y_label("y").line("x²", squares).to_svg();
/// assert!(svg.starts_with("<svg"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// The heading.
    pub title: String,
    /// What the picture shows, for those who cannot see it; without one, the marks are counted up.
    pub description: Option<String>,
    /// A small remark under the plot, such as what could not be drawn.
    pub note: Option<String>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, from back to front.
    pub marks: Vec<Mark>,
    /// What the [`Color::Ramp`] colours stand for, shown beside the plot.
    pub color_scale: Option<ColorScale>,
    /// The width of the whole picture, in pixels.
    pub width: f64,
    /// The height of the area between the axes, in pixels.
    pub height: f64,
}

/// One axis of a plot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// What is measured along it.
    pub label: String,
    /// Whether equal distances are equal differences or equal ratios.
    pub scale: Scale,
    /// The ends, where the data shall not choose them. Ends that cannot be drawn (equal, not finite, not positive on a
    /// logarithmic axis) are ignored.
    pub range: Option<(f64, f64)>,
    /// Only whole numbers get ticks, as for steps and counts.
    pub whole: bool,
}

/// How numbers become distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal distances are equal differences.
    #[default]
    Linear,
    /// Equal distances are equal ratios. Numbers that are not positive have no place and are left out.
    Log,
}

/// One layer of a plot. Places that are not finite are left out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// Points joined in order.
    Line(Line),
    /// Points, each with a marker.
    Points(Points),
    /// Areas, contour lines, or both.
    Region(Region),
    /// Bars that stand side by side, as in a histogram.
    Bars(Bars),
}

/// Points joined in order. Where a point is not finite, the line has a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The name in the legend; empty for none.
    pub name: String,
    /// The points, in data coordinates.
    pub points: Vec<(f64, f64)>,
    /// The colour of the line.
    pub color: Color,
    /// The dashes of the line.
    pub dash: Dash,
    /// The width of the line, in pixels.
    pub width: f64,
}

/// Points with a marker each.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// The name in the legend; empty for none. A mark without points still explains its marker there.
    pub name: String,
    /// The points, in data coordinates.
    pub points: Vec<(f64, f64)>,
    /// The colour of the markers.
    pub color: Color,
    /// The shape of the markers.
    pub shape: Shape,
    /// Whether the markers are filled or hollow.
    pub filled: bool,
}

/// The inside of rings, their outline, or both. What lies inside an even number of rings is outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// The name in the legend; empty for none.
    pub name: String,
    /// Closed rings, in data coordinates.
    pub rings: Vec<Vec<(f64, f64)>>,
    /// The colour inside, if it is filled.
    pub fill: Option<Color>,
    /// The colour and the width in pixels of the outline, if it has one.
    pub outline: Option<(Color, f64)>,
}

/// Bars that stand side by side on 0, or on the lower end of a logarithmic axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The name in the legend; empty for none.
    pub name: String,
    /// The borders between the bars, rising, in data coordinates: one more than there are bars.
    pub edges: Vec<f64>,
    /// How high each bar is.
    pub heights: Vec<f64>,
    /// The colour inside.
    pub color: Color,
}

impl Bars {
    /// Each bar: its left and right side, and its height.
    pub(super) fn each(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.edges.windows(2).zip(&self.heights).map(|(sides, height)| (sides[0], sides[1], *height))
    }
}

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Shape {
    Circle,
    Triangle,
    Square,
    Diamond,
    Cross,
    TriangleDown,
    Plus,
    Star,
    Pentagon,
    Hourglass,
}

impl Shape {
    /// The shape of the series or class with this index: ten that differ. Then they come again in another order, so that
    /// a hundred series differ in shape or in [`Color::Series`].
    pub fn series(index: usize) -> Shape {
        use Shape::*;
        let shapes = [Circle, Triangle, Square, Diamond, Cross, TriangleDown, Plus, Star, Pentagon, Hourglass];
        shapes[(index + 3 * (index / shapes.len())) % shapes.len()]
    }
}

/// The dashes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dash {
    Solid,
    Dashed,
    Dotted,
    DashDotted,
}

impl Dash {
    /// The dashes of the series with this index: four that differ. Then they come again; forty series differ in dashes or
    /// in [`Color::Series`].
    pub fn series(index: usize) -> Dash {
        [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDotted][(index + index / 20) % 4]
    }
}

/// The meaning of the ramp colours: numbers in bands, each band one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorScale {
    /// What is measured.
    pub label: String,
    /// The borders of the bands, rising: one more than there are bands, so at least two.
    pub edges: Vec<f64>,
}

impl ColorScale {
    /// How many bands there are.
    pub fn bands(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// The band of a number; what lies beyond the ends belongs to the first or the last.
    pub fn band(&self, value: f64) -> usize {
        let inner = self.edges.iter().skip(1).take(self.bands().saturating_sub(1));
        inner.take_while(|&&edge| value >= edge).count()
    }

    /// The colour of a band.
    pub fn color(&self, band: usize) -> Color {
        Color::Ramp((band as f64 + 0.5) / self.bands() as f64)
    }
}

impl Plot {
    /// An empty plot with linear axes.
    pub fn new(title: impl Into<String>) -> Plot {
        Plot {
            title: title.into(),
            description: None,
            note: None,
            x: Axis::default(),
            y: Axis::default(),
            marks: Vec::new(),
            color_scale: None,
            width: 640.0,
            height: 340.0,
        }
    }

    /// Sets the heading.
    pub fn title(self, title: impl Into<String>) -> Plot {
        Plot { title: title.into(), ..self }
    }

    /// Sets what the picture shows, for those who cannot see it.
    pub fn description(self, description: impl Into<String>) -> Plot {
        Plot { description: Some(description.into()), ..self }
    }

    /// Sets the remark under the plot.
    pub fn note(self, note: impl Into<String>) -> Plot {
        Plot { note: Some(note.into()), ..self }
    }

    /// Sets the label of the horizontal axis.
    pub fn x_label(mut self, label: impl Into<String>) -> Plot {
        self.x.label = label.into();
        self
    }

    /// Sets the label of the vertical axis.
    pub fn y_label(mut self, label: impl Into<String>) -> Plot {
        self.y.label = label.into();
        self
    }

    /// Sets the ends of the horizontal axis.
    pub fn x_range(mut self, from: f64, to: f64) -> Plot {
        self.x.range = Some((from, to));
        self
    }

    /// Sets the ends of the vertical axis.
    pub fn y_range(mut self, from: f64, to: f64) -> Plot {
        self.y.range = Some((from, to));
        self
    }

    /// Makes the horizontal axis logarithmic.
    pub fn log_x(mut self) -> Plot {
        self.x.scale = Scale::Log;
        self
    }

    /// Makes the vertical axis logarithmic.
    pub fn log_y(mut self) -> Plot {
        self.y.scale = Scale::Log;
        self
    }

    /// Sets the width of the picture and the height of the area between the axes, in pixels.
    pub fn size(self, width: f64, height: f64) -> Plot {
        Plot { width, height, ..self }
    }

    /// Adds a line in the next series colour; an empty name keeps it out of the legend.
    pub fn line(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Plot {
        let lines = self.marks.iter().filter(|mark| matches!(mark, Mark::Line(_))).count();
        let color = self.next_color();
        self.mark(Mark::Line(Line {
            name: name.into(),
            points: points.into_iter().collect(),
            color,
            dash: Dash::series(lines),
            width: 2.0,
        }))
    }

    /// Adds points in the next series colour and marker shape; an empty name keeps them out of the legend.
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Plot {
        let sets = self.marks.iter().filter(|mark| matches!(mark, Mark::Points(_))).count();
        let color = self.next_color();
        self.mark(Mark::Points(Points {
            name: name.into(),
            points: points.into_iter().collect(),
            color,
            shape: Shape::series(sets),
            filled: true,
        }))
    }

    /// Adds a mark in front of the others.
    pub fn mark(mut self, mark: Mark) -> Plot {
        self.marks.push(mark);
        self
    }

    fn next_color(&self) -> Color {
        Color::Series(self.marks.iter().filter(|mark| !matches!(mark, Mark::Region(_))).count())
    }

    /// The plot as an SVG document.
    pub fn to_svg(&self) -> String {
        Figure::column(&self.title, vec![self.clone()]).to_svg()
    }
}

impl Mark {
    /// The name in the legend; empty for none.
    pub fn name(&self) -> &str {
        match self {
            Mark::Line(line) => &line.name,
            Mark::Points(points) => &points.name,
            Mark::Region(region) => &region.name,
            Mark::Bars(bars) => &bars.name,
        }
    }

    /// The points that an axis must reach. Regions reach beyond the plot on purpose and do not count.
    pub(super) fn extent(&self) -> Cow<'_, [(f64, f64)]> {
        match self {
            Mark::Line(line) => Cow::Borrowed(&line.points),
            Mark::Points(points) => Cow::Borrowed(&points.points),
            Mark::Region(_) => Cow::Borrowed(&[]),
            Mark::Bars(bars) => bars.each().flat_map(|(left, right, height)| [(left, 0.0), (right, height)]).collect(),
        }
    }
}
