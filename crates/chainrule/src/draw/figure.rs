//! Laying out pictures: headings, panels, axes, legends and colour scales.

use super::legend::{self, Entry};
use super::plot::{Mark, Plot};
use super::scale::{self, Layout};
use super::svg::Svg;
use super::text;
use super::ticks::Tick;
use super::{Color, marks};

/// Around the picture.
const MARGIN: f64 = 20.0;
const TITLE_SIZE: f64 = 16.0;
pub(super) const LABEL_SIZE: f64 = 13.0;
const TICK_SIZE: f64 = 12.0;
/// How far a grid line sticks out of the plot towards its label: the tick.
const TICK: f64 = 5.0;
/// The least width of a picture.
const NARROWEST: f64 = 240.0;
/// Between the panels of one picture.
const GAP: f64 = 18.0;
/// Pixels between labelled ticks, about.
const X_TICK_DISTANCE: f64 = 90.0;
const Y_TICK_DISTANCE: f64 = 54.0;

/// Plots in columns. Those beneath each other share the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The heading; the titles of the panels are not drawn.
    pub title: String,
    /// The columns from left to right, and in each its panels from top to bottom. The first panel's horizontal axis is
    /// that of its column.
    pub columns: Vec<Vec<Plot>>,
}

impl Figure {
    /// Plots beneath each other.
    pub fn column(title: impl Into<String>, panels: Vec<Plot>) -> Figure {
        Figure { title: title.into(), columns: vec![panels] }
    }

    /// The figure as an SVG document.
    pub fn to_svg(&self) -> String {
        let sheets: Vec<Sheet> = self.columns.iter().map(|panels| Sheet::new(panels)).collect();
        let width = sheets.iter().map(|sheet| sheet.width).sum::<f64>().max(NARROWEST);
        let mut content = Svg::new();
        let mut top = MARGIN;
        if !self.title.is_empty() {
            let title = text::fitted(&self.title, TITLE_SIZE, width - 2.0 * MARGIN);
            let tag = content.tag("text").set("x", MARGIN).set("y", top + TITLE_SIZE - 2.0).fill(Color::Ink);
            tag.set("font-size", TITLE_SIZE).set("font-weight", "600").text(&title);
            top += TITLE_SIZE + 12.0;
        }
        let (mut left, mut bottom) = (0.0, top);
        for sheet in &sheets {
            content.tag("g").set("transform", format!("translate({left} 0)")).open();
            bottom = sheet.draw(&mut content, top).max(bottom);
            content.end();
            left += sheet.width;
        }
        let height = (bottom + MARGIN * 0.8).round();
        // The background lies beneath everything, but its height is known only now.
        let mut svg = Svg::new();
        svg.tag("rect").set("width", width).set("height", height).fill(Color::Paper).empty();
        svg.append(content);
        svg.document(width, height, &self.title, &self.description())
    }

    fn description(&self) -> String {
        self.columns.iter().flatten().map(describe).collect::<Vec<_>>().join(" ")
    }
}

/// A column of panels, and what they have in common.
struct Sheet<'a> {
    panels: &'a [Plot],
    width: f64,
    left: f64,
    right: f64,
    x: Layout,
    x_label: String,
}

impl<'a> Sheet<'a> {
    fn new(panels: &'a [Plot]) -> Sheet<'a> {
        let widest = |measure: &dyn Fn(&Plot) -> f64| panels.iter().map(measure).fold(0.0, f64::max);
        let width = widest(&|plot| plot.width).clamp(NARROWEST, 10_000.0);
        let left = MARGIN + TICK + 5.0 + widest(&|plot| labels_width(&y_layout(plot).ticks(Y_TICK_DISTANCE)));
        let right = width - MARGIN - widest(&|plot| plot.color_scale.as_ref().map_or(4.0, legend::color_scale_width));
        let axis = panels.first().map(|plot| plot.x.clone()).unwrap_or_default();
        let x = |right: f64| Layout::new(&axis, scale::x_range(panels), (0.0, right - left));
        // A long label under the right end of the axis needs room beside it.
        let reach =
            |(tick, at): (Tick, f64)| left + at + tick.label.map_or(0.0, |label| text::width(&label, TICK_SIZE) / 2.0);
        let reaches = places(&x(right), X_TICK_DISTANCE).map(reach).fold(0.0, f64::max);
        let right = right - (reaches - (width - 4.0)).max(0.0);
        let x = x(right);
        Sheet { panels, width, left, right, x, x_label: axis.label }
    }

    /// Draws the panels from `top` on and returns where they end.
    fn draw(&self, svg: &mut Svg, mut top: f64) -> f64 {
        for (i, plot) in self.panels.iter().enumerate() {
            let is_last = i + 1 == self.panels.len();
            // A panel with the same legend as the one above needs no second one.
            let entries = legend::entries(plot);
            let is_repeated = i > 0 && legend::entries(&self.panels[i - 1]) == entries;
            let entries = if is_repeated { Vec::new() } else { entries };
            top = self.panel(svg, plot, &entries, top, is_last);
            top += if is_last { 0.0 } else { GAP };
        }
        top
    }

    /// Draws a panel from `top` on and returns where it ends.
    fn panel(&self, svg: &mut Svg, plot: &Plot, entries: &[Entry], top: f64, is_last: bool) -> f64 {
        let top = self.header(svg, plot, entries, top);
        let y = y_layout(plot);
        let bottom = top + panel_height(plot);
        svg.tag("g").set("transform", format!("translate({} {})", self.left.round(), top.round())).open();
        self.grid(svg, &y, panel_height(plot));
        // An SVG of its own clips what reaches out of the plot, and needs no id for that.
        svg.tag("svg")
            .set("width", self.right - self.left)
            .set("height", panel_height(plot))
            .set("overflow", "hidden")
            .open();
        let marker_size = marks::marker_size(&plot.marks);
        for mark in &plot.marks {
            marks::draw(svg, mark, &self.x, &y, marker_size);
        }
        svg.end();
        self.tick_labels(svg, &y, panel_height(plot), is_last);
        if let Some(scale) = &plot.color_scale {
            legend::color_scale(svg, scale, self.right - self.left + 16.0, panel_height(plot));
        }
        svg.end();
        self.footer(svg, plot, bottom, is_last)
    }

    /// The label of the vertical axis, level and above it, where it is easiest to read; and the legend, beside it if
    /// there is room and above it if not. Never over the data.
    fn header(&self, svg: &mut Svg, plot: &Plot, entries: &[Entry], mut top: f64) -> f64 {
        let scale_label = plot.color_scale.as_ref().map_or("", |scale| &scale.label);
        let scale_label = text::fitted(scale_label, LABEL_SIZE, self.width / 3.0);
        let room = self.width - 2.0 * MARGIN - reserved(&scale_label);
        let label = text::fitted(&plot.y.label, LABEL_SIZE, room);
        let legend_width = legend::width(entries);
        let beside = legend_width + reserved(&label) <= room;
        if !entries.is_empty() && !beside {
            top += legend::draw_rows(svg, entries, MARGIN, top, self.width - 2.0 * MARGIN);
        }
        if !entries.is_empty() && beside {
            legend::draw_rows(svg, entries, MARGIN + room - legend_width, top, legend_width + 1.0);
        }
        let baseline = top + LABEL_SIZE;
        if !label.is_empty() {
            svg.tag("text").set("x", MARGIN).set("y", baseline).fill(Color::Quiet).text(&label);
        }
        if !scale_label.is_empty() {
            let tag = svg.tag("text").set("x", self.width - MARGIN).set("y", baseline).fill(Color::Quiet);
            tag.set("text-anchor", "end").text(&scale_label);
        }
        let has_row = !label.is_empty() || !scale_label.is_empty() || (beside && !entries.is_empty());
        top + if has_row { legend::ROW + 7.0 } else { 4.0 }
    }

    fn grid(&self, svg: &mut Svg, y: &Layout, height: f64) {
        let width = self.right - self.left;
        let (mut grid, mut minor) = (String::new(), String::new());
        for (tick, at) in places(y, Y_TICK_DISTANCE) {
            let (path, from, to) =
                if tick.label.is_some() { (&mut grid, -TICK, width) } else { (&mut minor, -3.0, 0.0) };
            super::svg::path_data(path, &[(from, at), (to, at)], false);
        }
        for (tick, at) in places(&self.x, X_TICK_DISTANCE) {
            let (path, from, to) =
                if tick.label.is_some() { (&mut grid, 0.0, height + TICK) } else { (&mut minor, height, height + 3.0) };
            super::svg::path_data(path, &[(at, from), (at, to)], false);
        }
        svg.tag("path").set("d", grid).set("fill", "none").stroke(Color::Grid, 1.0).empty();
        if !minor.is_empty() {
            svg.tag("path").set("d", minor).set("fill", "none").stroke(Color::Grid, 1.0).empty();
        }
    }

    fn tick_labels(&self, svg: &mut Svg, y: &Layout, height: f64, with_x: bool) {
        svg.tag("g").fill(Color::Quiet).set("font-size", TICK_SIZE).set("text-anchor", "end").open();
        for (tick, at) in places(y, Y_TICK_DISTANCE) {
            if let Some(label) = tick.label {
                svg.tag("text").set("x", -TICK - 5.0).set("y", at + TICK_SIZE * 0.35).text(&label);
            }
        }
        svg.end();
        if with_x {
            svg.tag("g").fill(Color::Quiet).set("font-size", TICK_SIZE).set("text-anchor", "middle").open();
            for (tick, at) in places(&self.x, X_TICK_DISTANCE) {
                if let Some(label) = tick.label {
                    svg.tag("text").set("x", at).set("y", height + TICK + 14.0).text(&label);
                }
            }
            svg.end();
        }
    }

    /// What stands under a panel: room for the tick labels, the label of the axis, the remark.
    fn footer(&self, svg: &mut Svg, plot: &Plot, mut bottom: f64, is_last: bool) -> f64 {
        if is_last {
            bottom += TICK + 16.0;
        }
        if is_last && !self.x_label.is_empty() {
            let tag = svg.tag("text").set("x", (self.left + self.right) / 2.0).set("y", bottom + 17.0);
            let label = text::fitted(&self.x_label, LABEL_SIZE, self.width - 2.0 * MARGIN);
            tag.fill(Color::Quiet).set("text-anchor", "middle").text(&label);
            bottom += 22.0;
        }
        if let Some(note) = &plot.note {
            let note = text::fitted(note, TICK_SIZE, self.width - 2.0 * MARGIN);
            let tag = svg.tag("text").set("x", MARGIN).set("y", bottom + 18.0).fill(Color::Quiet);
            tag.set("font-size", TICK_SIZE).set("font-style", "italic").text(&note);
            bottom += 22.0;
        }
        bottom
    }
}

fn panel_height(plot: &Plot) -> f64 {
    plot.height.clamp(40.0, 10_000.0)
}

fn y_layout(plot: &Plot) -> Layout {
    Layout::new(&plot.y, scale::y_range(plot), (panel_height(plot), 0.0))
}

/// The ticks and where they lie, on half pixels so that thin lines are sharp.
fn places(layout: &Layout, distance: f64) -> impl Iterator<Item = (Tick, f64)> {
    layout.ticks(distance).into_iter().filter_map(move |tick| {
        let at = layout.pixel(tick.value)?;
        Some((tick, at.floor() + 0.5))
    })
}

fn labels_width(ticks: &[Tick]) -> f64 {
    ticks.iter().filter_map(|tick| tick.label.as_ref()).map(|label| text::width(label, TICK_SIZE)).fold(0.0, f64::max)
}

/// The width of a text and the room around it, if there is one.
fn reserved(label: &str) -> f64 {
    if label.is_empty() { 0.0 } else { text::width(label, LABEL_SIZE) + 24.0 }
}

/// A plot in words.
fn describe(plot: &Plot) -> String {
    if let Some(description) = &plot.description {
        return description.clone();
    }
    let named = |label: &str, fallback: &str| if label.is_empty() { fallback.to_string() } else { label.to_string() };
    let mut words = format!("{} against {}.", named(&plot.y.label, "y"), named(&plot.x.label, "x"));
    for mark in &plot.marks {
        match mark {
            Mark::Line(line) => {
                words += &format!(" A line{} through {} points.", called(&line.name), line.points.len());
            }
            Mark::Points(points) if !points.points.is_empty() => {
                words += &format!(" {} points{}.", points.points.len(), called(&points.name));
            }
            Mark::Bars(bars) => {
                words += &format!(" {} bars{}.", bars.heights.len(), called(&bars.name));
            }
            Mark::Points(_) | Mark::Region(_) => {}
        }
    }
    words
}

fn called(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" ({name})") }
}
