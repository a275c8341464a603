//! kmeans: a step of k-means clustering as one of Newton's method, whose Hessian matrix is diagonal.

use super::{check_lists, constants};
use crate::differentiate::eager_gradient;
use crate::task::{Compute, lists, number};
use crate::{Error, Mode, Options, Result, Task};
use chainrule::program::{Batch, Rows};
use chainrule::{Dual, Number, Program, Value};
use serde::Deserialize;

/// Points, and centroids of clusters.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// At least one, all of one dimension.
    pub points: Vec<Vec<f64>>,
    /// At least one, of the same dimension.
    pub centroids: Vec<Vec<f64>>,
}

/// Which centroid is nearest to a point, counted from 0; the first of several.
pub fn nearest<N: Number>(centroids: &[impl AsRef<[N]>], point: &[N]) -> N {
    let distances = centroids.iter().map(|centroid| squared_distance(centroid.as_ref(), point)).enumerate();
    let closer = |(best, least): (N, N), (index, distance): (usize, N)| {
        let is_closer = distance.less(least);
        (is_closer.select(N::constant(index as f64), best), is_closer.select(distance, least))
    };
    distances.fold((N::constant(0.0), N::constant(f64::INFINITY)), closer).0
}

/// The square of the distance between two points.
pub fn squared_distance<N: Number>(a: &[N], b: &[N]) -> N {
    let differences: Vec<N> = a.iter().zip(b).map(|(&a, &b)| a - b).collect();
    N::dot(&differences, &differences)
}

/// The square of the distance from a point to the nearest centroid.
fn cost_of_point<N: Number>(centroids: &[impl AsRef<[N]>], point: &[N]) -> N {
    squared_distance(&nearest(centroids, point).lookup_row(centroids), point)
}

/// The sum of the squares of the distances from all points to their nearest centroids.
pub fn cost(input: Input, options: Options) -> Result<Box<dyn Task>> {
    check(&input)?;
    let compute: Compute = match options.mode {
        Mode::Program => {
            let mut batch = Batch::new(&row(&input)?, &["point"], Rows::Sum)?.threads(options.threads);
            let (centroids, points) = (input.centroids.concat(), input.points.concat());
            Box::new(move |cost| {
                batch.run(&[&centroids, &points])?;
                cost.copy_from_slice(batch.output(0));
                Ok(())
            })
        }
        Mode::Eager => Box::new(move |cost| {
            cost[0] = input.points.iter().map(|point| cost_of_point(&input.centroids, point)).sum();
            Ok(())
        }),
    };
    Ok(number(compute))
}

/// How far each centroid is from where Newton's method puts it: the gradient over the diagonal of the Hessian matrix.
pub fn dir(input: Input, options: Options) -> Result<Box<dyn Task>> {
    let shape = check(&input)?;
    let mut both = match options.mode {
        Mode::Program => by_program(input, options)?,
        Mode::Eager => eager(input, shape),
    };
    let mut diagonal = vec![0.0; shape[0] * shape[1]];
    Ok(lists(
        shape,
        Box::new(move |direction| {
            both(direction, &mut diagonal)?;
            direction.iter_mut().zip(&diagonal).for_each(|(slope, curvature)| *slope /= curvature);
            Ok(())
        }),
    ))
}

type GradientAndDiagonal = Box<dyn FnMut(&mut [f64], &mut [f64]) -> Result<()>>;

/// The tangent of the cost along all centroids is linear in their tangents. So its gradient by these is the gradient of the
/// cost, and by the centroids the Hessian matrix times the tangents: with ones its diagonal, as there is nothing else.
fn by_program(input: Input, options: Options) -> Result<GradientAndDiagonal> {
    let tangent = row(&input)?.jvp_by(&["centroids"])?.only(&["tangent of value"])?;
    let by = ["centroids", "tangent of centroids"];
    let mut batch = Batch::gradient(&tangent, &["point"], Rows::Sum, &by)?.threads(options.threads);
    let (centroids, points) = (input.centroids.concat(), input.points.concat());
    let ones = vec![1.0; centroids.len()];
    Ok(Box::new(move |gradient, diagonal| {
        batch.run(&[&centroids, &points, &ones])?;
        diagonal.copy_from_slice(batch.output(1));
        gradient.copy_from_slice(batch.output(2));
        Ok(())
    }))
}

/// The same from a tangent that is recorded: which centroid is nearest to a point is decided by plain numbers.
fn eager(input: Input, [count, dimension]: [usize; 2]) -> GradientAndDiagonal {
    let centroids_and_ones = [input.centroids.concat(), vec![1.0; count * dimension]].concat();
    let mut both = vec![0.0; centroids_and_ones.len()];
    let tangent = move |numbers: &[Value]| {
        let (centroids, tangents) = numbers.split_at(count * dimension);
        let centroids: Vec<Dual<Value>> =
            centroids.iter().zip(tangents).map(|(&value, &tangent)| Dual { value, tangent }).collect();
        let of_point = |point: &Vec<f64>| {
            let centroid = &centroids[nearest(&input.centroids, point) as usize * dimension..][..dimension];
            squared_distance(centroid, &constants(point)).tangent
        };
        input.points.iter().map(of_point).sum()
    };
    Box::new(move |gradient, diagonal| {
        eager_gradient(&centroids_and_ones, &tangent, &mut both);
        let (by_centroids, by_tangents) = both.split_at(count * dimension);
        gradient.copy_from_slice(by_tangents);
        diagonal.copy_from_slice(by_centroids);
        Ok(())
    })
}

/// The cost of a point as a program.
fn row(input: &Input) -> Result<Program> {
    let (centroids, dimension) = (input.centroids.concat(), input.points[0].len());
    let groups = [("centroids", &centroids[..]), ("point", &input.points[0])];
    Ok(Program::record_groups(&groups, |groups| {
        let centroids: Vec<_> = groups[0].chunks(dimension).collect();
        cost_of_point(&centroids, &groups[1])
    })?)
}

/// How many centroids there are, and their dimension, if all points have the same.
fn check(input: &Input) -> Result<[usize; 2]> {
    let Some(first) = input.points.first() else { return Err(Error::input("points", "at least one", "none")) };
    if input.centroids.is_empty() {
        return Err(Error::input("centroids", "at least one", "none"));
    }
    if first.is_empty() {
        return Err(Error::input("points", "at least one dimension", "none"));
    }
    check_lists("points", [input.points.len(), first.len()], &input.points)?;
    check_lists("centroids", [input.centroids.len(), first.len()], &input.centroids)?;
    Ok([input.centroids.len(), first.len()])
}
