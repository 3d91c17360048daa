//! Reads a folder of pictures with a folder for each class, as torchvision's `ImageFolder` does; folders
//! `train`, `val` and `test` may lie above the classes.

mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use self::walk::{Walked, walk};
use super::kind::{Content, Found, Kind, Recognises, Report, refuse_columns};
use super::parts::{choose, part_named};
use super::pictures::{Entry, read_pictures};

use crate::data::{LabelColumn, Part, Pixels, RawImages, ReadOptions, Reading};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;
use crate::words::{count, dml, either, first_few};

/// Folders of pictures.
pub(super) const KIND: Kind =
    Kind { name: "a folder of pictures", recognises: Recognises::Folder, read };

/// Names that a message shows.
const NAMED: usize = 5;

/// A picture and what its folders say of it.
struct Placed {
    file: PathBuf,
    /// The path below the folder that the user named.
    relative: PathBuf,
    /// `None` if it lies beside the folders of classes.
    class: Option<String>,
    part: Option<Part>,
}

/// Reads the pictures of a folder.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if there is no picture or no folder of a class, or as
/// [`read_pictures`].
fn read(content: &Content, options: &ReadOptions, report: Report) -> Result<Found> {
    let root = content.path;
    refuse_columns(root, (KIND.name, ""), options)?;
    let Chosen { pictures, is_labelled, mut remarks } = chosen(root, options)?;
    let entries: Vec<Entry> = pictures.iter().map(entry).collect();
    let read = read_pictures(root, &entries, options, report, content.watch)?;
    remarks.extend(read.remarks);
    let kept: Vec<&Placed> = read.kept.iter().map(|&index| &pictures[index]).collect();
    let (distinct, rows) = labels(&kept);
    let names: String =
        kept.iter().map(|picture| format!("{}\n", picture.relative.display())).collect();
    let hashes = sha256_hex(names.as_bytes()) + &sha256_hex(&read.pixels);
    let files = pictures.iter().map(|picture| picture.file.clone()).collect();
    let images = RawImages {
        pixels: Pixels::Bytes(read.pixels),
        shape: read.shape,
        distinct: is_labelled.then_some(distinct),
        rows,
        parts: kept.iter().map(|picture| picture.part).collect(),
        reading: Reading { remarks, files, ..Reading::default() },
    };
    let sha256 = sha256_hex(hashes.as_bytes());
    Ok(Found {
        images,
        sha256,
        rows: read.rows,
        header: false,
        is_scaled: true,
        are_pictures: true,
    })
}

/// The pictures to read.
struct Chosen {
    pictures: Vec<Placed>,
    /// Whether each has a class; else none has.
    is_labelled: bool,
    remarks: Vec<String>,
}

/// Finds the pictures that the options mean.
fn chosen(root: &Path, options: &ReadOptions) -> Result<Chosen> {
    let walked = walk(root)?;
    let has_parts = has_parts(&walked);
    if !has_parts {
        refuse_unclear_parts(root, &walked)?;
    }
    let found = walked.files.iter().map(|file| placed(root, file, has_parts));
    let (found, mut beside): (Vec<Placed>, Vec<Placed>) =
        found.partition(|picture| picture.part.is_some() || !has_parts);
    let mut remarks: Vec<String> = walked.remarks().into_iter().collect();
    let found = match found.iter().map(|picture| picture.part).collect::<Option<Vec<Part>>>() {
        Some(parts) if has_parts => {
            let choice = choose(root, &parts, options.rows)?;
            remarks.extend(choice.remark);
            let read = found.into_iter().zip(choice.is_read).filter(|(_, is_read)| *is_read);
            read.map(|(picture, _)| picture).collect()
        }
        _ => found,
    };
    let is_labelled = found.iter().any(|picture| picture.class.is_some());
    if !is_labelled && options.label != LabelColumn::IfThere {
        return Err(no_classes(root, &walked, has_parts).into());
    }
    let (pictures, unlabelled): (Vec<Placed>, Vec<Placed>) =
        found.into_iter().partition(|picture| !is_labelled || picture.class.is_some());
    beside.extend(unlabelled);
    remarks.extend(beside_remark(&beside));
    if options.label != LabelColumn::IfThere {
        refuse_only_class(root, &pictures)?;
    }
    Ok(Chosen { pictures, is_labelled, remarks })
}

/// Whether the folders at the top are parts and not classes: each has the name of a part, and one is for
/// training and has folders of classes.
fn has_parts(walked: &Walked) -> bool {
    let tops: BTreeSet<&str> = walked.files.iter().filter_map(|file| top(file)).collect();
    let is_train = |file: &PathBuf| {
        top(file).and_then(part_named) == Some(Part::Training) && file.components().count() > 2
    };
    !tops.is_empty()
        && tops.iter().all(|name| part_named(name).is_some())
        && walked.files.iter().any(is_train)
}

/// Refuses folders that look like parts beside others with the same classes: their test images would be
/// trained on, and the parts be taken for classes.
fn refuse_unclear_parts(root: &Path, walked: &Walked) -> Result<()> {
    let mut inner: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in walked.files.iter().filter(|file| file.iter().count() > 2) {
        let mut folders = file.iter().filter_map(|name| name.to_str());
        if let (Some(top), Some(class)) = (folders.next(), folders.next()) {
            inner.entry(top).or_default().insert(class);
        }
    }
    let is_like_part = |name: &str| {
        name.split(|c: char| !c.is_alphanumeric()).any(|word| part_named(word).is_some())
    };
    let shares = |name: &str| {
        let others = inner.iter().filter(|(other, _)| **other != name);
        others.into_iter().any(|(_, classes)| !classes.is_disjoint(&inner[name]))
    };
    let Some(part) = inner.keys().find(|name| is_like_part(name) && shares(name)) else {
        return Ok(());
    };
    let names: Vec<&str> = inner.keys().copied().collect();
    let problem = format!(
        "has folders that look like parts of a data set ({part}), but not only train, val and test: {}",
        first_few(&names, NAMED)
    );
    let remedy = "name the folder of training pictures with --data, and that of test pictures with \
                  --test; or call them train, val and test";
    Err(Fault::new(root, problem).remedy(remedy).into())
}

/// The first folder of a path, unless the file lies at the top.
fn top(file: &Path) -> Option<&str> {
    let mut components = file.iter();
    let first = components.next()?.to_str()?;
    components.next().map(|_| first)
}

/// A picture with its class, the first folder below the root or the part.
fn placed(root: &Path, relative: &Path, has_parts: bool) -> Placed {
    let part = has_parts.then(|| top(relative).and_then(part_named)).flatten();
    let below: PathBuf = relative.iter().skip(usize::from(part.is_some())).collect();
    let mut folders = below.iter();
    let first = folders.next();
    let class = folders.next().and(first).map(|name| name.to_string_lossy().into_owned());
    Placed { file: root.join(relative), relative: relative.to_path_buf(), class, part }
}

/// The fault of a folder without folders of classes.
fn no_classes(root: &Path, walked: &Walked, has_parts: bool) -> Fault {
    let folder = if has_parts { "each part" } else { "it" };
    match walked.files.is_empty() {
        true => {
            let remedy = format!(
                "expected {} in a folder per class",
                either(&["JPEG", "PNG", "WebP", "BMP", "TIFF", "GIF"])
            );
            Fault::new(root, format!("has no pictures{}", walked.others_in_brackets()))
                .remedy(remedy)
        }
        false => {
            let problem = "has pictures, but no folder for each class";
            let remedy = format!(
                "put the pictures of each class into a folder in {folder}, or name a list with the \
                 columns path and label"
            );
            Fault::new(root, problem).remedy(remedy)
        }
    }
}

/// A remark on pictures that lie beside the folders of classes.
fn beside_remark(beside: &[Placed]) -> Option<String> {
    let names: Vec<String> =
        beside.iter().map(|picture| picture.relative.display().to_string()).collect();
    (!names.is_empty()).then(|| {
        let all = count(names.len(), "picture");
        format!("left out: {all} in no folder of a class: {}", first_few(&names, NAMED))
    })
}

/// Refuses a folder whose only class has folders with pictures, which are probably the classes.
fn refuse_only_class(root: &Path, chosen: &[Placed]) -> Result<()> {
    let classes: BTreeSet<&String> = chosen.iter().filter_map(|p| p.class.as_ref()).collect();
    let depth = 2 + usize::from(chosen.iter().any(|picture| picture.part.is_some()));
    let mut inner: BTreeMap<&Path, usize> = BTreeMap::new();
    for picture in chosen.iter().filter(|picture| picture.relative.iter().count() > depth) {
        *inner.entry(picture.relative.parent().unwrap_or(Path::new(""))).or_default() += 1;
    }
    let (Some(only), 1, true) = (classes.first(), classes.len(), inner.len() > 1) else {
        return Ok(());
    };
    let problem = format!("has one folder, {only}, which has {} folders of pictures", inner.len());
    let remedy = format!("name that one: {}", dml("data check", &root.join(only.as_str())));
    Err(Fault::new(root, problem).remedy(remedy).into())
}

fn entry(picture: &Placed) -> Entry {
    let name = picture.relative.display().to_string();
    Entry { file: picture.file.clone(), name, line: None }
}

/// The distinct classes, and the index of each picture's. Folders whose names are one number, as `1` and
/// `01`, stay two classes.
fn labels(kept: &[&Placed]) -> (Vec<String>, Vec<u32>) {
    let class = |picture: &&Placed| picture.class.clone().unwrap_or_default();
    let distinct: Vec<String> =
        kept.iter().map(class).collect::<BTreeSet<String>>().into_iter().collect();
    let index =
        |picture: &&Placed| distinct.binary_search(&class(picture)).unwrap_or_default() as u32;
    let rows = kept.iter().map(index).collect();
    (distinct, rows)
}

#[cfg(test)]
mod tests;
