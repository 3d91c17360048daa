//! Evaluation of a trained run: embeddings, neighbours, metrics, t-SNE, pictures, all on disk.

use std::path::Path;
use std::time::Instant;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::arrays::{confusion_remark, write_embeddings};
use super::evaluated_set::EvaluatedSet;
use super::gallery::with_gallery;
use super::maps::Maps;
use super::output::EvaluationFiles;
use super::pictures;
use super::result::{Evaluation, UNSEEN, VALIDATION};
use super::test_files::{forget_other_names, test_metrics_file};
use crate::config::Config;
use crate::data::{DataSplit, Dataset, Images, Subset, unseen_classes};
use crate::error::{Divergence, Error, Result};
use crate::eval::tsne::TsneSets;
use crate::eval::{self, Figures, Watch};
use crate::files::layout::{DIVERGED, METRICS, TEST_METRICS, TIMES, TSNE, TSNE_TRAIN};
use crate::files::{ResultFolder, test_ending, without_test_file, write_json};
use crate::model::Network;
use crate::session::Session;
use crate::train::RunProgress;
use crate::words::dml;

/// The message for a run whose evaluation was interrupted before this file was written; the file of an
/// earlier evaluation stays.
fn interrupted_message(folder: &ResultFolder, name: &str) -> &'static str {
    match (folder.file(name).exists(), without_test_file(name) == TEST_METRICS) {
        (true, false) => "trained, not evaluated again: the earlier evaluation is kept",
        (true, true) => {
            "trained, not evaluated on the test images again: the earlier figures are kept"
        }
        (false, false) => "trained, not evaluated",
        (false, true) => "trained, not evaluated on the test images",
    }
}

/// Replaces the message of an interruption within the evaluation by the same.
fn stopped<T>(done: Result<T>, folder: &ResultFolder, name: &str) -> Result<T> {
    done.map_err(|error| match error {
        Error::Interrupted(_) => Error::Interrupted(interrupted_message(folder, name).to_owned()),
        other => other,
    })
}

/// Seconds of the stages of an evaluation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Times {
    embed_seconds: f64,
    neighbours_seconds: f64,
    tsne_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tsne_train_seconds: Option<f64>,
}

/// The network that is evaluated, and the epoch after which it was saved.
pub struct TrainedModel {
    pub network: Box<dyn Network>,
    pub epoch: usize,
}

/// A trained network and the embeddings of the images it was trained on.
struct Embedded {
    network: Box<dyn Network>,
    epoch: usize,
    references: Array2<f32>,
    parts: DataSplit,
}

/// Evaluates a run on its validation images, or on those of its unseen classes, and writes
/// embeddings, figures and pictures.
///
/// # Errors
/// The model cannot be read, embeddings contain NaN, settings do not fit, or a file cannot be
/// written; [`Error::Interrupted`] before a stage. A t-SNE that cannot be computed is only a remark.
pub fn evaluate(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
    open: impl FnOnce() -> Result<TrainedModel>,
    progress: &RunProgress,
) -> Result<Evaluation> {
    let mut times = Times::default();
    session.interrupt.check(interrupted_message(folder, METRICS))?;
    progress.stage("embedding");
    let start = Instant::now();
    let mut embedded = embed_references(session, config, open()?)?;
    let normalise = config.loss.normalises();
    let parts = embedded.parts.clone();
    let evaluation_images = parts.evaluation_set();
    let images = if parts.has_unseen_classes() { UNSEEN } else { VALIDATION };
    let queries =
        eval::embed(&mut *embedded.network, &session.images, &evaluation_images.rows, normalise);
    times.embed_seconds = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let (dataset, unseen) = (&*session.dataset, parts.has_unseen_classes());
    let evaluated = EvaluatedSet { embeddings: &queries, part: evaluation_images, dataset, unseen };
    let found = compute_figures(session, config, &embedded, &evaluated, (images, progress));
    let mut evaluation = stopped(found, folder, METRICS)?;
    evaluation.remark.iter().for_each(|remark| progress.say_once(remark));
    times.neighbours_seconds = start.elapsed().as_secs_f64();
    forget_earlier(folder)?;
    let classes = &session.dataset.classes;
    write_embeddings(folder, "train", &embedded.references, (&parts.train.labels, classes))?;
    write_embeddings(folder, "val", &queries, (&evaluation_images.labels, classes))?;
    let files = EvaluationFiles { folder, style: session.style, ending: "" };
    // Saved before the t-SNE starts; without t-SNE figures the evaluation counts as unfinished.
    files.write_metrics(&evaluation)?;
    write_pictures(session, &files, &evaluation)?;
    draw_gallery(session, &embedded, &evaluated, &evaluation, &folder.plot("retrieval.png"))?;

    session.interrupt.check("trained, evaluated except for the t-SNE")?;
    let maps = Maps { session, folder, config, progress };
    let (drawn, _) = evaluated.shown();
    times.tsne_seconds = maps.of_validation(&drawn.0, &drawn.1, &mut evaluation)?;
    if config.tsne.of == TsneSets::Both {
        let seconds = maps.of_train(&embedded.references, &parts.train, &mut evaluation)?;
        times.tsne_train_seconds = Some(seconds);
    }
    files.write_metrics(&evaluation)?;
    write_json(&folder.file(TIMES), &times)?;
    Ok(evaluation)
}

/// Removes the files of an earlier evaluation, so that none is left beside those of this one. An
/// evaluation that is interrupted before this keeps the earlier files.
fn forget_earlier(folder: &ResultFolder) -> Result<()> {
    folder.forget(&[METRICS, TSNE, TSNE_TRAIN, DIVERGED])?;
    folder.forget(&["plots/tsne.png", "plots/tsne.svg"])?;
    folder.forget(&["plots/tsne_train.png", "plots/tsne_train.svg"])?;
    folder.create_plots()
}

/// Evaluates a run on images from another file, of [`Session::test_images`], against its training
/// images; without a t-SNE.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_test(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
    model: TrainedModel,
    test: &Dataset,
    progress: &RunProgress,
) -> Result<Evaluation> {
    progress.stage("embedding");
    let mut embedded = embed_references(session, config, model)?;
    let loaded = Images::new(test, session.device);
    let unseen = unseen_classes(&config.data.unseen_classes, &test.classes)?;
    let is_evaluated =
        |row: &i64| unseen.is_empty() || unseen.contains(&test.labels[*row as usize]);
    let rows: Vec<i64> = (0..test.len() as i64).filter(is_evaluated).collect();
    let queries = eval::embed(&mut *embedded.network, &loaded, &rows, config.loss.normalises());
    let part = Subset::new(rows, &test.labels);
    let evaluated = EvaluatedSet {
        embeddings: &queries,
        part: &part,
        dataset: test,
        unseen: !unseen.is_empty(),
    };
    let images = test.file.display().to_string();
    let found = compute_figures(session, config, &embedded, &evaluated, (&images, progress))
        .map_err(|error| scale_remedy(&test.file, error));
    let ending = test_ending(&test.file, &test.sha256);
    let metrics = test_metrics_file(test);
    let mut evaluation = stopped(found, folder, &metrics)?;
    evaluation.remark.iter().for_each(|remark| progress.say_once(remark));
    // Otherwise figures of an earlier evaluation could be left beside those of this one.
    folder.forget(&[&metrics])?;
    forget_other_names(folder, test)?;
    folder.create_plots()?;
    write_embeddings(folder, &ending[1..], &queries, (&part.labels, &test.classes))?;
    evaluation.images_sha256 = Some(test.sha256.clone());
    let files = EvaluationFiles { folder, style: session.style, ending: &ending };
    write_pictures(session, &files, &evaluation)?;
    let gallery = folder.plot(&format!("retrieval{ending}.png"));
    draw_gallery(session, &embedded, &evaluated, &evaluation, &gallery)?;
    files.write_metrics(&evaluation)?;
    Ok(evaluation)
}

/// Gives a divergence on test images a remedy: their pixels may have another range.
fn scale_remedy(file: &Path, error: Error) -> Error {
    match error {
        Error::Diverged(Divergence { why, .. }) => {
            let check = dml("data check", file);
            Error::Other(format!(
                "{why}: check with {check} whether {} has the pixel range of the training images, and set \
                 data.scale if it has not",
                file.display()
            ))
        }
        other => other,
    }
}

/// Embeds the run's training images.
fn embed_references(session: &Session, config: &Config, model: TrainedModel) -> Result<Embedded> {
    let TrainedModel { mut network, epoch } = model;
    let parts = session.parts(config)?;
    let references =
        eval::embed(&mut *network, &session.images, &parts.train.rows, config.loss.normalises());
    Ok(Embedded { network, epoch, references, parts })
}

/// Computes all figures except the t-SNE's; the user may interrupt it.
fn compute_figures(
    session: &Session,
    config: &Config,
    embedded: &Embedded,
    evaluated: &EvaluatedSet,
    (images, progress): (&str, &RunProgress),
) -> Result<Evaluation> {
    let classes = &session.dataset.classes;
    let labelled = || eval::LabelledEmbeddings::new(evaluated.embeddings, &evaluated.part.labels);
    let train =
        || eval::LabelledEmbeddings::new(&embedded.references, &embedded.parts.train.labels);
    let (references, queries) = match evaluated.unseen {
        true => (labelled(), None),
        false => (train(), Some(labelled())),
    };
    let trial = eval::RetrievalTask { references, queries, classes: classes.len() };
    let show = |stage: &str| progress.stage(stage);
    let watch = Watch::new(&session.interrupt, &show);
    let work = || Figures::of(&trial, &config.eval, config.train.seed, &watch);
    let figures = session.cores.run_on_free_cores(work)??;
    Ok(Evaluation {
        images: images.to_owned(),
        loss: config.loss.name().to_owned(),
        seed: config.train.seed,
        model: config.eval.model,
        epoch: embedded.epoch,
        references: trial.available(),
        queries: evaluated.part.labels.len(),
        figures,
        classes: classes.iter().map(|class| class.name.clone()).collect(),
        tsne: None,
        tsne_train: None,
        tsne_remark: None,
        remark: config.eval.remark(trial.available()),
        unseen: evaluated.unseen,
        engine: session.engine,
        fingerprint: config.evaluation_fingerprint(session.engine),
        images_sha256: None,
    })
}

/// Draws some queries with their nearest images.
fn draw_gallery(
    session: &Session,
    embedded: &Embedded,
    evaluated: &EvaluatedSet,
    evaluation: &Evaluation,
    path: &Path,
) -> Result<()> {
    let references = (&embedded.references, &embedded.parts.train, &*session.dataset);
    let picture =
        with_gallery(&session.cores, references, evaluated, |gallery| gallery.draw(evaluation));
    picture?.save(path, session.style)
}

/// Writes the confusion matrix and the pictures of the metrics.
fn write_pictures(
    session: &Session,
    files: &EvaluationFiles,
    evaluation: &Evaluation,
) -> Result<()> {
    let Evaluation { figures, classes, loss, .. } = evaluation;
    confusion_remark(&figures.knn.confusion).iter().for_each(|it| session.progress.say(it));
    files.write_pictures((&pictures::name(evaluation), loss), figures, classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_evaluation_reports_whether_an_earlier_one_is_kept() {
        let path = tempfile::tempdir().unwrap();
        let folder = ResultFolder::new(path.path());
        let message = |name| {
            let work: Result<()> = Err(Error::Interrupted("neighbours".to_owned()));
            stopped(work, &folder, name).unwrap_err().to_string()
        };
        assert!(message(METRICS).ends_with("trained, not evaluated"));
        assert!(message(TEST_METRICS).ends_with("not evaluated on the test images"));
        std::fs::write(folder.file(METRICS), "{}").unwrap();
        assert!(message(METRICS).ends_with("not evaluated again: the earlier evaluation is kept"));
        assert!(message(TEST_METRICS).ends_with("not evaluated on the test images"));
    }
}
