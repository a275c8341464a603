//! Sparse matrices of the sizes that they are for: time and memory.
//!
//! `cargo test --release -p chainrule --test sparse -- --ignored --nocapture --test-threads=1`

use chainrule::program::Derivatives;
use chainrule::program::sparse::MappedJacobian;
use chainrule::{Program, Value};
use std::time::Instant;

const CAMERA: usize = 11;
const POINT: usize = 3;
const READS: usize = CAMERA + POINT + 1;

/// How far a point is seen by a camera from where it was observed, in two coordinates, times a weight.
fn reprojection_error(read: &[Value], observed: &[Value]) -> [Value; 2] {
    let (camera, point, weight) = (&read[..CAMERA], &read[CAMERA..CAMERA + POINT], read[READS - 1]);
    let axis = [camera[0], camera[1], camera[2]];
    let moved = [0, 1, 2].map(|i| point[i] - camera[3 + i]);
    let angle = (axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]).sqrt();
    let unit = axis.map(|a| a / angle);
    let (sine, cosine) = (angle.sin(), angle.cos());
    let along = (1.0 - cosine) * (unit[0] * moved[0] + unit[1] * moved[1] + unit[2] * moved[2]);
    let crossed = [1, 2, 0].map(|i| (i, (i + 1) % 3)).map(|(i, j)| unit[i] * moved[j] - unit[j] * moved[i]);
    let turned = [0, 1, 2].map(|i| moved[i] * cosine + crossed[i] * sine + unit[i] * along);
    let seen = [turned[0] / turned[2], turned[1] / turned[2]];
    let square = seen[0] * seen[0] + seen[1] * seen[1];
    let scale = camera[6] * (1.0 + camera[9] * square + camera[10] * square * square);
    [0, 1].map(|i| weight * (scale * seen[i] + camera[7 + i] - observed[i]))
}

/// The most memory that this process has held, in MiB, where the system tells it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

fn print(what: &str, start: Instant) {
    let memory = peak_memory().map_or("not known".into(), |memory| format!("{memory:.0} MiB"));
    println!("{what}: {:.3} s; most memory so far: {memory}", start.elapsed().as_secs_f64());
}

#[test]
#[ignore = "measures; run by hand"]
fn a_bundle_adjustment_of_500_000_rows_and_150_000_columns() {
    let (cameras, points, weights, observations) = (1_000, 38_000, 25_000, 250_000);
    let columns = CAMERA * cameras + POINT * points + weights;
    let observation = |number: usize| {
        let (camera, point) = (CAMERA * (number % cameras), CAMERA * cameras + POINT * (number % points));
        let weight = columns - weights + number % weights;
        (camera..camera + CAMERA).chain(point..point + POINT).chain([weight]).map(|index| index as u32)
    };
    let reads: Vec<u32> = (0..observations).flat_map(observation).collect();
    let x: Vec<f64> = (0..columns).map(|index| 0.5 + 0.1 * (index as f64).sin()).collect();
    let observed: Vec<f64> = (0..2 * observations).map(|index| (index as f64).cos()).collect();

    let start = Instant::now();
    let groups = [("read", &x[..READS]), ("observed", &observed[..2])];
    let part = Program::record_groups(&groups, |groups| reprojection_error(&groups[0], &groups[1])).unwrap();
    let mut jacobian = MappedJacobian::<f64>::new(&part, "read", &["observed"], columns, &reads).unwrap();
    print("recorded and placed", start);
    for turn in ["first", "second"] {
        let start = Instant::now();
        let matrix = jacobian.run(&x, &[&observed]).unwrap();
        assert_eq!((matrix.pattern().rows(), matrix.pattern().columns()), (500_000, 150_000));
        // Of its 15 numbers no row depends on the place of the principal point in the other coordinate.
        assert_eq!(matrix.values().len(), 500_000 * (READS - 1));
        assert!(matrix.values().iter().all(|value| value.is_finite()));
        print(&format!("{turn} matrix, {} entries", matrix.values().len()), start);
    }
}

#[test]
#[ignore = "measures; run by hand"]
fn a_chain_of_100_000_springs() {
    let energy = |x: &[Value]| x.windows(2).map(|x| (x[1] - x[0] - 1.0).powi(4)).sum::<Value>();
    let start = Instant::now();
    let x: Vec<f64> = (0..100_000).map(|index| (index as f64).sin()).collect();
    let program = Program::record(&x, energy).unwrap();
    print("recorded", start);
    let mut derivatives = Derivatives::<f64>::of(&program);
    for turn in ["first", "second"] {
        let start = Instant::now();
        let entries = derivatives.sparse_hessian(&x).unwrap().values().len();
        print(&format!("{turn} Hessian matrix, {entries} entries"), start);
    }
}
