//! Reads images and labels from two IDX files, the format of MNIST and its relatives: the user names one,
//! and the other is found beside it by its name.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::bytes::is_read_once;
use super::kind::{Content, Found, Kind, Recognises, Report, refuse_columns};
use super::names::Name;
use super::stack::{Stack, in_channels, refuse_other_size, transposed};
use super::whole::read_unpacked;
use crate::data::idx::Array;
use crate::data::{
    ImageColumns, ImageShape, LabelColumn, PictureOptions, Pixels, RawImages, ReadOptions, Reading,
};
use crate::error::{Fault, Result};
use crate::files::{is_same_file, sha256_hex};
use crate::words;

/// IDX files.
pub(super) const KIND: Kind =
    Kind { name: "an IDX file", recognises: Recognises::Bytes(is_idx), read };

/// Whether bytes start like an IDX file: two zeros, a type, and one to four dimensions.
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

    /// Whether these are labels: one number per image, or several, of which the first is the class, as
    /// in QMNIST.
    fn has_labels(&self) -> bool {
        match self.array.dimensions.as_slice() {
            [_] => true,
            [_, _] => Name::of(&self.path).is_of_labels(),
            _ => false,
        }
    }
}

/// Reads a file of images or labels, and its counterpart.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if a file is damaged, the other one is missing or of
/// another length, the images have another size than the options ask for, or a label is not an integer.
fn read(content: &Content, options: &ReadOptions, _: Report) -> Result<Found> {
    let path = content.path;
    let of_its_own = ": the labels are in a file of their own";
    refuse_columns(path, (KIND.name, of_its_own), options)?;
    let named = IdxFile::new(path, &content.bytes)?;
    let labels_are_optional = options.label == LabelColumn::IfThere;
    let (images, labels) = if named.has_labels() {
        (read_counterpart(path, false)?, Some(named))
    } else {
        match read_counterpart(path, true) {
            Ok(labels) => (named, Some(labels)),
            Err(_) if labels_are_optional && find_counterpart(path, true)?.is_none() => {
                (named, None)
            }
            Err(error) => return Err(error),
        }
    };
    combine(images, labels, &options.pictures)
}

fn combine(images: IdxFile, labels: Option<IdxFile>, options: &PictureOptions) -> Result<Found> {
    let stack = stack_of(&images)?;
    let count = stack.count;
    let mut remarks = Vec::new();
    let (distinct, rows) = match &labels {
        None => {
            remarks.push(
                "labels: none, since there is no file of labels beside the images".to_owned(),
            );
            (None, vec![0; count])
        }
        Some(labels) => {
            let images = images.path.display();
            remarks
                .push(format!("IDX: images from {images}, labels from {}", labels.path.display()));
            let (distinct, rows) = labels_of(labels, &mut remarks)?;
            if rows.len() != count {
                let problem = format!(
                    "has {}, but {images} has {}",
                    words::count(rows.len(), "label"),
                    words::count(count, "image")
                );
                let remedy =
                    "download both files again: they are of different sets, or one is damaged";
                return Err(Fault::new(&labels.path, problem).remedy(remedy).into());
            }
            (Some(distinct), rows)
        }
    };
    remarks.extend(stack.remark.clone());
    let hashes = [Some(&images), labels.as_ref()].into_iter().flatten().map(|part| &*part.sha256);
    let sha256 = match hashes.collect::<Vec<&str>>().as_slice() {
        [only] => (*only).to_owned(),
        both => sha256_hex(both.concat().as_bytes()),
    };
    let (pixels, shape, mut reading) = upright(images, &stack, options)?;
    let (pixels, shape) = in_channels(pixels, shape, options.channels, &mut remarks);
    reading.remarks.splice(..0, remarks);
    Ok(Found::faultless(RawImages { pixels, shape, distinct, rows, parts: None, reading }, sha256))
}

/// The images as `[N, C, H, W]`, those of EMNIST with rows and columns swapped back.
fn upright(
    images: IdxFile,
    stack: &Stack,
    options: &PictureOptions,
) -> Result<(Pixels, ImageShape, Reading)> {
    let path = images.path.clone();
    let (pixels, shape, reading) = match Name::of(&path).is_emnist() {
        false => (pixels(images, stack)?, stack.shape, Reading::default()),
        true => {
            let remark = "EMNIST: its IDX files store each image with rows and columns swapped, which is \
                          undone";
            let columns = ImageColumns { transposed: true, ..ImageColumns::default() };
            let differs = Some("rows and columns swapped".to_owned());
            let remarks = vec![remark.to_owned()];
            let (pixels, shape) = transposed(pixels(images, stack)?, stack.shape);
            (pixels, shape, Reading { columns, remarks, differs, ..Reading::default() })
        }
    };
    refuse_other_size(&path, shape, options)?;
    Ok((pixels, shape, reading))
}

/// What the dimensions of the images mean; flattened ones are square.
fn stack_of(images: &IdxFile) -> Result<Stack> {
    let dimensions = match *images.array.dimensions.as_slice() {
        [count, pixels] if pixels.isqrt().pow(2) == pixels => {
            vec![count, pixels.isqrt(), pixels.isqrt()]
        }
        [_, pixels] => {
            let problem =
                format!("has {} per image, which is not a square", words::count(pixels, "value"));
            return Err(Fault::new(&images.path, problem).into());
        }
        ref other => other.to_vec(),
    };
    Stack::new(&dimensions)
        .map_err(|(problem, remedy)| Fault::new(&images.path, problem).remedy(remedy).into())
}

fn pixels(images: IdxFile, stack: &Stack) -> Result<Pixels> {
    let values: Vec<f32> = match images.array.into_bytes() {
        Ok(bytes) => return Ok(Pixels::Bytes(stack.planes(bytes))),
        Err(array) => array.numbers().map(|value| value as f32).collect(),
    };
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let image = 1 + at / stack.shape.values();
        let problem = format!("has {} as a pixel of image {image}", values[at]);
        return Err(Fault::new(&images.path, problem).remedy("replace it with a number").into());
    }
    Ok(Pixels::from_floats(stack.planes(values)))
}

/// The distinct labels, and for each image the index of its label.
fn labels_of(labels: &IdxFile, remarks: &mut Vec<String>) -> Result<(Vec<String>, Vec<u32>)> {
    let columns = labels.array.dimensions.get(1).copied().unwrap_or(1);
    if labels.array.dimensions[0] == 0 || columns == 0 {
        return Err(Fault::new(&labels.path, "contains no label").into());
    }
    if columns > 1 {
        remarks.push(format!("labels: the first of {columns} numbers per image"));
    }
    let mut known: HashMap<i64, u32> = HashMap::new();
    let mut distinct = Vec::new();
    let mut rows = Vec::with_capacity(labels.array.dimensions[0]);
    for (image, value) in labels.array.numbers().step_by(columns).enumerate() {
        if value.fract() != 0.0 || !value.is_finite() {
            let problem = format!("has {value} as the label of image {}", image + 1);
            let remedy = "labels are integers";
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

/// Reads the file of labels, or of images, that belongs to `path`.
fn read_counterpart(path: &Path, labels: bool) -> Result<IdxFile> {
    let Some(other) = find_counterpart(path, labels)? else {
        return Err(missing(path, labels).into());
    };
    let bytes = read_unpacked(&other, &mut Vec::new())?;
    if !is_idx(&bytes) {
        let problem =
            format!("was found by its name beside {}, but is not an IDX file", path.display());
        return Err(Fault::new(&other, problem).remedy("download it again").into());
    }
    let part = IdxFile::new(&other, &bytes)?;
    if part.has_labels() != labels {
        let what = if labels { "images, not labels" } else { "labels, not images" };
        let problem = format!("contains {what}, despite its name");
        return Err(Fault::new(&other, problem)
            .remedy("restore the names of the two files")
            .into());
    }
    Ok(part)
}

/// The path of the file of labels, or of images, that belongs to `path`; if there are several, the one
/// with the same compression.
fn find_counterpart(path: &Path, labels: bool) -> Result<Option<PathBuf>> {
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
            (fits && name.matches(&other)).then(|| (other.ending != name.ending, path))
        })
        .collect();
    found.sort();
    Ok(found.into_iter().next().map(|(_, path)| path))
}

/// The file that is read together with an IDX file, found by its name.
pub(super) fn partner(path: &Path) -> Option<PathBuf> {
    let found = |labels: bool| find_counterpart(path, labels).ok().flatten();
    let is_other = |file: &PathBuf| !is_same_file(file, path);
    found(true).filter(is_other).or_else(|| found(false).filter(is_other))
}

fn missing(path: &Path, labels: bool) -> Fault {
    let (content, other) = if labels { ("images", "labels") } else { ("labels", "images") };
    if is_read_once(path) {
        let problem =
            format!("contains only {content}, and a file of {other} cannot be found beside a pipe");
        return Fault::new(path, problem).remedy("name the file itself");
    }
    match Name::of(path).counterpart() {
        Some(wanted) => {
            let problem = format!(
                "contains {content}, but there is no {wanted}, compressed or not, with the {other} beside it"
            );
            Fault::new(path, problem).remedy("put that file into the same folder")
        }
        None => {
            let problem =
                format!("contains {content}, and its name does not tell where the {other} are");
            let remedy =
                "use matching names, such as train-images-idx3-ubyte and train-labels-idx1-ubyte";
            Fault::new(path, problem).remedy(remedy)
        }
    }
}
