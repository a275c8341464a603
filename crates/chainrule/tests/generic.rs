//! Code that is generic over a kind of number differentiates when it is called with values.

use chainrule::{Number, Value};
use num_traits::{Float, Num};

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

#[test]
fn code_for_any_num_differentiates() {
    fn horner<N: Num + Copy>(coefficients: &[N], x: N) -> N {
        coefficients.iter().fold(N::zero(), |sum, &coefficient| sum * x + coefficient)
    }
    let x = Value::new(2.0);
    let [a, b, c] = [3.0, -1.0, 5.0].map(Value::new);
    let y = horner(&[a, b, c], x);
    assert_eq!(y.data(), horner(&[3.0, -1.0, 5.0], 2.0));
    // dy/dx = 2 a x + b, dy/da = x^2, dy/db = x, dy/dc = 1
    assert_eq!(y.gradient(&[x, a, b, c]), [11.0, 4.0, 2.0, 1.0]);
}

#[test]
fn code_for_any_float_differentiates() {
    /// Newton's method for the square root.
    fn newton<F: Float>(square: F) -> F {
        let mut root = square;
        while (root * root - square).abs() > square * F::epsilon() * F::from(4.0).unwrap() {
            root = (root + square / root) / (F::one() + F::one());
        }
        root
    }
    let x = Value::new(9.0);
    let y = newton(x);
    assert!(close(y.data(), 3.0, 1e-15));
    // d/dx sqrt(x) = 1 / (2 sqrt(x))
    assert!(close(y.gradient(&[x])[0], 1.0 / 6.0, 1e-12));

    // d/dx 2^x = 2^x ln 2
    let x = Value::new(3.0);
    let y = Float::exp2(x);
    assert_eq!((y.data(), y.gradient(&[x])), (8.0, vec![8.0 * std::f64::consts::LN_2]));
    // d/dx log_3 x = 1 / (x ln 3)
    let y = Float::log(x, Value::constant(3.0));
    assert!(close(y.gradient(&[x])[0], 1.0 / (3.0 * 3.0f64.ln()), 1e-15));
    // d/dx (x - floor x) = 1
    assert_eq!(Float::fract(Value::new(1.25)).data(), 0.25);
    assert_eq!(Float::mul_add(x, x, x).gradient(&[x]), [7.0]);
}

#[test]
fn code_for_any_number_of_this_library_differentiates() {
    fn distance<N: Number>(a: [N; 2], b: [N; 2]) -> N {
        (a[0] - b[0]).hypot(a[1] - b[1])
    }
    let a = [3.0, 4.0].map(Value::new);
    let y = distance(a, [0.0, 0.0].map(Value::constant));
    assert_eq!((y.data(), y.gradient(&a)), (distance([3.0, 4.0], [0.0, 0.0]), vec![0.6, 0.8]));
}
