//! Products and sums with their results in registers.
//!
//! A kernel computes rows of lanes, each `start + sum over the steps of a * b`, some rows and some vectors of lanes at a time:
//! as many as there are registers, so that a number that was loaded is used often and sums need not wait for each other.
//!
//! There are no closures here: those would be functions of their own, which lack the vector instructions.

use super::Float;
use super::lanes::Lanes;

/// What a kernel computes. Moves are in slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<T> {
    pub rows: usize,
    pub lanes: usize,
    /// The terms of each sum.
    pub steps: usize,
    pub out: Moving<*mut T>,
    pub start: Option<Moving<*const T>>,
    /// The factor whose lanes stand side by side.
    pub a: Moving<*const T>,
    pub b: Moving<*const T>,
    /// Whether negative results become 0.
    pub is_relu: bool,
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
/// do not overlap the results; `a`, and `b` if it moves with the lanes, move by 1.
pub(super) type Tiles<T> = unsafe fn(job: &Job<T>);

/// How the factors of a term move.
pub(super) trait Kind {
    /// Whether `a` is the same in all rows, so that tiles of many rows are worth it.
    const ROWS_SHARE_A: bool;

    /// Adds the terms of one step to the sums of a tile; `count` lanes of the last vector are there.
    ///
    /// # Safety
    ///
    /// As for [`Tiles`].
    unsafe fn step<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
        sums: &mut [[V; VECTORS]; ROWS],
        a: Moving<*const T>,
        b: Moving<*const T>,
        load: impl Load<T, V>,
    );
}

/// Loads the vectors of a tile, the last of which may be shorter.
pub(super) trait Load<T, V>: Copy {
    /// # Safety
    ///
    /// As for [`Tiles`].
    unsafe fn load(self, from: *const T, vector: usize) -> V;
    /// # Safety
    ///
    /// As for [`Tiles`].
    unsafe fn store(self, numbers: V, to: *mut T, vector: usize);
}

/// All vectors are whole.
#[derive(Clone, Copy)]
struct Whole;

impl<T: Float, V: Lanes<T>> Load<T, V> for Whole {
    #[inline(always)]
    unsafe fn load(self, from: *const T, vector: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(from.add(vector * V::WIDTH)) }
    }

    #[inline(always)]
    unsafe fn store(self, numbers: V, to: *mut T, vector: usize) {
        // SAFETY: the caller's promise.
        unsafe { numbers.store(to.add(vector * V::WIDTH)) }
    }
}

/// The last of so many vectors has only so many numbers.
#[derive(Clone, Copy)]
struct Short {
    last: usize,
    count: usize,
}

impl<T: Float, V: Lanes<T>> Load<T, V> for Short {
    #[inline(always)]
    unsafe fn load(self, from: *const T, vector: usize) -> V {
        // SAFETY: the caller's promise.
        unsafe {
            let from = from.add(vector * V::WIDTH);
            if vector == self.last { V::load_first(from, self.count) } else { V::load(from) }
        }
    }

    #[inline(always)]
    unsafe fn store(self, numbers: V, to: *mut T, vector: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let to = to.add(vector * V::WIDTH);
            if vector == self.last { numbers.store_first(to, self.count) } else { numbers.store(to) }
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $Kind:ident shares $shares:literal |$sums:ident, $a:ident, $b:ident, $load:ident| $step:block)*) => { $(
        $(#[$doc])*
        pub(super) struct $Kind;

        impl Kind for $Kind {
            const ROWS_SHARE_A: bool = $shares;

            #[inline(always)]
            unsafe fn step<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
                $sums: &mut [[V; VECTORS]; ROWS],
                $a: Moving<*const T>,
                $b: Moving<*const T>,
                $load: impl Load<T, V>,
            ) {
                // SAFETY: the caller's promise.
                unsafe { $step }
            }
        }
    )* };
}

kinds! {
    /// All rows have the same `a`; `b` is one number a row: a matrix product.
    Shared shares true |sums, a, b, load| {
        let mut loaded = [V::splat(T::default()); VECTORS];
        for vector in 0..VECTORS {
            loaded[vector] = load.load(a.at, vector);
        }
        for row in 0..ROWS {
            let b = V::splat(*b.at.offset(row as isize * b.row));
            for vector in 0..VECTORS {
                sums[row][vector] = loaded[vector].mul_add(b, sums[row][vector]);
            }
        }
    }
    /// Each row has its `a`, and one number `b`.
    Scaled shares false |sums, a, b, load| {
        for row in 0..ROWS {
            let (a, b) = (a.at.offset(row as isize * a.row), V::splat(*b.at.offset(row as isize * b.row)));
            for vector in 0..VECTORS {
                sums[row][vector] = load.load(a, vector).mul_add(b, sums[row][vector]);
            }
        }
    }
    /// Both factors move with the lanes.
    Paired shares false |sums, a, b, load| {
        for row in 0..ROWS {
            let (a, b) = (a.at.offset(row as isize * a.row), b.at.offset(row as isize * b.row));
            for vector in 0..VECTORS {
                sums[row][vector] = load.load(a, vector).mul_add(load.load(b, vector), sums[row][vector]);
            }
        }
    }
    /// There is no other factor.
    Single shares false |sums, a, _b, load| {
        for row in 0..ROWS {
            let a = a.at.offset(row as isize * a.row);
            for vector in 0..VECTORS {
                sums[row][vector] = sums[row][vector].add(load.load(a, vector));
            }
        }
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
    #[inline(always)]
    pub fn moved(self, rows: usize, steps: usize, lanes: usize) -> Self {
        let by = self.row * rows as isize + self.step * steps as isize + self.lane * lanes as isize;
        Moving { at: self.at.moved_by(by), ..self }
    }
}

impl<T> Job<T> {
    /// The part of it from this row and lane on, with so many lanes.
    #[inline(always)]
    fn part(&self, row: usize, lane: usize, lanes: usize) -> Self {
        Job {
            lanes,
            out: self.out.moved(row, 0, lane),
            start: self.start.map(|start| start.moved(row, 0, lane)),
            a: self.a.moved(row, 0, lane),
            b: self.b.moved(row, 0, lane),
            ..*self
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
    while lane < job.lanes {
        let lanes = (job.lanes - lane).min(2 * V::WIDTH);
        // SAFETY: the caller's promise; parts lie inside the job.
        unsafe {
            let column = job.part(0, lane, lanes);
            let vectors = lanes.div_ceil(V::WIDTH);
            let (last, count) = (vectors - 1, lanes - (vectors - 1) * V::WIDTH);
            match (vectors, count == V::WIDTH) {
                (2, true) => rows::<T, V, K, 2>(&column, Whole),
                (2, false) => rows::<T, V, K, 2>(&column, Short { last, count }),
                (_, true) => rows::<T, V, K, 1>(&column, Whole),
                (_, false) => rows::<T, V, K, 1>(&column, Short { last, count }),
            }
        }
        lane += lanes;
    }
}

/// A column of tiles.
#[inline(always)]
unsafe fn rows<T: Float, V: Lanes<T>, K: Kind, const VECTORS: usize>(job: &Job<T>, load: impl Load<T, V>) {
    let mut row = 0;
    // SAFETY: the caller's promise; parts lie inside the job.
    unsafe {
        while row < job.rows {
            let part = job.part(row, 0, job.lanes);
            row += match job.rows - row {
                8.. if K::ROWS_SHARE_A && V::REGISTERS == 32 => tile::<T, V, K, 8, VECTORS, 1>(&part, load),
                6.. if K::ROWS_SHARE_A => tile::<T, V, K, 6, VECTORS, 1>(&part, load),
                4.. => tile::<T, V, K, 4, VECTORS, 1>(&part, load),
                3 => tile::<T, V, K, 3, VECTORS, 1>(&part, load),
                2 => tile::<T, V, K, 2, VECTORS, 2>(&part, load),
                _ => tile::<T, V, K, 1, VECTORS, 4>(&part, load),
            };
        }
    }
}

/// A tile; of few rows, so many steps at a time, each to sums of its own. Says how many rows it has.
#[inline(always)]
unsafe fn tile<T: Float, V: Lanes<T>, K: Kind, const ROWS: usize, const VECTORS: usize, const STEPS: usize>(
    job: &Job<T>,
    load: impl Load<T, V>,
) -> usize {
    // SAFETY: the caller's promise; `step` stays below the steps of the job.
    unsafe {
        let mut sums = [[[V::splat(T::default()); VECTORS]; ROWS]; STEPS];
        if let Some(start) = job.start {
            begin(&mut sums[0], start, job.lanes, load);
        }
        let (mut a, mut b) = (job.a, job.b);
        let mut left = job.steps;
        while left >= STEPS {
            for (step, sums) in sums.iter_mut().enumerate() {
                K::step(sums, a.moved(0, step, 0), b.moved(0, step, 0), load);
            }
            (a, b) = (a.moved(0, STEPS, 0), b.moved(0, STEPS, 0));
            left -= STEPS;
        }
        while STEPS > 1 && left > 0 {
            K::step(&mut sums[0], a, b, load);
            (a, b) = (a.moved(0, 1, 0), b.moved(0, 1, 0));
            left -= 1;
        }
        let mut results = sums[0];
        for sums in &sums[1..] {
            for (results, sums) in results.iter_mut().zip(sums) {
                for (result, sum) in results.iter_mut().zip(sums) {
                    *result = result.add(*sum);
                }
            }
        }
        finish(results, job, load);
    }
    ROWS
}

/// The most lanes of a tile.
const MOST_LANES: usize = 32;

/// Loads what the sums start from.
#[inline(always)]
unsafe fn begin<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
    sums: &mut [[V; VECTORS]; ROWS],
    start: Moving<*const T>,
    lanes: usize,
    load: impl Load<T, V>,
) {
    for (row, sums) in sums.iter_mut().enumerate() {
        let at = start.moved(row, 0, 0).at;
        // SAFETY: the caller's promise.
        unsafe {
            match start.lane {
                0 => *sums = [V::splat(*at); VECTORS],
                1 => load_all(sums, at, load),
                stride => {
                    let mut collected = [T::default(); MOST_LANES];
                    for (lane, number) in collected.iter_mut().enumerate().take(lanes) {
                        *number = *at.offset(lane as isize * stride);
                    }
                    load_all(sums, collected.as_ptr(), load);
                }
            }
        }
    }
}

/// Loads the vectors of a row.
#[inline(always)]
unsafe fn load_all<T: Float, V: Lanes<T>>(vectors: &mut [V], from: *const T, load: impl Load<T, V>) {
    for (vector, numbers) in vectors.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        *numbers = unsafe { load.load(from, vector) };
    }
}

/// Puts the results where they go.
#[inline(always)]
unsafe fn finish<T: Float, V: Lanes<T>, const ROWS: usize, const VECTORS: usize>(
    mut results: [[V; VECTORS]; ROWS],
    job: &Job<T>,
    load: impl Load<T, V>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if job.is_relu {
            for row in &mut results {
                for vector in row {
                    *vector = vector.relu();
                }
            }
        }
        for (row, results) in results.into_iter().enumerate() {
            let to = job.out.at.offset(row as isize * job.out.row);
            if job.out.lane == 1 {
                for (vector, numbers) in results.into_iter().enumerate() {
                    load.store(numbers, to, vector);
                }
            } else {
                let mut collected = [T::default(); MOST_LANES];
                for (vector, numbers) in results.into_iter().enumerate() {
                    load.store(numbers, collected.as_mut_ptr(), vector);
                }
                for (lane, number) in collected.into_iter().enumerate().take(job.lanes) {
                    *to.offset(lane as isize * job.out.lane) = number;
                }
            }
        }
    }
}

/// Computes a job whose lanes are sums over the steps, along which both factors stand side by side: dot products.
///
/// # Safety
///
/// As for [`Tiles`], but that it is the steps by which `a` and `b` move by 1; `a` stands still from lane to lane, `b` from
/// row to row.
#[inline(always)]
pub(super) unsafe fn dots<T: Float, V: Lanes<T>>(job: &Job<T>) {
    let mut row = 0;
    // SAFETY: the caller's promise; parts lie inside the job.
    unsafe {
        while row < job.rows {
            row += match job.rows - row {
                4.. => dot_row::<T, V, 4>(&job.part(row, 0, job.lanes)),
                2.. => dot_row::<T, V, 2>(&job.part(row, 0, job.lanes)),
                _ => dot_row::<T, V, 1>(&job.part(row, 0, job.lanes)),
            };
        }
    }
}

/// Some rows of dot products. Says how many.
#[inline(always)]
unsafe fn dot_row<T: Float, V: Lanes<T>, const ROWS: usize>(job: &Job<T>) -> usize {
    let mut lane = 0;
    // SAFETY: the caller's promise; parts lie inside the job.
    unsafe {
        while lane < job.lanes {
            let part = job.part(0, lane, 1);
            lane += match job.lanes - lane {
                4.. if V::REGISTERS == 32 || ROWS < 4 => dot_tile::<T, V, ROWS, 4>(&part),
                2.. => dot_tile::<T, V, ROWS, 2>(&part),
                _ => dot_tile::<T, V, ROWS, 1>(&part),
            };
        }
    }
    ROWS
}

/// A vector, or what is left of one.
#[inline(always)]
unsafe fn load_some<T: Float, V: Lanes<T>>(from: *const T, count: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { if count == V::WIDTH { V::load(from) } else { V::load_first(from, count) } }
}

/// A tile of dot products. Says how many lanes it has.
#[inline(always)]
unsafe fn dot_tile<T: Float, V: Lanes<T>, const ROWS: usize, const LANES: usize>(job: &Job<T>) -> usize {
    // SAFETY: the caller's promise; `at` stays below the steps of the job.
    unsafe {
        let mut sums = [[V::splat(T::default()); LANES]; ROWS];
        let mut at = 0;
        while at < job.steps {
            let count = (job.steps - at).min(V::WIDTH);
            let mut b = [V::splat(T::default()); LANES];
            for (lane, b) in b.iter_mut().enumerate() {
                *b = load_some(job.b.moved(0, 0, lane).at.add(at), count);
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let a = load_some::<T, V>(job.a.moved(row, 0, 0).at.add(at), count);
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = a.mul_add(b, *sum);
                }
            }
            at += count;
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (lane, sum) in sums.into_iter().enumerate() {
                let mut result = sum.sum();
                if let Some(start) = job.start {
                    result = *start.moved(row, 0, lane).at + result;
                }
                let is_cut = job.is_relu && result < T::default();
                let to = job.out.at.offset(job.out.row * row as isize + job.out.lane * lane as isize);
                *to = if is_cut { T::default() } else { result };
            }
        }
    }
    LANES
}
