//! Checks a command's outputs before any work, so that nothing is overwritten by mistake.

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use super::{
    FileKind, Temporary, create_folder, folder_of, is_same_file, is_stream, resolved, sweep_new,
};
use crate::error::{Error, Result};

/// The usual name of stdout on the command line.
const STDOUT: &str = "-";

/// A file or folder that was checked and may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    named: PathBuf,
    path: PathBuf,
    is_stream: bool,
}

/// Returns the run folder that a file belongs to, if it must not be overwritten.
type Keeper<'a> = &'a dyn Fn(&Path) -> Option<PathBuf>;

/// The rules for the outputs of a command.
///
/// An output must not be an input of the same command, another of its outputs, or a file of a run,
/// under any path; other existing files are only replaced with `--force`.
pub struct OutputRules<'a> {
    force: bool,
    keeper: Keeper<'a>,
    /// Description and path of each input.
    inputs: Vec<(&'static str, PathBuf)>,
    outputs: Vec<(&'static str, PathBuf)>,
}

impl Output {
    /// The path to write; for a symbolic link its target, so that it stays a link.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is a pipe, a terminal, a device or stdout.
    pub fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Refuses a name that promises another kind of file, and a terminal for what is no text.
    ///
    /// # Errors
    /// [`Error::Setting`] of `flag`, with the extension to use, or `otherwise`.
    pub fn refuse_other_kind(&self, flag: &str, kind: &FileKind, otherwise: &str) -> Result<()> {
        if !self.is_stream {
            return kind.refuse_other_name(flag, &self.named, otherwise);
        }
        let is_terminal = self.path == Path::new("/dev/stdout") && std::io::stdout().is_terminal();
        match is_terminal && !kind.is_text {
            true => {
                let problem = format!("is a terminal, but {} is binary: name a file", kind.name);
                Err(Error::setting(flag, self.named.display(), problem))
            }
            false => Ok(()),
        }
    }

    /// The path as given by the user.
    pub fn shown(&self) -> std::path::Display<'_> {
        self.named.display()
    }

    /// Creates the folder of the file if it is missing, and removes half-written files of dead
    /// processes from it.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn make_folder(&self) -> Result<()> {
        if self.is_stream {
            return Ok(());
        }
        let folder = folder_of(&self.path);
        folder.map_or(Ok(()), create_folder)?;
        sweep_new(folder.unwrap_or(Path::new(".")));
        Ok(())
    }
}

impl<'a> OutputRules<'a> {
    /// Rules of a command that replaces existing files only with `force`. `keeper` returns the run
    /// folder that a file belongs to, if any.
    pub fn new(force: bool, keeper: &'a dyn Fn(&Path) -> Option<PathBuf>) -> OutputRules<'a> {
        OutputRules { force, keeper, inputs: Vec::new(), outputs: Vec::new() }
    }

    /// Adds an input with its description: `the images`.
    pub fn input(mut self, what: &'static str, path: impl Into<PathBuf>) -> Self {
        self.inputs.push((what, path.into()));
        self
    }

    /// Checks an output file, or `-` for stdout.
    ///
    /// # Errors
    /// [`Error::Setting`] of `flag` if it is an input, another output, a file of a run, a folder,
    /// or exists without `--force`; [`Error::Io`] if it cannot be written.
    pub fn file(&mut self, flag: &'static str, named: &Path) -> Result<Output> {
        let refuse = |problem: String| Err(Error::setting(flag, named.display(), problem));
        if named.as_os_str().is_empty() {
            return refuse("is not a file name".to_owned());
        }
        if named == Path::new(STDOUT) {
            return self.stream(flag, named, PathBuf::from("/dev/stdout"));
        }
        if is_stream(named) {
            return self.stream(flag, named, named.to_path_buf());
        }
        if named.is_dir() || named.to_string_lossy().ends_with(std::path::MAIN_SEPARATOR) {
            return refuse("is a folder: name a file in it".to_owned());
        }
        let path = if named.is_symlink() { resolved(named) } else { named.to_path_buf() };
        self.check(flag, named, &path)?;
        if path.exists() && !self.force {
            let problem = "exists: use another name, or overwrite it with --force";
            return refuse(problem.to_owned());
        }
        probe(&path)?;
        self.outputs.push((flag, path.clone()));
        Ok(Output { named: named.to_path_buf(), path, is_stream: false })
    }

    fn stream(&mut self, flag: &'static str, named: &Path, path: PathBuf) -> Result<Output> {
        // The shell may have redirected it to any file.
        self.check(flag, named, &path)?;
        self.outputs.push((flag, path.clone()));
        Ok(Output { named: named.to_path_buf(), path, is_stream: true })
    }

    /// Checks an output folder for files with these names, relative to it.
    ///
    /// # Errors
    /// As [`OutputRules::file`] for each of them; the path is not a folder.
    pub fn folder(
        &mut self,
        flag: &'static str,
        named: &Path,
        names: &[impl AsRef<Path>],
    ) -> Result<Output> {
        let refuse = |problem: String| Err(Error::setting(flag, named.display(), problem));
        if named == Path::new(STDOUT) || is_stream(named) {
            return refuse("is a stream, but several files are written: name a folder".into());
        }
        if named.as_os_str().is_empty() || named.is_file() {
            return refuse("is not a folder: name one, which is created if missing".to_owned());
        }
        let folder = named.to_path_buf();
        let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        for path in &paths {
            self.check(flag, named, path)?;
        }
        if let Some(existing) = paths.iter().find(|path| path.symlink_metadata().is_ok())
            && !self.force
        {
            let existing = existing.strip_prefix(&folder).unwrap_or(existing).display();
            return refuse(format!(
                "already has {existing}: use another folder, or overwrite its files with --force"
            ));
        }
        if let Some(path) = paths.iter().find(|path| path.is_dir()) {
            return refuse(format!("has a folder where the file {} should be", path.display()));
        }
        paths.iter().try_for_each(|path| probe(path))?;
        self.outputs.extend(paths.into_iter().map(|path| (flag, path)));
        Ok(Output { named: named.to_path_buf(), path: folder, is_stream: false })
    }

    /// Refuses outputs that turn out to be inputs once the file that lists those was read.
    ///
    /// # Errors
    /// [`Error::Setting`] of the flag of the first one.
    pub fn refuse_inputs(&self, what: &str, inputs: &[PathBuf]) -> Result<()> {
        // Files that do not exist yet are not inputs.
        for (flag, path) in self.outputs.iter().filter(|(_, path)| path.exists()) {
            if let Some(input) = inputs.iter().find(|input| is_same_file(path, input)) {
                let shown = input.display();
                let problem = format!("would overwrite {what}, {shown}: use another name");
                return Err(Error::setting(flag, path.display(), problem));
            }
        }
        Ok(())
    }

    /// Refuses what not even `--force` may overwrite.
    fn check(&self, flag: &'static str, named: &Path, path: &Path) -> Result<()> {
        let refuse = |problem: String| Err(Error::setting(flag, named.display(), problem));
        let same = |(_, other): &&(&'static str, PathBuf)| is_same_file(path, other);
        // A terminal or the socket of a remote shell may be both read and written.
        let is_file = fs::metadata(path).map_or(true, |found| found.is_file());
        if let Some((what, input)) = self.inputs.iter().find(same).filter(|_| is_file) {
            let shown = input.display();
            return refuse(format!("would overwrite {what}, {shown}: use another name"));
        }
        let is_null = is_same_file(path, Path::new("/dev/null"));
        if let Some((other, _)) = self.outputs.iter().find(same).filter(|_| !is_null) {
            return refuse(format!("is also the output of {other}: use another name"));
        }
        if let Some(folder) = (self.keeper)(path) {
            let folder = folder.display();
            return refuse(format!(
                "would overwrite a file of {folder}, even with --force: use another \
                 name"
            ));
        }
        Ok(())
    }
}

/// Tests whether a file can be written in its folder, or in the nearest existing folder above it.
fn probe(path: &Path) -> Result<()> {
    let missing = |folder: &&Path| !folder.exists();
    let folder = path.ancestors().skip(1).find(|folder| !missing(folder));
    let folder = folder.unwrap_or(Path::new("."));
    let beside = folder.join(path.file_name().unwrap_or_default());
    // The final name may be too long, unlike the temporary one.
    if let Err(error) = beside.symlink_metadata()
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Error::io("write", path)(error));
    }
    Temporary::create(&beside).map(drop).map_err(Error::io("write", path))
}

#[cfg(all(test, unix))]
mod tests;
