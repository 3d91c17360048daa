//! The candidates for the nearest neighbours of one query.

use super::euclidean::Euclidean;
use super::filter;
use super::points::Points;

/// From this many dimensions on, four exact distances are computed at once.
const LONG: usize = 32;

/// Candidates tolerated beyond 4·k before exact distances thin them out.
const FEW: usize = 64;

/// Points that may be among the `k` nearest of one query, judged by their scores from
/// [`Filter`](filter::Filter).
///
/// Exact distances are computed at the end, for little more than `k` points; computing them on arrival
/// would mean several times as many. Only if scores cannot separate the points are they computed
/// earlier, so that there are never more than about `8k` candidates.
pub(super) struct Candidates<'a> {
    references: Points<'a>,
    query: &'a [f32],
    k: usize,
    /// [`filter::norm`] of the query.
    norm: f32,
    /// [`ordered`] score and row of each.
    keys: Vec<u64>,
    /// At this many, candidates that are too far are dropped.
    room: usize,
    /// Upper bound on the squared distance of the k-th nearest so far.
    worst: f32,
}

impl<'a> Candidates<'a> {
    /// No candidates yet.
    pub fn new(references: Points<'a>, query: &'a [f32], norm: f32, k: usize) -> Candidates<'a> {
        let (keys, room, worst) = (Vec::with_capacity(2 * k), 2 * k, f32::INFINITY);
        Candidates { references, query, k, norm, keys, room, worst }
    }

    /// Adds a point; returns the new limit if it changed.
    pub fn add(&mut self, score: f32, row: u32) -> Option<f32> {
        self.keys.push(key(ordered(score), row));
        (self.keys.len() >= self.room).then(|| {
            self.drop_far();
            self.limit()
        })
    }

    /// The highest score of a point that may still be among the nearest.
    fn limit(&self) -> f32 {
        filter::limit(self.worst, self.norm, self.query.len())
    }

    /// Squared distance beyond which points cannot be neighbours.
    pub fn worst(&self) -> f32 {
        self.worst
    }

    fn drop_far(&mut self) {
        if self.keys.len() >= self.k {
            let (_, &mut last, _) = self.keys.select_nth_unstable(self.k - 1);
            let score = score_of(high(last));
            self.worst = filter::farthest(score, self.norm, self.query.len()).min(self.worst);
        }
        let end = ordered(self.limit());
        self.keys.retain(|&key| high(key) <= end);
        if self.keys.len() > 4 * self.k + FEW {
            self.keep_nearest();
        }
        self.room = 2 * self.keys.len().max(self.k);
    }

    /// Keeps the `k` nearest by their exact distances.
    fn keep_nearest(&mut self) {
        let distances = self.measure();
        let mut measured: Vec<(u64, u64)> =
            distances.into_iter().zip(self.keys.drain(..)).collect();
        let (_, &mut (last, _), _) = measured.select_nth_unstable(self.k - 1);
        self.worst = f32::from_bits(high(last)).min(self.worst);
        self.keys.extend(measured[..self.k].iter().map(|measured| measured.1));
    }

    /// Squared distance (as bits, which sort like non-negative floats) and row of each candidate.
    fn measure(&self) -> Vec<u64> {
        let pair = |&key: &u64| (self.query, self.references.row(row(key)));
        let fours = if self.query.len() < LONG { 0 } else { self.keys.len() / 4 * 4 };
        let (fours, rest) = self.keys.split_at(fours);
        let mut measured = Vec::with_capacity(self.keys.len());
        for four in fours.as_chunks::<4>().0 {
            let squared = Euclidean::squared_of_four(four.each_ref().map(pair));
            let keys = squared.iter().zip(four);
            measured.extend(keys.map(|(squared, &found)| key(squared.to_bits(), row(found))));
        }
        for found in rest {
            let (query, point) = pair(found);
            measured.push(key(Euclidean::squared(query, point).to_bits(), row(*found)));
        }
        measured
    }

    /// Squared distance and row of the `k` nearest in order, or of all if fewer.
    pub fn nearest(mut self) -> Vec<(f32, u32)> {
        self.drop_far();
        let mut found = self.measure();
        if found.len() > self.k {
            found.select_nth_unstable(self.k - 1);
            found.truncate(self.k);
        }
        found.sort_unstable();
        found.into_iter().map(|found| (f32::from_bits(high(found)), row(found))).collect()
    }
}

/// A sort key: ordered by the first number, then by the row.
fn key(high: u32, row: u32) -> u64 {
    u64::from(high) << 32 | u64::from(row)
}

fn high(key: u64) -> u32 {
    (key >> 32) as u32
}

fn row(key: u64) -> u32 {
    key as u32
}

/// Maps floats to integers in the same order, with −0 equal to 0.
fn ordered(score: f32) -> u32 {
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// The inverse of [`ordered`].
fn score_of(ordered: u32) -> f32 {
    f32::from_bits(if ordered >> 31 == 0 { !ordered } else { ordered & !(1 << 31) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_scores_sort_like_floats_and_are_invertible() {
        let scores = [f32::NEG_INFINITY, -3.5, -1e-40, 0.0, 1e-40, 2.0, f32::INFINITY];
        assert!(scores.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert_eq!(ordered(-0.0), ordered(0.0));
        assert_eq!(scores.map(|score| score_of(ordered(score))), scores);
    }

    #[test]
    fn points_with_equal_scores_are_separated_by_distance_and_do_not_accumulate() {
        let values: Vec<f32> = (0..9000).map(|row| 1.0 + 1e-3 * (row % 7) as f32).collect();
        let references = Points::new(&values, 1);
        for count in [40, 9000] {
            // The norm is so large that scores cannot separate these distances.
            let mut candidates = Candidates::new(references, &[0.0], 1e6, 3);
            (0..count).rev().for_each(|row| _ = candidates.add(1.0 - 1e6, row));
            assert!(candidates.keys.len() < 8 * 3 + 2 * FEW, "{}", candidates.keys.len());
            assert_eq!(candidates.nearest(), [(1.0, 0), (1.0, 7), (1.0, 14)]);
        }
    }
}
