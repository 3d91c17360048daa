//! What is evaluated: queries that search for their nearest neighbours among references.

use std::collections::HashMap;

use ndarray::{Array2, ArrayView2};

use super::Neighbours;
use super::Watch;
use super::knn::nearest_watched;
use crate::error::{Error, Result};

/// Embeddings and the classes of their images.
pub struct LabelledEmbeddings<'a> {
    /// `[N, E]`.
    pub embeddings: ArrayView2<'a, f32>,
    /// `[N]`, values in 0..C.
    pub labels: &'a [i64],
}

impl<'a> LabelledEmbeddings<'a> {
    /// Embeddings `[N, E]` with the classes of their images `[N]`.
    pub fn new(embeddings: &'a Array2<f32>, labels: &'a [i64]) -> LabelledEmbeddings<'a> {
        LabelledEmbeddings { embeddings: embeddings.view(), labels }
    }
}

/// Queries and the references among which their neighbours are searched.
pub struct RetrievalTask<'a> {
    /// The embeddings among which neighbours are searched.
    pub references: LabelledEmbeddings<'a>,
    /// The embeddings to evaluate; if `None`, each reference is a query against all others.
    pub queries: Option<LabelledEmbeddings<'a>>,
    /// Number of classes C.
    pub classes: usize,
}

impl<'a> RetrievalTask<'a> {
    /// The embeddings to evaluate.
    pub fn evaluated(&self) -> &LabelledEmbeddings<'a> {
        self.queries.as_ref().unwrap_or(&self.references)
    }

    /// Refuses an empty task.
    ///
    /// # Errors
    /// There is no query or no reference.
    pub(super) fn check(&self) -> Result<()> {
        match (self.evaluated().labels.len(), self.available()) {
            (0, _) => Err(Error::Other("there are no images to evaluate".to_owned())),
            (_, 0) => Err(Error::Other(
                "there are no other images to look for neighbours among".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Number of references for each query.
    pub fn available(&self) -> usize {
        self.references.labels.len().saturating_sub(usize::from(self.queries.is_none()))
    }

    /// The `k` nearest references of each query, without the query itself.
    pub(super) fn neighbours(&self, k: usize, watch: &Watch) -> Result<Neighbours> {
        let references = self.references.embeddings;
        match &self.queries {
            Some(queries) => nearest_watched(references, queries.embeddings, k, watch),
            None => Ok(nearest_watched(references, references, k + 1, watch)?.without_self()),
        }
    }
}

/// Whether any query has a reference of its class; if not, every metric is undefined. If `queries` is
/// `None`, each reference is a query against all others.
///
/// # Shapes
/// references `[N]`, queries `[Q]`: classes
pub fn is_answerable(references: &[i64], queries: Option<&[i64]>) -> bool {
    let mut counts = HashMap::new();
    references.iter().for_each(|label| *counts.entry(label).or_insert(0) += 1);
    let itself = usize::from(queries.is_none());
    let has_one = |label| counts.get(label).is_some_and(|&count| count > itself);
    queries.unwrap_or(references).iter().any(has_one)
}
