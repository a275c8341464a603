//! Following a curve: a function sampled closely where it bends, and cut where it jumps or is undefined.

use std::ops::Bound;

use super::Undefined;
use super::field::quantile;

/// Even steps across the range; where the curve bends, each is halved again and again.
const STEPS: usize = 400;
/// How often a step may be halved.
const DEPTH: usize = 6;
/// How often the function may be asked. What is still unclear then is left as a gap.
const CALLS: usize = 60_000;
/// How far a piece of the curve may be from a straight line, as a part of the picture's height.
const BEND: f64 = 0.0005;
/// From which part of the picture's height on two neighbours may have a jump between them.
const SUSPICIOUS: f64 = 0.05;

/// A curve as it can be drawn.
pub(super) struct Trace {
    /// The places from left to right, and a NaN between pieces that do not hang together.
    pub(super) points: Vec<(f64, f64)>,
    /// From left to right.
    pub(super) undefined: Vec<Undefined>,
    /// The lowest and highest number that the picture should show, if there is any: all of a bounded curve, and of one
    /// with poles as much as leaves the rest readable.
    pub(super) view: Option<(f64, f64)>,
    /// Whether there is more than the view shows.
    pub(super) is_cut: bool,
}

/// What a function says to a number; why not, if it said so and was not just infinite or NaN.
type Answer = Result<f64, Option<String>>;

#[derive(Clone)]
struct Sample {
    x: f64,
    y: Answer,
}

impl Sample {
    fn point(&self) -> Option<(f64, f64)> {
        self.y.as_ref().ok().map(|y| (self.x, *y))
    }
}

type Point = (f64, f64);

/// What lies between two neighbours with very different numbers.
enum Step {
    Steep,
    Jump,
    /// At this place.
    Pole(f64),
}

/// Follows a function across a range whose ends are finite and apart.
pub(super) fn trace((from, to): (f64, f64), f: &mut dyn FnMut(f64) -> Result<f64, String>) -> Trace {
    let mut tracer = Tracer { f, calls: 0, finest: (to - from) * 1e-13, view: (0.0, 0.0), trace: Trace::empty() };
    let place = |i: usize| from + (to - from) * (i as f64 / STEPS as f64);
    let samples: Vec<Sample> = (0..=STEPS).map(|i| tracer.sample(place(i))).collect();
    tracer.look(&samples);
    tracer.follow(&samples);
    tracer.trace
}

struct Tracer<'a> {
    f: &'a mut dyn FnMut(f64) -> Result<f64, String>,
    calls: usize,
    /// Places closer than this are one.
    finest: f64,
    view: (f64, f64),
    trace: Trace,
}

impl Trace {
    fn empty() -> Trace {
        Trace { points: Vec::new(), undefined: Vec::new(), view: None, is_cut: false }
    }
}

impl Tracer<'_> {
    fn sample(&mut self, x: f64) -> Sample {
        self.calls += 1;
        let y = match (self.f)(x) {
            Ok(y) if y.is_finite() => Ok(y),
            Ok(_) => Err(None),
            Err(reason) => Err(Some(reason)),
        };
        Sample { x, y }
    }

    fn is_exhausted(&self) -> bool {
        self.calls > CALLS
    }

    /// Chooses what the picture shows, from even samples.
    fn look(&mut self, samples: &[Sample]) {
        let values: Vec<f64> = samples.iter().filter_map(Sample::point).map(|point| point.1).collect();
        let at = |part| quantile(&values, part);
        let (Some(lowest), Some(highest), Some(low), Some(high)) = (at(0.0), at(1.0), at(0.04), at(0.96)) else {
            return;
        };
        let poles = self.poles(samples, (high - low).max((highest - lowest) * 1e-3));
        self.view = (lowest, highest);
        if poles {
            let room = (high - low) * 0.15;
            self.view = ((low - room).max(lowest), (high + room).min(highest));
        }
        self.trace.is_cut = poles;
        self.trace.view = Some(self.view);
    }

    /// Whether the function grows beyond all bounds anywhere; `spread` is how far apart its usual numbers are.
    fn poles(&mut self, samples: &[Sample], spread: f64) -> bool {
        let size = samples.iter().filter_map(Sample::point).fold(0.0, |size: f64, point| size.max(point.1.abs()));
        let mut any = false;
        for pair in samples.windows(2) {
            any |= match (pair[0].point(), pair[1].point()) {
                (Some(a), Some(b)) if (a.1 - b.1).abs() > spread => matches!(self.step(a, b), Step::Pole(_)),
                (Some(a), None) => self.edge(a, &pair[1]).0.1.abs() > 1e3 * size,
                (None, Some(b)) => self.edge(b, &pair[0]).0.1.abs() > 1e3 * size,
                _ => false,
            };
        }
        for around in samples.windows(3) {
            if let [Some(a), Some(b), Some(c)] = [0, 1, 2].map(|i| around[i].point()) {
                let is_peak = b.1.abs() > a.1.abs().max(c.1.abs()) && (b.1 - a.1).abs().max((b.1 - c.1).abs()) > spread;
                any |= is_peak && self.is_endless(a, b, c);
            }
        }
        any
    }

    /// Whether a peak between `a` and `c` rises on and on as one comes nearer.
    fn is_endless(&mut self, mut a: Point, mut b: Point, mut c: Point) -> bool {
        let height = b.1.abs();
        while c.0 - a.0 > self.finest && !self.is_exhausted() {
            let (left, right) = (self.sample((a.0 + b.0) / 2.0).point(), self.sample((b.0 + c.0) / 2.0).point());
            let (Some(left), Some(right)) = (left, right) else { return true };
            if left.1.abs().max(right.1.abs()) > 1e6 * height {
                return true;
            }
            (a, b, c) = if left.1.abs() > b.1.abs() {
                (a, left, b)
            } else if right.1.abs() > b.1.abs() {
                (b, right, c)
            } else {
                (left, b, right)
            };
        }
        false
    }

    fn follow(&mut self, samples: &[Sample]) {
        let [first, .., last] = samples else { return };
        match &first.y {
            Ok(y) => self.trace.points.push((first.x, *y)),
            Err(reason) => self.leave(Bound::Unbounded, reason.clone()),
        }
        for pair in samples.windows(2) {
            self.between(&pair[0], &pair[1], DEPTH);
        }
        if let (Err(_), Some(undefined)) = (&last.y, self.trace.undefined.last_mut()) {
            undefined.to = Bound::Unbounded;
        }
    }

    /// Follows the function behind `a` up to and with `b`.
    fn between(&mut self, a: &Sample, b: &Sample, depth: usize) {
        match (a.point(), b.point()) {
            (None, None) => {}
            (Some(from), None) => {
                let (near, edge) = self.edge(from, b);
                self.trace.points.push(near);
                self.leave(edge, b.y.clone().err().flatten());
            }
            (None, Some(to)) => {
                let (near, edge) = self.edge(to, a);
                if let Some(undefined) = self.trace.undefined.last_mut() {
                    undefined.to = edge;
                }
                self.trace.points.extend([near, to]);
            }
            (Some(from), Some(to)) => {
                // Not the middle: a wave may well pass through the line there.
                let between = from.0 + (to.0 - from.0) * 0.45;
                let has_room = depth > 0 && between > from.0 && between < to.0 && !self.is_exhausted();
                if has_room && !self.is_outside(&[from.1, to.1]) {
                    let middle = self.sample(between);
                    if self.bends(from, &middle, to) {
                        self.between(a, &middle, depth - 1);
                        self.between(&middle, b, depth - 1);
                        return;
                    }
                }
                self.connect(from, to);
            }
        }
    }

    /// Draws on to `to`, or leaves a gap where that would cross a jump or a pole.
    fn connect(&mut self, from: Point, to: Point) {
        if (to.1 - from.1).abs() > SUSPICIOUS * (self.view.1 - self.view.0) {
            let step = self.step(from, to);
            if !matches!(step, Step::Steep) {
                self.trace.points.push((from.0, f64::NAN));
            }
            if let Step::Pole(x) = step {
                let (from, to) = (Bound::Included(x), Bound::Included(x));
                self.trace.undefined.push(Undefined { from, to, reason: None });
            }
        }
        self.trace.points.push(to);
    }

    fn leave(&mut self, from: Bound<f64>, reason: Option<String>) {
        if let Some(&(x, _)) = self.trace.points.last() {
            self.trace.points.push((x, f64::NAN));
        }
        self.trace.undefined.push(Undefined { from, to: Bound::Unbounded, reason });
    }

    /// Whether all these lie above the picture, or all below.
    fn is_outside(&self, values: &[f64]) -> bool {
        let (low, high) = self.view;
        let room = high - low;
        values.iter().all(|y| *y > high + room) || values.iter().all(|y| *y < low - room)
    }

    fn bends(&self, from: Point, middle: &Sample, to: Point) -> bool {
        let Some((x, y)) = middle.point() else { return true };
        let straight = from.1 + (to.1 - from.1) * ((x - from.0) / (to.0 - from.0));
        (y - straight).abs() > BEND * (self.view.1 - self.view.0)
    }

    /// Goes from a defined place towards an undefined one: the last place where the function is defined, and the edge,
    /// which is a round number if one is as good.
    fn edge(&mut self, mut defined: Point, undefined: &Sample) -> (Point, Bound<f64>) {
        let mut away = undefined.x;
        while (away - defined.0).abs() > self.finest {
            let middle = (away + defined.0) / 2.0;
            if middle == away || middle == defined.0 {
                break;
            }
            match self.sample(middle).point() {
                Some(point) => defined = point,
                None => away = middle,
            }
        }
        let edge = roundest(defined.0.min(away), defined.0.max(away));
        match self.sample(edge).point() {
            Some(point) => (point, Bound::Excluded(edge)),
            None => (defined, Bound::Included(edge)),
        }
    }

    /// Halves the way between two places, always towards the larger difference: that falls for a steep curve, stays at
    /// a jump, and grows at a pole.
    fn step(&mut self, mut a: Point, mut b: Point) -> Step {
        let (height, size) = ((b.1 - a.1).abs(), a.1.abs().max(b.1.abs()));
        while b.0 - a.0 > self.finest {
            let x = (a.0 + b.0) / 2.0;
            if x == a.0 || x == b.0 {
                break;
            }
            let Some(middle) = self.sample(x).point() else { return Step::Pole(x) };
            (a, b) = if (middle.1 - a.1).abs() > (b.1 - middle.1).abs() { (a, middle) } else { (middle, b) };
            if (b.1 - a.1).abs() < 0.05 * height {
                return Step::Steep;
            }
            if self.is_exhausted() {
                return Step::Jump;
            }
        }
        if a.1.abs().max(b.1.abs()) > 1e3 * size { Step::Pole(roundest(a.0, b.0)) } else { Step::Jump }
    }
}

/// The number with the fewest digits between two others.
fn roundest(low: f64, high: f64) -> f64 {
    if low <= 0.0 && high >= 0.0 {
        return 0.0;
    }
    let digits = |digits: usize| format!("{:.*e}", digits, (low + high) / 2.0).parse().unwrap_or(low);
    (0..17).map(digits).find(|number| (low..=high).contains(number)).unwrap_or(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(from: f64, to: f64, f: impl Fn(f64) -> f64) -> Trace {
        trace((from, to), &mut |x| Ok(f(x)))
    }

    fn undefined(from: f64, to: f64, f: impl Fn(f64) -> f64) -> Vec<String> {
        traced(from, to, f).undefined.iter().map(Undefined::to_string).collect()
    }

    fn gaps(trace: &Trace) -> Vec<f64> {
        trace.points.iter().filter(|point| point.1.is_nan()).map(|point| point.0).collect()
    }

    #[test]
    fn edges_of_what_is_defined_are_found_exactly() {
        assert_eq!(undefined(-1.0, 5.0, f64::ln), ["x ≤ 0"]);
        assert_eq!(undefined(-1.0, 5.0, f64::sqrt), ["x < 0"]);
        assert_eq!(undefined(-3.0, 3.0, |x| (1.0 - x * x).sqrt()), ["x < −1", "x > 1"]);
        assert_eq!(undefined(-3.0, 3.0, |x| (x * x - 1.0).ln()), ["−1 ≤ x ≤ 1"]);
        assert_eq!(undefined(0.0, 1.0, |_| f64::NAN), ["all x"]);
        assert!(undefined(-5.0, 5.0, |x| x * x).is_empty());
    }

    #[test]
    fn a_curve_breaks_at_its_poles() {
        assert_eq!(undefined(-5.0, 5.0, |x| 1.0 / x), ["x = 0"]);
        assert_eq!(undefined(-5.0, 5.1, |x| 1.0 / x), ["x = 0"]);
        assert_eq!(undefined(-2.0, 2.0, f64::tan), ["x = −1.5708", "x = 1.5708"]);
        for (from, to) in [(-5.0, 5.0), (-5.0, 5.1), (-1.0, 7.0)] {
            let trace = traced(from, to, |x| 1.0 / x);
            let crosses = |pair: &[Point]| pair[0].1 < 0.0 && pair[1].1 > 0.0;
            assert!(!trace.points.windows(2).any(crosses), "{from} to {to}");
            let (low, high) = trace.view.unwrap();
            assert!(low > -10.0 && high < 10.0, "{low} to {high}");
        }
    }

    #[test]
    fn a_pole_that_both_sides_climb_does_not_flatten_the_rest() {
        let (low, high) = traced(-5.0, 5.0, |x| (x - 1.0 / 3.0).powi(-2)).view.unwrap();
        assert!(low < 0.1 && high < 100.0, "{low} to {high}");
    }

    #[test]
    fn a_jump_is_a_gap_and_a_steep_curve_is_none() {
        let step = traced(-1.0, 1.0, |x| f64::from(u8::from(x > 0.1234567)));
        assert_eq!(gaps(&step).len(), 1);
        assert!((gaps(&step)[0] - 0.1234567).abs() < 1e-4);
        assert!(step.undefined.is_empty());
        let steep = traced(-1.0, 1.0, |x| (3e3 * (x - 0.1234567)).tanh());
        assert!(gaps(&steep).is_empty());
        assert!(steep.points.iter().filter(|point| point.1.abs() < 0.9).count() > 3);
    }

    #[test]
    fn a_curve_that_bends_is_followed_closely() {
        let trace = traced(0.02, 1.0, |x| (1.0 / x).sin());
        assert!(trace.points.windows(2).filter(|pair| pair[0].0 > 0.03).all(|pair| {
            let x = (pair[0].0 + pair[1].0) / 2.0;
            ((pair[0].1 + pair[1].1) / 2.0 - (1.0 / x).sin()).abs() < 0.01
        }));
        assert!(traced(0.0, 1.0, |x| 2.0 * x).points.len() == STEPS + 1, "a line needs no more");
    }

    #[test]
    fn places_rise_and_calls_are_limited_whatever_the_function() {
        let hostile: [fn(f64) -> f64; 5] = [
            |x| (1.0 / x).sin(),
            |x| (1000.0 * x).tan(),
            |x| (x.to_bits() % 1000) as f64,
            |x| if x.to_bits() % 3 == 0 { f64::NAN } else { x },
            |x| x.signum() * f64::MAX,
        ];
        for f in hostile {
            for (from, to) in [(-1.0, 1.0), (-1e300, 1e300), (1.0, 1.0 + 1e-8), (-1e-300, 1e-300)] {
                let mut calls = 0;
                let trace = trace((from, to), &mut |x| {
                    calls += 1;
                    Ok(f(x))
                });
                assert!(trace.points.windows(2).all(|pair| pair[0].0 <= pair[1].0));
                assert!(calls < 2 * CALLS, "{calls} calls");
            }
        }
    }

    #[test]
    fn a_function_that_fails_says_why() {
        let trace = trace((0.0, 2.0), &mut |x| if x < 1.0 { Err("too small".into()) } else { Ok(x) });
        let [undefined] = &trace.undefined[..] else { panic!("{:?}", trace.undefined) };
        assert_eq!((undefined.to_string(), undefined.reason.as_deref()), ("x < 1".to_string(), Some("too small")));
    }
}
