//! `dml sweep`: losses over training-set sizes, or over the values of any setting.

use super::many::{going_on, planned, tell_renamed, told_plan, way_on};
use super::submit::{done_otherwise, mode};
use super::{WIDEST, cores, flags, print, print_json, tell_init, wrapped, written};
use crate::cli::SweepArgs;
use crate::error::Result;
use crate::experiment::{Axes, Sweep, TimeEstimate, Variant};
use crate::page::Reporter;
use crate::session::Session;
use crate::train::Progress;

/// Trains or reuses every run of a grid, evaluates it, and draws the curves.
///
/// # Errors
/// Wrong settings, faulty data, a run that failed; an interruption.
pub fn sweep(args: SweepArgs, progress: Progress) -> Result<()> {
    let unseen = args.unseen_classes.as_deref();
    let flag = |config| flags(config, &args.settings, unseen, None);
    let (fixed, set) = Axes::fixed(args.set.iter().map(|values| values.0.clone()).collect());
    let bases =
        Variant::of_words(&args.grid.losses.0, args.settings.config.as_deref(), flag, &fixed)?;
    let axes = Axes::new(&args.train_size, set, args.equal == "steps")?;
    mode(&args.many)?;
    let session = Session::open(&bases[0].config, cores(args.settings.cores), progress)?;
    tell_renamed(&args.many, &session.progress);
    tell_init(&session, bases.iter().map(|base| &base.config))?;
    let variants = axes.variants(&bases)?;
    let plan = planned(variants, &args.grid.seeds.0, &args.settings, &args.many);
    plan.check()?;
    if done_otherwise("sweep", (&session, &plan), &args.settings, &args.many)? {
        return Ok(());
    }
    if told_plan(&session, &TimeEstimate::of(&session, &plan)?, &args.many)? {
        return Ok(());
    }
    session.listen()?;
    let names = bases.into_iter().map(|base| base.name).collect();
    let sweep = Sweep::new(&session, &plan, axes, names)
        .map_err(|error| way_on(error, going_on(plan.force)))?;
    let folder = sweep.write()?;
    if args.many.json {
        print_json(&sweep)?;
    } else {
        print(&format!(
            "{}\n\n{}\n\n{}\n\n{}",
            wrapped(&sweep.caption()),
            sweep.table().blocks(WIDEST),
            wrapped(&sweep.conclusion),
            written(&folder)
        ))?;
    }
    Reporter::new(Some(&session.dataset), &session.cores).sweep(&sweep).map(drop)
}
