//! Search in blocks: every query against every point, except where a whole block is too far.
//!
//! References and queries are sorted into [`Cells`] of neighbours. The queries of one cell visit
//! the cells of the references together, the nearest first, until the next lies farther off, by
//! the boxes around them, than the k-th neighbour of every query. In a few dimensions few cells are
//! visited, in many nearly all. Within a cell a product of matrices tells which points may be
//! near enough ([`Filter`]); these are measured exactly, so neither the order of visits nor how a
//! product is rounded shows in the result.
//!
//! Beside the index, which is as large as the references, a thread holds one group of queries.

use std::sync::Mutex;

use rayon::prelude::*;

use super::super::watch::{Share, Watch};
use super::cells::{Bounds, Cells, Gap};
use super::distinct::Distinct;
use super::euclidean::Euclidean;
use super::filter::{self, Filter, Hit, PANEL, TILE};
use super::points::Points;
use crate::runtime::Simd;

/// Points in a cell: half as many were slower, in 2-D as in 512-D.
const POINTS: usize = 8 * PANEL;

/// Queries in a group: enough to share the moving of the points to their centre.
const QUERIES: usize = 16 * TILE;

/// Dimensions from which on four exact distances are computed at once.
const LONG: usize = 32;

/// Squared distances and rows of the `k` nearest references of each query, in order; nothing of
/// some queries where `watch` is stopped.
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
    let share = Share::begin(watch, "neighbours", groups.len());
    (0..groups.len()).into_par_iter().for_each(|group| {
        if watch.is_stopped() {
            return;
        }
        let nearest =
            Group::new(&index, queries, groups.rows(group), groups.around(group), k).search();
        let of_group: Vec<Vec<(f32, u32)>> =
            nearest.into_iter().map(|nearest| distinct.references(&nearest.sorted(), k)).collect();
        let mut found = found.lock().expect("no other thread panics");
        for (&row, references) in groups.rows(group).iter().zip(of_group) {
            found[row as usize] = references;
        }
        share.add();
    });
    found.into_inner().expect("no thread panicked")
}

/// The points as they are searched.
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

/// Queries that are searched for together.
struct Group<'a> {
    index: &'a Index<'a>,
    queries: Points<'a>,
    rows: &'a [u32],
    around: &'a Bounds,
    /// −2 (q − centre), dimension-major `[tiles, D, TILE]`.
    turned: Vec<f32>,
    /// [`filter::norm`] of each query `[Q]`.
    norms: Vec<f32>,
    /// [`Filter::limits`] `[tiles · TILE]`.
    limits: Vec<f32>,
    nearest: Vec<Nearest>,
}

impl<'a> Group<'a> {
    fn new(
        index: &'a Index<'a>,
        queries: Points<'a>,
        rows: &'a [u32],
        around: &'a Bounds,
        k: usize,
    ) -> Group<'a> {
        let centre = around.centre();
        let mut turned = queries.bundled::<TILE>(rows);
        for bundle in turned.chunks_exact_mut(centre.len() * TILE) {
            for (line, centre) in bundle.chunks_exact_mut(TILE).zip(centre) {
                line.iter_mut().for_each(|value| *value = -2.0 * (*value - centre));
            }
        }
        let moved = |row| queries.row(row).iter().zip(centre).map(|(value, centre)| value - centre);
        let norms = rows.iter().map(|&row| filter::norm(moved(row))).collect();
        let mut limits = vec![f32::NEG_INFINITY; rows.len().next_multiple_of(TILE)];
        limits[..rows.len()].fill(f32::INFINITY);
        let most = k.min(index.cells.len() * POINTS);
        let nearest = rows.iter().map(|_| Nearest::new(most)).collect();
        Group { index, queries, rows, around, turned, norms, limits, nearest }
    }

    fn search(mut self) -> Vec<Nearest> {
        let dimensions = self.queries.dimensions();
        let simd = Simd::detect();
        let mut panel = vec![[0.0; PANEL]; dimensions];
        let mut hits = Vec::new();
        for (gap, cell) in self.itinerary() {
            if self.nearest.iter().all(|nearest| nearest.worst() < gap) {
                break;
            }
            let panels = self.index.points[cell].chunks_exact(dimensions * PANEL);
            for (points, rows) in panels.zip(self.index.cells.rows(cell).chunks(PANEL)) {
                simd.run(Filter {
                    points,
                    count: rows.len(),
                    centre: self.around.centre(),
                    queries: &self.turned,
                    limits: &self.limits,
                    panel: &mut panel,
                    hits: &mut hits,
                });
                if !hits.is_empty() {
                    self.measure(rows, &hits);
                    hits.clear();
                }
            }
        }
        self.nearest
    }

    /// All cells, nearest first, with a distance that no point of theirs falls below.
    fn itinerary(&self) -> Vec<(f32, usize)> {
        let cells = &self.index.cells;
        let mut gap = Gap::new(self.queries.dimensions());
        let mut order: Vec<(f32, f32, usize)> = (0..cells.len())
            .map(|cell| {
                let other = cells.around(cell);
                let apart = Euclidean::squared(self.around.centre(), other.centre());
                (self.around.gap(other, &mut gap), apart, cell)
            })
            .collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        order.into_iter().map(|(gap, _, cell)| (gap, cell)).collect()
    }

    /// Offers what passed the filter by its true distance, and tightens the limits.
    fn measure(&mut self, rows: &[u32], hits: &[Hit]) {
        let dimensions = self.queries.dimensions();
        let pair = |&(query, place): &Hit| {
            let query = self.queries.row(self.rows[query as usize]);
            (query, self.index.references.row(rows[place as usize]))
        };
        let (fours, rest) = if dimensions < LONG { (&[][..], hits) } else { hits.as_chunks::<4>() };
        for four in fours {
            let squared = Euclidean::squared_of_four(four.each_ref().map(pair));
            for (&(query, place), squared) in four.iter().zip(squared) {
                self.nearest[query as usize].offer(squared, rows[place as usize]);
            }
        }
        for hit @ &(query, place) in rest {
            let (query_row, point) = pair(hit);
            let squared = Euclidean::squared(query_row, point);
            self.nearest[query as usize].offer(squared, rows[place as usize]);
        }
        let queries = self.nearest.iter().zip(&self.norms);
        for (limit, (nearest, &norm)) in self.limits.iter_mut().zip(queries) {
            *limit = filter::limit(nearest.worst(), norm, dimensions);
        }
    }
}

/// The nearest points of one query so far.
struct Nearest {
    k: usize,
    /// Squared distance and row as one number, which orders them by distance and then by row: the
    /// bits of a float that is not negative grow with it.
    keys: Vec<u64>,
    /// Keys from this on are too far.
    end: u64,
}

impl Nearest {
    fn new(k: usize) -> Nearest {
        Nearest { k, keys: Vec::with_capacity(2 * k), end: key(f32::INFINITY, 0) }
    }

    fn offer(&mut self, squared: f32, row: u32) {
        let key = key(squared, row);
        if key < self.end {
            self.keys.push(key);
            if self.keys.len() == 2 * self.k {
                self.keep_nearest();
            }
        }
    }

    fn keep_nearest(&mut self) {
        if self.keys.len() >= self.k {
            let (_, &mut last, _) = self.keys.select_nth_unstable(self.k - 1);
            self.end = last;
            self.keys.truncate(self.k);
        }
    }

    /// Squared distance beyond which nothing is taken.
    fn worst(&self) -> f32 {
        f32::from_bits((self.end >> 32) as u32)
    }

    fn sorted(mut self) -> Vec<(f32, u32)> {
        self.keep_nearest();
        self.keys.sort_unstable();
        self.keys.into_iter().map(|key| (f32::from_bits((key >> 32) as u32), key as u32)).collect()
    }
}

fn key(squared: f32, row: u32) -> u64 {
    u64::from(squared.to_bits()) << 32 | u64::from(row)
}
