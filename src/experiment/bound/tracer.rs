//! Computes the losses on the validation images during training.

use std::path::PathBuf;

use tch::Tensor;

use super::rows::{Row, write};
use crate::data::Subset;
use crate::error::Result;
use crate::eval;
use crate::loss::bound_terms;
use crate::model::Network;
use crate::session::Session;
use crate::train::{EpochDecision, Observer, RunProgress};

/// Computes the losses at regular intervals.
pub struct Tracer<'a> {
    pub session: &'a Session,
    pub validation: Subset,
    pub classes: i64,
    pub path: PathBuf,
    pub every: usize,
    pub all: usize,
    pub epochs: usize,
    pub rows: Vec<Row>,
}

impl Tracer<'_> {
    fn record(&mut self, step: usize, network: &mut dyn Network) -> Result<()> {
        let embeddings = eval::embed(network, &self.session.images, &self.validation.rows, false);
        let (rows, columns) = embeddings.dim();
        let flat = Tensor::from_slice(&embeddings.into_raw_vec_and_offset().0);
        let z = flat.view([rows as i64, columns as i64]);
        let labels = Tensor::from_slice(&self.validation.labels);
        // After an interruption a step may come again.
        self.rows.retain(|row| row.step < step);
        self.rows.push(Row { step, terms: bound_terms(&z, &labels, self.classes) });
        write(&self.path, &self.rows)
    }
}

impl Observer for Tracer<'_> {
    fn step_interval(&self) -> Option<usize> {
        Some(self.every)
    }

    fn after_steps(&mut self, steps: usize, network: &mut dyn Network) -> Result<()> {
        self.record(steps, network)
    }

    fn after_epoch(
        &mut self,
        epoch: usize,
        network: &mut dyn Network,
        _progress: &RunProgress,
    ) -> Result<EpochDecision> {
        if epoch == self.epochs {
            self.record(self.all, network)?;
        }
        Ok(EpochDecision::Continue)
    }
}
