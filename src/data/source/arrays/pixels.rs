//! Pixel values of an array of images.

use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use crate::data::Pixels;
use crate::data::numpy::{Array, Kind};
use crate::data::source::stack::Stack;
use crate::error::{Fault, Result};

/// What the dimensions of an array of images mean.
///
/// # Errors
/// As [`Stack::new`].
pub(super) fn stack_of(array: &Array) -> Result<Stack> {
    Stack::new(&array.header.shape)
        .map_err(|(problem, remedy)| Fault::new(&array.name, problem).remedy(remedy).into())
}

/// The values of images as `[N, C, H, W]`; whole numbers may be floats.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if it contains text, or a value that is not finite.
pub(super) fn pixels_of(array: &Array, stack: &Stack) -> Result<Pixels> {
    let dtype = array.header.dtype;
    let floats = |values: Vec<f32>| finite(array, stack, in_order(array, stack, values));
    match (dtype.kind, dtype.size) {
        (Kind::Uint, 1) => {
            Ok(Pixels::Bytes(in_order(array, stack, array.values(|[byte]: [u8; 1]| byte))))
        }
        (Kind::Bool, _) => {
            let truths = array.values(|[byte]: [u8; 1]| u8::from(byte != 0));
            Ok(Pixels::Bytes(in_order(array, stack, truths)))
        }
        (Kind::Int, 1) => floats(array.values(|bytes| i8::from_le_bytes(bytes).into())),
        (Kind::Uint, 2) => floats(array.values(|bytes| u16::from_le_bytes(bytes).into())),
        (Kind::Int, 2) => floats(array.values(|bytes| i16::from_le_bytes(bytes).into())),
        (Kind::Uint, 4) => floats(array.values(|bytes| u32::from_le_bytes(bytes) as f32)),
        (Kind::Int, 4) => floats(array.values(|bytes| i32::from_le_bytes(bytes) as f32)),
        (Kind::Uint, _) => floats(array.values(|bytes| u64::from_le_bytes(bytes) as f32)),
        (Kind::Int, _) => floats(array.values(|bytes| i64::from_le_bytes(bytes) as f32)),
        (Kind::Float, 2) => floats(array.values(|bytes| f16::from_le_bytes(bytes).to_f32())),
        (Kind::Float, 4) => floats(array.values(f32::from_le_bytes)),
        (Kind::Float, _) => floats(array.values(|bytes| f64::from_le_bytes(bytes) as f32)),
        (Kind::Brain, _) => floats(array.values(|bytes| bf16::from_le_bytes(bytes).to_f32())),
        (Kind::Unicode | Kind::Bytes, _) => {
            let fault = Fault::new(&array.name, "contains text, but pixels are numbers");
            Err(fault.remedy("save x.astype(np.uint8)").into())
        }
    }
}

/// Values as `[N, C, H, W]`, whatever the order of the file.
fn in_order<T: Copy>(array: &Array, stack: &Stack, values: Vec<T>) -> Vec<T> {
    let values = match array.header.fortran {
        false => values,
        true => {
            let shape = IxDyn(&array.header.shape).f();
            let found = ArrayD::from_shape_vec(shape, values).expect("the bytes were counted");
            found.iter().copied().collect()
        }
    };
    stack.planes(values)
}

fn finite(array: &Array, stack: &Stack, values: Vec<f32>) -> Result<Pixels> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(Pixels::Floats(values)),
        Some(at) => {
            let image = 1 + at / stack.shape.values();
            let problem = format!("has {} as a pixel of image {image}", values[at]);
            Err(Fault::new(&array.name, problem).remedy("replace it with a number").into())
        }
    }
}

/// Adds pixels to others.
pub(super) fn append(before: Pixels, more: Pixels) -> Pixels {
    let floats = |pixels| match pixels {
        Pixels::Bytes(values) => values.into_iter().map(f32::from).collect(),
        Pixels::Floats(values) => values,
    };
    match (before, more) {
        (before, more) if before.is_empty() => more,
        (Pixels::Bytes(mut before), Pixels::Bytes(more)) => {
            before.extend(more);
            Pixels::Bytes(before)
        }
        (before, more) => {
            let mut before: Vec<f32> = floats(before);
            before.extend(floats(more));
            Pixels::Floats(before)
        }
    }
}

/// The pixels of a whole source, as bytes if all of them fit.
pub(super) fn compact(pixels: Pixels) -> Pixels {
    match pixels {
        Pixels::Floats(values) => Pixels::from_floats(values),
        bytes => bytes,
    }
}
