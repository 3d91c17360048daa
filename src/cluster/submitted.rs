//! The record of the submitted jobs, in the folder of their scripts.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::files::layout::JOB;
use crate::files::{Checked, read_json, write_json};

/// What was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// Job ID of the array.
    pub job: String,
    /// Job ID of the job that collects the results.
    pub collector: Option<String>,
}

impl Submitted {
    /// What was last submitted from a folder; none if nothing was.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn read(folder: &Path) -> Result<Option<Submitted>> {
        read_json(&folder.join(JOB), JOB_UNREADABLE)
    }

    /// Writes the record.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_json(&folder.join(JOB), self)
    }
}

impl Checked for Submitted {
    fn check(&self) -> std::result::Result<(), String> {
        let is_number = |id: &String| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        match is_number(&self.job) && self.collector.as_ref().is_none_or(is_number) {
            true => Ok(()),
            false => Err("contains no job ID".to_owned()),
        }
    }
}

/// What to do about an unreadable record of the submitted jobs.
const JOB_UNREADABLE: &str = "check with squeue --me that none of its tasks is running, then delete \
                              this file and submit again";
