//! Legends and colour scales: what the colours, markers and dashes mean.

use super::Color;
use super::figure::LABEL_SIZE;
use super::marks::{line_style, marker, marker_style, region_style};
use super::plot::{ColorScale, Mark, Plot};
use super::svg::{Svg, Tag};
use super::text;
use super::ticks;

/// The height of a row.
pub(super) const ROW: f64 = 20.0;
const SYMBOL_GAP: f64 = 7.0;
const ENTRY_GAP: f64 = 18.0;
/// A name longer than this would push all others away.
const LONGEST_NAME: f64 = 300.0;

const BAR: f64 = 14.0;
const SCALE_LABEL_SIZE: f64 = 12.0;

/// A mark with a name, and the name as far as it fits.
pub(super) struct Entry<'a> {
    mark: &'a Mark,
    name: String,
}

/// Entries are equal if they look alike, whatever data their marks hold.
impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && match (self.mark, other.mark) {
                (Mark::Line(a), Mark::Line(b)) => (a.color, a.dash, a.width) == (b.color, b.dash, b.width),
                (Mark::Points(a), Mark::Points(b)) => (a.color, a.shape, a.filled) == (b.color, b.shape, b.filled),
                (Mark::Bars(a), Mark::Bars(b)) => a.color == b.color,
                (Mark::Region(a), Mark::Region(b)) => (a.fill, a.outline) == (b.fill, b.outline),
                _ => false,
            }
    }
}

impl Entry<'_> {
    fn width(&self) -> f64 {
        symbol_width(self.mark) + SYMBOL_GAP + text::width(&self.name, LABEL_SIZE) + ENTRY_GAP
    }
}

/// The entries of a plot: its marks that have names.
pub(super) fn entries(plot: &Plot) -> Vec<Entry<'_>> {
    let named = plot.marks.iter().filter(|mark| !mark.name().is_empty());
    named.map(|mark| Entry { mark, name: text::fitted(mark.name(), LABEL_SIZE, LONGEST_NAME) }).collect()
}

/// The width of all entries in one row.
pub(super) fn width(entries: &[Entry]) -> f64 {
    (entries.iter().map(Entry::width).sum::<f64>() - ENTRY_GAP).max(0.0)
}

/// Draws the entries in as many rows as they need, and returns the height of these.
pub(super) fn draw_rows(svg: &mut Svg, entries: &[Entry], left: f64, top: f64, room: f64) -> f64 {
    let (mut x, mut y) = (left, top);
    for entry in entries {
        if x > left && x + entry.width() - ENTRY_GAP > left + room {
            (x, y) = (left, y + ROW);
        }
        let symbol = symbol_width(entry.mark);
        draw_symbol(svg, entry.mark, x, y + LABEL_SIZE * 0.65);
        let tag = svg.tag("text").set("x", x + symbol + SYMBOL_GAP).set("y", y + LABEL_SIZE).fill(Color::Ink);
        tag.text(&entry.name);
        x += entry.width();
    }
    y + ROW - top
}

fn symbol_width(mark: &Mark) -> f64 {
    match mark {
        Mark::Line(_) => 26.0,
        Mark::Points(_) => 10.0,
        Mark::Region(region) if region.fill.is_none() => 22.0,
        Mark::Region(_) | Mark::Bars(_) => 14.0,
    }
}

fn draw_symbol(svg: &mut Svg, mark: &Mark, x: f64, middle: f64) {
    let stroke = |width: f64| format!("M{} {}h{}", x.round(), middle.round(), width);
    match mark {
        Mark::Line(line) => line_style(svg.tag("path"), line).set("d", stroke(26.0)).empty(),
        Mark::Points(points) => {
            marker_style(svg.tag("g"), points, 1.0).open();
            marker(svg, points.shape, (x + 5.0, middle), 1.0);
            svg.end();
        }
        Mark::Region(region) if region.fill.is_none() => {
            // A line in the colour of the page needs something behind it to be seen.
            if matches!(region.outline, Some((Color::Paper, _))) {
                chip(svg, x, 22.0, middle).fill(Color::Quiet).set("fill-opacity", 0.45).empty();
            }
            region_style(svg.tag("path"), region).set("d", stroke(22.0)).empty();
        }
        Mark::Region(region) => {
            let tag = region_style(chip(svg, x, 14.0, middle), region);
            // Without a rim, an area in the colour of the page could not be seen here.
            if region.outline.is_none() { tag.stroke(Color::Quiet, 0.8).empty() } else { tag.empty() }
        }
        Mark::Bars(bars) => chip(svg, x, 14.0, middle).fill(bars.color).empty(),
    }
}

fn chip(svg: &mut Svg, x: f64, width: f64, middle: f64) -> Tag<'_> {
    let tag = svg.tag("rect").set("x", x).set("y", middle - 7.0).set("width", width).set("height", 14.0);
    tag.set("rx", 2.0)
}

/// The room that a colour scale needs beside its plot.
pub(super) fn color_scale_width(scale: &ColorScale) -> f64 {
    let widest = labels(scale).iter().map(|label| text::width(label, SCALE_LABEL_SIZE)).fold(0.0, f64::max);
    16.0 + BAR + 8.0 + widest
}

/// Draws a colour scale of this height with its left edge at `left`.
pub(super) fn color_scale(svg: &mut Svg, scale: &ColorScale, left: f64, height: f64) {
    let bands = scale.bands();
    let band_height = height / bands as f64;
    let top = |edge: usize| height - edge as f64 * band_height;
    for band in 0..bands {
        // Each reaches from its lower edge to the top of the scale: what is laid over each other leaves no seams.
        let tag = svg.tag("rect").set("x", left).set("y", 0.0).set("width", BAR).set("height", top(band));
        tag.fill(scale.color(band)).empty();
    }
    let every = (16.0 / band_height).ceil().max(1.0) as usize;
    svg.tag("g").fill(Color::Quiet).set("font-size", SCALE_LABEL_SIZE).open();
    for (edge, label) in labels(scale).iter().enumerate().step_by(every) {
        svg.tag("text").set("x", left + BAR + 8.0).set("y", top(edge) + SCALE_LABEL_SIZE * 0.35).text(label);
    }
    svg.end();
}

fn labels(scale: &ColorScale) -> Vec<String> {
    ticks::labels(&scale.edges)
}
