//! How the nodes of a graph look: a box with name, number and gradient, and before it, small and round, the operation
//! that made it. What a node is shows in the shape of its box, too, not in its colour alone.

use super::layers::Size;
use super::nesting::Area;
use super::sketch::{Face, Item};
use super::{Direction, words};
use crate::draw::svg::{Svg, Tag};
use crate::draw::{Color, text};
use crate::tape::{Graph, Kind};

pub(super) const FONT: f64 = 13.0;
/// The words "data" and "grad" beside the numbers.
const WORD: f64 = 10.0;
const HEIGHT: f64 = 28.0;
const PAD: f64 = 8.0;
/// A longer name is cut.
const LONGEST_NAME: f64 = 150.0;
/// The narrowest room for a number; where a script changes numbers, almost all must fit.
const NUMBER: f64 = 34.0;
const LIVE_NUMBER: f64 = 64.0;
/// Of the circle with the operation.
const RADIUS: f64 = 14.0;
/// Between the circle and the box.
const STEM: f64 = 12.0;
const LINE: f64 = 16.0;
/// How far the boxes behind a heap stick out.
const STACK: f64 = 4.0;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Parameter,
    Input,
    Constant,
    Intermediate,
    Result,
    Folded,
}

impl Look {
    pub fn word(self) -> &'static str {
        match self {
            Look::Parameter => "parameter",
            Look::Input => "input",
            Look::Constant => "constant",
            Look::Intermediate => "computed",
            Look::Result => "result",
            Look::Folded => "several in one",
        }
    }

    fn color(self) -> Color {
        match self {
            Look::Parameter => Color::Series(0),
            Look::Input => Color::Series(2),
            Look::Result => Color::Series(1),
            Look::Constant | Look::Intermediate | Look::Folded => Color::Quiet,
        }
    }

    fn fill(self) -> Color {
        match self {
            Look::Parameter => Color::Tint(0),
            Look::Input => Color::Tint(2),
            Look::Result => Color::Tint(1),
            Look::Constant | Look::Intermediate | Look::Folded => Color::Paper,
        }
    }
}

/// An item with all that is written on it.
pub(super) struct Drawing {
    pub look: Look,
    pub is_leaf: bool,
    /// The symbol in the circle, if there is one.
    symbol: Option<String>,
    cells: Cells,
    /// The whole story, for those who cannot see the picture and for those who point at it.
    title: String,
    node: Option<usize>,
    /// Whether scripts can find its parts and change its numbers.
    is_live: bool,
}

enum Cells {
    Node { name: String, data: String, grad: Option<String> },
    Heap { title: String, lines: Vec<String> },
}

impl Drawing {
    /// With `is_live`, scripts can find its parts and change its numbers.
    pub fn new(graph: &Graph, item: &Item, is_live: bool) -> Drawing {
        match &item.face {
            Face::Node(index) => Drawing::of_node(graph, *index, item.is_result, is_live),
            Face::Heap(heap) => {
                let lines = words::lines(heap);
                let title = [std::slice::from_ref(&heap.title), &lines].concat().join(", ");
                Drawing {
                    look: Look::Folded,
                    is_leaf: item.operands.is_empty() && heap.count.operations == 0,
                    symbol: None,
                    cells: Cells::Heap { title: text::fitted(&heap.title, FONT, LONGEST_NAME), lines },
                    title,
                    node: None,
                    is_live,
                }
            }
        }
    }

    fn of_node(graph: &Graph, index: usize, is_result: bool, is_live: bool) -> Drawing {
        let node = &graph.nodes[index];
        let look = match node.kind {
            Kind::Parameter => Look::Parameter,
            Kind::Input => Look::Input,
            Kind::Constant => Look::Constant,
            Kind::Computed(_) if is_result => Look::Result,
            Kind::Computed(_) => Look::Intermediate,
        };
        let name = node.name.clone().unwrap_or_default();
        let made_by = words::made_by(graph, index);
        let mut title = if name.is_empty() { String::new() } else { format!("{name}: ") };
        title += look.word();
        if !made_by.is_empty() {
            title += &format!(" as {made_by}");
        }
        // Numbers that a script changes are told by the script.
        if !is_live {
            title += &format!(", data {}", node.data);
        }
        if !is_live && look != Look::Constant {
            title += &format!(", grad {}", node.grad);
        }
        Drawing {
            look,
            is_leaf: node.operands.is_empty(),
            symbol: matches!(node.kind, Kind::Computed(_)).then(|| words::symbol(node)),
            cells: Cells::Node {
                name: text::fitted(&name, FONT, LONGEST_NAME),
                data: words::short(node.data),
                grad: (look != Look::Constant).then(|| words::short(node.grad)),
            },
            title,
            node: Some(index),
            is_live,
        }
    }

    pub fn size(&self, direction: Direction) -> Size {
        let (width, height) = self.box_size();
        let symbol = self.symbol_size();
        match (direction, symbol) {
            (Direction::LeftToRight, Some((symbol, _))) => Size { along: symbol + STEM + width, across: height },
            (Direction::LeftToRight, None) => Size { along: width, across: height },
            (Direction::TopDown, Some((symbol, _))) => {
                Size { along: 2.0 * RADIUS + STEM + height, across: width.max(symbol) }
            }
            (Direction::TopDown, None) => Size { along: height, across: width },
        }
    }

    /// How wide the room is, across, in which edges may arrive.
    pub fn entry_room(&self) -> f64 {
        match &self.symbol {
            Some(_) => RADIUS * 1.1,
            None => HEIGHT * 0.6,
        }
    }

    fn symbol_size(&self) -> Option<(f64, f64)> {
        let symbol = self.symbol.as_ref()?;
        Some(((text::width(symbol, FONT) + 14.0).max(2.0 * RADIUS), 2.0 * RADIUS))
    }

    fn box_size(&self) -> (f64, f64) {
        match &self.cells {
            Cells::Node { .. } => (self.widths().iter().sum::<f64>() + self.nose(), HEIGHT),
            Cells::Heap { title, lines } => {
                let widest = lines.iter().map(|line| text::width(line, FONT - 1.0));
                let widest = widest.fold(text::width(title, FONT) * 1.06, f64::max);
                (widest + 2.0 * PAD + STACK, 16.0 + LINE * (1 + lines.len()) as f64 + STACK - 4.0)
            }
        }
    }

    /// What the shape of the box takes beside its cells.
    fn nose(&self) -> f64 {
        match self.look {
            Look::Input => 9.0,
            Look::Parameter => 8.0,
            _ => 0.0,
        }
    }

    /// The widths of the cells for name, number and gradient; 0 where there is none.
    fn widths(&self) -> [f64; 3] {
        let Cells::Node { name, data, grad } = &self.cells else { return [0.0; 3] };
        let name = if name.is_empty() { 0.0 } else { text::width(name, FONT) * 1.06 + 2.0 * PAD };
        if self.look == Look::Constant {
            return [name, text::width(data, FONT) + 2.0 * PAD, 0.0];
        }
        let least = if self.is_live { LIVE_NUMBER } else { NUMBER };
        let cell =
            |word: &str, number: &str| text::width(word, WORD) + 5.0 + text::width(number, FONT).max(least) + 2.0 * PAD;
        [name, cell("data", data), grad.as_ref().map_or(0.0, |grad| cell("grad", grad))]
    }

    /// Draws the item into its area.
    pub fn draw(&self, svg: &mut Svg, area: Area, direction: Direction) {
        let mut group = svg.tag("g");
        if let Some(node) = self.node.filter(|_| self.is_live) {
            group = group.set("data-node", node.to_string());
        }
        group.open();
        svg.tag("title").text(&self.title);
        let (width, height) = self.box_size();
        let ((left, top), middle) = match direction {
            Direction::LeftToRight => {
                let left = area.along + self.symbol_size().map_or(0.0, |(symbol, _)| symbol + STEM);
                ((left, area.across), area.across + area.size.across / 2.0)
            }
            Direction::TopDown => {
                let top = area.along + self.symbol_size().map_or(0.0, |(_, symbol)| symbol + STEM);
                let middle = area.across + area.size.across / 2.0;
                ((middle - width / 2.0, top), middle)
            }
        };
        if let (Some(symbol), Some((wide, _))) = (&self.symbol, self.symbol_size()) {
            let (x, y) = match direction {
                Direction::LeftToRight => (area.along + wide / 2.0, middle),
                Direction::TopDown => (middle, area.along + RADIUS),
            };
            let stem = match direction {
                Direction::LeftToRight => format!("M{} {}h{STEM}", x + wide / 2.0, y),
                Direction::TopDown => format!("M{} {}v{STEM}", x, y + RADIUS),
            };
            svg.tag("path").set("d", stem).set("fill", "none").stroke(Color::Quiet, 1.3).empty();
            draw_symbol(svg, symbol, (x, y), wide);
        }
        self.draw_box(svg, (left, top), (width, height));
        svg.end();
    }

    fn draw_box(&self, svg: &mut Svg, (left, top): (f64, f64), (width, height): (f64, f64)) {
        outline(svg, self.look, (left, top), (width, height));
        match &self.cells {
            Cells::Node { name, data, grad } => {
                let [name_width, data_width, _] = self.widths();
                let base = top + height / 2.0 + FONT * 0.35;
                let start = left + if self.look == Look::Parameter { self.nose() / 2.0 } else { 0.0 };
                if !name.is_empty() {
                    let tag = svg.tag("text").set("x", start + name_width / 2.0).set("y", base);
                    tag.set("text-anchor", "middle").set("font-weight", "600").fill(Color::Ink).text(name);
                }
                let mut rules = String::new();
                let mut rule = |x: f64| rules += &format!("M{} {}v{}", x.round(), top + 5.0, height - 10.0);
                let data_start = start + name_width;
                if self.look == Look::Constant {
                    let tag = svg.tag("text").set("x", data_start + data_width / 2.0).set("y", base);
                    tag.set("text-anchor", "middle").fill(Color::Ink).text(data);
                } else {
                    if !name.is_empty() {
                        rule(data_start);
                    }
                    number_cell(svg, "data", data, (data_start, base), self.is_live);
                }
                if let Some(grad) = grad {
                    let grad_start = data_start + data_width;
                    rule(grad_start);
                    number_cell(svg, "grad", grad, (grad_start, base), self.is_live);
                }
                if !rules.is_empty() {
                    let tag = svg.tag("path").set("d", rules).set("fill", "none").stroke(self.look.color(), 1.0);
                    tag.set("stroke-opacity", 0.45).empty();
                }
            }
            Cells::Heap { title, lines } => {
                let middle = left + (width - STACK) / 2.0;
                let mut base = top + STACK + 8.0 + FONT;
                let tag = svg.tag("text").set("x", middle).set("y", base).set("text-anchor", "middle");
                tag.set("font-weight", "600").fill(Color::Ink).text(title);
                for line in lines {
                    base += LINE;
                    let tag = svg.tag("text").set("x", middle).set("y", base).set("text-anchor", "middle");
                    tag.set("font-size", FONT - 1.0).fill(Color::Quiet).text(line);
                }
            }
        }
    }
}

fn draw_symbol(svg: &mut Svg, symbol: &str, (x, y): (f64, f64), width: f64) {
    let tag = svg.tag("rect").set("x", x - width / 2.0).set("y", y - RADIUS).set("width", width);
    let tag = tag.set("height", 2.0 * RADIUS).set("rx", RADIUS).fill(Color::Grid).stroke(Color::Quiet, 1.3);
    tag.empty();
    let is_sign = symbol.chars().count() == 1;
    let size = if is_sign { FONT + 4.0 } else { FONT };
    let tag = svg.tag("text").set("x", x).set("y", y + size * if is_sign { 0.33 } else { 0.35 });
    tag.set("text-anchor", "middle").set("font-size", size).fill(Color::Ink).text(symbol);
}

fn number_cell(svg: &mut Svg, word: &str, number: &str, (start, base): (f64, f64), is_live: bool) {
    let tag = svg.tag("text").set("x", start + PAD).set("y", base).set("font-size", WORD).fill(Color::Quiet);
    tag.text(word);
    let tag = svg.tag("text").set("x", start + PAD + text::width(word, WORD) + 5.0).set("y", base).fill(Color::Ink);
    let tag = if is_live { tag.set("data-number", word) } else { tag };
    tag.text(number);
}

/// The outline of a box; its shape tells what it stands for.
fn outline(svg: &mut Svg, look: Look, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let rect = |svg: &mut Svg, inset: f64, radius: f64, style: &dyn Fn(Tag)| {
        let tag = svg.tag("rect").set("x", left + inset).set("y", top + inset).set("width", width - 2.0 * inset);
        style(tag.set("height", height - 2.0 * inset).set("rx", radius));
    };
    let (fill, line) = (look.fill(), look.color());
    match look {
        Look::Parameter => rect(svg, 0.0, height / 2.0, &|tag| tag.fill(fill).stroke(line, 1.8).empty()),
        Look::Input => {
            let (right, nose) = (left + width, 9.0);
            let path = format!(
                "M{left:.1} {top:.1}H{:.1}L{right:.1} {:.1}L{:.1} {:.1}H{left:.1}Z",
                right - nose,
                top + height / 2.0,
                right - nose,
                top + height
            );
            svg.tag("path").set("d", path).set("stroke-linejoin", "round").fill(fill).stroke(line, 1.5).empty();
        }
        Look::Constant => {
            rect(svg, 0.0, 3.0, &|tag| tag.fill(fill).stroke(line, 1.2).set("stroke-dasharray", "4 3").empty());
        }
        Look::Intermediate => rect(svg, 0.0, 4.0, &|tag| tag.fill(fill).stroke(line, 1.2).empty()),
        Look::Result => {
            rect(svg, -2.5, 6.5, &|tag| tag.fill(Color::Paper).stroke(line, 1.3).empty());
            rect(svg, 0.5, 4.0, &|tag| tag.fill(fill).stroke(line, 1.3).empty());
        }
        Look::Folded => {
            for layer in [1.0, 0.5, 0.0] {
                let tag = svg.tag("rect").set("x", left + layer * STACK).set("y", top + (1.0 - layer) * STACK);
                let tag = tag.set("width", width - STACK).set("height", height - STACK).set("rx", 4.0);
                tag.fill(fill).stroke(line, 1.2).empty();
            }
        }
    }
}

/// A small box of this look, for a legend; returns its width.
pub(super) fn sample(svg: &mut Svg, look: Look, left: f64, middle: f64) -> f64 {
    outline(svg, look, (left, middle - 8.0), (SAMPLE, 16.0));
    SAMPLE
}

pub(super) const SAMPLE: f64 = 30.0;
