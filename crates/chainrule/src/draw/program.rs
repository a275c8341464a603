//! The picture of what a program does: what each pass has left on the way to it, and a row for each instruction, with its loops,
//! its formula and its share of the work.

use super::svg::Svg;
use super::{Color, text};
use crate::program::{Explained, Explanation, Part, Stage};
use crate::text::thousands;

const MARGIN: f64 = 20.0;
const TITLE_SIZE: f64 = 16.0;
/// Bold letters are so much wider.
const BOLD: f64 = 1.12;
const FONT: f64 = 12.5;
const SMALL: f64 = 11.5;
const ROW: f64 = 30.0;
const GAP: f64 = 14.0;
/// The room for the loops of an instruction, and the side of the largest of them.
const SHAPE: f64 = 34.0;
const LARGEST_SIDE: f64 = 24.0;
const INDENT: f64 = 18.0;
/// From a line of what passes have left to the next, and from one pass to the next.
const STAGE_HEIGHT: f64 = 56.0;
const STAGE_GAP: f64 = 24.0;
const LONGEST_FORMULA: f64 = 620.0;
const LONGEST_BAR: f64 = 120.0;
/// More rows than this are no picture any more.
const MOST_ROWS: usize = 120;

/// A picture of what a program does, from its [explanation](crate::Program::explain).
///
/// Each instruction is a row: the loops that it runs (a loop is a line, two are a rectangle, more are several of them; sides
/// grow with the logarithm of the trips), what it computes, and a bar for the operations on scalars that it stands for. A repeat is a
/// line beside the rows that are repeated. Above them stands what each pass has left of the recording.
///
/// ```
/// use chainrule::{Program, Value, draw};
///
/// let program = Program::record(&[0.1; 101], |x| (Value::dot(&x[..50], &x[50..100]) + x[100]).tanh())?;
/// let svg = draw::program(&program.explain()).title("A neuron").to_svg();
/// assert!(svg.contains("v1 = x [50] . x [50] + x[100], then tanh"));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub fn program(explanation: &Explanation) -> Loops {
    Loops { title: String::new(), explanation: explanation.clone() }
}

/// A picture of what a program does, drawn by [`to_svg`](Loops::to_svg).
#[derive(Clone, Debug, PartialEq)]
pub struct Loops {
    /// The heading.
    pub title: String,
    /// What is drawn.
    pub explanation: Explanation,
}

/// A row of the picture.
enum Row<'a> {
    Run(&'a Explained),
    /// So many turns begin, and so many rows are in them.
    Repeat(u32, usize),
}

impl Loops {
    /// Sets the heading.
    pub fn title(self, title: impl Into<String>) -> Loops {
        Loops { title: title.into(), ..self }
    }

    /// The picture as an SVG document. Of more than 120 rows the first are drawn, and a remark tells of the others.
    pub fn to_svg(&self) -> String {
        let mut rows = Vec::new();
        collect(&self.explanation.parts, 0, &mut rows);
        let left_out = rows.len().saturating_sub(MOST_ROWS);
        rows.truncate(MOST_ROWS);
        let columns = Columns::of(&rows);
        let page = self.explanation.to_string();
        let head: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
        let title_width = text::width(&self.title, TITLE_SIZE * BOLD);
        let width = (columns.width().max(title_width) + 2.0 * MARGIN).ceil();

        let mut content = Svg::new();
        let mut y = MARGIN;
        if !self.title.is_empty() {
            let tag = content.tag("text").set("x", MARGIN).set("y", y + TITLE_SIZE - 2.0).fill(Color::Ink);
            tag.set("font-size", TITLE_SIZE).set("font-weight", "600").text(&self.title);
            y += TITLE_SIZE + 12.0;
        }
        for line in &head {
            let line = text::fitted(line, SMALL, width - 2.0 * MARGIN);
            remark(&mut content, MARGIN, y + SMALL, &line);
            y += SMALL + 6.0;
        }
        y += 8.0;
        y = draw_stages(&mut content, &self.explanation.stages, width, y);
        for (number, (depth, row)) in rows.iter().enumerate() {
            let x = MARGIN + *depth as f64 * INDENT;
            match row {
                Row::Run(explained) => columns.draw(&mut content, explained, x, y),
                Row::Repeat(trips, inside) => {
                    let inside = (*inside).min(rows.len() - number - 1) as f64;
                    let tag = content.tag("rect").set("x", x + 2.0).set("y", y + ROW).set("width", 3.0);
                    tag.set("height", (inside * ROW).max(1.0)).set("rx", 1.5).fill(Color::Series(4)).empty();
                    let tag = content.tag("text").set("x", x).set("y", y + ROW * 0.65).fill(Color::Ink);
                    tag.set("font-size", FONT).text(&format!("{} turns", thousands((*trips).into())));
                }
            }
            y += ROW;
        }
        if left_out > 0 {
            remark(&mut content, MARGIN, y + 16.0, &format!("and {} more rows", thousands(left_out as u64)));
            y += 24.0;
        }
        let height = (y + MARGIN * 0.6).ceil();
        let mut svg = Svg::new();
        svg.tag("rect").set("width", width).set("height", height).fill(Color::Paper).empty();
        svg.append(content);
        let title = if self.title.is_empty() { "Program" } else { &self.title };
        let stages = self.explanation.stages.iter().map(Stage::to_string);
        let description: Vec<String> = head.iter().map(|line| line.to_string()).chain(stages).collect();
        svg.document(width, height, title, &description.join("; "))
    }
}

/// All rows with their depth.
fn collect<'a>(parts: &'a [Part], depth: usize, rows: &mut Vec<(usize, Row<'a>)>) {
    for part in parts {
        match part {
            Part::Run(explained) => rows.push((depth, Row::Run(explained))),
            Part::Repeat { trips, body } => {
                let place = rows.len();
                rows.push((depth, Row::Repeat(*trips, 0)));
                collect(body, depth + 1, rows);
                rows[place].1 = Row::Repeat(*trips, rows.len() - place - 1);
            }
        }
    }
}

fn remark(svg: &mut Svg, x: f64, y: f64, words: &str) {
    svg.tag("text").set("x", x).set("y", y).fill(Color::Quiet).set("font-size", SMALL).text(words);
}

/// Draws what passes have left, side by side, and on further lines where a picture is not wide enough. Where they end.
fn draw_stages(svg: &mut Svg, stages: &[Stage], width: f64, top: f64) -> f64 {
    let (mut x, mut y) = (MARGIN, top);
    for stage in stages {
        let (name, count, unit) = (stage.pass.name(), thousands(stage.count.into()), stage.unit());
        let widest = [text::width(name, SMALL), text::width(&count, FONT), text::width(unit, SMALL)];
        let column = widest.into_iter().fold(0.0, f64::max);
        if x + column > width - MARGIN && x > MARGIN {
            (x, y) = (MARGIN, y + STAGE_HEIGHT);
        }
        remark(svg, x, y + 11.0, name);
        svg.tag("text").set("x", x).set("y", y + 26.0).fill(Color::Ink).set("font-size", FONT).text(&count);
        remark(svg, x, y + 40.0, unit);
        x += column + STAGE_GAP;
    }
    if stages.is_empty() { top } else { y + STAGE_HEIGHT }
}

/// How wide the columns are.
struct Columns {
    indent: f64,
    formula: f64,
    /// The operations of the instruction that has most.
    most: u64,
}

impl Columns {
    fn of(rows: &[(usize, Row)]) -> Columns {
        let mut columns = Columns { indent: 0.0, formula: 120.0, most: 1 };
        for (depth, row) in rows {
            let indent = *depth as f64 * INDENT;
            columns.indent = columns.indent.max(indent);
            if let Row::Run(explained) = row {
                let formula = text::width(&explained.formula, FONT).min(LONGEST_FORMULA);
                columns.formula = columns.formula.max(formula);
                columns.most = columns.most.max(explained.operations);
            }
        }
        columns
    }

    fn width(&self) -> f64 {
        let operations = LONGEST_BAR + 6.0 + text::width(&thousands(self.most), SMALL);
        self.indent + SHAPE + GAP + self.formula + GAP + operations
    }

    fn draw(&self, svg: &mut Svg, explained: &Explained, x: f64, y: f64) {
        let color = color(&explained.kind);
        draw_loops(svg, &explained.loops, color, x + SHAPE / 2.0, y + ROW / 2.0);
        let formula = text::fitted(&explained.formula, FONT, LONGEST_FORMULA);
        let left = x + SHAPE + GAP;
        svg.tag("text").set("x", left).set("y", y + 13.0).fill(Color::Ink).set("font-size", FONT).text(&formula);
        remark(svg, left, y + 25.0, &format!("{} {}", explained.number, explained.kind));
        let left = MARGIN + self.indent + SHAPE + GAP + self.formula + GAP;
        let bar = LONGEST_BAR * explained.operations as f64 / self.most as f64;
        if explained.operations > 0 {
            let tag = svg.tag("rect").set("x", left).set("y", y + ROW / 2.0 - 5.0).set("width", bar.max(1.0));
            tag.set("height", 10.0).set("rx", 1.5).fill(color).empty();
            remark(svg, left + bar + 6.0, y + ROW / 2.0 + 4.0, &thousands(explained.operations));
        }
    }
}

/// Kinds of work, told apart at a glance.
fn color(kind: &str) -> Color {
    match kind {
        _ if kind.contains("derivative") => Color::Series(1),
        _ if kind.contains("product") => Color::Series(0),
        "copy" => Color::Quiet,
        "sum" | "addition" => Color::Series(5),
        _ => Color::Series(2),
    }
}

/// Loops as a line, a rectangle, or some of them, around a point.
fn draw_loops(svg: &mut Svg, loops: &[u32], color: Color, x: f64, y: f64) {
    let side = |trips: u32| (3.0 + 3.0 * f64::from(trips).log2()).min(LARGEST_SIDE);
    let (outer, [height, width]) = match *loops {
        [] => (0, [4.0, 4.0]),
        [only] => (0, [4.0, side(only)]),
        [.., rows, lanes] => (loops.len() - 2, [side(rows).min(ROW - 6.0), side(lanes)]),
    };
    // From the back to the front.
    for layer in (0..=outer).rev() {
        let shift = 3.0 * layer as f64;
        let tag = svg.tag("rect").set("x", x - width / 2.0 + shift).set("y", y - height / 2.0 - shift);
        let tag = tag.set("width", width).set("height", height).set("rx", 1.0);
        tag.fill(color).stroke(Color::Paper, 0.8).empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Program, Value};

    fn svg_of(function: impl FnOnce(&[Value]) -> Value) -> String {
        program(&Program::record(&[0.5; 40], function).unwrap().explain()).to_svg()
    }

    #[test]
    fn each_instruction_is_a_row() {
        let svg = svg_of(|x| (Value::dot(&x[..20], &x[20..]).exp() + 1.0).ln());
        for formula in ["v1 = x [20] . x [20], then exp", "v2 = 1 + v1", "v3 = ln(v2)"] {
            assert!(svg.contains(formula), "{formula}: {svg}");
        }
        assert!(svg.contains("1 dot product"), "{svg}");
    }

    #[test]
    fn what_passes_have_left_stands_above_the_rows() {
        let svg = svg_of(|x| Value::dot(&x[..20], &x[20..]).exp());
        let place = |text: &str| svg.find(&format!(">{text}</text>")).unwrap_or_else(|| panic!("{text}: {svg}"));
        let texts = ["record", "2", "nodes", "fuse", "1", "item", "v1 = x [20] . x [20], then exp"];
        assert!(texts.is_sorted_by_key(|text| place(text)), "{svg}");
        assert!(svg.contains("record: 2 nodes; slice: 2 nodes; fuse: 1 item;"), "{svg}");
    }

    #[test]
    fn turns_that_repeat_are_beside_their_rows() {
        let svg = svg_of(|x| x.iter().fold(x[0], |sum, number| (sum * *number).tanh()));
        assert!(svg.contains(" turns</text>"), "{svg}");
    }

    #[test]
    fn a_long_program_ends_with_a_remark() {
        let recorder = crate::program::Recorder::exact();
        let long = recorder.record(&[("x", &[0.5])], |x| (0..200).fold(x[0][0], |sum, _| sum.sin() + 1.0)).unwrap();
        let svg = program(&long.explain()).to_svg();
        assert!(svg.contains(&format!("and {} more rows", long.explain().instructions().len() - 120)), "{svg}");
    }
}
