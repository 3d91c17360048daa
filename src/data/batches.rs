//! Batches of image indices, sampled as the loss needs them.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use super::Amount;
use super::pairs::{PairSampler, Partner};
use super::pk_sampler::PkSampler;
use crate::random::{Purpose, generator};

/// A subset of a dataset's images, for training or for evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Rows of the dataset.
    pub rows: Vec<i64>,
    /// Class of each row.
    pub labels: Vec<i64>,
}

impl Subset {
    /// The given rows with their classes, looked up in all `labels` of the dataset.
    pub fn new(rows: Vec<i64>, labels: &[i64]) -> Subset {
        let labels = rows.iter().map(|&row| labels[row as usize]).collect();
        Subset { rows, labels }
    }
}

/// How a loss needs its batches to be sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchKind {
    /// Single images and their classes.
    Images,
    /// Images, each paired with one of the same or another class.
    Pairs,
    /// PK sampling: P classes × K images each, all in one branch.
    PkSampling,
}

/// The shape of the batches of a training run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchShape {
    /// How batches are sampled.
    pub kind: BatchKind,
    /// Images in a batch (pairs, for pairs); at least 1.
    pub size: usize,
    /// K of PK sampling, larger if there are few classes; 1..=size.
    pub per_class: usize,
    /// Training batches per epoch: all that the images give, or a fixed number.
    pub steps: Amount,
}

/// The images of one step, as indices into the list of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// B indices for each branch of the network: the images, then, for pairs, their partners.
    pub branches: Vec<Vec<usize>>,
    /// Class of each image of the first branch `[B]`.
    pub labels: Vec<i64>,
    /// For pairs, whether both images are of the same class `[B]`; otherwise empty.
    pub same: Vec<bool>,
}

/// Generates the batches of each epoch.
pub struct Batches {
    labels: Vec<i64>,
    size: usize,
    steps: Amount,
    seed: u64,
    sampler: Sampler,
}

/// How the images of a batch are sampled.
enum Sampler {
    Images,
    Pairs(PairSampler),
    Pk(PkSampler),
}

/// Whether batches are for training or for the validation loss.
#[derive(Clone, Copy)]
enum Phase {
    Training,
    Validation,
}

impl Batches {
    /// Batches over images of these classes. The last one of an epoch is smaller if the images do
    /// not divide evenly; with PK sampling all have the same size.
    pub fn new(labels: &[i64], shape: BatchShape, seed: u64) -> Batches {
        let sampler = match shape.kind {
            BatchKind::Images => Sampler::Images,
            BatchKind::Pairs => Sampler::Pairs(PairSampler::new(labels)),
            BatchKind::PkSampling => {
                Sampler::Pk(PkSampler::new(labels, shape.size, shape.per_class))
            }
        };
        let size = match &sampler {
            Sampler::Pk(classes) => classes.batch(),
            _ => shape.size,
        };
        Batches { labels: labels.to_vec(), size, steps: shape.steps, seed, sampler }
    }

    /// Number of training batches per epoch.
    pub fn count(&self) -> usize {
        match self.steps {
            Amount::All => self.batches_per_pass(),
            Amount::Of(steps) => steps,
        }
    }

    /// Number of batches that contain every image once.
    fn batches_per_pass(&self) -> usize {
        self.labels.len().div_ceil(self.size)
    }

    /// Images per epoch; with PK sampling up to one batch more, and not each image exactly once.
    pub fn images(&self) -> usize {
        let (passes, rest) =
            (self.count() / self.batches_per_pass(), self.count() % self.batches_per_pass());
        passes.saturating_mul(self.labels.len()).saturating_add(rest * self.size)
    }

    /// Classes with a single image, which has no positive, if the sampling needs positives.
    pub fn singleton_classes(&self) -> Vec<i64> {
        let single = class_sizes(&self.labels).into_iter().filter(|(_, images)| *images == 1);
        match &self.sampler {
            Sampler::Images => Vec::new(),
            _ => single.map(|(class, _)| class).collect(),
        }
    }

    /// With PK sampling, classes that have fewer than K images and are therefore sampled with
    /// replacement: class, number of images, K.
    pub fn small_classes(&self) -> Vec<(i64, usize, usize)> {
        match &self.sampler {
            Sampler::Pk(classes) => classes.small_classes().collect(),
            _ => Vec::new(),
        }
    }

    /// The training batches of an epoch (from 1): every image once, in an order that depends on the
    /// epoch but not on the loss, with new random partners. With PK sampling, an epoch has about as
    /// many images. With a fixed number of steps, passes over the images are repeated until it is
    /// reached.
    pub fn training(&self, epoch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        let passes = match self.sampler {
            Sampler::Pk(_) => 1,
            _ => self.count().div_ceil(self.batches_per_pass()),
        };
        let first = (epoch - 1) * passes + 1;
        let all = (first..first + passes).flat_map(|pass| self.pass(pass));
        Box::new(all.take(self.count()))
    }

    fn pass(&self, pass: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(&mut generator(self.seed, Purpose::Order, pass as u64));
        self.batches(Phase::Training, order, pass)
    }

    /// The batches for the validation loss of an epoch (from 1): every image once, in order; or PK
    /// sampling.
    pub fn validation(&self, epoch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        self.batches(Phase::Validation, (0..self.labels.len()).collect(), epoch)
    }

    fn batches(
        &self,
        phase: Phase,
        order: Vec<usize>,
        epoch: usize,
    ) -> Box<dyn Iterator<Item = Batch> + '_> {
        let (pairs, classes) = match phase {
            Phase::Training => (Purpose::TrainPairs, Purpose::TrainClasses),
            Phase::Validation => (Purpose::ValidationPairs, Purpose::ValidationClasses),
        };
        let random = |purpose| generator(self.seed, purpose, epoch as u64);
        match &self.sampler {
            Sampler::Images => Box::new(self.chunks(order).map(|images| self.single(images))),
            Sampler::Pairs(sampler) => {
                let mut random = random(pairs);
                Box::new(self.chunks(order).map(move |images| {
                    let draw = |&anchor: &usize| sampler.draw(anchor, &mut random);
                    let partners: Vec<Partner> = images.iter().map(draw).collect();
                    let mut batch = self.single(images);
                    batch.same = partners.iter().map(|p| p.same).collect();
                    batch.branches.push(partners.iter().map(|p| p.index).collect());
                    batch
                }))
            }
            Sampler::Pk(sampler) => {
                let count = match phase {
                    Phase::Training => self.count(),
                    Phase::Validation => self.batches_per_pass(),
                };
                let drawn = sampler.draw(count, random(classes));
                Box::new(drawn.map(|images| self.single(images)))
            }
        }
    }

    /// Splits an order into batches.
    fn chunks(&self, order: Vec<usize>) -> impl Iterator<Item = Vec<usize>> + use<> {
        let size = self.size;
        let starts = (0..order.len()).step_by(size);
        starts.map(move |start| order[start..(start + size).min(order.len())].to_vec())
    }

    fn single(&self, images: Vec<usize>) -> Batch {
        let labels = images.iter().map(|&image| self.labels[image]).collect();
        Batch { branches: vec![images], labels, same: Vec::new() }
    }
}

/// Number of images of each class that has any.
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
    fn an_epoch_contains_every_image_once_and_keeps_the_smaller_last_batch() {
        let batches = epoch(BatchKind::Images, 1, 1);
        assert_eq!(batches.iter().map(|b| b.labels.len()).collect::<Vec<_>>(), [16, 16, 16, 2]);
        let mut shown: Vec<usize> = batches.iter().flat_map(|b| b.branches[0].clone()).collect();
        assert_ne!(shown, (0..50).collect::<Vec<_>>(), "the order is shuffled");
        shown.sort_unstable();
        assert_eq!(shown, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn all_losses_see_the_images_in_the_same_order() {
        let singles = epoch(BatchKind::Images, 1, 2);
        let pairs = epoch(BatchKind::Pairs, 1, 2);
        let first_branch = |batches: &[Batch]| -> Vec<Vec<usize>> {
            batches.iter().map(|b| b.branches[0].clone()).collect()
        };
        assert_eq!(first_branch(&singles), first_branch(&pairs));
    }

    #[test]
    fn order_and_pairs_change_with_the_epoch_and_repeat_under_a_seed() {
        assert_eq!(epoch(BatchKind::Pairs, 1, 1), epoch(BatchKind::Pairs, 1, 1));
        assert_ne!(epoch(BatchKind::Pairs, 1, 1), epoch(BatchKind::Pairs, 1, 2));
        assert_ne!(epoch(BatchKind::Pairs, 1, 1), epoch(BatchKind::Pairs, 2, 1));
        let batches = Batches::new(&labels(), shape(BatchKind::Pairs, 50), 1);
        let partners = |n| batches.validation(n).next().unwrap().branches[1].clone();
        assert_ne!(partners(1), partners(2), "validation pairs change, too");
        assert_eq!(batches.validation(1).next().unwrap().branches[0], (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_fixed_number_of_steps_repeats_passes_and_truncates_the_last() {
        for kind in [BatchKind::Images, BatchKind::Pairs, BatchKind::PkSampling] {
            let shape = BatchShape { steps: Amount::Of(10), ..shape(kind, 16) };
            let batches = Batches::new(&labels(), shape, 1);
            let epoch = |number| batches.training(number).collect::<Vec<_>>();
            let images: usize = epoch(1).iter().map(|batch| batch.labels.len()).sum();
            assert_eq!((epoch(1).len(), batches.count()), (10, 10));
            if kind != BatchKind::PkSampling {
                assert_eq!((images, batches.images()), (132, 132), "two passes and two batches");
                let mut first: Vec<usize> =
                    epoch(1)[..4].iter().flat_map(|batch| batch.branches[0].clone()).collect();
                first.sort_unstable();
                assert_eq!(first, (0..50).collect::<Vec<_>>());
            }
            assert_ne!(epoch(1)[0], epoch(1)[4]);
            assert_ne!(epoch(1), epoch(2));
            assert_eq!(batches.validation(1).count(), 4, "validation contains every image once");
        }
    }

    #[test]
    fn pk_sampling_gives_about_as_many_images_in_batches_of_one_size() {
        let batches = epoch(BatchKind::PkSampling, 1, 1);
        assert_eq!(batches.iter().map(|b| b.labels.len()).collect::<Vec<_>>(), [16; 4]);
        assert!(batches.iter().all(|b| b.branches.len() == 1 && b.same.is_empty()));
        assert_ne!(batches, epoch(BatchKind::PkSampling, 1, 2));
        assert_eq!(batches, epoch(BatchKind::PkSampling, 1, 1));
    }
}
