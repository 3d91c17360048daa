//! The last line that each task of a batch printed.

use crate::files::layout::LOGS;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The newest log of a task.
#[derive(Debug, PartialEq, Eq)]
pub struct Log {
    /// The file.
    pub path: PathBuf,
    /// The last line that is not empty.
    pub last: String,
}

/// The newest log of each of these tasks; tasks without a log are skipped.
pub fn logs(folder: &Path, tasks: &[usize]) -> Vec<Log> {
    let entries = fs::read_dir(folder.join(LOGS)).into_iter().flatten().flatten();
    let dated = |entry: fs::DirEntry| {
        let path = entry.path();
        let task = path.file_name()?.to_str()?.strip_suffix(".out")?.rsplit_once('_')?.1;
        Some((task.parse::<usize>().ok()?, entry.metadata().ok()?.modified().ok()?, path))
    };
    let all: Vec<(usize, SystemTime, PathBuf)> = entries.filter_map(dated).collect();
    let newest = |task: &usize| {
        let of_task = all.iter().filter(|(of, ..)| of == task);
        let (.., path) = of_task.max_by_key(|(_, time, _)| *time)?;
        Some(Log { path: path.clone(), last: last_line(path) })
    };
    tasks.iter().filter_map(newest).collect()
}

fn last_line(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_log_of_a_task_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(LOGS).join(name);
        fs::create_dir(folder.path().join(LOGS)).unwrap();
        fs::write(path("8_3.out"), "old\n").unwrap();
        fs::write(path("9_3.out"), "first\nerror: the disk is full\n\n").unwrap();
        fs::write(path("collect-10.out"), "x").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(9);
        fs::File::options()
            .append(true)
            .open(path("9_3.out"))
            .unwrap()
            .set_modified(later)
            .unwrap();
        let last = "error: the disk is full".to_owned();
        assert_eq!(logs(folder.path(), &[1, 3]), [Log { path: path("9_3.out"), last }]);
        assert!(logs(&folder.path().join("none"), &[1]).is_empty());
    }
}
