//! Batches of places in a training set, as the loss at hand needs them.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::Amount;
use super::classes::ClassSampler;
use super::pairs::{PairSampler, Partner};
use crate::random::{Purpose, generator};

/// Some of a dataset's images: those that are trained on, or those that measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Rows of the dataset.
    pub rows: Vec<i64>,
    /// Class of each row.
    pub labels: Vec<i64>,
}

impl Part {
    /// The given rows with their classes from all `labels` of the dataset.
    pub fn new(rows: Vec<i64>, labels: &[i64]) -> Part {
        let labels = rows.iter().map(|&row| labels[row as usize]).collect();
        Part { rows, labels }
    }
}

/// What a loss looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchKind {
    /// Single images and their classes.
    Images,
    /// Images, each with a partner of the same or another class.
    Pairs,
    /// Several images of each of several classes, all in one branch.
    Classes,
}

/// What the batches of a training look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchShape {
    /// What the loss looks at.
    pub kind: BatchKind,
    /// Images in a batch (pairs, for pairs); at least 1.
    pub size: usize,
    /// Images of each class in a batch of classes, more where there are few classes; 1..=size.
    pub per_class: usize,
    /// Training batches of an epoch: as many as the images give, or so many.
    pub steps: Amount,
}

/// Images of one step, as places in the list of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// B places for each branch of the network: the images, then, for pairs, their partners.
    pub branches: Vec<Vec<usize>>,
    /// Class of each image of the first branch `[B]`.
    pub labels: Vec<i64>,
    /// For pairs, whether both images are of one class `[B]`; else empty.
    pub same: Vec<bool>,
}

/// Makes the batches of each epoch for one list of images.
pub struct Batches {
    labels: Vec<i64>,
    size: usize,
    steps: Amount,
    seed: u64,
    sampler: Sampler,
}

/// How the images of a batch are found.
enum Sampler {
    Images,
    Pairs(PairSampler),
    Classes(ClassSampler),
}

/// What the batches of an epoch are drawn for.
#[derive(Clone, Copy)]
enum For {
    Training,
    Validation,
}

impl Batches {
    /// Batches over images of these classes, the last one of an epoch smaller where the number of
    /// images is not even; batches of classes are all of one size.
    pub fn new(labels: &[i64], shape: BatchShape, seed: u64) -> Batches {
        let sampler = match shape.kind {
            BatchKind::Images => Sampler::Images,
            BatchKind::Pairs => Sampler::Pairs(PairSampler::new(labels)),
            BatchKind::Classes => {
                Sampler::Classes(ClassSampler::new(labels, shape.size, shape.per_class))
            }
        };
        let size = match &sampler {
            Sampler::Classes(classes) => classes.batch(),
            _ => shape.size,
        };
        Batches { labels: labels.to_vec(), size, steps: shape.steps, seed, sampler }
    }

    /// Training batches in an epoch.
    pub fn count(&self) -> usize {
        match self.steps {
            Amount::All => self.whole(),
            Amount::Of(steps) => steps,
        }
    }

    /// Batches that show every image once.
    fn whole(&self) -> usize {
        self.labels.len().div_ceil(self.size)
    }

    /// Images in an epoch; batches of classes show up to a batch more, and not each image once.
    pub fn images(&self) -> usize {
        let (rounds, rest) = (self.count() / self.whole(), self.count() % self.whole());
        rounds.saturating_mul(self.labels.len()).saturating_add(rest * self.size)
    }

    /// Classes with a single image, where pairs of one class are drawn: they have none.
    pub fn lonely_classes(&self) -> Vec<i64> {
        let single = class_sizes(&self.labels).into_iter().filter(|(_, images)| *images == 1);
        match &self.sampler {
            Sampler::Images => Vec::new(),
            _ => single.map(|(class, _)| class).collect(),
        }
    }

    /// Classes that have fewer images than a batch takes of each, and so are drawn from with
    /// replacement: class, images it has, images a batch takes.
    pub fn short_classes(&self) -> Vec<(i64, usize, usize)> {
        match &self.sampler {
            Sampler::Classes(classes) => classes.short().collect(),
            _ => Vec::new(),
        }
    }

    /// The training batches of an epoch (from 1): every image once, in an order of the epoch's
    /// own that is the same for every loss, with partners drawn anew. Batches of classes are
    /// drawn class by class; an epoch of them has as many images. Where the number of steps is
    /// given, rounds over the images follow each other until they are done.
    pub fn training(&self, epoch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        let rounds = match self.sampler {
            Sampler::Classes(_) => 1,
            _ => self.count().div_ceil(self.whole()),
        };
        let first = (epoch - 1) * rounds + 1;
        let all = (first..first + rounds).flat_map(|round| self.round(round));
        Box::new(all.take(self.count()))
    }

    fn round(&self, round: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(&mut generator(self.seed, Purpose::Order, round as u64));
        self.batches(For::Training, order, round)
    }

    /// The batches for the validation loss of an epoch (from 1): every image once, in order; or
    /// batches of classes.
    pub fn validation(&self, epoch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        self.batches(For::Validation, (0..self.labels.len()).collect(), epoch)
    }

    fn batches(
        &self,
        purpose: For,
        order: Vec<usize>,
        epoch: usize,
    ) -> Box<dyn Iterator<Item = Batch> + '_> {
        let (pairs, classes) = match purpose {
            For::Training => (Purpose::TrainPairs, Purpose::TrainClasses),
            For::Validation => (Purpose::ValidationPairs, Purpose::ValidationClasses),
        };
        let random = |purpose| generator(self.seed, purpose, epoch as u64);
        match &self.sampler {
            Sampler::Images => Box::new(self.pieces(order).map(|images| self.single(images))),
            Sampler::Pairs(sampler) => {
                let mut random = random(pairs);
                Box::new(self.pieces(order).map(move |images| {
                    let draw = |&anchor: &usize| sampler.draw(anchor, &mut random);
                    let partners: Vec<Partner> = images.iter().map(draw).collect();
                    let mut batch = self.single(images);
                    batch.same = partners.iter().map(|p| p.same).collect();
                    batch.branches.push(partners.iter().map(|p| p.index).collect());
                    batch
                }))
            }
            Sampler::Classes(sampler) => {
                let count = match purpose {
                    For::Training => self.count(),
                    For::Validation => self.whole(),
                };
                let drawn = sampler.draw(count, random(classes));
                Box::new(drawn.map(|images| self.single(images)))
            }
        }
    }

    /// An order cut into batches.
    fn pieces(&self, order: Vec<usize>) -> impl Iterator<Item = Vec<usize>> + use<> {
        let size = self.size;
        let starts = (0..order.len()).step_by(size);
        starts.map(move |start| order[start..(start + size).min(order.len())].to_vec())
    }

    fn single(&self, images: Vec<usize>) -> Batch {
        let labels = images.iter().map(|&image| self.labels[image]).collect();
        Batch { branches: vec![images], labels, same: Vec::new() }
    }
}

/// Images of each class that has any.
pub fn class_sizes(labels: &[i64]) -> BTreeMap<i64, usize> {
    let mut sizes = BTreeMap::new();
    labels.iter().for_each(|&label| *sizes.entry(label).or_insert(0) += 1);
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<i64> {
        (0..50).map(|i| i % 5).collect()
    }

    fn shape(kind: BatchKind, size: usize) -> BatchShape {
        BatchShape { kind, size, per_class: 4, steps: Amount::All }
    }

    fn epoch(kind: BatchKind, seed: u64, epoch: usize) -> Vec<Batch> {
        Batches::new(&labels(), shape(kind, 16), seed).training(epoch).collect()
    }

    #[test]
    fn an_epoch_shows_every_image_once_and_keeps_the_small_last_batch() {
        let batches = epoch(BatchKind::Images, 1, 1);
        assert_eq!(batches.iter().map(|b| b.labels.len()).collect::<Vec<_>>(), [16, 16, 16, 2]);
        let mut shown: Vec<usize> = batches.iter().flat_map(|b| b.branches[0].clone()).collect();
        assert_ne!(shown, (0..50).collect::<Vec<_>>(), "the order is shuffled");
        shown.sort_unstable();
        assert_eq!(shown, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn every_loss_meets_the_images_in_the_same_order() {
        let singles = epoch(BatchKind::Images, 1, 2);
        let pairs = epoch(BatchKind::Pairs, 1, 2);
        let first_branch = |batches: &[Batch]| -> Vec<Vec<usize>> {
            batches.iter().map(|b| b.branches[0].clone()).collect()
        };
        assert_eq!(first_branch(&singles), first_branch(&pairs));
    }

    #[test]
    fn each_epoch_has_its_own_order_and_pairs_and_a_seed_repeats_them() {
        assert_eq!(epoch(BatchKind::Pairs, 1, 1), epoch(BatchKind::Pairs, 1, 1));
        assert_ne!(epoch(BatchKind::Pairs, 1, 1), epoch(BatchKind::Pairs, 1, 2));
        assert_ne!(epoch(BatchKind::Pairs, 1, 1), epoch(BatchKind::Pairs, 2, 1));
        let batches = Batches::new(&labels(), shape(BatchKind::Pairs, 50), 1);
        let partners = |n| batches.validation(n).next().unwrap().branches[1].clone();
        assert_ne!(partners(1), partners(2), "validation pairs are drawn anew as well");
        assert_eq!(batches.validation(1).next().unwrap().branches[0], (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_number_of_steps_takes_round_after_round_and_cuts_the_last() {
        for kind in [BatchKind::Images, BatchKind::Pairs, BatchKind::Classes] {
            let shape = BatchShape { steps: Amount::Of(10), ..shape(kind, 16) };
            let batches = Batches::new(&labels(), shape, 1);
            let epoch = |number| batches.training(number).collect::<Vec<_>>();
            let images: usize = epoch(1).iter().map(|batch| batch.labels.len()).sum();
            assert_eq!((epoch(1).len(), batches.count()), (10, 10));
            if kind != BatchKind::Classes {
                assert_eq!((images, batches.images()), (132, 132), "two rounds and two batches");
                let mut first: Vec<usize> =
                    epoch(1)[..4].iter().flat_map(|batch| batch.branches[0].clone()).collect();
                first.sort_unstable();
                assert_eq!(first, (0..50).collect::<Vec<_>>());
            }
            assert_ne!(epoch(1)[0], epoch(1)[4]);
            assert_ne!(epoch(1), epoch(2));
            assert_eq!(batches.validation(1).count(), 4, "validation shows every image once");
        }
    }

    #[test]
    fn an_epoch_of_classes_has_as_many_images_in_batches_of_one_size() {
        let batches = epoch(BatchKind::Classes, 1, 1);
        assert_eq!(batches.iter().map(|b| b.labels.len()).collect::<Vec<_>>(), [16; 4]);
        assert!(batches.iter().all(|b| b.branches.len() == 1 && b.same.is_empty()));
        assert_ne!(batches, epoch(BatchKind::Classes, 1, 2));
        assert_eq!(batches, epoch(BatchKind::Classes, 1, 1));
    }
}
