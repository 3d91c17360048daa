//! Random pairs of images for siamese training, in constant time per pair.

use rand::RngExt;

use crate::random::Generator;

/// A random partner of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partner {
    /// Index of the partner in the list of labels.
    pub index: usize,
    /// Whether both images are of the same class.
    pub same: bool,
}

/// Samples partners from indices sorted by class.
///
/// All indices are in one list, sorted by class. A partner of the same class comes from the range
/// of that class, one of another class from before or after it: one random number per draw, for any
/// number of images.
pub struct PairSampler {
    labels: Vec<i64>,
    /// All indices, sorted by class.
    by_class: Vec<usize>,
    /// Start of each class in `by_class`, and the end of the last.
    starts: Vec<usize>,
    /// Position of each index in `by_class`.
    rank: Vec<usize>,
}

impl PairSampler {
    /// A sampler over images of these classes (0..C), in time proportional to their number.
    pub fn new(labels: &[i64]) -> PairSampler {
        let classes = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
        let mut starts = vec![0; classes + 1];
        for &label in labels {
            starts[label as usize + 1] += 1;
        }
        for class in 0..classes {
            starts[class + 1] += starts[class];
        }
        let mut next = starts.clone();
        let mut by_class = vec![0; labels.len()];
        let mut rank = vec![0; labels.len()];
        for (index, &label) in labels.iter().enumerate() {
            let slot = &mut next[label as usize];
            by_class[*slot] = index;
            rank[index] = *slot;
            *slot += 1;
        }
        PairSampler { labels: labels.to_vec(), by_class, starts, rank }
    }

    /// Draws a partner for `anchor`: with probability ½ of the same class, otherwise of another,
    /// uniformly among those.
    ///
    /// The only image of a class always gets a partner of another class, and if there is only one
    /// class, partners are always of that class. Only the sole image of a data set is its own
    /// partner.
    pub fn draw(&self, anchor: usize, random: &mut Generator) -> Partner {
        let class = self.labels[anchor] as usize;
        let (start, end) = (self.starts[class], self.starts[class + 1]);
        let others = self.by_class.len() - (end - start);
        let want_same = random.random::<bool>();
        let same = (want_same && end - start > 1) || others == 0;
        let index = if same {
            self.draw_same(anchor, start, end, random)
        } else {
            let drawn = random.random_range(0..others);
            // Skip the anchor's own class.
            self.by_class[if drawn < start { drawn } else { drawn + (end - start) }]
        };
        Partner { index, same }
    }

    fn draw_same(&self, anchor: usize, start: usize, end: usize, random: &mut Generator) -> usize {
        if end - start == 1 {
            return anchor;
        }
        let drawn = random.random_range(start..end - 1);
        // Skip the anchor itself.
        self.by_class[if drawn < self.rank[anchor] { drawn } else { drawn + 1 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};

    fn drawn(labels: &[i64], times: usize, stream: u64) -> Vec<(usize, Partner)> {
        let sampler = PairSampler::new(labels);
        let mut random = generator(7, Purpose::TrainPairs, stream);
        let anchors = (0..times).map(|i| i % labels.len());
        anchors.map(|anchor| (anchor, sampler.draw(anchor, &mut random))).collect()
    }

    /// 40 images in four classes of 1, 4, 15 and 20.
    fn uneven() -> Vec<i64> {
        (0..40)
            .map(|i| match i {
                0 => 0,
                1..5 => 1,
                5..20 => 2,
                _ => 3,
            })
            .collect()
    }

    #[test]
    fn half_of_the_pairs_are_of_the_same_class() {
        let all = drawn(&uneven(), 40_000, 0);
        // The image of the first class has no other of it.
        let same = all.iter().filter(|(anchor, p)| *anchor > 0 && p.same).count();
        // Four standard deviations of a fair coin.
        assert!((same as i64 - 19_500).abs() < 400, "{same} of 39,000");
    }

    #[test]
    fn the_flag_is_correct_and_no_image_is_its_own_partner() {
        let labels = uneven();
        for (anchor, partner) in drawn(&labels, 40_000, 0) {
            assert_eq!(partner.same, labels[anchor] == labels[partner.index]);
            assert_ne!(partner.index, anchor);
        }
    }

    #[test]
    fn the_only_image_of_a_class_is_paired_with_all_others_uniformly() {
        let mut met = [0u32; 40];
        let all = drawn(&uneven(), 400_000, 0);
        for (_, partner) in all.iter().filter(|(anchor, _)| *anchor == 0) {
            met[partner.index] += 1;
        }
        // 10,000 draws over 39 images.
        let expected = 10_000.0 / 39.0;
        let near = |&count: &u32| (f64::from(count) - expected).abs() < 5.0 * f64::sqrt(expected);
        assert!(met[0] == 0 && met[1..].iter().all(near), "{met:?}");
        assert_eq!(drawn(&[4], 1, 0), [(0, Partner { index: 0, same: true })]);
    }

    #[test]
    fn partners_are_uniform_within_the_same_and_the_other_classes() {
        let labels = uneven();
        let (mut same, mut other) = ([0u32; 40], [0u32; 40]);
        for (anchor, partner) in drawn(&labels, 400_000, 0) {
            if anchor == 2 {
                let counts = if partner.same { &mut same } else { &mut other };
                counts[partner.index] += 1;
            }
        }
        // 5,000 draws: three images of its class, 36 of the others.
        for index in 0..40 {
            let of_its_class = (1..5).contains(&index);
            let expected = |kind: bool, n: f64| if kind { 5_000.0 / n } else { 0.0 };
            let wanted_same = expected(of_its_class && index != 2, 3.0);
            let wanted_other = expected(!of_its_class, 36.0);
            assert!((f64::from(same[index]) - wanted_same).abs() < 5.0 * wanted_same.sqrt() + 0.5);
            assert!(
                (f64::from(other[index]) - wanted_other).abs() < 5.0 * wanted_other.sqrt() + 0.5
            );
        }
    }

    #[test]
    fn pairs_repeat_for_a_stream_and_differ_between_streams() {
        assert_eq!(drawn(&uneven(), 200, 3), drawn(&uneven(), 200, 3));
        assert_ne!(drawn(&uneven(), 200, 3), drawn(&uneven(), 200, 4));
    }

    #[test]
    fn a_single_class_gives_only_pairs_of_the_same_class() {
        assert!(drawn(&[0, 0, 0], 60, 0).iter().all(|(anchor, p)| p.same && p.index != *anchor));
    }
}
