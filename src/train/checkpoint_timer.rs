//! When checkpoints are written.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// When checkpoints are written in addition to those at the end of each epoch: `"epoch"`, `"N steps"` or
/// `"N s"`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CheckpointEvery {
    /// Never.
    Epoch,
    /// Every so many steps of the epoch; at least 1.
    Steps(usize),
    /// After so many seconds since the last one; above 0.
    Seconds(f64),
}

/// Losing half a minute of work is acceptable, and a checkpoint takes a few milliseconds.
impl Default for CheckpointEvery {
    fn default() -> CheckpointEvery {
        CheckpointEvery::Seconds(30.0)
    }
}

/// Longer than any useful interval, and representable on every clock.
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
            format!(
                "'{text}' is not a checkpoint interval; expected \"epoch\", \"200 steps\" or \"30 s\""
            )
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

/// If epochs are shorter than writing a checkpoint, writing may take one part in this many of the
/// time: a run of ten images would otherwise spend 90 % of its time on files.
const SAVING: u32 = 10;

/// Decides when the next checkpoint is due.
pub(super) struct CheckpointTimer {
    every: CheckpointEvery,
    last: Instant,
    /// Duration of the last write.
    cost: Duration,
}

impl CheckpointTimer {
    /// The first checkpoint is due one interval from now.
    pub fn new(every: CheckpointEvery) -> CheckpointTimer {
        CheckpointTimer { every, last: Instant::now(), cost: Duration::ZERO }
    }

    /// Whether a checkpoint is due after this many steps of the epoch.
    pub fn is_due(&self, steps: usize) -> bool {
        match self.every {
            CheckpointEvery::Epoch => false,
            CheckpointEvery::Steps(every) => steps.is_multiple_of(every),
            CheckpointEvery::Seconds(every) => {
                self.last.elapsed() >= Duration::from_secs_f64(every)
            }
        }
    }

    /// Whether to save now, after an epoch, or only after a later one. With an interval in steps or
    /// epochs each epoch is saved; with one in seconds, short epochs may be skipped.
    pub fn is_due_after_epoch(&self) -> bool {
        match self.every {
            CheckpointEvery::Epoch | CheckpointEvery::Steps(_) => true,
            CheckpointEvery::Seconds(every) => {
                let longest = Duration::from_secs_f64(every);
                self.last.elapsed() >= (self.cost * SAVING).min(longest)
            }
        }
    }

    /// Calls `write` and restarts the timer.
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
    fn intervals_round_trip_through_text() {
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
    fn an_invalid_interval_is_refused_with_valid_examples() {
        for text in ["", "30", "0 s", "-1 s", "NaN s", "inf s", "0 steps", "1.5 steps", "epochs"] {
            let message = text.parse::<CheckpointEvery>().unwrap_err();
            assert!(message.contains("expected \"epoch\", \"200 steps\" or \"30 s\""), "{message}");
        }
    }

    #[test]
    fn short_epochs_skip_checkpoints_unless_each_is_asked_for() {
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
        assert!(
            after_saving(CheckpointEvery::Seconds(1e-9), long),
            "never later than the interval"
        );
        assert!(after_saving(CheckpointEvery::Epoch, long));
        assert!(after_saving(CheckpointEvery::Steps(200), long));
    }

    #[test]
    fn steps_and_seconds_are_honoured_within_an_epoch() {
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
