//! The evaluated embeddings, and the sample that pictures show.

use std::borrow::Cow;

use ndarray::{Array2, Axis};

use crate::data::{Dataset, Subset};

/// Most images of unseen classes in a t-SNE or a picture of retrieved images.
const MOST_SHOWN: usize = 3000;

/// The evaluated embeddings `[N, E]` and their images.
pub struct EvaluatedSet<'a> {
    pub embeddings: &'a Array2<f32>,
    pub part: &'a Subset,
    pub dataset: &'a Dataset,
    /// Whether they are of unseen classes, which are evaluated against each other.
    pub unseen: bool,
}

/// The embeddings and images that pictures show.
pub type Shown<'a> = (Cow<'a, Array2<f32>>, Cow<'a, Subset>);

impl EvaluatedSet<'_> {
    /// The images that pictures show, and those that are shown as their neighbours: all, with the
    /// training images (`None`); for unseen classes, a sample and the rest.
    pub fn shown(&self) -> (Shown<'_>, Option<(Array2<f32>, Subset)>) {
        if !self.unseen {
            return ((Cow::Borrowed(self.embeddings), Cow::Borrowed(self.part)), None);
        }
        let every = self.part.rows.len().div_ceil(MOST_SHOWN).max(2);
        let (some, others): (Vec<usize>, Vec<usize>) =
            (0..self.part.rows.len()).partition(|position| position.is_multiple_of(every));
        let ((embeddings, part), others) = (self.select(&some), self.select(&others));
        ((Cow::Owned(embeddings), Cow::Owned(part)), Some(others))
    }

    fn select(&self, positions: &[usize]) -> (Array2<f32>, Subset) {
        let pick = |values: &[i64]| positions.iter().map(|&position| values[position]).collect();
        let Subset { rows, labels } = self.part;
        let part = Subset { rows: pick(rows), labels: pick(labels) };
        (self.embeddings.select(Axis(0), positions), part)
    }
}
