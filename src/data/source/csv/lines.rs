//! Line numbers of byte offsets in a text, and a reader of its lines as records.

/// Counts lines up to an offset; increasing offsets take a single pass over the text.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Line numbers of offsets in `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Lines { text, at: 0, line: 1 }
    }

    /// The line (from 1) of the byte at `offset`, which must not decrease from call to call.
    ///
    /// A line ends with `\n`, `\r\n` or a lone `\r`.
    pub fn line_at(&mut self, offset: usize) -> u64 {
        for at in self.at..offset {
            let next = self.text.get(at + 1);
            let ends = match self.text[at] {
                b'\n' => true,
                b'\r' => next != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
        }
        self.at = offset.max(self.at);
        self.line
    }
}

/// The first byte from `at` on that is not a line end.
pub(super) fn past_line_ends(text: &[u8], at: usize) -> usize {
    let rest = text[at..].iter();
    at + rest.take_while(|&&byte| byte == b'\n' || byte == b'\r').count()
}

/// A CSV reader without a header that accepts rows of any length.
pub fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_end_counts_as_one() {
        let mut lines = Lines::new(b"a\nb\r\nc\rd\n\ne");
        let offsets = [0, 2, 5, 7, 10];
        assert_eq!(offsets.map(|offset| lines.line_at(offset)), [1, 2, 3, 4, 6]);
    }
}
