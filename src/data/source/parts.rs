//! What a source says its images are for: training, validation or testing.

use std::path::Path;

use crate::data::{Part, Rows};
use crate::error::{Fault, Result};
use crate::words::{count, flag, grouped};

/// The part that a word in a column or the name of a folder stands for.
pub(super) fn part_named(word: &str) -> Option<Part> {
    match word.to_lowercase().as_str() {
        "train" | "training" => Some(Part::Training),
        "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// The images to read of a source with parts.
pub(super) struct Choice {
    /// Whether to read each image, `[N]`.
    pub is_read: Vec<bool>,
    /// How many images each part has.
    pub remark: Option<String>,
}

/// Chooses the images that `rows` means.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if there is none.
pub(super) fn choose(source: &Path, parts: &[Part], rows: Rows) -> Result<Choice> {
    let number = |part: Part| parts.iter().filter(|&&other| other == part).count();
    let counts = [Part::Training, Part::Validation, Part::Test].map(number);
    let remark = remark(source, counts, rows)?;
    Ok(Choice { is_read: parts.iter().map(|&part| is_wanted(part, rows)).collect(), remark })
}

/// Whether images of a part are among those that `rows` means.
pub(super) fn is_wanted(part: Part, rows: Rows) -> bool {
    match rows {
        Rows::Training => part != Part::Test,
        Rows::Test => part == Part::Test,
        Rows::All => true,
    }
}

/// How many images there are for training, validation and testing, and which of them are read.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if there is none to read.
pub(super) fn remark(source: &Path, counts: [usize; 3], rows: Rows) -> Result<Option<String>> {
    let [train, _, test] = counts;
    let (wanted, missing) = match rows {
        Rows::Training => (train, "training"),
        Rows::Test => (test, "testing"),
        Rows::All => (counts.into_iter().fold(0, usize::saturating_add), "anything"),
    };
    if wanted == 0 {
        let problem = format!("says what its images are for, and has none for {missing}");
        return Err(Fault::new(source, problem).remedy("name a source that has some").into());
    }
    Ok(match rows {
        Rows::All => None,
        Rows::Test => Some(format!("parts: its {} for testing", count(test, "image"))),
        Rows::Training => Some(training_remark(source, counts)),
    })
}

fn training_remark(source: &Path, [train, validation, test]: [usize; 3]) -> String {
    let mut remark = format!("parts: {} for training", count(train, "image"));
    if validation > 0 {
        remark +=
            &format!(", {} for validation, whatever data.validation says", grouped(validation));
    }
    if test > 0 {
        let evaluate = flag("--test", source.display());
        remark +=
            &format!("; {} for testing are left out: evaluate them with {evaluate}", grouped(test));
    }
    remark
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [Part; 4] = [Part::Training, Part::Test, Part::Validation, Part::Training];

    #[test]
    fn training_leaves_test_images_out_and_says_so() {
        let choice = choose(Path::new("my set"), &PARTS, Rows::Training).unwrap();
        assert_eq!(choice.is_read, [true, false, true, true]);
        let remark = "parts: 2 images for training, 1 for validation, whatever data.validation says; \
                      1 for testing are left out: evaluate them with --test 'my set'";
        assert_eq!(choice.remark.as_deref(), Some(remark));
    }

    #[test]
    fn a_test_reads_only_test_images() {
        let choice = choose(Path::new("a"), &PARTS, Rows::Test).unwrap();
        assert_eq!(choice.is_read, [false, true, false, false]);
        assert_eq!(choice.remark.as_deref(), Some("parts: its 1 image for testing"));
        assert_eq!(choose(Path::new("a"), &PARTS, Rows::All).unwrap().is_read, [true; 4]);
    }

    #[test]
    fn a_source_without_images_for_the_purpose_is_refused() {
        let message =
            |parts: &[Part], rows| choose(Path::new("a"), parts, rows).err().unwrap().to_string();
        assert!(message(&[Part::Test], Rows::Training).contains("has none for training"));
        assert!(message(&[Part::Training], Rows::Test).contains("has none for testing"));
    }

    #[test]
    fn parts_have_several_names() {
        let named = ["Train", "valid", "VAL", "test", "cat"].map(part_named);
        let [train, validation, test] = [Part::Training, Part::Validation, Part::Test].map(Some);
        assert_eq!(named, [train, validation, validation, test, None]);
    }
}
