//! Reads files that this program wrote and that may have been changed, truncated or lost since.
//!
//! All of them are read here and validated after parsing, so that tables and pictures can rely on
//! lengths and ranges.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{Error, Fault, Result};

/// Validates what types cannot express: lengths, ranges, finite numbers.
pub trait Checked {
    /// # Errors
    /// What is wrong, as a phrase that follows the file name.
    fn check(&self) -> std::result::Result<(), String>;
}

/// Any map of texts is valid.
impl Checked for BTreeMap<String, String> {
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

/// Reads JSON; `None` if the file is missing. `remedy` says how to repair it.
///
/// # Errors
/// [`Error::Fault`] with the file and the remedy if the content is invalid.
pub fn read_json<T: DeserializeOwned + Checked>(path: &Path, remedy: &str) -> Result<Option<T>> {
    let Some(content) = content(path, remedy)? else { return Ok(None) };
    from_json(&content).map(Some).map_err(|problem| Fault::new(path, problem).remedy(remedy).into())
}

/// Like [`read_json`], but from text.
///
/// # Errors
/// What is wrong with it.
pub fn from_json<T: DeserializeOwned + Checked>(text: &[u8]) -> std::result::Result<T, String> {
    let value: T = serde_json::from_slice(text).map_err(|e| format!("cannot be parsed ({e})"))?;
    value.check().map(|()| value)
}

/// Reads the rows of a CSV file with a header and converts them with `check`, which validates them;
/// `None` if the file is missing.
///
/// # Errors
/// As [`read_json`].
pub fn read_csv<R: DeserializeOwned, T>(
    path: &Path,
    remedy: &str,
    check: impl FnOnce(Vec<R>) -> std::result::Result<T, String>,
) -> Result<Option<T>> {
    let Some(content) = content(path, remedy)? else { return Ok(None) };
    rows(&content)
        .and_then(check)
        .map(Some)
        .map_err(|problem| Fault::new(path, problem).remedy(remedy).into())
}

fn rows<R: DeserializeOwned>(content: &[u8]) -> std::result::Result<Vec<R>, String> {
    // Without a final line break the last number may be truncated.
    if !content.ends_with(b"\n") {
        return Err("is truncated: its last line is incomplete".to_owned());
    }
    let mut reader = csv::Reader::from_reader(content);
    let rows = reader.deserialize().collect::<csv::Result<Vec<R>>>();
    rows.map_err(|e| format!("cannot be parsed ({e})"))
}

/// The bytes of a file; `None` if it is missing.
fn content(path: &Path, remedy: &str) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => Ok(None),
            // A folder replaced the file, whose content is lost.
            ErrorKind::IsADirectory => {
                let problem = format!("cannot be read ({error})");
                let remedy = format!("move the folder away; then {remedy}");
                Err(Fault::new(path, problem).remedy(remedy).into())
            }
            // The file may be intact but not readable.
            _ => Err(Error::io("read", path)(error)),
        },
    }
}

/// Whether a number is a fraction, 0 to 1, up to rounding.
pub fn is_share(value: f64) -> bool {
    (-1e-9..=1.0 + 1e-9).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        low: f64,
        high: f64,
    }

    impl Checked for Pair {
        fn check(&self) -> std::result::Result<(), String> {
            match self.low <= self.high {
                true => Ok(()),
                false => Err("has its ends the wrong way round".to_owned()),
            }
        }
    }

    fn json(content: &[u8]) -> std::result::Result<Option<Pair>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pair.json");
        std::fs::write(&path, content).unwrap();
        read_json(&path, "write it again").map_err(|error| error.to_string())
    }

    #[test]
    fn json_is_validated_after_parsing_and_a_missing_file_is_none() {
        assert_eq!(json(b"{\"low\": 1, \"high\": 2}"), Ok(Some(Pair { low: 1.0, high: 2.0 })));
        let message = json(b"{\"low\": 3, \"high\": 2}").unwrap_err();
        let expected = "pair.json: has its ends the wrong way round; write it again";
        assert!(message.ends_with(expected), "{message}");
        for damaged in [&b""[..], b"{", b"{\"low\": 1}", b"\xff\xfe", b"[]", b"{\"low\": NaN}"] {
            let message = json(damaged).unwrap_err();
            assert!(message.contains("pair.json: cannot be parsed ("), "{message}");
            assert!(message.ends_with("; write it again"), "{message}");
        }
        assert_eq!(read_json::<Pair>(Path::new("no/such.json"), "").unwrap(), None);
    }

    #[test]
    fn a_folder_in_place_of_a_file_is_reported_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let message = read_json::<Pair>(folder.path(), "write it again").unwrap_err().to_string();
        assert!(message.contains("Is a directory"), "{message}");
        assert!(message.ends_with("move the folder away; then write it again"), "{message}");
    }

    #[test]
    fn truncated_rows_are_detected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.csv");
        let whole = "low,high\n1,2\n3,45\n";
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let all = |rows: Vec<Pair>| match rows.len() {
                2 => Ok(rows),
                count => Err(format!("has {count} rows")),
            };
            read_csv(&path, "write it again", all).map_err(|error| error.to_string())
        };
        assert_eq!(read(whole).unwrap().unwrap().len(), 2);
        for end in 0..whole.len() {
            let message = read(&whole[..end]).unwrap_err();
            assert!(message.contains("pairs.csv: ") && message.ends_with("again"), "{message}");
        }
    }
}
