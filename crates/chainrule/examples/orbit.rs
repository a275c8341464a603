//! Finds where a comet was and how fast, from where it was seen: three bodies that attract each other, written with the vectors
//! of `nalgebra`, and Levenberg and Marquardt's method on top.

use chainrule::ecosystem::Real;
use chainrule::program::Derivatives;
use chainrule::{Program, Value};
use nalgebra::{DMatrix, DVector, RealField, Vector2};

/// The sun, a giant planet, the comet: in units of the earth's orbit, of a year, and of the sun's mass.
const MASSES: [f64; 3] = [1.0, 0.01, 0.0];
const GRAVITY: f64 = 4.0 * std::f64::consts::PI * std::f64::consts::PI;
const STEPS_A_SIGHT: usize = 20;
const SIGHTS: usize = 12;

/// What pulls at each body.
fn accelerations<N: RealField + Copy>(places: &[Vector2<N>; 3]) -> [Vector2<N>; 3] {
    let number = nalgebra::convert::<f64, N>;
    std::array::from_fn(|body| {
        let others = (0..3).filter(|other| *other != body && MASSES[*other] > 0.0);
        others.fold(Vector2::zeros(), |sum, other| {
            let way = places[other] - places[body];
            sum + way * (number(GRAVITY * MASSES[other]) / way.norm().powi(3))
        })
    })
}

/// Where the comet is seen from a place and a velocity on, by the leapfrog method.
fn sights<N: RealField + Copy>(comet: &[N]) -> Vec<N> {
    let number = nalgebra::convert::<f64, N>;
    let vector = |x, y| Vector2::new(number(x), number(y));
    let mut places = [vector(0.0, 0.0), vector(5.2, 0.0), Vector2::new(comet[0], comet[1])];
    let mut velocities = [vector(0.0, 0.0), vector(0.0, 2.76), Vector2::new(comet[2], comet[3])];
    let step = number(0.01);
    let mut seen = Vec::new();
    for _ in 0..SIGHTS {
        for _ in 0..STEPS_A_SIGHT {
            (0..3).for_each(|body| places[body] += velocities[body] * (step * number(0.5)));
            let pull = accelerations(&places);
            (0..3).for_each(|body| velocities[body] += pull[body] * step);
            (0..3).for_each(|body| places[body] += velocities[body] * (step * number(0.5)));
        }
        seen.extend(&places[2]);
    }
    seen
}

/// The program of all sights, recorded once.
fn sights_program(comet: &[f64]) -> chainrule::Result<Program> {
    Program::record(comet, |comet: &[Value]| -> Vec<Value> {
        let comet: Vec<Real> = comet.iter().copied().map(Real::from).collect();
        sights(&comet).into_iter().map(Value::from).collect()
    })
}

/// How far off the comet would be seen, and how that changes with each number of it: a column for each.
fn misses(
    sights: &mut Derivatives<f64>,
    comet: &DVector<f64>,
    seen: &[f64],
) -> chainrule::Result<(DVector<f64>, DMatrix<f64>)> {
    let mut told = DVector::zeros(seen.len());
    sights.value(comet.as_slice(), told.as_mut_slice())?;
    // Row after row comes out, and a matrix of nalgebra holds column after column: this is the transpose.
    let mut columns = DMatrix::zeros(comet.len(), seen.len());
    sights.jacobian(comet.as_slice(), columns.as_mut_slice())?;
    Ok((told - DVector::from_column_slice(seen), columns.transpose()))
}

fn main() -> chainrule::Result<()> {
    let truth = [3.0, 0.5, -1.0, 3.4];
    let seen = sights(&truth);

    let mut comet = DVector::from_vec(vec![2.8, 0.3, -0.8, 3.6]);
    let mut told = Derivatives::of(&sights_program(comet.as_slice())?);
    let (mut damping, mut now) = (1e-3, misses(&mut told, &comet, &seen)?);
    for _ in 0..30 {
        let (miss, jacobian) = &now;
        let mut normal = jacobian.transpose() * jacobian;
        normal.set_diagonal(&(normal.diagonal() * (1.0 + damping)));
        let step = normal.cholesky().expect("positive, as damped squares are").solve(&(jacobian.transpose() * miss));
        let next = misses(&mut told, &(&comet - &step), &seen)?;
        if next.0.norm() < miss.norm() {
            (comet, now, damping) = (comet - step, next, damping / 10.0);
        } else {
            damping *= 10.0;
        }
    }
    println!("place ({:.6}, {:.6}), velocity ({:.6}, {:.6})", comet[0], comet[1], comet[2], comet[3]);
    assert!(comet.iter().zip(truth).all(|(found, true_number)| (found - true_number).abs() < 1e-9));
    Ok(())
}
