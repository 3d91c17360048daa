//! Embeddings that are equal share one point of a map.
//!
//! Neighbours at distance 0 that come in the order of their rows are no neighbourhood: of more equal
//! embeddings than a point has neighbours some would be drawn to others and some flung out. So each
//! different embedding is laid out once, and all that are equal to it lie there.

use ndarray::{ArrayView2, Axis, CowArray, Ix2};

use crate::eval::knn::{Distinct, Points};

/// Different embeddings, and which of them each row is.
pub(super) struct Places<'a> {
    /// The different embeddings `[U, D]`, in the order of their first rows.
    pub points: CowArray<'a, f32, Ix2>,
    /// Place of each row among them `[N]`.
    of_row: Vec<usize>,
}

impl<'a> Places<'a> {
    /// Finds the different rows of `[N, D]`.
    pub fn of(embeddings: ArrayView2<'a, f32>) -> Places<'a> {
        let rows = embeddings.as_standard_layout();
        let distinct = Distinct::of(Points::of(rows.view()));
        let mut of_row = vec![0; embeddings.nrows()];
        for (place, &first) in distinct.firsts().iter().enumerate() {
            distinct.rows(first).for_each(|row| of_row[row as usize] = place);
        }
        let firsts: Vec<usize> = distinct.firsts().iter().map(|&row| row as usize).collect();
        let points = match firsts.len() == embeddings.nrows() {
            true => CowArray::from(embeddings),
            false => CowArray::from(embeddings.select(Axis(0), &firsts)),
        };
        Places { points, of_row }
    }

    /// Number of different embeddings U.
    pub fn len(&self) -> usize {
        self.points.nrows()
    }

    /// Coordinates `[U]` of the different embeddings as those of all rows `[N]`.
    pub fn spread(&self, coordinates: &[[f64; 2]]) -> Vec<[f64; 2]> {
        self.of_row.iter().map(|&place| coordinates[place]).collect()
    }

    /// The warning where embeddings are equal.
    pub fn remark(&self) -> Option<String> {
        let (all, places) = (self.of_row.len(), self.len());
        match places {
            _ if places == all => None,
            1 => Some(format!("all {all} embeddings are equal, so the t-SNE is one point")),
            _ => Some(format!(
                "{} of {all} embeddings are equal to another one; equal ones share one point of the \
                 t-SNE",
                self.sharing()
            )),
        }
    }

    /// Rows whose embedding another row has too.
    fn sharing(&self) -> usize {
        let mut counts = vec![0_usize; self.len()];
        self.of_row.iter().for_each(|&place| counts[place] += 1);
        counts.into_iter().filter(|&count| count > 1).sum()
    }
}
