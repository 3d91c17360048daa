//! An array of images in a file of its own, with its labels in another one beside it.

use std::path::{Path, PathBuf};

use super::labels::Labels;
use super::pixels::{compact, pixels_of, stack_of};
use crate::data::numpy::{Array, MAGIC};
use crate::data::source::kind::{Content, Found};
use crate::data::source::stack::{in_channels, refuse_other_size};
use crate::data::source::whole::read_unpacked;
use crate::data::{LabelColumn, RawImages, ReadOptions, Reading};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;

/// Reads the images, and the labels beside them.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if there is no file of labels, one is damaged, or they do
/// not belong together.
pub(super) fn read(content: &Content, options: &ReadOptions) -> Result<Found> {
    let path = content.path;
    let array = Array::read(&content.bytes, path)?;
    if array.header.shape.len() < 3 {
        let problem = format!("is an array of {}, not of images", array.header.describe());
        let remedy = "name an array [images, rows, columns]; if these are the labels, name the file of \
                      the images";
        return Err(Fault::new(path, problem).remedy(remedy).into());
    }
    let stack = stack_of(&array)?;
    refuse_other_size(path, stack.shape, &options.pictures)?;
    let mut remarks: Vec<String> = stack.remark.clone().into_iter().collect();
    let mut sha256 = sha256_hex(&content.bytes);
    let (distinct, rows) = match partner(path) {
        Some(file) => {
            let bytes = read_unpacked(&file, &mut Vec::new())?;
            remarks.push(format!("labels: from {}", file.display()));
            sha256 = sha256_hex((sha256 + &sha256_hex(&bytes)).as_bytes());
            let mut labels = Labels::default();
            labels.add(&label_array(&bytes, &file)?, stack.count)?;
            let (distinct, rows) = labels.finish(&mut remarks);
            (Some(distinct), rows)
        }
        None if options.label == LabelColumn::IfThere => {
            remarks.push("labels: none, since there is no file of labels beside the images".into());
            (None, vec![0; stack.count])
        }
        None => return Err(missing(path).into()),
    };
    let pixels = compact(pixels_of(&array, &stack)?);
    let (pixels, shape) = in_channels(pixels, stack.shape, options.pictures.channels, &mut remarks);
    let reading = Reading { remarks, ..Reading::default() };
    Ok(Found::faultless(RawImages { pixels, shape, distinct, rows, parts: None, reading }, sha256))
}

/// The array of a file that was found by its name.
fn label_array<'a>(bytes: &'a [u8], file: &Path) -> Result<Array<'a>> {
    if bytes.starts_with(MAGIC) {
        return Array::read(bytes, file);
    }
    let problem = "was found by its name beside the images, but is not a NumPy array";
    Err(Fault::new(file, problem).remedy("write it with numpy.save").into())
}

/// The file of labels beside an array of images, found by its name.
pub(in crate::data::source) fn partner(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".npy")?;
    let is_other = |other: &String| other != name;
    let names = label_names(stem).into_iter().filter(is_other);
    names.map(|name| path.with_file_name(name)).find(|file| file.is_file())
}

/// Names that the labels of a file of images may have, likely ones first.
fn label_names(stem: &str) -> Vec<String> {
    const SWAPS: [(&str, &str); 10] = [
        ("images", "labels"),
        ("image", "label"),
        ("image", "labels"),
        ("imgs", "labels"),
        ("Images", "Labels"),
        ("x", "y"),
        ("X", "y"),
        ("X", "Y"),
        ("x", "labels"),
        ("X", "labels"),
    ];
    let mut names = Vec::new();
    for (images, labels) in SWAPS {
        let words: Vec<&str> = stem.split_inclusive(['_', '-', '.', ' ']).collect();
        let swap = |word: &&str| {
            let bare = word.trim_end_matches(['_', '-', '.', ' ']);
            if bare == images { word.replacen(images, labels, 1) } else { (*word).to_owned() }
        };
        let swapped: String = words.iter().map(swap).collect();
        if swapped != stem {
            names.push(swapped);
        }
    }
    for word in ["labels", "label", "y"] {
        names.push(format!("{stem}_{word}"));
        names.push(format!("{stem}-{word}"));
        names.push(format!("{word}_{stem}"));
    }
    // One file of labels for all would be that of another part.
    let is_part =
        |word: &str| ["train", "val", "valid", "test"].contains(&word.to_lowercase().as_str());
    if !stem.split(['_', '-', '.', ' ']).any(is_part) {
        names.push("labels".to_owned());
    }
    names.into_iter().map(|name| name + ".npy").collect()
}

fn missing(path: &Path) -> Fault {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let wanted = label_names(&stem).swap_remove(0);
    let remedy = format!(
        "save them beside it as {wanted}, or both in one file: np.savez(\"images.npz\", x=x, y=y)"
    );
    Fault::new(path, "is an array of images without labels").remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_file_of_labels_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let beside = |images: &str, labels: &str| {
            let file = folder.path().join(labels);
            fs::write(&file, "").unwrap();
            let found = partner(&folder.path().join(images));
            fs::remove_file(&file).unwrap();
            found == Some(file)
        };
        for (images, labels) in [
            ("train_images.npy", "train_labels.npy"),
            ("X_train.npy", "y_train.npy"),
            ("x-test.npy", "y-test.npy"),
            ("cells.npy", "cells_labels.npy"),
            ("cells.npy", "labels.npy"),
        ] {
            assert!(beside(images, labels), "{images} {labels}");
        }
        assert!(!beside("X_train.npy", "y_test.npy"));
        assert!(!beside("labels.npy", "labels.npy"));
        assert!(!beside("images.csv", "labels.npy"));
    }
}
