//! Laying out one level of a graph in columns, each edge pointing from a column to a later one.
//!
//! `rust-sugiyama` chooses the order within the columns and first places across them. Columns are ours: an edge that passes
//! one gets a bend there, a place of its own between the cells, so that it runs through none of them. Curves happen
//! between the columns only.
//!
//! "Along" is the direction in which the graph flows, "across" the other one.

use std::collections::BTreeMap;

use rust_sugiyama::configure::{Config, RankingType};
use rust_sugiyama::from_vertices_and_edges;

use super::straighten;

/// Between neighbours in a column.
const SPACING: f64 = 14.0;
/// The room that a bend takes in its column, beside the spacing.
const BEND: f64 = 2.0;
/// Between columns: at least, at most, and as a share of how far an edge moves across on the way.
const GAP: (f64, f64, f64) = (36.0, 150.0, 0.22);
/// Between a border's ports and the column beside them, at least.
const PORT_GAP: f64 = 16.0;
/// With more bends than this, the longest edges run straight: the picture is a thicket anyway.
const MOST_BENDS: usize = 600;
/// With more cells and bends than this, neighbours are not swapped to save crossings: it takes long and gains little.
const MOST_SWAPPED: usize = 300;

/// How much room something takes, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Size {
    pub along: f64,
    pub across: f64,
}

/// Something that has a place in a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub size: Size,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// It stands at the end of its column, just before its users.
    Leaf,
    /// It stands at the start of its column.
    Inner,
    /// Where an edge comes in from outside, in the first column.
    Entry,
    /// Where an edge goes out, after the last column.
    Exit,
}

/// The edges from one cell that carry the same value. They share their way for as long as they run together.
#[derive(Debug, Clone)]
pub(super) struct Net {
    pub from: End,
    pub to: Vec<End>,
}

/// A cell, and how far across from its middle an edge meets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct End {
    pub cell: usize,
    pub offset: f64,
}

/// Where everything is: along from 0 on, across from 0 on.
#[derive(Debug)]
pub(super) struct Arrangement {
    pub size: Size,
    /// For each cell where it starts along, and its middle across.
    pub places: Vec<(f64, f64)>,
    column_of: Vec<usize>,
    columns: Vec<Column>,
    /// For each net its place across in the columns that it passes.
    bends: Vec<BTreeMap<usize, f64>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Column {
    start: f64,
    end: f64,
}

impl Arrangement {
    pub fn new(cells: &[Cell], nets: &[Net]) -> Arrangement {
        let column_of = columns(cells, nets);
        let pull = |cell: &Cell| if cell.role == Role::Leaf { PULLS.0 } else { PULLS.1 };
        let vertex = |(cell, &column): (&Cell, &usize)| Vertex { column, across: cell.size.across, pull: pull(cell) };
        let mut vertices: Vec<Vertex> = cells.iter().zip(&column_of).map(vertex).collect();
        let (bend_of, edges) = bends(nets, &column_of, &mut vertices);
        let middles = middles(&vertices, &edges);
        let bends = bend_of.iter().map(|bends| bends.iter().map(|(&column, &v)| (column, middles[v])).collect());
        let mut arrangement = Arrangement {
            size: Size::default(),
            places: middles[..cells.len()].iter().map(|&middle| (0.0, middle)).collect(),
            columns: vec![Column::default(); column_of.iter().max().map_or(0, |last| last + 1)],
            column_of,
            bends: bends.collect(),
        };
        let ends = vertices.iter().zip(&middles).map(|(vertex, middle)| middle + vertex.across / 2.0);
        arrangement.size.across = ends.fold(0.0, f64::max);
        arrangement.place_ports(cells, nets);
        arrangement.place_columns(cells, nets);
        arrangement
    }

    /// Where a column has nothing but ports, those are free to move: exits go level with what they come from, entries
    /// spread over the whole border.
    fn place_ports(&mut self, cells: &[Cell], nets: &[Net]) {
        let columns = self.columns.len();
        let mut is_free = vec![true; columns];
        for (cell, column) in cells.iter().zip(&self.column_of) {
            is_free[*column] &= matches!(cell.role, Role::Entry | Role::Exit);
        }
        let by_place = |role: Role, places: &[(f64, f64)]| {
            let mut ports: Vec<usize> =
                (0..cells.len()).filter(|cell| cells[*cell].role == role && is_free[self.column_of[*cell]]).collect();
            ports.sort_by(|a, b| places[*a].1.total_cmp(&places[*b].1));
            ports
        };
        let entries = by_place(Role::Entry, &self.places);
        let share = self.size.across / entries.len() as f64;
        for (index, &entry) in entries.iter().enumerate().filter(|_| entries.len() > 1) {
            self.places[entry].1 = (index as f64 + 0.5) * share;
        }
        for (net, target) in (0..nets.len()).flat_map(|net| (0..nets[net].to.len()).map(move |target| (net, target))) {
            let exit = nets[net].to[target].cell;
            if cells[exit].role == Role::Exit {
                self.places[exit].1 = self.crossings(nets, net, target).last().map_or(0.0, |(_, before, _)| *before);
            }
        }
    }

    fn place_columns(&mut self, cells: &[Cell], nets: &[Net]) {
        let mut widths = vec![0.0_f64; self.columns.len()];
        let mut has_cells = vec![false; self.columns.len()];
        for (cell, &column) in cells.iter().zip(&self.column_of) {
            widths[column] = widths[column].max(cell.size.along);
            has_cells[column] |= matches!(cell.role, Role::Leaf | Role::Inner);
        }
        let mut moves = vec![0.0_f64; self.columns.len()];
        for net in 0..nets.len() {
            for target in 0..nets[net].to.len() {
                for (column, from, to) in self.crossings(nets, net, target) {
                    moves[column] = moves[column].max(f64::abs(to - from));
                }
            }
        }
        let mut start = 0.0;
        for column in 0..self.columns.len() {
            let end = start + widths[column];
            self.columns[column] = Column { start, end };
            self.size.along = end;
            let is_inside = has_cells[column] && has_cells.get(column + 1) == Some(&true);
            let least = if is_inside { GAP.0 } else { PORT_GAP };
            start = end + (moves[column] * GAP.2).clamp(least, GAP.1);
        }
        for (cell, place) in self.places.iter_mut().enumerate() {
            let column = self.columns[self.column_of[cell]];
            place.0 = if cells[cell].role == Role::Leaf { column.end - cells[cell].size.along } else { column.start };
        }
    }

    /// The gaps that an edge crosses: after which column, and its places across before and after.
    fn crossings(&self, nets: &[Net], net: usize, target: usize) -> Vec<(usize, f64, f64)> {
        let (from, to) = (nets[net].from, nets[net].to[target]);
        let mut crossings = Vec::new();
        let mut across = self.places[from.cell].1 + from.offset;
        for column in self.column_of[from.cell] + 1..self.column_of[to.cell] {
            let Some(&bend) = self.bends[net].get(&column) else { continue };
            crossings.push((column - 1, across, bend));
            across = bend;
        }
        let last = self.column_of[to.cell].saturating_sub(1);
        crossings.push((last, across, self.places[to.cell].1 + to.offset));
        crossings
    }

    /// The way of an edge, from the end of its first cell to the start of its last.
    pub fn route(&self, cells: &[Cell], nets: &[Net], net: usize, target: usize) -> Vec<(f64, f64)> {
        let (from, to) = (nets[net].from, nets[net].to[target]);
        let mut route =
            vec![(self.places[from.cell].0 + cells[from.cell].size.along, self.places[from.cell].1 + from.offset)];
        for (column, before, after) in self.crossings(nets, net, target) {
            route.push((self.columns[column].end, before));
            if let Some(next) = self.columns.get(column + 1) {
                route.push((next.start, after));
            }
        }
        route.push((self.places[to.cell].0, self.places[to.cell].1 + to.offset));
        route
    }
}

/// The column of each cell: one after the last of its operands; what has none stands just before its first user.
fn columns(cells: &[Cell], nets: &[Net]) -> Vec<usize> {
    let mut waits_for = vec![0_usize; cells.len()];
    let mut nets_of: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    for (index, net) in nets.iter().enumerate() {
        nets_of[net.from.cell].push(index);
        net.to.iter().for_each(|end| waits_for[end.cell] += 1);
    }
    let has_operands: Vec<bool> = waits_for.iter().map(|count| *count > 0).collect();
    let mut column = vec![0_usize; cells.len()];
    let mut ready: Vec<usize> = (0..cells.len()).filter(|cell| !has_operands[*cell]).collect();
    while let Some(cell) = ready.pop() {
        for end in nets_of[cell].iter().flat_map(|net| &nets[*net].to) {
            column[end.cell] = column[end.cell].max(column[cell] + 1);
            waits_for[end.cell] -= 1;
            if waits_for[end.cell] == 0 {
                ready.push(end.cell);
            }
        }
    }
    for cell in (0..cells.len()).filter(|cell| !has_operands[*cell] && cells[*cell].role != Role::Entry) {
        let users =
            nets_of[cell].iter().flat_map(|net| &nets[*net].to).filter(|end| cells[end.cell].role != Role::Exit);
        column[cell] = users.map(|end| column[end.cell]).min().map_or(0, |first| first.saturating_sub(1));
    }
    let inside = |cell: &usize| cells[*cell].role != Role::Exit;
    let last = (0..cells.len()).filter(inside).map(|cell| column[cell] + 1).max().unwrap_or(0);
    (0..cells.len()).map(|cell| if inside(&cell) { column[cell] } else { last }).collect()
}

/// What takes room across a column: a cell or a bend.
pub(super) struct Vertex {
    pub column: usize,
    pub across: f64,
    /// How much its edges want to be straight.
    pub pull: f64,
}

/// What a leaf's edges, which may slant, want; and what all others do.
const PULLS: (f64, f64) = (0.02, 1.0);

type Bends = Vec<BTreeMap<usize, usize>>;

/// Adds a vertex for each bend; returns for each net its bends by column, and the edges, none of which passes a column.
fn bends(nets: &[Net], column_of: &[usize], vertices: &mut Vec<Vertex>) -> (Bends, Vec<(u32, u32)>) {
    let passes = |net: &Net| {
        let last = net.to.iter().map(|end| column_of[end.cell]).max().unwrap_or(0);
        column_of[net.from.cell] + 1..last
    };
    let mut shortest_first: Vec<usize> = (0..nets.len()).collect();
    shortest_first.sort_by_key(|net| passes(&nets[*net]).len());
    let mut room = MOST_BENDS;
    let mut is_straight = vec![false; nets.len()];
    for net in shortest_first {
        match room.checked_sub(passes(&nets[net]).len()) {
            Some(left) => room = left,
            None => is_straight[net] = true,
        }
    }
    let mut bends = vec![BTreeMap::new(); nets.len()];
    let mut edges = Vec::new();
    for ((net, bends), is_straight) in nets.iter().zip(&mut bends).zip(is_straight) {
        let mut before = net.from.cell;
        for column in passes(net).filter(|_| !is_straight) {
            edges.push((before as u32, vertices.len() as u32));
            before = vertices.len();
            bends.insert(column, before);
            vertices.push(Vertex { column, across: BEND, pull: PULLS.1 });
        }
        for end in &net.to {
            let column = column_of[end.cell];
            let before = column.checked_sub(1).and_then(|before| bends.get(&before)).unwrap_or(&net.from.cell);
            if vertices[*before].column + 1 == column {
                edges.push((*before as u32, end.cell as u32));
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    (bends, edges)
}

/// The middle across of each vertex, so that none overlaps another of its column.
fn middles(vertices: &[Vertex], edges: &[(u32, u32)]) -> Vec<f64> {
    // What is moved down goes just before its users in one pass over the vertices, if those come first; this gives our
    // columns again, and takes no time. Nor does any search go deep then.
    let mut last_first: Vec<usize> = (0..vertices.len()).collect();
    last_first.sort_by_key(|vertex| std::cmp::Reverse(vertices[*vertex].column));
    let mut number = vec![0_u32; vertices.len()];
    (0_u32..).zip(&last_first).for_each(|(index, vertex)| number[*vertex] = index);
    let sizes: Vec<(u32, (f64, f64))> =
        (0_u32..).zip(&last_first).map(|(index, vertex)| (index, (vertices[*vertex].across, 1.0))).collect();
    let numbered: Vec<(u32, u32)> =
        edges.iter().map(|(from, to)| (number[*from as usize], number[*to as usize])).collect();
    let config = Config {
        vertex_spacing: SPACING,
        transpose: vertices.len() <= MOST_SWAPPED,
        ranking_type: RankingType::Down,
        ..Config::default()
    };
    let mut parts: Vec<Vec<(usize, f64)>> = from_vertices_and_edges(&sizes, &numbered, &config)
        .into_iter()
        .map(|(places, _, _)| places.into_iter().map(|(index, (across, _))| (last_first[index], across)).collect())
        .collect();
    parts.iter_mut().for_each(|part| part.sort_by_key(|(vertex, _)| *vertex));
    parts.sort_by_key(|part| part.first().map(|(vertex, _)| *vertex));
    let mut middles = vec![0.0; vertices.len()];
    let mut start = 0.0;
    for part in parts {
        let straightened = straighten::straighten(vertices, edges, &part, SPACING);
        let top = straightened.iter().map(|&(v, middle)| middle - vertices[v].across / 2.0);
        let shift = start - top.fold(f64::INFINITY, f64::min);
        for (v, middle) in straightened {
            middles[v] = middle + shift;
            start = f64::max(start, middles[v] + vertices[v].across / 2.0 + SPACING);
        }
    }
    middles
}
