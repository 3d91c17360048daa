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
    if let Err(refusal) = beside.symlink_metadata()
        && refusal.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Error::io("write", path)(refusal));
    }
    Temporary::create(&beside).map(drop).map_err(Error::io("write", path))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A folder with `data.csv`, `old.csv` and the file `kept/model` of a run.
    struct World(tempfile::TempDir);

    impl World {
        fn new() -> World {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("kept")).unwrap();
            for name in ["data.csv", "old.csv", "kept/model"] {
                fs::write(folder.path().join(name), name).unwrap();
            }
            World(folder)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn keeper(&self) -> impl Fn(&Path) -> Option<PathBuf> + use<> {
            let kept = self.path("kept/model");
            move |path| is_same_file(path, &kept).then(|| PathBuf::from("kept"))
        }

        /// The error message for an output.
        fn refusal(&self, name: &str, force: bool) -> Option<String> {
            let keeper = self.keeper();
            let mut rules =
                OutputRules::new(force, &keeper).input("the images", self.path("data.csv"));
            rules.file("--out", &self.path(name)).err().map(|error| crate::error::chain(&error))
        }

        fn count(&self) -> usize {
            fs::read_dir(self.0.path()).unwrap().count()
        }
    }

    #[test]
    fn inputs_and_files_of_runs_are_refused_under_any_path_even_with_force() {
        let world = World::new();
        symlink(world.path("data.csv"), world.path("soft.csv")).unwrap();
        fs::hard_link(world.path("data.csv"), world.path("hard.csv")).unwrap();
        symlink(world.0.path(), world.path("again")).unwrap();
        symlink(world.path("kept"), world.path("by-link")).unwrap();
        for force in [false, true] {
            for name in ["data.csv", "soft.csv", "hard.csv", "again/data.csv", "kept/../data.csv"] {
                let message = world.refusal(name, force).unwrap();
                assert!(message.contains(": would overwrite the images, "), "{message}");
            }
            for name in ["kept/model", "by-link/model", "again/by-link/../kept/model"] {
                let message = world.refusal(name, force).unwrap();
                assert!(message.contains("would overwrite a file of kept"), "{message}");
            }
        }
    }

    #[test]
    fn existing_files_need_force_and_new_ones_do_not() {
        let world = World::new();
        let before = world.count();
        let message = world.refusal("old.csv", false).unwrap();
        assert!(message.ends_with("use another name, or overwrite it with --force"), "{message}");
        assert_eq!(world.refusal("old.csv", true), None);
        for name in ["new.csv", "kept/new", "deep/er/new.csv", "kept/../new.csv"] {
            assert_eq!(world.refusal(name, false), None, "{name}");
        }
        assert_eq!(world.count(), before, "nothing is created before there is something to write");
        symlink(world.path("old.csv"), world.path("soft")).unwrap();
        assert!(world.refusal("soft", false).is_some());
    }

    #[test]
    fn paths_that_cannot_be_written_are_reported_before_any_work() {
        let world = World::new();
        for name in ["kept", "kept/", "new/"] {
            let message = world.refusal(name, true).unwrap();
            assert!(message.ends_with("is a folder: name a file in it"), "{message}");
        }
        let message = world.refusal("old.csv/new.csv", true).unwrap();
        assert!(
            message.contains("cannot write ") && message.contains("ot a directory"),
            "{message}"
        );
        let message = world.refusal(&"x".repeat(300), true).unwrap();
        assert!(message.contains("File name too long"), "{message}");
        let keeper = |_: &Path| None;
        let mut rules = OutputRules::new(false, &keeper);
        assert!(rules.file("--out", Path::new("")).is_err());
    }

    #[test]
    fn two_outputs_of_a_command_must_be_different_files() {
        let world = World::new();
        let keeper = world.keeper();
        let mut rules = OutputRules::new(false, &keeper);
        rules.file("--out", &world.path("a.npy")).unwrap();
        for name in ["a.npy", "kept/../a.npy"] {
            let error = rules.file("--labels-out", &world.path(name)).unwrap_err().to_string();
            assert!(error.contains("is also the output of --out"), "{error}");
        }
        let pipe = world.path("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(rules.file("--out", &pipe).unwrap().is_stream());
        let error = rules.file("--labels-out", &pipe).unwrap_err().to_string();
        assert!(error.contains("is also the output of --out"), "{error}");
        for flag in ["--out", "--labels-out"] {
            rules.file(flag, Path::new("/dev/null")).unwrap();
        }
    }

    #[test]
    fn a_link_stays_a_link_and_its_target_is_written() {
        let world = World::new();
        symlink("old.csv", world.path("soft")).unwrap();
        symlink("new.csv", world.path("dangling")).unwrap();
        let keeper = world.keeper();
        let mut rules = OutputRules::new(true, &keeper);
        for (name, target) in [("soft", "old.csv"), ("dangling", "new.csv")] {
            let output = rules.file("--out", &world.path(name)).unwrap();
            super::super::write_text(output.path(), "result").unwrap();
            assert!(world.path(name).is_symlink());
            assert_eq!(fs::read_to_string(world.path(target)).unwrap(), "result");
        }
    }

    #[test]
    fn a_folder_is_refused_if_any_of_its_files_is() {
        let world = World::new();
        let keeper = world.keeper();
        let refusal = |named: &str, name: &str, force| {
            let mut rules =
                OutputRules::new(force, &keeper).input("the images", world.path("data.csv"));
            let names = ["new.txt", name];
            rules.folder("--out", &world.path(named), &names).err().map(|error| error.to_string())
        };
        assert!(refusal("kept", "model", true).unwrap().contains("a file of kept"));
        assert!(refusal("", "data.csv", true).unwrap().contains("would overwrite the images"));
        assert!(refusal("", "old.csv", false).unwrap().contains("already has old.csv: use"));
        assert!(refusal("", "kept", true).unwrap().contains("has a folder where the file"));
        assert!(refusal("old.csv", "x", true).unwrap().contains("is not a folder: name one"));
        assert_eq!(refusal("", "old.csv", true), None);
        assert_eq!(refusal("new/deep", "plots/x.png", false), None);
        assert_eq!(refusal("kept", "x", false), None);
        let mut rules = OutputRules::new(true, &keeper);
        let error = rules.folder("--out", Path::new("-"), &["a"]).unwrap_err().to_string();
        assert!(error.contains("is a stream, but several files are written"), "{error}");
    }
}
