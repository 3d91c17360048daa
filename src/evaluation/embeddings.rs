//! Evaluation of embeddings from other programs.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde::Serialize;

use super::arrays::confusion_table;
use super::features::{Features, Labels, Scaling, Singles, all_classes, to_f32};
use super::output::EvaluationFiles;
use crate::error::{Error, Fault, Result};
use crate::eval::{EvalConfig, Figures, LabelledEmbeddings, RetrievalTask, Watch};
use crate::files::ResultFolder;
use crate::files::layout::METRICS;
use crate::report::Style;
use crate::report::table::Table;
use crate::runtime::Cores;
use crate::words::count;

/// The files that [`EmbeddingEvaluation::write`] writes.
pub const EMBEDDING_FILES: [&str; 8] = [
    METRICS,
    "confusion.csv",
    "plots/confusion.png",
    "plots/confusion.svg",
    "plots/recall.png",
    "plots/recall.svg",
    "plots/distances.png",
    "plots/distances.svg",
];

/// Seed of k-means and of samples; embeddings in files come without a seed.
const SEED: u64 = 2022;

/// Files of embeddings and their labels.
#[derive(Debug, Clone)]
pub struct EmbeddingFiles {
    /// The references: embeddings, and labels if those are in another file.
    pub references: (PathBuf, Option<PathBuf>),
    /// The queries; `None` evaluates each reference against all others.
    pub queries: Option<(PathBuf, Option<PathBuf>)>,
    /// Whether to normalise every embedding to length 1 first.
    pub normalise: bool,
}

/// All figures of embeddings from another program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmbeddingEvaluation {
    /// The references' file.
    pub embeddings: String,
    /// The queries' file; `None` if each reference is a query against all others.
    pub query_embeddings: Option<String>,
    /// Whether every embedding was normalised to length 1.
    pub normalised: bool,
    /// Dimensions of an embedding.
    pub dimensions: usize,
    /// Number of references.
    pub references: usize,
    /// Number of queries.
    pub queries: usize,
    /// All figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// The labels in the order of the class numbers.
    pub classes: Vec<String>,
    /// Remarks on what was decided and what is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// Embeddings with their labels as in the files.
pub struct Set {
    pub embeddings: Array2<f32>,
    pub labels: Labels,
    /// The file of the embeddings, for messages.
    pub file: PathBuf,
}

impl EmbeddingEvaluation {
    /// Reads the files, reports how they were interpreted, and computes every figure. With fewer
    /// references than voters, all vote.
    ///
    /// # Errors
    /// A file cannot be read or contains something else, embeddings and labels do not match, settings
    /// do not fit, or the user interrupted it.
    pub fn new(
        files: &EmbeddingFiles,
        config: &EvalConfig,
        cores: &Cores,
        (watch, say): (&Watch, &dyn Fn(&str)),
    ) -> Result<Self> {
        let (references, queries, (norm, f32_remarks)) = files.read(say)?;
        let classes = all_classes(&references.labels, queries.as_ref().map(|set| &set.labels));
        let reference_labels = references.labels.among(&classes);
        let query_labels = queries.as_ref().map(|set| set.labels.among(&classes));
        let trial = RetrievalTask {
            references: LabelledEmbeddings::new(&references.embeddings, &reference_labels),
            queries: queries
                .as_ref()
                .zip(query_labels.as_deref())
                .map(|(set, labels)| LabelledEmbeddings::new(&set.embeddings, labels)),
            classes: classes.len(),
        };
        let available = trial.available();
        if available == 0 {
            let fault = Fault::new(
                &references.file,
                "contains a single embedding, so it has no neighbours",
            );
            return Err(fault.remedy("add more embeddings, or name queries with --queries").into());
        }
        let mut figures =
            cores.run_on_free_cores(|| Figures::of(&trial, config, SEED, watch))??;
        if let Some(norm) = norm {
            figures.distances = figures.distances.about_origin(norm);
        }
        let centred = norm.map(|_| CENTRED.to_owned());
        Ok(EmbeddingEvaluation {
            embeddings: references.file.display().to_string(),
            query_embeddings: queries.as_ref().map(|set| set.file.display().to_string()),
            normalised: files.normalise,
            dimensions: references.embeddings.ncols(),
            references: references.labels.len(),
            queries: trial.evaluated().labels.len(),
            figures,
            classes,
            remarks: centred
                .into_iter()
                .chain(f32_remarks)
                .chain(config.remark(available))
                .collect(),
        })
    }

    /// The confusion matrix with the labels, one row per true label.
    pub fn confusion_table(&self) -> Table {
        confusion_table(&self.figures.knn.confusion, &self.classes)
    }

    /// Writes figures, confusion matrix and pictures into a folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path, style: Style) -> Result<()> {
        let folder = &ResultFolder::new(folder);
        folder.create()?;
        let name = self.query_embeddings.as_ref().unwrap_or(&self.embeddings);
        let name = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
        let files = EvaluationFiles { folder, style, ending: "" };
        files.write_metrics(self)?;
        files.write_pictures((&name, &name), &self.figures, &self.classes)
    }
}

/// The mean squared length before embeddings were centred, and remarks on the conversion to f32.
type Conversion = (Option<f64>, Vec<String>);

/// The remark if embeddings were centred.
const CENTRED: &str = "the embeddings are far from the origin: they are centred before the conversion to \
                       float32, which changes no distance";

impl EmbeddingFiles {
    /// Reads references and queries and reports in a line each how they were interpreted; converts
    /// them to f32.
    ///
    /// # Errors
    /// As [`Features::read`] and [`to_f32`]; references and queries of different widths.
    fn read(&self, say: &dyn Fn(&str)) -> Result<(Set, Option<Set>, Conversion)> {
        let read = |(embeddings, labels): &(PathBuf, Option<PathBuf>)| {
            let found = Features::read(embeddings, labels.as_deref())?;
            say(&found.understood);
            Ok::<Features, Error>(found)
        };
        let references = read(&self.references)?;
        let queries = self.queries.as_ref().map(read).transpose()?;
        if let Some(queries) = &queries {
            refuse_other_width(&references, queries)?;
            let shared = |class: &String| references.labels.classes().contains(class);
            if !queries.labels.classes().iter().any(shared) {
                say("queries and references have no class in common: do they use the same labels?");
            }
        }
        let scaling = if self.normalise { Scaling::Normalised } else { Scaling::Centred };
        let Features { embeddings, labels, file, .. } = references;
        let (query_numbers, query_rest) = match queries {
            Some(Features { embeddings, labels, file, .. }) => {
                (Some(embeddings), Some((labels, file)))
            }
            None => (None, None),
        };
        let query_file = query_rest.as_ref().map(|(_, file)| file.as_path());
        let Singles { references, queries, norm, remarks } =
            to_f32((embeddings, &file), query_numbers.zip(query_file), scaling)?;
        let set = |(embeddings, (labels, file))| Set { embeddings, labels, file };
        let queries = queries.zip(query_rest).map(set);
        Ok((Set { embeddings: references, labels, file }, queries, (norm, remarks)))
    }
}

fn refuse_other_width(references: &Features, queries: &Features) -> Result<()> {
    let (width, other_width) = (queries.embeddings.dim().1, references.embeddings.dim().1);
    if width == other_width {
        return Ok(());
    }
    let problem = format!(
        "has {}, but {} has {other_width}",
        count(width, "dimension"),
        references.file.display()
    );
    let fault = Fault::new(&queries.file, problem);
    Err(Error::from(fault.remedy("use embeddings from one network")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{MAP_AT_R, Results};
    use ndarray::{Array1, array};
    use ndarray_npy::write_npy;

    /// Two files in a folder.
    fn files(
        folder: &Path,
        name: &str,
        embeddings: &Array2<f32>,
        labels: &[i64],
    ) -> (PathBuf, Option<PathBuf>) {
        let path = |end: &str| folder.join(format!("{name}{end}.npy"));
        write_npy(path(""), embeddings).unwrap();
        write_npy(path("_labels"), &Array1::from(labels.to_vec())).unwrap();
        (path(""), Some(path("_labels")))
    }

    fn evaluate(files: &EmbeddingFiles) -> Result<EmbeddingEvaluation> {
        let quiet = (&Watch::default(), &(|_: &str| {}) as &dyn Fn(&str));
        EmbeddingEvaluation::new(files, &EvalConfig::default(), &Cores::new(2), quiet)
    }

    #[test]
    fn labels_may_be_any_numbers_and_a_class_may_occur_in_the_queries_only() {
        let folder = tempfile::tempdir().unwrap();
        let references = array![[0.0_f32, 0.0], [0.1, 0.0], [5.0, 5.0], [5.1, 5.0]];
        let references = files(folder.path(), "refs", &references, &[-3, -3, 900, 900]);
        let queries = array![[0.0_f32, 0.1], [5.0, 5.1], [9.0, 9.0]];
        let queries = Some(files(folder.path(), "q", &queries, &[-3, 900, 17]));
        let found = evaluate(&EmbeddingFiles { references, queries, normalise: false }).unwrap();
        assert_eq!(found.classes, ["-3", "17", "900"]);
        assert_eq!((found.references, found.queries, found.dimensions), (4, 3, 2));
        let Figures { knn, vote_top_k, retrieval, .. } = &found.figures;
        assert_eq!((retrieval.queries, retrieval.left_out), (2, 1));
        assert_eq!(Results::from(&found.figures).value(&MAP_AT_R, None), Some(1.0));
        assert_eq!((knn.accuracy, vote_top_k.voters), (Some(2.0 / 3.0), 4));
        found.write(&folder.path().join("out"), Style::Screen).unwrap();
        for name in [METRICS, "confusion.csv", "plots/distances.png", "plots/recall.png"] {
            assert!(folder.path().join("out").join(name).is_file(), "{name}");
        }
    }

    #[test]
    fn classes_are_unlimited_and_a_large_confusion_matrix_is_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let points = Array2::from_shape_fn((4400, 2), |(row, column)| {
            let side = (row / 2) as f32;
            if column == 0 { side } else { (row % 2) as f32 * 0.1 }
        });
        let labels: Vec<i64> = (0..4400).map(|row| row / 2).collect();
        let references = files(folder.path(), "many", &points, &labels);
        let files = EmbeddingFiles { references, queries: None, normalise: false };
        let config = EvalConfig { clusters: false, ..EvalConfig::default() };
        let quiet = (&Watch::default(), &(|_: &str| {}) as &dyn Fn(&str));
        let found = EmbeddingEvaluation::new(&files, &config, &Cores::new(2), quiet).unwrap();
        assert_eq!((found.classes.len(), found.figures.knn.accuracy), (2200, Some(1.0)));
        let written = serde_json::to_value(&found).unwrap();
        assert_eq!(written["knn"]["confusion"]["counts"][7], serde_json::json!([7, 7, 2]));
        assert!(written["clusters"].is_null());
        assert!(found.confusion_table().csv().starts_with("true,predicted,count\n0,0,2\n1,1,2\n"));
    }

    #[test]
    fn normalised_embeddings_are_compared_by_direction() {
        let folder = tempfile::tempdir().unwrap();
        let points = array![[1.0_f32, 0.0], [100.0, 1.0], [0.0, 1.0], [1.0, 100.0]];
        let references = files(folder.path(), "refs", &points, &[0, 0, 1, 1]);
        let of =
            |normalise| EmbeddingFiles { references: references.clone(), queries: None, normalise };
        let map = |normalise| {
            let found = evaluate(&of(normalise)).unwrap();
            Results::from(&found.figures).value(&MAP_AT_R, None)
        };
        assert_eq!((map(false), map(true)), (Some(0.5), Some(1.0)));
        let zero = files(folder.path(), "zero", &array![[0.0_f32, 0.0], [1.0, 1.0]], &[0, 0]);
        let message =
            evaluate(&EmbeddingFiles { references: zero, queries: None, normalise: true });
        let message = message.unwrap_err().to_string();
        assert!(message.contains("zero.npy: has length 0 in row 0"), "{message}");
    }

    #[test]
    fn files_that_do_not_match_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let points = array![[0.0_f32, 0.0], [1.0, 0.0]];
        let error = |references, queries| {
            let files = EmbeddingFiles { references, queries, normalise: false };
            evaluate(&files).unwrap_err().to_string()
        };
        let message = error(files(folder.path(), "a", &points, &[0, 0, 1]), None);
        assert!(message.contains("a_labels.npy: has 3 labels for the 2 rows of"), "{message}");
        let references = files(folder.path(), "b", &points, &[0, 1]);
        let queries = files(folder.path(), "wide", &array![[0.0_f32, 1.0, 2.0]], &[0]);
        let message = error(references, Some(queries));
        assert!(message.contains("wide.npy: has 3 dimensions, ") && message.contains("has 2"));
        let message = error(files(folder.path(), "one", &array![[1.0_f32]], &[0]), None);
        assert!(message.contains("one.npy: contains a single embedding, so it"), "{message}");
    }
}
