//! `dml bound`: cross-entropy and the pairwise losses that it bounds, during training.

use super::many::{RESUME, RESUME_WITHOUT_FORCE, with_hint};
use super::{cores, print, report_init, resolve, wrapped};
use crate::cli::BoundArgs;
use crate::error::Result;
use crate::experiment::Bound;
use crate::session::Session;
use crate::train::Progress;

/// Trains, computes the losses along the way, and draws them.
///
/// # Errors
/// Invalid settings or data; an interruption.
pub fn bound(args: BoundArgs, progress: Progress) -> Result<()> {
    let config = resolve(&args.settings, &args.keys, Some(&args.loss), args.seed)?;
    let session = Session::open(&config, cores(args.settings.cores), progress)?;
    report_init(&session, [&config])?;
    session.listen()?;
    let _core = session.cores.take();
    let hint = if args.force { RESUME_WITHOUT_FORCE } else { RESUME };
    let runs = (args.settings.runs.as_path(), args.force);
    let bound = Bound::new(&session, config, args.points as usize, runs)
        .map_err(|error| with_hint(error, hint))?;
    print(&format!(
        "{}\n\n{}\n\nwritten to {folder}\npicture    {folder}/plots/bound.png",
        bound.table().terminal(),
        wrapped(&bound.conclusion()),
        folder = bound.folder().display()
    ))
}
