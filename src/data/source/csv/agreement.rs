//! Tests that both passes read a file the same way, or the fast one leaves it to the exact one.

use std::path::Path;

use super::super::kind::After;
use super::*;
use crate::data::Header;

/// All texts of up to `length` characters out of those that could be interpreted in two ways.
fn odd_cells(length: usize) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut from = 0;
    for _ in 0..length {
        let upto = cells.len();
        for index in from..upto {
            for mark in "+-05.e \t\r\"\u{a0}".chars() {
                cells.push(format!("{}{mark}", cells[index]));
            }
        }
        from = upto;
    }
    cells
}

fn both_passes(text: &str) -> (Option<Rows>, Option<Rows>) {
    let options = ReadOptions { header: Header::Yes, ..ReadOptions::default() };
    // An empty column or one of text is not a pixel, so there is no image.
    let Ok((opened, layout)) = layout_of(Path::new("a.csv"), text.as_bytes(), &options) else {
        return (None, None);
    };
    let mut faultless = true;
    let scan = exact::read(Path::new("a.csv"), &opened.text, &layout, &mut |_| {
        faultless = false;
        After::Stop
    });
    let exact = faultless.then(|| Rows { starts: Vec::new(), ..scan.good });
    (fast::read(&opened.text, &layout), exact)
}

#[test]
fn the_fast_pass_accepts_nothing_that_the_exact_pass_reads_differently() {
    let mut accepted = 0;
    for cell in odd_cells(3) {
        for text in [
            format!("label,p\n1,{cell}\n2,7\n"),
            format!("label,p\n1,7\n2,{cell}"),
            format!("p,label\n{cell},1\n7,2\n"),
            format!("label,p\n{cell},5\n2,7\n"),
        ] {
            if let (Some(fast), exact) = both_passes(&text) {
                accepted += 1;
                assert_eq!(Some(fast), exact, "{text:?}");
            }
        }
    }
    assert!(accepted > 500, "the fast pass accepted only {accepted}");
}

#[test]
fn the_fast_pass_reads_plain_files() {
    // More than two chunks, and a label that occurs only in the last one.
    let last = ["9,255,0,10,99\n".repeat(3), "0,1,2,3,4\n".to_owned()].concat();
    let row = |i: usize| format!("{},{},{},{},{}\n", i / 7 % 3, i % 256, i % 7, i % 11, i % 13);
    let text = format!("label,a,b,c,d\n{}{last}", (0..200_000).map(row).collect::<String>());
    assert!(text.len() > 2 << 20);
    for text in [text.replace('\n', "\r\n"), text] {
        let (fast, exact) = both_passes(&text);
        assert_eq!(fast.as_ref().map(|rows| rows.rows.len()), Some(200_004));
        assert!(fast == exact);
    }
    assert!(both_passes("label,a\n3,1\n7,2\n").0.is_some());
}

#[test]
fn the_label_is_found_in_any_column() {
    for label in 0..5 {
        let line = |name: &str, first: usize| -> String {
            let pixel = |column| format!("{}", (first + column) % 256);
            let cell = |column| if column == label { name.to_owned() } else { pixel(column) };
            (0..5).map(cell).collect::<Vec<_>>().join(",") + "\n"
        };
        let text = line("label", 0) + &line("a b", 7) + &line("-1", 98) + &line("a b", 253);
        let (fast, exact) = both_passes(&text);
        assert!(fast.is_some(), "{text:?}");
        assert_eq!(fast, exact);
    }
}

#[test]
fn lines_that_polars_would_split_are_left_to_the_exact_pass() {
    for line in ["1,7\u{1f}", "1,7\u{1f}8", "1\u{1f},7", "\u{1f}", "1,7\r8", "1\r,7", "1,7\r\r"] {
        let text = format!("label,p\n1,7\n{line}\n2,8\n");
        assert_eq!(both_passes(&text).0, None, "{text:?}");
    }
    // Also if lines end with a carriage return and contain another.
    for label in ["2\u{1f}3", "2\u{1f}", "2\r3", "2\r"] {
        let text = format!("p,label\r\n7,1\r\n8,{label}\r\n9,1\r\n");
        assert_eq!(both_passes(&text).0, None, "{text:?}");
    }
}
