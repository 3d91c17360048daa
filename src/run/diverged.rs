//! Runs that diverged: a note in the folder, which every command reads, and how results report them.

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
    /// Fingerprint of the run that diverged; with other settings it may train.
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
    /// How the run with this fingerprint diverged; `None` if there is no note of it.
    ///
    /// # Errors
    /// The note is there and cannot be read.
    pub fn divergence_of(&self, fingerprint: &str) -> Result<Option<Divergence>> {
        let remedy = "remove this file to try the run again";
        let note: Option<Note> = read_json(&self.file(DIVERGED), remedy)?;
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

    /// Notes that the run diverged, since it would again; ignores any other error.
    pub fn note_divergence(&self, fingerprint: &str, error: &Error) {
        let Error::Diverged(divergence) = error else { return };
        let note = Note { fingerprint: fingerprint.to_owned(), divergence: divergence.clone() };
        // Without the note, the run is merely tried again.
        let _ = write_json(&self.file(DIVERGED), &note);
    }

    /// Refuses to resume a run that diverged: it would diverge again.
    ///
    /// # Errors
    /// [`Error::Diverged`] with when it diverged and what to change.
    pub fn refuse_diverged(&self) -> Result<()> {
        let Some(run) = self.record()? else { return Ok(()) };
        match self.divergence_of(&run.fingerprint)? {
            // A trained run may have diverged in the evaluation of one of its two models only.
            Some(divergence) if run.status == Status::Training => {
                Err(self.diverged_before(divergence))
            }
            _ => Ok(()),
        }
    }

    /// The error for a run that diverged before.
    pub fn diverged_before(&self, Divergence { why, remedy }: Divergence) -> Error {
        let why = format!(
            "{} diverged and would again with the same settings: {why}",
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
    /// When it diverged, and what to change.
    #[serde(flatten)]
    pub divergence: Divergence,
}

/// A loss that diverged under at least one seed. It has no figures: a mean over the remaining seeds
/// would be biased towards the easier ones.
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
    /// Number of its runs.
    fn runs(&self) -> usize {
        self.diverged.len() + self.finished.len()
    }

    /// Folders of all its runs.
    pub fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        self.finished.iter().chain(self.diverged.iter().map(|run| &run.folder))
    }

    /// The table cell that replaces its figures.
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

/// The table cell that replaces a figure if some of the runs diverged.
pub fn diverged_in(some: usize, all: usize) -> String {
    format!("diverged in {some} of {all}")
}

/// Adds a remedy that suits the settings to a divergence that has none.
pub fn with_remedy(session: &Session, config: &Config, error: Error) -> Error {
    match error {
        Error::Diverged(Divergence { why, remedy: none }) if none.is_empty() => {
            let remedy = remedy(&config.train, &config.loss, &session.images, true);
            Error::Diverged(Divergence { why, remedy })
        }
        other => other,
    }
}

/// Passes on the error of an evaluation; if it is a divergence, notes it in the run's folder.
pub fn record_divergence(
    session: &Session,
    folder: &ResultFolder,
    config: &Config,
    error: Error,
) -> Error {
    let error = with_remedy(session, config, error);
    if let Ok(Some(record)) = folder.record() {
        folder.note_divergence(&record.fingerprint, &error);
    }
    error
}

/// The sentence that a comparison prints about losses that diverged; `None` if none did.
pub fn diverged_message(losses: &[DivergedLoss]) -> Option<String> {
    let names: Vec<String> = losses.iter().map(DivergedLoss::named).collect();
    let has = match losses {
        [] => return None,
        [_] => "it has no figures and is",
        _ => "they have no figures and are",
    };
    let first = format!("Diverged: {}; {has} left out of the comparison.", listed(&names));
    Some(match remedies(losses) {
        remedies if remedies.is_empty() => first,
        remedies => format!("{first} What to change: {remedies}."),
    })
}

/// The error if every loss diverged.
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

/// Most losses that an error names: more than dml has, but a sweep has each at several values.
const MOST_NAMED: usize = 20;
/// Most remedies that a message names.
const MOST_REMEDIES: usize = 3;

/// The remedies, each once; if they differ, with the losses that they are for.
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
    let mut texts: Vec<String> = found.iter().take(MOST_REMEDIES).map(of).collect();
    if more > 0 {
        texts.push(format!("for the other {more}, see {DIVERGED} of the runs"));
    }
    texts.join("; ")
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
    fn every_diverged_loss_is_named_with_its_seeds_and_each_remedy_once() {
        let both = [loss("a", &[1, 2], 0), loss("b", &[2], 2)];
        assert_eq!(
            diverged_message(&both).unwrap(),
            "Diverged: a in all 2 runs and b in 1 of 3 runs (seed 2); they have no figures and are \
             left out of the comparison. What to change: try less."
        );
        assert_eq!(
            all_diverged(&both).to_string(),
            "every loss diverged, so there is nothing to compare: a in all 2 runs and b in 1 of 3 \
             runs (seed 2); try less"
        );
        let alone = diverged_message(&[loss("c", &[7], 0)]).unwrap();
        assert!(alone.starts_with("Diverged: c in its run (seed 7); it has no figures"), "{alone}");
        let two = diverged_message(&[loss("c", &[7, 8], 1)]).unwrap();
        assert!(two.starts_with("Diverged: c in 2 of 3 runs (seeds 7 and 8); it has"), "{two}");
        assert_eq!(diverged_message(&[]), None);
        let mut three = [loss("a", &[1], 0), loss("b", &[1], 0), loss("c", &[1], 0)];
        three[1].diverged[0].divergence.remedy = "try more".to_owned();
        assert_eq!(remedies(&three), "try less (a and c); try more (b)");
        assert_eq!(both[1].shown(), "diverged in 1 of 3");
    }

    #[test]
    fn a_note_applies_only_to_the_settings_that_diverged() {
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
        let message = run.divergence_of("abc").unwrap_err().to_string();
        assert!(message.ends_with("remove this file to try the run again"), "{message}");
    }
}
