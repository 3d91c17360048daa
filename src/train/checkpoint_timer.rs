//! How often training is saved within an epoch.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// When checkpoints are written beside those at the end of each epoch: `"epoch"`, `"N steps"` or
/// `"N s"`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CheckpointEvery {
    /// Never.
    Epoch,
    /// After so many steps of the epoch; at least 1.
    Steps(usize),
    /// When so many seconds have passed since the last; above 0.
    Seconds(f64),
}

/// Half a minute of work is soon done again, and a checkpoint costs some milliseconds.
impl Default for CheckpointEvery {
    fn default() -> CheckpointEvery {
        CheckpointEvery::Seconds(30.0)
    }
}

/// Nobody waits longer for a checkpoint, and all clocks can count so far.
const MOST_SECONDS: f64 = 1e9;

impl FromStr for CheckpointEvery {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<CheckpointEvery, String> {
        let number = |unit: &str| text.strip_suffix(unit).map(str::trim);
        let read = if text == "epoch" {
            Some(CheckpointEvery::Epoch)
        } else if let Some(steps) = number("steps").or(number("step")) {
            steps.parse().ok().filter(|&steps| steps > 0).map(CheckpointEvery::Steps)
        } else {
            let seconds = number("s").and_then(|seconds| seconds.parse().ok());
            let possible = |seconds: &f64| *seconds > 0.0 && *seconds <= MOST_SECONDS;
            seconds.filter(possible).map(CheckpointEvery::Seconds)
        };
        read.ok_or_else(|| {
            format!("'{text}' is no time of checkpoints; take \"epoch\", \"200 steps\" or \"30 s\"")
        })
    }
}

impl TryFrom<String> for CheckpointEvery {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<CheckpointEvery, String> {
        text.parse()
    }
}

impl From<CheckpointEvery> for String {
    fn from(every: CheckpointEvery) -> String {
        every.to_string()
    }
}

impl fmt::Display for CheckpointEvery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointEvery::Epoch => write!(f, "epoch"),
            CheckpointEvery::Steps(steps) => write!(f, "{steps} steps"),
            CheckpointEvery::Seconds(seconds) => write!(f, "{seconds} s"),
        }
    }
}

/// Where epochs are shorter than it takes to save them, saving takes about one part in so many of the
/// time: a run of ten images would else spend nine tenths of it on its files.
const SAVING: u32 = 10;

/// Tells when the next checkpoint is due.
pub(super) struct CheckpointTimer {
    every: CheckpointEvery,
    last: Instant,
    /// How long the last one took.
    cost: Duration,
}

impl CheckpointTimer {
    /// The first is due a whole interval from now.
    pub fn new(every: CheckpointEvery) -> CheckpointTimer {
        CheckpointTimer { every, last: Instant::now(), cost: Duration::ZERO }
    }

    /// Whether one is due after so many steps of the epoch.
    pub fn is_due(&self, steps: usize) -> bool {
        match self.every {
            CheckpointEvery::Epoch => false,
            CheckpointEvery::Steps(every) => steps.is_multiple_of(every),
            CheckpointEvery::Seconds(every) => {
                self.last.elapsed() >= Duration::from_secs_f64(every)
            }
        }
    }

    /// Whether an epoch that has just ended is saved now, or together with a later one: who names
    /// steps or epochs gets every one, and seconds leave it open.
    pub fn is_due_after_epoch(&self) -> bool {
        match self.every {
            CheckpointEvery::Epoch | CheckpointEvery::Steps(_) => true,
            CheckpointEvery::Seconds(every) => {
                let longest = Duration::from_secs_f64(every);
                self.last.elapsed() >= (self.cost * SAVING).min(longest)
            }
        }
    }

    /// Writes a checkpoint.
    pub fn save<R>(&mut self, write: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let written = write();
        self.last = Instant::now();
        self.cost = self.last - start;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let cases = [
            ("epoch", CheckpointEvery::Epoch),
            ("1 steps", CheckpointEvery::Steps(1)),
            ("200 steps", CheckpointEvery::Steps(200)),
            ("0.5 s", CheckpointEvery::Seconds(0.5)),
            ("30 s", CheckpointEvery::default()),
        ];
        for (text, every) in cases {
            assert_eq!(text.parse(), Ok(every));
            assert_eq!(every.to_string(), text);
        }
        assert_eq!("1 step".parse(), Ok(CheckpointEvery::Steps(1)));
        assert_eq!("30s".parse(), Ok(CheckpointEvery::default()));
    }

    #[test]
    fn what_is_no_time_is_told_with_what_is() {
        for text in ["", "30", "0 s", "-1 s", "NaN s", "inf s", "0 steps", "1.5 steps", "epochs"] {
            let message = text.parse::<CheckpointEvery>().unwrap_err();
            assert!(message.contains("take \"epoch\", \"200 steps\" or \"30 s\""), "{message}");
        }
    }

    #[test]
    fn short_epochs_are_saved_a_few_together_unless_every_one_is_asked_for() {
        let after_saving = |every, cost: Duration| {
            let mut cadence = CheckpointTimer::new(every);
            assert!(cadence.is_due_after_epoch(), "the first is always saved");
            cadence.save(|| ());
            cadence.cost = cost;
            cadence.is_due_after_epoch()
        };
        let long = Duration::from_secs(1000);
        assert!(!after_saving(CheckpointEvery::default(), long));
        assert!(after_saving(CheckpointEvery::default(), Duration::ZERO));
        assert!(after_saving(CheckpointEvery::Seconds(1e-9), long), "no longer than is asked for");
        assert!(after_saving(CheckpointEvery::Epoch, long));
        assert!(after_saving(CheckpointEvery::Steps(200), long));
    }

    #[test]
    fn one_is_due_every_so_many_steps_and_never_where_epochs_are_enough() {
        let due = |every| {
            let cadence = CheckpointTimer::new(every);
            (1..=7).filter(|&steps| cadence.is_due(steps)).collect::<Vec<_>>()
        };
        assert_eq!(due(CheckpointEvery::Steps(3)), [3, 6]);
        assert!(due(CheckpointEvery::Epoch).is_empty());
        assert!(due(CheckpointEvery::Seconds(1e9)).is_empty());
        assert_eq!(due(CheckpointEvery::Seconds(1e-9)), [1, 2, 3, 4, 5, 6, 7]);
    }
}
