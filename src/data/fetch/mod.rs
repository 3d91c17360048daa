//! Writes Fashion-MNIST as two CSV files, from any source of its four IDX files.
//!
//! The SHA-256 of the decompressed files is checked, so that every source gives the same CSV files, byte
//! for byte.

mod parts;
mod sources;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use self::parts::{Half, Idx, PARTS};
use self::sources::{
    DEBIAN_FOLDER, Run, Scratch, candidates, from_debian_package, from_download, from_folder, run,
};
use super::{IdxImages, sha256_hex, write_rows};
use crate::error::{Error, Fault, Result};
use crate::files::{Output, OutputRules, write_atomically};

/// The CSV files of training and test set, and their source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// 60,000 images.
    pub train: PathBuf,
    /// 10,000 images.
    pub test: PathBuf,
    /// The source of the images; `None` if both files already existed.
    pub source: Option<String>,
}

/// Reads both parts from one source.
type Source<'a> = &'a dyn Fn() -> Result<Vec<Idx>>;

/// The environment of a fetch, replaced in tests.
struct World<'a> {
    parts: &'a [Half; 2],
    debian_folder: &'a Path,
    run: Run<'a>,
}

/// Writes `fashion-mnist_train.csv` and `fashion-mnist_test.csv` into a folder.
///
/// `from` is a folder with the four IDX files, plain or as gzip. Without it the sources are the folder of
/// the Debian package, then the package itself, then a download from upstream. Correct files are kept;
/// others of the same name are replaced only with `force`. `rules` must allow overwriting, because the
/// content of existing files is checked here. `say` receives progress messages.
///
/// # Errors
/// [`Error::Fault`] if a file of that name has other content, or `from` lacks the right files;
/// [`Error::Other`] if all sources fail, with the error of each and a remedy; [`Error::Io`] if a file
/// cannot be written.
pub fn fetch(
    from: Option<&Path>,
    into: &Path,
    force: bool,
    rules: OutputRules,
    say: &mut dyn FnMut(&str),
) -> Result<Fetched> {
    let world = World { parts: &PARTS, debian_folder: Path::new(DEBIAN_FOLDER), run: &run };
    world.fetch(from, into, force, rules, say)
}

impl World<'_> {
    fn fetch(
        &self,
        from: Option<&Path>,
        into: &Path,
        force: bool,
        rules: OutputRules,
        say: &mut dyn FnMut(&str),
    ) -> Result<Fetched> {
        if let Some(folder) = from.filter(|folder| !folder.is_dir()) {
            let remedy = "name the folder with the four IDX files with --from";
            return Err(Fault::new(folder, "folder not found").remedy(remedy).into());
        }
        let [train, test] = self.parts.each_ref().map(|part| into.join(part.csv));
        let mut missing = Vec::new();
        for (part, path) in self.parts.iter().zip([&train, &test]) {
            if force || !is_correct(path, part.csv_sha256)? {
                missing.push((part, path));
            } else {
                say(&format!("{} already exists and is correct", path.display()));
            }
        }
        if missing.is_empty() {
            return Ok(Fetched { train, test, source: None });
        }
        let read = from.into_iter().flat_map(|folder| candidates(folder, self.parts));
        let mut rules = read.fold(rules, |rules, path| rules.input("a file of --from", path));
        let outputs: Vec<Output> =
            missing.iter().map(|(_, path)| rules.file("--into", path)).collect::<Result<_>>()?;
        let (found, source) = match from {
            Some(folder) => (from_folder(folder, self.parts)?, folder.display().to_string()),
            None => self.search(into, say)?,
        };
        for ((part, path), output) in missing.into_iter().zip(outputs) {
            let index = self.parts.iter().position(|other| other.csv == part.csv);
            let idx = &found[index.expect("missing parts come from all parts")];
            say(&format!("writing {} images to {}", idx.labels.len(), path.display()));
            output.make_folder()?;
            write(idx, output.path())?;
        }
        Ok(Fetched { train, test, source: Some(source) })
    }

    /// Tries the sources in order.
    fn search(&self, into: &Path, say: &mut dyn FnMut(&str)) -> Result<(Vec<Idx>, String)> {
        let scratch = Scratch::new(into)?;
        let sources: [(String, Source); 3] = [
            (self.debian_folder.display().to_string(), &|| {
                from_folder(self.debian_folder, self.parts)
            }),
            ("the Debian package dataset-fashion-mnist".to_owned(), &|| {
                from_debian_package(&scratch.folder("package")?, self.parts, self.run)
            }),
            ("a download from github.com/zalandoresearch/fashion-mnist".to_owned(), &|| {
                from_download(&scratch.folder("download")?, self.parts, self.run)
            }),
        ];
        let mut errors = String::new();
        for (name, source) in sources {
            say(&format!("trying {name}"));
            match source() {
                Ok(found) => return Ok((found, name)),
                Err(error) => errors.push_str(&format!("\n  {name}: {error}")),
            }
        }
        Err(Error::Other(format!(
            "cannot get Fashion-MNIST from any source:{errors}\nput its four IDX files \
             (github.com/zalandoresearch/fashion-mnist, folder data/fashion) into a folder and \
             name it with --from DIR, or use the sample in data/"
        )))
    }
}

/// Whether the file exists with the right content.
///
/// # Errors
/// [`Error::Fault`] if it exists with other content.
fn is_correct(path: &Path, sha256: &str) -> Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let found = sha256_hex(&fs::read(path).map_err(Error::io("read", path))?);
    if found == sha256 {
        return Ok(true);
    }
    let problem = format!("exists but is not Fashion-MNIST: its SHA-256 is {found}");
    Err(Fault::new(path, problem).remedy("move it away, or replace it with --force").into())
}

/// Writes images and labels as CSV.
///
/// # Errors
/// [`Error::Io`] if the file cannot be written.
fn write(idx: &Idx, path: &Path) -> Result<()> {
    let IdxImages { shape, pixels } = &idx.images;
    let labels: Vec<String> = idx.labels.iter().map(u8::to_string).collect();
    let rows = labels.iter().map(String::as_str).zip(pixels.chunks_exact(shape.values()));
    write_atomically(path, |file| write_rows(file, *shape, rows))
}
