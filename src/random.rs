//! Seeded random generators, one for each purpose.
//!
//! No two purposes share a generator (but for [`Purpose::Search`]), so a run gives the same numbers whether it runs alone or in
//! parallel with others, and drawing more numbers for one purpose never shifts another.

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use sha2::{Digest, Sha256};

/// The generator used everywhere: portable, with the same stream on every machine.
pub type Generator = ChaCha12Rng;

/// What the random numbers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights of the network.
    Weights,
    /// The train/validation split.
    Split,
    /// Order of the training images; one stream per epoch.
    Order,
    /// Partners of the training images; one stream per epoch.
    TrainPairs,
    /// Partners of the validation images; one stream per epoch.
    ValidationPairs,
    /// PK sampling of training batches (P classes × K images); one stream per epoch.
    TrainClasses,
    /// PK sampling of validation batches.
    ValidationClasses,
    /// Sampling within a loss in training, of triplets for example; one stream per epoch.
    TrainLoss,
    /// Sampling within a loss in validation; one stream per epoch.
    ValidationLoss,
    /// Initialisation of a loss's own parameters.
    LossParameters,
    /// Pairs in the picture of sample pairs.
    PairPicture,
    /// Which rows a stratified sample takes.
    Sample,
    /// Initialisation of t-SNE.
    Tsne,
    /// Initialisation of k-means.
    Clusters,
    /// Which queries' pairs are measured, if there are too many for all.
    Queries,
    /// Queries in the retrieval picture.
    RetrievalPicture,
    /// Which training images smaller training sets contain.
    Subset,
    /// Proposals of a hyperparameter search, one stream per trial; also the bootstrap of rank
    /// probabilities, always under seed 0, whose numbers may not change.
    Search,
}

/// The generator for one purpose under a seed; `stream` distinguishes epochs (or similar).
pub fn generator(seed: u64, purpose: Purpose, stream: u64) -> Generator {
    let name = match purpose {
        Purpose::Weights => "weights",
        Purpose::Split => "split",
        Purpose::Order => "order",
        Purpose::TrainPairs => "train pairs",
        Purpose::ValidationPairs => "validation pairs",
        Purpose::TrainClasses => "train classes",
        Purpose::ValidationClasses => "validation classes",
        Purpose::TrainLoss => "train loss",
        Purpose::ValidationLoss => "validation loss",
        Purpose::LossParameters => "loss parameters",
        Purpose::PairPicture => "pair picture",
        Purpose::Sample => "sample",
        Purpose::Tsne => "t-SNE",
        Purpose::Clusters => "clusters",
        Purpose::Queries => "queries",
        Purpose::RetrievalPicture => "retrieval picture",
        Purpose::Subset => "subset",
        Purpose::Search => "search",
    };
    let key = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(stream.to_le_bytes())
        .chain_update(name)
        .finalize();
    ChaCha12Rng::from_seed(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn seed_purpose_and_stream_each_change_the_numbers() {
        let first = |seed, purpose, stream| generator(seed, purpose, stream).next_u64();
        let reference = first(1, Purpose::Order, 0);
        assert_eq!(reference, first(1, Purpose::Order, 0));
        assert_ne!(reference, first(2, Purpose::Order, 0));
        assert_ne!(reference, first(1, Purpose::TrainPairs, 0));
        assert_ne!(reference, first(1, Purpose::Order, 1));
    }
}
