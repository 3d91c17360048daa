//! The report on a run that diverged: when, what to change, and its losses until then.

use std::path::PathBuf;

use super::parts;
use super::reporter::write;
use crate::error::{Divergence, Result};
use crate::evaluation::pictures;
use crate::files::layout::{CONFIG, HISTORY};
use crate::files::{Output, ResultFolder};
use crate::report::html::{self, Page, Section};
use crate::train::History;
use crate::words::{dml, grouped};

/// Writes the report on a run that diverged, to `out` or into its folder.
///
/// # Errors
/// A file of the run was changed or cannot be written.
pub fn report_diverged(
    folder: &ResultFolder,
    divergence: &Divergence,
    out: Option<&Output>,
) -> Result<PathBuf> {
    let (folder, record) = ResultFolder::open(folder.path())?;
    let config = folder.config()?;
    // There is no history before the end of the first epoch.
    let has_history = folder.file(HISTORY).exists();
    let history = if has_history { folder.history()? } else { History::default() };
    let title = format!("{} seed {}", record.loss, record.seed);
    let table = html::table(&parts::history_table(&history), "Losses and seconds of each epoch");
    let curves = pictures::curves(&title, &history)?;
    let caption = "Training and validation loss by epoch, until training diverged";
    let again = vec![
        html::command(&format!("{} --runs again", dml("train --config", &folder.file(CONFIG)))),
        parts::origin(&record),
        html::folded("config.toml: all settings", &config.to_toml()),
    ];
    let section = |id, heading: &str, parts| Section { id, heading: heading.to_owned(), parts };
    let Divergence { why, remedy } = divergence;
    let remedy =
        if remedy.is_empty() { String::new() } else { format!(" What to change: {remedy}.") };
    let (images, data) = (grouped(record.data.train), &record.data.path);
    let page = Page {
        title: format!("{title}, diverged"),
        question: format!(
            "Why did training with {} on {images} images of {data} give no embedding?",
            record.loss
        ),
        conclusion: format!("Training diverged: {why}.{remedy}"),
        sections: vec![
            section("training", "Training", vec![html::figure(&curves, caption, Some(table))]),
            section("again", "How to reproduce it", again),
        ],
        contact_sheets: Vec::new(),
    };
    write(&page, folder.path(), out)
}
