//! Reports for people: one file of HTML on a run, a comparison, a sweep or a search.
//!
//! A report is made of what lies in the folders alone, so that it can be written anew at any time,
//! and of the images, where those are still there.

mod comparison;
mod diverged;
mod parts;
mod run;
mod search;
mod sweep;
mod units;

pub use parts::beside;

use std::path::{Path, PathBuf};

use diverged::report_diverged;

use super::folder::{RECORD, not_there};
use super::{COMPARISON, Comparison, METRICS, RunFolder, SEARCH, SWEEP, Sweep, Trained, Tuned};
use crate::data::Dataset;
use crate::error::{Fault, Result, chain};
use crate::files::write_text;
use crate::report::html::Page;
use crate::report::images::ContactSheet;
use crate::runtime::Cores;

/// The file in the folder that it is about.
pub const REPORT: &str = "report.html";

/// What reports are made with.
pub struct Reporter<'a> {
    /// The images that the runs were trained on, where they are at hand.
    pub dataset: Option<&'a Dataset>,
    /// What finds neighbours.
    pub cores: &'a Cores,
    /// Images of maps: rows in the data, and all of them in one picture.
    sprites: Vec<(Vec<usize>, ContactSheet)>,
}

impl<'a> Reporter<'a> {
    /// With these images.
    pub fn new(dataset: Option<&'a Dataset>, cores: &'a Cores) -> Reporter<'a> {
        Reporter { dataset, cores, sprites: Vec::new() }
    }

    /// Puts the images that were collected on a page.
    fn finished(self, page: Page) -> Page {
        let named = self.sprites.into_iter().enumerate();
        let sprites = named.map(|(place, (_, sprite))| (sprite_name(place), sprite)).collect();
        Page { sprites, ..page }
    }
}

fn sprite_name(place: usize) -> String {
    format!("images-{place}")
}

/// Writes a page into a folder.
///
/// # Errors
/// The file cannot be written.
fn write(page: &Page, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(REPORT);
    write_text(&path, &page.html())?;
    Ok(path)
}

/// Writes the report on what lies in a folder, and names the file. `data` is the CSV of the images,
/// where it has moved; where it is not to be had, the report has no images, which `say` is told.
///
/// # Errors
/// The folder is none that there is a report on; a file in it was changed; `data` is not what the
/// runs were trained on.
pub fn report(
    path: &Path,
    data: Option<&str>,
    cores: &Cores,
    say: impl Fn(&str),
) -> Result<PathBuf> {
    let folder = RunFolder::new(path);
    let has = |name: &str| folder.file(name).is_file();
    if has(RECORD) {
        if let Some(divergence) = folder.divergence()?.filter(|_| !has(METRICS)) {
            return report_diverged(&folder, &divergence);
        }
        let trained = Trained::open(Some(path), path)?;
        let dataset = images_of(&trained, data, say)?;
        return Reporter::new(dataset.as_ref(), cores).run(trained);
    }
    if has(COMPARISON) {
        let comparison = Comparison::read(path)?;
        let dataset = images_of(&comparison.first()?, data, say)?;
        return Reporter::new(dataset.as_ref(), cores).comparison(&comparison);
    }
    if has(SWEEP) {
        return Reporter::new(None, cores).sweep(&Sweep::read(path)?);
    }
    if has(SEARCH) {
        return Reporter::new(None, cores).search(&Tuned::read(path)?);
    }
    if !path.is_dir() {
        return Err(not_there(path).into());
    }
    let problem = format!("has no {RECORD}, {COMPARISON}, {SWEEP} or {SEARCH}");
    let remedy = "name the folder of a run, a comparison, a sweep or a search that came to its end";
    Err(Fault::new(path, problem).remedy(remedy).into())
}

/// The images that a run was trained on; none where its file is not there any more, or is another,
/// and no other was named.
///
/// # Errors
/// The file that was named is not what the run was trained on.
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
