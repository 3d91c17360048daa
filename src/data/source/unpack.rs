//! Decompresses files, which are recognised by their first bytes, not by name.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::path::Path;

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::{LzipReader, XzReader};

use super::bytes::Bytes;
use super::guard::Guard;
use super::zip;
use crate::data::numpy::is_archive;
use crate::error::{Fault, Result};
use crate::runtime::Memory;

/// Most layers of compression; more are an attack.
const MOST_LAYERS: usize = 4;

/// The largest window of zstd, as a power of two: `zstd --long=31`.
const LARGEST_WINDOW: u32 = 31;

/// A compression format; concatenated streams are one file.
struct Compression {
    /// Its name in messages.
    name: &'static str,
    recognises: fn(&[u8]) -> bool,
    open: for<'a> fn(Input<'a>, Memory) -> io::Result<Box<dyn Read + 'a>>,
    /// Largest accepted compression ratio. Images reach 5 to 10; mostly blank drawings reach 20 with
    /// gzip and 100 with the stronger formats; only decompression bombs reach 1000.
    largest_ratio: u64,
}

const COMPRESSIONS: [Compression; 5] = [
    Compression {
        name: "gzip",
        // RFC 1952.
        recognises: |bytes| bytes.starts_with(&[0x1f, 0x8b]),
        open: |input, _| Ok(Box::new(MultiGzDecoder::new(input))),
        largest_ratio: 100,
    },
    Compression {
        name: "bzip2",
        // The digit is the block size.
        recognises: |bytes| {
            bytes.starts_with(b"BZh")
                && bytes.get(3).is_some_and(|digit| (b'1'..=b'9').contains(digit))
        },
        open: |input, _| Ok(Box::new(MultiBzDecoder::new(input))),
        largest_ratio: 1000,
    },
    Compression {
        name: "xz",
        recognises: |bytes| bytes.starts_with(b"\xfd7zXZ\0"),
        open: |input, memory| {
            let most = u32::try_from(memory.available / 1024).unwrap_or(u32::MAX);
            Ok(Box::new(XzReader::new_mem_limit(input, true, most)))
        },
        largest_ratio: 1000,
    },
    Compression {
        name: "lzip",
        recognises: |bytes| bytes.starts_with(b"LZIP"),
        open: |input, _| Ok(Box::new(LzipReader::new(input))),
        largest_ratio: 1000,
    },
    Compression {
        name: "zstd",
        recognises: |bytes| {
            // RFC 8878: a frame, or a skippable frame, which parallel tools write first.
            bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
                || matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
        },
        open: |input, _| {
            let mut decoder = zstd::Decoder::with_buffer(input)?;
            decoder.window_log_max(LARGEST_WINDOW)?;
            Ok(Box::new(decoder))
        },
        largest_ratio: 1000,
    },
];

/// Compressed bytes, with a count of those left.
struct Input<'a> {
    rest: &'a [u8],
    left: &'a Cell<usize>,
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest.consume(amount);
        self.left.set(self.rest.len());
    }
}

impl Read for Input<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let amount = self.rest.read(to)?;
        self.left.set(self.rest.len());
        Ok(amount)
    }
}

/// Decompresses a file, layer by layer; plain bytes stay unchanged.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if it is truncated, corrupt, far too large when
/// decompressed, or a zip archive with no file or several.
pub(super) fn decompress_all(
    path: &Path,
    mut found: Bytes,
    memory: Memory,
    remarks: &mut Vec<String>,
) -> Result<Bytes> {
    for layer in 0.. {
        let kind = COMPRESSIONS.iter().find(|kind| (kind.recognises)(&found));
        // An archive of arrays is read as it is.
        let is_zip = zip::is_zip(&found) && !is_archive(&found);
        if kind.is_none() && !is_zip {
            break;
        }
        if layer == MOST_LAYERS {
            let problem = format!("is compressed more than {MOST_LAYERS} times");
            return Err(Fault::new(path, problem).remedy("decompress it first").into());
        }
        found = match kind {
            Some(kind) => unpack(path, kind, &found, memory)?,
            None => {
                let member = zip::single_member(path, &found)?;
                remarks.push(format!("zip archive: reading its file {}", member.name));
                zip::unpack(path, &found, &member, memory)?
            }
        };
    }
    Ok(found)
}

fn unpack(path: &Path, kind: &Compression, packed: &[u8], memory: Memory) -> Result<Bytes> {
    let left = Cell::new(packed.len());
    let input = Input { rest: packed, left: &left };
    let guard = Guard { path, name: kind.name, largest_ratio: kind.largest_ratio, memory };
    let decoder = (kind.open)(input, memory).map_err(|error| guard.fault(0, &error))?;
    guard.read_all(decoder, packed.len(), || packed.len() - left.get())
}

#[cfg(test)]
mod tests;
