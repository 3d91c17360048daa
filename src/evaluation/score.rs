//! The validation score of a network in memory.

use crate::config::Config;
use crate::data::DataSplit;
use crate::error::{Error, Result};
use crate::eval::{self, LabelledEmbeddings, Score};
use crate::model::Network;
use crate::session::Session;

/// Why a score cannot be computed.
pub const UNANSWERABLE: &str = "no evaluation image has another image of its class to retrieve; use more images per \
     class, or a larger training set (data.validation, data.train_size)";

/// A score on the validation images, against the training images.
///
/// # Errors
/// As [`Score::measure`]; no validation image has a training image of its class.
pub fn score(
    session: &Session,
    config: &Config,
    parts: &DataSplit,
    score: Score,
    network: &mut dyn Network,
) -> Result<f64> {
    let normalise = config.loss.normalises();
    let mut embed = |rows: &[i64]| eval::embed(network, &session.images, rows, normalise);
    let (references, queries) = (embed(&parts.train.rows), embed(&parts.validation.rows));
    let trial = eval::RetrievalTask {
        references: LabelledEmbeddings::new(&references, &parts.train.labels),
        queries: Some(LabelledEmbeddings::new(&queries, &parts.validation.labels)),
        classes: session.dataset.classes.len(),
    };
    let seed = config.train.seed;
    let found = session.cores.run_on_free_cores(|| score.measure(&trial, &config.eval, seed))??;
    found.ok_or_else(|| Error::Other(format!("{score} cannot be computed: {UNANSWERABLE}")))
}
