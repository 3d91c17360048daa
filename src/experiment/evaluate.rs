//! Evaluation of a trained run: embeddings, neighbours, metrics, t-SNE, pictures, all on disk.

use std::time::Instant;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{
    Gallery, Maps, RunFolder, Session, TSNE, TSNE_TRAIN, TsneFigures, confusion_table, pictures,
    read_json, write_embeddings, write_json,
};
use crate::config::Config;
use crate::data::{Dataset, Images, Part};
use crate::error::{Error, Result};
use crate::eval::tsne::Of;
use crate::eval::{self, Figures, Which};
use crate::model::{Engine, Network, open_network, read_notes, read_weights};
use crate::report::table::Table;
use crate::train::{RunProgress, files};

/// Figures of the validation images.
pub const METRICS: &str = "metrics.json";
/// Figures of a file of test images.
pub const TEST_METRICS: &str = "metrics_test.json";
/// Seconds of each stage of the evaluation; the only file here that differs from run to run.
pub const TIMES: &str = "times.json";

/// What [`Evaluation::images`] says of a run's own validation images.
pub const VALIDATION: &str = "validation";

/// All figures of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated: `validation`, or the test file.
    pub images: String,
    /// Name of the loss.
    pub loss: String,
    /// Seed of the run.
    pub seed: u64,
    /// Which of the two models.
    pub model: Which,
    /// The epoch after which it was kept.
    pub epoch: usize,
    /// Training images, which the neighbours come from.
    pub references: usize,
    /// Images that were evaluated.
    pub queries: usize,
    /// All figures but the t-SNE's.
    #[serde(flatten)]
    pub figures: Figures,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The t-SNE of the validation images, where one was made.
    pub tsne: Option<TsneFigures>,
    /// The t-SNE of the training images, where one was asked for and made.
    pub tsne_train: Option<TsneFigures>,
    /// Why a t-SNE was not made that was asked for.
    pub tsne_remark: Option<String>,
    /// What embedded the images.
    pub engine: Engine,
    /// Hash over the settings of the evaluation.
    pub fingerprint: String,
}

impl Evaluation {
    /// The confusion matrix with the classes' names, true classes down.
    pub fn confusion_table(&self) -> Table {
        confusion_table(&self.figures.knn.confusion, &self.classes)
    }
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

/// A trained network and the embeddings of the images it was trained on.
struct Embedded {
    network: Box<dyn Network>,
    epoch: usize,
    references: Array2<f32>,
    train: Part,
}

/// Embeddings that are evaluated, and the images they are of.
struct Asked<'a> {
    embeddings: &'a Array2<f32>,
    part: &'a Part,
    dataset: &'a Dataset,
}

/// Evaluates a run on its validation images and writes embeddings, figures and pictures.
///
/// # Errors
/// A model that cannot be read, embeddings that are no numbers, settings that do not fit, files
/// that cannot be written; [`Error::Interrupted`] before a stage. A t-SNE that cannot be made is a
/// remark, not an error.
pub fn evaluate(
    session: &Session,
    folder: &RunFolder,
    config: &Config,
    progress: &RunProgress,
) -> Result<Evaluation> {
    let mut times = Times::default();
    session.interrupt.check("trained, not evaluated")?;
    // Nothing of an earlier evaluation may stand beside what this one writes.
    folder.forget(&[METRICS, TSNE, "plots/tsne.png", TSNE_TRAIN, "plots/tsne_train.png"])?;
    folder.create_plots()?;
    progress.stage("embedding");
    let start = Instant::now();
    let mut embedded = embed_references(session, folder, config)?;
    let (_, validation) = session.parts(config)?;
    let normalise = config.loss.normalises();
    let queries = eval::embed(&mut *embedded.network, &session.images, &validation.rows, normalise);
    write_embeddings(folder, "train", &embedded.references, &embedded.train.labels)?;
    write_embeddings(folder, "val", &queries, &validation.labels)?;
    times.embed_seconds = start.elapsed().as_secs_f64();

    progress.stage("neighbours");
    let start = Instant::now();
    let asked = Asked { embeddings: &queries, part: &validation, dataset: &session.dataset };
    let mut evaluation = judge(session, config, &embedded, &asked, VALIDATION)?;
    times.neighbours_seconds = start.elapsed().as_secs_f64();
    // The figures are safe before the t-SNE begins; without its part they count as unfinished.
    write_json(&folder.file(METRICS), &evaluation)?;
    write_figures(folder, &evaluation, "")?;
    gallery(session, &embedded, &asked).draw(&evaluation, &folder.plot("retrieval.png"))?;

    session.interrupt.check("trained, evaluated but for the t-SNE")?;
    let maps = Maps { session, folder, config, progress };
    times.tsne_seconds = maps.of_validation(&queries, &validation, &mut evaluation)?;
    if config.tsne.of == Of::Both {
        let seconds = maps.of_train(&embedded.references, &embedded.train, &mut evaluation)?;
        times.tsne_train_seconds = Some(seconds);
    }
    write_json(&folder.file(METRICS), &evaluation)?;
    write_json(&folder.file(TIMES), &times)?;
    Ok(evaluation)
}

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

/// Evaluates a run on images from another file, against its training images; without a t-SNE.
///
/// # Errors
/// As [`evaluate`]; images of another size, or labels that the run has not been trained on.
pub fn evaluate_test(
    session: &Session,
    folder: &RunFolder,
    config: &Config,
    test: Dataset,
    progress: &RunProgress,
) -> Result<Evaluation> {
    let name = test.file.display().to_string();
    if test.side != session.dataset.side {
        let (side, trained) = (test.side, session.dataset.side);
        return Err(Error::Other(format!(
            "{name} has images of {side}×{side}, the run was trained on {trained}×{trained}"
        )));
    }
    let test = test.with_classes(&session.dataset.classes)?;
    folder.create_plots()?;
    progress.stage("embedding");
    let mut embedded = embed_references(session, folder, config)?;
    let images = Images::new(&test, session.device);
    let rows: Vec<i64> = (0..test.len() as i64).collect();
    let queries = eval::embed(&mut *embedded.network, &images, &rows, config.loss.normalises());
    write_embeddings(folder, "test", &queries, &test.labels)?;
    progress.stage("neighbours");
    let part = Part::new(rows, &test.labels);
    let asked = Asked { embeddings: &queries, part: &part, dataset: &test };
    let evaluation = judge(session, config, &embedded, &asked, &name)?;
    write_figures(folder, &evaluation, "_test")?;
    gallery(session, &embedded, &asked).draw(&evaluation, &folder.plot("retrieval_test.png"))?;
    write_json(&folder.file(TEST_METRICS), &evaluation)?;
    Ok(evaluation)
}

/// Reads the model that the settings name and embeds the run's training images.
fn embed_references(session: &Session, folder: &RunFolder, config: &Config) -> Result<Embedded> {
    let dataset = &session.dataset;
    let architecture = config.model.architecture(dataset.side, dataset.classes.len())?;
    let path = folder.file(match config.eval.model {
        Which::Last => files::LAST_MODEL,
        Which::Best => files::BEST_MODEL,
    });
    let weights = read_weights(&path, &architecture)?;
    let epoch = read_notes(&path)?.get("epoch").and_then(|text| text.parse().ok());
    let mut network =
        open_network(session.engine, &architecture, &weights, session.device, &session.cores)?;
    let (train, _) = session.parts(config)?;
    let references =
        eval::embed(&mut *network, &session.images, &train.rows, config.loss.normalises());
    let epoch = epoch.unwrap_or(config.train.epochs);
    Ok(Embedded { network, epoch, references, train })
}

/// Finds neighbours and computes all figures but the t-SNE's.
fn judge(
    session: &Session,
    config: &Config,
    embedded: &Embedded,
    asked: &Asked,
    images: &str,
) -> Result<Evaluation> {
    let classes = &session.dataset.classes;
    let trial = eval::Trial {
        references: eval::Labelled::new(&embedded.references, &embedded.train.labels),
        queries: Some(eval::Labelled::new(asked.embeddings, &asked.part.labels)),
        classes: classes.len(),
    };
    let work = || Figures::of(&trial, &config.eval, config.train.seed);
    Ok(Evaluation {
        images: images.to_owned(),
        loss: config.loss.name().to_owned(),
        seed: config.train.seed,
        model: config.eval.model,
        epoch: embedded.epoch,
        references: embedded.train.labels.len(),
        queries: asked.part.labels.len(),
        figures: session.cores.spread(work)??,
        classes: classes.iter().map(|class| class.name.clone()).collect(),
        tsne: None,
        tsne_train: None,
        tsne_remark: None,
        engine: session.engine,
        fingerprint: config.evaluation_fingerprint(session.engine),
    })
}

/// What the picture of retrieved images shows.
fn gallery<'a>(session: &'a Session, embedded: &'a Embedded, asked: &Asked<'a>) -> Gallery<'a> {
    Gallery {
        session,
        references: &embedded.references,
        train: &embedded.train,
        queries: asked.embeddings,
        part: asked.part,
        dataset: asked.dataset,
    }
}

/// Writes the confusion matrix as table and picture, the recall@k curve and the distances; `ending`
/// keeps those of test images apart.
fn write_figures(folder: &RunFolder, evaluation: &Evaluation, ending: &str) -> Result<()> {
    let Evaluation { figures, classes, .. } = evaluation;
    let plot = |name: &str| folder.plot(&format!("{name}{ending}.png"));
    let table = evaluation.confusion_table();
    table.write_csv(&folder.file(&format!("confusion{ending}.csv")))?;
    let name = pictures::name(evaluation);
    pictures::confusion(&name, &figures.knn, classes, &plot("confusion"))?;
    pictures::recall(&evaluation.loss, &figures.recall, &plot("recall"))?;
    pictures::distances(&name, &figures.distances, &plot("distances"))
}
