//! The one place where embeddings become float32.

use std::path::Path;

use ndarray::{Array1, Array2, Axis};

use super::Numbers;
use crate::error::{Fault, Result};

/// What is done to embeddings before they become f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// Nothing: the values themselves matter.
    Kept,
    /// Distances alone matter: numbers that f32 would round are moved to the references' mean
    /// first, which changes no distance.
    Centred,
    /// Every embedding is divided by its length.
    Normalised,
}

/// Below this, squared differences become 0.
const SMALLEST: f64 = 1e-18;

/// References and queries as f32, and whether they were moved to the references' mean.
///
/// float64 at 1e8 with differences of 1e-3 would be one point in f32. So numbers that f32 would
/// round are centred in f64, queries by the same means; those that are f32 already stay as they
/// are, to the bit.
///
/// # Errors
/// [`Fault`] with the file: a value that is not finite, or too large or too small to be squared in
/// f32; an embedding without length where they are normalised.
pub fn to_f32(
    references: (Numbers, &Path),
    queries: Option<(Numbers, &Path)>,
    scaling: Scaling,
) -> Result<(Array2<f32>, Option<Array2<f32>>, bool)> {
    let narrowed = |(numbers, file): (Numbers, &'_ Path)| {
        refuse_infinite(&numbers, file)?;
        Ok::<Numbers, crate::error::Error>(numbers.narrowed())
    };
    let files = (references.1.to_path_buf(), queries.as_ref().map(|(_, file)| file.to_path_buf()));
    let references = narrowed(references)?;
    let queries = queries.map(narrowed).transpose()?;
    let rounds = |numbers: &Numbers| matches!(numbers, Numbers::Double(_));
    let centred = scaling == Scaling::Centred
        && (rounds(&references) || queries.as_ref().is_some_and(rounds));
    let means = centred.then(|| references.means());
    let finish = |numbers: Numbers, file: &Path| -> Result<Array2<f32>> {
        let singles = match (scaling, &means) {
            (Scaling::Normalised, _) => numbers.normalised(file)?,
            (_, Some(means)) => numbers.moved(means),
            _ => numbers.rounded(),
        };
        refuse_unsquarable(&singles, means.is_some(), file)?;
        Ok(singles)
    };
    let singles = finish(references, &files.0)?;
    let queries = queries.zip(files.1).map(|(numbers, file)| finish(numbers, &file)).transpose()?;
    Ok((singles, queries, centred))
}

impl Numbers {
    /// The same as f32 where none is changed by it.
    fn narrowed(self) -> Numbers {
        match self {
            Numbers::Double(array)
                if array.iter().all(|&value| f64::from(value as f32) == value) =>
            {
                Numbers::Single(array.mapv(|value| value as f32))
            }
            numbers => numbers,
        }
    }

    fn rounded(self) -> Array2<f32> {
        match self {
            Numbers::Single(array) => array,
            Numbers::Double(array) => array.mapv(|value| value as f32),
        }
    }

    /// Mean of each column, in f64. A first estimate is taken off before the sum, which would lose
    /// the digits that tell points far from the origin apart.
    fn means(&self) -> Array1<f64> {
        let wide = |row: usize| match self {
            Numbers::Single(array) => array.row(row).mapv(f64::from),
            Numbers::Double(array) => array.row(row).to_owned(),
        };
        let first = wide(0);
        let rows = self.dim().0;
        let mut sums = Array1::zeros(first.len());
        for row in 1..rows {
            sums += &(wide(row) - &first);
        }
        first + sums / rows as f64
    }

    fn moved(self, means: &Array1<f64>) -> Array2<f32> {
        match self {
            Numbers::Double(mut array) => {
                array -= means;
                array.mapv(|value| value as f32)
            }
            Numbers::Single(mut array) => {
                for mut row in array.outer_iter_mut() {
                    row.zip_mut_with(means, |value, mean| {
                        *value = (f64::from(*value) - mean) as f32
                    });
                }
                array
            }
        }
    }

    /// Every row divided by its length, computed in f64.
    fn normalised(self, file: &Path) -> Result<Array2<f32>> {
        let length = |squares: f64, row: usize| match squares.sqrt() {
            length if length > 0.0 => Ok(length),
            _ => {
                let problem =
                    format!("has no length in row {row} (from 0), so it has no direction");
                Err(Fault::new(file, problem).remedy("leave --normalise or the row out"))
            }
        };
        match self {
            Numbers::Single(mut array) => {
                for (row, mut values) in array.axis_iter_mut(Axis(0)).enumerate() {
                    let squares = values.iter().map(|&value| f64::from(value) * f64::from(value));
                    let length = length(squares.sum(), row)?;
                    values.mapv_inplace(|value| (f64::from(value) / length) as f32);
                }
                Ok(array)
            }
            Numbers::Double(mut array) => {
                for (row, mut values) in array.axis_iter_mut(Axis(0)).enumerate() {
                    // Squares of numbers beyond 1e154 would be infinite.
                    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
                    values.mapv_inplace(|value| value / largest.max(f64::MIN_POSITIVE));
                    let squares = values.iter().map(|&value| value * value);
                    let length = length(squares.sum(), row)?;
                    values.mapv_inplace(|value| value / length);
                }
                Ok(array.mapv(|value| value as f32))
            }
        }
    }
}

fn refuse_infinite(numbers: &Numbers, file: &Path) -> Result<()> {
    let odd = match numbers {
        Numbers::Single(array) => array
            .indexed_iter()
            .find(|(_, value)| !value.is_finite())
            .map(|(place, value)| (place, value.to_string())),
        Numbers::Double(array) => array
            .indexed_iter()
            .find(|(_, value)| !value.is_finite())
            .map(|(place, value)| (place, value.to_string())),
    };
    match odd {
        Some(((row, column), value)) => {
            let problem = format!("has {value} in row {row}, column {column} (from 0), not finite");
            Err(Fault::new(file, problem).remedy("leave such rows out").into())
        }
        None => Ok(()),
    }
}

/// Refuses numbers whose squared differences f32 does not hold.
fn refuse_unsquarable(singles: &Array2<f32>, moved: bool, file: &Path) -> Result<()> {
    // Below this, squared differences add up to less than the largest number.
    let limit = (f32::MAX / singles.ncols() as f32).sqrt() / 4.0;
    let after = if moved { " from the mean" } else { "" };
    let odd = singles.indexed_iter().find(|(_, value)| !(value.abs() <= limit));
    if let Some(((row, column), value)) = odd {
        let problem = format!(
            "has {value}{after} in row {row}, column {column} (from 0), too large to compare"
        );
        return Err(Fault::new(file, problem).remedy("divide all by one number").into());
    }
    let largest = singles.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if largest > 0.0 && f64::from(largest) < SMALLEST {
        let problem = format!("has no number beyond {largest:e}{after}, too small to compare");
        return Err(Fault::new(file, problem).remedy("multiply all by one number").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn file() -> &'static Path {
        Path::new("z.npy")
    }

    #[test]
    fn points_far_from_the_origin_keep_what_tells_them_apart() {
        for offset in [1e6, 1e8] {
            let far = Numbers::Double(array![[0.0, 0.001], [0.003, 0.0], [0.0, 0.002]] + offset);
            let query = Numbers::Double(array![[0.001, 0.001]] + offset);
            let (singles, queries, moved) =
                to_f32((far, file()), Some((query, file())), Scaling::Centred).unwrap();
            assert!(moved);
            // The spacing of f64 at 1e8 is 1.5e-8.
            let expected = array![[-0.001_f32, 0.0], [0.002, -0.001], [-0.001, 0.001]];
            assert!((&singles - &expected).iter().all(|off| off.abs() < 2e-8), "{singles}");
            assert!((queries.unwrap() - array![[0.0_f32, 0.0]]).iter().all(|off| off.abs() < 2e-8));
        }
    }

    #[test]
    fn numbers_of_f32_stay_as_they_are_and_losses_see_the_values_themselves() {
        let points = array![[1e6_f32 + 0.5, 3.0], [1e6, -4.0]];
        let of = |numbers, scaling| to_f32((numbers, file()), None, scaling).unwrap();
        let same = (points.clone(), None, false);
        assert_eq!(of(Numbers::Single(points.clone()), Scaling::Centred), same);
        assert_eq!(of(Numbers::Double(points.mapv(f64::from)), Scaling::Centred), same);
        let rounded = of(Numbers::Double(array![[0.1, 1e6]]), Scaling::Kept);
        assert_eq!(rounded, (array![[0.1_f32, 1e6]], None, false));
    }

    #[test]
    fn directions_are_taken_in_f64_however_long_the_embeddings_are() {
        let of = |numbers| to_f32((numbers, file()), None, Scaling::Normalised);
        for scale in [1.0, 1e-200, 1e200] {
            let (found, ..) = of(Numbers::Double(array![[3.0, 4.0]] * scale)).unwrap();
            assert_eq!(found, array![[0.6_f32, 0.8]]);
        }
        let message = of(Numbers::Double(array![[1.0, 0.1], [0.0, 0.0]])).unwrap_err().to_string();
        assert!(message.starts_with("z.npy: has no length in row 1 (from 0)"), "{message}");
    }

    #[test]
    fn what_f32_cannot_square_is_refused() {
        let told =
            |numbers| to_f32((numbers, file()), None, Scaling::Centred).unwrap_err().to_string();
        let message = told(Numbers::Double(array![[0.1, f64::NAN]]));
        assert!(message.contains("has NaN in row 0, column 1 (from 0), not finite"), "{message}");
        let message = told(Numbers::Double(array![[0.1, 0.0], [-1e300, 0.0]]));
        assert!(
            message.contains("from the mean in row 0, column 0 (from 0), too large"),
            "{message}"
        );
        let message = told(Numbers::Single(array![[0.0, 1e-30]]));
        assert!(message.contains("beyond 1e-30, too small to compare; multiply"), "{message}");
    }
}
