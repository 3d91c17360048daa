//! `dml compare`: losses × seeds, side by side.

use super::many::{GOES_ON, going_on, planned, tell_renamed, told_plan, way_on};
use super::submit::{Mode, done_otherwise, mode};
use super::{WIDEST, cores, flags, open_test, print, print_json, tell_init, wrapped, written};
use crate::cli::{CompareArgs, KeyArgs};
use crate::error::Result;
use crate::experiment::{Comparison, TimeEstimate, Variant};
use crate::page::Reporter;
use crate::session::Session;
use crate::train::Progress;

/// Trains or reuses every run, evaluates it, and puts them beside each other.
///
/// # Errors
/// Wrong settings, faulty data, a run that failed; an interruption.
pub fn compare(args: CompareArgs, progress: Progress) -> Result<()> {
    let KeyArgs { train_size, unseen_classes, set } = &args.keys;
    let flag = |config| flags(config, &args.settings, unseen_classes.as_deref(), *train_size);
    let variants =
        Variant::of_words(&args.grid.losses.0, args.settings.config.as_deref(), flag, set)?;
    let plan = planned(variants, &args.grid.seeds.0, &args.settings, &args.many);
    plan.check()?;
    let mode = mode(&args.many)?;
    let cores = cores(args.settings.cores);
    let session = Session::open(&plan.variants[0].config, cores, progress)?;
    tell_renamed(&args.many, &session.progress);
    tell_init(&session, plan.variants.iter().map(|variant| &variant.config))?;
    let test = args.test.as_ref().filter(|_| !matches!(mode, Mode::Task(_)));
    let test = test.map(|path| open_test(&session, &plan.variants[0].config, path)).transpose()?;
    if done_otherwise("compare", (&session, &plan), &args.settings, &args.many)? {
        return Ok(());
    }
    let forecast = TimeEstimate { remarks: plan.remarks(), ..TimeEstimate::of(&session, &plan)? };
    if told_plan(&session, &forecast, &args.many)? {
        return Ok(());
    }
    session.listen()?;
    let told = |error| way_on(error, going_on(plan.force));
    let mut comparison = Comparison::new(&session, &plan, test.as_ref()).map_err(told)?;
    // What the validation images say is on the disk before the test images are looked at.
    let folder = comparison.write(&session)?;
    if let Some(test) = &test {
        comparison.look_at(&session, &plan, test).map_err(|error| way_on(error, GOES_ON))?;
    }
    if args.many.json {
        print_json(&comparison)?;
    } else {
        print(&format!("{}\n\n{}", shown(&comparison), written(&folder)))?;
    }
    // What was found is told before anything can go wrong with its page.
    Reporter::new(Some(&session.dataset), &session.cores).comparison(&comparison).map(drop)
}

fn shown(comparison: &Comparison) -> String {
    let mut parts = vec![wrapped(&comparison.caption()), comparison.summary.shown().blocks(WIDEST)];
    parts.extend(comparison.standings_table().map(|table| table.terminal()));
    parts.push(wrapped(&comparison.conclusion));
    if let Some(test) = &comparison.test {
        parts.push(wrapped(&comparison.test_caption(test)));
        parts.push(test.summary.shown().blocks(WIDEST));
        parts.extend(comparison.test_standings_table().map(|table| table.terminal()));
    }
    parts.join("\n\n")
}
