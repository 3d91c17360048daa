//! An array in memory, whose elements are read as numbers or as text.

use std::path::{Path, PathBuf};

use half::{bf16, f16};

use super::dtype::Kind;
use super::header::{Header, damaged};
use crate::error::{Fault, Result};
use crate::words::count;

/// An array in memory, as raw bytes.
#[derive(Debug)]
pub struct Array<'a> {
    /// Shape, type and order.
    pub header: Header,
    /// The file, or `FILE:KEY`, for messages.
    pub name: PathBuf,
    data: &'a [u8],
}

impl<'a> Array<'a> {
    /// Reads an array from the bytes of its file.
    ///
    /// # Errors
    /// As [`Header::read`]; more or fewer elements than the header says.
    pub fn read(bytes: &'a [u8], name: &Path) -> Result<Array<'a>> {
        let header = Header::read(bytes, name)?;
        let data = &bytes[header.bytes..];
        match header.data() {
            Some(size) if size == data.len() => {
                Ok(Array { header, name: name.to_path_buf(), data })
            }
            Some(size) if size < data.len() => {
                let more = count(data.len() - size, "byte");
                let remedy = "save one array per file, or several with numpy.savez";
                Err(Fault::new(name, format!("contains {more} after its array"))
                    .remedy(remedy)
                    .into())
            }
            _ => {
                let size = count(bytes.len(), "byte");
                let (shape, dtype) = (&header.shape, header.dtype.name());
                let claim =
                    format!("its shape {shape:?} of {dtype} claims more than the file's {size}");
                Err(damaged(name, &claim))
            }
        }
    }

    /// Whether it has no element, or only empty texts.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The bytes of each element, in the order of the file.
    pub fn elements(&self) -> std::slice::ChunksExact<'a, u8> {
        // An array of empty text has elements of 0 bytes, and no data.
        self.data.chunks_exact(self.header.dtype.size.max(1))
    }

    /// The elements, whose type has `N` bytes, in the order of the file.
    pub fn values<const N: usize, T>(&self, of: impl Fn([u8; N]) -> T) -> Vec<T> {
        self.elements().map(|element| of(self.little_endian(element))).collect()
    }

    /// The bytes of an element in little-endian order.
    fn little_endian<const N: usize>(&self, element: &[u8]) -> [u8; N] {
        let mut bytes: [u8; N] = element.try_into().expect("elements have the size of their type");
        if self.header.dtype.big {
            bytes.reverse();
        }
        bytes
    }

    /// An element as text, numbers in the format of Rust and Python.
    pub fn text(&self, element: &[u8]) -> String {
        match (self.header.dtype.kind, self.header.dtype.size) {
            (Kind::Bool, _) => if element == [0] { "False" } else { "True" }.to_owned(),
            (Kind::Uint, _) => u64::from_le_bytes(self.widened(element, 0)).to_string(),
            (Kind::Int, _) => {
                let negative = match self.header.dtype.big {
                    true => element.first(),
                    false => element.last(),
                };
                let fill = if negative.is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
                i64::from_le_bytes(self.widened(element, fill)).to_string()
            }
            (Kind::Float, 8) => f64::from_le_bytes(self.little_endian(element)).to_string(),
            (Kind::Float, 4) => f32::from_le_bytes(self.little_endian(element)).to_string(),
            (Kind::Float, _) => {
                f16::from_le_bytes(self.little_endian(element)).to_f32().to_string()
            }
            (Kind::Brain, _) => {
                bf16::from_le_bytes(self.little_endian(element)).to_f32().to_string()
            }
            (Kind::Bytes, _) => String::from_utf8_lossy(element).trim_end_matches('\0').to_owned(),
            (Kind::Unicode, _) => {
                let letter = |bytes| u32::from_le_bytes(self.little_endian(bytes));
                let letters = element.chunks_exact(4).map(letter);
                let text: String =
                    letters.map(|code| char::from_u32(code).unwrap_or('\u{fffd}')).collect();
                text.trim_end_matches('\0').to_owned()
            }
        }
    }

    /// An integer extended to eight bytes, little-endian.
    fn widened(&self, element: &[u8], fill: u8) -> [u8; 8] {
        let mut bytes = [fill; 8];
        bytes[..element.len()].copy_from_slice(element);
        if self.header.dtype.big {
            bytes[..element.len()].reverse();
        }
        bytes
    }
}
