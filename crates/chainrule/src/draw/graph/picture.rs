//! The picture of a graph: heading, legend, frames, edges, nodes, and what was folded.

use super::layers::Size;
use super::nesting::{Block, Blueprint, Frame, Layout, Padding};
use super::node::{self, Drawing, Look};
use super::sketch::{Count, Sketch};
use super::{Diagram, Direction, words};
use crate::draw::svg::{Svg, number};
use crate::draw::{Color, text};
use crate::tape::Kind;

const MARGIN: f64 = 20.0;
const TITLE_SIZE: f64 = 16.0;
/// Bold letters are so much wider.
const BOLD: f64 = 1.12;
const NOTE_SIZE: f64 = 12.0;
const FRAME_TITLE: f64 = 12.0;
/// Between a frame and what is in it.
const PADDING: f64 = 12.0;
/// The narrowest picture: headings and notes want room.
const LEAST_WIDTH: f64 = 300.0;
const LEGEND_ROW: f64 = 26.0;
/// A longer title does not make the picture wider.
const LONGEST_TITLE: f64 = 640.0;
const LONGEST_FRAME_TITLE: f64 = 260.0;

/// From here on edges are drawn thin and light.
const MANY_EDGES: usize = 150;

/// How far apart edges arrive at most, and less than what is a crowd.
const WIDEST_STEP: f64 = 12.0;
const CROWDED: f64 = 4.0;

/// The picture as SVG. With `is_live`, scripts can find the nodes, edges and numbers in it.
pub(super) fn svg(diagram: &Diagram, is_live: bool) -> String {
    let sketch = Sketch::new(&diagram.graph, diagram.limit);
    let drawings: Vec<Drawing> = sketch.items.iter().map(|item| Drawing::new(&diagram.graph, item, is_live)).collect();
    let direction = diagram.direction;
    let layout = Layout::new(&blueprint(&sketch, &drawings, direction));
    let graph_size = direction.point(layout.size.along, layout.size.across);
    let looks = looks(&drawings);
    let note = note(diagram, &sketch);
    let legend_width: f64 = looks.iter().map(|look| legend_entry(*look)).sum();
    let title_width = text::width(&diagram.title, TITLE_SIZE * BOLD).min(LONGEST_TITLE);
    let wanted = graph_size.0.max(legend_width.min(560.0)).max(title_width).max(LEAST_WIDTH);
    let width = (wanted + 2.0 * MARGIN).ceil();

    let mut content = Svg::new();
    let mut y = MARGIN;
    if !diagram.title.is_empty() {
        let title = text::fitted(&diagram.title, TITLE_SIZE * BOLD, width - 2.0 * MARGIN);
        let tag = content.tag("text").set("x", MARGIN).set("y", y + TITLE_SIZE - 2.0).fill(Color::Ink);
        tag.set("font-size", TITLE_SIZE).set("font-weight", "600").text(&title);
        y += TITLE_SIZE + 14.0;
    }
    if sketch.items.is_empty() {
        let tag = content.tag("text").set("x", MARGIN).set("y", y + node::FONT).fill(Color::Quiet);
        tag.text("There is no value to draw.");
        y += node::FONT + 8.0;
    }
    let left = MARGIN + (width - 2.0 * MARGIN - graph_size.0).max(0.0) / 2.0;
    content.tag("g").set("transform", format!("translate({} {})", number(left.round()), number(y))).open();
    draw_frames(&mut content, &sketch, &layout, direction);
    draw_edges(&mut content, &sketch, &drawings, &layout, direction, is_live);
    draw_frame_titles(&mut content, &sketch, &layout, direction);
    for (drawing, area) in drawings.iter().zip(&layout.blocks) {
        drawing.draw(&mut content, *area, direction);
    }
    content.end();
    y += graph_size.1 + 20.0;
    y = draw_legend(&mut content, &looks, y, width - 2.0 * MARGIN);
    for line in wrapped(&note, width - 2.0 * MARGIN) {
        let tag = content.tag("text").set("x", MARGIN).set("y", y + NOTE_SIZE).fill(Color::Quiet);
        tag.set("font-size", NOTE_SIZE).set("font-style", "italic").text(&line);
        y += NOTE_SIZE + 6.0;
    }
    let height = (y + MARGIN * 0.6).ceil();
    let mut svg = Svg::new();
    svg.tag("rect").set("width", width).set("height", height).fill(Color::Paper).empty();
    svg.append(content);
    let title = if diagram.title.is_empty() { "Graph" } else { &diagram.title };
    svg.document(width, height, title, &description(diagram, &sketch))
}

pub(super) fn blueprint(sketch: &Sketch, drawings: &[Drawing], direction: Direction) -> Blueprint {
    let block = |(item, drawing): (&super::sketch::Item, &Drawing)| Block {
        size: drawing.size(direction),
        is_leaf: drawing.is_leaf,
        frame: item.frame,
    };
    let frame = |frame: &super::sketch::Frame| {
        let title = text::width(&frame_title(&frame.title), FRAME_TITLE) + 4.0;
        let header = FRAME_TITLE + 10.0;
        match direction {
            Direction::LeftToRight => Frame {
                parent: frame.parent,
                least: Size { along: title, across: 0.0 },
                padding: Padding { before: PADDING, after: PADDING, above: header, below: PADDING },
            },
            Direction::TopDown => Frame {
                parent: frame.parent,
                least: Size { along: 0.0, across: title },
                padding: Padding { before: header + 4.0, after: PADDING, above: PADDING, below: PADDING },
            },
        }
    };
    let edges = sketch.items.iter().enumerate();
    Blueprint {
        blocks: sketch.items.iter().zip(drawings).map(block).collect(),
        frames: sketch.frames.iter().map(frame).collect(),
        edges: edges.flat_map(|(item, to)| to.operands.iter().map(move |from| (*from, item))).collect(),
    }
}

fn frame_title(title: &str) -> String {
    text::fitted(title, FRAME_TITLE, LONGEST_FRAME_TITLE)
}

fn draw_frames(svg: &mut Svg, sketch: &Sketch, layout: &Layout, direction: Direction) {
    for (frame, area) in sketch.frames.iter().zip(&layout.frames) {
        let (x, y) = direction.point(area.along, area.across);
        let (width, height) = direction.point(area.size.along, area.size.across);
        svg.tag("g").open();
        svg.tag("title").text(&frame.title);
        let tag = svg.tag("rect").set("x", x).set("y", y).set("width", width).set("height", height).set("rx", 8.0);
        tag.fill(Color::Grid).set("fill-opacity", 0.4).stroke(Color::Quiet, 1.0).set("stroke-opacity", 0.5).empty();
        svg.end();
    }
}

/// The names of frames, in front of the edges that run beneath them.
fn draw_frame_titles(svg: &mut Svg, sketch: &Sketch, layout: &Layout, direction: Direction) {
    for (frame, area) in sketch.frames.iter().zip(&layout.frames) {
        let (x, y) = direction.point(area.along, area.across);
        let tag = svg.tag("text").set("x", x + 9.0).set("y", y + FRAME_TITLE + 4.0).fill(Color::Quiet);
        let tag = tag.stroke(Color::Paper, 4.0).set("paint-order", "stroke").set("stroke-linejoin", "round");
        tag.set("font-size", FRAME_TITLE).set("font-weight", "600").text(&frame_title(&frame.title));
    }
}

fn draw_edges(
    svg: &mut Svg,
    sketch: &Sketch,
    drawings: &[Drawing],
    layout: &Layout,
    direction: Direction,
    is_live: bool,
) {
    // Many edges are a texture, and each should be less than a line.
    let is_crowd = layout.routes.len() > MANY_EDGES;
    let group = svg.tag("g").set("fill", "none").stroke(Color::Quiet, if is_crowd { 0.8 } else { 1.3 });
    group.set("stroke-opacity", if is_crowd { 0.5 } else { 1.0 }).set("stroke-linejoin", "round").open();
    let mut routes = layout.routes.iter();
    for (item, to) in sketch.items.iter().enumerate() {
        let routes: Vec<&Vec<(f64, f64)>> = routes.by_ref().take(to.operands.len()).collect();
        let entries = entries(&routes, drawings[item].entry_room());
        for (place, (route, entry)) in routes.iter().zip(entries).enumerate() {
            let mut tag = svg.tag("path").set("d", path(route, entry, direction));
            if is_live {
                tag = tag.set("data-edge", format!("{item}.{place}"));
            }
            tag.empty();
        }
    }
    svg.end();
}

/// Where an edge arrives, across from the middle of its node, and whether it has an arrowhead: in a crowd one is enough.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Entry {
    offset: f64,
    has_head: bool,
}

/// Spreads the edges that arrive at a node, in the order in which they come, so that none crosses another there.
fn entries(routes: &[&Vec<(f64, f64)>], room: f64) -> Vec<Entry> {
    let count = routes.len();
    let from = |edge: usize| routes[edge].iter().rev().nth(1).map_or(0.0, |point| point.1);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| from(*a).total_cmp(&from(*b)));
    let step = if count > 1 { (room / (count - 1) as f64).min(WIDEST_STEP) } else { 0.0 };
    let mut entries = vec![Entry::default(); count];
    for (place, &edge) in order.iter().enumerate() {
        entries[edge].offset = (place as f64 - (count - 1) as f64 / 2.0) * step;
        entries[edge].has_head = step >= CROWDED || place == count / 2 || count == 1;
    }
    entries
}

/// The path of an edge with its arrowhead.
fn path(route: &[(f64, f64)], entry: Entry, direction: Direction) -> String {
    let point = |(along, across): (f64, f64)| {
        let (x, y) = direction.point(along, across);
        format!("{} {}", number(x), number(y))
    };
    let [first, .., last] = route else { return String::new() };
    let mut route = route.to_vec();
    let length = route.len();
    // The way from the last bend leads to the entry; on a straight way the curve must fit into what there is.
    route[length - 1] = (last.0, last.1 + entry.offset);
    let mut path = format!("M{}", point(*first));
    for pair in route.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if from.1 == to.1 {
            path += &format!("L{}", point(to));
        } else {
            let middle = (from.0 + to.0) / 2.0;
            path += &format!("C{} {} {}", point((middle, from.1)), point((middle, to.1)), point(to));
        }
    }
    if entry.has_head {
        let (along, across) = route[length - 1];
        let [above, tip, below] = [(along - 6.0, across - 3.5), (along - 0.5, across), (along - 6.0, across + 3.5)];
        path += &format!("M{}L{}L{}", point(above), point(tip), point(below));
    }
    path
}

fn looks(drawings: &[Drawing]) -> Vec<Look> {
    let mut looks: Vec<Look> = drawings.iter().map(|drawing| drawing.look).collect();
    looks.sort_unstable();
    looks.dedup();
    looks
}

fn legend_entry(look: Look) -> f64 {
    node::SAMPLE + 7.0 + text::width(look.word(), NOTE_SIZE) + 18.0
}

/// Draws the legend in as many rows as it needs, and returns where it ends.
fn draw_legend(svg: &mut Svg, looks: &[Look], top: f64, room: f64) -> f64 {
    let (mut x, mut y) = (MARGIN, top);
    for look in looks {
        let width = legend_entry(*look);
        if x > MARGIN && x + width - 18.0 > MARGIN + room {
            (x, y) = (MARGIN, y + LEGEND_ROW);
        }
        let sample = node::sample(svg, *look, x, y + 8.0);
        let tag = svg.tag("text").set("x", x + sample + 7.0).set("y", y + 12.0).fill(Color::Quiet);
        tag.set("font-size", NOTE_SIZE).text(look.word());
        x += width;
    }
    if looks.is_empty() { top } else { y + LEGEND_ROW }
}

fn note(diagram: &Diagram, sketch: &Sketch) -> String {
    let parts = [diagram.note.clone(), sketch.folded.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The words in lines that are not wider than the room, if no word is.
fn wrapped(words: &str, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text::width(line, NOTE_SIZE) + text::width(word, NOTE_SIZE) + 4.0 <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(text::fitted(word, NOTE_SIZE, room)),
        }
    }
    lines
}

/// The graph in words, for those who cannot see it.
fn description(diagram: &Diagram, sketch: &Sketch) -> String {
    /// More formulas than this are no description any more.
    const MOST_FORMULAS: usize = 12;
    if let Some(description) = &diagram.description {
        return description.clone();
    }
    let graph = &diagram.graph;
    let mut count = Count::default();
    graph.nodes.iter().for_each(|node| count.add(node.kind));
    let counts = words::kinds(count);
    let mut words = match counts.is_empty() {
        true => "A graph without values.".to_string(),
        false => format!("A graph of {}.", counts.join(", ")),
    };
    let computed = (0..graph.nodes.len()).filter(|node| matches!(graph.nodes[*node].kind, Kind::Computed(_)));
    if sketch.folded.is_none() && computed.clone().count() <= MOST_FORMULAS {
        for node in computed {
            words += &format!(" {} = {}.", words::called(graph, node), words::made_by(graph, node));
        }
    }
    for result in graph.results.iter().take(MOST_FORMULAS) {
        let node = &graph.nodes[*result];
        words += &format!(" Result {}: {}.", node.name.as_deref().unwrap_or_default(), words::short(node.data));
    }
    if let Some(folded) = &sketch.folded {
        words += &format!(" {folded}");
    }
    words.replace("Result :", "Result:")
}

impl Direction {
    /// From along and across to x and y.
    fn point(self, along: f64, across: f64) -> (f64, f64) {
        match self {
            Direction::LeftToRight => (along, across),
            Direction::TopDown => (across, along),
        }
    }
}
