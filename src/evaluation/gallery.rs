//! The picture of retrieved images: some queries and their nearest references.

use std::collections::HashSet;

use ndarray::{Array2, Axis};
use rand::seq::SliceRandom;

use super::evaluated_set::EvaluatedSet;
use super::pictures;
use super::result::{Evaluation, UNSEEN, VALIDATION};
use crate::data::{Dataset, Subset};
use crate::error::Result;
use crate::eval::{Neighbours, nearest};
use crate::random::{Purpose, generator};
use crate::report::chart::Picture;
use crate::report::chart::retrieval::{self, Pictured, Retrieved, Section};
use crate::runtime::Cores;
use crate::words::{count, grouped};

/// Nearest references shown per query.
const NEAREST: usize = 8;
/// Most classes of which a query is shown.
const CLASSES: usize = 10;
/// Most queries shown whose nearest reference is of another class.
const WRONG: usize = 5;

/// The queries and references to choose from: embeddings and images.
pub struct Gallery<'a> {
    cores: &'a Cores,
    references: &'a Array2<f32>,
    /// Their rows and labels, and the dataset of the images.
    references_of: (&'a Subset, &'a Dataset),
    /// The name of the references in the title.
    kind: &'a str,
    queries: &'a Array2<f32>,
    part: &'a Subset,
    /// The dataset of the query images.
    dataset: &'a Dataset,
}

/// Calls `show` with the gallery of an evaluation. The references are the training images; for unseen
/// classes, the images that are not shown as queries.
pub fn with_gallery<R>(
    cores: &Cores,
    references: (&Array2<f32>, &Subset, &Dataset),
    evaluated: &EvaluatedSet,
    show: impl FnOnce(&Gallery) -> R,
) -> R {
    let (shown, others) = evaluated.shown();
    let (references, references_of, kind) = match &others {
        Some((embeddings, part)) => (embeddings, (part, evaluated.dataset), "other images"),
        None => (references.0, (references.1, references.2), "training images"),
    };
    let (queries, part) = (&*shown.0, &*shown.1);
    let dataset = evaluated.dataset;
    show(&Gallery { cores, references, references_of, kind, queries, part, dataset })
}

impl Gallery<'_> {
    /// Draws some queries with their nearest references.
    ///
    /// # Errors
    /// As [`Gallery::sections`].
    pub fn draw(&self, evaluation: &Evaluation) -> Result<Picture> {
        retrieval::draw(&self.title(evaluation), self.dataset.shape, &self.sections(evaluation)?)
    }

    /// The title of the picture.
    pub fn title(&self, evaluation: &Evaluation) -> String {
        let queries = match evaluation.images.as_str() {
            VALIDATION => "validation images",
            UNSEEN => "images of unseen classes",
            _ => "test images",
        };
        let (name, kind, count) = (pictures::name(evaluation), self.kind, self.count());
        format!("{name} · some {queries} and the {count} {kind} nearest to each")
    }

    /// References shown per query.
    fn count(&self) -> usize {
        NEAREST.min(self.references_of.0.labels.len())
    }

    /// Some queries with their nearest references.
    ///
    /// # Errors
    /// Embeddings contain NaN.
    pub fn sections(&self, evaluation: &Evaluation) -> Result<Vec<Section<'_>>> {
        let (references, _) = self.references_of;
        let find = |queries: &Array2<f32>, k: usize| {
            self.cores.run_on_free_cores(|| nearest(self.references.view(), queries.view(), k))?
        };
        let first = find(self.queries, 1)?;
        let is_wrong = |query: usize| {
            references.labels[first.indices[[query, 0]] as usize] != self.part.labels[query]
        };
        let wrong = (0..first.len()).filter(|&query| is_wrong(query)).count();
        let chosen = choose(&self.part.labels, is_wrong, evaluation.seed);
        let classes: HashSet<i64> = self.part.labels.iter().copied().collect();
        let of = match (chosen[0].len(), classes.len()) {
            (shown, all) if shown == all => "each class".to_owned(),
            (1, all) => format!("one of the {}", count(all, "class")),
            (shown, all) => format!("each of {shown} of the {}", count(all, "class")),
        };
        let headings = [
            format!("One query of {of}, drawn at random"),
            format!(
                "Queries whose nearest is of another class, drawn from the {} such among {}",
                grouped(wrong),
                grouped(first.len())
            ),
        ];
        let mut sections = Vec::new();
        for (heading, queries) in headings.into_iter().zip(chosen) {
            if queries.is_empty() {
                continue;
            }
            let found = find(&self.queries.select(Axis(0), &queries), self.count())?;
            let rows = self.rows(&queries, &found);
            sections.push(Section { heading, rows });
        }
        Ok(sections)
    }

    fn rows(&self, queries: &[usize], found: &Neighbours) -> Vec<Retrieved<'_>> {
        let (part, dataset) = self.references_of;
        let class = |label: i64| pictures::class_name(&self.dataset.classes, label);
        let row = |(position, &query): (usize, &usize)| Retrieved {
            query: Pictured {
                image: self.dataset.image(self.part.rows[query] as usize),
                class: class(self.part.labels[query]),
            },
            nearest: found
                .indices
                .row(position)
                .iter()
                .map(|&reference| Pictured {
                    image: dataset.image(part.rows[reference as usize] as usize),
                    class: class(part.labels[reference as usize]),
                })
                .collect(),
        };
        queries.iter().enumerate().map(row).collect()
    }
}

/// One random query of each class, for at most ten classes, and up to five others that are wrong,
/// sorted by class.
fn choose(labels: &[i64], is_wrong: impl Fn(usize) -> bool, seed: u64) -> [Vec<usize>; 2] {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(&mut generator(seed, Purpose::RetrievalPicture, 0));
    let mut each: Vec<usize> = Vec::new();
    for &query in &order {
        let is_new = each.iter().all(|&other| labels[other] != labels[query]);
        if is_new && each.len() < CLASSES {
            each.push(query);
        }
    }
    let wrong = order.into_iter().filter(|query| is_wrong(*query) && !each.contains(query));
    let mut chosen = [each.clone(), wrong.take(WRONG).collect()];
    chosen.iter_mut().for_each(|queries| queries.sort_by_key(|&query| (labels[query], query)));
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_shown_once_and_the_wrong_queries_are_distinct_from_those() {
        let labels: Vec<i64> = (0..60).map(|row| row % 4).collect();
        let [each, wrong] = choose(&labels, |query| query % 3 == 0, 1);
        let classes: Vec<i64> = each.iter().map(|&query| labels[query]).collect();
        assert_eq!(classes, [0, 1, 2, 3]);
        assert_eq!(wrong.len(), WRONG);
        assert!(wrong.iter().all(|query| query % 3 == 0 && !each.contains(query)));
        assert_ne!(choose(&labels, |_| false, 2)[0], each);
    }

    #[test]
    fn at_most_ten_classes_are_shown_and_no_wrong_query_if_all_are_right() {
        let labels: Vec<i64> = (0..60).map(|row| row % 30).collect();
        let [each, wrong] = choose(&labels, |_| false, 1);
        assert_eq!((each.len(), wrong.len()), (CLASSES, 0));
    }
}
