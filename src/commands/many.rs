//! What commands with many runs share: the plan told first, and the way on after an interruption.

use super::{cores, print};
use crate::cli::{ManyArgs, SettingArgs};
use crate::error::{Error, Result};
use crate::eval::Score;
use crate::experiment::{Arm, Forecast, Plan, Session};
use crate::words::line;

/// A plan of these arms under the flags that commands with many runs share.
pub fn planned(arms: Vec<Arm>, seeds: &[u64], settings: &SettingArgs, many: &ManyArgs) -> Plan {
    let unseen = arms.iter().any(|arm| arm.config.data.unseen_classes != "none");
    Plan {
        score: many.metric.unwrap_or(if unseen { Score::MapAtR } else { Score::Accuracy }),
        arms,
        seeds: seeds.to_vec(),
        jobs: many.jobs.unwrap_or(cores(settings.cores)),
        runs: settings.runs.clone(),
        force: many.force,
        command: typed(),
    }
}

/// Flags that change nothing of what is made.
const OF_NO_MATTER: [&str; 4] = ["--collect", "--json", "--quiet", "-q"];

/// The command line as a shell would take it to make the same again.
pub fn typed() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words = words.filter(|word| !OF_NO_MATTER.contains(&word.as_str()));
    line(&std::iter::once("dml".to_owned()).chain(words).collect::<Vec<_>>())
}

/// Tells what will be done and how long it takes; whether that was all that was asked for.
///
/// # Errors
/// Stdout cannot be written to.
pub fn told_plan(session: &Session, forecast: &Forecast, many: &ManyArgs) -> Result<bool> {
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
