//! Which outputs are refused, and why.

use std::os::unix::fs::symlink;

use super::*;

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
        let mut rules = OutputRules::new(force, &keeper).input("the images", self.path("data.csv"));
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
    assert!(message.contains("cannot write ") && message.contains("ot a directory"), "{message}");
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
