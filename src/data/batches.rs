//! Batches of places in a training set, as the loss at hand needs them.

use rand::seq::SliceRandom;

use super::pairs::{PairSampler, Partner};
use crate::random::{Generator, Purpose, generator};

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
    kind: BatchKind,
    sampler: PairSampler,
    size: usize,
    seed: u64,
}

impl Batches {
    /// Batches of `size` images, the last one of an epoch smaller where the number is not even.
    pub fn new(labels: &[i64], kind: BatchKind, size: usize, seed: u64) -> Batches {
        let sampler = PairSampler::new(labels);
        Batches { labels: labels.to_vec(), kind, sampler, size, seed }
    }

    /// Batches in an epoch.
    pub fn count(&self) -> usize {
        self.labels.len().div_ceil(self.size)
    }

    /// Images in an epoch.
    pub fn images(&self) -> usize {
        self.labels.len()
    }

    /// The training batches of an epoch (from 1): every image once, in an order of the epoch's
    /// own that is the same for every loss, with partners drawn anew.
    pub fn training(&self, epoch: usize) -> impl Iterator<Item = Batch> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(&mut generator(self.seed, Purpose::Order, epoch as u64));
        let partners = generator(self.seed, Purpose::TrainPairs, epoch as u64);
        self.batches(order, partners)
    }

    /// The batches for the validation loss of an epoch (from 1): every image once, in order.
    pub fn validation(&self, epoch: usize) -> impl Iterator<Item = Batch> {
        let partners = generator(self.seed, Purpose::ValidationPairs, epoch as u64);
        self.batches((0..self.labels.len()).collect(), partners)
    }

    fn batches(&self, order: Vec<usize>, mut random: Generator) -> impl Iterator<Item = Batch> {
        let starts = (0..order.len()).step_by(self.size);
        starts.map(move |start| {
            let end = (start + self.size).min(order.len());
            self.batch(&order[start..end], &mut random)
        })
    }

    fn batch(&self, anchors: &[usize], random: &mut Generator) -> Batch {
        let labels = anchors.iter().map(|&anchor| self.labels[anchor]).collect();
        let anchors = anchors.to_vec();
        match self.kind {
            BatchKind::Images => Batch { branches: vec![anchors], labels, same: Vec::new() },
            BatchKind::Pairs => {
                let partners: Vec<Partner> =
                    anchors.iter().map(|&anchor| self.sampler.draw(anchor, random)).collect();
                let same = partners.iter().map(|p| p.same).collect();
                let partners = partners.iter().map(|p| p.index).collect();
                Batch { branches: vec![anchors, partners], labels, same }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<i64> {
        (0..50).map(|i| i % 5).collect()
    }

    fn epoch(kind: BatchKind, seed: u64, epoch: usize) -> Vec<Batch> {
        Batches::new(&labels(), kind, 16, seed).training(epoch).collect()
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
        let batches = Batches::new(&labels(), BatchKind::Pairs, 50, 1);
        let partners = |n| batches.validation(n).next().unwrap().branches[1].clone();
        assert_ne!(partners(1), partners(2), "validation pairs are drawn anew as well");
        assert_eq!(batches.validation(1).next().unwrap().branches[0], (0..50).collect::<Vec<_>>());
    }
}
