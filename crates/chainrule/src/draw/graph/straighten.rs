//! Straightening a layered layout: what is connected moves level where the order within the columns allows it.

use super::layers::Vertex;

/// How often all columns are visited, forward and back in turn. Forward, vertices follow those before them, and back those
/// after them, which makes long chains straight at once; in the last sweeps they mediate between both.
const SWEEPS: usize = 10;
const MEDIATING: usize = 4;

/// Moves the vertices of a part, given with their middles, towards their neighbours, without changing their order within
/// the columns and so that none overlaps another.
///
/// In each sweep a column is placed anew: the squared distances of its vertices from where their neighbours want them are
/// as small as order and spacing permit.
pub(super) fn straighten(
    vertices: &[Vertex],
    edges: &[(u32, u32)],
    part: &[(usize, f64)],
    spacing: f64,
) -> Vec<(usize, f64)> {
    let mut middles = vec![0.0; vertices.len()];
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); vertices.len()];
    let mut after = before.clone();
    part.iter().for_each(|&(vertex, middle)| middles[vertex] = middle);
    for &(from, to) in edges {
        after[from as usize].push(to as usize);
        before[to as usize].push(from as usize);
    }
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for &(vertex, _) in part {
        let column = vertices[vertex].column;
        columns.resize_with(columns.len().max(column + 1), Vec::new);
        columns[column].push(vertex);
    }
    columns.iter_mut().for_each(|column| column.sort_by(|a, b| middles[*a].total_cmp(&middles[*b])));

    for sweep in 0..SWEEPS {
        let is_forward = sweep % 2 == 0;
        let count = columns.len();
        for step in 0..count {
            let column = if is_forward { step } else { count - 1 - step };
            let neighbours = |vertex: usize| {
                let (before, after) = (before[vertex].as_slice(), after[vertex].as_slice());
                if sweep + MEDIATING >= SWEEPS || before.is_empty() || after.is_empty() {
                    [before, after].concat()
                } else {
                    (if is_forward { before } else { after }).to_vec()
                }
            };
            let wish = |vertex: &usize| Wish::of(*vertex, vertices, &neighbours(*vertex), &middles);
            let wishes: Vec<Wish> = columns[column].iter().map(wish).collect();
            for (&vertex, middle) in columns[column].iter().zip(apart(&wishes, spacing)) {
                middles[vertex] = middle;
            }
        }
    }
    part.iter().map(|&(vertex, _)| (vertex, middles[vertex])).collect()
}

/// Where a vertex wants to be, how much, and how much room it takes.
#[derive(Clone, Copy)]
struct Wish {
    middle: f64,
    weight: f64,
    across: f64,
}

impl Wish {
    /// Level with its neighbours, more so with those that pull more.
    fn of(vertex: usize, vertices: &[Vertex], neighbours: &[usize], middles: &[f64]) -> Wish {
        let Vertex { across, pull, .. } = vertices[vertex];
        let weight: f64 = neighbours.iter().map(|other| pull * vertices[*other].pull).sum();
        let moment: f64 = neighbours.iter().map(|other| pull * vertices[*other].pull * middles[*other]).sum();
        match weight > 0.0 {
            true => Wish { middle: moment / weight, weight, across },
            false => Wish { middle: middles[vertex], weight: 1.0, across },
        }
    }
}

/// The places nearest to the wishes, in the least squares sense, at which neighbours keep their order and their distance.
/// Those whose wishes conflict form blocks, which move as one (the pool of adjacent violators).
fn apart(wishes: &[Wish], spacing: f64) -> Vec<f64> {
    struct Block {
        first: usize,
        weight: f64,
        moment: f64,
    }
    // Without the room that all before it need, a vertex may be anywhere that is not before the one before it.
    let mut needed = Vec::with_capacity(wishes.len());
    let mut end = 0.0;
    for (index, wish) in wishes.iter().enumerate() {
        if index > 0 {
            end += (wishes[index - 1].across + wish.across) / 2.0 + spacing;
        }
        needed.push(end);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (first, wish) in wishes.iter().enumerate() {
        let mut block = Block { first, weight: wish.weight, moment: wish.weight * (wish.middle - needed[first]) };
        while let Some(before) = blocks.pop_if(|before| before.moment / before.weight >= block.moment / block.weight) {
            block = Block {
                first: before.first,
                weight: before.weight + block.weight,
                moment: before.moment + block.moment,
            };
        }
        blocks.push(block);
    }
    let mut middles = vec![0.0; wishes.len()];
    let mut last = wishes.len();
    for block in blocks.iter().rev() {
        for index in block.first..last {
            middles[index] = block.moment / block.weight + needed[index];
        }
        last = block.first;
    }
    middles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(middle: f64) -> Wish {
        Wish { middle, weight: 1.0, across: 10.0 }
    }

    #[test]
    fn wishes_that_do_not_conflict_come_true() {
        assert_eq!(apart(&[wish(0.0), wish(20.0), wish(90.0)], 5.0), [0.0, 20.0, 90.0]);
    }

    #[test]
    fn those_with_the_same_wish_share_it() {
        assert_eq!(apart(&[wish(30.0), wish(30.0), wish(30.0)], 5.0), [15.0, 30.0, 45.0]);
    }

    #[test]
    fn order_is_kept_against_all_wishes() {
        assert_eq!(apart(&[wish(15.0), wish(0.0)], 5.0), [0.0, 15.0]);
    }

    #[test]
    fn what_weighs_more_moves_less() {
        let heavy = Wish { weight: 3.0, ..wish(0.0) };
        assert_eq!(apart(&[heavy, wish(-1.0)], 5.0), [-4.0, 11.0]);
    }
}
