//! Which points of a panel may be near enough to a query: a matrix product with a bound on its rounding
//! error, so that no neighbour is missed.
//!
//! |q − p|² = |q|² + |p|² − 2 q·p takes one multiply-add per dimension where the distance itself takes
//! two operations, but it cancels: the rounding errors are as large as the norms. So queries and points
//! are first translated to a centre near the queries, and a point passes if its *score*
//! (1 − η) |p|² − 2 q·p is at most a *limit* that allows for all rounding. Points that pass and remain
//! candidates to the end are measured again by
//! [`Euclidean::squared`](super::euclidean::Euclidean::squared).
//!
//! **The bound.** Let u = 2⁻²⁴, γ = (D + 3) u / (1 − (D + 3) u), q and p the translated and rounded
//! vectors, and let a point's distance as `Euclidean` rounds it be at most T. Then (Higham,
//! *Accuracy and Stability of Numerical Algorithms*, 2nd edition, §3.1; in any order of the sums,
//! with or without fused multiply-adds)
//!
//! - its true squared distance is at most T (1 + γ),
//! - translating changes it by at most 2.1 u (|q| + |p|)² ≤ 4.2 u (|q|² + |p|²),
//! - the score is rounded by at most γ (2 |p|² + 2 |q| |p|), the query's norm by γ |q|², in all by
//!   less than 3 γ (|q|² + |p|²).
//!
//! With η = 4 (D + 8) u, which is more than 4.2 u + 3 γ for D below a million, the point's score is
//! at most T (1 + 2 (D + 8) u) − (1 − η) |q|². Products too small for f32 lose less than 2⁻¹⁴⁹ each,
//! all of them less than the 2⁻¹²⁶ that is added.
//!
//! Conversely, the same errors bound the distance of a point with a given score s. With
//! X = s + (1 + η) |q|² + 2η |p|², both the true squared distance and that of the translated points are at
//! most X. So |p|² ≤ 2 |q|² + 2X, and X ≤ (s + (1 + 5η) |q|²) / (1 − 4η). As `Euclidean` rounds it, the
//! distance is at most (1 + γ) X, and γ is below η / 4.
//!
//! Nothing overflows, as the caller has refused values whose squared distance comes near to it.

use crate::runtime::{Sixteen, WideKernel};

/// Queries whose scores are computed together, one register each.
pub(super) const TILE: usize = 6;

/// Points whose scores are computed together.
pub(super) const PANEL: usize = 16;

/// A query and a point that may be near enough to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    /// Which query of the group.
    pub query: u16,
    /// Which point of the panel.
    pub point: u16,
    /// Their score.
    pub score: f32,
}

/// Compares a group of queries with a panel of points.
pub(super) struct Filter<'a> {
    /// The points, dimension-major `[D, PANEL]`.
    pub points: &'a [f32],
    /// Number of points; the rest is padding.
    pub count: usize,
    /// Subtracted from every point `[D]`.
    pub centre: &'a [f32],
    /// −2 (q − centre) of every query, dimension-major `[tiles, D, TILE]`.
    pub queries: &'a [f32],
    /// [`limit`] of every query, −∞ for padding `[tiles · TILE]`.
    pub limits: &'a [f32],
    /// Buffer for the translated points `[D, PANEL]`.
    pub panel: &'a mut [[f32; PANEL]],
    /// Receives the pairs that pass.
    pub hits: &'a mut Vec<Hit>,
}

/// η for this number of dimensions.
fn rounding(dimensions: usize) -> f32 {
    (2 * dimensions + 16) as f32 * f32::EPSILON
}

/// 1 − η for this number of dimensions.
fn shrink(dimensions: usize) -> f32 {
    1.0 - rounding(dimensions)
}

/// (1 − η) |q|² of a translated query.
pub(super) fn norm(query: impl ExactSizeIterator<Item = f32>) -> f32 {
    let shrink = shrink(query.len());
    shrink * query.map(|value| value * value).sum::<f32>()
}

/// The highest score of a point within the squared distance `worst` of a query with that
/// [`norm`].
pub(super) fn limit(worst: f32, norm: f32, dimensions: usize) -> f32 {
    let widen = 1.0 + (dimensions + 8) as f32 * f32::EPSILON;
    (worst * widen + f32::MIN_POSITIVE) - norm
}

/// Upper bound on the squared distance between a point with that score and a query with that [`norm`],
/// as [`Euclidean::squared`](super::euclidean::Euclidean::squared) rounds it.
pub(super) fn farthest(score: f32, norm: f32, dimensions: usize) -> f32 {
    let rounding = rounding(dimensions);
    // From 400,000 dimensions on, the bound is too loose to be useful.
    if rounding > 0.1 {
        return f32::INFINITY;
    }
    // |q|² is below norm / (1 − 1.3η). As η is at most 0.1, the slack in 12 and 6 covers the
    // rounding here.
    let sum = score + norm * (1.0 + 12.0 * rounding);
    sum.max(0.0) * (1.0 + rounding) / (1.0 - 6.0 * rounding) + f32::MIN_POSITIVE
}

impl WideKernel for Filter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Sixteen>(self) {
        let dimensions = self.centre.len();
        let shrink = shrink(dimensions);
        let valid = u16::MAX >> (PANEL - self.count);
        let points = self.points.as_chunks::<PANEL>().0;
        let norms = centred::<L>(points, self.centre, shrink, self.panel);
        let tiles = self.queries.as_chunks::<TILE>().0.chunks_exact(dimensions);
        let limits = self.limits.as_chunks::<TILE>().0;
        for (tile, (queries, limits)) in tiles.zip(limits).enumerate() {
            let scores = scores::<L>(&norms, self.panel, queries);
            let mut within = [0_u16; TILE];
            for query in 0..TILE {
                within[query] = scores[query].at_most(limits[query]) & valid;
            }
            if within.iter().fold(0, |any, within| any | within) != 0 {
                collect(&scores, within, tile * TILE, self.hits);
            }
        }
    }
}

/// Writes the translated points into `panel` and returns their squared norms times `shrink`.
#[inline(always)]
fn centred<L: Sixteen>(
    points: &[[f32; PANEL]],
    centre: &[f32],
    shrink: f32,
    panel: &mut [[f32; PANEL]],
) -> [f32; PANEL] {
    let mut sums = L::splat(0.0);
    for ((line, &centre), points) in panel.iter_mut().zip(centre).zip(points) {
        let mut centred = *points;
        for value in &mut centred {
            *value -= centre;
        }
        let values = L::load(&centred);
        sums = sums.plus_product(values, values);
        *line = centred;
    }
    let mut norms = [0.0; PANEL];
    sums.store(&mut norms);
    for norm in &mut norms {
        *norm *= shrink;
    }
    norms
}

/// norm − 2 q·p of each query and point.
#[inline(always)]
fn scores<L: Sixteen>(
    norms: &[f32; PANEL],
    panel: &[[f32; PANEL]],
    queries: &[[f32; TILE]],
) -> [L; TILE] {
    let mut sums = [L::load(norms); TILE];
    for (points, queries) in panel.iter().zip(queries) {
        let points = L::load(points);
        for (sum, &factor) in sums.iter_mut().zip(queries) {
            *sum = sum.plus_product(L::splat(factor), points);
        }
    }
    sums
}

/// Adds the pairs within the limit: one bit per point for each query. `first` is the index of the tile's
/// first query.
#[inline(always)]
fn collect<L: Sixteen>(scores: &[L; TILE], within: [u16; TILE], first: usize, hits: &mut Vec<Hit>) {
    for (query, (score, mut within)) in scores.iter().zip(within).enumerate() {
        if within == 0 {
            continue;
        }
        let mut line = [0.0; PANEL];
        score.store(&mut line);
        while within != 0 {
            let point = within.trailing_zeros() as u16;
            let score = line[usize::from(point)];
            hits.push(Hit { query: (first + query) as u16, point, score });
            within &= within - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::super::euclidean::Euclidean;
    use super::super::points::Points;
    use super::*;
    use crate::random::{Purpose, generator};
    use crate::runtime::Simd;

    /// The pairs that pass if each query has a given largest distance.
    fn passing(queries: &[f32], points: &[f32], centre: &[f32], worst: &[f32]) -> Vec<Vec<Hit>> {
        let dimensions = centre.len();
        let rows = |values: &[f32]| (0..(values.len() / dimensions) as u32).collect::<Vec<u32>>();
        let bundled = |values| Points::new(values, dimensions).bundled::<PANEL>(&rows(values));
        let translated: Vec<f32> = queries
            .iter()
            .zip(centre.iter().cycle())
            .map(|(query, centre)| query - centre)
            .collect();
        let scaled = Points::new(&translated, dimensions).bundled::<TILE>(&rows(queries));
        let limits: Vec<f32> = translated
            .chunks_exact(dimensions)
            .zip(worst)
            .map(|(query, &worst)| limit(worst, norm(query.iter().copied()), dimensions))
            .collect();
        let passing = Simd::all().into_iter().map(|simd| {
            let mut hits = Vec::new();
            simd.run_wide(Filter {
                points: &bundled(points),
                count: points.len() / dimensions,
                centre,
                queries: &scaled.iter().map(|value| -2.0 * value).collect::<Vec<f32>>(),
                limits: &limits,
                panel: &mut vec![[0.0; PANEL]; dimensions],
                hits: &mut hits,
            });
            hits
        });
        passing.collect()
    }

    #[test]
    fn a_point_at_the_largest_distance_passes_for_any_centre() {
        let mut random = generator(6, Purpose::Sample, 0);
        for case in 0..400 {
            let dimensions = random.random_range(1..40);
            let scale = 2_f32.powi(random.random_range(-70..40));
            let offset = [0.0, 30.0, 3000.0][case % 3];
            let mut vector = |rows: usize| -> Vec<f32> {
                let values = rows * dimensions;
                (0..values).map(|_| scale * (random.random::<f32>() + offset)).collect()
            };
            let (queries, points, centre) = (vector(TILE), vector(11), vector(1));
            let point = |index: usize| &points[index * dimensions..][..dimensions];
            for chosen in 0..11 {
                let worst: Vec<f32> = queries
                    .chunks_exact(dimensions)
                    .map(|query| Euclidean::squared(query, point(chosen)))
                    .collect();
                for hits in passing(&queries, &points, &centre, &worst) {
                    for query in 0..TILE as u16 {
                        let is_chosen =
                            |hit: &&Hit| (hit.query, hit.point) == (query, chosen as u16);
                        let Some(hit) = hits.iter().find(is_chosen) else {
                            panic!("case {case}: query {query} misses point {chosen}")
                        };
                        let query = usize::from(query);
                        let moved =
                            queries[query * dimensions..].iter().zip(&centre).map(|(q, c)| q - c);
                        let moved: Vec<f32> = moved.collect();
                        let far = farthest(hit.score, norm(moved.into_iter()), dimensions);
                        assert!(
                            far >= worst[query],
                            "case {case}: {far} is below {}",
                            worst[query]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_bound_from_a_score_is_close_to_the_distance() {
        // A loose bound would measure points in vain.
        let (query, point) = ([3.0_f32; 64], [5.0_f32; 64]);
        let norm = norm(query.into_iter());
        let score: f32 = query.iter().zip(point).map(|(q, p)| p * p - 2.0 * q * p).sum();
        let squared = Euclidean::squared(&query, &point);
        let far = farthest(score, norm, 64);
        assert!(far >= squared && far < 1.01 * squared, "{far}, {squared}");
        assert_eq!(farthest(1.0, 1.0, 1 << 20), f32::INFINITY);
    }

    #[test]
    fn far_points_and_padding_do_not_pass() {
        let queries: Vec<f32> = (0..TILE).map(|query| query as f32).collect();
        let points: Vec<f32> = (0..PANEL - 1).map(|point| 10.0 * point as f32).collect();
        let worst = [f32::INFINITY, 1.5, 4.5, 9.5, 15.0, 24.0];
        for hits in passing(&queries, &points, &[2.0], &worst) {
            let (all, few): (Vec<(u16, u16)>, Vec<_>) =
                hits.iter().map(|hit| (hit.query, hit.point)).partition(|hit| hit.0 == 0);
            assert_eq!(all.len(), PANEL - 1);
            assert_eq!(few, [(1, 0), (2, 0), (3, 0)]);
        }
    }
}
