//! What a user sees while a run trains: a bar on a terminal, a line an epoch everywhere.

use std::fmt::Write;
use std::io::IsTerminal;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// The bars of all runs and the lines above them, on stderr.
///
/// Bars appear only where stderr is a terminal; the lines always stay.
#[derive(Clone)]
pub struct Progress {
    bars: MultiProgress,
    terminal: bool,
}

impl Progress {
    /// Bars on stderr if it is a terminal, else none.
    pub fn new() -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Progress { bars: MultiProgress::with_draw_target(target), terminal }
    }

    /// Writes a line that stays.
    pub fn say(&self, line: &str) {
        // Neither can fail in a way that matters: without a stderr there is nobody to tell.
        if self.terminal {
            let _ = self.bars.println(line);
        } else {
            eprintln!("{line}");
        }
    }

    /// A bar for one run that will see so many images in all.
    pub fn run(&self, name: &str, images: u64) -> RunProgress {
        let bar = self.bars.add(ProgressBar::new(images));
        bar.set_style(style());
        bar.set_prefix(name.to_owned());
        RunProgress { bar, progress: self.clone(), name: name.to_owned() }
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

/// One run's bar; it goes when this value does.
pub struct RunProgress {
    bar: ProgressBar,
    progress: Progress,
    name: String,
}

impl RunProgress {
    /// So many images of the whole run were seen, the mean loss of the epoch so far is `loss`.
    pub fn seen(&self, images: u64, loss: f64) {
        self.bar.set_position(images);
        self.bar.set_message(format!("loss {loss:.4}"));
    }

    /// A resumed run begins here, so that the rate counts only what is done now.
    pub fn begin_at(&self, images: u64) {
        self.bar.set_position(images);
        self.bar.reset_eta();
    }

    /// What the run does now, after training.
    pub fn stage(&self, stage: &str) {
        self.bar.set_message(stage.to_owned());
    }

    /// Writes a line that stays, with the run's name in front.
    pub fn say(&self, line: &str) {
        self.progress.say(&format!("{}: {line}", self.name));
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    let rate = |state: &ProgressState, out: &mut dyn Write| {
        let _ = write!(out, "{:.0} images/s", state.per_sec());
    };
    ProgressStyle::with_template(
        "{prefix} [{bar:24}] {percent:>3} % · {msg} · {rate} · {eta_precise} left",
    )
    .expect("the template is a constant")
    .progress_chars("=> ")
    .with_key("rate", rate)
}
