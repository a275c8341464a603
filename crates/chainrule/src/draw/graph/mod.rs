//! Pictures of graphs: what values were made of.

mod dot;
mod fold;
mod layers;
mod nesting;
mod node;
mod picture;
mod sketch;
mod steps;
mod straighten;
mod words;

#[cfg(test)]
mod tests;

use crate::Value;
use crate::tape::Graph;

pub use steps::backward_steps;

/// With more nodes than this, a graph is folded.
pub const LIMIT: usize = 400;

/// A picture of what these values were made of, from left to right, folded where it has more than [`LIMIT`] nodes.
///
/// ```
/// use chainrule::{Value, draw};
///
/// let [a, b, c] = [("a", 2.0), ("b", -3.0), ("c", 10.0)].map(|(name, data)| Value::new(data).named(name));
/// let d = (a * b + c).named("d");
/// d.backward();
/// let svg = draw::graph(&[d]).title("d = a * b + c").to_svg();
/// assert!(svg.starts_with("<svg"));
/// ```
///
/// # Panics
///
/// If one of the values is stale.
#[track_caller]
pub fn graph(values: &[Value]) -> Diagram {
    Diagram::new(Graph::of(values))
}

/// A picture of a graph: plain data that is drawn by [`to_svg`](Diagram::to_svg) or written for Graphviz by
/// [`to_dot`](Diagram::to_dot).
///
/// A value is a box with its name, its number and its gradient; before it stands, small and round, the operation that
/// made it. Groups ([`tape::group`](crate::tape::group())) are boxes around what was recorded in them; a leaf stands in the
/// innermost one that holds all of its users.
///
/// A graph of more nodes than `limit` is folded, and the picture says so. Groups become one box each, and those of one
/// name that do not depend on each other, such as the passes of many rows through one layer, one box together; inner
/// groups first, until what is left stays within the limit (and twice as many edges). What is outside of groups is folded
/// by operation and depth. If that is not enough, what is nearest to the result is shown, and one box stands for the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagram {
    /// The heading.
    pub title: String,
    /// What the picture shows, for those who cannot see it; without one, nodes are counted and small graphs told.
    pub description: Option<String>,
    /// A small remark under the picture.
    pub note: Option<String>,
    /// What is drawn.
    pub graph: Graph,
    /// Where the edges lead.
    pub direction: Direction,
    /// The largest number of nodes that are drawn one by one.
    pub limit: usize,
}

/// Where the edges of a graph lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Results are at the right.
    #[default]
    LeftToRight,
    /// Results are at the bottom.
    TopDown,
}

impl Diagram {
    /// A picture of this graph, from left to right.
    pub fn new(graph: Graph) -> Diagram {
        let direction = Direction::default();
        Diagram { title: String::new(), description: None, note: None, graph, direction, limit: LIMIT }
    }

    /// Sets the heading.
    pub fn title(self, title: impl Into<String>) -> Diagram {
        Diagram { title: title.into(), ..self }
    }

    /// Sets what the picture shows, for those who cannot see it.
    pub fn description(self, description: impl Into<String>) -> Diagram {
        Diagram { description: Some(description.into()), ..self }
    }

    /// Sets the remark under the picture.
    pub fn note(self, note: impl Into<String>) -> Diagram {
        Diagram { note: Some(note.into()), ..self }
    }

    /// Sets where the edges lead.
    pub fn direction(self, direction: Direction) -> Diagram {
        Diagram { direction, ..self }
    }

    /// Sets the largest number of nodes that are drawn one by one.
    pub fn limit(self, limit: usize) -> Diagram {
        Diagram { limit, ..self }
    }

    /// The picture as an SVG document.
    pub fn to_svg(&self) -> String {
        picture::svg(self, false)
    }

    /// The graph in the language of [Graphviz](https://graphviz.org/doc/info/lang.html), folded as in the picture.
    pub fn to_dot(&self) -> String {
        dot::text(self)
    }
}
