//! Progress of training: a bar on a terminal, and a line per epoch everywhere.

use std::collections::HashSet;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::data::Watch;
use crate::words::{decimals, things};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// The bars of all runs and the lines above them, on stderr.
///
/// Bars appear only if stderr is a terminal; lines are always printed.
#[derive(Clone)]
pub struct Progress {
    bars: MultiProgress,
    terminal: bool,
    quiet: bool,
    all: Option<Arc<All>>,
    /// Lines printed once, no matter how many runs they apply to.
    said: Arc<Mutex<HashSet<String>>>,
}

/// The bar of all runs of a command.
struct All {
    bar: ProgressBar,
    runs: usize,
    ended: AtomicUsize,
}

impl Drop for All {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress {
    /// Bars on stderr if it is a terminal, otherwise none.
    pub fn new() -> Progress {
        Progress::on(std::io::stderr().is_terminal(), false)
    }

    /// Neither bars nor lines.
    pub fn quiet() -> Progress {
        Progress::on(false, true)
    }

    fn on(terminal: bool, quiet: bool) -> Progress {
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        Progress { bars, terminal, quiet, all: None, said: Arc::default() }
    }

    /// Prints a line above the bars.
    pub fn say(&self, line: &str) {
        // A closed stderr must not end training.
        let _ = match self.terminal {
            _ if self.quiet => Ok(()),
            true => self.bars.println(line),
            false => writeln!(std::io::stderr(), "{line}"),
        };
    }

    /// Prints a line above the bars, only the first time.
    pub fn say_once(&self, line: &str) {
        if self.said.lock().expect("no other thread panics").insert(line.to_owned()) {
            self.say(line);
        }
    }

    /// Calls a reader of many pictures with a callback that shows how far it is.
    pub fn reading<T>(&self, read: impl FnOnce(Watch) -> T) -> T {
        let bar = self.bars.add(ProgressBar::new(0));
        bar.set_style(reading_style());
        let watch = |done: usize, of: usize| {
            if bar.length() != Some(of as u64) {
                bar.set_length(of as u64);
            }
            bar.set_position(done as u64);
        };
        let read = read(&watch);
        bar.finish_and_clear();
        read
    }

    /// The same display with an overall bar below, for so many runs on so many images in total.
    pub fn of_many(&self, runs: usize, images: u64) -> Progress {
        let bar = self.bars.add(ProgressBar::new(images));
        bar.set_style(all_style());
        bar.set_message(format!("0 of {runs} {} ended", things(runs, "run")));
        let all = All { bar, runs, ended: AtomicUsize::new(0) };
        Progress { all: Some(Arc::new(all)), ..self.clone() }
    }

    /// Counts a finished run.
    pub fn ended(&self) {
        if let Some(all) = &self.all {
            let ended = all.ended.fetch_add(1, Ordering::Relaxed) + 1;
            let runs = things(all.runs, "run");
            all.bar.set_message(format!("{ended} of {} {runs} ended", all.runs));
        }
    }

    /// A bar for one run on so many images in total.
    pub fn run(&self, name: &str, images: u64) -> RunProgress {
        let bar = match &self.all {
            Some(all) => self.bars.insert_before(&all.bar, ProgressBar::new(images)),
            None => self.bars.add(ProgressBar::new(images)),
        };
        bar.set_style(style());
        bar.set_prefix(name.to_owned());
        bar.set_message("starting");
        let (progress, name) = (self.clone(), name.to_owned());
        RunProgress { bar, progress, name, images, counted: AtomicU64::new(0) }
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

/// The bar of one run, removed on drop.
pub struct RunProgress {
    bar: ProgressBar,
    progress: Progress,
    name: String,
    /// Images of the whole run.
    images: u64,
    /// Images already counted by the overall bar.
    counted: AtomicU64,
}

impl RunProgress {
    /// Shows the images seen so far in the run and the mean loss of the current epoch.
    pub fn seen(&self, images: u64, loss: f64) {
        self.bar.set_position(images);
        self.bar.set_message(format!("loss {}", decimals(loss, 4)));
        self.count(images);
    }

    /// Marks the run as trained, now or earlier.
    pub fn trained(&self) {
        self.bar.set_position(self.images);
        self.count(self.images);
    }

    fn count(&self, images: u64) {
        if let Some(all) = &self.progress.all {
            let before = self.counted.fetch_max(images, Ordering::Relaxed);
            all.bar.inc(images.saturating_sub(before));
        }
    }

    /// Starts at this position, so that the rate of a resumed run ignores earlier work.
    pub fn begin_at(&self, images: u64) {
        self.bar.set_position(images);
        self.bar.reset_eta();
        self.count(images);
    }

    /// Shows a stage after training, with a spinner: its length is unknown.
    pub fn stage(&self, stage: &str) {
        self.bar.set_style(stage_style());
        self.bar.set_message(stage.to_owned());
        self.bar.enable_steady_tick(SPIN);
    }

    /// Shows the steps of the current stage as a bar.
    pub fn step(&self, done: usize, of: usize) {
        if done == 1 {
            self.bar.disable_steady_tick();
            self.bar.set_length(of as u64);
            self.bar.set_position(0);
            self.bar.reset_eta();
            self.bar.set_style(step_style());
        }
        self.bar.set_position(done as u64);
    }

    /// Prints a line that applies to several runs, only the first time.
    pub fn say_once(&self, line: &str) {
        self.progress.say_once(line);
    }

    /// Prints a line above the bars, prefixed with the run's name.
    pub fn say(&self, line: &str) {
        self.progress.say(&format!("{}: {line}", self.name));
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Interval of the spinner.
const SPIN: Duration = Duration::from_millis(120);

fn stage_style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {spinner} {msg}").expect("the template is a constant")
}

fn reading_style() -> ProgressStyle {
    let template = "reading [{wide_bar}] {percent:>3} % · {pos} of {len} pictures · {eta} left";
    ProgressStyle::with_template(template)
        .expect("the template is a constant")
        .progress_chars("=> ")
}

fn all_style() -> ProgressStyle {
    let template = "all [{wide_bar}] {percent:>3} % · {msg} · {eta} left";
    ProgressStyle::with_template(template)
        .expect("the template is a constant")
        .progress_chars("=> ")
}

fn step_style() -> ProgressStyle {
    let template = "{prefix} [{wide_bar}] {percent:>3} % · {msg}, step {pos} of {len} · {eta} left";
    ProgressStyle::with_template(template)
        .expect("the template is a constant")
        .progress_chars("=> ")
}

fn style() -> ProgressStyle {
    let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
        let _ = write!(out, "{:.0} images/s", state.per_sec());
    };
    ProgressStyle::with_template(
        "{prefix} [{wide_bar}] {percent:>3} % · {msg} · {rate} · {eta} left",
    )
    .expect("the template is a constant")
    .progress_chars("=> ")
    .with_key("rate", rate)
}
