//! Points laid out for products with many centres, and the products.
//!
//! |x − c|² = |x|² + |c|² − 2 x·c takes one multiply-add a dimension, but it cancels where points
//! lie far from the origin: what is rounded is as large as the squared lengths. So the mean of all
//! points is subtracted first, in f64, and all are divided by the largest coordinate, so that
//! nothing overflows or vanishes whatever the scale of the embeddings.

use rayon::prelude::*;

use super::super::knn::Points;
use super::super::watch::Watch;
use crate::runtime::{Kernel, Simd, multiply_add};

/// Points side by side: two registers of AVX2.
const PANEL: usize = 16;

/// Centres whose products are computed together: with two registers each, all accumulators fit.
pub const TILE: usize = 6;

/// Panels that a thread takes at once.
const CHUNK: usize = 16;

/// Numbers of the centres that are gone through before the next panel: they fit the second cache.
const CACHED: usize = 24 << 10;

/// Points `[N, D]`, centred, scaled, and laid out in panels.
pub struct Blocks<'a> {
    /// As they came.
    points: Points<'a>,
    /// Mean of the points `[D]`.
    mean: Vec<f64>,
    scale: f64,
    /// Dimension-major `[⌈N / PANEL⌉, D, PANEL]`; zeros fill the last.
    panels: Vec<f32>,
    /// Squared lengths of the points `[⌈N / PANEL⌉ · PANEL]`.
    norms: Vec<f32>,
}

impl<'a> Blocks<'a> {
    /// Lays the points out.
    pub fn new(points: Points<'a>) -> Blocks<'a> {
        let (count, dimensions) = (points.len(), points.dimensions());
        let all: Vec<u32> = (0..count as u32).collect();
        let mut mean = vec![0.0; dimensions];
        Simd::detect().run(Sum { points, rows: &all, sum: &mut mean });
        mean.iter_mut().for_each(|value| *value /= count as f64);
        let largest = |row: u32| {
            let values = points.row(row).iter().zip(&mean);
            values.fold(0.0_f64, |most, (&value, mean)| most.max((f64::from(value) - mean).abs()))
        };
        let scale = all.par_iter().map(|&row| largest(row)).reduce(|| 0.0, f64::max);
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let mut blocks = Blocks {
            points,
            mean,
            scale,
            panels: vec![0.0; count.div_ceil(PANEL) * PANEL * dimensions],
            norms: vec![0.0; count.div_ceil(PANEL) * PANEL],
        };
        let mut panels = std::mem::take(&mut blocks.panels);
        let mut norms = std::mem::take(&mut blocks.norms);
        let filled = panels.par_chunks_mut(PANEL * dimensions).zip(norms.par_chunks_mut(PANEL));
        filled.enumerate().for_each_init(
            || vec![0.0; dimensions],
            |row, (number, (panel, norms))| blocks.fill(number, panel, norms, row),
        );
        Blocks { panels, norms, ..blocks }
    }

    /// Writes one panel and its norms; `row` is memory for a point.
    fn fill(&self, number: usize, panel: &mut [f32], norms: &mut [f32], row: &mut [f32]) {
        let first = number * PANEL;
        for lane in 0..PANEL.min(self.len() - first) {
            self.write_point(first + lane, row);
            for (line, value) in panel.chunks_exact_mut(PANEL).zip(&*row) {
                line[lane] = *value;
            }
            norms[lane] = squared_length(row);
        }
    }

    /// Number of points N.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// D.
    pub fn dimensions(&self) -> usize {
        self.mean.len()
    }

    /// By what the centred points were divided.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Mean over the dimensions of the variance of the points, centred and scaled.
    pub fn variance(&self) -> f64 {
        let sum: f64 = self.norms.iter().map(|&norm| f64::from(norm)).sum();
        sum / (self.len() * self.dimensions()) as f64
    }

    /// Writes a point, centred and scaled `[D]`.
    pub fn write_point(&self, row: usize, point: &mut [f32]) {
        let values = self.points.row(row as u32);
        for ((out, &value), mean) in point.iter_mut().zip(values).zip(&self.mean) {
            *out = ((f64::from(value) - mean) / self.scale) as f32;
        }
    }

    /// Writes the mean of these points, centred and scaled `[D]`.
    ///
    /// # Panics
    /// Without a row: a bug.
    pub fn write_mean(&self, rows: &[u32], mean: &mut [f32]) {
        assert!(!rows.is_empty(), "points to average");
        let mut sum = vec![0.0; mean.len()];
        Simd::detect().run(Sum { points: self.points, rows, sum: &mut sum });
        let count = rows.len() as f64;
        for ((out, sum), centre) in mean.iter_mut().zip(sum).zip(&self.mean) {
            *out = ((sum / count - centre) / self.scale) as f32;
        }
    }

    /// The nearest of some centres for each point, of equally near ones the first.
    ///
    /// # Shapes
    /// labels `[N]`; distances, squared, `[N]`
    ///
    /// Where `watch` is stopped, both are left half done.
    pub fn assign(
        &self,
        centres: &Centres,
        labels: &mut [u32],
        distances: &mut [f32],
        watch: &Watch,
    ) {
        let (points, rows) = (CHUNK * PANEL * self.dimensions(), CHUNK * PANEL);
        let panels = self.panels.par_chunks(points).zip(self.norms.par_chunks(rows));
        let found = labels.par_chunks_mut(rows).zip(distances.par_chunks_mut(rows));
        panels.zip(found).for_each(|((panels, norms), (labels, distances))| {
            if watch.is_stopped() {
                return;
            }
            let (mut best, mut index) = ([f32::INFINITY; CHUNK * PANEL], [0_u32; CHUNK * PANEL]);
            Simd::detect().run(Nearest { panels, centres, best: &mut best, index: &mut index });
            labels.copy_from_slice(&index[..labels.len()]);
            for ((distance, best), norm) in distances.iter_mut().zip(best).zip(norms) {
                *distance = (norm + best).max(0.0);
            }
        });
    }

    /// Sum of the squared distances of all points to their centres `[K, D]`, each by its
    /// differences: no product that cancels.
    pub fn inertia(&self, centres: &[f32], labels: &[u32]) -> f64 {
        let dimensions = self.dimensions();
        let of_chunk = |(chunk, labels): (usize, &[u32])| {
            let mut point = vec![0.0; dimensions];
            let mut sum = 0.0;
            for (row, &label) in (chunk * ROWS..).zip(labels) {
                self.write_point(row, &mut point);
                let centre = &centres[label as usize * dimensions..][..dimensions];
                let gaps = point.iter().zip(centre).map(|(a, b)| f64::from(a - b).powi(2));
                sum += gaps.sum::<f64>();
            }
            sum
        };
        let sums: Vec<f64> = labels.par_chunks(ROWS).enumerate().map(of_chunk).collect();
        sums.iter().sum()
    }

    /// Squared distances of every centre to every point.
    ///
    /// # Shapes
    /// distances `[⌈N / PANEL⌉ / CHUNK, K, CHUNK · PANEL]`: see [`Distances`]
    pub fn distances(&self, centres: &Centres, distances: &mut Vec<f32>) {
        let (points, rows) = (CHUNK * PANEL * self.dimensions(), CHUNK * PANEL);
        let size = rows * centres.padded();
        distances.resize(self.norms.len().div_ceil(rows) * size, 0.0);
        let panels = self.panels.par_chunks(points).zip(self.norms.par_chunks(rows));
        panels.zip(distances.par_chunks_mut(size)).for_each(|((panels, norms), distances)| {
            Simd::detect().run(Measure { panels, norms, centres, distances });
        });
    }
}

/// Points of a chunk, of which [`Blocks::distances`] writes one after the other.
pub const ROWS: usize = CHUNK * PANEL;

/// Centres laid out for products.
pub struct Centres {
    /// −2 c, dimension-major `[⌈K / TILE⌉, D, TILE]`; zeros fill the last.
    tiles: Vec<f32>,
    /// Squared lengths `[⌈K / TILE⌉ · TILE]`; infinite for what fills the last tile.
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

fn squared_length(point: &[f32]) -> f32 {
    point.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>() as f32
}

/// Adds some points up, in f64 and in their order.
struct Sum<'a> {
    points: Points<'a>,
    rows: &'a [u32],
    /// `[D]`
    sum: &'a mut [f64],
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

/// One number a point of a panel.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Lanes([f32; PANEL]);

/// |c|² − 2 x·c of every point of a panel and every centre of a tile.
///
/// The sums are kept in registers and written out at the end.
#[inline(always)]
fn scores<const FMA: bool>(
    panel: &[[f32; PANEL]],
    tile: &[[f32; TILE]],
    norms: &[f32; TILE],
) -> [Lanes; TILE] {
    let mut sums = norms.map(|norm| [Half([norm; 8]); 2]);
    for (points, centres) in panel.iter().zip(tile) {
        let points = halves(points);
        for centre in 0..TILE {
            let factor = Half([centres[centre]; 8]);
            for half in 0..2 {
                sums[centre][half] = add_product::<FMA>(sums[centre][half], factor, points[half]);
            }
        }
    }
    let mut scores = [Lanes([0.0; PANEL]); TILE];
    for centre in 0..TILE {
        for half in 0..2 {
            scores[centre].0[half * 8..][..8].copy_from_slice(&sums[centre][half].0);
        }
    }
    scores
}

/// Eight numbers: one register of AVX2.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Half([f32; 8]);

#[inline(always)]
fn halves(line: &[f32; PANEL]) -> [Half; 2] {
    let mut halves = [Half([0.0; 8]); 2];
    for half in 0..2 {
        halves[half].0.copy_from_slice(&line[half * 8..][..8]);
    }
    halves
}

#[inline(always)]
fn add_product<const FMA: bool>(sum: Half, a: Half, b: Half) -> Half {
    let mut result = sum;
    for lane in 0..8 {
        result.0[lane] = multiply_add::<FMA>(a.0[lane], b.0[lane], sum.0[lane]);
    }
    result
}

/// The nearest centre of each point of some panels.
struct Nearest<'a> {
    panels: &'a [f32],
    centres: &'a Centres,
    /// The lowest score so far.
    best: &'a mut [f32; ROWS],
    /// Whose it is.
    index: &'a mut [u32; ROWS],
}

impl Kernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Centres { tiles, norms, dimensions } = self.centres;
        let (tiles, norms) = (tiles.as_chunks::<TILE>().0, norms.as_chunks::<TILE>().0);
        let panels = self.panels.as_chunks::<PANEL>().0.chunks_exact(*dimensions);
        let (best, index) =
            (self.best.as_chunks_mut::<PANEL>().0, self.index.as_chunks_mut::<PANEL>().0);
        let block = self.centres.block();
        let blocks = tiles.chunks(block * dimensions).zip(norms.chunks(block));
        for (number, (tiles, norms)) in blocks.enumerate() {
            for (panel, (best, index)) in panels.clone().zip(best.iter_mut().zip(&mut *index)) {
                let tiles = tiles.chunks_exact(*dimensions).zip(norms);
                for (tile, (values, norms)) in tiles.enumerate() {
                    let first = (number * block + tile) * TILE;
                    let scores = scores::<FMA>(panel, values, norms);
                    keep_lowest(&scores, first as u32, best, index);
                }
            }
        }
    }
}

#[inline(always)]
fn keep_lowest(
    scores: &[Lanes; TILE],
    first: u32,
    best: &mut [f32; PANEL],
    index: &mut [u32; PANEL],
) {
    for centre in 0..TILE {
        for lane in 0..PANEL {
            let lower = scores[centre].0[lane] < best[lane];
            best[lane] = if lower { scores[centre].0[lane] } else { best[lane] };
            index[lane] = if lower { first + centre as u32 } else { index[lane] };
        }
    }
}

/// Squared distances of all centres to the points of some panels.
struct Measure<'a> {
    panels: &'a [f32],
    norms: &'a [f32],
    centres: &'a Centres,
    /// `[K, ROWS]`
    distances: &'a mut [f32],
}

impl Kernel for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Centres { tiles, norms, dimensions } = self.centres;
        let (tiles, norms) = (tiles.as_chunks::<TILE>().0, norms.as_chunks::<TILE>().0);
        let panels = self.panels.as_chunks::<PANEL>().0.chunks_exact(*dimensions);
        let panels = panels.zip(self.norms.as_chunks::<PANEL>().0);
        let block = self.centres.block();
        let blocks = tiles.chunks(block * dimensions).zip(norms.chunks(block));
        for (number, (tiles, norms)) in blocks.enumerate() {
            for (place, (panel, lengths)) in panels.clone().enumerate() {
                let tiles = tiles.chunks_exact(*dimensions).zip(norms);
                for (tile, (values, norms)) in tiles.enumerate() {
                    let first = (number * block + tile) * TILE;
                    let scores = scores::<FMA>(panel, values, norms);
                    for centre in 0..TILE {
                        let start = (first + centre) * ROWS + place * PANEL;
                        let out = &mut self.distances[start..][..PANEL];
                        for lane in 0..PANEL {
                            out[lane] = (lengths[lane] + scores[centre].0[lane]).max(0.0);
                        }
                    }
                }
            }
        }
    }
}
