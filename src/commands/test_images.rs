//! Test images from a file, for `eval` and `compare`.

use std::path::Path;

use crate::config::Config;
use crate::data::{
    ClassNames, Dataset, LabelColumn, ReadOptions, Rows, Scale, open_watched, unseen_classes,
};
use crate::error::{Fault, Result};
use crate::session::Session;
use crate::words::count;

/// Reads test images for runs on a session's data.
///
/// # Errors
/// A fault of the file; as [`Session::test_images`]; too few images of unseen classes.
pub fn open_test(session: &Session, config: &Config, path: &Path) -> Result<Dataset> {
    // Class names come from the run, because a test file may lack some classes.
    let like = session.dataset.trained_on();
    let mut options = ReadOptions { names: ClassNames::Labels, ..config.data.read_options() };
    // A label column that was given by its number can also be found by its name.
    let is_number = config.data.label.trim().parse::<usize>().is_ok();
    if is_number && like.columns.label.is_some() {
        options.label = LabelColumn::Auto;
    }
    options.drop = like.leaves_out(options.drop);
    options.like = Some(like);
    options.scale = Scale::Auto;
    options.pictures = options.pictures.like(session.dataset.shape);
    options.rows = Rows::Test;
    let test = session.progress.reading(|watch| open_watched(path, &options, watch))?;
    for remark in test.reading.lines() {
        session.progress.say(&format!("{}: {remark}", path.display()));
    }
    let test = session.test_images(test)?;
    session.seen(&test).iter().for_each(|remark| session.progress.say(remark));
    let unseen = unseen_classes(&config.data.unseen_classes, &test.classes)?;
    if !unseen.is_empty() {
        let evaluation_images = test.labels.iter().filter(|label| unseen.contains(label)).count();
        if evaluation_images < 2 {
            let problem = format!(
                "has {} of the unseen classes, and evaluation needs at least two",
                count(evaluation_images, "image")
            );
            let remedy = "name another file with --test";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
    }
    Ok(test)
}
