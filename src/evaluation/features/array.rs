//! Converts NumPy arrays to embeddings or labels.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use ndarray::{Array2, ShapeBuilder};

use super::dtype::Kind;
use super::labels::{Found, Labels, Rows};
use super::npy::{Header, damaged};
use super::numbers::Numbers;
use crate::error::{Fault, Result};
use crate::words::count;

/// An array in memory, as raw bytes.
#[derive(Debug)]
pub struct Array<'a> {
    header: Header,
    data: &'a [u8],
    name: PathBuf,
}

impl<'a> Array<'a> {
    /// An array of these bytes; `data` must have the length that the header gives.
    pub fn new(header: Header, data: &'a [u8], name: &Path) -> Array<'a> {
        Array { header, data, name: name.to_path_buf() }
    }

    /// Its shape and type, such as `[3, 2] float32`.
    pub fn describe(&self) -> String {
        format!("{:?} {}", self.header.shape, self.header.dtype.name())
    }

    /// The array as embeddings `[N, D]`. Drops dimensions of size 1 after the first.
    ///
    /// # Errors
    /// Text, another shape, or an empty array.
    pub fn embeddings(&self) -> Result<Numbers> {
        let dim = self.dim()?;
        Ok(match (self.header.dtype.kind, self.header.dtype.size) {
            (Kind::Float, 4) => self.single(dim, f32::from_le_bytes),
            (Kind::Float, 2) => self.single(dim, |bytes| f16::from_le_bytes(bytes).to_f32()),
            (Kind::Brain, _) => self.single(dim, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            (Kind::Float, _) => self.double(dim, f64::from_le_bytes),
            (Kind::Bool, _) => self.single(dim, |[byte]: [u8; 1]| f32::from(u8::from(byte != 0))),
            (Kind::Uint, 1) => self.single(dim, |[byte]: [u8; 1]| byte.into()),
            (Kind::Int, 1) => self.single(dim, |bytes| i8::from_le_bytes(bytes).into()),
            (Kind::Uint, 2) => self.single(dim, |bytes| u16::from_le_bytes(bytes).into()),
            (Kind::Int, 2) => self.single(dim, |bytes| i16::from_le_bytes(bytes).into()),
            (Kind::Uint, 4) => self.double(dim, |bytes| u32::from_le_bytes(bytes).into()),
            (Kind::Int, 4) => self.double(dim, |bytes| i32::from_le_bytes(bytes).into()),
            (Kind::Uint, _) => self.double(dim, |bytes| u64::from_le_bytes(bytes) as f64),
            (Kind::Int, _) => self.double(dim, |bytes| i64::from_le_bytes(bytes) as f64),
            (Kind::Unicode | Kind::Bytes, _) => {
                let fault = Fault::new(&self.name, "contains text, but embeddings are numbers");
                return Err(fault.remedy("save x.astype(np.float32)").into());
            }
        })
    }

    /// Rows and columns of embeddings.
    fn dim(&self) -> Result<(usize, usize)> {
        let shape = &self.header.shape;
        let behind = shape.get(1..).unwrap_or_default();
        let long: Vec<usize> = behind.iter().copied().filter(|&size| size != 1).collect();
        match (behind.len(), &long[..]) {
            (1, _) if !shape.contains(&0) => Ok((shape[0], shape[1])),
            (2.., []) if shape[0] > 0 => Ok((shape[0], 1)),
            (2.., &[columns]) if shape[0] > 0 && columns > 0 => Ok((shape[0], columns)),
            _ => {
                let problem =
                    format!("has the shape {shape:?}, but embeddings are [rows, dimensions]");
                let remedy = match shape.len() {
                    1 => {
                        "save one row per embedding: z.reshape(-1, 1) if each is one number; or are \
                         these the labels?"
                    }
                    3.. => "save z.reshape(len(z), -1), or the mean over the inner dimensions",
                    _ => "save one row per embedding",
                };
                Err(Fault::new(&self.name, problem).remedy(remedy).into())
            }
        }
    }

    fn single<const N: usize>(&self, dim: (usize, usize), of: impl Fn([u8; N]) -> f32) -> Numbers {
        Numbers::Single(self.to_rows(dim, of))
    }

    fn double<const N: usize>(&self, dim: (usize, usize), of: impl Fn([u8; N]) -> f64) -> Numbers {
        Numbers::Double(self.to_rows(dim, of))
    }

    /// The values in row-major order, whatever the order of the file.
    fn to_rows<const N: usize, T: Clone>(
        &self,
        (rows, columns): (usize, usize),
        of: impl Fn([u8; N]) -> T,
    ) -> Array2<T> {
        let values = self.elements().map(|element| of(self.little_endian(element))).collect();
        let shape = (rows, columns).set_f(self.header.fortran);
        let array = Array2::from_shape_vec(shape, values).expect("the bytes were counted");
        if self.header.fortran { array.as_standard_layout().into_owned() } else { array }
    }

    /// The bytes of an element in little-endian order.
    fn little_endian<const N: usize>(&self, element: &[u8]) -> [u8; N] {
        let mut bytes: [u8; N] = element.try_into().expect("elements have the size of their type");
        if self.header.dtype.big {
            bytes.reverse();
        }
        bytes
    }

    fn elements(&self) -> std::slice::ChunksExact<'a, u8> {
        // An array of empty text has elements of 0 bytes; `labels` refuses it.
        self.data.chunks_exact(self.header.dtype.size.max(1))
    }

    /// The array as labels: `[N]`, or `[N, 1]` and the like.
    ///
    /// # Errors
    /// Another shape, an empty array, a number that is not an integer, an empty text.
    pub fn labels(&self) -> Result<Labels> {
        self.check_label_shape()?;
        let (mut indices, mut distinct) = (HashMap::new(), Vec::<Found>::new());
        let mut rows = Vec::with_capacity(self.elements().len());
        for (row, element) in self.elements().enumerate() {
            let index = *indices.entry(element).or_insert_with(|| {
                distinct.push(Found { text: self.label(element), first: row });
                distinct.len() as u32 - 1
            });
            rows.push(index);
        }
        let kind = self.header.dtype.kind;
        let is_text = matches!(kind, Kind::Unicode | Kind::Bytes | Kind::Bool);
        Labels::new(distinct, &rows, is_text, &Rows::array(&self.name))
    }

    /// An element as text, numbers in the format of Rust and Python.
    fn label(&self, element: &[u8]) -> String {
        match (self.header.dtype.kind, self.header.dtype.size) {
            (Kind::Bool, _) => if element == [0] { "False" } else { "True" }.to_owned(),
            (Kind::Uint, _) => unsigned(&self.widened(element, 0)).to_string(),
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

    /// Refuses more than one label per row.
    fn check_label_shape(&self) -> Result<()> {
        let shape = &self.header.shape;
        let long = shape.iter().filter(|&&size| size != 1).count();
        if long <= 1 && !shape.is_empty() && !self.data.is_empty() {
            return Ok(());
        }
        let problem = format!("has the shape {shape:?}, but labels are [rows]");
        let remedy = match shape.len() {
            2 if self.is_one_hot() => "these are one-hot: save y.argmax(axis=1)",
            0 => "save one label per row",
            2.. => "save one label per row; or are these the embeddings?",
            _ => "save one label per row, none of them empty",
        };
        Err(Fault::new(&self.name, problem).remedy(remedy).into())
    }

    /// Whether every row is one-hot.
    fn is_one_hot(&self) -> bool {
        let Ok(numbers) = self.embeddings() else { return false };
        let wide = match numbers {
            Numbers::Single(array) => array.mapv(f64::from),
            Numbers::Double(array) => array,
        };
        wide.outer_iter()
            .all(|row| row.iter().all(|&value| value == 0.0 || value == 1.0) && row.sum() == 1.0)
    }
}

fn unsigned(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

/// Reads an array from the bytes of its file.
///
/// # Errors
/// As [`Header::read`]; more or fewer elements than the header says.
pub fn read<'a>(bytes: &'a [u8], name: &Path) -> Result<Array<'a>> {
    let header = Header::read(bytes, name)?;
    let data = &bytes[header.bytes..];
    match header.data() {
        Some(size) if size == data.len() => Ok(Array::new(header, data, name)),
        Some(size) if size < data.len() => {
            let problem = format!("contains {} after its array", count(data.len() - size, "byte"));
            let remedy = "save one array per file, or several with numpy.savez";
            Err(Fault::new(name, problem).remedy(remedy).into())
        }
        _ => {
            let claim = format!(
                "its shape {:?} of {} claims more than the file's {}",
                header.shape,
                header.dtype.name(),
                count(bytes.len(), "byte")
            );
            Err(damaged(name, &claim))
        }
    }
}
