//! A user's wish to stop: Ctrl-C, or a system that shuts down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::error::{Error, Result};

/// The exit code of a program that was interrupted, as shells give it.
pub const INTERRUPTED: u8 = 130;

/// Whether work should stop at the next place where nothing is lost.
///
/// Copies share one wish.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    /// Whether somebody is to be told of it and has not been yet.
    untold: Arc<AtomicBool>,
}

/// Longest wait for the user to be told, who may not read.
const PATIENCE: Duration = Duration::from_millis(500);

impl Interrupt {
    /// Asks to stop, as a signal does; tells whether somebody had asked before.
    pub fn ask(&self) -> bool {
        self.asked.swap(true, Ordering::SeqCst)
    }

    /// Whether somebody asked to stop. What is said of it comes first, so that no word of where
    /// work stopped stands before it.
    pub fn is_asked(&self) -> bool {
        let asked = self.asked.load(Ordering::SeqCst);
        let start = Instant::now();
        while asked && self.untold.load(Ordering::SeqCst) && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        asked
    }

    /// # Errors
    /// [`Error::Interrupted`] with the place where work stopped, if somebody asked to stop.
    pub fn check(&self, place: &str) -> Result<()> {
        if self.is_asked() { Err(Error::Interrupted(place.to_owned())) } else { Ok(()) }
    }

    /// From now on the first SIGINT or SIGTERM asks to stop, and calls `told` on a thread of its
    /// own; the second ends the process at once, with what is on the disk.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen(&self, told: impl Fn() + Send + 'static) -> Result<()> {
        let mut signals = self.register().map_err(|refusal| {
            Error::Other(format!("cannot listen for Ctrl-C and SIGTERM: {refusal}"))
        })?;
        self.untold.store(true, Ordering::SeqCst);
        let untold = Arc::clone(&self.untold);
        std::thread::spawn(move || {
            for _ in signals.forever() {
                told();
                untold.store(false, Ordering::SeqCst);
            }
        });
        Ok(())
    }

    /// Ends and asks within the handlers themselves, so that nothing that hangs, a pipe that
    /// nobody reads for example, keeps the second signal from ending the process.
    fn register(&self) -> std::io::Result<Signals> {
        for signal in [SIGINT, SIGTERM] {
            // In this order: what the first handler looks at is set by the second.
            let code = i32::from(INTERRUPTED);
            flag::register_conditional_shutdown(signal, code, Arc::clone(&self.asked))?;
            flag::register(signal, Arc::clone(&self.asked))?;
        }
        Signals::new([SIGINT, SIGTERM])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_one_wish() {
        let interrupt = Interrupt::default();
        let copy = interrupt.clone();
        assert!(interrupt.check("here").is_ok());
        assert!(!copy.ask(), "the first");
        assert!(interrupt.is_asked() && interrupt.ask(), "the second");
        assert_eq!(interrupt.check("here").unwrap_err().to_string(), "here");
    }
}
