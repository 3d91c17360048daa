//! Evaluation of embeddings that another program made.

use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView1, Axis};
use serde::Serialize;

use super::centred::{Centre, mean_squared_norm};
use super::npy::refuse_too_large;
use super::{PLOTS, confusion_table, pictures, read_doubles, read_labels, write_json};
use crate::error::{Error, Fault, Result};
use crate::eval::{EvalConfig, Figures, Labelled, Trial};
use crate::files::create_folder;
use crate::report::table::Table;
use crate::report::{Canvas, Style};
use crate::runtime::Cores;

/// More classes than this have no confusion matrix that could be read or drawn.
const MOST_CLASSES: usize = 2000;

/// Seed of k-means and of samples; there is no run whose seed it could be.
const SEED: u64 = 2022;

/// Files of embeddings and their labels.
#[derive(Debug, Clone)]
pub struct EmbeddingFiles {
    /// Where the neighbours come from: embeddings and labels.
    pub references: (PathBuf, PathBuf),
    /// What is evaluated; without it each reference is, against all others.
    pub queries: Option<(PathBuf, PathBuf)>,
    /// Whether every embedding is divided by its length first.
    pub normalise: bool,
}

/// All figures of embeddings from elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmbeddingEvaluation {
    /// The references' file.
    pub embeddings: String,
    /// The queries' file; none where each reference is a query, and is itself left out.
    pub query_embeddings: Option<String>,
    /// Whether every embedding was divided by its length.
    pub normalised: bool,
    /// Numbers in an embedding.
    pub dimensions: usize,
    /// Where the neighbours come from.
    pub references: usize,
    /// Embeddings that were evaluated.
    pub queries: usize,
    /// All figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// The labels in the order of the class numbers.
    pub classes: Vec<String>,
    /// What was decided and what is missing, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// Embeddings with their labels as they stand in the files.
pub(super) struct Set {
    pub embeddings: Array2<f32>,
    pub labels: Vec<i64>,
}

impl EmbeddingEvaluation {
    /// Reads the files and computes every figure. Of fewer references than voters all vote.
    /// Embeddings far from the origin are moved there before they become f32, by the references'
    /// mean.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else, embeddings and labels that do not fit
    /// each other, more than 2,000 classes, settings that do not fit.
    pub fn new(files: &EmbeddingFiles, config: &EvalConfig, cores: &Cores) -> Result<Self> {
        let references = Raw::read(&files.references, files.normalise)?;
        let queries = files.queries.as_ref();
        let queries = queries.map(|paths| Raw::read(paths, files.normalise)).transpose()?;
        if let (Some(queries), Some((path, _))) = (&queries, &files.queries) {
            refuse_other_width(&references, &files.references.0, queries, path)?;
        }
        let centre =
            Centre::of(&references.embeddings, queries.as_ref().map(|set| &set.embeddings));
        let norm = mean_squared_norm(&queries.as_ref().unwrap_or(&references).embeddings);
        let references = references.moved(&centre, &files.references.0)?;
        let queries = queries.zip(files.queries.as_ref());
        let queries = queries.map(|(set, (path, _))| set.moved(&centre, path)).transpose()?;
        let classes = classes(&references, queries.as_ref());
        if classes.len() > MOST_CLASSES {
            let problem = format!("{} classes, where {MOST_CLASSES} are the most", classes.len());
            let fault =
                Fault::new(&files.references.1, format!("has, with its queries, {problem}"));
            return Err(fault.remedy("evaluate some of the classes").into());
        }
        let numbered = |set: &Set| numbers(&set.labels, &classes);
        let reference_labels = numbered(&references);
        let query_labels = queries.as_ref().map(numbered);
        let trial = Trial {
            references: Labelled::new(&references.embeddings, &reference_labels),
            queries: queries
                .as_ref()
                .zip(query_labels.as_deref())
                .map(|(set, labels)| Labelled::new(&set.embeddings, labels)),
            classes: classes.len(),
        };
        let available = trial.available();
        if available == 0 {
            let fault = Fault::new(&files.references.0, "holds one embedding, which has no other");
            return Err(fault.remedy("name queries with --queries and --query-labels").into());
        }
        let mut figures = cores.spread(|| Figures::of(&trial, config, SEED))??;
        if centre.moves() {
            figures.distances = figures.distances.about_origin(norm);
        }
        let moved = centre.moves().then(|| CENTRED.to_owned());
        Ok(EmbeddingEvaluation {
            embeddings: files.references.0.display().to_string(),
            query_embeddings: files.queries.as_ref().map(|(path, _)| path.display().to_string()),
            normalised: files.normalise,
            dimensions: references.embeddings.ncols(),
            references: references.labels.len(),
            queries: trial.asked().labels.len(),
            figures,
            classes: classes.iter().map(i64::to_string).collect(),
            remarks: moved.into_iter().chain(config.remark(available)).collect(),
        })
    }

    /// The confusion matrix with the labels, true ones down.
    pub fn confusion_table(&self) -> Table {
        confusion_table(&self.figures.knn.confusion, &self.classes)
    }

    /// Writes figures, confusion matrix and pictures into a folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path, style: Style) -> Result<()> {
        let plots = folder.join(PLOTS);
        create_folder(&plots)?;
        let save = |picture: Canvas, name: &str| picture.save(&plots.join(name), style);
        let name = self.query_embeddings.as_ref().unwrap_or(&self.embeddings);
        let name = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
        write_json(&folder.join("metrics.json"), self)?;
        self.confusion_table().write_csv(&folder.join("confusion.csv"))?;
        let figures = &self.figures;
        save(pictures::confusion(&name, &figures.knn, &self.classes)?, "confusion.png")?;
        save(pictures::recall(&name, &figures.recall)?, "recall.png")?;
        save(pictures::distances(&name, &figures.distances)?, "distances.png")
    }
}

/// What is said where embeddings were moved.
const CENTRED: &str = "the embeddings lie far from the origin: they are centred before they become \
                       float32, which changes no distance";

/// Embeddings with all their digits, and their labels as they stand in the files.
struct Raw {
    embeddings: Array2<f64>,
    labels: Vec<i64>,
}

impl Set {
    /// Reads both files and checks that they fit each other.
    pub fn read(files: &(PathBuf, PathBuf)) -> Result<Set> {
        Raw::read(files, false)?.moved(&Centre::none(), &files.0)
    }
}

impl Raw {
    /// Reads both files and checks that they fit each other.
    fn read((embeddings, labels): &(PathBuf, PathBuf), normalise: bool) -> Result<Raw> {
        let mut set = Raw { embeddings: read_doubles(embeddings)?, labels: read_labels(labels)? };
        let (rows, count) = (set.embeddings.nrows(), set.labels.len());
        if rows != count {
            let problem =
                format!("has {count} labels for the {rows} rows of {}", embeddings.display());
            return Err(Fault::new(labels, problem).remedy("save one label a row").into());
        }
        if normalise {
            normalise_rows(&mut set.embeddings, embeddings)?;
        }
        Ok(set)
    }

    /// As they are measured, less the centre.
    fn moved(self, centre: &Centre, path: &Path) -> Result<Set> {
        let Raw { embeddings, labels } = self;
        let moved = centre.moved(embeddings);
        refuse_too_large(path, &moved, |value, column| centre.before(value, column))?;
        Ok(Set { embeddings: moved.mapv(|value| value as f32), labels })
    }
}

/// Divides every row by its length.
fn normalise_rows(embeddings: &mut Array2<f64>, path: &Path) -> Result<()> {
    for (row, mut values) in embeddings.axis_iter_mut(Axis(0)).enumerate() {
        let length = length(values.view());
        if length == 0.0 {
            let problem = format!("has no length in row {row} (from 0), so it has no direction");
            return Err(Fault::new(path, problem)
                .remedy("leave --normalise or the row out")
                .into());
        }
        values.mapv_inplace(|value| value / length);
    }
    Ok(())
}

/// The length of a row, also where squares are too large or too small for f64.
fn length(values: ArrayView1<f64>) -> f64 {
    let squared = values.iter().map(|value| value * value).sum::<f64>();
    if squared.is_normal() {
        return squared.sqrt();
    }
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let parts = values.iter().map(|value| (value / largest).powi(2));
    if largest > 0.0 { largest * parts.sum::<f64>().sqrt() } else { 0.0 }
}

fn refuse_other_width(references: &Raw, known: &Path, queries: &Raw, path: &Path) -> Result<()> {
    let (here, there) = (queries.embeddings.ncols(), references.embeddings.ncols());
    if here == there {
        return Ok(());
    }
    let problem = format!("has {here} dimensions, {} has {there}", known.display());
    Err(Error::from(Fault::new(path, problem).remedy("name embeddings of one network")))
}

/// All labels, ascending.
pub(super) fn classes(references: &Set, queries: Option<&Set>) -> Vec<i64> {
    let queries = queries.map_or(&[][..], |queries| &queries.labels);
    let mut classes = [&references.labels, queries].concat();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Places of the labels among the classes.
pub(super) fn numbers(labels: &[i64], classes: &[i64]) -> Vec<i64> {
    let place = |label: &i64| classes.binary_search(label).expect("every label is a class") as i64;
    labels.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use ndarray_npy::write_npy;

    /// Two files in a folder.
    fn files(
        folder: &Path,
        name: &str,
        embeddings: &Array2<f32>,
        labels: &[i64],
    ) -> (PathBuf, PathBuf) {
        let path = |end: &str| folder.join(format!("{name}{end}.npy"));
        write_npy(path(""), embeddings).unwrap();
        write_npy(path("_labels"), &Array1::from(labels.to_vec())).unwrap();
        (path(""), path("_labels"))
    }

    fn evaluate(files: &EmbeddingFiles) -> Result<EmbeddingEvaluation> {
        EmbeddingEvaluation::new(files, &EvalConfig::default(), &Cores::new(2))
    }

    #[test]
    fn labels_may_be_any_numbers_and_a_class_may_be_among_the_queries_alone() {
        let folder = tempfile::tempdir().unwrap();
        let references = array![[0.0_f32, 0.0], [0.1, 0.0], [5.0, 5.0], [5.1, 5.0]];
        let references = files(folder.path(), "refs", &references, &[-3, -3, 900, 900]);
        let queries = array![[0.0_f32, 0.1], [5.0, 5.1], [9.0, 9.0]];
        let queries = Some(files(folder.path(), "q", &queries, &[-3, 900, 17]));
        let found = evaluate(&EmbeddingFiles { references, queries, normalise: false }).unwrap();
        assert_eq!(found.classes, ["-3", "17", "900"]);
        assert_eq!((found.references, found.queries, found.dimensions), (4, 3, 2));
        let Figures { knn, recall, retrieval, .. } = &found.figures;
        assert_eq!((retrieval.queries, retrieval.left_out, retrieval.map_at_r), (2, 1, Some(1.0)));
        assert_eq!((knn.accuracy, recall.voters), (Some(2.0 / 3.0), 4));
        found.write(&folder.path().join("out"), Style::Screen).unwrap();
        for name in ["metrics.json", "confusion.csv", "plots/distances.png", "plots/recall.png"] {
            assert!(folder.path().join("out").join(name).is_file(), "{name}");
        }
    }

    #[test]
    fn normalised_embeddings_are_compared_by_direction() {
        let folder = tempfile::tempdir().unwrap();
        let points = array![[1.0_f32, 0.0], [100.0, 1.0], [0.0, 1.0], [1.0, 100.0]];
        let references = files(folder.path(), "refs", &points, &[0, 0, 1, 1]);
        let of =
            |normalise| EmbeddingFiles { references: references.clone(), queries: None, normalise };
        let map = |normalise| evaluate(&of(normalise)).unwrap().figures.retrieval.map_at_r;
        assert_eq!((map(false), map(true)), (Some(0.5), Some(1.0)));
        let zero = files(folder.path(), "zero", &array![[0.0_f32, 0.0], [1.0, 1.0]], &[0, 0]);
        let message =
            evaluate(&EmbeddingFiles { references: zero, queries: None, normalise: true });
        let message = message.unwrap_err().to_string();
        assert!(message.contains("zero.npy: has no length in row 0"), "{message}");
    }

    #[test]
    fn files_that_do_not_fit_each_other_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let points = array![[0.0_f32, 0.0], [1.0, 0.0]];
        let told = |references, queries| {
            let files = EmbeddingFiles { references, queries, normalise: false };
            evaluate(&files).unwrap_err().to_string()
        };
        let message = told(files(folder.path(), "a", &points, &[0, 0, 1]), None);
        assert!(message.contains("a_labels.npy: has 3 labels for the 2 rows of"), "{message}");
        let references = files(folder.path(), "b", &points, &[0, 1]);
        let queries = files(folder.path(), "wide", &array![[0.0_f32, 1.0, 2.0]], &[0]);
        let message = told(references, Some(queries));
        assert!(message.contains("wide.npy: has 3 dimensions, ") && message.contains("has 2"));
        let message = told(files(folder.path(), "one", &array![[1.0_f32]], &[0]), None);
        assert!(message.contains("one.npy: holds one embedding, which has no other"), "{message}");
    }
}
