//! Reading arrays of embeddings and labels from NumPy's files.

mod claims;

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::Path;

use ndarray::{Array2, ArrayD, Ix2};
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};

use self::claims::refuse_claims;
use crate::error::{Error, Fault, Result};

/// Reads embeddings `[N, D]` in f32 or f64, in C or Fortran order; N and D at least 1.
///
/// # Errors
/// [`Error::Fault`] with the file: no NPY, another type or shape, a value that is not finite or
/// too large to be squared, with its row and column.
pub fn read_embeddings(path: &Path) -> Result<Array2<f32>> {
    let array = read_doubles(path)?;
    refuse_too_large(path, &array, |value, _| value)?;
    Ok(array.mapv(|value| value as f32))
}

/// Refuses values whose squared differences f32 would not hold; `written` gives what the file has
/// for a value and its column.
///
/// # Errors
/// The first such value, with the file, its row and column.
pub fn refuse_too_large(
    path: &Path,
    array: &Array2<f64>,
    written: impl Fn(f64, usize) -> f64,
) -> Result<()> {
    // Below this, squared differences add up to less than the largest number.
    let limit = f64::from((f32::MAX / array.ncols() as f32).sqrt() / 4.0);
    let odd = array.indexed_iter().find(|(_, value)| value.abs() > limit);
    odd.map_or(Ok(()), |((row, column), &value)| {
        Err(odd_value(path, (row, column), written(value, column), "too large to compare"))
    })
}

fn odd_value(path: &Path, (row, column): (usize, usize), value: f64, why: &str) -> Error {
    let problem = format!("has {value:?} in row {row}, column {column} (from 0), {why}");
    Fault::new(path, problem).remedy("leave such rows out").into()
}

/// Reads embeddings as [`read_embeddings`] does, with all digits that the file has and however
/// large they are.
///
/// # Errors
/// [`Error::Fault`] with the file: no NPY, another type or shape, a value that is not finite, with
/// its row and column.
pub fn read_doubles(path: &Path) -> Result<Array2<f64>> {
    let array = match as_type::<f32>(path)? {
        Some(array) => Some(array.mapv(f64::from)),
        None => as_type::<f64>(path)?,
    };
    let array = array.ok_or_else(|| {
        Fault::new(path, "holds neither float32 nor float64").remedy("save it as one of them")
    })?;
    let shape = array.shape().to_vec();
    let array = array.into_dimensionality::<Ix2>().ok().filter(|array| !array.is_empty());
    let array = array.ok_or_else(|| {
        let problem = format!("has the shape {shape:?}, where embeddings are [rows, dimensions]");
        Fault::new(path, problem).remedy("save one row an embedding")
    })?;
    if let Some((place, &value)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(odd_value(path, place, value, "not finite"));
    }
    Ok(array.as_standard_layout().into_owned())
}

/// Reads labels `[N]`: whole numbers of any integer or floating point type; N at least 1.
///
/// # Errors
/// [`Error::Fault`] with the file: no NPY, another type or shape, a number that is not whole, with
/// its row.
pub fn read_labels(path: &Path) -> Result<Vec<i64>> {
    let labels = integers(path)?.or(floats(path)?).ok_or_else(|| {
        Fault::new(path, "holds no numbers that can be labels")
            .remedy("save whole numbers as integers or floats of 32 or 64 bits")
    })?;
    let Labels { shape, values } = labels;
    if shape.len() != 1 || shape[0] == 0 {
        let problem = format!("has the shape {shape:?}, where labels are [rows]");
        return Err(Fault::new(path, problem).remedy("save one label a row").into());
    }
    values.map_err(|row| {
        let problem = format!("has no whole number of 64 bits in row {row} (from 0)");
        Fault::new(path, problem).remedy("labels are whole numbers").into()
    })
}

/// An array of labels: its shape, and its values or the first row that is no whole number.
struct Labels {
    shape: Vec<usize>,
    values: std::result::Result<Vec<i64>, usize>,
}

impl Labels {
    fn new<T: Copy>(array: &ArrayD<T>, whole: impl Fn(T) -> Option<i64>) -> Labels {
        let number = |(row, &value): (usize, &T)| whole(value).ok_or(row);
        let values = array.iter().enumerate().map(number).collect();
        Labels { shape: array.shape().to_vec(), values }
    }
}

fn integers(path: &Path) -> Result<Option<Labels>> {
    fn of<T: ReadableElement + Copy + TryInto<i64>>(path: &Path) -> Result<Option<Labels>> {
        let labels = |array| Labels::new(&array, |value: T| value.try_into().ok());
        Ok(as_type::<T>(path)?.map(labels))
    }
    for read in
        [of::<i64>, of::<i32>, of::<u8>, of::<i8>, of::<i16>, of::<u16>, of::<u32>, of::<u64>]
    {
        if let Some(labels) = read(path)? {
            return Ok(Some(labels));
        }
    }
    Ok(None)
}

fn floats(path: &Path) -> Result<Option<Labels>> {
    // Up to here every whole number has a value of its own.
    let whole = |value: f64| {
        (value.fract() == 0.0 && value.abs() <= 2_f64.powi(53)).then_some(value as i64)
    };
    if let Some(array) = as_type::<f32>(path)? {
        return Ok(Some(Labels::new(&array, |value: f32| whole(value.into()))));
    }
    Ok(as_type::<f64>(path)?.map(|array| Labels::new(&array, whole)))
}

/// The array where its elements are of this type, in any order of bytes.
fn as_type<T: ReadableElement>(path: &Path) -> Result<Option<ArrayD<T>>> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    refuse_claims(path, &mut file)?;
    file.rewind().map_err(Error::io("read", path))?;
    match ArrayD::<T>::read_npy(BufReader::new(file)) {
        Ok(array) => Ok(Some(array)),
        Err(ReadNpyError::WrongDescriptor(_)) => Ok(None),
        Err(ReadNpyError::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(Error::io("read", path)(error))
        }
        Err(error) => {
            let fault = Fault::new(path, format!("is no NPY that can be read ({error})"));
            Err(fault.remedy("write it with numpy.save").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, ShapeBuilder, array};
    use ndarray_npy::{WritableElement, write_npy};

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Folder {
            Folder(tempfile::tempdir().unwrap())
        }

        fn with<T: WritableElement>(&self, array: &ArrayD<T>) -> std::path::PathBuf {
            let path = self.0.path().join("array.npy");
            write_npy(&path, array).unwrap();
            path
        }
    }

    fn labels_of<T: WritableElement + Copy>(values: &[T]) -> Vec<i64> {
        let folder = Folder::new();
        let path = folder.with(&Array1::from(values.to_vec()).into_dyn());
        read_labels(&path).unwrap()
    }

    #[test]
    fn labels_of_every_type_are_the_same() {
        let expected = [3, 0, 100];
        assert_eq!(labels_of::<i8>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<u8>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<i16>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<u16>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<i32>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<u32>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<i64>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<u64>(&[3, 0, 100]), expected);
        assert_eq!(labels_of::<f32>(&[3.0, 0.0, 100.0]), expected);
        assert_eq!(labels_of::<f64>(&[3.0, -0.0, 100.0]), expected);
        assert_eq!(labels_of::<i32>(&[-7]), [-7]);
    }

    #[test]
    fn embeddings_of_either_type_and_order_are_the_same() {
        let folder = Folder::new();
        let expected = array![[1.5_f32, 2.0, 3.0], [4.0, 5.0, -6.25]];
        let fortran = Array2::from_shape_vec((2, 3).f(), vec![1.5, 4.0, 2.0, 5.0, 3.0, -6.25]);
        let fortran = fortran.unwrap();
        let read = |path: std::path::PathBuf| read_embeddings(&path).unwrap();
        assert_eq!(read(folder.with(&expected.clone().into_dyn())), expected);
        assert_eq!(read(folder.with(&expected.mapv(f64::from).into_dyn())), expected);
        let turned = read(folder.with(&fortran.into_dyn()));
        assert_eq!(turned, expected);
        assert!(turned.is_standard_layout());
    }

    #[test]
    fn faults_are_told_with_file_and_place() {
        let folder = Folder::new();
        let embeddings = |path: &Path| read_embeddings(path).unwrap_err().to_string();
        let labels = |path: &Path| read_labels(path).unwrap_err().to_string();
        let nan = folder.with(&array![[1.0_f32, 2.0], [f32::NAN, 0.0]].into_dyn());
        assert!(embeddings(&nan).contains("array.npy: has NaN in row 1, column 0 (from 0), not"));
        let huge = folder.with(&array![[1.0_f64, 1e300]].into_dyn());
        let told = "has 1e300 in row 0, column 1 (from 0), too large to compare";
        assert!(embeddings(&huge).contains(told), "{}", embeddings(&huge));
        let infinite = folder.with(&array![[1.0_f32, f32::NEG_INFINITY]].into_dyn());
        assert!(embeddings(&infinite).contains("has -inf in row 0, column 1 (from 0), not finite"));
        let line = folder.with(&array![1.0_f32, 2.0].into_dyn());
        assert!(embeddings(&line).contains("has the shape [2], where embeddings are [rows"));
        let whole = folder.with(&array![[1_i64, 2]].into_dyn());
        assert!(embeddings(&whole).contains("holds neither float32 nor float64"));
        assert!(labels(&whole).contains("has the shape [1, 2], where labels are [rows]"));
        let half = folder.with(&array![1.0_f32, 2.5].into_dyn());
        assert!(labels(&half).contains("has no whole number of 64 bits in row 1"));
        let large = folder.with(&array![u64::MAX].into_dyn());
        assert!(labels(&large).contains("has no whole number of 64 bits in row 0"));
        let bools = folder.with(&array![true, false].into_dyn());
        assert!(labels(&bools).contains("holds no numbers that can be labels"));
        let none = folder.with(&Array2::<f32>::zeros((0, 4)).into_dyn());
        assert!(embeddings(&none).contains("has the shape [0, 4]"));
    }

    #[test]
    fn what_is_no_npy_or_was_cut_or_is_not_there_is_told() {
        let folder = Folder::new();
        let path = folder.with(&array![[1.0_f32, 2.0], [3.0, 4.0]].into_dyn());
        let bytes = std::fs::read(&path).unwrap();
        let told = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            read_embeddings(&path).unwrap_err().to_string()
        };
        for content in [&bytes[..bytes.len() - 3], &bytes[..20], b"1,2,3\n", b""] {
            let message = told(content);
            assert!(message.contains("array.npy: is no NPY that can be read"), "{message}");
        }
        let missing = read_labels(Path::new("nowhere.npy")).unwrap_err().to_string();
        assert_eq!(missing, "cannot read nowhere.npy");
    }
}
