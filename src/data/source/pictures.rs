//! Reads many picture files into images of one shape, on all cores.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::kind::{After, Report, Watch};
use super::picture::{Header, Picture, decode, read_header};
use super::whole::refuse_larger;
use crate::data::{ChannelChoice, Fit, ImageShape, PictureOptions, PictureSize, ReadOptions};
use crate::error::{Fault, Result};
use crate::runtime::{Memory, bytes};
use crate::words::{count, first_few};

/// Bytes at the start of a file that hold the header of nearly all pictures.
const HEADER: u64 = 64 << 10;

/// The largest file that is read as one picture.
const MOST_BYTES: u64 = 1 << 30;

/// Sizes and files that a message names.
const NAMED: usize = 3;

/// A picture file of a source.
pub(super) struct Entry {
    /// The file.
    pub file: PathBuf,
    /// Its name in messages.
    pub name: String,
    /// The line of the list that names it; `None` in a folder.
    pub line: Option<u64>,
}

/// The pictures of a source that could be read, as images of one shape.
pub(super) struct Pictures {
    /// `[N, C, H, W]`.
    pub pixels: Vec<u8>,
    pub shape: ImageShape,
    /// The entries that the images are of, ascending, `[N]`.
    pub kept: Vec<usize>,
    /// How many images there are with those that have a fault, without those that are left out.
    pub rows: usize,
    /// Notes for the user.
    pub remarks: Vec<String>,
}

/// Reads the pictures of a source. Each that cannot be read goes to `report`, or with `skip_broken` into
/// a remark.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if no picture can be read, if they have several sizes
/// and none is chosen, or if they do not fit into the memory.
pub(super) fn read_pictures(
    source: &Path,
    entries: &[Entry],
    read_options: &ReadOptions,
    report: Report,
    watch: Watch,
) -> Result<Pictures> {
    let options = &read_options.pictures;
    let with_flags = read_options.has_flags();
    let size = match options.size {
        PictureSize::Of { height, width } => Some((height, width)),
        PictureSize::Auto => match options.joined {
            Some(size) => Some(size),
            None => common_size(source, entries)?,
        },
    };
    let mut broken = Vec::new();
    let Some((height, width)) = size else {
        let faults = entries.iter().map(|entry| (entry, read(&entry.file, decode).err()));
        let first = faults
            .into_iter()
            .find_map(|(entry, why)| Some(fault(source, entry, &why?, with_flags)));
        return Err(first.unwrap_or_else(|| Fault::new(source, "has no pictures")).into());
    };
    let channels = if options.channels == ChannelChoice::Grey { 1 } else { 3 };
    let most = ImageShape { channels, height, width }.values().saturating_mul(entries.len());
    refuse_larger(source, most as u64, Memory::now())?;
    let done = AtomicUsize::new(0);
    let one = |entry: &Entry| {
        let image = read(&entry.file, decode).map(|found| fitted(found, options, (height, width)));
        watch(done.fetch_add(1, Ordering::Relaxed) + 1, entries.len());
        image
    };
    let read: Vec<std::result::Result<One, String>> = entries.par_iter().map(one).collect();
    let mut gathered = Gathered::default();
    for (index, found) in read.into_iter().enumerate() {
        match found {
            Ok(image) => gathered.add(index, image),
            Err(why) => broken.push((index, why)),
        }
    }
    let mut remarks = gathered.remarks(options, (height, width), with_flags);
    if options.skip_broken {
        remarks.extend(skipped(entries, &broken));
    } else {
        for (index, why) in &broken {
            if report(fault(source, &entries[*index], why, with_flags)) == After::Stop {
                break;
            }
        }
    }
    if gathered.kept.is_empty() {
        let (index, why) = broken.first().expect("each entry is kept or broken");
        return Err(fault(source, &entries[*index], why, with_flags).into());
    }
    let (pixels, channels) = gathered.planes(options.channels, height * width);
    let shape = ImageShape { channels, height, width };
    let rows = if options.skip_broken { gathered.kept.len() } else { entries.len() };
    Ok(Pictures { pixels, shape, kept: gathered.kept, rows, remarks })
}

/// The fault of a picture file.
fn fault(source: &Path, entry: &Entry, why: &str, with_flags: bool) -> Fault {
    let remedy = match with_flags {
        true => "replace or remove it, or leave out all such files with --skip-broken",
        false => "replace or remove it",
    };
    match entry.line {
        Some(line) => {
            Fault::new(source, why.to_owned()).line(line).value(&entry.name).remedy(remedy)
        }
        None => Fault::new(&entry.file, why.to_owned()).remedy(remedy),
    }
}

/// Applies a decoder to the content of a file.
fn read<T>(
    file: &Path,
    decoder: fn(&[u8]) -> std::result::Result<T, String>,
) -> std::result::Result<T, String> {
    let failed = |error: std::io::Error| format!("cannot be read ({error})");
    if fs::metadata(file).map_err(failed)?.len() > MOST_BYTES {
        return Err(format!("is larger than {}", bytes(MOST_BYTES)));
    }
    decoder(&fs::read(file).map_err(failed)?)
}

/// The size that all readable pictures have; `None` if none can be read.
fn common_size(source: &Path, entries: &[Entry]) -> Result<Option<(usize, usize)>> {
    let sizes: Vec<Option<Header>> =
        entries.par_iter().map(|entry| header(&entry.file).ok()).collect();
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for Header { height, width } in sizes.into_iter().flatten() {
        *counts.entry((height, width)).or_default() += 1;
    }
    let mut counts: Vec<((usize, usize), usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match counts.as_slice() {
        [] => Ok(None),
        [(only, _)] => Ok(Some(*only)),
        several => {
            let shown = |((height, width), count): &((usize, usize), usize)| {
                format!("{height}×{width} ({count})")
            };
            let shown: Vec<String> = several.iter().map(shown).collect();
            let problem = format!(
                "has pictures of {} sizes, height × width: {}",
                several.len(),
                first_few(&shown, NAMED)
            );
            let remedy = "choose one for all, as in --size 64 or --size 48x64; --fit crop, pad or \
                          stretch says how";
            Err(Fault::new(source, problem).remedy(remedy).into())
        }
    }
}

/// The header of a picture, for which the start of the file is usually enough.
fn header(file: &Path) -> std::result::Result<Header, String> {
    let mut start = Vec::new();
    let opened = fs::File::open(file).map_err(|error| error.to_string())?;
    opened.take(HEADER).read_to_end(&mut start).map_err(|error| error.to_string())?;
    match read_header(&start) {
        Err(_) if start.len() as u64 == HEADER => read(file, read_header),
        found => found,
    }
}

/// An image of the chosen size.
struct One {
    /// `[C, H, W]`.
    planes: Vec<u8>,
    is_coloured: bool,
    was_coloured: bool,
    was_resized: bool,
    had_opacity: bool,
    was_deep: bool,
}

/// Fits a picture and chooses its channels; in grey if that is chosen, or if it has no colour.
fn fitted(picture: Picture, options: &PictureOptions, (height, width): (usize, usize)) -> One {
    let was_coloured = picture.is_coloured();
    let (had_opacity, was_deep) = (picture.had_opacity, picture.was_deep);
    let is_coloured = was_coloured && options.channels != ChannelChoice::Grey;
    let picture = match options.channels {
        ChannelChoice::Rgb => picture.into_rgb(),
        _ if is_coloured => picture,
        _ => picture.into_grey(),
    };
    let was_resized = (picture.shape.height, picture.shape.width) != (height, width);
    let planes = picture.fitted(height, width, options.fit).into_planes();
    One { planes, is_coloured, was_coloured, was_resized, had_opacity, was_deep }
}

/// Images as they come; some may be grey while others have colour.
#[derive(Default)]
struct Gathered {
    images: Vec<Vec<u8>>,
    kept: Vec<usize>,
    coloured: usize,
    turned_grey: usize,
    resized: usize,
    with_opacity: usize,
    deep: usize,
}

impl Gathered {
    fn add(&mut self, index: usize, image: One) {
        self.kept.push(index);
        self.coloured += usize::from(image.is_coloured);
        self.turned_grey += usize::from(image.was_coloured && !image.is_coloured);
        self.resized += usize::from(image.was_resized);
        self.with_opacity += usize::from(image.had_opacity);
        self.deep += usize::from(image.was_deep);
        self.images.push(image.planes);
    }

    /// All images with equally many channels, and that number.
    fn planes(&mut self, choice: ChannelChoice, pixels: usize) -> (Vec<u8>, usize) {
        let images = std::mem::take(&mut self.images);
        let in_colour = choice == ChannelChoice::Rgb || self.coloured > 0;
        let channels = if in_colour { 3 } else { 1 };
        let mut all = Vec::with_capacity(images.len() * channels * pixels);
        for image in images {
            // The three channels of a grey image are equal.
            (0..channels * pixels / image.len()).for_each(|_| all.extend_from_slice(&image));
        }
        (all, channels)
    }

    fn remarks(
        &self,
        options: &PictureOptions,
        (height, width): (usize, usize),
        with_flags: bool,
    ) -> Vec<String> {
        let all = self.kept.len();
        let grey = "in colour, converted to grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)";
        let colour = match options.channels {
            ChannelChoice::Auto if with_flags => "in colour; --channels grey reads all in grey",
            _ => "in colour",
        };
        let how = match options.fit {
            Fit::Crop if with_flags => {
                "cropped at the centre; --fit pad or stretch keeps all of them"
            }
            Fit::Crop => "cropped at the centre",
            Fit::Pad => "with black beside them",
            Fit::Stretch => "in each direction",
        };
        let resized = format!("resized to {height}×{width}, {how}");
        let some = [
            (self.turned_grey, grey),
            (self.coloured, colour),
            (self.resized, &resized),
            (self.with_opacity, "with an alpha channel, which is ignored"),
            (self.deep, "with 16 bits per value, of which the upper 8 are used"),
        ];
        let some = some.into_iter().filter(|(number, _)| *number > 0);
        some.map(|(number, what)| format!("images: {number} of {all} {what}")).collect()
    }
}

/// A remark on the pictures that are left out.
fn skipped(entries: &[Entry], broken: &[(usize, String)]) -> Option<String> {
    let named = broken.iter().map(|(index, why)| format!("{} {why}", entries[*index].name));
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| {
        let all = count(named.len(), "broken picture");
        format!("images: {all} left out: {}", first_few(&named, NAMED))
    })
}
