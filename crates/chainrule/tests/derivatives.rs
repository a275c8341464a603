//! Derivatives of functions: by hand, against each other, and inside of functions.

use chainrule::derivatives::*;
use chainrule::program::Machine;
use chainrule::{Dual, Number, Program, Scalar, Taylor, Value, no_grad, tape};

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} for {expected}");
    }
}

/// x^2 y + sin(x y), with the derivatives by hand.
fn wave<N: Scalar>(x: &[N]) -> N {
    x[0] * x[0] * x[1] + (x[0] * x[1]).sin()
}

const AT: [f64; 2] = [0.7, -1.3];

fn wave_gradient([x, y]: [f64; 2]) -> [f64; 2] {
    [2.0 * x * y + y * (x * y).cos(), x * x + x * (x * y).cos()]
}

fn wave_hessian([x, y]: [f64; 2]) -> [[f64; 2]; 2] {
    let (sin, cos) = (x * y).sin_cos();
    let mixed = 2.0 * x + cos - x * y * sin;
    [[2.0 * y - y * y * sin, mixed], [mixed, -x * x * sin]]
}

struct Wave;

impl Function for Wave {
    fn call<N: Scalar>(&self, x: &[N]) -> Vec<N> {
        vec![wave(x)]
    }
}

/// Two inputs, three outputs.
struct Polar;

impl Function for Polar {
    fn call<N: Scalar>(&self, x: &[N]) -> Vec<N> {
        vec![x[0] * x[1].cos(), x[0] * x[1].sin(), x[0]]
    }
}

#[test]
fn first_and_second_derivatives_are_those_by_hand() {
    let ([slopes, direction], hessian_by_hand) = ([wave_gradient(AT), [0.5, 2.0]], wave_hessian(AT));
    let product: Vec<f64> = hessian_by_hand.iter().map(|row| row[0] * 0.5 + row[1] * 2.0).collect();
    assert_near(&gradient(wave, &AT), &slopes);
    assert_near(&hessian(wave, &AT).concat(), &hessian_by_hand.concat());
    assert_near(&hvp(wave, &AT, &direction).unwrap(), &product);
    assert_near(&hessian_diagonal(wave, &AT), &[hessian_by_hand[0][0], hessian_by_hand[1][1]]);
    let [value, slope, curvature] = derivatives_along(wave, &AT, &direction).unwrap();
    let along = |vector: &[f64]| vector[0] * 0.5 + vector[1] * 2.0;
    assert_near(&[value, slope, curvature], &[wave(&AT), along(&slopes), along(&product)]);

    assert_near(&Wave.gradient(&AT).unwrap(), &slopes);
    assert_near(&Wave.hessian(&AT).unwrap().concat(), &hessian_by_hand.concat());
    assert_near(&Wave.hvp(&AT, &direction).unwrap(), &product);
    assert_near(&Wave.hessian_diagonal(&AT).unwrap(), &[hessian_by_hand[0][0], hessian_by_hand[1][1]]);
    let along: Vec<[f64; 3]> = Wave.derivatives_along(&AT, &direction).unwrap();
    assert_near(&along[0], &[value, slope, curvature]);
}

#[test]
fn jacobians_are_the_same_forward_and_backward() {
    let ([r, angle], polar) = ([2.0, 0.3], |x: &[Value]| Polar.call(x));
    let by_hand = [[angle.cos(), -r * angle.sin()], [angle.sin(), r * angle.cos()], [1.0, 0.0]];
    for found in [
        jacobian(polar, &[r, angle]),
        jacobian_forward(polar, &[r, angle]),
        jacobian_reverse(polar, &[r, angle]),
        Polar.jacobian(&[r, angle]).unwrap(),
        Polar.jacobian_forward(&[r, angle]).unwrap(),
        Polar.jacobian_reverse(&[r, angle]),
    ] {
        assert_near(&found.concat(), &by_hand.concat());
    }
    let (outputs, tangents) = jvp(polar, &[r, angle], &[1.0, 10.0]).unwrap();
    assert_near(&outputs, &[r * angle.cos(), r * angle.sin(), r]);
    assert_near(&tangents, &by_hand.map(|row| row[0] + 10.0 * row[1]));
    let (_, slopes) = vjp(polar, &[r, angle], &[1.0, 10.0, 100.0]).unwrap();
    assert_near(&slopes, &[0, 1].map(|input| by_hand[0][input] + 10.0 * by_hand[1][input] + 100.0 * by_hand[2][input]));
}

#[test]
fn a_derivative_inside_of_a_function_does_not_mix_with_that_of_the_function() {
    // d/dx (x d/dy (x y)) at y = x: d/dx (x x) = 2 x
    assert_eq!(derivative(|x| x * derivative(|y| x * y, x), 3.0), 6.0);
    // d/dx (x d/dy (x + y)): 1
    assert_eq!(derivative(|x| x * derivative(|y| x + y, x), 3.0), 1.0);
    // The same by forward mode inside, outside, and both.
    let inside = |x: Value| x * jvp(|y| [x * y[0]], &[x], &[1.0.into()]).unwrap().1[0];
    assert_eq!(derivative(inside, 3.0), 6.0);
    assert_eq!(jvp(|x| [inside(x[0])], &[3.0], &[1.0]).unwrap().1, [6.0]);
    assert_eq!(jvp(|x| [x[0] * derivative(|y| x[0] * y, x[0])], &[3.0], &[1.0]).unwrap().1, [6.0]);
}

#[test]
fn derivatives_nest_to_any_depth() {
    let fifth =
        |x| derivative(|x| derivative(|x| derivative(|x| derivative(|x| derivative(|x| x.sin(), x), x), x), x), x);
    assert_near(&[fifth(0.4)], &[0.4_f64.cos()]);
    // Third derivatives as the gradient of an entry of a Hessian matrix: d/dx of 2 y - y^2 sin(x y), and d/dy.
    let [x, y] = AT;
    let third = gradient(|x| hessian(wave, x)[0][0], &AT);
    let (sin, cos) = (x * y).sin_cos();
    assert_near(&third, &[-y.powi(3) * cos, 2.0 - 2.0 * y * sin - x * y * y * cos]);
    // The Hessian matrix of a function with a gradient inside: of |grad wave|^2 by nested dual numbers.
    let steepness = |x: &[Value]| gradient(wave, x).into_iter().map(|slope| slope * slope).sum();
    let entry = |i: usize, j: usize| {
        let moving: Vec<Dual<Dual>> = (0..2)
            .map(|k| Dual {
                value: Dual { value: AT[k], tangent: f64::from(k == i) },
                tangent: Dual::constant(f64::from(k == j)),
            })
            .collect();
        let slopes = gradient(wave, &moving);
        (slopes[0] * slopes[0] + slopes[1] * slopes[1]).tangent.tangent
    };
    assert_near(&hessian(steepness, &AT).concat(), &[entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)]);
}

#[test]
fn second_derivatives_are_right_where_first_ones_are_zero() {
    // A product with a factor that is 0 here still varies: d/dx d/dx x^2 = 2, and d/dx d/dx x relu'(x)... at a point.
    assert_eq!(derivative(|x| derivative(|x| x * x, x), 0.0), 2.0);
    assert_eq!(derivative(|x| derivative(|x| x.powi(2), x), 0.0), 2.0);
    assert_eq!(hessian(|x| x[0] * x[0] * x[1], &[0.0, 0.0]), [[0.0, 0.0], [0.0, 0.0]]);
    assert_eq!(derivative(|x| jvp(|y| [y[0] * y[0]], &[x], &[1.0.into()]).unwrap().1[0], 0.0), 2.0);
    let curvature = Dual::variable(Dual::variable(0.0)).gelu().tangent.tangent;
    assert_near(&[derivative(|x| derivative(Value::gelu, x), 0.0)], &[curvature]);
    // What was not chosen stays out of it, though its slope is infinite.
    assert_eq!(derivative(|x| derivative(|x| x.relu().sqrt(), x), -1.0), 0.0);
}

#[test]
fn functions_may_branch() {
    fn bend<N: Scalar>(x: &[N]) -> N {
        if x[0] < N::constant(0.0) { x[0] * x[0] } else { x[0] * N::constant(3.0) }
    }
    assert_eq!([gradient(bend, &[-2.0]), gradient(bend, &[2.0])], [[-4.0], [3.0]]);
    struct Bend;
    impl Function for Bend {
        fn call<N: Scalar>(&self, x: &[N]) -> Vec<N> {
            vec![bend(x)]
        }
    }
    assert_eq!(Bend.jvp(&[-2.0], &[1.0]).unwrap().1, [-4.0]);
    let along: Vec<[f64; 3]> = Bend.derivatives_along(&[-2.0], &[1.0]).unwrap();
    assert_eq!(along, [[4.0, -4.0, 2.0]]);
}

#[test]
fn what_a_function_finds_around_it_is_followed() {
    let weight = Value::new(3.0);
    let x = Value::new(2.0);
    let slope = derivative(|x| weight * x * x, x);
    // d/dx (w x^2) = 2 w x, and its derivatives by w and x.
    assert_eq!((slope.data(), slope.gradient(&[weight, x])), (12.0, vec![4.0, 6.0]));
    assert_eq!(derivative(|x| weight * x * x, 2.0), 12.0);
}

#[test]
fn nothing_is_left_on_the_tape_and_nothing_depends_on_no_grad() {
    let x = Value::new(2.0);
    let before = tape::size().nodes;
    assert_eq!(gradient(|y| y[0] * y[0] * x, &[3.0]), [12.0]);
    assert_eq!(tape::size().nodes, before);
    let inside = no_grad(|| derivative(|y| y * y * x, x));
    assert!(inside.is_constant() && inside.data() == 8.0);
}

#[test]
fn outputs_that_do_not_depend_on_inputs_have_derivatives_of_zero() {
    assert_eq!(gradient(|_| Value::constant(2.0), &[1.0, 2.0]), [0.0, 0.0]);
    assert_eq!(gradient(|_| Value::new(2.0), &[1.0]), [0.0]);
    assert_eq!(jacobian(|x| [x[1], 5.0.into()], &[1.0, 2.0]), [[0.0, 1.0], [0.0, 0.0]]);
    assert_eq!(hessian(|x| x[1], &[1.0, 2.0]), [[0.0, 0.0], [0.0, 0.0]]);
    assert!(gradient(|_| Value::constant(2.0), &[] as &[f64]).is_empty());
    assert_eq!(jacobian(|_| [Value::constant(1.0); 2], &[] as &[f64]), [[0.0; 0]; 2]);
    let nothing: Vec<Vec<f64>> = jacobian(|_| Vec::new(), &[1.0]);
    assert!(nothing.is_empty());
}

#[test]
fn a_number_that_is_none_makes_none() {
    let slopes = gradient(|x| x[0] * x[1] + x[2], &[f64::NAN, 2.0, 3.0]);
    assert_eq!((slopes[0], slopes[2]), (2.0, 1.0));
    assert!(slopes[1].is_nan());
}

#[test]
fn what_does_not_fit_is_an_error_with_the_numbers_in_it() {
    let text = |error: chainrule::Error| error.to_string();
    assert_eq!(text(jvp(|x| [x[0]], &[1.0], &[]).unwrap_err()), "direction: expected 1 number, found 0 numbers");
    assert_eq!(text(hvp(|x| x[0], &[1.0], &[1.0; 2]).unwrap_err()), "direction: expected 1 number, found 2 numbers");
    assert_eq!(text(vjp(|x| [x[0]; 2], &[1.0], &[1.0]).unwrap_err()), "adjoints: expected 2 numbers, found 1 number");
    assert_eq!(text(Polar.gradient(&[1.0, 2.0]).unwrap_err()), "outputs: expected one number, found 3");
    assert_eq!(text(Polar.hessian_diagonal(&[1.0, 2.0]).unwrap_err()), "outputs: expected one number, found 3");

    /// Gives another number of outputs at every call.
    struct Growing(std::cell::Cell<usize>);
    impl Function for Growing {
        fn call<N: Scalar>(&self, x: &[N]) -> Vec<N> {
            self.0.set(self.0.get() + 1);
            vec![x[0]; self.0.get()]
        }
    }
    let error = Growing(1.into()).jacobian_forward(&[1.0, 2.0]).unwrap_err();
    assert_eq!(text(error), "outputs: expected 2 at every call, found 3");
}

#[test]
fn a_program_can_be_recorded_of_a_function_with_derivatives_inside() {
    let steepness = |x: &[Value]| gradient(wave, x).into_iter().map(|slope| slope * slope).sum::<Value>();
    let program = Program::record(&[0.1, 0.2], steepness).unwrap();
    let (value, slopes) = program.value_and_gradient(&[&AT]).unwrap();
    assert_near(&[value], &[wave_gradient(AT).map(|slope| slope * slope).iter().sum()]);
    assert_near(&slopes[0], &gradient(steepness, &AT));
}

#[test]
fn a_comparison_in_a_function_inside_is_a_guard_of_the_program() {
    let bend = |x: Value| if x < 0.0 { x * x } else { x * 3.0 };
    let program = Program::record(&[-1.0], |x| derivative(bend, x[0]) * x[0]).unwrap();
    let mut machine = Machine::<f64>::new(&program);
    assert!(machine.call(&[&[-2.0]], &mut [&mut [0.0]]).is_ok());
    let error = machine.call(&[&[2.0]], &mut [&mut [0.0]]).unwrap_err().to_string();
    assert!(error.contains("a < 0") && error.contains("derivatives.rs"), "{error}");
}

#[test]
fn series_are_exact_beyond_what_numbers_can_be_nudged() {
    // exp(2 t), whose derivatives are powers of 2.
    let x = Taylor::<f64, 9>::variable(0.0);
    let expected: [f64; 9] = std::array::from_fn(|order| 2f64.powi(order as i32));
    assert_near(&(x * 2.0).exp().derivatives(), &expected);
    // 1 / (1 - t): all coefficients are 1.
    assert_near(&(1.0 / (1.0 - x)).coefficients, &[1.0; 9]);
    // sin^2 + cos^2 = 1
    let x = Taylor::<f64, 12> { coefficients: std::array::from_fn(|order| (order as f64).cos()) };
    let mut one = [0.0; 12];
    one[0] = 1.0;
    assert_near(&(x.sin() * x.sin() + x.cos() * x.cos()).coefficients, &one);
    // ln(exp(x)) = x, and sqrt(x^2) = x, and x^y = exp(y ln x)
    assert_near(&x.exp().ln().coefficients, &x.coefficients);
    assert_near(&(x * x).sqrt().coefficients, &x.coefficients);
    assert_near(&x.powf(x.sin()).coefficients, &(x.sin() * x.ln()).exp().coefficients);
    // A whole power at 0, where the logarithm is infinite.
    assert_eq!(Taylor::<f64, 4>::variable(0.0).powf(Taylor::of(2.0)).coefficients, [0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn code_for_any_float_differentiates_forward() {
    fn newton<F: num_traits::Float>(square: F) -> F {
        let mut root = square;
        while (root * root - square).abs() > square * F::epsilon() * F::from(4.0).unwrap() {
            root = (root + square / root) / (F::one() + F::one());
        }
        root
    }
    // sqrt, 1 / (2 sqrt), -1 / (4 sqrt^3)
    let root = newton(Taylor::<f64, 3>::variable(9.0)).derivatives();
    assert_near(&[root[0], root[1]], &[3.0, 1.0 / 6.0]);
    assert!((newton(Dual::variable(9.0)).tangent - 1.0 / 6.0).abs() < 1e-12);
    let mut sum = Dual::variable(2.0) * 3.0;
    sum += 1.0;
    sum *= Dual::variable(2.0);
    assert_eq!((sum.value, (2.0 / sum).value, sum.tangent), (14.0, 1.0 / 7.0, 13.0));
}
