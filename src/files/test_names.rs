//! File names for results on test images, one set per test file.

use std::path::Path;

/// Longest part of a test file's name in the names of its figures.
const LONGEST: usize = 40;
/// Digits of the content's hash in them.
const DIGITS: usize = 12;

/// What the names of figures on a test file end in before their extension: `_test-NAME-HASH`, of its
/// name and the SHA-256 of its content.
pub fn test_ending(file: &Path, sha256: &str) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // `images.csv.gz` is called `images`.
    let name = name.split('.').next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = name.chars().take(LONGEST).map(plain).collect();
    let name = match name.trim_matches('-') {
        "" => "images",
        name => name,
    };
    format!("_test-{name}{}", content_ending(sha256))
}

/// What those names end in for images of this content, whatever their file is called: `-HASH`.
pub fn content_ending(sha256: &str) -> String {
    format!("-{}", &sha256[..DIGITS.min(sha256.len())])
}

/// The same name without that of the test file: `metrics_test.json` for
/// `metrics_test-NAME-HASH.json`, as earlier versions called it. Other names are given as they are.
pub fn without_test_file(name: &str) -> String {
    let parts = name.split_once("_test-").and_then(|(start, rest)| {
        let (of, extension) = rest.rsplit_once('.')?;
        let (_, hash) = of.rsplit_once('-')?;
        let is_hash = hash.len() == DIGITS && hash.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then_some((start, extension))
    });
    match parts {
        Some((start, extension)) => format!("{start}_test.{extension}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_on_a_test_file_are_called_after_it_and_its_content() {
        let of = |file: &str| test_ending(Path::new(file), &"0123456789abcdef".repeat(4));
        assert_eq!(of("data/fashion-mnist_test.csv.gz"), "_test-fashion-mnist_test-0123456789ab");
        assert_eq!(of("my images (1).csv"), "_test-my-images--1-0123456789ab");
        assert_eq!(of("-"), "_test-images-0123456789ab");
        assert!(of(&"ü".repeat(300)).len() < 70);
    }

    #[test]
    fn their_names_lead_back_to_those_of_earlier_versions() {
        for (name, plain) in [
            ("metrics_test-a_test-b-0123456789ab.json", "metrics_test.json"),
            ("embeddings_test-images-0123456789ab.npy", "embeddings_test.npy"),
            ("metrics_test.json", "metrics_test.json"),
            ("metrics_test-mine.json", "metrics_test-mine.json"),
            ("metrics.json", "metrics.json"),
        ] {
            assert_eq!(without_test_file(name), plain);
        }
    }
}
