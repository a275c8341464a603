//! Duals, series and values in `nalgebra`: derivatives go through decompositions.
#![cfg(feature = "nalgebra")]

use chainrule::derivatives::{gradient, hessian};
use chainrule::ecosystem::Real;
use chainrule::{Dual, Error, Number, Program, Scalar, Taylor, Value};
use nalgebra::{ComplexField, Matrix2, Matrix3, RealField, Rotation3, SMatrix, SVector, Vector2, Vector3};

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} for {expected}");
    }
}

const MATRIX: [f64; 9] = [4.0, 1.0, -0.5, 1.0, 3.0, 0.2, -0.5, 0.2, 2.0];

/// By values of the function `f`, which takes reals.
fn of_values(f: impl Fn(&[Real]) -> Real) -> impl Fn(&[Value]) -> Value {
    move |x| f(&x.iter().copied().map(Real::from).collect::<Vec<_>>()).into()
}

/// The second number of the solution of a system of equations.
fn solution<N: RealField + Copy>(entries: &[N], right: Vector3<N>) -> N {
    Matrix3::from_row_slice(entries).lu().solve(&right).expect("a regular matrix")[1]
}

#[test]
fn the_gradient_of_a_determinant_is_the_matrix_of_cofactors() {
    // d det(A) / dA = det(A) A^-T
    let matrix = Matrix3::from_row_slice(&MATRIX);
    let cofactors = matrix.try_inverse().expect("a regular matrix") * matrix.determinant(); // transposed
    let found = gradient(of_values(|x| Matrix3::from_row_slice(x).lu().determinant()), &MATRIX);
    assert_near(&found, cofactors.as_slice());
}

#[test]
fn forward_and_reverse_mode_agree_through_a_solved_system() {
    let right = [1.0, -2.0, 0.5];
    let backward = gradient(of_values(|x| solution(x, Vector3::from(right.map(Real::from)))), &MATRIX);
    for (moved, slope) in backward.iter().enumerate() {
        let entries: Vec<Dual> =
            (0..9).map(|i| Dual { value: MATRIX[i], tangent: f64::from(u8::from(i == moved)) }).collect();
        let y = solution(&entries, Vector3::from(right.map(Dual::constant)));
        assert_near(&[y.tangent], &[*slope]);
    }
}

#[test]
fn second_derivatives_go_through_a_decomposition() {
    // ln det [[x, 1], [1, y]] = ln(x y - 1); its second derivative by x is -y^2 / (x y - 1)^2, by both -1 / (x y - 1)^2
    let f = of_values(|x| {
        let factor =
            Matrix2::new(x[0], Real::constant(1.0), Real::constant(1.0), x[1]).cholesky().expect("positive").l();
        factor.diagonal().map(ComplexField::ln).sum() * 2.0
    });
    let (x, y) = (3.0, 2.0);
    let determinant: f64 = x * y - 1.0;
    let matrix = hessian(f, &[x, y]).concat();
    let scale = -1.0 / determinant.powi(2);
    assert_near(&matrix, &[scale * y * y, scale, scale, scale * x * x]);
}

#[test]
fn an_eigenvalue_moves_along_its_vector() {
    // d lambda / dA = v v^T, for a symmetric matrix
    let eigen = Matrix3::from_row_slice(&MATRIX).symmetric_eigen();
    let largest = eigen.eigenvalues.imax();
    let vector = eigen.eigenvectors.column(largest).into_owned();
    let tangent = Matrix3::new(0.3, 0.1, 0.0, 0.1, -0.2, 0.4, 0.0, 0.4, 0.1);
    let moving = Matrix3::from_row_slice(&MATRIX).zip_map(&tangent, |value, tangent| Dual { value, tangent });
    let moved = moving.symmetric_eigen().eigenvalues;
    let found =
        moved.iter().find(|x| (x.value - eigen.eigenvalues[largest]).abs() < 1e-9).expect("the same eigenvalues");
    assert!((found.tangent - (vector.transpose() * tangent * vector)[0]).abs() < 1e-9);
}

#[test]
fn series_turn_with_a_rotation() {
    // cos(a + t) and sin(a + t), to the third order
    let (sin, cos) = 0.5f64.sin_cos();
    let angle = Taylor::<f64, 4>::variable(0.5);
    let turned = Rotation3::from_axis_angle(&Vector3::z_axis(), angle) * Vector3::x();
    assert_near(&turned.x.coefficients, &[cos, -sin, -cos / 2.0, sin / 6.0]);
    assert_near(&turned.y.coefficients, &[sin, cos, -sin / 2.0, -cos / 6.0]);
}

#[test]
fn plain_values_are_elements_too() {
    let x = [2.0, 3.0].map(Value::new);
    let matrix = SMatrix::<Value, 2, 2>::new(x[0], x[1], x[1], x[0]);
    let y = (matrix * matrix * SVector::<Value, 2>::from(x)).dot(&SVector::from(x));
    // v^T A^2 v with A v = (a^2 + b^2, 2 a b): (a^2 + b^2)^2 + 4 a^2 b^2
    let (a, b) = (2.0f64, 3.0f64);
    let sum = a * a + b * b;
    assert_eq!(y.data(), sum * sum + 4.0 * a * a * b * b);
    assert_eq!(y.gradient(&x), [4.0 * a * sum + 8.0 * a * b * b, 4.0 * b * sum + 8.0 * a * a * b]);
}

#[test]
fn sinc_has_its_derivatives_at_zero() {
    // sin(x) / x = 1 - x^2 / 6 + x^4 / 120
    let y = ComplexField::sinc(Taylor::<f64, 5>::variable(0.0));
    assert_near(&y.coefficients, &[1.0, 0.0, -1.0 / 6.0, 0.0, 1.0 / 120.0]);
    for x in [0.0099, 0.0101] {
        let slope = ComplexField::sinhc(Dual::variable(x)).tangent;
        assert!((slope - (x * x.cosh() - x.sinh()) / (x * x)).abs() < 1e-11);
    }
}

/// A function of a trait, and how it should behave near a number.
fn assert_like_a_float<N: RealField + Copy + Scalar>(lift: impl Fn(f64) -> N) {
    for x in [-1.5, -0.25, 0.0, 0.5, 2.5] {
        let y = lift(x);
        let same = |found: N, expected: f64| {
            let found = found.to_value().data();
            assert!(found == expected || (found - expected).abs() < 1e-14 || found.is_nan() && expected.is_nan());
        };
        same(ComplexField::argument(y), ComplexField::argument(x));
        same(ComplexField::to_exp(y).0 * ComplexField::to_exp(y).1, x);
        same(ComplexField::modulus_squared(y), x * x);
        same(ComplexField::fract(y), x.fract());
        same(ComplexField::exp2(y), x.exp2());
        same(ComplexField::log(y, lift(3.0)), x.log(3.0));
        same(ComplexField::mul_add(y, lift(2.0), lift(1.0)), 2.0 * x + 1.0);
        same(RealField::copysign(lift(3.0), y), 3.0f64.copysign(x));
        same(RealField::clamp(y, lift(-1.0), lift(1.0)), x.clamp(-1.0, 1.0));
        same(RealField::atan2(y, lift(2.0)), x.atan2(2.0));
        assert_eq!(ComplexField::try_sqrt(y).is_some(), x >= 0.0);
        assert!(approx::relative_eq!(y, lift(x + 1e-17)) && !approx::relative_eq!(y, lift(x + 1e-9)));
        assert!(approx::ulps_eq!(y, lift(x)) && !approx::abs_diff_eq!(y, lift(x + 1.0)));
    }
    assert!(!approx::relative_eq!(lift(f64::INFINITY), lift(1.0)));
    assert_eq!(nalgebra::try_convert::<N, f64>(lift(1.5)), Some(1.5));
}

#[test]
fn numbers_are_those_of_floats() {
    assert_like_a_float(|x| Real::from(Value::new(x)));
    assert_like_a_float(Dual::<f64>::variable);
    assert_like_a_float(|x| Dual::variable(Dual::variable(x)));
    assert_like_a_float(Taylor::<f64, 3>::variable);
}

#[test]
fn a_program_knows_the_branches_of_a_decomposition() {
    // Which row stands first depends on the numbers.
    let f = of_values(|x| {
        let matrix = Matrix2::from_row_slice(x);
        matrix.lu().solve(&Vector2::new(Real::constant(1.0), Real::constant(2.0))).expect("a regular matrix")[0]
    });
    let program = Program::record(&[4.0, 1.0, 1.0, 3.0], f).expect("a program");
    // [[5, 1], [2, 3]] x = (1, 2): x = (3 - 2) / 13
    assert_near(&program.eval(&[&[5.0, 1.0, 2.0, 3.0]]).expect("the same branch")[0], &[1.0 / 13.0]);
    assert!(matches!(program.eval(&[&[1.0, 1.0, 4.0, 3.0]]), Err(Error::Guard { .. })));
}

#[test]
fn a_real_is_refused_on_another_thread() {
    let real = Real::from(Value::new(2.0));
    let constant = Real::constant(3.0);
    assert!(std::thread::spawn(move || real * 2.0).join().is_err());
    let product = std::thread::spawn(move || Value::from(constant * 2.0).data()).join();
    assert_eq!(product.expect("a constant is good everywhere"), 6.0);
    assert_eq!(Value::from(real).data(), 2.0);
}
