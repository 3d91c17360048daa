//! The separator of a file, and where its first record starts.

use std::borrow::Cow;

use super::lines::past_line_ends;
use super::numbers::count;

/// Number of lines by which the separator is detected.
const SAMPLED_LINES: usize = 8;

/// Possible separators, in order of preference.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A text whose separator is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened<'a> {
    /// The text; if cells are separated by spaces, with tabs instead.
    pub text: Cow<'a, [u8]>,
    /// The separator of cells.
    pub separator: u8,
    /// Where the first record starts: the header, or the first image.
    pub start: usize,
    /// Notes for the user.
    pub remarks: Vec<String>,
    /// The separator in words.
    pub named: &'static str,
}

/// Finds the separator, and the first record after blank lines, comments and a line `sep=;`.
pub(super) fn open(text: &[u8]) -> Opened<'_> {
    let mut remarks = Vec::new();
    let mut start = past_line_ends(text, 0);
    let declared = separator_line(line_at(text, start));
    if declared.is_some() {
        start = next_line(text, start);
    }
    let comments = start;
    while text.get(start) == Some(&b'#') && !names_columns(text, start) {
        start = next_line(text, start);
    }
    let separator = declared.or_else(|| separator_of(&text[start..]));
    if start > comments {
        let header = last_comment(&text[..start], comments, separator, line_at(text, start));
        let lines = text[comments..start].iter().filter(|&&byte| byte == b'\n').count();
        match header {
            Some(at) => {
                start = at;
                remarks.push("the header is the comment before the first row".to_owned());
            }
            None => remarks.push(format!("comments: ignored {} at the top", lines_of(lines))),
        }
    }
    let (text, separator, named) = match separator {
        Some(separator) => (Cow::Borrowed(text), separator, name_of(separator)),
        None if is_spaced(&text[start..]) => {
            let (tabbed, at) = tabbed(text, start);
            start = at;
            (Cow::Owned(tabbed), b'\t', "spaces")
        }
        None => (Cow::Borrowed(text), b',', name_of(b',')),
    };
    Opened { text, separator, start, remarks, named }
}

/// Whether a line that starts with `#` is a header whose first column is named `#`: `#,label,p0`.
fn names_columns(text: &[u8], start: usize) -> bool {
    let line = line_at(text, start);
    let Some(separator) = line.get(1).filter(|byte| SEPARATORS.contains(byte)) else {
        return false;
    };
    let cells = |line: &[u8]| line.iter().filter(|byte| *byte == separator).count();
    cells(line_at(text, next_line(text, start))) == cells(line)
}

/// `1 line`, `7 lines`.
fn lines_of(count: usize) -> String {
    format!("{count} line{}", if count == 1 { "" } else { "s" })
}

fn name_of(separator: u8) -> &'static str {
    match separator {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "vertical bars",
        _ => "commas",
    }
}

fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..];
    let length = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r');
    &rest[..length.unwrap_or(rest.len())]
}

fn next_line(text: &[u8], start: usize) -> usize {
    past_line_ends(text, start + line_at(text, start).len())
}

/// The separator declared by Excel's first line `sep=;`, possibly in quotes or followed by empty
/// cells.
fn separator_line(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let head = line.get(..4).filter(|head| head.eq_ignore_ascii_case(b"sep="));
    let (separator, rest) = line.get(4..).filter(|_| head.is_some())?.split_first()?;
    let is_blank = rest.iter().all(|byte| b"\" ,;\t|".contains(byte));
    (is_blank && SEPARATORS.contains(separator)).then_some(*separator)
}

/// Start of the last comment after its `#`, if it has as many cells as the first row, as when
/// `numpy.savetxt` writes a header.
fn last_comment(head: &[u8], from: usize, separator: Option<u8>, row: &[u8]) -> Option<usize> {
    let separator = separator.unwrap_or(b' ');
    let cells = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        line.split(char::from(separator)).filter(|cell| !cell.trim().is_empty()).count()
    };
    let mut at = from;
    let mut last = None;
    while at < head.len() {
        last = Some(at);
        at = next_line(head, at);
    }
    let start = last?;
    let line = line_at(head, start);
    let marks = line.iter().take_while(|&&byte| byte == b'#' || byte == b' ').count();
    let is_header = cells(row) > 1 && cells(&line[marks..]) == cells(row);
    (is_header && cells(&line[marks..]) > 1).then_some(start + marks)
}

/// The separator that gives the most numbers in the first lines, or else the most cells; `None` if
/// every separator gives a single cell.
fn separator_of(text: &[u8]) -> Option<u8> {
    let mut lines = Vec::with_capacity(SAMPLED_LINES);
    let mut at = past_line_ends(text, 0);
    while at < text.len() && lines.len() < SAMPLED_LINES {
        lines.push(line_at(text, at));
        at = next_line(text, at);
    }
    let has = |separator: u8| lines.iter().any(|line| line.contains(&separator));
    if SEPARATORS[1..].iter().all(|&separator| !has(separator)) {
        return has(b',').then_some(b',');
    }
    let score = |separator: u8| {
        let (mut numbers, mut cells) = (0, 0);
        for line in &lines {
            let mut reader = super::lines::reader(line, separator);
            let mut record = csv::ByteRecord::new();
            if reader.read_byte_record(&mut record).unwrap_or(false) {
                cells += record.len() - 1;
                numbers +=
                    record.iter().map(|cell| count(&String::from_utf8_lossy(cell))).sum::<usize>();
            }
        }
        (if cells == 0 { 0 } else { numbers }, cells)
    };
    let scored = SEPARATORS.into_iter().rev().map(|separator| (score(separator), separator));
    let best = scored.max_by_key(|(score, _)| *score)?;
    (best.0.1 > 0).then_some(best.1)
}

/// Whether the first two lines have the same number of words, most of them numbers in the second.
fn is_spaced(text: &[u8]) -> bool {
    let first = line_at(text, 0);
    let second = line_at(text, next_line(text, 0).min(text.len()));
    let words = |line: &[u8]| String::from_utf8_lossy(line).split_whitespace().count();
    let sample = if second.is_empty() { first } else { second };
    let line = String::from_utf8_lossy(sample);
    let numbers = line.split_whitespace().filter(|word| count(word) == 1).count();
    words(first) > 1 && words(first) == words(sample) && 2 * numbers > words(sample)
}

/// Replaces each run of spaces within a line by a tab; also returns the new offset of `start`.
fn tabbed(text: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(text.len());
    let mut begins_at = 0;
    let mut is_between = false;
    let mut is_line_start = true;
    for (at, &byte) in text.iter().enumerate() {
        if at == start {
            (begins_at, is_between, is_line_start) = (out.len(), false, true);
        }
        match byte {
            b' ' | b'\t' => is_between = true,
            b'\n' | b'\r' => {
                out.push(byte);
                (is_between, is_line_start) = (false, true);
            }
            other => {
                if is_between && !is_line_start {
                    out.push(b'\t');
                }
                out.push(other);
                (is_between, is_line_start) = (false, false);
            }
        }
    }
    (out, begins_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> (String, char, String) {
        let opened = open(text.as_bytes());
        let rest = String::from_utf8(opened.text[opened.start..].to_vec()).unwrap();
        (
            rest.lines().next().unwrap_or_default().to_owned(),
            char::from(opened.separator),
            opened.named.into(),
        )
    }

    #[test]
    fn the_separator_is_the_one_between_numbers() {
        for (text, separator) in [
            ("label,a\n1,2\n", ','),
            ("label;a;b\n1;0,5;0,25\n", ';'),
            ("1;0,5;0,25\n2;0,5;0,25\n", ';'),
            ("label\ta\n1\t2\n", '\t'),
            ("label\ta\tb\n1\t0,5\t12,0\n", '\t'),
            ("1|0,5|12,0\n2|0,5|3,0\n", '|'),
            ("label|a\n1|2\n", '|'),
            ("label,a\ncat;dog,2\n", ','),
            ("emotion,pixels,Usage\n0,0 0 1 2,Training\n", ','),
            ("label;pixels\n0;[0, 0, 1]\n", ';'),
            ("label\t,a\n1\t,2\n", ','),
        ] {
            assert_eq!(opened(text).1, separator, "{text:?}");
        }
    }

    #[test]
    fn lines_before_the_first_record_are_skipped() {
        assert_eq!(opened("sep=;\nlabel;a\n1;2\n").0, "label;a");
        assert_eq!(opened("\n\"sep=\t\"\r\nlabel\ta\n").0, "label\ta");
        assert_eq!(opened("# made on a Monday\n# twice\nlabel,a\n1,2\n").0, "label,a");
        assert_eq!(opened("# label,a\n1,2\n").0, "label,a");
        assert_eq!(opened("#label a b\n1 2 3\n4 5 6\n").0, "label\ta\tb");
    }

    #[test]
    fn spaces_separate_cells_if_nothing_else_does() {
        assert_eq!(
            opened("  1.0  -0.5 3 \n 2.0 1 2\n"),
            ("1.0\t-0.5\t3".into(), '\t', "spaces".into())
        );
        assert_eq!(opened("pixels\n0 0 1 2\n").1, ',');
        assert_eq!(opened("a b\nc d\n").2, "commas");
    }
}
