//! Reads and checks the evaluations in a run's folder, and decides whether they are up to date.

use serde::Deserialize;

use super::result::{Evaluation, TsneFigures};
use crate::config::Config;
use crate::data::{Class, Dataset};
use crate::error::{Error, Fault, Result};
use crate::eval::{ClassMetrics, EvalConfig, Figures, LARGEST_K, Measured, Results};
use crate::files::layout::{METRICS, TEST_METRICS};
use crate::files::{Checked, ResultFolder, content_ending, is_share, read_json, without_test_file};
use crate::session::Session;
use crate::words::dml;

impl Evaluation {
    /// Reads the evaluation of a run; `None` if it is not evaluated.
    ///
    /// # Errors
    /// The file cannot be read, or its lengths and numbers are inconsistent; the remedy is the command
    /// that replaces it.
    pub fn read(folder: &ResultFolder) -> Result<Option<Evaluation>> {
        let again = format!("replace it with {}", dml("eval --run", folder.path()));
        read(folder, METRICS, &again)
    }

    /// The same for every file of test images, in the order of their names; each with its own error,
    /// so that a damaged one hides no other.
    pub fn read_tests(folder: &ResultFolder) -> Vec<Result<Evaluation>> {
        let read = |name: &String| read_test(folder, name).transpose();
        test_metrics(folder).iter().filter_map(read).collect()
    }

    fn check_neighbours(&self) -> std::result::Result<(), &'static str> {
        let Figures { knn, vote_top_k, retrieval, .. } = &self.figures;
        let of_neighbours: Vec<Measured> = Results::from(&self.figures)
            .measured()
            .into_iter()
            .filter(|found| found.metric.is_of_neighbours() && !self.figures.lack(found.metric))
            .collect();
        let shares = of_neighbours.iter().filter(|found| found.metric.unit.is_share());
        let shares = shares.filter_map(|found| found.value);
        let of_class = |class: &ClassMetrics| [class.precision, class.recall, class.f1];
        let of_classes = knn.per_class.iter().flat_map(of_class);
        if !shares.chain(of_classes).all(is_share) {
            return Err("contains a share outside 0..1");
        }
        if retrieval.queries.checked_add(retrieval.left_out) != Some(self.queries) {
            return Err("has figures for another number of images");
        }
        // Without a valid query all of these are missing; otherwise none is.
        if of_neighbours.iter().any(|found| found.value.is_some() != (retrieval.queries > 0)) {
            return Err("lacks a figure, or contains an impossible one");
        }
        let confusion = &knn.confusion;
        if confusion.classes() != self.classes.len()
            || sum(confusion.pairs().map(|(.., count)| count)) != Some(self.queries)
            || knn.per_class.iter().any(|of| of.class >= self.classes.len())
        {
            return Err("has a confusion matrix of other classes or images");
        }
        let ks = vote_top_k.at.iter().map(|at| at.k);
        if vote_top_k.at.is_empty() || !ks.into_iter().all(|k| (1..=LARGEST_K).contains(&k)) {
            return Err("has no vote top-k accuracy, or one with an impossible k");
        }
        match knn.k > 0 && vote_top_k.voters > 0 && retrieval.recall_at.iter().all(|at| at.k > 0) {
            true => Ok(()),
            false => Err("has figures for k = 0"),
        }
    }

    fn check_clusters(&self) -> std::result::Result<(), &'static str> {
        // Both are quotients of sums, so rounding may push them slightly past 1.
        let most = 1.0 + 1e-9;
        let Some(clusters) = &self.figures.clusters else { return Ok(()) };
        if !(-1e-9..=most).contains(&clusters.nmi)
            || !(f64::NEG_INFINITY..=most).contains(&clusters.ami)
        {
            return Err("has an impossible NMI or AMI");
        }
        match clusters.clusters <= self.classes.len() {
            true => Ok(()),
            false => Err("has more clusters than classes"),
        }
    }

    fn check_distances(&self) -> std::result::Result<(), &'static str> {
        let distances = &self.figures.distances;
        let bins = [&distances.same_class_pairs, &distances.other_class_pairs];
        let lengths = bins.map(Vec::len);
        if lengths[0] == 0
            || lengths[0] != lengths[1]
            || bins.iter().any(|bins| sum(bins.iter().copied()).is_none())
        {
            return Err("has an impossible histogram of distances");
        }
        let sizes = [Some(distances.largest), distances.same_class, distances.other_class];
        let spread = [Some(distances.total_variance), Some(distances.mean_squared_norm)];
        let sizes = sizes.into_iter().chain(spread).chain([distances.relative_spread]).flatten();
        match sizes.into_iter().any(|size| !size.is_finite() || size < 0.0) {
            true => Err("has distances that are negative or not finite"),
            false => Ok(()),
        }
    }

    fn check_maps(&self) -> std::result::Result<(), &'static str> {
        let mut numbers = [&self.tsne, &self.tsne_train].into_iter().flatten();
        // With many points, rounding may make the divergence slightly negative.
        let is_possible =
            |map: &TsneFigures| map.perplexity > 0.0 && map.kl.is_none_or(|kl| kl > -1e-6);
        match numbers.all(is_possible) {
            true => Ok(()),
            false => Err("has a t-SNE with an impossible perplexity or divergence"),
        }
    }

    /// Whether it has every metric, at exactly the configured k: pictures need each of them, and the
    /// file may have been edited.
    fn has_all_metrics(&self, config: &EvalConfig) -> bool {
        let Figures { vote_top_k, retrieval, .. } = &self.figures;
        self.figures.have_all()
            && vote_top_k.at.iter().map(|at| at.k).eq(config.vote_top.iter().copied())
            && retrieval.recall_at.iter().map(|at| at.k).eq(config.recall_at.iter().copied())
    }

    /// Whether its classes are those of the run, under the names of the run or the labels of its image
    /// file: the ten digits may have been named after Fashion-MNIST or not.
    fn matches_classes(&self, classes: &[Class]) -> bool {
        let called = |of: fn(&Class) -> &String| self.classes.iter().eq(classes.iter().map(of));
        let are_digits = classes.len() == 10
            && classes.iter().enumerate().all(|(digit, class)| class.label == digit.to_string());
        let may_be_renamed = are_digits && self.classes.len() == classes.len();
        called(|class| &class.name) || called(|class| &class.label) || may_be_renamed
    }
}

/// An evaluation in which undefined figures are `None`; earlier versions wrote them as 0.
#[derive(Deserialize)]
#[serde(from = "Evaluation")]
struct Existing(Evaluation);

impl From<Evaluation> for Existing {
    fn from(evaluation: Evaluation) -> Existing {
        let figures = evaluation.figures.without_undefined();
        Existing(Evaluation { figures, ..evaluation })
    }
}

impl Checked for Existing {
    /// Checks what tables and pictures rely on.
    fn check(&self) -> std::result::Result<(), String> {
        let Existing(evaluation) = self;
        if evaluation.queries == 0 || evaluation.classes.is_empty() {
            return Err("has no images or no classes".to_owned());
        }
        evaluation
            .check_neighbours()
            .and_then(|()| evaluation.check_clusters())
            .and_then(|()| evaluation.check_distances())
            .and_then(|()| evaluation.check_maps())
            .map_err(str::to_owned)
    }
}

/// The names of the files with figures on test images.
fn test_metrics(folder: &ResultFolder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> =
        names.filter(|name| without_test_file(name) == TEST_METRICS).collect();
    found.sort();
    found
}

fn read_test(folder: &ResultFolder, name: &str) -> Result<Option<Evaluation>> {
    let again = dml("eval --test FILE --run", folder.path());
    read(folder, name, &format!("replace it with {again}, or remove it"))
}

/// Whether the results that an earlier version kept, of one test file, are on this one: by content, or by name if the first
/// versions evaluated it, which did not record the content. A damaged file says nothing.
pub fn is_earlier_of(folder: &ResultFolder, test: &Dataset) -> bool {
    let Ok(Some(earlier)) = read_test(folder, TEST_METRICS) else { return false };
    match &earlier.images_sha256 {
        Some(sha256) => *sha256 == test.sha256,
        None => earlier.images == test.file.display().to_string(),
    }
}

fn read(folder: &ResultFolder, name: &str, remedy: &str) -> Result<Option<Evaluation>> {
    let path = folder.file(name);
    let Some(Existing(evaluation)) = read_json(&path, remedy)? else { return Ok(None) };
    let record = folder.record()?;
    if record.is_some_and(|record| !evaluation.matches_classes(&record.data.classes)) {
        let problem = "names other classes than those of the run";
        return Err(Fault::new(&path, problem).remedy(remedy).into());
    }
    Ok(Some(evaluation))
}

/// The sum of counts; `None` on overflow.
fn sum(mut counts: impl Iterator<Item = u64>) -> Option<usize> {
    let sum = counts.try_fold(0_u64, u64::checked_add)?;
    usize::try_from(sum).ok()
}

/// The evaluation; `None`, with a message, for a damaged file, which is then replaced.
fn unless_damaged(
    session: &Session,
    read: Result<Option<Evaluation>>,
) -> Result<Option<Evaluation>> {
    match read {
        Err(Error::Fault(fault)) => {
            let Fault { file, problem, .. } = fault;
            let message = format!("{} {problem}; evaluating again", file.display());
            session.progress.say_once(&message);
            Ok(None)
        }
        read => read,
    }
}

/// The evaluation of a run if it is complete and has these settings. A damaged file counts as missing,
/// with a message.
///
/// # Errors
/// A file exists but cannot be opened.
pub fn evaluated(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
) -> Result<Option<Evaluation>> {
    let evaluation = unless_damaged(session, Evaluation::read(folder))?;
    let is_complete = |e: &Evaluation| e.tsne.is_some() || e.tsne_remark.is_some();
    let fingerprint = config.evaluation_fingerprint(session.engine);
    let is_current =
        |e: &Evaluation| e.fingerprint == fingerprint && e.has_all_metrics(&config.eval);
    Ok(evaluation.filter(|e| is_current(e) && is_complete(e)))
}

/// The evaluation on these test images if it has these settings.
///
/// # Errors
/// As [`evaluated`].
pub fn tested(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
    test: &Dataset,
) -> Result<Option<Evaluation>> {
    let fingerprint = config.evaluation_fingerprint(session.engine);
    let same = |e: &Evaluation| {
        e.fingerprint == fingerprint
            && e.has_all_metrics(&config.eval)
            && e.images_sha256.as_ref() == Some(&test.sha256)
    };
    // Those of other images are none of its business, damaged or not.
    let ending = format!("{}.json", content_ending(&test.sha256));
    let may_be_of_it = |name: &String| name == TEST_METRICS || name.ends_with(&ending);
    for name in test_metrics(folder).into_iter().filter(may_be_of_it) {
        let evaluation = unless_damaged(session, read_test(folder, &name))?;
        if let Some(evaluation) = evaluation.filter(same) {
            return Ok(Some(evaluation));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An evaluation as version 0.1 wrote it before two metrics were renamed.
    const EARLIER: &str = r#"{
        "images": "validation", "loss": "contrastive", "seed": 1, "model": "last", "epoch": 5,
        "references": 8, "queries": 2,
        "knn": {
            "k": 1, "accuracy": 0.5, "macro_precision": 0.25, "macro_recall": 0.5,
            "macro_f1": 0.25, "per_class": [], "confusion": [[1, 0], [1, 0]]
        },
        "recall": {"voters": 10, "at": [{"k": 1, "recall": 0.5}, {"k": 2, "recall": 1.0}]},
        "retrieval": {
            "queries": 2, "left_out": 0, "hits": [{"k": 1, "share": 0.25}, {"k": 4, "share": 0.75}],
            "r_precision": 0.5, "map_at_r": 0.375
        },
        "clusters": null,
        "distances": {
            "embeddings": 2, "same_class": null, "other_class": 2.5, "largest": 3.0,
            "same_class_pairs": [0], "other_class_pairs": [1],
            "total_variance": 1.0, "mean_squared_norm": 2.0, "relative_spread": 0.5
        },
        "classes": ["cat", "dog"], "tsne": null, "tsne_train": null, "tsne_remark": null,
        "unseen": false, "engine": "fused", "fingerprint": "abc"
    }"#;

    #[test]
    fn an_evaluation_of_an_earlier_version_is_read_under_the_current_names() {
        let Existing(evaluation) = serde_json::from_str(EARLIER).unwrap();
        let Figures { vote_top_k, retrieval, .. } = &evaluation.figures;
        let top_k: Vec<_> = vote_top_k.at.iter().map(|at| (at.k, at.accuracy)).collect();
        assert_eq!(top_k, [(1, Some(0.5)), (2, Some(1.0))]);
        let recall: Vec<_> = retrieval.recall_at.iter().map(|at| (at.k, at.recall)).collect();
        assert_eq!(recall, [(1, Some(0.25)), (4, Some(0.75))]);
        let today = serde_json::to_string(&evaluation).unwrap();
        assert!(!today.contains("hits") && !today.contains("share"), "{today}");
        assert_eq!(serde_json::from_str::<Existing>(&today).unwrap().0, evaluation);
    }
}
