//! Test images from a file, as `eval` and `compare` take them.

use std::path::Path;

use crate::config::Config;
use crate::data::{ClassNames, CsvOptions, Dataset, load};
use crate::error::Result;
use crate::experiment::Session;

/// Reads test images for runs on a session's data.
///
/// # Errors
/// A fault of the file; as [`Session::test_images`].
pub fn open_test(session: &Session, config: &Config, path: &Path) -> Result<Dataset> {
    // Names come from the run; a test file may lack some of the classes.
    let options = CsvOptions { names: ClassNames::Labels, ..config.data.csv_options(false) };
    session.test_images(load(path, &options)?)
}
