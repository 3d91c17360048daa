//! Deduplicated reference points.

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::points::Points;

/// Deduplicated reference points, each identified by its first row.
pub(in crate::eval) struct Distinct {
    /// The first row of each point, ascending `[U]`.
    firsts: Vec<u32>,
    /// The next row with the same point `[N]`; never row 0.
    next: Vec<Option<NonZeroU32>>,
}

impl Distinct {
    /// Finds the rows of the references `[N, D]` that are equal.
    pub fn of(references: Points) -> Distinct {
        // Adding 0 turns −0 into 0, so that equal values have equal bits.
        let bits: Vec<u32> =
            references.values().iter().map(|value| (value + 0.0).to_bits()).collect();
        let mut lasts: HashMap<&[u32], u32> = HashMap::with_capacity(references.len());
        let mut firsts = Vec::with_capacity(references.len());
        let mut next = vec![None; references.len()];
        for (row, point) in (0..).zip(bits.chunks_exact(references.dimensions())) {
            match lasts.insert(point, row) {
                Some(last) => next[last as usize] = NonZeroU32::new(row),
                None => firsts.push(row),
            }
        }
        Distinct { firsts, next }
    }

    /// The first row of each point, ascending `[U]`.
    pub fn firsts(&self) -> &[u32] {
        &self.firsts
    }

    /// All rows with a point, ascending.
    pub fn rows(&self, first: u32) -> impl Iterator<Item = u32> {
        let next = |row: &u32| self.next[*row as usize].map(NonZeroU32::get);
        std::iter::successors(Some(first), next)
    }

    /// The `k` nearest references, from points sorted by squared distance and first row.
    ///
    /// `points` must contain at least the first min(k, U) of that order, which have `k` references or
    /// more.
    pub fn references(&self, points: &[(f32, u32)], k: usize) -> Vec<(f32, u32)> {
        let mut found: Vec<(f32, u32)> = Vec::with_capacity(k);
        for &(squared, first) in points {
            if found.len() >= k && found.last().is_some_and(|last| last.0 < squared) {
                break;
            }
            // All references may be equal; at most k of them are needed.
            found.extend(self.rows(first).take(k).map(|row| (squared, row)));
        }
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        found.truncate(k);
        found
    }
}
