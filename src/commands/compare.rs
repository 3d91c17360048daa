//! `dml compare`: losses × seeds on the same data.

use super::many::{RESUME, planned, resume_hint, show_plan, warn_renamed, with_hint};
use super::submit::{Mode, mode, run_other_mode};
use super::{
    TABLE_WIDTH, cores, flags, open_test, print, print_json, report_init, wrapped, written,
};
use crate::cli::{CompareArgs, KeyArgs};
use crate::error::Result;
use crate::experiment::{Comparison, TimeEstimate, Variant};
use crate::page::Reporter;
use crate::session::Session;
use crate::train::Progress;

/// Trains or reuses all runs, evaluates and compares them.
///
/// # Errors
/// Invalid settings or data; a run that failed; an interruption.
pub fn compare(args: CompareArgs, progress: Progress) -> Result<()> {
    let KeyArgs { train_size, unseen_classes, set } = &args.keys;
    let flag = |config| flags(config, &args.settings, unseen_classes.as_deref(), *train_size);
    let variants =
        Variant::from_names(&args.grid.losses.0, args.settings.config.as_deref(), flag, set)?;
    let plan = planned(variants, &args.grid.seeds.0, &args.settings, &args.many);
    plan.check()?;
    let mode = mode(&args.many)?;
    let cores = cores(args.settings.cores);
    let session = Session::open(&plan.variants[0].config, cores, progress)?;
    warn_renamed(&args.many, &session.progress);
    report_init(&session, plan.variants.iter().map(|variant| &variant.config))?;
    let test = args.test.as_ref().filter(|_| !matches!(mode, Mode::Task(_)));
    let test = test.map(|path| open_test(&session, &plan.variants[0].config, path)).transpose()?;
    if run_other_mode("compare", (&session, &plan), &args.settings, &args.many)? {
        return Ok(());
    }
    let estimate = TimeEstimate { remarks: plan.remarks(), ..TimeEstimate::of(&session, &plan)? };
    if show_plan(&session, &estimate, &args.many)? {
        return Ok(());
    }
    session.listen()?;
    let mut comparison = Comparison::new(&session, &plan, test.as_ref())
        .map_err(|error| with_hint(error, resume_hint(plan.force)))?;
    // The results on validation images are on disk before any test image is used.
    let folder = comparison.write(&session)?;
    if let Some(test) = &test {
        comparison.evaluate_on(&session, &plan, test).map_err(|error| with_hint(error, RESUME))?;
    }
    if args.many.json {
        print_json(&comparison)?;
    } else {
        print(&format!("{}\n\n{}", text(&comparison), written(&folder)))?;
    }
    // The result is printed first, in case the report fails.
    Reporter::new(Some(&session.dataset), &session.cores).comparison(&comparison).map(drop)
}

fn text(comparison: &Comparison) -> String {
    let mut parts =
        vec![wrapped(&comparison.caption()), comparison.summary.shown().blocks(TABLE_WIDTH)];
    parts.extend(comparison.ranking_table().map(|table| table.terminal()));
    parts.extend(comparison.no_ranks().map(|why| wrapped(&why)));
    parts.push(wrapped(&comparison.conclusion));
    if let Some(test) = &comparison.test {
        parts.push(wrapped(&comparison.test_caption(test)));
        parts.push(test.summary.shown().blocks(TABLE_WIDTH));
        parts.extend(comparison.test_ranking_table().map(|table| table.terminal()));
    }
    parts.join("\n\n")
}
