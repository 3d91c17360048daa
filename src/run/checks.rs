//! Checks before training that a run has enough images to learn from and to evaluate on.

use std::path::Path;

use super::setup::Run;
use crate::config::Config;
use crate::data::{BatchKind, class_sizes};
use crate::error::{Error, Fault, Result};
use crate::eval::{Score, is_answerable};
use crate::evaluation::UNANSWERABLE;
use crate::session::Session;
use crate::words::count;

impl Run {
    /// Refuses a run whose evaluation images cannot give this score.
    ///
    /// # Errors
    /// No evaluation image has another image of its class to retrieve.
    pub fn check_evaluation_images(&self, score: Score) -> Result<()> {
        match &self.unseen {
            Some(unseen) => self.check_answerable(score, is_answerable(&unseen.labels, None)),
            None => self.check_scored(score),
        }
    }

    /// The same for validation images, with the training images as references.
    ///
    /// # Errors
    /// As [`Run::check_evaluation_images`].
    pub fn check_scored(&self, score: Score) -> Result<()> {
        let (train, validation) = (&self.train.labels, &self.validation.labels);
        self.check_answerable(score, is_answerable(train, Some(validation)))
    }

    fn check_answerable(&self, score: Score, answerable: bool) -> Result<()> {
        let (seed, images) = (self.record.seed, count(self.train_images(), "image"));
        let why = || {
            Error::Other(format!(
                "with {images} to train on and seed {seed}, {score} cannot be computed: {UNANSWERABLE}"
            ))
        };
        answerable.then_some(()).ok_or_else(why)
    }
}

/// Refuses files that a loss cannot learn from: with one class only, or, for a loss on pairs, without
/// two images of one class. If only the training subset lacks them, dml warns and trains.
pub fn check_pairs(session: &Session, config: &Config, unseen: &[i64]) -> Result<()> {
    let file = Path::new(&config.data.path);
    let dataset = &session.dataset;
    if let [only] = dataset.classes.as_slice() {
        let fault = Fault::new(file, "is the label of every image").value(&only.label);
        return Err(fault.remedy("a loss needs at least two classes").into());
    }
    let seen =
        class_sizes(&dataset.labels).into_iter().filter(|(class, _)| !unseen.contains(class));
    let has_pair = seen.map(|(_, images)| images).any(|images| images > 1);
    if config.loss.batches() == BatchKind::Images || has_pair {
        return Ok(());
    }
    let loss = config.loss.name();
    let problem = format!("has no class with two images, so {loss} has no positive pair");
    let remedy = "use a loss on single images, such as cross-entropy, or more images per class";
    Err(Fault::new(file, problem).remedy(remedy).into())
}
