//! The members of a zip, as far as numpy.savez writes them: as they are, or deflated.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// A member of a zip in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// How it is packed: 0 not at all, 8 deflated.
    method: u16,
    encrypted: bool,
    crc: u32,
    packed: u64,
    offset: u64,
}

/// A refusal, in words.
type Refused<T> = Result<T, String>;

const CUT: &str = "it is cut short or damaged";

/// The members that the directory at the end of a zip lists.
///
/// # Errors
/// There is no such directory, or it leads beyond the file.
pub fn members(bytes: &[u8]) -> Refused<Vec<Member>> {
    let (mut place, count) = directory(bytes).ok_or(CUT)?;
    let mut found = Vec::new();
    for _ in 0..count {
        let entry = bytes.get(place..).filter(|rest| rest.starts_with(b"PK\x01\x02")).ok_or(CUT)?;
        let (member, length) = member(entry).ok_or(CUT)?;
        found.push(member);
        place += length;
    }
    Ok(found)
}

/// Where the directory begins, and how many members it lists.
fn directory(bytes: &[u8]) -> Option<(usize, u64)> {
    // A comment of at most 65,535 bytes may stand behind the end.
    let from = bytes.len().saturating_sub(22 + 65_535);
    let end = (from..=bytes.len().checked_sub(22)?)
        .rev()
        .find(|&place| bytes[place..].starts_with(b"PK\x05\x06"))?;
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

/// A member from its entry in the directory, and the entry's length.
fn member(entry: &[u8]) -> Option<(Member, usize)> {
    let length = |place| Some(number(entry, place, 2)? as usize);
    let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
    let text = entry.get(46..46 + name)?;
    let mut sizes = [number(entry, 24, 4)?, number(entry, 20, 4)?, number(entry, 42, 4)?];
    let mut rest = entry.get(46 + name..46 + name + extra)?;
    while rest.len() >= 4 {
        let (kind, length) = (number(rest, 0, 2)?, number(rest, 2, 2)? as usize);
        let field = rest.get(4..4 + length)?;
        if kind == 1 {
            // Sizes that need more than four bytes, in order.
            let wide = sizes.iter_mut().filter(|size| **size == 0xffff_ffff);
            for (place, size) in (0..).step_by(8).zip(wide) {
                *size = number(field, place, 8)?;
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

/// A number of so many bytes, least significant first.
fn number(bytes: &[u8], place: usize, size: usize) -> Option<u64> {
    let digits = bytes.get(place..place.checked_add(size)?)?;
    Some(digits.iter().rev().fold(0, |sum, &digit| sum << 8 | u64::from(digit)))
}

impl Member {
    /// The first bytes of its content, as many as asked for or all.
    ///
    /// # Errors
    /// It is packed in another way, encrypted or damaged.
    pub fn start(&self, bytes: &[u8], most: u64) -> Refused<Vec<u8>> {
        let mut content = Vec::new();
        let read = self.reader(bytes)?.take(most).read_to_end(&mut content);
        read.map_err(|e| format!("{}: {e}", self.name))?;
        Ok(content)
    }

    /// All of its content, which may not be longer than `most`.
    ///
    /// # Errors
    /// As [`Member::start`]; it is longer, or not what was packed.
    pub fn whole(&self, bytes: &[u8], most: u64) -> Refused<Vec<u8>> {
        let content = self.start(bytes, most.saturating_add(1))?;
        let mut crc = Crc::new();
        crc.update(&content);
        match content.len() as u64 <= most && crc.sum() != self.crc {
            true => Err(format!("{} is damaged: its checksum is another", self.name)),
            false => Ok(content),
        }
    }

    fn reader<'a>(&self, bytes: &'a [u8]) -> Refused<Box<dyn Read + 'a>> {
        if self.encrypted {
            return Err(format!("{} is encrypted", self.name));
        }
        let packed = self.packed(bytes).ok_or(CUT)?;
        match self.method {
            0 => Ok(Box::new(packed)),
            8 => Ok(Box::new(DeflateDecoder::new(packed))),
            method => Err(format!("{} is packed by method {method}", self.name)),
        }
    }

    fn packed<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let local = bytes.get(usize::try_from(self.offset).ok()?..)?;
        let local = Some(local).filter(|local| local.starts_with(b"PK\x03\x04"))?;
        let start = 30 + number(local, 26, 2)? as usize + number(local, 28, 2)? as usize;
        local.get(start..start.checked_add(usize::try_from(self.packed).ok()?)?)
    }
}
