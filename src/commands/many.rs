//! What commands with many runs share: showing the plan, and how to resume after an interruption.

use super::{cores, print};
use crate::cli::{ManyArgs, Metric, SettingArgs};
use crate::error::{Error, Result};
use crate::eval::Score;
use crate::experiment::{Plan, TimeEstimate, Variant};
use crate::session::Session;
use crate::train::Progress;
use crate::words::line;

/// A plan of these variants with the flags that commands with many runs share.
pub fn planned(
    variants: Vec<Variant>,
    seeds: &[u64],
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Plan {
    let unseen = variants.iter().any(|variant| variant.config.data.unseen_classes != "none");
    Plan {
        score: many.metric.map_or(Score::by_default(unseen), |metric| metric.score),
        variants,
        seeds: seeds.to_vec(),
        jobs: many.jobs.unwrap_or(cores(settings.cores)),
        runs: settings.runs.clone(),
        force: many.force,
        command: command_line(),
    }
}

/// Warns about the earlier name of a metric.
pub fn warn_renamed(many: &ManyArgs, progress: &Progress) {
    many.metric.and_then(Metric::warning).iter().for_each(|warning| progress.say(warning));
}

/// Flags that do not affect the results.
const WITHOUT_EFFECT: [&str; 4] = ["--collect", "--json", "--quiet", "-q"];

/// The command line that reproduces the results, quoted for a shell.
pub fn command_line() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words = words.filter(|word| !WITHOUT_EFFECT.contains(&word.as_str()));
    line(&std::iter::once("dml".to_owned()).chain(words).collect::<Vec<_>>())
}

/// The same command line with another value of a flag, and without `--force`.
pub fn command_line_with(flag: &str, value: impl ToString) -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    line(&with_flag(words, flag, &value.to_string()))
}

fn with_flag(words: impl Iterator<Item = String>, flag: &str, value: &str) -> Vec<String> {
    let words = words.filter(|word| !WITHOUT_EFFECT.contains(&word.as_str()));
    let words: Vec<String> = std::iter::once("dml".to_owned()).chain(words).collect();
    let mut line = without(&words, &[("force", false), (flag.trim_start_matches('-'), true)]);
    line.extend([flag.to_owned(), value.to_owned()]);
    line
}

/// Removes flags and their values from a command line; each flag comes with whether it takes a value.
pub fn without(words: &[String], flags: &[(&str, bool)]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").unwrap_or("");
        let (name, value) = name.split_once('=').map_or((name, false), |(name, _)| (name, true));
        match flags.iter().find(|(flag, _)| *flag == name) {
            Some((_, true)) if !value => drop(words.next()),
            Some(_) => {}
            None => kept.push(word.clone()),
        }
    }
    kept
}

/// Shows what will be done and how long it will take; returns whether that was all, with `--dry-run`.
///
/// # Errors
/// Stdout cannot be written to.
pub fn show_plan(session: &Session, estimate: &TimeEstimate, many: &ManyArgs) -> Result<bool> {
    if many.dry_run {
        print(&estimate.to_text())?;
    } else {
        session.progress.say(&estimate.to_text());
    }
    Ok(many.dry_run)
}

/// How to resume after an interruption.
pub const RESUME: &str = "run the same command again to resume";
/// How to resume if `--force` has removed everything before the work began.
pub const RESUME_WITHOUT_FORCE: &str = "run the same command without --force to resume";
/// How to resume if `--force` replaces one run after the other.
const RESUME_REPLACING: &str = "run the same command without --force to resume; it keeps the finished \
                                runs that were not replaced yet";

/// Adds a hint to an interruption.
pub fn with_hint(error: Error, hint: &str) -> Error {
    match error {
        Error::Interrupted(message) => Error::Interrupted(format!("{message}; {hint}")),
        other => other,
    }
}

/// How to resume a plan, whose runs `--force` replaces one after the other.
pub fn resume_hint(force: bool) -> &'static str {
    if force { RESUME_REPLACING } else { RESUME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_command_has_the_new_value_of_a_flag_and_no_force() {
        let of =
            |text: &str| with_flag(text.split(' ').map(str::to_owned), "--trials", "60").join(" ");
        let expected = "dml tune --loss a --trials 60";
        assert_eq!(of("tune --loss a"), expected);
        assert_eq!(of("tune --trials 3 --force --loss a"), expected);
        assert_eq!(of("tune --trials=3 --loss a --quiet"), expected);
    }
}
