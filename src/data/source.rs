//! Bytes of an input file: read, unzipped where it is gzip, and hashed.
//!
//! Whether a file is gzip is told by its first two bytes, never by its name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use polars::io::mmap::ReaderBytes;
use polars::io::utils::get_reader_bytes;

use crate::error::{Error, Fault, Result};
use crate::runtime::{Memory, bytes};

/// What was read of a gzip may hold so many times its own size. Images shrink fivefold, drawings that are mostly
/// blank twentyfold; only what was made to fill the memory shrinks a thousandfold.
const LARGEST_RATIO: u64 = 100;

/// Bytes that any gzip may hold.
const ALWAYS_TAKEN: u64 = 64 << 20;

/// Unzipped bytes between two looks at how many there are.
const PIECE: u64 = 4 << 20;

/// First two bytes of every gzip file (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// All bytes of a file, mapped into memory or owned.
pub type Bytes = ReaderBytes<'static>;

/// Reads a whole file and unzips it where it is gzip.
///
/// # Errors
/// [`Error::Fault`] where the file is missing, a folder, more than the memory holds, or a gzip that
/// is cut off, corrupt, or holds far more than images do;
/// [`Error::Io`] where the system refuses to read it.
pub fn read_unzipped(path: &Path) -> Result<Bytes> {
    let found = read(path)?;
    let memory = Memory::now();
    let whole = if found.starts_with(&GZIP_MAGIC) { unzip(path, &found, memory)? } else { found };
    refuse_larger(path, whole.len() as u64, memory)?;
    Ok(whole)
}

/// Refuses a file that no memory will hold the images of. As measured, reading takes 1.25 bytes a
/// byte of the file, which itself need not stay in memory.
fn refuse_larger(path: &Path, size: u64, memory: Memory) -> Result<()> {
    let needed = size.saturating_add(size / 4);
    if needed <= memory.total {
        return Ok(());
    }
    let (size, needed, there) = (bytes(size), bytes(needed), bytes(memory.total));
    let problem = format!("has {size}, to read it takes {needed} of memory, and there are {there}");
    Err(Fault::new(path, problem).remedy("take a part of it").into())
}

fn read(path: &Path) -> Result<Bytes> {
    match fs::metadata(path) {
        Err(refusal) if refusal.kind() == std::io::ErrorKind::NotFound => {
            let remedy = "check the path, relative ones are taken from the working folder";
            return Err(Fault::new(path, "there is no such file").remedy(remedy).into());
        }
        Ok(found) if found.is_dir() => {
            return Err(Fault::new(path, "is a folder").remedy("name a file in it").into());
        }
        _ => {}
    }
    mapped_or_read(path).map_err(Error::io("read", path))
}

/// Maps a file into memory, which saves copying it; reads what cannot be mapped, as a pipe.
fn mapped_or_read(path: &Path) -> io::Result<Bytes> {
    match get_reader_bytes(&mut File::open(path)?) {
        Ok(ReaderBytes::Owned(mapped)) => Ok(Bytes::Owned(mapped)),
        _ => Ok(Bytes::Owned(fs::read(path)?.into())),
    }
}

fn unzip(path: &Path, zipped: &[u8], memory: Memory) -> Result<Bytes> {
    let mut decoder = MultiGzDecoder::new(zipped);
    // Images of digits or clothes shrink about fivefold; a wrong guess costs a copy.
    let guess = (zipped.len() as u64).saturating_mul(5).min(memory.available);
    let mut unzipped = Vec::with_capacity(guess as usize);
    loop {
        match decoder.by_ref().take(PIECE).read_to_end(&mut unzipped) {
            Ok(0) => return Ok(Bytes::Owned(unzipped.into())),
            Ok(_) => {
                let read = zipped.len() - decoder.get_ref().len();
                refuse_bomb(path, unzipped.len() as u64, read as u64, memory)?;
            }
            Err(refusal) => return Err(broken(path, unzipped.len(), &refusal).into()),
        }
    }
}

/// Refuses what is unzipped so far to so many bytes, where it is far more than images give or than
/// there is memory.
fn refuse_bomb(path: &Path, unzipped: u64, zipped: u64, memory: Memory) -> Result<()> {
    let problem = if unzipped > zipped.saturating_mul(LARGEST_RATIO).max(ALWAYS_TAKEN) {
        let (unzipped, zipped) = (bytes(unzipped), bytes(zipped));
        format!("the first {zipped} of the gzip hold {unzipped}, as no images do")
    } else if unzipped > memory.available {
        format!("the gzip holds more than the {} of memory that are free", bytes(memory.available))
    } else {
        return Ok(());
    };
    Err(Fault::new(path, problem).remedy("take another file, or a part of it").into())
}

fn broken(path: &Path, unzipped: usize, refusal: &io::Error) -> Fault {
    let problem = if refusal.kind() == io::ErrorKind::UnexpectedEof {
        format!("the gzip is cut off after {unzipped} unzipped bytes")
    } else {
        format!("the gzip is corrupt after {unzipped} unzipped bytes ({refusal})")
    };
    Fault::new(path, problem).remedy("fetch or make the file again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;
    use std::process::Command;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn read_back(content: &[u8]) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        // No `.gz` in the name: the content decides.
        let path = folder.path().join("file");
        fs::write(&path, content).unwrap();
        read_unzipped(&path).map(|bytes| bytes.to_vec())
    }

    fn told(content: &[u8]) -> String {
        let text = read_back(content).unwrap_err().to_string();
        text.split_once("file: ").unwrap().1.to_owned()
    }

    /// Bytes that gzip cannot shrink to a few, from a small linear congruence.
    fn noise() -> Vec<u8> {
        let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(1), next)
            .map(|state: u32| (state >> 24) as u8)
            .take(9999)
            .collect()
    }

    #[test]
    fn plain_and_zipped_files_give_the_same_bytes() {
        assert_eq!(read_back(b"1,2\n").unwrap(), b"1,2\n");
        assert_eq!(read_back(&gzip(b"1,2\n")).unwrap(), b"1,2\n");
        let two_members = [gzip(b"1,2\n"), gzip(b"3,4\n")].concat();
        assert_eq!(read_back(&two_members).unwrap(), b"1,2\n3,4\n");
    }

    #[test]
    fn an_empty_file_has_no_bytes() {
        assert!(read_back(b"").unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_mapped_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::write(pipe, b"1,2\n"))
        };
        assert_eq!(&*read_unzipped(&pipe).unwrap(), b"1,2\n");
        writer.join().unwrap().unwrap();
    }

    #[test]
    fn a_truncated_gzip_is_told() {
        let whole = gzip(&noise());
        let text = told(&whole[..whole.len() / 2]);
        assert!(text.starts_with("the gzip is cut off after "), "{text}");
        assert!(text.ends_with(" unzipped bytes; fetch or make the file again"), "{text}");
        assert!(told(&whole[..whole.len() - 1]).starts_with("the gzip is cut off after 9999 "));
    }

    #[test]
    fn a_corrupt_gzip_is_told() {
        let mut broken = gzip(&noise());
        let middle = broken.len() / 2;
        broken[middle..middle + 64].fill(0xff);
        let text = told(&broken);
        assert!(text.starts_with("the gzip is corrupt after "), "{text}");
        let mut wrong_checksum = gzip(&noise());
        let end = wrong_checksum.len() - 6;
        wrong_checksum[end] ^= 1;
        assert!(told(&wrong_checksum).starts_with("the gzip is corrupt after 9999 "));
    }

    #[test]
    fn a_gzip_made_to_fill_the_memory_is_refused_before_it_does() {
        // A member of a megabyte of zeros is a kilobyte; ten thousand of them hold ten gigabytes.
        let bomb = gzip(&vec![0; 1 << 20]).repeat(10_000);
        let text = told(&bomb);
        assert!(
            text.starts_with("the first 71 KB of the gzip hold 71 MB, as no images do"),
            "{text}"
        );
        assert_eq!(read_back(&gzip(&vec![0; 60 << 20])).unwrap().len(), 60 << 20);
        let memory = Memory { total: 9_000_000_000, available: 2_000_000_000 };
        let check = |unzipped| refuse_bomb(Path::new("a.gz"), unzipped, 1_000_000_000, memory);
        assert!(check(1_900_000_000).is_ok());
        let text = check(2_100_000_000).unwrap_err().to_string();
        assert!(text.contains("holds more than the 2.0 GB of memory that are free"), "{text}");
    }

    #[test]
    fn a_file_that_no_memory_holds_is_told_with_the_figures() {
        let memory = Memory { total: 10_000_000_000, available: 1 };
        let path = Path::new("large.csv");
        assert!(refuse_larger(path, 7_900_000_000, memory).is_ok());
        let message = refuse_larger(path, 8_100_000_000, memory).unwrap_err().to_string();
        let figures = "has 8.1 GB, to read it takes 10.1 GB of memory, and there are 10.0 GB";
        assert_eq!(message, format!("large.csv: {figures}; take a part of it"));
    }

    #[test]
    fn a_missing_file_and_a_folder_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.csv");
        let told = |path: &Path| read_unzipped(path).err().unwrap().to_string();
        assert_eq!(
            told(&missing),
            format!(
                "{}: there is no such file; check the path, relative ones are taken from the \
                 working folder",
                missing.display()
            )
        );
        assert_eq!(
            told(folder.path()),
            format!("{}: is a folder; name a file in it", folder.path().display())
        );
    }
}
