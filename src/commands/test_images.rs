//! Test images from a file, as `eval` and `compare` take them.

use std::path::Path;

use crate::config::Config;
use crate::data::{ClassNames, CsvOptions, Dataset, load, unseen_classes};
use crate::error::{Fault, Result};
use crate::experiment::Session;

/// Reads test images for runs on a session's data.
///
/// # Errors
/// A fault of the file; as [`Session::test_images`]; too few images of unseen classes.
pub fn open_test(session: &Session, config: &Config, path: &Path) -> Result<Dataset> {
    // Names come from the run; a test file may lack some of the classes.
    let options = CsvOptions { names: ClassNames::Labels, ..config.data.csv_options(false) };
    let test = session.test_images(load(path, &options)?)?;
    let unseen = unseen_classes(&config.data.unseen_classes, &test.classes)?;
    if !unseen.is_empty() {
        let judged = test.labels.iter().filter(|label| unseen.contains(label)).count();
        if judged < 2 {
            let problem = format!(
                "holds {judged} images of the unseen classes, which are held against \
                                   each other"
            );
            let remedy = "name a file with more of them with --test";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
    }
    Ok(test)
}
