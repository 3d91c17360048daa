//! What all reports share: the images, the cores, and writing the file.

use std::path::{Path, PathBuf};

use crate::data::Dataset;
use crate::error::Result;
use crate::files::layout::REPORT;
use crate::files::write_text;
use crate::report::html::Page;
use crate::report::images::ContactSheet;
use crate::runtime::Cores;

/// Makes reports.
pub struct Reporter<'a> {
    /// The data that the runs were trained on, if available.
    pub dataset: Option<&'a Dataset>,
    /// Cores for the search of neighbours.
    pub cores: &'a Cores,
    /// Images that maps show on hover: their rows in the data, and one picture of all of them.
    pub contact_sheets: Vec<(Vec<usize>, ContactSheet)>,
}

impl<'a> Reporter<'a> {
    /// A reporter with this data.
    pub fn new(dataset: Option<&'a Dataset>, cores: &'a Cores) -> Reporter<'a> {
        Reporter { dataset, cores, contact_sheets: Vec::new() }
    }

    /// Adds the collected contact sheets to a page.
    pub fn finished(self, page: Page) -> Page {
        let sheets = self.contact_sheets.into_iter().enumerate();
        let contact_sheets = sheets.map(|(index, (_, sheet))| (sheet_id(index), sheet)).collect();
        Page { contact_sheets, ..page }
    }
}

/// The HTML id of a contact sheet.
pub fn sheet_id(index: usize) -> String {
    format!("images-{index}")
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
