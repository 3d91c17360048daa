//! The report on a sweep.

use std::path::PathBuf;

use super::reporter::Reporter;
use crate::error::Result;
use crate::experiment::Sweep;
use crate::report::html::{self, Page, Section};
use crate::report::table::Table;

impl Reporter<'_> {
    /// Writes the report on a sweep into its folder.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sweep(self, sweep: &Sweep) -> Result<PathBuf> {
        let caption = sweep.caption();
        let table = || html::table(&sweep.table(), &caption);
        let curve = html::figure(&sweep.draw()?, &caption, Some(table()));
        let again = [
            (!sweep.command.is_empty()).then(|| html::command(&sweep.command)),
            Some(html::facts(&[
                ("data", sweep.data.clone()),
                ("SHA-256 of the data", sweep.data_sha256.clone()),
                ("dml", env!("CARGO_PKG_VERSION").to_owned()),
            ])),
        ];
        let section = |id, heading: &str, parts| Section { id, heading: heading.to_owned(), parts };
        let page = Page {
            title: format!("{} over {}", sweep.score, sweep.keys.join(" × ")),
            question: format!(
                "How does {} depend on {}? {caption}",
                sweep.score,
                sweep.keys.join(" and ")
            ),
            conclusion: sweep.conclusion.clone(),
            sections: vec![
                section("curve", "The curve", vec![curve]),
                section("figures", "Figures", vec![table()]),
                section("runs", "Runs", vec![html::table(&rounded(sweep.each_run()), "All runs")]),
                section("again", "How to reproduce it", again.into_iter().flatten().collect()),
            ],
            contact_sheets: Vec::new(),
        };
        self.write(page, &sweep.folder)
    }
}

/// Rounds numbers to four decimals; the files have them in full.
fn rounded(mut table: Table) -> Table {
    for cell in table.rows.iter_mut().flatten() {
        if let Some((_, decimals)) = cell.split_once('.')
            && decimals.len() > 4
            && let Ok(number) = cell.parse::<f64>()
        {
            *cell = format!("{number:.4}");
        }
    }
    table
}
