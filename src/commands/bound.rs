//! `dml bound`: cross-entropy and the pairwise losses that it bounds, over a training.

use super::many::{GOES_ON, GOES_ON_ANEW, way_on};
use super::{cores, print, resolve, tell_init, wrapped};
use crate::cli::BoundArgs;
use crate::error::Result;
use crate::experiment::Bound;
use crate::session::Session;
use crate::train::Progress;

/// Trains, takes the losses on the way, and draws them.
///
/// # Errors
/// Wrong settings, faulty data; an interruption.
pub fn bound(args: BoundArgs, progress: Progress) -> Result<()> {
    let config = resolve(&args.settings, &args.keys, Some(&args.loss), args.seed)?;
    let session = Session::open(&config, cores(args.settings.cores), progress)?;
    tell_init(&session, [&config])?;
    session.listen()?;
    let _core = session.cores.take();
    let place = (args.settings.runs.as_path(), args.force);
    let bound = Bound::new(&session, config, args.points as usize, place)
        .map_err(|error| way_on(error, if args.force { GOES_ON_ANEW } else { GOES_ON }))?;
    print(&format!(
        "{}\n\n{}\n\nwritten to {folder}\npicture    {folder}/plots/bound.png",
        bound.table().terminal(),
        wrapped(&bound.conclusion()),
        folder = bound.folder().display()
    ))
}
