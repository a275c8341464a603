//! Derivatives that are given, and those of solutions.

use chainrule::check::gradcheck;
use chainrule::derivatives::*;
use chainrule::{Dual, Op, Program, Scalar, Value, tape};
use std::sync::LazyLock;

/// x y and x / y, from outside.
static OUTSIDE: LazyLock<Custom> = LazyLock::new(|| {
    let jacobian = |x: &[f64], _: &[f64]| vec![vec![x[1], x[0]], vec![1.0 / x[1], -x[0] / x[1] / x[1]]];
    Custom::new("outside", |x| vec![x[0] * x[1], x[0] / x[1]], jacobian)
});

fn outside<N: Scalar>(x: &[N]) -> Vec<N> {
    OUTSIDE.call(x).unwrap()
}

/// The same in operations of the table.
fn inside<N: Scalar>(x: &[N]) -> Vec<N> {
    vec![x[0] * x[1], x[0] / x[1]]
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} for {expected}");
    }
}

#[test]
fn a_custom_function_has_the_derivatives_that_were_given() {
    let at = [0.6, -1.5];
    let with = |f: fn(&[Value]) -> Vec<Value>| move |x: &[Value]| f(&[x[0].sin(), x[1] * x[0]]);
    assert_near(&jacobian_reverse(with(outside), &at).concat(), &jacobian_reverse(with(inside), &at).concat());
    assert_near(&jacobian_forward(with(outside), &at).concat(), &jacobian_reverse(with(inside), &at).concat());
    let [value, slope] = derivatives_along(|x| outside(x)[1], &at, &[1.0, 2.0]).unwrap();
    assert_near(&[value, slope], &[0.6 / -1.5, 1.0 / -1.5 - 2.0 * 0.6 / 2.25]);
    gradcheck(with(outside), &at).unwrap();

    let leaves = at.map(Value::new);
    let results = with(outside)(&leaves);
    assert_eq!(results[0].op(), Some(Op::Custom));
    assert_near(&results[1].gradient(&leaves), &jacobian(with(inside), &at)[1]);
    results[0].backward();
    assert_near(&[leaves[0].grad(), leaves[1].grad()], &jacobian(with(inside), &at)[0]);
    assert_eq!(outside(&[Dual::variable(2.0), Dual::variable(3.0)])[0].tangent, 5.0);
}

#[test]
fn a_wrong_derivative_is_found_at_the_custom_function() {
    let wrong = Custom::new("square", |x| vec![x[0] * x[0]], |x, _| vec![vec![x[0]]]);
    let mismatch = gradcheck(|x| wrong.call(&[x[0].exp()]).unwrap(), &[0.0]).unwrap_err();
    assert_eq!((mismatch.by_rules, mismatch.parting.as_ref().unwrap().op), (1.0, Op::Custom));
}

#[test]
fn what_is_not_known_of_a_custom_function_is_not_a_number() {
    let square = Custom::new("square", |x| vec![x[0] * x[0]], |x, _| vec![vec![2.0 * x[0], 0.0]]);
    let square = |x: &[Value]| square.call(x).unwrap()[0];
    assert!(hessian(square, &[3.0, 1.0])[0][0].is_nan());
    assert!(derivative(|x| derivative(|x| square(&[x, x]), x), 3.0).is_nan());
    let [_, slope, curvature] = derivatives_along(square, &[3.0, 1.0], &[1.0, 0.0]).unwrap();
    assert!(slope == 6.0 && curvature.is_nan());
    // By what does not change its operands, it is known: d/dy (y + x^2)' = 0.
    assert_eq!(hessian(|x| x[1] * x[1] + square(&[x[0], 1.0.into()]), &[3.0, 1.0])[1], [0.0, 2.0]);
}

#[test]
fn derivatives_of_the_wrong_shape_are_refused() {
    let text = |rows: Vec<Vec<f64>>| {
        let one = Custom::new("one", |_| vec![1.0], move |_, _| rows.clone());
        one.call(&[1.0, 2.0]).unwrap_err().to_string()
    };
    assert_eq!(text(vec![]), "jacobian of `one`: expected 1 row, one for each result, found 0");
    assert_eq!(
        text(vec![vec![1.0]]),
        "row 0 of the jacobian of `one`: expected 2 derivatives, one for each operand, found 1"
    );
}

#[test]
fn a_custom_function_is_kept_with_what_a_scope_keeps() {
    let x = [1.0, 2.0].map(Value::new);
    let mut scope = tape::scope();
    let waste = x[0] * 3.0;
    let mut kept = [outside(&[x[0] * 2.0, x[1] + waste * 0.0])[1]];
    scope.keep(&mut kept);
    assert_near(&kept[0].gradient(&x), &[1.0, -0.5]);
}

#[test]
fn straight_through_passes_a_gradient_where_there_is_none() {
    let quantized = |x: &[Value]| straight_through(x[0] * 10.0, Value::round) / 10.0;
    assert_eq!(value_and_gradient(quantized, &[0.26]), (0.3, vec![1.0]));
    let (value, slopes) = Program::record(&[0.0], quantized).unwrap().value_and_gradient(&[&[0.26]]).unwrap();
    assert_near(&[value, slopes[0][0]], &[0.3, 1.0]);
}

#[test]
fn solutions_change_with_their_parameters() {
    // A circle and a line meet: x^2 + y^2 = r^2, y = m x.
    let residual = |x: &[Value], p: &[Value]| [x[0] * x[0] + x[1] * x[1] - p[0] * p[0], x[1] - p[1] * x[0]];
    let meeting = Custom::root("meeting", residual, &[1.0, 1.0]);
    let meet = |p: &[Value]| meeting.call(p).unwrap();
    let (r, m) = (2.0, 0.5_f64);
    let x = r / (1.0 + m * m).sqrt();
    let by_slope = -r * m / (1.0 + m * m).powf(1.5);
    assert_near(&jacobian(meet, &[r, m]).concat(), &[x / r, by_slope, m * x / r, x + m * by_slope]);
    gradcheck(meet, &[r, m]).unwrap();
    let rest = Custom::fixed_point("rest", |x, p| (x[0] * p[0]).cos(), &[0.5]);
    gradcheck(|p| rest.call(p).unwrap(), &[0.8]).unwrap();
    let objective = |x: &[Value], p: &[Value]| (p[0] - x[0]).powi(2) + (x[1] - x[0] * x[0]).powi(2) * p[1] + x[1].exp();
    let lowest = Custom::argmin("lowest", objective, &[-1.2, 1.0]);
    gradcheck(|p| lowest.call(p).unwrap(), &[1.0, 10.0]).unwrap();
}

#[test]
fn what_has_no_solution_is_an_error() {
    let text = |operation: Custom, p: &[f64]| operation.call(p).unwrap_err().to_string();
    let none = text(Custom::root("none", |x, _| x[0] * x[0] + 1.0, &[0.5]), &[]);
    assert!(none.starts_with("root of `none` did not converge: a residual of "), "{none}");
    assert!(none.ends_with("after 100 steps"), "{none}");
    let growing = text(Custom::fixed_point("growing", |x, _| x[0] * 2.0, &[1.0]), &[]);
    assert!(growing.starts_with("fixed point of `growing` did not converge"), "{growing}");
    let hill = text(Custom::argmin("hill", |x, _| -x[0] * x[0], &[0.0]), &[]);
    assert!(hill.starts_with("argmin of `hill` did not converge"), "{hill}");
    let singular = text(Custom::root("singular", |x, _| [x[0] + x[1], x[0] + x[1]], &[1.0, 2.0]), &[]);
    assert!(singular.starts_with("residual of `singular`: expected derivatives by the unknowns"), "{singular}");
    let few = text(Custom::implicit("few", |_| vec![1.0, 2.0], |x, _| x[0] + x[1]), &[1.0]);
    assert_eq!(few, "residual of `few`: expected 2 numbers, as many as unknowns, found 1");
    let nan = text(Custom::root("nan", |x, p| x[0] - p[0], &[1.0]), &[f64::NAN]);
    assert!(nan.contains("did not converge"), "{nan}");
}
