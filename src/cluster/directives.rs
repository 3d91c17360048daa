//! Limits and options for Slurm's `sbatch`, checked before it is called.

use std::fmt;
use std::str::FromStr;

/// Time limit of a task, in any of Slurm's formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLimit {
    text: String,
    /// The limit in seconds.
    pub seconds: u64,
}

/// The formats of a time limit, for error messages.
const TIMES: &str =
    "expected minutes, H:MM:SS, D-H, D-H:MM or D-H:MM:SS, for example 90 or 2:00:00";

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<TimeLimit, String> {
        let seconds = seconds_of(text).filter(|&seconds| seconds > 0).ok_or(TIMES)?;
        Ok(TimeLimit { text: text.to_owned(), seconds })
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Seconds of a time limit; `None` for another format or a number of more than six digits.
fn seconds_of(text: &str) -> Option<u64> {
    let number = |part: &str| -> Option<u64> {
        let digits = (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse().ok())?
    };
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, text),
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let within_day = match (days.is_some(), parts.as_slice()) {
        (true, [hours]) => 3600 * hours,
        (true, [hours, minutes]) => 3600 * hours + 60 * minutes,
        (false, [minutes]) => 60 * minutes,
        (false, [minutes, seconds]) => 60 * minutes + seconds,
        (_, [hours, minutes, seconds]) => 3600 * hours + 60 * minutes + seconds,
        _ => return None,
    };
    Some(86_400 * days.unwrap_or(0) + within_day)
}

/// Memory of a task: a number of megabytes, or a number with its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory(String);

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Memory, String> {
        let number = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
        match number.parse::<u64>() {
            Ok(1..) => Ok(Memory(text.to_owned())),
            _ => Err("expected a number with K, M, G or T, for example 4G".to_owned()),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any other option of `sbatch`, for example `--account=x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SbatchOption(String);

/// Options that the scripts set themselves, with what to do instead.
const RESERVED: [(&str, &str); 15] = [
    ("--array", "choose the runs with --losses, --seeds and the like"),
    ("-a", "choose the runs with --losses, --seeds and the like"),
    ("--dependency", "submit when the other job has ended"),
    ("-d", "submit when the other job has ended"),
    ("--cpus-per-task", "use --cores"),
    ("-c", "use --cores"),
    ("--signal", "use --grace"),
    ("--no-requeue", "a task that reaches its time limit is requeued to resume"),
    ("--output", "the logs are next to the script"),
    ("-o", "the logs are next to the script"),
    ("--error", "the logs are next to the script"),
    ("-e", "the logs are next to the script"),
    ("--chdir", "run dml in that folder"),
    ("-D", "run dml in that folder"),
    ("--wrap", "dml writes the script"),
];

impl FromStr for SbatchOption {
    type Err = String;

    fn from_str(text: &str) -> Result<SbatchOption, String> {
        if !text.starts_with('-') || text.trim_start_matches('-').is_empty() {
            return Err(
                "expected one option with its value, for example --sbatch=--account=x".to_owned()
            );
        }
        if text.chars().any(char::is_control) {
            return Err("must be a single line".to_owned());
        }
        let name = match text.starts_with("--") {
            true => text.split(['=', ' ']).next().unwrap_or(text),
            // The value of a short option may follow without a space.
            false => text.get(..2).unwrap_or(text),
        };
        match RESERVED.iter().find(|(reserved, _)| *reserved == name) {
            Some((_, instead)) => Err(format!("dml sets {name} itself: {instead}")),
            None => Ok(SbatchOption(text.to_owned())),
        }
    }
}

impl fmt::Display for SbatchOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_of_slurms_formats() {
        let seconds = |text: &str| text.parse::<TimeLimit>().unwrap().seconds;
        let times = ["90", "1:30", "2:00:00", "1-2", "1-2:30", "1-0:00:01"].map(seconds);
        assert_eq!(times, [5400, 90, 7200, 93_600, 95_400, 86_401]);
        for wrong in ["", "0", "1h", "-1", "1:2:3:4", "1-", "1-2:3:4:5", "1.5", "99999999"] {
            assert_eq!(wrong.parse::<TimeLimit>().unwrap_err(), TIMES, "{wrong}");
        }
    }

    #[test]
    fn memory_is_a_number_with_an_optional_unit() {
        assert!(["4G", "500M", "2000"].iter().all(|text| text.parse::<Memory>().is_ok()));
        assert!(
            ["4 GB", "0", "G", "-1", "lots"].iter().all(|text| text.parse::<Memory>().is_err())
        );
    }

    #[test]
    fn options_that_would_break_the_tasks_are_refused_with_the_way_out() {
        let read = |text: &str| text.parse::<SbatchOption>();
        assert!(read("--account=x").is_ok() && read("-A x").is_ok() && read("--exclusive").is_ok());
        assert_eq!(read("-c 4").unwrap_err(), "dml sets -c itself: use --cores");
        assert!(read("--array=0-9").unwrap_err().starts_with("dml sets --array itself"));
        assert!(read("account=x").unwrap_err().contains("for example --sbatch=--account=x"));
        assert!(read("--").is_err() && read("--comment=a\nb").is_err());
    }
}
