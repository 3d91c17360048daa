//! `dml sweep`: losses over training-set sizes, or over values of any setting.

use super::many::{planned, resume_hint, show_plan, warn_renamed, with_hint};
use super::submit::{mode, run_other_mode};
use super::{TABLE_WIDTH, cores, flags, print, print_json, report_init, wrapped, written};
use crate::cli::SweepArgs;
use crate::error::Result;
use crate::experiment::{Axes, Sweep, TimeEstimate, Variant};
use crate::page::Reporter;
use crate::session::Session;
use crate::train::Progress;

/// Trains or reuses all runs of a grid, evaluates them, and draws the curves.
///
/// # Errors
/// Invalid settings or data; a run that failed; an interruption.
pub fn sweep(args: SweepArgs, progress: Progress) -> Result<()> {
    let unseen = args.unseen_classes.as_deref();
    let flag = |config| flags(config, &args.settings, unseen, None);
    let (fixed, set) = Axes::fixed(args.set.iter().map(|values| values.0.clone()).collect());
    let bases =
        Variant::from_names(&args.grid.losses.0, args.settings.config.as_deref(), flag, &fixed)?;
    let axes = Axes::new(&args.train_size, set, args.equal == "steps")?;
    mode(&args.many)?;
    let session = Session::open(&bases[0].config, cores(args.settings.cores), progress)?;
    warn_renamed(&args.many, &session.progress);
    report_init(&session, bases.iter().map(|base| &base.config))?;
    let variants = axes.variants(&bases)?;
    let plan = planned(variants, &args.grid.seeds.0, &args.settings, &args.many);
    plan.check()?;
    if run_other_mode("sweep", (&session, &plan), &args.settings, &args.many)? {
        return Ok(());
    }
    if show_plan(&session, &TimeEstimate::of(&session, &plan)?, &args.many)? {
        return Ok(());
    }
    session.listen()?;
    let names = bases.into_iter().map(|base| base.name).collect();
    let sweep = Sweep::new(&session, &plan, axes, names)
        .map_err(|error| with_hint(error, resume_hint(plan.force)))?;
    let folder = sweep.write()?;
    if args.many.json {
        print_json(&sweep)?;
    } else {
        print(&format!(
            "{}\n\n{}\n\n{}\n\n{}",
            wrapped(&sweep.caption()),
            sweep.table().blocks(TABLE_WIDTH),
            wrapped(&sweep.conclusion),
            written(&folder)
        ))?;
    }
    Reporter::new(Some(&session.dataset), &session.cores).sweep(&sweep).map(drop)
}
