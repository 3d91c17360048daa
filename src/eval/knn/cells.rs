//! Points grouped into cells of nearby points, and lower bounds on the distance between cells.

use rayon::prelude::*;

use super::euclidean::Euclidean;
use super::points::Points;

/// From this many points on, halves are split in parallel.
const SIDE_BY_SIDE: usize = 4096;

/// Points grouped into cells: repeatedly halved at the median of the widest dimension, as in a k-d
/// tree, but so that every cell except the last is full.
pub(super) struct Cells {
    /// Rows of the points, ordered by cell `[N]`.
    order: Vec<u32>,
    /// Points per cell.
    size: usize,
    /// Bounding box of each cell `[C]`.
    boxes: Vec<Bounds>,
}

/// A bounding box.
pub(super) struct Bounds {
    /// Lowest coordinates `[D]`.
    low: Vec<f32>,
    /// Highest coordinates `[D]`.
    high: Vec<f32>,
    /// Centre of the box `[D]`.
    centre: Vec<f32>,
}

impl Cells {
    /// Groups the `rows` of the points into cells of `size`.
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

    /// Bounding box of a cell.
    pub fn bounds(&self, cell: usize) -> &Bounds {
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

    /// Centre of the box `[D]`.
    pub fn centre(&self) -> &[f32] {
        &self.centre
    }

    fn widest(&self) -> usize {
        let widths = self.low.iter().zip(&self.high).map(|(low, high)| high - low);
        widths.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("at least one dimension").0
    }

    /// A lower bound on the squared distance between a point of this box and one of the other.
    ///
    /// It holds for distances as rounded by [`Euclidean::squared`]: rounding is monotonic, and the
    /// terms here are no larger and are summed in the same order.
    pub fn gap(&self, other: &Bounds, scratch: &mut Gap) -> f32 {
        for (axis, gap) in scratch.between.iter_mut().enumerate() {
            let (above, below) =
                (other.low[axis] - self.high[axis], self.low[axis] - other.high[axis]);
            *gap = above.max(below).max(0.0);
        }
        Euclidean::squared(&scratch.between, &scratch.zero)
    }
}

/// Buffers for [`Bounds::gap`].
pub(super) struct Gap {
    between: Vec<f32>,
    zero: Vec<f32>,
}

impl Gap {
    /// Buffers for this number of dimensions.
    pub fn new(dimensions: usize) -> Gap {
        Gap { between: vec![0.0; dimensions], zero: vec![0.0; dimensions] }
    }
}

/// Orders rows so that consecutive groups of `size` are the cells.
fn split(points: Points, rows: &mut [u32], size: usize) {
    if rows.len() <= size {
        return;
    }
    let dimension = Bounds::around(points, rows).widest();
    let middle = rows.len().div_ceil(size).div_ceil(2) * size;
    let value = |row: u32| points.row(row)[dimension];
    // Ties are split by row, so that cells of equal points are full, too.
    rows.select_nth_unstable_by(middle, |&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    let (left, right) = rows.split_at_mut(middle);
    if left.len() >= SIDE_BY_SIDE {
        rayon::join(|| split(points, left, size), || split(points, right, size));
    } else {
        split(points, left, size);
        split(points, right, size);
    }
}
