//! Selects the nearest references in order.

/// Stride of the distances sampled to estimate a threshold. A prime, so that rows sorted by class are
/// sampled evenly.
const STEP: usize = 17;

/// Fewer candidates than this are sorted by comparison.
const FEW: usize = 256;

/// Bits per pass of the radix sort; three passes cover all 32.
const DIGIT: u32 = 11;

/// Buffers for selecting, reused from query to query.
#[derive(Default)]
pub struct Selection {
    sample: Vec<i32>,
    /// Distance in the upper half, row in the lower.
    candidates: Vec<u64>,
    sorted: Vec<u64>,
}

impl Selection {
    /// Rows of the `count` smallest distances in order, ties by row.
    ///
    /// # Panics
    /// If `count` exceeds their number: a bug.
    pub fn nearest(
        &mut self,
        distances: &[i32],
        count: usize,
    ) -> impl Iterator<Item = u32> + Clone + '_ {
        let (threshold, within) = self.threshold(distances, count);
        collect(distances, threshold, within, &mut self.candidates);
        if within < FEW {
            self.candidates.sort_unstable();
        } else {
            self.sort();
        }
        self.candidates[..count].iter().map(|&key| key as u32)
    }

    /// A distance that at least `count` and ideally few more distances do not exceed, and the number
    /// that do not.
    fn threshold(&mut self, distances: &[i32], count: usize) -> (i32, usize) {
        self.sample.clear();
        self.sample.extend(distances.iter().step_by(STEP));
        let mut rank = count / STEP + count / (8 * STEP) + 4;
        while rank < self.sample.len() {
            let threshold = *self.sample.select_nth_unstable(rank).1;
            let within = distances.iter().filter(|&&distance| distance <= threshold).count();
            if within >= count {
                return (threshold, within);
            }
            rank += rank / 2;
        }
        (i32::MAX, distances.len())
    }

    /// Stable radix sort of the candidates by distance; they arrive in the order of rows.
    fn sort(&mut self) {
        let distance = |key: u64| (key >> 32) as u32;
        let least = self.candidates.iter().map(|&key| distance(key)).min().unwrap_or(0);
        self.sorted.resize(self.candidates.len(), 0);
        for pass in 0..3 {
            let digit =
                |key: u64| ((distance(key) - least) >> (pass * DIGIT)) as usize % (1 << DIGIT);
            let mut starts = [0_u32; 1 << DIGIT];
            self.candidates.iter().for_each(|&key| starts[digit(key)] += 1);
            let mut sum = 0;
            for start in &mut starts {
                sum += std::mem::replace(start, sum);
            }
            for &key in &self.candidates {
                let start = &mut starts[digit(key)];
                self.sorted[*start as usize] = key;
                *start += 1;
            }
            std::mem::swap(&mut self.candidates, &mut self.sorted);
        }
    }
}

/// The `within` distances up to the threshold with their rows.
fn collect(distances: &[i32], threshold: i32, within: usize, candidates: &mut Vec<u64>) {
    // Branch-free: always write, but advance only for a candidate. A branch would mispredict too often.
    candidates.resize(within + 1, 0);
    let mut length = 0;
    for (row, &distance) in (0_u64..).zip(distances) {
        candidates[length] = (distance as u64) << 32 | row;
        length += usize::from(distance <= threshold);
    }
    candidates.truncate(within);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use rand::RngExt;

    /// The expected result, by a full sort.
    fn sorted(distances: &[i32], count: usize) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..distances.len() as u32).collect();
        rows.sort_by_key(|&row| distances[row as usize]);
        rows.truncate(count);
        rows
    }

    #[test]
    fn the_selection_equals_a_stable_sort() {
        let mut random = generator(4, Purpose::Sample, 0);
        let mut selection = Selection::default();
        for most in [1, 3, 50, 1 << 12, 1 << 23, i32::MAX] {
            for length in [1, 2, 16, 17, 300, 5000] {
                let distances: Vec<i32> =
                    (0..length).map(|_| i32::MAX - random.random_range(0..most)).collect();
                for count in [1, length / 10, length / 2, length] {
                    let found: Vec<u32> = selection.nearest(&distances, count).collect();
                    assert_eq!(found, sorted(&distances, count), "{count} of {length} to {most}");
                }
            }
        }
    }

    #[test]
    fn small_distances_that_the_sample_misses_are_found() {
        let mut selection = Selection::default();
        for offset in [0, 5] {
            let distances: Vec<i32> = (0..3000)
                .map(|row| if row % STEP == offset { 7 } else { 9 + row as i32 })
                .collect();
            let found: Vec<u32> = selection.nearest(&distances, 900).collect();
            assert_eq!(found, sorted(&distances, 900), "{offset}");
        }
    }
}
