//! Converts embeddings to float32, with scaling.

use std::path::Path;

use ndarray::{Array2, ArrayView1, Axis};

use super::centred::{Centre, count_merged, mean_squared_norm};
use super::numbers::Numbers;
use crate::error::{Error, Fault, Result};

/// How to scale embeddings before the conversion to f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// Not at all, because the values matter.
    Kept,
    /// Centre embeddings that are far from the origin, because only distances matter.
    Centred,
    /// Normalise every embedding to length 1, then centre.
    Normalised,
}

/// Embeddings in f32.
#[derive(Debug, Clone, PartialEq)]
pub struct Singles {
    /// The references `[N, D]`.
    pub references: Array2<f32>,
    /// The queries `[M, D]`, if different from the references.
    pub queries: Option<Array2<f32>>,
    /// The mean squared norm of the queries before centring; `None` if not centred.
    pub norm: Option<f64>,
    /// Remarks on differences that f32 lost, one sentence per file.
    pub remarks: Vec<String>,
}

/// Components of directions that differ by less are equal up to rounding in f64.
const ROUNDING: f64 = 1e-14;

/// References and queries as f32.
///
/// Values near 1e8 with differences of 1e-3 would become equal in f32. So embeddings far from the
/// origin are centred in f64, queries by the centre of the references; values that are exact in f32
/// stay unchanged. If different embeddings still become equal, there is a remark.
///
/// # Errors
/// [`Fault`] with the file: a value is not finite, or too large or too small to be squared in f32; an
/// embedding to normalise has length 0.
pub fn to_f32(
    references: (Numbers, &Path),
    queries: Option<(Numbers, &Path)>,
    scaling: Scaling,
) -> Result<Singles> {
    let scaled = |(numbers, file): (Numbers, &Path)| {
        refuse_infinite(&numbers, file)?;
        match scaling {
            Scaling::Normalised => numbers.normalised(file),
            _ => Ok(numbers.narrowed()),
        }
    };
    let (file, query_file) = (references.1, queries.as_ref().map(|(_, file)| *file));
    let references = scaled(references)?;
    let queries = queries.map(scaled).transpose()?;
    let is_double = |numbers: &Numbers| matches!(numbers, Numbers::Double(_));
    if !is_double(&references) && !queries.as_ref().is_some_and(is_double) {
        let references = squarable(references.rounded(), file)?;
        let queries = queries.map(Numbers::rounded).zip(query_file);
        let queries = queries.map(|(singles, file)| squarable(singles, file)).transpose()?;
        return Ok(Singles { references, queries, norm: None, remarks: Vec::new() });
    }
    let (references, queries) = (references.doubles(), queries.map(Numbers::doubles));
    let centre = match scaling {
        Scaling::Kept => Centre::none(),
        _ => Centre::of(&references, queries.as_ref()),
    };
    let norm = mean_squared_norm(queries.as_ref().unwrap_or(&references));
    let tolerance = if scaling == Scaling::Normalised { ROUNDING } else { 0.0 };
    let mut remarks = Vec::new();
    let mut centred = |numbers: Array2<f64>, file: &Path| {
        let singles = squarable(centre.subtract_from(&numbers), file)?;
        remarks.extend(merged_remark(count_merged(&numbers, &singles, tolerance), file));
        Ok::<_, Error>(singles)
    };
    let references = centred(references, file)?;
    let queries = queries.zip(query_file).map(|(numbers, file)| centred(numbers, file));
    let queries = queries.transpose()?;
    Ok(Singles { references, queries, norm: centre.is_nonzero().then_some(norm), remarks })
}

/// The remark on `count` different embeddings that are equal in f32.
fn merged_remark(count: usize, file: &Path) -> Option<String> {
    (count > 0).then(|| {
        format!(
            "{}: {count} different embeddings are equal in float32, which all metrics use: they are \
             close together and far from the others, so the figures differ from those in float64",
            file.display()
        )
    })
}

impl Numbers {
    /// Converts to f32 if that is exact.
    fn narrowed(self) -> Numbers {
        let is_single = |&value: &f64| f64::from(value as f32) == value;
        match self {
            Numbers::Double(array) if array.iter().all(is_single) => {
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

    fn doubles(self) -> Array2<f64> {
        match self {
            Numbers::Single(array) => array.mapv(f64::from),
            Numbers::Double(array) => array,
        }
    }

    /// Divides every row by its length, in f64.
    fn normalised(self, file: &Path) -> Result<Numbers> {
        let mut array = self.doubles();
        for (row, mut values) in array.axis_iter_mut(Axis(0)).enumerate() {
            let length = length(values.view());
            if length == 0.0 {
                let problem =
                    format!("has length 0 in row {row} (from 0), which cannot be normalised");
                let fault = Fault::new(file, problem);
                return Err(fault.remedy("omit --normalise or the row").into());
            }
            values.mapv_inplace(|value| value / length);
        }
        Ok(Numbers::Double(array))
    }
}

/// The length of a row, even if squares overflow or underflow f64.
fn length(values: ArrayView1<f64>) -> f64 {
    let squared = values.iter().map(|value| value * value).sum::<f64>();
    if squared.is_normal() {
        return squared.sqrt();
    }
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let parts = values.iter().map(|value| (value / largest).powi(2));
    if largest > 0.0 { largest * parts.sum::<f64>().sqrt() } else { 0.0 }
}

fn refuse_infinite(numbers: &Numbers, file: &Path) -> Result<()> {
    let odd = match numbers {
        Numbers::Single(array) => array
            .indexed_iter()
            .find(|(_, value)| !value.is_finite())
            .map(|(index, value)| (index, value.to_string())),
        Numbers::Double(array) => array
            .indexed_iter()
            .find(|(_, value)| !value.is_finite())
            .map(|(index, value)| (index, value.to_string())),
    };
    match odd {
        Some(((row, column), value)) => {
            let problem = format!("has {value} in row {row}, column {column} (from 0), not finite");
            Err(Fault::new(file, problem).remedy("remove such rows").into())
        }
        None => Ok(()),
    }
}

/// Squared differences of smaller values underflow to 0.
const SMALLEST: f32 = 1e-18;

/// Refuses values whose squared differences overflow or underflow f32.
fn squarable(singles: Array2<f32>, file: &Path) -> Result<Array2<f32>> {
    // Up to this, sums of squared differences do not overflow.
    let limit = (f32::MAX / singles.ncols() as f32).sqrt() / 4.0;
    let odd = singles.indexed_iter().find(|(_, value)| value.abs() > limit);
    if let Some(((row, column), _)) = odd {
        let problem = format!("is too large to compare in row {row}, column {column} (from 0)");
        return Err(Fault::new(file, problem).remedy("divide all values by one number").into());
    }
    let largest = singles.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if largest > 0.0 && largest < SMALLEST {
        let problem = format!("has no value above {largest:e}, which is too small to compare");
        return Err(Fault::new(file, problem).remedy("multiply all values by one number").into());
    }
    Ok(singles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn file() -> &'static Path {
        Path::new("z.npy")
    }

    #[test]
    fn points_far_from_the_origin_stay_distinct() {
        for offset in [1e6, 1e8] {
            let far = Numbers::Double(array![[0.0, 0.001], [0.003, 0.0], [0.0, 0.002]] + offset);
            let query = Numbers::Double(array![[0.001, 0.001]] + offset);
            let Singles { references, queries, norm, .. } =
                to_f32((far, file()), Some((query, file())), Scaling::Centred).unwrap();
            assert!((norm.unwrap() / (2.0 * offset * offset) - 1.0).abs() < 1e-8);
            // Centred at the medians; the spacing of f64 at 1e8 is 1.5e-8.
            let expected = array![[0.0_f32, 0.0], [0.003, -0.001], [0.0, 0.001]];
            assert!((&references - &expected).iter().all(|off| off.abs() < 5e-8), "{references}");
            let query = queries.unwrap();
            assert!(
                (&query - array![[0.001_f32, 0.0]]).iter().all(|off| off.abs() < 5e-8),
                "{query}"
            );
        }
    }

    #[test]
    fn values_that_are_exact_in_f32_stay_unchanged() {
        let points = array![[1e6_f32 + 0.5, 3.0], [1e6, -4.0]];
        let of = |numbers, scaling| to_f32((numbers, file()), None, scaling).unwrap();
        let same =
            Singles { references: points.clone(), queries: None, norm: None, remarks: Vec::new() };
        assert_eq!(of(Numbers::Single(points.clone()), Scaling::Centred), same);
        assert_eq!(of(Numbers::Double(points.mapv(f64::from)), Scaling::Centred), same);
        let rounded = of(Numbers::Double(array![[0.1, 1e6]]), Scaling::Kept);
        assert_eq!((rounded.references, rounded.norm), (array![[0.1_f32, 1e6]], None));
    }

    #[test]
    fn embeddings_of_any_length_are_normalised_in_f64() {
        let of = |numbers| to_f32((numbers, file()), None, Scaling::Normalised);
        for scale in [1.0, 1e-200, 1e200] {
            let points = array![[3.0, 4.0], [-8.0, 6.0]] * scale;
            let found = of(Numbers::Double(points)).unwrap().references;
            assert_eq!(found, array![[0.6_f32, 0.8], [-0.8, 0.6]]);
        }
        let message = of(Numbers::Double(array![[1.0, 0.1], [0.0, 0.0]])).unwrap_err().to_string();
        assert!(message.starts_with("z.npy: has length 0 in row 1 (from 0)"), "{message}");
    }

    #[test]
    fn values_that_f32_cannot_square_are_refused() {
        let error =
            |numbers| to_f32((numbers, file()), None, Scaling::Centred).unwrap_err().to_string();
        let message = error(Numbers::Double(array![[0.1, f64::NAN]]));
        assert!(message.contains("has NaN in row 0, column 1 (from 0), not finite"), "{message}");
        let message = error(Numbers::Double(array![[0.1, 0.0], [-1e300, 0.0]]));
        assert!(
            message.contains("is too large to compare in row 1, column 0 (from 0)"),
            "{message}"
        );
        let message = error(Numbers::Single(array![[0.0, 1e-30]]));
        assert!(
            message.contains("above 1e-30, which is too small to compare; multiply"),
            "{message}"
        );
    }
}
