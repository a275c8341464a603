//! Values, duals and series as elements of `ndarray`'s arrays.
#![cfg(feature = "ndarray")]

use chainrule::{Dual, Number, Taylor, Value};
use ndarray::{Array1, LinalgScalar, array};

/// Some of everything that arrays can do.
fn energy<N: LinalgScalar + Number + ndarray::ScalarOperand>(x: &Array1<N>) -> N {
    let matrix = array![[N::constant(2.0), N::constant(1.0)], [N::constant(0.0), N::constant(3.0)]];
    let moved = matrix.dot(x) * N::constant(0.5) + x;
    (&moved * &moved).sum() + moved.mapv(|x| x.sin())[0]
}

/// `moved` is (2 a + b / 2, 5 b / 2).
fn energy_slopes(a: f64, b: f64) -> [f64; 2] {
    let (first, second) = (2.0 * a + 0.5 * b, 2.5 * b);
    let by_first = 2.0 * first + first.cos();
    [2.0 * by_first, 0.5 * by_first + 2.5 * 2.0 * second]
}

#[test]
fn values_go_back_through_arrays() {
    let x = array![0.3, -0.7].mapv(Value::new);
    let found = energy(&x).gradient(x.as_slice().expect("in one piece"));
    let expected = energy_slopes(0.3, -0.7);
    assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-14));
}

#[test]
fn duals_and_series_go_forward_through_arrays() {
    let [slope, _] = energy_slopes(0.3, -0.7);
    let by_dual = energy(&array![Dual::variable(0.3), Dual::constant(-0.7)]);
    let by_series = energy(&array![Taylor::<f64, 3>::variable(0.3), Taylor::constant(-0.7)]);
    assert!((by_dual.tangent - slope).abs() < 1e-14);
    assert!((by_series.coefficients[1] - slope).abs() < 1e-14);
}

#[test]
fn plain_numbers_mix_in() {
    let x = array![1.0, 2.0].mapv(Value::new);
    let y = (&x * 3.0 + 1.0).sum();
    assert_eq!((y.data(), y.gradient(x.as_slice().expect("in one piece"))), (11.0, vec![3.0, 3.0]));
}
