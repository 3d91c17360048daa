//! NumPy's files: their head, held against what the file holds.

use std::path::Path;

use super::dtype::DType;
use crate::error::{Error, Fault, Result};
use crate::words::count;

/// How every file begins.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest head that is read; NumPy itself refuses longer ones than 10,000 bytes.
const LONGEST_HEAD: usize = 1 << 20;

/// What the head of an array says.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Type of the elements.
    pub dtype: DType,
    /// Whether the first index changes fastest.
    pub fortran: bool,
    /// Sizes of the dimensions.
    pub shape: Vec<usize>,
    /// Bytes before the first element.
    pub bytes: usize,
}

impl Head {
    /// Reads the head at the beginning of `bytes`.
    ///
    /// # Errors
    /// No head, or elements that cannot be read.
    pub fn read(bytes: &[u8], name: &Path) -> Result<Head> {
        let (start, length) = extent(bytes).ok_or_else(|| damaged(name, "it has no whole head"))?;
        let end = start.saturating_add(length);
        if length > LONGEST_HEAD || end > bytes.len() {
            let claim =
                format!("its head claims more than the file's {}", count(bytes.len(), "byte"));
            return Err(damaged(name, &claim));
        }
        let text = String::from_utf8_lossy(&bytes[start..end]);
        let value = |key: &str| value_of(&text, key);
        let (Some(descr), Some(order), Some(shape)) =
            (value("descr"), value("fortran_order"), value("shape").and_then(shape_of))
        else {
            return Err(damaged(name, "its head has no type, order or shape"));
        };
        let quoted =
            descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next());
        let Some(descr) = quoted else {
            let fault = Fault::new(name, "holds records of several fields");
            return Err(fault.remedy("save one array for embeddings and one for labels").into());
        };
        let dtype = DType::read(descr)
            .map_err(|(what, remedy)| Fault::new(name, format!("holds {what}")).remedy(remedy))?;
        Ok(Head { dtype, fortran: order.starts_with("True"), shape, bytes: end })
    }

    /// Bytes of all elements; none where nobody can count them.
    pub fn data(&self) -> Option<usize> {
        let sizes = self.shape.iter().chain([&self.dtype.size]);
        sizes.copied().try_fold(1_usize, usize::checked_mul)
    }
}

/// Where the text of the head begins, and how long it is.
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

/// What stands after a key of the head's dictionary.
fn value_of<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    ['\'', '"'].iter().find_map(|quote| {
        let (_, rest) = head.split_once(&format!("{quote}{key}{quote}"))?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    })
}

/// Sizes in brackets, `(3, 2)`.
fn shape_of(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.split(')').next()?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.trim_end_matches('L').parse().ok()).collect()
}

pub fn damaged(name: &Path, what: &str) -> Error {
    let fault = Fault::new(name, format!("is no NPY that can be read ({what})"));
    fault.remedy("write it with numpy.save").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_claims_more_than_the_file_holds_is_refused_before_room_is_made() {
        let told = |version: u8, length: u32, head: &str| {
            let mut content = [MAGIC, &[version, 0][..]].concat();
            let bytes = length.to_le_bytes();
            content.extend(if version == 1 { &bytes[..2] } else { &bytes });
            content.extend(head.bytes());
            super::super::array::read(&content, Path::new("a.npy")).unwrap_err().to_string()
        };
        let message = told(3, u32::MAX, "{}\n");
        assert!(message.contains("(its head claims more than the file's 15 bytes)"), "{message}");
        for shape in ["4611686018427387904, 2", "70000, 70000", "9,"] {
            let head =
                format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n");
            let message = told(1, head.len() as u32, &head);
            assert!(message.contains("claims more than the file's "), "{message}");
        }
        let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (0x7fffffff,), }\n";
        assert!(told(1, head.len() as u32, head).contains("no type, order or shape"));
    }

    #[test]
    fn what_python_alone_can_read_is_refused_with_the_way_out() {
        let told = |descr: &str| {
            let head = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n");
            let length = (head.len() as u16).to_le_bytes();
            let content = [MAGIC, &[1, 0], &length, head.as_bytes()].concat();
            Head::read(&content, Path::new("a.npy")).unwrap_err().to_string()
        };
        assert_eq!(
            told("'|O'"),
            "a.npy: holds Python objects, which only pickle can read; save plain values: \
             np.save(path, np.array(x.tolist())), dtype=str for text"
        );
        assert!(told("[('a', '<f4')]").contains("holds records of several fields"));
        assert!(told("'<c16'").contains("holds complex numbers; save x.real"));
        assert!(told("'<f16'").contains("floats of 16 bytes; save x.astype(np.float64)"));
    }
}
