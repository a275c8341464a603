//! ht: hand tracking, how far measured points are from the surface of a hand in a pose.

use super::{check_length, check_lists};
use crate::differentiate::run_at;
use crate::task::{Compute, list, lists};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::program::Rows;
use chainrule::{Dual, Number, Program};
use serde::Deserialize;

/// How many numbers a pose has: rotation of the hand, translation, four for each finger.
const POSE: usize = 26;
const BONES: usize = 22;

/// A pose, measured points and what they correspond to, and a hand.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// The pose.
    pub theta: Vec<f64>,
    /// For each point, where in a triangle it corresponds to, in barycentric coordinates of which the third is what is missing to
    /// 1; or none at all where points correspond to vertices.
    pub us: Vec<[f64; 2]>,
    /// What was measured.
    pub data: Data,
}

/// What was measured.
#[derive(Clone, Debug, Deserialize)]
pub struct Data {
    /// For each point the triangle that it corresponds to, or the vertex.
    pub correspondences: Vec<usize>,
    /// The points.
    pub points: Vec<[f64; 3]>,
    /// The hand.
    pub model: Model,
}

type Matrix = [[f64; 4]; 4];

/// A hand: bones, and a surface that moves with them.
#[derive(Clone, Debug, Deserialize)]
pub struct Model {
    /// For each bone the one that it is joined to, which comes before it; -1 for one that is joined to none.
    pub parents: Vec<i64>,
    /// For each bone where it stands relative to its parent, at rest.
    pub base_relatives: Vec<Matrix>,
    /// For each bone the inverse of where it stands at rest.
    pub inverse_base_absolutes: Vec<Matrix>,
    /// The vertices at rest, in homogeneous coordinates.
    pub base_positions: Vec<[f64; 4]>,
    /// For each vertex by how much it moves with each bone.
    pub weights: Vec<Vec<f64>>,
    /// The vertices of each triangle.
    pub triangles: Vec<[usize; 3]>,
    /// Whether this is the other hand.
    pub is_mirrored: bool,
}

/// The first three rows of a matrix that moves homogeneous coordinates.
type Transform<N> = [[N; 4]; 3];

impl Input {
    /// The vertices that the points correspond to: one each, or the three of a triangle.
    fn vertices(&self, point: usize) -> &[usize] {
        let correspondence = &self.data.correspondences[point];
        if self.us.is_empty() {
            std::slice::from_ref(correspondence)
        } else {
            &self.data.model.triangles[*correspondence]
        }
    }

    /// By how much each point is beside the place of the surface that it corresponds to, coordinate by coordinate.
    fn errors<N: Number>(&self, pose: &[N], us: &[N]) -> Vec<N> {
        let hand = Hand { model: &self.data.model, transforms: transforms(pose, &self.data.model), pose };
        let mut positions = vec![None; self.data.model.base_positions.len()];
        let mut error_of = |(point, measured): (usize, &[f64; 3])| {
            let corners = self.vertices(point).iter();
            let corners: Vec<[N; 3]> =
                corners.map(|&vertex| *positions[vertex].get_or_insert_with(|| hand.position(vertex))).collect();
            let place = match corners[..] {
                [a, b, c] => within([a, b, c], [us[2 * point], us[2 * point + 1]]),
                _ => corners[0],
            };
            [0, 1, 2].map(|axis| N::constant(measured[axis]) - place[axis])
        };
        self.data.points.iter().enumerate().flat_map(&mut error_of).collect()
    }
}

/// The place in a triangle with these barycentric coordinates.
fn within<N: Number>([a, b, c]: [[N; 3]; 3], [u, v]: [N; 2]) -> [N; 3] {
    let rest = N::constant(1.0) - u - v;
    [0, 1, 2].map(|axis| u * a[axis] + v * b[axis] + rest * c[axis])
}

/// A hand in a pose.
struct Hand<'a, N> {
    model: &'a Model,
    /// Of each bone, from where it was at rest to where it is.
    transforms: Vec<Transform<N>>,
    pose: &'a [N],
}

impl<N: Number> Hand<'_, N> {
    /// Where a vertex is: the mean of where each bone takes it.
    fn position(&self, vertex: usize) -> [N; 3] {
        let weights = &self.model.weights[vertex];
        let bones: Vec<usize> = (0..BONES).filter(|bone| weights[*bone] != 0.0).collect();
        let at_rest = |bone: usize| self.model.base_positions[vertex].map(|x| N::constant(weights[bone] * x));
        let rest: Vec<N> = bones.iter().flat_map(|bone| at_rest(*bone)).collect();
        [0, 1, 2].map(|axis| {
            let row: Vec<N> = bones.iter().flat_map(|bone| self.transforms[*bone][axis]).collect();
            N::dot(&row, &rest) + self.pose[3 + axis]
        })
    }
}

/// How each bone moves what was at rest, in the hand as a whole rotated.
fn transforms<N: Number>(pose: &[N], model: &Model) -> Vec<Transform<N>> {
    let mut global = rotation([pose[0], pose[1], pose[2]]);
    if model.is_mirrored {
        global = global.map(|[x, y, z]| [-x, y, z]);
    }
    let mut absolutes: Vec<Transform<N>> = Vec::with_capacity(BONES);
    for (bone, parent) in model.parents.iter().enumerate() {
        let relative = turned(&top(&model.base_relatives[bone]), angles(pose, bone));
        let absolute = match usize::try_from(*parent) {
            Ok(parent) => product(&absolutes[parent], &relative),
            Err(_) => relative,
        };
        absolutes.push(absolute);
    }
    let whole = global.map(|[x, y, z]| [x, y, z, N::constant(0.0)]);
    let moved = |(absolute, inverse): (&Transform<N>, &Matrix)| product(&whole, &product(absolute, &top(inverse)));
    absolutes.iter().zip(&model.inverse_base_absolutes).map(moved).collect()
}

/// By which angles a bone is turned about the axes x and z: only the last three of each finger are.
fn angles<N: Number>(pose: &[N], bone: usize) -> Option<[N; 2]> {
    let (finger, joint) = (bone.checked_sub(1)? / 4, (bone - 1) % 4);
    let first = 6 + 4 * finger;
    match joint {
        _ if finger >= 5 => None,
        0 => None,
        1 => Some([pose[first], pose[first + 1]]),
        _ => Some([pose[first + joint], N::constant(0.0)]),
    }
}

/// A transform that first turns about the axis x and then about z.
fn turned<N: Number>(transform: &Transform<N>, angles: Option<[N; 2]>) -> Transform<N> {
    let Some([about_x, about_z]) = angles else { return *transform };
    let ((sin_x, cos_x), (sin_z, cos_z)) = ((about_x.sin(), about_x.cos()), (about_z.sin(), about_z.cos()));
    transform.map(|[x, y, z, shift]| {
        let (along, across) = (x * cos_z + y * sin_z, y * cos_z - x * sin_z);
        [along, across * cos_x + z * sin_x, z * cos_x - across * sin_x, shift]
    })
}

/// The rotation by an axis times an angle; none where the angle is very small.
fn rotation<N: Number>(rotation: [N; 3]) -> [[N; 3]; 3] {
    let c = N::constant;
    let square = N::dot(&rotation, &rotation);
    let is_none = square.less(c(1e-8));
    // So that neither the root nor the quotient is that of 0.
    let angle = is_none.select(c(1.0), square).sqrt();
    let (sine, cosine) = (angle.sin(), angle.cos());
    let [x, y, z] = rotation.map(|component| component / angle);
    let crossed = [[c(0.0), -z, y], [z, c(0.0), -x], [-y, x, c(0.0)]];
    let axis = [x, y, z];
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let unit = c(if i == j { 1.0 } else { 0.0 });
            let along = axis[i] * axis[j];
            is_none.select(unit, along + (unit - along) * cosine + crossed[i][j] * sine)
        })
    })
}

/// First the transform at the right, then that at the left.
fn product<N: Number>(left: &Transform<N>, right: &Transform<N>) -> Transform<N> {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let sum = left[i][0] * right[0][j] + left[i][1] * right[1][j] + left[i][2] * right[2][j];
            if j == 3 { sum + left[i][3] } else { sum }
        })
    })
}

fn top<N: Number>(matrix: &Matrix) -> Transform<N> {
    [matrix[0], matrix[1], matrix[2]].map(|row| row.map(N::constant))
}

/// All errors, three for each point.
pub fn objective(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let length = 3 * input.data.points.len();
    let point = [input.theta.clone(), input.us.concat()].concat();
    let compute: Compute = match options.mode {
        Mode::Program => {
            let program = Program::record(&point, |x| input.errors(&x[..POSE], &x[POSE..]))?;
            run_at(&program, &[&point])
        }
        Mode::Eager => Box::new(move |errors| {
            errors.copy_from_slice(&input.errors(&point[..POSE], &point[POSE..]));
            Ok(())
        }),
    };
    Ok(list(length, compute))
}

/// Their derivatives, in forward mode: those by the first coordinates in the triangles, each by its own; those by the second;
/// then those by each number of the pose.
pub fn jacobian(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let rows = 3 * input.data.points.len();
    let by_us = if input.us.is_empty() { 0 } else { 2 };
    let mut columns = match options.mode {
        Mode::Program => columns_by_program(&input)?,
        Mode::Eager => eager_columns(input),
    };
    let mut by_column = vec![0.0; (by_us + POSE) * rows];
    let compute: Compute = Box::new(move |jacobian| {
        columns(&mut by_column)?;
        for (column, derivatives) in by_column.chunks(rows).enumerate() {
            let entries = jacobian.iter_mut().skip(column).step_by(by_us + POSE);
            entries.zip(derivatives).for_each(|(entry, derivative)| *entry = *derivative);
        }
        Ok(())
    });
    Ok(lists([rows, by_us + POSE], compute))
}

/// The program of all errors, run along several directions at once.
fn columns_by_program(input: &Input) -> Result<Compute> {
    let us = input.us.concat();
    let mut groups = vec![("theta", &input.theta[..])];
    if !us.is_empty() {
        groups.push(("us", &us));
    }
    let program =
        Program::record_groups(&groups, |groups| input.errors(&groups[0], groups.get(1).map_or(&[], Vec::as_slice)))?;
    let along = |group: &str, tangents: &[f64]| -> Result<Compute> {
        let tangent = format!("tangent of {group}");
        let count =
            tangents.len() / groups.iter().find(|(name, _)| *name == group).map_or(1, |(_, numbers)| numbers.len());
        let columns = program.jvp_by(&[group])?.only(&["tangent of value"])?;
        let columns = columns.over_rows(&[&tangent], count as u32, Rows::Each)?;
        let inputs: Vec<&[f64]> = groups.iter().map(|(_, numbers)| *numbers).chain([tangents]).collect();
        Ok(run_at(&columns, &inputs))
    };
    let mut by_theta = along("theta", &unit_vectors(POSE))?;
    if us.is_empty() {
        return Ok(by_theta);
    }
    let both = [[1.0, 0.0], [0.0, 1.0]].map(|direction| direction.repeat(input.us.len()));
    let mut by_us = along("us", &both.concat())?;
    let split = 2 * 3 * input.data.points.len();
    Ok(Box::new(move |columns| {
        let (first, others) = columns.split_at_mut(split);
        by_us(first)?;
        by_theta(others)
    }))
}

/// Unit vectors of this dimension, one after the other.
fn unit_vectors(dimension: usize) -> Vec<f64> {
    (0..dimension * dimension).map(|place| if place % (dimension + 1) == 0 { 1.0 } else { 0.0 }).collect()
}

/// The errors over dual numbers, once for each direction.
fn eager_columns(input: Input) -> Compute {
    let directions = if input.us.is_empty() { 0..POSE } else { 0..2 + POSE };
    let by_us = directions.len() - POSE;
    Box::new(move |columns| {
        let rows = 3 * input.data.points.len();
        for (direction, column) in directions.clone().zip(columns.chunks_mut(rows)) {
            let dual = |value: f64, is_seeded: bool| Dual { value, tangent: if is_seeded { 1.0 } else { 0.0 } };
            let theta = input.theta.iter().enumerate();
            let theta: Vec<Dual> = theta.map(|(place, x)| dual(*x, place + by_us == direction)).collect();
            let us = input.us.iter().flatten().enumerate();
            let us: Vec<Dual> = us.map(|(place, u)| dual(*u, direction < by_us && place % 2 == direction)).collect();
            let errors = input.errors(&theta, &us);
            column.iter_mut().zip(errors).for_each(|(derivative, error)| *derivative = error.tangent);
        }
        Ok(())
    })
}

fn check(input: &Input) -> Result<()> {
    let Data { correspondences, points, model } = &input.data;
    check_length("theta", POSE, input.theta.len())?;
    check_length("data.correspondences", points.len(), correspondences.len())?;
    if !input.us.is_empty() {
        check_length("us", points.len(), input.us.len())?;
    }
    check_length("data.model.parents", BONES, model.parents.len())?;
    check_length("data.model.base_relatives", BONES, model.base_relatives.len())?;
    check_length("data.model.inverse_base_absolutes", BONES, model.inverse_base_absolutes.len())?;
    check_lists("data.model.weights", [model.base_positions.len(), BONES], &model.weights)?;
    if let Some((bone, parent)) = model.parents.iter().enumerate().find(|(bone, parent)| **parent >= *bone as i64) {
        return Err(Error::input("data.model.parents", format!("a bone before {bone}"), parent));
    }
    let matrices = model.base_relatives.iter().chain(&model.inverse_base_absolutes);
    if let Some(matrix) = matrices.into_iter().find(|matrix| matrix[3] != [0.0, 0.0, 0.0, 1.0]) {
        return Err(Error::input("data.model", "matrices whose last row is 0, 0, 0, 1", format!("{:?}", matrix[3])));
    }
    let corresponding = if input.us.is_empty() { model.base_positions.len() } else { model.triangles.len() };
    check_indices("data.correspondences", corresponding, correspondences)?;
    check_indices("data.model.triangles", model.base_positions.len(), model.triangles.as_flattened())
}

/// That all indices are below a count.
fn check_indices(what: &str, count: usize, indices: &[usize]) -> Result<()> {
    match indices.iter().find(|index| **index >= count) {
        None => Ok(()),
        Some(index) => Err(Error::input(what, format!("indices below {count}"), index)),
    }
}
