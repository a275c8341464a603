//! What a picture of a graph shows: its nodes or, where there are too many, what they are folded into; without places.

use std::collections::{BTreeMap, HashMap};

use super::fold;
use crate::tape::{Graph, Kind, Node};

/// What stands in a picture of a graph.
pub(super) struct Sketch {
    pub items: Vec<Item>,
    /// Boxes around items; outer ones before inner ones.
    pub frames: Vec<Frame>,
    /// What was folded, in words; none if nothing was.
    pub folded: Option<String>,
}

pub(super) struct Item {
    pub face: Face,
    /// Where the operands are among the items. One may come twice.
    pub operands: Vec<usize>,
    pub frame: Option<usize>,
    /// Whether what was asked for is here.
    pub is_result: bool,
}

/// What an item stands for.
pub(super) enum Face {
    /// The node with this index.
    Node(usize),
    /// Many nodes.
    Heap(Heap),
}

/// Nodes that are folded into one item.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Heap {
    /// Such as the name of their group.
    pub title: String,
    /// How often what the title tells is in here.
    pub times: usize,
    pub count: Count,
    /// Whether all are of the kind that the title tells.
    pub is_alike: bool,
    /// The number of the result, if one is among them.
    pub result: Option<f64>,
}

/// How many of what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub operations: usize,
    pub parameters: usize,
    pub inputs: usize,
    pub constants: usize,
}

pub(super) struct Frame {
    pub title: String,
    pub parent: Option<usize>,
}

impl Sketch {
    /// The graph with at most about `limit` items.
    pub fn new(graph: &Graph, limit: usize) -> Sketch {
        if graph.nodes.len() <= limit { Sketch::whole(graph) } else { fold::folded(graph, limit) }
    }

    /// Each node is an item and each group a frame.
    pub fn whole(graph: &Graph) -> Sketch {
        let mut is_result = vec![false; graph.nodes.len()];
        graph.results.iter().for_each(|result| is_result[*result] = true);
        let mut homes: Vec<Option<usize>> = graph.nodes.iter().map(|node| node.group).collect();
        for (leaf, home) in homes_of_leaves(graph, |node| graph.nodes[node].group, |group| graph.groups[group].parent) {
            homes[leaf] = home;
        }
        let mut items: Vec<Item> = (0..graph.nodes.len())
            .map(|node| Item {
                face: Face::Node(node),
                operands: graph.nodes[node].operands.clone(),
                frame: homes[node],
                is_result: is_result[node],
            })
            .collect();
        let parents: Vec<Option<usize>> = graph.groups.iter().map(|group| group.parent).collect();
        let frame_of = keep_used(&mut items, &parents);
        let mut frames: Vec<(usize, Frame)> = frame_of
            .iter()
            .map(|(&group, &frame)| {
                let group = &graph.groups[group];
                let parent = group.parent.map(|parent| frame_of[&parent]);
                (frame, Frame { title: group.name.clone(), parent })
            })
            .collect();
        frames.sort_by_key(|(frame, _)| *frame);
        Sketch { items, frames: frames.into_iter().map(|(_, frame)| frame).collect(), folded: None }
    }

    pub fn edges(&self) -> usize {
        self.items.iter().map(|item| item.operands.len()).sum()
    }
}

/// Numbers the frames that hold something anew, and returns the new number of each.
pub(super) fn keep_used(items: &mut [Item], parents: &[Option<usize>]) -> BTreeMap<usize, usize> {
    let mut is_used = vec![false; parents.len()];
    for item in items.iter() {
        let mut around = item.frame;
        while let Some(frame) = around.filter(|frame| !is_used[*frame]) {
            is_used[frame] = true;
            around = parents[frame];
        }
    }
    let used = (0..parents.len()).filter(|frame| is_used[*frame]);
    let number: BTreeMap<usize, usize> = used.enumerate().map(|(number, frame)| (frame, number)).collect();
    items.iter_mut().for_each(|item| item.frame = item.frame.map(|frame| number[&frame]));
    number
}

/// The innermost home that holds all users of a leaf, for each leaf that is used.
pub(super) fn homes_of_leaves(
    graph: &Graph,
    home_of: impl Fn(usize) -> Option<usize>,
    parent_of: impl Fn(usize) -> Option<usize>,
) -> HashMap<usize, Option<usize>> {
    let mut homes: HashMap<usize, Option<usize>> = HashMap::new();
    let around = |home: Option<usize>| {
        let mut homes: Vec<usize> = std::iter::successors(home, |home| parent_of(*home)).collect();
        homes.reverse();
        homes
    };
    for (user, node) in graph.nodes.iter().enumerate() {
        let home = home_of(user);
        for &operand in node.operands.iter().filter(|operand| is_leaf(&graph.nodes[**operand])) {
            homes
                .entry(operand)
                .and_modify(|so_far| {
                    if *so_far != home {
                        let (a, b) = (around(*so_far), around(home));
                        *so_far = a.iter().zip(&b).take_while(|(a, b)| a == b).last().map(|(home, _)| *home);
                    }
                })
                .or_insert(home);
        }
    }
    homes
}

pub(super) fn is_leaf(node: &Node) -> bool {
    !matches!(node.kind, Kind::Computed(_))
}

impl Count {
    pub fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Parameter => self.parameters += 1,
            Kind::Input => self.inputs += 1,
            Kind::Constant => self.constants += 1,
            Kind::Computed(_) => self.operations += 1,
        }
    }
}
