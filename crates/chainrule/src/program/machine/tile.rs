//! Products and sums with their results in registers.
//!
//! A kernel computes rows of lanes, each `start + scale * sum over the steps of a * b`, some rows and some vectors of lanes at a time:
//! as many as there are registers, so that a number that was loaded is used often and sums need not wait for each other.
//!
//! There are no closures here: those would be functions of their own, which lack the vector instructions.
// Rows, vectors and steps are numbers of registers.
#![allow(clippy::needless_range_loop)]

use super::Float;
use super::lanes::Lanes;

/// What a kernel computes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<T> {
    pub rows: usize,
    pub lanes: usize,
    /// The terms of each sum.
    pub steps: usize,
    /// Whether there is something that sums start from.
    pub has_start: bool,
    /// What sums of products are multiplied by, if not by 1, before they are added to what they start from.
    pub scale: Option<T>,
    /// Whether negative results become 0.
    pub is_relu: bool,
    pub out: Moving<*mut T>,
    pub start: Moving<*const T>,
    /// The factor whose lanes stand side by side.
    pub a: Moving<*const T>,
    pub b: Moving<*const T>,
    /// What lets results through, if anything does; its lanes stand side by side, as those of the results do.
    pub gate: Option<Moving<*const T>>,
}

impl<T: Float> Job<T> {
    /// The part of the job with so many lanes from this one on.
    pub fn part(&self, first: usize, lanes: usize) -> Self {
        let from = |read: Moving<*const T>| Moving { at: read.moved(0, 0, first), ..read };
        let out = Moving { at: self.out.moved(0, 0, first), ..self.out };
        let [start, a, b] = [self.start, self.a, self.b].map(from);
        Job { lanes, out, start, a, b, gate: self.gate.map(from), ..*self }
    }
}

/// Where something begins, and how far it moves from row to row, from step to step, and from lane to lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moving<P> {
    pub at: P,
    pub row: isize,
    pub step: isize,
    pub lane: isize,
}

/// A kernel.
///
/// # Safety
///
/// The processor has the instruction set; everything that the job leads to may be read, and the results written; operands
/// do not overlap the results. From lane to lane the results and `a` move by 1, the start and `b` by 1 or not at all, as the
/// kernel needs it.
pub(super) type Tiles<T> = unsafe fn(job: &Job<T>);

/// Puts the lanes of each step side by side, the steps so far from each other.
///
/// # Safety
///
/// The processor has the instruction set; all lanes of all steps may be read, and written where they go.
pub(super) type Pack<T> = unsafe fn(from: Moving<*const T>, steps: usize, lanes: usize, to: *mut T, pitch: isize);

/// How the factors of a term move.
///
/// # Safety
///
/// Of all methods: as for [`Tiles`].
pub(super) trait Kind {
    /// Whether `a` is the same in all rows, so that tiles of many rows are worth it.
    const ROWS_SHARE_A: bool;
    /// Whether the gate of the job lets results through.
    const IS_GATED: bool;

    /// Adds the terms of one step to the sums of a tile, whose factors begin here.
    unsafe fn step<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
        sums: &mut [[V; VECTORS]; ROWS],
        job: &Job<T>,
        a: *const T,
        b: *const T,
        part: impl Part<T, V>,
    );
}

/// How much of a vector is there.
///
/// # Safety
///
/// Of all methods: as for [`Lanes`].
pub(super) trait Part<T, V>: Copy {
    unsafe fn load(self, from: *const T) -> V;
    unsafe fn store(self, numbers: V, to: *mut T);
}

/// All of it.
#[derive(Clone, Copy)]
struct Whole;

impl<T: Float, V: Lanes<T>> Part<T, V> for Whole {
    #[inline(always)]
    unsafe fn load(self, from: *const T) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(from) }
    }

    #[inline(always)]
    unsafe fn store(self, numbers: V, to: *mut T) {
        // SAFETY: the caller's promise.
        unsafe { numbers.store(to) }
    }
}

/// The first so many numbers.
#[derive(Clone, Copy)]
struct First(usize);

impl<T: Float, V: Lanes<T>> Part<T, V> for First {
    #[inline(always)]
    unsafe fn load(self, from: *const T) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_first(from, self.0) }
    }

    #[inline(always)]
    unsafe fn store(self, numbers: V, to: *mut T) {
        // SAFETY: the caller's promise.
        unsafe { numbers.store_first(to, self.0) }
    }
}

macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $Kind:ident shares $shares:literal |$sums:ident, $job:ident, $a:ident, $b:ident, $part:ident| $step:block
    )*) => { $(
        $(#[$doc])*
        pub(super) struct $Kind;

        impl Kind for $Kind {
            const ROWS_SHARE_A: bool = $shares;
            const IS_GATED: bool = false;

            #[inline(always)]
            unsafe fn step<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
                $sums: &mut [[V; VECTORS]; ROWS],
                $job: &Job<T>,
                $a: *const T,
                $b: *const T,
                $part: impl Part<T, V>,
            ) {
                // SAFETY: the caller's promise.
                unsafe { $step }
            }
        }
    )* };
}

kinds! {
    /// All rows have the same `a`; `b` is one number a row: a matrix product.
    Shared shares true |sums, job, a, b, part| {
        let mut loaded = [V::splat(T::default()); VECTORS];
        for vector in 0..VECTORS {
            loaded[vector] = part.load(a.add(vector * V::WIDTH));
        }
        for row in 0..ROWS {
            let b = V::splat(*b.offset(row as isize * job.b.row));
            for vector in 0..VECTORS {
                sums[row][vector] = loaded[vector].mul_add(b, sums[row][vector]);
            }
        }
    }
    /// Each row has its `a`, and one number `b`.
    Scaled shares false |sums, job, a, b, part| {
        for row in 0..ROWS {
            let (a, b) = (a.offset(row as isize * job.a.row), V::splat(*b.offset(row as isize * job.b.row)));
            for vector in 0..VECTORS {
                sums[row][vector] = part.load(a.add(vector * V::WIDTH)).mul_add(b, sums[row][vector]);
            }
        }
    }
    /// Both factors move with the lanes.
    Paired shares false |sums, job, a, b, part| {
        for row in 0..ROWS {
            let (a, b) = (a.offset(row as isize * job.a.row), b.offset(row as isize * job.b.row));
            for vector in 0..VECTORS {
                let (a, b) = (part.load(a.add(vector * V::WIDTH)), part.load(b.add(vector * V::WIDTH)));
                sums[row][vector] = a.mul_add(b, sums[row][vector]);
            }
        }
    }
    /// There is no other factor.
    Single shares false |sums, job, a, _b, part| {
        for row in 0..ROWS {
            let a = a.offset(row as isize * job.a.row);
            for vector in 0..VECTORS {
                sums[row][vector] = sums[row][vector].add(part.load(a.add(vector * V::WIDTH)));
            }
        }
    }
}

/// The same with results that are let through by the gate of the job.
pub(super) struct Gated<K>(K);

impl<K: Kind> Kind for Gated<K> {
    const ROWS_SHARE_A: bool = K::ROWS_SHARE_A;
    const IS_GATED: bool = true;

    #[inline(always)]
    unsafe fn step<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
        sums: &mut [[V; VECTORS]; ROWS],
        job: &Job<T>,
        a: *const T,
        b: *const T,
        part: impl Part<T, V>,
    ) {
        // SAFETY: the caller's promise.
        unsafe { K::step(sums, job, a, b, part) }
    }
}

/// A place that can move.
pub(super) trait Movable: Copy {
    /// Moves it by so many numbers. Wrapping: behind the last step it may lie where nothing is read.
    fn moved_by(self, numbers: isize) -> Self;
}

impl<T> Movable for *const T {
    #[inline(always)]
    fn moved_by(self, numbers: isize) -> Self {
        self.wrapping_offset(numbers)
    }
}

impl<T> Movable for *mut T {
    #[inline(always)]
    fn moved_by(self, numbers: isize) -> Self {
        self.wrapping_offset(numbers)
    }
}

impl<T> Moving<*mut T> {
    /// The same, to be read.
    #[inline(always)]
    pub fn read_only(self) -> Moving<*const T> {
        Moving { at: self.at, row: self.row, step: self.step, lane: self.lane }
    }
}

impl<P: Movable> Moving<P> {
    /// Where it is so many rows, steps and lanes later.
    #[inline(always)]
    pub fn moved(self, rows: usize, steps: usize, lanes: usize) -> P {
        self.at.moved_by(self.row * rows as isize + self.step * steps as isize + self.lane * lanes as isize)
    }
}

/// Packs, in squares where the steps stand side by side.
///
/// # Safety
///
/// As for [`Pack`].
#[inline(always)]
pub(super) unsafe fn pack<T: Float, V: Lanes<T>>(
    from: Moving<*const T>,
    steps: usize,
    lanes: usize,
    to: *mut T,
    pitch: isize,
) {
    if from.step == 1 && lanes >= V::WIDTH && steps >= V::WIDTH {
        // The last squares begin where they end with the rest, and write some numbers twice.
        for lane in (0..lanes).step_by(V::WIDTH).map(|lane| lane.min(lanes - V::WIDTH)) {
            for step in (0..steps).step_by(V::WIDTH).map(|step| step.min(steps - V::WIDTH)) {
                // SAFETY: the caller's promise; lanes and steps are some of these.
                unsafe {
                    let square = to.offset(step as isize * pitch).add(lane);
                    V::transpose(from.moved(0, step, lane), from.lane, square, pitch);
                }
            }
        }
        return;
    }
    for step in 0..steps {
        for lane in 0..lanes {
            // SAFETY: the caller's promise; this is one of the lanes of one of the steps.
            unsafe { to.offset(step as isize * pitch).add(lane).write(*from.moved(0, step, lane)) };
        }
    }
}

/// Computes a job.
///
/// # Safety
///
/// As for [`Tiles`].
#[inline(always)]
pub(super) unsafe fn tiles<T: Float, V: Lanes<T>, K: Kind>(job: &Job<T>) {
    let mut lane = 0;
    // SAFETY: the caller's promise; `lane` and those after it are lanes of the job.
    unsafe {
        while job.lanes - lane >= 2 * V::WIDTH {
            column::<T, V, K, 2>(job, lane, Whole);
            lane += 2 * V::WIDTH;
        }
        if job.lanes - lane >= V::WIDTH {
            column::<T, V, K, 1>(job, lane, Whole);
            lane += V::WIDTH;
        }
        if job.lanes > lane {
            column::<T, V, K, 1>(job, lane, First(job.lanes - lane));
        }
    }
}

/// Some lanes of all rows.
#[inline(always)]
unsafe fn column<T: Float, V: Lanes<T>, K: Kind, const VECTORS: usize>(
    job: &Job<T>,
    lane: usize,
    part: impl Part<T, V>,
) {
    let mut row = 0;
    // SAFETY: the caller's promise; `row` and those after it are rows of the job.
    unsafe {
        if K::ROWS_SHARE_A && V::REGISTERS == 32 {
            while job.rows - row >= 12 {
                tile::<T, V, K, 12, VECTORS, 1>(job, row, lane, part);
                row += 12;
            }
        }
        if K::ROWS_SHARE_A && V::REGISTERS == 16 {
            while job.rows - row >= 6 {
                tile::<T, V, K, 6, VECTORS, 1>(job, row, lane, part);
                row += 6;
            }
        }
        while job.rows - row >= 4 {
            tile::<T, V, K, 4, VECTORS, 1>(job, row, lane, part);
            row += 4;
        }
        if job.rows - row >= 2 {
            tile::<T, V, K, 2, VECTORS, 2>(job, row, lane, part);
            row += 2;
        }
        if job.rows > row {
            tile::<T, V, K, 1, VECTORS, 4>(job, row, lane, part);
        }
    }
}

/// Some lanes of some rows; if these are few, so many steps at a time, each to sums of its own.
#[inline(always)]
unsafe fn tile<T: Float, V: Lanes<T>, K: Kind, const ROWS: usize, const VECTORS: usize, const STEPS: usize>(
    job: &Job<T>,
    row: usize,
    lane: usize,
    part: impl Part<T, V>,
) {
    // SAFETY: the caller's promise; `left` are the steps that are left.
    unsafe {
        let mut sums = [[V::splat(T::default()); VECTORS]; ROWS];
        if job.has_start && job.scale.is_none() {
            for number in 0..ROWS {
                sums[number] = start(job, row + number, lane, part);
            }
        }
        let (mut a, mut b) = (job.a.moved(row, 0, lane), job.b.moved(row, 0, lane));
        let mut left = job.steps;
        if STEPS > 1 && left >= STEPS {
            let mut others = [[[V::splat(T::default()); VECTORS]; ROWS]; STEPS];
            while left >= STEPS {
                for step in 0..STEPS {
                    K::step(&mut others[step], job, a, b, part);
                    (a, b) = (a.moved_by(job.a.step), b.moved_by(job.b.step));
                }
                left -= STEPS;
            }
            for step in 0..STEPS {
                for row in 0..ROWS {
                    for vector in 0..VECTORS {
                        sums[row][vector] = sums[row][vector].add(others[step][row][vector]);
                    }
                }
            }
        }
        while left > 0 {
            K::step(&mut sums, job, a, b, part);
            (a, b) = (a.moved_by(job.a.step), b.moved_by(job.b.step));
            left -= 1;
        }
        if let Some(scale) = job.scale {
            let scale = V::splat(scale);
            for number in 0..ROWS {
                let mut starts = [V::splat(T::default()); VECTORS];
                if job.has_start {
                    starts = start(job, row + number, lane, part);
                }
                for vector in 0..VECTORS {
                    sums[number][vector] = sums[number][vector].mul_add(scale, starts[vector]);
                }
            }
        }
        if K::IS_GATED
            && let Some(gate) = job.gate
        {
            let from = gate.moved(row, 0, lane);
            for row in 0..ROWS {
                let from = from.offset(row as isize * gate.row);
                for vector in 0..VECTORS {
                    sums[row][vector] = sums[row][vector].gated(part.load(from.add(vector * V::WIDTH)));
                }
            }
        }
        let out = job.out.moved(row, 0, lane);
        for row in 0..ROWS {
            let out = out.offset(row as isize * job.out.row);
            for vector in 0..VECTORS {
                let sum = sums[row][vector];
                let result = if job.is_relu { sum.relu() } else { sum };
                part.store(result, out.add(vector * V::WIDTH));
            }
        }
    }
}

/// What some lanes of a row start from.
#[inline(always)]
unsafe fn start<T: Float, V: Lanes<T>, const VECTORS: usize>(
    job: &Job<T>,
    row: usize,
    lane: usize,
    part: impl Part<T, V>,
) -> [V; VECTORS] {
    let start = job.start.moved(row, 0, lane);
    // SAFETY: the caller's promise.
    unsafe {
        let mut starts = [V::splat(T::default()); VECTORS];
        for vector in 0..VECTORS {
            starts[vector] = match job.start.lane {
                0 => V::splat(*start),
                _ => part.load(start.add(vector * V::WIDTH)),
            };
        }
        starts
    }
}

/// Computes a job whose lanes are sums over the steps, along which both factors stand side by side: dot products.
///
/// # Safety
///
/// As for [`Tiles`], but that it is the steps by which `a` and `b` move by 1, and the lanes may move by any numbers; `a` stands
/// still from lane to lane, `b` from row to row.
#[inline(always)]
pub(super) unsafe fn dots<T: Float, V: Lanes<T>>(job: &Job<T>) {
    let mut row = 0;
    // SAFETY: the caller's promise; `row` and those after it are rows of the job.
    unsafe {
        while job.rows - row >= 4 {
            dot_rows::<T, V, 4>(job, row);
            row += 4;
        }
        while job.rows > row {
            dot_rows::<T, V, 1>(job, row);
            row += 1;
        }
    }
}

/// All lanes of some rows.
#[inline(always)]
unsafe fn dot_rows<T: Float, V: Lanes<T>, const ROWS: usize>(job: &Job<T>, row: usize) {
    let mut lane = 0;
    // SAFETY: the caller's promise; `lane` and those after it are lanes of the job.
    unsafe {
        if V::REGISTERS == 32 || ROWS < 4 {
            while job.lanes - lane >= 4 {
                dot_tile::<T, V, ROWS, 4, 1>(job, row, lane);
                lane += 4;
            }
        }
        while job.lanes - lane >= 2 {
            dot_tile::<T, V, ROWS, 2, 1>(job, row, lane);
            lane += 2;
        }
        if job.lanes > lane {
            match ROWS {
                1 => dot_tile::<T, V, ROWS, 1, 4>(job, row, lane),
                _ => dot_tile::<T, V, ROWS, 1, 1>(job, row, lane),
            }
        }
    }
}

/// Some lanes of some rows; if these are few, so many vectors of steps at a time, each to sums of its own.
#[inline(always)]
unsafe fn dot_tile<T: Float, V: Lanes<T>, const ROWS: usize, const LANES: usize, const PARTS: usize>(
    job: &Job<T>,
    row: usize,
    lane: usize,
) {
    // SAFETY: the caller's promise; `step` stays below the steps of the job.
    unsafe {
        let mut sums = [[V::splat(T::default()); LANES]; ROWS];
        let (a, b) = (job.a.moved(row, 0, lane), job.b.moved(row, 0, lane));
        let mut step = 0;
        if PARTS > 1 {
            let mut parts = [sums; PARTS];
            while job.steps - step >= PARTS * V::WIDTH {
                for part in 0..PARTS {
                    add_dots(&mut parts[part], job, a.add(step), b.add(step), Whole);
                    step += V::WIDTH;
                }
            }
            for part in 0..PARTS {
                for row in 0..ROWS {
                    for lane in 0..LANES {
                        sums[row][lane] = sums[row][lane].add(parts[part][row][lane]);
                    }
                }
            }
        }
        while job.steps - step >= V::WIDTH {
            add_dots(&mut sums, job, a.add(step), b.add(step), Whole);
            step += V::WIDTH;
        }
        if job.steps > step {
            add_dots(&mut sums, job, a.add(step), b.add(step), First(job.steps - step));
        }
        let (out, start) = (job.out.moved(row, 0, lane), job.start.moved(row, 0, lane));
        let results = each_sum(sums);
        for row in 0..ROWS {
            for lane in 0..LANES {
                let mut result = results[row][lane];
                if let Some(scale) = job.scale {
                    result = result * scale;
                }
                if job.has_start {
                    let start = start.offset(row as isize * job.start.row + lane as isize * job.start.lane);
                    result = *start + result;
                }
                let is_cut = job.is_relu && result < T::default();
                let out = out.offset(row as isize * job.out.row + lane as isize * job.out.lane);
                *out = if is_cut { T::default() } else { result };
            }
        }
    }
}

/// The sum of all numbers of each.
#[inline(always)]
unsafe fn each_sum<T: Float, V: Lanes<T>, const ROWS: usize, const LANES: usize>(
    sums: [[V; LANES]; ROWS],
) -> [[T; LANES]; ROWS] {
    let mut results = [[T::default(); LANES]; ROWS];
    // SAFETY: the caller promises that the processor has the instruction set.
    unsafe {
        for row in 0..ROWS {
            if LANES == 4 {
                let four = V::four_sums([sums[row][0], sums[row][1], sums[row][2], sums[row][3]]);
                results[row].copy_from_slice(&four[..LANES]);
            }
        }
        for lane in 0..LANES {
            if LANES < 4 && ROWS == 4 {
                let four = V::four_sums([sums[0][lane], sums[1][lane], sums[2][lane], sums[3][lane]]);
                for row in 0..ROWS {
                    results[row][lane] = four[row];
                }
            } else if LANES < 4 {
                for row in 0..ROWS {
                    results[row][lane] = sums[row][lane].sum();
                }
            }
        }
    }
    results
}

/// Adds the products of some steps.
#[inline(always)]
unsafe fn add_dots<T: Float, V: Lanes<T>, const ROWS: usize, const LANES: usize>(
    sums: &mut [[V; LANES]; ROWS],
    job: &Job<T>,
    a: *const T,
    b: *const T,
    part: impl Part<T, V>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut loaded = [V::splat(T::default()); LANES];
        for lane in 0..LANES {
            loaded[lane] = part.load(b.offset(lane as isize * job.b.lane));
        }
        for row in 0..ROWS {
            let a = part.load(a.offset(row as isize * job.a.row));
            for lane in 0..LANES {
                sums[row][lane] = a.mul_add(loaded[lane], sums[row][lane]);
            }
        }
    }
}
