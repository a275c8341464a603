//! Derivatives from differences, and what is told of those that are wrong.

use chainrule::Value;
use chainrule::check::{derivative, gradcheck};

#[test]
fn differences_find_their_own_step() {
    type Case = (fn(f64) -> f64, f64, f64);
    let cases: [Case; 6] = [
        (f64::exp, 1.0, 1f64.exp()),
        (f64::sin, 1000.0, 1000f64.cos()),
        (|x| (100.0 * x).sin(), 0.3, 100.0 * 30f64.cos()),
        (f64::ln, 0.01, 100.0),
        (|x| 1e8 + x * x, 3.0, 6.0),
        (|x| x, 0.0, 1.0),
    ];
    for (place, (function, x, expected)) in cases.into_iter().enumerate() {
        let found = derivative(function, x);
        let off = (found.derivative - expected).abs();
        assert!(off <= 1e-6 * expected.abs().max(1.0), "case {place}: {found:?} for {expected}");
        assert!(off <= 10.0 * found.error, "case {place}: {found:?} for {expected}, off by {off}");
    }
}

#[test]
fn a_function_that_is_no_number_has_no_derivative() {
    let nothing = derivative(f64::sqrt, -4.0);
    assert!(nothing.derivative.is_nan() && nothing.error == f64::INFINITY);
    assert!(gradcheck(|x| x[0].sqrt(), &[-4.0]).is_err());
    assert!(gradcheck(|x| x[0] * 2.0, &[f64::NAN]).is_err());
}

#[test]
fn right_derivatives_pass() {
    gradcheck(|x| (x[0] * x[1]).sin() / x[2], &[0.5, 2.0, -1.5]).unwrap();
    gradcheck(|x| [x[0].exp(), x[0] * x[1], Value::constant(2.0)], &[0.5, -2.0]).unwrap();
    gradcheck(|x| if x[0] < 0.0 { x[0] * x[0] } else { x[0] * 3.0 }, &[1e-3]).unwrap();
    gradcheck(Value::log_sum_exp, &[1.0, 2.0, 3.0]).unwrap();
    gradcheck(|_| Value::constant(1.0), &[]).unwrap();
}

#[test]
fn what_is_not_recorded_is_found_at_its_operation() {
    let mismatch = gradcheck(|x| [x[0].exp(), (x[0] * x[1]).stop_gradient() + x[1]], &[0.5, 2.0]).unwrap_err();
    assert_eq!((mismatch.output, mismatch.input, mismatch.by_rules), (1, 0, 0.0));
    let parting = mismatch.parting.as_ref().unwrap();
    assert_eq!((parting.op, parting.place), (chainrule::Op::StopGradient, 3));
    assert_eq!((&parting.operands[..], parting.result), (&[1.0][..], 1.0));
    assert_eq!(
        mismatch.to_string(),
        "derivative of output 1 by x[0]: 0 by the rules, 2 by differences; they part at operation 3, `stop_gradient` of 1 = \
         1: 0 by the rules, 2 by differences"
    );
}

#[test]
fn a_kink_and_a_change_of_shape_are_told() {
    let kink = gradcheck(|x| x[0].relu(), &[0.0]).unwrap_err();
    assert_eq!(kink.parting.unwrap().op, chainrule::Op::Relu);
    let growing = std::cell::Cell::new(0);
    let mismatch = gradcheck(
        |x| {
            growing.set(growing.get() + 1);
            vec![x[0]; growing.get()]
        },
        &[1.0],
    );
    let text = mismatch.unwrap_err().to_string();
    assert!(text.contains("NaN by differences") && text.contains("every operation"), "{text}");
}
