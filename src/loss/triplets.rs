//! Sampled triplets of a batch.

use rand::RngExt;
use tch::Tensor;

use crate::random::Generator;

/// Indices into a batch, each `[T]` i64: anchors, images of their classes, images of other classes.
#[derive(Debug)]
pub struct Triplets {
    pub anchors: Tensor,
    pub positives: Tensor,
    pub negatives: Tensor,
}

impl Triplets {
    /// From a list of (anchor, positive, negative).
    pub fn new(triplets: &[[i64; 3]], device: tch::Device) -> Triplets {
        let column = |position: usize| {
            let indices: Vec<i64> = triplets.iter().map(|triplet| triplet[position]).collect();
            Tensor::from_slice(&indices).to_device(device)
        };
        Triplets { anchors: column(0), positives: column(1), negatives: column(2) }
    }

    /// The distances from the anchors to their positives `[T]`, out of all distances `[B, B]`.
    pub fn positive_distances(&self, distances: &Tensor) -> Tensor {
        self.gather(distances, &self.positives)
    }

    /// The distances from the anchors to their negatives `[T]`.
    pub fn negative_distances(&self, distances: &Tensor) -> Tensor {
        self.gather(distances, &self.negatives)
    }

    fn gather(&self, distances: &Tensor, others: &Tensor) -> Tensor {
        // A flat index: the gradient of indexing by two tensors is accumulated one number at a
        // time.
        let flat = &self.anchors * distances.size()[1] + others;
        distances.reshape([-1]).index_select(0, &flat)
    }

    /// For each image that has both, one positive and one negative, drawn uniformly.
    pub fn random_per_anchor(labels: &Tensor, random: &mut Generator) -> Triplets {
        let classes = Vec::<i64>::try_from(labels).expect("a vector of classes");
        let indices = |of: &dyn Fn(usize) -> bool| -> Vec<i64> {
            (0..classes.len()).filter(|&i| of(i)).map(|i| i as i64).collect()
        };
        let mut triplets = Vec::new();
        for (anchor, class) in classes.iter().enumerate() {
            let positives = indices(&|i| i != anchor && classes[i] == *class);
            let negatives = indices(&|i| classes[i] != *class);
            if !positives.is_empty() && !negatives.is_empty() {
                let mut pick = |from: &[i64]| from[random.random_range(0..from.len())];
                triplets.push([anchor as i64, pick(&positives), pick(&negatives)]);
            }
        }
        Triplets::new(&triplets, labels.device())
    }

    /// For each anchor and positive one negative, drawn with probability proportional to `weights`
    /// `[B, B]`; anchors whose weights are all zero are left out.
    pub fn weighted(weights: &Tensor, positive: &Tensor, random: &mut Generator) -> Triplets {
        let size = weights.size()[0] as usize;
        let flat = Vec::<f64>::try_from(&weights.to_kind(tch::Kind::Double).view([-1]));
        let flat = flat.expect("a matrix of numbers");
        let positive = Vec::<bool>::try_from(&positive.view([-1])).expect("a matrix of booleans");
        let mut triplets = Vec::new();
        for anchor in 0..size {
            let row = anchor * size..(anchor + 1) * size;
            let sums: Vec<f64> = flat[row.clone()]
                .iter()
                .scan(0.0, |sum, weight| {
                    *sum += weight;
                    Some(*sum)
                })
                .collect();
            let total = sums.last().copied().unwrap_or(0.0);
            if total > 0.0 {
                for (index, _) in positive[row].iter().enumerate().filter(|(_, is)| **is) {
                    let drawn = random.random::<f64>() * total;
                    let negative = sums.partition_point(|&sum| sum <= drawn).min(size - 1);
                    triplets.push([anchor as i64, index as i64, negative as i64]);
                }
            }
        }
        Triplets::new(&triplets, weights.device())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::pairwise::PairMasks;
    use crate::random::{Purpose, generator};

    fn numbers(tensor: &Tensor) -> Vec<i64> {
        Vec::<i64>::try_from(tensor).unwrap()
    }

    #[test]
    fn each_triplet_has_a_positive_and_a_negative() {
        let classes = [0i64, 0, 0, 1, 1, 2];
        let labels = Tensor::from_slice(&classes);
        let class = |index: i64| classes[index as usize];
        for stream in 0..50 {
            let random = &mut generator(3, Purpose::TrainLoss, stream);
            let drawn = Triplets::random_per_anchor(&labels, random);
            // The only image of class 2 has no positive.
            assert_eq!(numbers(&drawn.anchors), [0, 1, 2, 3, 4]);
            for ((a, p), n) in numbers(&drawn.anchors)
                .into_iter()
                .zip(numbers(&drawn.positives))
                .zip(numbers(&drawn.negatives))
            {
                assert!(a != p && class(a) == class(p) && class(a) != class(n));
            }
        }
    }

    #[test]
    fn negatives_are_drawn_in_proportion_to_their_weights() {
        let labels = Tensor::from_slice(&[0i64, 0, 1, 1]);
        let positive = PairMasks::new(&labels).positive;
        let weights = Tensor::from_slice2(&[
            [0.0f64, 0.0, 1.0, 3.0],
            [0.0, 0.0, 0.0, 0.0],
            [1.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 0.0],
        ]);
        let mut heavy = 0;
        for stream in 0..2000 {
            let random = &mut generator(3, Purpose::TrainLoss, stream);
            let drawn = Triplets::weighted(&weights, &positive, random);
            assert_eq!(numbers(&drawn.anchors), [0, 2, 3], "the second has no weight");
            assert_eq!(numbers(&drawn.positives), [1, 3, 2]);
            heavy += i64::from(numbers(&drawn.negatives)[0] == 3);
        }
        // Four standard deviations of 2,000 draws at ¾.
        assert!((heavy - 1500).abs() < 78, "{heavy}");
    }
}
