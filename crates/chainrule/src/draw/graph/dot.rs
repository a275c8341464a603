//! Graphs in the language of Graphviz.

use std::fmt::Write;

use super::sketch::{Face, Item, Sketch};
use super::{Diagram, Direction, words};
use crate::tape::{Graph, Kind};

/// The graph as DOT text, with a cluster for each group.
pub(super) fn text(diagram: &Diagram) -> String {
    let sketch = Sketch::new(&diagram.graph, diagram.limit);
    let mut dot = Dot { text: String::new(), depth: 0 };
    dot.line("digraph {");
    dot.depth += 1;
    let direction = match diagram.direction {
        Direction::LeftToRight => "LR",
        Direction::TopDown => "TB",
    };
    dot.line(&format!("rankdir={direction};"));
    let label: Vec<&str> = [Some(diagram.title.as_str()), diagram.note.as_deref(), sketch.folded.as_deref()]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    if !label.is_empty() {
        dot.line(&format!("label={};", quoted(&label.join("\n"))));
    }
    dot.line("node [fontname=\"Helvetica\", fontsize=11];");
    dot.line("edge [arrowsize=0.7];");
    dot.clusters(&diagram.graph, &sketch);
    for (index, item) in sketch.items.iter().enumerate() {
        let to = if has_symbol(&diagram.graph, item) { format!("op{index}") } else { format!("n{index}") };
        item.operands.iter().for_each(|operand| dot.line(&format!("n{operand} -> {to};")));
    }
    dot.depth -= 1;
    dot.line("}");
    dot.text
}

struct Dot {
    text: String,
    depth: usize,
}

impl Dot {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{:width$}{line}", "", width = 2 * self.depth).expect("writing to a string");
    }

    /// All nodes, each in its cluster. Frames are entered and left without recursion: they may be nested deeply.
    fn clusters(&mut self, graph: &Graph, sketch: &Sketch) {
        let mut items_of: Vec<Vec<usize>> = vec![Vec::new(); sketch.frames.len() + 1];
        let mut frames_of: Vec<Vec<usize>> = vec![Vec::new(); sketch.frames.len() + 1];
        let outermost = sketch.frames.len();
        for (index, item) in sketch.items.iter().enumerate() {
            items_of[item.frame.unwrap_or(outermost)].push(index);
        }
        for (index, frame) in sketch.frames.iter().enumerate().rev() {
            frames_of[frame.parent.unwrap_or(outermost)].push(index);
        }
        enum Visit {
            Enter(usize),
            Leave,
        }
        let mut visits = vec![Visit::Enter(outermost)];
        while let Some(visit) = visits.pop() {
            let Visit::Enter(frame) = visit else {
                self.depth -= 1;
                self.line("}");
                continue;
            };
            if let Some(cluster) = sketch.frames.get(frame) {
                self.line(&format!("subgraph cluster_{frame} {{"));
                self.depth += 1;
                self.line(&format!("label={};", quoted(&cluster.title)));
                visits.push(Visit::Leave);
            }
            items_of[frame].iter().for_each(|item| self.node(graph, &sketch.items[*item], *item));
            visits.extend(frames_of[frame].iter().map(|inner| Visit::Enter(*inner)));
        }
    }

    fn node(&mut self, graph: &Graph, item: &Item, index: usize) {
        let (shape, label) = match &item.face {
            Face::Heap(heap) => {
                let lines = [vec![heap.title.clone()], words::lines(heap)].concat();
                ("shape=box3d", quoted(&lines.join("\n")))
            }
            Face::Node(node) => {
                let node = &graph.nodes[*node];
                let mut fields: Vec<String> = node.name.iter().filter(|name| !name.is_empty()).cloned().collect();
                fields.push(format!("data {}", words::short(node.data)));
                if node.kind != Kind::Constant {
                    fields.push(format!("grad {}", words::short(node.grad)));
                }
                let shape = match node.kind {
                    Kind::Parameter => "shape=box, style=rounded, penwidth=2",
                    Kind::Input => "shape=cds",
                    Kind::Constant => "shape=box, style=dashed",
                    Kind::Computed(_) if item.is_result => "shape=box, peripheries=2",
                    Kind::Computed(_) => "shape=box",
                };
                (shape, quoted(&fields.join(" | ")))
            }
        };
        self.line(&format!("n{index} [{shape}, label={label}];"));
        if let Face::Node(node) = &item.face
            && has_symbol(graph, item)
        {
            self.line(&format!("op{index} [shape=circle, margin=0, label={}];", quoted(&graph.nodes[*node].label())));
            self.line(&format!("op{index} -> n{index};"));
        }
    }
}

fn has_symbol(graph: &Graph, item: &Item) -> bool {
    matches!(item.face, Face::Node(node) if matches!(graph.nodes[node].kind, Kind::Computed(_)))
}

/// A quoted string. A backslash would begin an escape sequence, so it is doubled; new lines are `\n`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            character if character.is_control() => quoted.push('\u{fffd}'),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
