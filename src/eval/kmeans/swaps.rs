//! Moves centres from regions with too many to regions with too few.
//!
//! Lloyd's iterations cannot move a centre past its neighbours: if two centres share one blob of points
//! and one centre covers two blobs, that is a local optimum. A swap removes the centre whose points
//! lose least by moving to their second-nearest centre, and splits the cluster that gains most from two
//! centres (the idea of H. Ismkhan, 2018, "I-k-means−+"). Both are estimated before the swap: the loss
//! from the second-nearest centres, the gain by 2-means on the cluster alone. A swap is kept if the
//! inertia a few iterations later is below that before the swap.

use rayon::prelude::*;

use super::super::knn::Euclidean;
use super::super::watch::Watch;
use super::lloyd::{SecondNearest, Start, Swap};
use crate::error::Result;

/// Iterations after which swaps are evaluated.
const TRIAL_ITERATIONS: usize = 3;

/// The search ends when swaps lower the inertia by less than this share.
const LEAST_GAIN: f64 = 1e-3;

/// A centre that would take over more than this share of a removed centre's points takes no part in
/// later swaps of the same attempt.
const NEIGHBOUR: f64 = 0.2;

/// Maximum number of points to estimate the gain of a split.
const SAMPLED: usize = 1000;

/// Iterations of 2-means.
const SPLIT_ITERATIONS: usize = 4;

/// Swaps centres and iterates as long as that lowers the inertia; all iterations count towards
/// `most`.
///
/// # Errors
/// The user pressed Ctrl-C.
pub fn swap(
    start: &mut Start,
    (most, tolerance): (usize, f64),
    watch: &Watch,
    begun: &dyn Fn(usize),
) -> Result<()> {
    let mut inertia = start.inertia();
    let mut swaps = promising(start, watch)?;
    while !swaps.is_empty() && start.iterations() < most {
        let mut tried = start.clone();
        tried.swap_centres(&swaps, watch)?;
        let limit = most.min(start.iterations() + TRIAL_ITERATIONS);
        tried.advance((limit, tolerance), watch, begun)?;
        let reached = tried.inertia();
        if reached >= inertia {
            start.count_iterations_of(&tried);
            swaps.truncate(swaps.len() / 2);
            continue;
        }
        *start = tried;
        if reached > inertia * (1.0 - LEAST_GAIN) {
            break;
        }
        inertia = reached;
        swaps = promising(start, watch)?;
    }
    Ok(())
}

/// Swaps that gain more than they lose, best first; centres that take over the points of one take no
/// part in those after it.
fn promising(start: &Start, watch: &Watch) -> Result<Vec<Swap>> {
    let members = start.members();
    let neighbours = start.second_nearest(watch)?;
    let losses: Vec<f64> = members.par_iter().map(|rows| neighbours.loss(rows)).collect();
    let splits: Vec<Option<Split>> =
        (0..members.len()).into_par_iter().map(|of| split(start, of, &members[of])).collect();
    watch.check()?;
    let mut cheapest: Vec<usize> = (0..members.len()).collect();
    cheapest.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    let mut best_splits: Vec<(usize, Split)> =
        splits.into_iter().enumerate().filter_map(|(of, split)| Some((of, split?))).collect();
    best_splits.sort_by(|a, b| b.1.gain.total_cmp(&a.1.gain));

    let mut cheapest = cheapest.into_iter();
    let mut taken = vec![false; members.len()];
    let mut swaps = Vec::new();
    for (split, Split { gain, halves }) in best_splits {
        if taken[split] {
            continue;
        }
        let Some(removed) = cheapest.find(|&centre| !taken[centre] && centre != split) else {
            break;
        };
        if gain <= losses[removed] {
            break;
        }
        taken[split] = true;
        taken[removed] = true;
        for neighbour in neighbours.successors(&members[removed]) {
            taken[neighbour] = true;
        }
        swaps.push(Swap { removed, split, halves });
    }
    Ok(swaps)
}

impl SecondNearest<'_> {
    /// The increase of inertia if these points lose their nearest centre.
    fn loss(&self, rows: &[u32]) -> f64 {
        let increase = |&row: &u32| {
            f64::from(self.distances[row as usize]) - f64::from(self.nearest[row as usize])
        };
        rows.iter().map(increase).sum()
    }

    /// The centres to which many of these points would move.
    fn successors(&self, rows: &[u32]) -> Vec<usize> {
        let mut centres: Vec<u32> = rows.iter().map(|&row| self.centres[row as usize]).collect();
        centres.sort_unstable();
        let many = NEIGHBOUR * rows.len() as f64;
        let groups = centres.chunk_by(|a, b| a == b);
        groups.filter(|group| group.len() as f64 > many).map(|group| group[0] as usize).collect()
    }
}

/// A cluster split in two.
struct Split {
    /// The decrease of inertia.
    gain: f64,
    halves: [Vec<f32>; 2],
}

/// Splits a cluster by 2-means, initialised with the point farthest from its centre and the point
/// farthest from that one. `None` if all its points are equal.
fn split(start: &Start, cluster: usize, members: &[u32]) -> Option<Split> {
    let sampled = members.iter().step_by(members.len().div_ceil(SAMPLED).max(1));
    let points: Vec<Vec<f32>> = sampled.map(|&row| start.point(row as usize)).collect();
    let centre = start.centre(cluster);
    let one = farthest(&points, centre)?;
    let mut halves = [one.clone(), farthest(&points, one)?.clone()];
    for _ in 0..SPLIT_ITERATIONS {
        halves = means_of_halves(&points, &halves)?;
    }
    let whole: f64 = points.iter().map(|point| f64::from(Euclidean::squared(point, centre))).sum();
    let left: f64 = points.iter().map(|point| f64::from(nearer(point, &halves).1)).sum();
    let gain = (whole - left) * members.len() as f64 / points.len() as f64;
    Some(Split { gain, halves })
}

fn farthest<'a>(points: &'a [Vec<f32>], from: &[f32]) -> Option<&'a Vec<f32>> {
    let distance = |point: &Vec<f32>| Euclidean::squared(point, from);
    points.iter().max_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Which of two centres is nearer, and its squared distance.
fn nearer(point: &[f32], centres: &[Vec<f32>; 2]) -> (usize, f32) {
    let [one, other] = centres.each_ref().map(|centre| Euclidean::squared(point, centre));
    if one <= other { (0, one) } else { (1, other) }
}

/// The means of the points nearer to each of two centres; `None` if one gets no point.
fn means_of_halves(points: &[Vec<f32>], centres: &[Vec<f32>; 2]) -> Option<[Vec<f32>; 2]> {
    let mut sums = centres.each_ref().map(|centre| vec![0.0_f64; centre.len()]);
    let mut counts = [0_usize; 2];
    for point in points {
        let (half, _) = nearer(point, centres);
        counts[half] += 1;
        sums[half].iter_mut().zip(point).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    if counts.contains(&0) {
        return None;
    }
    let mean = |half: usize| sums[half].iter().map(move |sum| (sum / counts[half] as f64) as f32);
    Some([mean(0).collect(), mean(1).collect()])
}
