//! Which points of a panel can be near enough to a query: a product of matrices, and a bound on
//! its rounding that leaves no neighbour out.
//!
//! |q − p|² = |q|² + |p|² − 2 q·p takes one multiply-add a dimension where the distance itself
//! takes two steps, but it cancels: what is rounded is as large as the norms. So queries and
//! points are moved first, to a centre near the queries, and a point passes where its *score*
//! (1 − η) |p|² − 2 q·p is at most a *limit* that makes up for all rounding. What passes is
//! measured again by [`Euclidean::squared`](super::euclidean::Euclidean::squared).
//!
//! **The bound.** Let u = 2⁻²⁴, γ = (D + 3) u / (1 − (D + 3) u), q and p the moved and rounded
//! vectors, and let a point's distance as `Euclidean` rounds it be at most T. Then (Higham,
//! *Accuracy and Stability of Numerical Algorithms*, 2nd edition, §3.1; in any order of the sums,
//! with or without fused multiply-adds)
//!
//! - its true squared distance is at most T (1 + γ),
//! - moving changes it by at most 2.1 u (|q| + |p|)² ≤ 4.2 u (|q|² + |p|²),
//! - the score is rounded by at most γ (2 |p|² + 2 |q| |p|), the query's norm by γ |q|², in all by
//!   less than 3 γ (|q|² + |p|²).
//!
//! With η = 4 (D + 8) u, which is more than 4.2 u + 3 γ for D below a million, the point's score is
//! at most T (1 + 2 (D + 8) u) − (1 − η) |q|². Products too small for f32 lose less than 2⁻¹⁴⁹ each,
//! all of them less than the 2⁻¹²⁶ that is added. Nothing overflows, as the caller has refused
//! values whose squared distance would come near to that.

use crate::runtime::{Kernel, multiply_add};

/// Queries whose scores are computed together, one register line each.
pub(super) const TILE: usize = 6;

/// Points whose scores are computed together: two registers of AVX2.
pub(super) const PANEL: usize = 16;

const LANES: usize = 8;

/// A query and a point, by their places in the group and in the panel.
pub(super) type Hit = (u16, u16);

/// What compares a group of queries with a panel of points.
pub(super) struct Filter<'a> {
    /// The points, dimension-major `[D, PANEL]`.
    pub points: &'a [f32],
    /// How many of them there are; what follows is padding.
    pub count: usize,
    /// What is subtracted from every point `[D]`.
    pub centre: &'a [f32],
    /// −2 (q − centre) of every query, dimension-major `[tiles, D, TILE]`.
    pub queries: &'a [f32],
    /// [`limit`] of every query, −∞ for padding `[tiles · TILE]`.
    pub limits: &'a [f32],
    /// Memory for the points as they are moved `[D, PANEL]`.
    pub panel: &'a mut [[f32; PANEL]],
    /// Takes what is found.
    pub hits: &'a mut Vec<Hit>,
}

/// 1 − η for points of that many dimensions.
fn shrink(dimensions: usize) -> f32 {
    1.0 - (2 * dimensions + 16) as f32 * f32::EPSILON
}

/// (1 − η) |q|² of a query that has been moved to the centre.
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

impl Kernel for Filter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let dimensions = self.centre.len();
        let shrink = shrink(dimensions);
        let mut scores = [[0.0; PANEL]; TILE];
        let points = self.points.as_chunks::<PANEL>().0;
        let norms = centred::<FMA>(points, self.centre, shrink, self.panel);
        let tiles = self.queries.as_chunks::<TILE>().0.chunks_exact(dimensions);
        let limits = self.limits.as_chunks::<TILE>().0;
        for (tile, (queries, limits)) in tiles.zip(limits).enumerate() {
            score::<FMA>(&norms, self.panel, queries, &mut scores);
            if any_within(&scores, limits) {
                collect(&scores, limits, tile * TILE, self.count, self.hits);
            }
        }
    }
}

/// Writes the points less the centre into `panel`, and returns their squared norms, made smaller.
#[inline(always)]
fn centred<const FMA: bool>(
    points: &[[f32; PANEL]],
    centre: &[f32],
    shrink: f32,
    panel: &mut [[f32; PANEL]],
) -> [f32; PANEL] {
    let mut norms = [0.0; PANEL];
    for ((line, &centre), points) in panel.iter_mut().zip(centre).zip(points) {
        let mut centred = *points;
        for value in &mut centred {
            *value -= centre;
        }
        for lane in 0..PANEL {
            norms[lane] = multiply_add::<FMA>(centred[lane], centred[lane], norms[lane]);
        }
        *line = centred;
    }
    for norm in &mut norms {
        *norm *= shrink;
    }
    norms
}

/// Eight numbers: one register of AVX2.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Lanes([f32; LANES]);

/// norm − 2 q·p of each query and point.
///
/// The sums are kept in registers and written out at the end: where they are looked at right away,
/// the compiler puts four numbers into a register instead of eight.
#[inline(always)]
fn score<const FMA: bool>(
    norms: &[f32; PANEL],
    panel: &[[f32; PANEL]],
    queries: &[[f32; TILE]],
    scores: &mut [[f32; PANEL]; TILE],
) {
    let mut sums = [lanes(norms); TILE];
    for (points, queries) in panel.iter().zip(queries) {
        let points = lanes(points);
        for query in 0..TILE {
            let factor = Lanes([queries[query]; LANES]);
            for half in 0..PANEL / LANES {
                sums[query][half] = add_product::<FMA>(sums[query][half], factor, points[half]);
            }
        }
    }
    for query in 0..TILE {
        for half in 0..PANEL / LANES {
            for lane in 0..LANES {
                scores[query][half * LANES + lane] = sums[query][half].0[lane];
            }
        }
    }
}

#[inline(always)]
fn lanes(panel: &[f32; PANEL]) -> [Lanes; PANEL / LANES] {
    let mut lanes = [Lanes([0.0; LANES]); PANEL / LANES];
    for half in 0..PANEL / LANES {
        lanes[half].0.copy_from_slice(&panel[half * LANES..][..LANES]);
    }
    lanes
}

#[inline(always)]
fn add_product<const FMA: bool>(sum: Lanes, a: Lanes, b: Lanes) -> Lanes {
    let mut result = sum;
    for lane in 0..LANES {
        result.0[lane] = multiply_add::<FMA>(a.0[lane], b.0[lane], sum.0[lane]);
    }
    result
}

#[inline(always)]
fn any_within(scores: &[[f32; PANEL]; TILE], limits: &[f32; TILE]) -> bool {
    let mut within = [0_u32; PANEL];
    for (scores, &limit) in scores.iter().zip(limits) {
        for lane in 0..PANEL {
            within[lane] |= u32::from(scores[lane] <= limit);
        }
    }
    within.iter().fold(0, |any, within| any | within) != 0
}

/// Adds the pairs whose score is within the limit, of the first `count` points; `first` is the
/// place of the tile's first query.
fn collect(
    scores: &[[f32; PANEL]; TILE],
    limits: &[f32; TILE],
    first: usize,
    count: usize,
    hits: &mut Vec<Hit>,
) {
    // Written always and counted where it is a hit: a branch would be guessed wrong too often.
    let mut found = [Hit::default(); TILE * PANEL + 1];
    let mut length = 0;
    for (query, (scores, limit)) in scores.iter().zip(limits).enumerate() {
        for (point, score) in scores[..count].iter().enumerate() {
            found[length] = ((first + query) as u16, point as u16);
            length += usize::from(score <= limit);
        }
    }
    hits.extend_from_slice(&found[..length]);
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::super::euclidean::Euclidean;
    use super::super::points::Points;
    use super::*;
    use crate::random::{Purpose, generator};

    /// Places of the pairs that pass where each query may go as far as one point of its choice.
    fn passing(queries: &[f32], points: &[f32], centre: &[f32], worst: &[f32]) -> [Vec<Hit>; 2] {
        let dimensions = centre.len();
        let rows = |values: &[f32]| (0..(values.len() / dimensions) as u32).collect::<Vec<u32>>();
        let bundled = |values| Points::new(values, dimensions).bundled::<PANEL>(&rows(values));
        let moved: Vec<f32> = queries
            .iter()
            .zip(centre.iter().cycle())
            .map(|(query, centre)| query - centre)
            .collect();
        let turned = Points::new(&moved, dimensions).bundled::<TILE>(&rows(queries));
        let limits: Vec<f32> = moved
            .chunks_exact(dimensions)
            .zip(worst)
            .map(|(query, &worst)| limit(worst, norm(query.iter().copied()), dimensions))
            .collect();
        [false, true].map(|fused| {
            let mut hits = Vec::new();
            let filter = Filter {
                points: &bundled(points),
                count: points.len() / dimensions,
                centre,
                queries: &turned.iter().map(|value| -2.0 * value).collect::<Vec<f32>>(),
                limits: &limits,
                panel: &mut vec![[0.0; PANEL]; dimensions],
                hits: &mut hits,
            };
            if fused {
                filter.run::<true>()
            } else {
                filter.run::<false>()
            }
            hits
        })
    }

    #[test]
    fn a_point_as_far_as_is_allowed_passes_wherever_the_centre_lies() {
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
            let point = |place: usize| &points[place * dimensions..][..dimensions];
            for chosen in 0..11 {
                let worst: Vec<f32> = queries
                    .chunks_exact(dimensions)
                    .map(|query| Euclidean::squared(query, point(chosen)))
                    .collect();
                for hits in passing(&queries, &points, &centre, &worst) {
                    for query in 0..TILE as u16 {
                        assert!(hits.contains(&(query, chosen as u16)), "case {case}");
                    }
                }
            }
        }
    }

    #[test]
    fn far_points_and_padding_do_not_pass() {
        let queries: Vec<f32> = (0..TILE).map(|query| query as f32).collect();
        let points: Vec<f32> = (0..PANEL - 1).map(|point| 10.0 * point as f32).collect();
        let worst = [f32::INFINITY, 1.5, 4.5, 9.5, 15.0, 24.0];
        for hits in passing(&queries, &points, &[2.0], &worst) {
            let (all, few): (Vec<Hit>, Vec<Hit>) = hits.into_iter().partition(|hit| hit.0 == 0);
            assert_eq!(all.len(), PANEL - 1);
            assert_eq!(few, [(1, 0), (2, 0), (3, 0)]);
        }
    }
}
