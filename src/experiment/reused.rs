//! Evaluations that lie in a run's folder: read, checked, and whether they need not be made again.

use super::evaluate::TEST_METRICS;
use super::{Evaluation, METRICS, RunFolder, Session, read_json_or};
use crate::config::Config;
use crate::data::Dataset;
use crate::error::{Error, Fault, Result};
use crate::eval::LARGEST_K;
use crate::words::dml;

impl Evaluation {
    /// The figures of the images that judge a run; none where it is not evaluated.
    ///
    /// # Errors
    /// A file that cannot be read, or whose lengths and numbers do not belong together, with the
    /// evaluation that replaces it.
    pub fn read(folder: &RunFolder) -> Result<Option<Evaluation>> {
        let again = format!("replace it with {}", dml("eval --run", folder.path()));
        read(folder, METRICS, &again)
    }

    /// The figures of a file of test images, likewise.
    ///
    /// # Errors
    /// As [`Evaluation::read`].
    pub fn read_test(folder: &RunFolder) -> Result<Option<Evaluation>> {
        let again = dml("eval --test FILE --run", folder.path());
        read(folder, TEST_METRICS, &format!("replace it with {again}"))
    }

    /// What tables and pictures take for granted.
    fn check(&self) -> std::result::Result<(), &'static str> {
        let figures = &self.figures;
        let (knn, distances) = (&figures.knn, &figures.distances);
        let is_share = |share: &Option<f64>| share.is_none_or(|share| (0.0..=1.0).contains(&share));
        let retrieval = &figures.retrieval;
        let shares = [knn.accuracy, knn.macro_precision, knn.macro_recall, knn.macro_f1]
            .into_iter()
            .chain([retrieval.r_precision, retrieval.map_at_r])
            .chain(figures.recall.at.iter().map(|at| at.recall))
            .chain(retrieval.hits.iter().map(|hit| hit.share));
        if !shares.into_iter().all(|share| is_share(&share)) {
            return Err("holds a share that is not within 0 and 1");
        }
        let confusion = &knn.confusion;
        if confusion.classes() != self.classes.len()
            || sum(confusion.pairs().map(|(.., count)| count)) != Some(self.queries)
        {
            return Err("has a confusion matrix of other classes or of other images");
        }
        let ks = figures.recall.at.iter().map(|at| at.k);
        if figures.recall.at.is_empty() || !ks.into_iter().all(|k| (1..=LARGEST_K).contains(&k)) {
            return Err("has no recall@k, or one of a k that cannot be");
        }
        let bins = [&distances.same_class_pairs, &distances.other_class_pairs];
        let lengths = bins.map(Vec::len);
        if lengths[0] == 0
            || lengths[0] != lengths[1]
            || bins.iter().any(|bins| sum(bins.iter().copied()).is_none())
        {
            return Err("has distances of a histogram that cannot be");
        }
        let sizes = [Some(distances.largest), distances.same_class, distances.other_class];
        if sizes.into_iter().flatten().any(|size| !size.is_finite() || size < 0.0) {
            return Err("has distances that are no numbers from 0 on");
        }
        Ok(())
    }
}

fn read(folder: &RunFolder, name: &str, way_out: &str) -> Result<Option<Evaluation>> {
    let path = folder.file(name);
    let evaluation: Option<Evaluation> = read_json_or(&path, way_out)?;
    let Some(evaluation) = evaluation else { return Ok(None) };
    evaluation.check().map_err(|problem| Fault::new(&path, problem).remedy(way_out))?;
    let figures = evaluation.figures.existing();
    Ok(Some(Evaluation { figures, ..evaluation }))
}

/// The sum, where it is a number of images or pairs.
fn sum(mut counts: impl Iterator<Item = u64>) -> Option<usize> {
    let sum = counts.try_fold(0_u64, u64::checked_add)?;
    usize::try_from(sum).ok()
}

/// What was read; none of a file that cannot be understood, which is said: it is made again.
fn legible(session: &Session, read: Result<Option<Evaluation>>) -> Result<Option<Evaluation>> {
    match read {
        Err(Error::Fault(fault)) => {
            let Fault { file, problem, .. } = fault;
            let told = format!("{} {problem}: evaluated again", file.display());
            session.progress.say_once(&told);
            Ok(None)
        }
        read => read,
    }
}

/// The figures of a run where it is evaluated with these very settings, its t-SNE included. Figures
/// that cannot be read are to be made again, which is said.
///
/// # Errors
/// A file that the system refuses to read.
pub fn evaluated(
    session: &Session,
    folder: &RunFolder,
    config: &Config,
) -> Result<Option<Evaluation>> {
    let evaluation = legible(session, Evaluation::read(folder))?;
    let whole = |e: &Evaluation| e.tsne.is_some() || e.tsne_remark.is_some();
    let fingerprint = config.evaluation_fingerprint(session.engine);
    // Pictures have a place for each k up to the largest, which somebody may have changed.
    let ks = |e: &Evaluation| e.figures.recall.at.iter().map(|at| at.k).collect::<Vec<_>>();
    let asked = |e: &Evaluation| e.fingerprint == fingerprint && ks(e) == config.eval.recall_at;
    Ok(evaluation.filter(|e| asked(e) && whole(e)))
}

/// Its figures on these test images, where it is evaluated on them with these very settings.
///
/// # Errors
/// As [`evaluated`].
pub fn tested(
    session: &Session,
    folder: &RunFolder,
    config: &Config,
    test: &Dataset,
) -> Result<Option<Evaluation>> {
    let evaluation = legible(session, Evaluation::read_test(folder))?;
    let fingerprint = config.evaluation_fingerprint(session.engine);
    let same = |e: &Evaluation| {
        e.fingerprint == fingerprint && e.images_sha256.as_ref() == Some(&test.sha256)
    };
    Ok(evaluation.filter(same))
}
