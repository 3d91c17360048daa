//! Reference points without repetition, and the search among them.

use std::collections::HashMap;

use linfa_nn::NearestNeighbourIndex;
use linfa_nn::distance::Distance;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::euclidean::Euclidean;

/// Reference points without repetition, in a shuffled order.
pub(super) struct Distinct {
    /// `[U, D]`, row-major.
    points: Array2<f32>,
    /// Where the references of each point begin in `members`, and the end `[U + 1]`.
    starts: Vec<usize>,
    /// References, grouped by point, ascending within each group `[N]`.
    members: Vec<u32>,
}

impl Distinct {
    /// Groups the rows of the references `[N, D]`.
    pub fn of(references: ArrayView2<f32>) -> Distinct {
        let dimensions = references.ncols();
        // Adding 0 turns −0 into 0, so that equal values have equal bits.
        let bits: Vec<u32> = references.iter().map(|value| (value + 0.0).to_bits()).collect();
        let mut places: HashMap<&[u32], usize> = HashMap::with_capacity(references.nrows());
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for (row, point) in bits.chunks_exact(dimensions).enumerate() {
            let place = *places.entry(point).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::with_capacity(1));
            }
            groups[place].push(u32::try_from(row).expect("fewer than 2^32 images"));
        }
        shuffle(&mut groups);
        let firsts: Vec<usize> = groups.iter().map(|group| group[0] as usize).collect();
        let mut starts = vec![0];
        starts.extend(groups.iter().scan(0, |end, group| {
            *end += group.len();
            Some(*end)
        }));
        let points = references.select(Axis(0), &firsts).as_standard_layout().into_owned();
        Distinct { points, starts, members: groups.concat() }
    }

    /// The points `[U, D]`, for the tree.
    pub fn points(&self) -> &Array2<f32> {
        &self.points
    }

    /// Squared distances and rows of the `k` nearest references, in order.
    ///
    /// `tree` holds [`Distinct::points`]; `k` is within 1..=N.
    pub fn nearest(
        &self,
        tree: &dyn NearestNeighbourIndex<f32>,
        query: ArrayView1<f32>,
        k: usize,
    ) -> Vec<(f32, u32)> {
        let expect = "the query has the tree's dimension";
        let squared = |point: ArrayView1<f32>| Euclidean.rdistance(query, point);
        let found = tree.k_nearest(query, k + 1).expect(expect);
        let left_out = found.len() < self.points.nrows();
        let mut points: Vec<(f32, usize)> =
            found.into_iter().map(|(point, place)| (squared(point), place)).collect();
        // The k + 1 nearest points hold at least k references. Unless the last of them lies
        // beyond the k-th reference, the tree may have left out others just as near.
        let border = self.distance_of(&points, k);
        if left_out && points.last().is_some_and(|&(last, _)| last <= border) {
            // A little wider than the border, since a root squared again may come out smaller.
            let range = border.sqrt().next_up();
            let found = tree.within_range(query, range).expect(expect);
            points = found.into_iter().map(|(point, place)| (squared(point), place)).collect();
        }
        let mut references: Vec<(f32, u32)> = points
            .into_iter()
            .filter(|&(squared, _)| squared <= border)
            .flat_map(|(squared, place)| {
                // A point may stand for every reference there is; no more than k of them count.
                self.group(place).iter().take(k).map(move |&row| (squared, row))
            })
            .collect();
        references.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        references.truncate(k);
        references
    }

    /// Squared distance of the k-th reference among points sorted by distance.
    fn distance_of(&self, points: &[(f32, usize)], k: usize) -> f32 {
        let mut counted = 0;
        for &(squared, place) in points {
            counted += self.group(place).len();
            if counted >= k {
                return squared;
            }
        }
        unreachable!("min(k + 1, U) distinct points hold at least k of N >= k references")
    }

    /// The references at a point, ascending.
    fn group(&self, place: usize) -> &[u32] {
        &self.members[self.starts[place]..self.starts[place + 1]]
    }
}

/// Fisher and Yates' shuffle under a fixed seed.
fn shuffle<T>(items: &mut [T]) {
    let mut random = ChaCha12Rng::seed_from_u64(0);
    for last in (1..items.len()).rev() {
        items.swap(last, random.random_range(0..=last));
    }
}
