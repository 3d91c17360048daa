//! IDX files, the format in which MNIST and Fashion-MNIST are distributed.
//!
//! Two zero bytes, the type of the values (8 for unsigned bytes), the number of dimensions, each
//! dimension as a big-endian `u32`, then the values, the last dimension fastest.

use std::path::Path;

use super::{ImageShape, read_unzipped, sha256_hex};
use crate::error::{Error, Fault, Result};
use crate::words;

/// Type code of unsigned bytes, which nearly all image files use.
const UNSIGNED_BYTES: u8 = 8;

/// An array of any type with any number of dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Array {
    /// The type code: 8 is u8, 9 i8, 11 i16, 12 i32, 13 f32, 14 f64.
    kind: u8,
    /// The shape, the number of images first.
    pub dimensions: Vec<usize>,
    /// The raw values of the file.
    values: Vec<u8>,
}

impl Array {
    /// Parses the bytes of an uncompressed file; the name is for messages.
    ///
    /// # Errors
    /// [`Error::Fault`] if it is not an IDX file, or does not have the size in its header.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Array> {
        let damaged =
            |problem: String| Fault::new(file, problem).remedy("download or create the file again");
        let no_idx = |problem: String| damaged(format!("is not a valid IDX file: {problem}"));
        let &[0, 0, kind, count] = bytes.first_chunk().unwrap_or(&[1; 4]) else {
            return Err(no_idx(format!("wrong magic number, or only {} bytes", bytes.len())).into());
        };
        let size = match kind {
            8 | 9 => 1,
            11 => 2,
            12 | 13 => 4,
            14 => 8,
            _ => return Err(no_idx(format!("unknown value type {kind}")).into()),
        };
        let dimensions = sizes(bytes, usize::from(count)).map_err(no_idx)?;
        let values = &bytes[4 + 4 * dimensions.len()..];
        let expected =
            dimensions.iter().try_fold(size, |size: usize, &next| size.checked_mul(next));
        if expected != Some(values.len()) {
            let shape: Vec<String> = dimensions.iter().map(usize::to_string).collect();
            let (found, shape) = (values.len() / size, shape.join(" × "));
            return Err(damaged(format!(
                "has {}, but its header says {shape}",
                words::count(found, "value")
            ))
            .into());
        }
        Ok(Array { kind, dimensions, values: values.to_vec() })
    }

    /// The values if they are unsigned bytes, otherwise the array itself.
    pub fn into_bytes(self) -> std::result::Result<Vec<u8>, Array> {
        if self.kind == UNSIGNED_BYTES { Ok(self.values) } else { Err(self) }
    }

    /// The values in row-major order.
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

/// Greyscale images from an IDX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// The shape of each image, of one channel.
    pub shape: ImageShape,
    /// Values 0..=255, row-major `[N, H, W]`.
    pub pixels: Vec<u8>,
}

/// Reads a file of images, compressed or not.
///
/// `sha256` is the expected hash (in hexadecimal) of the uncompressed file, if known.
///
/// # Errors
/// [`Error::Fault`] if the file is missing, a folder, a corrupt gzip, has another hash, is not an
/// IDX file of images, or does not have the size in its header.
pub fn read_images(file: &Path, sha256: Option<&str>) -> Result<IdxImages> {
    let ([count, height, width], pixels) = read::<3>(file, sha256)?;
    if count == 0 || height == 0 || width == 0 {
        let problem =
            format!("has no images: its header says {count} of {height} × {width} pixels");
        return Err(Fault::new(file, problem).into());
    }
    Ok(IdxImages { shape: ImageShape::grey(height, width), pixels })
}

/// Reads a file of labels 0..=255, compressed or not: `[N]`.
///
/// # Errors
/// As [`read_images`].
pub fn read_labels(file: &Path, sha256: Option<&str>) -> Result<Vec<u8>> {
    let ([count], labels) = read::<1>(file, sha256)?;
    if count == 0 {
        return Err(Fault::new(file, "has no labels").into());
    }
    Ok(labels)
}

/// Shape and values of a file with `D` dimensions.
fn read<const D: usize>(file: &Path, sha256: Option<&str>) -> Result<([usize; D], Vec<u8>)> {
    let bytes = read_unzipped(file)?;
    if let Some(expected) = sha256 {
        verify(file, &bytes, expected)?;
    }
    let dimensions = dimensions::<D>(&bytes).map_err(|problem| no_idx(file, D, &problem))?;
    let header = 4 + 4 * D;
    let expected = dimensions.iter().try_fold(1usize, |size, &next| size.checked_mul(next));
    let found = bytes.len() - header;
    if expected != Some(found) {
        let shape = dimensions.map(|dimension| dimension.to_string()).join(" × ");
        let problem = format!("has {}, but its header says {shape}", words::count(found, "value"));
        return Err(Fault::new(file, problem).remedy("download the file again").into());
    }
    Ok((dimensions, bytes[header..].to_vec()))
}

fn verify(file: &Path, bytes: &[u8], expected: &str) -> Result<()> {
    let found = sha256_hex(bytes);
    if found == expected {
        return Ok(());
    }
    let problem = format!("the uncompressed file has SHA-256 {found}, not {expected}");
    Err(Fault::new(file, problem).remedy("it is another file or damaged: download it again").into())
}

fn dimensions<const D: usize>(bytes: &[u8]) -> std::result::Result<[usize; D], String> {
    let Some(&[first, second, kind, count]) = bytes.first_chunk() else {
        return Err(format!("it ends after {}", words::count(bytes.len(), "byte")));
    };
    if first != 0 || second != 0 {
        return Err(format!("it starts with the bytes {first} and {second}, not with zeros"));
    }
    if kind != UNSIGNED_BYTES {
        return Err(format!("its value type is {kind}, not {UNSIGNED_BYTES} (unsigned bytes)"));
    }
    if usize::from(count) != D {
        return Err(format!("it has {}, not {D}", words::count(count.into(), "dimension")));
    }
    let sizes = sizes(bytes, D)?;
    Ok(std::array::from_fn(|dimension| sizes[dimension]))
}

/// The sizes of `count` dimensions, after the first four bytes.
fn sizes(bytes: &[u8], count: usize) -> std::result::Result<Vec<usize>, String> {
    match bytes.get(4..4 + 4 * count) {
        Some(sizes) => Ok(words(sizes).map(|size| u32::from_be_bytes(size) as usize).collect()),
        None => Err(format!("its header ends after {}", words::count(bytes.len(), "byte"))),
    }
}

fn no_idx(file: &Path, dimensions: usize, problem: &str) -> Error {
    let wanted = if dimensions == 3 { "images" } else { "labels" };
    Fault::new(file, format!("is not an IDX file of {wanted}: {problem}")).into()
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

    fn message_for<T: std::fmt::Debug>(
        content: &[u8],
        read: impl FnOnce(&Path) -> Result<T>,
    ) -> String {
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
        assert_eq!(read, IdxImages { shape: ImageShape::grey(1, 2), pixels: vec![7, 8, 9, 255] });
        assert_eq!(with(&TWO_LABELS, labels).unwrap(), [9, 0]);
    }

    #[test]
    fn labels_given_as_images_and_vice_versa_are_rejected() {
        assert_eq!(
            message_for(&TWO_LABELS, images),
            "a-ubyte: is not an IDX file of images: it has 1 dimension, not 3"
        );
        assert_eq!(
            message_for(&TWO_IMAGES, labels),
            "a-ubyte: is not an IDX file of labels: it has 3 dimensions, not 1"
        );
    }

    #[test]
    fn another_format_is_rejected() {
        let starts = [
            (b"label,pixel1".as_slice(), "it starts with the bytes 108 and 97, not with zeros"),
            (&[0, 0], "it ends after 2 bytes"),
            (&[0, 0, 13, 3, 0], "its value type is 13, not 8 (unsigned bytes)"),
            (&TWO_IMAGES[..15], "its header ends after 15 bytes"),
        ];
        for (content, problem) in starts {
            let expected = format!("a-ubyte: is not an IDX file of images: {problem}");
            assert_eq!(message_for(content, images), expected);
        }
    }

    #[test]
    fn a_file_of_another_size_than_its_header_says_is_rejected() {
        let end = "values, but its header says 2 × 1 × 2; download the file again";
        assert_eq!(message_for(&TWO_IMAGES[..19], images), format!("a-ubyte: has 3 {end}"));
        let longer = [TWO_IMAGES.as_slice(), &[0]].concat();
        assert_eq!(message_for(&longer, images), format!("a-ubyte: has 5 {end}"));
        let mut huge = TWO_IMAGES;
        huge[4..16].fill(0xff);
        assert!(message_for(&huge, images).contains(
            "has 4 values, but its header says 4294967295 \
                                                     × "
        ));
    }

    #[test]
    fn an_empty_array_is_rejected() {
        let none = [0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        assert_eq!(
            message_for(&none, images),
            "a-ubyte: has no images: its header says 0 of 1 × \
                                                2 pixels"
        );
        assert_eq!(message_for(&[0, 0, 8, 1, 0, 0, 0, 0], labels), "a-ubyte: has no labels");
    }

    #[test]
    fn a_file_with_another_hash_is_rejected() {
        let right = sha256_hex(&TWO_LABELS);
        assert!(with(&TWO_LABELS, |path| read_labels(path, Some(&right))).is_ok());
        let mut changed = TWO_LABELS;
        changed[9] = 1;
        assert_eq!(
            message_for(&changed, |path| read_labels(path, Some(&right))),
            format!(
                "a-ubyte: the uncompressed file has SHA-256 {}, not {right}; it is another file or \
                 damaged: download it again",
                sha256_hex(&changed)
            )
        );
    }

    #[test]
    fn a_missing_file_is_reported() {
        let text = read_images(Path::new("/none/a-ubyte"), None).unwrap_err().to_string();
        assert!(text.starts_with("/none/a-ubyte: file not found"), "{text}");
    }
}
