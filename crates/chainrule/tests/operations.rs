//! Every row of the table of operations: its derivatives against differences, and its readings against each other.

use chainrule::{Dual, Number, Op, Taylor, Value, derivatives, tape};
use proptest::prelude::*;
use proptest::strategy::Union;
use std::ops::Range;

/// A function of several numbers that can be read over any kind of number.
trait Function {
    fn at<N: Number>(&self, xs: &[N]) -> N;
}

fn c<N: Number>(value: f64) -> N {
    N::constant(value)
}

fn gradient(f: &impl Function, xs: &[f64]) -> Vec<f64> {
    let _scope = tape::scope();
    let leaves: Vec<Value> = xs.iter().map(|&x| Value::new(x)).collect();
    f.at(&leaves).gradient(&leaves)
}

/// The derivative of `f` by operand `k`, from values of `f` alone: the central difference of fourth order.
///
/// Its truncation error is `h^4 / 30` times the fifth derivative, about 3e-14 of it, and its rounding error some units of
/// 2e-16 over `h`, about 1e-12 of the value. In the domains below fifth derivatives are at most some 1e5.
fn difference(f: impl Fn(&[f64]) -> f64, xs: &[f64], k: usize) -> f64 {
    const H: f64 = 1e-3;
    let shifted = |by: f64| {
        let mut xs = xs.to_vec();
        xs[k] += by;
        f(&xs)
    };
    (8.0 * (shifted(H) - shifted(-H)) - (shifted(2.0 * H) - shifted(-2.0 * H))) / (12.0 * H)
}

fn close(a: f64, b: f64, tolerance: f64, scale: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + scale.abs() + b.abs())
}

/// What every row promises at a point where it is smooth.
fn obeys_its_rule(f: &impl Function, xs: &[f64]) -> Result<(), TestCaseError> {
    let value: f64 = f.at(xs);
    let reverse = gradient(f, xs);
    {
        let _scope = tape::scope();
        let leaves: Vec<Value> = xs.iter().map(|&x| Value::new(x)).collect();
        prop_assert_eq!(f.at(&leaves).data().to_bits(), value.to_bits(), "a value on the tape is that of plain f64");
    }

    let narrow: Vec<f32> = xs.iter().map(|&x| x as f32).collect();
    let widened: Vec<f64> = narrow.iter().map(|&x| x.into()).collect();
    let (single, double): (f32, f64) = (f.at(&narrow), f.at(&widened));
    prop_assert!(close(single.into(), double, 1e-5, 0.0), "f32 gives {single}, f64 {double}");

    for k in 0..xs.len() {
        let numeric = difference(|xs| f.at(xs), xs, k);
        prop_assert!(close(reverse[k], numeric, 1e-8, value), "by operand {k}: {} for {numeric}", reverse[k]);

        let one_direction: Vec<Dual> =
            xs.iter().enumerate().map(|(i, &x)| Dual { value: x, tangent: f64::from(i == k) }).collect();
        let forward = f.at(&one_direction);
        prop_assert_eq!(forward.value.to_bits(), value.to_bits());
        prop_assert!(close(forward.tangent, reverse[k], 1e-12, 0.0), "forward {}", forward.tangent);

        for (j, first) in reverse.iter().enumerate() {
            let two_directions: Vec<Dual<Dual>> = (xs.iter().enumerate())
                .map(|(i, &x)| Dual {
                    value: Dual { value: x, tangent: f64::from(i == k) },
                    tangent: Dual { value: f64::from(i == j), tangent: 0.0 },
                })
                .collect();
            let second = f.at(&two_directions).tangent.tangent;
            let numeric = difference(|xs| gradient(f, xs)[j], xs, k);
            prop_assert!(close(second, numeric, 1e-7, *first), "by {j} and {k}: {second} for {numeric}");

            let recorded = derivatives::gradient(|xs| derivatives::gradient(|xs| f.at(xs), xs)[j], xs)[k];
            prop_assert!(close(recorded, second, 1e-11, *first), "recorded, by {j} and {k}: {recorded} for {second}");
        }
    }
    series_agree_with_nested_duals(f, xs)
}

/// To the third order, along a direction in which all operands move, each at its own speed.
fn series_agree_with_nested_duals(f: &impl Function, xs: &[f64]) -> Result<(), TestCaseError> {
    let moving: Vec<(f64, f64)> = xs.iter().zip([1.0, -0.5, 0.75].into_iter().cycle()).map(|(x, v)| (*x, v)).collect();
    let path: Vec<Taylor<f64, 4>> = moving.iter().map(|&(x, v)| Taylor::line(x, v)).collect();
    let still = |value| Dual { value, tangent: 0.0 };
    let nested = |&(x, v): &(f64, f64)| Dual {
        value: Dual { value: Dual { value: x, tangent: v }, tangent: still(v) },
        tangent: Dual { value: still(v), tangent: still(0.0) },
    };
    let nested = f.at(&moving.iter().map(nested).collect::<Vec<_>>());
    let expected = [
        nested.value.value.value,
        nested.value.value.tangent,
        nested.value.tangent.tangent,
        nested.tangent.tangent.tangent,
    ];
    let found = f.at(&path).derivatives();
    for (order, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        prop_assert!(close(found, expected, 1e-10, 0.0), "order {order}: {found} for {expected}");
    }
    Ok(())
}

/// A point with each operand in one of its ranges.
fn points(domains: &[&[Range<f64>]]) -> Vec<Union<Range<f64>>> {
    domains.iter().map(|ranges| Union::new(ranges.to_vec())).collect()
}

/// One test an entry: `test: Op(operands in ranges) formula`, and behind `away_from` an expression that is 0 where the row
/// has a kink or a jump.
macro_rules! rows {
    ($($test:ident: $Op:ident($($operands:tt)+) $formula:expr $(, away_from $kink:expr)?;)+) => {
        const ROWS: &[Op] = &[$(Op::$Op),+];
        $( row! { $test: $Op($($operands)+) $formula, away_from [$($kink,)? 1.0] } )+
    };
}

macro_rules! row {
    ($test:ident: $Op:ident($($x:ident in $domain:expr),+) $formula:expr, away_from [$kink:expr $(, $none:expr)?]) => {
        #[test]
        fn $test() {
            struct Row;
            impl Function for Row {
                fn at<N: Number>(&self, xs: &[N]) -> N {
                    let &[$($x),+] = xs else { panic!("a point has as many numbers as the row has operands") };
                    $formula
                }
            }
            #[allow(unused_variables)]
            let is_smooth = |xs: &[f64]| {
                let &[$($x),+] = xs else { panic!("a point has as many numbers as the row has operands") };
                f64::abs($kink) > 0.05
            };
            proptest!(|(point in points(&[$(&$domain),+]))| {
                prop_assume!(is_smooth(&point));
                obeys_its_rule(&Row, &point)?;
            });
            $(let $x = Value::new($domain[0].start);)+
            assert_eq!(Row.at(&[$($x),+]).op(), Some(Op::$Op));
        }
    };
}

const ANY: [Range<f64>; 1] = [-4.0..4.0];
const NOT_ZERO: [Range<f64>; 2] = [-4.0..-0.3, 0.3..4.0];
const POSITIVE: [Range<f64>; 1] = [0.3..4.0];
const INSIDE_ONE: [Range<f64>; 1] = [-0.9..0.9];

rows! {
    negation: Neg(x in ANY) -x;
    addition: Add(a in ANY, b in ANY) a + b;
    subtraction: Sub(a in ANY, b in ANY) a - b;
    multiplication: Mul(a in ANY, b in ANY) a * b;
    division: Div(a in ANY, b in NOT_ZERO) a / b;
    remainder: Rem(a in ANY, b in [-3.0..-1.0, 1.0..3.0]) a % b, away_from a / b - (a / b).round();

    recip: Recip(x in NOT_ZERO) x.recip();
    cube: Powi(x in ANY) x.powi(3);
    first_power: Powi(x in ANY) x.powi(1);
    zeroth_power: Powi(x in ANY) x.powi(0);
    inverse_square: Powi(x in NOT_ZERO) x.powi(-2);
    powf: Powf(x in POSITIVE, exponent in ANY) x.powf(exponent);
    powf_of_a_negative_number: Powf(x in [-4.0..-0.3]) x.powf(c(3.0));
    sqrt: Sqrt(x in POSITIVE) x.sqrt();
    cbrt: Cbrt(x in NOT_ZERO) x.cbrt();
    hypot: Hypot(a in NOT_ZERO, b in ANY) a.hypot(b);

    exp: Exp(x in ANY) x.exp();
    exp_m1: ExpM1(x in ANY) x.exp_m1();
    ln: Ln(x in POSITIVE) x.ln();
    ln_1p: Ln1p(x in [-0.7..4.0]) x.ln_1p();
    log2: Log2(x in POSITIVE) x.log2();
    log10: Log10(x in POSITIVE) x.log10();

    sin: Sin(x in ANY) x.sin();
    cos: Cos(x in ANY) x.cos();
    tan: Tan(x in [-1.2..1.2, 2.0..4.0]) x.tan();
    asin: Asin(x in INSIDE_ONE) x.asin();
    acos: Acos(x in INSIDE_ONE) x.acos();
    atan: Atan(x in ANY) x.atan();
    atan2: Atan2(a in NOT_ZERO, b in ANY) a.atan2(b);
    sinh: Sinh(x in ANY) x.sinh();
    cosh: Cosh(x in ANY) x.cosh();
    tanh: Tanh(x in ANY) x.tanh();
    asinh: Asinh(x in ANY) x.asinh();
    acosh: Acosh(x in [1.3..4.0]) x.acosh();
    atanh: Atanh(x in INSIDE_ONE) x.atanh();

    abs: Abs(x in NOT_ZERO) x.abs();
    min: Min(a in ANY, b in ANY) a.min(b), away_from a - b;
    max: Max(a in ANY, b in ANY) a.max(b), away_from a - b;
    mul_add: MulAdd(a in ANY, b in ANY, summand in ANY) a.mul_add(b, summand);
    squared_difference: SquaredDifference(a in ANY, b in ANY) a.squared_difference(b);
    clamp: Clamp(x in ANY, low in [-3.0..-1.0], high in [1.0..3.0]) x.clamp(low, high),
        away_from (x - low) * (x - high);
    floor: Floor(x in ANY) x.floor(), away_from x - x.round();
    ceil: Ceil(x in ANY) x.ceil(), away_from x - x.round();
    round: Round(x in ANY) x.round(), away_from x - x.floor() - 0.5;
    trunc: Trunc(x in ANY) x.trunc(), away_from x - x.round();
    signum: Signum(x in NOT_ZERO) x.signum();

    less: Less(a in ANY, b in ANY) a.less(b), away_from a - b;
    equal: Equal(a in ANY, b in ANY) a.equal(b), away_from a - b;
    select: Select(condition in NOT_ZERO, a in ANY, b in ANY) condition.less(c(0.0)).select(a, b);

    stop_gradient: StopGradient(x in ANY) x.floor().stop_gradient(), away_from x - x.round();

    relu: Relu(x in NOT_ZERO) x.relu();
    leaky_relu: LeakyRelu(x in NOT_ZERO, slope in ANY) x.leaky_relu(slope);
    elu: Elu(x in NOT_ZERO, scale in ANY) x.elu(scale);
    gelu: Gelu(x in ANY) x.gelu();
    silu: Silu(x in ANY) x.silu();
    sigmoid: Sigmoid(x in ANY) x.sigmoid();
    softplus: Softplus(x in NOT_ZERO) x.softplus();
    erf: Erf(x in ANY) x.erf();
}

/// An operand of a list: one of the variables, or a number.
#[derive(Clone, Debug)]
enum Operand {
    Variable(usize),
    Constant(f64),
}

/// Variables, and a list of 1 to 20 operands that mixes them, repeatedly, with constants.
fn lists() -> impl Strategy<Value = (Vec<f64>, Vec<Operand>)> {
    let operand = prop_oneof![
        3 => (0..4usize).prop_map(Operand::Variable),
        1 => (-2.0..2.0f64).prop_map(Operand::Constant),
    ];
    (prop::collection::vec(-2.0..2.0f64, 4), prop::collection::vec(operand, 1..=20))
}

fn operands<N: Number>(list: &[Operand], variables: &[N]) -> Vec<N> {
    let number = |operand: &Operand| match *operand {
        Operand::Variable(index) => variables[index],
        Operand::Constant(value) => c(value),
    };
    list.iter().map(number).collect()
}

macro_rules! lists {
    ($($test:ident: $Op:ident($xs:ident) $formula:expr;)+) => {
        const LISTS: &[Op] = &[$(Op::$Op),+];

        $(
            #[test]
            fn $test() {
                struct List(Vec<Operand>);
                impl Function for List {
                    fn at<N: Number>(&self, variables: &[N]) -> N {
                        let $xs = &operands(&self.0, variables)[..];
                        $formula
                    }
                }
                proptest!(|((variables, list) in lists())| {
                    prop_assume!(has_no_near_ties(&list, &variables));
                    obeys_its_rule(&List(list), &variables)?;
                });
                let x = Value::new(1.0);
                assert_eq!(List(vec![Operand::Variable(0)]).at(&[x]).op(), Some(Op::$Op));
            }
        )+
    };
}

/// Whether numbers that are not the same variable are far enough apart for a difference to tell which is larger.
fn has_no_near_ties(list: &[Operand], variables: &[f64]) -> bool {
    let constants = list.iter().filter_map(|operand| match operand {
        Operand::Constant(value) => Some(*value),
        Operand::Variable(_) => None,
    });
    let mut numbers: Vec<f64> = variables.iter().copied().chain(constants).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.windows(2).all(|pair| pair[1] - pair[0] > 0.005)
}

lists! {
    sum: Sum(xs) N::sum(xs);
    product: Product(xs) N::product(xs);
    mean: Mean(xs) N::mean(xs);
    maximum: Maximum(xs) N::maximum(xs);
    minimum: Minimum(xs) N::minimum(xs);
    log_sum_exp: LogSumExp(xs) N::log_sum_exp(xs);
    lookup_of_the_first: Lookup(xs) c::<N>(0.0).lookup(xs);
    lookup_of_the_last: Lookup(xs) c::<N>((xs.len() - 1) as f64).lookup(xs);
    dot_with_itself: Dot(xs) N::dot(xs, xs);
    dot_with_itself_reversed: Dot(xs) N::dot(xs, &xs.iter().rev().copied().collect::<Vec<_>>());
}

/// Softmax is made of other rows, and has as many results as operands: here their weighted sum.
#[test]
fn softmax() {
    struct Softmax(Vec<Operand>);
    impl Function for Softmax {
        fn at<N: Number>(&self, variables: &[N]) -> N {
            let shares = N::softmax(&operands(&self.0, variables));
            let weighted = shares.iter().enumerate().map(|(i, &share)| share * c(1.0 / (i + 1) as f64));
            N::sum(&weighted.collect::<Vec<_>>())
        }
    }
    proptest!(|((variables, list) in lists())| {
        let shares = f64::softmax(&operands(&list, &variables));
        prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        obeys_its_rule(&Softmax(list), &variables)?;
    });
}

#[test]
fn every_row_of_the_table_is_tested_here() {
    for op in Op::ALL {
        assert!(ROWS.contains(op) || LISTS.contains(op), "{op:?} has no test in this file");
    }
}

#[test]
fn every_row_tells_what_it_is() {
    for op in Op::ALL {
        let row = op.row();
        assert!(!row.name.is_empty() && !row.symbol.is_empty() && !row.formula.is_empty(), "{op:?}: {row:?}");
        assert!(!row.doc().is_empty(), "{op:?} has no documentation");
        assert_eq!(op.to_string(), row.symbol);
    }
}

#[test]
fn nothing_reaches_back_through_a_stopped_gradient() {
    fn f<N: Number>(x: N) -> N {
        x * x.stop_gradient()
    }
    // d/dx (x * c) = c
    let x = Value::new(3.0);
    assert_eq!((f(x).data(), f(x).gradient(&[x])), (9.0, vec![3.0]));
    let forward = f(Dual::variable(3.0));
    assert_eq!((forward.value, forward.tangent), (9.0, 3.0));
}

/// Numbers that do not come from this library: from tables of the functions.
#[test]
fn functions_have_the_values_of_tables() {
    let known = [
        (Number::erf(1.0f64), 0.842_700_792_949_714_9),
        (Number::erf(0.5f64), 0.520_499_877_813_046_5),
        (1.0f64.gelu(), 0.841_344_746_068_542_9),
        ((-1.0f64).gelu(), -0.158_655_253_931_457_05),
        (1.0f64.sigmoid(), 0.731_058_578_630_004_9),
        (1.0f64.silu(), 0.731_058_578_630_004_9),
        (0.0f64.softplus(), std::f64::consts::LN_2),
        (1.0f64.softplus(), 1.313_261_687_518_222_8),
        ((-1.0f64).elu(2.0), 2.0 * (-0.632_120_558_828_557_7)),
        ((-3.0f64).leaky_relu(0.1), -0.3),
        (f64::log_sum_exp(&[1.0, 2.0, 3.0]), 3.407_605_964_444_38),
        (f64::softmax(&[1.0, 2.0, 3.0])[2], 0.665_240_955_774_821_6),
        (f64::dot(&[1.0, 2.0, 3.0], &[4.0, -5.0, 6.0]), 12.0),
        (f64::mean(&[1.0, 2.0, 6.0]), 3.0),
        (1.0f64.lookup(&[4.0, 5.0, 6.0]), 5.0),
    ];
    for (ours, known) in known {
        assert!((ours - known).abs() < 4e-16 * known.abs().max(1.0), "{ours} for {known}");
    }
}
