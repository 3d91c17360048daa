//! A comparison in its folder: written, read and checked.

use std::path::{Path, PathBuf};

use super::comparison::{Comparison, Tested, evaluations};
use super::ranking::{RankedLoss, ranks_all};
use super::results::{Finished, LossRuns};
use super::summary::Summary;
use crate::error::{Fault, Result};
use crate::files::layout::COMPARISON;
use crate::files::{Checked, ResultFolder, read_json, write_json, write_text};
use crate::report::chart::Picture;
use crate::run::{RunLock, find_moved};
use crate::session::Session;
use crate::stats::Ends;

impl Comparison {
    /// Reads a comparison from its folder, with its runs from theirs.
    ///
    /// # Errors
    /// A run is missing; a file was changed.
    pub fn read(path: &Path) -> Result<Comparison> {
        let folder = ResultFolder::new(path);
        let remedy = "run the same dml compare again, which trains nothing again";
        let read: Option<Comparison> = read_json(&folder.file(COMPARISON), remedy)?;
        let missing = || Fault::new(path, format!("is not a comparison: it has no {COMPARISON}"));
        let mut comparison = read.ok_or_else(missing)?;
        let named = comparison.summary.losses.iter().zip(&comparison.runs);
        let variant = |(loss, runs): (&String, &Vec<PathBuf>)| {
            let read = |run: &PathBuf| finished(&find_moved(path, run));
            let runs = runs.iter().map(read).collect::<Result<_>>()?;
            Ok(LossRuns { loss: loss.clone(), runs, diverged: Vec::new() })
        };
        comparison.results = named.map(variant).collect::<Result<_>>()?;
        comparison.folder = path.to_path_buf();
        if evaluations(&comparison.results) != comparison.evaluation {
            let problem = "is out of date: its runs were evaluated with other settings since";
            let remedy = "run the same dml compare again, which trains nothing again";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
        Ok(comparison)
    }

    /// Writes tables, conclusion and pictures into a folder among the runs, and returns its path.
    ///
    /// # Errors
    /// A file cannot be written; another process writes the same comparison.
    pub fn write(&self, session: &Session) -> Result<PathBuf> {
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        folder.create()?;
        self.write_tables(&folder)?;
        let save = |picture: Picture, name: &str| picture.save(&folder.plot(name), session.style);
        save(self.curves()?, "loss.png")?;
        if !self.unseen() {
            save(self.vote_top_k()?, "recall.png")?;
        }
        if let Some(maps) = self.maps(session)? {
            save(maps, "tsne.png")?;
        }
        Ok(self.folder.clone())
    }

    pub(super) fn write_tables(&self, folder: &ResultFolder) -> Result<()> {
        let file = |name: &str| folder.file(name);
        let mut text = format!("{}\n\n{}\n", self.caption(), self.summary.shown().markdown());
        if let Some(ranking) = self.ranking_table() {
            text += &format!("{}\n", ranking.markdown());
        }
        text += &self.no_ranks().map_or(String::new(), |why| format!("{why}\n\n"));
        text += &format!("{}\n", self.conclusion);
        self.write_csv(folder, &self.summary, &self.standings, "")?;
        if let Some(test) = &self.test {
            text +=
                &format!("\n{}\n\n{}\n", self.test_caption(test), test.summary.shown().markdown());
            text += &self.test_ranking_table().map_or(String::new(), |table| table.markdown());
            self.write_csv(folder, &test.summary, &test.standings, "_test")?;
        }
        write_text(&file("table.md"), &text)?;
        write_json(&file(COMPARISON), self)
    }

    /// Writes the tables for programs, with intervals as computed.
    fn write_csv(
        &self,
        folder: &ResultFolder,
        summary: &Summary,
        standings: &[RankedLoss],
        suffix: &str,
    ) -> Result<()> {
        let file = |name: &str| folder.file(&format!("{name}{suffix}.csv"));
        summary.table(Ends::Computed).write_csv(&file("table"))?;
        let ranking = self.table_of(standings, Ends::Computed);
        ranking.map_or(Ok(()), |table| table.write_csv(&file("standings")))
    }
}

impl Checked for Comparison {
    fn check(&self) -> std::result::Result<(), String> {
        let losses = self.summary.losses.len();
        let runs = self.runs.len() == losses
            && self.runs.iter().all(|runs| runs.len() == self.summary.seeds.len());
        let tested = |test: &Tested| {
            test.summary.fits()
                && test.summary.losses.len() == losses
                && ranks_all(&test.standings, losses)
        };
        let fits = self.summary.fits() && runs && ranks_all(&self.standings, losses);
        match fits && self.test.as_ref().is_none_or(tested) && self.train.0 <= self.train.1 {
            true => Ok(()),
            false => Err("contains lists or numbers that do not match".to_owned()),
        }
    }
}

/// Reads a run of a comparison.
///
/// # Errors
/// It was removed or changed.
fn finished(run: &Path) -> Result<Finished> {
    if run.exists() {
        return Finished::read(run);
    }
    let remedy = "restore it, or run the same dml compare again, which trains only this run";
    Err(Fault::new(run, "is missing, but the comparison needs it").remedy(remedy).into())
}
