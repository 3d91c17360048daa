//! Labelled images in memory, and their classes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::labels::comparable;
use super::scaling::scaled;
use super::{ClassNames, ImageShape, Pixels, ReadOptions, Reading, TrainedOn};
use crate::error::{Error, Fault, Result};
use crate::words::first_few;

/// Names of Fashion-MNIST's labels 0 to 9 (Xiao et al. 2017, table 2).
const FASHION_MNIST: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// The shape of Fashion-MNIST's images.
const FASHION_SHAPE: ImageShape = ImageShape::square(28);

/// Images as read from a source, before labels become classes and the scale is chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawImages {
    /// Values as in the file, row-major `[N, C, H, W]`.
    pub pixels: Pixels,
    /// The shape of each image.
    pub shape: ImageShape,
    /// Distinct labels in order of appearance, `[C]`; `None` for unlabelled images.
    pub distinct: Option<Vec<String>>,
    /// Index into `distinct` of each image, `[N]`; 0 for unlabelled images.
    pub rows: Vec<u32>,
    /// What the source says that each image is for, `[N]`; `None` if it does not say.
    pub parts: Option<Vec<Part>>,
    /// How the file was interpreted.
    pub reading: Reading,
}

/// What a source says that an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Training.
    Training,
    /// Validation.
    Validation,
    /// Testing.
    Test,
}

/// Labelled images of one shape.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Pixel values as in the file, row-major `[N, C, H, W]`.
    pub pixels: Pixels,
    /// The divisor that brings them into 0..1 for the network.
    pub scale: f32,
    /// Class index of each image, 0..C, `[N]`; `i64` for indexing in libtorch.
    pub labels: Vec<i64>,
    /// The shape of each image.
    pub shape: ImageShape,
    /// The classes in the order of their indices, `[C]`.
    pub classes: Vec<Class>,
    /// SHA-256 of the unzipped file, in hexadecimal.
    pub sha256: String,
    /// The file as the user named it.
    pub file: PathBuf,
    /// The rows that the source has for validation; `None` if it does not say.
    pub validation: Option<Vec<i64>>,
    /// How the file was interpreted.
    pub reading: Reading,
    /// The images as displayed, if they differ from `pixels`.
    shown: OnceLock<Vec<u8>>,
}

/// A class of images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// The label in the file.
    pub label: String,
    /// The name shown in tables and legends.
    pub name: String,
}

impl Dataset {
    /// Chooses the scale and builds the classes of raw images.
    ///
    /// # Errors
    /// [`Error::Fault`] if the images do not have 1 or 3 channels, if no scale is given that their range needs, or if the requested class
    /// names do not fit the labels.
    pub fn new(
        raw: RawImages,
        options: &ReadOptions,
        file: &Path,
        sha256: String,
    ) -> Result<Dataset> {
        let RawImages { pixels, shape, distinct, rows, parts, mut reading } = raw;
        if !matches!(shape.channels, 1 | 3) {
            let problem = format!("has images of {shape}, that is, of {} channels", shape.channels);
            return Err(Fault::new(file, problem).remedy("make them grey (1) or RGB (3)").into());
        }
        let scale = scaled(&pixels, options, &mut reading)
            .map_err(|(problem, remedy)| Fault::new(file, problem).remedy(remedy))?;
        let is_labelled = distinct.is_some();
        // Unlabelled images are all of one class without a name.
        let distinct = distinct.unwrap_or_else(|| vec![String::new()]);
        let (mut classes, labels) = classes_of(&distinct, &rows);
        if is_labelled {
            name_classes(&mut classes, options.names, shape, file)?;
        }
        let validation = parts.and_then(|parts| validation_rows(&parts));
        let (file, shown) = (file.to_path_buf(), OnceLock::new());
        Ok(Dataset {
            pixels,
            scale,
            labels,
            shape,
            classes,
            sha256,
            file,
            validation,
            reading,
            shown,
        })
    }

    /// Identifies the images: the hash of the file, and how it is interpreted if earlier versions
    /// interpreted it differently.
    pub fn identity(&self) -> String {
        match &self.reading.differs {
            None => self.sha256.clone(),
            Some(reading) => format!("{}\n{reading}", self.sha256),
        }
    }

    /// How these images were interpreted, to read other files the same way.
    pub fn trained_on(&self) -> TrainedOn {
        TrainedOn { columns: self.reading.columns.clone(), scale: self.scale }
    }

    /// Number of images N.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// One image for display: values 0..=255, row-major `[C, H, W]`.
    ///
    /// # Panics
    /// If `row` is not below [`len`](Self::len).
    pub fn image(&self, row: usize) -> &[u8] {
        let size = self.shape.values();
        let shown = match &self.pixels {
            Pixels::Bytes(bytes) if self.scale == 255.0 => bytes,
            other => self.shown.get_or_init(|| other.grey(self.scale)),
        };
        &shown[row * size..(row + 1) * size]
    }

    /// Number of images of each class, `[C]`.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in &self.labels {
            counts[label as usize] += 1;
        }
        counts
    }

    /// The same images with the class indices of another data set, for a test set.
    ///
    /// Labels are matched by text, or else as numbers or booleans; a class without an image here
    /// keeps its index.
    ///
    /// # Errors
    /// [`Error::Fault`] if the file has a label that is not in `classes`.
    pub fn with_classes(mut self, classes: &[Class]) -> Result<Dataset> {
        let known: HashMap<&str, i64> =
            classes.iter().map(|class| class.label.as_str()).zip(0..).collect();
        let mut equivalent: HashMap<String, i64> = HashMap::new();
        for (class, index) in classes.iter().zip(0..) {
            equivalent.entry(comparable(&class.label)).or_insert(index);
        }
        let find =
            |label: &str| known.get(label).or_else(|| equivalent.get(&comparable(label))).copied();
        let index_of = |class: &Class| {
            find(&class.label).ok_or_else(|| {
                let known = classes.iter().map(|class| class.label.as_str()).collect::<Vec<_>>();
                Error::from(
                    Fault::new(&self.file, "is a label that the training data does not have")
                        .value(&class.label)
                        .remedy(format!("it has {}", listed(&known))),
                )
            })
        };
        let renumbered = self.classes.iter().map(index_of).collect::<Result<Vec<i64>>>()?;
        for label in &mut self.labels {
            *label = renumbered[*label as usize];
        }
        self.classes = classes.to_vec();
        Ok(self)
    }
}

/// The rows that are for validation; `None` if none is.
fn validation_rows(parts: &[Part]) -> Option<Vec<i64>> {
    let rows = (0_i64..).zip(parts).filter(|(_, part)| **part == Part::Validation);
    let rows: Vec<i64> = rows.map(|(row, _)| row).collect();
    (!rows.is_empty()).then_some(rows)
}

/// Classes and class indices from the labels of the rows.
///
/// Classes are ordered by number if every label is a number, otherwise by text.
///
/// # Shapes
/// `rows` `[N]`, indices into `distinct` `[C]` → indices into the classes `[N]`.
pub(super) fn classes_of(distinct: &[String], rows: &[u32]) -> (Vec<Class>, Vec<i64>) {
    let mut order: Vec<usize> = (0..distinct.len()).collect();
    let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    match distinct.iter().map(|label| number(label)).collect::<Option<Vec<f64>>>() {
        Some(values) => order.sort_by(|&a, &b| {
            values[a].total_cmp(&values[b]).then_with(|| distinct[a].cmp(&distinct[b]))
        }),
        None => order.sort_by(|&a, &b| distinct[a].cmp(&distinct[b])),
    }
    let mut index = vec![0; distinct.len()];
    for (class, &label) in order.iter().enumerate() {
        index[label] = class as i64;
    }
    let unnamed = |&label: &usize| {
        let label = &distinct[label];
        Class { label: label.clone(), name: label.clone() }
    };
    let classes = order.iter().map(unnamed).collect();
    (classes, rows.iter().map(|&label| index[label as usize]).collect())
}

/// Names the classes as `names` says.
///
/// # Errors
/// [`Error::Fault`] if Fashion-MNIST's names are requested and the labels are not 0 to 9.
pub(super) fn name_classes(
    classes: &mut [Class],
    names: ClassNames,
    shape: ImageShape,
    file: &Path,
) -> Result<()> {
    let digits = classes.len() == FASHION_MNIST.len()
        && classes.iter().enumerate().all(|(index, class)| class.label == index.to_string());
    let file_name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let fashion = match names {
        ClassNames::Labels => false,
        ClassNames::Auto => digits && shape == FASHION_SHAPE && file_name.contains("fashion"),
        ClassNames::FashionMnist if digits => true,
        ClassNames::FashionMnist => {
            let problem = "its labels are not 0 to 9, so Fashion-MNIST's class names do not fit";
            return Err(Fault::new(file, problem).remedy("use the labels as names").into());
        }
    };
    if fashion {
        for (class, name) in classes.iter_mut().zip(FASHION_MNIST) {
            class.name = name.to_owned();
        }
    }
    Ok(())
}

/// The first few names for a message: `a, b, c and 7 more`.
pub(super) fn listed(names: &[&str]) -> String {
    first_few(names, 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{SHAPE, coloured, value};

    fn ordered(labels: &[&str]) -> (Vec<String>, Vec<i64>) {
        let distinct: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        let rows: Vec<u32> = (0..labels.len() as u32).collect();
        let (classes, indices) = classes_of(&distinct, &rows);
        (classes.into_iter().map(|class| class.label).collect(), indices)
    }

    fn named(labels: &[&str], names: ClassNames, side: usize, file: &str) -> Result<String> {
        let class = |label: &&str| Class { label: (*label).into(), name: (*label).into() };
        let mut classes: Vec<Class> = labels.iter().map(class).collect();
        name_classes(&mut classes, names, ImageShape::square(side), Path::new(file))?;
        Ok(classes.last().unwrap().name.clone())
    }

    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    fn two_images(labels: [&str; 2]) -> Dataset {
        let distinct = Some(labels.map(str::to_owned).to_vec());
        let pixels = Pixels::Bytes(vec![3, 254]);
        let shape = ImageShape::square(1);
        let raw = RawImages { pixels, shape, distinct, rows: vec![0, 1], ..RawImages::default() };
        Dataset::new(raw, &ReadOptions::default(), Path::new("t.csv"), String::new()).unwrap()
    }

    #[test]
    fn numeric_labels_are_ordered_by_number() {
        let (labels, indices) = ordered(&["10", "-1", "9"]);
        assert_eq!(labels, ["-1", "9", "10"]);
        assert_eq!(indices, [2, 0, 1]);
    }

    #[test]
    fn labels_are_ordered_as_text_if_any_is_text() {
        let (labels, indices) = ordered(&["9", "10", "cat"]);
        assert_eq!(labels, ["10", "9", "cat"]);
        assert_eq!(indices, [1, 0, 2]);
        assert_eq!(ordered(&["nan", "2"]).0, ["2", "nan"]);
    }

    #[test]
    fn fashion_names_need_the_file_name_the_side_and_the_ten_digits() {
        let auto = ClassNames::Auto;
        let last = |labels, side, file| named(labels, auto, side, file).unwrap();
        assert_eq!(last(&DIGITS, 28, "d/Fashion-MNIST_train.csv"), "Ankle boot");
        assert_eq!(last(&DIGITS, 28, "fashion/mnist_train.csv"), "9");
        assert_eq!(last(&DIGITS, 27, "fashion.csv"), "9");
        assert_eq!(last(&DIGITS[..9], 28, "fashion.csv"), "8");
    }

    #[test]
    fn requested_names_override_the_automatic_choice() {
        assert_eq!(named(&DIGITS, ClassNames::Labels, 28, "fashion.csv").unwrap(), "9");
        assert_eq!(named(&DIGITS, ClassNames::FashionMnist, 28, "a.csv").unwrap(), "Ankle boot");
        assert_eq!(
            named(&["cat"], ClassNames::FashionMnist, 28, "a.csv").unwrap_err().to_string(),
            "a.csv: its labels are not 0 to 9, so Fashion-MNIST's class names do not fit; use \
             the labels as names"
        );
    }

    #[test]
    fn a_test_set_takes_the_class_indices_of_the_training_set() {
        let train = ordered(&["a", "b", "c"]).0;
        let classes: Vec<Class> =
            train.iter().map(|l| Class { label: l.clone(), name: l.to_uppercase() }).collect();
        let test = two_images(["c", "a"]).with_classes(&classes).unwrap();
        assert_eq!((test.labels.as_slice(), test.classes.len()), ([2, 0].as_slice(), 3));
        assert_eq!(test.class_counts(), [1, 0, 1]);
        assert_eq!(
            two_images(["c", "z"]).with_classes(&classes).unwrap_err().to_string(),
            "t.csv: 'z' is a label that the training data does not have; it has a, b, c"
        );
    }

    #[test]
    fn an_image_has_the_values_of_all_its_channels() {
        let data = coloured();
        assert_eq!((data.shape, data.image(2).len()), (SHAPE, 105));
        let at = |channel: usize, y: usize, x: usize| data.image(2)[(channel * 5 + y) * 7 + x];
        for (channel, y, x) in [(0, 0, 0), (1, 4, 6), (2, 3, 5)] {
            assert_eq!(at(channel, y, x), value(2, channel, y, x));
        }
    }

    #[test]
    fn images_of_neither_one_nor_three_channels_are_refused() {
        let shape = ImageShape { channels: 2, height: 1, width: 1 };
        let raw = RawImages { shape, ..RawImages::default() };
        let made = Dataset::new(raw, &ReadOptions::default(), Path::new("t.csv"), String::new());
        let text = made.unwrap_err().to_string();
        assert!(text.starts_with("t.csv: has images of 2×1×1, that is, of 2 channels"), "{text}");
    }

    #[test]
    fn images_and_class_counts_match_the_rows() {
        let data = two_images(["b", "a"]);
        assert_eq!((data.len(), data.is_empty()), (2, false));
        assert_eq!((data.image(0), data.image(1)), ([3].as_slice(), [254].as_slice()));
        assert_eq!(data.class_counts(), [1, 1]);
    }
}
