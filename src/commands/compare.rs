//! `dml compare`: losses × seeds, side by side.

use super::{cores, flags, print, print_json, wrapped};
use crate::cli::{CompareArgs, KeyArgs, ManyArgs, SettingArgs};
use crate::config::Config;
use crate::data::{self, ClassNames, CsvOptions, Dataset};
use crate::error::{Error, Fault, Result};
use crate::eval::Score;
use crate::experiment::{Arm, Comparison, Forecast, Plan, Session};
use crate::train::Progress;

/// Trains or reuses every run, evaluates it, and puts them beside each other.
///
/// # Errors
/// Wrong settings, faulty data, a run that failed; an interruption.
pub fn compare(args: CompareArgs) -> Result<()> {
    let progress = Progress::new();
    let KeyArgs { train_size, unseen_classes, set } = &args.keys;
    let flag = |config| flags(config, &args.settings, unseen_classes.as_deref(), *train_size);
    let arms = Arm::of_words(&args.losses, args.settings.config.as_deref(), flag, set)?;
    let plan = planned(arms, &args.seeds, &args.settings, &args.many);
    plan.check()?;
    let cores = cores(args.settings.cores);
    let session = Session::open(&plan.arms[0].config, cores, progress)?;
    let test = args.test.as_ref().map(|path| open_test(&session, &plan.arms[0].config, path));
    let test = test.transpose()?;
    if told_plan(&session, &plan, &args.many)? {
        return Ok(());
    }
    session.listen()?;
    let comparison = Comparison::new(&session, &plan, test.as_ref())
        .map_err(|error| way_on(error, plan.force))?;
    let folder = comparison.write(&session)?;
    if args.many.json {
        return print_json(&comparison);
    }
    print(&format!("{}\n\nwritten to {}", told(&comparison), folder.display()))
}

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
/// Settings that do not fit the data; not enough memory or disk.
pub fn told_plan(session: &Session, plan: &Plan, many: &ManyArgs) -> Result<bool> {
    let forecast = Forecast::of(session, plan)?;
    if many.dry_run {
        print(&forecast.told())?;
    } else {
        session.progress.say(&forecast.told());
    }
    Ok(many.dry_run)
}

/// Reads test images, of whose classes the training images know all.
fn open_test(session: &Session, config: &Config, path: &std::path::Path) -> Result<Dataset> {
    // Names come from the runs; a test file may lack some of the classes.
    let options = CsvOptions { names: ClassNames::Labels, ..config.data.csv_options(false) };
    let test = data::load(path, &options)?;
    if test.sha256 == session.dataset.sha256 {
        let problem = "holds the very images that the runs are trained on";
        let remedy = "name a file of other images with --test";
        return Err(Fault::new(path, problem).remedy(remedy).into());
    }
    test.with_classes(&session.dataset.classes)
}

fn told(comparison: &Comparison) -> String {
    let mut parts = vec![wrapped(&comparison.caption()), comparison.summary.table().terminal(None)];
    parts.extend(comparison.standings().map(|table| table.terminal(None)));
    parts.push(wrapped(&comparison.conclusion));
    if let Some(test) = &comparison.test {
        parts.push(wrapped(&comparison.test_caption(test)));
        parts.push(test.summary.table().terminal(None));
        parts.extend(comparison.test_standings().map(|table| table.terminal(None)));
    }
    parts.join("\n\n")
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
