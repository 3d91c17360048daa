//! Finds the images and labels among the arrays of an archive: by their keys, else by their shapes.

use std::path::Path;

use crate::data::Part;
use crate::data::numpy::{Archive, DType, Entry, Header, Kind};
use crate::data::source::parts::part_named;
use crate::error::{Fault, Result};
use crate::words::first_few;

/// Words in the key of an array of images.
const IMAGES: [&str; 7] = ["images", "image", "imgs", "img", "x", "data", "pixels"];

/// Words in the key of an array of labels.
const LABELS: [&str; 8] =
    ["labels", "label", "y", "targets", "target", "classes", "class", "species"];

/// Most arrays that a message names.
const NAMED: usize = 8;

/// An array of images and the array of their labels, by their positions in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// What they are for, if the keys say.
    pub part: Option<Part>,
    pub images: usize,
    /// `None` if there is none.
    pub labels: Option<usize>,
}

/// What an array contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Images,
    Labels,
}

/// Role and part by the words of a key: `train_images`, `y_test`.
fn meaning(key: &str) -> Option<(Role, Option<Part>)> {
    let lower = key.to_lowercase();
    let words: Vec<&str> = lower.split(['_', '-', '.', ' ', '/']).collect();
    let part = words.iter().find_map(|word| part_named(word));
    let rest: Vec<&str> = words.into_iter().filter(|word| part_named(word).is_none()).collect();
    match rest.as_slice() {
        [word] if IMAGES.contains(word) => Some((Role::Images, part)),
        [word] if LABELS.contains(word) => Some((Role::Labels, part)),
        _ => None,
    }
}

/// Pairs of one source: each of another part, or a single one without a part.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if there are no images, or several arrays of one kind.
pub(super) fn pairs(
    archive: &Archive,
    file: &Path,
    remarks: &mut Vec<String>,
) -> Result<Vec<Pair>> {
    let arrays = &archive.arrays;
    let mut found = Vec::new();
    for part in [None, Some(Part::Training), Some(Part::Validation), Some(Part::Test)] {
        found.extend(by_keys(arrays, part, file)?);
    }
    if found.iter().any(|pair| pair.part.is_some()) {
        found.retain(|pair| pair.part.is_some());
    } else if found.iter().all(|pair| pair.labels.is_none()) {
        let images = found.first().map(|pair| pair.images);
        let pair = by_shapes(arrays, images, file)?;
        let labels =
            pair.labels.map(|labels| format!(", labels from {}", arrays[labels].describe()));
        let images = arrays[pair.images].describe();
        remarks.push(format!("NumPy: images from {images}{}", labels.unwrap_or_default()));
        found = vec![pair];
    }
    let is_used = |at: &usize| found.iter().any(|p| p.images == *at || p.labels == Some(*at));
    let unused = (0..arrays.len()).filter(|at| !is_used(at)).map(|at| arrays[at].key.as_str());
    let unused: Vec<&str> = unused.collect();
    if !unused.is_empty() {
        remarks.push(format!("NumPy: arrays that are left out: {}", first_few(&unused, NAMED)));
    }
    Ok(found)
}

/// The images of a part and their labels, by their keys.
fn by_keys(arrays: &[Entry], part: Option<Part>, file: &Path) -> Result<Option<Pair>> {
    let of = |role: Role| -> Vec<usize> {
        let is_one = |at: &usize| meaning(&arrays[*at].key) == Some((role, part));
        (0..arrays.len()).filter(is_one).collect()
    };
    match (of(Role::Images).as_slice(), of(Role::Labels).as_slice()) {
        ([], _) => Ok(None),
        (&[images], []) => Ok(Some(Pair { part, images, labels: None })),
        (&[images], &[labels]) => Ok(Some(Pair { part, images, labels: Some(labels) })),
        (&[_], several) => Err(ambiguous(file, "labels", arrays, several).into()),
        (several, _) => Err(ambiguous(file, "images", arrays, several).into()),
    }
}

/// The only array that may be images, unless it is known, and the only one that may be their labels.
fn by_shapes(arrays: &[Entry], images: Option<usize>, file: &Path) -> Result<Pair> {
    let all = || 0..arrays.len();
    let of = |at: usize| arrays[at].header.as_ref();
    let candidates: Vec<usize> = match images {
        Some(images) => vec![images],
        None => all().filter(|&at| of(at).is_some_and(may_be_images)).collect(),
    };
    let &[images] = candidates.as_slice() else {
        return Err(match candidates.is_empty() {
            true => without_images(file, arrays),
            false => ambiguous(file, "images", arrays, &candidates),
        }
        .into());
    };
    let count = of(images).and_then(|header| header.shape.first().copied());
    let others = || all().filter(move |&at| at != images);
    let rows = |at: usize| of(at).filter(|header| header.shape.first().copied() == count);
    let single = others().filter(|&at| rows(at).is_some_and(is_column)).collect::<Vec<_>>();
    let wide = others().filter(|&at| rows(at).is_some_and(|header| header.shape.len() == 2));
    let labels = if single.is_empty() { wide.collect() } else { single };
    match labels.as_slice() {
        [] => Ok(Pair { part: None, images, labels: None }),
        &[labels] => Ok(Pair { part: None, images, labels: Some(labels) }),
        several => Err(ambiguous(file, "labels", arrays, several).into()),
    }
}

fn may_be_images(header: &Header) -> bool {
    let DType { kind, .. } = header.dtype;
    matches!(header.shape.len(), 3 | 4) && !matches!(kind, Kind::Unicode | Kind::Bytes)
}

/// Whether it is `[N]`, `[N, 1]` or the like.
fn is_column(header: &Header) -> bool {
    header.shape.get(1..).is_some_and(|others| others.iter().all(|&size| size == 1))
}

fn ambiguous(file: &Path, what: &str, arrays: &[Entry], candidates: &[usize]) -> Fault {
    let described: Vec<String> = candidates.iter().map(|&at| arrays[at].describe()).collect();
    let several = first_few(&described, NAMED);
    let remedy = "save the images and their labels alone: np.savez(\"images.npz\", x=x, y=y)";
    Fault::new(file, format!("has several arrays that may be the {what}: {several}")).remedy(remedy)
}

fn without_images(file: &Path, arrays: &[Entry]) -> Fault {
    let described: Vec<String> = arrays.iter().map(Entry::describe).collect();
    let problem = format!(
        "has no images, which are arrays of 3 or 4 dimensions; it has {}",
        first_few(&described, NAMED)
    );
    Fault::new(file, problem).remedy("save them as x.reshape(-1, ROWS, COLUMNS)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_medmnist_and_keras_tell_role_and_part() {
        let (images, labels) = (Role::Images, Role::Labels);
        let (train, validation) = (Some(Part::Training), Some(Part::Validation));
        for (key, expected) in [
            ("train_images", Some((images, train))),
            ("val_labels", Some((labels, validation))),
            ("test_images", Some((images, Some(Part::Test)))),
            ("x_train", Some((images, train))),
            ("Y_TEST", Some((labels, Some(Part::Test)))),
            ("y_val", Some((labels, validation))),
            ("images", Some((images, None))),
            ("train", None),
            ("train_ids", None),
            ("y_train_coarse", None),
        ] {
            assert_eq!(meaning(key), expected, "{key}");
        }
    }
}
