//! `dml compare`: losses × seeds, side by side.

use super::{cores, print, print_json, resolve, wrapped};
use crate::cli::CompareArgs;
use crate::error::{Error, Result};
use crate::experiment::{Comparison, Plan, Session};
use crate::loss::Loss;
use crate::train::Progress;

/// Trains or reuses every run, evaluates it, and puts them beside each other.
///
/// # Errors
/// Wrong settings, faulty data, a run that failed; an interruption.
pub fn compare(args: CompareArgs) -> Result<()> {
    let progress = Progress::new();
    let config = resolve(&args.settings)?;
    let of_name = |name: &String| match Loss::by_name(name)? {
        // The configuration's settings of its own loss hold for that loss.
        loss if loss.name() == config.loss.name() => Ok(config.loss.clone()),
        loss => Ok(loss),
    };
    let losses = args.losses.iter().map(of_name).collect::<Result<Vec<Loss>>>()?;
    let cores = cores(args.settings.cores);
    let plan = Plan {
        config,
        losses,
        seeds: args.seeds.clone(),
        jobs: args.jobs.unwrap_or(cores),
        runs: args.settings.runs.clone(),
        force: args.force,
    };
    plan.check()?;
    let session = Session::open(&plan.config, cores, progress)?;
    session.listen()?;
    let comparison = Comparison::new(&session, &plan).map_err(|error| way_on(error, &plan))?;
    let folder = comparison.write(&session)?;
    if args.json {
        return print_json(&comparison);
    }
    print(&format!(
        "{}\n\n{}\n\n{}\n\nwritten to {}",
        wrapped(&comparison.caption()),
        comparison.summary.table().terminal(None),
        wrapped(&comparison.conclusion),
        folder.display()
    ))
}

/// An interruption, with how to go on.
fn way_on(error: Error, plan: &Plan) -> Error {
    match error {
        Error::Interrupted(place) => {
            let way_on = if plan.force {
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
