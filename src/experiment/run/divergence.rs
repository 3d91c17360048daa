//! A run whose loss became no number, remembered: it would again.

use serde::{Deserialize, Serialize};

use super::Run;
use crate::error::{Error, Result};
use crate::experiment::write_json;
use crate::files::{Checked, read_json};

/// Why a run ended without figures.
pub const DIVERGED: &str = "diverged.json";

#[derive(Serialize, Deserialize)]
struct Divergence {
    fingerprint: String,
    why: String,
}

impl Checked for Divergence {
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

/// What mends a note that cannot be read.
const WAY_OUT: &str = "remove this one file: without it the run is tried again";

impl Run {
    /// Why the run has no figures and never will, where that is known.
    ///
    /// # Errors
    /// The note is there and cannot be read.
    pub fn divergence(&self) -> Result<Option<String>> {
        let note: Option<Divergence> = read_json(&self.folder.file(DIVERGED), WAY_OUT)?;
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
