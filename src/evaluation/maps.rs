//! Computes, writes and draws the t-SNEs of a run.

use std::time::Instant;

use ndarray::Array2;

use super::arrays::write_map;
use super::pictures;
use super::result::{Evaluation, TsneFigures};
use crate::config::Config;
use crate::data::Subset;
use crate::error::Result;
use crate::eval::tsne;
use crate::files::ResultFolder;
use crate::files::layout::{TSNE, TSNE_TRAIN};
use crate::session::Session;
use crate::train::RunProgress;

/// The inputs that both t-SNEs of a run share.
pub struct Maps<'a> {
    pub session: &'a Session,
    pub folder: &'a ResultFolder,
    pub config: &'a Config,
    pub progress: &'a RunProgress,
}

impl Maps<'_> {
    /// Computes and draws the t-SNE of the validation images; returns the seconds of the t-SNE alone.
    ///
    /// # Errors
    /// A file cannot be written. A t-SNE that cannot be computed is only a remark.
    pub fn of_validation(
        &self,
        embeddings: &Array2<f32>,
        subset: &Subset,
        evaluation: &mut Evaluation,
    ) -> Result<f64> {
        self.progress.stage("t-SNE");
        let (map, seconds) = self.compute(embeddings);
        match map {
            Ok(map) => {
                evaluation.tsne = Some(self.figures(&map));
                map.remarks.iter().for_each(|text| self.remark(text.clone(), evaluation));
                let title = pictures::tsne_title(&evaluation.loss, evaluation);
                self.save_map(&map, subset, (TSNE, "tsne.png"), &title, &evaluation.classes)?;
            }
            Err(reason) => self.remark(format!("no t-SNE: {reason}"), evaluation),
        }
        Ok(seconds)
    }

    /// The same for the training images, in files of their own.
    ///
    /// # Errors
    /// As [`Maps::of_validation`].
    pub fn of_train(
        &self,
        embeddings: &Array2<f32>,
        subset: &Subset,
        evaluation: &mut Evaluation,
    ) -> Result<f64> {
        self.progress.stage("t-SNE of the training images");
        let (map, seconds) = self.compute(embeddings);
        match map {
            Ok(map) => {
                evaluation.tsne_train = Some(self.figures(&map));
                for text in &map.remarks {
                    self.remark(format!("training images: {text}"), evaluation);
                }
                let title = pictures::tsne_train_title(evaluation);
                self.save_map(
                    &map,
                    subset,
                    (TSNE_TRAIN, "tsne_train.png"),
                    &title,
                    &evaluation.classes,
                )?;
            }
            Err(reason) => {
                self.remark(format!("no t-SNE of the training images: {reason}"), evaluation);
            }
        }
        Ok(seconds)
    }

    fn compute(&self, embeddings: &Array2<f32>) -> (Result<tsne::Map>, f64) {
        let start = Instant::now();
        let (config, progress) = (self.config, self.progress);
        let map = self.session.cores.run_on_free_cores(|| {
            let report = |done, of| progress.step(done, of);
            tsne::embed(embeddings.view(), &config.tsne, config.train.seed, &report)
        });
        (map.and_then(|map| map), start.elapsed().as_secs_f64())
    }

    fn figures(&self, map: &tsne::Map) -> TsneFigures {
        TsneFigures { engine: self.config.tsne.engine, perplexity: map.perplexity, kl: map.kl }
    }

    /// Writes the coordinates of a map and its picture under these two file names.
    fn save_map(
        &self,
        map: &tsne::Map,
        subset: &Subset,
        (table, picture): (&str, &str),
        title: &str,
        classes: &[String],
    ) -> Result<()> {
        write_map(&self.folder.file(table), self.session, &subset.rows, map)?;
        pictures::tsne(title, classes, map, &subset.labels)?
            .save(&self.folder.plot(picture), self.session.style)
    }

    fn remark(&self, remark: String, evaluation: &mut Evaluation) {
        self.progress.say_once(&remark);
        let before = evaluation.tsne_remark.take().map(|before| before + "; ");
        evaluation.tsne_remark = Some(before.unwrap_or_default() + &remark);
    }
}
