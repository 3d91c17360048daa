//! Runs that diverged: noted in their folders, where every command finds it, and what is said of
//! them beside those that did not.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::record::Status;
use crate::config::Config;
use crate::error::{Divergence, Error, Result};
use crate::files::layout::DIVERGED;
use crate::files::{Checked, ResultFolder, read_json, write_json};
use crate::session::Session;
use crate::stats::listed;
use crate::train::remedy;
use crate::words::first_few;

#[derive(Serialize, Deserialize)]
struct Note {
    /// Of the run as it was: with other settings it may train.
    fingerprint: String,
    #[serde(flatten)]
    divergence: Divergence,
}

impl Checked for Note {
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

impl ResultFolder {
    /// How the run of this fingerprint diverged; none where it did not as far as is known.
    ///
    /// # Errors
    /// The note is there and cannot be read.
    pub fn divergence_of(&self, fingerprint: &str) -> Result<Option<Divergence>> {
        let way_out = "remove this file, and the run is tried once more";
        let note: Option<Note> = read_json(&self.file(DIVERGED), way_out)?;
        Ok(note.filter(|note| note.fingerprint == fingerprint).map(|note| note.divergence))
    }

    /// How the run in this folder diverged.
    ///
    /// # Errors
    /// Its record or the note cannot be read.
    pub fn divergence(&self) -> Result<Option<Divergence>> {
        match self.record()? {
            Some(record) => self.divergence_of(&record.fingerprint),
            None => Ok(None),
        }
    }

    /// Notes an error that would come again; any other is passed over.
    pub fn note_divergence(&self, fingerprint: &str, error: &Error) {
        let Error::Diverged(divergence) = error else { return };
        let note = Note { fingerprint: fingerprint.to_owned(), divergence: divergence.clone() };
        // Without the note the run is only tried again.
        let _ = write_json(&self.file(DIVERGED), &note);
    }

    /// Refuses a run that diverged where another may go on: to go on would end the same way.
    ///
    /// # Errors
    /// [`Error::Diverged`] with when it did and the way out.
    pub fn refuse_diverged(&self) -> Result<()> {
        let Some(run) = self.record()? else { return Ok(()) };
        match self.divergence_of(&run.fingerprint)? {
            // Of a trained run one of the two models may well have figures.
            Some(divergence) if run.status == Status::Training => {
                Err(self.diverged_before(divergence))
            }
            _ => Ok(()),
        }
    }

    /// The refusal of a run that diverged before.
    pub fn diverged_before(&self, Divergence { why, remedy }: Divergence) -> Error {
        let why = format!(
            "{} diverged, and would again with the same settings: {why}",
            self.path().display()
        );
        Error::Diverged(Divergence { why, remedy })
    }
}

/// A run of a plan that diverged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivergedRun {
    /// Its seed.
    pub seed: u64,
    /// Its folder.
    pub folder: PathBuf,
    /// When, and the way out.
    #[serde(flatten)]
    pub divergence: Divergence,
}

/// A loss that diverged under some seed. It has no figures: a mean over the seeds that are left would
/// be one of the easier seeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DivergedLoss {
    /// Its name.
    pub loss: String,
    /// The runs that diverged.
    pub diverged: Vec<DivergedRun>,
    /// Folders of the runs that did not.
    pub finished: Vec<PathBuf>,
}

impl DivergedLoss {
    /// Its runs in all.
    fn runs(&self) -> usize {
        self.diverged.len() + self.finished.len()
    }

    /// Folders of all its runs.
    pub fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.finished.iter().chain(self.diverged.iter().map(|run| &run.folder))
    }

    /// What a table has in place of a figure.
    pub fn shown(&self) -> String {
        diverged_in(self.diverged.len(), self.runs())
    }

    /// `triplet in 1 of 3 runs (seed 2)`.
    fn named(&self) -> String {
        let seeds: Vec<String> = self.diverged.iter().map(|run| run.seed.to_string()).collect();
        let loss = &self.loss;
        match (seeds.as_slice(), self.runs()) {
            ([seed], 1) => format!("{loss} in its run (seed {seed})"),
            (some, all) if some.len() == all => format!("{loss} in all {all} runs"),
            ([seed], all) => format!("{loss} in 1 of {all} runs (seed {seed})"),
            (some, all) => {
                format!("{loss} in {} of {all} runs (seeds {})", some.len(), listed(some))
            }
        }
    }
}

/// What a table has in place of a figure where some of all runs diverged.
pub fn diverged_in(some: usize, all: usize) -> String {
    format!("diverged in {some} of {all}")
}

/// An error with the way out that follows from the settings, where it has none of its own.
pub fn with_remedy(session: &Session, config: &Config, error: Error) -> Error {
    match error {
        Error::Diverged(Divergence { why, remedy: none }) if none.is_empty() => {
            let remedy = remedy(&config.train, &config.loss, &session.images, true);
            Error::Diverged(Divergence { why, remedy })
        }
        other => other,
    }
}

/// The error of an evaluation; where embeddings have no distances, their run is noted as diverged.
pub fn noted(session: &Session, folder: &ResultFolder, config: &Config, error: Error) -> Error {
    let error = with_remedy(session, config, error);
    if let Ok(Some(record)) = folder.record() {
        folder.note_divergence(&record.fingerprint, &error);
    }
    error
}

/// What is said of losses that diverged beside others that did not; nothing where none did.
pub fn told_diverged(losses: &[DivergedLoss]) -> Option<String> {
    let names: Vec<String> = losses.iter().map(DivergedLoss::named).collect();
    let has = match losses {
        [] => return None,
        [_] => "it has no figures here and is",
        _ => "they have no figures here and are",
    };
    let first = format!("Diverged: {}; {has} compared with nothing.", listed(&names));
    Some(match remedies(losses) {
        remedies if remedies.is_empty() => first,
        remedies => format!("{first} Way out: {remedies}."),
    })
}

/// The error where no loss is left to compare.
pub fn all_diverged(losses: &[DivergedLoss]) -> Error {
    let names: Vec<String> = losses.iter().map(DivergedLoss::named).collect();
    let why = match names.as_slice() {
        [only] => format!("the loss diverged, so there is nothing to show: {only}"),
        names => {
            let names = match names.len() {
                ..=MOST_NAMED => listed(names),
                _ => first_few(names, MOST_NAMED),
            };
            format!("every loss diverged, so there is nothing to compare: {names}")
        }
    };
    Error::Diverged(Divergence { why, remedy: remedies(losses) })
}

/// Losses that an error names: more than there are, but a sweep has each at several values.
const MOST_NAMED: usize = 20;
/// Ways out that a message names.
const MOST_REMEDIES: usize = 3;

/// The ways out, each once; where they differ, with the losses that they are for.
fn remedies(losses: &[DivergedLoss]) -> String {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for loss in losses {
        for run in &loss.diverged {
            let (remedy, name) = (run.divergence.remedy.as_str(), loss.loss.as_str());
            match found.iter_mut().find(|(known, _)| *known == remedy) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None if remedy.is_empty() => {}
                None => found.push((remedy, vec![name])),
            }
        }
    }
    if let [(remedy, _)] = found.as_slice() {
        return (*remedy).to_owned();
    }
    let more = found.len().saturating_sub(MOST_REMEDIES);
    let of = |(remedy, names): &(&str, Vec<&str>)| format!("{remedy} ({})", listed(names));
    let mut told: Vec<String> = found.iter().take(MOST_REMEDIES).map(of).collect();
    if more > 0 {
        told.push(format!("the other {more} stand in {DIVERGED} of the runs"));
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(name: &str, diverged: &[u64], finished: usize) -> DivergedLoss {
        let run = |&seed: &u64| DivergedRun {
            seed,
            folder: PathBuf::from(format!("runs/{name}-seed{seed}")),
            divergence: Divergence { why: "NaN".to_owned(), remedy: "try less".to_owned() },
        };
        DivergedLoss {
            loss: name.to_owned(),
            diverged: diverged.iter().map(run).collect(),
            finished: vec![PathBuf::new(); finished],
        }
    }

    #[test]
    fn every_loss_that_diverged_is_named_with_its_seeds_and_the_way_out_once() {
        let both = [loss("a", &[1, 2], 0), loss("b", &[2], 2)];
        assert_eq!(
            told_diverged(&both).unwrap(),
            "Diverged: a in all 2 runs and b in 1 of 3 runs (seed 2); they have no figures here and \
             are compared with nothing. Way out: try less."
        );
        assert_eq!(
            all_diverged(&both).to_string(),
            "every loss diverged, so there is nothing to compare: a in all 2 runs and b in 1 of 3 \
             runs (seed 2); try less"
        );
        let alone = told_diverged(&[loss("c", &[7], 0)]).unwrap();
        assert!(alone.starts_with("Diverged: c in its run (seed 7); it has no figures"), "{alone}");
        let two = told_diverged(&[loss("c", &[7, 8], 1)]).unwrap();
        assert!(two.starts_with("Diverged: c in 2 of 3 runs (seeds 7 and 8); it has"), "{two}");
        assert_eq!(told_diverged(&[]), None);
        let mut three = [loss("a", &[1], 0), loss("b", &[1], 0), loss("c", &[1], 0)];
        three[1].diverged[0].divergence.remedy = "try more".to_owned();
        assert_eq!(remedies(&three), "try less (a and c); try more (b)");
        assert_eq!(both[1].shown(), "diverged in 1 of 3");
    }

    #[test]
    fn a_note_counts_for_the_settings_that_diverged_alone() {
        let folder = tempfile::tempdir().unwrap();
        let run = ResultFolder::new(folder.path());
        assert_eq!(run.divergence_of("abc").unwrap(), None);
        let divergence = Divergence { why: "NaN".to_owned(), remedy: "try less".to_owned() };
        run.note_divergence("abc", &Error::Other("the disk is full".to_owned()));
        assert_eq!(run.divergence_of("abc").unwrap(), None);
        run.note_divergence("abc", &Error::Diverged(divergence.clone()));
        assert_eq!(run.divergence_of("abc").unwrap(), Some(divergence));
        assert_eq!(run.divergence_of("other").unwrap(), None);
        // As an earlier version wrote it.
        let old = r#"{"fingerprint": "abc", "why": "NaN: try less"}"#;
        std::fs::write(run.file(DIVERGED), old).unwrap();
        assert_eq!(run.divergence_of("abc").unwrap().unwrap().to_string(), "NaN: try less");
        std::fs::write(run.file(DIVERGED), "{").unwrap();
        let told = run.divergence_of("abc").unwrap_err().to_string();
        assert!(told.ends_with("remove this file, and the run is tried once more"), "{told}");
    }
}
