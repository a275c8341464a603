//! Pages that walk through a graph: forward node by node, then backward edge by edge.

mod record;

use super::{Diagram, graph, picture, words};
use crate::draw::svg::escape;
use crate::{Error, Result, Value};

/// A page that shows, step by step, how this value was computed and what [`backward`](Value::backward) does with it: one
/// self-contained HTML file, for a browser.
///
/// Forward, each number appears as it is computed. Backward, each edge is a step: the local derivative, the gradient that
/// comes in, their product, and the `+=` on the operand. All gradients start at 0; those of the values themselves stay as
/// they are. The page has buttons, a slider and keys (left and right, space to play, Home and End); with `#step=12` or
/// `#end` in the address it opens there.
///
/// [`Diagram::to_steps`] does the same with a heading and other settings.
///
/// ```
/// use chainrule::{Value, draw};
///
/// let a = Value::new(3.0).named("a");
/// let page = draw::backward_steps(&(a + a).named("b"))?;
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
///
/// If the graph has more than [`LIMIT`](super::LIMIT) nodes.
///
/// # Panics
///
/// If the value is stale.
#[track_caller]
pub fn backward_steps(value: &Value) -> Result<String> {
    graph(&[*value]).to_steps()
}

impl Diagram {
    /// A page that walks through the graph, as [`backward_steps`] describes.
    ///
    /// # Errors
    ///
    /// If the graph has more nodes than `limit`, or not exactly one result.
    pub fn to_steps(&self) -> Result<String> {
        let nodes = self.graph.nodes.len();
        if nodes > self.limit {
            let expected = format!("at most {} nodes, or a higher limit", words::thousands(self.limit));
            return Err(Error::argument("graph to walk through step by step", expected, words::thousands(nodes)));
        }
        let [result] = self.graph.results[..] else {
            let found = self.graph.results.len();
            return Err(Error::argument("results of a graph to walk through step by step", "one", found));
        };
        let (recording, grads) = record::record(&self.graph, result);
        let mut diagram = self.clone();
        for (node, grad) in diagram.graph.nodes.iter_mut().zip(grads) {
            node.grad = grad;
        }
        let title = match self.title.as_str() {
            "" => "Backward, step by step",
            title => title,
        };
        // The heading of the page is above the picture: it needs no second one.
        diagram.title.clear();
        let recording = serde_json::to_string(&recording).expect("a recording is plain data");
        Ok(format!(
            include_str!("page.html"),
            title = escape(title),
            style = include_str!("page.css"),
            picture = picture::svg(&diagram, true),
            // Nothing in it may end the script element.
            recording = recording.replace('<', "\\u003c"),
            script = include_str!("page.js"),
        ))
    }
}
