//! Points arranged for matrix products with many centres, and these products.
//!
//! |x − c|² = |x|² + |c|² − 2 x·c takes one multiply-add per dimension, but it cancels if points lie far
//! from the origin: the rounding errors are as large as the squared lengths. So the mean of all
//! points is subtracted first, in f64, and all are divided by the largest coordinate, so that
//! nothing overflows or underflows at any scale of the embeddings.

use rayon::prelude::*;

use super::super::knn::Points;
use super::super::watch::Watch;
use super::products::{CHUNK, Centres, Measure, Nearest, PANEL, ROWS, Sum, squared_length};
use crate::runtime::Simd;

/// Points `[N, D]`, centred, scaled and arranged in panels.
pub struct Blocks<'a> {
    /// The original points.
    points: Points<'a>,
    /// Mean of the points `[D]`.
    mean: Vec<f64>,
    scale: f64,
    /// Dimension-major `[⌈N / PANEL⌉, D, PANEL]`; the last is zero-padded.
    panels: Vec<f32>,
    /// Squared lengths of the points `[⌈N / PANEL⌉ · PANEL]`.
    norms: Vec<f32>,
}

impl<'a> Blocks<'a> {
    /// Centres, scales and arranges the points.
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

    /// Writes one panel and its norms; `row` is a buffer for a point.
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

    /// The divisor of the centred points.
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

    /// The nearest centre of each point, ties by index; with `except`, one centre per point, the nearest
    /// of all others.
    ///
    /// # Shapes
    /// except `[N]`; labels `[N]`; distances, squared, `[N]`, infinite if there is no other
    ///
    /// If `watch` is stopped, both are incomplete.
    pub fn nearest(
        &self,
        centres: &Centres,
        except: Option<&[u32]>,
        (labels, distances): (&mut [u32], &mut [f32]),
        watch: &Watch,
    ) {
        let (points, rows) = (CHUNK * PANEL * self.dimensions(), CHUNK * PANEL);
        let panels = self.panels.par_chunks(points).zip(self.norms.par_chunks(rows));
        let found = labels.par_chunks_mut(rows).zip(distances.par_chunks_mut(rows));
        panels.zip(found).enumerate().for_each(
            |(chunk, ((panels, norms), (labels, distances)))| {
                if watch.is_stopped() {
                    return;
                }
                let (mut best, mut index) = ([f32::INFINITY; ROWS], [0_u32; ROWS]);
                let except = except.map(|except| {
                    let mut padded = [0; ROWS];
                    padded[..labels.len()].copy_from_slice(&except[chunk * ROWS..][..labels.len()]);
                    padded
                });
                Simd::detect().run_wide(Nearest {
                    panels,
                    centres,
                    except: except.as_ref(),
                    best: &mut best,
                    index: &mut index,
                });
                labels.copy_from_slice(&index[..labels.len()]);
                for ((distance, best), norm) in distances.iter_mut().zip(best).zip(norms) {
                    *distance = (norm + best).max(0.0);
                }
            },
        );
    }

    /// Sum of squared distances of all points to their centres `[K, D]`, computed from differences to
    /// avoid cancellation.
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
    /// distances `[⌈N / PANEL⌉ / CHUNK, K, CHUNK · PANEL]`
    pub fn distances(&self, centres: &Centres, distances: &mut Vec<f32>) {
        let (points, rows) = (CHUNK * PANEL * self.dimensions(), CHUNK * PANEL);
        let size = rows * centres.padded();
        distances.resize(self.norms.len().div_ceil(rows) * size, 0.0);
        let panels = self.panels.par_chunks(points).zip(self.norms.par_chunks(rows));
        panels.zip(distances.par_chunks_mut(size)).for_each(|((panels, norms), distances)| {
            Simd::detect().run_wide(Measure { panels, norms, centres, distances });
        });
    }
}
