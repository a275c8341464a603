//! Folding a graph that is too large to show: groups become one item each, and so do occurrences of a group that do not
//! depend on each other, equal operations side by side or in a row, and leaves with the same users.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::sketch::{Count, Face, Frame, Heap, Item, Sketch, homes_of_leaves, is_leaf, keep_used};
use super::words;
use crate::tape::{Graph, Kind, Node};

/// How many edges there may be for each node that may be.
const EDGES_PER_ITEM: usize = 2;

/// A node with more operands has one edge from each item, however often that is used.
const MOST_USES: usize = 4;

/// The graph with groups folded, as few as will do.
pub(super) fn folded(graph: &Graph, limit: usize) -> Sketch {
    let levels = Levels::new(graph);
    for level in (1..=levels.deepest).rev() {
        let sketch = levels.fold(level);
        if sketch.items.len() <= limit && sketch.edges() <= limit * EDGES_PER_ITEM {
            return sketch;
        }
    }
    let sketch = levels.fold(levels.deepest.min(1));
    if sketch.items.len() <= limit { sketch } else { nearest(sketch, limit.max(2)) }
}

/// How deep groups are nested. The outermost are at level 1.
struct Levels<'a> {
    graph: &'a Graph,
    level_of: Vec<usize>,
    deepest: usize,
}

/// What is one at some level: a group of that level, or a node in none.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Group(usize),
    Node(usize),
}

impl<'a> Levels<'a> {
    fn new(graph: &'a Graph) -> Levels<'a> {
        let mut level_of: Vec<usize> = Vec::with_capacity(graph.groups.len());
        for group in &graph.groups {
            level_of.push(group.parent.map_or(1, |parent| level_of[parent] + 1));
        }
        let used = graph.nodes.iter().filter_map(|node| node.group).map(|group| level_of[group]);
        Levels { graph, deepest: used.max().unwrap_or(0), level_of }
    }

    /// For each group its ancestor at this level, if there is one: itself, where it is of this level.
    fn ancestors(&self, level: usize) -> Vec<Option<usize>> {
        let mut ancestors = Vec::with_capacity(self.level_of.len());
        for (index, group) in self.graph.groups.iter().enumerate() {
            ancestors.push(match self.level_of[index].cmp(&level) {
                std::cmp::Ordering::Less => None,
                std::cmp::Ordering::Equal => Some(index),
                std::cmp::Ordering::Greater => group.parent.and_then(|parent| ancestors[parent]),
            });
        }
        ancestors
    }

    /// The longest way from a leaf to each group of a level and to each node, where the groups are one thing each. What
    /// is equally deep does not depend on each other.
    fn depths(&self, level: usize) -> (Vec<u32>, Vec<u32>) {
        let ancestors = self.ancestors(level);
        let unit = |node: usize| {
            let ancestor = self.graph.nodes[node].group.and_then(|group| ancestors[group]);
            ancestor.map_or(Unit::Node(node), Unit::Group)
        };
        let mut of_groups = vec![0; self.graph.groups.len()];
        let mut of_nodes = vec![0; self.graph.nodes.len()];
        for (index, node) in self.graph.nodes.iter().enumerate().filter(|(_, node)| !is_leaf(node)) {
            let own = unit(index);
            let mut depth = 1;
            for &operand in node.operands.iter().filter(|operand| !is_leaf(&self.graph.nodes[**operand])) {
                depth = depth.max(match unit(operand) {
                    other if other == own => 0,
                    Unit::Group(group) => of_groups[group] + 1,
                    Unit::Node(node) => of_nodes[node] + 1,
                });
            }
            let so_far: &mut u32 = match own {
                Unit::Group(group) => &mut of_groups[group],
                Unit::Node(node) => &mut of_nodes[node],
            };
            *so_far = depth.max(*so_far);
        }
        (of_groups, of_nodes)
    }

    /// Folds the groups of this level, and what is alike outside of them.
    fn fold(&self, level: usize) -> Sketch {
        let graph = self.graph;
        // Groups are alike if they are equally deep, have one name and are in groups that are alike.
        let mut kinds = Numbering::default();
        let mut kind_of: Vec<Option<usize>> = vec![None; graph.groups.len()];
        let mut depth_of_nodes = Vec::new();
        for at in 1..=level.max(1) {
            let (of_groups, of_nodes) = self.depths(at);
            depth_of_nodes = of_nodes;
            for (index, group) in graph.groups.iter().enumerate().filter(|(index, _)| self.level_of[*index] == at) {
                let parent = group.parent.and_then(|parent| kind_of[parent]);
                kind_of[index] = Some(kinds.number((parent, group.name.as_str(), of_groups[index])));
            }
        }
        let mut times = vec![0; kinds.all.len()];
        kind_of.iter().flatten().for_each(|kind| times[*kind] += 1);
        let parents: Vec<Option<usize>> = kinds.all.iter().map(|(parent, ..)| *parent).collect();
        let ancestors = self.ancestors(level);
        let is_folded: HashSet<usize> = ancestors.iter().flatten().filter_map(|group| kind_of[*group]).collect();

        let home_of = |node: usize| {
            let group = graph.nodes[node].group?;
            kind_of[ancestors[group].unwrap_or(group)]
        };
        let homes_of_leaves = homes_of_leaves(graph, home_of, |kind| parents[kind]);
        let home = |node: usize| {
            if is_leaf(&graph.nodes[node]) { homes_of_leaves.get(&node).copied().flatten() } else { home_of(node) }
        };
        let is_result: HashSet<usize> = graph.results.iter().copied().collect();
        let depth_of_nodes = depths_of_rows(graph, depth_of_nodes, &is_result, home);
        let mut heaps = Numbering::default();
        let heap_of: Vec<usize> = (0..graph.nodes.len())
            .map(|index| {
                let node = &graph.nodes[index];
                heaps.number(match home(index) {
                    Some(kind) if is_folded.contains(&kind) => Alike::Group(kind),
                    home if is_result.contains(&index) => Alike::Only { node: index, home },
                    home => {
                        Alike::Nodes { kind: node.kind, exponent: node.exponent, home, depth: depth_of_nodes[index] }
                    }
                })
            })
            .collect();
        self.heap_up(&heaps.all, &heap_of, |kind| (kinds.all[kind].1.to_string(), times[kind]), &parents)
    }

    fn heap_up(
        &self,
        heaps: &[Alike],
        heap_of: &[usize],
        group: impl Fn(usize) -> (String, usize),
        parents: &[Option<usize>],
    ) -> Sketch {
        let graph = self.graph;
        let mut counts = vec![Count::default(); heaps.len()];
        let mut operands: Vec<Vec<usize>> = vec![Vec::new(); heaps.len()];
        let mut first = vec![usize::MAX; heaps.len()];
        let mut seen = HashSet::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            let heap = heap_of[index];
            counts[heap].add(node.kind);
            first[heap] = first[heap].min(index);
            let others = node.operands.iter().map(|operand| heap_of[*operand]).filter(|other| *other != heap);
            operands[heap].extend(others.filter(|other| seen.insert((*other, heap))));
        }
        let results: HashMap<usize, usize> = graph.results.iter().map(|result| (heap_of[*result], *result)).collect();
        let mut items = Vec::new();
        for (index, (alike, operands)) in heaps.iter().zip(operands).enumerate() {
            let count = counts[index];
            let (frame, face) = match alike {
                Alike::Group(kind) => {
                    let (title, times) = group(*kind);
                    let result = results.get(&index).map(|result| graph.nodes[*result].data);
                    (parents[*kind], Face::Heap(Heap { title, times, count, is_alike: false, result }))
                }
                Alike::Only { node, home } => (*home, Face::Node(*node)),
                Alike::Nodes { home, .. } if count.nodes() == 1 => (*home, Face::Node(first[index])),
                Alike::Nodes { home, .. } => (*home, Face::Heap(words::alike(&graph.nodes[first[index]], count))),
            };
            items.push(Item { face, operands, frame, is_result: results.contains_key(&index) });
        }
        // A node that stands alone shows each use of an operand, as far as one can follow them.
        for item in &mut items {
            if let Face::Node(node) = item.face
                && graph.nodes[node].operands.len() <= MOST_USES
            {
                item.operands = graph.nodes[node].operands.iter().map(|operand| heap_of[*operand]).collect();
            }
        }
        let frame_of = keep_used(&mut items, parents);
        let mut frames: Vec<(usize, Frame)> = frame_of
            .iter()
            .map(|(kind, number)| {
                let (name, times) = group(*kind);
                let parent = parents[*kind].map(|parent| frame_of[&parent]);
                (*number, Frame { title: words::times(&name, times), parent })
            })
            .collect();
        frames.sort_by_key(|(number, _)| *number);
        let folded = words::folded(graph.nodes.len(), heaps.iter().any(|heap| matches!(heap, Alike::Group(_))));
        Sketch { items, frames: frames.into_iter().map(|(_, frame)| frame).collect(), folded: Some(folded) }
    }
}

/// The depth of each node, but that an operation which only feeds one like it has the depth of that: so operations in a
/// row, as `sum = sum + x` again and again makes them, count as equally deep. What leaves such a row leaves it at its end,
/// so that what is equally deep still does not lead out of itself and back.
fn depths_of_rows(
    graph: &Graph,
    mut depths: Vec<u32>,
    is_result: &HashSet<usize>,
    home: impl Fn(usize) -> Option<usize>,
) -> Vec<u32> {
    let mut uses = vec![0_u32; graph.nodes.len()];
    graph.nodes.iter().flat_map(|node| &node.operands).for_each(|operand| uses[*operand] += 1);
    for (index, node) in graph.nodes.iter().enumerate().rev().filter(|(_, node)| !is_leaf(node)) {
        let kind = |node: &Node| (node.kind, node.exponent);
        for &operand in &node.operands {
            let is_in_a_row = uses[operand] == 1 && kind(&graph.nodes[operand]) == kind(node);
            if is_in_a_row && !is_result.contains(&operand) && home(operand) == home(index) {
                depths[operand] = depths[index];
            }
        }
    }
    depths
}

/// What nodes that become one item have in common.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Alike {
    /// A kind of group.
    Group(usize),
    /// What they are, where, and how deep.
    Nodes { kind: Kind, exponent: Option<i32>, home: Option<usize>, depth: u32 },
    /// Nothing: it is a node that stands alone.
    Only { node: usize, home: Option<usize> },
}

/// Gives equal things the same number, from 0 on.
struct Numbering<T> {
    number_of: HashMap<T, usize>,
    all: Vec<T>,
}

impl<T> Default for Numbering<T> {
    fn default() -> Self {
        Numbering { number_of: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbering<T> {
    fn number(&mut self, thing: T) -> usize {
        *self.number_of.entry(thing).or_insert_with_key(|thing| {
            self.all.push(thing.clone());
            self.all.len() - 1
        })
    }
}

/// The last computed items with what goes into them, and one that stands for the rest.
fn nearest(sketch: Sketch, limit: usize) -> Sketch {
    let Sketch { items, .. } = sketch;
    let is_computed = |item: &Item| !item.operands.is_empty();
    let mut is_kept = vec![false; items.len()];
    let mut room = limit - 1;
    let computed_from_the_end =
        (0..items.len()).rev().filter(|index| is_computed(&items[*index]) || items[*index].is_result);
    for index in computed_from_the_end {
        let leaves =
            items[index].operands.iter().filter(|operand| !is_computed(&items[**operand]) && !is_kept[**operand]);
        let leaves: HashSet<usize> = leaves.copied().collect();
        if leaves.len() + 1 > room {
            break;
        }
        room -= leaves.len() + 1;
        is_kept[index] = true;
        leaves.into_iter().for_each(|leaf| is_kept[leaf] = true);
    }
    let mut rest = Count::default();
    let mut number = vec![0; items.len()];
    let mut kept = 0;
    for (index, item) in items.iter().enumerate() {
        if is_kept[index] {
            kept += 1;
            number[index] = kept;
        } else {
            match &item.face {
                Face::Heap(heap) => rest.add_all(heap.count),
                Face::Node(_) if is_computed(item) => rest.operations += 1,
                Face::Node(_) => rest.inputs += 1,
            }
        }
    }
    let heap = Heap { title: "the rest".to_string(), times: 1, count: rest, is_alike: false, result: None };
    let mut shown = vec![Item { face: Face::Heap(heap), operands: Vec::new(), frame: None, is_result: false }];
    for (index, item) in items.into_iter().enumerate().filter(|(index, _)| is_kept[*index]) {
        let mut seen_rest = false;
        let mut operands: Vec<usize> = item.operands.iter().map(|operand| number[*operand]).collect();
        operands.retain(|operand| *operand != 0 || !std::mem::replace(&mut seen_rest, true));
        debug_assert!(number[index] == shown.len());
        shown.push(Item { operands, frame: None, ..item });
    }
    Sketch { items: shown, frames: Vec::new(), folded: sketch.folded.map(|folded| words::with_a_rest(&folded)) }
}

impl Count {
    pub(super) fn nodes(&self) -> usize {
        self.operations + self.parameters + self.inputs + self.constants
    }

    fn add_all(&mut self, other: Count) {
        self.operations += other.operations;
        self.parameters += other.parameters;
        self.inputs += other.inputs;
        self.constants += other.constants;
    }
}
