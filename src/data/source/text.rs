//! Text in UTF-8 from text in any encoding.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use rayon::prelude::*;

use super::unreadable;
use crate::error::{Fault, Result};

/// Bytes at the start by which binary files and text of two and four bytes a character are
/// recognised.
const SNIFFED: usize = 8192;

/// Bytes that one thread looks through at a time.
const PIECE: usize = 1 << 20;

/// Bytes of words that are no ASCII by which an encoding is guessed.
const GUESSED_BY: usize = 1 << 16;

/// Words that a remark shows.
const SHOWN: usize = 3;

/// How the characters of a text are written, where not in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
    /// In another encoding, of the standard of the web.
    As(&'static Encoding),
    /// In four bytes, the lowest first where `true`.
    Utf32(bool),
}

/// The text of a file in UTF-8, its byte-order mark included where it has one in UTF-8; remarks go to
/// `remarks`.
///
/// A text that is mostly UTF-8 with a few bytes that are none is damaged rather than written
/// otherwise: it is returned as it is, and whoever reads its lines can say where.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) where the bytes are no text, with what they are; `kinds` names what is read
/// instead.
pub(super) fn decoded<'a>(
    path: &Path,
    bytes: &'a [u8],
    kinds: &str,
    remarks: &mut Vec<String>,
) -> Result<Cow<'a, [u8]>> {
    let written = match by_mark(bytes).or_else(|| by_zeros(bytes)) {
        Some(written) => written,
        None => {
            unreadable::refuse(path, bytes, kinds)?;
            if is_ascii(bytes) || is_mostly_utf8(bytes) {
                return Ok(Cow::Borrowed(bytes));
            }
            Written::As(guessed(bytes))
        }
    };
    let (text, name) = match written {
        Written::Utf32(lowest_first) => (from_utf32(bytes, lowest_first), "UTF-32"),
        Written::As(encoding) => {
            let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
            ((!had_errors).then(|| text.into_owned()), encoding.name())
        }
    };
    let Some(text) = text else {
        let problem = format!("is {name} text that is cut off or damaged");
        return Err(Fault::new(path, problem).remedy("save it again, as UTF-8").into());
    };
    remarks.push(remark(written, name, bytes));
    Ok(Cow::Owned(text.into_bytes()))
}

/// What the byte-order mark says.
fn by_mark(bytes: &[u8]) -> Option<Written> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Some(Written::Utf32(true)),
        [0, 0, 0xfe, 0xff, ..] => Some(Written::Utf32(false)),
        [0xff, 0xfe, ..] => Some(Written::As(UTF_16LE)),
        [0xfe, 0xff, ..] => Some(Written::As(UTF_16BE)),
        _ => None,
    }
}

/// What the places of zero bytes say: digits and commas have one, or three, in each character, always
/// at the same place.
fn by_zeros(bytes: &[u8]) -> Option<Written> {
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
    // Names of classes in other scripts may lack the zeros, so a few may be missing, and a few of
    // their characters end in a zero byte.
    let places = zeros.map(|count| match count {
        _ if count * 10 >= words * 7 => Some(true),
        _ if count * 20 <= words => Some(false),
        _ => None,
    });
    let (written, unit, at) = match places {
        [Some(false), Some(true), Some(true), Some(true)] => (Written::Utf32(true), 4, 0),
        [Some(true), Some(true), Some(true), Some(false)] => (Written::Utf32(false), 4, 3),
        [Some(false), Some(true), Some(false), Some(true)] => (Written::As(UTF_16LE), 2, 0),
        [Some(true), Some(false), Some(true), Some(false)] => (Written::As(UTF_16BE), 2, 1),
        _ => return None,
    };
    // Small numbers of two and four bytes have the same zeros, but are no characters.
    let control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let odd = start
        .chunks_exact(unit)
        .filter(|unit| control(unit[at]) && unit.iter().filter(|&&byte| byte != 0).count() <= 1);
    (odd.count() == 0).then_some(written)
}

fn from_utf32(bytes: &[u8], lowest_first: bool) -> Option<String> {
    let (words, rest) = bytes.as_chunks::<4>();
    let number = if lowest_first { u32::from_le_bytes } else { u32::from_be_bytes };
    let text: Option<String> = words.iter().map(|&word| char::from_u32(number(word))).collect();
    let text = text.filter(|_| rest.is_empty())?;
    Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn is_ascii(bytes: &[u8]) -> bool {
    bytes.par_chunks(PIECE).all(<[u8]>::is_ascii)
}

/// Whether characters of several bytes are UTF-8 more often than not.
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

/// Cells with bytes that are no ASCII, each once.
fn foreign_cells(bytes: &[u8]) -> Vec<&[u8]> {
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

/// The encoding that cells with bytes that are no ASCII are most likely written in; every byte is
/// something in Windows-1252, the commonest.
fn guessed(bytes: &[u8]) -> &'static Encoding {
    let cells = foreign_cells(bytes);
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

fn remark(written: Written, name: &str, bytes: &[u8]) -> String {
    match written {
        Written::As(encoding) if encoding != UTF_16LE && encoding != UTF_16BE => {
            let cells = foreign_cells(bytes);
            let shown: Vec<String> = cells[..cells.len().min(SHOWN)]
                .iter()
                .map(|cell| format!("'{}'", encoding.decode_without_bom_handling(cell).0.trim()))
                .collect();
            let shown = shown.join(", ");
            format!(
                "encoding: not UTF-8, taken for {name}, which gives {shown}; where that is wrong, save the \
                 file as UTF-8"
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
        let text = decoded(Path::new("a.csv"), bytes, "a CSV", &mut remarks).unwrap();
        (String::from_utf8(text.into_owned()).unwrap(), remarks)
    }

    fn message(bytes: &[u8]) -> String {
        decoded(Path::new("a.csv"), bytes, "a CSV", &mut Vec::new()).unwrap_err().to_string()
    }

    const TEXT: &str = "label,p1,p2,p3,p4\nTür,1,2,3,4\n家,5,6,7,8\n";

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    fn utf32(text: &str, order: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().flat_map(|c| order(c as u32)).collect()
    }

    #[test]
    fn utf_8_stays_as_it_is_without_a_remark() {
        for text in [TEXT, "\u{feff}a,1\n", "", "1,2\n"] {
            let mut remarks = Vec::new();
            let found =
                decoded(Path::new("a.csv"), text.as_bytes(), "a CSV", &mut remarks).unwrap();
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
    fn utf_16_that_is_cut_off_within_a_character_is_refused() {
        let mut bytes = utf16(TEXT, u16::to_le_bytes);
        bytes.pop();
        let problem = "a.csv: is UTF-16LE text that is cut off or damaged; save it again, as UTF-8";
        assert_eq!(message(&bytes), problem);
        let mut bytes = utf32(TEXT, u32::to_le_bytes);
        bytes.pop();
        assert!(message(&bytes).contains("is UTF-32 text that is cut off"));
    }

    #[test]
    fn small_numbers_of_two_bytes_are_no_text() {
        let numbers: Vec<u8> = (0..500u16).flat_map(|i| (i % 200).to_le_bytes()).collect();
        assert!(message(&numbers).starts_with("a.csv: is binary, of no format that dml knows"));
    }

    #[test]
    fn western_text_of_one_byte_a_character_is_read_with_a_remark() {
        let (text, remarks) = decode(b"label,p1\nT\xfcr,1\nH\xe4uschen,2\nT\xfcr,3\nplain,4\n");
        assert_eq!(text, "label,p1\nTür,1\nHäuschen,2\nTür,3\nplain,4\n");
        let [remark] = remarks.as_slice() else { panic!("{remarks:?}") };
        assert_eq!(
            remark,
            "encoding: not UTF-8, taken for windows-1252, which gives 'Tür', 'Häuschen'; where that \
             is wrong, save the file as UTF-8"
        );
        assert_eq!(decode(b"\x80uro,1\n").0, "€uro,1\n");
    }

    #[test]
    fn other_scripts_are_recognised_by_their_words() {
        // "кошка", "собака", "лошадь" in Windows-1251; "ネコ", "イヌ", "日本語" in Shift_JIS.
        let cyrillic =
            b"\xea\xee\xf8\xea\xe0,1\n\xf1\xee\xe1\xe0\xea\xe0,2\n\xeb\xee\xf8\xe0\xe4\xfc,3\n";
        assert_eq!(decode(cyrillic).0, "кошка,1\nсобака,2\nлошадь,3\n");
        let japanese = b"\x83l\x83R,1\n\x83C\x83k,2\n\x93\xfa\x96{\x8c\xea,3\n";
        assert_eq!(decode(japanese).0, "ネコ,1\nイヌ,2\n日本語,3\n");
    }

    #[test]
    fn a_damaged_byte_in_utf_8_is_left_for_the_lines_to_be_reported() {
        let bytes = "Tür,1\nHaus,2\nTöpfe,3\n".as_bytes();
        let mut damaged = bytes.to_vec();
        damaged.extend_from_slice(b"\xff,4\n");
        let found = decoded(Path::new("a.csv"), &damaged, "a CSV", &mut Vec::new()).unwrap();
        assert_eq!(&*found, &*damaged);
    }
}
