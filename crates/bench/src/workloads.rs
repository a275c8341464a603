//! Workloads of GradBench: the functions of our tool, and beside them their values in plain C++ (`reference/gradbench/`).

use chainrule::{Pcg64, RngExt, rng};
use gradbench::evals::{ba, det, gmm, ht, kmeans, llsq, lse, lstm, ode};
use gradbench::{Options, Result, Task};

/// An eval of GradBench at one input.
pub struct Workload {
    /// What the eval is called.
    pub eval: &'static str,
    /// Its input, in a few words.
    pub input: &'static str,
    /// How many times as long as the value in C++ the derivative may take as a program, and recorded and swept anew.
    pub most: Ratios,
    /// How many numbers the value is.
    pub values: usize,
    /// Writes the value, in C++.
    pub primal_by_hand: Box<ByHand>,
    /// Our value, prepared.
    pub primal: Box<Prepare>,
    /// Our derivative, prepared.
    pub derivative: Box<Prepare>,
}

type ByHand = dyn FnMut(&mut [f64]);
type Prepare = dyn Fn(Options) -> Result<Box<dyn Task>>;

/// For each mode.
#[derive(Clone, Copy)]
pub struct Ratios {
    /// Of programs.
    pub program: f64,
    /// Of the tape; none if nobody said.
    pub eager: Option<f64>,
}

/// What is measured: an input of each eval whose derivative takes long.
pub fn workloads() -> Vec<Workload> {
    vec![
        llsq_workload(),
        lse_workload(),
        ode_workload(),
        det_workload(),
        gmm_workload(),
        lstm_workload(),
        ba_workload(),
        kmeans_workload(),
        ht_workload(),
    ]
}

unsafe extern "C" {
    fn primal_llsq(x: *const f64, m: i64, n: i64) -> f64;
    fn primal_lse(x: *const f64, n: i64) -> f64;
    fn primal_ode(x: *const f64, n: i64, steps: i64, y: *mut f64);
    fn primal_det(a: *const f64, size: i32) -> f64;
    fn primal_gmm(
        d: i32,
        k: i32,
        n: i32,
        alpha: *const f64,
        mu: *const f64,
        q: *const f64,
        l: *const f64,
        x: *const f64,
        m: f64,
        gamma: f64,
    ) -> f64;
    fn primal_lstm(
        layers: i32,
        letters: i32,
        bits: i32,
        main: *const f64,
        extra: *const f64,
        state: *const f64,
        sequence: *const f64,
    ) -> f64;
    fn primal_ba(
        n: i64,
        m: i64,
        p: i64,
        cameras: *const f64,
        points: *const f64,
        weights: *const f64,
        features: *const f64,
        errors: *mut f64,
        weight_errors: *mut f64,
    );
    fn primal_kmeans(n: i32, k: i32, d: i32, points: *const f64, centroids: *const f64) -> f64;
    fn primal_ht(
        theta: *const f64,
        us: *const f64,
        count: i64,
        correspondences: *const i64,
        points: *const f64,
        parents: *const i64,
        relatives: *const f64,
        inverses: *const f64,
        vertices: i64,
        positions: *const f64,
        weights: *const f64,
        triangles: *const i64,
        errors: *mut f64,
    );
}

fn llsq_workload() -> Workload {
    let input = llsq::Input { x: uniform(&mut rng(1), 128), n: 4096 };
    let x = input.x.clone();
    Workload {
        eval: "llsq",
        input: "n=4096 m=128",
        most: Ratios { program: 1.0, eager: Some(6.6) },
        values: 1,
        // SAFETY: there are as many coefficients as it is told.
        primal_by_hand: Box::new(move |y| y[0] = unsafe { primal_llsq(x.as_ptr(), 128, 4096) }),
        primal: prepare(&input, llsq::primal),
        derivative: prepare(&input, llsq::gradient),
    }
}

fn lse_workload() -> Workload {
    let input = lse::Input { x: uniform(&mut rng(2), 160_000) };
    let x = input.x.clone();
    Workload {
        eval: "lse",
        input: "n=160000",
        most: Ratios { program: 0.6, eager: Some(2.8) },
        values: 1,
        // SAFETY: there are as many numbers as it is told.
        primal_by_hand: Box::new(move |y| y[0] = unsafe { primal_lse(x.as_ptr(), x.len() as i64) }),
        primal: prepare(&input, lse::primal),
        derivative: prepare(&input, lse::gradient),
    }
}

fn ode_workload() -> Workload {
    let input = ode::Input { x: uniform(&mut rng(3), 1000), s: 100 };
    let x = input.x.clone();
    Workload {
        eval: "ode",
        input: "n=1000 s=100",
        most: Ratios { program: 3.0, eager: Some(13.7) },
        values: 1000,
        // SAFETY: there are as many numbers as it is told, and as many values.
        primal_by_hand: Box::new(move |y| unsafe { primal_ode(x.as_ptr(), x.len() as i64, 100, y.as_mut_ptr()) }),
        primal: prepare(&input, ode::primal),
        derivative: prepare(&input, ode::gradient),
    }
}

fn det_workload() -> Workload {
    let input = det::Input { matrix: uniform(&mut rng(4), 64), ell: 8 };
    let matrix = input.matrix.clone();
    Workload {
        eval: "det",
        input: "ell=8",
        most: Ratios { program: 2.5, eager: Some(2.6) },
        values: 1,
        // SAFETY: the matrix has as many rows and columns as it is told.
        primal_by_hand: Box::new(move |y| y[0] = unsafe { primal_det(matrix.as_ptr(), 8) }),
        primal: prepare(&input, det::primal),
        derivative: prepare(&input, det::gradient),
    }
}

fn gmm_workload() -> Workload {
    let mut rng = rng(5);
    let (d, k, n) = (10, 25, 1000);
    let input = gmm::Input {
        d,
        k,
        n,
        x: lists(n, || normal(&mut rng, d)),
        alpha: normal(&mut rng, k),
        mu: lists(k, || uniform(&mut rng, d)),
        q: lists(k, || normal(&mut rng, d)),
        l: lists(k, || normal(&mut rng, d * (d - 1) / 2)),
        m: 0,
        gamma: 1.0,
    };
    let alpha = input.alpha.clone();
    let [x, mu, q, l] = [&input.x, &input.mu, &input.q, &input.l].map(|lists| lists.concat());
    Workload {
        eval: "gmm",
        input: "d=10 k=25 n=1000",
        most: Ratios { program: 1.2, eager: Some(12.0) },
        values: 1,
        primal_by_hand: Box::new(move |y| {
            let [alpha, mu, q, l, x] = [&alpha, &mu, &q, &l, &x].map(|numbers| numbers.as_ptr());
            // SAFETY: all lists are as long as the sizes say.
            y[0] = unsafe { primal_gmm(d as i32, k as i32, n as i32, alpha, mu, q, l, x, 0.0, 1.0) };
        }),
        primal: prepare(&input, gmm::objective),
        derivative: prepare(&input, gmm::jacobian),
    }
}

fn lstm_workload() -> Workload {
    let mut rng = rng(6);
    let (layers, letters, bits) = (2, 1024, 14);
    let input = lstm::Input {
        main_params: lists(2 * layers, || uniform(&mut rng, 4 * bits)),
        extra_params: lists(3, || uniform(&mut rng, bits)),
        state: lists(2 * layers, || uniform(&mut rng, bits)),
        sequence: lists(letters, || uniform(&mut rng, bits).into_iter().map(f64::round).collect()),
    };
    let all = [&input.main_params, &input.extra_params, &input.state, &input.sequence].map(|lists| lists.concat());
    Workload {
        eval: "lstm",
        input: "l=2 c=1024",
        most: Ratios { program: 1.5, eager: Some(2.4) },
        values: 1,
        primal_by_hand: Box::new(move |y| {
            let [main, extra, state, sequence] = all.each_ref().map(|numbers| numbers.as_ptr());
            // SAFETY: all lists are as long as the sizes say.
            y[0] = unsafe { primal_lstm(layers as i32, letters as i32, bits as i32, main, extra, state, sequence) };
        }),
        primal: prepare(&input, lstm::objective),
        derivative: prepare(&input, lstm::jacobian),
    }
}

fn ba_workload() -> Workload {
    let (n, m, p) = (49, 7776, 31_843);
    let input = ba::Input {
        n,
        m,
        p,
        cam: vec![0.02, -0.01, 0.005, -0.03, -0.1, 1.1, 400.0, 1.0, -2.0, -1e-7, 1e-13],
        x: vec![-0.6, 0.5, -1.8],
        w: 0.9,
        feat: vec![-332.0, 262.0],
    };
    let (cameras, points) = (input.cam.repeat(n), input.x.repeat(m));
    let (weights, features) = (vec![input.w; p], input.feat.repeat(p));
    Workload {
        eval: "ba",
        input: "1 (49, 7776, 31843)",
        most: Ratios { program: 6.0, eager: Some(30.0) },
        values: 3 * p,
        primal_by_hand: Box::new(move |errors| {
            let (errors, weight_errors) = errors.split_at_mut(2 * p);
            let given = [&cameras, &points, &weights, &features].map(|numbers| numbers.as_ptr());
            let [cameras, points, weights, features] = given;
            let [errors, weight_errors] = [errors, weight_errors].map(|numbers| numbers.as_mut_ptr());
            let counts = [n, m, p].map(|count| count as i64);
            // SAFETY: all lists are as long as the sizes say, and there are three errors an observation.
            unsafe {
                primal_ba(counts[0], counts[1], counts[2], cameras, points, weights, features, errors, weight_errors)
            }
        }),
        primal: prepare(&input, ba::objective),
        derivative: prepare(&input, ba::jacobian),
    }
}

fn kmeans_workload() -> Workload {
    let mut rng = rng(8);
    let (n, k, d) = (1000, 100, 8);
    let points = lists(n, || uniform(&mut rng, d));
    let input = kmeans::Input { centroids: points[n - k..].to_vec(), points };
    let (points, centroids) = (input.points.concat(), input.centroids.concat());
    Workload {
        eval: "kmeans",
        input: "k=100 n=1000 d=8",
        most: Ratios { program: 1.2, eager: Some(36.0) },
        values: 1,
        primal_by_hand: Box::new(move |y| {
            let [points, centroids] = [&points, &centroids].map(|numbers| numbers.as_ptr());
            // SAFETY: both lists are as long as the sizes say.
            y[0] = unsafe { primal_kmeans(n as i32, k as i32, d as i32, points, centroids) };
        }),
        primal: prepare(&input, kmeans::cost),
        derivative: prepare(&input, kmeans::dir),
    }
}

fn ht_workload() -> Workload {
    const POINTS: usize = 800;
    let input = hand(&mut rng(9), POINTS);
    let indices = |indices: &[usize]| -> Vec<i64> { indices.iter().map(|index| *index as i64).collect() };
    let ht::Data { correspondences, points, model } = &input.data;
    let (correspondences, triangles) = (indices(correspondences), indices(model.triangles.as_flattened()));
    let (theta, us, points) = (input.theta.clone(), input.us.concat(), points.concat());
    let model = model.clone();
    let weights = model.weights.concat();
    Workload {
        eval: "ht",
        input: "complicated big C=800",
        most: Ratios { program: 5.0, eager: Some(54.0) },
        values: 3 * POINTS,
        primal_by_hand: Box::new(move |errors| {
            let [relatives, inverses] = [&model.base_relatives, &model.inverse_base_absolutes]
                .map(|matrices| matrices.as_flattened().as_flattened().as_ptr());
            let positions = model.base_positions.as_flattened();
            // SAFETY: all lists belong to one hand, whose indices are below the lengths of what they are indices of; there
            // are three errors a point.
            unsafe {
                primal_ht(
                    theta.as_ptr(),
                    us.as_ptr(),
                    POINTS as i64,
                    correspondences.as_ptr(),
                    points.as_ptr(),
                    model.parents.as_ptr(),
                    relatives,
                    inverses,
                    model.base_positions.len() as i64,
                    positions.as_ptr(),
                    weights.as_ptr(),
                    triangles.as_ptr(),
                    errors.as_mut_ptr(),
                );
            }
        }),
        primal: prepare(&input, ht::objective),
        derivative: prepare(&input, ht::jacobian),
    }
}

/// A hand of the size of the big model, with measured points: 10,000 vertices that move with one to four of 22 bones each, of
/// which 544 are corners of 1,084 triangles.
fn hand(rng: &mut Pcg64, count: usize) -> ht::Input {
    const BONES: usize = 22;
    const VERTICES: usize = 10_000;
    const CORNERS: usize = 544;
    const TRIANGLES: usize = 1_084;
    let mut shift = |by: f64| {
        let mut matrix = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
        matrix[..3].iter_mut().for_each(|row| row[3] = rng.random_range(-by..by));
        matrix
    };
    let base_relatives = (0..BONES).map(|_| shift(1.0)).collect();
    let inverse_base_absolutes = (0..BONES).map(|_| shift(2.0)).collect();
    let weights = lists(VERTICES, || {
        let mut weights = vec![0.0; BONES];
        for _ in 0..rng.random_range(1..=4) {
            weights[rng.random_range(0..BONES)] = rng.random_range(0.1..1.0);
        }
        weights
    });
    let mut numbers = |length| uniform(rng, length);
    let parents = (0..BONES as i64).map(|bone| {
        if bone == 0 {
            -1
        } else if bone % 4 == 1 {
            0
        } else {
            bone - 1
        }
    });
    let model = ht::Model {
        parents: parents.collect(),
        base_relatives,
        inverse_base_absolutes,
        base_positions: (0..VERTICES).map(|_| [numbers(1)[0], numbers(1)[0], numbers(1)[0], 1.0]).collect(),
        weights,
        triangles: (0..TRIANGLES).map(|_| [0; 3].map(|_| (numbers(1)[0] * CORNERS as f64) as usize)).collect(),
        is_mirrored: false,
    };
    let data = ht::Data {
        correspondences: (0..count).map(|_| (numbers(1)[0] * TRIANGLES as f64) as usize).collect(),
        points: (0..count).map(|_| [0.0; 3].map(|_| numbers(1)[0])).collect(),
        model,
    };
    ht::Input { theta: numbers(26), us: (0..count).map(|_| [0.0; 2].map(|_| numbers(1)[0] / 2.0)).collect(), data }
}

fn prepare<I: Clone + 'static>(input: &I, function: fn(I, Options) -> Result<Box<dyn Task>>) -> Box<Prepare> {
    let input = input.clone();
    Box::new(move |options| function(input.clone(), options))
}

fn uniform(rng: &mut Pcg64, length: usize) -> Vec<f64> {
    (0..length).map(|_| rng.random_range(0.0..1.0)).collect()
}

/// Sums of twelve uniform numbers: near enough to a normal distribution.
fn normal(rng: &mut Pcg64, length: usize) -> Vec<f64> {
    (0..length).map(|_| uniform(rng, 12).iter().sum::<f64>() - 6.0).collect()
}

fn lists(count: usize, mut list: impl FnMut() -> Vec<f64>) -> Vec<Vec<f64>> {
    (0..count).map(|_| list()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbench::Mode;
    use serde_json::Value as Json;

    /// The numbers of an output; of one that repeats itself, those that are repeated.
    fn numbers(output: &Json) -> Vec<f64> {
        match output {
            Json::Number(number) => number.as_f64().into_iter().collect(),
            Json::Array(list) => list.iter().flat_map(numbers).collect(),
            Json::Object(fields) => ["elements", "element"]
                .iter()
                .filter_map(|name| fields.get(*name))
                .chain(fields.values().filter(|field| field.is_object()))
                .flat_map(numbers)
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn cpp_computes_the_values_of_our_tool() {
        for mut workload in workloads() {
            let mut by_hand = vec![f64::NAN; workload.values];
            (workload.primal_by_hand)(&mut by_hand);
            for mode in [Mode::Program, Mode::Eager] {
                let mut task = (workload.primal)(Options { mode, threads: 1 }).unwrap();
                task.run().unwrap();
                let ours = numbers(&serde_json::from_str(task.output().unwrap().get()).unwrap());
                let expected = match workload.eval {
                    "ba" => vec![by_hand[0], by_hand[1], by_hand[workload.values - 1]],
                    _ => by_hand.clone(),
                };
                assert_eq!(ours.len(), expected.len(), "{}", workload.eval);
                for (ours, expected) in ours.iter().zip(expected) {
                    let difference = (ours - expected).abs() / expected.abs().max(1.0);
                    assert!(difference < 1e-11, "{} {mode:?}: {ours} is not {expected}", workload.eval);
                }
            }
        }
    }

    #[test]
    fn both_modes_compute_the_same_derivatives() {
        for workload in workloads() {
            let [by_program, by_tape] = [Mode::Program, Mode::Eager].map(|mode| {
                let mut task = (workload.derivative)(Options { mode, threads: 1 }).unwrap();
                task.run().unwrap();
                numbers(&serde_json::from_str(task.output().unwrap().get()).unwrap())
            });
            let largest = by_tape.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()));
            for (ours, expected) in by_program.iter().zip(by_tape) {
                // The derivative of lse by the largest number is what is left of 1 and a sum of 160,000 shares.
                assert!((ours - expected).abs() <= 1e-8 * largest, "{}: {ours} is not {expected}", workload.eval);
            }
        }
    }
}
