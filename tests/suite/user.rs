//! A user at a terminal: the program in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

/// A working folder, with a small CSV of real images if wanted.
pub struct User {
    folder: TempDir,
}

/// The sample that comes with the program.
pub fn shipped_sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/fashion-mnist_sample.csv.gz")
}

impl User {
    /// A user with `small.csv`: `per_class` Fashion-MNIST images of each class.
    pub fn with_images(per_class: usize) -> User {
        static SAMPLES: Mutex<BTreeMap<usize, Vec<u8>>> = Mutex::new(BTreeMap::new());
        let user = User::new();
        let mut samples = SAMPLES.lock().unwrap_or_else(PoisonError::into_inner);
        let content = samples.entry(per_class).or_insert_with(|| user.sample(per_class));
        user.writes("small.csv", content);
        user
    }

    /// A CSV sampled from the images that come with the program.
    fn sample(&self, per_class: usize) -> Vec<u8> {
        let (sample, count) = (shipped_sample(), per_class.to_string());
        let sample = sample.to_str().unwrap();
        self.succeeds(&["data", "sample", sample, "--per-class", &count, "--out", "sample.csv"]);
        let content = self.reads("sample.csv");
        std::fs::remove_file(self.path("sample.csv")).unwrap();
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

    /// Runs `dml` and returns its output.
    pub fn runs(&self, args: &[&str]) -> Output {
        self.dml(args).output().unwrap()
    }

    /// Runs `dml`, which must succeed, and returns stdout and stderr.
    pub fn succeeds(&self, args: &[&str]) -> (String, String) {
        let output = self.runs(args);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{args:?} failed:\n{err}");
        (out, err)
    }

    /// Runs `dml`, which must fail with this exit code, and returns the last line on stderr, or all of it
    /// for code 2.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let output = self.runs(args);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?} printed:\n{out}{err}");
        if code == 2 { err } else { err.lines().last().unwrap().to_owned() }
    }

    /// The one folder in `runs` with this prefix.
    pub fn run_folder(&self, runs: &str, start: &str) -> String {
        let entries = std::fs::read_dir(self.path(runs)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let found: Vec<String> = names.filter(|name| name.starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{found:?} start with {start}");
        format!("{runs}/{}", found[0])
    }
}

/// Sends a signal, `INT` or the like, to a process.
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

/// Sleeps briefly while polling another process: busy waiting would take a core away from it.
pub fn wait_a_little() {
    std::thread::sleep(Duration::from_millis(1));
}

/// The stdout and stderr of a process.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Asserts that a file is a picture of a reasonable size that is not blank.
pub fn assert_picture(path: &Path) {
    let picture = image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_rgb8();
    let (width, height) = picture.dimensions();
    assert!(width >= 600 && height >= 300, "{} is {width}×{height}", path.display());
    let background = picture.get_pixel(0, 0);
    let drawn = picture.pixels().filter(|pixel| *pixel != background).count();
    let share = drawn as f64 / f64::from(width * height);
    assert!(share > 0.005, "only {share} of {} is drawn on", path.display());
}

#[test]
fn a_blank_picture_is_detected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blank.png");
    image::RgbImage::from_pixel(800, 600, image::Rgb([255; 3])).save(&path).unwrap();
    assert!(std::panic::catch_unwind(|| assert_picture(&path)).is_err());
}
