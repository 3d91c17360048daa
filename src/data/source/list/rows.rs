//! The rows of a list: files, labels and parts, and what is wrong with them.

use std::path::{Path, PathBuf};

use super::layout::{Layout, Record};
use crate::data::Part;
use crate::data::labels::is_missing;
use crate::data::source::parts::part_named;
use crate::data::source::pictures::Entry;
use crate::error::Fault;

/// Most files that a message names.
const NAMED: usize = 3;

/// The rows of a list whose file exists.
pub(super) struct Rows {
    /// The files, `[N]`.
    pub entries: Vec<Entry>,
    /// Their labels, `[N]`; empty without a column of labels.
    pub labels: Vec<String>,
    /// What they are for, `[N]`; `None` without a column that says it.
    pub parts: Option<Vec<Part>>,
    /// What is wrong with the other rows; missing files are one fault.
    pub faults: Vec<Fault>,
    /// How many other rows there are.
    pub faulty: usize,
}

/// What each record is for; `None` without a column that says it.
pub(super) fn parts(records: &[Record], layout: &Layout) -> Option<Vec<Part>> {
    let column = layout.part?;
    records.iter().map(|(_, cells)| part_named(cells.get(column)?)).collect()
}

impl Rows {
    /// The rows of these records, which are for `parts`.
    pub fn new(path: &Path, layout: &Layout, records: &[Record], parts: Option<Vec<Part>>) -> Rows {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut rows = Rows {
            entries: Vec::new(),
            labels: Vec::new(),
            parts: parts.as_ref().map(|_| Vec::new()),
            faults: Vec::new(),
            faulty: 0,
        };
        let mut missing = Vec::new();
        for (index, (line, cells)) in records.iter().enumerate() {
            match row(cells, layout) {
                Ok((label, name)) => match find_file(folder, &name) {
                    Some(file) => {
                        rows.labels.push(label);
                        rows.entries.push(Entry { file, name, line: Some(*line) });
                        let part = parts.as_ref().map(|parts| parts[index]);
                        rows.parts.iter_mut().for_each(|kept| kept.extend(part));
                    }
                    None => missing.push((*line, name)),
                },
                Err(problem) => rows.faults.push(Fault::new(path, problem).line(*line)),
            }
        }
        rows.faulty = missing.len() + rows.faults.len();
        rows.faults.splice(..0, missing_files(path, folder, &missing));
        rows
    }
}

/// The label and the path of a row, or what it lacks.
fn row(cells: &[String], layout: &Layout) -> Result<(String, String), &'static str> {
    let file = cells.get(layout.path).filter(|file| !file.is_empty()).ok_or("has no path")?;
    let label = match &layout.label {
        Some((column, _)) => {
            let cell = cells.get(*column).filter(|label| !label.is_empty() && !is_missing(label));
            cell.ok_or("the label is missing")?.clone()
        }
        None => String::new(),
    };
    Ok((label, file.clone()))
}

/// The existing file that a cell names, also with backslashes from Windows.
fn find_file(folder: &Path, cell: &str) -> Option<PathBuf> {
    [folder.join(cell), folder.join(cell.replace('\\', "/"))]
        .into_iter()
        .find(|path| path.is_file())
}

/// One fault for all missing files.
fn missing_files(path: &Path, folder: &Path, missing: &[(u64, String)]) -> Option<Fault> {
    let (line, _) = missing.first()?;
    let named = missing.iter().take(NAMED).map(|(line, file)| format!("{file} (line {line})"));
    let mut named: Vec<String> = named.collect();
    if missing.len() > NAMED {
        named.push(format!("{} more", missing.len() - NAMED));
    }
    let named = named.join(", ");
    let problem = match missing.len() {
        1 => format!("lists an image file that does not exist: {named}"),
        n => format!("lists {n} image files that do not exist: {named}"),
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let remedy = format!("paths are relative to the list's folder, {}", folder.display());
    Some(Fault::new(path, problem).line(*line).remedy(remedy))
}
