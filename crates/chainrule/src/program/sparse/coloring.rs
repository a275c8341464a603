//! Which columns, or rows, of a sparse matrix can be computed together.

use super::Pattern;
use std::cmp::Reverse;

/// Colours for the columns or rows of a matrix: those of one colour are computed in one sweep.
///
/// ```
/// use chainrule::{Program, Value};
///
/// let springs = |x: &[Value]| x.windows(2).map(|x| (x[1] - x[0]).powi(4)).sum::<Value>();
/// let pattern = Program::record(&[0.0; 1000], springs)?.hessian_pattern()?;
/// assert_eq!(pattern.column_coloring().count(), 3);
/// assert_eq!(pattern.star_coloring().count(), 3);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coloring {
    colors: Vec<u32>,
    count: usize,
}

impl Coloring {
    /// How many colours there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The colour of each column or row, counted from 0.
    pub fn colors(&self) -> &[u32] {
        &self.colors
    }

    fn of(colors: Vec<u32>) -> Self {
        let count = colors.iter().max().map_or(0, |most| *most as usize + 1);
        Coloring { colors, count }
    }
}

/// No colour yet.
const NONE: u32 = u32::MAX;

/// Vertices from the one with the most neighbours on: greedy colouring then needs few colours.
fn fullest_first(graph: &Pattern) -> Vec<usize> {
    let mut order: Vec<usize> = (0..graph.rows()).collect();
    order.sort_by_key(|vertex| Reverse(graph.row(*vertex).len()));
    order
}

/// Colours that a vertex must not have.
struct Forbidden {
    /// The last vertex that each colour was forbidden for.
    last: Vec<usize>,
}

impl Forbidden {
    fn forbid(&mut self, color: u32, vertex: usize) {
        if color != NONE {
            let color = color as usize;
            if color >= self.last.len() {
                self.last.resize(color + 1, usize::MAX);
            }
            self.last[color] = vertex;
        }
    }

    /// The first colour that is left.
    fn first_allowed(&self, vertex: usize) -> u32 {
        let used = self.last.len();
        self.last.iter().position(|last| *last != vertex).unwrap_or(used) as u32
    }
}

impl Pattern {
    /// Colours for the columns: two that have entries in one row have different ones (a partial colouring at distance 2). Greedy,
    /// the fullest column first.
    pub fn column_coloring(&self) -> Coloring {
        self.columns_colored(&self.transposed())
    }

    pub(super) fn columns_colored(&self, transposed: &Pattern) -> Coloring {
        let mut colors = vec![NONE; self.columns()];
        let mut forbidden = Forbidden { last: Vec::new() };
        for column in fullest_first(transposed) {
            for row in transposed.row(column) {
                self.row(*row as usize).iter().for_each(|other| forbidden.forbid(colors[*other as usize], column));
            }
            colors[column] = forbidden.first_allowed(column);
        }
        Coloring::of(colors)
    }

    /// Colours for the columns of a symmetric matrix: neighbours have different ones, and on every path of four columns there
    /// are three colours at least (a star colouring), so that each entry can be read from its column or from its row. Greedy,
    /// the fullest column first.
    ///
    /// # Panics
    ///
    /// If the pattern is not square. It should be symmetric.
    pub fn star_coloring(&self) -> Coloring {
        assert_eq!(self.rows(), self.columns(), "a star colouring is of a symmetric pattern");
        let mut stars = Stars {
            graph: self,
            colors: vec![NONE; self.rows()],
            around: vec![Vec::new(); self.rows()],
            centers: vec![Vec::new(); self.rows()],
        };
        let mut forbidden = Forbidden { last: Vec::new() };
        for vertex in fullest_first(self) {
            stars.forbid(vertex, &mut forbidden);
            stars.color(vertex, forbidden.first_allowed(vertex));
        }
        Coloring::of(stars.colors)
    }
}

/// A star colouring as it grows. Vertices of any two colours form stars: a center of the one, leaves of the other.
struct Stars<'a> {
    graph: &'a Pattern,
    colors: Vec<u32>,
    /// The colours of the coloured neighbours of each vertex, with the first neighbour of each colour, and whether it has others
    /// of it.
    around: Vec<Vec<(u32, u32, bool)>>,
    /// The colours of the centers that each vertex is a leaf of, among others. Once for each center.
    centers: Vec<Vec<u32>>,
}

impl Stars<'_> {
    fn neighbours(&self, vertex: usize) -> impl Iterator<Item = usize> + use<'_> {
        self.graph.row(vertex).iter().map(|other| *other as usize).filter(move |other| *other != vertex)
    }

    /// Forbids what would give a path of four vertices only two colours, now or when the vertex between is coloured.
    fn forbid(&self, vertex: usize, forbidden: &mut Forbidden) {
        for neighbour in self.neighbours(vertex) {
            forbidden.forbid(self.colors[neighbour], vertex);
            if self.colors[neighbour] == NONE {
                self.around[neighbour].iter().for_each(|(color, ..)| forbidden.forbid(*color, vertex));
            } else {
                self.centers[neighbour].iter().for_each(|color| forbidden.forbid(*color, vertex));
            }
        }
    }

    fn color(&mut self, vertex: usize, color: u32) {
        self.colors[vertex] = color;
        let neighbours: Vec<usize> = self.neighbours(vertex).collect();
        for neighbour in neighbours {
            match self.around[neighbour].iter_mut().find(|(known, ..)| *known == color) {
                None => self.around[neighbour].push((color, vertex as u32, false)),
                Some((_, first, is_many)) => {
                    // Neighbours of a vertex without colour have different ones, so this one is a center.
                    let first = (!std::mem::replace(is_many, true)).then_some(*first as usize);
                    let center = self.colors[neighbour];
                    first.into_iter().chain([vertex]).for_each(|leaf| self.centers[leaf].push(center));
                }
            }
        }
    }
}
