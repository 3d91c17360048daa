//! `dml report`: writes the HTML report of a result folder.

use super::print;
use crate::cli::ReportArgs;
use crate::error::Result;
use crate::files::ResultFolder;
use crate::page::report as write_report;
use crate::run::named_folder;
use crate::runtime::Cores;
use crate::train::Progress;

/// Writes the report on a run, a comparison, a sweep or a search.
///
/// # Errors
/// An unknown folder; a run that is not evaluated; other images than those it was trained on; a file
/// cannot be written.
pub fn report(args: ReportArgs, progress: &Progress) -> Result<()> {
    let folder = match args.folder {
        Some(folder) => named_folder(&folder, &args.runs)?,
        None => ResultFolder::newest(&args.runs)?.0.path().to_path_buf(),
    };
    let cores = Cores::new(Cores::available());
    let _core = cores.take();
    let path = write_report(&folder, args.data.as_deref(), &cores, |line| progress.say(line))?;
    print(&format!("written to {}", path.display()))
}
