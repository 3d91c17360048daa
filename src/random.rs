//! Seeded random generators, one for each purpose.
//!
//! Nothing draws from a generator that others share, so a run gives the same numbers alone and
//! beside others, and drawing more for one purpose never shifts another.

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use sha2::{Digest, Sha256};

/// The generator used everywhere: portable, the same stream on every machine.
pub type Generator = ChaCha12Rng;

/// What the random numbers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights of the network.
    Weights,
    /// ModelChoice images are for validation.
    Split,
    /// Order of the training images; one stream an epoch.
    Order,
    /// Partners of the training images; one stream an epoch.
    TrainPairs,
    /// Partners of the validation images; one stream an epoch.
    ValidationPairs,
    /// Classes and images of training batches of P classes × K images; one stream an epoch.
    TrainClasses,
    /// The same for validation batches.
    ValidationClasses,
    /// What a loss draws at training, triplets for example; one stream an epoch.
    TrainLoss,
    /// What a loss draws at validation; one stream an epoch.
    ValidationLoss,
    /// How a loss's own parameters begin.
    LossParameters,
    /// Pairs of the sample picture.
    PairPicture,
    /// ModelChoice rows a stratified sample takes.
    Sample,
    /// Start of a t-SNE.
    Tsne,
    /// Starts of a k-means.
    Clusters,
    /// ModelChoice queries are clustered, and the pairs of which are measured, where they are many.
    Queries,
    /// Queries of the retrieval picture.
    RetrievalPicture,
    /// ModelChoice training images a smaller training set takes first.
    Subset,
    /// What a search proposes; one stream a trial.
    Search,
}

/// The generator for one purpose under a seed; `stream` tells epochs (or the like) apart.
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
    fn seed_purpose_and_stream_each_give_other_numbers() {
        let first = |seed, purpose, stream| generator(seed, purpose, stream).next_u64();
        let here = first(1, Purpose::Order, 0);
        assert_eq!(here, first(1, Purpose::Order, 0));
        assert_ne!(here, first(2, Purpose::Order, 0));
        assert_ne!(here, first(1, Purpose::TrainPairs, 0));
        assert_ne!(here, first(1, Purpose::Order, 1));
    }
}
