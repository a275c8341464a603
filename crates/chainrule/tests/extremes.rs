//! The table of operations where floating point is at its ends: values are the mathematically right ones or IEEE's, and
//! gradients are not NaN where the mathematics has a finite one.

use chainrule::{Dual, Number, Value};
use std::f64::consts::{FRAC_PI_2, LN_2};

const INFINITY: f64 = f64::INFINITY;

fn c<N: Number>(value: f64) -> N {
    N::constant(value)
}

/// The value of a formula at a point, and its derivatives by each variable, on which both modes agree.
macro_rules! at {
    ($($x:ident = $at:expr),+ => $formula:expr) => {{
        fn formula<N: Number>(variables: &[N]) -> N {
            let &[$($x),+] = variables else { panic!("one number for each variable") };
            $formula
        }
        both_modes(&[$($at),+], formula, formula)
    }};
}

fn both_modes<const K: usize>(
    xs: &[f64; K],
    reverse: fn(&[Value]) -> Value,
    forward: fn(&[Dual]) -> Dual,
) -> (f64, [f64; K]) {
    let leaves = xs.map(Value::new);
    let y = reverse(&leaves);
    let gradient: [f64; K] = y.gradient(&leaves).try_into().expect("a derivative for each input");
    for k in 0..K {
        let mut duals = xs.map(Dual::constant);
        duals[k] = Dual::variable(xs[k]);
        let dual = forward(&duals);
        assert_eq!(format!("{:?}", dual.value.abs()), format!("{:?}", y.data().abs()), "values of forward and reverse");
        assert!(
            dual.tangent == gradient[k] || (dual.tangent.is_nan() && gradient[k].is_nan()),
            "derivative by operand {k}: forward {}, reverse {}",
            dual.tangent,
            gradient[k],
        );
    }
    (y.data(), gradient)
}

#[test]
fn tanh_saturates() {
    assert_eq!(at!(x = 1000.0 => x.tanh()), (1.0, [0.0]));
    assert_eq!(at!(x = -1000.0 => x.tanh()), (-1.0, [0.0]));
    assert_eq!(at!(x = INFINITY => x.tanh()), (1.0, [0.0]));
}

#[test]
fn sigmoid_saturates_without_overflow() {
    assert_eq!(at!(x = 1000.0 => x.sigmoid()), (1.0, [0.0]));
    assert_eq!(at!(x = -1000.0 => x.sigmoid()), (0.0, [0.0]));
    assert_eq!(at!(x = INFINITY => x.sigmoid()), (1.0, [0.0]));
    assert_eq!(at!(x = -INFINITY => x.sigmoid()), (0.0, [0.0]));
    // A small sigmoid keeps its digits: it is exp(x), and so is its derivative.
    assert_eq!(at!(x = -100.0 => x.sigmoid()), ((-100.0f64).exp(), [(-100.0f64).exp()]));
}

#[test]
fn softplus_becomes_relu_without_overflow() {
    assert_eq!(at!(x = 1000.0 => x.softplus()), (1000.0, [1.0]));
    assert_eq!(at!(x = -1000.0 => x.softplus()), (0.0, [0.0]));
    assert_eq!(at!(x = INFINITY => x.softplus()), (INFINITY, [1.0]));
    assert_eq!(at!(x = -INFINITY => x.softplus()), (0.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.softplus()), (LN_2, [0.5]));
    assert_eq!(at!(x = -100.0 => x.softplus()), ((-100.0f64).exp(), [(-100.0f64).exp()]));
}

#[test]
fn exp_overflows_to_infinity_and_vanishes_to_zero() {
    assert_eq!(at!(x = 1000.0 => x.exp()), (INFINITY, [INFINITY]));
    assert_eq!(at!(x = -1000.0 => x.exp()), (0.0, [0.0]));
    assert_eq!(at!(x = -INFINITY => x.exp_m1()), (-1.0, [0.0]));
}

#[test]
fn logarithms_of_zero_are_minus_infinity() {
    assert_eq!(at!(x = 0.0 => x.ln()), (-INFINITY, [INFINITY]));
    assert_eq!(at!(x = 0.0 => x.log2()), (-INFINITY, [INFINITY]));
    assert_eq!(at!(x = 0.0 => x.log10()), (-INFINITY, [INFINITY]));
    assert_eq!(at!(x = -1.0 => x.ln_1p()), (-INFINITY, [INFINITY]));
    assert_eq!(at!(x = INFINITY => x.ln()), (INFINITY, [0.0]));
    assert!(at!(x = -1.0 => x.ln()).0.is_nan());
}

#[test]
fn powers_of_zero_have_the_derivative_of_the_power_rule() {
    // d/dx x^2 = 2x
    assert_eq!(at!(x = 0.0 => x.powf(c(2.0))), (0.0, [0.0]));
    // d/dx x^1 = 1
    assert_eq!(at!(x = 0.0 => x.powf(c(1.0))), (0.0, [1.0]));
    // d/dx x^0 = 0
    assert_eq!(at!(x = 0.0 => x.powf(c(0.0))), (1.0, [0.0]));
    // d/dx x^(1/2) = 1 / (2 sqrt(x))
    assert_eq!(at!(x = 0.0 => x.powf(c(0.5))), (0.0, [INFINITY]));
    // d/dx x^-1 = -1 / x^2
    assert_eq!(at!(x = 0.0 => x.powf(c(-1.0))), (INFINITY, [-INFINITY]));
}

#[test]
fn powers_of_zero_do_not_change_with_a_positive_exponent() {
    // 0^e = 0 for all e > 0
    assert_eq!(at!(x = 0.0, e = 2.0 => x.powf(e)), (0.0, [0.0, 0.0]));
    assert_eq!(at!(x = 0.0, e = 1.0 => x.powf(e)), (0.0, [1.0, 0.0]));
    assert_eq!(at!(e = 0.5 => c::<N>(0.0).powf(e)), (0.0, [0.0]));
    // At 0^0 the power jumps from 1 to 0; by convention its derivative is 0.
    assert_eq!(at!(x = 0.0, e = 0.0 => x.powf(e)), (1.0, [0.0, 0.0]));
}

#[test]
fn powers_of_negative_numbers_are_differentiable_by_the_base_alone() {
    // d/dx x^3 = 3 x^2
    assert_eq!(at!(x = -2.0 => x.powf(c(3.0))), (-8.0, [12.0]));
    // d/dx x^-2 = -2 x^-3
    assert_eq!(at!(x = -2.0 => x.powf(c(-2.0))), (0.25, [0.25]));
    let (value, [by_base, by_exponent]) = at!(x = -2.0, e = 2.0 => x.powf(e));
    assert_eq!((value, by_base), (4.0, -4.0));
    assert!(by_exponent.is_nan(), "x^e is not real around a negative x");
    assert!(at!(x = -2.0 => x.powf(c(0.5))).0.is_nan());
}

#[test]
fn integer_powers_reach_zero_and_the_ends_of_integers() {
    assert_eq!(at!(x = 0.0 => x.powi(0)), (1.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.powi(1)), (0.0, [1.0]));
    assert_eq!(at!(x = 0.0 => x.powi(2)), (0.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.powi(-1)), (INFINITY, [-INFINITY]));
    assert_eq!(at!(x = -3.0 => x.powi(3)), (-27.0, [27.0]));
    assert_eq!(at!(x = 1.0 => x.powi(i32::MAX)), (1.0, [f64::from(i32::MAX)]));
    assert_eq!(at!(x = 1.0 => x.powi(i32::MIN)), (1.0, [f64::from(i32::MIN)]));
}

#[test]
fn roots_of_zero_have_an_infinite_slope() {
    assert_eq!(at!(x = 0.0 => x.sqrt()), (0.0, [INFINITY]));
    assert_eq!(at!(x = 0.0 => x.cbrt()), (0.0, [INFINITY]));
    assert_eq!(at!(x = -8.0 => x.cbrt()), (-2.0, [1.0 / 12.0]));
    assert!(at!(x = -1.0 => x.sqrt()).0.is_nan());
}

#[test]
fn division_by_zero_is_that_of_ieee() {
    assert!(at!(a = 0.0, b = 0.0 => a / b).0.is_nan());
    assert_eq!(at!(a = 1.0, b = 0.0 => a / b), (INFINITY, [INFINITY, -INFINITY]));
    assert_eq!(at!(x = 0.0 => x.recip()), (INFINITY, [-INFINITY]));
    assert_eq!(at!(a = 1.0, b = INFINITY => a / b), (0.0, [0.0, 0.0]));
}

#[test]
fn the_origin_has_no_direction_and_derivatives_zero() {
    assert_eq!(at!(a = 0.0, b = 0.0 => a.hypot(b)), (0.0, [0.0, 0.0]));
    assert_eq!(at!(a = 0.0, b = 0.0 => a.atan2(b)), (0.0, [0.0, 0.0]));
}

#[test]
fn hypot_and_atan2_do_not_overflow_on_the_way() {
    let far = 2.0f64.powi(700);
    // d/da hypot(a, b) = a / hypot
    assert_eq!(at!(a = 3.0 * far, b = 4.0 * far => a.hypot(b)), (5.0 * far, [0.6, 0.8]));
    // d/da atan2(a, b) = b / (a^2 + b^2)
    assert_eq!(at!(a = 3.0 * far, b = 4.0 * far => a.atan2(b)).1, [0.8 / (5.0 * far), -0.6 / (5.0 * far)]);
    assert_eq!(at!(a = 0.0, b = 1e-200 => a.atan2(b)), (0.0, [1e200, 0.0]));
}

#[test]
fn inverse_functions_end_with_an_infinite_slope() {
    assert_eq!(at!(x = 1.0 => x.asin()), (FRAC_PI_2, [INFINITY]));
    assert_eq!(at!(x = 1.0 => x.acos()), (0.0, [-INFINITY]));
    assert_eq!(at!(x = 1.0 => x.acosh()), (0.0, [INFINITY]));
    assert_eq!(at!(x = 1.0 => x.atanh()), (INFINITY, [INFINITY]));
    assert!(at!(x = 1.5 => x.asin()).0.is_nan());
}

#[test]
fn inverse_functions_flatten_out_at_infinity() {
    assert_eq!(at!(x = INFINITY => x.atan()), (FRAC_PI_2, [0.0]));
    assert_eq!(at!(x = INFINITY => x.asinh()), (INFINITY, [0.0]));
    assert_eq!(at!(x = INFINITY => x.acosh()), (INFINITY, [0.0]));
    assert_eq!(at!(x = 1e200 => x.asinh()).1, [1e-200]);
    assert_eq!(at!(x = 1e200 => x.acosh()).1, [1e-200]);
    assert_eq!(at!(x = -INFINITY => x.erf()), (-1.0, [0.0]));
}

#[test]
fn gelu_is_relu_far_from_zero() {
    assert_eq!(at!(x = 1000.0 => x.gelu()), (1000.0, [1.0]));
    assert_eq!(at!(x = -1000.0 => x.gelu()), (0.0, [0.0]));
    assert_eq!(at!(x = INFINITY => x.gelu()), (INFINITY, [1.0]));
    assert_eq!(at!(x = -INFINITY => x.gelu()), (0.0, [0.0]));
    assert_eq!(at!(x = 1e200 => x.gelu()), (1e200, [1.0]));
}

#[test]
fn silu_is_relu_far_from_zero() {
    assert_eq!(at!(x = 1000.0 => x.silu()), (1000.0, [1.0]));
    assert_eq!(at!(x = -1000.0 => x.silu()), (0.0, [0.0]));
    assert_eq!(at!(x = INFINITY => x.silu()), (INFINITY, [1.0]));
    assert_eq!(at!(x = -INFINITY => x.silu()), (0.0, [0.0]));
}

#[test]
fn elu_flattens_out_at_minus_its_scale() {
    assert_eq!(at!(x = 1000.0, scale = 2.0 => x.elu(scale)), (1000.0, [1.0, 0.0]));
    assert_eq!(at!(x = -1000.0, scale = 2.0 => x.elu(scale)), (-2.0, [0.0, -1.0]));
    assert_eq!(at!(x = INFINITY, scale = 2.0 => x.elu(scale)), (INFINITY, [1.0, 0.0]));
    assert_eq!(at!(x = -INFINITY, scale = 2.0 => x.elu(scale)), (-2.0, [0.0, -1.0]));
}

#[test]
fn at_a_kink_the_derivative_is_the_documented_one() {
    assert_eq!(at!(x = 0.0 => x.relu()), (0.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.leaky_relu(c(0.1))), (0.0, [0.1]));
    assert_eq!(at!(x = 0.0 => x.abs()), (0.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.signum()), (1.0, [0.0]));
    assert_eq!(at!(x = -0.0 => x.signum()), (-1.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.elu(c(2.0))), (0.0, [2.0]));
}

#[test]
fn rounding_has_derivative_zero_at_its_jumps_too() {
    for x in [2.0, 2.5, -2.5, INFINITY] {
        assert_eq!(at!(x = x => x.floor()), (x.floor(), [0.0]));
        assert_eq!(at!(x = x => x.ceil()), (x.ceil(), [0.0]));
        assert_eq!(at!(x = x => x.round()), (x.round(), [0.0]));
        assert_eq!(at!(x = x => x.trunc()), (x.trunc(), [0.0]));
    }
}

#[test]
fn remainders_of_large_divisors_are_the_dividend() {
    assert_eq!(at!(a = 2.0, b = INFINITY => a % b), (2.0, [1.0, 0.0]));
    assert_eq!(at!(a = -7.0, b = 2.0 => a % b), (-1.0, [1.0, 3.0]));
}

#[test]
fn of_equal_numbers_the_first_is_the_largest_and_the_smallest() {
    assert_eq!(at!(a = 2.0, b = 2.0 => a.max(b)), (2.0, [1.0, 0.0]));
    assert_eq!(at!(a = 2.0, b = 2.0 => a.min(b)), (2.0, [1.0, 0.0]));
    assert_eq!(at!(a = 1.0, b = 2.0, d = 2.0 => N::maximum(&[a, b, d])), (2.0, [0.0, 1.0, 0.0]));
    assert_eq!(at!(a = 1.0, b = 1.0, d = 2.0 => N::minimum(&[a, b, d])), (1.0, [1.0, 0.0, 0.0]));
    // max(x, x) = x
    assert_eq!(at!(x = 3.0 => x.max(x)), (3.0, [1.0]));
    assert_eq!(at!(x = 3.0 => N::maximum(&[x, x, x])), (3.0, [1.0]));
}

#[test]
fn nan_is_neither_the_largest_nor_the_smallest() {
    assert_eq!(at!(a = f64::NAN, b = 2.0 => a.max(b)), (2.0, [0.0, 1.0]));
    assert_eq!(at!(a = 2.0, b = f64::NAN => a.max(b)), (2.0, [1.0, 0.0]));
    assert_eq!(at!(a = f64::NAN, b = 2.0 => a.min(b)), (2.0, [0.0, 1.0]));
    assert_eq!(at!(a = f64::NAN, b = 2.0, d = 3.0 => N::maximum(&[a, b, d])), (3.0, [0.0, 0.0, 1.0]));
    assert_eq!(at!(a = 1.0, b = f64::NAN, d = 3.0 => N::minimum(&[a, b, d])), (1.0, [1.0, 0.0, 0.0]));
}

#[test]
fn clamp_gives_the_derivative_to_whoever_gives_the_value() {
    assert_eq!(at!(x = 0.5, low = 0.0, high = 1.0 => x.clamp(low, high)), (0.5, [1.0, 0.0, 0.0]));
    assert_eq!(at!(x = -2.0, low = 0.0, high = 1.0 => x.clamp(low, high)), (0.0, [0.0, 1.0, 0.0]));
    assert_eq!(at!(x = 2.0, low = 0.0, high = 1.0 => x.clamp(low, high)), (1.0, [0.0, 0.0, 1.0]));
    // On a bound it goes to x.
    assert_eq!(at!(x = 0.0, low = 0.0, high = 1.0 => x.clamp(low, high)), (0.0, [1.0, 0.0, 0.0]));
    assert_eq!(at!(x = 1.0, low = 0.0, high = 1.0 => x.clamp(low, high)), (1.0, [1.0, 0.0, 0.0]));
    // Where the bounds cross, the upper one.
    assert_eq!(at!(x = 0.5, low = 1.0, high = 0.0 => x.clamp(low, high)), (0.0, [0.0, 0.0, 1.0]));
    assert!(at!(x = f64::NAN => x.clamp(c(0.0), c(1.0))).0.is_nan());
    assert_eq!(at!(x = INFINITY => x.clamp(c(0.0), c(1.0))), (1.0, [0.0]));
}

#[test]
fn products_with_zeros_have_exact_derivatives() {
    // d/da abc = bc
    assert_eq!(at!(a = 0.0, b = 2.0, d = 3.0 => N::product(&[a, b, d])), (0.0, [6.0, 0.0, 0.0]));
    assert_eq!(at!(a = 0.0, b = 0.0, d = 3.0 => N::product(&[a, b, d])), (0.0, [0.0, 0.0, 0.0]));
    // d/dx x x = 2 x
    assert_eq!(at!(x = 0.0, y = 5.0 => N::product(&[x, y, x])), (0.0, [0.0, 0.0]));
}

#[test]
fn log_sum_exp_neither_overflows_nor_vanishes() {
    assert_eq!(at!(a = 1000.0, b = 1000.0 => N::log_sum_exp(&[a, b])), (1000.0 + LN_2, [0.5, 0.5]));
    assert_eq!(at!(a = -1000.0, b = -1000.0 => N::log_sum_exp(&[a, b])), (-1000.0 + LN_2, [0.5, 0.5]));
    assert_eq!(at!(a = 1e17, b = 1e17 => N::log_sum_exp(&[a, b])), (1e17, [0.5, 0.5]));
    assert_eq!(at!(a = 1e300, b = -1e300 => N::log_sum_exp(&[a, b])), (1e300, [1.0, 0.0]));
}

#[test]
fn log_sum_exp_passes_masked_numbers_over() {
    assert_eq!(at!(a = 1.0, b = -INFINITY => N::log_sum_exp(&[a, b])), (1.0, [1.0, 0.0]));
    // Of infinite numbers, those that are equal to the largest have equal shares, as they have of large finite ones.
    for (xs, shares) in [([-INFINITY, -INFINITY], [0.5, 0.5]), ([INFINITY, 1.0], [1.0, 0.0])] {
        let leaves = xs.map(Value::new);
        let y = Value::log_sum_exp(&leaves);
        assert_eq!((y.data(), y.gradient(&leaves)), (xs[0], shares.to_vec()));
    }
}

#[test]
fn softmax_of_large_numbers_adds_up_to_one() {
    assert_eq!(f64::softmax(&[1e17, 1e17]), [0.5, 0.5]);
    assert_eq!(f64::softmax(&[1000.0, -1000.0]), [1.0, 0.0]);
    assert_eq!(f64::softmax(&[0.0, -INFINITY]), [1.0, 0.0]);
    // d/da softmax(a, b)_a = s (1 - s)
    assert_eq!(at!(a = 1e17, b = 1e17 => N::softmax(&[a, b])[0]), (0.5, [0.25, -0.25]));
    assert_eq!(at!(a = 0.0, b = -INFINITY => N::softmax(&[a, b])[0]), (1.0, [0.0, 0.0]));
}

#[test]
fn lists_of_nothing() {
    assert_eq!(Value::sum(&[]).data(), 0.0);
    assert_eq!(Value::product(&[]).data(), 1.0);
    assert_eq!(Value::dot(&[], &[]).data(), 0.0);
    assert!(Value::mean(&[]).data().is_nan());
    assert!(Value::softmax(&[]).is_empty());
}

#[test]
#[should_panic(expected = "the largest or smallest of no numbers is not defined")]
fn the_largest_of_nothing_is_not_defined() {
    Value::maximum(&[]);
}

#[test]
fn select_ignores_the_branch_that_is_not_chosen() {
    // The slope of sqrt is infinite at 0, but sqrt is not chosen.
    assert_eq!(at!(x = 0.0 => c::<N>(1.0).select(x, x.sqrt())), (0.0, [1.0]));
    assert_eq!(at!(x = 0.0 => c::<N>(0.0).select(x.ln(), x)), (0.0, [1.0]));
    assert_eq!(at!(x = -1.0 => x.less(c(0.0)).select(x * x, x.ln())), (1.0, [-2.0]));
    assert_eq!(at!(x = 0.0 => x.equal(c(0.0)).select(c(1.0), x.sin() / x)), (1.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.max(x.sqrt() - c(1.0))), (0.0, [1.0]));
}

#[test]
fn conditions_have_no_derivative() {
    assert_eq!(at!(a = 1.0, b = 1.0 => a.equal(b)), (1.0, [0.0, 0.0]));
    assert_eq!(at!(a = 1.0, b = 1.0 => a.less(b)), (0.0, [0.0, 0.0]));
    assert_eq!(at!(a = f64::NAN, b = 1.0 => a.less(b)), (0.0, [0.0, 0.0]));
    assert_eq!(at!(a = 0.0, b = 3.0, d = 4.0 => a.select(b, d)), (4.0, [0.0, 0.0, 1.0]));
    assert_eq!(at!(a = f64::NAN, b = 3.0, d = 4.0 => a.select(b, d)), (3.0, [0.0, 1.0, 0.0]));
}

#[test]
fn a_zero_adjoint_does_not_pass_through_an_infinite_slope() {
    assert_eq!(at!(x = 0.0 => x.sqrt() * c(0.0)), (0.0, [0.0]));
    assert_eq!(at!(x = 0.0 => x.sqrt().floor()), (0.0, [0.0]));
    assert_eq!(at!(x = 0.0, y = 2.0 => x.sqrt() * c(0.0) + y), (2.0, [0.0, 1.0]));
}

#[test]
fn what_does_not_vary_does_not_pass_through_an_infinite_slope() {
    // sqrt(relu(x)) is 0 for all x < 0
    assert_eq!(at!(x = -1.0 => x.relu().sqrt()), (0.0, [0.0]));
    assert_eq!(at!(x = -1.0 => x.max(c(0.0)).sqrt()), (0.0, [0.0]));
    assert_eq!(at!(x = -1.0 => x.clamp(c(0.0), c(1.0)).ln()), (-INFINITY, [0.0]));
    assert_eq!(at!(x = -1.0 => N::maximum(&[c(0.0), x]).sqrt()), (0.0, [0.0]));
    assert_eq!(at!(x = -1.0, y = 2.0 => N::product(&[x, c(0.0), y]).sqrt()), (0.0, [0.0, 0.0]));
    // sqrt(x^4) = x^2
    assert_eq!(at!(x = 0.0 => x.powi(4).sqrt()), (0.0, [0.0]));
}

#[test]
fn second_derivatives_ignore_branches_too() {
    fn second<F: Fn(Dual<Dual>) -> Dual<Dual>>(f: F, x: f64) -> f64 {
        f(Dual::variable(Dual::variable(x))).tangent.tangent
    }
    // d2/dx2 x^2 = 2
    assert_eq!(second(|x| x.powf(Dual::constant(2.0)), 0.0), 2.0);
    assert_eq!(second(|x| x.powi(2), 0.0), 2.0);
    assert_eq!(second(|x| x.powf(Dual::constant(1.0)), 0.0), 0.0);
    // hypot(x, 0) = |x|, whose slope is 0 at 0 by convention
    assert_eq!(second(|x| x.hypot(Dual::constant(0.0)), 0.0), 0.0);
    assert_eq!(second(|x| x.atan2(Dual::constant(0.0)), 0.0), 0.0);
    assert_eq!(second(|x| x.silu(), -1000.0), 0.0);
    assert_eq!(second(|x| x.gelu(), 1000.0), 0.0);
    assert_eq!(second(|x| x.sigmoid(), 1000.0), 0.0);
    // d2/dx2 ln(e^x + e^0) = s (1 - s), s = 1/2
    assert_eq!(second(|x| Dual::log_sum_exp(&[x, Dual::constant(0.0)]), 0.0), 0.25);
}
