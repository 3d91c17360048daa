//! The pictures of a run: turns its tensors and figures into the input of `report::chart`.

use super::result::{Evaluation, TsneFigures, UNSEEN, VALIDATION};
use crate::config::Config;
use crate::data::{BatchKind, Class, PairSampler, Subset};
use crate::error::Result;
use crate::eval::tsne::Map;
use crate::eval::{
    ConfusionMatrix, Distances, Figures, Measured, Results, TopKAccuracy, VOTE_TOP_K, VoteTopK,
    headline,
};
use crate::files::ResultFolder;
use crate::random::{Purpose, generator};
use crate::report::chart::class_names::PAIRS_CONFUSED;
use crate::report::chart::confused::{self, Confused};
use crate::report::chart::confusion::Confusion;
use crate::report::chart::{
    ClassName, Picture, confusion, curves, histogram, pairs, scatter, vote_top_k,
};
use crate::session::Session;
use crate::train::History;
use crate::words::{MISSING, count, grouped, things};

/// Pairs in the picture.
const PAIRS: usize = 8;

/// Draws the first training images, each paired as in training.
///
/// # Errors
/// There is nothing to draw.
pub fn pairs(session: &Session, train: &Subset, config: &Config) -> Result<Picture> {
    let dataset = &session.dataset;
    let sampler = PairSampler::new(&train.labels);
    let mut random = generator(config.train.seed, Purpose::PairPicture, 0);
    let image = |position: usize| dataset.image(train.rows[position] as usize);
    let class = |position: usize| class_name(&dataset.classes, train.labels[position]);
    let drawn: Vec<pairs::SamplePair> = (0..PAIRS.min(train.rows.len()))
        .map(|anchor| {
            let partner = sampler.draw(anchor, &mut random);
            pairs::SamplePair {
                first: image(anchor),
                second: image(partner.index),
                first_class: class(anchor),
                second_class: class(partner.index),
                same: partner.same,
            }
        })
        .collect();
    pairs::draw("Sample pairs", dataset.shape, &drawn)
}

/// Draws the loss curves of one run.
///
/// # Errors
/// There is nothing to draw.
pub fn curves(title: &str, history: &History) -> Result<Picture> {
    let (train, validation) = losses(history);
    let run = curves::RunCurve { train: &train, validation: &validation };
    let panel = curves::LossPanel { title, loss: title, runs: &[run] };
    curves::draw(&[panel])
}

/// The files of the sample pairs in a run's folder.
const PAIRS_FILES: [&str; 2] = ["plots/pairs.png", "plots/pairs.svg"];

/// Draws the pictures of a training: loss curves, and sample pairs if the loss is trained on pairs.
/// Otherwise pairs that an earlier version drew are removed.
///
/// # Errors
/// A picture cannot be written or removed.
pub fn draw_training(
    session: &Session,
    folder: &ResultFolder,
    (config, train): (&Config, &Subset),
    history: &History,
) -> Result<()> {
    folder.create_plots()?;
    let save = |picture: Picture, name: &str| picture.save(&folder.plot(name), session.style);
    match config.loss.batches() {
        BatchKind::Pairs => save(pairs(session, train, config)?, "pairs.png")?,
        BatchKind::Images | BatchKind::PkSampling => folder.forget(&PAIRS_FILES)?,
    }
    let title = format!("{} seed {}", config.loss.name(), config.train.seed);
    save(curves(&title, history)?, "loss.png")
}

/// Training and validation loss of each epoch.
pub fn losses(history: &History) -> (Vec<f64>, Vec<f64>) {
    history.epochs.iter().map(|r| (r.train_loss, r.validation_loss)).unzip()
}

/// Draws a t-SNE of a run: one panel under a title.
///
/// # Errors
/// There is nothing to draw.
pub fn tsne(title: &str, classes: &[String], map: &Map, labels: &[i64]) -> Result<Picture> {
    let labels = positions(labels);
    let panel = scatter::Scatter { title, points: &map.coordinates, labels: &labels };
    scatter::draw(&[panel], classes)
}

/// `cross-entropy seed 2022`, with a suffix for test images and unseen classes.
pub fn name(evaluation: &Evaluation) -> String {
    named(&evaluation.loss, evaluation)
}

/// The same with another name of the loss, such as `cross-entropy (tuned)`.
fn named(loss: &str, evaluation: &Evaluation) -> String {
    let Evaluation { seed, images, .. } = evaluation;
    let of = match images.as_str() {
        VALIDATION => "",
        UNSEEN => " · unseen classes",
        _ => " · test images",
    };
    format!("{loss} seed {seed}{of}")
}

/// The name and the headline metric: `cross-entropy seed 2022 · 1-NN accuracy 0.863`.
fn titled(name: &str, figures: &Figures, unseen: bool) -> String {
    let found = Results::from(figures).of(headline(unseen));
    let told = |found: &Measured| {
        let value = found.value.map_or(MISSING.to_owned(), |share| format!("{share:.3}"));
        format!(" · {} {value}", found.name())
    };
    format!("{name}{}", found.iter().map(told).collect::<String>())
}

/// `cross-entropy seed 2022 · 1-NN accuracy 0.863 · KL 0.960`, starting with `loss`; for unseen classes,
/// with MAP@R instead of accuracy.
pub fn tsne_title(loss: &str, evaluation: &Evaluation) -> String {
    let name = named(loss, evaluation);
    titled(&name, &evaluation.figures, evaluation.unseen) + &kl(&evaluation.tsne)
}

fn kl(tsne: &Option<TsneFigures>) -> String {
    let kl = tsne.as_ref().and_then(|tsne| tsne.kl);
    kl.map_or(String::new(), |kl| format!(" · KL {kl:.3}"))
}

/// `cross-entropy seed 2022 · 57,000 training images · KL 2.568`
pub fn tsne_train_title(evaluation: &Evaluation) -> String {
    let Evaluation { loss, seed, references, tsne_train, .. } = evaluation;
    let (images, kl) = (count(*references, "training image"), kl(tsne_train));
    format!("{loss} seed {seed} · {images}{kl}")
}

/// A class by its number, as pictures show it.
pub fn class_name(classes: &[Class], number: i64) -> ClassName<'_> {
    let number = number as usize;
    ClassName { name: &classes[number].name, number }
}

/// The pairs of classes that are confused most often, with the number of all such pairs.
pub fn most_confused<'a>(
    matrix: &ConfusionMatrix,
    classes: &'a [String],
) -> (Vec<Confused<'a>>, usize) {
    let class = |number: usize| ClassName { name: &classes[number], number };
    let mut of = vec![0; classes.len()];
    matrix.pairs().for_each(|(number, _, count)| of[number] += count);
    let wrong = matrix.pairs().filter(|(number, other, _)| number != other);
    let mut all: Vec<Confused> = wrong
        .map(|(number, other, count)| Confused {
            class: class(number),
            taken_for: class(other),
            count,
            of: of[number],
        })
        .collect();
    let share = |pair: &Confused| pair.count as f64 / pair.of as f64;
    // Ties: the larger share of the true class first, then in class order.
    all.sort_by(|a, b| b.count.cmp(&a.count).then(share(b).total_cmp(&share(a))));
    let found = all.len();
    all.truncate(PAIRS_CONFUSED);
    (all, found)
}

/// Whether there are too many classes for a confusion matrix.
pub fn is_too_large(classes: &[String]) -> bool {
    classes.len() > confusion::MOST
}

/// The note below the most confused pairs.
pub fn confused_note(classes: usize, shown: usize, found: usize) -> String {
    format!(
        "{} classes are too many for a confusion matrix · {shown} of the {} confused pairs of classes, by \
         number of images",
        grouped(classes),
        grouped(found)
    )
}

/// Class numbers as indices into the list of classes.
pub fn positions(labels: &[i64]) -> Vec<usize> {
    labels.iter().map(|&label| label as usize).collect()
}

/// Draws the confusion matrix of the embeddings with this name; for many classes, the pairs that are
/// confused most often.
///
/// # Errors
/// There is nothing to draw.
pub fn confusion(name: &str, figures: &Figures, classes: &[String]) -> Result<Picture> {
    let (title, knn) = (titled(name, figures, false), &figures.knn);
    if is_too_large(classes) {
        let (pairs, found) = most_confused(&knn.confusion, classes);
        let note = confused_note(classes.len(), pairs.len(), found);
        return confused::draw(&title, &note, &pairs);
    }
    confusion::draw(&Confusion { title: &title, classes, counts: &knn.confusion.counts() })
}

/// Draws the vote top-k accuracy of the embeddings with this name.
///
/// # Errors
/// There is nothing to draw.
pub fn vote_top_k(name: &str, found: &VoteTopK) -> Result<Picture> {
    let values = values_by_k(&found.at);
    let curve = vote_top_k::Curve { name, accuracy: &values, interval: None };
    vote_top_k::draw(&vote_top_k_title(found.voters), "", &[curve])
}

/// Draws the distances of the embeddings with this name.
///
/// # Errors
/// There is nothing to draw.
pub fn distances(name: &str, distances: &Distances) -> Result<Picture> {
    let title = format!(
        "{name} · distances between {}, pair by pair",
        count(distances.embeddings, "embedding")
    );
    let pairs = histogram::Pairs {
        title: &title,
        largest: distances.largest,
        same: &distances.same_class_pairs,
        other: &distances.other_class_pairs,
        same_mean: distances.same_class,
        other_mean: distances.other_class,
    };
    histogram::draw(&pairs)
}

/// The title of a picture of vote top-k accuracy.
pub fn vote_top_k_title(voters: usize) -> String {
    let rank = if voters == 1 { "ranks" } else { "rank" };
    let voters = format!("{voters} {}", things(voters, "neighbour"));
    format!("Vote top-k accuracy: true class among the k that {voters} {rank} highest")
}

/// The same for the caption on a page.
pub fn vote_top_k_caption(voters: usize) -> String {
    let tutorial = VOTE_TOP_K.tutorial.unwrap_or_default();
    format!("{} (the tutorial's {tutorial})", vote_top_k_title(voters))
}

/// Values at k = 1, 2, … up to the largest k; NaN for a k without a value.
fn values_by_k(at: &[TopKAccuracy]) -> Vec<f64> {
    let largest = at.iter().map(|at| at.k).max().unwrap_or(0);
    let of = |k: usize| at.iter().find(|at| at.k == k).and_then(|at| at.accuracy);
    (1..=largest).map(|k| of(k).unwrap_or(f64::NAN)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_confused_come_first_and_right_ones_never() {
        let truth = [0, 0, 0, 0, 1, 1, 2, 2, 2];
        let taken = [0, 1, 1, 2, 0, 1, 2, 0, 2];
        let matrix = ConfusionMatrix::new(&truth, &taken, 3);
        let classes = ["a", "b", "c"].map(str::to_owned);
        let (pairs, found) = most_confused(&matrix, &classes);
        let named: Vec<(&str, &str, u64, u64)> =
            pairs.iter().map(|p| (p.class.name, p.taken_for.name, p.count, p.of)).collect();
        let expected = [("a", "b", 2, 4), ("b", "a", 1, 2), ("c", "a", 1, 3), ("a", "c", 1, 4)];
        assert_eq!(named, expected);
        assert_eq!(found, 4);
    }
}
