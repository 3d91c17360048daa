//! The report on a search.

use std::path::PathBuf;

use super::reporter::Reporter;
use crate::error::Result;
use crate::experiment::Tuned;
use crate::report::html::{self, Page, Section};

impl Reporter<'_> {
    /// Writes the report on a search into its folder.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn search(self, tuned: &Tuned) -> Result<PathBuf> {
        let score = &tuned.score;
        let trials = html::table(&tuned.table(), "All trials, best first");
        let caption = format!("{score} over each setting; the table of trials has the numbers");
        let picture = html::figure(&tuned.draw()?, &caption, None);
        let again = [
            (!tuned.command.is_empty()).then(|| html::command(&tuned.command)),
            Some(html::folded("best.toml: the settings of the best trial", &tuned.best_toml())),
            Some(html::facts(&[
                ("data", tuned.data.clone()),
                ("dml", env!("CARGO_PKG_VERSION").to_owned()),
            ])),
        ];
        let section = |id, heading: &str, parts| Section { id, heading: heading.to_owned(), parts };
        let page = Page {
            title: format!("{} tuned", tuned.loss),
            question: format!("Which settings give {} the highest {score}?", tuned.loss),
            conclusion: tuned.caption(),
            sections: vec![
                section("settings", "Settings", vec![picture]),
                section("trials", "Trials", vec![trials]),
                section("again", "How to reproduce it", again.into_iter().flatten().collect()),
            ],
            contact_sheets: Vec::new(),
        };
        self.write(page, tuned.folder())
    }
}
