//! Progress and cancellation of long computations.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Result;
use crate::runtime::Interrupt;

/// Progress and cancellation of a computation.
#[derive(Clone, Copy, Default)]
pub struct Watch<'a> {
    interrupt: Option<&'a Interrupt>,
    show: Option<&'a (dyn Fn(&str) + Sync)>,
}

impl<'a> Watch<'a> {
    /// Stops computations when `interrupt` is set; `show` receives a short text for each stage.
    pub fn new(interrupt: &'a Interrupt, show: &'a (dyn Fn(&str) + Sync)) -> Watch<'a> {
        Watch { interrupt: Some(interrupt), show: Some(show) }
    }

    /// Shows the current stage.
    pub fn show(&self, stage: &str) {
        if let Some(show) = self.show {
            show(stage);
        }
    }

    /// Whether the user asked to stop. Parallel loops poll this and end early; the caller then returns
    /// the error of [`Watch::check`] instead of the incomplete result.
    pub fn is_stopped(&self) -> bool {
        self.interrupt.is_some_and(Interrupt::is_requested)
    }

    /// # Errors
    /// [`Error::Interrupted`](crate::error::Error::Interrupted) if the user asked to stop.
    pub fn check(&self) -> Result<()> {
        self.interrupt.map_or(Ok(()), |interrupt| interrupt.check("stopped while evaluating"))
    }
}

/// Progress of a stage in percent, counted by many threads.
pub struct StageProgress<'a> {
    watch: &'a Watch<'a>,
    stage: &'static str,
    done: AtomicUsize,
    of: usize,
}

impl<'a> StageProgress<'a> {
    /// Starts a stage of so many parts.
    pub fn begin(watch: &'a Watch<'a>, stage: &'static str, of: usize) -> StageProgress<'a> {
        watch.show(stage);
        StageProgress { watch, stage, done: AtomicUsize::new(0), of: of.max(1) }
    }

    /// Counts a finished part, and shows the percentage if it changed.
    pub fn finish_part(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let percent = |done: usize| 100 * done / self.of;
        if percent(done) != percent(done - 1) {
            self.watch.show(&format!("{}, {} %", self.stage, percent(done)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn each_percent_is_shown_once_and_an_interrupt_is_an_error() {
        let (interrupt, shown) = (Interrupt::default(), Mutex::new(Vec::new()));
        let show = |stage: &str| shown.lock().unwrap().push(stage.to_owned());
        let watch = Watch::new(&interrupt, &show);
        let stage = StageProgress::begin(&watch, "neighbours", 400);
        (0..400).for_each(|_| stage.finish_part());
        let shown = shown.lock().unwrap();
        assert_eq!((shown.len(), shown[0].as_str()), (101, "neighbours"));
        assert_eq!(
            (shown[1].as_str(), shown[100].as_str()),
            ("neighbours, 1 %", "neighbours, 100 %")
        );
        assert!(watch.check().is_ok() && Watch::default().check().is_ok());
        interrupt.request();
        assert!(watch.is_stopped() && !Watch::default().is_stopped());
        assert_eq!(watch.check().unwrap_err().to_string(), "stopped while evaluating");
    }
}
