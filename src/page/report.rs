//! Chooses the page for a result folder.

use std::path::{Path, PathBuf};

use super::diverged::report_diverged;
use super::reporter::Reporter;
use crate::data::Dataset;
use crate::error::{Fault, Result, chain};
use crate::experiment::{Comparison, Sweep, Tuned};
use crate::files::layout::{COMPARISON, METRICS, RECORD, SEARCH, SWEEP};
use crate::files::{Output, ResultFolder};
use crate::run::{Trained, missing_folder};
use crate::runtime::Cores;

/// Writes the report on a result folder, to `out` or into that folder, and returns its path. `data` is
/// the data file if it has moved. Without the data the report has no images, and `say` gets a warning.
///
/// # Errors
/// Not a result folder; a file in it was changed; `data` is not the file that the runs were trained
/// on.
pub fn report(
    path: &Path,
    out: Option<&Output>,
    data: Option<&str>,
    cores: &Cores,
    say: impl Fn(&str),
) -> Result<PathBuf> {
    let folder = ResultFolder::new(path);
    let has = |name: &str| folder.file(name).is_file();
    let reporter = |dataset| Reporter { out, ..Reporter::new(dataset, cores) };
    if has(RECORD) {
        if let Some(divergence) = folder.divergence()?.filter(|_| !has(METRICS)) {
            return report_diverged(&folder, &divergence, out);
        }
        let trained = Trained::open(Some(path), path)?;
        let dataset = images_of(&trained, data, say)?;
        return reporter(dataset.as_ref()).run(trained);
    }
    if has(COMPARISON) {
        let comparison = Comparison::read(path)?;
        let dataset = images_of(&comparison.first()?, data, say)?;
        return reporter(dataset.as_ref()).comparison(&comparison);
    }
    if has(SWEEP) {
        return reporter(None).sweep(&Sweep::read(path)?);
    }
    if has(SEARCH) {
        return reporter(None).search(&Tuned::read(path)?);
    }
    if !path.is_dir() {
        return Err(missing_folder(path).into());
    }
    let problem = format!("has no {RECORD}, {COMPARISON}, {SWEEP} or {SEARCH}");
    let remedy = "name the folder of a run, or of a finished comparison, sweep or search";
    Err(Fault::new(path, problem).remedy(remedy).into())
}

/// The images that a run was trained on; `None` if its file is missing or has changed, and the user
/// named no other.
///
/// # Errors
/// The named file is not the one that the run was trained on.
fn images_of(run: &Trained, data: Option<&str>, say: impl Fn(&str)) -> Result<Option<Dataset>> {
    let path = data.unwrap_or(&run.config.data.path);
    let found = match data {
        Some(path) => run.dataset(path),
        None => run.record.refuse_moved(path).and_then(|()| run.dataset(path)),
    };
    match (found, data) {
        (Err(error), None) => {
            say(&format!("no images in the report: {}", chain(&error)));
            Ok(None)
        }
        (found, _) => found.map(Some),
    }
}
