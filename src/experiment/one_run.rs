//! One run of a plan, wherever that is: here beside the others, or as a task of its own.

use super::compare::Finished;
use super::plan::Plan;
use super::schedule::side_by_side;
use super::unfinished::no_task;
use super::variant::Variant;
use crate::error::{Divergence, Error, Result};
use crate::evaluation::{Evaluation, UNANSWERABLE, evaluated};
use crate::run::{Existing, Run, RunLock, Status, evaluate};
use crate::session::Session;
use crate::train::{History, RunProgress};

impl Plan {
    /// One run by its place among [`Plan::tasks`], just as [`Plan::carry_out`] does it.
    ///
    /// # Errors
    /// There is no such place; not enough memory or disk; those of the run.
    pub fn carry_out_one(&self, session: &Session, place: usize) -> Result<Finished> {
        let tasks = self.tasks();
        let &(variant, seed) = tasks.get(place).ok_or_else(|| no_task(place, tasks.len()))?;
        let variant = &self.variants[variant];
        self.prepare_run(session, variant, seed)?.check_needs(session)?;
        let mut done =
            side_by_side(session, 1, vec![seed], |session, seed| self.run(session, variant, seed));
        done.pop().expect("one task has one result")
    }

    /// A run of a variant under a seed, done now or before.
    pub fn run(&self, session: &Session, variant: &Variant, seed: u64) -> Result<Finished> {
        session.interrupt.check("not begun")?;
        let run = self.prepare_run(session, variant, seed)?;
        let _lock = RunLock::take(&run.folder)?;
        let progress = session.progress.run(&format!("{} seed {seed}", variant.name), run.images());
        if let Some(divergence) = self.known_divergence(&run)? {
            progress.say("diverged already, not tried again without --force");
            return Err(Error::Diverged(divergence));
        }
        let (history, evaluation) = self.train_and_evaluate(session, &run, &progress)?;
        let name = self.score.name(evaluation.figures.knn.k);
        match self.score.of(&evaluation.figures) {
            Some(value) => progress.say(&format!("{name} {value:.4}")),
            None => progress.say(&format!("there is no {name}: {UNANSWERABLE}")),
        }
        let (folder, train) = (run.folder.path().to_path_buf(), run.train_images());
        Ok(Finished { seed, folder, train, history, evaluation })
    }

    fn train_and_evaluate(
        &self,
        session: &Session,
        run: &Run,
        progress: &RunProgress,
    ) -> Result<(History, Evaluation)> {
        let existing = if self.force { Existing::Replace } else { Existing::GoOn };
        let history = run.train(session, existing, progress)?;
        progress.trained();
        let evaluation = match evaluated(session, &run.folder, &run.config)? {
            Some(evaluation) => evaluation,
            None => evaluate(session, &run.folder, &run.config, progress)?,
        };
        Ok((history, evaluation))
    }

    /// Why a run that is not to be done anew has no figures and never will.
    fn known_divergence(&self, run: &Run) -> Result<Option<Divergence>> {
        // A trained run has two models, of which the other may well have figures.
        let is_trained = run.folder.record()?.is_some_and(|run| run.status == Status::Trained);
        match self.force || is_trained {
            true => Ok(None),
            false => run.divergence(),
        }
    }
}
