//! Interruption by Ctrl-C or SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::error::{Error, Result};

/// The exit code of an interrupted program, by shell convention.
pub const INTERRUPTED: u8 = 130;

/// A flag that asks work to stop at the next point where nothing is lost. Set by Ctrl-C once
/// [`Interrupt::listen`] was called.
///
/// Clones share one flag.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    requested: Arc<AtomicBool>,
    /// Whether the message that the program stops has not been shown yet.
    notice_pending: Arc<AtomicBool>,
}

/// Maximum wait for the notice to be printed, in case nobody reads the output.
const PATIENCE: Duration = Duration::from_millis(500);

impl Interrupt {
    /// Requests a stop, as a signal does; returns whether one was already requested.
    pub fn request(&self) -> bool {
        self.requested.swap(true, Ordering::SeqCst)
    }

    /// Whether a stop was requested. Waits until the notice is printed, so that it comes before the
    /// message about where work stopped.
    pub fn is_requested(&self) -> bool {
        let requested = self.requested.load(Ordering::SeqCst);
        let start = Instant::now();
        while requested && self.notice_pending.load(Ordering::SeqCst) && start.elapsed() < PATIENCE
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        requested
    }

    /// # Errors
    /// [`Error::Interrupted`] with a description of where work stopped, if a stop was requested.
    pub fn check(&self, stopped_at: &str) -> Result<()> {
        if self.is_requested() { Err(Error::Interrupted(stopped_at.to_owned())) } else { Ok(()) }
    }

    /// From now on the first SIGINT or SIGTERM requests a stop and calls `notify` on another
    /// thread; the second ends the process immediately, keeping what is on disk.
    ///
    /// # Errors
    /// The signal handlers cannot be installed.
    pub fn listen(&self, notify: impl Fn() + Send + 'static) -> Result<()> {
        let mut signals = self.register().map_err(|error| {
            Error::Other(format!("cannot listen for Ctrl-C and SIGTERM: {error}"))
        })?;
        self.notice_pending.store(true, Ordering::SeqCst);
        let notice_pending = Arc::clone(&self.notice_pending);
        std::thread::spawn(move || {
            for _ in signals.forever() {
                notify();
                notice_pending.store(false, Ordering::SeqCst);
            }
        });
        Ok(())
    }

    /// The flag is set and the process ended in the signal handlers themselves, so that a hanging
    /// thread (writing to a pipe that nobody reads, for example) cannot keep the second signal from
    /// ending the process.
    fn register(&self) -> std::io::Result<Signals> {
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first handler checks the flag that the second one sets.
            let code = i32::from(INTERRUPTED);
            flag::register_conditional_shutdown(signal, code, Arc::clone(&self.requested))?;
            flag::register(signal, Arc::clone(&self.requested))?;
        }
        Signals::new([SIGINT, SIGTERM])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_flag() {
        let interrupt = Interrupt::default();
        let copy = interrupt.clone();
        assert!(interrupt.check("here").is_ok());
        assert!(!copy.request(), "the first");
        assert!(interrupt.is_requested() && interrupt.request(), "the second");
        assert_eq!(interrupt.check("here").unwrap_err().to_string(), "here");
    }
}
