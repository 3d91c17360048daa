//! Reads the header of NumPy files and checks it against the size of the file.

use std::path::Path;

use super::dtype::DType;
use crate::error::{Error, Fault, Result};
use crate::words::count;

/// The first bytes of every file.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest accepted header; NumPy itself refuses headers of more than 10,000 bytes.
const LONGEST_HEADER: usize = 1 << 20;

/// Most dimensions of an array in NumPy.
const MOST_DIMENSIONS: usize = 64;

/// The header of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Type of the elements.
    pub dtype: DType,
    /// Whether the first index changes fastest.
    pub fortran: bool,
    /// Sizes of the dimensions.
    pub shape: Vec<usize>,
    /// Bytes before the first element.
    pub bytes: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`.
    ///
    /// # Errors
    /// No valid header, or an unsupported element type.
    pub fn read(bytes: &[u8], name: &Path) -> Result<Header> {
        let (start, length) =
            extent(bytes).ok_or_else(|| damaged(name, "its header is incomplete"))?;
        let end = start.saturating_add(length);
        if length > LONGEST_HEADER || end > bytes.len() {
            let claim =
                format!("its header claims more than the file's {}", count(bytes.len(), "byte"));
            return Err(damaged(name, &claim));
        }
        let text = String::from_utf8_lossy(&bytes[start..end]);
        let value = |key: &str| value_of(&text, key);
        let (Some(descr), Some(order), Some(shape)) =
            (value("descr"), value("fortran_order"), value("shape").and_then(shape_of))
        else {
            return Err(damaged(name, "its header has no type, order or shape"));
        };
        let quoted =
            descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next());
        let Some(descr) = quoted else {
            let fault = Fault::new(name, "contains records with several fields");
            return Err(fault.remedy("save an array of each field").into());
        };
        let dtype = DType::read(descr).map_err(|(what, remedy)| {
            Fault::new(name, format!("contains {what}")).remedy(remedy)
        })?;
        Ok(Header { dtype, fortran: order.starts_with("True"), shape, bytes: end })
    }

    /// Its shape and type, such as `[3, 2] float32`.
    pub fn describe(&self) -> String {
        format!("{:?} {}", self.shape, self.dtype.name())
    }

    /// Bytes of all elements; `None` on overflow.
    pub fn data(&self) -> Option<usize> {
        let sizes = self.shape.iter().chain([&self.dtype.size]);
        sizes.copied().try_fold(1_usize, usize::checked_mul)
    }
}

/// Start and length of the header's text.
pub fn extent(bytes: &[u8]) -> Option<(usize, usize)> {
    let rest = bytes.strip_prefix(MAGIC)?;
    match *rest {
        [1, _, a, b, ..] => Some((10, u16::from_le_bytes([a, b]).into())),
        [2 | 3, _, a, b, c, d, ..] => {
            Some((12, usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?))
        }
        _ => None,
    }
}

/// The text after a key of the header's dictionary.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    ['\'', '"'].iter().find_map(|quote| {
        let (_, rest) = header.split_once(&format!("{quote}{key}{quote}"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    })
}

/// Parses a shape such as `(3, 2)`.
fn shape_of(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.split(')').next()?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    let sizes = sizes.take(MOST_DIMENSIONS + 1);
    let shape = sizes.map(|size| size.trim_end_matches('L').parse().ok());
    shape.collect::<Option<Vec<usize>>>().filter(|shape| shape.len() <= MOST_DIMENSIONS)
}

/// The error for a damaged array.
pub fn damaged(name: &Path, what: &str) -> Error {
    let fault = Fault::new(name, format!("cannot be read as NPY ({what})"));
    fault.remedy("write it with numpy.save").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_claims_more_than_the_file_is_refused_before_allocating() {
        let error = |version: u8, length: u32, header: &str| {
            let mut content = [MAGIC, &[version, 0][..]].concat();
            let bytes = length.to_le_bytes();
            content.extend(if version == 1 { &bytes[..2] } else { &bytes });
            content.extend(header.bytes());
            super::super::array::Array::read(&content, Path::new("a.npy")).unwrap_err().to_string()
        };
        let message = error(3, u32::MAX, "{}\n");
        assert!(message.contains("(its header claims more than the file's 15 bytes)"), "{message}");
        for shape in ["4611686018427387904, 2", "70000, 70000", "9,"] {
            let header =
                format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n");
            let message = error(1, header.len() as u32, &header);
            assert!(message.contains("claims more than the file's "), "{message}");
        }
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (0x7fffffff,), }\n";
        assert!(error(1, header.len() as u32, header).contains("no type, order or shape"));
    }

    #[test]
    fn types_that_only_python_can_read_are_refused_with_a_remedy() {
        let error = |descr: &str| {
            let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n");
            let length = (header.len() as u16).to_le_bytes();
            let content = [MAGIC, &[1, 0], &length, header.as_bytes()].concat();
            Header::read(&content, Path::new("a.npy")).unwrap_err().to_string()
        };
        assert_eq!(
            error("'|O'"),
            "a.npy: contains Python objects, which only pickle can read; save plain values: \
             np.save(path, np.array(x.tolist())), dtype=str for text"
        );
        assert!(error("[('a', '<f4')]").contains("contains records with several fields"));
        assert!(error("'<c16'").contains("contains complex numbers; save x.real"));
        assert!(error("'<f16'").contains("floats of 16 bytes; save x.astype(np.float64)"));
    }
}
