//! One run of a plan, in parallel with the others or as a separate task.

use super::compare::Finished;
use super::plan::Plan;
use super::schedule::run_in_parallel;
use super::unfinished::unknown_task;
use super::variant::Variant;
use crate::error::{Divergence, Error, Result};
use crate::evaluation::{Evaluation, UNANSWERABLE, evaluated};
use crate::run::{Existing, Run, RunLock, Status, evaluate};
use crate::session::Session;
use crate::train::{History, RunProgress};

impl Plan {
    /// Does one run, given by its index in [`Plan::tasks`], exactly as [`Plan::carry_out`] does.
    ///
    /// # Errors
    /// An unknown task; not enough memory or disk space; errors of the run.
    pub fn carry_out_one(&self, session: &Session, task: usize) -> Result<Finished> {
        let tasks = self.tasks();
        let &(variant, seed) = tasks.get(task).ok_or_else(|| unknown_task(task, tasks.len()))?;
        let variant = &self.variants[variant];
        self.prepare_run(session, variant, seed)?.check_resources(session)?;
        let mut done = run_in_parallel(session, 1, vec![seed], |session, seed| {
            self.run(session, variant, seed)
        });
        done.pop().expect("one task has one result")
    }

    /// Trains and evaluates a run, or reuses it if it is finished.
    pub fn run(&self, session: &Session, variant: &Variant, seed: u64) -> Result<Finished> {
        session.interrupt.check("not started")?;
        let run = self.prepare_run(session, variant, seed)?;
        let _lock = RunLock::take(&run.folder)?;
        let progress = session.progress.run(&format!("{} seed {seed}", variant.name), run.images());
        if let Some(divergence) = self.known_divergence(&run)? {
            progress.say("diverged before; use --force to train it again");
            return Err(Error::Diverged(divergence));
        }
        let (history, evaluation) = self.train_and_evaluate(session, &run, &progress)?;
        let name = self.score.name(evaluation.figures.knn.k);
        match self.score.of(&evaluation.figures) {
            Some(value) => progress.say(&format!("{name} {value:.4}")),
            None => progress.say(&format!("no {name}: {UNANSWERABLE}")),
        }
        let (folder, train) = (run.folder.path().to_path_buf(), run.train_images());
        let steps = history.steps(&run.config.train, train);
        Ok(Finished { seed, folder, train, steps, history, evaluation })
    }

    fn train_and_evaluate(
        &self,
        session: &Session,
        run: &Run,
        progress: &RunProgress,
    ) -> Result<(History, Evaluation)> {
        let existing = if self.force { Existing::Replace } else { Existing::Resume };
        let history = run.train(session, existing, progress)?;
        progress.trained();
        let evaluation = match evaluated(session, &run.folder, &run.config)? {
            Some(evaluation) => evaluation,
            None => evaluate(session, &run.folder, &run.config, progress)?,
        };
        Ok((history, evaluation))
    }

    /// Why a run diverged before, if it is not to be repeated.
    fn known_divergence(&self, run: &Run) -> Result<Option<Divergence>> {
        // A trained run has two models, and the evaluation of the other may succeed.
        let is_trained = run.folder.record()?.is_some_and(|run| run.status == Status::Trained);
        match self.force || is_trained {
            true => Ok(None),
            false => run.divergence(),
        }
    }
}
