//! What all reports share: the images, the cores, and writing the file.

use std::path::{Path, PathBuf};

use crate::data::Dataset;
use crate::error::Result;
use crate::files::layout::REPORT;
use crate::files::{Output, write_text};
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
    /// Where the page goes; `None` for `report.html` in the folder that it is about.
    pub out: Option<&'a Output>,
}

impl<'a> Reporter<'a> {
    /// A reporter with this data.
    pub fn new(dataset: Option<&'a Dataset>, cores: &'a Cores) -> Reporter<'a> {
        Reporter { dataset, cores, contact_sheets: Vec::new(), out: None }
    }

    /// Adds the collected contact sheets to a page about a folder, and writes it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(self, page: Page, folder: &Path) -> Result<PathBuf> {
        let sheets = self.contact_sheets.into_iter().enumerate();
        let contact_sheets = sheets.map(|(index, (_, sheet))| (sheet_id(index), sheet)).collect();
        write(&Page { contact_sheets, ..page }, folder, self.out)
    }
}

/// The HTML id of a contact sheet.
pub fn sheet_id(index: usize) -> String {
    format!("images-{index}")
}

/// Writes a page about what lies in a folder: to `out`, or into that folder.
///
/// # Errors
/// The file cannot be written.
pub fn write(page: &Page, folder: &Path, out: Option<&Output>) -> Result<PathBuf> {
    let path = out.map_or_else(|| folder.join(REPORT), |out| out.path().to_path_buf());
    out.map_or(Ok(()), Output::make_folder)?;
    write_text(&path, &page.html())?;
    Ok(path)
}
