//! The arrays and the t-SNE that an evaluation writes into a run's folder.

use std::path::Path;

use ndarray::{Array1, Array2};

use super::features::{read_embeddings, read_labels};
use super::npy::{write_label_array, write_npy};
use crate::data::Class;
use crate::error::{Error, Fault, Result};
use crate::eval::{ConfusionMatrix, tsne};
use crate::files::layout::TSNE;
use crate::files::{ResultFolder, read_csv};
use crate::report::table::Table;
use crate::session::Session;
use crate::words::{count, dml, grouped};

/// `embeddings_PART.npy` `[N, E]` f32, `classes_PART.npy` `[N]` i64 class numbers, and
/// `labels_PART.npy` `[N]`, the labels as in the image file.
///
/// # Errors
/// A file cannot be written.
pub fn write_embeddings(
    folder: &ResultFolder,
    part: &str,
    embeddings: &Array2<f32>,
    (numbers, classes): (&[i64], &[Class]),
) -> Result<()> {
    let file = |what: &str| folder.file(&format!("{what}_{part}.npy"));
    write_npy(&file("embeddings"), embeddings)?;
    write_npy(&file("classes"), &Array1::from(numbers.to_vec()))?;
    let label = |&number: &i64| classes[number as usize].label.as_str();
    write_label_array(&file("labels"), &numbers.iter().map(label).collect::<Vec<_>>())
}

/// Reads what `write_embeddings` wrote: embeddings `[N, E]` and class numbers `[N]` in 0..classes.
/// Earlier versions wrote class numbers to `labels_PART.npy` and had no `classes_PART.npy`.
///
/// # Errors
/// A file is missing or cannot be read; the arrays differ in length; a number is not a class of the
/// run.
pub fn read_evaluated(
    folder: &ResultFolder,
    part: &str,
    classes: usize,
) -> Result<(Array2<f32>, Vec<i64>)> {
    let file = |what: &str| folder.file(&format!("{what}_{part}.npy"));
    let numbers = Some(file("classes")).filter(|path| path.exists());
    let remedy = format!("evaluate it again with {}", dml("eval --run", folder.path()));
    let with_remedy = |error| match error {
        Error::Fault(fault) => fault.remedy(remedy.as_str()).into(),
        other => other,
    };
    let embeddings = read_embeddings(&file("embeddings")).map_err(with_remedy)?;
    let number_file = numbers.unwrap_or_else(|| file("labels"));
    let numbers = read_labels(&number_file).map_err(with_remedy)?;
    if embeddings.nrows() != numbers.len() {
        let problem = format!("has different numbers of {part} labels and embeddings");
        return Err(Fault::new(folder.path(), problem).remedy(remedy).into());
    }
    let is_class = |number: &i64| usize::try_from(*number).is_ok_and(|number| number < classes);
    if let Some(row) = numbers.iter().position(|number| !is_class(number)) {
        let problem = format!(
            "in row {row} (from 0) is not a class of the run, 0 to {}",
            classes.saturating_sub(1)
        );
        let fault = Fault::new(&number_file, problem).value(numbers[row].to_string());
        return Err(fault.remedy(remedy).into());
    }
    Ok((embeddings, numbers))
}

/// Writes row in the data (from 0), class and coordinates of each image of a t-SNE.
///
/// # Errors
/// The file cannot be written.
pub fn write_map(path: &Path, session: &Session, rows: &[i64], map: &tsne::Map) -> Result<()> {
    let dataset = &session.dataset;
    let mut table = Table::new(["row", "label", "class", "x", "y"]);
    for (&row, [x, y]) in rows.iter().zip(&map.coordinates) {
        let class = &dataset.classes[dataset.labels[row as usize] as usize];
        let numbers = [x.to_string(), y.to_string()];
        let [x, y] = numbers;
        table.push([row.to_string(), class.label.clone(), class.name.clone(), x, y]);
    }
    table.write_csv(path)
}

/// The t-SNE in a run's folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TsneCoordinates {
    /// Coordinates of each image.
    pub points: Vec<[f64; 2]>,
    /// Its class, by number.
    pub labels: Vec<usize>,
    /// Its row in the data, from 0.
    pub rows: Vec<usize>,
}

/// Row in the data, label, class and coordinates.
type MapRow = (usize, String, String, f64, f64);

impl TsneCoordinates {
    /// Reads the t-SNE of a run on a file with `images` images of these classes.
    ///
    /// # Errors
    /// The file is missing or was changed.
    pub fn read(folder: &Path, classes: &[Class], images: usize) -> Result<TsneCoordinates> {
        let path = folder.join(TSNE);
        let remedy = format!("evaluate again with {}", dml("eval --run", folder));
        let map = read_csv(&path, &remedy, |rows| TsneCoordinates::checked(rows, classes, images))?;
        map.ok_or_else(|| Fault::new(&path, "is missing").remedy(remedy).into())
    }

    fn checked(
        rows: Vec<MapRow>,
        classes: &[Class],
        images: usize,
    ) -> std::result::Result<TsneCoordinates, String> {
        let mut map = TsneCoordinates::default();
        for (row, label, _, x, y) in rows {
            if row >= images {
                return Err(format!(
                    "contains row {row}, but the data has {}",
                    count(images, "image")
                ));
            }
            if !(x.is_finite() && y.is_finite()) {
                return Err(format!("has no finite coordinates for row {row}"));
            }
            let class = classes.iter().position(|class| class.label == label);
            map.labels.push(
                class
                    .ok_or_else(|| format!("contains {label}, which is not a class of the run"))?,
            );
            map.points.push([x, y]);
            map.rows.push(row);
        }
        Ok(map)
    }

    /// At most `most` of the images, every n-th, and n.
    pub fn thinned(self, most: usize) -> (TsneCoordinates, usize) {
        let every = self.points.len().div_ceil(most).max(1);
        let map = TsneCoordinates {
            points: self.points.into_iter().step_by(every).collect(),
            labels: self.labels.into_iter().step_by(every).collect(),
            rows: self.rows.into_iter().step_by(every).collect(),
        };
        (map, every)
    }
}

/// The confusion matrix with class names, one row per true class; for too many classes, the pairs that
/// occur, with their counts.
pub fn confusion_table(confusion: &ConfusionMatrix, classes: &[String]) -> Table {
    if confusion.is_large() {
        let mut table = Table::new(["true", "predicted", "count"]);
        for (truth, predicted, count) in confusion.pairs() {
            table.push([classes[truth].clone(), classes[predicted].clone(), count.to_string()]);
        }
        return table;
    }
    let header = std::iter::once("true \\ predicted".to_owned()).chain(classes.iter().cloned());
    let mut table = Table::new(header);
    for (name, row) in classes.iter().zip(confusion.rows()) {
        table.push(std::iter::once(name.clone()).chain(row.iter().map(u64::to_string)));
    }
    table
}

/// A remark if the confusion matrix is too large to be written as a square.
pub fn confusion_remark(confusion: &ConfusionMatrix) -> Option<String> {
    let (classes, most) = (confusion.classes(), ConfusionMatrix::LARGEST_SQUARE);
    confusion.is_large().then(|| {
        format!(
            "{} classes: with more than {}, the confusion matrix is written as a list of the pairs that \
             occur: true class, predicted class and count",
            grouped(classes),
            grouped(most)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_confusion_matrix_lists_the_pairs_that_occur_with_a_remark() {
        let classes = |count: usize| (0..count).map(|c| format!("c{c}")).collect::<Vec<_>>();
        let few = ConfusionMatrix::new(&[0, 1], &[1, 1], 2000);
        assert!(
            confusion_table(&few, &classes(2000)).csv().starts_with("true \\ predicted,c0,c1,")
        );
        assert_eq!(confusion_remark(&few), None);
        let many = ConfusionMatrix::new(&[0, 1, 2000, 2000], &[1, 1, 3, 3], 2001);
        let table = confusion_table(&many, &classes(2001)).csv();
        assert_eq!(table, "true,predicted,count\nc0,c1,1\nc1,c1,1\nc2000,c3,2\n");
        let remark = confusion_remark(&many).unwrap();
        assert!(
            remark.starts_with("2,001 classes: with more than 2,000, the confusion matrix"),
            "{remark}"
        );
    }

    #[test]
    fn a_number_that_is_not_a_class_is_refused_with_its_file_and_a_remedy() {
        let path = tempfile::tempdir().unwrap();
        let folder = ResultFolder::new(path.path());
        write_npy(&folder.file("embeddings_val.npy"), &Array2::<f32>::zeros((3, 2))).unwrap();
        let read = |numbers: [i64; 3]| {
            write_npy(&folder.file("classes_val.npy"), &Array1::from(numbers.to_vec())).unwrap();
            read_evaluated(&folder, "val", 2).map(|(_, numbers)| numbers)
        };
        assert_eq!(read([0, 1, 1]).unwrap(), [0, 1, 1]);
        for odd in [2, 99, -1] {
            let message = read([0, odd, 1]).unwrap_err().to_string();
            let problem = format!("'{odd}' in row 1 (from 0) is not a class of the run, 0 to 1");
            assert!(message.contains(&problem) && message.contains("classes_val.npy"), "{message}");
            assert!(message.contains("dml eval --run"), "{message}");
        }
    }

    #[test]
    fn a_map_of_many_images_is_thinned_evenly() {
        let map = |count: usize| TsneCoordinates {
            points: vec![[0.0; 2]; count],
            labels: vec![0; count],
            rows: (0..count).collect(),
        };
        let (few, every) = map(10).thinned(10);
        assert_eq!((few.rows.len(), every), (10, 1));
        let (some, every) = map(11).thinned(5);
        assert_eq!((some.rows, some.points.len(), every), (vec![0, 3, 6, 9], 4, 3));
        assert_eq!(map(0).thinned(5).1, 1);
    }
}
