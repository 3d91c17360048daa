//! The elements of a NumPy array as embeddings or as labels.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use ndarray::{Array2, ShapeBuilder};

use super::dtype::Kind;
use super::labels::{Found, Labels, Where};
use super::npy::{Head, damaged};
use super::numbers::Numbers;
use crate::error::{Fault, Result};
use crate::words::count;

/// An array in memory, its elements as their bytes.
#[derive(Debug)]
pub struct Array<'a> {
    head: Head,
    data: &'a [u8],
    name: PathBuf,
}

impl<'a> Array<'a> {
    /// An array of these bytes, as many as the head says.
    pub fn new(head: Head, data: &'a [u8], name: &Path) -> Array<'a> {
        Array { head, data, name: name.to_path_buf() }
    }

    /// Its shape and type, `[3, 2] float32`.
    pub fn told(&self) -> String {
        format!("{:?} {}", self.head.shape, self.head.dtype.name())
    }

    /// The array as embeddings `[N, D]`. Dimensions of size 1 behind the first are left out.
    ///
    /// # Errors
    /// Text, another shape, or an empty array.
    pub fn embeddings(&self) -> Result<Numbers> {
        let dim = self.dim()?;
        Ok(match (self.head.dtype.kind, self.head.dtype.size) {
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
                let fault = Fault::new(&self.name, "holds text, where embeddings are numbers");
                return Err(fault.remedy("save x.astype(np.float32)").into());
            }
        })
    }

    /// Rows and columns of embeddings.
    fn dim(&self) -> Result<(usize, usize)> {
        let shape = &self.head.shape;
        let behind = shape.get(1..).unwrap_or_default();
        let long: Vec<usize> = behind.iter().copied().filter(|&size| size != 1).collect();
        match (behind.len(), &long[..]) {
            (1, _) if !shape.contains(&0) => Ok((shape[0], shape[1])),
            (2.., []) if shape[0] > 0 => Ok((shape[0], 1)),
            (2.., &[columns]) if shape[0] > 0 && columns > 0 => Ok((shape[0], columns)),
            _ => {
                let problem =
                    format!("has the shape {shape:?}, where embeddings are [rows, dimensions]");
                let remedy = match shape.len() {
                    1 => {
                        "save one row an embedding: z.reshape(-1, 1) where each is one number; or \
                          are these the labels?"
                    }
                    3.. => "save z.reshape(len(z), -1), or the mean over the dimensions between",
                    _ => "save one row an embedding",
                };
                Err(Fault::new(&self.name, problem).remedy(remedy).into())
            }
        }
    }

    fn single<const N: usize>(&self, dim: (usize, usize), of: impl Fn([u8; N]) -> f32) -> Numbers {
        Numbers::Single(self.laid_out(dim, of))
    }

    fn double<const N: usize>(&self, dim: (usize, usize), of: impl Fn([u8; N]) -> f64) -> Numbers {
        Numbers::Double(self.laid_out(dim, of))
    }

    /// Rows in order, whatever the order of the file.
    fn laid_out<const N: usize, T: Clone>(
        &self,
        (rows, columns): (usize, usize),
        of: impl Fn([u8; N]) -> T,
    ) -> Array2<T> {
        let values = self.elements().map(|element| of(self.ordered(element))).collect();
        let shape = (rows, columns).set_f(self.head.fortran);
        let array = Array2::from_shape_vec(shape, values).expect("the bytes were counted");
        if self.head.fortran { array.as_standard_layout().into_owned() } else { array }
    }

    /// The bytes of an element, least significant first.
    fn ordered<const N: usize>(&self, element: &[u8]) -> [u8; N] {
        let mut bytes: [u8; N] = element.try_into().expect("elements have the size of their type");
        if self.head.dtype.big {
            bytes.reverse();
        }
        bytes
    }

    fn elements(&self) -> std::slice::ChunksExact<'a, u8> {
        // Text without letters has no bytes; it has no labels either.
        self.data.chunks_exact(self.head.dtype.size.max(1))
    }

    /// The array as labels: `[N]`, or `[N, 1]` and the like.
    ///
    /// # Errors
    /// Another shape, an empty array, a number that is not whole, an empty text.
    pub fn labels(&self) -> Result<Labels> {
        self.refuse_several()?;
        let (mut places, mut distinct) = (HashMap::new(), Vec::<Found>::new());
        let mut rows = Vec::with_capacity(self.elements().len());
        for (row, element) in self.elements().enumerate() {
            let place = *places.entry(element).or_insert_with(|| {
                distinct.push(Found { text: self.label(element), first: row });
                distinct.len() as u32 - 1
            });
            rows.push(place);
        }
        let kind = self.head.dtype.kind;
        let is_text = matches!(kind, Kind::Unicode | Kind::Bytes | Kind::Bool);
        Labels::new(distinct, &rows, is_text, &Where::rows(&self.name))
    }

    /// An element as text: numbers as Rust and Python write them.
    fn label(&self, element: &[u8]) -> String {
        match (self.head.dtype.kind, self.head.dtype.size) {
            (Kind::Bool, _) => if element == [0] { "False" } else { "True" }.to_owned(),
            (Kind::Uint, _) => unsigned(&self.widened(element, 0)).to_string(),
            (Kind::Int, _) => {
                let negative = match self.head.dtype.big {
                    true => element.first(),
                    false => element.last(),
                };
                let fill = if negative.is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
                i64::from_le_bytes(self.widened(element, fill)).to_string()
            }
            (Kind::Float, 8) => f64::from_le_bytes(self.ordered(element)).to_string(),
            (Kind::Float, 4) => f32::from_le_bytes(self.ordered(element)).to_string(),
            (Kind::Float, _) => f16::from_le_bytes(self.ordered(element)).to_f32().to_string(),
            (Kind::Brain, _) => bf16::from_le_bytes(self.ordered(element)).to_f32().to_string(),
            (Kind::Bytes, _) => String::from_utf8_lossy(element).trim_end_matches('\0').to_owned(),
            (Kind::Unicode, _) => {
                let letter = |bytes| u32::from_le_bytes(self.ordered(bytes));
                let letters = element.chunks_exact(4).map(letter);
                let text: String =
                    letters.map(|code| char::from_u32(code).unwrap_or('\u{fffd}')).collect();
                text.trim_end_matches('\0').to_owned()
            }
        }
    }

    /// A whole number in eight bytes, least significant first.
    fn widened(&self, element: &[u8], fill: u8) -> [u8; 8] {
        let mut bytes = [fill; 8];
        bytes[..element.len()].copy_from_slice(element);
        if self.head.dtype.big {
            bytes[..element.len()].reverse();
        }
        bytes
    }

    /// Refuses what is more than one label a row.
    fn refuse_several(&self) -> Result<()> {
        let shape = &self.head.shape;
        let long = shape.iter().filter(|&&size| size != 1).count();
        if long <= 1 && !shape.is_empty() && !self.data.is_empty() {
            return Ok(());
        }
        let problem = format!("has the shape {shape:?}, where labels are [rows]");
        let remedy = match shape.len() {
            2 if self.is_one_hot() => "these are one-hot: save y.argmax(axis=1)",
            0 => "save one label a row",
            2.. => "save one label a row; or are these the embeddings?",
            _ => "save one label a row, none of them empty text",
        };
        Err(Fault::new(&self.name, problem).remedy(remedy).into())
    }

    /// Whether every row is 0 but for a 1.
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
/// As [`Head::read`]; more or fewer elements than the head says.
pub fn read<'a>(bytes: &'a [u8], name: &Path) -> Result<Array<'a>> {
    let head = Head::read(bytes, name)?;
    let data = &bytes[head.bytes..];
    match head.data() {
        Some(size) if size == data.len() => Ok(Array::new(head, data, name)),
        Some(size) if size < data.len() => {
            let problem = format!("holds {} after its array", count(data.len() - size, "byte"));
            let remedy = "save one array a file, or several with numpy.savez";
            Err(Fault::new(name, problem).remedy(remedy).into())
        }
        _ => {
            let claim = format!(
                "its shape {:?} of {} claims more than the file's {}",
                head.shape,
                head.dtype.name(),
                count(bytes.len(), "byte")
            );
            Err(damaged(name, &claim))
        }
    }
}
