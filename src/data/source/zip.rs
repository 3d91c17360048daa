//! Reads zip archives that contain a single file.

use std::io::Cursor;
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::bytes::Bytes;
use super::guard::Guard;
use super::unreadable;
use crate::data::dataset::listed;
use crate::error::{Fault, Result};
use crate::runtime::Memory;

/// As for gzip, which uses the same method.
const LARGEST_RATIO: u64 = 100;

/// The only file of an archive.
pub(super) struct Member {
    /// Its index in the archive.
    index: usize,
    /// Its name there.
    pub name: String,
}

/// Whether bytes are a zip archive, which may be empty.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The only file of an archive, not counting folders and files that macOS adds.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if there is no file, or several; if it is a
/// zip-based format such as a workbook; if it is encrypted.
pub(super) fn single_member(path: &Path, bytes: &[u8]) -> Result<Member> {
    let archive = open(path, bytes)?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|error| zip_fault(path, &error))?;
        let name = entry.name().map_err(|error| zip_fault(path, &error))?.into_owned();
        if !name.ends_with('/') && !is_from_macos(&name) {
            members.push((Member { index, name }, entry.encrypted()));
        }
    }
    let names: Vec<&str> = members.iter().map(|(member, _)| member.name.as_str()).collect();
    if let Some(fault) = unreadable::format_in_zip(path, &names) {
        return Err(fault.into());
    }
    match members.len() {
        0 => Err(Fault::new(path, "is a zip archive without a file").into()),
        1 => match members.remove(0) {
            (member, false) => Ok(member),
            (member, true) => {
                let problem = format!("is a zip archive whose file {} is encrypted", member.name);
                Err(Fault::new(path, problem).remedy("unzip it and name the file").into())
            }
        },
        n => {
            let problem = format!("is a zip archive of {n} files: {}", listed(&names));
            Err(Fault::new(path, problem).remedy("unzip it and name one of them").into())
        }
    }
}

/// The content of a member.
///
/// # Errors
/// As for every compressed file.
pub(super) fn unpack(path: &Path, bytes: &[u8], member: &Member, memory: Memory) -> Result<Bytes> {
    let mut archive = open(path, bytes)?;
    let entry = archive.by_index(member.index).map_err(|error| zip_fault(path, &error))?;
    let packed = usize::try_from(entry.compressed_size()).unwrap_or(usize::MAX).min(bytes.len());
    let guard = Guard { path, name: "zip", largest_ratio: LARGEST_RATIO, memory };
    guard.read_all(entry, packed, || packed)
}

fn open<'a>(path: &Path, bytes: &'a [u8]) -> Result<ZipArchive<Cursor<&'a [u8]>>> {
    Ok(ZipArchive::new(Cursor::new(bytes)).map_err(|error| zip_fault(path, &error))?)
}

fn is_from_macos(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit('/').next() == Some(".DS_Store")
}

fn zip_fault(path: &Path, error: &ZipError) -> Fault {
    match error {
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            let problem = format!("is a zip archive that dml cannot read ({error})");
            Fault::new(path, problem).remedy("unzip it and name the file")
        }
        // The directory is at the end of an archive.
        _ => {
            let problem = format!("the zip is truncated or corrupt ({error})");
            Fault::new(path, problem).remedy("download or create the file again")
        }
    }
}
