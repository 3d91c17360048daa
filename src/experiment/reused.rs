//! Evaluations that a run's folder holds already, and that need not be made again.

use super::evaluate::TEST_METRICS;
use super::{Evaluation, METRICS, RunFolder, Session, read_json};
use crate::config::Config;
use crate::data::Dataset;
use crate::error::Result;

/// The evaluation that a run's folder holds already, if it was made with the same settings.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn evaluated(
    session: &Session,
    folder: &RunFolder,
    config: &Config,
) -> Result<Option<Evaluation>> {
    let evaluation: Option<Evaluation> = read_json(&folder.file(METRICS))?;
    let whole = |e: &Evaluation| e.tsne.is_some() || e.tsne_remark.is_some();
    let fingerprint = config.evaluation_fingerprint(session.engine);
    // Pictures have a place for each k up to the largest, which somebody may have changed.
    let ks = |e: &Evaluation| e.figures.recall.at.iter().map(|at| at.k).collect::<Vec<_>>();
    let asked = |e: &Evaluation| e.fingerprint == fingerprint && ks(e) == config.eval.recall_at;
    Ok(evaluation.filter(|e| asked(e) && whole(e)))
}

/// The figures of these test images that a run's folder holds already, made with the same settings.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn tested(
    session: &Session,
    folder: &RunFolder,
    config: &Config,
    test: &Dataset,
) -> Result<Option<Evaluation>> {
    let evaluation: Option<Evaluation> = read_json(&folder.file(TEST_METRICS))?;
    let fingerprint = config.evaluation_fingerprint(session.engine);
    let same = |e: &Evaluation| {
        e.fingerprint == fingerprint && e.images_sha256.as_ref() == Some(&test.sha256)
    };
    Ok(evaluation.filter(same))
}
