//! Tables: for the terminal, as Markdown and as CSV.
//!
//! None of them has colours, so nothing changes under `NO_COLOR` or in a pipe.

use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};

use crate::error::Result;
use crate::files::write_zipped;

/// A line below the header, and two spaces between the columns.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─'));

/// Columns between two cells.
const SPACE: usize = 3;
/// Columns at both ends of a row.
const ENDS: usize = 4;

/// A header and rows of cells as they are shown, numbers and units included.
///
/// A row that is shorter than the longest ends in empty cells. Columns of numbers are set flush
/// right: those in which every non-empty cell starts with a number or is a dash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Table {
        let header = header.into_iter().map(Into::into).collect();
        Table { header, rows: Vec::new() }
    }

    /// Appends a row.
    pub fn push<T: Into<String>>(&mut self, row: impl IntoIterator<Item = T>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    /// The table for a terminal, without a line break at its end.
    pub fn terminal(&self) -> String {
        let shown = |row: &[String]| self.filled(row, escaped);
        let mut table = comfy_table::Table::new();
        table.load_style(STYLE).set_header(shown(&self.header));
        table.add_rows(self.rows.iter().map(|row| shown(row)));
        table.set_content_arrangement(ContentArrangement::Disabled);
        let numbers = self.number_columns();
        for (column, is_number) in table.column_iter_mut().zip(numbers) {
            if is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }

    /// The table for a terminal in as many tables below each other as keep within `width`, each with
    /// the first column; one that fits stays whole.
    pub fn blocks(&self, width: usize) -> String {
        let length = |cell: &String| cell.chars().count();
        let cell = |row: &Vec<String>, column: usize| row.get(column).map_or(0, length);
        let widths: Vec<usize> = (0..self.columns())
            .map(|i| {
                self.rows.iter().chain([&self.header]).map(|row| cell(row, i)).fold(0, usize::max)
            })
            .collect();
        let first = widths.first().copied().unwrap_or(0);
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        let mut used = usize::MAX;
        for (column, own) in widths.iter().enumerate().skip(1) {
            if used.saturating_add(own + SPACE) > width {
                blocks.push(vec![0]);
                used = first + ENDS;
            }
            used += own + SPACE;
            blocks.last_mut().expect("pushed before the first column").push(column);
        }
        let part = |columns: &Vec<usize>| {
            let of =
                |row: &Vec<String>| columns.iter().filter_map(|&i| row.get(i).cloned()).collect();
            let rows = self.rows.iter().map(of).collect();
            Table { header: of(&self.header), rows }.terminal()
        };
        match blocks.len() {
            0 | 1 => self.terminal(),
            _ => blocks.iter().map(part).collect::<Vec<_>>().join("\n\n"),
        }
    }

    /// The table in GitHub's Markdown, with a line break at its end.
    pub fn markdown(&self) -> String {
        let shown = |row: &[String]| self.filled(row, markdown_cell);
        let header = shown(&self.header);
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| shown(row)).collect();
        let length = |cell: &String| cell.chars().count();
        let widths: Vec<usize> = (0..self.columns())
            .map(|i| rows.iter().chain([&header]).map(|row| length(&row[i])).fold(3, usize::max))
            .collect();
        let numbers = self.number_columns();
        let rule = widths.iter().zip(&numbers).map(|(width, number)| {
            let end = if *number { ":" } else { "-" };
            format!("{}{end}", "-".repeat(width - 1))
        });
        let padded = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).zip(&numbers);
            markdown_row(cells.map(|((cell, width), number)| {
                if *number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            }))
        };
        let body: String = rows.iter().map(padded).collect();
        padded(&header) + &markdown_row(rule) + &body
    }

    /// The table as CSV (RFC 4180 quoting, lines end in LF).
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in [&self.header].into_iter().chain(&self.rows) {
            let row = self.filled(row, str::to_owned);
            writer.write_record(&row).expect("all rows are of one length and memory takes them");
        }
        let bytes = writer.into_inner().expect("memory takes every byte");
        String::from_utf8(bytes).expect("cells are UTF-8 and so is their CSV")
    }

    /// Writes [`Table::csv`] to a file, as gzip where its name ends in `.gz`.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] with the path that could not be written.
    pub fn write_csv(&self, path: &Path) -> Result<()> {
        write_zipped(path, |to| to.write_all(self.csv().as_bytes()))
    }

    /// Number of columns of the longest row.
    fn columns(&self) -> usize {
        self.rows.iter().chain([&self.header]).map(Vec::len).max().unwrap_or(0)
    }

    /// A row with all its columns, each cell written in a certain way.
    fn filled(&self, row: &[String], write: impl Fn(&str) -> String) -> Vec<String> {
        (0..self.columns()).map(|i| write(row.get(i).map_or("", String::as_str))).collect()
    }

    /// Which columns hold numbers only.
    pub fn number_columns(&self) -> Vec<bool> {
        let is_number = |i: usize| {
            let cells = || self.rows.iter().filter_map(move |row| row.get(i));
            let mut filled = cells().filter(|cell| !cell.trim().is_empty()).peekable();
            filled.peek().is_some() && filled.all(|cell| starts_with_number(cell))
        };
        (0..self.columns()).map(is_number).collect()
    }
}

/// Whether a cell is a number, perhaps with a unit, an error or an interval, or a placeholder for one.
fn starts_with_number(cell: &str) -> bool {
    let cell = cell.trim();
    let bare = cell.trim_start_matches(['+', '-', '−', '±', '<', '>', '≈', '(', '[', ' ']);
    // A cell of a sweep without a figure says why.
    bare.starts_with(|first: char| first.is_ascii_digit())
        || cell.starts_with("diverged in ")
        || ["-", "−", "–", "—", "NaN", "nan"].contains(&cell)
}

/// A cell without control characters: a class name must not move the cursor.
fn escaped(cell: &str) -> String {
    let escape = |letter: char| match letter.is_control() {
        true => letter.escape_debug().to_string(),
        false => letter.to_string(),
    };
    cell.chars().map(escape).collect()
}

/// A cell that stays in its column and means itself.
fn markdown_cell(cell: &str) -> String {
    let escape = |letter: char| match letter {
        '|' | '\\' | '*' | '`' => format!("\\{letter}"),
        '<' => "&lt;".to_owned(),
        letter if letter.is_control() => " ".to_owned(),
        letter => letter.to_string(),
    };
    cell.chars().map(escape).collect()
}

fn markdown_row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses() -> Table {
        let mut table = Table::new(["loss", "1-NN accuracy", "note"]);
        table.push(["cross-entropy", "0.863 ± 0.007", "a|b"]);
        table.push(["contrastive", "–", "say \"x\", y"]);
        table.push(["difference", "+0.07 [0.05, 0.09]"]);
        table
    }

    #[test]
    fn the_terminal_table_is_plain_text_with_numbers_flush_right() {
        let text = losses().terminal();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(!text.contains('\u{1b}'));
        let end =
            |line: &str, part: &str| line[..line.find(part).unwrap() + part.len()].chars().count();
        assert_eq!(end(lines[2], "0.007"), end(lines[4], "0.09]"), "{text}");
        assert_eq!(end(lines[0], "accuracy"), end(lines[3], "–"), "{text}");
    }

    #[test]
    fn a_wide_table_is_broken_into_blocks_that_each_have_the_first_column() {
        let mut table = Table::new(["loss", "accuracy", "precision", "recall"]);
        table.push(["cross-entropy", "0.86", "0.87", "0.88"]);
        table.push(["triplet", "0.76", "0.77", "0.78"]);
        assert_eq!(table.blocks(60), table.terminal());
        let text = table.blocks(40);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert_eq!(text.matches("triplet").count(), 2, "{text}");
        for cell in ["0.86", "0.77", "0.88", "recall"] {
            assert_eq!(text.matches(cell).count(), 1, "{text}");
        }
        // A column that fits nowhere gets a table of its own.
        assert_eq!(table.blocks(5).matches("triplet").count(), 3);
        assert_eq!(Table::new(["only"]).blocks(2), Table::new(["only"]).terminal());
    }

    #[test]
    fn a_class_name_cannot_move_the_cursor() {
        let mut table = Table::new(["class"]);
        table.push(["\u{1b}[31mred\nnext"]);
        assert_eq!(table.terminal().lines().count(), 3);
        assert!(!table.terminal().contains('\u{1b}'));
    }

    #[test]
    fn markdown_keeps_cells_in_their_columns() {
        let expected = "\
| loss          |      1-NN accuracy | note       |
| ------------- | -----------------: | ---------- |
| cross-entropy |      0.863 ± 0.007 | a\\|b       |
| contrastive   |                  – | say \"x\", y |
| difference    | +0.07 [0.05, 0.09] |            |
";
        assert_eq!(losses().markdown(), expected);
    }

    #[test]
    fn csv_quotes_commas_quotes_and_line_breaks() {
        let mut table = losses();
        table.push(["two\nlines", "1"]);
        let expected = "loss,1-NN accuracy,note\ncross-entropy,0.863 ± 0.007,a|b\n\
            contrastive,–,\"say \"\"x\"\", y\"\ndifference,\"+0.07 [0.05, 0.09]\",\n\
            \"two\nlines\",1,\n";
        assert_eq!(table.csv(), expected);
    }

    #[test]
    fn tables_without_rows_or_columns_are_no_reason_to_panic() {
        for table in [Table::default(), Table::new(["only", "a header"])] {
            table.terminal();
            table.markdown();
            table.csv();
        }
        assert_eq!(Table::new(["a"]).markdown(), "| a   |\n| --- |\n");
    }

    #[test]
    fn a_file_holds_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("a.csv");
        losses().write_csv(&csv).unwrap();
        assert_eq!(std::fs::read_to_string(csv).unwrap(), losses().csv());
    }

    #[test]
    fn words_that_merely_hold_digits_are_not_numbers() {
        assert!(!starts_with_number("cross-entropy") && !starts_with_number("v2"));
        assert!(
            starts_with_number("−0.5") && starts_with_number("12.3 s") && starts_with_number("–")
        );
    }
}
