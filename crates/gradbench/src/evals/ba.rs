//! ba: bundle adjustment, how far points are seen from where cameras should see them.

use super::check_length;
use crate::task::{Compute, json, shaped};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::program::{Batch, Rows};
use chainrule::{Number, Program, Value, tape};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The numbers of a camera, of a point, and of both with the weight of an observation.
const CAMERA: usize = 11;
const POINT: usize = 3;
const PARAMETERS: usize = CAMERA + POINT + 1;

/// The entries of the Jacobian matrix that an observation has.
const ENTRIES: usize = 2 * PARAMETERS + 1;

/// Cameras, points and observations, all alike.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// How many cameras there are.
    pub n: usize,
    /// How many points.
    pub m: usize,
    /// How many observations, at least 10: the i-th is that of point i mod m by camera i mod n.
    pub p: usize,
    /// A camera: axis times angle, centre, focal length, principal point, radial distortion.
    pub cam: Vec<f64>,
    /// A point.
    pub x: Vec<f64>,
    /// The weight of an observation.
    pub w: f64,
    /// Where the point was observed.
    pub feat: Vec<f64>,
}

/// By how much a point is seen beside where it was observed, in two coordinates. The parameters are those of the camera, the
/// point, and the weight.
pub fn reprojection_error<N: Number>(parameters: &[N], feature: &[N]) -> [N; 2] {
    let (camera, point_and_weight) = parameters.split_at(CAMERA);
    let (rotation, centre) = ([0, 1, 2].map(|i| camera[i]), [3, 4, 5].map(|i| camera[i]));
    let moved = [0, 1, 2].map(|i| point_and_weight[i] - centre[i]);
    let [x, y, z] = rotated(moved, rotation);
    let projected = [x / z, y / z];
    let distorted = camera[6] * distortion(projected, [camera[9], camera[10]]);
    [0, 1].map(|i| point_and_weight[POINT] * (distorted.mul_add(projected[i], camera[7 + i]) - feature[i]))
}

/// How far a weight is from 1.
pub fn weight_error<N: Number>(weight: N) -> N {
    N::constant(1.0) - weight * weight
}

/// Rodrigues' rotation of a vector about an axis by an angle, given as axis times angle.
fn rotated<N: Number>(vector: [N; 3], rotation: [N; 3]) -> [N; 3] {
    let (zero, one) = (N::constant(0.0), N::constant(1.0));
    let square = dot(rotation, rotation);
    // The root has no derivative at 0. What rotates by no angle is to first order a cross product.
    let is_none = square.equal(zero);
    let square = is_none.select(one, square);
    let angle = square.sqrt();
    let cosine = angle.cos();
    let turned = is_none.select(one, cosine);
    let across = is_none.select(one, angle.sin() / angle);
    let along = is_none.select(zero, (one - cosine) / square) * dot(rotation, vector);
    let crossed = cross(rotation, vector);
    [0, 1, 2].map(|i| vector[i].mul_add(turned, crossed[i].mul_add(across, rotation[i] * along)))
}

/// By what a point at the image plane is moved away from the centre.
fn distortion<N: Number>([x, y]: [N; 2], [second, fourth]: [N; 2]) -> N {
    let square = x.mul_add(x, y * y);
    fourth.mul_add(square, second).mul_add(square, N::constant(1.0))
}

fn dot<N: Number>(a: [N; 3], b: [N; 3]) -> N {
    a[0].mul_add(b[0], a[1].mul_add(b[1], a[2] * b[2]))
}

fn cross<N: Number>(a: [N; 3], b: [N; 3]) -> [N; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// All errors: first the two of each observation, then those of the weights.
pub fn objective(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let count = input.p;
    let compute: Compute = match options.mode {
        Mode::Program => errors_by_program(Problem::of(&input), options)?,
        Mode::Eager => {
            let problem = Problem::of(&input);
            Box::new(move |errors| {
                let (reprojections, weights) = errors.split_at_mut(2 * count);
                for (index, errors) in reprojections.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                    *errors = reprojection_error(&problem.parameters(index), &problem.feature(index));
                }
                weights.iter_mut().zip(&problem.weights).for_each(|(error, weight)| *error = weight_error(*weight));
                Ok(())
            })
        }
    };
    Ok(shaped(3 * count, compute, move |errors| json(&Errors::of(errors, count))))
}

/// The Jacobian matrix of all errors by all cameras, points and weights.
pub fn jacobian(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let problem = Problem::of(&input);
    let rows: RowsOfJacobian = match options.mode {
        Mode::Program => rows_by_program(&problem, options)?,
        Mode::Eager => Box::new(|problem, values| {
            eager_rows(problem, values);
            Ok(())
        }),
    };
    Ok(Box::new(Jacobian { matrix: Sparse::with_room_for(input.p), problem, rows }))
}

/// The cameras, points, weights and features of a problem.
struct Problem {
    cameras: Vec<[f64; CAMERA]>,
    points: Vec<[f64; POINT]>,
    weights: Vec<f64>,
    features: Vec<[f64; 2]>,
    /// Which camera and which point each observation is about.
    seen: Vec<[u32; 2]>,
}

impl Problem {
    fn of(input: &Input) -> Self {
        let camera = std::array::from_fn(|i| input.cam[i]);
        let point = std::array::from_fn(|i| input.x[i]);
        Problem {
            cameras: vec![camera; input.n],
            points: vec![point; input.m],
            weights: vec![input.w; input.p],
            features: vec![[input.feat[0], input.feat[1]]; input.p],
            seen: (0..input.p).map(|i| [i % input.n, i % input.m].map(|index| index as u32)).collect(),
        }
    }

    /// The camera, the point and the weight of an observation.
    fn parameters(&self, observation: usize) -> [f64; PARAMETERS] {
        let mut parameters = [0.0; PARAMETERS];
        self.gather(observation, &mut parameters);
        parameters
    }

    fn gather(&self, observation: usize, parameters: &mut [f64; PARAMETERS]) {
        let [camera, point] = self.seen[observation].map(|index| index as usize);
        let (of_camera, of_others) = parameters.split_at_mut(CAMERA);
        of_camera.copy_from_slice(&self.cameras[camera]);
        of_others[..POINT].copy_from_slice(&self.points[point]);
        of_others[POINT] = self.weights[observation];
    }

    fn feature(&self, observation: usize) -> [f64; 2] {
        self.features[observation]
    }

    /// Runs a program of one observation over all: into `results`, which has as much room for each. What programs read is
    /// gathered for some observations at a time, so that it is still near when they read it.
    fn run_over_observations(&self, batch: &mut Batch<f64>, shared: &[&[f64]], results: &mut [f64]) -> Result<()> {
        const AT_ONCE: usize = 2048;
        let length = results.len() / self.seen.len();
        let mut parameters = [[0.0; PARAMETERS]; AT_ONCE];
        for (results, first) in results.chunks_mut(length * AT_ONCE).zip((0..).step_by(AT_ONCE)) {
            let observations = first..first + results.len() / length;
            let parameters = &mut parameters[..observations.len()];
            parameters.iter_mut().zip(first..).for_each(|(to, observation)| self.gather(observation, to));
            let per_observation = [parameters.as_flattened(), self.features[observations].as_flattened()];
            batch.run_into(&[&per_observation, shared].concat(), &mut [results])?;
        }
        Ok(())
    }
}

/// How all errors are told, which are those of one observation again and again.
#[derive(Serialize)]
struct Errors {
    reproj_error: Reprojections,
    w_err: Weights,
}

#[derive(Serialize)]
struct Reprojections {
    elements: [f64; 2],
    repeated: usize,
}

#[derive(Serialize)]
struct Weights {
    element: f64,
    repeated: usize,
}

impl Errors {
    fn of(errors: &[f64], count: usize) -> Self {
        Errors {
            reproj_error: Reprojections { elements: [errors[0], errors[1]], repeated: count },
            w_err: Weights { element: errors[2 * count], repeated: count },
        }
    }
}

/// A sparse matrix, row by row.
struct Sparse {
    /// Where each row begins, and the end.
    rows: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f64>,
}

impl Sparse {
    /// Room for the Jacobian matrix of so many observations.
    fn with_room_for(observations: usize) -> Self {
        let entries = ENTRIES * observations;
        Sparse { rows: vec![0; 3 * observations + 1], columns: vec![0; entries], values: vec![0.0; entries] }
    }

    /// Writes where the entries stand, of which the values are those of the rows of reprojection errors and then of weights.
    fn write_places(&mut self, problem: &Problem) {
        let observations = problem.weights.len();
        let first_point = (CAMERA * problem.cameras.len()) as u32;
        let first_weight = first_point + (POINT * problem.points.len()) as u32;
        let (reprojections, weights) = self.columns.split_at_mut(2 * PARAMETERS * observations);
        let pairs = reprojections.as_chunks_mut::<{ 2 * PARAMETERS }>().0;
        for ((pair, weight), [camera, point]) in pairs.iter_mut().zip(first_weight..).zip(&problem.seen) {
            let (first, second) = pair.split_at_mut(PARAMETERS);
            first[..CAMERA].iter_mut().zip(CAMERA as u32 * camera..).for_each(|(column, place)| *column = place);
            first[CAMERA..]
                .iter_mut()
                .zip(first_point + POINT as u32 * point..)
                .for_each(|(column, place)| *column = place);
            first[PARAMETERS - 1] = weight;
            second.copy_from_slice(first);
        }
        weights.iter_mut().zip(first_weight..).for_each(|(column, place)| *column = place);
        let (rows, ends) = self.rows.split_at_mut(2 * observations);
        rows.iter_mut().zip((0..).step_by(PARAMETERS)).for_each(|(start, place)| *start = place);
        ends.iter_mut().zip((2 * PARAMETERS * observations) as u32..).for_each(|(start, place)| *start = place);
    }
}

/// What writes the values of the rows of all reprojection errors, and then those of the weights.
type RowsOfJacobian = Box<dyn FnMut(&Problem, &mut [f64]) -> Result<()>>;

/// The Jacobian matrix as a task.
struct Jacobian {
    problem: Problem,
    rows: RowsOfJacobian,
    matrix: Sparse,
}

impl Task for Jacobian {
    fn run(&mut self) -> Result<()> {
        self.matrix.write_places(&self.problem);
        (self.rows)(&self.problem, &mut self.matrix.values)
    }

    fn output(&self) -> Result<Box<RawValue>> {
        #[derive(Serialize)]
        struct Told {
            rows: Vec<u32>,
            cols: Vec<u32>,
            vals: Vec<f64>,
        }
        let Sparse { rows, columns, values } = &self.matrix;
        json(&Told { rows: first_and_last(rows), cols: first_and_last(columns), vals: first_and_last(values) })
    }
}

/// The first 30 and the last.
fn first_and_last<T: Copy>(list: &[T]) -> Vec<T> {
    list[..30].iter().chain(list.last()).copied().collect()
}

/// A program of one observation, run over all of them.
fn errors_by_program(problem: Problem, options: Options) -> Result<Compute> {
    let mut reprojections =
        Batch::new(&reprojection_program(&problem)?, &["parameters", "feature"], Rows::Each)?.threads(options.threads);
    let mut weights = Batch::new(&weight_program()?, &["x"], Rows::Each)?.threads(options.threads);
    Ok(Box::new(move |errors| {
        let (of_reprojections, of_weights) = errors.split_at_mut(2 * problem.seen.len());
        problem.run_over_observations(&mut reprojections, &[], of_reprojections)?;
        Ok(weights.run_into(&[&problem.weights], &mut [of_weights])?)
    }))
}

/// A program of the rows of one observation, run over all of them: what is linear in the adjoints of two errors is run
/// for the rows of the unit matrix.
fn rows_by_program(problem: &Problem, options: Options) -> Result<RowsOfJacobian> {
    let both_rows = reprojection_program(problem)?
        .vjp_by(&["parameters"])?
        .only(&["gradient by parameters"])?
        .over_rows(&["adjoint of value"], 2, Rows::Each)?;
    let mut reprojections = Batch::new(&both_rows, &["parameters", "feature"], Rows::Each)?.threads(options.threads);
    let weight = weight_program()?.gradient()?.only(&["gradient by x"])?;
    let mut weights = Batch::new(&weight, &["x"], Rows::Each)?.threads(options.threads);
    Ok(Box::new(move |problem, values| {
        let (of_reprojections, of_weights) = values.split_at_mut(2 * PARAMETERS * problem.seen.len());
        problem.run_over_observations(&mut reprojections, &[&[1.0, 0.0, 0.0, 1.0]], of_reprojections)?;
        Ok(weights.run_into(&[&problem.weights], &mut [of_weights])?)
    }))
}

fn reprojection_program(problem: &Problem) -> Result<Program> {
    let (parameters, feature) = (problem.parameters(0), problem.feature(0));
    let groups = [("parameters", &parameters[..]), ("feature", &feature)];
    Ok(Program::record_groups(&groups, |groups| reprojection_error(&groups[0], &groups[1]))?)
}

fn weight_program() -> Result<Program> {
    Ok(Program::record(&[1.0], |x| weight_error(x[0]))?)
}

/// The same, each observation recorded and swept for itself.
fn eager_rows(problem: &Problem, values: &mut [f64]) {
    let (reprojections, weights) = values.split_at_mut(2 * PARAMETERS * problem.weights.len());
    for (observation, rows) in reprojections.as_chunks_mut::<{ 2 * PARAMETERS }>().0.iter_mut().enumerate() {
        let _scope = tape::scope();
        let parameters = problem.parameters(observation).map(Value::new);
        let feature = problem.feature(observation).map(Value::constant);
        Value::jacobian_into(&reprojection_error(&parameters, &feature), &parameters, rows);
    }
    for (value, weight) in weights.chunks_mut(1).zip(&problem.weights) {
        let _scope = tape::scope();
        let weight = Value::new(*weight);
        weight_error(weight).gradient_into(&[weight], value);
    }
}

fn check(input: &Input) -> Result<()> {
    if input.n == 0 || input.m == 0 {
        return Err(Error::input("n and m", "at least 1", input.n.min(input.m)));
    }
    if input.p < 10 {
        return Err(Error::input("p", "at least 10", input.p));
    }
    let counts =
        [(input.n, CAMERA), (input.m, POINT), (input.p, ENTRIES)].map(|(count, length)| count.saturating_mul(length));
    if counts.into_iter().fold(0, usize::saturating_add) > u32::MAX as usize {
        return Err(Error::input("p", "a matrix whose entries and columns 32 bits can count", input.p));
    }
    check_length("cam", CAMERA, input.cam.len())?;
    check_length("x", POINT, input.x.len())?;
    check_length("feat", 2, input.feat.len())
}
