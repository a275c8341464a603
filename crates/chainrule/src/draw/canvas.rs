//! A grid of characters to draw on: each is a marker, a pattern of braille dots, or a shade.

use std::fmt::Write;

use super::Color;

/// Dots in a character, across and down.
pub(super) const DOTS: (usize, usize) = (2, 4);

/// A character of the grid.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    marker: Option<char>,
    /// The dots of the Unicode block of braille patterns, a bit each.
    dots: u8,
    shade: Option<char>,
    color: Option<Color>,
}

/// Characters in rows. Places are counted in dots, from the upper left.
pub(super) struct Canvas {
    columns: usize,
    cells: Vec<Cell>,
}

impl Canvas {
    pub(super) fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, cells: vec![Cell::default(); columns * rows] }
    }

    /// The width and the height in dots.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.columns * DOTS.0, self.cells.len() / self.columns * DOTS.1)
    }

    fn cell(&mut self, (x, y): (f64, f64)) -> Option<&mut Cell> {
        let (width, height) = self.size();
        let (x, y) = (x.round(), y.round());
        let is_inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
        is_inside.then(|| &mut self.cells[y as usize / DOTS.1 * self.columns + x as usize / DOTS.0])
    }

    pub(super) fn dot(&mut self, place: (f64, f64), color: Color) {
        // The upper three rows were in Unicode first; the fourth came later.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        if let Some(cell) = self.cell(place) {
            cell.dots |= BITS[place.1.round() as usize % DOTS.1][place.0.round() as usize % DOTS.0];
            cell.color = Some(color);
        }
    }

    /// A straight line of dots, of those that `is_on` lets through by their number from `start` on. Returns the number
    /// after the last dot, so that dashes go on around corners.
    pub(super) fn line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        color: Color,
        start: usize,
        is_on: impl Fn(usize) -> bool,
    ) -> usize {
        let Some((from, to)) = self.clipped(from, to) else { return start };
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = dx.abs().max(dy.abs()).ceil().max(1.0);
        for i in 0..=steps as usize {
            if is_on(start + i) {
                let part = i as f64 / steps;
                self.dot((from.0 + part * dx, from.1 + part * dy), color);
            }
        }
        start + steps as usize
    }

    /// The part of a line that lies on the canvas, after Liang and Barsky (1984).
    fn clipped(&self, from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
        let (width, height) = self.size();
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let sides = [
            (-dx, from.0 + 0.5),
            (dx, width as f64 - 0.5 - from.0),
            (-dy, from.1 + 0.5),
            (dy, height as f64 - 0.5 - from.1),
        ];
        let (mut first, mut last): (f64, f64) = (0.0, 1.0);
        for (direction, room) in sides {
            if direction == 0.0 && room < 0.0 {
                return None;
            } else if direction < 0.0 {
                first = first.max(room / direction);
            } else if direction > 0.0 {
                last = last.min(room / direction);
            }
        }
        let at = |part: f64| (from.0 + part * dx, from.1 + part * dy);
        (first <= last).then(|| (at(first), at(last)))
    }

    pub(super) fn marker(&mut self, place: (f64, f64), marker: char, color: Color) {
        if let Some(cell) = self.cell(place) {
            (cell.marker, cell.color) = (Some(marker), Some(color));
        }
    }

    /// Shades each character whose middle `is_inside` (in dots) lets through.
    pub(super) fn shade(&mut self, shade: Option<char>, color: Color, is_inside: impl Fn((f64, f64)) -> bool) {
        for (i, cell) in self.cells.iter_mut().enumerate() {
            let (column, row) = (i % self.columns, i / self.columns);
            if is_inside((column as f64 * 2.0 + 0.5, row as f64 * 4.0 + 1.5)) {
                (cell.shade, cell.color) = (shade, Some(color));
            }
        }
    }

    /// The rows as text, in colours if `with_color`.
    pub(super) fn rows(&self, with_color: bool) -> impl Iterator<Item = String> {
        self.cells.chunks(self.columns).map(move |cells| {
            let mut row = String::new();
            for cell in cells {
                let braille = char::from_u32(0x2800 + u32::from(cell.dots)).filter(|_| cell.dots != 0);
                let character = cell.marker.or(braille).or(cell.shade).unwrap_or(' ');
                let color = cell.color.filter(|_| with_color && character != ' ');
                row += &painted(character, color);
            }
            row
        })
    }
}

/// A character, or several, in a colour of the terminal's own palette; that of text where the palette has none.
pub(super) fn painted(text: impl std::fmt::Display, color: Option<Color>) -> String {
    let code = match color {
        Some(Color::Series(index) | Color::Tint(index)) => [34, 31, 32, 35, 33, 36, 91, 90, 94, 92][index % 10],
        Some(Color::Quiet | Color::Grid) => 90,
        _ => return text.to_string(),
    };
    let mut painted = String::new();
    write!(painted, "\u{1b}[{code}m{text}\u{1b}[0m").expect("writing to a string");
    painted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(draw: impl Fn(&mut Canvas)) -> Vec<String> {
        let mut canvas = Canvas::new(3, 2);
        draw(&mut canvas);
        canvas.rows(false).collect()
    }

    #[test]
    fn dots_have_their_place_in_the_braille_patterns() {
        assert_eq!(drawn(|canvas| canvas.dot((0.0, 0.0), Color::Ink)), ["⠁  ", "   "]);
        assert_eq!(drawn(|canvas| canvas.dot((5.0, 7.0), Color::Ink)), ["   ", "  ⢀"]);
    }

    #[test]
    fn a_line_is_cut_at_the_edges() {
        let diagonal = drawn(|canvas| {
            canvas.line((-1e5, -1e5), (1e5, 1e5), Color::Ink, 0, |_| true);
        });
        assert_eq!(diagonal, ["⠑⢄ ", "  ⠑"]);
        let outside = drawn(|canvas| {
            canvas.line((-5.0, -5.0), (-1.0, 100.0), Color::Ink, 0, |_| true);
        });
        assert_eq!(outside, ["   ", "   "]);
    }

    #[test]
    fn markers_lie_over_dots_and_dots_over_shades() {
        let rows = drawn(|canvas| {
            canvas.shade(Some('░'), Color::Tint(0), |place| place.1 < 4.0);
            canvas.line((0.0, 0.0), (3.0, 0.0), Color::Ink, 0, |_| true);
            canvas.marker((0.0, 0.0), '●', Color::Series(0));
        });
        assert_eq!(rows, ["●⠉░", "   "]);
    }

    #[test]
    fn colours_are_those_of_the_palette() {
        assert_eq!(painted('x', Some(Color::Series(0))), "\u{1b}[34mx\u{1b}[0m");
        assert_eq!(painted('x', Some(Color::Ink)), "x");
    }
}
