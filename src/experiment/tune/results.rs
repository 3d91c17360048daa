//! The results of trials, shared by the threads of one process.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::run::Trial;
use crate::session::Session;

/// How often a waiting trial checks for an interruption.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The results of the trials so far, which later trials wait for.
pub struct TrialResults {
    state: Mutex<(Vec<Option<Trial>>, bool)>,
    changed: Condvar,
}

impl TrialResults {
    /// No results yet, of this number of trials.
    pub fn new(trials: usize) -> TrialResults {
        TrialResults { state: Mutex::new((vec![None; trials], false)), changed: Condvar::new() }
    }

    /// Waits for the results of the first `count` trials.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if one of them failed, or the user interrupts.
    pub fn wait_for(&self, count: usize, session: &Session) -> Result<Vec<Trial>> {
        let mut state = self.state.lock().expect("no thread panics while it holds the lock");
        loop {
            let (trials, failed) = &*state;
            let ended: Option<Vec<Trial>> = trials[..count].iter().cloned().collect();
            match ended {
                Some(trials) => return Ok(trials),
                None if *failed => return Err(Error::Interrupted("not started".to_owned())),
                None => session.interrupt.check("not started")?,
            }
            let waited = self.changed.wait_timeout(state, POLL_INTERVAL);
            state = waited.expect("no thread panics while it holds the lock").0;
        }
    }

    /// Announces a trial that starts. If it panics, the waiting trials are interrupted.
    pub fn start(&self, index: usize) -> PendingTrial<'_> {
        PendingTrial { results: self, index, is_set: false }
    }

    fn set(&self, index: usize, trial: Option<Trial>) {
        let mut state = self.state.lock().expect("no thread panics while it holds the lock");
        state.1 |= trial.is_none();
        state.0[index] = trial;
        self.changed.notify_all();
    }
}

/// A running trial that others may wait for; it counts as failed if dropped without a result.
pub struct PendingTrial<'a> {
    results: &'a TrialResults,
    index: usize,
    is_set: bool,
}

impl PendingTrial<'_> {
    /// Sets the result of the trial, or `None` if it failed.
    pub fn finish(mut self, trial: Option<Trial>) {
        self.is_set = true;
        self.results.set(self.index, trial);
    }
}

impl Drop for PendingTrial<'_> {
    fn drop(&mut self) {
        if !self.is_set {
            self.results.set(self.index, None);
        }
    }
}
