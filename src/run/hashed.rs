//! Folders named after a hash of the settings and data behind their content.

use crate::files::ResultFolder;
use std::path::{Path, PathBuf};

/// Hexadecimal digits of a hash in a name. The chance that any two of a thousand folders collide is
/// one in 500 million.
const DIGITS: usize = 12;

/// Digits in names of earlier versions; collisions occurred among a few thousand settings.
pub const OLD_DIGITS: usize = 6;

/// Whether a folder belongs to a given hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// It has this hash.
    Same,
    /// It has another hash.
    Other,
    /// It does not say.
    Unknown,
}

impl Owner {
    /// Whether the folder of a run belongs to this fingerprint. A folder with a damaged record counts
    /// as the same, so that the damage is reported when it is opened.
    pub fn of_run(path: &Path, fingerprint: &str) -> Owner {
        match ResultFolder::new(path).record() {
            Ok(Some(record)) if record.fingerprint != fingerprint => Owner::Other,
            Ok(None) => Owner::Unknown,
            Ok(Some(_)) | Err(_) => Owner::Same,
        }
    }
}

/// The digits of a hash that appear in a name.
pub fn digits(hash: &str) -> &str {
    &hash[..DIGITS]
}

/// The folder `STEM-HASH` under `runs`.
///
/// A folder with the shorter name of an earlier version is used if it has this hash and none has the
/// current name. If a folder of another hash happens to have the same digits, the name contains the
/// full hash.
pub fn hashed_folder(
    runs: &Path,
    stem: &str,
    hash: &str,
    owner: impl Fn(&Path) -> Owner,
) -> PathBuf {
    let named = |digits: usize| runs.join(format!("{stem}-{}", &hash[..digits]));
    let folder = named(DIGITS);
    let old = named(OLD_DIGITS);
    let is_old = || old.is_dir() && owner(&old) == Owner::Same;
    match folder.exists().then(|| owner(&folder)) {
        Some(Owner::Same) => folder,
        Some(Owner::Other) => named(hash.len()),
        // `Unknown`: left by a process that was killed as it started.
        Some(Owner::Unknown) | None if is_old() => old,
        Some(Owner::Unknown) | None => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const HASH: &str = "0123456789abcdef0123456789abcdef";

    /// The name that a folder gets among existing folders with these owners.
    fn name(existing: &[(&str, Owner)]) -> String {
        let runs = tempfile::tempdir().unwrap();
        for (name, _) in existing {
            fs::create_dir(runs.path().join(name)).unwrap();
        }
        let owner = |path: &Path| {
            existing
                .iter()
                .find(|(name, _)| path.ends_with(name))
                .expect("every folder has an owner")
                .1
        };
        let folder = hashed_folder(runs.path(), "a", HASH, owner);
        folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn a_short_name_of_an_earlier_version_is_used_unless_the_current_name_exists() {
        use Owner::{Other, Same, Unknown};
        assert_eq!(name(&[]), "a-0123456789ab");
        assert_eq!(name(&[("a-012345", Same)]), "a-012345");
        assert_eq!(name(&[("a-012345", Other)]), "a-0123456789ab");
        assert_eq!(name(&[("a-012345", Unknown)]), "a-0123456789ab");
        assert_eq!(name(&[("a-012345", Same), ("a-0123456789ab", Same)]), "a-0123456789ab");
        assert_eq!(name(&[("a-012345", Same), ("a-0123456789ab", Unknown)]), "a-012345");
        assert_eq!(name(&[("a-012345", Other), ("a-0123456789ab", Unknown)]), "a-0123456789ab");
    }

    #[test]
    fn a_collision_of_digits_makes_the_name_longer() {
        assert_eq!(name(&[("a-0123456789ab", Owner::Other)]), format!("a-{HASH}"));
    }

    #[test]
    fn the_owner_of_a_run_is_determined_by_its_full_hash() {
        let runs = tempfile::tempdir().unwrap();
        let run = crate::run::catalogue::tests::run(runs.path(), "a", "");
        assert_eq!(Owner::of_run(&run, ""), Owner::Same);
        assert_eq!(Owner::of_run(&run, HASH), Owner::Other);
        fs::write(run.join("run.json"), "{").unwrap();
        assert_eq!(Owner::of_run(&run, HASH), Owner::Same);
        assert_eq!(Owner::of_run(&runs.path().join("none"), HASH), Owner::Unknown);
    }
}
