//! Drawing the marks of a plot: lines, markers and regions, in pixels.

use std::collections::HashSet;

use super::Color;
use super::plot::{Bars, Dash, Line, Mark, Points, Region, Shape};
use super::scale::Layout;
use super::svg::{Svg, Tag, path_data};

/// How far a marker reaches from its middle, in pixels.
pub(super) const MARKER: f64 = 4.2;
/// From this many points on, those that would cover each other are drawn once.
const MANY_POINTS: usize = 2000;

/// The size of the markers of a plot: the more points, the smaller, so that they do not bury what is beneath.
pub(super) fn marker_size(marks: &[Mark]) -> f64 {
    let points = |mark: &Mark| if let Mark::Points(points) = mark { points.points.len() } else { 0 };
    let count: usize = marks.iter().map(points).sum();
    (1200.0 / count as f64).sqrt().clamp(0.4, 1.0)
}

/// Draws a mark on axes laid out in the coordinates of the open element, with markers of this size.
pub(super) fn draw(svg: &mut Svg, mark: &Mark, x: &Layout, y: &Layout, marker_size: f64) {
    let place = |&(px, py): &(f64, f64)| Some((x.pixel(px)?, y.pixel(py)?));
    match mark {
        Mark::Line(line) => draw_line(svg, line, line.points.iter().map(place)),
        Mark::Points(points) => {
            draw_points(svg, points, points.points.iter().filter_map(place).collect(), marker_size);
        }
        Mark::Region(region) => {
            let rings = region.rings.iter().map(|ring| ring.iter().filter_map(place).collect());
            draw_region(svg, region, rings);
        }
        Mark::Bars(bars) => draw_bars(svg, bars, x, y),
    }
}

fn draw_line(svg: &mut Svg, line: &Line, points: impl Iterator<Item = Option<(f64, f64)>>) {
    let points: Vec<_> = points.collect();
    let mut path = String::new();
    for piece in points.split(Option::is_none) {
        let piece: Vec<(f64, f64)> = piece.iter().copied().flatten().collect();
        match piece[..] {
            // A point between two gaps is no line, but must be seen.
            [(x, y)] => svg.tag("circle").set("cx", x).set("cy", y).set("r", line.width * 1.4).fill(line.color).empty(),
            _ => path_data(&mut path, &thinned(&piece), false),
        }
    }
    if !path.is_empty() {
        line_style(svg.tag("path"), line).set("d", path).empty();
    }
}

/// The stroke of a line, in the plot and in the legend.
pub(super) fn line_style<'a>(tag: Tag<'a>, line: &Line) -> Tag<'a> {
    let tag = tag
        .set("fill", "none")
        .stroke(line.color, line.width)
        .set("stroke-linejoin", "round")
        .set("stroke-linecap", "round");
    match line.dash {
        Dash::Solid => tag,
        Dash::Dashed => tag.set("stroke-dasharray", "7 5"),
        Dash::Dotted => tag.set("stroke-dasharray", "0.1 4.5"),
        Dash::DashDotted => tag.set("stroke-dasharray", "9 5 0.1 5"),
    }
}

/// The points of a line without those that nobody can see: of each pixel column the first, the lowest, the highest and
/// the last. A line that runs back and forth is kept whole.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let rises = points.windows(2).all(|pair| pair[0].0 <= pair[1].0);
    if !rises {
        return points.to_vec();
    }
    points
        .chunk_by(|a, b| a.0.floor() == b.0.floor())
        .flat_map(|column| {
            let extreme = |better: fn(f64, f64) -> bool| {
                (1..column.len()).fold(0, |best, i| if better(column[i].1, column[best].1) { i } else { best })
            };
            let mut kept = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), column.len() - 1];
            kept.sort_unstable();
            let kept: Vec<_> = kept.into_iter().enumerate().filter(|&(i, k)| i == 0 || kept[i - 1] != k).collect();
            kept.into_iter().map(|(_, k)| column[k])
        })
        .collect()
}

fn draw_points(svg: &mut Svg, points: &Points, mut places: Vec<(f64, f64)>, size: f64) {
    if places.is_empty() {
        return;
    }
    if places.len() > MANY_POINTS {
        let mut seen = HashSet::new();
        places.retain(|(x, y)| seen.insert((x.round() as i64, y.round() as i64)));
    }
    marker_style(svg.tag("g"), points, size).open();
    for place in places {
        marker(svg, points.shape, place, size);
    }
    svg.end();
}

/// The fill and stroke of markers of this size, in the plot and in the legend.
pub(super) fn marker_style<'a>(tag: Tag<'a>, points: &Points, size: f64) -> Tag<'a> {
    if points.filled {
        // The rim keeps neighbours apart, and a marker from a background in its own colour.
        let (rim, width) = match points.color {
            Color::Ramp(place) if place < 0.5 => (Color::Ramp(1.0), 1.1),
            Color::Ramp(_) => (Color::Ramp(0.0), 1.1),
            _ => (Color::Paper, 0.9),
        };
        tag.fill(points.color).stroke(rim, width * size)
    } else {
        tag.fill(Color::Paper).stroke(points.color, 1.6 * size).set("stroke-linejoin", "round")
    }
}

/// One marker around a place; 1 is the size of those in the legend.
pub(super) fn marker(svg: &mut Svg, shape: Shape, (x, y): (f64, f64), size: f64) {
    let size = MARKER * size;
    if shape == Shape::Circle {
        svg.tag("circle").set("cx", x).set("cy", y).set("r", size * 0.92).empty();
        return;
    }
    let corners: Vec<(f64, f64)> = corners(shape).into_iter().map(|(dx, dy)| (x + dx * size, y + dy * size)).collect();
    let mut path = String::new();
    path_data(&mut path, &corners, true);
    svg.tag("path").set("d", path).empty();
}

/// The corners of a shape around the origin, sized so that all look equally large.
fn corners(shape: Shape) -> Vec<(f64, f64)> {
    let around = |count: usize, radius: fn(usize) -> f64| {
        (0..count)
            .map(|i| {
                let angle = i as f64 / count as f64 * std::f64::consts::TAU;
                (radius(i) * angle.sin(), -radius(i) * angle.cos())
            })
            .collect::<Vec<_>>()
    };
    let plus = [(0.43, -1.2), (0.43, -0.43), (1.2, -0.43), (1.2, 0.43), (0.43, 0.43), (0.43, 1.2)];
    let plus: Vec<(f64, f64)> = plus.into_iter().chain(plus.map(|(x, y)| (-x, -y))).collect();
    match shape {
        Shape::Circle => around(24, |_| 0.92),
        Shape::Triangle => vec![(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)],
        Shape::TriangleDown => vec![(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)],
        Shape::Square => vec![(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        Shape::Diamond => vec![(0.0, -1.2), (1.05, 0.0), (0.0, 1.2), (-1.05, 0.0)],
        Shape::Plus => plus,
        Shape::Cross => {
            let turn = std::f64::consts::FRAC_1_SQRT_2;
            plus.into_iter().map(|(x, y)| ((x - y) * turn, (x + y) * turn)).collect()
        }
        Shape::Star => around(10, |i| if i % 2 == 0 { 1.35 } else { 0.58 }),
        Shape::Pentagon => around(5, |_| 1.08),
        Shape::Hourglass => vec![(-1.2, -1.1), (1.2, -1.1), (0.3, 0.0), (1.2, 1.1), (-1.2, 1.1), (-0.3, 0.0)],
    }
}

fn draw_region(svg: &mut Svg, region: &Region, rings: impl Iterator<Item = Vec<(f64, f64)>>) {
    let mut path = String::new();
    for ring in rings.filter(|ring| ring.len() > 2) {
        path_data(&mut path, &without_straight_points(&ring), true);
    }
    if !path.is_empty() {
        region_style(svg.tag("path"), region).set("d", path).empty();
    }
}

fn draw_bars(svg: &mut Svg, bars: &Bars, x: &Layout, y: &Layout) {
    let mut path = String::new();
    for (left, right, height) in bars.each() {
        if let (Some(left), Some(right), Some(top)) = (x.pixel(left), x.pixel(right), y.pixel(height)) {
            // A gap between the bars, where they are wide enough for one; and each wide enough to be seen.
            let gap = (0.5_f64).min((right - left - 2.0) / 2.0);
            let (left, right) = (left + gap, right - gap);
            path_data(&mut path, &[(left, y.base()), (left, top), (right, top), (right, y.base())], true);
        }
    }
    if !path.is_empty() {
        svg.tag("path").fill(bars.color).set("d", path).empty();
    }
}

/// The fill and the outline of a region, in the plot and in the legend.
pub(super) fn region_style<'a>(tag: Tag<'a>, region: &Region) -> Tag<'a> {
    let tag = match region.fill {
        Some(color) => tag.fill(color).set("fill-rule", "evenodd"),
        None => tag.set("fill", "none"),
    };
    match region.outline {
        Some((color, width)) => tag.stroke(color, width).set("stroke-linejoin", "round"),
        None => tag,
    }
}

/// A ring without the points that lie on the line between their neighbours: contours have thousands on their way along
/// the edges.
fn without_straight_points(ring: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (i, &point) in ring.iter().enumerate() {
        if let (Some(&last), Some(&next)) = (kept.last(), ring.get(i + 1)) {
            let (ax, ay) = (point.0 - last.0, point.1 - last.1);
            let (bx, by) = (next.0 - point.0, next.1 - point.1);
            let straight = (ax * by - ay * bx).abs() <= 1e-3 * (ax.hypot(ay) + bx.hypot(by));
            if straight && ax * bx + ay * by >= 0.0 {
                continue;
            }
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes_of_each_column() {
        let points: Vec<_> = (0..1000).map(|i| (f64::from(i) / 100.0, f64::from(i * 7919 % 1000))).collect();
        let kept = thinned(&points);
        assert!(kept.len() <= 40);
        for column in 0..10 {
            let in_column = |points: &[(f64, f64)], pick: fn(f64, f64) -> f64| {
                points.iter().filter(|p| p.0.floor() as i32 == column).map(|p| p.1).reduce(pick)
            };
            assert_eq!(in_column(&kept, f64::min), in_column(&points, f64::min));
            assert_eq!(in_column(&kept, f64::max), in_column(&points, f64::max));
        }
    }

    #[test]
    fn thinning_leaves_short_lines_and_loops_alone() {
        let short = [(0.0, 1.0), (10.0, 2.0), (20.0, 0.0)];
        assert_eq!(thinned(&short), short);
        let back_and_forth = [(0.0, 0.0), (0.5, 1.0), (0.2, 2.0), (0.1, 1.5), (0.3, 1.2)];
        assert_eq!(thinned(&back_and_forth), back_and_forth);
    }

    #[test]
    fn straight_points_of_a_ring_are_dropped() {
        let ring = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)];
        assert_eq!(without_straight_points(&ring), [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]);
    }
}
