//! What a comparison found: the values that its conclusion is computed from.

use crate::run::DivergedLoss;

/// The results of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Findings<'a> {
    /// Name of the metric that decides, where higher is better: `1-NN accuracy`.
    pub metric: &'a str,
    /// The seeds, in the order of the values.
    pub seeds: &'a [u64],
    /// The compared losses: at least one, with unique names.
    pub losses: &'a [LossFindings<'a>],
    /// Losses without results, because they diverged.
    pub diverged: &'a [DivergedLoss],
    /// The data.
    pub data: DataUsed<'a>,
    /// Whether the losses trained for different numbers of epochs, steps or images.
    pub unequal: bool,
    /// Losses that were tuned on validation images that also evaluate them here, with the seed.
    pub tuned: &'a [(&'a str, u64)],
}

/// One loss of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossFindings<'a> {
    /// Its name.
    pub name: &'a str,
    /// The metric for each seed, in 0..=1.
    pub values: &'a [f64],
    /// Training time of each run in seconds.
    pub train_seconds: &'a [f64],
    /// Number of runs whose embeddings collapsed to nearly one point.
    pub collapsed: usize,
    /// Training steps of the longest of them.
    pub collapsed_after: usize,
}

/// The data of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataUsed<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// Minimum and maximum number of training images of a run.
    pub train: (usize, usize),
    /// Number of images for evaluation.
    pub validation: usize,
    /// Whether these are of unseen classes.
    pub unseen: bool,
    /// Whether it is the shipped sample instead of the full set.
    pub sample: bool,
}

/// A smaller spread comes from rounding, because accuracies differ by whole images.
pub const NO_SPREAD: f64 = 1e-12;
