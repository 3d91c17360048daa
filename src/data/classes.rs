//! Batches of P classes × K images, for losses that look at all pairs of a batch.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::random::Generator;

/// Draws batches that hold several images of each of their classes.
///
/// The classes of a batch come from a shuffled round of all classes, the images of a class from a
/// shuffled round of all its images, so that every class and every image comes up about as often
/// as any other of its kind. A class with fewer than K images is drawn from with replacement. An image
/// that is alone in its class comes once, as K copies of it would be no pairs; further classes fill
/// the batch up, as far as they go.
pub struct ClassSampler {
    /// Places of each class that has any, with its number.
    classes: Vec<(i64, Vec<usize>)>,
    /// Classes of a batch, P.
    in_batch: usize,
    /// Images of each class in a batch, K.
    per_class: usize,
}

impl ClassSampler {
    /// A sampler over images of these classes, for batches of at most `size` images.
    ///
    /// A batch holds as many classes as fit with `per_class` images each; where there are fewer
    /// classes than that, more images of each. It takes no more images than there are, and no more
    /// of a class than the largest has.
    pub fn new(labels: &[i64], size: usize, per_class: usize) -> ClassSampler {
        let count = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
        let mut places = vec![Vec::new(); count];
        for (place, &label) in labels.iter().enumerate() {
            places[label as usize].push(place);
        }
        let classes: Vec<(i64, Vec<usize>)> =
            (0..).zip(places).filter(|(_, places)| !places.is_empty()).collect();
        let largest = classes.iter().map(|(_, places)| places.len()).max().unwrap_or(1);
        let size = size.min(labels.len()).max(1);
        let in_batch = (size / per_class.min(largest)).clamp(1, classes.len().max(1));
        ClassSampler { classes, in_batch, per_class: (size / in_batch).clamp(1, largest) }
    }

    /// Images in a batch; fewer where classes of a single image leave room.
    pub fn batch(&self) -> usize {
        self.in_batch * self.per_class
    }

    /// Classes of several images, but fewer than a batch takes of each: class, images it has, images a batch
    /// takes.
    pub fn short(&self) -> impl Iterator<Item = (i64, usize, usize)> {
        let is_short = |places: &[usize]| (2..self.per_class).contains(&places.len());
        let short = self.classes.iter().filter(move |(_, places)| is_short(places));
        short.map(|(class, places)| (*class, places.len(), self.per_class))
    }

    /// `count` batches of places, the images of a class side by side.
    pub fn draw(&self, count: usize, mut random: Generator) -> impl Iterator<Item = Vec<usize>> {
        let mut classes = Vec::new();
        let mut images: Vec<Vec<usize>> = vec![Vec::new(); self.classes.len()];
        (0..count).map(move |_| {
            let all = || (0..self.classes.len()).collect::<Vec<usize>>();
            let mut chosen = next_round(&mut classes, self.in_batch, all, &mut random);
            let mut batch = Vec::with_capacity(self.batch());
            for &class in &chosen {
                self.take(class, self.per_class, &mut images[class], &mut random, &mut batch);
            }
            while batch.len() < self.batch() && chosen.len() < self.classes.len() {
                let class = next_round(&mut classes, 1, all, &mut random)[0];
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

    /// Adds `count` images of a class to a batch, of a class of one that one.
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
            places if places.len() < count => {
                let drawn = || places[random.random_range(0..places.len())];
                batch.extend(std::iter::repeat_with(drawn).take(count));
            }
            places => batch.extend(next_round(queue, count, || places.to_vec(), random)),
        }
    }
}

/// Takes `count` different items off the end of a queue, which a new shuffled round refills.
///
/// The rest of the old round comes first; what the new one has of the same is put to its far end.
fn next_round(
    queue: &mut Vec<usize>,
    count: usize,
    all: impl Fn() -> Vec<usize>,
    random: &mut Generator,
) -> Vec<usize> {
    if queue.len() < count {
        let rest = std::mem::take(queue);
        let mut round = all();
        round.shuffle(random);
        let (again, mut fresh): (Vec<usize>, Vec<usize>) =
            round.into_iter().partition(|item| rest.contains(item));
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
        let sampler = ClassSampler::new(&labels(), 16, 4);
        sampler.draw(count, generator(1, Purpose::TrainPairs, stream)).collect()
    }

    #[test]
    fn a_batch_holds_p_classes_and_k_images_of_each() {
        let labels = labels();
        for batch in drawn(50, 0) {
            assert_eq!(batch.len(), 16);
            let mut classes: Vec<i64> = batch.iter().map(|&place| labels[place]).collect();
            assert!(classes.chunks(4).all(|four| four.iter().all(|class| *class == four[0])));
            classes.dedup();
            classes.sort_unstable();
            classes.dedup();
            assert_eq!(classes.len(), 4);
        }
    }

    #[test]
    fn no_image_comes_twice_in_a_batch_unless_its_class_is_short() {
        let labels = labels();
        let (mut short_batches, mut doubled) = (0, 0);
        for mut batch in drawn(100, 1) {
            let short = batch.iter().any(|&place| labels[place] == 4);
            batch.retain(|&place| labels[place] != 4 || short);
            let rest: Vec<usize> = batch.iter().copied().filter(|&p| labels[p] != 4).collect();
            let distinct: std::collections::HashSet<_> = rest.iter().collect();
            assert_eq!(distinct.len(), rest.len());
            let distinct: std::collections::HashSet<_> = batch.iter().collect();
            short_batches += usize::from(short);
            doubled += usize::from(distinct.len() < batch.len());
        }
        // Four draws of three images: one at least comes twice.
        assert_eq!(short_batches, doubled);
        assert!(short_batches > 50);
    }

    #[test]
    fn classes_and_images_come_up_evenly() {
        let labels = labels();
        let mut classes = [0usize; 5];
        let mut images = [0usize; 160];
        for batch in drawn(100, 2) {
            batch.iter().for_each(|&place| classes[labels[place] as usize] += 1);
            batch.iter().filter(|&&p| p < 160).for_each(|&place| images[place] += 1);
        }
        // 1,600 images over five classes; over 40 images of a class 320.
        assert!(classes.iter().all(|&count| count.abs_diff(320) <= 4), "{classes:?}");
        assert!(images.iter().all(|&count| count.abs_diff(8) <= 1), "{images:?}");
    }

    #[test]
    fn fewer_classes_than_fit_give_more_images_of_each() {
        let labels: Vec<i64> = (0..300).map(|i| i % 3).collect();
        let sampler = ClassSampler::new(&labels, 100, 4);
        assert_eq!((sampler.in_batch, sampler.per_class, sampler.batch()), (3, 33, 99));
        let one_class = ClassSampler::new(&[7; 50], 32, 16);
        assert_eq!((one_class.in_batch, one_class.per_class), (1, 32));
    }

    #[test]
    fn a_batch_is_no_larger_than_the_data_and_a_short_class_is_named() {
        let sampler = ClassSampler::new(&[0, 1, 0, 1, 0, 1, 2, 2], 1_000_000_000, 4);
        assert_eq!((sampler.in_batch, sampler.per_class), (2, 3));
        assert_eq!(sampler.short().collect::<Vec<_>>(), [(2, 2, 3)]);
    }

    #[test]
    fn an_image_alone_in_its_class_comes_once_and_other_classes_fill_the_batch() {
        // Four classes of ten, and eight of one.
        let labels: Vec<i64> = (0..48).map(|i| if i < 40 { i / 10 } else { i - 36 }).collect();
        let sampler = ClassSampler::new(&labels, 16, 4);
        assert_eq!((sampler.batch(), sampler.short().count()), (16, 0));
        let mut alone = 0;
        for batch in sampler.draw(60, generator(1, Purpose::TrainPairs, 0)) {
            let distinct: std::collections::HashSet<_> = batch.iter().collect();
            assert_eq!(distinct.len(), batch.len(), "no image comes twice: {batch:?}");
            assert!((7..=16).contains(&batch.len()), "{batch:?}");
            alone += batch.iter().filter(|&&place| place >= 40).count();
        }
        assert!(alone > 100, "{alone}");
    }

    #[test]
    fn a_stream_repeats_its_batches_and_another_has_others() {
        assert_eq!(drawn(20, 3), drawn(20, 3));
        assert_ne!(drawn(20, 3), drawn(20, 4));
    }
}
