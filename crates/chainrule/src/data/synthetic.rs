//! Synthetic data sets in the plane: shapes that a straight line cannot part, and blobs, which it can.
//!
//! Each is a clean shape whose points are moved by Gaussian noise, and then shuffled.

use std::f64::consts::{PI, TAU};
use std::fmt;
use std::str::FromStr;

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::{Dataset, Target};
use crate::{Error, Result, text};

/// Two half circles that reach into each other, as scikit-learn's `make_moons`.
///
/// Class 0 is the outer one, `(cos t, sin t)`, and class 1 the inner one, `(1 - cos t, 1 - sin t - 0.5)`, each with
/// `t` evenly spaced from 0 to pi. The outer has `n / 2` points, the inner the rest. `noise` is the standard deviation
/// of what is added to both coordinates.
///
/// The features are called "x1" and "x2", the target "class" and the classes "0" and "1", here and in the other
/// synthetic sets.
///
/// # Errors
///
/// [`Error::Argument`] if there are fewer points than classes, or if the noise is negative, infinite or NaN.
pub fn moons(n: usize, noise: f64, rng: &mut impl Rng) -> Result<Dataset> {
    let mut points = Vec::with_capacity(n);
    let outer = n / 2;
    for t in spaced(PI, outer) {
        points.push(([t.cos(), t.sin()], 0));
    }
    for t in spaced(PI, n - outer) {
        points.push(([1.0 - t.cos(), 1.0 - t.sin() - 0.5], 1));
    }
    scatter(points, 2, ("noise", noise), rng)
}

/// A circle inside another, as scikit-learn's `make_circles`.
///
/// Class 0 is the outer one, `(cos t, sin t)`, and class 1 the inner one, `(factor cos t, factor sin t)`, each with
/// `t` evenly spaced from 0 to 2 pi, without the end. The outer has `n / 2` points, the inner the rest. `noise` is
/// the standard deviation of what is added to both coordinates.
///
/// # Errors
///
/// [`Error::Argument`] if there are fewer points than classes, if the noise is negative, infinite or NaN, or if the
/// factor is not in [0, 1).
pub fn circles(n: usize, noise: f64, factor: f64, rng: &mut impl Rng) -> Result<Dataset> {
    if !(0.0..1.0).contains(&factor) {
        return Err(Error::argument("factor", "a number of at least 0 and below 1", factor));
    }
    let mut points = Vec::with_capacity(n);
    let outer = n / 2;
    for (class, count, radius) in [(0, outer, 1.0), (1, n - outer, factor)] {
        for i in 0..count {
            let t = TAU * i as f64 / count as f64;
            points.push(([radius * t.cos(), radius * t.sin()], class));
        }
    }
    scatter(points, 2, ("noise", noise), rng)
}

/// Gaussian clouds, as scikit-learn's `make_blobs`: each class has its centre, drawn evenly from the square from -10
/// to 10, and `deviation` is the standard deviation of the points around it. The first classes have one point more
/// when `centers` does not divide `n`.
///
/// # Errors
///
/// [`Error::Argument`] if there are no centers or fewer points than centers, or if the deviation is negative,
/// infinite or NaN.
pub fn blobs(n: usize, centers: usize, deviation: f64, rng: &mut impl Rng) -> Result<Dataset> {
    if centers == 0 {
        return Err(Error::argument("centers", "at least 1", centers));
    }
    let mut points = Vec::with_capacity(n);
    for class in 0..centers {
        let center = [rng.random_range(-10.0..10.0), rng.random_range(-10.0..10.0)];
        points.extend((0..share(n, centers, class)).map(|_| (center, class)));
    }
    scatter(points, centers, ("deviation", deviation), rng)
}

/// Spirals that wind around each other once, one a class.
///
/// Point `i` of the `m` points of class `c` is `(r cos t, r sin t)` with `r = i / m` for `i` from 1 to `m`, and
/// `t = 2 pi (r + c / arms)`. The first classes have one point more when `arms` does not divide `n`. `noise` is the
/// standard deviation of what is added to both coordinates.
///
/// # Errors
///
/// [`Error::Argument`] if there are no arms or fewer points than arms, or if the noise is negative, infinite or NaN.
pub fn spirals(n: usize, arms: usize, noise: f64, rng: &mut impl Rng) -> Result<Dataset> {
    if arms == 0 {
        return Err(Error::argument("arms", "at least 1", arms));
    }
    let mut points = Vec::with_capacity(n);
    for class in 0..arms {
        let count = share(n, arms, class);
        for i in 1..=count {
            let r = i as f64 / count as f64;
            let t = TAU * (r + class as f64 / arms as f64);
            points.push(([r * t.cos(), r * t.sin()], class));
        }
    }
    scatter(points, arms, ("noise", noise), rng)
}

/// Exclusive or: points at the corners `(±1, ±1)` of a square, of class 1 where the signs differ.
///
/// The corners take turns, so that they have equally many points up to one. `noise` is the standard deviation of what
/// is added to both coordinates.
///
/// # Errors
///
/// [`Error::Argument`] if there are fewer points than classes, or if the noise is negative, infinite or NaN.
pub fn xor(n: usize, noise: f64, rng: &mut impl Rng) -> Result<Dataset> {
    const CORNERS: [([f64; 2], usize); 4] = [([-1.0, -1.0], 0), ([-1.0, 1.0], 1), ([1.0, 1.0], 0), ([1.0, -1.0], 1)];
    scatter((0..n).map(|i| CORNERS[i % 4]).collect(), 2, ("noise", noise), rng)
}

/// `count` numbers from 0 to `end`, both included.
fn spaced(end: f64, count: usize) -> impl Iterator<Item = f64> {
    let steps = count.saturating_sub(1).max(1) as f64;
    (0..count).map(move |i| end * (i as f64 / steps))
}

/// How many of `n` points the class gets when the first classes take what is left over.
fn share(n: usize, classes: usize, class: usize) -> usize {
    n / classes + usize::from(class < n % classes)
}

/// The data set of these points with their classes, moved by noise and shuffled.
fn scatter(
    mut points: Vec<([f64; 2], usize)>,
    classes: usize,
    (noise_name, noise): (&str, f64),
    rng: &mut impl Rng,
) -> Result<Dataset> {
    if points.len() < classes {
        return Err(Error::argument("points", format!("at least {classes}, one for each class"), points.len()));
    }
    if !(noise.is_finite() && noise >= 0.0) {
        return Err(Error::argument(noise_name, "a finite number of at least 0", noise));
    }
    points.shuffle(rng);
    let mut moved = |x: f64| x + noise * rng.sample::<f64, _>(StandardNormal);
    let rows = points.iter().map(|&([x1, x2], _)| vec![moved(x1), moved(x2)]).collect();
    let labels = points.iter().map(|&(_, class)| class).collect();
    let names = (0..classes).map(|class| class.to_string()).collect();
    Dataset::new(vec!["x1".into(), "x2".into()], rows, "class", Target::Classes { names, labels })
}

/// The synthetic data sets by name, each with what else it needs already chosen.
///
/// ```
/// use chainrule::data::Synthetic;
///
/// # fn main() -> chainrule::Result<()> {
/// let kind: Synthetic = "circles".parse()?;
/// let data = kind.generate(100, kind.default_noise(), &mut chainrule::rng(7))?;
/// assert_eq!((data.len(), data.num_features()), (100, 2));
///
/// let error = "moon".parse::<Synthetic>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"unknown data set "moon"; did you mean "moons"? (known: moons, circles, blobs, spirals, xor)"#
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Synthetic {
    /// [`moons`].
    Moons,
    /// [`circles`], the inner half as large as the outer.
    Circles,
    /// [`blobs`] around three centres; the noise is their deviation.
    Blobs,
    /// [`spirals`] with two arms.
    Spirals,
    /// [`xor`].
    Xor,
}

impl Synthetic {
    /// All of them.
    pub const ALL: [Synthetic; 5] =
        [Synthetic::Moons, Synthetic::Circles, Synthetic::Blobs, Synthetic::Spirals, Synthetic::Xor];

    /// The name that it is parsed from.
    pub fn name(self) -> &'static str {
        match self {
            Synthetic::Moons => "moons",
            Synthetic::Circles => "circles",
            Synthetic::Blobs => "blobs",
            Synthetic::Spirals => "spirals",
            Synthetic::Xor => "xor",
        }
    }

    /// A noise that blurs the shape, and leaves it plain to see.
    pub fn default_noise(self) -> f64 {
        match self {
            Synthetic::Moons => 0.1,
            Synthetic::Circles => 0.1,
            Synthetic::Blobs => 1.0,
            Synthetic::Spirals => 0.03,
            Synthetic::Xor => 0.3,
        }
    }

    /// A data set of `n` points.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if there are fewer points than classes, or if the noise is negative, infinite or NaN.
    pub fn generate(self, n: usize, noise: f64, rng: &mut impl Rng) -> Result<Dataset> {
        match self {
            Synthetic::Moons => moons(n, noise, rng),
            Synthetic::Circles => circles(n, noise, 0.5, rng),
            Synthetic::Blobs => blobs(n, 3, noise, rng),
            Synthetic::Spirals => spirals(n, 2, noise, rng),
            Synthetic::Xor => xor(n, noise, rng),
        }
    }
}

impl fmt::Display for Synthetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Synthetic {
    type Err = Error;

    fn from_str(name: &str) -> Result<Synthetic> {
        text::named("data set", &Synthetic::ALL, Synthetic::name, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(data: &Dataset) -> &[usize] {
        match &data.target {
            Target::Classes { labels, .. } => labels,
            Target::Numbers(_) => panic!("the target is classes"),
        }
    }

    fn counts(data: &Dataset) -> Vec<usize> {
        let Target::Classes { names, labels } = &data.target else { panic!("the target is classes") };
        (0..names.len()).map(|class| labels.iter().filter(|&&label| label == class).count()).collect()
    }

    fn each(data: &Dataset, is_right: impl Fn(f64, f64, usize) -> bool) {
        for (row, &label) in data.rows.iter().zip(labels(data)) {
            assert!(is_right(row[0], row[1], label), "{row:?} of class {label}");
        }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn moons_without_noise_are_two_half_circles() {
        let data = moons(101, 0.0, &mut crate::rng(1)).unwrap();
        assert_eq!(counts(&data), [50, 51]);
        each(&data, |x1, x2, label| match label {
            0 => close(x1.hypot(x2), 1.0) && x2 > -1e-12,
            _ => close((x1 - 1.0).hypot(x2 - 0.5), 1.0) && x2 < 0.5 + 1e-12,
        });
        // Both ends of each half circle are points: t = 0 and t = pi.
        for (end, class) in [([1.0, 0.0], 0), ([-1.0, 0.0], 0), ([0.0, 0.5], 1), ([2.0, 0.5], 1)] {
            let mut points = data.rows.iter().zip(labels(&data));
            assert!(points.any(|(row, &label)| label == class && close(row[0], end[0]) && close(row[1], end[1])));
        }
    }

    #[test]
    fn circles_without_noise_have_radius_1_and_the_factor() {
        let data = circles(101, 0.0, 0.3, &mut crate::rng(1)).unwrap();
        assert_eq!(counts(&data), [50, 51]);
        each(&data, |x1, x2, label| close(x1.hypot(x2), [1.0, 0.3][label]));
        assert_eq!(data.rows.iter().filter(|row| close(row[0], 1.0) && close(row[1], 0.0)).count(), 1);
    }

    #[test]
    fn blobs_have_their_deviation_around_their_centers() {
        let data = blobs(3001, 3, 0.5, &mut crate::rng(1)).unwrap();
        assert_eq!(counts(&data), [1001, 1000, 1000]);
        for class in 0..3 {
            let members: Vec<usize> = (0..data.len()).filter(|&i| labels(&data)[i] == class).collect();
            let fitted = super::super::Standardizer::fit(&data.select(&members).rows).unwrap();
            assert!(fitted.mean.iter().all(|mean| mean.abs() < 10.1));
            assert!(fitted.deviation.iter().all(|deviation| (deviation - 0.5).abs() < 0.05));
        }
    }

    #[test]
    fn spirals_without_noise_wind_once_from_the_middle_out() {
        let data = spirals(100, 3, 0.0, &mut crate::rng(1)).unwrap();
        assert_eq!(counts(&data), [34, 33, 33]);
        each(&data, |x1, x2, label| {
            let r = x1.hypot(x2);
            let t = TAU * (r + label as f64 / 3.0);
            close(x1, r * t.cos()) && close(x2, r * t.sin()) && r > 0.02 && r < 1.0 + 1e-12
        });
    }

    #[test]
    fn xor_without_noise_is_the_table_of_exclusive_or() {
        let data = xor(10, 0.0, &mut crate::rng(1)).unwrap();
        assert_eq!(counts(&data), [5, 5]);
        each(&data, |x1, x2, label| {
            x1.abs() == 1.0 && x2.abs() == 1.0 && label == usize::from(x1.signum() != x2.signum())
        });
    }

    #[test]
    fn noise_is_the_deviation_from_the_shape() {
        let data = xor(10_000, 0.2, &mut crate::rng(1)).unwrap();
        let square = |x: f64| (x.abs() - 1.0).powi(2);
        let deviation = (data.rows.iter().flatten().map(|&x| square(x)).sum::<f64>() / 20_000.0).sqrt();
        assert!((deviation - 0.2).abs() < 0.01, "{deviation}");
    }

    #[test]
    fn every_set_is_shuffled_and_repeats_with_its_seed() {
        for kind in Synthetic::ALL {
            let generate = |seed| kind.generate(60, kind.default_noise(), &mut crate::rng(seed)).unwrap();
            let data = generate(1);
            assert_eq!(data, generate(1), "{kind}");
            assert_ne!(data, generate(2), "{kind}");
            assert!(!labels(&data).is_sorted(), "{kind}");
            assert_eq!(data.features, ["x1", "x2"]);
        }
    }

    #[test]
    fn every_name_parses_to_its_set() {
        for kind in Synthetic::ALL {
            assert_eq!(kind.to_string().parse::<Synthetic>().unwrap(), kind);
        }
    }

    #[test]
    fn impossible_shapes_are_refused() {
        let rng = &mut crate::rng(1);
        let message = |result: Result<Dataset>| result.unwrap_err().to_string();
        for kind in Synthetic::ALL {
            assert!(message(kind.generate(1, 0.1, rng)).starts_with("points: expected at least "));
            assert!(
                message(kind.generate(9, -0.5, rng)).ends_with(": expected a finite number of at least 0, found -0.5")
            );
            assert!(kind.generate(9, f64::NAN, rng).is_err());
        }
        assert_eq!(message(blobs(9, 0, 1.0, rng)), "centers: expected at least 1, found 0");
        assert_eq!(message(spirals(9, 0, 1.0, rng)), "arms: expected at least 1, found 0");
        assert_eq!(message(circles(9, 0.1, 1.0, rng)), "factor: expected a number of at least 0 and below 1, found 1");
    }
}
