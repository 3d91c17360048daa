//! Cross-entropy and the pairwise losses that it bounds, during one training run.

mod results;
mod rows;
mod tracer;

use std::path::Path;

use self::rows::{REMEDY, Row, is_finite, read};
use self::tracer::Tracer;
use crate::config::Config;
use crate::error::{Error, Fault, Result};
use crate::files::layout::BOUND;
use crate::run::{Existing, Run, RunLock};
use crate::session::Session;
use crate::train::remedy;

/// The picture of the losses.
const PICTURE: &str = "bound.png";

/// A training run with the losses along the way.
pub struct Bound {
    rows: Vec<Row>,
    run: Run,
    images: usize,
    /// What to change if training diverged; else empty.
    remedy: String,
}

impl Bound {
    /// Trains or resumes a run, and computes the losses on the validation images at about `points`
    /// steps.
    ///
    /// # Errors
    /// As [`Run::train`]; embeddings with fewer dimensions than classes, which cannot be logits.
    pub fn new(
        session: &Session,
        config: Config,
        points: usize,
        (runs, force): (&Path, bool),
    ) -> Result<Bound> {
        let run = Run::prefixed(session, config, runs, &format!("bound-{points}-"))?;
        let (validation, classes) =
            (run.validation_numbered()?, run.trained_classes()?.len() as i64);
        let all_classes = session.dataset.classes.len();
        let size = run.config.model.architecture(session.dataset.shape, all_classes)?.embedding();
        if size < classes {
            let problem = format!(
                "must be at least {classes}, because the embeddings are the logits of cross-entropy"
            );
            return Err(Error::setting("model.embedding", size, problem));
        }
        let all = run.steps();
        let path = run.folder.file(BOUND);
        run.check_resources(session)?;
        let _lock = RunLock::take(&run.folder)?;
        let (existing, rows) = match force {
            true => (Existing::Replace, Vec::new()),
            false => (Existing::Resume, read(&path)?),
        };
        let images = validation.rows.len();
        let every = all.div_ceil(points).max(1);
        let mut tracer = Tracer {
            session,
            validation,
            classes,
            path,
            every,
            all,
            epochs: run.config.train.epochs,
            rows,
        };
        let bar = session.progress.run(&run.title(), run.images());
        run.train_observed(session, existing, &mut tracer, &bar)?;
        let rows = tracer.rows;
        if rows.last().is_none_or(|row| row.step != all) {
            // Something else has continued the run, without computing the losses.
            let problem = format!("ends before the last step of training, {all}");
            let fault = Fault::new(&run.folder.file(BOUND), problem);
            return Err(fault.remedy(REMEDY).into());
        }
        let settings = &run.config;
        let remedy = match rows.iter().all(is_finite) {
            true => String::new(),
            false => remedy(&settings.train, &settings.loss, &session.images, true),
        };
        let bound = Bound { rows, run, images, remedy };
        bound.run.folder.create_plots()?;
        bound.draw()?.save(&bound.run.folder.plot(PICTURE), session.style)?;
        Ok(bound)
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        self.run.folder.path()
    }
}
