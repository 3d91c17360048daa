//! What the trials of one process know of each other.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::run::Trial;
use crate::session::Session;

/// How often a trial that waits looks whether somebody asks to stop.
const LOOK_UP: Duration = Duration::from_millis(100);

/// The trials that ended so far, and those who wait for them.
pub struct Board {
    state: Mutex<(Vec<Option<Trial>>, bool)>,
    changed: Condvar,
}

impl Board {
    /// Of a search that has so many trials, none of which has ended.
    pub fn new(trials: usize) -> Board {
        Board { state: Mutex::new((vec![None; trials], false)), changed: Condvar::new() }
    }

    /// Waits for the first `count` trials.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where one of them will not end, or somebody asks to stop.
    pub fn up_to(&self, count: usize, session: &Session) -> Result<Vec<Trial>> {
        let mut state = self.state.lock().expect("nobody panics with the lock");
        loop {
            let (trials, given_up) = &*state;
            let ended: Option<Vec<Trial>> = trials[..count].iter().cloned().collect();
            match ended {
                Some(trials) => return Ok(trials),
                None if *given_up => return Err(Error::Interrupted("not begun".to_owned())),
                None => session.interrupt.check("not begun")?,
            }
            let waited = self.changed.wait_timeout(state, LOOK_UP);
            state = waited.expect("nobody panics with the lock").0;
        }
    }

    /// Of a trial that begins: where it ends by a panic, those that wait hear of it.
    pub fn promise(&self, place: usize) -> Promise<'_> {
        Promise { board: self, place, kept: false }
    }

    fn put(&self, place: usize, trial: Option<Trial>) {
        let mut state = self.state.lock().expect("nobody panics with the lock");
        state.1 |= trial.is_none();
        state.0[place] = trial;
        self.changed.notify_all();
    }
}

/// A trial that others wait for; given up where it is dropped.
pub struct Promise<'a> {
    board: &'a Board,
    place: usize,
    kept: bool,
}

impl Promise<'_> {
    /// Puts down a trial that ended, or that it will not.
    pub fn keep(mut self, trial: Option<Trial>) {
        self.kept = true;
        self.board.put(self.place, trial);
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.board.put(self.place, None);
        }
    }
}
