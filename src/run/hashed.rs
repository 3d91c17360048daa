//! Folders that are named after a hash of what decides their content.

use crate::files::ResultFolder;
use std::path::{Path, PathBuf};

/// Hexadecimal digits of a hash in a name: among a thousand folders two agree once in 500 million
/// times.
const DIGITS: usize = 12;

/// So many had the names that earlier versions gave, and two settings out of a few thousand agreed.
pub const OLD_DIGITS: usize = 6;

/// Whose a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// It has the very hash.
    Same,
    /// It has another hash.
    Other,
    /// Nothing in it says.
    Unknown,
}

impl Owner {
    /// Whose the folder of a run is, by its record. A damaged record is taken for that of the same
    /// run, so that whoever opens the folder is told of the damage.
    pub fn of_run(path: &Path, fingerprint: &str) -> Owner {
        match ResultFolder::new(path).record() {
            Ok(Some(record)) if record.fingerprint != fingerprint => Owner::Other,
            Ok(None) => Owner::Unknown,
            Ok(Some(_)) | Err(_) => Owner::Same,
        }
    }
}

/// The digits of a hash that a name has.
pub fn digits(hash: &str) -> &str {
    &hash[..DIGITS]
}

/// The folder `STEM-HASH` under `runs`.
///
/// Where an earlier version gave it a shorter name, and nothing has the name of today, or an empty
/// folder, that folder is taken as it is. A folder of another hash whose digits happen to agree is no
/// obstacle: the name is then made longer.
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
        // Nothing, or what a start that was killed at once has left.
        Some(Owner::Unknown) | None if is_old() => old,
        Some(Owner::Unknown) | None => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const HASH: &str = "0123456789abcdef0123456789abcdef";

    /// The name that a folder gets where some are there, each with its owner.
    fn name(there: &[(&str, Owner)]) -> String {
        let runs = tempfile::tempdir().unwrap();
        for (name, _) in there {
            fs::create_dir(runs.path().join(name)).unwrap();
        }
        let owner = |path: &Path| {
            there.iter().find(|(name, _)| path.ends_with(name)).expect("it is there").1
        };
        let folder = hashed_folder(runs.path(), "a", HASH, owner);
        folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn a_folder_of_an_earlier_version_is_taken_where_it_is_the_same_and_there_is_no_newer() {
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
    fn digits_that_agree_with_those_of_another_hash_make_the_name_longer() {
        assert_eq!(name(&[("a-0123456789ab", Owner::Other)]), format!("a-{HASH}"));
    }

    #[test]
    fn the_owner_of_a_run_is_known_by_its_whole_hash() {
        let runs = tempfile::tempdir().unwrap();
        let run = crate::run::catalogue::tests::run(runs.path(), "a", "");
        assert_eq!(Owner::of_run(&run, ""), Owner::Same);
        assert_eq!(Owner::of_run(&run, HASH), Owner::Other);
        fs::write(run.join("run.json"), "{").unwrap();
        assert_eq!(Owner::of_run(&run, HASH), Owner::Same);
        assert_eq!(Owner::of_run(&runs.path().join("none"), HASH), Owner::Unknown);
    }
}
