//! Numbers and counts in words, as pictures of graphs show them.

use super::sketch::{Count, Heap};
use crate::tape::{Graph, Kind, Node};

/// A number with four significant digits.
pub(super) fn short(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_string();
    }
    let magnitude = number.abs();
    let digits = if number.is_infinite() {
        "∞".to_string()
    } else if magnitude == 0.0 {
        "0".to_string()
    } else if (1e-3..1e6).contains(&magnitude) {
        let decimals = (3.0 - magnitude.log10().floor()).clamp(0.0, 6.0) as usize;
        let text = format!("{magnitude:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
    } else {
        let text = format!("{magnitude:.3e}");
        match text.split_once('e') {
            Some((digits, exponent)) => {
                format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.')).replace("e-", "e−")
            }
            None => text,
        }
    };
    if number < 0.0 { format!("−{digits}") } else { digits }
}

/// A count with its thousands apart.
pub(super) fn thousands(count: usize) -> String {
    crate::text::thousands(count as u64)
}

/// `1 input` or `200 inputs`.
fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {one}s", thousands(count)) }
}

/// A name, and how often if more than once.
pub(super) fn times(name: &str, times: usize) -> String {
    if times > 1 { format!("{name}, {} times", thousands(times)) } else { name.to_string() }
}

/// What is in a heap, a line each.
pub(super) fn lines(heap: &Heap) -> Vec<String> {
    let times = (heap.times > 1).then(|| format!("{} times", thousands(heap.times)));
    let kinds = if heap.is_alike { Vec::new() } else { kinds(heap.count) };
    let result = heap.result.map(|result| format!("result {}", short(result)));
    times.into_iter().chain(kinds).chain(result).collect()
}

/// How many of what, but for what there is none of.
pub(super) fn kinds(Count { operations, parameters, inputs, constants }: Count) -> Vec<String> {
    let kinds = [(operations, "operation"), (parameters, "parameter"), (inputs, "input"), (constants, "constant")];
    kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, one)| counted(count, one)).collect()
}

/// Many nodes that are like this one.
pub(super) fn alike(node: &Node, count: Count) -> Heap {
    let (title, times) = match node.kind {
        Kind::Parameter => (counted(count.parameters, "parameter"), 1),
        Kind::Input => (counted(count.inputs, "input"), 1),
        Kind::Constant => (counted(count.constants, "constant"), 1),
        Kind::Computed(_) => (symbol(node), count.operations),
    };
    Heap { title, times, count, is_alike: true, result: None }
}

/// The symbol of the operation, with a minus that looks like one.
pub(super) fn symbol(node: &Node) -> String {
    node.label().replace('-', "−")
}

/// What was done to a graph that is too large to show.
pub(super) fn folded(nodes: usize, has_groups: bool) -> String {
    let how = if has_groups {
        "each group is one box, together with those of the same name that do not depend on it"
    } else {
        "equal operations side by side or in a row are one box"
    };
    format!("Folded from {} nodes: {how}.", thousands(nodes))
}

pub(super) fn with_a_rest(folded: &str) -> String {
    format!("{folded} Only what is nearest to the result is shown.")
}

/// How a node was made: `a * b`, or nothing for what was not computed.
pub(super) fn made_by(graph: &Graph, node: usize) -> String {
    let this = &graph.nodes[node];
    let Kind::Computed(op) = this.kind else { return String::new() };
    let called = |operand: usize| called(graph, operand);
    match (this.operands.as_slice(), op.row().name) {
        ([x], _) if this.exponent.is_some() => format!("{}{}", called(*x), this.label()),
        ([x], "neg") => format!("−{}", called(*x)),
        ([a, b], "add" | "sub" | "mul" | "div" | "rem" | "powf" | "less" | "equal") => {
            format!("{} {} {}", called(*a), symbol(this), called(*b))
        }
        (operands, _) => {
            const MOST: usize = 6;
            let mut list: Vec<String> = operands.iter().take(MOST).map(|operand| called(*operand)).collect();
            if operands.len() > MOST {
                list.push(format!("… {} in all", operands.len()));
            }
            format!("{}({})", this.label(), list.join(", "))
        }
    }
}

/// The name of a node or, without one, its number.
pub(super) fn called(graph: &Graph, node: usize) -> String {
    match &graph.nodes[node].name {
        Some(name) if !name.is_empty() => name.clone(),
        _ => short(graph.nodes[node].data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_significant_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (2.0, "2"),
            (-3.0, "−3"),
            (138.833_819, "138.8"),
            (0.707_149, "0.7071"),
            (0.001_234_56, "0.001235"),
            (123_456.0, "123456"),
            (1e6, "1e6"),
            (-1.234_56e-9, "−1.235e−9"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
            (f64::NAN, "NaN"),
        ];
        for (number, text) in cases {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
