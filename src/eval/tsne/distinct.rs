//! Equal embeddings share one point of a map.
//!
//! If more embeddings are equal than a point has neighbours, their neighbours depend on the order of
//! rows: some would be attracted to each other and some repelled. So each distinct embedding is mapped
//! once, and all that equal it get its point.

use ndarray::{ArrayView2, Axis, CowArray, Ix2};

use crate::eval::knn::{Distinct, Points};

/// Distinct embeddings, and the index of each row's.
pub(super) struct DistinctEmbeddings<'a> {
    /// The distinct embeddings `[U, D]`, in the order of their first rows.
    pub points: CowArray<'a, f32, Ix2>,
    /// Index of each row's embedding among them `[N]`.
    of_row: Vec<usize>,
}

impl<'a> DistinctEmbeddings<'a> {
    /// Finds the distinct rows of `[N, D]`.
    pub fn of(embeddings: ArrayView2<'a, f32>) -> DistinctEmbeddings<'a> {
        let rows = embeddings.as_standard_layout();
        let distinct = Distinct::of(Points::of(rows.view()));
        let mut of_row = vec![0; embeddings.nrows()];
        for (index, &first) in distinct.firsts().iter().enumerate() {
            distinct.rows(first).for_each(|row| of_row[row as usize] = index);
        }
        let firsts: Vec<usize> = distinct.firsts().iter().map(|&row| row as usize).collect();
        let points = match firsts.len() == embeddings.nrows() {
            true => CowArray::from(embeddings),
            false => CowArray::from(embeddings.select(Axis(0), &firsts)),
        };
        DistinctEmbeddings { points, of_row }
    }

    /// Number of distinct embeddings U.
    pub fn len(&self) -> usize {
        self.points.nrows()
    }

    /// Expands the coordinates of the distinct embeddings `[U]` to all rows `[N]`.
    pub fn expand(&self, coordinates: &[[f64; 2]]) -> Vec<[f64; 2]> {
        self.of_row.iter().map(|&index| coordinates[index]).collect()
    }

    /// The warning about equal embeddings.
    pub fn remark(&self) -> Option<String> {
        let (all, distinct) = (self.of_row.len(), self.len());
        match distinct {
            _ if distinct == all => None,
            1 => Some(format!("all {all} embeddings are equal, so the t-SNE is one point")),
            _ => Some(format!(
                "{} of {all} embeddings are equal to another one; equal ones share one point of the \
                 t-SNE",
                self.sharing()
            )),
        }
    }

    /// Number of rows that share their embedding with another.
    fn sharing(&self) -> usize {
        let mut counts = vec![0_usize; self.len()];
        self.of_row.iter().for_each(|&index| counts[index] += 1);
        counts.into_iter().filter(|&count| count > 1).sum()
    }
}
