//! Points sorted into cells of neighbours, and how near a point of one cell can be to another's.

use rayon::prelude::*;

use super::euclidean::Euclidean;
use super::points::Points;

/// Points that are split side by side from here on; below, one thread is faster.
const SIDE_BY_SIDE: usize = 4096;

/// Points sorted into cells: halved at the median of the widest dimension again and again, as in
/// a k-d tree, but so that every cell is full except the last.
pub(super) struct Cells {
    /// Rows of the points, cell by cell `[N]`.
    order: Vec<u32>,
    /// Points in each cell but the last.
    size: usize,
    /// The box around each cell `[C]`.
    boxes: Vec<Bounds>,
}

/// The smallest box around some points.
pub(super) struct Bounds {
    /// Lowest coordinates `[D]`.
    low: Vec<f32>,
    /// Highest coordinates `[D]`.
    high: Vec<f32>,
    /// The point in the middle `[D]`.
    centre: Vec<f32>,
}

impl Cells {
    /// Sorts the `rows` of the points into cells of `size`.
    pub fn of(points: Points, rows: Vec<u32>, size: usize) -> Cells {
        let mut order = rows;
        split(points, &mut order, size);
        let boxes = order.par_chunks(size).map(|rows| Bounds::around(points, rows)).collect();
        Cells { order, size, boxes }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Rows of the points of a cell.
    pub fn rows(&self, cell: usize) -> &[u32] {
        &self.order[cell * self.size..self.order.len().min((cell + 1) * self.size)]
    }

    /// The box around a cell.
    pub fn around(&self, cell: usize) -> &Bounds {
        &self.boxes[cell]
    }
}

impl Bounds {
    fn around(points: Points, rows: &[u32]) -> Bounds {
        let (mut low, mut high) = (points.row(rows[0]).to_vec(), points.row(rows[0]).to_vec());
        for &other in &rows[1..] {
            for (value, (low, high)) in points.row(other).iter().zip(low.iter_mut().zip(&mut high))
            {
                *low = if value < low { *value } else { *low };
                *high = if value > high { *value } else { *high };
            }
        }
        let centre = low.iter().zip(&high).map(|(low, high)| low / 2.0 + high / 2.0).collect();
        Bounds { low, high, centre }
    }

    /// The point in the middle `[D]`.
    pub fn centre(&self) -> &[f32] {
        &self.centre
    }

    fn widest(&self) -> usize {
        let widths = self.low.iter().zip(&self.high).map(|(low, high)| high - low);
        widths.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("at least one dimension").0
    }

    /// No point in this box has a smaller squared distance to a point in the other.
    ///
    /// This holds for distances as [`Euclidean::squared`] rounds them: subtraction, product and
    /// sum are rounded monotonically, and the terms here are no larger and summed in its order.
    pub fn gap(&self, other: &Bounds, scratch: &mut Gap) -> f32 {
        for (place, gap) in scratch.between.iter_mut().enumerate() {
            let (above, below) =
                (other.low[place] - self.high[place], self.low[place] - other.high[place]);
            *gap = above.max(below).max(0.0);
        }
        Euclidean::squared(&scratch.between, &scratch.zero)
    }
}

/// Memory for [`Bounds::gap`].
pub(super) struct Gap {
    between: Vec<f32>,
    zero: Vec<f32>,
}

impl Gap {
    /// For points of that many dimensions.
    pub fn new(dimensions: usize) -> Gap {
        Gap { between: vec![0.0; dimensions], zero: vec![0.0; dimensions] }
    }
}

/// Sorts rows so that each `size` of them, one after the other, are a cell.
fn split(points: Points, rows: &mut [u32], size: usize) {
    if rows.len() <= size {
        return;
    }
    let dimension = Bounds::around(points, rows).widest();
    let middle = rows.len().div_ceil(size).div_ceil(2) * size;
    let value = |row: u32| points.row(row)[dimension];
    // Equal coordinates are split by row, so that cells of equal points are full, too.
    rows.select_nth_unstable_by(middle, |&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    let (left, right) = rows.split_at_mut(middle);
    if left.len() >= SIDE_BY_SIDE {
        rayon::join(|| split(points, left, size), || split(points, right, size));
    } else {
        split(points, left, size);
        split(points, right, size);
    }
}
