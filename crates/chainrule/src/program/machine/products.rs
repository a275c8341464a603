//! Products and sums whose operands stand in even steps: matrix products, outer products, broadcasts, sums of columns.
//!
//! Of the loops of such an instruction one becomes the lanes, one the rows and one the steps of a [`tile`](super::tile) kernel,
//! whichever the strides make fastest; those that are left stand around it.

use super::Float;
use super::grid::Map;
use super::kernels::Set;
use super::memory::{BLOCK, Memory};
use super::nest::{Nest, Operand};
use super::place::{Turn, next_turn};
use super::rows::activate;
use super::tile::{Gated, Job, Moving, Pack, Paired, Scaled, Shared, Single, Tiles};
use crate::program::{LOOPS, REPEATS, Route};

/// An instruction that is run by a tile kernel.
pub(super) struct Product<T> {
    /// The loops around the kernel: first those that lead to other results, then those that are summed over.
    trips: [u32; LOOPS],
    /// So many lead to other results.
    free: usize,
    /// What the kernel computes in one turn.
    rows: usize,
    lanes: usize,
    steps: usize,
    out: Spot,
    start: Option<Spot>,
    a: Spot,
    b: Spot,
    gate: Option<Spot>,
    /// Whether sums start from what stands where they go.
    is_here: bool,
    /// Whether lanes of `a` are put side by side first.
    is_packed: bool,
    /// Whether the lanes of the start are put side by side first.
    is_start_packed: bool,
    /// Whether results are put where they go after they were computed side by side.
    is_collected: bool,
    /// What sums are multiplied by, if not by 1.
    scale: Option<T>,
    is_relu: bool,
    /// What is applied at last, if it is not done by the kernel.
    activation: Option<Map<T>>,
    kernel: Tiles<T>,
    pack: Pack<T>,
}

/// Where an operand stands, and how it moves in the loops around the kernel and in those of the kernel.
#[derive(Clone, Copy)]
struct Spot {
    base: u32,
    strides: [i32; LOOPS],
    row: i32,
    step: i32,
    lane: i32,
    shifts: [i32; REPEATS],
}

/// Which loops become what.
#[derive(Clone, Copy, Debug)]
struct Roles {
    rows: Option<usize>,
    steps: Option<usize>,
    lanes: Option<usize>,
    /// Which operand is `a`.
    a: usize,
    way: Way,
}

/// How the operands move in these roles.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Shared { is_packed: bool },
    Scaled,
    Paired,
    Single,
    Dots,
}

impl Way {
    const ALL: [Way; 6] = [
        Way::Shared { is_packed: false },
        Way::Shared { is_packed: true },
        Way::Scaled,
        Way::Paired,
        Way::Single,
        Way::Dots,
    ];

    /// Whether operands that move so with rows, steps and lanes move as it needs: `a`, and `b` if there is one.
    fn suits(self, [row, step, lane]: [(i32, Option<i32>); 3]) -> bool {
        match self {
            Way::Single => lane.0 == 1 && lane.1.is_none(),
            Way::Shared { is_packed: false } => lane == (1, Some(0)) && row.0 == 0,
            Way::Shared { is_packed: true } => lane.0 != 1 && lane.1 == Some(0) && row.0 == 0,
            Way::Scaled => lane == (1, Some(0)),
            Way::Paired => lane == (1, Some(1)),
            Way::Dots => step == (1, Some(1)) && lane.0 == 0 && row.1 == Some(0),
        }
    }
}

/// The largest panel that is packed, in numbers: it should stay in the nearest cache.
const LARGEST_PANEL: u32 = 4096;

/// A panel of so many numbers leaves room in the nearest cache for what it is packed from.
const NEAR_PANEL: u64 = 2048;

/// So many cycles a turn of the loops around the kernel takes beyond what the kernel does.
const OF_A_TURN: f64 = 60.0;

impl<T: Float> Product<T> {
    /// The fastest way to run a sum of products of two operands, or of one operand, and about how many cycles it takes; none, if
    /// they do not stand in even steps.
    pub fn new<S: Set>(
        nest: &Nest,
        is_here: bool,
        scale: f64,
        is_relu: bool,
        activation: Option<Map<T>>,
    ) -> Option<(Self, f64)> {
        let operands = || [&nest.out].into_iter().chain(&nest.start).chain(&nest.operands).chain(&nest.gate);
        // Rows and lanes of a tile are computed side by side, so their results must be different ones.
        if !operands().all(|operand| operand.access.route == Route::Direct) || !nest.results_are_apart() {
            return None;
        }
        let width = S::width::<T>();
        let (cycles, roles) = Roles::fastest(nest, width)?;
        // The loops that are left, those that are summed over last.
        let is_left =
            |depth: usize| nest.trips[depth] > 1 && ![roles.rows, roles.steps, roles.lanes].contains(&Some(depth));
        let mut order = [0, 1, 2, 3];
        order.sort_by_key(|depth| (nest.is_summed_over(*depth), !is_left(*depth)));
        let trips = order.map(|depth| if is_left(depth) { nest.trips[depth] } else { 1 });
        let free = order.iter().filter(|depth| !nest.is_summed_over(**depth)).count();
        let is_summed_around = trips[free..].iter().any(|trips| *trips > 1);
        let spot = |operand: &Operand| Spot {
            base: operand.access.base,
            strides: order.map(|depth| operand.access.strides[depth]),
            row: stride(operand, roles.rows),
            step: stride(operand, roles.steps),
            lane: stride(operand, roles.lanes),
            shifts: operand.access.shifts,
        };
        let length = |depth: Option<usize>| depth.map_or(1, |depth| nest.trips[depth] as usize);
        let a = spot(&nest.operands[roles.a]);
        if is_summed_around && nest.gate.is_some() {
            return None;
        }
        let is_relu = is_relu && !is_summed_around;
        let product = Product {
            trips,
            free,
            rows: length(roles.rows),
            lanes: length(roles.lanes),
            steps: length(roles.steps),
            out: spot(&nest.out),
            start: nest.start.as_ref().map(spot),
            a,
            b: nest.operands.get(1 - roles.a).map_or(a, spot),
            gate: nest.gate.as_ref().map(spot),
            is_here,
            is_packed: roles.way == Way::Shared { is_packed: true },
            is_start_packed: roles.is_start_packed(nest),
            is_collected: roles.is_collected(nest, activation.is_some() && !is_relu),
            scale: (scale != 1.0).then(|| T::constant(scale)),
            is_relu,
            activation: activation.filter(|_| !is_relu),
            kernel: match roles.way {
                Way::Shared { .. } if nest.gate.is_some() => S::tiles::<T, Gated<Shared>>(),
                Way::Scaled if nest.gate.is_some() => S::tiles::<T, Gated<Scaled>>(),
                Way::Shared { .. } => S::tiles::<T, Shared>(),
                Way::Scaled => S::tiles::<T, Scaled>(),
                Way::Paired => S::tiles::<T, Paired>(),
                Way::Single => S::tiles::<T, Single>(),
                Way::Dots => S::dots::<T>(),
            },
            pack: S::pack::<T>(),
        };
        Some((product, cycles))
    }

    /// So much room for packing and collecting it needs, in numbers.
    pub fn panel(&self) -> usize {
        self.packed() + self.packed_start() + self.collected()
    }

    fn packed(&self) -> usize {
        if self.is_packed { self.lanes * self.steps } else { 0 }
    }

    fn packed_start(&self) -> usize {
        if self.is_start_packed { self.lanes } else { 0 }
    }

    fn collected(&self) -> usize {
        if self.is_collected { self.lanes * self.rows } else { 0 }
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// The spots are of this program; operands do not overlap the results.
    pub unsafe fn run(&self, memory: &mut Memory<T>) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.is_one_job() {
                true => self.run_one_job(memory.slots(), &memory.first_turn()),
                false => self.run_jobs(memory),
            }
        }
    }

    /// Whether there is nothing to do but to call the kernel, once.
    fn is_one_job(&self) -> bool {
        let is_direct = !(self.is_packed | self.is_start_packed | self.is_collected);
        is_direct && self.activation.is_none() && self.trips == [1; LOOPS]
    }

    /// Calls the kernel. In repeats this is run for a few numbers again and again, so the job is written down once, where the
    /// kernel reads it: a copy of what was just written in other portions waits for it.
    unsafe fn run_one_job(&self, slots: *mut T, turn: &Turn) {
        let job = Job {
            rows: self.rows,
            lanes: self.lanes,
            steps: self.steps,
            has_start: self.start.is_some() || self.is_here,
            scale: self.scale,
            is_relu: self.is_relu,
            out: self.out.moving(slots, turn),
            start: self.start.as_ref().unwrap_or(&self.out).moving(slots, turn).read_only(),
            a: self.a.moving(slots, turn).read_only(),
            b: self.b.moving(slots, turn).read_only(),
            gate: self.gate.as_ref().map(|gate| gate.moving(slots, turn).read_only()),
        };
        // SAFETY: the kernel is one for this processor. All that it reads and writes was checked with the program, and roles
        // were chosen so that everything moves as it needs.
        unsafe { (self.kernel)(&job) };
    }

    /// Calls the kernel in all turns of the loops around it, with all that comes before and after.
    unsafe fn run_jobs(&self, memory: &mut Memory<T>) {
        let slots = memory.slots();
        // SAFETY: no other room is asked for that shares memory with it.
        let (panel, rest) = unsafe { memory.panel(self.panel()) }.split_at_mut(self.packed());
        let (first, results) = rest.split_at_mut(self.packed_start());
        let mut packed = None;
        let mut turn = memory.first_turn();
        loop {
            let out = self.out.moving(slots, &turn);
            let mut start = match &self.start {
                Some(start) => start.moving(slots, &turn).read_only(),
                None => out.read_only(),
            };
            let mut has_start = self.start.is_some() || self.is_here;
            if self.is_start_packed {
                // SAFETY: the start stands inside the slots.
                unsafe { (self.pack)(start, 1, self.lanes, first.as_mut_ptr(), self.lanes as isize) };
                start = Moving { at: first.as_ptr(), row: 0, step: 0, lane: 1 };
            }
            let target = match self.is_collected {
                false => out,
                true => Moving { at: results.as_mut_ptr(), row: self.lanes as isize, step: 0, lane: 1 },
            };
            // Where the kernel cannot take it from: it is in the results then.
            if self.is_collected && has_start {
                // SAFETY: the start stands inside the slots, and the results are as large as the job.
                unsafe { copy(start, target, self.rows, self.lanes) };
                start = target.read_only();
            }
            loop {
                let mut a = self.a.moving(slots, &turn).read_only();
                if self.is_packed {
                    if packed.replace(a.at) != Some(a.at) {
                        // SAFETY: `a` stands inside the slots.
                        unsafe { (self.pack)(a, self.steps, self.lanes, panel.as_mut_ptr(), self.lanes as isize) };
                    }
                    a = Moving { at: panel.as_ptr(), row: 0, step: self.lanes as isize, lane: 1 };
                }
                let b = self.b.moving(slots, &turn).read_only();
                let gate = self.gate.as_ref().map(|gate| gate.moving(slots, &turn).read_only());
                let Product { rows, lanes, steps, scale, is_relu, .. } = *self;
                let job = Job { rows, lanes, steps, has_start, scale, is_relu, out: target, start, a, b, gate };
                let is_last = !next_turn(&mut turn.loops, &self.trips, self.free..LOOPS);
                // SAFETY: the kernel is one for this processor. All that it reads and writes was checked with the program, and
                // roles were chosen so that everything moves as it needs. The results lie side by side in each row, which
                // nobody else uses now, if there is an activation.
                unsafe {
                    match self.activation.filter(|_| is_last) {
                        Some(activation) => self.run_activated(job, activation),
                        None => (self.kernel)(&job),
                    }
                }
                (start, has_start) = (target.read_only(), true);
                if is_last {
                    break;
                }
            }
            if self.is_collected {
                // SAFETY: all results stand inside the slots.
                unsafe { copy(target.read_only(), out, self.rows, self.lanes) };
            }
            if !next_turn(&mut turn.loops, &self.trips, 0..self.free) {
                return;
            }
        }
    }

    /// Runs the kernel and applies a function to the results, so many lanes after each other that they are still near.
    unsafe fn run_activated(&self, job: Job<T>, activation: Map<T>) {
        for first in (0..job.lanes).step_by(BLOCK) {
            let part = job.part(first, BLOCK.min(job.lanes - first));
            // SAFETY: the caller's promise.
            unsafe {
                (self.kernel)(&part);
                for row in 0..part.rows {
                    let results = std::slice::from_raw_parts_mut(part.out.moved(row, 0, 0), part.lanes);
                    activate(activation, results);
                }
            }
        }
    }
}

impl Spot {
    /// Where it stands in a turn of the repeats and loops around the kernel.
    #[inline(always)]
    fn moving<T>(&self, slots: *mut T, turn: &Turn) -> Moving<*mut T> {
        let moved = i64::from(self.base) + turn.moves(&self.shifts, &self.strides);
        let at = slots.wrapping_offset(moved as isize);
        Moving { at, row: self.row as isize, step: self.step as isize, lane: self.lane as isize }
    }
}

/// Copies rows of lanes.
///
/// # Safety
///
/// All of them may be read and written.
unsafe fn copy<T: Float>(from: Moving<*const T>, to: Moving<*mut T>, rows: usize, lanes: usize) {
    for row in 0..rows {
        let (mut source, mut target) = (from.moved(row, 0, 0), to.moved(row, 0, 0));
        for _ in 0..lanes {
            // SAFETY: the caller's promise.
            unsafe { *target = *source };
            (source, target) = (source.wrapping_offset(from.lane), target.wrapping_offset(to.lane));
        }
    }
}

/// How far an operand moves with a loop.
fn stride(operand: &Operand, depth: Option<usize>) -> i32 {
    depth.map_or(0, |depth| operand.access.strides[depth])
}

impl Roles {
    /// Of all that kernels can run, what takes the fewest cycles, and about how many.
    fn fastest(nest: &Nest, width: usize) -> Option<(f64, Roles)> {
        let loops = |is_summed: bool| {
            let depths =
                (0..LOOPS).filter(move |depth| nest.trips[*depth] > 1 && nest.is_summed_over(*depth) == is_summed);
            depths.map(Some).chain([None]).collect::<Vec<_>>()
        };
        let (free, summed) = (loops(false), loops(true));
        let mut fastest = None;
        for &lanes in &free {
            for &rows in free.iter().filter(|rows| rows.is_none() || **rows != lanes) {
                for &steps in &summed {
                    Roles::compare_ways(nest, [rows, steps, lanes], width, &mut fastest);
                }
            }
        }
        fastest
    }

    /// Puts the fastest way in which these loops can be the rows, the steps and the lanes in the place of what is slower.
    fn compare_ways(
        nest: &Nest,
        [rows, steps, lanes]: [Option<usize>; 3],
        width: usize,
        fastest: &mut Option<(f64, Roles)>,
    ) {
        for a in 0..nest.operands.len() {
            let moves = [rows, steps, lanes].map(|depth| {
                let b = nest.operands.get(1 - a).map(|b| stride(b, depth));
                (stride(&nest.operands[a], depth), b)
            });
            for way in Way::ALL.into_iter().filter(|way| way.suits(moves)) {
                let roles = Roles { rows, steps, lanes, a, way };
                if roles.is_possible(nest) {
                    let cycles = roles.cycles(nest, width);
                    if fastest.is_none_or(|(fewest, _)| cycles < fewest) {
                        *fastest = Some((cycles, roles));
                    }
                }
            }
        }
    }

    /// Whether kernels can take these roles, in which the operands move as they need.
    fn is_possible(&self, nest: &Nest) -> bool {
        let length = |depth: Option<usize>| depth.map_or(1, |depth| nest.trips[depth]);
        let is_possible = match self.way {
            Way::Shared { is_packed: true } => {
                let is_small = length(self.lanes).saturating_mul(length(self.steps)) <= LARGEST_PANEL;
                // One number times another for all lanes is computed and written, not packed.
                let is_broadcast = stride(&nest.operands[self.a], self.lanes) == 0 && self.steps.is_none();
                self.lanes.is_some() && is_small && !is_broadcast
            }
            _ => true,
        };
        let results = length(self.lanes).saturating_mul(length(self.rows));
        let has_gated = matches!(self.way, Way::Shared { .. } | Way::Scaled);
        let is_let_through =
            |gate: &Operand| has_gated && stride(gate, self.lanes) == 1 && !self.is_collected(nest, false);
        let is_possible = is_possible && nest.gate.as_ref().is_none_or(is_let_through);
        is_possible && (results <= LARGEST_PANEL || !self.is_collected(nest, true))
    }

    /// Whether results must be computed side by side first; some are if a function is applied to them.
    fn is_collected(&self, nest: &Nest, has_activation: bool) -> bool {
        let is_start_uneven = nest.start.as_ref().is_some_and(|start| !self.is_even(start));
        let is_even = stride(&nest.out, self.lanes) == 1 && (!is_start_uneven || self.is_start_packed(nest));
        !is_even && (self.way != Way::Dots || has_activation)
    }

    /// Whether the start is the same in all rows, and only its lanes must be put side by side.
    fn is_start_packed(&self, nest: &Nest) -> bool {
        let is_packed = |start: &Operand| !self.is_even(start) && stride(start, self.rows) == 0;
        nest.start.as_ref().is_some_and(is_packed) && self.way != Way::Dots
    }

    /// Whether the lanes of a start are as kernels take them.
    fn is_even(&self, start: &Operand) -> bool {
        [0, 1].contains(&stride(start, self.lanes))
    }

    /// About how many cycles it takes.
    fn cycles(&self, nest: &Nest, width: usize) -> f64 {
        let length = |depth: Option<usize>| depth.map_or(1, |depth| u64::from(nest.trips[depth]));
        let [rows, steps, lanes] = [self.rows, self.steps, self.lanes].map(length);
        let (width, number) = (width as u64, |count: u64| count as f64);
        let kernel = number(rows) * number(steps) * number(lanes);
        let turns = nest.trips.iter().map(|trips| f64::from(*trips)).product::<f64>() / kernel;
        if self.way == Way::Dots {
            let vectors = number(steps.div_ceil(width));
            let tiles = number(rows.div_ceil(4) * lanes.div_ceil(4));
            return turns * (OF_A_TURN + number(rows * lanes) * (10.0 + vectors * 0.6) + tiles * vectors * 2.0);
        }
        let vectors = lanes.div_ceil(width);
        let columns = vectors.div_ceil(2);
        let (tile_rows, loads) = match self.way {
            Way::Shared { .. } => (rows.min(12), rows * columns + vectors * rows.div_ceil(12)),
            Way::Paired => (rows.min(4), 2 * rows * vectors),
            _ => (rows.min(4), rows * vectors + rows * columns),
        };
        let tiles = number(rows.div_ceil(tile_rows) * columns);
        // A sum waits four cycles for the one before; few rows have several sums each.
        let waiting = tiles * if tile_rows <= 2 { 2.0 } else { 4.0 };
        let arithmetic = (0.5 * number(rows * vectors)).max(0.5 * number(loads)).max(waiting);
        let is_collected = self.is_collected(nest, false);
        let around =
            tiles * 10.0 + number(rows * vectors) + if is_collected { 2.0 * number(rows * lanes) } else { 0.0 };
        let of_a_number = if lanes * steps <= NEAR_PANEL { 0.6 } else { 1.2 };
        let is_packed = self.way == (Way::Shared { is_packed: true });
        let packing = if is_packed { of_a_number * number(lanes * steps) } else { 0.0 };
        let packing_start = if self.is_start_packed(nest) { number(lanes) } else { 0.0 };
        turns * (OF_A_TURN + number(steps) * arithmetic + around + packing_start) + packing
    }
}
