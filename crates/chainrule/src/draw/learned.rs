//! Pictures of what a model has learned: decision regions, contours of a prediction, a fitted line.

use super::Color;
use super::field::{Grid, quantile, roomy};
use super::plot::{ColorScale, Dash, Line, Mark, Plot, Points, Region, Shape};
use super::ticks;

/// Samples with two features, and what belongs to each: a class index or a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples<T> {
    /// The names of the two features, horizontal and vertical.
    pub features: [String; 2],
    /// What the model was trained on, drawn filled: the two features and the target.
    pub train: Vec<(f64, f64, T)>,
    /// What the model has not seen, drawn hollow.
    pub test: Vec<(f64, f64, T)>,
}

impl<T> Samples<T> {
    /// Samples with these features, so far none.
    pub fn new(x: impl Into<String>, y: impl Into<String>) -> Samples<T> {
        Samples { features: [x.into(), y.into()], train: Vec::new(), test: Vec::new() }
    }

    /// Sets what the model was trained on.
    pub fn train(self, train: impl IntoIterator<Item = (f64, f64, T)>) -> Samples<T> {
        Samples { train: train.into_iter().collect(), ..self }
    }

    /// Sets what the model has not seen.
    pub fn test(self, test: impl IntoIterator<Item = (f64, f64, T)>) -> Samples<T> {
        Samples { test: test.into_iter().collect(), ..self }
    }

    fn grid(&self) -> Grid {
        Grid::around(self.train.iter().chain(&self.test).map(|(x, y, _)| (*x, *y)))
    }

    /// An empty plot over the grid.
    fn plot(&self, title: impl Into<String>, grid: &Grid) -> Plot {
        Plot::new(title)
            .x_label(&self.features[0])
            .y_label(&self.features[1])
            .x_range(grid.x.0, grid.x.1)
            .y_range(grid.y.0, grid.y.1)
            .size(640.0, 480.0)
    }
}

/// The regions in which a classifier of two features decides for each class, the line between them, and the samples.
///
/// `scores` is called once with all places of a grid of about 120 by 120, and gives for each place either one score
/// (class 1 where it is greater than 0, else class 0) or one score for each class (the largest wins, the first of equal
/// ones). Where scores are NaN, nothing is decided and the region stays empty. Classes are the indices into `classes`;
/// up to a hundred of them are told apart by colour and marker. For a single score, thin lines show where it is equal.
///
/// # Panics
///
/// If `scores` does not give one row for each place, or rows of differing length.
///
/// ```
/// use chainrule::draw::{decision_boundary, Samples};
///
/// let samples = Samples::new("width", "height").train([(0.0, 1.0, 0), (1.0, 0.0, 1)]);
/// let plot = decision_boundary("Wider than high", &samples, &["no", "yes"], |places| {
///     places.iter().map(|(x, y)| vec![x - y]).collect()
/// });
/// assert!(plot.to_svg().contains("boundary"));
/// ```
pub fn decision_boundary(
    title: impl Into<String>,
    samples: &Samples<usize>,
    classes: &[impl AsRef<str>],
    mut scores: impl FnMut(&[(f64, f64)]) -> Vec<Vec<f64>>,
) -> Plot {
    let grid = samples.grid();
    let places = grid.places();
    let scores = checked(scores(&places), places.len());
    let undefined = indicator(scores.iter().map(|row| row.iter().any(|score| score.is_nan())));
    let is_binary = scores[0].len() == 1;
    let per_class: Vec<Vec<f64>> =
        scores.iter().map(|row| if is_binary { vec![0.0, row[0]] } else { row.clone() }).collect();
    let class_count = per_class[0].len();

    let mut plot = samples.plot(title, &grid);
    plot.marks.push(area(grid.everywhere(), Color::Tint(class_count - 1)));
    // Each region is laid over those of the later classes, whole and reaching beneath its neighbours' edges: so there
    // are no seams between them, also where three meet.
    let borders: Vec<_> =
        (1..class_count).rev().map(|class| (class, grid.rings(&lead(&per_class, class), 0.0))).collect();
    for (class, rings) in &borders {
        plot.marks.push(area(rings.clone(), Color::Tint(class - 1)));
    }
    let score: Vec<f64> = scores.iter().map(|row| row[0]).collect();
    let (score_lines, score_name) = is_binary.then(|| score_lines(&grid, &score)).flatten().unzip();
    plot.marks.extend(score_lines);
    // One path for all: borders that two regions share would look bolder if they were drawn twice.
    let borders = borders.into_iter().flat_map(|(_, rings)| rings).collect();
    plot.marks.push(outline("", borders, Color::Ink, 2.0));
    plot.marks.push(cover("", grid.rings(&undefined, 0.5)));
    plot.marks.extend(class_points(samples, classes, class_count));
    // The legend names the classes first, so the lines and the cover get their entries here.
    let boundary = if is_binary { "boundary (score 0)" } else { "boundary" };
    plot.marks.push(outline(boundary, Vec::new(), Color::Ink, 2.0));
    plot.marks.extend(score_name.map(|name| outline(&name, Vec::new(), Color::Paper, 1.0)));
    if undefined.contains(&1.0) {
        plot.marks.push(cover("no decision (score is NaN)", Vec::new()));
    }
    plot.description(describe_classes(samples, classes, class_count))
}

/// How far the best of the classes before this one is ahead of the best of the others.
fn lead(per_class: &[Vec<f64>], class: usize) -> Vec<f64> {
    let best = |scores: &[f64]| scores.iter().copied().fold(f64::NEG_INFINITY, f64::max).clamp(-1e100, 1e100);
    let lead = |row: &Vec<f64>| best(&row[..class]) - best(&row[class..]);
    per_class.iter().map(|row| if row.iter().any(|score| score.is_nan()) { f64::NAN } else { lead(row) }).collect()
}

/// Thin lines where a score is equal, at round numbers that most of the plot reaches; and their name.
fn score_lines(grid: &Grid, score: &[f64]) -> Option<(Mark, String)> {
    let (low, high) = (quantile(score, 0.02)?, quantile(score, 0.98)?);
    if !(high - low).is_finite() || high - low <= 1e-9 * low.abs().max(high.abs()) {
        return None;
    }
    let levels = ticks::linear(low, high, 8, false);
    let rings = levels.iter().filter(|tick| tick.value != 0.0).flat_map(|tick| grid.rings(score, tick.value)).collect();
    let step = levels.windows(2).next().map_or(high - low, |pair| pair[1].value - pair[0].value);
    Some((outline("", rings, Color::Paper, 1.0), format!("score, every {}", ticks::short(step))))
}

fn class_points(samples: &Samples<usize>, classes: &[impl AsRef<str>], class_count: usize) -> Vec<Mark> {
    let of = |samples: &[(f64, f64, usize)], class: usize| {
        samples.iter().filter(|sample| sample.2 == class).map(|&(x, y, _)| (x, y)).collect::<Vec<_>>()
    };
    let seen = samples.train.iter().chain(&samples.test).map(|sample| sample.2 + 1).max().unwrap_or(0);
    let mut marks = Vec::new();
    for class in 0..class_count.max(seen.min(1000)) {
        let points = |name: String, points, filled| {
            Mark::Points(Points { name, points, color: Color::Series(class), shape: Shape::series(class), filled })
        };
        marks.push(points(class_name(classes, class), of(&samples.train, class), true));
        marks.push(points(String::new(), of(&samples.test, class), false));
    }
    if !samples.test.is_empty() {
        marks.push(test_entry());
    }
    marks
}

fn class_name(classes: &[impl AsRef<str>], class: usize) -> String {
    classes.get(class).map_or_else(|| format!("class {class}"), |name| name.as_ref().to_string())
}

fn describe_classes(samples: &Samples<usize>, classes: &[impl AsRef<str>], class_count: usize) -> String {
    let names: Vec<String> = (0..class_count).map(|class| class_name(classes, class)).collect();
    format!(
        "Regions of {} against {} in which the model decides for {}, with {} training and {} test samples.",
        samples.features[1],
        samples.features[0],
        names.join(", "),
        samples.train.len(),
        samples.test.len()
    )
}

/// The prediction of a number from two features, as filled contours with a colour scale, and the samples in the colour
/// of their target: a sample that stands out from its surroundings is predicted badly.
///
/// `predict` is called once with all places of a grid of about 120 by 120. Where it gives NaN, the picture stays empty.
///
/// # Panics
///
/// If `predict` does not give one number for each place.
///
/// ```
/// use chainrule::draw::{contours, Samples};
///
/// let samples = Samples::new("x", "y").train([(0.0, 0.0, 0.0), (1.0, 2.0, 5.0)]);
/// let plot = contours("A bowl", &samples, "height", |places| places.iter().map(|(x, y)| x * x + y * y).collect());
/// assert!(plot.color_scale.is_some());
/// ```
pub fn contours(
    title: impl Into<String>,
    samples: &Samples<f64>,
    target: &str,
    mut predict: impl FnMut(&[(f64, f64)]) -> Vec<f64>,
) -> Plot {
    let grid = samples.grid();
    let places = grid.places();
    let predicted = predict(&places);
    assert_eq!(predicted.len(), places.len(), "the closure must give one number for each place that it is given");
    let undefined = indicator(predicted.iter().map(|value| value.is_nan()));
    let scale = ColorScale { label: target.to_string(), edges: band_edges(samples, &predicted) };

    let mut plot = samples.plot(title, &grid);
    plot.marks.push(area(grid.everywhere(), scale.color(0)));
    for band in 1..scale.bands() {
        plot.marks.push(area(grid.rings(&predicted, scale.edges[band]), scale.color(band)));
    }
    plot.marks.push(cover("", grid.rings(&undefined, 0.5)));
    // The colour is the target, so here the shape says which samples are test.
    for (samples, shape) in [(&samples.train, Shape::Circle), (&samples.test, Shape::Diamond)] {
        for band in 0..scale.bands() {
            let in_band = samples.iter().filter(|sample| sample.2.is_finite() && scale.band(sample.2) == band);
            let points = in_band.map(|&(x, y, _)| (x, y)).collect();
            plot.marks.push(markers("", points, scale.color(band), shape));
        }
    }
    if !samples.test.is_empty() {
        plot.marks.push(markers("train", Vec::new(), Color::Quiet, Shape::Circle));
        plot.marks.push(markers("test", Vec::new(), Color::Quiet, Shape::Diamond));
    }
    if undefined.contains(&1.0) {
        plot.marks.push(cover("no prediction (NaN)", Vec::new()));
    }
    plot.color_scale = Some(scale);
    plot.description(format!(
        "Contours of the predicted {target} over {} and {}, with {} training and {} test samples in the colour of their {target}.",
        samples.features[0],
        samples.features[1],
        samples.train.len(),
        samples.test.len()
    ))
}

/// About nine bands between round numbers that hold the targets and nearly all predictions.
fn band_edges(samples: &Samples<f64>, predicted: &[f64]) -> Vec<f64> {
    let targets: Vec<f64> = samples.train.iter().chain(&samples.test).map(|sample| sample.2).collect();
    let ends = [quantile(&targets, 0.0), quantile(&targets, 1.0), quantile(predicted, 0.02), quantile(predicted, 0.98)];
    let ends: Vec<f64> = ends.into_iter().flatten().map(|end| end.clamp(-1e100, 1e100)).collect();
    let (low, high) = match (quantile(&ends, 0.0), quantile(&ends, 1.0)) {
        (Some(low), Some(high)) if high - low > low.abs().max(high.abs()) * 1e-9 => (low, high),
        _ => roomy(ends.into_iter()),
    };
    let step = ticks::nice_step(high - low, 9);
    let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
    (0..=(last - first).max(1.0) as i32).map(|i| (first + f64::from(i)) * step).collect()
}

/// The prediction of a number from one feature: the samples, and the line that the model draws through them.
///
/// `train` and `test` are (feature, target) points; test points are drawn hollow. `predict` is called once with places
/// across the range of the feature; where it gives something that is not finite, the line has a gap.
///
/// # Panics
///
/// If `predict` does not give one number for each place.
///
/// ```
/// use chainrule::draw::fit;
///
/// let plot = fit("Doubling", ["x", "y"], &[(1.0, 2.1), (2.0, 3.9)], &[], |xs| xs.iter().map(|x| 2.0 * x).collect());
/// assert!(plot.to_svg().contains("prediction"));
/// ```
pub fn fit(
    title: impl Into<String>,
    [feature, target]: [&str; 2],
    train: &[(f64, f64)],
    test: &[(f64, f64)],
    mut predict: impl FnMut(&[f64]) -> Vec<f64>,
) -> Plot {
    const PLACES: u32 = 400;
    let (from, to) = roomy(train.iter().chain(test).map(|point| point.0));
    let places: Vec<f64> = (0..=PLACES).map(|i| from + (to - from) * f64::from(i) / f64::from(PLACES)).collect();
    let predicted = predict(&places);
    assert_eq!(predicted.len(), places.len(), "the closure must give one number for each place that it is given");

    let points = |name: &str, points: &[(f64, f64)], filled| {
        let points = points.to_vec();
        Mark::Points(Points { name: name.to_string(), points, color: Color::Series(0), shape: Shape::Circle, filled })
    };
    let mut plot = Plot::new(title).x_label(feature).y_label(target).x_range(from, to);
    let name = if test.is_empty() { target } else { "train" };
    plot = plot.mark(points(name, train, true));
    if !test.is_empty() {
        plot = plot.mark(points("test", test, false));
    }
    plot.mark(Mark::Line(Line {
        name: "prediction".to_string(),
        points: places.into_iter().zip(predicted).collect(),
        color: Color::Series(1),
        dash: Dash::Solid,
        width: 2.5,
    }))
    .description(format!(
        "The predicted {target} as a line over {feature}, with {} training and {} test samples.",
        train.len(),
        test.len()
    ))
}

fn checked(scores: Vec<Vec<f64>>, places: usize) -> Vec<Vec<f64>> {
    assert_eq!(scores.len(), places, "the closure must give one row of scores for each place that it is given");
    let classes = scores[0].len();
    assert!(
        classes > 0 && scores.iter().all(|row| row.len() == classes),
        "the closure must give equally many scores for each place: one, or one for each class"
    );
    scores
}

fn area(rings: Vec<Vec<(f64, f64)>>, fill: Color) -> Mark {
    Mark::Region(Region { name: String::new(), rings, fill: Some(fill), outline: None })
}

fn outline(name: &str, rings: Vec<Vec<(f64, f64)>>, color: Color, width: f64) -> Mark {
    Mark::Region(Region { name: name.to_string(), rings, fill: None, outline: Some((color, width)) })
}

/// A cover in the colour of the page, for where there is nothing to show.
fn cover(name: &str, rings: Vec<Vec<(f64, f64)>>) -> Mark {
    Mark::Region(Region { name: name.to_string(), rings, fill: Some(Color::Paper), outline: None })
}

fn markers(name: &str, points: Vec<(f64, f64)>, color: Color, shape: Shape) -> Mark {
    Mark::Points(Points { name: name.to_string(), points, color, shape, filled: true })
}

/// 1 where true, 0 where false.
fn indicator(flags: impl Iterator<Item = bool>) -> Vec<f64> {
    flags.map(|flag| f64::from(u8::from(flag))).collect()
}

/// An entry for the legend that says what hollow markers are.
fn test_entry() -> Mark {
    let name = "test".to_string();
    Mark::Points(Points { name, points: Vec::new(), color: Color::Quiet, shape: Shape::Circle, filled: false })
}
