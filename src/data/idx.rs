//! IDX files, the format in which MNIST and Fashion-MNIST are given out.
//!
//! Two zero bytes, the type of the values (8 for unsigned bytes), the number of dimensions, each
//! dimension as a big-endian `u32`, then the values, the last dimension fastest.

use std::path::Path;

use super::{read_unzipped, sha256_hex};
use crate::error::{Error, Fault, Result};
use crate::words;

/// Unsigned bytes, the type of value that nearly all image files use.
const UNSIGNED_BYTES: u8 = 8;

/// Values of any type with any number of dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Array {
    /// The type: 8 and 9 are bytes without and with a sign, 11 and 12 whole numbers of 16 and 32 bits,
    /// 13 and 14 numbers of 32 and 64 bits.
    kind: u8,
    /// Sizes, the number of images first.
    pub dimensions: Vec<usize>,
    /// The values as they stand in the file.
    values: Vec<u8>,
}

impl Array {
    /// Reads the bytes of an unpacked file, whose name is for messages.
    ///
    /// # Errors
    /// [`Error::Fault`] where it is no IDX file, or longer or shorter than its head says.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Array> {
        let damaged =
            |problem: String| Fault::new(file, problem).remedy("fetch or make the file again");
        let no_idx = |problem: String| damaged(format!("is no whole IDX file: {problem}"));
        let &[0, 0, kind, count] = bytes.first_chunk().unwrap_or(&[1; 4]) else {
            return Err(no_idx(format!(
                "it starts with other bytes, or ends after {}",
                bytes.len()
            ))
            .into());
        };
        let size = match kind {
            8 | 9 => 1,
            11 => 2,
            12 | 13 => 4,
            14 => 8,
            _ => return Err(no_idx(format!("there are no values of type {kind}")).into()),
        };
        let dimensions = sizes(bytes, usize::from(count)).map_err(no_idx)?;
        let values = &bytes[4 + 4 * dimensions.len()..];
        let expected =
            dimensions.iter().try_fold(size, |size: usize, &next| size.checked_mul(next));
        if expected != Some(values.len()) {
            let shape: Vec<String> = dimensions.iter().map(usize::to_string).collect();
            let (found, shape) = (values.len() / size, shape.join(" × "));
            return Err(damaged(format!(
                "holds {} where its head says {shape}",
                words::count(found, "value")
            ))
            .into());
        }
        Ok(Array { kind, dimensions, values: values.to_vec() })
    }

    /// The values where they are unsigned bytes, or the array again.
    pub fn into_bytes(self) -> std::result::Result<Vec<u8>, Array> {
        if self.kind == UNSIGNED_BYTES { Ok(self.values) } else { Err(self) }
    }

    /// The values, the last dimension fastest.
    pub fn numbers(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        let values = &self.values;
        match self.kind {
            8 => Box::new(values.iter().map(|&value| f64::from(value))),
            9 => Box::new(values.iter().map(|&value| f64::from(value.cast_signed()))),
            11 => Box::new(words(values).map(|word| f64::from(i16::from_be_bytes(word)))),
            12 => Box::new(words(values).map(|word| f64::from(i32::from_be_bytes(word)))),
            13 => Box::new(words(values).map(|word| f64::from(f32::from_be_bytes(word)))),
            _ => Box::new(words(values).map(f64::from_be_bytes)),
        }
    }
}

fn words<const N: usize>(values: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    values.as_chunks::<N>().0.iter().copied()
}

/// Grey images from an IDX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// Height of an image in pixels.
    pub height: usize,
    /// Width of an image in pixels.
    pub width: usize,
    /// Values 0..=255, row-major `[N, height * width]`.
    pub pixels: Vec<u8>,
}

/// Reads a file of images, plain or as gzip.
///
/// `sha256` is the hash (in hexadecimal) that the unzipped file must have, where it is known.
///
/// # Errors
/// [`Error::Fault`] where the file is missing, a folder, a broken gzip, has another hash, is no
/// IDX file of images, or is longer or shorter than its head says.
pub fn read_images(file: &Path, sha256: Option<&str>) -> Result<IdxImages> {
    let ([count, height, width], pixels) = read::<3>(file, sha256)?;
    if count == 0 || height == 0 || width == 0 {
        let problem = format!("holds no image: its head says {count} of {height} × {width} pixels");
        return Err(Fault::new(file, problem).into());
    }
    Ok(IdxImages { height, width, pixels })
}

/// Reads a file of labels 0..=255, plain or as gzip: `[N]`.
///
/// # Errors
/// As [`read_images`].
pub fn read_labels(file: &Path, sha256: Option<&str>) -> Result<Vec<u8>> {
    let ([count], labels) = read::<1>(file, sha256)?;
    if count == 0 {
        return Err(Fault::new(file, "holds no label").into());
    }
    Ok(labels)
}

/// Dimensions and values of a file with `D` dimensions.
fn read<const D: usize>(file: &Path, sha256: Option<&str>) -> Result<([usize; D], Vec<u8>)> {
    let bytes = read_unzipped(file)?;
    if let Some(expected) = sha256 {
        verify(file, &bytes, expected)?;
    }
    let dimensions = dimensions::<D>(&bytes).map_err(|problem| no_idx(file, D, &problem))?;
    let head = 4 + 4 * D;
    let expected = dimensions.iter().try_fold(1usize, |size, &next| size.checked_mul(next));
    let found = bytes.len() - head;
    if expected != Some(found) {
        let shape = dimensions.map(|dimension| dimension.to_string()).join(" × ");
        let problem = format!("holds {} where its head says {shape}", words::count(found, "value"));
        return Err(Fault::new(file, problem).remedy("fetch the file again").into());
    }
    Ok((dimensions, bytes[head..].to_vec()))
}

fn verify(file: &Path, bytes: &[u8], expected: &str) -> Result<()> {
    let found = sha256_hex(bytes);
    if found == expected {
        return Ok(());
    }
    let problem = format!("the unzipped file has SHA-256 {found}, not {expected}");
    Err(Fault::new(file, problem).remedy("it is another file or damaged: fetch it again").into())
}

fn dimensions<const D: usize>(bytes: &[u8]) -> std::result::Result<[usize; D], String> {
    let Some(&[first, second, kind, count]) = bytes.first_chunk() else {
        return Err(format!("it ends after {}", words::count(bytes.len(), "byte")));
    };
    if first != 0 || second != 0 {
        return Err(format!("it starts with the bytes {first} and {second}, not with zeros"));
    }
    if kind != UNSIGNED_BYTES {
        return Err(format!("its values are of type {kind}, not {UNSIGNED_BYTES}, unsigned bytes"));
    }
    if usize::from(count) != D {
        return Err(format!("it has {}, not {D}", words::count(count.into(), "dimension")));
    }
    let sizes = sizes(bytes, D)?;
    Ok(std::array::from_fn(|dimension| sizes[dimension]))
}

/// The sizes of so many dimensions, behind the first four bytes.
fn sizes(bytes: &[u8], count: usize) -> std::result::Result<Vec<usize>, String> {
    match bytes.get(4..4 + 4 * count) {
        Some(sizes) => Ok(words(sizes).map(|size| u32::from_be_bytes(size) as usize).collect()),
        None => Err(format!("its head ends after {}", words::count(bytes.len(), "byte"))),
    }
}

fn no_idx(file: &Path, dimensions: usize, problem: &str) -> Error {
    let wanted = if dimensions == 3 { "images" } else { "labels" };
    Fault::new(file, format!("is no IDX file of {wanted}: {problem}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const TWO_IMAGES: [u8; 20] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 8, 9, 255];
    const TWO_LABELS: [u8; 10] = [0, 0, 8, 1, 0, 0, 0, 2, 9, 0];

    fn with<T>(content: &[u8], read: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-ubyte");
        fs::write(&path, content).unwrap();
        read(&path)
    }

    fn told<T: std::fmt::Debug>(content: &[u8], read: impl FnOnce(&Path) -> Result<T>) -> String {
        let text = with(content, read).unwrap_err().to_string();
        text[text.rfind("a-ubyte").unwrap()..].to_owned()
    }

    fn images(path: &Path) -> Result<IdxImages> {
        read_images(path, None)
    }

    fn labels(path: &Path) -> Result<Vec<u8>> {
        read_labels(path, None)
    }

    #[test]
    fn images_and_labels_are_read() {
        let read = with(&TWO_IMAGES, images).unwrap();
        assert_eq!(read, IdxImages { height: 1, width: 2, pixels: vec![7, 8, 9, 255] });
        assert_eq!(with(&TWO_LABELS, labels).unwrap(), [9, 0]);
    }

    #[test]
    fn labels_given_for_images_are_told_and_the_other_way_round() {
        assert_eq!(
            told(&TWO_LABELS, images),
            "a-ubyte: is no IDX file of images: it has 1 dimension, not 3"
        );
        assert_eq!(
            told(&TWO_IMAGES, labels),
            "a-ubyte: is no IDX file of labels: it has 3 dimensions, not 1"
        );
    }

    #[test]
    fn another_format_is_told() {
        let starts = [
            (b"label,pixel1".as_slice(), "it starts with the bytes 108 and 97, not with zeros"),
            (&[0, 0], "it ends after 2 bytes"),
            (&[0, 0, 13, 3, 0], "its values are of type 13, not 8, unsigned bytes"),
            (&TWO_IMAGES[..15], "its head ends after 15 bytes"),
        ];
        for (content, problem) in starts {
            let expected = format!("a-ubyte: is no IDX file of images: {problem}");
            assert_eq!(told(content, images), expected);
        }
    }

    #[test]
    fn a_file_longer_or_shorter_than_its_head_says_is_told() {
        let end = "values where its head says 2 × 1 × 2; fetch the file again";
        assert_eq!(told(&TWO_IMAGES[..19], images), format!("a-ubyte: holds 3 {end}"));
        let longer = [TWO_IMAGES.as_slice(), &[0]].concat();
        assert_eq!(told(&longer, images), format!("a-ubyte: holds 5 {end}"));
        let mut huge = TWO_IMAGES;
        huge[4..16].fill(0xff);
        assert!(told(&huge, images).contains("holds 4 values where its head says 4294967295 × "));
    }

    #[test]
    fn a_file_of_nothing_is_told() {
        let none = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        assert_eq!(told(&none, images), "a-ubyte: holds no image: its head says 0 of 1 × 2 pixels");
        assert_eq!(told(&[0, 0, 8, 1, 0, 0, 0, 0], labels), "a-ubyte: holds no label");
    }

    #[test]
    fn a_file_with_another_hash_is_told() {
        let right = sha256_hex(&TWO_LABELS);
        assert!(with(&TWO_LABELS, |path| read_labels(path, Some(&right))).is_ok());
        let mut changed = TWO_LABELS;
        changed[9] = 1;
        assert_eq!(
            told(&changed, |path| read_labels(path, Some(&right))),
            format!(
                "a-ubyte: the unzipped file has SHA-256 {}, not {right}; it is another file or \
                 damaged: fetch it again",
                sha256_hex(&changed)
            )
        );
    }

    #[test]
    fn a_missing_file_is_told() {
        let text = read_images(Path::new("/none/a-ubyte"), None).unwrap_err().to_string();
        assert!(text.starts_with("/none/a-ubyte: file not found"), "{text}");
    }
}
