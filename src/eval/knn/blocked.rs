//! Blocked brute-force search that skips blocks that are too far away.
//!
//! References and queries are grouped into [`Cells`] of nearby points. The queries of one cell visit
//! the cells of the references together, nearest first, until by their bounding boxes the next cell is
//! farther than the k-th neighbour of every query. In few dimensions few cells are visited, in many
//! nearly all. Within a cell a matrix product shows which points may be near enough ([`Filter`]); the
//! final [`Candidates`] are measured exactly, so that neither the order of visits nor the rounding of
//! products affects the result.
//!
//! Memory: an index as large as the references, and one group of queries per thread.

use std::sync::Mutex;

use rayon::prelude::*;

use super::super::watch::{StageProgress, Watch};
use super::candidates::Candidates;
use super::cells::{Bounds, Cells, Gap};
use super::distinct::Distinct;
use super::euclidean::Euclidean;
use super::filter::{self, Filter, PANEL, TILE};
use super::points::Points;
use crate::runtime::Simd;

/// Points per cell: half as many were slower, in 2-D and in 512-D.
const POINTS: usize = 8 * PANEL;

/// Queries per group: enough to amortise translating the points to the group's centre.
const QUERIES: usize = 16 * TILE;

/// Squared distances and rows of the `k` nearest references of each query, in order; incomplete
/// if `watch` is stopped.
pub(super) fn search(
    references: Points,
    distinct: &Distinct,
    queries: Points,
    k: usize,
    watch: &Watch,
) -> Vec<Vec<(f32, u32)>> {
    let index = Index::of(references, distinct);
    let rows = (0..queries.len()).map(|row| u32::try_from(row).expect("fewer than 2^32")).collect();
    let groups = Cells::of(queries, rows, QUERIES);
    let found = Mutex::new(vec![Vec::new(); queries.len()]);
    let stage = StageProgress::begin(watch, "neighbours", groups.len());
    (0..groups.len()).into_par_iter().for_each(|group| {
        if watch.is_stopped() {
            return;
        }
        let nearest =
            Group::new(&index, queries, groups.rows(group), groups.bounds(group), k).search();
        let of_group: Vec<Vec<(f32, u32)>> =
            nearest.iter().map(|nearest| distinct.references(nearest, k)).collect();
        let mut found = found.lock().expect("no other thread panics");
        for (&row, references) in groups.rows(group).iter().zip(of_group) {
            found[row as usize] = references;
        }
        stage.finish_part();
    });
    found.into_inner().expect("no thread panicked")
}

/// The searchable reference points.
struct Index<'a> {
    references: Points<'a>,
    cells: Cells,
    /// The points of each cell, dimension-major `[C][panels, D, PANEL]`.
    points: Vec<Vec<f32>>,
}

impl<'a> Index<'a> {
    fn of(references: Points<'a>, distinct: &Distinct) -> Index<'a> {
        let cells = Cells::of(references, distinct.firsts().to_vec(), POINTS);
        let points = (0..cells.len()).into_par_iter();
        let points = points.map(|cell| references.bundled::<PANEL>(cells.rows(cell))).collect();
        Index { references, cells, points }
    }
}

/// A group of queries that are searched together.
struct Group<'a> {
    index: &'a Index<'a>,
    queries: Points<'a>,
    bounds: &'a Bounds,
    /// −2 (q − centre), dimension-major `[tiles, D, TILE]`.
    scaled: Vec<f32>,
    /// [`Filter::limits`] `[tiles · TILE]`.
    limits: Vec<f32>,
    /// One for each query `[Q]`.
    candidates: Vec<Candidates<'a>>,
}

impl<'a> Group<'a> {
    fn new(
        index: &'a Index<'a>,
        queries: Points<'a>,
        rows: &'a [u32],
        bounds: &'a Bounds,
        k: usize,
    ) -> Group<'a> {
        let centre = bounds.centre();
        let mut scaled = queries.bundled::<TILE>(rows);
        for bundle in scaled.chunks_exact_mut(centre.len() * TILE) {
            for (line, centre) in bundle.chunks_exact_mut(TILE).zip(centre) {
                line.iter_mut().for_each(|value| *value = -2.0 * (*value - centre));
            }
        }
        let centred =
            |row| queries.row(row).iter().zip(centre).map(|(value, centre)| value - centre);
        let mut limits = vec![f32::NEG_INFINITY; rows.len().next_multiple_of(TILE)];
        limits[..rows.len()].fill(f32::INFINITY);
        let most = k.min(index.cells.len() * POINTS);
        let empty = |&row| {
            let norm = filter::norm(centred(row));
            Candidates::new(index.references, queries.row(row), norm, most)
        };
        let candidates = rows.iter().map(empty).collect();
        Group { index, queries, bounds, scaled, limits, candidates }
    }

    /// Squared distance and first row of the nearest points of each query, in order.
    fn search(mut self) -> Vec<Vec<(f32, u32)>> {
        let dimensions = self.queries.dimensions();
        let simd = Simd::detect();
        let mut panel = vec![[0.0; PANEL]; dimensions];
        let mut hits = Vec::new();
        for (gap, cell) in self.cells_by_distance() {
            if self.candidates.iter().all(|found| found.worst() < gap) {
                break;
            }
            let panels = self.index.points[cell].chunks_exact(dimensions * PANEL);
            for (points, rows) in panels.zip(self.index.cells.rows(cell).chunks(PANEL)) {
                simd.run_wide(Filter {
                    points,
                    count: rows.len(),
                    centre: self.bounds.centre(),
                    queries: &self.scaled,
                    limits: &self.limits,
                    panel: &mut panel,
                    hits: &mut hits,
                });
                for hit in hits.drain(..) {
                    let query = usize::from(hit.query);
                    let row = rows[usize::from(hit.point)];
                    if let Some(limit) = self.candidates[query].add(hit.score, row) {
                        self.limits[query] = limit;
                    }
                }
            }
        }
        self.candidates.into_iter().map(Candidates::nearest).collect()
    }

    /// All cells, nearest first, with a lower bound on the distance to their points.
    fn cells_by_distance(&self) -> Vec<(f32, usize)> {
        let cells = &self.index.cells;
        let mut gap = Gap::new(self.queries.dimensions());
        let mut order: Vec<(f32, f32, usize)> = (0..cells.len())
            .map(|cell| {
                let other = cells.bounds(cell);
                let between_centres = Euclidean::squared(self.bounds.centre(), other.centre());
                (self.bounds.gap(other, &mut gap), between_centres, cell)
            })
            .collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        order.into_iter().map(|(gap, _, cell)| (gap, cell)).collect()
    }
}
