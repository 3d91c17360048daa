//! A user at a terminal: the program in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

/// A working folder with a small CSV of real images in it.
pub struct User {
    folder: TempDir,
}

/// The sample that comes with the program.
pub fn shipped_sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/fashion-mnist_sample.csv.gz")
}

impl User {
    /// A user with `small.csv`, so many Fashion-MNIST images of each class.
    pub fn with_images(per_class: usize) -> User {
        static DRAWN: Mutex<BTreeMap<usize, Vec<u8>>> = Mutex::new(BTreeMap::new());
        let user = User::new();
        let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        let content = drawn.entry(per_class).or_insert_with(|| user.draws(per_class));
        user.writes("small.csv", content);
        user
    }

    /// The content of a sample of the images that come with the program.
    fn draws(&self, per_class: usize) -> Vec<u8> {
        let (sample, count) = (shipped_sample(), per_class.to_string());
        let sample = sample.to_str().unwrap();
        self.succeeds(&["data", "sample", sample, "--per-class", &count, "--out", "drawn.csv"]);
        let content = self.reads("drawn.csv");
        std::fs::remove_file(self.path("drawn.csv")).unwrap();
        content
    }

    /// A user in an empty folder.
    pub fn new() -> User {
        User { folder: tempfile::tempdir().unwrap() }
    }

    /// A path in the user's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn writes(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Reads a file.
    pub fn reads(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Reads a text file.
    pub fn reads_text(&self, name: &str) -> String {
        String::from_utf8(self.reads(name)).unwrap()
    }

    /// `dml` in the user's folder, ready to run.
    pub fn dml(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dml"));
        command.args(args).current_dir(self.folder.path());
        command
    }

    /// Runs `dml` and gives what it left.
    pub fn runs(&self, args: &[&str]) -> Output {
        self.dml(args).output().unwrap()
    }

    /// Runs `dml`, which must succeed, and gives its stdout and stderr.
    pub fn succeeds(&self, args: &[&str]) -> (String, String) {
        let output = self.runs(args);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{args:?} failed:\n{err}");
        (out, err)
    }

    /// Runs `dml`, which must fail with an exit code, and gives its last line on stderr.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.runs(args);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?} printed:\n{out}{err}");
        if code == 2 { err } else { err.lines().last().unwrap().to_owned() }
    }

    /// The one folder in `runs` whose name begins so.
    pub fn run_folder(&self, runs: &str, start: &str) -> String {
        let entries = std::fs::read_dir(self.path(runs)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let found: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{found:?} begin with {start}");
        format!("{runs}/{}", found[0])
    }
}

/// Sends a signal, `INT` or the like, to a process.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

/// Between two looks at what another process does: turning in circles takes a core away from it.
pub fn wait_a_little() {
    std::thread::sleep(Duration::from_millis(1));
}

/// What a process left on stdout and stderr.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Asserts that a file is a picture of some size with something on it.
pub fn assert_picture(path: &Path) {
    let picture = image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_rgb8();
    let (width, height) = picture.dimensions();
    assert!(width >= 600 && height >= 300, "{} is {width}×{height}", path.display());
    let background = picture.get_pixel(0, 0);
    let drawn = picture.pixels().filter(|pixel| *pixel != background).count();
    let share = drawn as f64 / f64::from(width * height);
    assert!(share > 0.005, "{} is blank but for {share}", path.display());
}

#[test]
fn a_blank_picture_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blank.png");
    image::RgbImage::from_pixel(800, 600, image::Rgb([255; 3])).save(&path).unwrap();
    assert!(std::panic::catch_unwind(|| assert_picture(&path)).is_err());
}
