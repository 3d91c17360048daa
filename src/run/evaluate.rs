//! Evaluation of a run by the weights in its folder.

use super::diverged::record_divergence;
use super::trained::model_file;
use crate::config::Config;
use crate::data::Dataset;
use crate::error::Result;
use crate::evaluation::{self, Evaluation, TrainedModel};
use crate::files::ResultFolder;
use crate::model::{open_network, read_notes};
use crate::session::Session;
use crate::train::RunProgress;

/// Evaluates a run on its validation images, or on those of its unseen classes, as
/// [`evaluation::evaluate`] does. If distances between the embeddings are not finite, notes that the
/// run diverged.
///
/// # Errors
/// The model cannot be read; as there.
pub fn evaluate(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
    progress: &RunProgress,
) -> Result<Evaluation> {
    let open = || open_model(session, folder, config);
    evaluation::evaluate(session, folder, config, open, progress)
        .map_err(|error| record_divergence(session, folder, config, error))
}

/// Evaluates a run on images from another file, as [`evaluation::evaluate_test`] does.
///
/// # Errors
/// The model cannot be read; as there.
pub fn evaluate_test(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
    test: &Dataset,
    progress: &RunProgress,
) -> Result<Evaluation> {
    let model = open_model(session, folder, config)?;
    evaluation::evaluate_test(session, folder, config, model, test, progress)
}

/// Loads the model that the settings select.
fn open_model(session: &Session, folder: &ResultFolder, config: &Config) -> Result<TrainedModel> {
    let dataset = &session.dataset;
    let architecture = config.model.architecture(dataset.shape, dataset.classes.len())?;
    let weights = folder.weights(config.eval.model, &*architecture)?;
    let notes = read_notes(&folder.file(model_file(config.eval.model)))?;
    let epoch = notes.get("epoch").and_then(|text| text.parse().ok());
    let network =
        open_network(session.engine, &architecture, &weights, session.device, &session.cores)?;
    Ok(TrainedModel { network, epoch: epoch.unwrap_or(config.train.epochs) })
}
