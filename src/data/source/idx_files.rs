//! Images and labels in two IDX files, as MNIST and its kin are given out: one is named, the other is
//! found beside it by its name.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::bytes::is_read_once;
use super::kind::{Content, Found, Kind, Recognises, Report};
use super::names::Name;
use super::whole::read_unpacked;
use crate::data::idx::Array;
use crate::data::{ImageShape, LabelColumn, Pixels, RawImages, ReadOptions, Reading};
use crate::error::{Fault, Result};
use crate::files::{is_same_file, sha256_hex};
use crate::words;

/// IDX files.
pub(super) const KIND: Kind =
    Kind { name: "an IDX file", recognises: Recognises::Bytes(is_idx), read };

/// Whether bytes begin as an IDX file does: two zeros, a type, and one to four dimensions.
fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 8 | 9 | 11..=14, 1..=4, ..])
}

/// One of the two files.
struct IdxFile {
    path: PathBuf,
    array: Array,
    sha256: String,
}

impl IdxFile {
    fn new(path: &Path, bytes: &[u8]) -> Result<IdxFile> {
        let array = Array::parse(path, bytes)?;
        Ok(IdxFile { path: path.to_path_buf(), array, sha256: sha256_hex(bytes) })
    }

    /// Whether these are labels: one number an image, or a few, of which the first is the class, as in
    /// QMNIST.
    fn holds_labels(&self) -> bool {
        match self.array.dimensions.as_slice() {
            [_] => true,
            [_, _] => Name::of(&self.path).is_of_labels(),
            _ => false,
        }
    }
}

/// Reads the images and labels that a file belongs to.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) where a file is damaged, the other one is missing or
/// holds another number; images in colour; a label that is no whole number.
fn read(content: &Content, options: &ReadOptions, _: Report) -> Result<Found> {
    let path = content.path;
    if let LabelColumn::Given(column) = &options.label {
        let problem = "is an IDX file, which has no columns";
        let remedy = format!("drop --label {column}: the labels are in a file beside it");
        return Err(Fault::new(path, problem).remedy(remedy).into());
    }
    if !options.drop.is_empty() {
        let problem = "is an IDX file, which has no columns";
        return Err(Fault::new(path, problem).remedy("leave --drop out").into());
    }
    let named = IdxFile::new(path, &content.bytes)?;
    let labels_may_lack = options.label == LabelColumn::IfThere;
    let (images, labels) = if named.holds_labels() {
        (beside(path, false)?, Some(named))
    } else {
        match beside(path, true) {
            Ok(labels) => (named, Some(labels)),
            Err(_) if labels_may_lack && found_beside(path, true)?.is_none() => (named, None),
            Err(error) => return Err(error),
        }
    };
    put_together(images, labels)
}

fn put_together(images: IdxFile, labels: Option<IdxFile>) -> Result<Found> {
    let (count, shape) = shape(&images)?;
    let mut remarks = Vec::new();
    let (distinct, rows) = match &labels {
        None => {
            remarks.push("labels: no file of labels is beside the images".to_owned());
            (None, vec![0; count])
        }
        Some(labels) => {
            let images = images.path.display();
            remarks
                .push(format!("IDX: images from {images}, labels from {}", labels.path.display()));
            let (distinct, rows) = labels_of(labels, &mut remarks)?;
            if rows.len() != count {
                let problem = format!(
                    "holds {}, and {images} {}",
                    words::count(rows.len(), "label"),
                    words::count(count, "image")
                );
                let remedy = "fetch both files again: they are of two sets, or one is damaged";
                return Err(Fault::new(&labels.path, problem).remedy(remedy).into());
            }
            (Some(distinct), rows)
        }
    };
    if Name::of(&images.path).is_emnist() {
        remarks.push(
            "EMNIST: its IDX files hold each image with rows and columns swapped; pictures show it \
             so, which no figure depends on"
                .to_owned(),
        );
    }
    let hashes = [Some(&images), labels.as_ref()].into_iter().flatten().map(|part| &*part.sha256);
    let sha256 = match hashes.collect::<Vec<&str>>().as_slice() {
        [only] => (*only).to_owned(),
        both => sha256_hex(both.concat().as_bytes()),
    };
    let pixels = pixels(images)?;
    let reading = Reading { remarks, ..Reading::default() };
    Ok(Found::faultless(RawImages { pixels, shape, distinct, rows, reading }, sha256))
}

/// Number and shape of the images.
fn shape(images: &IdxFile) -> Result<(usize, ImageShape)> {
    let fault = |problem: String| Fault::new(&images.path, problem);
    let (count, shape) = match *images.array.dimensions.as_slice() {
        [count, height, width] | [count, 1, height, width] | [count, height, width, 1] => {
            (count, ImageShape::grey(height, width))
        }
        // Images whose rows were put one after the other.
        [count, pixels] if pixels.isqrt().pow(2) == pixels => {
            (count, ImageShape::square(pixels.isqrt()))
        }
        [_, pixels] => {
            let problem =
                format!("has {} an image, which make no square", words::count(pixels, "value"));
            return Err(fault(problem).into());
        }
        [_, a, b, c] if a == 3 || c == 3 => {
            let problem =
                format!("has colour images ({a} × {b} × {c}), and the network takes grey");
            return Err(fault(problem).remedy("make them grey first").into());
        }
        ref other => {
            let problem = format!(
                "has {}, images have 3: number, rows, columns",
                words::count(other.len(), "dimension")
            );
            return Err(fault(problem).into());
        }
    };
    match count * shape.pixels() {
        0 => Err(fault(format!("holds no image: {count} of {shape} pixels")).into()),
        _ => Ok((count, shape)),
    }
}

fn pixels(images: IdxFile) -> Result<Pixels> {
    let count = images.array.dimensions[0];
    let values: Vec<f32> = match images.array.into_bytes() {
        Ok(bytes) => return Ok(Pixels::Bytes(bytes)),
        Err(array) => array.numbers().map(|value| value as f32).collect(),
    };
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let image = 1 + at / (values.len() / count);
        let problem = format!("holds {} as a pixel of image {image}", values[at]);
        return Err(Fault::new(&images.path, problem).remedy("replace it by a number").into());
    }
    Ok(Pixels::from_floats(values))
}

/// Distinct labels, and the index of each image's label.
fn labels_of(labels: &IdxFile, remarks: &mut Vec<String>) -> Result<(Vec<String>, Vec<u32>)> {
    let columns = labels.array.dimensions.get(1).copied().unwrap_or(1);
    if labels.array.dimensions[0] == 0 || columns == 0 {
        return Err(Fault::new(&labels.path, "holds no label").into());
    }
    if columns > 1 {
        remarks.push(format!("labels: the first of {columns} numbers an image"));
    }
    let mut known: HashMap<i64, u32> = HashMap::new();
    let mut distinct = Vec::new();
    let mut rows = Vec::with_capacity(labels.array.dimensions[0]);
    for (image, value) in labels.array.numbers().step_by(columns).enumerate() {
        if value.fract() != 0.0 || !value.is_finite() {
            let problem = format!("holds {value} as the label of image {}", image + 1);
            let remedy = "labels are whole numbers";
            return Err(Fault::new(&labels.path, problem).remedy(remedy).into());
        }
        let value = value as i64;
        rows.push(*known.entry(value).or_insert_with(|| {
            distinct.push(value.to_string());
            distinct.len() as u32 - 1
        }));
    }
    Ok((distinct, rows))
}

/// Reads the file of labels, or of images, beside another.
fn beside(path: &Path, labels: bool) -> Result<IdxFile> {
    let Some(other) = found_beside(path, labels)? else {
        return Err(missing(path, labels).into());
    };
    let bytes = read_unpacked(&other, &mut Vec::new())?;
    if !is_idx(&bytes) {
        let problem =
            format!("was found by its name beside {}, but is no IDX file", path.display());
        return Err(Fault::new(&other, problem).remedy("fetch it again").into());
    }
    let part = IdxFile::new(&other, &bytes)?;
    if part.holds_labels() != labels {
        let what = if labels { "images, not labels" } else { "labels, not images" };
        let problem = format!("holds {what}, which its name promises");
        return Err(Fault::new(&other, problem).remedy("name the two files as they were").into());
    }
    Ok(part)
}

/// The file of labels, or of images, beside another; as the other is compressed where there are
/// several.
fn found_beside(path: &Path, labels: bool) -> Result<Option<PathBuf>> {
    if is_read_once(path) {
        return Ok(None);
    }
    let name = Name::of(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return Ok(None) };
    let mut found: Vec<(bool, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let file = PathBuf::from(entry.file_name());
            let other = Name::of(&file);
            let fits = other.is_of_labels() == labels && other.is_of_images() != labels;
            let path = folder.map_or(file.clone(), |folder| folder.join(&file));
            (fits && name.is_kin_of(&other)).then(|| (other.ending != name.ending, path))
        })
        .collect();
    found.sort();
    Ok(found.into_iter().next().map(|(_, path)| path))
}

/// The file that is read together with an IDX file, by their names.
pub(super) fn partner(path: &Path) -> Option<PathBuf> {
    let found = |labels: bool| found_beside(path, labels).ok().flatten();
    let is_other = |file: &PathBuf| !is_same_file(file, path);
    found(true).filter(is_other).or_else(|| found(false).filter(is_other))
}

fn missing(path: &Path, labels: bool) -> Fault {
    let (is, other) = if labels { ("images", "labels") } else { ("labels", "images") };
    if is_read_once(path) {
        let problem =
            format!("holds {is} alone, and a file of {other} can't be found beside a pipe");
        return Fault::new(path, problem).remedy("name the file itself");
    }
    match Name::of(path).counterpart() {
        Some(wanted) => {
            let problem = format!(
                "holds {is}, and beside it is no {wanted}, compressed or not, with the {other}"
            );
            Fault::new(path, problem).remedy("put that file into the same folder")
        }
        None => {
            let problem = format!("holds {is}, and its name does not say where the {other} are");
            let remedy =
                "name the two alike, as train-images-idx3-ubyte and train-labels-idx1-ubyte";
            Fault::new(path, problem).remedy(remedy)
        }
    }
}
