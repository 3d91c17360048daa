//! A run whose loss became no number, remembered: it would again.

use serde::{Deserialize, Serialize};

use super::Run;
use crate::error::{Error, Result};
use crate::experiment::{read_json, write_json};

/// Why a run ended without figures.
pub const DIVERGED: &str = "diverged.json";

#[derive(Serialize, Deserialize)]
struct Divergence {
    fingerprint: String,
    why: String,
}

impl Run {
    /// Why the run has no figures and never will, where that is known.
    ///
    /// # Errors
    /// The note is there and cannot be read.
    pub fn divergence(&self) -> Result<Option<String>> {
        let note: Option<Divergence> = read_json(&self.folder.file(DIVERGED))?;
        Ok(note.filter(|note| note.fingerprint == self.record.fingerprint).map(|note| note.why))
    }

    /// Notes an error that would come again; any other is passed over.
    pub fn note_divergence(&self, error: &Error) {
        let Error::Diverged(why) = error else { return };
        let fingerprint = self.record.fingerprint.clone();
        // Without the note the run is only tried again.
        let note = Divergence { fingerprint, why: why.clone() };
        let _ = write_json(&self.folder.file(DIVERGED), &note);
    }
}
