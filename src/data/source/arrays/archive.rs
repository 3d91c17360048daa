//! Images and labels in one archive, perhaps with parts for training, validation and testing.

use std::io::Read;
use std::path::Path;

use polars::io::mmap::ReaderBytes;

use super::labels::Labels;
use super::pairs::{Pair, pairs};
use super::pixels::{append, compact, pixels_of, stack_of};
use crate::data::dataset::listed;
use crate::data::numpy::{Archive, Array, Entry, damaged_archive};
use crate::data::source::guard::Guard;
use crate::data::source::kind::{Content, Found};
use crate::data::source::parts::{is_wanted, remark};
use crate::data::source::stack::{Stack, in_channels, refuse_other_size};
use crate::data::{LabelColumn, Part, Pixels, RawImages, ReadOptions, Reading, Rows};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;
use crate::runtime::Memory;

/// As for zip, which uses the same method.
const LARGEST_RATIO: u64 = 100;

/// Reads the images that the options choose.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if arrays are missing, damaged or do not fit together.
pub(super) fn read(content: &Content, options: &ReadOptions) -> Result<Found> {
    let path = content.path;
    let archive = Archive::new(&content.bytes, path)?;
    let mut remarks = Vec::new();
    let found = pairs(&archive, path, &mut remarks)?;
    let has_parts = found.iter().any(|pair| pair.part.is_some());
    let is_read = |pair: &&Pair| pair.part.is_none_or(|part| is_wanted(part, options.rows));
    let wanted: Vec<&Pair> = found.iter().filter(is_read).collect();
    let is_labelled = are_labelled(&archive, &wanted, &options.label, &mut remarks)?;
    let reader = Reader { archive: &archive, bytes: &content.bytes };
    let mut gathered = Gathered::default();
    for pair in wanted {
        reader.add(pair, is_labelled, &mut gathered)?;
    }
    remarks.extend(part_remark(&archive, &found, path, options.rows)?);
    let Gathered { pixels, stack, labels, count, parts } = gathered;
    let (stack, _) = stack.expect("at least one pair is wanted");
    remarks.extend(stack.remark);
    refuse_other_size(path, stack.shape, &options.pictures)?;
    let choice = options.pictures.channels;
    let (pixels, shape) = in_channels(compact(pixels), stack.shape, choice, &mut remarks);
    let (distinct, rows) = match is_labelled {
        true => {
            let (distinct, rows) = labels.finish(&mut remarks);
            (Some(distinct), rows)
        }
        false => (None, vec![0; count]),
    };
    let parts = has_parts.then_some(parts);
    let reading = Reading { remarks, ..Reading::default() };
    let sha256 = identity(&content.bytes, has_parts, options.rows);
    Ok(Found::faultless(RawImages { pixels, shape, distinct, rows, parts, reading }, sha256))
}

/// The hash of the images: of the file, and of the part of it that is read.
fn identity(bytes: &[u8], has_parts: bool, rows: Rows) -> String {
    let whole = sha256_hex(bytes);
    match rows {
        Rows::Test if has_parts => sha256_hex(format!("{whole} test").as_bytes()),
        Rows::All if has_parts => sha256_hex(format!("{whole} all").as_bytes()),
        _ => whole,
    }
}

/// How many images each part has, as the headers say.
fn part_remark(
    archive: &Archive,
    pairs: &[Pair],
    path: &Path,
    rows: Rows,
) -> Result<Option<String>> {
    if pairs.iter().all(|pair| pair.part.is_none()) {
        return Ok(None);
    }
    let count = |part: Part| {
        let pair = pairs.iter().find(|pair| pair.part == Some(part));
        let header = pair.and_then(|pair| archive.arrays[pair.images].header.as_ref());
        header.and_then(|header| header.shape.first().copied()).unwrap_or(0)
    };
    remark(path, [Part::Training, Part::Validation, Part::Test].map(count), rows)
}

/// Whether all images have labels.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if some do not and labels are needed.
fn are_labelled(
    archive: &Archive,
    pairs: &[&Pair],
    label: &LabelColumn,
    remarks: &mut Vec<String>,
) -> Result<bool> {
    let Some(pair) = pairs.iter().find(|pair| pair.labels.is_none()) else { return Ok(true) };
    let images = &archive.arrays[pair.images];
    if *label == LabelColumn::IfThere {
        remarks.push(format!("labels: none, since {} has none", images.key));
        return Ok(false);
    }
    let keys: Vec<&str> = archive.arrays.iter().map(|entry| entry.key.as_str()).collect();
    let problem = format!("has images without labels; the file has {}", listed(&keys));
    let remedy = "save them together: np.savez(\"images.npz\", x=x, y=y)";
    Err(Fault::new(&archive.name(images), problem).remedy(remedy).into())
}

/// The images read so far.
#[derive(Default)]
struct Gathered {
    pixels: Pixels,
    /// The dimensions of the first array, and its key.
    stack: Option<(Stack, String)>,
    labels: Labels,
    count: usize,
    parts: Vec<Part>,
}

/// Reads arrays of an archive.
struct Reader<'a> {
    archive: &'a Archive,
    bytes: &'a [u8],
}

impl Reader<'_> {
    /// Adds the images and labels of a pair.
    fn add(&self, pair: &Pair, is_labelled: bool, to: &mut Gathered) -> Result<()> {
        let entry = &self.archive.arrays[pair.images];
        let name = self.archive.name(entry);
        let content = self.content(entry)?;
        let array = Array::read(&content, &name)?;
        let stack = stack_of(&array)?;
        if let Some((first, key)) =
            to.stack.as_ref().filter(|(first, _)| first.shape != stack.shape)
        {
            let problem =
                format!("has images of {}, but {key} has images of {}", stack.shape, first.shape);
            let remedy = "resize all images to one size";
            return Err(Fault::new(&name, problem).remedy(remedy).into());
        }
        let pixels = pixels_of(&array, &stack)?;
        drop(content);
        to.pixels = append(std::mem::take(&mut to.pixels), pixels);
        if let Some(labels) = pair.labels.filter(|_| is_labelled) {
            let entry = &self.archive.arrays[labels];
            let content = self.content(entry)?;
            let array = Array::read(&content, &self.archive.name(entry))?;
            to.labels.add(&array, stack.count)?;
        }
        to.count += stack.count;
        to.parts.extend(pair.part.iter().flat_map(|&part| std::iter::repeat_n(part, stack.count)));
        to.stack.get_or_insert_with(|| (stack, entry.key.clone()));
        Ok(())
    }

    /// The bytes of an array, not copied if they are not compressed.
    fn content(&self, entry: &Entry) -> Result<ReaderBytes<'_>> {
        let name = self.archive.name(entry);
        let member = &entry.member;
        let damaged = |why: String| damaged_archive(&name, &why);
        if let Some(content) = member.stored(self.bytes).map_err(damaged)? {
            member.verify(content).map_err(damaged)?;
            return Ok(ReaderBytes::Borrowed(content));
        }
        let packed = usize::try_from(member.packed).unwrap_or(usize::MAX).min(self.bytes.len());
        let memory = Memory::now();
        let guard = Guard { path: &name, name: "npz", largest_ratio: LARGEST_RATIO, memory };
        // The array refuses what is longer than its header says.
        let most = entry.most().saturating_add(1);
        let reader = member.reader(self.bytes).map_err(damaged)?.take(most);
        let content = guard.read_all(reader, packed, || packed)?;
        if (content.len() as u64) < most {
            member.verify(&content).map_err(damaged)?;
        }
        Ok(content)
    }
}
