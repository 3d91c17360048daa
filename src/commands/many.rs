//! What commands with many runs share: the plan told first, and the way on after an interruption.

use super::{cores, print};
use crate::cli::{ManyArgs, Metric, SettingArgs};
use crate::error::{Error, Result};
use crate::eval::Score;
use crate::experiment::{Plan, TimeEstimate, Variant};
use crate::session::Session;
use crate::train::Progress;
use crate::words::line;

/// A plan of these variants under the flags that commands with many runs share.
pub fn planned(
    variants: Vec<Variant>,
    seeds: &[u64],
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Plan {
    let unseen = variants.iter().any(|variant| variant.config.data.unseen_classes != "none");
    let by_default = if unseen { Score::MapAtR } else { Score::Accuracy };
    Plan {
        score: many.metric.map_or(by_default, |metric| metric.score),
        variants,
        seeds: seeds.to_vec(),
        jobs: many.jobs.unwrap_or(cores(settings.cores)),
        runs: settings.runs.clone(),
        force: many.force,
        command: typed(),
    }
}

/// Warns about a metric under its earlier name.
pub fn tell_renamed(many: &ManyArgs, progress: &Progress) {
    many.metric.and_then(Metric::warning).iter().for_each(|warning| progress.say(warning));
}

/// Flags that change nothing of what is made.
const OF_NO_MATTER: [&str; 4] = ["--collect", "--json", "--quiet", "-q"];

/// The command line as a shell would take it to make the same again.
pub fn typed() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words = words.filter(|word| !OF_NO_MATTER.contains(&word.as_str()));
    line(&std::iter::once("dml".to_owned()).chain(words).collect::<Vec<_>>())
}

/// The same command line with another value of a flag, to do what is missing: without `--force`.
pub fn typed_with(flag: &str, value: impl ToString) -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    line(&with_flag(words, flag, &value.to_string()))
}

fn with_flag(words: impl Iterator<Item = String>, flag: &str, value: &str) -> Vec<String> {
    let words = words.filter(|word| !OF_NO_MATTER.contains(&word.as_str()));
    let words: Vec<String> = std::iter::once("dml".to_owned()).chain(words).collect();
    let mut found = without(&words, &[("force", false), (flag.trim_start_matches('-'), true)]);
    found.extend([flag.to_owned(), value.to_owned()]);
    found
}

/// Words of a command line without some flags, each by its name and whether it takes a value, and
/// without their values.
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

/// Tells what will be done and how long it takes; whether that was all that was asked for.
///
/// # Errors
/// Stdout cannot be written to.
pub fn told_plan(session: &Session, forecast: &TimeEstimate, many: &ManyArgs) -> Result<bool> {
    if many.dry_run {
        print(&forecast.told())?;
    } else {
        session.progress.say(&forecast.told());
    }
    Ok(many.dry_run)
}

/// How to go on after an interruption.
pub const GOES_ON: &str = "the same command goes on from here";
/// The same where `--force` had removed all before it began.
pub const GOES_ON_ANEW: &str = "the same command without --force goes on from here";
/// The same where `--force` replaces run by run.
pub const GOES_ON_MIXED: &str = "the same command without --force goes on from here, and takes \
                                 finished runs that were not replaced yet as they are";

/// An interruption, with how to go on.
pub fn way_on(error: Error, how: &str) -> Error {
    match error {
        Error::Interrupted(place) => Error::Interrupted(format!("{place}; {how}")),
        other => other,
    }
}

/// How to go on with runs that are replaced one by one under `--force`.
pub fn going_on(force: bool) -> &'static str {
    if force { GOES_ON_MIXED } else { GOES_ON }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_with_another_value_of_a_flag_and_never_with_force() {
        let of =
            |text: &str| with_flag(text.split(' ').map(str::to_owned), "--trials", "60").join(" ");
        let expected = "dml tune --loss a --trials 60";
        assert_eq!(of("tune --loss a"), expected);
        assert_eq!(of("tune --trials 3 --force --loss a"), expected);
        assert_eq!(of("tune --trials=3 --loss a --quiet"), expected);
    }
}
