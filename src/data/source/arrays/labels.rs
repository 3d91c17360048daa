//! The labels of images, from arrays of numbers, text or booleans.

use std::collections::HashMap;

use crate::data::labels::{is_missing, merged};
use crate::data::numpy::{Array, Kind};
use crate::error::{Fault, Result};
use crate::words::count;

/// Labels of one or several arrays.
#[derive(Default)]
pub(super) struct Labels {
    known: HashMap<String, u32>,
    distinct: Vec<String>,
    rows: Vec<u32>,
}

impl Labels {
    /// Adds the labels of `images` images, `[N]` or `[N, 1]`.
    ///
    /// # Errors
    /// [`Error::Fault`](crate::error::Error::Fault) with the first image that has no label or one that is
    /// neither a whole number nor text; another number of labels; several labels per image.
    pub fn add(&mut self, array: &Array, images: usize) -> Result<()> {
        refuse_other_shape(array, images)?;
        let mut indices: HashMap<&[u8], u32> = HashMap::new();
        for (row, element) in array.elements().enumerate() {
            let index = match indices.get(element) {
                Some(&index) => index,
                None => {
                    let index = self.index(label(array, element, row)?);
                    indices.insert(element, index);
                    index
                }
            };
            self.rows.push(index);
        }
        Ok(())
    }

    fn index(&mut self, text: String) -> u32 {
        let next = self.distinct.len() as u32;
        *self.known.entry(text).or_insert_with_key(|text| {
            self.distinct.push(text.clone());
            next
        })
    }

    /// The distinct labels, and for each image the index of its own.
    pub fn finish(self, remarks: &mut Vec<String>) -> (Vec<String>, Vec<u32>) {
        let found = merged(self.distinct, self.rows);
        if let Some((label, other)) = found.respelled.first() {
            remarks.push(format!("labels: '{label}' and '{other}' are one class"));
        }
        (found.distinct, found.rows)
    }
}

/// The text of a label.
fn label(array: &Array, element: &[u8], row: usize) -> Result<String> {
    let text = array.text(element);
    let fault = |problem: String, remedy: &str| Fault::new(&array.name, problem).remedy(remedy);
    let image = row + 1;
    match array.header.dtype.kind {
        Kind::Float | Kind::Brain => {
            if text.parse::<f64>().is_ok_and(|value| value.is_finite() && value.fract() == 0.0) {
                return Ok(text);
            }
            let problem = format!("has {text} as the label of image {image}");
            Err(fault(problem, "labels are whole numbers, text or booleans").into())
        }
        Kind::Unicode | Kind::Bytes => {
            let text = text.trim();
            if !text.is_empty() && !is_missing(text) {
                return Ok(text.to_owned());
            }
            let problem = format!("has '{text}' as the label of image {image}");
            Err(fault(problem, "remove the image, or name its class").into())
        }
        Kind::Bool | Kind::Int | Kind::Uint => Ok(text),
    }
}

fn refuse_other_shape(array: &Array, images: usize) -> Result<()> {
    let shape = &array.header.shape;
    let labels = shape.iter().product::<usize>();
    let long = shape.iter().filter(|&&size| size != 1).count();
    let (problem, remedy) = match shape.as_slice() {
        &[rows, columns] if rows == images && columns > 1 => (several(array, columns), SEVERAL),
        _ if long > 1 => (format!("has the shape {shape:?}, but labels are [images]"), ONE),
        _ if labels != images => {
            let problem = format!("has {} for {}", count(labels, "label"), count(images, "image"));
            (problem, "save the images and their labels in the same order")
        }
        _ if array.elements().len() != images => ("contains empty text only".to_owned(), ONE),
        _ => return Ok(()),
    };
    let remedy = if remedy == SEVERAL && is_one_hot(array) { ONE_HOT } else { remedy };
    Err(Fault::new(&array.name, problem).remedy(remedy).into())
}

const ONE: &str = "save one label per image";
const ONE_HOT: &str = "they are one-hot: save y.argmax(axis=1)";
const SEVERAL: &str = "choose one class per image and save it as [images]";

fn several(array: &Array, columns: usize) -> String {
    match is_one_hot(array) {
        true => format!("has {columns} columns of labels, one per class"),
        false => {
            format!("has {columns} labels per image (multi-label), but each image needs one class")
        }
    }
}

/// Whether each row of `[N, K]` labels has a single 1 among zeros.
fn is_one_hot(array: &Array) -> bool {
    let &[rows, columns] = array.header.shape.as_slice() else { return false };
    let (mut ones, mut others) = (vec![0_usize; rows], false);
    for (at, element) in array.elements().enumerate() {
        let row = if array.header.fortran { at % rows } else { at / columns };
        match array.text(element).as_str() {
            "1" | "True" => ones[row] += 1,
            "0" | "False" => {}
            _ => others = true,
        }
    }
    !others && ones.iter().all(|&count| count == 1)
}
