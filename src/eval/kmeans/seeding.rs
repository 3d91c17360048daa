//! Greedy k-means++ initialisation that measures many candidates at once.
//!
//! Each further centre is the best of several candidates, drawn with probability proportional to their
//! squared distance to the nearest centre so far: the one that leaves the smallest sum of these
//! distances. Choosing centres one by one would stream all points from memory for each. So candidates
//! for several centres are drawn together and measured by one matrix product. Candidates for the later
//! centres are then drawn from outdated distances; rejection sampling corrects this: a candidate is
//! accepted with probability new distance / old distance, and the rest are dropped.

use rand::RngExt;
use rayon::prelude::*;

use super::super::watch::Watch;
use super::blocks::Blocks;
use super::products::{Centres, ROWS};
use crate::error::Result;
use crate::random::Generator;
use crate::runtime::{Kernel, Simd};

/// Maximum number of candidates measured together.
const TOGETHER: usize = 120;

/// Maximum number of distances stored per initialisation: 64 MiB.
const MEMORY: usize = 16 << 20;

/// Sums of more terms than this are computed in parallel.
const SIDE_BY_SIDE: usize = 200_000;

/// Chooses the rows of the initial centres `[clusters]`; `drawn` receives the progress.
///
/// # Errors
/// The user pressed Ctrl-C.
pub fn seed<'a>(
    blocks: &'a Blocks<'a>,
    clusters: usize,
    random: &mut Generator,
    watch: &Watch,
    drawn: &dyn Fn(usize),
) -> Result<Vec<u32>> {
    let mut seeding = Seeding::begin(blocks, random);
    let trials = 2 + (clusters as f64).ln() as usize;
    while seeding.chosen.len() < clusters {
        watch.check()?;
        drawn(seeding.chosen.len());
        if seeding.total() <= 0.0 {
            // All distinct points are centres already: the remaining clusters stay empty.
            seeding.chosen.resize(clusters, seeding.chosen[0]);
            break;
        }
        let most = TOGETHER.min(MEMORY / blocks.len().next_multiple_of(ROWS)).max(trials);
        let steps = (seeding.chosen.len() / 8).clamp(1, (most / trials).max(1));
        let steps = steps.min(clusters - seeding.chosen.len());
        seeding.choose_some(steps, trials, random);
    }
    Ok(seeding.chosen)
}

struct Seeding<'a> {
    blocks: &'a Blocks<'a>,
    chosen: Vec<u32>,
    /// Squared distance of each point to the nearest chosen one `[N]`.
    closest: Vec<f32>,
    /// Squared distances to the candidates, as [`Blocks::distances`] writes them.
    distances: Vec<f32>,
}

/// A candidate for the next centre.
struct Candidate {
    row: u32,
    /// Its index among the distances.
    index: usize,
    /// Its squared distance when it was drawn.
    distance: f32,
}

impl<'a> Seeding<'a> {
    fn begin(blocks: &'a Blocks<'a>, random: &mut Generator) -> Seeding<'a> {
        let first = random.random_range(0..blocks.len()) as u32;
        let mut seeding = Seeding {
            blocks,
            chosen: Vec::new(),
            closest: vec![f32::INFINITY; blocks.len()],
            distances: Vec::new(),
        };
        let padded = seeding.measure(&[first]);
        seeding.choose(first, 0, padded);
        seeding
    }

    /// Sum of the distances.
    fn total(&self) -> f64 {
        self.closest.iter().map(|&distance| f64::from(distance)).sum()
    }

    /// Measures the distances of these points to all others; returns their number including padding.
    fn measure(&mut self, rows: &[u32]) -> usize {
        let dimensions = self.blocks.dimensions();
        let mut points = vec![0.0; rows.len() * dimensions];
        for (point, &row) in points.chunks_exact_mut(dimensions).zip(rows) {
            self.blocks.write_point(row as usize, point);
        }
        let centres = Centres::new(&points, dimensions);
        self.blocks.distances(&centres, &mut self.distances);
        centres.padded()
    }

    /// Chooses at least one and at most `steps` centres, from `trials` candidates each.
    fn choose_some(&mut self, steps: usize, trials: usize, random: &mut Generator) {
        let drawn = self.draw(steps * trials, random);
        let rows: Vec<u32> = drawn.iter().map(|candidate| candidate.row).collect();
        let padded = self.measure(&rows);
        let mut drawn = drawn.into_iter();
        for _ in 0..steps {
            let mut candidates: Vec<Candidate> = Vec::with_capacity(trials);
            while candidates.len() < trials {
                let Some(candidate) = drawn.next() else {
                    return;
                };
                let distance = self.closest[candidate.row as usize];
                if random.random::<f32>() * candidate.distance < distance {
                    candidates.push(candidate);
                }
            }
            let left = self.remaining(&candidates, padded);
            let best = (0..trials).min_by(|&a, &b| left[a].total_cmp(&left[b]));
            let best = &candidates[best.expect("at least two candidates")];
            self.choose(best.row, best.index, padded);
        }
    }

    /// Draws points with probability proportional to their distance.
    fn draw(&self, count: usize, random: &mut Generator) -> Vec<Candidate> {
        let mut sum = 0.0;
        let sums: Vec<f64> = self
            .closest
            .iter()
            .map(|&distance| {
                sum += f64::from(distance);
                sum
            })
            .collect();
        let one = |index: usize| {
            let value = random.random::<f64>() * sum;
            let row = sums.partition_point(|&sum| sum <= value).min(sums.len() - 1);
            Candidate { row: row as u32, index, distance: self.closest[row] }
        };
        (0..count).map(one).collect()
    }

    /// The sum of distances that each candidate would leave.
    fn remaining(&self, candidates: &[Candidate], padded: usize) -> Vec<f64> {
        let of = |candidate: &Candidate| {
            Simd::detect().run(SumOfMinima {
                closest: &self.closest,
                distances: self.distances[candidate.index * ROWS..].chunks(padded * ROWS),
            })
        };
        if candidates.len() * self.closest.len() > SIDE_BY_SIDE {
            candidates.par_iter().map(of).collect()
        } else {
            candidates.iter().map(of).collect()
        }
    }

    fn choose(&mut self, row: u32, index: usize, padded: usize) {
        self.chosen.push(row);
        let distances = self.distances[index * ROWS..].chunks(padded * ROWS);
        for (closest, distances) in self.closest.chunks_mut(ROWS).zip(distances) {
            for (closest, &distance) in closest.iter_mut().zip(distances) {
                *closest = closest.min(distance);
            }
        }
        // Rounding may leave a small distance, but a centre must not become a candidate again.
        self.closest[row as usize] = 0.0;
    }
}

/// Sum of the smaller of two distances of each point.
struct SumOfMinima<'a> {
    closest: &'a [f32],
    /// Each chunk starts with the candidate's distances.
    distances: std::slice::Chunks<'a, f32>,
}

impl Kernel for SumOfMinima<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> f64 {
        let mut total = 0.0;
        for (closest, distances) in self.closest.chunks(ROWS).zip(self.distances) {
            let (closest, rest) = closest.as_chunks::<16>();
            let lines = distances[..ROWS].as_chunks::<16>().0;
            let mut sums = [0.0_f32; 16];
            for (closest, line) in closest.iter().zip(lines) {
                for lane in 0..16 {
                    let (a, b) = (closest[lane], line[lane]);
                    sums[lane] += if a < b { a } else { b };
                }
            }
            let after = &distances[closest.len() * 16..];
            let rest: f32 = rest.iter().zip(after).map(|(&a, &b)| a.min(b)).sum();
            total += f64::from(sums.iter().sum::<f32>() + rest);
        }
        total
    }
}
