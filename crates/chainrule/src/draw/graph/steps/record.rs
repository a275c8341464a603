//! What happens forward and backward in a graph, step by step: texts and numbers, ready to be shown.

use serde::Serialize;

use super::super::words::{called, made_by, short, symbol};
use crate::op::Op;
use crate::tape::{Graph, Kind};

/// A walk through a graph.
#[derive(Serialize)]
pub(super) struct Recording {
    /// The numbers that are known from the start.
    known: Vec<Change>,
    steps: Vec<Step>,
}

/// One step: what it tells, where it happens, and the numbers that are new after it.
#[derive(Serialize)]
struct Step {
    phase: &'static str,
    /// What happens, in a few words.
    heading: String,
    /// The calculation, a line each: what it is, how it comes about, and the number.
    lines: Vec<[String; 3]>,
    /// The node that the step is about.
    node: Option<usize>,
    /// The operand that receives, and its place among the operands: the edge that is walked back.
    operand: Option<(usize, usize)>,
    changes: Vec<Change>,
}

/// A number that becomes known.
#[derive(Serialize)]
struct Change {
    node: usize,
    /// `data` or `grad`.
    what: &'static str,
    short: String,
    exact: String,
}

impl Change {
    fn new(node: usize, what: &'static str, number: f64) -> Change {
        Change { node, what, short: short(number), exact: number.to_string() }
    }
}

/// Walks through a graph, and returns the gradients at the end, too.
pub(super) fn record(graph: &Graph, result: usize) -> (Recording, Vec<f64>) {
    let is_computed = |node: &usize| matches!(graph.nodes[*node].kind, Kind::Computed(_));
    let nodes = 0..graph.nodes.len();
    let known = nodes.clone().filter(|node| !is_computed(node));
    let known = known.map(|node| Change::new(node, "data", graph.nodes[node].data)).collect();
    let mut steps = vec![Step {
        phase: "start",
        heading: "The numbers that go in are known.".into(),
        lines: Vec::new(),
        node: None,
        operand: None,
        changes: Vec::new(),
    }];
    steps.extend(nodes.clone().filter(is_computed).map(|node| forward(graph, node)));

    let mut grads = vec![0.0; graph.nodes.len()];
    grads[result] = 1.0;
    steps.push(beginning(graph, result, &grads));
    for node in nodes.rev().filter(is_computed) {
        backward(graph, node, &mut grads, &mut steps);
    }
    (Recording { known, steps }, grads)
}

fn forward(graph: &Graph, node: usize) -> Step {
    let this = &graph.nodes[node];
    let numbers: Vec<String> = this.operands.iter().map(|operand| short(graph.nodes[*operand].data)).collect();
    Step {
        phase: "forward",
        heading: format!("{} computes {}.", operation(graph, node), target(graph, node, "its result")),
        lines: vec![[target(graph, node, "data"), made_by(graph, node), short(this.data)]]
            .into_iter()
            .chain((numbers.len() <= 2).then(|| ["from".into(), String::new(), numbers.join(" and ")]))
            .collect(),
        node: Some(node),
        operand: None,
        changes: vec![Change::new(node, "data", this.data)],
    }
}

fn beginning(graph: &Graph, result: usize, grads: &[f64]) -> Step {
    let name = target(graph, result, "the result");
    Step {
        phase: "backward",
        heading: format!("Backward begins at {name}: its gradient is 1, all others are 0."),
        lines: vec![[format!("grad of {name}"), "how much the result changes with itself".into(), "1".into()]],
        node: Some(result),
        operand: None,
        changes: (0..graph.nodes.len()).map(|node| Change::new(node, "grad", grads[node])).collect(),
    }
}

/// Passes the gradient of a node on to its operands, a step each.
fn backward(graph: &Graph, node: usize, grads: &mut [f64], steps: &mut Vec<Step>) {
    let incoming = grads[node];
    let name = target(graph, node, &format!("the result of {}", operation(graph, node)));
    let step = |heading: String, lines: Vec<[String; 3]>| Step {
        phase: "backward",
        heading,
        lines,
        node: Some(node),
        operand: None,
        changes: Vec::new(),
    };
    if incoming == 0.0 {
        let heading = format!("The gradient of {name} is 0: {} has nothing to pass on.", operation(graph, node));
        steps.push(step(heading, vec![["gradient coming in".into(), format!("grad of {name}"), "0".into()]]));
        return;
    }
    let partials = graph.partials(node);
    for (place, (&operand, &partial)) in graph.nodes[node].operands.iter().zip(&partials).enumerate() {
        if graph.nodes[operand].kind == Kind::Constant {
            continue;
        }
        // As the engine does: an infinite gradient does not pass through a derivative of 0.
        let product = if incoming.is_infinite() && partial == 0.0 { 0.0 } else { partial * incoming };
        let before = grads[operand];
        grads[operand] += product;
        let receiver = target(graph, operand, "an operand");
        let lines = vec![
            ["local derivative".into(), local_derivative(graph, node, place), short(partial)],
            ["× gradient coming in".into(), format!("grad of {name}"), short(incoming)],
            ["= product".into(), format!("{} × {}", short(partial), signed(incoming)), short(product)],
            [
                format!("grad of {receiver} += product"),
                format!("{} + {}", short(before), signed(product)),
                short(grads[operand]),
            ],
        ];
        steps.push(Step {
            operand: Some((operand, place)),
            changes: vec![Change::new(operand, "grad", grads[operand])],
            ..step(format!("From {name} back through {} to {receiver}.", operation(graph, node)), lines)
        });
    }
}

/// A number behind another sign.
fn signed(number: f64) -> String {
    if number.is_sign_negative() && number != 0.0 { format!("({})", short(number)) } else { short(number) }
}

fn operation(graph: &Graph, node: usize) -> String {
    symbol(&graph.nodes[node])
}

/// The name of a node, or these words and its number.
fn target(graph: &Graph, node: usize, words: &str) -> String {
    match &graph.nodes[node].name {
        Some(name) if !name.is_empty() => name.clone(),
        _ => words.to_string(),
    }
}

/// `∂e/∂b = a`, as far as there are names and the rule can be told.
fn local_derivative(graph: &Graph, node: usize, place: usize) -> String {
    let operand = graph.nodes[node].operands[place];
    let name = |node: usize| graph.nodes[node].name.as_deref().filter(|name| !name.is_empty());
    let derivative = name(node).zip(name(operand)).map(|(node, operand)| format!("∂{node}/∂{operand}"));
    let parts = [derivative, rule(graph, node, place)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" = ")
}

/// The local derivative in symbols, as the table of operations has it, with the names of this node and its operands.
fn rule(graph: &Graph, node: usize, place: usize) -> Option<String> {
    let this = &graph.nodes[node];
    let Kind::Computed(op) = this.kind else { return None };
    let row = op.row();
    match op {
        Op::Powi => return Some(power_rule(&called(graph, this.operands[0]), this.exponent?)),
        Op::Sum => return Some("each term of a sum counts once".into()),
        Op::Mean => return Some(format!("1 / {}", this.operands.len())),
        Op::Dot => return Some(dot_rule(graph, node, place)),
        Op::Lookup => return Some(if place == 0 { "0" } else { "1 for what was chosen, else 0" }.into()),
        _ => {}
    }
    let formula = row.partials.get(place).filter(|_| row.operands.len() == this.operands.len())?;
    let is_plain = !formula.contains(['{', '[']) && !formula.contains("select") && !formula.contains("is_");
    let name = |word: &str| match row.operands.iter().position(|operand| *operand == word) {
        Some(place) => called(graph, this.operands[place]),
        None if word == "y" => called(graph, node),
        None => word.to_string(),
    };
    is_plain.then(|| in_names(&without_methods(formula), name))
}

fn power_rule(base: &str, exponent: i32) -> String {
    match exponent {
        0 => "0".into(),
        1 => "1".into(),
        2 => format!("2 * {base}"),
        _ => format!("{} * {base}^{}", short(exponent.into()), short((i64::from(exponent) - 1) as f64)),
    }
}

/// The operands of a dot product are one list, then the other, then the number that the sum starts from, if any.
fn dot_rule(graph: &Graph, node: usize, place: usize) -> String {
    let operands = &graph.nodes[node].operands;
    let length = operands.len() / 2;
    match place {
        _ if place == 2 * length => "each term of a sum counts once".into(),
        _ if place < length => format!("the factor beside it, {}", called(graph, operands[place + length])),
        _ => format!("the factor beside it, {}", called(graph, operands[place - length])),
    }
}

/// A formula of the table as one writes it elsewhere: `sin(x)` for `x.sin()`, and `1 / x` for `x.recip()`.
fn without_methods(formula: &str) -> String {
    let mut text = formula.to_string();
    let is_method = |text: &str, dot: usize| text[dot + 1..].starts_with(|letter: char| letter.is_ascii_alphabetic());
    while let Some((dot, _)) = text.match_indices('.').find(|(dot, _)| is_method(&text, *dot)) {
        let start = operand_start(&text[..dot]);
        let Some((method, arguments)) = text[dot + 1..].split_once('(') else { break };
        let length = arguments.len() - behind_parenthesis(arguments).len();
        let (operand, arguments) = (&text[start..dot], &arguments[..length - 1]);
        let end = dot + 1 + method.len() + 1 + length;
        let plain = operand.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(operand);
        let written = match (method, arguments) {
            ("recip", _) => format!("1 / {operand}"),
            (_, "") => format!("{method}({plain})"),
            _ => format!("{method}({plain}, {arguments})"),
        };
        text.replace_range(start..end, &written);
    }
    text
}

/// Where the name, the call or the parenthesis begins that a text ends with.
fn operand_start(text: &str) -> usize {
    let mut depth = 0;
    let is_outside = |letter: char| {
        depth += i32::from(letter == ')') - i32::from(letter == '(');
        depth < 0 || (depth == 0 && !(letter.is_alphanumeric() || "_(".contains(letter)))
    };
    text.rfind(is_outside).map_or(0, |before| before + 1)
}

/// What stands behind the parenthesis that was opened just before a text.
fn behind_parenthesis(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    });
    end.map_or("", |end| &text[end + 1..])
}

/// A formula of the table with other names in it, and constants as plain numbers.
fn in_names(formula: &str, name: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for character in formula.chars().chain([' ']) {
        if character.is_alphanumeric() || character == '_' || (character == '.' && word.parse::<u32>().is_ok()) {
            word.push(character);
            continue;
        }
        let is_method = text.ends_with('.') || character == '(';
        text += &if is_method { std::mem::take(&mut word) } else { name(&std::mem::take(&mut word)) };
        text.push(character);
    }
    without_constants(text.trim())
}

/// `c(1.0)` is how the table writes 1.
fn without_constants(formula: &str) -> String {
    let mut text = String::new();
    let mut rest = formula;
    while let Some((before, after)) = rest.split_once("c(") {
        let is_constant = !before.ends_with(|end: char| end.is_alphanumeric());
        match after.split_once(')').filter(|_| is_constant) {
            Some((constant, after)) => {
                let constant = constant.trim();
                text += before;
                text += &constant.parse().map_or_else(|_| known_constant(constant).to_string(), short);
                rest = after;
            }
            None => {
                text += before;
                text += "c(";
                rest = after;
            }
        }
    }
    text + rest
}

/// A constant of Rust as one writes it elsewhere.
fn known_constant(name: &str) -> &str {
    match name {
        "LOG2_E" => "log2(e)",
        "LOG10_E" => "log10(e)",
        "FRAC_2_SQRT_PI" => "2 / sqrt(pi)",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_written_as_in_mathematics() {
        let written = |formula: &str| in_names(&without_methods(formula), str::to_string);
        for (formula, text) in [
            ("b.recip()", "1 / b"),
            ("-x.sin()", "-sin(x)"),
            ("-(a / b).trunc()", "-trunc(a / b)"),
            ("(y + y).recip()", "1 / (y + y)"),
            ("-((-x + c(1.0)) * (x + c(1.0))).sqrt().recip()", "-1 / sqrt((-x + 1) * (x + 1))"),
            ("((x - c(1.0)).sqrt() * (x + c(1.0)).sqrt()).recip()", "1 / (sqrt(x - 1) * sqrt(x + 1))"),
            ("x.hypot(c(1.0)).recip()", "1 / hypot(x, 1)"),
            ("x.recip() * c(LOG2_E)", "1 / x * log2(e)"),
            ("-a.equal(y) + c(1.0)", "-equal(a, y) + 1"),
        ] {
            assert_eq!(written(formula), text);
        }
    }
}
