//! Laying out a whole graph: every frame for itself, inner ones first; then it stands as one cell in the frame around it.
//! So a frame holds its members and nobody else.

use std::collections::{BTreeMap, HashMap};

use super::layers::{Arrangement, Cell, End, Net, Role, Size};

/// What is to be laid out.
pub(super) struct Blueprint {
    pub blocks: Vec<Block>,
    pub frames: Vec<Frame>,
    /// From block to block.
    pub edges: Vec<(usize, usize)>,
}

pub(super) struct Block {
    pub size: Size,
    pub is_leaf: bool,
    pub frame: Option<usize>,
}

pub(super) struct Frame {
    /// The frame around this one; it stands before this one.
    pub parent: Option<usize>,
    /// The least room inside.
    pub least: Size,
    pub padding: Padding,
}

/// The room between a frame's border and what is in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Padding {
    pub before: f64,
    pub after: f64,
    pub above: f64,
    pub below: f64,
}

/// A place of everything, along and across.
pub(super) struct Layout {
    pub size: Size,
    pub blocks: Vec<Area>,
    pub frames: Vec<Area>,
    /// For each edge the points on its way. Between two with different places across it curves.
    pub routes: Vec<Vec<(f64, f64)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Area {
    pub along: f64,
    pub across: f64,
    pub size: Size,
}

impl Layout {
    pub fn new(blueprint: &Blueprint) -> Layout {
        let outermost = blueprint.frames.len();
        let mut rooms: Vec<Room> = (0..=outermost).map(|_| Room::default()).collect();
        furnish(blueprint, &mut rooms);
        // A frame stands after the one around it, the picture itself after all.
        let inner_first = (0..outermost).rev().chain([outermost]);
        for frame in inner_first {
            let arranged = rooms[frame].arrange(blueprint, &rooms, frame);
            rooms[frame].arranged = Some(arranged);
        }
        place(blueprint, &rooms)
    }
}

/// A frame from the inside.
#[derive(Default)]
struct Room {
    members: Vec<Member>,
    cell_of: HashMap<Member, usize>,
    /// What a value from this block means in here.
    nets: BTreeMap<usize, Route>,
    arranged: Option<Arranged>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Member {
    Block(usize),
    Frame(usize),
    /// Where the value of a block comes in.
    Entry(usize),
    /// Where the value of a block goes out.
    Exit(usize),
}

struct Route {
    from: usize,
    to: Vec<usize>,
}

/// What the layout of a room gave.
struct Arranged {
    arrangement: Arrangement,
    cells: Vec<Cell>,
    nets: Vec<Net>,
    net_of: HashMap<usize, usize>,
    size: Size,
    /// Where the inside starts.
    origin: (f64, f64),
}

impl Room {
    fn cell(&mut self, member: Member) -> usize {
        *self.cell_of.entry(member).or_insert_with(|| {
            self.members.push(member);
            self.members.len() - 1
        })
    }

    fn connect(&mut self, source: usize, from: Member, to: Member) {
        let (from, to) = (self.cell(from), self.cell(to));
        let route = self.nets.entry(source).or_insert_with(|| Route { from, to: Vec::new() });
        if !route.to.contains(&to) {
            route.to.push(to);
        }
    }

    fn arrange(&self, blueprint: &Blueprint, rooms: &[Room], frame: usize) -> Arranged {
        let cell = |member: &Member| match *member {
            Member::Block(block) => {
                let block = &blueprint.blocks[block];
                Cell { size: block.size, role: if block.is_leaf { Role::Leaf } else { Role::Inner } }
            }
            Member::Frame(inner) => Cell { size: rooms[inner].size(), role: Role::Inner },
            Member::Entry(_) => Cell { size: Size::default(), role: Role::Entry },
            Member::Exit(_) => Cell { size: Size::default(), role: Role::Exit },
        };
        let cells: Vec<Cell> = self.members.iter().map(cell).collect();
        let end = |cell: usize, port: Member| match self.members[cell] {
            Member::Frame(inner) => End { cell, offset: rooms[inner].port(port) - cells[cell].size.across / 2.0 },
            _ => End { cell, offset: 0.0 },
        };
        let net = |(&source, route): (&usize, &Route)| Net {
            from: end(route.from, Member::Exit(source)),
            to: route.to.iter().map(|to| end(*to, Member::Entry(source))).collect(),
        };
        let nets: Vec<Net> = self.nets.iter().map(net).collect();
        let net_of = self.nets.keys().enumerate().map(|(index, source)| (*source, index)).collect();
        let arrangement = Arrangement::new(&cells, &nets);
        let (padding, least) =
            blueprint.frames.get(frame).map_or_else(Default::default, |frame| (frame.padding, frame.least));
        let inside =
            Size { along: arrangement.size.along.max(least.along), across: arrangement.size.across.max(least.across) };
        Arranged {
            size: Size {
                along: inside.along + padding.before + padding.after,
                across: inside.across + padding.above + padding.below,
            },
            origin: (
                padding.before + (inside.along - arrangement.size.along) / 2.0,
                padding.above + (inside.across - arrangement.size.across) / 2.0,
            ),
            arrangement,
            cells,
            nets,
            net_of,
        }
    }

    fn arranged(&self) -> &Arranged {
        self.arranged.as_ref().expect("inner frames are laid out first")
    }

    fn size(&self) -> Size {
        self.arranged().size
    }

    /// How far across from the frame's border a port is.
    fn port(&self, port: Member) -> f64 {
        let arranged = self.arranged();
        arranged.origin.1 + arranged.arrangement.places[self.cell_of[&port]].1
    }

    /// The way of a block's value to a member, within this room.
    fn route(&self, source: usize, to: Member) -> Vec<(f64, f64)> {
        let arranged = self.arranged();
        let net = arranged.net_of[&source];
        let cell = self.cell_of[&to];
        let target = arranged.nets[net].to.iter().position(|end| end.cell == cell).expect("a member that is connected");
        arranged.arrangement.route(&arranged.cells, &arranged.nets, net, target)
    }
}

/// A stretch of an edge within one frame.
struct Stretch {
    room: usize,
    from: Member,
    to: Member,
}

/// The frames that an edge runs through, and from what to what in each.
fn stretches(blueprint: &Blueprint, (from, to): (usize, usize)) -> Vec<Stretch> {
    let outermost = blueprint.frames.len();
    let around = |block: usize| {
        let first = blueprint.blocks[block].frame;
        std::iter::successors(first, |frame| blueprint.frames[*frame].parent).collect::<Vec<usize>>()
    };
    let (mut out, mut into) = (around(from), around(to));
    let mut common = outermost;
    while let (Some(a), Some(b)) = (out.last(), into.last()) {
        if a != b {
            break;
        }
        common = *a;
        out.pop();
        into.pop();
    }
    let mut stretches = Vec::new();
    let mut inner = Member::Block(from);
    for room in out {
        stretches.push(Stretch { room, from: inner, to: Member::Exit(from) });
        inner = Member::Frame(room);
    }
    let mut room = common;
    for next in into.into_iter().rev() {
        stretches.push(Stretch { room, from: inner, to: Member::Frame(next) });
        inner = Member::Entry(from);
        room = next;
    }
    stretches.push(Stretch { room, from: inner, to: Member::Block(to) });
    stretches
}

/// Puts everything into the frame that it belongs to.
fn furnish(blueprint: &Blueprint, rooms: &mut [Room]) {
    let outermost = blueprint.frames.len();
    for (index, frame) in blueprint.frames.iter().enumerate() {
        rooms[frame.parent.unwrap_or(outermost)].cell(Member::Frame(index));
    }
    for (index, block) in blueprint.blocks.iter().enumerate() {
        rooms[block.frame.unwrap_or(outermost)].cell(Member::Block(index));
    }
    for edge in &blueprint.edges {
        for stretch in stretches(blueprint, *edge) {
            rooms[stretch.room].connect(edge.0, stretch.from, stretch.to);
        }
    }
}

/// From places within frames to places within the picture.
fn place(blueprint: &Blueprint, rooms: &[Room]) -> Layout {
    let outermost = blueprint.frames.len();
    let mut frames = vec![Area::default(); outermost];
    let mut blocks = vec![Area::default(); blueprint.blocks.len()];
    let mut origins = vec![(0.0, 0.0); outermost + 1];
    for room in [outermost].into_iter().chain(0..outermost) {
        let arranged = rooms[room].arranged();
        let corner = frames.get(room).map_or((0.0, 0.0), |area: &Area| (area.along, area.across));
        origins[room] = (corner.0 + arranged.origin.0, corner.1 + arranged.origin.1);
        for (cell, member) in rooms[room].members.iter().enumerate() {
            let (along, middle) = arranged.arrangement.places[cell];
            let size = arranged.cells[cell].size;
            let area =
                Area { along: origins[room].0 + along, across: origins[room].1 + middle - size.across / 2.0, size };
            match *member {
                Member::Block(block) => blocks[block] = area,
                Member::Frame(frame) => frames[frame] = area,
                Member::Entry(_) | Member::Exit(_) => {}
            }
        }
    }
    let route = |edge: &(usize, usize)| {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for stretch in stretches(blueprint, *edge) {
            let origin = origins[stretch.room];
            let within = rooms[stretch.room].route(edge.0, stretch.to);
            points.extend(within.iter().map(|(along, across)| (origin.0 + along, origin.1 + across)));
        }
        without_repeats(points)
    };
    Layout { size: rooms[outermost].size(), routes: blueprint.edges.iter().map(route).collect(), blocks, frames }
}

/// Leaves out the points that a straight line passes anyway, and those where the way does not get on.
fn without_repeats(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let is_level = |a: (f64, f64), b: (f64, f64)| (a.1 - b.1).abs() < 0.5;
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for point in points {
        if kept.last().is_some_and(|last| is_level(*last, point) && (last.0 - point.0).abs() < 0.5) {
            continue;
        }
        if let [.., a, b] = kept[..]
            && is_level(a, b)
            && is_level(b, point)
        {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}
