//! Pictures for a terminal: the marks as braille dots and characters, with axes and a legend.

use super::canvas::{Canvas, painted};
use super::plot::{Bars, ColorScale, Dash, Line, Mark, Plot, Points, Region, Shape};
use super::scale::{self, Layout};
use super::{Color, Figure, ticks};

/// The smallest area between the axes, in characters.
const SMALLEST: (usize, usize) = (8, 3);
/// Characters between ticks, about.
const X_TICK_DISTANCE: f64 = 12.0;
const Y_TICK_DISTANCE: f64 = 4.0;
/// Between the entries of a legend.
const ENTRY_GAP: usize = 3;

impl Plot {
    /// The plot for a terminal of this many columns and rows, in the sixteen colours of its palette if `with_color`.
    /// Series are told apart by markers and dashes, too.
    ///
    /// What does not fit is cut; but the area between the axes has at least 8 columns and 3 rows, so that the text is
    /// larger than a very small terminal.
    ///
    /// ```
    /// use chainrule::draw::Plot;
    ///
    /// let plot = Plot::new("A parabola").line("x²", (-9..=9).map(f64::from).map(|x| (x, x * x)));
    /// let text = plot.to_text(60, 16, false);
    /// assert!(text.lines().count() <= 16);
    /// assert!(text.lines().all(|line| line.chars().count() <= 60));
    /// ```
    pub fn to_text(&self, columns: usize, rows: usize, with_color: bool) -> String {
        let (columns, rows) = (columns.min(1000), rows.min(1000));
        let markers = Markers::of(self);
        let mut above: Vec<String> = line(&self.title, columns).into_iter().collect();
        above.extend(legend(self, &markers, columns, with_color));
        above.extend(self.color_scale.iter().flat_map(|scale| line(&shades(scale), columns)));
        above.extend(line(&self.y.label, columns));
        let below: Vec<String> =
            self.note.iter().flat_map(|note| line(note, columns)).map(|note| paint(note, with_color)).collect();
        let x_label = line(&self.x.label, columns);
        // The axis itself and its labels take two rows.
        let taken = above.len() + below.len() + 2 + usize::from(x_label.is_some());
        let height = rows.saturating_sub(taken).max(SMALLEST.1);
        let y_dots = (height * 4 - 1) as f64;
        let y = Layout::new(&self.y, scale::y_range(self), (y_dots, 0.0));
        let labels = y_labels(&y, height);
        let label_width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
        let width = columns.saturating_sub(label_width + 2).max(SMALLEST.0);
        let x_range = scale::x_range(std::slice::from_ref(self));
        let x = Layout::new(&self.x, x_range, (0.0, (width * 2 - 1) as f64));

        let mut canvas = Canvas::new(width, height);
        for mark in &self.marks {
            draw(&mut canvas, mark, &markers, &x, &y);
        }
        let mut lines = above;
        for (label, row) in labels.iter().zip(canvas.rows(with_color)) {
            let axis = if label.is_empty() { "│" } else { "┤" };
            let start = paint(format!("{label:>label_width$} {axis}"), with_color);
            lines.push(format!("{start}{row}").trim_end().to_string());
        }
        lines.extend(x_axis(&x, width).map(|line| paint(format!("{:label_width$} {line}", ""), with_color)));
        if let Some(label) = x_label {
            let indent = label_width + 2 + width.saturating_sub(label.chars().count()) / 2;
            let indent = indent.min(columns.saturating_sub(label.chars().count()));
            lines.push(paint(format!("{:indent$}{label}", ""), with_color));
        }
        lines.extend(below);
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

impl Figure {
    /// All panels for a terminal of this many columns, beneath each other, in this many rows together; the rest is as for
    /// [`Plot::to_text`].
    pub fn to_text(&self, columns: usize, rows: usize, with_color: bool) -> String {
        let panels: Vec<&Plot> = self.columns.iter().flatten().collect();
        let mut text: String = line(&self.title, columns).map(|title| title + "\n").into_iter().collect();
        let rows = rows.saturating_sub(text.lines().count()) / panels.len().max(1);
        for panel in panels {
            text += &panel.clone().title("").to_text(columns, rows, with_color);
        }
        text
    }
}

/// Axes, labels and notes are to stand back behind the data.
fn paint(text: String, with_color: bool) -> String {
    painted(text, with_color.then_some(Color::Quiet))
}

/// A line of text, if there is any.
fn line(text: &str, columns: usize) -> Option<String> {
    (!text.is_empty()).then(|| cut(text, columns))
}

/// A text as far as it fits. Names may come from files: what would move a cursor is replaced.
fn cut(text: &str, columns: usize) -> String {
    let clean: Vec<char> = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if clean.len() <= columns {
        return clean.into_iter().collect();
    }
    let mut kept: String = clean.iter().take(columns.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// The label of each row, empty for those without a tick.
fn y_labels(y: &Layout, height: usize) -> Vec<String> {
    let mut labels = vec![String::new(); height];
    for tick in y.ticks(Y_TICK_DISTANCE * 4.0) {
        if let (Some(label), Some(at)) = (tick.label, y.pixel(tick.value)) {
            let row = (at.round().max(0.0) as usize / 4).min(height - 1);
            labels[row] = label;
        }
    }
    labels
}

/// The line of the horizontal axis and that of its labels; of labels that would touch, the first.
fn x_axis(x: &Layout, width: usize) -> [String; 2] {
    let mut axis: Vec<char> = vec!['─'; width];
    let mut labels: Vec<char> = Vec::new();
    for tick in x.ticks(X_TICK_DISTANCE * 2.0) {
        let (Some(label), Some(at)) = (tick.label, x.pixel(tick.value)) else { continue };
        let column = (at.round().max(0.0) as usize / 2).min(width - 1);
        let length = label.chars().count();
        // The line of labels begins at the corner of the axes, one column further left.
        let start = (column + 1).saturating_sub(length / 2).min((width + 1).saturating_sub(length));
        if labels.is_empty() || start > labels.len() {
            axis[column] = '┬';
            labels.resize(start, ' ');
            labels.extend(label.chars());
        }
    }
    ["└".to_string() + &axis.iter().collect::<String>(), labels.into_iter().collect()]
}

fn draw(canvas: &mut Canvas, mark: &Mark, markers: &Markers, x: &Layout, y: &Layout) {
    let place = |&(px, py): &(f64, f64)| Some((x.pixel(px)?, y.pixel(py)?));
    match mark {
        Mark::Line(line) => draw_line(canvas, line, line.points.iter().map(place)),
        Mark::Points(points) => {
            for place in points.points.iter().filter_map(place) {
                canvas.marker(place, markers.marker(points), points.color);
            }
        }
        Mark::Region(region) => {
            let rings: Vec<Vec<(f64, f64)>> =
                region.rings.iter().map(|ring| ring.iter().filter_map(place).collect()).collect();
            draw_region(canvas, region, &rings);
        }
        Mark::Bars(bars) => draw_bars(canvas, bars, x, y),
    }
}

fn draw_line(canvas: &mut Canvas, line: &Line, places: impl Iterator<Item = Option<(f64, f64)>>) {
    let (mut last, mut length) = (None, 0);
    for place in places {
        if let Some(place) = place {
            // A point between two gaps is a line to itself.
            length = canvas.line(last.unwrap_or(place), place, line.color, length, |dot| is_on(line.dash, dot));
        }
        last = place;
    }
}

/// Whether the dashes of a line show this dot.
fn is_on(dash: Dash, dot: usize) -> bool {
    match dash {
        Dash::Solid => true,
        Dash::Dashed => dot % 8 < 4,
        Dash::Dotted => dot.is_multiple_of(3),
        Dash::DashDotted => dot % 9 < 4 || dot % 9 == 6,
    }
}

fn draw_bars(canvas: &mut Canvas, bars: &Bars, x: &Layout, y: &Layout) {
    for (left, right, height) in bars.each().filter(|bar| bar.2 != 0.0) {
        let (Some(left), Some(right), Some(top)) = (x.pixel(left), x.pixel(right), y.pixel(height)) else { continue };
        let (first, last) = (left.round().max(0.0), right.round().min(canvas.size().0 as f64));
        let mut column = first;
        // A bar has at least one column of dots, and leaves the last one to the gap before the next.
        while column == first || column < last - 1.0 {
            canvas.line((column, y.base()), (column, top), bars.color, 0, |_| true);
            column += 1.0;
        }
    }
}

fn draw_region(canvas: &mut Canvas, region: &Region, rings: &[Vec<(f64, f64)>]) {
    if let Some(color) = region.fill {
        canvas.shade(shade(color), color, |place| is_inside(rings, place));
    }
    // Lines in the colour of the page are seen on an area only, and shades are too coarse for that.
    if let Some((color, _)) = region.outline.filter(|(color, _)| *color != Color::Paper) {
        for ring in rings {
            for (i, place) in ring.iter().enumerate() {
                canvas.line(*place, ring[(i + 1) % ring.len()], color, 0, |_| true);
            }
        }
    }
}

/// How an area of this colour looks. Neighbours differ, and the lightest has none, so that the data stands out.
fn shade(color: Color) -> Option<char> {
    match color {
        Color::Tint(index) | Color::Series(index) => [None, Some('░'), Some('▒')][index % 3],
        Color::Ramp(place) => {
            [None, Some('░'), Some('▒'), Some('▓'), Some('█')][(place * 5.0).clamp(0.0, 4.0) as usize]
        }
        Color::Paper => None,
        Color::Ink | Color::Quiet | Color::Grid => Some('░'),
    }
}

/// Whether a place lies inside an odd number of rings.
fn is_inside(rings: &[Vec<(f64, f64)>], (x, y): (f64, f64)) -> bool {
    let crosses =
        |(a, b): ((f64, f64), (f64, f64))| (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0);
    let sides =
        |ring: &Vec<(f64, f64)>| (0..ring.len()).filter(|&i| crosses((ring[i], ring[(i + 1) % ring.len()]))).count();
    rings.iter().map(sides).sum::<usize>() % 2 == 1
}

/// Which character each kind of points has: its shape, or a letter where another kind has that already.
struct Markers(Vec<(Color, Shape, bool, char)>);

impl Markers {
    fn of(plot: &Plot) -> Markers {
        let mut markers = Markers(Vec::new());
        for mark in &plot.marks {
            let Mark::Points(points) = mark else { continue };
            if markers.position(points).is_some() {
                continue;
            }
            let taken = |marker: &char| markers.0.iter().any(|kind| kind.3 == *marker);
            // Ramp colours are a number and no kind of their own, so they keep their shape.
            let is_free = |marker: &char| matches!(points.color, Color::Ramp(_)) || !taken(marker);
            let shape = shape_character(points.shape, points.filled);
            let letters = ('a'..='z').chain('A'..='Z');
            let marker = std::iter::once(shape).chain(letters).find(is_free).unwrap_or(shape);
            markers.0.push((points.color, points.shape, points.filled, marker));
        }
        markers
    }

    fn position(&self, points: &Points) -> Option<usize> {
        self.0.iter().position(|kind| (kind.0, kind.1, kind.2) == (points.color, points.shape, points.filled))
    }

    fn marker(&self, points: &Points) -> char {
        self.position(points).map_or('●', |position| self.0[position].3)
    }
}

fn shape_character(shape: Shape, filled: bool) -> char {
    let [full, hollow] = match shape {
        Shape::Circle => ['●', '○'],
        Shape::Triangle => ['▲', '△'],
        Shape::Square => ['■', '□'],
        Shape::Diamond => ['◆', '◇'],
        Shape::Cross => ['×', '⨯'],
        Shape::TriangleDown => ['▼', '▽'],
        Shape::Plus => ['+', '⊹'],
        Shape::Star => ['★', '☆'],
        Shape::Pentagon => ['⬟', '⬠'],
        Shape::Hourglass => ['⧗', '⧖'],
    };
    if filled { full } else { hollow }
}

/// The named marks with their symbols, in as many lines as they need.
fn legend(plot: &Plot, markers: &Markers, columns: usize, with_color: bool) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for mark in plot.marks.iter().filter(|mark| !mark.name().is_empty()) {
        let Some((symbol, color)) = symbol(mark, markers) else { continue };
        let name = cut(mark.name(), columns.saturating_sub(symbol.chars().count() + 1).max(1));
        let width = symbol.chars().count() + 1 + name.chars().count();
        if used > 0 && used + ENTRY_GAP + width > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        let gap = if used > 0 { ENTRY_GAP } else { 0 };
        line += &format!("{:gap$}{} {name}", "", painted(symbol, Some(color).filter(|_| with_color)));
        used += gap + width;
    }
    lines.extend((used > 0).then_some(line));
    lines
}

/// What the shades of the ramp stand for, each between its ends: `height  0   2 ░ 4 ▒ 6 ▓ 8 █ 10`.
fn shades(scale: &ColorScale) -> String {
    let bands: Vec<(usize, Option<char>)> = (0..scale.bands()).map(|band| (band, shade(scale.color(band)))).collect();
    let labels = ticks::labels(&scale.edges);
    let mut text = format!("{}  {}", scale.label, labels.first().map_or("", String::as_str));
    for alike in bands.chunk_by(|a, b| a.1 == b.1) {
        let (band, shade) = alike[alike.len() - 1];
        text += &format!(" {} {}", shade.unwrap_or(' '), labels[band + 1]);
    }
    text
}

fn symbol(mark: &Mark, markers: &Markers) -> Option<(String, Color)> {
    match mark {
        Mark::Line(line) => {
            let mut canvas = Canvas::new(4, 1);
            canvas.line((0.0, 1.0), (7.0, 1.0), line.color, 0, |dot| is_on(line.dash, dot));
            let symbol = canvas.rows(false).next()?;
            Some((symbol, line.color))
        }
        Mark::Points(points) => Some((markers.marker(points).to_string(), points.color)),
        Mark::Region(Region { fill: Some(color), .. }) => Some((shade(*color)?.to_string(), *color)),
        Mark::Region(Region { outline: Some((color, _)), .. }) if *color != Color::Paper => Some(("⠒⠒".into(), *color)),
        Mark::Region(_) => None,
        Mark::Bars(bars) => Some(("⣿".into(), bars.color)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::draw::{Samples, decision_boundary, histogram};

    #[test]
    fn a_line_goes_from_corner_to_corner_between_labelled_axes() {
        let plot = Plot::new("Rise").x_label("x").line("", [(0.0, 0.0), (10.0, 10.0)]).y_range(0.0, 10.0);
        assert_eq!(
            plot.to_text(24, 9, false),
            "\
Rise
10 ┤                ⣀⠤⠒⠉
   │            ⣀⠤⠒⠉
 5 ┤        ⣀⠤⠒⠉
   │    ⣀⠤⠒⠉
 0 ┤⣀⠤⠒⠉
   └┬─────────┬────────┬
    0         5       10
             x
"
        );
    }

    #[test]
    fn classes_differ_without_colours_however_many() {
        let samples = Samples::new("x", "y").train((0..15).map(|i| (f64::from(i), 0.0, i as usize)));
        let plot = decision_boundary("", &samples, &[""; 0], |places| vec![vec![0.0; 15]; places.len()]);
        let markers = Markers::of(&plot);
        let used: std::collections::HashSet<char> = markers.0.iter().filter(|m| m.2).map(|kind| kind.3).collect();
        assert_eq!(used.len(), 15);
    }

    #[test]
    fn colours_are_there_only_if_asked_for() {
        let plot = Plot::new("").points("p", [(0.0, 0.0)]).line("l", [(0.0, 1.0), (1.0, 0.0)]);
        assert!(!plot.to_text(40, 10, false).contains('\u{1b}'));
        assert!(plot.to_text(40, 10, true).contains("\u{1b}[34m"));
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        let name = "\u{1b}[2J\r\n";
        let plot = Plot::new(name).x_label(name).y_label(name).note(name).line(name, [(0.0, 1.0), (1.0, 0.0)]);
        assert!(!plot.to_text(80, 20, false).contains(['\u{1b}', '\r']));
    }

    #[test]
    fn shades_say_what_they_stand_for() {
        let scale = ColorScale { label: "height".into(), edges: (0..=10).map(f64::from).collect() };
        assert_eq!(shades(&scale), "height  0   2 ░ 4 ▒ 6 ▓ 8 █ 10");
        assert_eq!(shades(&ColorScale { label: "h".into(), edges: vec![0.0, 1.0] }), "h  0 ▒ 1");
    }

    #[test]
    fn bars_stand_on_the_axis() {
        let text = histogram("", "x", &[1.0, 2.0, 2.0, 3.0, 3.0, 3.0]).to_text(40, 12, false);
        let floor = text.lines().rev().find(|line| line.contains('┤')).unwrap();
        assert!(floor.matches('⣿').count() > 20, "{text}");
    }

    proptest! {
        #[test]
        fn any_plot_fits_any_terminal_that_is_not_tiny(
            points in prop::collection::vec((any::<f64>(), any::<f64>()), 0..20),
            columns in 0..120_usize, rows in 0..60_usize, log in any::<bool>(),
        ) {
            let plot = Plot::new("title").x_label("x").line("line", points.clone()).points("points", points);
            let plot = if log { plot.log_x().log_y() } else { plot };
            let text = plot.to_text(columns, rows, false);
            if columns >= 40 && rows >= 10 {
                prop_assert!(text.lines().all(|line| line.chars().count() <= columns), "{}", text);
                prop_assert!(text.lines().count() <= rows);
            }
        }
    }
}
