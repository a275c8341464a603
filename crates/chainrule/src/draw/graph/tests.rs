//! Whole pictures of graphs: what they show, where it stands, what is folded, and that they survive any graph.

use proptest::prelude::*;

use super::nesting::{Area, Layout};
use super::node::Drawing;
use super::sketch::{Face, Sketch};
use super::*;
use crate::draw::tests::{checked, texts};
use crate::nn::{self, Activation, Initializer, Mlp};
use crate::tape::{Group, Kind, Node};
use crate::{Op, rng, tape};

fn named<const N: usize>(inputs: [(&str, f64); N]) -> [Value; N] {
    inputs.map(|(name, data)| Value::new(data).named(name))
}

fn a_times_b_plus_c() -> Value {
    let [a, b, c] = named([("a", 2.0), ("b", -3.0), ("c", 10.0)]);
    let d = (a * b + c).named("d");
    d.backward();
    d
}

fn shows(svg: &str, text: &str) -> usize {
    texts(svg).iter().filter(|shown| *shown == text).count()
}

/// The loss of rows of a half moon in a network of three layers.
fn moons(rows: u32) -> Value {
    let model = Mlp::with(2, &[16, 16, 1], Activation::Relu, Initializer::He, &mut rng(1));
    let scores =
        (0..rows).map(|row| f64::from(row) / 10.0).map(|x| model.forward(&[x.cos(), x.sin()].map(Value::new))[0]);
    let scores: Vec<Value> = scores.collect();
    let labels: Vec<f64> = (0..rows).map(|row| if row % 2 == 0 { 1.0 } else { -1.0 }).collect();
    nn::squared_error(&scores, &labels).named("loss")
}

/// A sine of a cosine of a sine and so on.
fn chain(length: usize) -> Graph {
    let node = |index: usize| Node {
        kind: if index == 0 { Kind::Input } else { Kind::Computed([Op::Sin, Op::Cos][index % 2]) },
        operands: index.checked_sub(1).into_iter().collect(),
        exponent: None,
        data: 0.5,
        grad: 0.0,
        name: None,
        group: None,
    };
    Graph { nodes: (0..length).map(node).collect(), results: vec![length - 1], groups: Vec::new() }
}

#[test]
fn a_node_shows_its_name_number_and_gradient() {
    let svg = graph(&[a_times_b_plus_c()]).title("d = a * b + c").to_svg();
    for text in ["d = a * b + c", "a", "b", "c", "d", "*", "+", "−6", "10", "4"] {
        assert_eq!(shows(&svg, text), 1, "{text}");
    }
    assert_eq!((shows(&svg, "data"), shows(&svg, "grad")), (5, 5));
    assert_eq!(shows(&svg, "−3"), 2, "the number of b and the gradient of a");
}

#[test]
fn full_numbers_and_formulas_stand_in_the_text_alternatives() {
    let [x] = named([("x", 0.881_373_587_019_543)]);
    let svg = graph(&[x.tanh().named("o")]).to_svg();
    let document = checked(&svg);
    let is_title = |node: &roxmltree::Node| node.tag_name().name() == "title";
    let titles: Vec<&str> = document.descendants().filter(is_title).filter_map(|node| node.text()).collect();
    assert!(titles.contains(&"x: input, data 0.881373587019543, grad 0"), "{titles:?}");
    let description = document.descendants().find(|node| node.tag_name().name() == "desc").unwrap().text().unwrap();
    assert!(description.contains("1 operation, 1 input") && description.contains("o = tanh(x)"), "{description}");
}

#[test]
fn a_shared_node_appears_once_and_each_use_is_an_edge() {
    let [a] = named([("a", 3.0)]);
    let diagram = graph(&[(a + a) * a]);
    assert_eq!(shows(&diagram.to_svg(), "a"), 1);
    let edges = picture::svg(&diagram, true).matches("data-edge=").count();
    assert_eq!(edges, 4, "a + a has two, the product two");
}

#[test]
fn two_edges_from_one_node_to_another_take_different_ways() {
    let [a] = named([("a", 3.0)]);
    let svg = picture::svg(&graph(&[a + a]), true);
    let document = checked(&svg);
    let paths: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_attribute("data-edge"))
        .filter_map(|node| node.attribute("d"))
        .collect();
    assert!(paths.len() == 2 && paths[0] != paths[1], "{paths:?}");
}

#[test]
fn the_legend_tells_what_occurs() {
    let w = Value::parameter(0.5).named("w");
    let [x] = named([("x", 1.0)]);
    let svg = graph(&[(w * x + 2.0).tanh()]).to_svg();
    for word in ["parameter", "input", "constant", "computed", "result"] {
        assert_eq!(shows(&svg, word), 1, "{word}");
    }
    assert_eq!(shows(&svg, "several in one"), 0);
    assert_eq!(shows(&graph(&[x.sin()]).to_svg(), "constant"), 0);
}

#[test]
fn what_is_no_number_is_shown_as_such() {
    let x = Value::new(-1.0);
    let svg = graph(&[x.sqrt(), x / 0.0, Value::new(f64::INFINITY)]).to_svg();
    assert_eq!([shows(&svg, "NaN"), shows(&svg, "−∞"), shows(&svg, "∞")], [1, 1, 1]);
}

#[test]
fn nothing_a_constant_or_a_leaf_alone_gives_a_picture() {
    assert_eq!(shows(&graph(&[]).to_svg(), "There is no value to draw."), 1);
    assert_eq!(shows(&graph(&[Value::constant(3.0)]).to_svg(), "3"), 1);
    assert_eq!(shows(&graph(&[Value::new(2.5).named("x")]).to_svg(), "2.5"), 1);
    for diagram in [graph(&[]), graph(&[Value::constant(3.0)])] {
        checked(&diagram.limit(0).direction(Direction::TopDown).to_svg());
    }
}

#[test]
fn equal_graphs_are_equal_files() {
    let draw = || (graph(&[moons(3)]).to_svg(), graph(&[moons(3)]).to_dot());
    assert_eq!(draw(), draw());
}

#[test]
fn a_leaf_stands_in_the_innermost_group_that_holds_its_users() {
    let [own, shared, outside] = named([("own", 1.0), ("shared", 2.0), ("outside", 3.0)]);
    let sum = tape::group("outer", || {
        let a = tape::group("first", || own * shared * outside);
        let b = tape::group("second", || shared.exp());
        a + b
    });
    let result = graph(&[sum * outside]);
    let sketch = Sketch::whole(&result.graph);
    let home = |name: &str| {
        let is_named = |node: usize| result.graph.nodes[node].name.as_deref() == Some(name);
        let item = sketch.items.iter().find(|item| matches!(item.face, Face::Node(node) if is_named(node))).unwrap();
        item.frame.map(|frame| sketch.frames[frame].title.as_str())
    };
    assert_eq!([home("own"), home("shared"), home("outside")], [Some("first"), Some("outer"), None]);
    for title in ["outer", "first", "second"] {
        assert_eq!(shows(&result.to_svg(), title), 1);
    }
}

#[test]
fn rows_of_a_batch_are_folded_into_one() {
    let diagram = graph(&[moons(100)]);
    let svg = diagram.clone().limit(50).to_svg();
    for text in ["layer 1", "layer 2", "layer 3", "squared error", "272 parameters", "200 inputs"] {
        assert_eq!(shows(&svg, text), 1, "{text}");
    }
    assert_eq!(shows(&svg, "100 times"), 3);
    let nodes = words::thousands(diagram.graph.nodes.len());
    assert!(texts(&svg).iter().any(|text| text.contains(&format!("Folded from {nodes} nodes"))));
}

#[test]
fn groups_are_unfolded_as_deep_as_the_limit_allows() {
    let diagram = graph(&[moons(100)]);
    let svg = diagram.to_svg();
    assert_eq!([shows(&svg, "layer 2, 100 times"), shows(&svg, "neuron 16")], [1, 2]);
    let sketch = Sketch::new(&diagram.graph, LIMIT);
    assert!(sketch.items.len() <= LIMIT && sketch.edges() <= 2 * LIMIT);
}

#[test]
fn every_node_is_counted_once_when_folded() {
    for limit in [1, 10, 100, 1000] {
        let diagram = graph(&[moons(50)]);
        let count = |face: &Face| match face {
            Face::Node(_) => 1,
            Face::Heap(heap) => heap.count.nodes(),
        };
        let sketch = Sketch::new(&diagram.graph, limit);
        assert_eq!(sketch.items.iter().map(|item| count(&item.face)).sum::<usize>(), diagram.graph.nodes.len());
    }
}

#[test]
fn steps_that_depend_on_each_other_are_not_folded_into_one() {
    let mut state = Value::new(0.5);
    let weight = Value::parameter(0.9).named("w");
    for _ in 0..5 {
        state = tape::group("cell", || (state * weight).tanh());
    }
    let svg = graph(&[state]).limit(8).to_svg();
    assert_eq!(shows(&svg, "cell"), 5);
    assert_eq!(shows(&svg, "w"), 1);
}

#[test]
fn equal_operations_outside_of_groups_are_folded_by_depth() {
    let sum: Value = (0..500).map(|i| Value::new(f64::from(i)).sin().exp()).sum();
    let svg = graph(&[sum]).to_svg();
    assert_eq!([shows(&svg, "500 inputs"), shows(&svg, "sin"), shows(&svg, "exp")], [1, 1, 1]);
    assert_eq!(shows(&svg, "500 times"), 2);
}

#[test]
fn equal_operations_in_a_row_are_one_box() {
    let (x, w) = (Value::new(0.5).named("x"), Value::parameter(0.9).named("w"));
    let sum = (0..500).fold(x, |sum, _| sum + (w * 2.0).tanh()) * 3.0;
    let svg = graph(&[sum]).to_svg();
    let counts = [shows(&svg, "+"), shows(&svg, "tanh"), shows(&svg, "*"), shows(&svg, "500 times")];
    assert_eq!(counts, [1, 1, 2, 3], "the sum, the tangents, the products before them and the one behind");
    // A row that is used on its way is none.
    let mut steps = vec![x];
    (0..500).for_each(|i| steps.push(steps[i] * w));
    let svg = graph(&[Value::sum(&steps)]).limit(10).to_svg();
    assert!(texts(&svg).iter().any(|text| text.contains("nearest to the result")));
}

#[test]
fn a_chain_of_a_million_shows_its_end_and_does_not_recurse() {
    let draw = || Diagram::new(chain(1_000_000)).limit(20).to_svg();
    let svg = std::thread::Builder::new().stack_size(256 << 10).spawn(draw).unwrap().join().unwrap();
    assert_eq!([shows(&svg, "the rest"), shows(&svg, "sin"), shows(&svg, "cos")], [1, 9, 10]);
    assert_eq!(shows(&svg, "999,980 operations"), 1);
    assert!(texts(&svg).iter().any(|text| text.contains("nearest to the result")));
}

#[test]
fn dot_text_can_be_read_back() {
    let quotes = Value::new(1.0).named("\"quotes\" \\ and\nlines");
    let loss = tape::group("a \"group\"", || tape::group("inner", || quotes.sin()) * 2.0);
    let diagrams = [graph(&[a_times_b_plus_c(), loss]), graph(&[moons(100)]), graph(&[])];
    for diagram in diagrams {
        let dot = diagram.title("title").direction(Direction::TopDown).to_dot();
        let parsed = layout::gv::DotParser::new(&dot).process();
        assert!(parsed.is_ok(), "{}\n{dot}", parsed.err().unwrap_or_default());
    }
}

#[test]
fn dot_text_has_a_cluster_for_each_group_and_an_edge_for_each_use() {
    let [a] = named([("a", 1.0)]);
    let dot = graph(&[tape::group("g", || a * a)]).to_dot();
    assert_eq!(dot.matches("subgraph cluster_").count(), 1);
    assert_eq!(dot.matches("n0 -> op1;").count(), 2);
    assert_eq!(dot.matches("op1 -> n1;").count(), 1);
}

/// The areas of all items and frames of a graph, and its sketch.
fn laid_out(graph: &Graph, direction: Direction) -> (Sketch, Layout) {
    let sketch = Sketch::whole(graph);
    let drawings: Vec<Drawing> = sketch.items.iter().map(|item| Drawing::new(graph, item, false)).collect();
    let layout = Layout::new(&picture::blueprint(&sketch, &drawings, direction));
    (sketch, layout)
}

fn overlap(a: &Area, b: &Area) -> bool {
    let apart = |a: f64, a_size: f64, b: f64, b_size: f64| a + a_size <= b + 1e-6 || b + b_size <= a + 1e-6;
    !apart(a.along, a.size.along, b.along, b.size.along) && !apart(a.across, a.size.across, b.across, b.size.across)
}

fn contains(outer: &Area, inner: &Area) -> bool {
    outer.along <= inner.along
        && outer.across <= inner.across
        && inner.along + inner.size.along <= outer.along + outer.size.along
        && inner.across + inner.size.across <= outer.across + outer.size.across
}

/// Points on the way of an edge, curves included.
fn points(route: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let curve = |pair: &[(f64, f64)]| {
        let (from, to) = (pair[0], pair[1]);
        (0..=16).map(f64::from).map(move |i| i / 16.0).map(move |t| {
            let along = [from.0, (from.0 + to.0) / 2.0, (from.0 + to.0) / 2.0, to.0];
            let across = [from.1, from.1, to.1, to.1];
            let weights = [(1.0 - t).powi(3), 3.0 * t * (1.0 - t).powi(2), 3.0 * t * t * (1.0 - t), t.powi(3)];
            let at = |places: [f64; 4]| places.iter().zip(weights).map(|(place, weight)| place * weight).sum::<f64>();
            (at(along), at(across))
        })
    };
    route.windows(2).flat_map(curve).collect::<Vec<_>>()
}

fn assert_nothing_is_in_the_way(graph: &Graph, direction: Direction) {
    let (sketch, layout) = laid_out(graph, direction);
    let is_in = |item: usize, frame: usize| {
        let around = |frame: &usize| sketch.frames[*frame].parent;
        std::iter::successors(sketch.items[item].frame, around).any(|around| around == frame)
    };
    for (item, area) in layout.blocks.iter().enumerate() {
        for (other, other_area) in layout.blocks.iter().enumerate().skip(item + 1) {
            assert!(!overlap(area, other_area), "{item} overlaps {other}");
        }
        for (frame, frame_area) in layout.frames.iter().enumerate() {
            match is_in(item, frame) {
                true => assert!(contains(frame_area, area), "{item} sticks out of {frame}"),
                false => assert!(!overlap(frame_area, area), "{item} is in {frame}"),
            }
        }
    }
    let edges =
        sketch.items.iter().enumerate().flat_map(|(to, item)| item.operands.iter().map(move |from| (*from, to)));
    for ((from, to), route) in edges.zip(&layout.routes) {
        for (along, across) in points(route) {
            let point = Area {
                along: along - 0.5,
                across: across - 0.5,
                size: super::layers::Size { along: 1.0, across: 1.0 },
            };
            let hit = (0..layout.blocks.len())
                .find(|item| ![from, to].contains(item) && overlap(&layout.blocks[*item], &point));
            assert_eq!(hit, None, "the edge from {from} to {to} runs through");
        }
    }
}

#[test]
fn boxes_hold_their_members_alone_and_edges_run_around_nodes() {
    let graphs = [a_times_b_plus_c(), moons(2)].map(|value| Graph::of(&[value]));
    for graph in graphs.iter().chain([&chain(60)]) {
        for direction in [Direction::LeftToRight, Direction::TopDown] {
            assert_nothing_is_in_the_way(graph, direction);
        }
    }
}

/// Graphs with nested groups, as the tape could have recorded them.
fn any_graph() -> impl Strategy<Value = Graph> {
    let node = (prop::collection::vec(any::<prop::sample::Index>(), 0..4), 0..6_u8, any::<f64>(), any::<bool>());
    prop::collection::vec(node, 1..40).prop_map(|nodes| {
        let mut graph = Graph { nodes: Vec::new(), results: Vec::new(), groups: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        for (index, (operands, event, data, is_named)) in nodes.into_iter().enumerate() {
            match event {
                0 => {
                    graph.groups.push(Group { name: format!("group {index}"), parent: open.last().copied() });
                    open.push(graph.groups.len() - 1);
                }
                1 => drop(open.pop()),
                _ => {}
            }
            let operands: Vec<usize> =
                if index == 0 { Vec::new() } else { operands.iter().map(|operand| operand.index(index)).collect() };
            graph.nodes.push(Node {
                kind: if operands.is_empty() { Kind::Parameter } else { Kind::Computed(Op::Sum) },
                operands,
                exponent: None,
                data,
                grad: -data,
                name: is_named.then(|| format!("name {index}")),
                group: open.last().copied(),
            });
        }
        graph.results = vec![graph.nodes.len() - 1];
        graph
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_graph_is_laid_out_without_anything_in_the_way(graph in any_graph(), top_down in any::<bool>()) {
        assert_nothing_is_in_the_way(&graph, if top_down { Direction::TopDown } else { Direction::LeftToRight });
    }

    #[test]
    fn any_graph_can_be_drawn_and_folded(graph in any_graph(), limit in 0..50_usize) {
        let diagram = Diagram::new(graph).limit(limit);
        checked(&diagram.to_svg());
        prop_assert!(layout::gv::DotParser::new(&diagram.to_dot()).process().is_ok());
    }

    #[test]
    fn any_name_comes_through(name in any::<String>()) {
        let x = Value::new(1.0).named(&name);
        let y = tape::group(name.clone(), || x.sin().named(&name));
        let diagram = graph(&[y]).title(&name).note(&name);
        checked(&diagram.to_svg());
        prop_assert!(diagram.to_steps().is_ok());
    }
}
