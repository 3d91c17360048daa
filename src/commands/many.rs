//! What commands with many runs share: the plan told first, and the way on after an interruption.

use super::{cores, print};
use crate::cli::{ManyArgs, SettingArgs};
use crate::error::{Error, Result};
use crate::eval::Score;
use crate::experiment::{Arm, Forecast, Plan, Session};

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
    }
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

/// An interruption, with how to go on.
pub fn way_on(error: Error, force: bool) -> Error {
    match error {
        Error::Interrupted(place) => {
            let way_on = if force {
                "the same command without --force goes on from here, and takes finished runs that \
                 were not replaced yet as they are"
            } else {
                "the same command goes on from here"
            };
            Error::Interrupted(format!("{place}; {way_on}"))
        }
        other => other,
    }
}
