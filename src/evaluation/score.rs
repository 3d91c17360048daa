//! The figure that decides, of a network in memory.

use crate::config::Config;
use crate::data::DataSplit;
use crate::error::{Error, Result};
use crate::eval::{self, LabelledEmbeddings, Score};
use crate::model::Network;
use crate::session::Session;

/// Why there is no score.
pub const UNANSWERABLE: &str = "none of the images that judge has another one of its class to be near to; take more images of a \
     class, or more of them for training (data.validation, data.train_size)";

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
    let found = session.cores.spread(|| score.measure(&trial, &config.eval))??;
    found.ok_or_else(|| Error::Other(format!("there is no {score}: {UNANSWERABLE}")))
}
