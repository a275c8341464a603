//! Derivatives from differences, as exact as these can be.

/// A derivative from differences, and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The derivative.
    pub derivative: f64,
    /// About so far it is off.
    pub error: f64,
}

/// The derivative of a function that is known by its numbers alone: central differences with steps from wide to narrow,
/// extrapolated to a step of 0 (Richardson; the choice of the best is that of C. Ridders, *Accurate computation of F'(x) and
/// F'(x) F''(x)*, 1982). Of a smooth function some 10 to 12 digits are right.
///
/// Where the function is not a number at some steps, the narrower ones count. Where no step gives a number, the derivative is
/// NaN and the error infinite.
///
/// ```
/// let estimate = chainrule::check::derivative(f64::exp, 1.0);
/// assert!((estimate.derivative - 1f64.exp()).abs() < 1e-10);
/// assert!(estimate.error < 1e-9);
/// ```
pub fn derivative(f: impl Fn(f64) -> f64, x: f64) -> Estimate {
    derivatives(|x| vec![f(x)], x)[0]
}

/// The derivatives of several functions of the same number, which have to be as many at every call.
pub(super) fn derivatives(functions: impl Fn(f64) -> Vec<f64>, x: f64) -> Vec<Estimate> {
    const STEPS: usize = 18;
    let widest = 0.125 * x.abs().max(1.0);
    let steps: Vec<f64> = (0..STEPS).map(|halvings| exact_step(x, widest * 0.5f64.powi(halvings as i32))).collect();
    let sides: Vec<[Vec<f64>; 2]> = steps.iter().map(|h| [functions(x + h), functions(x - h)]).collect();
    let count = sides[0][0].len();
    let estimate = |function: usize| {
        let sides: Vec<[f64; 2]> = sides.iter().map(|[right, left]| [right[function], left[function]]).collect();
        extrapolated(&steps, &sides)
    };
    (0..count).map(estimate).collect()
}

/// A step by which `x` really moves when it is added: what rounding leaves of it.
fn exact_step(x: f64, h: f64) -> f64 {
    (x + h) - x
}

/// The best of Richardson's table: each column takes the next even power of the step out of the error.
fn extrapolated(steps: &[f64], sides: &[[f64; 2]]) -> Estimate {
    const COLUMNS: usize = 5;
    let mut best = Estimate { derivative: f64::NAN, error: f64::INFINITY };
    let mut before: Vec<f64> = Vec::new();
    for (h, [right, left]) in steps.iter().zip(sides) {
        let mut row = vec![(right - left) / (2.0 * h)];
        // Each of the two numbers may be off by a unit in its last place, and extrapolation adds up to some of it.
        let rounding = f64::EPSILON * right.abs().max(left.abs()) / h;
        for column in 1..=before.len().min(COLUMNS) {
            let power = 4f64.powi(column as i32);
            let (coarse, fine) = (before[column - 1], row[column - 1]);
            let derivative = (power * fine - coarse) / (power - 1.0);
            let error = (derivative - fine).abs().max((derivative - coarse).abs()) + rounding;
            if error < best.error {
                best = Estimate { derivative, error };
            }
            row.push(derivative);
        }
        before = row;
    }
    best
}

/// The derivative by a step in the imaginary direction, which subtracts nothing and so loses no digits: of a function that is
/// made of analytic ones, without `abs`, comparisons and the like, as exact as the function itself.
///
/// ```
/// use chainrule::check::complex_step;
///
/// let slope = complex_step(|x| x.exp() * x.sin(), 0.5);
/// assert!((slope - 0.5f64.exp() * (0.5f64.sin() + 0.5f64.cos())).abs() < 1e-15);
/// ```
#[cfg(feature = "complex")]
pub fn complex_step(f: impl Fn(num_complex::Complex64) -> num_complex::Complex64, x: f64) -> f64 {
    const H: f64 = 1e-100;
    f(num_complex::Complex64::new(x, H)).im / H
}
