//! PK sampling: batches of P classes × K images, for losses on all pairs of a batch.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::random::Generator;

/// Samples batches of P classes with K images each.
///
/// Classes are taken from shuffled passes over all classes, and images of a class from shuffled
/// passes over its images, so that all classes, and all images of a class, occur about equally
/// often. A class with fewer than K images is sampled with replacement. The only image of a class
/// occurs once, since copies of it are not pairs; further classes then fill the batch, as far as
/// they go.
pub struct PkSampler {
    /// Indices of the images of each non-empty class.
    classes: Vec<(i64, Vec<usize>)>,
    /// Classes in a batch, P.
    in_batch: usize,
    /// Images per class in a batch, K.
    per_class: usize,
}

impl PkSampler {
    /// A sampler over images of these classes, for batches of at most `size` images.
    ///
    /// A batch has as many classes as fit with `per_class` images each; if there are fewer classes,
    /// more images of each. K is at most the size of the largest class, and a batch at most as
    /// large as the data.
    pub fn new(labels: &[i64], size: usize, per_class: usize) -> PkSampler {
        let count = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
        let mut indices = vec![Vec::new(); count];
        for (index, &label) in labels.iter().enumerate() {
            indices[label as usize].push(index);
        }
        let classes: Vec<(i64, Vec<usize>)> =
            (0..).zip(indices).filter(|(_, indices)| !indices.is_empty()).collect();
        let largest = classes.iter().map(|(_, indices)| indices.len()).max().unwrap_or(1);
        let size = size.min(labels.len()).max(1);
        let in_batch = (size / per_class.min(largest)).clamp(1, classes.len().max(1));
        PkSampler { classes, in_batch, per_class: (size / in_batch).clamp(1, largest) }
    }

    /// Images in a batch; fewer if classes with a single image leave gaps.
    pub fn batch(&self) -> usize {
        self.in_batch * self.per_class
    }

    /// Classes with several images, but fewer than K: class, number of images, K.
    pub fn small_classes(&self) -> impl Iterator<Item = (i64, usize, usize)> {
        let is_small = |indices: &[usize]| (2..self.per_class).contains(&indices.len());
        let small = self.classes.iter().filter(move |(_, indices)| is_small(indices));
        small.map(|(class, indices)| (*class, indices.len(), self.per_class))
    }

    /// `count` batches of image indices, grouped by class.
    pub fn draw(&self, count: usize, mut random: Generator) -> impl Iterator<Item = Vec<usize>> {
        let mut classes = Vec::new();
        let mut images: Vec<Vec<usize>> = vec![Vec::new(); self.classes.len()];
        (0..count).map(move |_| {
            let all = || (0..self.classes.len()).collect::<Vec<usize>>();
            let mut chosen = draw_from_queue(&mut classes, self.in_batch, all, &mut random);
            let mut batch = Vec::with_capacity(self.batch());
            for &class in &chosen {
                self.take(class, self.per_class, &mut images[class], &mut random, &mut batch);
            }
            while batch.len() < self.batch() && chosen.len() < self.classes.len() {
                let class = draw_from_queue(&mut classes, 1, all, &mut random)[0];
                if chosen.contains(&class) {
                    break;
                }
                chosen.push(class);
                let room = self.per_class.min(self.batch() - batch.len());
                self.take(class, room, &mut images[class], &mut random, &mut batch);
            }
            batch
        })
    }

    /// Adds `count` images of a class to a batch, or its only image once.
    fn take(
        &self,
        class: usize,
        count: usize,
        queue: &mut Vec<usize>,
        random: &mut Generator,
        batch: &mut Vec<usize>,
    ) {
        match self.classes[class].1.as_slice() {
            [only] => batch.push(*only),
            indices if indices.len() < count => {
                let drawn = || indices[random.random_range(0..indices.len())];
                batch.extend(std::iter::repeat_with(drawn).take(count));
            }
            indices => batch.extend(draw_from_queue(queue, count, || indices.to_vec(), random)),
        }
    }
}

/// Takes `count` distinct items off the end of a queue, refilling it with a new shuffled pass.
///
/// The remaining items of the old pass come first; the same items of the new pass are moved to its
/// far end.
fn draw_from_queue(
    queue: &mut Vec<usize>,
    count: usize,
    all: impl Fn() -> Vec<usize>,
    random: &mut Generator,
) -> Vec<usize> {
    if queue.len() < count {
        let rest = std::mem::take(queue);
        let mut pass = all();
        pass.shuffle(random);
        let (again, mut fresh): (Vec<usize>, Vec<usize>) =
            pass.into_iter().partition(|item| rest.contains(item));
        let mut refilled = again;
        refilled.append(&mut fresh);
        refilled.extend(rest);
        *queue = refilled;
    }
    queue.split_off(queue.len() - count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};

    /// Five classes of 40, 40, 40, 40 and 3 images.
    fn labels() -> Vec<i64> {
        (0..163).map(|i| if i < 160 { i % 4 } else { 4 }).collect()
    }

    fn drawn(count: usize, stream: u64) -> Vec<Vec<usize>> {
        let sampler = PkSampler::new(&labels(), 16, 4);
        sampler.draw(count, generator(1, Purpose::TrainPairs, stream)).collect()
    }

    #[test]
    fn a_batch_has_k_images_of_each_of_p_classes() {
        let labels = labels();
        for batch in drawn(50, 0) {
            assert_eq!(batch.len(), 16);
            let mut classes: Vec<i64> = batch.iter().map(|&index| labels[index]).collect();
            assert!(classes.chunks(4).all(|four| four.iter().all(|class| *class == four[0])));
            classes.dedup();
            classes.sort_unstable();
            classes.dedup();
            assert_eq!(classes.len(), 4);
        }
    }

    #[test]
    fn no_image_is_repeated_in_a_batch_unless_its_class_is_small() {
        let labels = labels();
        let (mut with_small_class, mut with_duplicates) = (0, 0);
        for mut batch in drawn(100, 1) {
            let short = batch.iter().any(|&index| labels[index] == 4);
            batch.retain(|&index| labels[index] != 4 || short);
            let rest: Vec<usize> = batch.iter().copied().filter(|&p| labels[p] != 4).collect();
            let distinct: std::collections::HashSet<_> = rest.iter().collect();
            assert_eq!(distinct.len(), rest.len());
            let distinct: std::collections::HashSet<_> = batch.iter().collect();
            with_small_class += usize::from(short);
            with_duplicates += usize::from(distinct.len() < batch.len());
        }
        // Four draws from three images repeat at least one.
        assert_eq!(with_small_class, with_duplicates);
        assert!(with_small_class > 50);
    }

    #[test]
    fn classes_and_images_occur_equally_often() {
        let labels = labels();
        let mut classes = [0usize; 5];
        let mut images = [0usize; 160];
        for batch in drawn(100, 2) {
            batch.iter().for_each(|&index| classes[labels[index] as usize] += 1);
            batch.iter().filter(|&&p| p < 160).for_each(|&index| images[index] += 1);
        }
        // 1,600 images over five classes; over 40 images of a class 320.
        assert!(classes.iter().all(|&count| count.abs_diff(320) <= 4), "{classes:?}");
        assert!(images.iter().all(|&count| count.abs_diff(8) <= 1), "{images:?}");
    }

    #[test]
    fn with_few_classes_a_batch_has_more_images_of_each() {
        let labels: Vec<i64> = (0..300).map(|i| i % 3).collect();
        let sampler = PkSampler::new(&labels, 100, 4);
        assert_eq!((sampler.in_batch, sampler.per_class, sampler.batch()), (3, 33, 99));
        let one_class = PkSampler::new(&[7; 50], 32, 16);
        assert_eq!((one_class.in_batch, one_class.per_class), (1, 32));
    }

    #[test]
    fn a_batch_is_at_most_as_large_as_the_data_and_small_classes_are_listed() {
        let sampler = PkSampler::new(&[0, 1, 0, 1, 0, 1, 2, 2], 1_000_000_000, 4);
        assert_eq!((sampler.in_batch, sampler.per_class), (2, 3));
        assert_eq!(sampler.small_classes().collect::<Vec<_>>(), [(2, 2, 3)]);
    }

    #[test]
    fn singleton_classes_occur_once_and_other_classes_fill_the_batch() {
        // Four classes of ten, and eight of one.
        let labels: Vec<i64> = (0..48).map(|i| if i < 40 { i / 10 } else { i - 36 }).collect();
        let sampler = PkSampler::new(&labels, 16, 4);
        assert_eq!((sampler.batch(), sampler.small_classes().count()), (16, 0));
        let mut alone = 0;
        for batch in sampler.draw(60, generator(1, Purpose::TrainPairs, 0)) {
            let distinct: std::collections::HashSet<_> = batch.iter().collect();
            assert_eq!(distinct.len(), batch.len(), "no image is repeated: {batch:?}");
            assert!((7..=16).contains(&batch.len()), "{batch:?}");
            alone += batch.iter().filter(|&&index| index >= 40).count();
        }
        assert!(alone > 100, "{alone}");
    }

    #[test]
    fn batches_repeat_for_a_stream_and_differ_between_streams() {
        assert_eq!(drawn(20, 3), drawn(20, 3));
        assert_ne!(drawn(20, 3), drawn(20, 4));
    }
}
