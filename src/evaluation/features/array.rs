//! Converts NumPy arrays to embeddings or labels.

use std::collections::HashMap;

use half::{bf16, f16};
use ndarray::{Array2, ShapeBuilder};

use super::labels::{Found, Labels, Rows};
use super::numbers::Numbers;
use crate::data::numpy::{Array, Kind};
use crate::error::{Fault, Result};

/// An array as embeddings `[N, D]`. Drops dimensions of size 1 after the first.
///
/// # Errors
/// Text, another shape, or an empty array.
pub fn embeddings(array: &Array) -> Result<Numbers> {
    let dim = dim(array)?;
    let dtype = array.header.dtype;
    Ok(match (dtype.kind, dtype.size) {
        (Kind::Float, 4) => single(array, dim, f32::from_le_bytes),
        (Kind::Float, 2) => single(array, dim, |bytes| f16::from_le_bytes(bytes).to_f32()),
        (Kind::Brain, _) => single(array, dim, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        (Kind::Float, _) => double(array, dim, f64::from_le_bytes),
        (Kind::Bool, _) => single(array, dim, |[byte]: [u8; 1]| f32::from(u8::from(byte != 0))),
        (Kind::Uint, 1) => single(array, dim, |[byte]: [u8; 1]| byte.into()),
        (Kind::Int, 1) => single(array, dim, |bytes| i8::from_le_bytes(bytes).into()),
        (Kind::Uint, 2) => single(array, dim, |bytes| u16::from_le_bytes(bytes).into()),
        (Kind::Int, 2) => single(array, dim, |bytes| i16::from_le_bytes(bytes).into()),
        (Kind::Uint, 4) => double(array, dim, |bytes| u32::from_le_bytes(bytes).into()),
        (Kind::Int, 4) => double(array, dim, |bytes| i32::from_le_bytes(bytes).into()),
        (Kind::Uint, _) => double(array, dim, |bytes| u64::from_le_bytes(bytes) as f64),
        (Kind::Int, _) => double(array, dim, |bytes| i64::from_le_bytes(bytes) as f64),
        (Kind::Unicode | Kind::Bytes, _) => {
            let fault = Fault::new(&array.name, "contains text, but embeddings are numbers");
            return Err(fault.remedy("save x.astype(np.float32)").into());
        }
    })
}

/// Rows and columns of embeddings.
fn dim(array: &Array) -> Result<(usize, usize)> {
    let shape = &array.header.shape;
    let behind = shape.get(1..).unwrap_or_default();
    let long: Vec<usize> = behind.iter().copied().filter(|&size| size != 1).collect();
    match (behind.len(), &long[..]) {
        (1, _) if !shape.contains(&0) => Ok((shape[0], shape[1])),
        (2.., []) if shape[0] > 0 => Ok((shape[0], 1)),
        (2.., &[columns]) if shape[0] > 0 && columns > 0 => Ok((shape[0], columns)),
        _ => {
            let problem = format!("has the shape {shape:?}, but embeddings are [rows, dimensions]");
            let remedy = match shape.len() {
                1 => {
                    "save one row per embedding: z.reshape(-1, 1) if each is one number; or are \
                     these the labels?"
                }
                3.. => "save z.reshape(len(z), -1), or the mean over the inner dimensions",
                _ => "save one row per embedding",
            };
            Err(Fault::new(&array.name, problem).remedy(remedy).into())
        }
    }
}

fn single<const N: usize>(
    array: &Array,
    dim: (usize, usize),
    of: impl Fn([u8; N]) -> f32,
) -> Numbers {
    Numbers::Single(to_rows(array, dim, of))
}

fn double<const N: usize>(
    array: &Array,
    dim: (usize, usize),
    of: impl Fn([u8; N]) -> f64,
) -> Numbers {
    Numbers::Double(to_rows(array, dim, of))
}

/// The values in row-major order, whatever the order of the file.
fn to_rows<const N: usize, T: Clone>(
    array: &Array,
    (rows, columns): (usize, usize),
    of: impl Fn([u8; N]) -> T,
) -> Array2<T> {
    let fortran = array.header.fortran;
    let shape = (rows, columns).set_f(fortran);
    let values = array.values(of);
    let found = Array2::from_shape_vec(shape, values).expect("the bytes were counted");
    if fortran { found.as_standard_layout().into_owned() } else { found }
}

/// An array as labels: `[N]`, or `[N, 1]` and the like.
///
/// # Errors
/// Another shape, an empty array, a number that is not an integer, an empty text.
pub fn labels(array: &Array) -> Result<Labels> {
    check_label_shape(array)?;
    let (mut indices, mut distinct) = (HashMap::new(), Vec::<Found>::new());
    let mut rows = Vec::with_capacity(array.elements().len());
    for (row, element) in array.elements().enumerate() {
        let index = *indices.entry(element).or_insert_with(|| {
            distinct.push(Found { text: array.text(element), first: row });
            distinct.len() as u32 - 1
        });
        rows.push(index);
    }
    let kind = array.header.dtype.kind;
    let is_text = matches!(kind, Kind::Unicode | Kind::Bytes | Kind::Bool);
    Labels::new(distinct, &rows, is_text, &Rows::array(&array.name))
}

/// Refuses more than one label per row.
fn check_label_shape(array: &Array) -> Result<()> {
    let shape = &array.header.shape;
    let long = shape.iter().filter(|&&size| size != 1).count();
    if long <= 1 && !shape.is_empty() && !array.is_empty() {
        return Ok(());
    }
    let problem = format!("has the shape {shape:?}, but labels are [rows]");
    let remedy = match shape.len() {
        2 if is_one_hot(array) => "these are one-hot: save y.argmax(axis=1)",
        0 => "save one label per row",
        2.. => "save one label per row; or are these the embeddings?",
        _ => "save one label per row, none of them empty",
    };
    Err(Fault::new(&array.name, problem).remedy(remedy).into())
}

/// Whether every row is one-hot.
fn is_one_hot(array: &Array) -> bool {
    let Ok(numbers) = embeddings(array) else { return false };
    let wide = match numbers {
        Numbers::Single(rows) => rows.mapv(f64::from),
        Numbers::Double(rows) => rows,
    };
    wide.outer_iter()
        .all(|row| row.iter().all(|&value| value == 0.0 || value == 1.0) && row.sum() == 1.0)
}
