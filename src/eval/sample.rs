//! A seeded random sample of rows.

use rand::seq::index;

use crate::random::{Purpose, generator};

/// All rows 0..count, or a seeded sample of `most` of them if there are more; ascending.
pub fn sample(count: usize, most: usize, seed: u64) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let mut random = generator(seed, Purpose::Queries, most as u64);
    let mut rows = index::sample(&mut random, count, most).into_vec();
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_all_kept_and_many_are_sampled_without_replacement() {
        assert_eq!(sample(4, 5, 1), [0, 1, 2, 3]);
        let rows = sample(1000, 50, 1);
        assert_eq!(rows.len(), 50);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]) && rows[49] < 1000);
        assert_eq!(rows, sample(1000, 50, 1));
        assert_ne!(rows, sample(1000, 50, 2));
    }
}
