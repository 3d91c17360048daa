//! Writes NumPy arrays: numbers, and labels as in the image file.

use std::io::Write;
use std::path::Path;

use ndarray::Array1;
use ndarray_npy::WriteNpyExt;

use crate::error::Result;
use crate::files::write_atomically;
use crate::report::columns::Column;

/// Bytes per character: NumPy's text is UTF-32.
const LETTER: usize = 4;

/// The header of a file is padded to a multiple of this.
const ALIGNMENT: usize = 64;

/// Writes an array in NumPy's format.
///
/// # Errors
/// The file cannot be written.
pub fn write_npy(path: &Path, array: &impl WriteNpyExt) -> Result<()> {
    write_atomically(path, |file| array.write_npy(file).map_err(std::io::Error::other))
}

/// Writes labels `[N]`: as int64 where each is a whole number, else as text (`<U…`), which
/// `numpy.load` reads without pickle.
///
/// # Errors
/// The file cannot be written.
pub fn write_label_array(path: &Path, labels: &[&str]) -> Result<()> {
    match Column::labels(labels.iter().map(|&label| label.to_owned()).collect()) {
        Column::Whole(numbers) => write_npy(path, &Array1::from(numbers)),
        _ => write_atomically(path, |file| file.write_all(&text_array(labels))),
    }
}

/// Text `[N]` in NumPy's format 1.0, padded with zeros to the longest.
fn text_array(labels: &[&str]) -> Vec<u8> {
    let letters = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(1);
    let count = labels.len();
    let mut header =
        format!("{{'descr': '<U{letters}', 'fortran_order': False, 'shape': ({count},), }}");
    // Magic, version and length take ten bytes; a line feed ends the header.
    let padding = (10 + header.len() + 1).next_multiple_of(ALIGNMENT) - (10 + header.len() + 1);
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for label in labels {
        let end = bytes.len() + LETTER * letters;
        label.chars().for_each(|letter| bytes.extend(u32::from(letter).to_le_bytes()));
        bytes.resize(end, 0);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::features::read_labels;

    /// What NumPy 2.4 writes of `numpy.array(["é", "katt"])`, in hexadecimal.
    const NUMPY: &str = include_str!("../../tests/reference/text_labels.hex");

    #[test]
    fn text_has_the_bytes_that_numpy_writes() {
        let hex: String =
            text_array(&["é", "katt"]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, NUMPY.trim());
    }

    #[test]
    fn integers_stay_numbers_unless_one_has_a_leading_zero() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.npy");
        write_label_array(&path, &["26", "-1", "1"]).unwrap();
        assert_eq!(read_labels(&path).unwrap(), [26, -1, 1]);
        write_label_array(&path, &["26", "01"]).unwrap();
        assert!(String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("'<U2'"));
    }
}
