//! `dml report`: writes the HTML report of a result folder.

use std::path::Path;

use super::{print, report_written, with_images};
use crate::cli::ReportArgs;
use crate::error::Result;
use crate::files::{HTML, Output, OutputRules, ResultFolder, keeper_of};
use crate::page::report as write_report;
use crate::run::named_folder;
use crate::runtime::Cores;
use crate::train::Progress;

/// Writes the report on a run, a comparison, a sweep or a search.
///
/// # Errors
/// An unknown folder; a run that is not evaluated; other images than those it was trained on; a file
/// that must not or cannot be written.
pub fn report(args: ReportArgs, progress: &Progress) -> Result<()> {
    let folder = match &args.folder {
        Some(folder) => named_folder(folder, &args.runs)?,
        None => ResultFolder::newest(&args.runs)?.0.path().to_path_buf(),
    };
    let out = args.out.as_deref().map(|out| checked_out(out, &args)).transpose()?;
    let cores = Cores::new(Cores::available());
    let _core = cores.take();
    let (data, say) = (args.data.as_deref(), |line: &str| progress.say(line));
    let path = write_report(&folder, out.as_ref(), data, &cores, say)?;
    match &out {
        Some(out) => report_written(out, &format!("written to {}", out.shown()), progress),
        None => print(&format!("written to {}", path.display())),
    }
}

/// The checked output.
fn checked_out(named: &Path, args: &ReportArgs) -> Result<Output> {
    let keeper = |path: &Path| keeper_of(path, &args.runs);
    let rules = OutputRules::new(args.force, &keeper);
    let mut rules = match &args.data {
        Some(data) => with_images(rules, "the images", Path::new(data)),
        None => rules,
    };
    let out = rules.file("--out", named)?;
    out.refuse_other_kind("--out", &HTML, "")?;
    Ok(out)
}
