//! Converts text in any encoding to UTF-8.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use rayon::prelude::*;

use super::unreadable;
use crate::error::{Fault, Result};

/// Bytes at the start that are examined to recognise binary files, UTF-16 and UTF-32.
const SNIFFED: usize = 8192;

/// Bytes that one thread examines at a time.
const PIECE: usize = 1 << 20;

/// Most bytes of non-ASCII cells from which an encoding is guessed.
const GUESSED_BY: usize = 1 << 16;

/// Most cells that a remark shows.
const SHOWN: usize = 3;

/// An encoding other than UTF-8.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coding {
    /// An encoding of the WHATWG standard.
    As(&'static Encoding),
    /// UTF-32, little-endian if `true`.
    Utf32(bool),
}

/// The text of a file in UTF-8; a byte-order mark in UTF-8 stays.
///
/// Mostly UTF-8 with a few invalid bytes is a damaged file rather than another encoding. It is returned
/// unchanged, so that the reader can report the line.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if the bytes are not text, with their format; `kinds`
/// names what can be read.
pub(super) fn to_utf8<'a>(
    path: &Path,
    bytes: &'a [u8],
    kinds: &str,
    remarks: &mut Vec<String>,
) -> Result<Cow<'a, [u8]>> {
    let coding = match by_mark(bytes).or_else(|| by_zeros(bytes)) {
        Some(coding) => coding,
        None => {
            unreadable::refuse(path, bytes, kinds)?;
            if is_ascii(bytes) || is_mostly_utf8(bytes) {
                return Ok(Cow::Borrowed(bytes));
            }
            Coding::As(guess_encoding(bytes))
        }
    };
    let (text, name) = match coding {
        Coding::Utf32(little_endian) => (from_utf32(bytes, little_endian), "UTF-32"),
        Coding::As(encoding) => {
            let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
            ((!had_errors).then(|| text.into_owned()), encoding.name())
        }
    };
    let Some(text) = text else {
        let problem = format!("is {name} text that is truncated or damaged");
        return Err(Fault::new(path, problem).remedy("save it again, as UTF-8").into());
    };
    remarks.push(remark(coding, name, bytes));
    Ok(Cow::Owned(text.into_bytes()))
}

/// The encoding by the byte-order mark.
fn by_mark(bytes: &[u8]) -> Option<Coding> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Some(Coding::Utf32(true)),
        [0, 0, 0xfe, 0xff, ..] => Some(Coding::Utf32(false)),
        [0xff, 0xfe, ..] => Some(Coding::As(UTF_16LE)),
        [0xfe, 0xff, ..] => Some(Coding::As(UTF_16BE)),
        _ => None,
    }
}

/// The encoding by the positions of zero bytes: in UTF-16 and UTF-32, digits and commas have one or three
/// zeros, always at the same position.
fn by_zeros(bytes: &[u8]) -> Option<Coding> {
    let start = &bytes[..bytes.len().min(SNIFFED) / 4 * 4];
    if start.is_empty() {
        return None;
    }
    let mut zeros = [0; 4];
    for word in start.chunks_exact(4) {
        for (zeros, &byte) in zeros.iter_mut().zip(word) {
            *zeros += usize::from(byte == 0);
        }
    }
    let words = start.len() / 4;
    // Class names in other scripts may lack zeros or have them at another position, so allow a few
    // exceptions.
    let is_zero = zeros.map(|count| match count {
        _ if count * 10 >= words * 7 => Some(true),
        _ if count * 20 <= words => Some(false),
        _ => None,
    });
    let (coding, unit, at) = match is_zero {
        [Some(false), Some(true), Some(true), Some(true)] => (Coding::Utf32(true), 4, 0),
        [Some(true), Some(true), Some(true), Some(false)] => (Coding::Utf32(false), 4, 3),
        [Some(false), Some(true), Some(false), Some(true)] => (Coding::As(UTF_16LE), 2, 0),
        [Some(true), Some(false), Some(true), Some(false)] => (Coding::As(UTF_16BE), 2, 1),
        _ => return None,
    };
    // Arrays of small integers have the same zeros, but would be control characters.
    let control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let odd = start
        .chunks_exact(unit)
        .filter(|unit| control(unit[at]) && unit.iter().filter(|&&byte| byte != 0).count() <= 1);
    (odd.count() == 0).then_some(coding)
}

fn from_utf32(bytes: &[u8], little_endian: bool) -> Option<String> {
    let (words, rest) = bytes.as_chunks::<4>();
    let number = if little_endian { u32::from_le_bytes } else { u32::from_be_bytes };
    let text: Option<String> = words.iter().map(|&word| char::from_u32(number(word))).collect();
    let text = text.filter(|_| rest.is_empty())?;
    Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn is_ascii(bytes: &[u8]) -> bool {
    bytes.par_chunks(PIECE).all(<[u8]>::is_ascii)
}

/// Whether at least half of the non-ASCII sequences are valid UTF-8.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        if !chunk.valid().is_ascii() {
            good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        }
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good >= bad
}

/// Distinct cells with non-ASCII bytes.
fn non_ascii_cells(bytes: &[u8]) -> Vec<&[u8]> {
    let separates = |byte: u8| matches!(byte, b',' | b';' | b'\t' | b'\n' | b'\r' | b'"');
    let mut seen = HashSet::new();
    let mut cells = Vec::new();
    let (mut at, mut size) = (0, 0);
    while size < GUESSED_BY
        && let Some(next) = bytes[at..].iter().position(|byte| !byte.is_ascii())
    {
        let next = at + next;
        let start = bytes[at..next].iter().rposition(|&byte| separates(byte));
        let start = start.map_or(at, |before| at + before + 1);
        let end = bytes[next..].iter().position(|&byte| separates(byte));
        at = end.map_or(bytes.len(), |length| next + length);
        let cell = &bytes[start..at];
        if seen.insert(cell) {
            size += cell.len();
            cells.push(cell);
        }
    }
    cells
}

/// The most likely encoding of the non-ASCII cells; else Windows-1252, the most common, in which every
/// byte is valid.
fn guess_encoding(bytes: &[u8]) -> &'static Encoding {
    let cells = non_ascii_cells(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for cell in &cells {
        detector.feed(cell, false);
        detector.feed(b"\n", false);
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let fits = guess != UTF_8
        && guess.decode_without_bom_handling_and_without_replacement(bytes).is_some();
    if fits { guess } else { WINDOWS_1252 }
}

fn remark(coding: Coding, name: &str, bytes: &[u8]) -> String {
    match coding {
        Coding::As(encoding) if encoding != UTF_16LE && encoding != UTF_16BE => {
            let cells = non_ascii_cells(bytes);
            let shown: Vec<String> = cells[..cells.len().min(SHOWN)]
                .iter()
                .map(|cell| format!("'{}'", encoding.decode_without_bom_handling(cell).0.trim()))
                .collect();
            let shown = shown.join(", ");
            format!(
                "encoding: not UTF-8, read as {name}, which gives {shown}; if that is wrong, save the file as \
                 UTF-8"
            )
        }
        _ => format!("encoding: {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> (String, Vec<String>) {
        let mut remarks = Vec::new();
        let text = to_utf8(Path::new("a.csv"), bytes, "a CSV", &mut remarks).unwrap();
        (String::from_utf8(text.into_owned()).unwrap(), remarks)
    }

    fn message(bytes: &[u8]) -> String {
        to_utf8(Path::new("a.csv"), bytes, "a CSV", &mut Vec::new()).unwrap_err().to_string()
    }

    const TEXT: &str = "label,p1,p2,p3,p4\nTür,1,2,3,4\n家,5,6,7,8\n";

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    fn utf32(text: &str, order: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|c| order(c as u32)).collect()
    }

    #[test]
    fn utf_8_stays_unchanged_without_a_remark() {
        for text in [TEXT, "\u{feff}a,1\n", "", "1,2\n"] {
            let mut remarks = Vec::new();
            let found =
                to_utf8(Path::new("a.csv"), text.as_bytes(), "a CSV", &mut remarks).unwrap();
            assert!(matches!(found, Cow::Borrowed(bytes) if bytes == text.as_bytes()));
            assert_eq!(remarks, [""; 0]);
        }
    }

    #[test]
    fn utf_16_and_utf_32_are_read_in_both_orders_with_and_without_a_mark() {
        let marked = format!("\u{feff}{TEXT}");
        let files = [
            ("UTF-16LE", utf16(TEXT, u16::to_le_bytes), utf16(&marked, u16::to_le_bytes)),
            ("UTF-16BE", utf16(TEXT, u16::to_be_bytes), utf16(&marked, u16::to_be_bytes)),
            ("UTF-32", utf32(TEXT, u32::to_le_bytes), utf32(&marked, u32::to_le_bytes)),
            ("UTF-32", utf32(TEXT, u32::to_be_bytes), utf32(&marked, u32::to_be_bytes)),
        ];
        for (name, plain, marked) in files {
            for bytes in [plain, marked] {
                let (text, remarks) = decode(&bytes);
                assert_eq!(text, TEXT, "{name}");
                assert_eq!(remarks, [format!("encoding: {name}")]);
            }
        }
    }

    #[test]
    fn utf_16_that_is_truncated_within_a_character_is_refused() {
        let mut bytes = utf16(TEXT, u16::to_le_bytes);
        bytes.pop();
        let problem =
            "a.csv: is UTF-16LE text that is truncated or damaged; save it again, as UTF-8";
        assert_eq!(message(&bytes), problem);
        let mut bytes = utf32(TEXT, u32::to_le_bytes);
        bytes.pop();
        assert!(message(&bytes).contains("is UTF-32 text that is truncated"));
    }

    #[test]
    fn small_integers_of_two_bytes_are_not_text() {
        let numbers: Vec<u8> = (0..500u16).flat_map(|i| (i % 200).to_le_bytes()).collect();
        assert!(message(&numbers).starts_with("a.csv: is binary, of an unknown format"));
    }

    #[test]
    fn western_single_byte_text_is_read_with_a_remark() {
        let (text, remarks) = decode(b"label,p1\nT\xfcr,1\nH\xe4uschen,2\nT\xfcr,3\nplain,4\n");
        assert_eq!(text, "label,p1\nTür,1\nHäuschen,2\nTür,3\nplain,4\n");
        let [remark] = remarks.as_slice() else { panic!("{remarks:?}") };
        assert_eq!(
            remark,
            "encoding: not UTF-8, read as windows-1252, which gives 'Tür', 'Häuschen'; if that is \
             wrong, save the file as UTF-8"
        );
        assert_eq!(decode(b"\x80uro,1\n").0, "€uro,1\n");
    }

    #[test]
    fn encodings_of_other_scripts_are_guessed() {
        // "кошка", "собака", "лошадь" in Windows-1251; "ネコ", "イヌ", "日本語" in Shift_JIS.
        let cyrillic =
            b"\xea\xee\xf8\xea\xe0,1\n\xf1\xee\xe1\xe0\xea\xe0,2\n\xeb\xee\xf8\xe0\xe4\xfc,3\n";
        assert_eq!(decode(cyrillic).0, "кошка,1\nсобака,2\nлошадь,3\n");
        let japanese = b"\x83l\x83R,1\n\x83C\x83k,2\n\x93\xfa\x96{\x8c\xea,3\n";
        assert_eq!(decode(japanese).0, "ネコ,1\nイヌ,2\n日本語,3\n");
    }

    #[test]
    fn a_damaged_byte_in_utf_8_is_left_for_the_reader_to_report() {
        let bytes = "Tür,1\nHaus,2\nTöpfe,3\n".as_bytes();
        let mut damaged = bytes.to_vec();
        damaged.extend_from_slice(b"\xff,4\n");
        let found = to_utf8(Path::new("a.csv"), &damaged, "a CSV", &mut Vec::new()).unwrap();
        assert_eq!(&*found, &*damaged);
    }
}
