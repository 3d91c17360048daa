//! Matrix products of points with centres: the nearest centre of each point, or all distances.

use rayon::prelude::*;

use super::super::knn::Points;
use crate::runtime::{Kernel, Sixteen, WideKernel};

/// Points per panel.
pub const PANEL: usize = 16;

/// Centres whose products are computed together: with two registers of AVX2 each, all accumulators fit.
pub const TILE: usize = 6;

/// Panels per parallel task.
pub const CHUNK: usize = 16;

/// Points per chunk.
pub const ROWS: usize = CHUNK * PANEL;

/// Values of the centres that are processed before the next panel: they fit the L2 cache.
const CACHED: usize = 24 << 10;

/// Centres arranged for products.
pub struct Centres {
    /// −2 c, dimension-major `[⌈K / TILE⌉, D, TILE]`; the last is zero-padded.
    tiles: Vec<f32>,
    /// Squared lengths `[⌈K / TILE⌉ · TILE]`; infinite for padding.
    norms: Vec<f32>,
    dimensions: usize,
}

impl Centres {
    /// # Shapes
    /// centres `[K, D]`, row by row
    pub fn new(centres: &[f32], dimensions: usize) -> Centres {
        let count = centres.len() / dimensions;
        let mut tiles = vec![0.0; count.div_ceil(TILE) * TILE * dimensions];
        let mut norms = vec![f32::INFINITY; count.div_ceil(TILE) * TILE];
        let groups = centres.par_chunks(TILE * dimensions);
        let filled = tiles.par_chunks_mut(TILE * dimensions).zip(norms.par_chunks_mut(TILE));
        filled.zip(groups).for_each(|((tile, norms), group)| {
            for (lane, centre) in group.chunks_exact(dimensions).enumerate() {
                for (line, value) in tile.chunks_exact_mut(TILE).zip(centre) {
                    line[lane] = -2.0 * value;
                }
                norms[lane] = squared_length(centre);
            }
        });
        Centres { tiles, norms, dimensions }
    }

    /// Number of centres with those that fill the last tile.
    pub fn padded(&self) -> usize {
        self.norms.len()
    }

    /// Tiles that fit the cache together.
    fn block(&self) -> usize {
        (CACHED / (TILE * self.dimensions)).max(1)
    }
}

/// |x|², summed in f64.
pub fn squared_length(point: &[f32]) -> f32 {
    point.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>() as f32
}

/// Sums points in f64, in order.
pub struct Sum<'a> {
    pub points: Points<'a>,
    pub rows: &'a [u32],
    /// `[D]`
    pub sum: &'a mut [f64],
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for &row in self.rows {
            for (sum, &value) in self.sum.iter_mut().zip(self.points.row(row)) {
                *sum += f64::from(value);
            }
        }
    }
}

/// |c|² − 2 x·c of every point of a panel and every centre of a tile.
///
/// The sums stay in registers until the end.
#[inline(always)]
fn scores<L: Sixteen>(
    panel: &[[f32; PANEL]],
    tile: &[[f32; TILE]],
    norms: &[f32; TILE],
) -> [[f32; PANEL]; TILE] {
    let mut sums = norms.map(L::splat);
    for (points, centres) in panel.iter().zip(tile) {
        let points = L::load(points);
        for (sum, &factor) in sums.iter_mut().zip(centres) {
            *sum = sum.plus_product(L::splat(factor), points);
        }
    }
    let mut scores = [[0.0; PANEL]; TILE];
    for (scores, sum) in scores.iter_mut().zip(sums) {
        sum.store(scores);
    }
    scores
}

/// The nearest centre of each point of some panels.
pub struct Nearest<'a> {
    pub panels: &'a [f32],
    pub centres: &'a Centres,
    /// A centre to skip for each point.
    pub except: Option<&'a [u32; ROWS]>,
    /// The lowest score so far.
    pub best: &'a mut [f32; ROWS],
    /// Index of its centre.
    pub index: &'a mut [u32; ROWS],
}

impl WideKernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Sixteen>(self) {
        let Centres { tiles, norms, dimensions } = self.centres;
        let (tiles, norms) = (tiles.as_chunks::<TILE>().0, norms.as_chunks::<TILE>().0);
        let panels = self.panels.as_chunks::<PANEL>().0.chunks_exact(*dimensions);
        let (best, index) =
            (self.best.as_chunks_mut::<PANEL>().0, self.index.as_chunks_mut::<PANEL>().0);
        let except = self.except.map(|except| except.as_chunks::<PANEL>().0);
        let block = self.centres.block();
        let blocks = tiles.chunks(block * dimensions).zip(norms.chunks(block));
        for (number, (tiles, norms)) in blocks.enumerate() {
            let found = best.iter_mut().zip(&mut *index);
            for (panel_index, (panel, (best, index))) in panels.clone().zip(found).enumerate() {
                let tiles = tiles.chunks_exact(*dimensions).zip(norms);
                for (tile, (values, norms)) in tiles.enumerate() {
                    let first = (number * block + tile) * TILE;
                    let mut scores = scores::<L>(panel, values, norms);
                    if let Some(except) = except {
                        leave_out(&mut scores, first as u32, &except[panel_index]);
                    }
                    keep_lowest(&scores, first as u32, best, index);
                }
            }
        }
    }
}

#[inline(always)]
fn leave_out(scores: &mut [[f32; PANEL]; TILE], first: u32, except: &[u32; PANEL]) {
    for (centre, scores) in (first..).zip(scores) {
        for lane in 0..PANEL {
            scores[lane] = if except[lane] == centre { f32::INFINITY } else { scores[lane] };
        }
    }
}

#[inline(always)]
fn keep_lowest(
    scores: &[[f32; PANEL]; TILE],
    first: u32,
    best: &mut [f32; PANEL],
    index: &mut [u32; PANEL],
) {
    for (centre, scores) in (first..).zip(scores) {
        for lane in 0..PANEL {
            let lower = scores[lane] < best[lane];
            best[lane] = if lower { scores[lane] } else { best[lane] };
            index[lane] = if lower { centre } else { index[lane] };
        }
    }
}

/// Squared distances of all centres to the points of some panels.
pub struct Measure<'a> {
    pub panels: &'a [f32],
    pub norms: &'a [f32],
    pub centres: &'a Centres,
    /// `[K, ROWS]`
    pub distances: &'a mut [f32],
}

impl WideKernel for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Sixteen>(self) {
        let Centres { tiles, norms, dimensions } = self.centres;
        let (tiles, norms) = (tiles.as_chunks::<TILE>().0, norms.as_chunks::<TILE>().0);
        let panels = self.panels.as_chunks::<PANEL>().0.chunks_exact(*dimensions);
        let panels = panels.zip(self.norms.as_chunks::<PANEL>().0);
        let block = self.centres.block();
        let blocks = tiles.chunks(block * dimensions).zip(norms.chunks(block));
        for (number, (tiles, norms)) in blocks.enumerate() {
            for (panel_index, (panel, lengths)) in panels.clone().enumerate() {
                let tiles = tiles.chunks_exact(*dimensions).zip(norms);
                for (tile, (values, norms)) in tiles.enumerate() {
                    let first = (number * block + tile) * TILE;
                    let scores = scores::<L>(panel, values, norms);
                    for (centre, scores) in (first..).zip(&scores) {
                        let out =
                            &mut self.distances[centre * ROWS + panel_index * PANEL..][..PANEL];
                        for lane in 0..PANEL {
                            out[lane] = (lengths[lane] + scores[lane]).max(0.0);
                        }
                    }
                }
            }
        }
    }
}
