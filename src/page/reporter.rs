//! Reports for people: one file of HTML on a run, a comparison, a sweep or a search.
//!
//! A report is made of what lies in the folders alone, so that it can be written anew at any time,
//! and of the images, where those are still there.

use std::path::{Path, PathBuf};

use crate::data::Dataset;
use crate::error::Result;
use crate::files::layout::REPORT;
use crate::files::write_text;
use crate::report::html::Page;
use crate::report::images::ContactSheet;
use crate::runtime::Cores;

/// What reports are made with.
pub struct Reporter<'a> {
    /// The images that the runs were trained on, where they are at hand.
    pub dataset: Option<&'a Dataset>,
    /// What finds neighbours.
    pub cores: &'a Cores,
    /// Images of maps: rows in the data, and all of them in one picture.
    pub sprites: Vec<(Vec<usize>, ContactSheet)>,
}

impl<'a> Reporter<'a> {
    /// With these images.
    pub fn new(dataset: Option<&'a Dataset>, cores: &'a Cores) -> Reporter<'a> {
        Reporter { dataset, cores, sprites: Vec::new() }
    }

    /// Puts the images that were collected on a page.
    pub fn finished(self, page: Page) -> Page {
        let named = self.sprites.into_iter().enumerate();
        let sprites = named.map(|(place, (_, sprite))| (sprite_name(place), sprite)).collect();
        Page { sprites, ..page }
    }
}

pub fn sprite_name(place: usize) -> String {
    format!("images-{place}")
}

/// Writes a page into a folder.
///
/// # Errors
/// The file cannot be written.
pub fn write(page: &Page, folder: &Path) -> Result<PathBuf> {
    let path = folder.join(REPORT);
    write_text(&path, &page.html())?;
    Ok(path)
}
