//! What an evaluation is about, and what of it pictures show.

use std::borrow::Cow;

use ndarray::{Array2, Axis};

use crate::data::{Dataset, Subset};

/// Images of unseen classes in a t-SNE or a picture of retrieved images.
const MOST_SHOWN: usize = 3000;

/// Embeddings that are evaluated, and the images they are of.
pub struct EvaluatedSet<'a> {
    pub embeddings: &'a Array2<f32>,
    pub part: &'a Subset,
    pub dataset: &'a Dataset,
    /// Of classes that were not trained on: measured against each other.
    pub unseen: bool,
}

/// Embeddings and the images they are of.
pub type Shown<'a> = (Cow<'a, Array2<f32>>, Cow<'a, Subset>);

impl EvaluatedSet<'_> {
    /// What pictures show, and what it is compared with there: all, and the training images; of
    /// the many images of unseen classes some, and the others.
    pub fn shown(&self) -> (Shown<'_>, Option<(Array2<f32>, Subset)>) {
        if !self.unseen {
            return ((Cow::Borrowed(self.embeddings), Cow::Borrowed(self.part)), None);
        }
        let every = self.part.rows.len().div_ceil(MOST_SHOWN).max(2);
        let (some, others): (Vec<usize>, Vec<usize>) =
            (0..self.part.rows.len()).partition(|place| place.is_multiple_of(every));
        let ((embeddings, part), others) = (self.at(&some), self.at(&others));
        ((Cow::Owned(embeddings), Cow::Owned(part)), Some(others))
    }

    fn at(&self, places: &[usize]) -> (Array2<f32>, Subset) {
        let pick = |values: &[i64]| places.iter().map(|&place| values[place]).collect();
        let Subset { rows, labels } = self.part;
        let part = Subset { rows: pick(rows), labels: pick(labels) };
        (self.embeddings.select(Axis(0), places), part)
    }
}
