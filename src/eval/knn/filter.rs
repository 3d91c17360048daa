//! Which points of a block can be near enough to a query: products of matrices, and a proven bound
//! on their rounding.

use crate::runtime::{Kernel, multiply_add};

/// Queries whose scores are computed together, one register line each.
pub(super) const TILE: usize = 6;

/// Points whose scores are computed together: two registers of AVX2.
pub(super) const PANEL: usize = 16;

const LANES: usize = 8;

/// A query and a point, by their places in the group and in the cell.
pub(super) type Hit = (u16, u16);

pub(super) struct Filter<'a> {
    /// The points of a cell, dimension-major `[panels, D, PANEL]`.
    pub points: &'a [f32],
    /// Number of points; what follows in the last panel is padding.
    pub count: usize,
    /// What is subtracted from every point `[D]`.
    pub centre: &'a [f32],
    /// −2 (q − centre) of every query, dimension-major `[tiles, D, TILE]`.
    pub queries: &'a [f32],
    /// Highest score that counts `[tiles · TILE]`.
    pub limits: &'a [f32],
    /// 1 − η.
    pub shrink: f32,
    /// Memory for one centred panel `[D, PANEL]`.
    pub panel: &'a mut [[f32; PANEL]],
    /// Takes what is found.
    pub hits: &'a mut Vec<Hit>,
}

impl Kernel for Filter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let dimensions = self.centre.len();
        let mut scores_of_tile = [[0.0; PANEL]; TILE];
        let points = self.points.as_chunks::<PANEL>().0.chunks_exact(dimensions);
        for (place, points) in points.enumerate() {
            let first = place * PANEL;
            let norms = centred::<FMA>(points, self.centre, self.shrink, self.panel);
            let tiles = self.queries.as_chunks::<TILE>().0.chunks_exact(dimensions);
            let limits = self.limits.as_chunks::<TILE>().0;
            for (tile, (queries, limits)) in tiles.zip(limits).enumerate() {
                scores::<FMA>(&norms, self.panel, queries, &mut scores_of_tile);
                if any_within(&scores_of_tile, limits) {
                    collect(&scores_of_tile, limits, tile * TILE, first, self.count, self.hits);
                }
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
        for lane in 0..PANEL {
            centred[lane] -= centre;
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
#[inline(always)]
fn scores<const FMA: bool>(
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

#[inline(never)]
fn collect(
    scores: &[[f32; PANEL]; TILE],
    limits: &[f32; TILE],
    first_query: usize,
    first_point: usize,
    count: usize,
    hits: &mut Vec<Hit>,
) {
    let real = PANEL.min(count - first_point);
    // Written always and counted where it is a hit: a branch would be guessed wrong too often.
    let mut found = [Hit::default(); TILE * PANEL + 1];
    let mut length = 0;
    for (query, (scores, limit)) in scores.iter().zip(limits).enumerate() {
        for (point, score) in scores[..real].iter().enumerate() {
            found[length] = ((first_query + query) as u16, (first_point + point) as u16);
            length += usize::from(score <= limit);
        }
    }
    hits.extend_from_slice(&found[..length]);
}
