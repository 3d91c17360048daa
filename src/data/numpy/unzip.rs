//! Reads zip files as numpy.savez writes them: members stored or deflated.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// A member of a zip file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Compression method: 0 stored, 8 deflated.
    method: u16,
    encrypted: bool,
    crc: u32,
    /// Bytes in the file.
    pub packed: u64,
    offset: u64,
}

/// A result with the reason as text.
type Refused<T> = Result<T, String>;

const CUT: &str = "it is cut short or damaged";

/// The members that the central directory lists.
///
/// # Errors
/// There is no central directory, or it points outside the file.
pub fn members(bytes: &[u8]) -> Refused<Vec<Member>> {
    let (mut at, count) = directory(bytes).ok_or(CUT)?;
    let mut found = Vec::new();
    for _ in 0..count {
        let entry = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x01\x02")).ok_or(CUT)?;
        let (member, length) = member(entry).ok_or(CUT)?;
        found.push(member);
        at += length;
    }
    Ok(found)
}

/// The offset of the central directory, and its number of members.
fn directory(bytes: &[u8]) -> Option<(usize, u64)> {
    // A comment of at most 65,535 bytes may follow the end record.
    let from = bytes.len().saturating_sub(22 + 65_535);
    let end = (from..=bytes.len().checked_sub(22)?)
        .rev()
        .find(|&at| bytes[at..].starts_with(b"PK\x05\x06"))?;
    let (count, offset) = (number(bytes, end + 10, 2)?, number(bytes, end + 16, 4)?);
    if count != 0xffff && offset != 0xffff_ffff {
        return Some((usize::try_from(offset).ok()?, count));
    }
    let locator = end.checked_sub(20)?;
    if !bytes[locator..].starts_with(b"PK\x06\x07") {
        return None;
    }
    let wide = usize::try_from(number(bytes, locator + 8, 8)?).ok()?;
    let count = number(bytes, wide.checked_add(32)?, 8)?;
    Some((usize::try_from(number(bytes, wide.checked_add(48)?, 8)?).ok()?, count))
}

/// Parses an entry of the central directory: the member, and the entry's length.
fn member(entry: &[u8]) -> Option<(Member, usize)> {
    let length = |at| Some(number(entry, at, 2)? as usize);
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let text = entry.get(46..46 + name)?;
    let mut sizes = [number(entry, 24, 4)?, number(entry, 20, 4)?, number(entry, 42, 4)?];
    let mut rest = entry.get(46 + name..46 + name + extra)?;
    while rest.len() >= 4 {
        let (kind, length) = (number(rest, 0, 2)?, number(rest, 2, 2)? as usize);
        let field = rest.get(4..4 + length)?;
        if kind == 1 {
            // Zip64: the sizes that need more than four bytes, in order.
            let wide = sizes.iter_mut().filter(|size| **size == 0xffff_ffff);
            for (at, size) in (0..).step_by(8).zip(wide) {
                *size = number(field, at, 8)?;
            }
        }
        rest = &rest[4 + length..];
    }
    let member = Member {
        name: String::from_utf8_lossy(text).into_owned(),
        method: number(entry, 10, 2)? as u16,
        encrypted: number(entry, 8, 2)? & 1 != 0,
        crc: number(entry, 16, 4)? as u32,
        packed: sizes[1],
        offset: sizes[2],
    };
    Some((member, 46 + name + extra + comment))
}

/// A little-endian number of `size` bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let digits = bytes.get(at..at.checked_add(size)?)?;
    Some(digits.iter().rev().fold(0, |sum, &digit| sum << 8 | u64::from(digit)))
}

impl Member {
    /// The first bytes of its content, at most `most`.
    ///
    /// # Errors
    /// It uses another compression method, is encrypted or damaged.
    pub fn start(&self, bytes: &[u8], most: u64) -> Refused<Vec<u8>> {
        let mut content = Vec::new();
        let read = self.reader(bytes)?.take(most).read_to_end(&mut content);
        read.map_err(|e| format!("{}: {e}", self.name))?;
        Ok(content)
    }

    /// All of its content, at most `most` bytes and one more if it is longer.
    ///
    /// # Errors
    /// As [`Member::start`]; its checksum is wrong.
    pub fn whole(&self, bytes: &[u8], most: u64) -> Refused<Vec<u8>> {
        let content = self.start(bytes, most.saturating_add(1))?;
        if content.len() as u64 <= most {
            self.verify(&content)?;
        }
        Ok(content)
    }

    /// Compares the checksum of its content.
    ///
    /// # Errors
    /// It is another one.
    pub fn verify(&self, content: &[u8]) -> Refused<()> {
        let mut crc = Crc::new();
        crc.update(content);
        match crc.sum() == self.crc {
            true => Ok(()),
            false => Err(format!("{} is damaged: its checksum does not match", self.name)),
        }
    }

    /// Its content where it lies in the file; `None` if it is compressed.
    ///
    /// # Errors
    /// As [`Member::start`].
    pub fn stored<'a>(&self, bytes: &'a [u8]) -> Refused<Option<&'a [u8]>> {
        match self.method {
            0 if !self.encrypted => self.packed(bytes).map(Some).ok_or(CUT.to_owned()),
            _ => Ok(None),
        }
    }

    /// Its content, decompressed as it is read.
    ///
    /// # Errors
    /// As [`Member::start`].
    pub fn reader<'a>(&self, bytes: &'a [u8]) -> Refused<Box<dyn Read + 'a>> {
        if self.encrypted {
            return Err(format!("{} is encrypted", self.name));
        }
        let packed = self.packed(bytes).ok_or(CUT)?;
        match self.method {
            0 => Ok(Box::new(packed)),
            8 => Ok(Box::new(DeflateDecoder::new(packed))),
            method => Err(format!("{} uses compression method {method}", self.name)),
        }
    }

    fn packed<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let local = bytes.get(usize::try_from(self.offset).ok()?..)?;
        let local = Some(local).filter(|local| local.starts_with(b"PK\x03\x04"))?;
        let start = 30 + number(local, 26, 2)? as usize + number(local, 28, 2)? as usize;
        local.get(start..start.checked_add(usize::try_from(self.packed).ok()?)?)
    }
}
