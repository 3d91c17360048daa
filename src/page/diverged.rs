//! The report on a run that diverged: when it did, what to change, and its losses until then.

use std::path::PathBuf;

use super::parts;
use super::reporter::write;
use crate::error::{Divergence, Result};
use crate::evaluation::pictures;
use crate::files::ResultFolder;
use crate::files::layout::{CONFIG, HISTORY};
use crate::report::html::{self, Page, Section};
use crate::train::History;
use crate::words::{dml, grouped};

/// Writes the report on a run that diverged into its folder.
///
/// # Errors
/// A file of the run was changed or cannot be written.
pub fn report_diverged(folder: &ResultFolder, divergence: &Divergence) -> Result<PathBuf> {
    let (folder, record) = ResultFolder::open(folder.path())?;
    let config = folder.config()?;
    // Before the first epoch ended there is none.
    let has_one = folder.file(HISTORY).exists();
    let history = if has_one { folder.history()? } else { History::default() };
    let title = format!("{} seed {}", record.loss, record.seed);
    let table = html::table(&parts::history_table(&history), "Losses and seconds of each epoch");
    let curves = pictures::curves(&title, &history)?;
    let caption = "Training and validation loss by epochs, until it diverged";
    let again = vec![
        html::command(&format!("{} --runs again", dml("train --config", &folder.file(CONFIG)))),
        parts::origin(&record),
        html::folded("config.toml: every setting", &config.to_toml()),
    ];
    let section = |id, heading: &str, parts| Section { id, heading: heading.to_owned(), parts };
    let Divergence { why, remedy } = divergence;
    let way_out = if remedy.is_empty() { String::new() } else { format!(" Way out: {remedy}.") };
    let (images, data) = (grouped(record.data.train), &record.data.path);
    let page = Page {
        title: format!("{title}, diverged"),
        question: format!(
            "Why is there no embedding that was learned under {} from {images} images of {data}?",
            record.loss
        ),
        conclusion: format!("The training diverged: {why}.{way_out}"),
        sections: vec![
            section("training", "Training", vec![html::figure(&curves, caption, Some(table))]),
            section("again", "How to repeat it", again),
        ],
        sprites: Vec::new(),
    };
    write(&page, folder.path())
}
