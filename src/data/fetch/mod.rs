//! Fashion-MNIST as two CSV files, from wherever its four IDX files can be had.
//!
//! Whatever the source, the content is checked by SHA-256 of the unzipped files, so each source
//! gives the same CSV files, byte for byte.

mod sources;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use self::sources::{
    DEBIAN_FOLDER, Run, Scratch, candidates, from_debian_package, from_download, from_folder, run,
};
use super::{IdxImages, sha256_hex, write_rows};
use crate::error::{Error, Fault, Result};
use crate::files::{Output, OutputRules, write_atomically};

/// The training set's and the test set's CSV file, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// 60,000 images.
    pub train: PathBuf,
    /// 10,000 images.
    pub test: PathBuf,
    /// Where the images came from; `None` where both files were there already.
    pub source: Option<String>,
}

/// One half of the data set: its two IDX files and the CSV file made of them.
struct Half {
    /// Names without the `.gz` that upstream's have.
    images: &'static str,
    labels: &'static str,
    csv: &'static str,
    /// SHA-256 of the unzipped files in hexadecimal.
    images_sha256: &'static str,
    labels_sha256: &'static str,
    csv_sha256: &'static str,
}

/// Fashion-MNIST.
const PARTS: [Half; 2] = [
    Half {
        images: "train-images-idx3-ubyte",
        labels: "train-labels-idx1-ubyte",
        csv: "fashion-mnist_train.csv",
        images_sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        labels_sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        csv_sha256: "9b4c3051424ce1d78ff509d54017e2673b27260ea874c5ae9b364c0c1dc8a1b1",
    },
    Half {
        images: "t10k-images-idx3-ubyte",
        labels: "t10k-labels-idx1-ubyte",
        csv: "fashion-mnist_test.csv",
        images_sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        labels_sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        csv_sha256: "a269a18ad7ac639afde1ab2e65f83dd38a4fc321d057cf7039df1e5cff241e91",
    },
];

/// Images and labels of one part.
struct Idx {
    images: IdxImages,
    labels: Vec<u8>,
}

/// Reads both parts from one place.
type Source<'a> = &'a dyn Fn() -> Result<Vec<Idx>>;

/// What a fetch depends on beside its arguments.
struct World<'a> {
    parts: &'a [Half; 2],
    debian_folder: &'a Path,
    run: Run<'a>,
}

/// Writes `fashion-mnist_train.csv` and `fashion-mnist_test.csv` into a folder.
///
/// `rules` say what the files may be: those of a command that overwrites, as the content of what is
/// there is looked at here. `from` names a folder with the four IDX files, plain or as gzip; without it they are looked
/// for in the Debian package's folder, then in the package itself, then downloaded from upstream.
/// Files that are there and right are kept; one that is not right is replaced only with `force`.
/// `say` is told each step.
///
/// # Errors
/// [`Error::Fault`] where a file of that name holds something else, or `from` does not hold the
/// right files; [`Error::Other`] where no source gives them, with what each said and the way out;
/// [`Error::Io`] where a file cannot be written.
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
            let remedy = "name the one with the four IDX files with --from";
            return Err(Fault::new(folder, "there is no such folder").remedy(remedy).into());
        }
        let [train, test] = self.parts.each_ref().map(|part| into.join(part.csv));
        let mut missing = Vec::new();
        for (part, path) in self.parts.iter().zip([&train, &test]) {
            if force || !is_there(path, part.csv_sha256)? {
                missing.push((part, path));
            } else {
                say(&format!("{} is there already and right", path.display()));
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
            let idx = &found[index.expect("the missing parts are some of all parts")];
            say(&format!("writing {} images to {}", idx.labels.len(), path.display()));
            output.make_folder()?;
            write(idx, output.path())?;
        }
        Ok(Fetched { train, test, source: Some(source) })
    }

    /// Tries one source after the other.
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
        let mut refusals = String::new();
        for (name, source) in sources {
            say(&format!("trying {name}"));
            match source() {
                Ok(found) => return Ok((found, name)),
                Err(refusal) => refusals.push_str(&format!("\n  {name}: {refusal}")),
            }
        }
        Err(Error::Other(format!(
            "Fashion-MNIST could not be had from any source:{refusals}\nput its four IDX files \
             (github.com/zalandoresearch/fashion-mnist, folder data/fashion) into a folder and \
             name it with --from DIR, or go on with the sample in data/"
        )))
    }
}

/// Whether the file is there and right.
///
/// # Errors
/// [`Error::Fault`] where it is there and not right.
fn is_there(path: &Path, sha256: &str) -> Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let found = sha256_hex(&fs::read(path).map_err(Error::io("read", path))?);
    if found == sha256 {
        return Ok(true);
    }
    let problem = format!("is there but is not Fashion-MNIST: its SHA-256 is {found}");
    Err(Fault::new(path, problem).remedy("move it away, or replace it with --force").into())
}

/// Writes images and labels as CSV.
///
/// # Errors
/// [`Error::Io`] where the file cannot be written.
fn write(idx: &Idx, path: &Path) -> Result<()> {
    let IdxImages { shape, pixels } = &idx.images;
    let labels: Vec<String> = idx.labels.iter().map(u8::to_string).collect();
    let rows = labels.iter().map(String::as_str).zip(pixels.chunks_exact(shape.values()));
    write_atomically(path, |file| write_rows(file, *shape, rows))
}
