//! Finds the pictures below a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::data::source::picture::EXTENSIONS;
use crate::error::{Error, Result};
use crate::words::{count, first_few};

/// Files and folders that systems and programs leave behind, in lower case; besides all whose names
/// begin with a point.
const JUNK: [&str; 3] = ["thumbs.db", "desktop.ini", "__macosx"];

/// Extensions that a remark names.
const NAMED: usize = 5;

/// The pictures below a folder.
#[derive(Default)]
pub(super) struct Walked {
    /// Paths relative to the folder, in the order of their names.
    pub files: Vec<PathBuf>,
    /// Number of files of other kinds, by extension.
    others: BTreeMap<String, usize>,
}

impl Walked {
    fn add(&mut self, path: PathBuf) {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match EXTENSIONS.contains(&extension.as_str()) {
            true => self.files.push(path),
            false => *self.others.entry(extension).or_default() += 1,
        }
    }

    /// What was left out.
    pub fn remarks(&self) -> Option<String> {
        let others = self.others.values().sum::<usize>();
        (others > 0).then(|| {
            let all = count(others, "file");
            let are = if others == 1 { "is no picture" } else { "are no pictures" };
            format!("left out: {all} that {are}: {}", self.kinds())
        })
    }

    /// The same in brackets after a message; empty if nothing was left out.
    pub fn others_in_brackets(&self) -> String {
        match self.others.is_empty() {
            true => String::new(),
            false => format!(" (only {})", self.kinds()),
        }
    }

    fn kinds(&self) -> String {
        let shown = |(extension, count): (&String, &usize)| match extension.as_str() {
            "" => format!("{count} without an extension"),
            extension => format!("{count} .{extension}"),
        };
        first_few(&self.others.iter().map(shown).collect::<Vec<_>>(), NAMED)
    }
}

/// Finds all pictures below a folder by their extensions; follows links.
///
/// # Errors
/// A folder cannot be read.
pub(super) fn walk(root: &Path) -> Result<Walked> {
    let mut walked = Walked::default();
    enter(root, Path::new(""), &mut Vec::new(), &mut walked)?;
    walked.files.sort();
    Ok(walked)
}

/// Adds what lies in a folder. `above` are the folders that it lies in, without links: a link to one of
/// them would lead in a circle.
fn enter(root: &Path, inside: &Path, above: &mut Vec<PathBuf>, walked: &mut Walked) -> Result<()> {
    let folder = root.join(inside);
    let real = fs::canonicalize(&folder).map_err(Error::io("read", &folder))?;
    if above.contains(&real) {
        return Ok(());
    }
    above.push(real);
    for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
        let entry = entry.map_err(Error::io("read", &folder))?;
        let path = inside.join(entry.file_name());
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if name.starts_with('.') || JUNK.contains(&name.as_str()) {
            continue;
        }
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).map(|it| it.file_type()),
            kind => kind,
        };
        // Pipes, devices and links to nothing are no pictures.
        match kind {
            Ok(kind) if kind.is_dir() => enter(root, &path, above, walked)?,
            Ok(kind) if kind.is_file() => walked.add(path),
            _ => {}
        }
    }
    above.pop();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_by_extension_and_junk_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "b/2.PNG",
            "b/1.jpg",
            "a/deep/er/x.WebP",
            "top.gif",
            "a/.DS_Store",
            "a/.ipynb_checkpoints/x.png",
            "__MACOSX/a/x.png",
            "Thumbs.db",
            "a/notes.txt",
            "a/README",
        ];
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::create_dir(folder.path().join("empty")).unwrap();
        let walked = walk(folder.path()).unwrap();
        let found: Vec<&str> = walked.files.iter().filter_map(|file| file.to_str()).collect();
        assert_eq!(found, ["a/deep/er/x.WebP", "b/1.jpg", "b/2.PNG", "top.gif"]);
        let remark = "left out: 2 files that are no pictures: 1 without an extension, 1 .txt";
        assert_eq!(walked.remarks().as_deref(), Some(remark));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_a_circle_of_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (real, links) = (folder.path().join("real"), folder.path().join("links"));
        fs::create_dir_all(real.join("a")).unwrap();
        fs::create_dir(&links).unwrap();
        fs::write(real.join("a/1.png"), "").unwrap();
        std::os::unix::fs::symlink(real.join("a"), links.join("b")).unwrap();
        assert_eq!(walk(&links).unwrap().files, [PathBuf::from("b/1.png")]);
        std::os::unix::fs::symlink(&links, links.join("again")).unwrap();
        assert_eq!(walk(&links).unwrap().files, [PathBuf::from("b/1.png")]);
    }
}
